//! Reading what was stored: a record's payload as an event of today, whatever version it was written in.

use jiaohao_domain::{Owner, Payload};
use serde::de::DeserializeOwned;

use crate::codec;
use crate::log::Record;

pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Payload for Bytes<'_> {
    fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        codec::decode(self.0).map_err(|e| e.to_string())
    }
}

/// The event that a record holds.
///
/// # Errors
/// The record is of a version that this program does not know, or its bytes are not an event of its kind; named.
pub fn event<O: Owner>(record: &Record) -> Result<O::Event, String> {
    let written = O::event_version(record.kind);
    let payload = Bytes(&record.payload);
    let read = if record.version == written {
        payload.read()
    } else if record.version < written {
        O::upcast(record.kind, record.version, &payload).unwrap_or_else(|| Err(unknown_version(record, written)))
    } else {
        return Err(unknown_version(record, written));
    };
    let event = read.map_err(|why| format!("{}: {why}", place(record)))?;
    match O::event_kind(&event) {
        (kind, _) if kind == record.kind => Ok(event),
        (kind, name) => Err(format!("{}: its payload is {name} ({kind})", place(record))),
    }
}

pub(super) fn place(record: &Record) -> String {
    let owner = &record.owner;
    format!("record {} of {:?} {}, event kind {}", record.owner_seq, owner.kind, owner.id, record.kind)
}

/// Why a version cannot be read.
pub(super) fn unknown_version(record: &Record, known: u16) -> String {
    format!("{}: version {} is unknown here, versions up to {known} are read", place(record), record.version)
}
