//! How serde names a field: the rules of `rename_all`, so that the documented keys are the ones that are read.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// The key of a field without a name of its own. An unknown rule changes nothing; serde reports it.
pub(crate) fn renamed(field: &Ident, rule: Option<&str>) -> String {
    let field = field.unraw().to_string();
    match rule {
        Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => field.to_ascii_uppercase(),
        Some("PascalCase") => words(&field, true),
        Some("camelCase") => words(&field, false),
        Some("kebab-case") => field.replace('_', "-"),
        Some("SCREAMING-KEBAB-CASE") => field.to_ascii_uppercase().replace('_', "-"),
        _ => field,
    }
}

fn words(field: &str, mut upper: bool) -> String {
    let mut text = String::with_capacity(field.len());
    for c in field.chars() {
        if c == '_' {
            upper = upper || !text.is_empty();
        } else if upper {
            text.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use quote::format_ident;

    use super::*;

    #[test]
    fn the_rules_are_those_of_serde() {
        let field = format_ident!("max_pool_size");
        for (rule, expected) in [
            (None, "max_pool_size"),
            (Some("lowercase"), "max_pool_size"),
            (Some("snake_case"), "max_pool_size"),
            (Some("UPPERCASE"), "MAX_POOL_SIZE"),
            (Some("SCREAMING_SNAKE_CASE"), "MAX_POOL_SIZE"),
            (Some("PascalCase"), "MaxPoolSize"),
            (Some("camelCase"), "maxPoolSize"),
            (Some("kebab-case"), "max-pool-size"),
            (Some("SCREAMING-KEBAB-CASE"), "MAX-POOL-SIZE"),
        ] {
            assert_eq!(renamed(&field, rule), expected);
        }
        assert_eq!(renamed(&format_ident!("r#type"), None), "type");
    }
}
