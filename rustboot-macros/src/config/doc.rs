//! Doc comments as text.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment among the attributes: lines trimmed and joined, paragraphs kept apart.
pub(crate) fn text(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for line in attributes.iter().filter_map(line) {
        for line in line.lines().chain(line.is_empty().then_some("")) {
            let line = line.trim();
            if line.is_empty() {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push_str("\n\n");
                }
                continue;
            }
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// The lines of the doc comment among the attributes, without the space that follows the slashes.
pub(crate) fn lines(attributes: &[Attribute]) -> Vec<String> {
    let texts = attributes.iter().filter_map(line);
    texts
        .flat_map(|text| match text.is_empty() {
            true => vec![String::new()],
            false => text.lines().map(str::to_owned).collect(),
        })
        .map(|line| line.strip_prefix(' ').map_or(line.clone(), str::to_owned))
        .collect()
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attribute.meta else {
        return None;
    };
    match &doc.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) if doc.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn lines_are_joined_and_paragraphs_are_not() {
        let attributes: Vec<Attribute> = vec![
            parse_quote!(#[doc = " The currency"]),
            parse_quote!(#[serde(rename = "x")]),
            parse_quote!(#[doc = " of all prices. "]),
            parse_quote!(#[doc = ""]),
            parse_quote!(#[doc(hidden)]),
            parse_quote!(#[doc = " ISO 4217."]),
            parse_quote!(#[doc = ""]),
        ];
        assert_eq!(
            text(&attributes),
            "The currency of all prices.\n\nISO 4217."
        );
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn block_comments_are_lines_too() {
        assert_eq!(text(&[parse_quote!(#[doc = "\n One\n two\n"])]), "One two");
    }
}
