//! A ticket's pre-check, as desk and doctors of the department see it: nobody else does. Of the patient's own place it says
//! at most that they are to come to the desk.

use serde_json::{Value, json};

use super::parts::View;
use crate::floor::{Standing, Ticket};
use crate::vocabulary::{AlertLevel, Does, Words};

impl View<'_> {
    /// Whether the patient is to come to the desk at once: an urgent alert that nobody has heard, of somebody who is with
    /// nobody yet.
    pub(super) fn is_to_desk(&self, ticket: &Ticket) -> bool {
        let waits = matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_));
        let is_urgent = |does: &Does| matches!(does, Does::Alert { level: AlertLevel::Urgent, .. });
        let kept = self.state.floor.pre_checks.get(ticket.id()).filter(|kept| waits && kept.acknowledged.is_none());
        kept.and_then(|kept| kept.checked.found.as_ref()).is_some_and(|found| is_urgent(&found.does))
    }

    /// What was answered and what followed; null: nothing is asked, or this ticket was spared.
    pub(super) fn pre_check(&self, ticket: &Ticket) -> Option<Value> {
        let kept = self.state.floor.pre_checks.get(ticket.id())?;
        let checked = &kept.checked;
        let words = |text: &Words| json!({ "zh": text.zh, "en": if text.en.is_empty() { &text.zh } else { &text.en } });
        let does = checked.found.as_ref().map(|found| &found.does);
        let (by, heard_at) = kept.acknowledged.as_ref().map(|(by, at)| (by, self.zone.rfc3339(*at))).unzip();
        Some(json!({
            "version": checked.version,
            "answers": checked.answers,
            "not_asked": checked.not_asked,
            "rule": checked.found.as_ref().map(|found| &found.rule),
            "sent_to": match does {
                Some(Does::SendTo { department }) => Some(department),
                _ => None,
            },
            "all_the_same": checked.all_the_same,
            "note": match does {
                Some(Does::Note { text }) => Some(words(text)),
                _ => None,
            },
            "alert": match does {
                Some(Does::Alert { level, text }) => Some(json!({
                    "level": level,
                    "text": words(text),
                    "at": self.zone.rfc3339(checked.at),
                    "acknowledged_by": by,
                    "acknowledged_at": heard_at,
                })),
                _ => None,
            },
        }))
    }
}
