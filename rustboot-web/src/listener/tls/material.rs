//! Certificates and keys as they lie in files, and what rustls makes of them.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustboot_core::Secret;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};

use super::validity::Validity;
use super::{ClientAuth, TlsConfig};

/// What keeps a certificate from being used: the key below `server.tls`, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) key: &'static str,
    pub(super) message: String,
}

impl Fault {
    fn new(key: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { key, message }
    }
}

/// The bytes of all files, from one look at them.
pub(super) struct Material {
    certificate: (PathBuf, Vec<u8>),
    key: (KeyPlace, Secret<Vec<u8>>),
    client_ca: Option<(PathBuf, Vec<u8>)>,
    client_auth: ClientAuth,
}

/// Where the private key came from.
enum KeyPlace {
    File(PathBuf),
    Text,
}

impl KeyPlace {
    fn key(&self) -> &'static str {
        match self {
            Self::File(_) => "certificate_key",
            Self::Text => "certificate_key_pem",
        }
    }
}

impl std::fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Text => f.write_str("the text"),
        }
    }
}

/// Ready to be served with.
pub(super) struct Ready {
    pub(super) server: Arc<ServerConfig>,
    pub(super) validity: Option<Validity>,
    /// Changes with everything that it was made of.
    pub(super) fingerprint: u64,
}

/// No certificate is as large; a path that names a device or a log must not fill the memory.
const LARGEST_FILE: u64 = 1024 * 1024;

impl Material {
    /// Reads what the configuration names. Paths start at `base`.
    pub(super) fn read(config: &TlsConfig, base: &Path) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut file = |key: &'static str, path: &Path| {
            let path = base.join(path);
            match read(&path) {
                Ok(bytes) => Some((path, bytes)),
                Err(error) => {
                    faults.push(Fault::new(
                        key,
                        format!("cannot read {}: {error}", path.display()),
                    ));
                    None
                }
            }
        };
        let certificate = config
            .certificate
            .as_deref()
            .and_then(|path| file("certificate", path));
        let key = match (&config.certificate_key, &config.certificate_key_pem) {
            (Some(path), _) => file("certificate_key", path)
                .map(|(path, bytes)| (KeyPlace::File(path), Secret::new(bytes))),
            (None, Some(text)) => {
                let bytes = text.expose_secret().as_bytes().to_vec();
                Some((KeyPlace::Text, Secret::new(bytes)))
            }
            (None, None) => None,
        };
        let client_ca = config
            .client_ca
            .as_deref()
            .map(|path| file("client_ca", path));
        match (certificate, key, client_ca) {
            (Some(certificate), Some(key), client_ca) if faults.is_empty() => Ok(Self {
                certificate,
                key,
                client_ca: client_ca.flatten(),
                client_auth: config.client_auth,
            }),
            _ => Err(faults),
        }
    }

    /// Changes with every byte. Only ever compared with others of this process.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.certificate.1.hash(&mut hasher);
        self.key.1.expose_secret().hash(&mut hasher);
        self.client_ca.as_ref().map(|(_, ca)| ca).hash(&mut hasher);
        self.client_auth.hash(&mut hasher);
        hasher.finish()
    }

    /// What rustls serves with. Verifies that the parts fit together.
    pub(super) fn prepare(&self) -> Result<Ready, Vec<Fault>> {
        let provider = Arc::new(ring::default_provider());
        let (certified, roots) = match (self.certified(&provider), self.roots()) {
            (Ok(certified), Ok(roots)) => (certified, roots),
            (certified, roots) => {
                return Err([certified.err(), roots.err()]
                    .into_iter()
                    .flatten()
                    .collect());
            }
        };
        let validity = certified.cert.first().and_then(|leaf| Validity::of(leaf));
        let server = self
            .server(provider, certified, roots)
            .map_err(|fault| vec![fault])?;
        Ok(Ready {
            server: Arc::new(server),
            validity,
            fingerprint: self.fingerprint(),
        })
    }

    fn certified(&self, provider: &CryptoProvider) -> Result<CertifiedKey, Fault> {
        let (path, bytes) = &self.certificate;
        let chain = certificates("certificate", path, bytes)?;
        let (place, key) = &self.key;
        let wrong = |what: String| Fault::new(place.key(), what);
        let key =
            private_key(key.expose_secret()).map_err(|what| wrong(format!("{place} {what}")))?;
        let leaves = chain.len();
        CertifiedKey::from_der(chain.clone(), key.clone_key(), provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                // The most common mistake: the authority's certificate comes first.
                let later = (1..leaves).find(|&at| {
                    CertifiedKey::from_der(vec![chain[at].clone()], key.clone_key(), provider)
                        .is_ok()
                });
                match later {
                    Some(at) => Fault::new(
                        "certificate",
                        format!(
                            "the certificate of the key is number {} in {}, and has to be the first",
                            at + 1,
                            path.display()
                        ),
                    ),
                    None => wrong(format!(
                        "{place} is not the private key of the certificate in {}",
                        path.display()
                    )),
                }
            }
            rustls::Error::InvalidCertificate(error) => Fault::new(
                "certificate",
                format!("the certificate in {} cannot be used: {error:?}", path.display()),
            ),
            error => wrong(format!("{place} cannot be used: {error}")),
        })
    }

    fn roots(&self) -> Result<Option<RootCertStore>, Fault> {
        let Some((path, bytes)) = &self.client_ca else {
            return Ok(None);
        };
        let mut roots = RootCertStore::empty();
        for authority in certificates("client_ca", path, bytes)? {
            roots.add(authority).map_err(|error| {
                let what = format!(
                    "a certificate in {} cannot be used: {error}",
                    path.display()
                );
                Fault::new("client_ca", what)
            })?;
        }
        Ok(Some(roots))
    }

    fn server(
        &self,
        provider: Arc<CryptoProvider>,
        certified: CertifiedKey,
        roots: Option<RootCertStore>,
    ) -> Result<ServerConfig, Fault> {
        let unusable = |error: rustls::Error| {
            Fault::new("certificate", format!("TLS cannot be set up: {error}"))
        };
        // TLS 1.2 and 1.3; rustls knows nothing older.
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let builder = match roots {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = match self.client_auth {
                    ClientAuth::Required => verifier,
                    ClientAuth::Optional => verifier.allow_unauthenticated(),
                };
                let verifier = verifier
                    .build()
                    .map_err(|error| Fault::new("client_ca", error.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut server = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // A client that comes back saves a round trip and a signature. New keys with each certificate: a client that was
        // let in under an authority that is no longer trusted must not come back on a ticket.
        server.ticketer = ring::Ticketer::new().map_err(unusable)?;
        Ok(server)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}

fn certificates(
    key: &'static str,
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let chain = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| {
            Fault::new(key, format!("{} is not valid PEM: {error}", path.display()))
        })?;
    if chain.is_empty() {
        let what = format!(
            "{} holds no certificate (-----BEGIN CERTIFICATE-----)",
            path.display()
        );
        return Err(Fault::new(key, what));
    }
    Ok(chain)
}

/// The error says what is wrong, and nothing of what was found.
fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, &'static str> {
    use rustls::pki_types::pem::Error;
    const ENCRYPTED: &[u8] = b"ENCRYPTED";
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
        _ if bytes.windows(ENCRYPTED.len()).any(|word| word == ENCRYPTED) => {
            "is encrypted: it has to be without a passphrase (openssl pkey -in … -out …)"
        }
        Error::NoItemsFound => "holds no private key (-----BEGIN PRIVATE KEY-----)",
        _ => "is not valid PEM",
    })
}
