//! The one place where the texts and figures of every command are looked at before it goes to its owner: free texts have
//! a bound and nothing in them that changes how the rest of a line reads.

use chrono::Datelike;

use super::*;
use crate::Rejection;
use crate::person::{is_han, is_invisible, is_ornament, is_sign};

/// Longest free text (a reason, a proof, the name of a thing), in characters.
pub const TEXT_MAX: usize = 200;
/// Longest visit id and patient number of the hospital's system, in bytes and characters.
const OUTSIDE_ID_MAX: usize = 64;
/// Longest name of a person, in characters.
const PERSON_NAME_MAX: usize = 100;
/// Longest number of the hospital's system, in characters: it stands on the screens.
const NUMBER_MAX: usize = 16;
/// Longest number of a referral, in characters.
const REFERRAL_MAX: usize = 40;
/// The largest version: beyond it JSON numbers are not exact in every language.
const VERSION_MAX: u64 = (1 << 53) - 1;
/// Nobody alive was born before this year.
const BORN_SINCE: i32 = 1900;

/// Whether the text has at most `max` characters and none that is not seen: controls, line breaks, invisible ones, and
/// those that turn the direction of what stands beside them.
pub fn is_plain(text: &str, max: usize) -> bool {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().count() <= max && !text.chars().any(is_unseen)
}

/// A birth date that somebody alive can have; `now` anywhere on earth.
pub fn is_birth_date(date: BusinessDate, now: Timestamp) -> bool {
    let latest = crate::time::Zone::named("Pacific/Kiritimati").map_or(date, |zone| zone.date(now));
    date.0.year() >= BORN_SINCE && date <= latest
}

impl ClientCommand {
    /// Rejects `invalid_field` when a text is too long or has characters that are not seen, and for what the hospital's
    /// system sends: an empty patient number, a number that is no number, a birth date or version out of range; for a
    /// position that is none.
    pub fn check(&self, now: Timestamp) -> Result<(), Rejection> {
        for (field, text) in self.texts() {
            if !is_plain(text, TEXT_MAX) {
                let what =
                    format!("`{field}` has at most {TEXT_MAX} characters, none of them a control or invisible one");
                return Err(Rejection::field(field, what));
            }
        }
        match self {
            Self::RegisterVisit(c) => {
                check_visit(&c.visit_id, c.version)?;
                check_outside(&c.patient, now)?;
                c.number.as_deref().map_or(Ok(()), check_number)
            }
            Self::ChangeVisit(c) => check_visit(&c.visit_id, c.version),
            Self::CancelVisit(c) => check_visit(&c.visit_id, c.version),
            Self::HoldSlot(c) => c.referral.as_deref().map_or(Ok(()), check_referral),
            Self::BookSlot(c) => c.referral.as_deref().map_or(Ok(()), check_referral),
            Self::RegisterWalkIn(c) => c.class.as_deref().map_or(Ok(()), check_class_of_walk_in),
            Self::BindChannel(c) if !c.channel.is_sound() => {
                Err(Rejection::field("channel", "channel: no such address"))
            }
            Self::CheckIn(CheckIn { position: Some(phone), .. })
            | Self::ReportBack(sent::ReportBack { position: Some(phone), .. }) => check_position(phone.reveal()),
            _ => Ok(()),
        }
    }

    /// The free texts of a command, by field.
    fn texts(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::DefineSite(c) => vec![("name", &c.name), ("name_en", &c.name_en)],
            Self::DefineDepartment(c) => {
                let mut texts = vec![("name", c.name.as_str()), ("name_en", &c.name_en), ("speciality", &c.speciality)];
                texts.extend(c.neutral_name.as_deref().map(|name| ("neutral_name", name)));
                for class in &c.settings.queue.classes {
                    texts.extend([("classes.name", class.name.as_str()), ("classes.zh", &class.zh)]);
                    texts.push(("classes.en", &class.en));
                }
                texts
            }
            Self::DefineServicePoint(c) => vec![("name", &c.name), ("name_en", &c.name_en)],
            Self::DefineBoard(c) => vec![("name", &c.name), ("name_en", &c.name_en)],
            Self::DefineQueue(c) => vec![("name", &c.name), ("name_en", &c.name_en)],
            Self::DefineSession(c) => {
                vec![("period", &c.period), ("registration_class", &c.registration_class)]
            }
            Self::DefineDoctor(c) => {
                let class = ("registration_class", c.registration_class.as_str());
                vec![
                    ("name", &c.name),
                    ("name_en", &c.name_en),
                    ("title", &c.title),
                    class,
                    ("speciality", &c.speciality),
                ]
            }
            Self::CancelAppointment(c) => c.reason.iter().map(|reason| ("reason", reason.as_str())).collect(),
            Self::CorrectNoShow(c) => vec![("reason", &c.reason)],
            Self::RestoreAppointment(c) => vec![("reason", &c.reason)],
            Self::CancelTicket(c) => vec![("reason", &c.reason)],
            Self::StopSession(c) => vec![("reason", &c.reason)],
            Self::FreezeSession(c) => vec![("reason", &c.reason)],
            Self::TakePayment(c) => c.receipt.iter().map(|receipt| ("receipt", receipt.as_str())).collect(),
            Self::JoinWaitlist(c) => match &c.wanted {
                Wanted::AnyOf(any) => vec![("registration_class", &any.registration_class)],
                Wanted::Session(_) => Vec::new(),
            },
            Self::GiveRefund(c) => c.receipt.iter().map(|receipt| ("receipt", receipt.as_str())).collect(),
            Self::AskRefund(c) => vec![("reason", &c.reason)],
            Self::DecideRefund(c) => vec![("reason", &c.reason)],
            Self::DefineTemplate(c) => {
                vec![("name", &c.name), ("period", &c.period), ("registration_class", &c.registration_class)]
            }
            Self::ExceptDays(c) => match &c.does {
                ExceptionDoes::Closed { reason } => vec![("reason", reason)],
                ExceptionDoes::Substitute { .. } | ExceptionDoes::Open { .. } => Vec::new(),
            },
            Self::SetPriority(c) => vec![("class", &c.class), ("proof", &c.proof)],
            Self::RegisterWalkIn(c) => c
                .class
                .iter()
                .map(|class| ("class", class.as_str()))
                .chain(of_pre_check(c.pre_check.as_ref()))
                .collect(),
            Self::RegisterReturn(c) => of_pre_check(c.pre_check.as_ref()).collect(),
            Self::CheckIn(c) => of_pre_check(c.pre_check.as_ref()).collect(),
            Self::AnswerPreCheck(c) => of_pre_check(c.pre_check.as_ref()).collect(),
            Self::DefineQuestions(c) => crate::pre_check::texts(c),
            Self::TransferTicket(c) => vec![("reason", &c.reason)],
            Self::Undo(c) => vec![("event", &c.event), ("reason", &c.reason)],
            Self::PauseWork(c) => vec![("reason", &c.reason)],
            Self::CallTicket(c) => vec![("reason", &c.reason)],
            Self::ReturnToWaiting(c) => vec![("reason", &c.reason)],
            Self::RegisterVisit(c) => c.class.iter().map(|class| ("class", class.as_str())).collect(),
            Self::ChangeVisit(c) => c.class.iter().map(|class| ("class", class.as_str())).collect(),
            Self::DefineStaff(_)
            | Self::RetireDepartment(_)
            | Self::RetireServicePoint(_)
            | Self::RetireBoard(_)
            | Self::EnterRelease(_)
            | Self::LeaveRelease(_)
            | Self::RetireQueue(_)
            | Self::RetireSession(_)
            | Self::RetireDoctor(_)
            | Self::RetireStaff(_)
            | Self::ApproveScreen(_)
            | Self::RevokeScreen(_)
            | Self::AcknowledgeAlert(_)
            | Self::HoldSlot(_)
            | Self::ProlongHold(_)
            | Self::ConfirmAppointment(_)
            | Self::BookSlot(_)
            | Self::ReportBack(_)
            | Self::RecallTransfer(_)
            | Self::CloseSession(_)
            | Self::SettleTickets(_)
            | Self::DelaySession(_)
            | Self::ResumeSession(_)
            | Self::StartWork(_)
            | Self::ResumeWork(_)
            | Self::StopWork(_)
            | Self::CallNextPatient(_)
            | Self::RecallPatient(_)
            | Self::StartService(_)
            | Self::FinishService(_)
            | Self::SendForTests(_)
            | Self::MarkMissed(_)
            | Self::TakeBack(_)
            | Self::RateVisit(_)
            | Self::GrantRelation(_)
            | Self::EndRelation(_)
            | Self::CancelVisit(_)
            | Self::ReportShown(_)
            | Self::ReportSpoken(_)
            | Self::ConfirmNotice(_)
            | Self::MarkReached(_)
            | Self::BindChannel(_)
            | Self::UnbindChannel(_)
            | Self::RetireTemplate(_)
            | Self::WithdrawException(_)
            | Self::DefinePlanning(_)
            | Self::DefineQuotaRules(_)
            | Self::DefineReminder(_)
            | Self::DefinePayment(_)
            | Self::LeaveWaitlist(_)
            | Self::PlanSession(_)
            | Self::PayAppointment(_)
            | Self::RetryRefund(_) => Vec::new(),
        }
    }
}

/// What is wrong with it, without a word of where it is.
fn check_position(phone: &PhonePosition) -> Result<(), Rejection> {
    let PhonePosition { latitude_deg, longitude_deg, accuracy_m } = phone;
    let wrong = [
        ("position.latitude_deg", (-90.0..=90.0).contains(latitude_deg)),
        ("position.longitude_deg", (-180.0..=180.0).contains(longitude_deg)),
        ("position.accuracy_m", *accuracy_m >= 0.0),
    ];
    match wrong.iter().find(|(_, is_sound)| !is_sound) {
        Some((field, _)) => Err(Rejection::field(field, format!("`{field}`: there is no such place"))),
        None => Ok(()),
    }
}

/// Reasons of the desk that come with a pre-check. (Answers are compared with what can be answered.)
fn of_pre_check(pre_check: Option<&PreCheck>) -> impl Iterator<Item = (&'static str, &str)> {
    let reasons = pre_check
        .map(|asked| [("not_asked", asked.not_asked.as_deref()), ("all_the_same", asked.all_the_same.as_deref())]);
    let said = reasons.into_iter().flatten();
    said.filter_map(|(field, text)| Some((field, text?)))
}

fn check_visit(visit_id: &str, version: u64) -> Result<(), Rejection> {
    let fits = (1..=OUTSIDE_ID_MAX).contains(&visit_id.len()) && visit_id.bytes().all(|b| b.is_ascii_graphic());
    if !fits {
        return Err(Rejection::field("visit_id", "visit_id is 1 to 64 visible ASCII characters"));
    }
    if version > VERSION_MAX { Err(Rejection::field("version", "version is at most 9007199254740991")) } else { Ok(()) }
}

/// Whether that can be the number under which a hospital knows a patient: two strangers must not become one person by a
/// number that is none.
pub fn is_outside_number(number: &str) -> bool {
    let is_seen = is_plain(number, OUTSIDE_ID_MAX) && !number.chars().any(is_invisible);
    !number.is_empty() && number.trim() == number && is_seen
}

/// An emergency is seen. What goes by a proof is given with it, by [`SetPriority`], so that it is on the record.
fn check_class_of_walk_in(class: &str) -> Result<(), Rejection> {
    match class {
        crate::queue::EMERGENCY | crate::queue::NO_CLASS => Ok(()),
        _ => Err(Rejection::field(
            "class",
            "class: `emergency` or `none`; another one by `set_priority`, with its proof",
        )),
    }
}

fn check_outside(patient: &OutsidePatient, now: Timestamp) -> Result<(), Rejection> {
    if !is_outside_number(&patient.number) {
        return Err(Rejection::field(
            "patient.number",
            "patient.number is 1 to 64 characters, without blanks around them",
        ));
    }
    let is_read = |name: &String| !name.chars().any(|c| is_invisible(c) || is_ornament(c) || is_sign(c));
    let is_name =
        |name: &String| is_plain(name, PERSON_NAME_MAX) && is_read(name) && name.chars().any(char::is_alphabetic);
    if !patient.name.as_ref().is_none_or(is_name) {
        return Err(Rejection::field(
            "patient.name",
            "patient.name has 1 to 100 characters, letters among them, no star or other sign and no invisible ones",
        ));
    }
    if !patient.birth_date.is_none_or(|date| is_birth_date(date, now)) {
        return Err(Rejection::field("patient.birth_date", "patient.birth_date is from 1900 to today"));
    }
    Ok(())
}

/// Shown as given, so it has nothing in it that is not seen, stands for another sign or says something: Latin letters
/// and digits, at least one digit, the signs that numbers have, and one Han letter at most (`专3`).
fn check_number(number: &str) -> Result<(), Rejection> {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '#');
    let other: Vec<char> = number.chars().filter(|c| !is_sign(*c)).collect();
    let fits = number.chars().count() <= NUMBER_MAX && number.contains(|c: char| c.is_ascii_digit());
    if fits && other.len() <= 1 && other.into_iter().all(is_han) {
        return Ok(());
    }
    Err(Rejection::field(
        "number",
        "number is at most 16 of A-Z, a-z, 0-9 and - _ / #, with a digit and at most one Han letter among them",
    ))
}

/// The number of a referral has room for nothing else: no name, no diagnosis.
fn check_referral(number: &str) -> Result<(), Rejection> {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '#' | '.');
    let fits = number.len() <= REFERRAL_MAX && number.contains(|c: char| c.is_ascii_digit());
    if fits && number.chars().all(is_sign) {
        return Ok(());
    }
    let what = "referral is at most 40 of A-Z, a-z, 0-9 and - _ / # . with a digit among them";
    Err(Rejection::field("referral", what))
}

/// A number as it is heard: `a012` and `A012` are one.
pub fn as_heard(number: &str) -> String {
    number.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    const NOW: Timestamp = Timestamp(1_795_392_000_000);

    fn code(command: serde_json::Value) -> Option<Code> {
        let command: ClientCommand = serde_json::from_value(command).expect("a command");
        command.check(NOW).err().map(|rejection| rejection.code)
    }

    #[test]
    fn free_texts_have_a_bound_and_nothing_unseen() {
        let said = |reason: &str| code(serde_json::json!({"cancel_ticket": {"ticket": "s.d.t1", "reason": reason}}));
        assert_eq!(said(""), None);
        assert_eq!(said(&"好".repeat(TEXT_MAX)), None);
        assert_eq!(said(&"好".repeat(TEXT_MAX + 1)), Some(Code::InvalidField));
        for unseen in ["a\0", "a\nb", "a\u{202e}b", "a\u{200b}", "a\u{2028}b", "\u{feff}a"] {
            assert_eq!(said(unseen), Some(Code::InvalidField), "{unseen:?}");
        }
        let proof = "x".repeat(60_000);
        let proved = serde_json::json!({"set_priority": {"ticket": "s.d.t1", "class": "military", "proof": proof}});
        assert_eq!(code(proved), Some(Code::InvalidField));
    }

    #[test]
    fn a_walk_in_has_no_class_that_has_a_proof() {
        let comes = |class: Option<&str>| {
            code(serde_json::json!({"register_walk_in": {"queue": "s.d.q", "patient": "p-1", "class": class}}))
        };
        for class in [None, Some("emergency"), Some("none")] {
            assert_eq!(comes(class), None, "{class:?}");
        }
        for class in ["military", "senior", "zzz", ""] {
            assert_eq!(comes(Some(class)), Some(Code::InvalidField), "{class}");
        }
    }

    #[test]
    fn the_number_of_a_referral_is_a_number() {
        let booked = |referral: &str| {
            code(serde_json::json!({"book_slot": {
                "session": "s.d.am", "slot": "s.d.am.0900", "patient": "p-1", "referral": referral,
            }}))
        };
        for number in ["ZZ2026-0183", "7", "a/b.1#_"] {
            assert_eq!(booked(number), None, "{number:?}");
        }
        for number in ["", "abc", "张三1", "1 2", &"1".repeat(41)] {
            assert_eq!(booked(number), Some(Code::InvalidField), "{number:?}");
        }
    }

    #[test]
    fn what_the_hospitals_system_sends_is_looked_at() {
        let visit = |change: &[(&str, serde_json::Value)]| {
            let mut visit = serde_json::json!({
                "visit_id": "V1", "version": 1, "patient": {"number": "77"}, "site": "s", "queue": "s.d.q",
                "date": "2026-11-23", "fee_state": "paid",
            });
            for (path, value) in change {
                *visit.pointer_mut(path).expect("a field") = value.clone();
            }
            code(serde_json::json!({"register_visit": visit}))
        };
        let patient = |patient: serde_json::Value| visit(&[("/patient", patient)]);
        assert_eq!(visit(&[]), None);
        for number in ["", "  ", " 77", "a\u{202e}", &"7".repeat(65), "\u{3164}"] {
            assert_eq!(patient(serde_json::json!({"number": number})), Some(Code::InvalidField), "{number:?}");
        }
        for name in ["", "·", "张\n三", "\u{200b}", &"三".repeat(101), "\u{3164}", "张\u{2800}三", "🅰🅱"] {
            let named = serde_json::json!({"number": "77", "name": name});
            assert_eq!(patient(named), Some(Code::InvalidField), "{name:?}");
        }
        for (birth_date, expected) in [
            ("1899-12-31", Some(Code::InvalidField)),
            ("1900-01-01", None),
            ("2026-11-23", None),
            ("2999-01-01", Some(Code::InvalidField)),
        ] {
            let born = serde_json::json!({"number": "77", "birth_date": birth_date});
            assert_eq!(patient(born), expected, "{birth_date}");
        }
        assert_eq!(visit(&[("/version", u64::MAX.into())]), Some(Code::InvalidField));
        assert_eq!(visit(&[("/visit_id", "号".into())]), Some(Code::InvalidField));
        let numbered = |number: &str| {
            code(serde_json::json!({"register_visit": {
                "visit_id": "V1", "version": 1, "patient": {"number": "77"}, "site": "s", "queue": "s.d.q",
                "date": "2026-11-23", "fee_state": "paid", "number": number,
            }}))
        };
        for number in ["A012", "17", "专-3", "2026/17", "a#1_2"] {
            assert_eq!(numbered(number), None, "{number:?}");
        }
        let wrong =
            ["", "<b>1</b>", "\u{202e}A001", "A 1", "12345678901234567", "///", "#", "-", "HIV-POS", "张三丰肝炎1"];
        let looks_like_another = ["\u{3164}1", "Ｚ001", "Ζ001", "א001", "Z٠٠١", "𒐫1", "ﷺ1"];
        for number in wrong.into_iter().chain(looks_like_another) {
            assert_eq!(numbered(number), Some(Code::InvalidField), "{number:?}");
        }
    }
}
