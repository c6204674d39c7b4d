//! Who is there and who may what: sign-in, tokens, roles, persons, audit. Everything here takes the time as an
//! argument (machine time: tokens and limits never run faster with the clinic's clock).

pub mod access;
pub mod accounts;
pub mod area_code;
pub mod audit;
pub mod chance;
pub mod codes;
pub mod keys;
pub mod limits;
pub mod marks;
pub mod passwords;
pub mod person_keys;
pub mod persons;
pub mod refresh;
pub mod scripts;
pub mod strangers;
pub mod ticket_code;
pub mod tokens;
pub mod trades;
