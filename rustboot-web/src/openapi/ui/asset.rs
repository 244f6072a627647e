//! A file out of the binary: kept by browsers, and not sent again to one that has it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rustboot_core::management::{Call, Reply, ReplyBody};

use crate::negotiation::{Coding, takes_gzip};

/// A file, as it is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asset {
    pub(super) content_type: &'static str,
    /// How the bytes lie in the program.
    pub(super) coding: Coding,
    pub(super) body: &'static [u8],
    /// Whether the page names it with its version, so that it never changes under its address.
    pub(super) is_versioned: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_of_the_bytes_and_the_coding() {
        let plain = etag(b"x", Coding::Identity);
        assert_eq!(plain, etag(b"x", Coding::Identity));
        assert_ne!(plain, etag(b"y", Coding::Identity));
        assert_ne!(plain, etag(b"x", Coding::Gzip));
        assert!(plain.starts_with('"') && plain.ends_with('"'), "{plain}");
    }
}
