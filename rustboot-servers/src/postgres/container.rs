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
            answers: speaks_postgres,
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

/// Asks whether it speaks TLS, as clients do first. The proxy of Docker takes connections before there is a server behind it.
fn speaks_postgres(port: u16) -> bool {
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let ask = || -> std::io::Result<u8> {
        let limit = Duration::from_secs(1);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(&REQUEST)?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        Ok(answer[0])
    };
    matches!(ask(), Ok(b'S' | b'N'))
}
