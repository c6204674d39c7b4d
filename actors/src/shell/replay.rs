//! A state again from its records, as the live owner came to it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiaohao_domain::{Outgoing, Owner, OwnerRef};

use super::ledger::Ledger;
use super::{meta, shell_events, stored};
use crate::codec;
use crate::log::Record;

/// State and ledger together: what a snapshot holds.
pub type Whole<O> = (Ledger, <O as Owner>::State);

/// Whether an owner must run to send something again, or to ask it.
pub fn is_owing<O: Owner>(ledger: &Ledger, state: &O::State) -> bool {
    let mut requests = Vec::new();
    O::open_requests(state, &mut requests);
    ledger.is_owing() || !requests.is_empty()
}

/// Makes a state again from a snapshot's bytes and the records after it.
pub fn rebuild<O: Owner>(owner: &OwnerRef, base: Option<&[u8]>, tail: &[Record]) -> Result<Whole<O>, String> {
    let mut whole: Whole<O> = match base {
        Some(bytes) => codec::decode(bytes).map_err(|e| e.to_string())?,
        None => (Ledger::default(), O::new_state(&owner.id)),
    };
    for record in tail {
        replay_record::<O>(&mut whole, record)?;
    }
    Ok(whole)
}

/// Applies one record to a state and its ledger, as the live owner did.
pub fn replay_record<O: Owner>(whole: &mut Whole<O>, record: &Record) -> Result<(), String> {
    let (ledger, state) = whole;
    if record.owner_seq != ledger.owner_seq + 1 {
        return Err(format!("{}: record {} after {}", record.owner, record.owner_seq, ledger.owner_seq));
    }
    ledger.owner_seq = record.owner_seq;
    ledger.last_at = record.at;
    if let Some(command) = meta::command(record)? {
        ledger.note_command(&command, record.at);
    }
    if record.kind < shell_events::OWNER_KINDS_FROM {
        return shell_events::replay(ledger, record);
    }
    let event = stored::event::<O>(record)?;
    let mut outgoing = Vec::new();
    O::outgoing(&event, &mut outgoing);
    for item in outgoing {
        if let Outgoing::Effect(to, message) = item {
            ledger.owe(&to, message);
        }
    }
    catch_unwind(AssertUnwindSafe(|| O::apply(state, &event))).map_err(|_| format!("{}: apply panicked", record.owner))
}
