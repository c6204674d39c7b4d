//! What is wrong with a configuration: where (file and line, or variable), which field, what, and what is allowed.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use confique::Config;
use confique::meta::{Field, FieldKind, Meta};
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::Settings;

/// One thing that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// File or environment variable.
    pub source_name: String,
    /// Line in the file, from 1.
    pub line: Option<usize>,
    /// `section.key`.
    pub field: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What is allowed there, as the field's doc says.
    pub allowed: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source_name)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.what)?;
        if let Some(allowed) = &self.allowed {
            write!(f, " (allowed: {allowed})")?;
        }
        Ok(())
    }
}

impl Problem {
    pub(super) fn of_source(source: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self { source_name: source.to_string(), line: None, field: None, what: what.to_string(), allowed: None }
    }

    pub(super) fn without_line(mut self) -> Self {
        self.line = None;
        self
    }
}

/// Everything that is wrong with the configuration, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// The text of a file; an editor may have written it in another encoding (GBK).
pub(super) fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let what = "this line is not UTF-8 (GBK?): save it as UTF-8";
        Problem { line: Some(line), ..Problem::of_source(path.display(), what) }
    })
}

/// What of a text can be read, without what is wrong there: so that what is wrong elsewhere is found too.
pub(super) fn without<T: DeserializeOwned>(text: &str, wrong: &[Problem]) -> Option<T> {
    let mut table: toml::Table = toml::from_str(text).ok()?;
    for field in wrong.iter().filter_map(|problem| problem.field.as_deref()) {
        match field.split_once('.') {
            None => drop(table.remove(field)),
            Some((section, key)) => {
                if let Some(toml::Value::Table(fields)) = table.get_mut(section) {
                    fields.remove(key);
                }
            }
        }
    }
    table.try_into().ok()
}

/// Reads the text of `source` into `T` and checks every name and range. Each setting is read by itself, so that all
/// faults are named at once.
pub(super) fn read<T: DeserializeOwned>(source: &str, text: &str) -> Result<T, Problems> {
    let at = |span: Option<Range<usize>>, what: &str| {
        let field = span.clone().and_then(|span| field_at(text, &span));
        Problem {
            source_name: source.to_owned(),
            line: span.map(|span| line_of(text, span.start)),
            allowed: field.as_deref().and_then(allowed),
            field,
            what: what.trim().replace('\n', "; "),
        }
    };
    let table = DeTable::parse(text).map_err(|error| {
        let known = error.span().and_then(|span| twice(text, &span).or_else(|| unquoted(text, &span)));
        at(error.span(), known.as_deref().unwrap_or(error.message()))
    })?;
    let mut wrong = Vec::new();
    for (section, content) in table.get_ref() {
        let name = section.get_ref();
        if section_of(name).is_none() {
            let says = match home_of(name) {
                Some(home) if !matches!(content.get_ref(), DeValue::Table(_)) => {
                    format!("this setting stands in no section: put it under [{home}]")
                }
                _ => "there is no such section".to_owned(),
            };
            wrong.push(at(Some(section.span()), &says));
            continue;
        }
        let DeValue::Table(fields) = content.get_ref() else {
            wrong.push(at(Some(section.span()), &format!("this is a section: write [{name}]")));
            continue;
        };
        for (key, value) in fields {
            let field = format!("{name}.{}", key.get_ref());
            let given = &text[value.span()];
            if !is_setting(&field) {
                wrong.push(at(Some(key.span()), "there is no such setting"));
            } else if let Err(error) = toml::from_str::<T>(&format!("[{name}]\n{} = {given}\n", key.get_ref())) {
                wrong.push(at(Some(key.span()), error.message()));
            } else if let (Some((low, high)), Ok(number)) =
                (allowed(&field).as_deref().and_then(range), given.replace('_', "").parse::<i64>())
                && !(low..=high).contains(&number)
            {
                wrong.push(at(Some(key.span()), &format!("{number} is out of range")));
            }
        }
    }
    if wrong.is_empty() {
        toml::from_str(text).map_err(|error| at(error.span(), error.message()).into())
    } else {
        Err(Problems(wrong))
    }
}

/// Text without its quotes, where the text could not be read. The value may be a secret: it is not repeated.
fn unquoted(text: &str, span: &Range<usize>) -> Option<String> {
    let line = text.lines().nth(line_of(text, span.start).checked_sub(1)?)?;
    let (key, value) = line.split_once('=')?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    let is_text = !value.is_empty() && !value.starts_with(['"', '\'', '[', '{', '#']);
    // What begins as text and is not closed is another slip.
    let is_text =
        is_text && !value.contains(['"', '\'']) && toml::from_str::<toml::Value>(&format!("x = {value}")).is_err();
    is_text.then(|| format!("text stands in quotes: {} = \"…\"", key.trim()))
}

/// The section that has a setting of that name.
fn home_of(name: &str) -> Option<&'static str> {
    let has = |meta: &Meta| meta.fields.iter().any(|field| field.name == name);
    Settings::META.fields.iter().map(|section| section.name).find(|section| section_of(section).is_some_and(has))
}

/// What stands twice where the text could not be read: the section or setting, with the line of the first one, and what to do.
fn twice(text: &str, span: &Range<usize>) -> Option<String> {
    let line_at = line_of(text, span.start);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let section = |line: &str| Some(line.strip_prefix('[')?.split_once(']')?.0.trim().to_owned());
    let key = |line: &str| {
        let (key, _) = line.split_once('=')?;
        (!line.starts_with('#')).then(|| key.trim().to_owned())
    };
    let before = lines.get(..line_at - 1)?;
    let here = lines.get(line_at - 1)?;
    if let Some(name) = section(here) {
        let first = before.iter().position(|line| section(line).as_ref() == Some(&name))? + 1;
        let what =
            format!("the section [{name}] stands twice (line {first} has it): put its settings under the first one");
        return Some(what);
    }
    let name = key(here)?;
    let begins = before.iter().rposition(|line| section(line).is_some()).map_or(0, |at| at + 1);
    let first = before[begins..].iter().position(|line| key(line).as_ref() == Some(&name))? + begins + 1;
    Some(format!("{name} stands twice (line {first} has it): keep one of the two"))
}

/// In which line of the text `section.key` stands.
pub(super) fn line_of_setting(text: &str, field: &str) -> Option<usize> {
    let (section, key) = field.split_once('.')?;
    let table = DeTable::parse(text).ok()?;
    let DeValue::Table(fields) = table.get_ref().get(section)?.get_ref() else { return None };
    let (key, _) = fields.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(line_of(text, key.span().start))
}

fn section_of(name: &str) -> Option<&'static Meta> {
    match Settings::META.fields.iter().find(|field| field.name == name)?.kind {
        FieldKind::Nested { meta } => Some(meta),
        FieldKind::Leaf { .. } => None,
    }
}

fn setting(field: &str) -> Option<&'static Field> {
    let (section, key) = field.split_once('.')?;
    section_of(section)?.fields.iter().find(|field| field.name == key)
}

/// The variables of the settings that somebody may have meant who left out an underscore or the section.
pub(super) fn meant_by(rest: &str) -> Vec<String> {
    let rest = rest.to_ascii_lowercase();
    let mut meant = Vec::new();
    for section in Settings::META.fields {
        let Some(meta) = section_of(section.name) else { continue };
        for field in meta.fields {
            if rest == field.name || rest == format!("{}_{}", section.name, field.name) {
                meant.push(format!("JIAOHAO_{}__{}", section.name, field.name).to_ascii_uppercase());
            }
        }
    }
    meant
}

/// Whether a setting is a list.
pub(super) fn is_list(field: &str) -> bool {
    let Some((section, key)) = field.split_once('.') else { return false };
    toml::from_str::<super::SettingsLayer>(&format!("[{section}]\n{key} = []\n")).is_ok()
}

fn is_setting(field: &str) -> bool {
    setting(field).is_some()
}

/// What the doc of `section.key` allows: its sentence after "Allowed:"; for an unknown key, the keys there are.
pub(super) fn allowed(field: &str) -> Option<String> {
    let names = |meta: &Meta| Some(meta.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", "));
    let section = field.split_once('.').map_or(field, |(section, _)| section);
    let Some(meta) = section_of(section) else { return names(&Settings::META) };
    let Some(known) = setting(field) else { return names(meta) };
    let doc = known.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let (_, sentence) = doc.split_once("Allowed: ")?;
    Some(sentence.trim_end_matches('.').to_owned())
}

/// `A to B`.
pub(super) fn range(allowed: &str) -> Option<(i64, i64)> {
    let (low, high) = allowed.split_once(" to ")?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// The allowed range of `section.key`, for the tests.
#[cfg(test)]
pub(super) fn range_of(field: &str) -> Option<(i64, i64)> {
    allowed(field).as_deref().and_then(range)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// The innermost `section.key` that covers the span.
fn field_at(text: &str, span: &Range<usize>) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let covers = |range: Range<usize>| range.start <= span.start && span.start < range.end.max(range.start + 1);
    for (section, content) in table.get_ref() {
        if let DeValue::Table(fields) = content.get_ref() {
            for (key, value) in fields {
                if covers(key.span()) || covers(value.span()) {
                    return Some(format!("{}.{}", section.get_ref(), key.get_ref()));
                }
            }
        }
        if covers(section.span()) || covers(content.span()) {
            return Some(section.get_ref().to_string());
        }
    }
    None
}
