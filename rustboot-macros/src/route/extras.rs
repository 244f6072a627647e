//! What a route may say beside its path, and a group of routes for all of its own: limits, who may call it, its tag.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, LitStr, Result};

use crate::arguments::Arguments;
use crate::mistakes::{all, both};
use crate::place::generated_at;
use crate::{period, size};

/// What may be said of a group of routes.
pub(crate) const OF_A_GROUP: [&str; 11] = [
    "prefix",
    "tag",
    "timeout",
    "body_limit",
    "max_in_flight",
    "access_log",
    "security",
    "roles",
    "permit_all",
    "layers",
    "crate",
];

/// And of a route, after its path: the same but for the prefix.
pub(crate) const OF_A_ROUTE: &[&str] = {
    let [_prefix, others @ ..] = &OF_A_GROUP;
    others
};

/// Arguments that people expect, and what to write.
pub(crate) const DECLINED: [(&str, &str); 6] = [
    ("layer", "write `layers(…)`"),
    ("role", "write `roles(\"admin\")`"),
    ("tags", "a route has one tag: write `tag = \"orders\"`"),
    ("public", "write `permit_all`"),
    ("request_timeout", "write `timeout = \"2s\"`"),
    ("log", "write `access_log = false`"),
];

/// What they say.
pub(crate) struct Extras {
    tag: Option<LitStr>,
    /// The calls after `RouteSettings::new()`.
    settings: Vec<Call>,
    /// The calls after `RouteSecurity::new()`.
    security: Vec<Call>,
    /// The expressions that make tower layers.
    layers: Option<Vec<Expr>>,
}

/// A method of a definition, and its argument in terms of the module that expansions name.
struct Call(&'static str, Argument);

enum Argument {
    Nothing,
    Plain(TokenStream),
    Bytes(u64),
}

impl Call {
    fn tokens(&self, private: &TokenStream) -> TokenStream {
        let method = Ident::new(self.0, Span::call_site());
        match &self.1 {
            Argument::Nothing => quote!(.#method()),
            Argument::Plain(value) => quote!(.#method(#value)),
            Argument::Bytes(bytes) => quote!(.#method(#private::ByteSize::bytes(#bytes))),
        }
    }
}

impl Extras {
    /// Reads them.
    pub(crate) fn read(arguments: &Arguments) -> Result<Self> {
        let settings = all([
            timeout(arguments),
            body_limit(arguments),
            max_in_flight(arguments),
            access_log(arguments),
        ]);
        let tag = text(arguments, "tag", "tag = \"orders\"");
        let security = security(arguments);
        let layers = arguments.expressions("layers", "layers(compression(), auth())");
        let (tag, (settings, (security, layers))) =
            both(tag, both(settings, both(security, layers)))?;
        Ok(Self {
            tag,
            settings: settings.into_iter().flatten().collect(),
            security,
            layers,
        })
    }

    /// The calls on a `RouteDef` or a `RouteGroup` that say the same.
    pub(crate) fn tokens(&self, private: &TokenStream) -> TokenStream {
        let tag = self.tag.iter().map(|tag| quote!(.tag(#tag)));
        let settings = calls(private, "settings", "RouteSettings", &self.settings);
        let security = calls(private, "security", "RouteSecurity", &self.security);
        let layers = self.layers.iter().map(|layers| {
            let layers = layers.iter().map(|layer| {
                // What is wrong with a layer is shown where the user wrote it.
                quote_spanned!(generated_at(layer.span())=> #private::RouteLayer::new(#layer))
            });
            quote!(.layers(|| ::std::vec![#(#layers),*]))
        });
        quote!(#(#tag)* #settings #security #(#layers)*)
    }
}

fn calls(private: &TokenStream, method: &str, ty: &str, calls: &[Call]) -> TokenStream {
    if calls.is_empty() {
        return TokenStream::new();
    }
    let (method, ty) = (
        Ident::new(method, Span::call_site()),
        Ident::new(ty, Span::call_site()),
    );
    let calls = calls.iter().map(|call| call.tokens(private));
    quote!(.#method(#private::#ty::new()#(#calls)*))
}

fn timeout(arguments: &Arguments) -> Result<Option<Call>> {
    const EXAMPLE: &str = "timeout = \"2s\"";
    let Some(text) = arguments.text("timeout", EXAMPLE)? else {
        return Ok(None);
    };
    let timeout =
        period::parse(&text.value()).map_err(|message| Error::new(text.span(), message))?;
    if timeout.is_zero() {
        return Err(Error::new(
            text.span(),
            format!("`timeout` has to be longer than nothing: write `{EXAMPLE}`"),
        ));
    }
    // It was counted in milliseconds of a `u64`.
    let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    let duration = quote!(::core::time::Duration::from_millis(#millis));
    Ok(Some(Call("timeout", Argument::Plain(duration))))
}

fn body_limit(arguments: &Arguments) -> Result<Option<Call>> {
    let Some(text) = arguments.text("body_limit", "body_limit = \"1MiB\"")? else {
        return Ok(None);
    };
    let bytes = size::parse(&text.value()).map_err(|message| Error::new(text.span(), message))?;
    Ok(Some(Call("body_limit", Argument::Bytes(bytes))))
}

fn max_in_flight(arguments: &Arguments) -> Result<Option<Call>> {
    const EXAMPLE: &str = "max_in_flight = 10";
    match arguments.integer("max_in_flight", EXAMPLE)? {
        None => Ok(None),
        Some((0, span)) => Err(Error::new(
            span,
            format!("there has to be room for one request: write `{EXAMPLE}`"),
        )),
        Some((requests, _)) => {
            let requests = proc_macro2::Literal::u32_unsuffixed(requests);
            Ok(Some(Call(
                "max_in_flight",
                Argument::Plain(requests.to_token_stream()),
            )))
        }
    }
}

fn access_log(arguments: &Arguments) -> Result<Option<Call>> {
    let written = arguments.truth("access_log", "access_log = false")?;
    Ok(written.map(|written| Call("access_log", Argument::Plain(quote!(#written)))))
}

fn security(arguments: &Arguments) -> Result<Vec<Call>> {
    const ROLES: &str = "roles(\"admin\", \"support\")";
    let scheme = text(arguments, "security", "security = \"bearer\"");
    let (scheme, roles) = both(scheme, arguments.texts("roles", ROLES))?;
    let everybody = arguments.flag("permit_all")?;
    if let Some(span) = everybody {
        if scheme.is_some() || roles.is_some() {
            return Err(Error::new(
                span,
                "`permit_all` lets everybody call it, and `roles` and `security` do not: leave one of them out",
            ));
        }
        return Ok(vec![Call("permit_all", Argument::Nothing)]);
    }
    let scheme = scheme.map(|name| Call("scheme", Argument::Plain(quote!(#name))));
    let roles = roles.map(|roles| Call("roles", Argument::Plain(quote!(&[#(#roles),*]))));
    Ok([scheme, roles].into_iter().flatten().collect())
}

/// A string that says something.
fn text(arguments: &Arguments, name: &str, example: &str) -> Result<Option<LitStr>> {
    let Some(text) = arguments.text(name, example)? else {
        return Ok(None);
    };
    if text.value().trim().is_empty() {
        return Err(Error::new(
            text.span(),
            format!("`{name}` has at least one character: write `{example}`"),
        ));
    }
    Ok(Some(text))
}
