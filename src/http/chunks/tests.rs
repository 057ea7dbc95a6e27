//! Bodies that are right, and what is refused, however the network cuts them.

use proptest::prelude::*;

use super::*;

fn chunked(bytes: &[u8], step: usize) -> Result<(usize, bool), &'static str> {
    let mut framing = BodyFraming::new(BodyLength::Chunked);
    let mut taken = 0;
    while taken < bytes.len() && !framing.is_done() {
        let end = bytes.len().min(taken + step);
        taken += framing.advance(&bytes[taken..end])?;
    }
    Ok((taken, framing.is_done()))
}

#[test]
fn chunks_end_where_they_end_however_they_are_cut() {
    let body = b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n";
    for step in 1..body.len() {
        assert_eq!(chunked(body, step), Ok((body.len() - 16, true)), "step {step}");
    }
    assert_eq!(chunked(b"5\r\nhel", 3), Ok((6, false)));
    assert_eq!(chunked(b"0\r\n\r\n", 1), Ok((5, true)));
}

#[test]
fn the_data_comes_out_of_its_chunks() {
    let body = b"5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nthere\r\n0\r\nTrailer: x\r\n\r\n";
    for step in 1..body.len() {
        let mut framing = BodyFraming::new(BodyLength::Chunked);
        let (mut data, mut wire) = (Vec::new(), Vec::new());
        for part in body.chunks(step) {
            framing
                .decode(part, |piece| match piece {
                    ChunkPiece::Data(bytes) => {
                        data.extend_from_slice(bytes);
                        wire.extend_from_slice(bytes);
                    }
                    ChunkPiece::Framing(bytes) => wire.extend_from_slice(bytes),
                })
                .unwrap();
        }
        assert_eq!((&data[..], framing.is_done()), (&b"hello there"[..], true), "step {step}");
        assert_eq!(wire, body, "the pieces are all there is");
    }
}

#[test]
fn extensions_and_trailers_by_the_grammar() {
    for body in [
        "1;a\r\nx\r\n0\r\n\r\n",
        "1;a=b\r\nx\r\n0\r\n\r\n",
        "1 ; a = b ;c\r\nx\r\n0;last\r\n\r\n",
        "1;a=\"b; \\\" c\u{e9}\"\r\nx\r\n0\r\n\r\n",
        "00001\r\nx\r\n00\r\nA: b\r\nC:\r\n\r\n",
    ] {
        for step in 1..=body.len() {
            assert_eq!(chunked(body.as_bytes(), step), Ok((body.len(), true)), "{body:?}, step {step}");
        }
    }
}

/// What readers disagree about, wherever the network cuts it.
#[test]
fn what_could_be_read_differently_is_refused_however_it_is_cut() {
    for body in [
        "1\nx\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n",
        "1\r\nx\r\n0\n\r\n",
        "1\r\nx\r\n0\r\n\n",
        "1\r\nx\r\n0\r\nA: b\n\r\n",
        "1\rx\r\n",
        "1\r\r\nx\r\n",
        "1;a\0\r\nx\r\n",
        "1;a=\u{1b}[31m\r\nx\r\n",
        "1;a\rb\r\nx\r\n",
        "1;\r\nx\r\n",
        "1;a=\r\nx\r\n",
        "1;a=\"b\r\nx\r\n",
        "1;a=\"\\\r\n\"\r\nx\r\n",
        "1 \r\nx\r\n",
        "1 1\r\nx\r\n",
        "1x\r\nx\r\n",
        "0x1\r\nx\r\n",
        " 1\r\nx\r\n",
        "+1\r\nx\r\n",
        "1,\r\nx\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nA : b\r\n\r\n",
        "0\r\nA: b\r\n folded\r\n\r\n",
        "0\r\nA: \u{1b}\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\ntransfer-encoding: chunked\r\n\r\n",
        "0\r\nHost: elsewhere\r\n\r\n",
    ] {
        for step in 1..=body.len() {
            assert!(chunked(body.as_bytes(), step).is_err(), "{body:?}, step {step}");
        }
    }
}

#[test]
fn framing_is_bounded_over_the_whole_body() {
    let extension = format!("1;{}\r\nx\r\n", "a".repeat(1000));
    assert!(chunked(extension.repeat(16).as_bytes(), 4096).is_ok());
    assert!(chunked(extension.repeat(17).as_bytes(), 4096).is_err());
    let trailers = |count| format!("0\r\n{}\r\n", "A: b\r\n".repeat(count)).into_bytes();
    assert!(chunked(&trailers(100), 7).is_ok());
    assert!(chunked(&trailers(101), 7).is_err());
}

#[test]
fn a_step_ends_behind_a_size_line() {
    let mut framing = BodyFraming::new(BodyLength::Chunked);
    assert_eq!(framing.step(b"ffff\r\nxx", |_| ()), Ok(6));
    assert_eq!(framing.announced(), 0xffff);
    assert_eq!(framing.step(b"xx", |_| ()), Ok(2));
    assert_eq!(framing.announced(), 0xfffd);
}

#[test]
fn bad_chunk_sizes() {
    for bytes in
        [&b"x\r\n"[..], b"\r\n", b"-1\r\n", b"11111111111111111\r\n", b"5\r\nhello, and more\r\n", b"1\r\na\n0\r\n\r\n"]
    {
        assert!(chunked(bytes, 64).is_err(), "{bytes:?}");
    }
    assert!(chunked(&[b'1'; 5000], 64).is_err());
}

proptest! {
    #[test]
    fn a_body_ends_at_the_same_place_however_it_is_cut(
        bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b'1'), Just(b'a')], 0..30),
        step in 1_usize..8,
    ) {
        let whole = chunked(&bytes, usize::MAX - bytes.len());
        prop_assert_eq!(chunked(&bytes, step), whole);
    }

    #[test]
    fn what_any_bytes_are_taken_as_is_what_they_were(bytes in proptest::collection::vec(any::<u8>(), 0..300), step in 1_usize..40) {
        let mut framing = BodyFraming::new(BodyLength::Chunked);
        let mut seen = Vec::new();
        for part in bytes.chunks(step) {
            let taken = framing.decode(part, |piece| match piece {
                ChunkPiece::Data(bytes) | ChunkPiece::Framing(bytes) => seen.extend_from_slice(bytes),
            });
            if taken.is_err() { break; }
        }
        prop_assert!(bytes.starts_with(&seen));
    }
}
