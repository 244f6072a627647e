//! How arguments are read, and what is said of wrong ones.

use quote::quote;

use super::*;

const GRAMMAR: Grammar = Grammar {
    attribute: "component",
    known: &["name", "crate"],
    declined: &[("scope", "there are no scopes")],
};

fn mistakes(tokens: TokenStream) -> Vec<String> {
    let Err(error) = Arguments::parse(tokens, &GRAMMAR) else {
        return Vec::new();
    };
    error.into_iter().map(|error| error.to_string()).collect()
}

#[test]
fn all_mistakes_are_reported_together() {
    assert_eq!(
        mistakes(quote!(
            nmae = "a",
            priority = 1,
            scope = "x",
            name = "a",
            name = "b"
        )),
        [
            "`name` is given twice",
            "unknown argument `nmae`, did you mean `name`?",
            "unknown argument `priority`; `#[component]` knows `name` and `crate`",
            "there are no scopes",
        ]
    );
}

#[test]
fn a_bare_value_is_told_which_names_there_are() {
    assert_eq!(
        mistakes(quote!("primary")),
        ["expected the name of an argument; `#[component]` knows `name` and `crate`"]
    );
}

#[test]
fn the_root_is_a_path() {
    let arguments = Arguments::parse(quote!(crate = my::boot), &GRAMMAR).unwrap();
    assert_eq!(
        arguments.root().unwrap().serde_text(),
        "my::boot::__private::serde"
    );
    let arguments = Arguments::parse(quote!(crate = "boot"), &GRAMMAR).unwrap();
    let message = arguments.root().err().unwrap().to_string();
    assert!(message.contains("without quotes"), "{message}");
}

#[test]
fn a_string_is_a_string() {
    let arguments = Arguments::parse(quote!(name), &GRAMMAR).unwrap();
    let message = arguments.text("name", "name = \"primary\"").unwrap_err();
    assert_eq!(
        message.to_string(),
        "`name` takes a value: write `name = \"primary\"`"
    );
}
