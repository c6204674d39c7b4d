//! `jiaohao reconcile`: the provider's file of a day against what the house has of it. Every line on either side has its
//! counterpart, or is named.

use std::collections::BTreeMap;

use jiaohao_domain::{BusinessDate, SiteId, prefix};
use serde::Deserialize;
use serde_json::Value;

use crate::clients::Refusal;
use crate::clients::http::Door;

/// The head of a file, as docs/payment.md has it.
pub const HEAD: &str = "kind,number,of,order,amount_fen,at";
/// The longest file, in bytes.
pub const FILE_MAX_BYTES: u64 = 256 << 20;

/// A payment by the provider's number of it, or a refund by ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money that came.
    Payment,
    /// Money that went back.
    Refund,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }
}

/// A line of either side.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// What.
    pub kind: Kind,
    /// The provider's number of a payment, our number of a refund.
    pub number: String,
    /// Our number of the order or refund, as the provider's file says it: its site comes first.
    #[serde(default)]
    pub order: String,
    /// How much, in fen.
    pub amount_fen: u64,
    /// When, on that side's clock: its day comes first.
    pub at: String,
}

impl Line {
    fn is_of(&self, day: &str) -> bool {
        self.at.starts_with(day)
    }

    /// Whether a line of the provider's is of that site of the house.
    pub fn is_at(&self, site: &SiteId) -> bool {
        prefix(&self.order, 1) == site.as_str()
    }
}

/// What one side has and the other has not, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `not_here`, `not_there`, `amount`, `twice_there` or `twice_here`.
    pub what: &'static str,
    /// Of what.
    pub kind: Kind,
    /// Its number.
    pub number: String,
    /// Fen on the provider's side.
    pub there_fen: Option<u64>,
    /// Fen on ours.
    pub here_fen: Option<u64>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fen = |fen: Option<u64>| fen.map_or_else(|| "-".to_owned(), |fen| fen.to_string());
        let (there, here) = (fen(self.there_fen), fen(self.here_fen));
        write!(f, "{}_{}\t{}\tthere {there}\there {here}", self.kind.name(), self.what, self.number)
    }
}

/// Reads a file of the provider's.
///
/// # Errors
/// What is wrong, by line.
pub fn read(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    if lines.next().map(|(_, head)| head.trim_end()) != Some(HEAD) {
        return Err(format!("line 1: it begins with {HEAD}"));
    }
    let mut read = Vec::new();
    for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| format!("line {}: {what}", at + 1);
        let fields: Vec<&str> = line.trim_end().split(',').collect();
        let [kind, number, _, order, amount, moment] = fields[..] else { return Err(wrong("it has six fields")) };
        let (kind, number) = match kind {
            "payment" => (Kind::Payment, number),
            "refund" => (Kind::Refund, order),
            _ => return Err(wrong("its kind is payment or refund")),
        };
        let amount_fen = amount.parse().map_err(|_| wrong("its amount is a number of fen"))?;
        if number.is_empty() {
            return Err(wrong("it has no number"));
        }
        // It goes to a terminal, and what is none is nobody's here either.
        if !is_number(number) {
            return Err(wrong("its number has something else than letters, digits, -, _ or ."));
        }
        let (number, order, at) = (number.to_owned(), order.to_owned(), moment.to_owned());
        read.push(Line { kind, number, order, amount_fen, at });
    }
    Ok(read)
}

/// A number of either side, by its characters.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Every difference of a day, by kind and number. Lines of other days are nobody's difference and excuse those of the day: at
/// midnight one side's day is over before the other's.
pub fn differences(day: BusinessDate, there: &[Line], here: &[Line]) -> Vec<Difference> {
    let day = day.0.to_string();
    let by_number = |lines: &[Line]| {
        let keyed = lines.iter().map(|line| ((line.kind, line.number.clone()), line.clone()));
        keyed.collect::<BTreeMap<_, _>>()
    };
    let (theirs, ours) = (by_number(there), by_number(here));
    let times_there = times(there);
    let times_here = times(here);
    let mut found = Vec::new();
    let mut note = |what, line: &Line, there_fen, here_fen| {
        found.push(Difference { what, kind: line.kind, number: line.number.clone(), there_fen, here_fen });
    };
    for (key, line) in &theirs {
        let here = ours.get(key).map(|line| line.amount_fen);
        let is_of_day = line.is_of(&day) || ours.get(key).is_some_and(|line| line.is_of(&day));
        match here {
            None if is_of_day => note("not_here", line, Some(line.amount_fen), None),
            Some(fen) if is_of_day && fen != line.amount_fen => note("amount", line, Some(line.amount_fen), Some(fen)),
            _ => {}
        }
        let times = times_there.get(key).copied().unwrap_or_default();
        if times > 1 && is_of_day {
            note("twice_there", line, Some(line.amount_fen.saturating_mul(times)), here);
        }
    }
    for (key, line) in ours.iter().filter(|(_, line)| line.is_of(&day)) {
        let there_fen = theirs.get(key).map(|line| line.amount_fen);
        if there_fen.is_none() {
            note("not_there", line, None, Some(line.amount_fen));
        }
        let times = times_here.get(key).copied().unwrap_or_default();
        if times > 1 {
            note("twice_here", line, there_fen, Some(line.amount_fen.saturating_mul(times)));
        }
    }
    found.sort_by(|a, b| (a.kind, &a.number, a.what).cmp(&(b.kind, &b.number, b.what)));
    found
}

/// How often each number stands there.
fn times(lines: &[Line]) -> BTreeMap<(Kind, String), u64> {
    let mut times = BTreeMap::new();
    for line in lines {
        *times.entry((line.kind, line.number.clone())).or_default() += 1;
    }
    times
}

/// What a site has of a day and of those beside it, in all departments that it ever had.
///
/// # Errors
/// What the server said instead.
pub async fn ask(door: &Door, token: &str, site: &SiteId, day: BusinessDate) -> Result<Vec<Line>, Refusal> {
    let directory = door.ask("GET", &format!("/site/{site}"), Some(token), None).await?;
    let mut lines = Vec::new();
    let living = directory["departments"].as_array().into_iter().flatten().map(|living| &living["id"]);
    let retired = directory["departments_retired"].as_array().into_iter().flatten();
    for id in living.chain(retired).filter_map(Value::as_str) {
        for day in [day.plus_days(-1), day, day.plus_days(1)] {
            let mut after = String::new();
            loop {
                let from = if after.is_empty() { String::new() } else { format!("&after={after}") };
                let path = format!("/departments/{id}/payments/received?day={}{from}", day.0);
                let page = match door.ask("GET", &path, Some(token), None).await {
                    // One that has not heard of itself yet has taken nothing.
                    Err(why) if why.code == "forbidden" => break,
                    answered => answered?,
                };
                let read: Result<Vec<Line>, _> = serde_json::from_value(page["lines"].clone());
                lines.extend(read.map_err(|_| Refusal::door("the lines are not as the protocol has them"))?);
                match page["next"].as_str() {
                    Some(next) => after = next.to_owned(),
                    None => break,
                }
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: Kind, number: &str, amount_fen: u64, at: &str) -> Line {
        Line { kind, number: number.to_owned(), order: String::new(), amount_fen, at: at.to_owned() }
    }

    #[test]
    fn every_line_of_the_day_has_its_counterpart_or_is_named() {
        let day = BusinessDate::from_compact("20261123").unwrap();
        let (payment, refund) = (Kind::Payment, Kind::Refund);
        let on = "2026-11-23T09:00:00+08:00";
        let there = [
            line(payment, "T1", 5000, on),
            line(payment, "T2", 5000, on),
            line(payment, "T3", 5000, on),
            line(payment, "T4", 5000, "2026-11-22T23:59:59+08:00"),
            line(payment, "T5", 5000, on),
            line(payment, "T5", 5000, on),
            line(payment, "T8", 1, "2026-11-22T12:00:00+08:00"),
            line(payment, "T9", 5000, on),
            line(refund, "s.d.b1.o1.r1", 5000, on),
            line(refund, "s.d.b2.o1.r1", 400, on),
        ];
        let here = [
            line(payment, "T1", 5000, on),
            line(payment, "T3", 4999, on),
            // Heard of after midnight.
            line(payment, "T4", 5000, "2026-11-23T00:00:01+08:00"),
            line(payment, "T5", 5000, on),
            line(payment, "T6", 5000, on),
            line(payment, "T7", 5000, "2026-11-24T09:00:00+08:00"),
            // In two departments.
            line(payment, "T9", 5000, on),
            line(payment, "T9", 5000, on),
            line(refund, "s.d.b1.o1.r1", 5000, on),
            line(refund, "s.d.b3.o1.r1", 5000, on),
        ];
        let found: Vec<String> = differences(day, &there, &here).iter().map(ToString::to_string).collect();
        let expected = [
            "payment_not_here\tT2\tthere 5000\there -",
            "payment_amount\tT3\tthere 5000\there 4999",
            "payment_twice_there\tT5\tthere 10000\there 5000",
            "payment_not_there\tT6\tthere -\there 5000",
            "payment_twice_here\tT9\tthere 5000\there 10000",
            "refund_not_here\ts.d.b2.o1.r1\tthere 400\there -",
            "refund_not_there\ts.d.b3.o1.r1\tthere -\there 5000",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_is_read_by_line_and_what_is_wrong_is_named() {
        let file = format!(
            "\u{feff}{HEAD}\r\npayment,T1,,s.d.b1.o1,5000,2026-11-23T09:00:00+08:00\r\n\nrefund,R1,T1,s.d.b1.o1.r1,400,x\n"
        );
        let read_lines = read(&file).unwrap();
        let of = |order: &str, line: Line| Line { order: order.to_owned(), ..line };
        assert_eq!(read_lines[0], of("s.d.b1.o1", line(Kind::Payment, "T1", 5000, "2026-11-23T09:00:00+08:00")));
        assert_eq!(read_lines[1], of("s.d.b1.o1.r1", line(Kind::Refund, "s.d.b1.o1.r1", 400, "x")));
        assert!(read_lines.iter().all(|line| line.is_at(&SiteId::new("s")) && !line.is_at(&SiteId::new("t"))));
        for (wrong, what) in [
            ("", "line 1"),
            ("number\n", "line 1"),
            (&format!("{HEAD}\npayment,T1\n"), "line 2: it has six fields"),
            (&format!("{HEAD}\npaid,T1,,o,1,x\n"), "line 2: its kind"),
            (&format!("{HEAD}\npayment,T1,,o,1.5,x\n"), "line 2: its amount"),
            (&format!("{HEAD}\npayment,,,o,1,x\n"), "line 2: it has no number"),
            (&format!("{HEAD}\npayment,T\u{1b}[31mZ,,o,1,x\n"), "line 2: its number has something else"),
            (&format!("{HEAD}\nrefund,R1,T1,s.d.b1\u{202e}.o1.r1,1,x\n"), "line 2: its number has something else"),
        ] {
            assert!(read(wrong).unwrap_err().starts_with(what), "{wrong}");
        }
    }
}
