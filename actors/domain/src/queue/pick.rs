//! Who is taken next (rules 1, 2, 5) and the chosen call.

use super::line::{Key, Line};
use super::lines::{InsertionLine, Lines};
use super::placement::{LineCounter, Picked, Place, Round, Rule};
use super::settings::{InsertionRule, OrdinaryKey, QueueSettings, Treatment};
use crate::ids::TicketId;

impl Lines {
    /// Rule 1a alone.
    pub(super) fn pick_emergency(&self) -> Option<Picked> {
        let (_, place) = self.emergency.first_key_value()?;
        Some(self.picked(place, Rule::Emergency, Vec::new()))
    }

    /// Whose turn it is after the emergencies, and by which rule (rule 1b to 1e): what doors are filled with.
    pub(super) fn head_after_emergency(&self, settings: &QueueSettings) -> Option<(&Place, Rule)> {
        if let Some((_, place)) = self.always_first.first_key_value() {
            return Some((place, Rule::AlwaysFirst));
        }
        if self.at_limit == 0
            && let Some(place) = self.insertion_head(settings, true)
        {
            return Some((place, Rule::DueInsertion));
        }
        if let Some(place) = self.ordinary_head(settings) {
            return Some((place, Rule::OrdinaryHead));
        }
        Some((self.insertion_head(settings, false)?, Rule::NobodyOrdinary))
    }

    /// The ticket of that place as taken by that rule.
    pub(super) fn picked_by(&self, settings: &QueueSettings, place: &Place, rule: Rule) -> Picked {
        match place.line {
            Line::Emergency | Line::AlwaysFirst => self.picked(place, rule, Vec::new()),
            Line::Ordinary => self.picked_ordinary(settings, place, rule),
            _ => self.picked_insertion(place, rule),
        }
    }

    /// `call_ticket`: this ticket, out of turn, waiting or at whatever door; `None` when it is not here. An ordinary
    /// ticket that leaves its line counts for the counters (rule 2), the `passed` of others does not change (rule 5).
    pub fn choose(&self, settings: &QueueSettings, ticket: &TicketId) -> Option<Picked> {
        let held = self.get(ticket)?;
        if held.service_point.is_some() {
            return Some(self.picked(held.place, Rule::Chosen, Vec::new()));
        }
        let picked = self.picked_by(settings, held.place, Rule::Chosen);
        Some(Picked { passes_before: None, ..picked })
    }

    /// The ticket as taken from its door: nothing changes in the lines.
    pub(super) fn picked_at_door(&self, ticket: &TicketId) -> Option<Picked> {
        Some(self.picked(self.get(ticket)?.place, Rule::AtDoor, Vec::new()))
    }

    fn picked(&self, place: &Place, rule: Rule, counters: Vec<LineCounter>) -> Picked {
        Picked {
            ticket: place.ticket.clone(),
            line: place.line.clone(),
            key: place.key,
            rule,
            counters,
            round: self.round,
            passes_before: None,
        }
    }

    /// Rule 2: its own counter becomes 0. Rule 5: it passes those who were placed before it, once.
    fn picked_insertion(&self, place: &Place, rule: Rule) -> Picked {
        let passes_before = (!place.counted).then_some(place.key.serial);
        let counters = vec![LineCounter { line: place.line.clone(), counter: 0 }];
        Picked { passes_before, ..self.picked(place, rule, counters) }
    }

    /// Rule 2: every counter grows by 1. A line in which nobody waits has none.
    fn picked_ordinary(&self, settings: &QueueSettings, place: &Place, rule: Rule) -> Picked {
        let counters = self
            .insertions
            .iter()
            .filter(|insertion| !insertion.tickets.is_empty())
            .map(|insertion| LineCounter { line: insertion.line.clone(), counter: insertion.counter.saturating_add(1) })
            .collect();
        let mut picked = self.picked(place, rule, counters);
        if let OrdinaryKey::Ratio { appointments, walk_ins } = settings.ordinary {
            picked.round = round_after(self.round, place.key.walk_in, appointments, walk_ins);
        }
        picked
    }

    fn ordinary_head(&self, settings: &QueueSettings) -> Option<&Place> {
        let head = self.ordinary.first_key_value().map(|(_, place)| &**place);
        match settings.ordinary {
            OrdinaryKey::Ratio { appointments, .. } if is_walk_in_turn(self.round, appointments) => {
                self.ordinary.range(Key::first_walk_in()..).next().map(|(_, place)| &**place).or(head)
            }
            _ => head,
        }
    }

    fn insertion_head(&self, settings: &QueueSettings, only_due: bool) -> Option<&Place> {
        self.insertions
            .iter()
            .filter(|insertion| !insertion.tickets.is_empty() && (!only_due || is_due(settings, insertion)))
            .min_by_key(|insertion| rank(settings, &insertion.line))
            .and_then(|insertion| insertion.tickets.first_key_value())
            .map(|(_, place)| &**place)
    }
}

/// Whether the line's turn has come: its counter, or a ticket that was returned to its old place (rule 6).
fn is_due(settings: &QueueSettings, insertion: &InsertionLine) -> bool {
    insertion.returned > 0 || insertion.counter >= one_per(settings, &insertion.line)
}

/// The k of a line. One whose rule was changed while somebody waits in it is emptied at one per 1.
pub(super) fn one_per(settings: &QueueSettings, line: &Line) -> u32 {
    let rule = match line {
        Line::Class(name) => match settings.class(name).map(|class| class.treatment) {
            Some(Treatment::OnePer(k)) => return k,
            _ => return 1,
        },
        Line::Returning => settings.returning,
        Line::Missed => settings.missed,
        _ => settings.late,
    };
    if let InsertionRule::OnePer(k) = rule { k } else { 1 }
}

/// Several lines: classes in configured order, returning, missed, late.
pub(super) fn rank(settings: &QueueSettings, line: &Line) -> usize {
    let classes = settings.classes.len();
    match line {
        Line::Class(name) => {
            settings.classes.iter().position(|class| class.name.as_str() == &**name).unwrap_or(classes)
        }
        Line::Returning => classes + 1,
        Line::Missed => classes + 2,
        _ => classes + 3,
    }
}

/// Whether it is the walk-ins' turn in a ratio's round.
pub(super) fn is_walk_in_turn(round: Round, appointments: u32) -> bool {
    round.appointments >= appointments
}

/// The round after an ordinary ticket left. A ticket that went out of turn, the other line being empty, does not count.
pub(super) fn round_after(round: Round, walk_in: bool, appointments: u32, walk_ins: u32) -> Round {
    match (walk_in, is_walk_in_turn(round, appointments)) {
        (true, true) if round.walk_ins + 1 >= walk_ins => Round::default(),
        (true, true) => Round { walk_ins: round.walk_ins + 1, ..round },
        (false, false) => Round { appointments: round.appointments + 1, ..round },
        _ => round,
    }
}
