//! What users see when they hold a macro wrong. That they see nothing when they hold it right is in `tests/accepted`.

#[test]
fn macros() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/fail/*.rs");
    if cfg!(feature = "cache") {
        cases.compile_fail("tests/ui/cached/refused/*.rs");
    }
    // What a macro says to a feature that is missing depends on the features of this run.
    if cfg!(not(feature = "cron")) {
        cases.compile_fail("tests/ui/scheduled/without_cron/*.rs");
    }
}
