use std::convert::Infallible;

use super::metered::PIECE;
use super::*;

const LIMITS: Limits = Limits {
    fields: 3,
    head: 300,
};

/// A form that arrives in pieces of this size.
fn form(body: &[u8], piece: usize) -> Multipart {
    let pieces: Vec<_> = body
        .chunks(piece)
        .map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)))
        .collect();
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    Multipart::new(body, "edge".to_owned(), LIMITS)
}

/// One field with its lines around.
fn field(name: &str, data: &[u8]) -> Vec<u8> {
    let head =
        format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
    [&head[..], data, b"\r\n"].concat()
}

fn whole(fields: &[Vec<u8>]) -> Vec<u8> {
    [&fields.concat()[..], b"--edge--\r\n"].concat()
}

/// The sizes in which a body may come.
const PIECES: [usize; 5] = [1, 7, 64, 1000, usize::MAX];

#[tokio::test]
async fn fields_come_in_order_however_the_body_is_cut() {
    let large = b"\r\n--edgy ".repeat(20_000);
    let sent = whole(&[
        field("one", b""),
        field("two", &large),
        field("three", "\u{fc}".as_bytes()),
    ]);
    for piece in PIECES {
        let mut form = form(&sent, piece);
        let first = form.next_field().await.unwrap().unwrap();
        assert_eq!(first.name(), Some("one"));
        assert_eq!(first.bytes().await.unwrap(), "");
        let mut second = form.next_field().await.unwrap().unwrap();
        let mut data = Vec::new();
        while let Some(piece) = second.chunk().await.unwrap() {
            assert!(piece.len() <= 2 * (PIECE + LIMITS.head), "{}", piece.len());
            data.extend_from_slice(&piece);
        }
        assert!(data == large, "in pieces of {piece}");
        let third = form.next_field().await.unwrap().unwrap();
        assert_eq!(third.text().await.unwrap(), "\u{fc}");
        assert!(form.next_field().await.unwrap().is_none());
        assert!(form.next_field().await.unwrap().is_none());
    }
}

/// What is skipped is data, and not measured as a head.
#[tokio::test]
async fn a_field_that_nobody_reads_is_skipped() {
    let sent = whole(&[field("skipped", &[b'x'; 100_000]), field("read", b"y")]);
    for piece in PIECES {
        let mut form = form(&sent, piece);
        let mut skipped = form.next_field().await.unwrap().unwrap();
        assert!(skipped.chunk().await.unwrap().is_some());
        let read = form.next_field().await.unwrap().unwrap();
        assert_eq!(read.text().await.unwrap(), "y");
    }
}

#[tokio::test]
async fn what_is_around_the_data_has_limits() {
    let many: Vec<_> = (0..4).map(|_| field("a", b"")).collect();
    let long = field(&"n".repeat(300), b"");
    let endless = [b"--edge\r\nx: ".to_vec(), vec![b'y'; 1 << 20]].concat();
    let preamble = vec![b'-'; 1 << 20];
    for (sent, good, detail) in [
        (whole(&many), 3, "the form has more than 3 fields"),
        (
            whole(&[long]),
            0,
            "the head of a field is longer than 300 bytes",
        ),
        (endless, 0, "the head of a field is longer than 300 bytes"),
        (preamble, 0, "the head of a field is longer than 300 bytes"),
    ] {
        for piece in [1000, usize::MAX] {
            let mut form = form(&sent, piece);
            for _ in 0..good {
                assert!(form.next_field().await.unwrap().is_some());
            }
            let error = form.next_field().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge);
            assert_eq!(error.detail(), detail);
        }
    }
}

/// No matter where a form ends too early, it is the client's mistake.
#[tokio::test]
async fn every_cut_is_a_bad_request() {
    let sent = whole(&[field("a", b"some data"), field("b", b"more")]);
    // The last two bytes say nothing any more.
    for length in 0..sent.len() - 2 {
        let mut form = form(&sent[..length], 5);
        let error = loop {
            match form.next_field().await {
                Ok(Some(field)) => match field.bytes().await {
                    Ok(_) => {}
                    Err(error) => break error,
                },
                Ok(None) => panic!("{length} bytes of {} were enough", sent.len()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::BadRequest, "{length}: {error}");
        assert!(error.find::<multer::Error>().is_some(), "the cause is kept");
    }
}

#[tokio::test]
async fn a_text_is_utf_8_or_says_which_field_is_not() {
    let mut form = form(&whole(&[field("na/me", b"\xff")]), 10);
    let field = form.next_field().await.unwrap().unwrap();
    let error = field.text().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert_eq!(error.fields()[0].place.as_str(), "/na~1me");
}

#[test]
fn the_head_of_the_request_says_where_fields_begin() {
    let told = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        boundary(&headers).map_err(|error| error.kind())
    };
    assert_eq!(
        told("multipart/form-data; boundary=\"a b\""),
        Ok("a b".to_owned())
    );
    let longest = "b".repeat(70);
    assert_eq!(
        told(&format!("Multipart/Form-Data; boundary={longest}")),
        Ok(longest)
    );
    let too_long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for wrong in ["multipart/form-data", &too_long] {
        assert_eq!(told(wrong), Err(ErrorKind::BadRequest), "{wrong}");
    }
    for other in ["multipart/mixed; boundary=b", "application/json", "x"] {
        assert_eq!(told(other), Err(ErrorKind::UnsupportedMediaType), "{other}");
    }
    assert_eq!(
        boundary(&HeaderMap::new()).unwrap_err().kind(),
        ErrorKind::UnsupportedMediaType
    );
}
