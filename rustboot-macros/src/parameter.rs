//! The parameters of a function under an attribute, and `#[named("…")]` on them.
//!
//! The compiler knows no attribute `named`, so the macros take it away when they are done with it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Attribute, Error, LitStr, PatType, Result, Type};

/// A parameter.
pub(crate) struct Parameter<'a> {
    /// Its type.
    pub(crate) ty: &'a Type,
    /// The name of the component, where it says one.
    pub(crate) name: Option<LitStr>,
}

impl<'a> Parameter<'a> {
    /// Reads a parameter.
    pub(crate) fn read(parameter: &'a PatType) -> Result<Self> {
        let mut names = parameter
            .attrs
            .iter()
            .filter(|attribute| is_named(attribute));
        let name = names.next().map(name).transpose()?;
        if let Some(second) = names.next() {
            return Err(Error::new_spanned(second, "`#[named]` is given twice"));
        }
        // The macro sees it before the compiler decides, and what is made of the parameters is a tuple, which has no conditions.
        if let Some(condition) = parameter.attrs.iter().find(|it| it.path().is_ident("cfg")) {
            return Err(Error::new_spanned(
                condition,
                "a single parameter cannot be under a condition: write the function twice, each under its `#[cfg(…)]`",
            ));
        }
        Ok(Self {
            ty: &parameter.ty,
            name,
        })
    }
}

fn is_named(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|segment| segment.ident == "named")
}

fn name(attribute: &Attribute) -> Result<LitStr> {
    match attribute.parse_args::<LitStr>() {
        Ok(name) if !name.value().trim().is_empty() => Ok(name),
        Ok(empty) => Err(Error::new(
            empty.span(),
            "a name has to say something: without one, leave `#[named]` out",
        )),
        Err(_) => Err(Error::new_spanned(
            attribute,
            "`#[named]` takes the name of a component: write `#[named(\"primary\")]`",
        )),
    }
}

/// The attributes that read the parameters of a function. The last one that expands takes the names away: those that come
/// before it still stand on the item, and want to see them.
const READERS: [&str; 14] = [
    "component",
    "delete",
    "get",
    "head",
    "health",
    "on_start",
    "on_stop",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "scheduled",
    "task",
];

/// The item without `#[named]` on its parameters.
pub(crate) fn without_names(item: TokenStream) -> TokenStream {
    if has_reader(item.clone()) {
        return item;
    }
    let (mut in_signature, mut done) = (false, false);
    item.into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) => {
                in_signature |= ident == "fn";
                TokenTree::Ident(ident)
            }
            TokenTree::Group(group) if in_signature && !done => match group.delimiter() {
                Delimiter::Parenthesis => TokenTree::Group(stripped(&group)),
                _ => {
                    done = true;
                    TokenTree::Group(group)
                }
            },
            other => other,
        })
        .collect()
}

/// Whether another attribute that reads the parameters stands on the item.
fn has_reader(item: TokenStream) -> bool {
    let mut tokens = item.into_iter().peekable();
    while tokens.next_if(is_hash).is_some() {
        let Some(TokenTree::Group(attribute)) = tokens.next() else {
            return false;
        };
        if last_of_path(attribute.stream()).is_some_and(|name| READERS.contains(&name.as_str())) {
            return true;
        }
    }
    false
}

/// A parameter list without the attributes.
fn stripped(list: &Group) -> Group {
    let mut kept = Vec::new();
    let mut tokens = list.stream().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let named = |next: &TokenTree| match next {
            TokenTree::Group(attribute) if attribute.delimiter() == Delimiter::Bracket => {
                last_of_path(attribute.stream()).is_some_and(|name| name == "named")
            }
            _ => false,
        };
        if is_hash(&token) && tokens.next_if(named).is_some() {
            continue;
        }
        kept.push(token);
    }
    let mut group = Group::new(list.delimiter(), kept.into_iter().collect());
    group.set_span(list.span());
    group
}

fn is_hash(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#')
}

/// The last word of the path that an attribute starts with: `get` of `rustboot::get("/")`.
fn last_of_path(attribute: TokenStream) -> Option<String> {
    attribute
        .into_iter()
        .take_while(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        })
        .filter_map(|token| match token {
            TokenTree::Ident(ident) => Some(ident.to_string()),
            _ => None,
        })
        .last()
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn names_are_taken_away_and_nothing_else() {
        let item = quote! {
            /// Sends.
            #[must_use]
            pub async fn send(#[named("eu")] mail: Inject<Mail>, #[rustboot::named("us")] #[cfg(unix)] us: Us) -> [u8; 1] { a(#[named("x")] b) }
        };
        let expected = quote! {
            /// Sends.
            #[must_use]
            pub async fn send(mail: Inject<Mail>, #[cfg(unix)] us: Us) -> [u8; 1] { a(#[named("x")] b) }
        };
        assert_eq!(without_names(item).to_string(), expected.to_string());
    }

    #[test]
    fn the_last_attribute_takes_them_away() {
        let item = quote! {
            #[rustboot::post("/again")]
            async fn send(#[named("eu")] mail: Inject<Mail>) {}
        };
        assert_eq!(without_names(item.clone()).to_string(), item.to_string());
    }
}
