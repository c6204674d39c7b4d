//! The kinds of owners that this program runs, each registered once by the composition root; everything the shell
//! needs to do with an owner without knowing its types.

use std::any::Any;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use actix::Recipient;
use jiaohao_domain::{Owner, OwnerKind, OwnerRef};

use super::ledger::{self, Ledger};
use super::message::ToActor;
use super::registry::Shell;
use super::replay::{Whole, is_owing, replay_record};
use super::stored;
use super::wake::{Source, wake};
use crate::codec;
use crate::log::Record;

/// An owner that is not running: ledger and state, as loaded or replayed.
pub type Dormant = Box<dyn Any + Send + Sync>;

/// What the shell does with a kind of owner.
pub trait Kind: Send + Sync {
    /// The version of its snapshots: of the ledger's format and of the state's.
    fn snapshot_version(&self) -> u32;
    /// The state before the first record.
    fn begin(&self, owner: &OwnerRef) -> Dormant;
    /// Reads a snapshot.
    fn load(&self, bytes: &[u8]) -> Result<Dormant, String>;
    /// Applies the next record.
    fn replay(&self, dormant: &mut Dormant, record: &Record) -> Result<(), String>;
    /// Sequence number of its last record, its deadline, and whether it owes or asks anything.
    fn look(&self, dormant: &Dormant) -> Look;
    /// Ledger and state as bytes.
    fn store(&self, dormant: &Dormant) -> Result<Vec<u8>, String>;
    /// Starts the actor: it gets its state on its own thread, what reaches its mailbox meanwhile waits.
    fn start(&self, shell: &Arc<Shell>, owner: OwnerRef, instance: u64, source: Source) -> Recipient<ToActor>;
    /// Applies typed events to a replica of the state.
    fn follow(&self, replica: &mut dyn Any, event: &dyn Any);
    /// Name and JSON of an event's payload, for export.
    fn describe(&self, record: &Record) -> Result<(&'static str, serde_json::Value), String>;
}

/// What can be seen of a dormant owner.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Last record.
    pub owner_seq: u64,
    /// Next deadline.
    pub deadline: Option<jiaohao_domain::Timestamp>,
    /// Whether it must run to send something again.
    pub is_owing: bool,
}

/// Registered kinds.
#[derive(Clone, Default)]
pub struct Kinds(HashMap<OwnerKind, Arc<dyn Kind>>);

impl Kinds {
    /// Adds a kind.
    pub fn with<O: Owner>(mut self) -> Self {
        self.0.insert(O::KIND, Arc::new(Typed::<O>(PhantomData)));
        self
    }
    /// The kind, if it is registered.
    pub fn get(&self, kind: OwnerKind) -> Option<&Arc<dyn Kind>> {
        self.0.get(&kind)
    }
}

struct Typed<O>(PhantomData<O>);

impl<O: Owner> Typed<O> {
    fn whole(dormant: &Dormant) -> &Whole<O> {
        dormant.downcast_ref().expect("dormant states are made by their own kind")
    }
}

impl<O: Owner> Kind for Typed<O> {
    fn snapshot_version(&self) -> u32 {
        u32::from(ledger::VERSION) << 16 | u32::from(O::STATE_VERSION)
    }
    fn begin(&self, owner: &OwnerRef) -> Dormant {
        let whole: Whole<O> = (Ledger::default(), O::new_state(&owner.id));
        Box::new(whole)
    }
    fn load(&self, bytes: &[u8]) -> Result<Dormant, String> {
        let whole: Whole<O> = codec::decode(bytes).map_err(|e| e.to_string())?;
        Ok(Box::new(whole))
    }
    fn replay(&self, dormant: &mut Dormant, record: &Record) -> Result<(), String> {
        let whole: &mut Whole<O> = dormant.downcast_mut().expect("dormant states are made by their own kind");
        replay_record::<O>(whole, record)
    }
    fn look(&self, dormant: &Dormant) -> Look {
        let (ledger, state) = Self::whole(dormant);
        let (deadline, is_owing) = (O::next_deadline(state), is_owing::<O>(ledger, state));
        Look { owner_seq: ledger.owner_seq, deadline, is_owing }
    }
    fn store(&self, dormant: &Dormant) -> Result<Vec<u8>, String> {
        codec::encode(Self::whole(dormant)).map_err(|e| e.to_string())
    }
    fn start(&self, shell: &Arc<Shell>, owner: OwnerRef, instance: u64, source: Source) -> Recipient<ToActor> {
        wake::<O>(shell, owner, instance, source)
    }
    fn follow(&self, replica: &mut dyn Any, event: &dyn Any) {
        if let (Some(state), Some(event)) = (replica.downcast_mut::<O::State>(), event.downcast_ref::<O::Event>()) {
            O::apply(state, event);
        }
    }
    fn describe(&self, record: &Record) -> Result<(&'static str, serde_json::Value), String> {
        if let Some(name) = super::shell_events::name(record.kind) {
            return Ok((name, serde_json::Value::Null));
        }
        let event = stored::event::<O>(record)?;
        let (_, name) = O::event_kind(&event);
        Ok((name, serde_json::to_value(&event).map_err(|e| e.to_string())?))
    }
}
