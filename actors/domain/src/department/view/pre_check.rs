//! A ticket's pre-check, as desk and doctors of the department see it: nobody else does.

use serde_json::{Value, json};

use super::parts::View;
use crate::floor::Ticket;
use crate::vocabulary::{Does, Words};

impl View<'_> {
    /// What was answered and what followed; null: nothing is asked, or this ticket was spared.
    pub(super) fn pre_check(&self, ticket: &Ticket) -> Option<Value> {
        let kept = self.state.floor.pre_checks.get(ticket.id())?;
        let checked = &kept.checked;
        let words = |text: &Words| json!({ "zh": text.zh, "en": if text.en.is_empty() { &text.zh } else { &text.en } });
        let does = checked.found.as_ref().map(|found| &found.does);
        let appointment = ticket.opened.appointment.as_ref().and_then(|id| self.state.clinic.appointments.get(id));
        let sent_before = appointment.and_then(|appointment| appointment.sent_to.as_ref());
        let (by, heard_at) = kept.acknowledged.as_ref().map(|(by, at)| (by, self.zone.rfc3339(*at))).unzip();
        Some(json!({
            "version": checked.version,
            "answers": checked.answers,
            "not_asked": checked.not_asked,
            "rule": checked.found.as_ref().map(|found| &found.rule),
            "sent_to": match does {
                Some(Does::SendTo { department }) if *department != self.state.config.id => Some(department),
                _ => None,
            },
            "sent_before": sent_before,
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
