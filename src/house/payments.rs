//! What was paid in a department, as operations and the desk read it.

use std::collections::BTreeMap;

use jiaohao_domain::department::{State, view};
use jiaohao_domain::payment::{RefundStanding, Way};
use jiaohao_domain::{BusinessDate, Code, DepartmentId, Rejection, Timestamp};
use serde_json::{Value, json};

use super::{House, department};

/// So many lines are told at once.
const LINES: usize = 1_000;

impl House {
    /// Rejects `forbidden` for a department that there is not.
    pub(super) async fn read_payments(&self, at: &DepartmentId, of: view::PaymentsOf) -> Result<Value, Rejection> {
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            Ok(view::payments(state, &of, state.config.zone()))
        };
        self.shell.read(department(at), read).await?
    }

    /// What came through the provider on a day and what went back, by number, from after that number on.
    pub(super) async fn read_received(
        &self,
        at: &DepartmentId,
        day: BusinessDate,
        after: Option<String>,
    ) -> Result<Value, Rejection> {
        let read = move |state: &State| {
            state.config.definition.as_ref().ok_or(Code::Forbidden)?;
            Ok(received(state, day, after.as_deref()))
        };
        self.shell.read(department(at), read).await?
    }
}

fn received(state: &State, day: BusinessDate, after: Option<&str>) -> Value {
    let zone = state.config.zone();
    let mut lines = BTreeMap::new();
    let mut note = |kind: &str, number: &str, amount_fen: u32, at: Timestamp| {
        if zone.date(at) == day && after.is_none_or(|after| number > after) {
            let line = json!({ "kind": kind, "number": number, "amount_fen": amount_fen, "at": zone.rfc3339(at) });
            lines.insert(number.to_owned(), line);
        }
    };
    for order in state.payments.orders.values().flatten().filter(|order| order.way == Way::Online) {
        note("payment", order.receipt.as_deref().unwrap_or_default(), order.amount_fen, order.at);
        // What the desk has given instead the provider has not.
        for refund in order.refunds.iter().filter(|refund| is_given_back(refund)) {
            note("refund", refund.id.as_str(), refund.amount_fen, refund.since);
        }
    }
    let next = lines.keys().nth(LINES - 1).filter(|_| lines.len() > LINES).cloned();
    let lines: Vec<Value> = lines.into_values().take(LINES).collect();
    json!({ "department": state.config.id, "day": day, "lines": lines, "next": next })
}

fn is_given_back(refund: &jiaohao_domain::payment::Refund) -> bool {
    refund.standing == RefundStanding::Given && refund.refused.is_none()
}
