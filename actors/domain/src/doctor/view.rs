//! The doctor's own part of the stream `doctor:{id}`: who it is and where the doctor works. What is in hand and what waits
//! is the department's part of it.

use serde_json::{Value, json};

use crate::owner::Owner;
use crate::time::{Timestamp, Zone};

use super::{Doctor, Event, State, Work};

/// The doctor's part of the snapshot.
pub fn snapshot(state: &State, stream_kind: &str, id: &str, zone: Zone) -> Option<Value> {
    let doctor = state.definition.as_ref().filter(|_| stream_kind == "doctor" && id == state.id.as_str())?;
    Some(json!({
        "doctor": state.id,
        "name": doctor.name,
        "title": doctor.title,
        "departments": doctor.departments,
        "retired": state.retired,
        "at_work": state.at_work.as_ref().map(|work| work_view(work, zone)),
        "refused": state.refused,
        // The department's to say, where there is one that the doctor works in.
        "calls_from": [],
        "next": null,
        "in_hand": null,
    }))
}

fn work_view(work: &Work, zone: Zone) -> Value {
    json!({
        "assignment": work.assignment,
        "department": work.department,
        "service_point": work.service_point,
        "since": zone.rfc3339(work.since),
    })
}

/// What an event says on `doctor:{id}`, in the state after it.
pub fn emissions(state: &State, event: &Event, _at: Timestamp, zone: Zone) -> Vec<(String, Value)> {
    let body = match event {
        Event::DoctorConfigured { definition } => json!(definition),
        Event::DoctorRetired | Event::RetirementDecided { .. } => json!({ "retired": true }),
        Event::WorkStarted { work, .. } => json!({ "at_work": work_view(work, zone), "refused": null }),
        Event::WorkEnded { assignment } => json!({ "assignment": assignment, "at_work": null }),
        Event::WorkRefused { assignment, reason } => {
            json!({ "assignment": assignment, "reason": reason, "refused": reason, "at_work": null })
        }
    };
    let stem = match event {
        // Decided is done: that the site is still to hear of it is between the two.
        Event::RetirementDecided { .. } => "doctor_retired",
        event => Doctor::event_kind(event).1,
    };
    vec![(format!("doctor:{}", state.id), json!({ stem: body }))]
}
