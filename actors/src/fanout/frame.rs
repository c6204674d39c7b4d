//! One encoding of a frame for all its subscribers: the JSON text with its WebSocket header, as shared bytes.
//! (Frames from a server are not masked, so the bytes are the same for everybody.)

use std::io::Write;
use std::ops::Range;

use bytes::Bytes;
use serde_json::Value;

use super::{Moment, Position};

/// Room for the longest WebSocket header of a server: 2 bytes and a 64-bit length.
const HEADER_MAX_BYTES: usize = 10;

/// The text opcode with the final bit.
const TEXT: u8 = 0x81;
/// The close opcode with the final bit.
const CLOSE: u8 = 0x88;
/// The pong opcode with the final bit.
const PONG: u8 = 0x8A;

/// Collects one text frame; the header goes in front once the length is known.
pub(super) struct FrameWriter {
    buffer: Vec<u8>,
}

impl FrameWriter {
    /// A frame about as long as `expected_bytes`.
    pub fn new(expected_bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(HEADER_MAX_BYTES + expected_bytes);
        buffer.resize(HEADER_MAX_BYTES, 0);
        Self { buffer }
    }

    /// Adds text as it stands.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.buffer.extend_from_slice(text.as_bytes());
        self
    }

    /// Adds bytes that are JSON text already.
    pub fn json_bytes(&mut self, json: &[u8]) -> &mut Self {
        self.buffer.extend_from_slice(json);
        self
    }

    /// Adds a value as JSON.
    pub fn value<T: serde::Serialize + ?Sized>(&mut self, value: &T) -> &mut Self {
        serde_json::to_writer(&mut self.buffer, value).expect("a value of strings and numbers is always JSON");
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        write!(self.buffer, "{number}").expect("writing to memory does not fail");
        self
    }

    /// Where the next byte will stand (for [`FrameWriter::finish_with`]).
    pub fn at(&self) -> usize {
        self.buffer.len()
    }

    /// Puts the header in front and gives the frame.
    pub fn finish(self) -> Bytes {
        self.finish_with(0..0).0
    }

    /// As [`FrameWriter::finish`], with a part of the text that shares the frame's memory.
    pub fn finish_with(mut self, part: Range<usize>) -> (Bytes, Bytes) {
        let (header, header_bytes) = header(TEXT, self.buffer.len() - HEADER_MAX_BYTES);
        let start = HEADER_MAX_BYTES - header_bytes;
        self.buffer[start..HEADER_MAX_BYTES].copy_from_slice(&header[..header_bytes]);
        let whole = Bytes::from(self.buffer);
        (whole.slice(start..), whole.slice(part))
    }
}

fn header(opcode: u8, length: usize) -> ([u8; HEADER_MAX_BYTES], usize) {
    let mut header = [0; HEADER_MAX_BYTES];
    header[0] = opcode;
    match length {
        0..126 => {
            header[1] = length as u8;
            (header, 2)
        }
        126..65_536 => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            (header, 4)
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(length as u64).to_be_bytes());
            (header, 10)
        }
    }
}

/// Any JSON value as a text frame.
pub fn text_frame<T: serde::Serialize + ?Sized>(value: &T) -> Bytes {
    let mut frame = FrameWriter::new(256);
    frame.value(value);
    frame.finish()
}

/// A close frame with its status code.
pub fn close_frame(code: u16) -> Bytes {
    let [high, low] = code.to_be_bytes();
    Bytes::copy_from_slice(&[CLOSE, 2, high, low])
}

/// The answer to a ping, with the ping's own bytes (125 at most).
pub fn pong_frame(payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(125)];
    let mut frame = vec![PONG, payload.len() as u8];
    frame.extend_from_slice(payload);
    Bytes::from(frame)
}

/// `{"type":"events",…}`, and the inside of its `events` array (shared memory) for whoever resumes later.
pub(super) fn events_frame(stream: &str, after: u64, events: &[Moment<'_>]) -> (Bytes, Bytes) {
    let mut frame = FrameWriter::new(128 + events.len() * 256);
    frame.raw(r#"{"type":"events","stream":"#).value(stream).raw(r#","after":"#).number(after).raw(r#","events":["#);
    let from = frame.at();
    for (n, moment) in events.iter().enumerate() {
        if n > 0 {
            frame.raw(",");
        }
        frame.raw(r#"{"offset":"#).number(moment.offset).raw(r#","at":"#).value(moment.at);
        frame.raw(r#","event":"#).value(moment.event).raw("}");
    }
    let to = frame.at();
    frame.raw("]}");
    frame.finish_with(from..to)
}

fn position(frame: &mut FrameWriter, epoch: &str, offset: u64) {
    frame.raw(r#""position":{"epoch":"#).value(epoch).raw(r#","offset":"#).number(offset).raw("}");
}

/// `{"type":"snapshot",…}`: replaces everything before it.
pub(super) fn snapshot_frame(stream: &str, at: &Position, snapshot: &Value, reason: &str) -> Bytes {
    let mut frame = FrameWriter::new(1024);
    frame.raw(r#"{"type":"snapshot","stream":"#).value(stream).raw(",");
    position(&mut frame, &at.epoch, at.offset);
    frame.raw(r#","snapshot":"#).value(snapshot).raw(r#","reason":"#).value(reason).raw("}");
    frame.finish()
}

/// `{"type":"subscribed",…,"snapshot":…}`.
pub(super) fn subscribed_snapshot(reply_to: &str, stream: &str, at: &Position, snapshot: &[u8]) -> Bytes {
    let mut frame = subscribed(reply_to, stream, at, snapshot.len());
    frame.raw(r#","snapshot":"#).json_bytes(snapshot).raw("}");
    frame.finish()
}

/// `{"type":"subscribed",…,"missed":[…]}` from the kept insides of earlier frames.
pub(super) fn subscribed_missed<'a>(
    reply_to: &str,
    stream: &str,
    at: &Position,
    missed: impl Iterator<Item = &'a Bytes>,
) -> Bytes {
    let mut frame = subscribed(reply_to, stream, at, 512);
    frame.raw(r#","missed":["#);
    for (n, events) in missed.enumerate() {
        if n > 0 {
            frame.raw(",");
        }
        frame.json_bytes(events);
    }
    frame.raw("]}");
    frame.finish()
}

fn subscribed(reply_to: &str, stream: &str, at: &Position, more_bytes: usize) -> FrameWriter {
    let mut frame = FrameWriter::new(192 + more_bytes);
    frame.raw(r#"{"type":"subscribed","reply_to":"#).value(reply_to).raw(r#","stream":"#).value(stream).raw(",");
    position(&mut frame, &at.epoch, at.offset);
    frame
}

/// `{"type":"ended",…}`: the right to the stream has gone.
pub(super) fn ended_frame(stream: &str, error: &Value) -> Bytes {
    let mut frame = FrameWriter::new(192);
    frame.raw(r#"{"type":"ended","stream":"#).value(stream).raw(r#","error":"#).value(error).raw("}");
    frame.finish()
}
