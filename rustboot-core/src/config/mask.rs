//! What must not be shown: values whose key is named like a secret, and credentials inside URLs.

/// Words that mark a key as secret, as one of the words of its last segments.
const WORDS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "token",
    "key",
    "credential",
    "credentials",
    "authorization",
];

/// What stands for a secret.
pub(crate) const MASK: &str = "***";

/// Whether a key is named like a secret: one of the words of any segment is such a word.
pub(crate) fn is_sensitive(key: &str) -> bool {
    key.split(['.', '_', '-'])
        .any(|word| WORDS.iter().any(|w| word.eq_ignore_ascii_case(w)))
}

/// A text with the credentials of every URL in it masked, before the host and among the parameters.
pub(crate) fn without_credentials(text: &str) -> String {
    without_parameters(without_user(text))
}

/// Masks `?password=…` and the like.
fn without_parameters(text: String) -> String {
    if !text.contains("://") || !text.contains('?') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(['?', '&', ' ', ',']) {
        let end = part.trim_end_matches(['?', '&', ' ', ',']);
        match end.split_once('=') {
            Some((name, _)) if is_sensitive(name) => {
                out.push_str(name);
                out.push('=');
                out.push_str(MASK);
                out.push_str(&part[end.len()..]);
            }
            _ => out.push_str(part),
        }
    }
    out
}

fn without_user(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + 3);
        out.push_str(before);
        let authority_end = after
            .find(|c: char| matches!(c, '/' | '?' | '#' | ',') || c.is_whitespace())
            .unwrap_or(after.len());
        // A password may hold a slash that nobody escaped: the last `@` of the text decides then.
        let at = after[..authority_end].rfind('@').or_else(|| {
            after
                .rfind('@')
                .filter(|_| after[..authority_end].contains(':'))
        });
        match at {
            Some(at) => {
                out.push_str(MASK);
                rest = &after[at..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

/// A value as it may be shown.
pub(crate) fn shown(key: &str, secret: bool, text: &str) -> String {
    if secret || is_sensitive(key) {
        MASK.to_owned()
    } else {
        without_credentials(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_named_like_secrets_are_known() {
        for key in [
            "shop.api_key",
            "db.password",
            "jwt.secret",
            "a.TOKEN",
            "key",
            "tls.private-key",
            "secrets.x",
        ] {
            assert!(is_sensitive(key), "{key}");
        }
        for key in ["server.port", "shop.keyspace", "monkey", "shop.currency"] {
            assert!(!is_sensitive(key), "{key}");
        }
    }

    #[test]
    fn credentials_in_urls_are_masked() {
        for (text, shown) in [
            ("postgres://u:p@h:5432/db", "postgres://***@h:5432/db"),
            ("redis://:p@h", "redis://***@h"),
            ("https://h/path?x=1", "https://h/path?x=1"),
            (
                "a http://u:p@h/ b http://v:q@i/",
                "a http://***@h/ b http://***@i/",
            ),
            ("postgres://u:p/w@h/db", "postgres://***@h/db"),
            ("http://h/a@b", "http://h/a@b"),
            ("no url", "no url"),
            (
                "postgres://h/db?sslmode=require&password=a%2Fb&x=1",
                "postgres://h/db?sslmode=require&password=***&x=1",
            ),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
