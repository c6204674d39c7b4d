//! Sessions that the directory leaves out: it tells of two months, and of as many a department as it has room for, while a
//! plan goes a year ahead. Each one that a row names is asked for by itself.

use std::collections::BTreeSet;

use jiaohao_domain::{DepartmentId, SessionId};
use serde_json::Value;

use super::cell;
use super::file::{Fault, Row, Sheet};
use super::kinds::Kind;
use super::known::{Known, session};
use super::plan::{Planner, is_retired};
use crate::clients::Refusal;
use crate::clients::http::Door;

/// A row's session of which the directory says nothing.
struct Named {
    file: String,
    line: u64,
    id: SessionId,
}

/// Asks the server for every such session and lets `known` have it. What cannot be read is a fault of its row: of what is
/// not known, nobody can say that it is as it was.
///
/// # Errors
/// The server cannot be reached, or lets nobody in any more.
pub async fn ask(door: &Door, token: &str, sheets: &[Sheet], known: &mut Known) -> Result<Vec<Fault>, Refusal> {
    learn(sheets, known, async |path: String| door.insist("GET", &path, Some(token), &Value::Null).await).await
}

/// As [`ask`], of whoever reads for it.
///
/// # Errors
/// As [`ask`].
pub(super) async fn learn(
    sheets: &[Sheet],
    known: &mut Known,
    read: impl AsyncFn(String) -> Result<Value, Refusal>,
) -> Result<Vec<Fault>, Refusal> {
    let (mut faults, mut silent) = (Vec::new(), BTreeSet::<DepartmentId>::new());
    for named in left_out(sheets, known) {
        let department = named.id.department();
        let answered = match silent.contains(&department) {
            // Nobody waits for the same department again with each of its rows.
            true => Err(Refusal { code: "overloaded".to_owned(), ..Refusal::door("its department does not answer") }),
            false => read(format!("/streams/session:{}", named.id)).await,
        };
        match answered {
            // One that was retired: there is no more of it, and what defines it anew is refused with its line.
            Ok(answer) if answer["snapshot"]["open"] == false => {}
            Ok(answer) => {
                let shown = session(&answer["snapshot"]);
                let shown = shown.ok_or_else(|| Refusal::door("a session is not as the protocol has it"))?;
                known.things.entry(Kind::Sessions).or_default().insert(named.id.to_string(), shown);
            }
            Err(why) if why.code == "unknown_stream" => {}
            Err(why) if matches!(why.code.as_str(), "door" | "unauthenticated") => return Err(why),
            Err(why) => {
                if why.is_passing() {
                    silent.insert(department);
                }
                let says = format!("what there is of {} cannot be read now: {}", named.id, why.detail);
                let (file, line, code) = (named.file, named.line, Some(why.code));
                faults.push(Fault { file, line, column: None, code, says });
            }
        }
    }
    Ok(faults)
}

/// The rows whose session may be there although the directory has it not. What is wrong with a row is told when it is read.
fn left_out(sheets: &[Sheet], known: &Known) -> Vec<Named> {
    if !known.lacks_sessions {
        return Vec::new();
    }
    let rows = Planner::of(known).enlist(sheets).into_iter().filter(|(sheet, _, _)| sheet.kind == Kind::Sessions);
    let unknown = rows.filter(|(sheet, row, id)| known.thing(sheet.kind, id).is_none() && !is_over(sheet, row, known));
    let named = unknown.map(|(sheet, row, id)| Named {
        file: sheet.file.clone(),
        line: row.line,
        id: SessionId::from(id.as_str()),
    });
    // A department that is new has none.
    named.filter(|named| known.thing(Kind::Departments, named.id.department().as_str()).is_some()).collect()
}

/// Whether the row is one of a day that is over, of which nothing is sent. What is retired may have any day beside it.
fn is_over(sheet: &Sheet, row: &Row, known: &Known) -> bool {
    let date = sheet.header("date").and_then(|header| cell::date(row.cell(header)).ok());
    let is_retired = is_retired(sheet, row).is_ok_and(|is| is);
    !is_retired && date.is_some_and(|date| date < known.today.0)
}
