//! Reading the audit again: the lines of a day, about an id or by an account, some at a time. Ids only, as written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use jiaohao_domain::{AccountId, BusinessDate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Lines in one answer.
const LINES_MAX: usize = 100;
/// Bytes looked through for one answer: a page may be short, or empty, and still not be the last.
const BYTES_MAX: u64 = 8 << 20;
/// A longer line is none of ours.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// Which lines.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// The day (UTC).
    pub day: BusinessDate,
    /// Only lines about this id.
    #[serde(default)]
    pub about: Option<String>,
    /// Only lines of this account.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// From where the answer before ended (its `next`).
    #[serde(default)]
    pub after: Option<u64>,
}

impl AuditQuery {
    /// Whether nothing of it was typed.
    pub fn is_of_all(&self) -> bool {
        self.about.is_none() && self.account.is_none()
    }

    /// What was asked for, as the audit itself puts it down: ids only. What stands on some line is one, anything else may not be.
    pub fn about_ids(&self, found: bool) -> Vec<String> {
        let asked = [self.about.clone(), self.account.as_ref().map(AccountId::to_string)];
        std::iter::once(self.day.0.to_string()).chain(asked.into_iter().flatten().filter(|_| found)).collect()
    }

    fn fits(&self, line: &Value) -> bool {
        let is_about = |id: &String| line["about"].as_array().is_some_and(|ids| ids.iter().any(|one| one == id));
        self.about.as_ref().is_none_or(is_about)
            && self.account.as_ref().is_none_or(|account| line["account"] == account.as_str())
    }
}

/// The next page of a day's lines, oldest first: `{"day","lines","next"}`; `next` is null when this was the last. A day
/// without a file has no lines. A torn line is left out.
///
/// # Errors
/// The disk's.
pub fn read(dir: &Path, query: &AuditQuery) -> io::Result<Value> {
    let day = query.day.0.to_string();
    let mut lines = Vec::new();
    let mut next = None;
    match File::open(dir.join(format!("{day}.jsonl"))) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        file => {
            let mut file = file?;
            let end = file.metadata()?.len();
            let from = query.after.unwrap_or(0).min(end);
            file.seek(SeekFrom::Start(from))?;
            let mut reader = BufReader::new(file);
            let mut at = from;
            while at < end {
                if lines.len() == LINES_MAX || at - from >= BYTES_MAX {
                    next = Some(at);
                    break;
                }
                let mut bytes = Vec::new();
                let read = io::Read::take(&mut reader, LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
                if read == 0 {
                    break;
                }
                at += read as u64;
                lines.extend(serde_json::from_slice::<Value>(&bytes).ok().filter(|line| query.fits(line)));
            }
        }
    }
    Ok(json!({ "day": day, "lines": lines, "next": next }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(fields: Value) -> AuditQuery {
        serde_json::from_value(fields).expect("a query")
    }

    fn folder(lines: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let line = |n: usize| {
            let (account, about) = (format!("a-{}", n % 2), format!("p-{}", n % 5));
            json!({"at": "2026-11-23T01:00:00Z", "account": account, "role": "desk", "what": "read_persons",
                "about": [about, format!("n{n}")], "outcome": "done"})
            .to_string()
        };
        let text: Vec<String> = (0..lines).map(line).collect();
        std::fs::write(folder.path().join("2026-11-23.jsonl"), text.join("\n") + "\n{\"at\":\"20").expect("written");
        folder
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let folder = folder(250);
        let mut after = Value::Null;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let page = read(folder.path(), &query(json!({"day": "2026-11-23", "after": after}))).expect("read");
            seen.extend(page["lines"].as_array().expect("lines").iter().map(|line| line["about"][1].clone()));
            after = page["next"].clone();
        }
        assert!(after.is_null(), "a torn line is no page of its own");
        assert_eq!(seen, (0..250).map(|n| json!(format!("n{n}"))).collect::<Vec<_>>());
    }

    #[test]
    fn lines_are_of_whom_and_about_what_was_asked() {
        let folder = folder(20);
        let count = |fields| read(folder.path(), &query(fields)).expect("read")["lines"].as_array().map(Vec::len);
        assert_eq!(count(json!({"day": "2026-11-23", "about": "p-3"})), Some(4));
        assert_eq!(count(json!({"day": "2026-11-23", "account": "a-1"})), Some(10));
        assert_eq!(count(json!({"day": "2026-11-23", "about": "p-3", "account": "a-1"})), Some(2));
        assert_eq!(count(json!({"day": "2026-11-23", "about": "p-"})), Some(0), "ids are whole");
        assert_eq!(count(json!({"day": "2026-11-22"})), Some(0));
    }

    #[test]
    fn a_day_is_a_day_and_no_path() {
        for day in ["../../keys/token", "2026-11-23/..", "2026-13-01", "", "today"] {
            assert!(serde_json::from_value::<AuditQuery>(json!({"day": day})).is_err(), "{day}");
        }
        let folder = folder(1);
        let far = read(folder.path(), &query(json!({"day": "2026-11-23", "after": u64::MAX}))).expect("read");
        assert_eq!((far["lines"].as_array().map(Vec::len), &far["next"]), (Some(0), &Value::Null));
    }
}
