//! Where a listener listens, as configuration says it.

use std::fmt;
use std::net::SocketAddr;
#[cfg(unix)]
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(unix)]
use std::sync::Arc;

use rustboot_core::AppBuilder;
use rustboot_core::config::Origin;
use serde::{Deserialize, Deserializer};

use crate::config::{ManagementConfig, ServerConfig};

/// Where to listen.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix {
        path: PathBuf,
        mode: SocketMode,
    },
    /// A service manager has opened it.
    #[cfg(unix)]
    #[cfg_attr(
        not(feature = "systemd"),
        expect(dead_code, reason = "only that feature takes what was handed over")
    )]
    Inherited(Inherited),
}

impl Address {
    /// Where the traffic comes in: the port, or the Unix socket. Both when somebody has set the port, and did not just leave it
    /// as it is.
    pub(crate) fn of_traffic(app: &mut AppBuilder, server: &ServerConfig) -> Vec<Self> {
        let port = Self::Tcp(SocketAddr::new(server.host, server.port));
        #[cfg(unix)]
        if let Some(path) = &server.unix_socket {
            let unix = Self::Unix {
                path: app.base_dir().join(path),
                mode: server.unix_socket_mode,
            };
            return match app.origin("server.port") {
                None | Some(Origin::Default) => vec![unix],
                Some(_) => vec![port, unix],
            };
        }
        vec![port]
    }

    pub(crate) fn is_tcp(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            #[cfg(unix)]
            Self::Unix { .. } => false,
            #[cfg(unix)]
            Self::Inherited(socket) => matches!(socket, Inherited::Tcp(_)),
        }
    }
}

/// An open listener of a service manager.
#[cfg(unix)]
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "systemd"),
    expect(dead_code, reason = "only that feature takes what was handed over")
)]
pub(crate) enum Inherited {
    Tcp(Arc<TcpListener>),
    Unix(Arc<UnixListener>),
}

/// Where both listeners listen.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) traffic: Vec<Address>,
    /// Empty when the endpoints are on the main listener.
    pub(crate) management: Vec<Address>,
}

impl Places {
    /// The sockets that the service manager hands over. For a listener that gets none, what the configuration says.
    pub(crate) fn of(
        app: &mut AppBuilder,
        server: &ServerConfig,
        management: &ManagementConfig,
    ) -> Self {
        let mut places = handed_over(app);
        if places.traffic.is_empty() {
            places.traffic = Address::of_traffic(app, server);
        }
        if let Some(port) = management.port
            && places.management.is_empty()
        {
            places.management = vec![Address::Tcp(SocketAddr::new(management.host, port))];
        }
        places
    }
}

#[cfg(all(unix, feature = "systemd"))]
use super::inherited::take as handed_over;

/// Nothing here would look at a socket that was handed over.
#[cfg(not(all(unix, feature = "systemd")))]
fn handed_over(app: &mut AppBuilder) -> Places {
    let process = std::process::id().to_string();
    if app.is_serving()
        && app.variable("LISTEN_FDS").is_some()
        && app.variable("LISTEN_PID") == Some(process.as_str())
    {
        app.config_warning(
            "the service manager hands over sockets (LISTEN_FDS), which takes the feature `systemd` of rustboot; they are not used",
        );
    }
    Places::default()
}

/// Who may connect to a Unix socket: the permissions of its file, in octal, as `chmod` takes them (`"0660"`). Connecting
/// takes the permission to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketMode(u32);

impl SocketMode {
    /// As the operating system wants them.
    #[cfg(unix)]
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let is_octal = text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
        let bits = u32::from_str_radix(text, 8).ok()?;
        (is_octal && text.len() >= 3 && bits <= 0o777).then_some(Self(bits))
    }
}

impl fmt::Display for SocketMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl<'de> Deserialize<'de> for SocketMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = SocketMode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the permissions of a file in octal, such as \"0660\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SocketMode, E> {
                SocketMode::parse(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_octal_text() {
        for (text, bits) in [("0660", 0o660), ("600", 0o600), ("0777", 0o777)] {
            assert_eq!(SocketMode::parse(text), Some(SocketMode(bits)));
        }
        for wrong in ["", "0", "66", "0680", "+660", "rw-rw----", "1777", "0o660"] {
            assert_eq!(SocketMode::parse(wrong), None, "{wrong}");
        }
        assert_eq!(SocketMode(0o660).to_string(), "0660");
    }
}
