//! A server at a distance: a proxy on loopback that holds back what the server answers.
//!
//! Under valgrind a program is so slow that a server on the same machine has often answered before the program looks, and often
//! not, by chance. Which of the two it is changes what the program has to do. Behind this, the answer is never there yet, which is
//! how it is in life.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Longer than anything takes under valgrind between a question and a look for its answer.
const HELD_BACK: Duration = Duration::from_millis(2);

/// Begins to pass connections on to a port of this machine. Returns where to connect; it goes on until the process ends.
///
/// # Errors
/// When there is no port to listen on.
pub fn far_away(port: u16) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming() {
            // Whoever was not served will say so.
            client.and_then(|client| serve(client, port)).ok();
        }
    });
    Ok(address)
}

fn serve(client: TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (questions, answers) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || pass_on(questions, server, Duration::ZERO));
    thread::spawn(move || pass_on(answers, client, HELD_BACK));
    Ok(())
}

/// Until one of the two is gone; the other one is told.
fn pass_on(mut from: TcpStream, mut to: TcpStream, after: Duration) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        thread::sleep(after);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    to.shutdown(std::net::Shutdown::Both).ok();
}
