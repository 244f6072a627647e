//! PostgreSQL in a container.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::Signal;

use super::psql::Psql;
use super::{NAME, Postgres, PostgresOptions, USER};
use crate::container::{self, Container};
use crate::error::ServerError;
use crate::outside::Origin;
use crate::password;
use crate::server::Server;
use crate::user;

impl PostgresOptions {
    pub(super) fn start_container(self, image: String) -> Result<Postgres, ServerError> {
        let docker = container::engine(NAME)?;
        let data = user::folder_for(self.data, None)?;
        let password = match &data {
            Some(folder) => password::kept_in(&folder.join("password"))?,
            None => password::random()?,
        };
        let settings = self.settings.iter();
        let settings = settings.map(|(name, value)| format!("{name}={value}"));
        let recipe = Container {
            name: NAME,
            docker: docker.clone(),
            image,
            port: 5432,
            environment: vec![
                ("POSTGRES_PASSWORD", password.clone()),
                ("PGDATA", container::DATA.to_owned()),
                ("TZ", "UTC".to_owned()),
            ],
            command: std::iter::once("max_connections=300".to_owned())
                .chain(settings)
                .flat_map(|setting| ["-c".to_owned(), setting])
                .collect(),
            data: user::folder_for(data.map(|folder| folder.join("data")), None)?,
            answers: takes_logins,
            stop_signal: Signal::INT,
        };
        let server = Server::start(Box::new(recipe), None, self.port)?;
        Ok(Postgres {
            base: format!("postgres://{USER}:{password}@127.0.0.1:{}", server.port()),
            database: USER.to_owned(),
            query: String::new(),
            psql: Psql::Container(docker),
            user: None,
            origin: Origin::Here(server),
        })
    }
}

/// Begins to log in: it answers with how, or with an error for as long as it starts. The proxy of Docker takes connections before
/// there is a server behind it.
fn takes_logins(port: u16) -> bool {
    let ask = || -> std::io::Result<u8> {
        let limit = Duration::from_secs(1);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        // A start-up message of the protocol 3.0: its length, the version, names and values.
        stream.write_all(b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0")?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        Ok(answer[0])
    };
    matches!(ask(), Ok(b'R'))
}
