//! Secrets from HashiCorp Vault.
//!
//! A crate of its own, since it brings an HTTP client that only applications with a Vault need.
