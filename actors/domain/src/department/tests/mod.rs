//! Tests of the department: journeys, the whole state table, random days.

mod closing;
mod house;
mod journeys;
mod outside;
mod random;
mod retire;
mod table;
mod told;
mod transfers;
mod view;
mod wait;
