//! Where the user wrote something.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The `Location` of the item of that name.
///
/// `file!()` and `line!()` answer for the outermost macro that they come from. Under the span of the user's own identifier
/// they come from none, and so give the line of the item; under the span of the attribute they would give its line.
pub(crate) fn location(private: &TokenStream, ident: &Ident) -> TokenStream {
    let (file, line) = (
        quote_spanned!(ident.span()=> ::core::file!()),
        quote_spanned!(ident.span()=> ::core::line!()),
    );
    quote!(#private::Location::new(#file, #line))
}

/// A span that errors show at the user's tokens, and that lints know to be written by a macro.
pub(crate) fn generated_at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}
