//! Tests of the department: journeys, the whole state table, random days.

mod house;
mod journeys;
mod outside;
mod random;
mod table;
mod transfers;
mod view;
