//! The shell that runs owners, the log, the store, the fan-out.

pub mod codec;
pub mod crash;
pub mod fanout;
pub mod log;
pub mod sealed;
pub mod shell;
pub mod store;
