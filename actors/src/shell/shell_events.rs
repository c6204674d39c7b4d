//! The shell's own kinds of records: below 100, the same for every owner.

use jiaohao_domain::OwnerRef;

use super::ledger::Ledger;
use crate::codec;
use crate::log::Record;

/// Kinds from here on are the owners' own.
pub const OWNER_KINDS_FROM: u16 = 100;
/// The version in which the shell's records are written.
pub const VERSION: u16 = 1;
/// Another owner has this owner's effects up to a number.
pub const ACKNOWLEDGED: u16 = 1;
/// An effect was taken and changed nothing.
pub const RECEIVED: u16 = 2;
/// A command with a key was accepted and changed nothing: its answer is remembered.
pub const ANSWERED: u16 = 3;

/// Payload of [`ACKNOWLEDGED`].
pub fn acknowledged_payload(to: &OwnerRef, up_to: u64) -> Vec<u8> {
    codec::encode(&(to, up_to)).expect("owner and number encode")
}

/// Replays a shell record.
pub fn replay(ledger: &mut Ledger, record: &Record) -> Result<(), String> {
    if record.version != VERSION {
        return Err(super::stored::unknown_version(record, VERSION));
    }
    match record.kind {
        ACKNOWLEDGED => {
            let (to, up_to): (OwnerRef, u64) = codec::decode(&record.payload).map_err(|e| e.to_string())?;
            ledger.acknowledged(&to, up_to);
            Ok(())
        }
        RECEIVED | ANSWERED => Ok(()),
        other => Err(format!("unknown shell record kind {other}")),
    }
}

/// The name of a shell record's kind.
pub fn name(kind: u16) -> Option<&'static str> {
    match kind {
        ACKNOWLEDGED => Some("effects_acknowledged"),
        RECEIVED => Some("effect_received"),
        ANSWERED => Some("command_answered"),
        _ => None,
    }
}
