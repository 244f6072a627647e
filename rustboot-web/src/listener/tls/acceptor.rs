//! The certificate of a listener at work: handshakes with the present one, and a new one when the files change.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use metrics::Counter;
use rustboot_core::lifecycle::Restart;
use rustboot_core::{AppBuilder, AppContext, Config};
use rustboot_observe::metrics::names;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::TlsConfig;
use super::material::{Fault, Material, Ready};
use super::validity::Validity;
use crate::listener::preface::HttpVersion;

/// What a listener encrypts with.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Shared>);

struct Shared {
    /// Connections that are open keep the one that they began with.
    current: ArcSwap<ServerConfig>,
    fingerprint: AtomicU64,
    validity: Option<Validity>,
    config: Config<TlsConfig>,
    base: PathBuf,
    /// Somebody wants the files to be looked at now.
    look: Notify,
    failed_handshakes: Counter,
}

impl Tls {
    /// Reads the certificate, so that what is wrong with it is in the report of the start. `None` when TLS is off or wrong.
    pub(crate) fn configure(
        app: &mut AppBuilder,
        config: Config<TlsConfig>,
        base: &Path,
    ) -> Option<Self> {
        if !config.is_on() {
            return None;
        }
        let ready = match load(&config, base) {
            Ok(ready) => ready,
            Err(faults) => {
                for Fault { key, message } in faults {
                    app.config_problem(
                        &format!("server.tls.{key}"),
                        &message,
                        "`certificate` wants the chain in PEM, `certificate_key` its private key, both readable by this user",
                    );
                }
                return None;
            }
        };
        if let Some(warning) = ready.validity.and_then(|validity| validity.warning()) {
            app.config_warning(format!("server.tls.certificate: {warning}"));
        }
        let tls = Self(Arc::new(Shared {
            current: ArcSwap::new(ready.server),
            fingerprint: AtomicU64::new(ready.fingerprint),
            validity: ready.validity,
            config,
            base: base.to_owned(),
            look: Notify::new(),
            failed_handshakes: metrics::counter!(names::TLS_HANDSHAKE_FAILURES),
        }));
        let shared = Arc::clone(&tls.0);
        app.on_reload(move |_| shared.look.notify_one());
        Some(tls)
    }

    /// Follows the files until the application stops.
    pub(crate) fn keep_up(&self, app: &AppContext) {
        show(self.0.validity);
        let shared = Arc::clone(&self.0);
        app.spawn("TLS certificate", Restart::OnFailure, move || {
            let shared = Arc::clone(&shared);
            async move { follow(&shared).await }
        });
    }

    pub(crate) fn handshake_timeout(&self) -> Duration {
        self.0.config.handshake_timeout
    }

    /// Counts one.
    pub(crate) fn handshake_failed(&self) {
        self.0.failed_handshakes.increment(1);
    }

    /// The handshake. To be called with a limit; dropping it closes the connection.
    ///
    /// # Errors
    /// When the client speaks no TLS that we do, goes away, or shows no certificate where one is required.
    pub(in crate::listener) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, HttpVersion)> {
        let acceptor = TlsAcceptor::from(self.0.current.load_full());
        let stream = acceptor.accept(stream).await?;
        let version = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => HttpVersion::Two,
            // A client that does not negotiate means HTTP/1 (RFC 9113, section 3.2).
            _ => HttpVersion::One,
        };
        Ok((stream, version))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

fn load(config: &TlsConfig, base: &Path) -> Result<Ready, Vec<Fault>> {
    Material::read(config, base)?.prepare()
}

/// Certificate and key are two files. Between the writes of whoever renews them, they do not fit.
const BETWEEN_TWO_FILES: Duration = Duration::from_secs(1);

async fn follow(shared: &Arc<Shared>) -> rustboot_core::Result<()> {
    let mut reported: Option<Vec<Fault>> = None;
    loop {
        let interval = shared.config.reload_interval;
        tokio::select! {
            () = shared.look.notified() => {
                // Asked for: what is wrong is said again.
                reported = None;
            }
            () = tokio::time::sleep(interval), if !interval.is_zero() => {}
        }
        let mut looked = look(shared).await?;
        if looked.is_err() {
            tokio::time::sleep(BETWEEN_TWO_FILES).await;
            looked = look(shared).await?;
        }
        match looked {
            Ok(None) => reported = None,
            Ok(Some(ready)) => {
                reported = None;
                shared.current.store(ready.server);
                shared
                    .fingerprint
                    .store(ready.fingerprint, Ordering::Relaxed);
                show(ready.validity);
                metrics::counter!(names::TLS_CERTIFICATE_RELOADS, "outcome" => "success")
                    .increment(1);
                let until = ready.validity.map(|validity| validity.ends.to_string());
                tracing::info!(target: "rustboot::web", valid_until = until, "TLS certificate replaced");
                if let Some(warning) = ready.validity.and_then(|validity| validity.warning()) {
                    tracing::warn!(target: "rustboot::web", "server.tls.certificate: {warning}");
                }
            }
            Err(faults) if reported.as_ref() == Some(&faults) => {}
            Err(faults) => {
                metrics::counter!(names::TLS_CERTIFICATE_RELOADS, "outcome" => "failure")
                    .increment(1);
                for Fault { key, message } in &faults {
                    tracing::error!(
                        target: "rustboot::web",
                        "the TLS certificate stays as it was: server.tls.{key}: {message}"
                    );
                }
                reported = Some(faults);
            }
        }
    }
}

/// Reads the files. `None` when nothing is new.
async fn look(shared: &Arc<Shared>) -> rustboot_core::Result<Result<Option<Ready>, Vec<Fault>>> {
    let shared = Arc::clone(shared);
    let looked = tokio::task::spawn_blocking(move || {
        if !shared.config.is_on() {
            let message = "it is no longer set; without TLS only after a restart".to_owned();
            return Err(vec![Fault {
                key: "certificate",
                message,
            }]);
        }
        let material = Material::read(&shared.config, &shared.base)?;
        if material.fingerprint() == shared.fingerprint.load(Ordering::Relaxed) {
            return Ok(None);
        }
        material.prepare().map(Some)
    });
    looked.await.map_err(rustboot_core::Error::from)
}

/// For alerts before anybody's browser complains.
fn show(validity: Option<Validity>) {
    if let Some(validity) = validity {
        metrics::gauge!(names::TLS_CERTIFICATE_EXPIRY).set(validity.ends.as_second() as f64);
    }
}

impl Validity {
    /// What is odd about it today.
    pub(super) fn warning(&self) -> Option<String> {
        let now = Timestamp::now();
        if self.ends < now {
            Some(format!("the certificate expired on {}", self.ends))
        } else if self.begins > now {
            Some(format!(
                "the certificate is not valid before {}",
                self.begins
            ))
        } else {
            None
        }
    }
}
