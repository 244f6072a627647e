use super::*;

#[derive(Debug)]
struct Outer(std::io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not read")
    }
}

impl StdError for Outer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

fn fails() -> Result<()> {
    Err(Outer(std::io::Error::other("disk on fire")))?;
    Ok(())
}

#[test]
fn a_cause_keeps_its_chain_and_can_be_found() {
    let error = fails().unwrap_err().context("loading the shop");
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(
        error.to_string(),
        "loading the shop: could not read: disk on fire"
    );
    assert!(error.find::<Outer>().is_some());
    assert_eq!(
        error.find::<std::io::Error>().map(ToString::to_string),
        Some("disk on fire".into())
    );
    assert!(error.find::<fmt::Error>().is_none());
}

#[test]
fn a_cause_that_its_parent_printed_is_not_repeated() {
    #[derive(Debug)]
    struct Echo(std::io::Error);
    impl fmt::Display for Echo {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "outer: {}", self.0)
        }
    }
    impl StdError for Echo {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }
    let error = Error::from(Echo(std::io::Error::other("inner")));
    assert_eq!(error.to_string(), "outer: inner");
}

#[test]
fn none_is_not_found_and_some_may_be_wrapped() {
    let text: Box<str> = Some("x").or_not_found().unwrap();
    assert_eq!(&*text, "x");
    let error = None::<u8>.or_not_found::<u8>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn a_clone_has_the_same_cause() {
    let error = fails().unwrap_err().with_field("/a", "is wrong");
    let clone = error.clone();
    assert_eq!(clone.to_string(), error.to_string());
    let at = |error: &Error| error.find::<Outer>().map(std::ptr::from_ref);
    assert!(at(&error).is_some());
    assert_eq!(at(&clone), at(&error));
}

#[test]
fn a_status_makes_its_kind_and_a_kind_takes_the_status_back() {
    for (status, kind, answered) in [
        (409, ErrorKind::Conflict, 409),
        (402, ErrorKind::BadRequest, 402),
        (502, ErrorKind::Internal, 502),
        (504, ErrorKind::Timeout, 504),
        (200, ErrorKind::Internal, 500),
        (999, ErrorKind::Internal, 500),
    ] {
        let error = Error::not_found("x").with_status(status);
        assert_eq!((error.kind(), error.status()), (kind, answered), "{status}");
    }
    let error = Error::not_found("x")
        .with_status(451)
        .with_kind(ErrorKind::Gone);
    assert_eq!(error.status(), 410);
    for status in 400..600 {
        let is_client = ErrorKind::from_status(status).is_client();
        assert_eq!(is_client, status < 500, "{status}");
    }
}

#[test]
fn members_that_a_problem_has_already_or_that_are_no_json_are_left_out() {
    let error = Error::conflict("x")
        .with_member("balance", 30)
        .with_member("request_id", "mine")
        .with_member("scores", std::collections::BTreeMap::from([((1, 2), 3)]));
    let members = error.presentation().unwrap().members();
    assert_eq!(members.len(), 1);
    assert_eq!(members["balance"], 30);
}

#[test]
fn fields_say_where_they_stood() {
    let error = Error::invalid("no")
        .with_field("/a/0", "is empty")
        .with_parameter("limit/~", "is too large");
    assert_eq!(
        serde_json::to_string(error.fields()).unwrap(),
        r#"[{"pointer":"/a/0","detail":"is empty"},{"pointer":"/limit~1~0","parameter":"limit/~","detail":"is too large"}]"#
    );
    assert_eq!(
        error.to_string(),
        "no; /a/0: is empty; limit/~: is too large"
    );
}

#[derive(Debug)]
struct Taken(String);

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is taken", self.0)
    }
}

impl StdError for Taken {}

impl IntoError for Taken {
    fn into_error(self) -> Error {
        Error::conflict(self.to_string()).with_source(self)
    }
}

inventory::submit! { ErrorDef::of::<Taken>() }

#[test]
fn an_error_that_is_registered_converts_itself_and_others_wait_for_a_classifier() {
    let error = Error::from(Taken("x".to_owned())).context("adding");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.detail(), "adding: x is taken");
    assert_eq!(error.find::<Taken>().map(|taken| &*taken.0), Some("x"));
    assert!(!error.is_unclassified());

    let error = fails().unwrap_err().context("adding");
    assert!(error.is_unclassified());
    assert!(!error.with_kind(ErrorKind::Internal).is_unclassified());
    assert!(
        !Error::internal("x")
            .with_source(Taken("x".to_owned()))
            .is_unclassified()
    );
}
