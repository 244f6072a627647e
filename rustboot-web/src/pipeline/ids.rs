//! The id of a request together with the header that says it to the client.
//!
//! A header of its own would cost each request an allocation. A thread makes its ids in blocks, and the headers of a block share
//! one.

use std::cell::RefCell;

use bytes::Bytes;
use http::HeaderValue;
use rustboot_observe::correlation::RequestId;

/// How many ids are made at a time. A block is given back when the last answer with one of its ids is out.
const BLOCK: usize = 64;

struct Block {
    ids: Vec<RequestId>,
    /// Their texts, in the order in which they are taken.
    text: Bytes,
}

thread_local! {
    static BLOCK_OF_THREAD: RefCell<Block> = const { RefCell::new(Block { ids: Vec::new(), text: Bytes::new() }) };
}

/// A new id.
pub(super) fn generate() -> (RequestId, HeaderValue) {
    BLOCK_OF_THREAD
        .try_with(|block| block.try_borrow_mut().ok()?.next())
        .ok()
        .flatten()
        // While the thread is torn down.
        .unwrap_or_else(|| {
            let id = RequestId::generate();
            let header = header(Bytes::copy_from_slice(id.as_bytes()));
            (id, header)
        })
}

impl Block {
    fn next(&mut self) -> Option<(RequestId, HeaderValue)> {
        if self.ids.is_empty() {
            self.fill();
        }
        let id = self.ids.pop()?;
        let length = id.as_bytes().len();
        Some((id, header(self.text.split_to(length))))
    }

    #[cold]
    fn fill(&mut self) {
        self.ids.extend((0..BLOCK).map(|_| RequestId::generate()));
        let length = self.ids.iter().map(|id| id.as_bytes().len()).sum();
        let mut text = Vec::with_capacity(length);
        for id in self.ids.iter().rev() {
            text.extend_from_slice(id.as_bytes());
        }
        self.text = text.into();
    }
}

/// The text of an id is fit for a header.
fn header(text: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_id_has_its_own_header() {
        let made: Vec<_> = (0..3 * BLOCK).map(|_| generate()).collect();
        for (id, header) in &made {
            assert_eq!(header.as_bytes(), id.as_bytes());
        }
        let different: HashSet<_> = made.iter().map(|(id, _)| id).collect();
        assert_eq!(different.len(), made.len());
    }
}
