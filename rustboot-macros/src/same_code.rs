//! Tests compare expansions as syntax, so that they read as code and do not depend on how tokens are spaced.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Fails when the two are not the same items.
#[track_caller]
pub(crate) fn assert_same_code(actual: TokenStream, expected: TokenStream) {
    let (actual, expected) = (code(actual), code(expected));
    // Inside of a macro call, `> >` and `>>` are different tokens; to a reader they are not.
    let bare = |code: &str| code.replace(' ', "");
    assert!(
        bare(&actual) == bare(&expected),
        "expanded to\n{actual}\ninstead of\n{expected}"
    );
}

#[track_caller]
fn code(tokens: TokenStream) -> String {
    match syn::parse2::<syn::File>(tokens.clone()) {
        Ok(file) => file.into_token_stream().to_string(),
        Err(error) => panic!("this is not code: {error}\n{tokens}"),
    }
}

/// The messages of the `compile_error!`s in an expansion.
pub(crate) fn mistakes(expansion: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expansion).unwrap();
    let errors = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(item) if item.mac.path.segments.last()?.ident == "compile_error" => {
            item.mac.parse_body::<syn::LitStr>().ok()
        }
        _ => None,
    });
    errors.map(|message| message.value()).collect()
}
