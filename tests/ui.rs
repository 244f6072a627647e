//! What users see when they hold a macro wrong, and that they see nothing when they hold it right.

#[test]
fn macros() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/fail/*.rs");
    cases.pass("tests/ui/*/pass/*.rs");
    if cfg!(feature = "cache") {
        cases.compile_fail("tests/ui/cached/refused/*.rs");
        cases.pass("tests/ui/cached/accepted/*.rs");
    }
    // What a macro says to a feature that is missing depends on the features of this run.
    if cfg!(feature = "cron") {
        cases.pass("tests/ui/scheduled/with_cron/*.rs");
    } else {
        cases.compile_fail("tests/ui/scheduled/without_cron/*.rs");
    }
}
