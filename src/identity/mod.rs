//! Who is there and who may what: sign-in, tokens, roles, persons, audit. Everything here takes the time as an
//! argument (machine time: tokens and limits never run faster with the clinic's clock).

pub mod access;
pub mod accounts;
pub mod chance;
pub mod keys;
pub mod tokens;
