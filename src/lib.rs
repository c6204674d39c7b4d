//! The server and its command line: composition root and edge. Parses, checks who asks, calls; no rule of the clinic
//! lives here.

pub mod cli;
pub mod clients;
pub mod config;
pub mod demo;
pub mod engine;
pub mod house;
pub mod http;
pub mod identity;
pub mod import;
mod kept;
pub mod kinds;
pub mod live;
#[cfg(test)]
mod memory_engine;
pub mod pay;
#[cfg(feature = "planted-bugs")]
pub mod planted;
pub mod reach;
pub mod reconcile;
pub mod replay;
mod seldom;
pub mod simulate;
mod wire;

/// A decision, a frame and a record are many small pieces that one thread makes and another one drops: measured, the
/// system's allocator takes a fifth of the time of a call.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
