//! Certificates for `rediss://`.

use std::path::Path;

use redis::{ClientTlsConfig, RedisResult, TlsCertificates};

use super::target::Target;

/// What a connection is made with; `None` without TLS. The files are read for each connection, so that new ones count from the
/// next on.
///
/// # Errors
/// A file cannot be read; the error names it.
pub(super) fn certificates(target: &Target) -> RedisResult<Option<TlsCertificates>> {
    if !target.tls {
        return Ok(None);
    }
    // Another crate of the application may have brought a second provider, and then rustls does not choose by itself.
    let _ours = rustls::crypto::ring::default_provider()
        .install_default()
        .is_ok();
    let files = &target.certificates;
    Ok(Some(TlsCertificates {
        client_tls: match &files.identity {
            Some((certificate, key)) => Some(ClientTlsConfig {
                client_cert: read(certificate)?,
                client_key: read(key)?,
            }),
            None => None,
        },
        root_cert: match &files.authorities {
            Some(authorities) => Some(read(authorities)?),
            None => None,
        },
    }))
}

fn read(path: &Path) -> RedisResult<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", path.display())).into()
    })
}
