//! Statements for a server, without a client library.

use std::path::PathBuf;
use std::process::Command;

use super::{Postgres, USER, without_libpq_variables};
use crate::client;
use crate::container::Container;
use crate::error::ServerError;

/// How statements get to it.
pub(super) enum Psql {
    Program(PathBuf),
    /// Inside of the container, by this client of Docker.
    Container(PathBuf),
}

impl Postgres {
    /// Runs a statement as superuser in the database `postgres`, with `psql`, for what a test has to prepare without a
    /// client of its own. Returns what it prints: a row a line, columns with a bar between them.
    ///
    /// # Errors
    /// The statement is wrong, the server does not run or was not started here.
    pub fn execute(&self, sql: &str) -> Result<String, ServerError> {
        self.execute_in(USER, sql)
    }

    /// The same in another of its databases.
    ///
    /// # Errors
    /// The statement is wrong, the server does not run or was not started here.
    pub fn execute_in(&self, database: &str, sql: &str) -> Result<String, ServerError> {
        use std::os::unix::process::CommandExt;

        let server = self.origin.server()?;
        let mut psql = match &self.psql {
            Psql::Program(program) => {
                let mut psql = Command::new(program);
                psql.arg("-h").arg(server.run());
                psql.args(["-p", &server.port().to_string()]);
                psql
            }
            // The socket inside is the default, and trusted.
            Psql::Container(docker) => {
                let mut psql = Command::new(docker);
                psql.arg("exec")
                    .arg(Container::of(server.run()))
                    .arg("psql");
                psql
            }
        };
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"])
            .args(["-U", USER, "-d", database, "-c", sql])
            .current_dir("/");
        without_libpq_variables(&mut psql);
        if let Some(user) = self.user {
            psql.uid(user.uid).gid(user.gid);
        }
        client::run(psql, sql)
    }
}
