//! Environment variables as keys: `APP_SERVER__PORT` is `server.port`, and a few names that every platform sets.
//!
//! Values stay text; the field that they bind to gives the type. A variable with the prefix and without `__` is nobody's:
//! Kubernetes, for one, sets `APP_PORT=tcp://…` for a service called `app`.

use figment::value::Value;

use super::Origin;
use super::layer::Layer;

/// Names that platforms set by themselves, with the key that each binds to. A prefixed name beats them.
pub(crate) const WELL_KNOWN: &[(&str, &str)] = &[
    ("HOST", "server.host"),
    ("PORT", "server.port"),
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("RUST_LOG", "log.level"),
    ("LOG_FORMAT", "log.format"),
    ("JWT_SECRET", "security.jwt.secret"),
    ("VAULT_ADDR", "vault.address"),
    ("VAULT_TOKEN", "vault.token"),
    ("VAULT_NAMESPACE", "vault.namespace"),
    ("VAULT_CACERT", "vault.ca_cert"),
];

/// Variables of the prefix that choose something and are no keys.
fn is_reserved(name: &str, prefix: &str) -> bool {
    name == "APP_ENV" || name.strip_prefix(prefix) == Some("_ENV")
}

/// Whether platforms set that name by themselves.
pub(crate) fn is_well_known(name: &str) -> bool {
    WELL_KNOWN.iter().any(|(known, _)| *known == name)
}

/// The key of a prefixed variable, in lower case; `None` when it has none.
pub(crate) fn key_of(name: &str, prefix: &str) -> Option<String> {
    let rest = name.strip_prefix(prefix)?.strip_prefix('_')?;
    let key = rest.to_lowercase().replace("__", ".");
    (key.contains('.') && !key.split('.').any(str::is_empty)).then_some(key)
}

/// How a key is written as a variable.
pub(crate) fn name_of(key: &str, prefix: &str) -> String {
    format!(
        "{prefix}_{}",
        key.replace('.', "__").replace('-', "_").to_uppercase()
    )
}

/// What one set of variables says.
#[derive(Debug)]
pub(crate) struct FromEnv {
    pub(crate) well_known: Layer,
    pub(crate) prefixed: Layer,
    /// Names with the prefix that cannot be keys.
    pub(crate) strays: Vec<String>,
}

/// Sorts variables into layers. `origin` says where a name stands: in the environment, or in a line of a file.
pub(crate) fn read<'a>(
    source: &str,
    variables: impl Iterator<Item = (&'a str, &'a str)>,
    prefix: &str,
    origin: impl Fn(&str) -> Origin,
) -> FromEnv {
    let fallback = Origin::Env {
        name: source.to_owned(),
    };
    let mut from = FromEnv {
        well_known: Layer::new(format!("{source}, well-known names"), fallback.clone()),
        prefixed: Layer::new(source, fallback),
        strays: Vec::new(),
    };
    from.prefixed.relaxed = true;
    for (name, value) in variables {
        if let Some((_, key)) = WELL_KNOWN.iter().find(|(known, _)| *known == name) {
            // `PORT=` in a compose file means "not set".
            if !value.is_empty() {
                from.well_known.set(key, Value::from(value), origin(name));
            }
        } else if is_file_variable(name, prefix) || is_reserved(name, prefix) {
            // The secrets layer reads `NAME_FILE`; the profile was chosen before.
        } else if let Some(key) = key_of(name, prefix) {
            from.prefixed.set(&key, Value::from(value), origin(name));
        } else if name
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('_'))
        {
            from.strays.push(name.to_owned());
        }
    }
    from
}

/// The key that a `NAME_FILE` variable gives a file for.
pub(crate) fn file_variable_key(name: &str, prefix: &str) -> Option<String> {
    let base = name.strip_suffix("_FILE")?;
    match WELL_KNOWN.iter().find(|(known, _)| *known == base) {
        Some((_, key)) => Some((*key).to_owned()),
        // `APP_TLS__CERT_FILE` may well be a key that ends in `_file`; both readings are tried when it is bound.
        None => key_of(base, prefix),
    }
}

fn is_file_variable(name: &str, prefix: &str) -> bool {
    name.strip_suffix("_FILE")
        .is_some_and(|base| WELL_KNOWN.iter().any(|(known, _)| *known == base))
        && file_variable_key(name, prefix).is_some()
}
