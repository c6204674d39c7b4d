//! Decisions about what the house consists of. Defining the same again changes nothing; other fields change it; what is
//! retired stays so.

use std::collections::BTreeMap;

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::time::Zone;
use crate::vocabulary::*;
use crate::{person, pre_check};

use super::Site;
use super::event::Event;
use super::state::*;

type Outcome = Result<Answer, Rejection>;

/// Longest name, in characters.
const NAME_MAX: usize = 60;
/// Longest speciality, in characters.
const SPECIALITY_MAX: usize = 200;

fn check_name(name: &str) -> Result<(), Rejection> {
    let fits = !name.trim().is_empty() && name.chars().count() <= NAME_MAX && !name.chars().any(person::is_invisible);
    if !fits {
        return Err(Rejection::field("name", "a name has 1 to 60 characters, none of them a control or invisible one"));
    }
    match person::is_readable(name) {
        true => Ok(()),
        false => Err(Rejection::field("name", "a name has a letter or a digit, and does not begin with a mark")),
    }
}

/// `id` is exactly one part under `parent`.
fn check_parent(id: &str, parent: &str) -> Result<(), Rejection> {
    match is_directly_under(id, parent) {
        true => Ok(()),
        false => Err(Rejection::from(Code::IdNotUnderParent).with("parent", parent)),
    }
}

/// Whether the definition is news; what is retired stays so.
fn is_news<I: Ord, T: PartialEq>(things: &BTreeMap<I, Kept<T>>, id: &I, definition: &T) -> Result<bool, Rejection> {
    match things.get(id) {
        Some(known) if known.retired => Err(Code::Retired.into()),
        Some(known) => Ok(known.definition != *definition),
        None => Ok(true),
    }
}

/// The thing exists and is not retired.
fn check_known<I: Ord + std::fmt::Display, T>(
    things: &BTreeMap<I, Kept<T>>,
    id: &I,
    field: &str,
) -> Result<(), Rejection> {
    match things.get(id) {
        Some(known) if known.retired => {
            Err(Rejection::from(Code::Retired).with("id", id.to_string()).with("field", field))
        }
        Some(_) => Ok(()),
        None => Err(Rejection::field(field, "there is no such thing").with("id", id.to_string())),
    }
}

fn check_unique<T: Ord>(things: &[T], field: &str, what: &str) -> Result<(), Rejection> {
    let mut sorted: Vec<&T> = things.iter().collect();
    sorted.sort();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) { Err(Rejection::field(field, what)) } else { Ok(()) }
}

pub(super) fn site(draft: &mut Draft<'_, Site>, definition: DefineSite) -> Outcome {
    let state = draft.state();
    if definition.id != state.id || definition.id.as_str().contains('.') {
        return Err(Code::IdNotUnderParent.into());
    }
    check_name(&definition.name)?;
    if Zone::named(&definition.time_zone).is_none() {
        return Err(Rejection::field("time_zone", "time_zone is an IANA name (Asia/Shanghai)"));
    }
    if state.definition.as_ref() == Some(&definition) {
        return Ok(Answer::Done);
    }
    let moved = state.definition.as_ref().is_some_and(|before| before.time_zone != definition.time_zone);
    let living = state.departments.values().filter(|d| moved && !d.retired);
    let departments = living.map(|d| d.definition.clone()).collect();
    draft.emit(Event::SiteDefined { definition, departments });
    Ok(Answer::Done)
}

pub(super) fn department(draft: &mut Draft<'_, Site>, definition: DefineDepartment, context: &Context) -> Outcome {
    let state = draft.state();
    check_parent(definition.id.as_str(), state.id.as_str())?;
    check_name(&definition.name)?;
    if let Some(problem) = definition.settings.problem() {
        return Err(Rejection::field(&format!("settings.{}", problem.field), &problem.what));
    }
    if is_news(&state.departments, &definition.id, &definition)? {
        let time_zone = state.time_zone();
        let told = (!state.departments.contains_key(&definition.id)).then(|| definition.id.clone());
        let asked = state.questions.last().map(|asked| asked.definition.clone());
        draft.emit(Event::DepartmentDefined { time_zone, definition });
        if let (Some(department), Some(definition)) = (told, asked) {
            draft.emit(Event::QuestionsDefined { definition, departments: vec![department], at: context.now });
        }
    }
    Ok(Answer::Done)
}

pub(super) fn service_point(draft: &mut Draft<'_, Site>, definition: DefineServicePoint) -> Outcome {
    let state = draft.state();
    let department = definition.id.department();
    check_parent(definition.id.as_str(), department.as_str())?;
    check_parent(department.as_str(), state.id.as_str())?;
    check_known(&state.departments, &department, "id")?;
    check_name(&definition.name)?;
    if is_news(&state.service_points, &definition.id, &definition)? {
        draft.emit(Event::ServicePointDefined { definition });
    }
    Ok(Answer::Done)
}

pub(super) fn queue(draft: &mut Draft<'_, Site>, definition: DefineQueue, more: More) -> Outcome {
    let state = draft.state();
    let department = definition.id.department();
    check_parent(definition.id.as_str(), department.as_str())?;
    check_parent(department.as_str(), state.id.as_str())?;
    check_known(&state.departments, &department, "id")?;
    check_name(&definition.name)?;
    if !(1..=3).contains(&definition.prefix.len()) || !definition.prefix.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Rejection::field("prefix", "a prefix is 1 to 3 letters A to Z"));
    }
    let same_prefix = |(id, queue): &(&QueueId, &Kept<DefineQueue>)| {
        **id != definition.id && !queue.retired && queue.definition.prefix == definition.prefix
    };
    if let Some((id, _)) = state.queues.iter().find(same_prefix) {
        return Err(Rejection::from(Code::PrefixTaken).with("queue", id.as_str()));
    }
    check_unique(&definition.doctors, "doctors", "a doctor stands twice in the queue")?;
    for doctor in &definition.doctors {
        check_known(&state.doctors, doctor, "doctors")?;
        let works_here = state.doctors.get(doctor).is_some_and(|d| d.definition.departments.contains(&department));
        if !works_here {
            return Err(Rejection::field("doctors", "the doctor does not work in this department")
                .with("doctor", doctor.as_str()));
        }
    }
    let (id, is_news) = (definition.id.to_string(), is_news(&state.queues, &definition.id, &definition)?);
    if is_news {
        draft.emit(Event::QueueDefined { definition });
    }
    define_more(draft, id, more, vec![department], false);
    Ok(Answer::Done)
}

pub(super) fn doctor(draft: &mut Draft<'_, Site>, definition: DefineDoctor, more: More) -> Outcome {
    let state = draft.state();
    check_parent(definition.id.as_str(), state.id.as_str())?;
    check_name(&definition.name)?;
    check_unique(&definition.departments, "departments", "a department stands twice")?;
    for department in &definition.departments {
        check_known(&state.departments, department, "departments")?;
    }
    let (id, departments) = (definition.id.to_string(), definition.departments.clone());
    let is_news = is_news(&state.doctors, &definition.id, &definition)?;
    if is_news {
        let before = state.doctors.get(&definition.id).into_iter().flat_map(|d| &d.definition.departments);
        let left = before.filter(|id| !definition.departments.contains(id)).cloned().collect();
        draft.emit(Event::DoctorDefined { definition, left });
    }
    // A department that is new to the doctor has to be told.
    define_more(draft, id, more, departments, is_news);
    Ok(Answer::Done)
}

/// What stands beside a definition, where it is news; `again`: also where it is as it was.
fn define_more(draft: &mut Draft<'_, Site>, id: String, more: More, departments: Vec<DepartmentId>, again: bool) {
    let known = draft.state().more.get(&id);
    let is_something = more != More::default();
    if known.map_or(is_something, |known| *known != more) || (again && is_something) {
        draft.emit(Event::MoreDefined { id, more, departments });
    }
}

/// With what is said to whoever looks for it; an empty one takes away what was said.
pub(super) fn described(
    draft: &mut Draft<'_, Site>,
    definition: ToSite,
    described: Described,
    context: &Context,
) -> Outcome {
    let id = match &definition {
        ToSite::DefineSite(site) => site.id.to_string(),
        ToSite::DefineDepartment(department) => department.id.to_string(),
        ToSite::DefineMore { definition, .. } => match &**definition {
            ToSite::DefineDoctor(doctor) => doctor.id.to_string(),
            _ => return Err(Code::UnknownCommand.into()),
        },
        _ => return Err(Code::UnknownCommand.into()),
    };
    check_described(&described)?;
    let answer = match definition {
        ToSite::DefineSite(definition) => site(draft, definition),
        ToSite::DefineDepartment(definition) => department(draft, definition, context),
        ToSite::DefineMore { definition, more } => match *definition {
            ToSite::DefineDoctor(definition) => doctor(draft, definition, more),
            _ => Err(Code::UnknownCommand.into()),
        },
        _ => Err(Code::UnknownCommand.into()),
    }?;
    let is_something = described != Described::default();
    if draft.state().described.get(&id).map_or(is_something, |known| *known != described) {
        draft.emit(Event::Described { id, described });
    }
    Ok(answer)
}

fn check_described(described: &Described) -> Result<(), Rejection> {
    let text = &described.speciality;
    if text.chars().count() > SPECIALITY_MAX || text.chars().any(char::is_control) {
        return Err(Rejection::field("speciality", "a speciality has 200 characters at most"));
    }
    let (latitude, longitude) = (described.latitude_e6, described.longitude_e6);
    if latitude.is_some_and(|e6| e6.unsigned_abs() > 90_000_000) || (latitude.is_none() && longitude.is_some()) {
        return Err(Rejection::field("latitude", "latitude is -90 to 90 degrees, and stands with longitude"));
    }
    if longitude.is_some_and(|e6| e6.unsigned_abs() > 180_000_000) || (longitude.is_none() && latitude.is_some()) {
        return Err(Rejection::field("longitude", "longitude is -180 to 180 degrees, and stands with latitude"));
    }
    Ok(())
}

/// Another version is above the one before (`old_version`); the same again changes nothing, and is no other one
/// (`already_exists`).
pub(super) fn questions(draft: &mut Draft<'_, Site>, definition: DefineQuestions, context: &Context) -> Outcome {
    let state = draft.state();
    if definition.site != state.id {
        return Err(Code::IdNotUnderParent.into());
    }
    pre_check::check(&definition)?;
    for rule in &definition.rules {
        if let Does::SendTo { department } = &rule.does {
            check_known(&state.departments, department, "rules")?;
        }
    }
    let version = state.questions.last().map_or(0, |asked| asked.definition.version);
    if definition.version < version {
        return Err(Rejection::from(Code::OldVersion).with("version", version));
    }
    if definition.version == version {
        let is_same = state.questions.last().is_some_and(|asked| asked.definition == definition);
        return if is_same {
            Ok(Answer::Done)
        } else {
            Err(Rejection::from(Code::AlreadyExists).with("version", version))
        };
    }
    let living = state.departments.iter().filter(|(_, department)| !department.retired);
    let departments = living.map(|(id, _)| id.clone()).collect();
    draft.emit(Event::QuestionsDefined { definition, departments, at: context.now });
    Ok(Answer::Done)
}

pub(super) fn board(draft: &mut Draft<'_, Site>, definition: DefineBoard) -> Outcome {
    let state = draft.state();
    check_parent(definition.id.as_str(), state.id.as_str())?;
    check_name(&definition.name)?;
    check_unique(&definition.queues, "queues", "a queue stands twice on the board")?;
    for queue in &definition.queues {
        check_known(&state.queues, queue, "queues")?;
    }
    if is_news(&state.boards, &definition.id, &definition)? {
        let now = State::departments_of(&definition);
        let before = state.boards.get(&definition.id).map(|b| State::departments_of(&b.definition));
        let left = before.unwrap_or_default().difference(&now).cloned().collect();
        draft.emit(Event::BoardDefined { definition, left });
    }
    Ok(Answer::Done)
}
