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
