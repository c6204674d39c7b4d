//! Settings of who is next: priority classes, insertion lines, the ordinary key, doors. Defaults are the house's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::settings::Problem;

/// The class name that is always known and always means the emergency line.
pub const EMERGENCY: &str = "emergency";
/// The class name by which the desk says "no class", also for somebody of senior age.
pub const NO_CLASS: &str = "none";
/// The class that age alone gives, if it is configured.
pub const SENIOR: &str = "senior";

/// What a priority class gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Before everybody but emergencies.
    AlwaysFirst,
    /// A line of its own, of which one is taken after this many ordinary tickets (1 or more).
    OnePer(u32),
    /// Entering the ordinary line, it passes up to this many tickets.
    MovedUp(u32),
}

/// A priority class, given at the desk with proof seen or (`senior`) by age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityClass {
    /// Its name in commands (`military`); not `emergency`, not `none`.
    pub name: String,
    /// In Chinese, as in the answer to "why" (`军人`).
    pub zh: String,
    /// In English.
    pub en: String,
    /// What it gives.
    pub treatment: Treatment,
}

/// How a returning, a missed or a late ticket is put among the ordinary ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InsertionRule {
    /// A line of its own, of which one is taken after this many ordinary tickets (1 or more).
    OnePer(u32),
    /// Into the ordinary line, behind the tickets of the slot that is running when it reports.
    EndOfSlot,
    /// Into the ordinary line, behind everybody of the period.
    EndOfPeriod,
    /// Into the ordinary line by its own key.
    AsOrdinary,
}

/// What sorts the ordinary line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrdinaryKey {
    /// Slot start, additions last, issue sequence.
    BySlot,
    /// Slot start, additions last, check-in.
    ByCheckIn,
    /// Check-in alone, whatever the slot.
    EqualByCheckIn,
    /// Two lines, each by slot: so many appointments, then so many walk-ins.
    Ratio {
        /// Appointments of one round (1 or more).
        appointments: u32,
        /// Walk-ins of one round (1 or more).
        walk_ins: u32,
    },
}

/// From which queue a doctor who is signed in to several calls. Emergencies of any of them come first in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeveralQueues {
    /// The first of the doctor's queues in which somebody waits.
    OwnFirst,
    /// The next of the doctor's queues, after the one that was called from last, in which somebody waits.
    InTurn,
    /// The queue whose next ticket has waited longest.
    ByWaitingTime,
}

/// Settings of who is next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {
    /// Priority classes in their order (default: military, disabled, late pregnancy, senior; each moved up 3).
    pub classes: Vec<PriorityClass>,
    /// 回诊: back from tests (default one per 2).
    pub returning: InsertionRule,
    /// 过号: missed and reported back (default one per 3).
    pub missed: InsertionRule,
    /// 迟到: checked in after the slot's end (default one per 3).
    pub late: InsertionRule,
    /// What sorts the ordinary line (default by slot).
    pub ordinary: OrdinaryKey,
    /// Every walk-in behind every appointment (default no; without effect with a ratio).
    pub appointments_first: bool,
    /// How many may stand at a room's door (default 2; 0: nobody is summoned).
    pub door_cap: u32,
    /// From this age in whole years the class `senior` is given without asking (default 80).
    pub senior_age: u32,
    /// A ticket may be passed this many times its position, then insertions wait (default 3, at least 1).
    pub limit_factor: u32,
    /// A doctor signed in to several queues (default own first).
    pub several_queues: SeveralQueues,
}

impl Default for QueueSettings {
    fn default() -> Self {
        let class = |name: &str, zh: &str, en: &str| PriorityClass {
            name: name.into(),
            zh: zh.into(),
            en: en.into(),
            treatment: Treatment::MovedUp(3),
        };
        Self {
            classes: vec![
                class("military", "军人", "Military and veterans"),
                class("disabled", "残疾人", "Disabled persons"),
                class("late_pregnancy", "孕晚期", "Late pregnancy"),
                class(SENIOR, "老年", "Seniors"),
            ],
            returning: InsertionRule::OnePer(2),
            missed: InsertionRule::OnePer(3),
            late: InsertionRule::OnePer(3),
            ordinary: OrdinaryKey::BySlot,
            appointments_first: false,
            door_cap: 2,
            senior_age: 80,
            limit_factor: 3,
            several_queues: SeveralQueues::OwnFirst,
        }
    }
}

/// Priority classes that one department can have.
const CLASSES_MAX: usize = 32;

impl QueueSettings {
    /// The configured class of that name. `emergency` and `none` are not classes.
    pub fn class(&self, name: &str) -> Option<&PriorityClass> {
        self.classes.iter().find(|class| class.name == name)
    }

    /// Whether a command may name this class: a configured one, `emergency` or `none`.
    pub fn knows(&self, name: &str) -> bool {
        name == EMERGENCY || name == NO_CLASS || self.class(name).is_some()
    }

    /// What is wrong with these settings; `None` when they can be used.
    pub fn problem(&self) -> Option<Problem> {
        let classes = |what: String| Some(Problem::new("queue.classes", what));
        if self.classes.len() > CLASSES_MAX {
            return classes(format!("at most {CLASSES_MAX} priority classes"));
        }
        for (at, class) in self.classes.iter().enumerate() {
            // a class with a line of its own is told by its name on the wire, like the lines themselves
            let is_line =
                [Line::Emergency, Line::AlwaysFirst, Line::Returning, Line::Missed, Line::Late, Line::Ordinary]
                    .iter()
                    .any(|line| line.name() == class.name);
            if class.name.is_empty() || class.name == NO_CLASS || is_line {
                return classes(format!("`{}` cannot be the name of a priority class", class.name));
            }
            if self.classes[..at].iter().any(|other| other.name == class.name) {
                return classes(format!("the priority class `{}` is there twice", class.name));
            }
            if matches!(class.treatment, Treatment::OnePer(0) | Treatment::MovedUp(0)) {
                return classes(format!("the priority class `{}`: the figure must be 1 or more", class.name));
            }
        }
        for (name, rule) in [("returning", self.returning), ("missed", self.missed), ("late", self.late)] {
            if rule == InsertionRule::OnePer(0) {
                return Some(Problem::new(&format!("queue.{name}"), format!("`{name}`: one per 0 is not a rule")));
            }
        }
        if matches!(self.ordinary, OrdinaryKey::Ratio { appointments: 0, .. } | OrdinaryKey::Ratio { walk_ins: 0, .. })
        {
            return Some(Problem::new("queue.ordinary", "`ordinary`: both sides of a ratio must be 1 or more"));
        }
        (self.limit_factor == 0).then(|| Problem::new("queue.limit_factor", "`limit_factor` must be 1 or more"))
    }
}
