//! What is wrong with a configuration: where (file and line, or variable), which field, what, and what is allowed.

use std::fmt;
use std::ops::Range;

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

/// Reads the text of `source` into `T` and checks every range.
pub(super) fn read<T: DeserializeOwned>(source: &str, text: &str) -> Result<T, Problem> {
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
    let table = DeTable::parse(text).map_err(|error| at(error.span(), error.message()))?;
    let values: T = toml::from_str(text).map_err(|error| at(error.span(), error.message()))?;
    for (section, content) in table.get_ref() {
        let DeValue::Table(fields) = content.get_ref() else { continue };
        for (key, value) in fields {
            let field = format!("{}.{}", section.get_ref(), key.get_ref());
            let number = text[value.span()].replace('_', "").parse::<i64>().ok();
            let (Some((low, high)), Some(number)) = (allowed(&field).as_deref().and_then(range), number) else {
                continue;
            };
            if number < low || number > high {
                return Err(at(Some(key.span()), &format!("{number} is out of range")));
            }
        }
    }
    Ok(values)
}

/// What the doc of `section.key` allows: its sentence after "Allowed:"; for an unknown key, the keys there are.
fn allowed(field: &str) -> Option<String> {
    let (section, key) = field.split_once('.').map_or((field, None), |(section, key)| (section, Some(key)));
    let names = |meta: &Meta| meta.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
    let Some(Field { kind: FieldKind::Nested { meta }, .. }) =
        Settings::META.fields.iter().find(|field| field.name == section)
    else {
        return Some(names(&Settings::META));
    };
    let Some(known) = meta.fields.iter().find(|field| Some(field.name) == key) else { return Some(names(meta)) };
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
