//! Secrets from HashiCorp Vault, or anything that speaks its API (OpenBao), as a layer of the configuration.
//!
//! A crate of its own, since it brings an HTTP client that only applications with a Vault need.
//!
//! Documents of a KV engine, version 2, are read when the application starts and at each live reload. The names in a document
//! are those of secret files: `shop__api_key` or `shop.api_key` is the key `shop.api_key`. What it will not do: write, renew
//! leases, hand out dynamic credentials.
//!
//! Sources: Vault's HTTP API, [KV version 2](https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2),
//! [AppRole](https://developer.hashicorp.com/vault/api-docs/auth/approle),
//! [Kubernetes](https://developer.hashicorp.com/vault/api-docs/auth/kubernetes).

mod config;
mod document;
mod failure;
mod login;
mod module;
mod source;

pub use config::VaultConfig;
pub use module::VaultModule;
