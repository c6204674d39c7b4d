//! What came of a ticket's pre-check, as desk and doctors of the department see it: nobody else does. What was answered is on
//! no stream: it is sealed, and asked for. Of the patient's own place it says at most that they are to come to the desk.

use serde_json::{Value, json};

use super::parts::View;
use crate::floor::{AlertAbout, SentElsewhere, SentKept, Standing, Ticket};
use crate::ids::{PatientId, QueueId};
use crate::vocabulary::{AlertLevel, Does, Words};

impl View<'_> {
    /// Whether the desk waits for the patient, who is with nobody yet, and how much: an alert that nobody has heard. Urgent: they
    /// come at once; a notice: before they sit down.
    pub(super) fn desk_waits(&self, ticket: &Ticket) -> Option<AlertLevel> {
        let waits = matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_));
        let kept = self.state.floor.pre_checks.get(ticket.id()).filter(|kept| waits && kept.is_unheard(ticket))?;
        match kept.alert(ticket)? {
            (AlertAbout::Rule(level, _), _) => Some(level),
            (AlertAbout::SentBefore, _) => Some(AlertLevel::Notice),
            (AlertAbout::NotTaken, _) => None,
        }
    }

    /// When questions were answered and what followed; null: nothing is asked, or this ticket was spared.
    pub(super) fn pre_check(&self, ticket: &Ticket) -> Option<Value> {
        let kept = self.state.floor.pre_checks.get(ticket.id())?;
        let checked = &kept.checked;
        let words = |text: &Words| json!({ "zh": text.zh, "en": if text.en.is_empty() { &text.zh } else { &text.en } });
        let does = checked.found.as_ref().map(|found| &found.does);
        let (by, heard_at) = kept.acknowledged.as_ref().map(|(by, at)| (by, self.zone.rfc3339(*at))).unzip();
        Some(json!({
            "at": self.at(checked.at),
            "version": checked.version,
            "not_asked": checked.not_asked,
            "rule": checked.found.as_ref().map(|found| &found.rule),
            "sent_to": match does {
                Some(Does::SendTo { department }) if *department != self.state.config.id => Some(department),
                _ => None,
            },
            "all_the_same": checked.all_the_same,
            "note": match does {
                Some(Does::Note { text }) => Some(words(text)),
                _ => None,
            },
            "sent_before": checked.sent_before.as_ref().map(|sent| {
                json!({ "to": sent.to, "rule": sent.rule, "at": self.at(sent.at) })
            }),
            "alert": kept.alert(ticket).map(|(about, at)| {
                let (name, level, text) = match about {
                    AlertAbout::Rule(level, text) => ("rule", level, Some(words(text))),
                    AlertAbout::NotTaken => ("not_taken", AlertLevel::Urgent, None),
                    AlertAbout::SentBefore => ("sent_before", AlertLevel::Notice, None),
                };
                json!({
                    "about": name,
                    "level": level,
                    "text": text,
                    "at": self.at(at),
                    "open": kept.is_unheard(ticket),
                    "acknowledged_by": by,
                    "acknowledged_at": heard_at,
                })
            }),
        }))
    }

    /// Whom the pre-check has sent elsewhere today instead of into a queue, and who has no ticket here yet, by person.
    pub(super) fn sent_elsewhere(&self, queue: &QueueId) -> Value {
        let kept = self.state.floor.sent_elsewhere.values().filter(|kept| kept.sent.queue == *queue);
        let open = kept.filter(|kept| self.is_still_sent(kept));
        Value::Object(open.map(|kept| (kept.sent.brief.patient.to_string(), self.sent(&kept.sent))).collect())
    }

    /// What was shown of a queue's yesterday, or of a person who has joined: each with null.
    pub(super) fn no_longer_sent(&self, queue: &QueueId, who: impl Fn(&PatientId) -> bool) -> Value {
        let kept = self.state.floor.sent_elsewhere.values().filter(|kept| kept.sent.queue == *queue);
        let gone = kept.filter(|kept| who(&kept.sent.brief.patient) && !self.is_still_sent(kept));
        Value::Object(gone.map(|kept| (kept.sent.brief.patient.to_string(), Value::Null)).collect())
    }

    fn is_still_sent(&self, kept: &SentKept) -> bool {
        !kept.joined && kept.sent.date == self.state.config.today(self.now)
    }

    pub(super) fn sent(&self, sent: &SentElsewhere) -> Value {
        json!({
            "patient": sent.brief.patient,
            "masked_name": sent.brief.masked_name,
            "appointment": sent.appointment,
            "to": sent.to(),
            "rule": sent.found.rule,
            "at": self.at(sent.at),
        })
    }
}
