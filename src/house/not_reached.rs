//! Who is or was booked in a session and has not heard what there was to tell at home: for the desk, which telephones them.

use jiaohao_domain::department::{State, view};
use jiaohao_domain::floor::at_home;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Code, Rejection, SessionId};
use serde_json::{Value, json};

use super::{House, department, find};
use crate::identity::audit::AuditLine;
use crate::identity::tokens::Claims;

/// So many are shown at once; whoever has been told makes room for others.
const SHOWN_MAX: usize = 200;

impl House {
    /// By slot, as the desk's search shows appointments. On the audit before they are shown.
    pub(super) async fn read_not_reached(&self, claims: &Claims, session: &SessionId) -> Result<Value, Rejection> {
        let zone = self.learn_zone(session.prefix(1)).await?;
        let asked = session.clone();
        let read = move |state: &State| not_reached(state, &asked, zone);
        let (appointments, left_out) =
            self.shell.read(department(&session.department()), read).await?.ok_or(Code::Forbidden)?;
        let whom = appointments.iter().filter_map(|one| one["patient"].as_str());
        let about = std::iter::once(session.as_str()).chain(whom);
        self.audit.look(AuditLine::new(claims, "read_not_reached", about, Ok(()), self.machine_now())).await?;
        Ok(json!({ "appointments": appointments, "left_out": left_out }))
    }
}

/// None: there is no such session.
fn not_reached(state: &State, session: &SessionId, zone: Zone) -> Option<(Vec<Value>, usize)> {
    let date = state.clinic.sessions.get(session)?.date;
    let mut found: Vec<_> = at_home::all_not_reached(state, session)
        .filter_map(|(ticket, id, missed)| {
            let one = state.clinic.appointments.get(&id)?;
            Some((state.clinic.slots.get(&one.slot)?.start, ticket, id, one, missed))
        })
        .collect();
    found.sort_by_key(|(start, ticket, _, one, _)| (*start, one.number.clone(), (*ticket).clone()));
    let left_out = found.len().saturating_sub(SHOWN_MAX);
    let shown = found.into_iter().take(SHOWN_MAX).map(|(start, ticket, id, one, missed)| {
        let mut shown = find::shown(state, &id, one, start, date, zone);
        let refund = ticket.refund().and_then(|id| Some(state.payments.refund(&id)?.1));
        shown["ticket"] = json!(ticket);
        shown["not_reached"] = view::missed(&missed, refund, zone);
        shown
    });
    Some((shown.collect(), left_out))
}
