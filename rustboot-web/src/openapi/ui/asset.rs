//! A file out of the binary: kept by browsers, and not sent again to one that has it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rustboot_core::management::{Call, Reply, ReplyBody};

/// A file, as it is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asset {
    pub(super) content_type: &'static str,
    pub(super) coding: Coding,
    pub(super) body: &'static [u8],
    /// Whether the page names it with its version, so that it never changes under its address.
    pub(super) is_versioned: bool,
}

/// How the bytes lie in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

/// The headers that [`Asset::reply`] looks at.
pub(super) const READS: &[&str] = &["if-none-match", "accept-encoding"];

impl Asset {
    /// The file; 304 for who has it. Who refuses gzip gets a 406: no browser does, and the file is there in no other form.
    pub(super) fn reply(&self, call: &Call, etag: &str) -> Reply {
        let reply = if is_known(call, etag) {
            not_modified()
        } else if self.coding == Coding::Gzip && !takes_gzip(call.header("accept-encoding")) {
            return empty(406);
        } else {
            let reply = Reply::Body(ReplyBody {
                status: 200,
                content_type: self.content_type,
                headers: Vec::new(),
                body: self.body.into(),
            });
            match self.coding {
                Coding::Identity => reply,
                Coding::Gzip => reply.with_header("content-encoding", "gzip"),
            }
        };
        let lasts = match self.is_versioned {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        let reply = reply
            .with_header("etag", etag)
            .with_header("cache-control", lasts);
        match self.coding {
            Coding::Identity => reply,
            Coding::Gzip => reply.with_header("vary", "accept-encoding"),
        }
    }
}

pub(super) fn not_modified() -> Reply {
    empty(304)
}

fn empty(status: u16) -> Reply {
    Reply::Body(ReplyBody {
        status,
        content_type: "",
        headers: Vec::new(),
        body: (&[][..]).into(),
    })
}

/// A strong one: of these bytes, in this coding. The same in every process of one build.
pub(super) fn etag(body: &[u8], coding: Coding) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let coding = match coding {
        Coding::Identity => "",
        Coding::Gzip => "-gzip",
    };
    format!("\"{:016x}{coding}\"", hasher.finish())
}

/// Whether the client has what has this tag (RFC 9110, section 13.1.2).
pub(super) fn is_known(call: &Call, etag: &str) -> bool {
    let known = call.header("if-none-match").unwrap_or_default();
    known
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Whether an `Accept-Encoding` allows gzip (RFC 9110, section 12.5.3); without one everything is allowed.
fn takes_gzip(accepted: Option<&str>) -> bool {
    let Some(accepted) = accepted else {
        return true;
    };
    let weight = |name: &str| {
        accepted.split(',').find_map(|entry| {
            let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            if !coding.trim().eq_ignore_ascii_case(name) {
                return None;
            }
            let weight = parameters.trim().strip_prefix("q=").map(str::trim);
            Some(weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0)))
        })
    };
    weight("gzip")
        .or_else(|| weight("x-gzip"))
        .or_else(|| weight("*"))
        .is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_by_who_says_so_or_nothing() {
        for (accepted, takes) in [
            (None, true),
            (Some("gzip, deflate, br, zstd"), true),
            (Some("br;q=1.0, gzip;q=0.8"), true),
            (Some("*"), true),
            (Some("x-gzip"), true),
            (Some("GZIP"), true),
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

    #[test]
    fn tags_are_of_the_bytes_and_the_coding() {
        let plain = etag(b"x", Coding::Identity);
        assert_eq!(plain, etag(b"x", Coding::Identity));
        assert_ne!(plain, etag(b"y", Coding::Identity));
        assert_ne!(plain, etag(b"x", Coding::Gzip));
        assert!(plain.starts_with('"') && plain.ends_with('"'), "{plain}");
    }
}
