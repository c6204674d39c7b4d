//! Tests of the department: journeys, the whole state table, random days.

mod house;
mod journeys;
mod random;
mod table;
mod view;
