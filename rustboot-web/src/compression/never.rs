//! Types that are left alone, whatever the configuration says.

/// Event streams, whose events arrive one by one and when they are sent (a proxy in between would wait for more of a compressed
/// one), and gRPC, which has a compression of its own and expects no other.
pub(super) fn is_never_compressed(main: &str, sub: &str) -> bool {
    let is = |name: &str, known: &str| name.eq_ignore_ascii_case(known);
    let begins = |known: &str| sub.get(..known.len()).is_some_and(|front| is(front, known));
    match main {
        _ if is(main, "text") => is(sub, "event-stream"),
        _ if is(main, "application") => begins("grpc"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_messages_are_left_alone() {
        for (main, sub, never) in [
            ("text", "event-stream", true),
            ("Text", "Event-Stream", true),
            ("text", "plain", false),
            ("application", "grpc", true),
            ("application", "grpc+json", true),
            ("application", "grpc-web-text", true),
            ("application", "json", false),
            ("application", "gr", false),
        ] {
            assert_eq!(is_never_compressed(main, sub), never, "{main}/{sub}");
        }
    }
}
