//! Frames that come in: the WebSocket framing of a client (masked), checked before anything is kept, with a bound on
//! what one message may take, in one frame or in pieces.

use actix_web::web::{Bytes, BytesMut};

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole text message.
    Text(Bytes),
    /// Answer it with the same bytes.
    Ping(Bytes),
    /// It is there.
    Pong,
    /// It closes.
    Close,
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than allowed.
    TooLarge,
    /// Not what RFC 6455 lets a client send, or binary.
    Malformed,
}

/// A message comes in at most so many pieces.
const PIECES: u32 = 256;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Puts chunks together to messages.
#[derive(Default)]
pub struct Assembler {
    buffer: BytesMut,
    /// The pieces so far of a message in several frames.
    pieces: Option<BytesMut>,
    /// How many they were: empty ones, too, cost work.
    piece_count: u32,
}

impl Assembler {
    /// Adds what came from the socket.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next whole message, if it is there. `max_bytes` bounds a message in all its pieces; it is checked on the
    /// announced length, before the bytes are waited for.
    ///
    /// # Errors
    /// The connection cannot go on.
    pub fn next(&mut self, max_bytes: usize) -> Result<Option<Incoming>, FrameError> {
        while let Some((opcode, last, payload)) = self.frame(max_bytes)? {
            match opcode {
                PING => return Ok(Some(Incoming::Ping(payload.freeze()))),
                PONG => return Ok(Some(Incoming::Pong)),
                CLOSE => return Ok(Some(Incoming::Close)),
                TEXT if self.pieces.is_none() && last => return Ok(Some(Incoming::Text(payload.freeze()))),
                TEXT if self.pieces.is_none() => (self.pieces, self.piece_count) = (Some(payload), 1),
                CONTINUATION => {
                    self.piece_count += 1;
                    if self.piece_count > PIECES {
                        return Err(FrameError::TooLarge);
                    }
                    let pieces = self.pieces.as_mut().ok_or(FrameError::Malformed)?;
                    pieces.extend_from_slice(&payload);
                    if last && let Some(whole) = self.pieces.take() {
                        return Ok(Some(Incoming::Text(whole.freeze())));
                    }
                }
                _ => return Err(FrameError::Malformed),
            }
        }
        if self.buffer.is_empty() {
            // an idle connection keeps no buffer
            self.buffer = BytesMut::new();
        }
        Ok(None)
    }

    fn frame(&mut self, max_bytes: usize) -> Result<Option<(u8, bool, BytesMut)>, FrameError> {
        let [first, second, rest @ ..] = &self.buffer[..] else { return Ok(None) };
        let (opcode, last, short) = (first & 0x0F, first & 0x80 != 0, second & 0x7F);
        let control = opcode & 0x8 != 0;
        // no extension is agreed, clients mask, control frames are short and whole
        if first & 0x70 != 0 || second & 0x80 == 0 || (control && (!last || short > 125)) {
            return Err(FrameError::Malformed);
        }
        let (length, header) = match (short, rest) {
            (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 4),
            (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 10),
            (126 | 127, _) => return Ok(None),
            (short, _) => (u64::from(short), 2),
        };
        let kept = if control { 0 } else { self.pieces.as_ref().map_or(0, BytesMut::len) };
        let length = usize::try_from(length).ok().filter(|length| kept.saturating_add(*length) <= max_bytes);
        let length = length.ok_or(FrameError::TooLarge)?;
        if self.buffer.len() < header + 4 + length {
            return Ok(None);
        }
        let mut payload = self.buffer.split_to(header + 4 + length).split_off(header);
        let mask = payload.split_to(4);
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        Ok(Some((opcode, last, payload)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            n @ 0..126 => frame.push(0x80 | n as u8),
            n @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((n as u16).to_be_bytes());
            }
            n => {
                frame.push(0x80 | 127);
                frame.extend((n as u64).to_be_bytes());
            }
        }
        let mask = [7, 77, 177, 250];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    fn one(bytes: &[u8], max_bytes: usize) -> Result<Option<Incoming>, FrameError> {
        let mut assembler = Assembler::default();
        assembler.feed(bytes);
        assembler.next(max_bytes)
    }

    #[test]
    fn whole_messages_and_messages_in_pieces() {
        let mut bytes = frame(0x81, b"one");
        bytes.extend(frame(0x01, b"tw"));
        bytes.extend(frame(0x89, b"ping"));
        bytes.extend(frame(0x80, b"o"));
        bytes.extend(frame(0x81, &[b'x'; 300]));
        let mut assembler = Assembler::default();
        let mut seen = Vec::new();
        for byte in bytes {
            assembler.feed(&[byte]);
            while let Some(message) = assembler.next(300).unwrap() {
                seen.push(message);
            }
        }
        let text = |text: &'static [u8]| Incoming::Text(Bytes::from_static(text));
        assert_eq!(seen[..3], [text(b"one"), Incoming::Ping(Bytes::from_static(b"ping")), text(b"two")]);
        assert_eq!(seen[3], text(&[b'x'; 300]));
    }

    #[test]
    fn too_large_is_said_before_the_bytes_have_come() {
        let announced = [0x81, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(one(&announced, 65_536), Err(FrameError::TooLarge));
        assert_eq!(one(&[0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], 65_536), Err(FrameError::TooLarge));
        assert_eq!(one(&frame(0x81, &[0; 101])[..6], 100), Err(FrameError::TooLarge));
        let mut pieces = frame(0x01, &[b'a'; 60]);
        pieces.extend(frame(0x00, &[b'a'; 60]));
        assert_eq!(one(&pieces, 100), Err(FrameError::TooLarge));
        assert!(matches!(one(&frame(0x81, &[0; 100]), 100), Ok(Some(Incoming::Text(_)))));
    }

    #[test]
    fn what_a_client_may_not_send() {
        let long_ping = frame(0x89, &[0; 126]);
        let lone_piece = frame(0x80, b"x");
        let mut text_in_text = frame(0x01, b"x");
        text_in_text.extend(frame(0x81, b"y"));
        for bytes in [&[0x81, 0x00][..], &frame(0xC1, b""), &frame(0x82, b""), &frame(0x83, b""), &frame(0x09, b"")] {
            assert_eq!(one(bytes, 100), Err(FrameError::Malformed), "{bytes:?}");
        }
        for bytes in [long_ping, lone_piece, text_in_text] {
            assert_eq!(one(&bytes, 1000), Err(FrameError::Malformed));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_keep_more_than_allowed(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut assembler = Assembler::default();
            assembler.feed(&bytes);
            while let Ok(Some(message)) = assembler.next(64) {
                if let Incoming::Text(text) = message {
                    prop_assert!(text.len() <= 64);
                }
            }
        }
    }
}
