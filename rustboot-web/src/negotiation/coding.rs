//! `Accept-Encoding` (RFC 9110, section 12.5.3).

use super::weight::{Weight, weight};

/// How the bytes of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As they are.
    Identity,
    Gzip,
}

/// What a client says of the codings that we know. Of two entries for one, the first counts.
#[derive(Debug, Default)]
struct Weights {
    gzip: Option<Weight>,
    identity: Option<Weight>,
    /// `*`: of every coding that is not named.
    others: Option<Weight>,
}

impl Weights {
    fn note(&mut self, accepted: &str) {
        for entry in accepted.split(',') {
            let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            let coding = coding.trim();
            let is = |name: &str| coding.eq_ignore_ascii_case(name);
            let place = if is("gzip") || is("x-gzip") {
                &mut self.gzip
            } else if is("identity") {
                &mut self.identity
            } else if coding == "*" {
                &mut self.others
            } else {
                continue;
            };
            place.get_or_insert_with(|| weight(parameters));
        }
    }

    /// Zero is a refusal.
    fn of_gzip(&self) -> Weight {
        self.gzip.or(self.others).unwrap_or(0)
    }

    /// Who does not speak of the plain bytes takes them, and wants nothing less.
    #[cfg(feature = "compression")]
    fn of_identity(&self) -> Weight {
        self.identity.or(self.others).unwrap_or(0)
    }
}

/// Whether a client can be sent what is there in gzip alone. One that says nothing takes everything.
#[cfg(feature = "openapi")]
pub(crate) fn takes_gzip(accepted: Option<&str>) -> bool {
    accepted.is_none_or(|accepted| {
        let mut weights = Weights::default();
        weights.note(accepted);
        weights.of_gzip() > 0
    })
}

/// What a client wants of the two, by all of its `Accept-Encoding` headers. One that says nothing might take gzip, and gets
/// what it has asked for.
#[cfg(feature = "compression")]
pub(crate) fn preferred<'a>(accepted: impl IntoIterator<Item = &'a str>) -> Coding {
    let mut weights = Weights::default();
    accepted
        .into_iter()
        .for_each(|accepted| weights.note(accepted));
    match weights.of_gzip() {
        0 => Coding::Identity,
        gzip if gzip < weights.of_identity() => Coding::Identity,
        _ => Coding::Gzip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "openapi")]
    #[test]
    fn gzip_is_taken_by_who_says_so_or_nothing() {
        for (accepted, takes) in [
            (None, true),
            (Some("gzip, deflate, br, zstd"), true),
            (Some("br;q=1.0, gzip;q=0.8"), true),
            (Some("*"), true),
            (Some("x-gzip"), true),
            (Some("GZIP"), true),
            (Some("identity, gzip;q=0.001"), true),
            (Some(""), false),
            (Some("identity"), false),
            (Some("br"), false),
            (Some("gzip;q=0, *"), false),
            (Some("gzip; q=0.000"), false),
            (Some("gzip;q=nonsense"), false),
        ] {
            assert_eq!(takes_gzip(accepted), takes, "{accepted:?}");
        }
    }

    #[cfg(feature = "compression")]
    #[test]
    fn what_is_wanted_more_is_chosen() {
        for (accepted, chosen) in [
            (&[][..], Coding::Identity),
            (&[""], Coding::Identity),
            (&["gzip"], Coding::Gzip),
            (&["gzip, deflate, br, zstd"], Coding::Gzip),
            (&["br", "x-gzip"], Coding::Gzip),
            (&["*"], Coding::Gzip),
            (&["deflate, gzip ; Q=0.5"], Coding::Gzip),
            (&["gzip;q=0"], Coding::Identity),
            (&["gzip;q=0.0, *;q=1"], Coding::Identity),
            (&["*;q=0"], Coding::Identity),
            (&["identity;q=0, gzip"], Coding::Gzip),
            (&["identity, gzip;q=0.9"], Coding::Identity),
            (&["identity;q=0.5, gzip;q=0.5"], Coding::Gzip),
            (&["identity;q=0.5, *;q=0.1"], Coding::Identity),
            (&["gzip;q=0.1, *"], Coding::Identity),
            (&["br, deflate"], Coding::Identity),
            (&["gzipped, notgzip"], Coding::Identity),
        ] {
            assert_eq!(preferred(accepted.iter().copied()), chosen, "{accepted:?}");
        }
    }

    #[test]
    fn a_weight_is_from_0_to_1_with_three_digits_at_most() {
        for (text, expected) in [
            ("", 1000),
            ("q=1", 1000),
            ("q=1.000", 1000),
            ("q=0.001", 1),
            (" q = 0.5 ", 500),
            ("level=9;q=0.25", 250),
            ("q=0.", 0),
            ("q=0.0001", 0),
            ("q=1.001", 0),
            ("q=2", 0),
            ("q=-1", 0),
            ("q=inf", 0),
            ("q=.5", 0),
            ("q=", 0),
        ] {
            assert_eq!(weight(text), expected, "{text:?}");
        }
    }
}
