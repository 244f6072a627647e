//! Finds the text of a statement in a file, for the error that it caused. The database decides what a statement is; this
//! only has to agree with it on what people write: quotes, comments, dollar quotes, and the bodies of triggers.

/// How a database quotes, beyond the standard.
#[derive(Debug, Clone, Copy)]
pub struct Quoting {
    /// `[name]`.
    pub(crate) brackets: bool,
    /// `'it\'s'`. PostgreSQL has it in `E'it\'s'`, which is always understood.
    pub(crate) backslashes: bool,
}

/// The statements of a file, each with the line that it begins on, from 1.
pub(super) fn statements(sql: &str, quoting: Quoting) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let length = statement(rest, quoting);
        let (text, after) = rest.split_at(length);
        let body = skip_blank(text);
        if !body
            .trim_matches(|c: char| c.is_whitespace() || c == ';')
            .is_empty()
        {
            let start = sql.len() - rest.len() + (text.len() - body.len());
            let line = sql[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
            found.push((line, body.trim_end().trim_end_matches(';').trim_end()));
        }
        rest = after;
    }
    found
}

/// The text without white space and comments in front.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        match comment(text) {
            0 => return text,
            length => text = &text[length..],
        }
    }
}

/// The length of the first statement, with its semicolon.
fn statement(sql: &str, quoting: Quoting) -> usize {
    let mut at = 0;
    // How many `BEGIN` and `CASE` of a trigger are open.
    let mut depth = 0_usize;
    let trigger = is_trigger(skip_blank(sql));
    while let Some(c) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let length = comment(rest).max(quoted(rest, quoting));
        if length > 0 {
            at += length;
            continue;
        }
        if c == ';' && depth == 0 {
            return at + 1;
        }
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if word == 0 {
            at += c.len_utf8();
            continue;
        }
        if trigger {
            match &rest[..word] {
                w if w.eq_ignore_ascii_case("begin") || w.eq_ignore_ascii_case("case") => {
                    depth += 1;
                }
                w if w.eq_ignore_ascii_case("end") => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        at += word;
    }
    sql.len()
}

fn is_trigger(sql: &str) -> bool {
    let mut words = sql.split_whitespace();
    words
        .next()
        .is_some_and(|w| w.eq_ignore_ascii_case("create"))
        && words
            .find(|w| !w.eq_ignore_ascii_case("temp") && !w.eq_ignore_ascii_case("temporary"))
            .is_some_and(|w| w.eq_ignore_ascii_case("trigger"))
}

/// The length of the comment that the text begins with, or 0.
fn comment(text: &str) -> usize {
    let end = if text.starts_with("--") {
        text.find('\n').map(|at| at + 1)
    } else if text.starts_with("/*") {
        text.find("*/").map(|at| at + 2)
    } else {
        return 0;
    };
    end.unwrap_or(text.len())
}

/// The length of the quoted text that the text begins with, or 0.
fn quoted(text: &str, quoting: Quoting) -> usize {
    let escaped = |from: usize| from + until_quote(&text[from..]);
    match text.as_bytes() {
        [b'E' | b'e', b'\'', ..] => return escaped(2),
        [b'\'', ..] if quoting.backslashes => return escaped(1),
        _ => {}
    }
    let open = match text.as_bytes().first() {
        Some(b'\'' | b'"' | b'`') => &text[..1],
        Some(b'[') if quoting.brackets => "]",
        Some(b'$') => match dollar_tag(text) {
            Some(tag) => tag,
            None => return 0,
        },
        _ => return 0,
    };
    let begin = if open == "]" { 1 } else { open.len() };
    text[begin..]
        .find(open)
        .map_or(text.len(), |at| begin + at + open.len())
}

/// The length up to the closing quote and with it, where a backslash takes away the meaning of what follows.
fn until_quote(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `$$` or `$name$`.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 1;
    let name = &text[1..end];
    let valid = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    valid.then(|| &text[..=end])
}
