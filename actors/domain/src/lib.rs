//! The clinic's rules: values in, values out.
//!
//! Time and chance are arguments ([`Context`]); nothing here reads a clock, a file, a socket or a die.
//! Each owner (see [`owner::Owner`]) has a folder: `state`, `command`, `event`, `decide`, `apply`.

pub mod account;
mod by_id;
pub mod clinic;
pub mod codes;
pub mod department;
pub mod doctor;
pub mod floor;
pub mod ids;
pub mod owner;
pub mod patient;
pub mod payment;
pub mod person;
pub mod plan;
pub mod pre_check;
pub mod principal;
pub mod queue;
pub mod reach;
pub mod redacted;
pub mod release;
pub mod report;
pub mod settings;
pub mod site;
pub mod time;
pub mod vocabulary;
pub mod wait;
pub mod waitlist;

pub use by_id::ById;
pub use codes::{Code, Rejection};
pub use ids::*;
pub use owner::{Context, Draft, Message, Outgoing, Owner, OwnerKind, OwnerRef, Payload};
pub use principal::{Principal, Role};
pub use time::{BusinessDate, Timestamp};
