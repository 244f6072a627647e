//! Passwords of servers: loopback is open to everybody on the machine.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{Result, ServerError};

/// A password that nobody can guess, in letters and digits, so that it needs no quoting anywhere.
pub(crate) fn random() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(ServerError::io("cannot read /dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The password in a file; made, and readable by this user only, when it is not there.
pub(crate) fn kept_in(file: &Path) -> Result<String> {
    if let Ok(password) = std::fs::read_to_string(file) {
        return Ok(password.trim_end().to_owned());
    }
    let password = random()?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut file| file.write_all(password.as_bytes()))
        .map_err(ServerError::io(format!("cannot write {}", file.display())))?;
    Ok(password)
}
