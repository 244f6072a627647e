//! The close of a WebSocket whose handler does not see to it: axum's own, or one of another library on top of it.
//!
//! What the handler writes passes through here. Frames of a server are not masked (RFC 6455, section 5.2), so that their ends
//! are easily found; between two of them our close frame is put in, once. The client answers it, the handler gets that answer
//! as the client's close, and comes to its end as it would with any client that leaves.

/// Close, final, 2 bytes: 1001, "going away".
pub(super) const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xe9];

/// The opcode of a close frame.
const CLOSE: u8 = 8;

/// Where in the stream of bytes that leave us we are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The head of the 101 has not begun: this many bytes of its status line have been seen.
    BeforeHead(usize),
    /// In the head: this many bytes of the empty line at its end have been seen.
    Head(usize),
    /// In the header of a frame: its bytes so far.
    Header([u8; 10], usize),
    /// In a frame: so many bytes to go.
    Payload(u64),
}

/// Follows what is written.
#[derive(Debug, Clone)]
pub(super) struct Frames {
    place: Place,
    /// A close frame of the handler's own has been seen.
    closed: bool,
}

impl Frames {
    /// From before the head of the 101.
    pub(super) fn new() -> Self {
        Self {
            place: Place::BeforeHead(0),
            closed: false,
        }
    }

    /// Whether a frame may begin here.
    pub(super) fn is_between(&self) -> bool {
        matches!(self.place, Place::Header(_, 0))
    }

    /// Whether the head of the 101 is still going out.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.place, Place::BeforeHead(_) | Place::Head(_))
    }

    /// Whether the handler has closed it itself.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// How much of `bytes` belongs to the frame that has begun, its end included. All of it, when that is not in there.
    pub(super) fn rest_of_frame(&self, bytes: &[u8]) -> usize {
        let mut ahead = Self {
            place: self.place.clone(),
            closed: false,
        };
        for at in 0..bytes.len() {
            if ahead.is_between() {
                return at;
            }
            if let Place::Payload(left) = ahead.place {
                return usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .saturating_add(at)
                    .min(bytes.len());
            }
            ahead.wrote(&bytes[at..=at]);
        }
        bytes.len()
    }

    /// These bytes have left us.
    pub(super) fn wrote(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            match &mut self.place {
                Place::BeforeHead(seen) => {
                    self.place = before_head(*seen, *byte);
                    bytes = rest;
                }
                Place::Head(seen) => {
                    self.place = head(*seen, *byte);
                    bytes = rest;
                }
                Place::Header(header, length) => {
                    header[*length] = *byte;
                    *length += 1;
                    let (header, length) = (*header, *length);
                    if let Some(payload) = payload(&header[..length]) {
                        self.closed |= header[0] & 0x0f == CLOSE;
                        self.place = after_header(payload);
                    }
                    bytes = rest;
                }
                Place::Payload(left) => {
                    let step = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left -= step as u64;
                    if *left == 0 {
                        self.place = Place::Header([0; 10], 0);
                    }
                    bytes = &bytes[step..];
                }
            }
        }
    }
}

fn after_header(payload: u64) -> Place {
    match payload {
        0 => Place::Header([0; 10], 0),
        payload => Place::Payload(payload),
    }
}

/// An answer to an earlier request may stand before it, when the client sends requests without waiting.
fn before_head(seen: usize, byte: u8) -> Place {
    const STATUS_LINE: &[u8] = b"HTTP/1.1 101 ";
    let seen = match (STATUS_LINE[seen] == byte, byte) {
        (true, _) => seen + 1,
        // The only letter with which it can begin anew.
        (false, b'H') => 1,
        (false, _) => 0,
    };
    match seen == STATUS_LINE.len() {
        true => Place::Head(0),
        false => Place::BeforeHead(seen),
    }
}

fn head(seen: usize, byte: u8) -> Place {
    const END: &[u8] = b"\r\n\r\n";
    let seen = match (END[seen] == byte, byte) {
        (true, _) => seen + 1,
        (false, b'\r') => 1,
        (false, _) => 0,
    };
    match seen == END.len() {
        true => Place::Header([0; 10], 0),
        false => Place::Head(seen),
    }
}

/// The length of a frame's payload, once its header is complete.
fn payload(header: &[u8]) -> Option<u64> {
    let short = header.get(1)? & 0x7f;
    match short {
        126 => {
            let bytes = header.get(2..4)?.try_into().ok()?;
            Some(u64::from(u16::from_be_bytes(bytes)))
        }
        127 => {
            let bytes = header.get(2..10)?.try_into().ok()?;
            Some(u64::from_be_bytes(bytes))
        }
        short => Some(u64::from(short)),
    }
}

/// Whether a frame that begins with this byte carries a message, and not a pong or a close.
pub(super) fn is_message(first: u8) -> bool {
    first & 0x08 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        match length {
            0..126 => frame.push(length as u8),
            126..=0xffff => {
                frame.push(126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        // What looks like the begin of something else.
        frame.extend(b"HTTP/1.1 101 \r\n\r\n\x88\x00".iter().cycle().take(length));
        frame
    }

    /// In pieces of every size, the ends of frames are where they are.
    #[test]
    fn ends_of_frames_are_found_in_any_pieces() {
        let head = b"HTTP/1.1 200 OK\r\n\r\nHHTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
        let mut bytes = head.to_vec();
        let mut ends = vec![bytes.len()];
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 5] {
            bytes.extend(frame(2, length));
            ends.push(bytes.len());
        }
        for size in [1, 2, 3, 7, 1000, bytes.len()] {
            let mut frames = Frames::new();
            let mut found = Vec::new();
            let mut at = 0;
            for piece in bytes.chunks(size) {
                let mut piece = piece;
                while !piece.is_empty() {
                    // One byte, so that a frame has begun, and then to its end.
                    let step = match frames.is_between() {
                        true => 1,
                        false => frames.rest_of_frame(piece),
                    };
                    assert!(step > 0, "at {at} of {}, {frames:?}", bytes.len());
                    frames.wrote(&piece[..step]);
                    at += step;
                    piece = &piece[step..];
                    if frames.is_between() {
                        found.push(at);
                    }
                }
            }
            assert_eq!(found, ends, "in pieces of {size}");
            assert!(!frames.is_closed());
        }
    }

    #[test]
    fn a_close_of_the_handlers_own_is_seen() {
        let mut frames = Frames::new();
        frames.wrote(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
        frames.wrote(&frame(1, 3));
        assert!(!frames.is_closed());
        frames.wrote(&GOING_AWAY);
        assert!(frames.is_closed() && frames.is_between());
    }
}
