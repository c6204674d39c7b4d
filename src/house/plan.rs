//! The plan of a department, as operations and the desk read it.

use chrono::Datelike;
use jiaohao_domain::department::{State, view};
use jiaohao_domain::{Code, DepartmentId, Rejection};
use serde_json::Value;

use super::{House, department};
use crate::http::queries::PlanQuery;

/// So many days are shown where nobody says how many.
const DAYS: i64 = 14;

impl House {
    /// From a day to another one, both included. Rejects `invalid_field` for more days than are shown at once and for years
    /// that no plan has, `forbidden` for a department that there is not.
    pub(super) async fn read_plan(&self, at: &DepartmentId, asked: &PlanQuery) -> Result<Value, Rejection> {
        let (asked, now) = (asked.clone(), self.shell.clock.clinic());
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            let from = asked.from.unwrap_or_else(|| state.config.today(now));
            if !(2000..=2999).contains(&from.0.year()) {
                return Err(Rejection::field("from", "a date is of the years 2000 to 2999"));
            }
            let to = asked.to.unwrap_or_else(|| from.plus_days(DAYS - 1));
            if to < from || from.plus_days(view::DAYS_SHOWN) <= to {
                let what = format!("from a day to the same or a later one, {} days at most", view::DAYS_SHOWN);
                return Err(Rejection::field("to", what));
            }
            Ok(view::plan(state, from, to, now))
        };
        self.shell.read(department(at), read).await?
    }
}
