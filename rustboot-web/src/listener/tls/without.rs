//! A listener in a program that was built without the feature `tls`.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustboot_core::{AppBuilder, AppContext, Config};
use tokio::net::TcpStream;

use super::TlsConfig;
use crate::listener::preface::HttpVersion;

/// Nobody can make one.
#[derive(Debug, Clone)]
pub(crate) struct Tls(Infallible);

impl Tls {
    /// The section has said already that TLS cannot be had.
    pub(crate) fn configure(
        _app: &mut AppBuilder,
        _config: Config<TlsConfig>,
        _base: &Path,
    ) -> Option<Self> {
        None
    }

    pub(crate) fn keep_up(&self, _app: &AppContext) {
        match self.0 {}
    }

    pub(crate) fn handshake_timeout(&self) -> Duration {
        match self.0 {}
    }

    pub(crate) fn handshake_failed(&self) {
        match self.0 {}
    }

    pub(in crate::listener) async fn accept(
        &self,
        _stream: TcpStream,
    ) -> io::Result<(TcpStream, HttpVersion)> {
        match self.0 {}
    }
}

/// Not reached: the section is an error when it asks for TLS.
pub(crate) async fn connect(stream: TcpStream) -> io::Result<TcpStream> {
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use rustboot_core::config::Properties as _;

    use super::*;
    use crate::listener::tls::ClientAuth;

    #[test]
    fn a_certificate_that_nothing_can_use_is_an_error() {
        let config = TlsConfig {
            certificate: Some("tls.crt".into()),
            certificate_key: Some("tls.key".into()),
            certificate_key_pem: None,
            client_ca: None,
            client_auth: ClientAuth::Required,
            handshake_timeout: Duration::from_secs(10),
            reload_interval: Duration::from_secs(10),
        };
        let mut problems = Vec::new();
        config.check(&mut problems);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, "certificate");
        assert!(problems[0].1.contains("add the feature `tls`"));
    }
}
