//! A waiting-room display in a terminal: `jiaohao board`. `model` keeps what the stream says, `draw` makes the lines,
//! `client` holds the socket.

mod client;
pub mod draw;
pub mod model;

#[cfg(test)]
mod tests;

pub use client::{Options, TerminalError, run, run_on};
