//! What the projector needs to know of each kind of stream: from which owners it is made, what a durable event puts on
//! it, what its snapshot is. Pure functions of the replicas of one shard.

use std::any::Any;
use std::collections::HashMap;

use jiaohao_domain::{OwnerRef, Timestamp, time::Zone};
use serde_json::Value;

/// Replicas of owners' states, as durable as what the projector has been given.
#[derive(Default)]
pub struct Replicas(pub(crate) HashMap<OwnerRef, Box<dyn Any + Send>>);

impl Replicas {
    /// The state of an owner, if a replica is kept.
    pub fn state<S: 'static>(&self, owner: &OwnerRef) -> Option<&S> {
        self.0.get(owner).and_then(|state| state.downcast_ref())
    }
    /// Whether a replica is kept.
    pub fn has(&self, owner: &OwnerRef) -> bool {
        self.0.contains_key(owner)
    }
}

/// One durable event, as a stream kind sees it; the replicas already have it (and all of its command).
pub struct Happened<'a> {
    /// Whose.
    pub owner: &'a OwnerRef,
    /// The owner's typed event.
    pub event: &'a dyn Any,
    /// When.
    pub at: Timestamp,
}

/// All stream kinds of the program.
pub trait StreamRules: Send {
    /// A durable event, before anything of it is published: what leaves for outside goes from here. `is_followed` says
    /// whether somebody follows a stream now.
    fn heard(&self, _owner: &OwnerRef, _event: &dyn Any, _is_followed: &dyn Fn(&str) -> bool) {}
    /// The owners that a stream is made from, as far as known from the replicas already there: asked again until it
    /// grows no more. Empty: there is no such stream.
    fn sources(&self, stream: &str, replicas: &Replicas) -> Vec<OwnerRef>;
    /// Owners that a stream shows something of beside its sources. One that does not answer is waited for a moment, and no
    /// stream is refused for want of it.
    fn beside(&self, _stream: &str, _replicas: &Replicas) -> Vec<OwnerRef> {
        Vec::new()
    }
    /// What the event puts on which streams. `is_live` says whether anybody would see it.
    fn emissions(
        &self,
        happened: &Happened<'_>,
        replicas: &Replicas,
        is_live: &dyn Fn(&str) -> bool,
        out: &mut Vec<(String, Value)>,
    );
    /// The stream as it is now; none when its sources do not know it.
    fn snapshot(&self, stream: &str, replicas: &Replicas, now: Timestamp) -> Option<Value>;
    /// The zone in which the times of a stream are told.
    fn zone(&self, stream: &str, replicas: &Replicas) -> Zone;
}
