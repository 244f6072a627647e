//! The path under which the user's crate sees Rustboot: `::rustboot`, or what `crate = path` says.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

use crate::type_text::type_text;

/// The root of every path in an expansion that is not in the standard library.
#[derive(Clone)]
pub(crate) struct Root(TokenStream);

impl Default for Root {
    fn default() -> Self {
        Self(quote!(::rustboot))
    }
}

impl From<Path> for Root {
    fn from(path: Path) -> Self {
        Self(path.into_token_stream())
    }
}

impl Root {
    /// The module that the expansions name.
    pub(crate) fn private(&self) -> TokenStream {
        let root = &self.0;
        quote!(#root::__private)
    }

    /// The path of the serde that the framework uses, the way that `#[serde(crate = "…")]` wants it.
    pub(crate) fn serde_text(&self) -> String {
        format!("{}::__private::serde", type_text(&self.0))
    }
}
