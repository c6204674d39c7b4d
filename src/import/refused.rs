//! What would be refused of all that is wished, in words, before anything is sent.

use std::collections::BTreeMap;

use jiaohao_domain::Code;
use jiaohao_domain::codes::Valid;
use jiaohao_domain::plan::{EXCEPTIONS_MAX, TEMPLATES_MAX};
use serde_json::json;

use super::file::{Fault, Sheet};
use super::kinds::Kind;
use super::known::Known;
use super::plan::{Change, Wish};
use super::rehearsal::Rehearsal;
use super::told::columns_of;
use crate::wire;

/// What goes beyond what a department may have, said once for each and before anything is rehearsed.
pub fn too_many(wishes: &[Wish], known: &Known) -> Vec<Fault> {
    let department = |id: &str| id.split('.').take(2).collect::<Vec<_>>().join(".");
    let mut faults = Vec::new();
    for (kind, most) in [(Kind::Templates, TEMPLATES_MAX), (Kind::Exceptions, EXCEPTIONS_MAX)] {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for id in known.things.get(&kind).into_iter().flat_map(BTreeMap::keys) {
            *counts.entry(department(id)).or_default() += 1;
        }
        for wish in wishes.iter().filter(|wish| wish.kind == kind && wish.change == Change::Made) {
            let department = department(&wish.id);
            let count = counts.entry(department.clone()).or_default();
            *count += 1;
            if *count == most + 1 {
                let says = format!("{department} would have more than {most} {}", kind.name());
                let (file, code) = (wish.file.clone(), Some(Code::LimitExceeded.wire().to_owned()));
                faults.push(Fault { file, line: wish.line, column: None, code, says });
            }
        }
    }
    faults
}

/// What the domain would refuse.
pub fn rehearse(
    wishes: &[Wish],
    sheets: &[Sheet],
    known: &Known,
    step: impl Fn(usize, usize),
    faults: &mut Vec<Fault>,
) {
    let told = |wish: &Wish, why: jiaohao_domain::Rejection| {
        let named = why.valid_now.iter().find(|(name, _)| *name == "field").map(|(_, field)| word(field));
        let of_wish = |sheet: &&Sheet| sheet.file == wish.file && sheet.kind == wish.kind;
        let sheet = sheets.iter().find(of_wish);
        let columns = named.as_deref().map(columns_of).unwrap_or_default();
        let headers = columns.iter().filter_map(|column| Some(sheet?.header(column)?.text.as_str()));
        let headers: Vec<&str> = headers.collect();
        Fault {
            file: wish.file.clone(),
            line: wish.line,
            column: (!headers.is_empty()).then(|| headers.join(", ")),
            code: Some(why.code.wire().to_owned()),
            says: says(&why),
        }
    };
    let mut rehearsal = match Rehearsal::of(known) {
        Ok(rehearsal) => rehearsal,
        Err(why) => {
            let says = format!("what the server has cannot be rehearsed: {}", why.detail);
            faults.push(Fault { file: known.site.to_string(), line: 0, column: None, code: None, says });
            return;
        }
    };
    for (n, wish) in wishes.iter().enumerate() {
        step(n, wishes.len());
        if matches!(wish.change, Change::Same | Change::Over) {
            continue;
        }
        let mut fields = wish.fields.clone();
        if let (Kind::Staff, Some(password)) = (wish.kind, &wish.password) {
            fields["password"] = json!(password.reveal());
        } else if wish.needs_password() {
            fields["password"] = json!("made when it is sent");
        }
        let before = known.thing(wish.kind, &wish.id);
        let given = wire::named_command(wish.command(), fields).and_then(|c| rehearsal.give(&c, before));
        if let Err(why) = given {
            faults.push(told(wish, why));
        }
    }
}

/// A refusal in words, with what it is about.
pub fn says(why: &jiaohao_domain::Rejection) -> String {
    let about = why.valid_now.iter().filter(|(name, _)| *name != "field");
    let about = about.map(|(name, value)| format!("{} {}", columns_of(name).join(", "), word(value)));
    let about: Vec<String> = about.collect();
    if about.is_empty() { why.detail.clone() } else { format!("{} ({})", why.detail, about.join(", ")) }
}

fn word(value: &Valid) -> String {
    match value {
        Valid::Text(text) => text.clone(),
        Valid::Number(number) => number.to_string(),
        Valid::List(list) => list.join(", "),
        Valid::Nothing => "none".to_owned(),
    }
}
