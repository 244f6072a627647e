//! The user's item, and what a macro puts beside it.

use proc_macro2::TokenStream;
use syn::Result;

use crate::parameter::without_names;

/// The item as it was, with the definition or with the mistakes. A mistake never takes the item away, since everything that
/// mentions it would then be reported as well.
pub(crate) fn beside(item: TokenStream, addition: Result<TokenStream>) -> TokenStream {
    let mut output = without_names(item);
    output.extend(addition.unwrap_or_else(|mistakes| mistakes.into_compile_error()));
    output
}
