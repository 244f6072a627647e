//! What the mounted routers tell the pipeline about a request: which route it is for, and what the router has of its own.
//!
//! It is told beside the response, by the thread that polls. It does not say what becomes of the request.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::MatchedPath;
use axum::response::Response;

use super::gate::Permit;
use super::mounted::Own;

/// What a router tells.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) matched: Option<Matched>,
    pub(crate) own: Option<Arc<Own>>,
    /// Its place in flight.
    pub(crate) permit: Option<Permit>,
}

/// What a request was for.
#[derive(Debug)]
pub(crate) enum Matched {
    Route(MatchedPath),
    /// One of the files, under the label that all of them have.
    File(Arc<str>),
}

impl Matched {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Route(path) => path.as_str(),
            Self::File(label) => label,
        }
    }
}

thread_local! {
    /// Beside the response, because there may be no response: the handler may panic, take too long, or lose its client.
    static NOTE: Cell<Option<Note>> = const { Cell::new(None) };
    /// Whether a poll of the pipeline is under way. It is not when a layer outside of the router calls it from a task of its own.
    static IS_HEARD: Cell<bool> = const { Cell::new(false) };
}

/// From now on, what is told on this thread is about the request that is polled. To be called before each poll of one.
pub(crate) fn listen() {
    IS_HEARD.set(true);
}

/// What was told since then. To be called after each poll.
pub(crate) fn take() -> Option<Note> {
    IS_HEARD.set(false);
    NOTE.take()
}

/// Tells, or gives the note back when nobody listens.
pub(super) fn tell(note: Note) -> Option<Note> {
    if !IS_HEARD.get() {
        return Some(note);
    }
    NOTE.set(Some(note));
    None
}

/// A note that comes with the response, since nobody listened when the router was called. Extensions want to be cloned.
#[derive(Debug, Clone)]
struct Late(Arc<Mutex<Option<Note>>>);

/// Sends a note along with the response.
pub(super) fn attach(note: Note, response: &mut Response) {
    let late = Late(Arc::new(Mutex::new(Some(note))));
    response.extensions_mut().insert(late);
}

/// The note that a response carries.
pub(crate) fn of(response: &mut Response) -> Option<Note> {
    let Late(note) = response.extensions_mut().remove()?;
    note.lock().unwrap_or_else(PoisonError::into_inner).take()
}
