//! Tests of the department: journeys, the whole state table, random days.

mod addition;
mod calendar;
mod chain;
mod closing;
mod come_again;
mod follow;
pub(crate) mod house;
mod journeys;
mod outside;
mod planning;
mod planning_random;
mod pre_check;
mod pre_check_afterwards;
mod pre_check_goes_on;
mod quota_rules;
mod random;
mod restore;
mod retire;
mod stop;
mod table;
mod told;
mod transfers;
mod view;
mod wait;
mod waits;
mod wrong_states;
