//! From rows to what is to be sent: ids are made whole, names are found, and each thing is compared with what there is.

use std::collections::{BTreeMap, BTreeSet};

use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::{Code, is_well_formed};
use serde_json::{Map, Value, json};

use super::cell;
use super::file::{Fault, Header, Row, Sheet, repeated};
use super::kinds::{Cell, Kind};
use super::known::{Known, in_full};
use super::parts::{QUOTAS, number_only, slots};
use super::refused::{rehearse, says, too_many};
use super::told::{changed, field_of};

/// What becomes of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Made,
    /// These of its fields are others.
    Changed(Vec<String>),
    /// It is as it was: nothing is sent.
    Same,
    /// A session or exception of earlier days: nothing is sent.
    Over,
    /// There is to be no more of it.
    Retired,
}

/// One row as it would be sent.
#[derive(Debug)]
pub struct Wish {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u64,
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The fields of the command, without a password.
    pub fields: Value,
    /// The first password that the file has for it.
    pub password: Option<Redacted<String>>,
    /// What becomes of it.
    pub change: Change,
    /// What was put down for it that no cell says.
    pub note: Option<String>,
}

impl Wish {
    fn of(sheet: &Sheet, row: &Row, id: &str, fields: Value, change: Change) -> Self {
        let (file, kind, id) = (sheet.file.clone(), sheet.kind, id.to_owned());
        Self { file, line: row.line, kind, id, fields, password: None, change, note: None }
    }

    /// The command that it comes to.
    pub fn command(&self) -> &'static str {
        if self.change == Change::Retired { self.kind.retirement() } else { self.kind.command() }
    }

    /// Whether it is a new account for which the file has no password.
    pub fn needs_password(&self) -> bool {
        self.kind == Kind::Staff && self.change == Change::Made && self.password.is_none()
    }
}

/// Ids by kind and name, of what there is and of what the files bring.
type Names = BTreeMap<(Kind, String), BTreeSet<String>>;

/// Everything that the files want, in the order in which it can be sent.
///
/// # Errors
/// Everything that is wrong with it, also what the domain would refuse.
/// `step` hears how many wishes have been rehearsed, and of how many.
pub fn plan(sheets: &[Sheet], known: &Known, step: impl Fn(usize, usize)) -> Result<Vec<Wish>, Vec<Fault>> {
    let mut planner = Planner::of(known);
    let rows = planner.enlist(sheets);
    let wishes: Vec<Wish> = rows.iter().filter_map(|(sheet, row, id)| planner.wish(sheet, row, id)).collect();
    // What is retired goes last, and first of all what names the others.
    let (mut retired, mut wishes): (Vec<_>, Vec<_>) =
        wishes.into_iter().partition(|wish| wish.change == Change::Retired);
    retired.sort_by_key(|wish| std::cmp::Reverse(wish.kind));
    wishes.extend(retired);
    let mut faults = planner.faults;
    let beyond = too_many(&wishes, known);
    if beyond.is_empty() {
        rehearse(&wishes, sheets, known, step, &mut faults);
    }
    faults.extend(beyond);
    if faults.is_empty() { Ok(wishes) } else { Err(faults) }
}

fn id_header(sheet: &Sheet) -> Option<&Header> {
    sheet.header("id")
}

pub(super) struct Planner<'a> {
    known: &'a Known,
    names: Names,
    ids: BTreeSet<(Kind, String)>,
    faults: Vec<Fault>,
}

impl<'a> Planner<'a> {
    /// With the names of what there is.
    pub(super) fn of(known: &'a Known) -> Self {
        let mut planner = Self { known, names: Names::new(), ids: BTreeSet::new(), faults: Vec::new() };
        for (kind, things) in &known.things {
            for (id, fields) in things {
                let name = fields["name"].as_str().unwrap_or_default();
                planner.names.entry((*kind, name.to_owned())).or_default().insert(id.clone());
                planner.ids.insert((*kind, id.clone()));
            }
        }
        planner
    }

    /// All rows with their ids made whole, each kind after those that it names: within a kind nothing names another.
    pub(super) fn enlist<'s>(&mut self, sheets: &'s [Sheet]) -> Vec<(&'s Sheet, &'s Row, String)> {
        let mut rows = Vec::new();
        let mut seen: BTreeMap<(Kind, String), (&str, u64)> = BTreeMap::new();
        for kind in Kind::ALL {
            for sheet in sheets.iter().filter(|sheet| sheet.kind == kind) {
                for row in &sheet.rows {
                    let Some(id) = self.own_id(sheet, row) else { continue };
                    if let Some((file, line)) = seen.insert((kind, id.clone()), (&sheet.file[..], row.line)) {
                        let own = id_header(sheet).map(|own| row.cell(own)).unwrap_or_default();
                        let is_made = kind == Kind::Sessions && own.is_empty();
                        let next = if is_made { ": give one of the two sessions an id of its own" } else { "" };
                        let says = format!("{id} stands in {file}, line {line} already{next}");
                        self.faults.push(sheet.fault(row.line, id_header(sheet), says));
                        continue;
                    }
                    if let Some(name) = sheet.header("name").map(|header| row.cell(header).to_owned()) {
                        self.names.entry((kind, name)).or_default().insert(id.clone());
                    }
                    self.ids.insert((kind, id.clone()));
                    rows.push((sheet, row, id));
                }
            }
        }
        rows
    }

    fn is_there(&self, kind: Kind, id: &str) -> bool {
        self.ids.contains(&(kind, id.to_owned()))
    }

    /// An id of the site: as it is if it begins with the site, else behind it.
    fn whole(&self, text: &str) -> String {
        let text = cell::narrow(text).to_lowercase();
        let site = self.known.site.as_str();
        match text.strip_prefix(site) {
            Some(rest) if rest.is_empty() || rest.starts_with('.') => text,
            _ => format!("{site}.{text}"),
        }
    }

    /// The id of the thing that a cell names by id or by name; `within`: a department that is meant where only the last
    /// part is given, or where others have the name too.
    pub(super) fn found(&self, kind: Kind, text: &str, within: Option<&str>) -> Result<String, String> {
        let whole = self.whole(text);
        let inside = within.map(|parent| format!("{parent}.{}", cell::narrow(text).to_lowercase()));
        if let Some(id) = [Some(&whole), inside.as_ref()].into_iter().flatten().find(|id| self.is_there(kind, id)) {
            return Ok(id.clone());
        }
        let is_within = |id: &&String| within.is_none_or(|parent| id.starts_with(&format!("{parent}.")));
        let named = self.names.get(&(kind, text.to_owned()));
        let named: Vec<&String> = named.into_iter().flatten().filter(is_within).collect();
        match named.as_slice() {
            [id] => Ok((*id).clone()),
            [] => Err(format!("{} is no {} of this site, by id or by name", repeated(text), kind.one())),
            several => {
                let ids: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
                Err(format!("{} is the name of {}: write the id", repeated(text), ids.join(" and ")))
            }
        }
    }

    /// The row's own id, made whole; none after a fault.
    fn own_id(&mut self, sheet: &Sheet, row: &Row) -> Option<String> {
        let made = self.made_id(sheet, row);
        let checked = made.and_then(|id| match sheet.kind {
            Kind::Staff => Ok(id),
            _ if is_well_formed(&id) => Ok(id),
            _ => Err((
                id_header(sheet),
                format!("{} is no id: a-z, 0-9, - and _, in parts joined by dots", repeated(&id)),
            )),
        });
        match checked {
            Ok(id) => Some(id),
            Err((header, says)) => {
                self.faults.push(sheet.fault(row.line, header, says));
                None
            }
        }
    }

    fn made_id<'s>(&self, sheet: &'s Sheet, row: &Row) -> Result<String, (Option<&'s Header>, String)> {
        let under = |name: &str| {
            let header = sheet.header(name);
            (header, header.map(|header| row.cell(header)).unwrap_or_default())
        };
        let (id_header, own) = under("id");
        if own.is_empty() && sheet.kind != Kind::Sessions {
            return Err((id_header, "it must not be empty".to_owned()));
        }
        match sheet.kind {
            Kind::Staff => Ok(own.to_owned()),
            Kind::Rooms | Kind::Queues | Kind::Exceptions => {
                let (header, department) = under("department");
                let department = match (department, &row.queue) {
                    _ if own.contains('.') => return Ok(self.whole(own)),
                    ("", None) => return Ok(self.whole(own)),
                    ("", Some(queue)) => {
                        let queue = self.found(Kind::Queues, queue, None).map_err(|says| (None::<&'s Header>, says))?;
                        queue.split('.').take(2).collect::<Vec<_>>().join(".")
                    }
                    (named, _) => self.found(Kind::Departments, named, None).map_err(|says| (header, says))?,
                };
                Ok(format!("{department}.{}", cell::narrow(own).to_lowercase()))
            }
            Kind::Sessions | Kind::Templates => {
                let (header, queue) = under("queue");
                let queue = self.found(Kind::Queues, queue, None).map_err(|says| (header, says))?;
                let department: Vec<&str> = queue.split('.').take(2).collect();
                let department = department.join(".");
                if own.contains('.') {
                    return Ok(self.whole(own));
                }
                if !own.is_empty() {
                    return Ok(format!("{department}.{}", cell::narrow(own).to_lowercase()));
                }
                let (header, date) = under("date");
                let date = cell::date(date).map_err(|allowed| (header, unread(date, &allowed)))?;
                let (header, doctor) = under("doctor");
                let whose = match doctor {
                    "" => queue.clone(),
                    doctor => self.found(Kind::Doctors, doctor, None).map_err(|says| (header, says))?,
                };
                let whose = whose.rsplit('.').next().unwrap_or_default();
                let (header, period) = under("period");
                let period = cell::period(period);
                let period = period.as_str().filter(|period| is_well_formed(period) && !period.contains('.'));
                let period = period.ok_or((header, "of another period the session needs an id".to_owned()))?;
                let date = jiaohao_domain::BusinessDate(date).compact();
                Ok(format!("{department}.s{date}-{whose}-{period}"))
            }
            _ => Ok(self.whole(own)),
        }
    }

    /// What the row wants; none after a fault.
    fn wish(&mut self, sheet: &Sheet, row: &Row, id: &str) -> Option<Wish> {
        if sheet.kind == Kind::Staff && self.known.accounts_elsewhere.contains(id) {
            let says = "an account of another site, or of all sites, has this name: take another";
            let code = Some(Code::AlreadyExists.wire().to_owned());
            self.faults.push(Fault { code, ..sheet.fault(row.line, id_header(sheet), says) });
            return None;
        }
        let before = self.known.thing(sheet.kind, id);
        match is_retired(sheet, row) {
            Ok(false) => {}
            // Of what there is no more already, or is over, nothing is sent.
            Ok(true) => {
                let change = match before {
                    None => Change::Same,
                    Some(before) if self.is_over(sheet.kind, before) => Change::Over,
                    Some(_) => Change::Retired,
                };
                return Some(Wish::of(sheet, row, id, json!({ "id": id }), change));
            }
            Err((header, says)) => {
                self.faults.push(sheet.fault(row.line, header, says));
                return None;
            }
        }
        let mut fields = before.and_then(Value::as_object).cloned().unwrap_or_default();
        fields.insert("id".to_owned(), json!(id));
        if sheet.kind == Kind::Staff && before.is_none() {
            fields.insert("site".to_owned(), json!(self.known.site));
        }
        let faults = self.faults.len();
        let mut password = None;
        for header in &sheet.headers {
            let text = row.cell(header);
            let required = sheet.kind.columns().iter().any(|c| c.required && c.name == header.name);
            if text.is_empty() && required {
                self.faults.push(sheet.fault(row.line, Some(header), "it must not be empty"));
                continue;
            }
            if header.cell == Cell::Password {
                password = (!text.is_empty()).then(|| Redacted::new(text.to_owned()));
                continue;
            }
            if let Err(allowed) = self.fill(&mut fields, header, text, id) {
                let says = unread(text, &allowed);
                // A password in the wrong column is one all the same.
                let parts = cell::several(text).chain([text]).map(repeated);
                let says = match sheet.kind {
                    Kind::Staff => parts.fold(says, |says, part| says.replace(&part, "the cell")),
                    _ => says,
                };
                self.faults.push(sheet.fault(row.line, Some(header), says));
            }
        }
        let others = match sheet.kind {
            Kind::Sessions | Kind::Templates => slots(sheet, row, &mut fields),
            Kind::Exceptions => self.does(sheet, row, &mut fields),
            _ => Ok(()),
        };
        if let Err((header, says)) = others {
            self.faults.push(sheet.fault(row.line, header, says));
        }
        if self.faults.len() > faults {
            return None;
        }
        let note = if sheet.kind == Kind::Departments { number_only(&mut fields) } else { None };
        let fields = Value::Object(fields);
        let change = match self.compare(sheet.kind, &fields, before) {
            Ok(change) => change,
            Err(why) => {
                let code = Some(why.code.wire().to_owned());
                let fault = Fault { code, ..sheet.fault(row.line, None, says(&why)) };
                self.faults.push(fault);
                return None;
            }
        };
        Some(Wish { password, note, ..Wish::of(sheet, row, id, fields, change) })
    }

    /// Puts a cell into its field. An empty one leaves the field out: it is then as the protocol has it without.
    fn fill(&self, fields: &mut Map<String, Value>, header: &Header, text: &str, id: &str) -> Result<(), String> {
        let department = || id.split('.').take(2).collect::<Vec<_>>().join(".");
        let field = field_of(&header.name);
        let is_id = matches!(header.cell, Cell::Id | Cell::Account) || matches!(field, "department" | "retired");
        let is_part = matches!(field, "hours" | "slot_minutes" | "capacity" | "does" | "substitute" | "as_weekday");
        let is_part = is_part || QUOTAS.contains(&field);
        if is_id || is_part || field == "reason" {
            return Ok(());
        }
        if header.cell == Cell::Setting {
            return if text.is_empty() { Ok(()) } else { cell::set(fields, field, cell::setting(text)) };
        }
        if text.is_empty() {
            fields.remove(field);
            return Ok(());
        }
        let value = match header.cell {
            Cell::YesNo => cell::yes_no(text)?,
            Cell::Whole | Cell::MaybeWhole => cell::whole(text)?,
            Cell::Yuan => cell::yuan(text)?,
            Cell::Date | Cell::MaybeDate => json!(cell::date(text)?),
            Cell::Weekdays => cell::weekdays(text)?,
            Cell::Moment => cell::moment(text, self.known.zone)?,
            Cell::Role => cell::role(text)?,
            Cell::Period => cell::period(text),
            Cell::One(kind) | Cell::MaybeOne(kind) => {
                let within = matches!(kind, Kind::Rooms | Kind::Templates).then(department);
                json!(self.found(kind, text, within.as_deref())?)
            }
            Cell::Many(kind) => {
                let found: Result<Vec<String>, String> =
                    cell::several(text).map(|part| self.found(kind, part, None)).collect();
                json!(found?)
            }
            Cell::Text | Cell::MaybeText => json!(text),
            Cell::Id | Cell::Account | Cell::Hours | Cell::Password | Cell::Setting => return Ok(()),
            Cell::Does | Cell::Weekday => return Ok(()),
        };
        fields.insert(field.to_owned(), value);
        Ok(())
    }

    /// Whether it is of a day that is over.
    fn is_over(&self, kind: Kind, fields: &Value) -> bool {
        let last = match kind {
            Kind::Sessions => &fields["date"],
            Kind::Exceptions => &fields["to"],
            _ => return false,
        };
        last.as_str().is_some_and(|day| *day < *self.known.today.0.to_string())
    }

    fn compare(&self, kind: Kind, fields: &Value, before: Option<&Value>) -> Result<Change, jiaohao_domain::Rejection> {
        let now = in_full(kind, fields)?;
        if self.is_over(kind, fields) {
            return Ok(Change::Over);
        }
        let Some(before) = before else { return Ok(Change::Made) };
        let before = in_full(kind, before)?;
        let changed: Vec<String> = now
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(field, value)| before[*field] != **value)
            .flat_map(|(field, value)| changed(field, &before[field], value))
            .collect();
        Ok(if changed.is_empty() { Change::Same } else { Change::Changed(changed) })
    }
}

/// Whether the row says that there is no more of it.
pub(super) fn is_retired<'s>(sheet: &'s Sheet, row: &Row) -> Result<bool, (Option<&'s Header>, String)> {
    let Some(header) = sheet.header("retired") else { return Ok(false) };
    match row.cell(header) {
        "" => Ok(false),
        text => match cell::yes_no(text) {
            Ok(yes) => Ok(yes == json!(true)),
            Err(allowed) => Err((Some(header), unread(text, &allowed))),
        },
    }
}

pub(super) fn unread(text: &str, allowed: &str) -> String {
    // Words that begin with the cell say themselves what it is.
    if allowed.starts_with('"') { allowed.to_owned() } else { format!("{} is not {allowed}", repeated(text)) }
}
