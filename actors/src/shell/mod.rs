//! The shell: runs owners. One message at a time each; decide, apply, append; nothing leaves before it is durable.

pub mod actor;
pub mod clock;
mod ends;
mod floors;
pub mod keeper;
pub mod kinds;
pub mod ledger;
pub mod message;
pub mod meta;
pub mod projector;
pub mod registry;
mod replay;
pub mod shard;
pub mod shell_events;
pub mod start;
pub mod stored;
pub mod streams;
pub mod verify;
mod wake;
pub mod waker;
pub mod writer;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use kinds::Kinds;
pub use ledger::Origin;
pub use message::{Envelope, Outcome, Reply};
pub use registry::Shell;
pub use start::{Node, NodeOptions, StartError};
