//! How a value is written: one line that says what it is, then its JSON.
//!
//! `rb1 <mark> <type> <stale>\n{…}`. `rb1` is this format; another one is no value. The mark is random, and tells one writing
//! from the next; type and mark are 16 hexadecimal digits; `stale` is the last part of its time, in milliseconds, in which it
//! is given out while it is loaded anew. A tombstone is `rb1 <mark> -\n`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::tier::{Kept, Look, Seen, Written};

/// `rb1` and the mark: what tells one writing from the next.
pub(super) const HEAD: usize = 20;

/// The head of what was seen, as a script compares it; empty for nothing.
pub(super) fn head(mark: Option<u64>) -> String {
    match mark {
        None => String::new(),
        Some(mark) => format!("rb1 {mark:016x}"),
    }
}

/// A value.
pub(super) fn value(written: &Written) -> Vec<u8> {
    let stale = written.lifetime.dead_at - written.lifetime.fresh_until;
    let mut line = head(Some(fastrand::u64(..)));
    // Writing to a string does not fail.
    let _written = writeln!(line, " {:016x} {}", written.of, stale.as_millis());
    let mut bytes = line.into_bytes();
    bytes.extend_from_slice(&written.json);
    bytes
}

/// What stands where a value was removed.
pub(super) fn tombstone() -> String {
    format!("{} -\n", head(Some(fastrand::u64(..))))
}

/// Reads what is there, which is kept for that long. What is not in this format counts as nothing, and is not touched:
/// its head is no mark of ours.
pub(super) fn look(epoch: Arc<str>, bytes: Option<Vec<u8>>, dead_in: Option<Duration>) -> Look {
    let Some(bytes) = bytes else {
        return Look::Nothing(Seen { epoch, mark: None });
    };
    parse(epoch, &bytes, dead_in).unwrap_or(Look::Unknown)
}

fn parse(epoch: Arc<str>, bytes: &[u8], dead_in: Option<Duration>) -> Option<Look> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut words = line.split(' ');
    if words.next() != Some("rb1") {
        return None;
    }
    let mark = Some(hexadecimal(words.next()?)?);
    let seen = Seen { epoch, mark };
    let of = match words.next()? {
        "-" => return Some(Look::Nothing(seen)),
        of => hexadecimal(of)?,
    };
    let stale = Duration::from_millis(words.next()?.parse().ok()?);
    // One without an end is none of ours.
    let dead_in = dead_in?;
    let kept = Kept {
        of,
        json: bytes[end + 1..].to_vec(),
        fresh_for: dead_in.saturating_sub(stale),
        dead_in,
    };
    Some(Look::Found(kept, seen))
}

fn hexadecimal(word: &str) -> Option<u64> {
    (word.len() == 16).then(|| u64::from_str_radix(word, 16).ok())?
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::cache::lifetime::Lifetime;

    const SECOND: Duration = Duration::from_secs(1);

    fn look(bytes: Option<Vec<u8>>, dead_in: Option<Duration>) -> Look {
        super::look("e".into(), bytes, dead_in)
    }

    #[test]
    fn a_value_is_read_as_it_was_written() {
        let now = Instant::now();
        let lifetime = Lifetime {
            fresh_until: now + SECOND * 3,
            dead_at: now + SECOND * 5,
        };
        let written = Written::new(&"a\nb", lifetime).unwrap();
        let bytes = value(&written);
        let Look::Found(kept, seen) = look(Some(bytes.clone()), Some(SECOND * 4)) else {
            panic!("{}", String::from_utf8_lossy(&bytes));
        };
        assert_eq!(kept.fresh_for, SECOND * 2);
        assert_eq!(kept.dead_in, SECOND * 4);
        assert_eq!(kept.json, br#""a\nb""#);
        assert_eq!(head(seen.mark).as_bytes(), &bytes[..HEAD]);
        assert_eq!(kept.value::<String>(), None, "another type");

        let stale = look(Some(bytes), Some(SECOND * 2));
        assert!(matches!(stale, Look::Found(kept, _) if !kept.is_fresh()));
    }

    #[test]
    fn a_tombstone_is_nothing_with_a_mark() {
        let bytes = tombstone().into_bytes();
        let Look::Nothing(seen) = look(Some(bytes.clone()), None) else {
            panic!("{}", String::from_utf8_lossy(&bytes));
        };
        assert_eq!(head(seen.mark).as_bytes(), &bytes[..HEAD]);
        let nothing = Seen {
            epoch: "e".into(),
            mark: None,
        };
        assert_eq!(look(None, None), Look::Nothing(nothing));
        assert_eq!(head(None), "");
    }

    #[test]
    fn what_others_wrote_is_left_alone() {
        for bytes in [
            "",
            "\n",
            "plain",
            "{\"a\":1}\n",
            "rb2 0123456789abcdef 0123456789abcdef 0\n1",
            "rb1 0123456789abcdef\n1",
            "rb1 0123 0123456789abcdef 0\n1",
            "rb1 0123456789abcdef 0123456789abcdef x\n1",
            "rb1 0123456789abcdef 0123456789abcdef 0",
            "rb1 0123456789abcdez 0123456789abcdef 0\n1",
        ] {
            let found = look(Some(bytes.into()), Some(SECOND));
            assert_eq!(found, Look::Unknown, "{bytes:?}");
        }
        let endless = "rb1 0123456789abcdef 0123456789abcdef 0\n1";
        assert_eq!(look(Some(endless.into()), None), Look::Unknown);
        assert_eq!(look(Some(vec![0xff, b'\n']), Some(SECOND)), Look::Unknown);
    }
}
