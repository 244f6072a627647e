//! The function under an attribute: its signature is read, its body is not. A body that does not parse yet (someone is
//! typing it) keeps its definition, and a long one costs no time.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, FnArg, Result, Safety, Signature, Token, Visibility};

use crate::mistakes::note;
use crate::parameter::Parameter;

/// What an attribute wants of the function that it stands on.
pub(crate) struct Wanted {
    /// The attribute, as in `#[component]`.
    pub(crate) attribute: &'static str,
    /// What the function is for: "a function that makes the component".
    pub(crate) purpose: &'static str,
    /// Whether it has to be async.
    pub(crate) must_be_async: bool,
}

/// A free function without type parameters.
pub(crate) struct Function {
    /// What stands on it, other attributes of ours included.
    pub(crate) attributes: Vec<Attribute>,
    /// Who may call it.
    pub(crate) visibility: Visibility,
    /// Everything before the body.
    pub(crate) signature: Signature,
}

impl Function {
    /// Reads the item under the attribute.
    pub(crate) fn read(item: TokenStream, wanted: &Wanted) -> Result<Self> {
        let parse = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            let visibility = input.parse()?;
            if !starts_function(input) {
                return Err(Error::new(
                    input.span(),
                    format!(
                        "`#[{}]` does not go here: put it on {}",
                        wanted.attribute, wanted.purpose
                    ),
                ));
            }
            let signature = input.parse()?;
            input.parse::<TokenStream>()?;
            Ok(Self {
                attributes,
                visibility,
                signature,
            })
        };
        let function = parse.parse2(item)?;
        function.check(wanted)?;
        Ok(function)
    }

    /// The parameters.
    pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
        // `check` has found those that cannot be read.
        self.read_parameters().filter_map(Result::ok).collect()
    }

    fn read_parameters(&self) -> impl Iterator<Item = Result<Parameter<'_>>> {
        self.signature
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Typed(parameter) => Some(Parameter::read(parameter)),
                FnArg::Receiver(_) => None,
            })
    }

    fn check(&self, wanted: &Wanted) -> Result<()> {
        let Wanted {
            attribute, purpose, ..
        } = wanted;
        let signature = &self.signature;
        let mut mistakes = None;
        let mut mistake = |tokens: &dyn ToTokens, message: String| {
            note(
                &mut mistakes,
                Error::new_spanned(tokens.to_token_stream(), message),
            );
        };
        if wanted.must_be_async && signature.asyncness.is_none() {
            let name = &signature.ident;
            let message =
                format!("`#[{attribute}]` needs an async function: write `async fn {name}`");
            mistake(&signature.fn_token, message);
        }
        if let Safety::Unsafe(token) = &signature.safety {
            mistake(
                token,
                format!("`#[{attribute}]` needs a function that is safe to call"),
            );
        }
        if let Some(abi) = &signature.abi {
            mistake(
                abi,
                format!("`#[{attribute}]` needs a Rust function: remove the `extern`"),
            );
        }
        let generics = &signature.generics;
        if !generics.params.is_empty() {
            let message = format!(
                "`#[{attribute}]` needs a function without generic parameters: nobody would say what they are"
            );
            mistake(&generics, message);
        } else if let Some(clause) = &generics.where_clause {
            mistake(
                clause,
                format!("`#[{attribute}]` needs a function without a `where` clause"),
            );
        }
        if let Some(receiver) = signature.receiver() {
            let message =
                format!("a method cannot be registered: put `#[{attribute}]` on {purpose}");
            mistake(receiver, message);
        }
        for parameter in self.parameters() {
            if has_impl_trait(parameter.ty.to_token_stream()) {
                let message =
                    format!("`#[{attribute}]` needs parameters of known types, not `impl Trait`");
                mistake(parameter.ty, message);
            }
        }
        for error in self.read_parameters().filter_map(Result::err) {
            note(&mut mistakes, error);
        }
        mistakes.map_or(Ok(()), Err)
    }
}

/// Whether a function comes next, its visibility not counted.
pub(crate) fn starts_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    // `const` and `unsafe` also start other items, so the keyword itself decides; the rest is for the parser to report.
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(syn::LitStr)
    {
        if ahead.parse::<TokenTree>().is_err() {
            return false;
        }
    }
    ahead.peek(Token![fn])
}

/// Whether a type says `impl` anywhere.
pub(crate) fn has_impl_trait(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => has_impl_trait(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    const WANTED: Wanted = Wanted {
        attribute: "get",
        purpose: "a function that answers requests",
        must_be_async: true,
    };

    fn mistakes(item: TokenStream) -> Vec<String> {
        let Err(error) = Function::read(item, &WANTED) else {
            return Vec::new();
        };
        error.into_iter().map(|error| error.to_string()).collect()
    }

    #[test]
    fn a_body_need_not_parse() {
        let item = quote!(
            pub(crate) async fn item(Path(id): Path<i64>, mut a: A) -> Result<()> { let x = ; }
        );
        let function = Function::read(item, &WANTED).unwrap();
        assert_eq!(function.parameters().len(), 2);
    }

    #[test]
    fn other_items_are_told_where_the_attribute_goes() {
        let told = ["`#[get]` does not go here: put it on a function that answers requests"];
        assert_eq!(
            mistakes(quote!(
                pub struct A;
            )),
            told
        );
        assert_eq!(mistakes(quote!(impl A {})), told);
        assert_eq!(
            mistakes(quote!(
                const A: u8 = 1;
            )),
            told
        );
        assert_eq!(
            mistakes(quote!(
                unsafe impl A for B {}
            )),
            told
        );
    }

    #[test]
    fn all_mistakes_of_a_signature_are_reported() {
        let item = quote!(
            unsafe extern "C" fn f<T>(&self, a: Vec<impl Fn()>) {}
        );
        let mistakes = mistakes(item);
        assert_eq!(mistakes.len(), 6, "{mistakes:#?}");
        assert_eq!(
            mistakes[0],
            "`#[get]` needs an async function: write `async fn f`"
        );
    }
}
