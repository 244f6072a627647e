//! Errors of every form compile without a warning, and become what they say.

#![deny(warnings)]

use rustboot::prelude::*;
use rustboot::{ErrorKind, FieldError};

#[derive(Debug, thiserror::Error, Problem)]
#[problem(base = "https://rooms.example/")]
enum Everything {
    #[error("plain")]
    #[problem(status = 400)]
    Plain,
    #[error("{name} and {count} and {unused}")]
    #[problem(
        status = 409,
        type = "named",
        detail = "{name:?} {{x}}",
        header = "X-Count: {count}"
    )]
    Named {
        name: &'static str,
        count: u8,
        unused: u8,
        #[problem(member = "kept")]
        member: Option<u8>,
        #[problem(member)]
        r#type2: u8,
    },
    #[error("{0}, {1}")]
    #[problem(status = 503, detail = "later", title = "Later")]
    Tuple(u8, u8),
    #[error("several")]
    #[problem(status = 422)]
    Several(#[problem(errors)] [FieldError; 1], u8),
    #[error("marked")]
    #[problem(transparent)]
    Marked {
        #[source]
        inner: std::num::ParseIntError,
        note: &'static str,
    },
    #[error("{0}")]
    #[problem(transparent)]
    Ours(#[problem(from)] Error),
}

/// All that there is, is inside.
#[derive(Debug, thiserror::Error, Problem)]
#[error(transparent)]
#[problem(transparent, crate = rustboot)]
struct Wrapper(#[from] Everything);

#[derive(Debug, thiserror::Error, Problem)]
enum Never {}

#[get("/")]
async fn direct() -> Result<(), Wrapper> {
    converted().await.map_err(Everything::from)?;
    Ok(())
}

async fn converted() -> Result<()> {
    Err(Everything::Plain)?
}

#[test]
fn an_error_becomes_what_it_says() {
    let named = Everything::Named {
        name: "n",
        count: 3,
        unused: 4,
        member: None,
        r#type2: 1,
    };
    let error = Error::from(Wrapper(named));
    assert_eq!((error.status(), error.detail()), (409, "\"n\" {x}"));
    let shown = error.presentation().unwrap();
    assert_eq!(shown.type_uri().unwrap(), "https://rooms.example/named");
    assert_eq!(shown.title().unwrap(), "Named");
    assert_eq!(shown.headers(), [("x-count".into(), "3".into())]);
    assert!(shown.members()["kept"].is_null());
    assert_eq!(shown.members()["type2"], 1);
    assert!(error.find::<Everything>().is_some());

    let error = Error::from(Everything::Tuple(1, 2));
    assert_eq!(
        (error.status(), error.detail(), &*error.to_string()),
        (503, "", "1, 2")
    );
    assert_eq!(error.presentation().unwrap().detail().unwrap(), "later");

    let marked = Everything::Marked {
        inner: "x".parse::<u8>().unwrap_err(),
        note: "n",
    };
    let Everything::Marked { note, .. } = &marked else {
        return;
    };
    assert_eq!(*note, "n");
    let error = Error::from(marked);
    assert!(error.kind() == ErrorKind::Internal && error.is_unclassified());

    let ours = Everything::from(Error::conflict("x"));
    assert_eq!(Error::from(ours).kind(), ErrorKind::Conflict);
    let field = Error::invalid("").with_field("/a", "b").fields()[0].clone();
    assert_eq!(
        Error::from(Everything::Several([field], 1)).fields().len(),
        1
    );
    let _ = (direct, None::<Never>);
}
