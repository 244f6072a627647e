//! From a URL to what a connection is made with.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo,
};

use super::config::RedisConfig;

/// What the servers are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One server, or a name that leads to the primary.
    Standalone,
    /// Sentinels know which server is the primary.
    Sentinel,
    /// The keys are spread over several primaries.
    Cluster,
}

impl Mode {
    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        }
    }

    /// The port of a server that the URL gives none for.
    const fn port(self) -> u16 {
        match self {
            Self::Sentinel => 26379,
            Self::Standalone | Self::Cluster => 6379,
        }
    }
}

/// PEM files for TLS.
#[derive(Debug, Clone, Default, Hash)]
pub(crate) struct Certificates {
    pub(crate) authorities: Option<PathBuf>,
    /// Certificate and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// Where Redis is, and how to get in.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) mode: Mode,
    /// The server; the Sentinels; some servers of the cluster.
    pub(crate) nodes: Vec<ConnectionAddr>,
    /// What the Sentinels call the servers that belong together.
    pub(crate) master: String,
    /// Of Redis itself.
    pub(crate) login: RedisConnectionInfo,
    pub(crate) sentinel_login: RedisConnectionInfo,
    /// Whether connections are encrypted.
    pub(crate) tls: bool,
    pub(crate) certificates: Certificates,
    /// Tells whether anything of it changed: a new password counts.
    pub(crate) mark: u64,
}

/// A URL in parts. Nothing of it is decoded.
struct Parts<'a> {
    mode: Mode,
    /// `redis` or `rediss`, or a scheme for Unix sockets.
    scheme: &'a str,
    /// With the `@`, or empty.
    user: &'a str,
    hosts: Vec<&'a str>,
    /// The segments of the path.
    path: Vec<&'a str>,
    /// From the `?` on.
    rest: &'a str,
}

const EXPECTED: &str = "expected a URL such as redis://user:password@localhost:6379/0, redis+sentinel://host1,host2/master or redis+cluster://host1,host2, with special characters of the password written as %40 and the like (the value is not shown here)";

impl Target {
    /// Reads a section.
    ///
    /// # Errors
    /// A sentence that repeats nothing of the URL.
    pub(crate) fn of(config: &RedisConfig) -> Result<Self, String> {
        let Some(url) = &config.url else {
            return Err("required, and not set".to_owned());
        };
        let url = url.expose_secret();
        let mut target = Self::from_url(url)?;
        if let Some(username) = &config.username {
            target.login = target.login.set_username(username);
        }
        if let Some(password) = &config.password {
            target.login = target.login.set_password(password.expose_secret());
        }
        if let Some(username) = &config.sentinel_username {
            target.sentinel_login = target.sentinel_login.set_username(username);
        }
        if let Some(password) = &config.sentinel_password {
            let password = password.expose_secret();
            target.sentinel_login = target.sentinel_login.set_password(password);
        }
        target.certificates = Certificates {
            authorities: config.tls_ca.clone(),
            identity: config.tls_certificate.clone().zip(config.tls_key.clone()),
        };
        target.mark = {
            let mut hasher = DefaultHasher::new();
            (url, &config.username, &config.sentinel_username).hash(&mut hasher);
            for secret in [&config.password, &config.sentinel_password] {
                secret.as_ref().map(|s| s.expose_secret()).hash(&mut hasher);
            }
            target.certificates.hash(&mut hasher);
            hasher.finish()
        };
        Ok(target)
    }

    fn from_url(url: &str) -> Result<Self, String> {
        if url.starts_with("unix:")
            || url.starts_with("redis+unix:")
            || url.starts_with("valkey+unix:")
        {
            return Self::on(Mode::Standalone, vec![read(url)?], String::new());
        }
        let parts = split(url).ok_or(EXPECTED)?;
        if parts.scheme == "rediss" && !cfg!(feature = "tls") {
            return Err(
                "a URL with TLS, which is not compiled in: switch on the feature `tls` of rustboot in Cargo.toml"
                    .to_owned(),
            );
        }
        let (master, database) = match (parts.mode, parts.path.as_slice()) {
            (Mode::Sentinel, [master]) if !master.is_empty() => (*master, ""),
            (Mode::Sentinel, [master, database]) if !master.is_empty() => (*master, *database),
            (Mode::Sentinel, _) => {
                return Err(
                    "expected the name that the Sentinels know the primary by: redis+sentinel://host1,host2/NAME"
                        .to_owned(),
                );
            }
            (_, []) => ("", ""),
            (_, [database]) => ("", *database),
            _ => return Err(EXPECTED.to_owned()),
        };
        let master = master.to_owned();
        let Parts {
            mode,
            scheme,
            user,
            rest,
            ..
        } = &parts;
        let nodes = parts.hosts.iter().map(|host| {
            let port = match has_port(host) {
                true => String::new(),
                false => format!(":{}", mode.port()),
            };
            read(&format!("{scheme}://{user}{host}{port}/{database}{rest}"))
        });
        Self::on(*mode, nodes.collect::<Result<_, _>>()?, master)
    }

    fn on(mode: Mode, nodes: Vec<ConnectionInfo>, master: String) -> Result<Self, String> {
        let login = nodes.first().ok_or(EXPECTED)?.redis_settings().clone();
        let nodes: Vec<_> = nodes.iter().map(|node| node.addr().clone()).collect();
        let tls = matches!(nodes.first(), Some(ConnectionAddr::TcpTls { .. }));
        Ok(Self {
            mode,
            nodes,
            master,
            sentinel_login: RedisConnectionInfo::default().set_protocol(login.protocol()),
            login,
            tls,
            certificates: Certificates::default(),
            mark: 0,
        })
    }

    /// An address of a server of this kind: encrypted when the URL says so.
    pub(crate) fn address(&self, host: String, port: u16) -> ConnectionAddr {
        match self.tls {
            false => ConnectionAddr::Tcp(host, port),
            true => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
        }
    }
}

/// One address, by the rules of redis.
fn read(url: &str) -> Result<ConnectionInfo, String> {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    if url.contains('#') {
        return Err(
            "a URL without a `#`: a certificate that cannot be verified is not accepted; tls_ca names the authority that signed it"
                .to_owned(),
        );
    }
    let known = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        ["protocol", "db", "user", "pass"].contains(&name)
    };
    if !query.split('&').filter(|pair| !pair.is_empty()).all(known) {
        return Err(
            "a parameter of the URL is not understood; `protocol` (resp2, resp3) is, and `db`, `user` and `pass` of a Unix socket"
                .to_owned(),
        );
    }
    let info = url
        .into_connection_info()
        .map_err(|_| EXPECTED.to_owned())?;
    // With RESP3 the end of a connection is heard of at once; every server since Redis 6 speaks it.
    let asked = query.contains("protocol=");
    let settings = info.redis_settings().clone();
    Ok(match asked {
        true => info,
        false => info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3)),
    })
}

fn split(url: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let (mode, scheme) = match scheme {
        "redis" | "valkey" => (Mode::Standalone, "redis"),
        "rediss" | "valkeys" => (Mode::Standalone, "rediss"),
        "redis+sentinel" | "redis-sentinel" => (Mode::Sentinel, "redis"),
        "rediss+sentinel" | "rediss-sentinel" => (Mode::Sentinel, "rediss"),
        "redis+cluster" | "redis-cluster" => (Mode::Cluster, "redis"),
        "rediss+cluster" | "rediss-cluster" => (Mode::Cluster, "rediss"),
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let at = authority.rfind('@').map_or(0, |at| at + 1);
    let (user, hosts) = authority.split_at(at);
    let query = rest.find(['?', '#']).unwrap_or(rest.len());
    let (path, rest) = rest.split_at(query);
    let hosts: Vec<_> = hosts.split(',').map(str::trim).collect();
    if hosts.iter().any(|host| host.is_empty()) || (mode == Mode::Standalone && hosts.len() > 1) {
        return None;
    }
    let path = path.trim_matches('/');
    Some(Parts {
        mode,
        scheme,
        user,
        hosts,
        path: match path {
            "" => Vec::new(),
            path => path.split('/').collect(),
        },
        rest,
    })
}

/// Of `host:1`, `[::1]:1`; not of `[::1]`.
fn has_port(host: &str) -> bool {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    after.contains(':')
}

/// Where it is, for people: no user, no password.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            write!(f, "{}{node}", if index == 0 { "" } else { "," })?;
        }
        match self.mode {
            Mode::Standalone if matches!(self.nodes.first(), Some(ConnectionAddr::Unix(_))) => {
                Ok(())
            }
            Mode::Standalone => write!(f, "/{}", self.login.db()),
            Mode::Sentinel => write!(f, "/{}/{}", self.master, self.login.db()),
            Mode::Cluster => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({} {self})", self.mode.name())
    }
}
