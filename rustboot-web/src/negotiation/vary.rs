//! `Vary` (RFC 9110, section 12.5.5).

use http::header::VARY;
use http::{HeaderMap, HeaderValue};

/// Says that the answer depends on a header, unless it says so already.
pub(crate) fn add_vary(headers: &mut HeaderMap, name: &'static str) {
    let is_there = headers
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|listed| listed == "*" || listed.eq_ignore_ascii_case(name));
    if !is_there {
        headers.append(VARY, HeaderValue::from_static(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_nothing_is_said_twice() {
        for (before, after) in [
            (&[][..], &["accept-encoding"][..]),
            (&["origin"], &["origin", "accept-encoding"]),
            (&["Origin, Accept-Encoding"], &["Origin, Accept-Encoding"]),
            (
                &["origin", "ACCEPT-ENCODING"],
                &["origin", "ACCEPT-ENCODING"],
            ),
            (&["*"], &["*"]),
        ] {
            let mut headers = HeaderMap::new();
            for value in before {
                headers.append(VARY, HeaderValue::from_static(value));
            }
            add_vary(&mut headers, "accept-encoding");
            let values: Vec<_> = headers.get_all(VARY).iter().collect();
            assert_eq!(values, after, "{before:?}");
        }
    }
}
