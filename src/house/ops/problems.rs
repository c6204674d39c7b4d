//! What is wrong, in few words: a name that pages have words for, how bad, how often, and where to look.

use std::collections::BTreeMap;

use serde::Serialize;

/// So many ids are named in one problem.
const IDS_MAX: usize = 5;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody has to do something now, at night too.
    Alarm,
    /// To be looked at in working hours.
    Warning,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    level: Level,
    what: &'static str,
    count: usize,
    ids: Vec<String>,
}

/// Collects what is wrong: one entry for each kind and level.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes something about an id (empty: about the whole).
    pub fn note(&mut self, what: &'static str, level: Level, id: &str, count: usize) {
        let found = self.0.iter_mut().position(|problem| (problem.what, problem.level) == (what, level));
        let at = found.unwrap_or_else(|| {
            self.0.push(Problem { level, what, count: 0, ids: Vec::new() });
            self.0.len() - 1
        });
        let problem = &mut self.0[at];
        problem.count += count;
        if !id.is_empty() && problem.ids.len() < IDS_MAX {
            problem.ids.push(id.to_owned());
        }
    }

    /// Notes it when it is so.
    pub fn note_if(&mut self, is_so: bool, what: &'static str, level: Level, count: usize) {
        if is_so {
            self.note(what, level, "", count);
        }
    }

    /// Alarms first, each in the order in which they were noted.
    pub fn worst_first(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.level);
        self.0
    }
}

/// What may be wrong at a site.
const KNOWN: [(Level, &str); 11] = [
    (Level::Alarm, "site_silent"),
    (Level::Alarm, "department_silent"),
    (Level::Alarm, "calls_not_announced"),
    (Level::Alarm, "board_dark"),
    (Level::Warning, "board_dark"),
    (Level::Warning, "board_overfull"),
    (Level::Warning, "board_too_many_rooms"),
    (Level::Warning, "screen_offline"),
    (Level::Warning, "screen_silent"),
    (Level::Warning, "voice_not_made"),
    (Level::Warning, "nobody_calls"),
];

/// What may be wrong, as gauges: what is not is 0.
#[derive(Debug)]
pub struct Gauges(BTreeMap<(Level, &'static str), usize>);

impl Default for Gauges {
    fn default() -> Self {
        Self(KNOWN.into_iter().map(|known| (known, 0)).collect())
    }
}

impl Gauges {
    /// Sets them to what is wrong now.
    pub fn set<'a>(&mut self, problems: impl Iterator<Item = &'a Problem>) {
        self.0.values_mut().for_each(|count| *count = 0);
        for problem in problems {
            *self.0.entry((problem.level, problem.what)).or_default() += problem.count;
        }
        for ((level, what), count) in &self.0 {
            metrics::gauge!("site_problems", "level" => level.name(), "what" => *what).set(*count as f64);
        }
    }
}

/// The worst level among them, for sorting whole sites; well comes last.
pub fn badness(problems: &[Problem]) -> u8 {
    problems.first().map_or(2, |worst| worst.level as u8)
}
