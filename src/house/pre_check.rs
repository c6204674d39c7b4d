//! What the edge does for a pre-check: what was answered is sealed before its department is told, and opened for who may read
//! it. In clear it is in the command on its way only.

use std::collections::BTreeMap;

use jiaohao_domain::floor::pre_check::to_read;
use jiaohao_domain::vocabulary::{AnswerPreCheck, ClientCommand, PreCheck, ToDepartment, TransferTicket};
use jiaohao_domain::{Code, DoctorId, PatientId, Rejection, Role, TicketId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::born::Born;
use super::commands::Addressed;
use super::{House, department, site};
use crate::identity::audit::AuditLine;
use crate::identity::keys::Key;
use crate::identity::persons::{open, seal};
use crate::identity::tokens::Claims;

/// What reading the answers at a ticket is called on the audit.
const READ: &str = "read_pre_check";

const ANSWERS: &str = "pre_check";

/// What is sealed is filled up to a multiple of so many bytes: its length would tell a yes from a no.
const FILLED_TO: usize = 256;

/// Whether somebody comes and may be asked first, or is asked afterwards.
pub(super) fn is_arrival(command: &ClientCommand) -> bool {
    use ClientCommand as C;
    matches!(command, C::CheckIn(_) | C::RegisterWalkIn(_) | C::RegisterReturn(_) | C::AnswerPreCheck(_))
}

/// What a command carries beside the rest: what somebody answered.
fn pre_check_of(command: &ClientCommand) -> Option<&PreCheck> {
    match command {
        ClientCommand::CheckIn(c) => c.pre_check.as_ref(),
        ClientCommand::RegisterWalkIn(c) => c.pre_check.as_ref(),
        ClientCommand::RegisterReturn(c) => c.pre_check.as_ref(),
        ClientCommand::AnswerPreCheck(c) => c.pre_check.as_ref(),
        _ => None,
    }
}

/// The command without what was answered.
fn unanswered(mut command: ClientCommand) -> ClientCommand {
    match &mut command {
        ClientCommand::CheckIn(c) => c.pre_check = None,
        ClientCommand::RegisterWalkIn(c) => c.pre_check = None,
        ClientCommand::RegisterReturn(c) => c.pre_check = None,
        ClientCommand::AnswerPreCheck(c) => c.pre_check = None,
        _ => {}
    }
    command
}

/// What is sealed of a pre-check.
#[derive(Serialize, Deserialize)]
struct Said {
    answers: BTreeMap<String, String>,
    not_asked: Option<String>,
    all_the_same: Option<String>,
    #[serde(default)]
    filling: String,
}

impl Said {
    fn of(pre_check: &PreCheck) -> Self {
        let PreCheck { answers, not_asked, all_the_same, .. } = pre_check.clone();
        let [not_asked, all_the_same] =
            [not_asked, all_the_same].map(|reason| reason.map(|reason| reason.trim().to_owned()));
        // What was answered before somebody was spared the rest decides nothing and is not kept.
        let answers = if not_asked.is_some() { BTreeMap::new() } else { answers };
        let mut said = Self { answers, not_asked, all_the_same, filling: String::new() };
        let length = serde_json::to_vec(&said).map_or(0, |clear| clear.len());
        said.filling = " ".repeat(length.next_multiple_of(FILLED_TO) - length);
        said
    }
}

/// Whose answers a command carries, and the key for them. None: it is destroyed or cannot be had, or nobody is known there.
/// Nobody is kept out for that; what was answered decides, and is not kept.
pub(super) struct Answers(Option<(PatientId, Key)>);

impl Answers {
    /// As they stand on the record.
    pub(super) fn seal(&self, pre_check: &PreCheck) -> Vec<u8> {
        let Some((who, key)) = &self.0 else { return Vec::new() };
        seal(key, who, ANSWERS, &Said::of(pre_check))
    }

    /// The digest of the command on the record, by which a repeat is known: made with the person's key, because there are so
    /// few answers that each could be tried. It says nothing once the key is gone.
    pub(super) fn digest(&self, command: &ClientCommand) -> [u8; 32] {
        let body = |command: &ClientCommand| serde_json::to_vec(command).expect("invariant: commands are plain JSON");
        match &self.0 {
            Some((_, key)) => key.mac(&[b"answered", &body(command)]),
            None => Sha256::digest(body(&unanswered(command.clone()))).into(),
        }
    }
}

/// An arrival, or a ticket, with what was answered, and the age as it was said.
pub(super) fn answered(
    arrival: ToDepartment,
    pre_check: Option<PreCheck>,
    answers: Option<Answers>,
    born: Born,
) -> ToDepartment {
    let Some(pre_check) = pre_check else { return arrival };
    let sealed = answers.map(|answers| answers.seal(&pre_check)).unwrap_or_default();
    ToDepartment::Answered { arrival: Box::new(arrival), pre_check, said: born.said, sealed }
}

impl House {
    /// Whose answers the command carries; none: it carries none.
    pub(super) async fn answers_in(&self, command: &ClientCommand) -> Result<Option<Answers>, Rejection> {
        if pre_check_of(command).is_none() {
            return Ok(None);
        }
        let who = match command {
            ClientCommand::CheckIn(c) => self.who_arrives(&c.appointment).await?,
            ClientCommand::RegisterWalkIn(c) => Some(c.patient.clone()),
            ClientCommand::RegisterReturn(c) => Some(c.patient.clone()),
            ClientCommand::AnswerPreCheck(c) => self.patient_of_ticket(&c.ticket).await?,
            _ => None,
        };
        let Some(who) = who else { return Ok(Some(Answers(None))) };
        let is_known = self.identity_of(&who).await?.is_some();
        let key = if is_known { self.key_of_known(&who).await.ok().flatten() } else { None };
        Ok(Some(Answers(key.map(|key| (who, key)))))
    }

    /// Where what is answered at a ticket goes.
    pub(super) async fn address_answers(
        &self,
        command: AnswerPreCheck,
        answers: Option<Answers>,
    ) -> Result<Addressed, Rejection> {
        let AnswerPreCheck { ticket, pre_check } = command;
        let born = match self.patient_of_ticket(&ticket).await? {
            Some(who) => self.born(&who).await?,
            None => Born::default(),
        };
        let at = department(&ticket.department());
        Ok((at, answered(ToDepartment::AnswerPreCheck { ticket }, pre_check, answers, born).into()))
    }

    async fn patient_of_ticket(&self, id: &TicketId) -> Result<Option<PatientId>, Rejection> {
        let asked = id.clone();
        let known = move |state: &jiaohao_domain::department::State| {
            state.floor.tickets.get(&asked).map(|ticket| ticket.opened.brief.patient.clone())
        };
        self.shell.read(department(&id.department()), known).await
    }

    /// What was answered at a ticket, and the desk's reasons: on the audit before it is opened. A doctor reads it of the patient
    /// who is with them.
    pub(super) async fn read_pre_check(&self, claims: &Claims, ticket: TicketId) -> Result<Value, Rejection> {
        let doctor: Option<DoctorId> = claims.doctor.clone().filter(|_| claims.role == Role::Doctor);
        let (asked, at) = (ticket.clone(), department(&ticket.department()));
        let read = move |state: &jiaohao_domain::department::State| {
            to_read(state, &asked, doctor.as_ref()).map(|(who, checked)| (who.clone(), checked.clone()))
        };
        let (who, checked) = self.shell.read(at, read).await??;
        let about = [ticket.to_string(), who.to_string()];
        self.audit.look(AuditLine::new(claims, READ, about, Ok(()), self.machine_now())).await?;
        let key = if checked.sealed.is_empty() { None } else { self.key_of_known(&who).await? };
        let said: Option<Said> = key.and_then(|key| open(&key, &who, ANSWERS, &checked.sealed));
        let Some(said) = said else { return Ok(json!({ "answers": null, "not_asked": null, "all_the_same": null })) };
        Ok(json!({
            "answers": said.answers,
            "not_asked": said.not_asked.filter(|_| checked.not_asked),
            "all_the_same": said.all_the_same.filter(|_| checked.all_the_same),
        }))
    }

    /// Nobody is sent on to a queue that its site does not have (any more): `unknown_id`, with which. One that is retired
    /// while the ticket is on its way the other department refuses.
    pub(super) async fn check_sent_to(&self, command: &ClientCommand) -> Result<(), Rejection> {
        let sent_to = match command {
            ClientCommand::TransferTicket(c) => Some(&c.to).filter(|_| leaves_department(c)),
            command => pre_check_of(command).and_then(|pre_check| pre_check.to.as_ref()),
        };
        let Some(to) = sent_to.cloned() else { return Ok(()) };
        let unknown = vec![to.to_string()];
        let is_there = move |state: &jiaohao_domain::site::State| {
            let is_open = state.departments.get(&to.department()).is_some_and(|known| !known.retired);
            is_open && state.queues.get(&to).is_some_and(|known| !known.retired)
        };
        let at = site(&unknown[0]);
        match self.shell.read(at, is_there).await? {
            true => Ok(()),
            false => Err(Rejection::new(Code::UnknownId, unknown.join(", ")).with("unknown", unknown)),
        }
    }
}

/// Whether a transfer is to another department of the site, which the ticket's own knows nothing of.
fn leaves_department(c: &TransferTicket) -> bool {
    let (from, to) = (c.ticket.department(), c.to.department());
    from != to && from.site() == to.site()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_as_long_whatever_was_answered_and_a_digest_says_nothing_without_the_key() {
        let key = || Key::from_bytes([7; 32]);
        let answers = |key: Key| Answers(Some((PatientId::new("p-1"), key)));
        let pre_check = |fever: &str, degrees: &str| {
            let all = [("fever", fever), ("temperature", degrees)];
            let answers = all.into_iter().map(|(id, is)| (id.to_owned(), is.to_owned())).collect();
            PreCheck { version: 1, answers, not_asked: None, all_the_same: None, to: None }
        };
        let length = |fever, degrees| answers(key()).seal(&pre_check(fever, degrees)).len();
        assert_eq!(length("yes", "39.7"), length("no", "not_measured"));
        let sealed = answers(key()).seal(&pre_check("yes", "39.7"));
        let said: Said = open(&key(), &PatientId::new("p-1"), ANSWERS, &sealed).expect("opens");
        assert_eq!(said.answers["temperature"], "39.7");
        assert_eq!(Answers(None).seal(&pre_check("yes", "39.7")), Vec::<u8>::new(), "never in clear");

        let come = |degrees: &str| {
            let come = json!({"check_in": {"appointment": "s.d.b20261123-1",
                "pre_check": {"version": 1, "answers": {"temperature": degrees}}}});
            serde_json::from_value::<ClientCommand>(come).expect("a command")
        };
        let digest = |key: Key, degrees: &str| answers(key).digest(&come(degrees));
        assert_eq!(digest(key(), "39.7"), digest(key(), "39.7"), "a repeat is known");
        assert_ne!(digest(key(), "39.7"), digest(key(), "36.5"));
        assert_ne!(digest(key(), "39.7"), digest(Key::from_bytes([8; 32]), "39.7"));
        assert_eq!(Answers(None).digest(&come("39.7")), Answers(None).digest(&come("36.5")));
    }
}
