//! Nesting, panics, re-entrance and the text of ids.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn named(id: &str) -> Correlation {
    Correlation::new(RequestId::accept(id).unwrap())
}

fn now() -> Option<String> {
    request_id().map(|id| id.to_string())
}

#[test]
fn guards_nest_and_restore() {
    let (mut outer, mut inner) = (named("outer"), named("inner"));
    assert_eq!(now(), None);
    {
        let _outer = outer.enter();
        assert_eq!(now().as_deref(), Some("outer"));
        {
            let _inner = inner.enter();
            assert_eq!(now().as_deref(), Some("inner"));
        }
        assert_eq!(now().as_deref(), Some("outer"));
        let mut none = Correlation::default();
        let _none = none.enter();
        assert_eq!(now(), None);
    }
    assert_eq!(now(), None);
    assert_eq!(outer, named("outer"));
    assert_eq!(inner, named("inner"));
}

#[test]
fn a_panic_restores_too() {
    let mut correlation = named("doomed");
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _entered = correlation.enter();
        panic!("on purpose");
    }));
    assert!(result.is_err());
    assert_eq!(now(), None);
    assert_eq!(correlation, named("doomed"));
}

#[test]
fn reading_and_entering_inside_a_read_does_not_panic() {
    let mut outer = named("outer");
    let _outer = outer.enter();
    current(|correlation| {
        assert_eq!(correlation.unwrap().request_id().unwrap().as_str(), "outer");
        assert_eq!(now().as_deref(), Some("outer"));
        let mut inner = named("inner");
        let _inner = inner.enter();
        assert_eq!(
            now().as_deref(),
            Some("outer"),
            "entering has no effect here"
        );
    });
    assert_eq!(now().as_deref(), Some("outer"));
}

#[test]
fn thread_teardown_does_not_panic() {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            // Reached before or after the slot's own destructor; a panic here would abort the test binary.
            let mut late = named("late");
            let _entered = late.enter();
            now();
        }
    }
    thread_local!(static LAST: RefCell<Option<Last>> = const { RefCell::new(None) });
    for slot_first in [true, false] {
        std::thread::spawn(move || {
            if slot_first {
                now();
            }
            LAST.with(|last| *last.borrow_mut() = Some(Last));
            now();
        })
        .join()
        .unwrap();
    }
}

#[test]
fn generated_ids_are_32_hex_digits_and_differ() {
    let (one, two) = (RequestId::generate(), RequestId::generate());
    assert_ne!(one, two);
    assert_eq!(one.as_str().len(), 32);
    assert!(
        one.as_str()
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    );
    assert_eq!(RequestId::accept(one.as_str()), Some(one));
}

#[test]
fn only_harmless_ids_are_accepted() {
    for length in [1, 38, 39, 128] {
        let id = "x".repeat(length);
        assert_eq!(RequestId::accept(&id).unwrap().as_str(), id);
    }
    assert!(RequestId::accept("Az09._-").is_some());
    let too_long = "x".repeat(129);
    for id in ["", &too_long, "a b", "a\n", "ä", "a\"", "a/b"] {
        assert_eq!(RequestId::accept(id), None, "{id:?}");
    }
}

#[test]
fn trace_ids_read_and_show_lower_case_hex() {
    let text = "0af7651916cd43dd8448eb211c80319c";
    assert_eq!(TraceId::parse(text).unwrap().to_string(), text);
    assert_eq!(
        SpanId::parse("b7ad6b7169203331").unwrap().to_string(),
        "b7ad6b7169203331"
    );
    for bad in [
        "",
        "0AF7651916CD43DD8448EB211C80319C",
        &text[1..],
        &"0".repeat(32),
        &"g".repeat(32),
    ] {
        assert_eq!(TraceId::parse(bad), None, "{bad:?}");
    }
    assert_eq!(SpanId::parse("0000000000000000"), None);
}

#[test]
fn it_is_small_enough_to_swap_at_each_poll() {
    assert!(
        size_of::<Correlation>() <= 72,
        "{}",
        size_of::<Correlation>()
    );
}

#[test]
fn a_spawned_future_keeps_the_correlation_even_in_its_drop() {
    struct SaysWho<'a>(&'a RefCell<Option<String>>);
    impl Drop for SaysWho<'_> {
        fn drop(&mut self) {
            *self.0.borrow_mut() = now();
        }
    }
    let at_drop = RefCell::new(None);
    let mut correlation = named("carried");
    let future = {
        let _entered = correlation.enter();
        let guard = SaysWho(&at_drop);
        with_correlation(async move {
            let _guard = guard;
            assert_eq!(now().as_deref(), Some("carried"));
            std::future::pending::<()>().await;
        })
    };
    assert_eq!(now(), None);
    {
        let mut future = Box::pin(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(now(), None);
    }
    assert_eq!(at_drop.take().as_deref(), Some("carried"));
}
