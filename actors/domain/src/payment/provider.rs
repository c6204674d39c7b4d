//! Orders that a provider is given, and what it is to be asked and when: so that a word of it that never comes is fetched,
//! and money that is owed goes back however often the provider fails.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Order, Payments, Refund, RefundStanding, Way};
use crate::ids::*;
use crate::time::Timestamp;

/// So often the provider is asked to give one refund back; then it is operations' to look at.
pub const REFUND_TRIES_MAX: u32 = 12;
/// The first pause between two questions, and the longest, in seconds: each is twice as long as the one before.
const PAUSE_S: i64 = 30;
const PAUSE_MAX_S: i64 = 3600;

/// So many seconds before an end it is asked once more: for its answer to be heard in time.
const BEFORE_END_S: i64 = 20;

/// When it is asked again, after so many questions.
pub fn again_at(now: Timestamp, tries: u32) -> Timestamp {
    now.plus_s((PAUSE_S << tries.min(16)).min(PAUSE_MAX_S))
}

/// The same, and once shortly before `end` while that is to come.
pub fn again_before(now: Timestamp, tries: u32, end: Timestamp) -> Timestamp {
    let (again, last) = (again_at(now, tries), end.plus_s(-BEFORE_END_S));
    if now < last { again.min(last) } else { again }
}

/// What the provider is asked about. Stored: append only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Matter {
    /// Whether an order was paid.
    Order(OrderId),
    /// To give money back.
    Refund(RefundId),
}

/// How often the provider was asked of a matter, and when it is again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// How often.
    pub tries: u32,
    /// When again; none: not by itself.
    pub at: Option<Timestamp>,
}

/// Where an order stands at the provider, as far as it has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AskedStanding {
    /// It may be paid.
    Open,
    /// It was paid.
    Paid,
    /// Not paid, and it cannot be paid any more.
    Closed,
}

/// An order that the provider is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which.
    pub id: OrderId,
    /// How much, in fen.
    pub amount_fen: u32,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub standing: AskedStanding,
    /// How often it was asked about.
    pub asking: Asking,
}

/// What the provider has to do with the payments of a department. All of it is empty where nobody pays by a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtProvider {
    /// Orders that it was given, by appointment, in the order in which they were made.
    pub orders: BTreeMap<AppointmentId, Vec<Asked>>,
    /// When it is asked about what.
    pub due: BTreeSet<(Timestamp, Matter)>,
}

impl AtProvider {
    /// All orders of an appointment.
    pub fn of(&self, appointment: &AppointmentId) -> &[Asked] {
        self.orders.get(appointment).map_or(&[], Vec::as_slice)
    }

    /// One order.
    pub fn order(&self, id: &OrderId) -> Option<&Asked> {
        self.of(&id.appointment()).iter().find(|asked| asked.id == *id)
    }

    /// The earliest moment at which it is to be asked something.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What it is to be asked by now, some at once.
    pub fn overdue(&self, now: Timestamp, most: usize) -> Vec<Matter> {
        self.due.iter().take_while(|(at, _)| *at <= now).take(most).map(|(_, matter)| matter.clone()).collect()
    }

    pub(super) fn created(&mut self, asked: Asked) {
        self.due.extend(asked.asking.at.map(|at| (at, Matter::Order(asked.id.clone()))));
        self.orders.entry(asked.id.appointment()).or_default().push(asked);
    }

    pub(super) fn stands(&mut self, id: &OrderId, standing: AskedStanding) {
        self.asking(id, |asked| {
            asked.standing = standing;
            asked.asking.at = None;
        });
    }

    pub(super) fn asked(&mut self, id: &OrderId, asking: &Asking) {
        self.asking(id, |asked| asked.asking = asking.clone());
    }

    fn asking(&mut self, id: &OrderId, change: impl FnOnce(&mut Asked)) {
        let orders = self.orders.get_mut(&id.appointment());
        let Some(asked) = orders.and_then(|all| all.iter_mut().find(|asked| asked.id == *id)) else { return };
        let before = asked.asking.at;
        change(asked);
        let after = asked.asking.at;
        self.reschedule(Matter::Order(id.clone()), before, after);
    }

    pub(super) fn reschedule(&mut self, matter: Matter, before: Option<Timestamp>, after: Option<Timestamp>) {
        if let Some(before) = before {
            self.due.remove(&(before, matter.clone()));
        }
        self.due.extend(after.map(|at| (at, matter)));
    }

    pub(super) fn forget(&mut self, is_gone: impl Fn(&AppointmentId) -> bool) {
        let waits = |asked: &Asked| asked.asking.at.is_some();
        self.orders.retain(|appointment, orders| !is_gone(appointment) || orders.iter().any(waits));
    }
}

impl Payments {
    /// The id of an appointment's next order, whoever takes its money.
    pub fn next_order(&self, appointment: &AppointmentId) -> OrderId {
        let own = self.of(appointment).iter().map(|order| &order.id);
        let given = self.at_provider.of(appointment).iter().map(|asked| &asked.id);
        let last = own.chain(given).filter_map(place_of).max().unwrap_or(0);
        OrderId::numbered(appointment, 'o', last + 1)
    }

    /// A payment by the provider's number of it, of whatever appointment.
    pub fn by_transaction(&self, transaction: &str) -> Option<&Order> {
        let is_it = |order: &&Order| order.way == Way::Online && order.receipt.as_deref() == Some(transaction);
        self.orders.values().flatten().find(is_it)
    }

    /// Each matter waits as it says, and nothing else waits. The error names it.
    pub(super) fn check_due(&self) -> Result<(), String> {
        let asked = self.at_provider.orders.values().flatten();
        let asked = asked.filter_map(|asked| Some((asked.asking.at?, Matter::Order(asked.id.clone()))));
        let refunds =
            self.orders.values().flatten().flat_map(|order| order.refunds.iter().map(move |one| (order, one)));
        let mut waiting: BTreeSet<_> = asked.collect();
        for (order, refund) in refunds {
            if refund.asking.at.is_some() && (order.way != Way::Online || refund.standing != RefundStanding::Owed) {
                return Err(format!("{}: {} and the provider is asked", refund.id, refund.standing.name()));
            }
            waiting.extend(refund.asking.at.map(|at| (at, Matter::Refund(refund.id.clone()))));
        }
        match waiting == self.at_provider.due {
            true => Ok(()),
            false => Err(format!("{:?} are due, {waiting:?} wait", self.at_provider.due)),
        }
    }
}

impl Refund {
    /// The provider was asked in vain as often as it is: somebody has to look.
    pub fn is_stuck(&self) -> bool {
        self.standing == RefundStanding::Owed && self.asking.at.is_none() && self.asking.tries > 0
    }
}

/// The number of an order among those of its appointment; none: it is not made like an order's id.
pub fn place_of(id: &OrderId) -> Option<u64> {
    let own = id.as_str().strip_prefix(id.prefix(3))?.strip_prefix(".o")?;
    let is_number = own.len() <= 6 && !own.starts_with('0') && own.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| own.parse().ok()).flatten()
}
