//! The server and its command line: composition root and edge. Parses, checks who asks, calls; no rule of the clinic
//! lives here.

pub mod cli;
pub mod config;
pub mod identity;
