//! The arguments of `#[cached]`.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use syn::{Error, Expr, ExprLit, Lit, Result};

use super::template::Template;
use crate::arguments::{Arguments, Grammar, Value};
use crate::mistakes::{all, both};
use crate::period;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "cached",
    known: &["key", "ttl", "stale", "cache", "skip", "crate"],
    declined: &[
        (
            "name",
            "which cache is said by a value: `cache = cache`, with `cache: &Cache` among the parameters",
        ),
        ("expire", "the time is `ttl = \"60s\"`"),
        ("time", "the time is `ttl = \"60s\"`"),
        ("result", "only `Ok` is kept, always"),
        ("sync", "a key is loaded once at a time, always"),
        ("sync_writes", "a key is loaded once at a time, always"),
    ],
};

/// What the arguments say.
pub(super) struct Options {
    pub(super) root: Root,
    pub(super) key: Template,
    pub(super) ttl: Option<Duration>,
    pub(super) stale: Option<Duration>,
    /// The expression of the cache.
    pub(super) cache: Option<Expr>,
    /// Parameters that need not be in the key.
    pub(super) skip: Vec<Ident>,
}

impl Options {
    pub(super) fn read(tokens: TokenStream) -> Result<Self> {
        let arguments = Arguments::parse(tokens, &GRAMMAR)?;
        let times = both(
            time(&arguments, "ttl", "ttl = \"60s\""),
            time(&arguments, "stale", "stale = \"10s\""),
        );
        let ((root, key), ((ttl, stale), (cache, skip))) = both(
            both(arguments.root(), key(&arguments)),
            both(times, both(cache(&arguments), skip(&arguments))),
        )?;
        Ok(Self {
            root,
            key,
            ttl,
            stale,
            cache,
            skip,
        })
    }
}

fn key(arguments: &Arguments) -> Result<Template> {
    let example = "key = \"user:{id}\"";
    match arguments.text("key", example)? {
        Some(text) => Template::read(&text),
        None => Err(Error::new(
            proc_macro2::Span::call_site(),
            format!("`#[cached]` needs a key: write `{example}`"),
        )),
    }
}

fn time(arguments: &Arguments, name: &str, example: &str) -> Result<Option<Duration>> {
    let Some(text) = arguments.text(name, example)? else {
        return Ok(None);
    };
    let wrong = |message: String| Error::new(text.span(), message);
    let time = period::parse(&text.value()).map_err(wrong)?;
    if time.is_zero() && name == "ttl" {
        return Err(wrong(
            "nothing would be kept: `cache.enabled = false` switches a cache off".to_owned(),
        ));
    }
    Ok(Some(time))
}

fn cache(arguments: &Arguments) -> Result<Option<Expr>> {
    let example = "cache = self.sessions";
    let Some(argument) = arguments.get("cache") else {
        return Ok(None);
    };
    match argument.expression(example)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => {
            let name = text.value();
            Err(Error::new(
                text.span(),
                format!(
                    "`cache` is a value, not a name: whoever calls this function takes `#[named(\"{name}\")] cache: Cache` and passes it on; write `cache = cache`, or `{example}` for one in a field"
                ),
            ))
        }
        other => Ok(Some(other.clone())),
    }
}

fn skip(arguments: &Arguments) -> Result<Vec<Ident>> {
    let Some(argument) = arguments.get("skip") else {
        return Ok(Vec::new());
    };
    let wrong = || {
        Error::new(
            argument.name.span(),
            "`skip` takes names of parameters: write `skip = [trace, db]`",
        )
    };
    let Value::Is(value) = &argument.value else {
        return Err(wrong());
    };
    let Expr::Array(names) = &**value else {
        return Err(wrong());
    };
    all(names.elems.iter().map(|name| match name {
        Expr::Path(path) => path.path.get_ident().cloned().ok_or_else(wrong),
        _ => Err(wrong()),
    }))
}
