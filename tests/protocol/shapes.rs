//! The shapes that PROTOCOL.md gives to snapshots, events and answers, read off it, and values compared with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What is said of one field.
struct Field {
    may_be_absent: bool,
    kind: String,
}

/// All shapes of the document, and which of their fields have been seen.
#[derive(Default)]
pub struct Shapes {
    groups: BTreeMap<String, Vec<String>>,
    shapes: BTreeMap<String, BTreeMap<String, Field>>,
    seen: BTreeSet<(String, String)>,
}

impl Shapes {
    /// Reads the fenced blocks named `shapes`.
    pub fn read(document: &str) -> Self {
        let mut all = Self::default();
        for block in document.split("```shapes\n").skip(1) {
            let mut shape = String::new();
            for line in block.split("```").next().unwrap().lines().filter(|line| !line.trim().is_empty()) {
                if let Some((name, members)) = line.strip_prefix("group ").and_then(|line| line.split_once(" = ")) {
                    all.groups.insert(name.to_owned(), members.split(", ").map(str::to_owned).collect());
                } else if let Some(field) = line.strip_prefix("  ") {
                    all.field(&shape, field);
                } else {
                    shape = said(line).to_owned();
                    assert!(all.shapes.insert(shape.clone(), BTreeMap::new()).is_none(), "{shape} stands twice");
                }
            }
        }
        all
    }

    fn field(&mut self, shape: &str, line: &str) {
        let (names, kind) = said(line).split_once(": ").unwrap_or_else(|| panic!("{shape}: {line}: no type"));
        for name in names.split(", ") {
            let (name, may_be_absent) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
            let members = self.groups.get(name).cloned().unwrap_or_else(|| vec![name.to_owned()]);
            for member in members {
                let fields = self.shapes.get_mut(shape).expect("a shape's name stands before its fields");
                let field = fields.entry(member.clone());
                match field {
                    std::collections::btree_map::Entry::Vacant(vacant) => {
                        vacant.insert(Field { may_be_absent, kind: kind.to_owned() });
                    }
                    // a name of two groups: either shape
                    std::collections::btree_map::Entry::Occupied(mut known) => {
                        known.get_mut().kind = format!("{} or {kind}", known.get().kind);
                    }
                }
            }
        }
    }

    /// Whether there is such a shape.
    pub fn has(&self, shape: &str) -> bool {
        self.shapes.contains_key(shape)
    }

    /// Compares a value with a type; what differs is said with its place.
    pub fn check(&mut self, kind: &str, value: &Value, place: &str) -> Result<(), String> {
        let mut why = Vec::new();
        for one in alternatives(kind) {
            match self.check_one(one, value, place) {
                Ok(()) => return Ok(()),
                Err(fault) => why.push(fault),
            }
        }
        Err(why.join("; or "))
    }

    fn check_one(&mut self, kind: &str, value: &Value, place: &str) -> Result<(), String> {
        if value == LEFT_OUT {
            return Ok(());
        }
        let fits = |fits: bool| if fits { Ok(()) } else { Err(format!("{place}: {value} is no {kind}")) };
        let text = value.as_str();
        match kind {
            "null" => fits(value.is_null()),
            "text" => fits(text.is_some()),
            "id" => fits(text.is_some_and(|text| !text.is_empty() && !text.contains(' '))),
            "number" => fits(value.is_i64() || value.is_u64()),
            "decimal" => fits(value.is_number()),
            "yes/no" => fits(value.is_boolean()),
            "object" => fits(value.is_object()),
            "time" => fits(text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())),
            "date" => fits(text.is_some_and(|text| text.len() == 10 && text.as_bytes()[4] == b'-')),
            _ => {
                if let Some(inside) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
                    let Some(list) = value.as_array() else { return fits(false) };
                    return list.iter().try_for_each(|one| self.check(inside, one, &format!("{place}[]")));
                }
                if let Some(inside) = kind.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
                    let Some(object) = value.as_object() else { return fits(false) };
                    return object.values().try_for_each(|one| self.check(inside, one, &format!("{place}{{}}")));
                }
                if !self.has(kind) && kind.contains('/') {
                    return fits(text.is_some_and(|text| kind.split('/').any(|word| word == text)));
                }
                self.check_shape(kind, value.as_object().ok_or(format!("{place}: {value} is no {kind}"))?, place)
            }
        }
    }

    fn check_shape(&mut self, shape: &str, object: &Map<String, Value>, place: &str) -> Result<(), String> {
        let fields = self.shapes.get(shape).unwrap_or_else(|| panic!("{place}: there is no shape {shape}"));
        let is_part = object.contains_key(LEFT_OUT);
        let missing =
            fields.iter().find(|(name, field)| !field.may_be_absent && !is_part && !object.contains_key(*name));
        if let Some((name, _)) = missing {
            return Err(format!("{place}: {shape} has no {name} here"));
        }
        let kinds: Vec<(String, String)> = object
            .keys()
            .filter(|name| *name != LEFT_OUT)
            .map(|name| fields.get(name).map(|field| (name.clone(), field.kind.clone())).ok_or(name))
            .collect::<Result<_, _>>()
            .map_err(|name| format!("{place}: {name} of {shape} is not documented"))?;
        for (name, kind) in kinds {
            self.check(&kind, &object[&name], &format!("{place}.{name}"))?;
            self.seen.insert((shape.to_owned(), name));
        }
        Ok(())
    }

    /// Compares what stands behind an event's name on a stream of a kind.
    pub fn check_event(&mut self, stream_kind: &str, event: &Value) -> Result<(), String> {
        let shape = format!("{stream_kind} events");
        let (name, payload) = event.as_object().and_then(|event| event.iter().next()).expect("one name");
        let known = self.shapes.get(&shape).unwrap_or_else(|| panic!("no list of {shape}"));
        let kind = known.get(name).ok_or(format!("{stream_kind}: the event {name} is not documented"))?.kind.clone();
        self.check(&kind, payload, &format!("{stream_kind} {name}"))?;
        self.seen.insert((shape, name.clone()));
        Ok(())
    }

    /// Fields that no value has had; events apart.
    pub fn unseen(&self) -> Vec<String> {
        let shapes = self.shapes.iter().filter(|(shape, _)| !shape.ends_with(" events"));
        let fields = shapes.flat_map(|(shape, fields)| fields.keys().map(move |name| (shape.clone(), name.clone())));
        fields.filter(|field| !self.seen.contains(field)).map(|(shape, name)| format!("{shape}.{name}")).collect()
    }

    /// Names of events that a stream is said to have.
    pub fn events(&self, stream_kind: &str) -> Vec<&str> {
        self.shapes[&format!("{stream_kind} events")].keys().map(String::as_str).collect()
    }
}

/// What an example does not show.
pub const LEFT_OUT: &str = "…";

/// Reads an example of the document, in which `{…}`, `[…]` and `,…` stand for what it does not show.
pub fn example(text: &str) -> Value {
    let text = text.replace("{…}", r#""…""#).replace("[…]", r#""…""#).replace(",…}", r#","…":"…"}"#);
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// A line without what is said of it in words, which stands behind two spaces or more.
fn said(line: &str) -> &str {
    line.split("  ").next().unwrap_or(line).trim_end()
}

/// `A or B`, but not inside brackets.
fn alternatives(kind: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut from = 0;
    let mut parts = Vec::new();
    for (at, c) in kind.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ' ' if depth == 0 && kind[at..].starts_with(" or ") => {
                parts.push(&kind[from..at]);
                from = at + " or ".len();
            }
            _ => {}
        }
    }
    parts.push(&kind[from..]);
    parts
}
