//! A body that is compressed with gzip (RFC 1952) while the client takes it.
//!
//! By flate2 itself and not by async-compression around it: the body decides how much is done in one go, and when what there is goes
//! out, which a reader that fills a buffer does not let it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Error;
use bytes::{Buf as _, Bytes};
use flate2::{Compress, Compression, FlushCompress, Status};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::answer_body::AnswerBody;

/// A megabyte of JSON becomes 205 KB in 11 ms with it. 6, zlib's own choice, makes 195 KB of it and takes half as long again; 1 is three
/// times as fast, and leaves 315 KB. (flate2 1.1.11 with zlib-rs 0.6.8, on one core.)
const LEVEL: Compression = Compression::new(4);

/// The window that every decoder has to have, as a power of two.
const WINDOW: u8 = 15;

/// How much of the source is compressed before others get the thread: some 200 µs.
const TURN: usize = 16 * 1024;

/// The largest piece that is given away; the memory for what is compressed and not taken.
const PIECE: usize = 8 * 1024;

/// Compresses what comes from a source. It asks the source for nothing before everything is compressed that it has given, and
/// holds one piece at most: a client that does not read keeps the source waiting, as without compression.
///
/// What is in there goes out at once when the source has nothing more for now, so that whoever streams keeps their rhythm; what
/// that costs is a few bytes for each pause.
#[derive(Debug)]
pub(super) struct Gzipped {
    source: AnswerBody,
    stage: Stage,
    /// Some 370 KiB, so not before there is something to compress, and not after that.
    encoder: Option<Compress>,
    /// Of the source, and not compressed yet.
    input: Bytes,
    output: Vec<u8>,
    /// Whether something has been compressed since the last flush.
    holds_back: bool,
    /// How much has been compressed since others had the thread.
    worked: usize,
    trailers: Option<HeaderMap>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The source may have more.
    Reading,
    /// It has nothing for now.
    Flushing,
    /// It is at its end.
    Finishing,
    /// Everything is compressed.
    Over,
}

impl Gzipped {
    pub(super) fn new(source: AnswerBody) -> Self {
        Self {
            source,
            stage: Stage::Reading,
            encoder: None,
            input: Bytes::new(),
            output: Vec::new(),
            holds_back: false,
            worked: 0,
            trailers: None,
        }
    }

    /// Compresses some of the input, or what is left inside of the encoder when there is no input.
    fn compress(&mut self, flush: FlushCompress) -> Result<Status, Error> {
        self.output.reserve_exact(PIECE - self.output.len());
        let encoder = self
            .encoder
            .get_or_insert_with(|| Compress::new_gzip(LEVEL, WINDOW));
        let input = &self.input[..self.input.len().min(TURN)];
        let before = encoder.total_in();
        let status = encoder.compress_vec(input, &mut self.output, flush);
        let taken = usize::try_from(encoder.total_in() - before).unwrap_or(input.len());
        self.input.advance(taken);
        self.worked += taken;
        status.map_err(Error::new)
    }

    fn is_full(&self) -> bool {
        self.output.len() >= PIECE
    }

    fn piece(&mut self) -> Frame<Bytes> {
        Frame::data(std::mem::take(&mut self.output).into())
    }

    /// Goes on until there is a piece, or nothing to make one of. `None` at the end of the bytes.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            if self.is_full() {
                return Poll::Ready(Some(Ok(self.piece())));
            }
            match self.stage {
                Stage::Reading if self.worked >= TURN => {
                    self.worked = 0;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Stage::Reading if !self.input.is_empty() => {
                    self.compress(FlushCompress::None)?;
                    self.holds_back = true;
                }
                Stage::Reading => match Pin::new(&mut self.source).poll_frame(context)? {
                    Poll::Ready(Some(frame)) => match frame.into_data() {
                        Ok(data) => self.input = data,
                        Err(frame) => {
                            self.trailers = frame.into_trailers().ok();
                            self.stage = Stage::Finishing;
                        }
                    },
                    Poll::Ready(None) => self.stage = Stage::Finishing,
                    Poll::Pending if self.holds_back => self.stage = Stage::Flushing,
                    Poll::Pending => {
                        self.worked = 0;
                        return Poll::Pending;
                    }
                },
                Stage::Flushing => {
                    self.compress(FlushCompress::Sync)?;
                    if !self.is_full() {
                        self.holds_back = false;
                        self.stage = Stage::Reading;
                        // Empty when the last of it has filled the piece before.
                        if !self.output.is_empty() {
                            return Poll::Ready(Some(Ok(self.piece())));
                        }
                    }
                }
                Stage::Finishing => {
                    if self.compress(FlushCompress::Finish)? == Status::StreamEnd {
                        self.encoder = None;
                        self.stage = Stage::Over;
                    }
                }
                Stage::Over if self.output.is_empty() => return Poll::Ready(None),
                Stage::Over => return Poll::Ready(Some(Ok(self.piece()))),
            }
        }
    }
}

impl HttpBody for Gzipped {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let piece = ready!(this.poll_piece(context));
        Poll::Ready(piece.or_else(|| this.trailers.take().map(|all| Ok(Frame::trailers(all)))))
    }

    fn is_end_stream(&self) -> bool {
        self.stage == Stage::Over && self.output.is_empty() && self.trailers.is_none()
    }

    /// Whatever it will be.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::Read as _;
    use std::task::Waker;

    use axum::body::Body;
    use flate2::read::MultiGzDecoder;

    use super::*;

    /// What a source says when it is asked, one after the other; then it is at its end.
    struct Script(VecDeque<Poll<Result<Frame<Bytes>, Error>>>);

    impl HttpBody for Script {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            match self.0.pop_front() {
                None => Poll::Ready(None),
                Some(said) => said.map(Some),
            }
        }
    }

    fn data(bytes: impl Into<Bytes>) -> Poll<Result<Frame<Bytes>, Error>> {
        Poll::Ready(Ok(Frame::data(bytes.into())))
    }

    fn of(said: impl Into<VecDeque<Poll<Result<Frame<Bytes>, Error>>>>) -> Gzipped {
        Gzipped::new(AnswerBody::Any(Body::new(Script(said.into()))))
    }

    fn poll(body: &mut Gzipped) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
    }

    /// The pieces up to the end, and how often others had the thread.
    fn pieces(body: &mut Gzipped) -> (Vec<Bytes>, usize) {
        let (mut pieces, mut turns) = (Vec::new(), 0);
        loop {
            match poll(body) {
                Poll::Pending => turns += 1,
                Poll::Ready(None) => return (pieces, turns),
                Poll::Ready(Some(frame)) => pieces.push(frame.unwrap().into_data().unwrap()),
            }
        }
    }

    fn unzipped(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
        plain
    }

    /// What can be read of a stream that goes on.
    fn readable(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let mut decoder = flate2::write::GzDecoder::new(&mut plain);
        std::io::Write::write_all(&mut decoder, bytes).unwrap();
        std::io::Write::flush(&mut decoder).unwrap();
        drop(decoder);
        plain
    }

    /// Bytes that do not become fewer.
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 7_u64;
        let xorshift = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..len).map(xorshift).collect()
    }

    #[test]
    fn a_small_body_is_one_piece_and_its_end() {
        let plain = "{\"name\":\"tea\"},".repeat(300);
        let mut body = Gzipped::new(AnswerBody::Whole(plain.clone().into()));
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), None);
        let Poll::Ready(Some(Ok(frame))) = poll(&mut body) else {
            panic!("it is all there");
        };
        assert!(body.is_end_stream() && body.encoder.is_none());
        let piece = frame.into_data().unwrap();
        assert!(piece.len() < 200, "{}", piece.len());
        assert_eq!(unzipped(&piece), plain.as_bytes());
        assert!(matches!(poll(&mut body), Poll::Ready(None)));
    }

    #[test]
    fn nothing_at_all_is_gzip_as_well() {
        let (pieces, _) = pieces(&mut of([]));
        assert_eq!(unzipped(&pieces.concat()), b"");
    }

    /// Others get the thread in between, whether what comes out is large or next to nothing.
    #[test]
    fn a_large_body_is_compressed_by_and_by() {
        const SIZE: usize = 200_000;
        for plain in [noise(SIZE), vec![b'x'; SIZE]] {
            let mut body = Gzipped::new(AnswerBody::Whole(plain.clone().into()));
            let (pieces, turns) = pieces(&mut body);
            assert!(turns >= SIZE / TURN, "{turns}");
            assert!(pieces.iter().all(|piece| piece.len() <= 2 * PIECE));
            assert!(unzipped(&pieces.concat()) == plain);
        }
        let many = (0..200).map(|_| data(vec![b'x'; 1000]));
        let (pieces, turns) = pieces(&mut of(many.collect::<VecDeque<_>>()));
        assert!(turns >= SIZE / (TURN + 1000), "{turns}");
        assert_eq!(unzipped(&pieces.concat()).len(), SIZE);
    }

    /// It asks for the next piece when what there is has been taken.
    #[test]
    fn a_client_that_does_not_read_keeps_the_source_waiting() {
        let mut body = of([data(noise(16 * PIECE)), data("not asked for")]);
        while poll(&mut body).is_pending() {}
        assert!(!body.input.is_empty());
        assert!(body.output.len() <= PIECE);
    }

    #[test]
    fn what_is_there_goes_out_when_the_source_pauses() {
        let mut body = of([
            Poll::Pending,
            data("the first half, "),
            Poll::Pending,
            Poll::Pending,
            data("the second half"),
        ]);
        assert!(poll(&mut body).is_pending());
        let Poll::Ready(Some(Ok(first))) = poll(&mut body) else {
            panic!("the first half is there");
        };
        let first = first.into_data().unwrap();
        assert_eq!(readable(&first), b"the first half, ");
        assert!(poll(&mut body).is_pending(), "there is nothing to flush");
        let (rest, _) = pieces(&mut body);
        let all = [&first[..], &rest.concat()].concat();
        assert_eq!(unzipped(&all), b"the first half, the second half");
    }

    /// A flush that fills pieces to their end, whatever the size of what is flushed.
    #[test]
    fn a_flush_may_be_larger_than_a_piece() {
        for size in PIECE - 24..PIECE - 8 {
            let plain = noise(size);
            let mut body = of([data(plain.clone()), Poll::Pending]);
            let mut flushed = Vec::new();
            while let Poll::Ready(Some(Ok(frame))) = poll(&mut body) {
                let piece = frame.into_data().unwrap();
                assert!(!piece.is_empty());
                flushed.extend(piece);
                if body.stage == Stage::Reading && !body.holds_back {
                    break;
                }
            }
            assert!(readable(&flushed) == plain, "{size}");
            let (rest, _) = pieces(&mut body);
            flushed.extend(rest.concat());
            assert!(unzipped(&flushed) == plain, "{size}");
        }
    }

    #[test]
    fn trailers_follow_the_bytes() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", http::HeaderValue::from_static("1"));
        let mut body = of([
            data("x"),
            Poll::Ready(Ok(Frame::trailers(trailers.clone()))),
        ]);
        let Poll::Ready(Some(Ok(first))) = poll(&mut body) else {
            panic!("the bytes are there");
        };
        assert_eq!(unzipped(&first.into_data().unwrap()), b"x");
        assert!(!body.is_end_stream());
        let Poll::Ready(Some(Ok(last))) = poll(&mut body) else {
            panic!("the trailers are there");
        };
        assert_eq!(last.into_trailers().unwrap(), trailers);
        assert!(body.is_end_stream());
    }

    #[test]
    fn an_error_of_the_source_is_the_end() {
        let broken = Poll::Ready(Err(Error::new("it broke")));
        let mut body = of([data("half"), broken]);
        let Poll::Ready(Some(Err(error))) = poll(&mut body) else {
            panic!("the source fails");
        };
        assert_eq!(error.to_string(), "it broke");
        assert!(!body.is_end_stream());
    }
}
