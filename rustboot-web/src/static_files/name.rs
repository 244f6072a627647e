//! Which names may be asked for. What is refused here is not looked for, so that no file system has to agree with us about what a
//! name means.

#[cfg(feature = "static-files")]
use percent_encoding::percent_decode_str;

/// The one hidden folder that is made to be read (RFC 8615).
const WELL_KNOWN: &str = ".well-known";

/// Whether a path of a request, from its first slash on and still encoded, is one that a file may have. Each file has one: an empty
/// segment, which most systems overlook, makes another name, and `//host/` is somebody else's server where it becomes a `Location`.
#[cfg(feature = "static-files")]
pub(super) fn is_allowed(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    // A folder ends with a slash.
    path.is_empty() || segments(path.strip_suffix('/').unwrap_or(path)).is_some()
}

/// The names in a path, decoded, or nothing when one of them is not allowed.
#[cfg(feature = "static-files")]
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    path.split('/')
        .map(|segment| {
            let name = percent_decode_str(segment).decode_utf8().ok()?;
            is_plain(&name).then(|| name.into_owned())
        })
        .collect()
}

/// Whether it is the name of one file or folder, and no hidden one.
pub(super) fn is_plain(name: &str) -> bool {
    let is_hidden = name.starts_with('.') && name != WELL_KNOWN;
    let has_other_meaning = |c: char| matches!(c, '/' | '\\') || c.is_control();
    !name.is_empty()
        && !is_hidden
        && !name.contains(has_other_meaning)
        && (cfg!(not(windows)) || is_itself_on_windows(name))
}

/// Windows knows a file by more names than one: `a.txt::$DATA`, `a.txt.`, `A~1.TXT`.
fn is_itself_on_windows(name: &str) -> bool {
    !name.contains([':', '~']) && !name.ends_with(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_file_or_folder_that_is_not_hidden() {
        for name in [
            "a",
            "a.b",
            "a b",
            "\u{fc}ber.html",
            ".well-known",
            "a..b",
            "a%2e",
        ] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "...",
            ".env",
            ".git",
            ".well-known2",
            "a/b",
            "a\\b",
            "..\\a",
            "a\0",
            "a\n",
            "\u{85}",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }

    #[test]
    fn names_with_a_second_meaning_on_windows() {
        for name in ["a.txt::$DATA", "c:", "a.txt.", "a.txt ", "ENV~1"] {
            assert!(!is_itself_on_windows(name), "{name}");
        }
        assert!(is_itself_on_windows("a.txt"));
    }

    #[cfg(feature = "static-files")]
    #[test]
    fn a_path_has_one_spelling_and_goes_nowhere_else() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b.c",
            "/a%20b",
            "/%C3%BC",
            "/.well-known/x",
            "/a/.well-known/",
        ] {
            assert!(is_allowed(path), "{path}");
        }
        for path in [
            "",
            "*",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/..",
            "/../a",
            "/a/../b",
            "/a/..",
            "/%2e%2e/a",
            "/%2E%2e%2fa",
            "/..%2fa",
            "/a%2fb",
            "/a%5cb",
            "/..%5ca",
            "/a\\b",
            "/%00",
            "/a%00.html",
            "/%ff",
            "/.env",
            "/%2eenv",
            "/.git/config",
            "/a/.b/c",
            "/.",
            "/./a",
            "/a/.",
            "/..;/a",
            "/%0a",
        ] {
            assert!(!is_allowed(path), "{path}");
        }
        assert_eq!(
            segments("a%20b/c"),
            Some(vec!["a b".to_owned(), "c".to_owned()])
        );
    }
}
