//! 挂号费: what was paid for appointments, what of it is owed back and what was given back. Pure values: an order is a part
//! of its appointment and stands in the same log; the department decides (`department::paying`).
//!
//! Of every order holds: paid = kept + owed + given back ([`Order::kept_fen`]); [`Payments::check`] states it.

mod event;
pub mod provider;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use event::{Event, RefundCause, Settled, appointment, event_kind};

use self::provider::{Asked, AskedStanding, Asking, AtProvider, Matter};
use crate::ids::*;
use crate::time::Timestamp;
use crate::vocabulary::{DefinePayment, DeskWay};

/// Most orders of one appointment: paid, given back and paid again.
pub const ORDERS_MAX: usize = 10;
/// Most refunds of one order, the declined ones and the one by a rule included.
pub const REFUNDS_MAX: usize = 20;

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundStanding {
    /// Somebody wants it; a second person decides.
    Asked,
    /// The money is the patient's and still here.
    Owed,
    /// The second person has said no.
    Declined,
    /// What it was owed for was undone before it was given.
    Withdrawn,
    /// Given back.
    Given,
}

impl RefundStanding {
    /// Its name in views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Owed => "owed",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Given => "given",
        }
    }
}

/// How a fee was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// At the desk.
    Desk(DeskWay),
    /// Through the provider; it goes back through it.
    Online,
}

impl Way {
    /// Its name in views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Desk(DeskWay::Cash) => "cash",
            Self::Desk(DeskWay::Card) => "card",
            Self::Online => "online",
        }
    }
}

/// Money that goes back, or may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Which.
    pub id: RefundId,
    /// How much, in fen.
    pub amount_fen: u32,
    /// Why.
    pub cause: RefundCause,
    /// In whose words, if somebody asked.
    pub reason: Option<String>,
    /// Who asked; none: a rule.
    pub asked_by: Option<AccountId>,
    /// Where it stands.
    pub standing: RefundStanding,
    /// Since when.
    pub since: Timestamp,
    /// Number of the receipt with which it was given; of the provider, its number of it.
    pub receipt: Option<String>,
    /// How often the provider was asked to give it back.
    pub asking: Asking,
    /// The provider's code, where it does not give it back.
    pub refused: Option<String>,
}

/// A fee that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Which.
    pub id: OrderId,
    /// How much, in fen.
    pub amount_fen: u32,
    /// How.
    pub way: Way,
    /// Number of the receipt; of the provider, its number of the payment.
    pub receipt: Option<String>,
    /// Who has taken it; none: the provider.
    pub by: Option<AccountId>,
    /// When.
    pub at: Timestamp,
    /// What goes back of it, in the order in which it was said.
    pub refunds: Vec<Refund>,
}

impl Order {
    fn sum(&self, which: RefundStanding) -> u32 {
        self.refunds.iter().filter(|refund| refund.standing == which).map(|refund| refund.amount_fen).sum()
    }

    /// What the hospital owes of it.
    pub fn owed_fen(&self) -> u32 {
        self.sum(RefundStanding::Owed)
    }

    /// Of what is owed back, what goes through the provider; the rest is the desk's to give.
    pub fn owed_by_provider_fen(&self) -> u32 {
        let is_its = |refund: &&Refund| refund.standing == RefundStanding::Owed && refund.refused.is_none();
        let owed = self.refunds.iter().filter(|_| self.way == Way::Online).filter(is_its);
        owed.map(|refund| refund.amount_fen).sum()
    }

    /// What was given back of it.
    pub fn given_fen(&self) -> u32 {
        self.sum(RefundStanding::Given)
    }

    /// What the hospital keeps of it.
    pub fn kept_fen(&self) -> u32 {
        self.amount_fen.saturating_sub(self.owed_fen() + self.given_fen())
    }

    /// Whether it pays for the appointment no more: a rule has given it back.
    pub fn is_over(&self) -> bool {
        let counts = |refund: &&Refund| matches!(refund.standing, RefundStanding::Owed | RefundStanding::Given);
        self.refunds.iter().filter(counts).any(|refund| refund.cause != RefundCause::ByHand)
    }

    /// Whether it was paid beside what was due: it never pays for the appointment, and its money goes back whatever becomes of that.
    pub fn is_stray(&self) -> bool {
        let is_stray = |refund: &Refund| matches!(refund.cause, RefundCause::NoPlace | RefundCause::Surplus);
        self.refunds.iter().any(is_stray)
    }

    /// Whether something is asked or owed.
    pub fn is_open(&self) -> bool {
        self.refunds.iter().any(|refund| matches!(refund.standing, RefundStanding::Asked | RefundStanding::Owed))
    }

    /// The id of the next refund that somebody asks for: by the order and its place.
    pub fn next_refund(&self) -> RefundId {
        RefundId::numbered(&self.id, 'r', self.refunds.len() as u64 + 1)
    }

    /// The id of what a rule gives back: the one that was withdrawn is owed again, so that an order has one at most.
    pub fn refund_by_rule(&self) -> RefundId {
        let is_back =
            |refund: &&Refund| refund.standing == RefundStanding::Withdrawn && refund.cause != RefundCause::ByHand;
        self.refunds.iter().find(is_back).map_or_else(|| self.next_refund(), |refund| refund.id.clone())
    }
}

/// What was paid in one department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// When the fee is wanted, and what goes back; none: as for everybody.
    pub defined: Option<DefinePayment>,
    /// By appointment, in the order in which they were paid. Only the last one that is not stray can pay for the appointment.
    pub orders: BTreeMap<AppointmentId, Vec<Order>>,
    /// What the provider has to do with them.
    pub at_provider: AtProvider,
}

impl Payments {
    /// When the fee is wanted, and what goes back.
    pub fn defined(&self, department: &DepartmentId) -> DefinePayment {
        self.defined.clone().unwrap_or_else(|| DefinePayment::of(department.clone()))
    }

    /// All that was ever paid for that appointment.
    pub fn of(&self, appointment: &AppointmentId) -> &[Order] {
        self.orders.get(appointment).map_or(&[], Vec::as_slice)
    }

    /// The order that pays for the appointment, or has last.
    pub fn last(&self, appointment: &AppointmentId) -> Option<&Order> {
        self.of(appointment).iter().rfind(|order| !order.is_stray())
    }

    /// The order that pays for the appointment, if one does.
    pub fn paid(&self, appointment: &AppointmentId) -> Option<&Order> {
        self.last(appointment).filter(|order| !order.is_over())
    }

    /// A refund and its order.
    pub fn refund(&self, id: &RefundId) -> Option<(&Order, &Refund)> {
        let order = self.of(&id.appointment()).iter().find(|order| id.prefix(4) == order.id.as_str())?;
        Some((order, order.refunds.iter().find(|refund| refund.id == *id)?))
    }

    /// Money is neither made nor lost, and only the last order of an appointment pays for it. The error names the order.
    pub fn check(&self) -> Result<(), String> {
        for orders in self.orders.values() {
            for order in orders {
                let (kept, owed, given) = (order.kept_fen(), order.owed_fen(), order.given_fen());
                if kept.checked_add(owed).and_then(|sum| sum.checked_add(given)) != Some(order.amount_fen) {
                    let paid = order.amount_fen;
                    return Err(format!("{}: {paid} paid, {kept} kept, {owed} owed, {given} given", order.id));
                }
            }
            let pays = |order: &&Order| !order.is_over();
            if let Some(two) = orders.iter().filter(pays).nth(1) {
                return Err(format!("{}: paid for twice", two.id));
            }
        }
        self.check_due()
    }

    /// Forgets what was paid for appointments that are gone, unless something of it is still to be settled.
    pub fn forget(&mut self, is_gone: impl Fn(&AppointmentId) -> bool) {
        self.at_provider.forget(&is_gone);
        self.orders.retain(|appointment, orders| !is_gone(appointment) || orders.iter().any(Order::is_open));
    }

    fn refund_mut(&mut self, id: &RefundId) -> Option<&mut Refund> {
        let orders = self.orders.get_mut(&id.appointment())?;
        orders.iter_mut().flat_map(|order| &mut order.refunds).find(|refund| refund.id == *id)
    }

    fn add(&mut self, mut refund: Refund) {
        let orders = self.orders.get_mut(&refund.id.appointment());
        let order = orders.and_then(|all| all.iter_mut().find(|order| refund.id.prefix(4) == order.id.as_str()));
        let Some(order) = order else { return };
        refund.asking.at = asked_at(order.way, refund.standing, refund.since);
        let after = refund.asking.at;
        let before = order.refunds.iter().find(|known| known.id == refund.id).and_then(|known| known.asking.at);
        self.at_provider.reschedule(Matter::Refund(refund.id.clone()), before, after);
        match order.refunds.iter_mut().find(|known| known.id == refund.id) {
            Some(known) => *known = refund,
            None => order.refunds.push(refund),
        }
    }

    fn stands(&mut self, id: &RefundId, standing: RefundStanding, since: Timestamp) {
        let Some(way) = self.refund(id).map(|(order, _)| order.way) else { return };
        self.ask(id, |refund| {
            (refund.standing, refund.since) = (standing, since);
            refund.asking.at = asked_at(way, standing, since);
        });
    }

    /// Changes a refund, and when the provider is asked for it.
    fn ask(&mut self, id: &RefundId, change: impl FnOnce(&mut Refund)) {
        let Some(refund) = self.refund_mut(id) else { return };
        let before = refund.asking.at;
        change(refund);
        let after = refund.asking.at;
        self.at_provider.reschedule(Matter::Refund(id.clone()), before, after);
    }
}

/// When the provider is to be asked for a refund: as soon as it is owed, of what was paid through it.
fn asked_at(way: Way, standing: RefundStanding, since: Timestamp) -> Option<Timestamp> {
    (way == Way::Online && standing == RefundStanding::Owed).then_some(since)
}

/// Applies one event.
pub fn apply(payments: &mut Payments, event: &Event) {
    match event {
        Event::PaymentDefined(defined) => payments.defined = Some(defined.clone()),
        Event::PaymentTaken { order, amount_fen, way, receipt, by, at } => {
            let (id, way, receipt, by) = (order.clone(), Way::Desk(*way), receipt.clone(), Some(by.clone()));
            let taken = Order { id, amount_fen: *amount_fen, way, receipt, by, at: *at, refunds: Vec::new() };
            payments.orders.entry(order.appointment()).or_default().push(taken);
        }
        Event::RefundOwed { refund, amount_fen, cause, at } => payments.add(Refund {
            id: refund.clone(),
            amount_fen: *amount_fen,
            cause: *cause,
            reason: None,
            asked_by: None,
            standing: RefundStanding::Owed,
            since: *at,
            receipt: None,
            asking: Asking::default(),
            refused: None,
        }),
        Event::RefundAsked { refund, amount_fen, reason, by, at } => payments.add(Refund {
            id: refund.clone(),
            amount_fen: *amount_fen,
            cause: RefundCause::ByHand,
            reason: Some(reason.clone()),
            asked_by: Some(by.clone()),
            standing: RefundStanding::Asked,
            since: *at,
            receipt: None,
            asking: Asking::default(),
            refused: None,
        }),
        Event::RefundDecided { refund, granted, at, .. } => {
            let standing = if *granted { RefundStanding::Owed } else { RefundStanding::Declined };
            payments.stands(refund, standing, *at);
        }
        Event::RefundWithdrawn { refund, at } => payments.stands(refund, RefundStanding::Withdrawn, *at),
        Event::RefundGiven { refund, receipt, at, .. } => {
            payments.stands(refund, RefundStanding::Given, *at);
            if let Some(refund) = payments.refund_mut(refund) {
                refund.receipt = receipt.clone();
            }
        }
        Event::OrderCreated { order, amount_fen, expires_at, ask_at, at } => payments.at_provider.created(Asked {
            id: order.clone(),
            amount_fen: *amount_fen,
            created_at: *at,
            expires_at: *expires_at,
            standing: AskedStanding::Open,
            asking: Asking { tries: 0, at: Some(*ask_at) },
        }),
        Event::OrderPaid { order, of, amount_fen, transaction, at } => {
            let (id, way, receipt) = (order.clone(), Way::Online, Some(transaction.clone()));
            let paid = Order { id, amount_fen: *amount_fen, way, receipt, by: None, at: *at, refunds: Vec::new() };
            payments.orders.entry(order.appointment()).or_default().push(paid);
            payments.at_provider.stands(of, AskedStanding::Paid);
        }
        Event::OrderClosed { order, .. } => payments.at_provider.stands(order, AskedStanding::Closed),
        Event::ProviderAsked { matter: Matter::Order(order), asking, .. } => {
            payments.at_provider.asked(order, asking);
        }
        Event::ProviderAsked { matter: Matter::Refund(refund), asking, .. } => {
            payments.ask(refund, |refund| refund.asking = asking.clone());
        }
        Event::RefundSettled { refund, how, at } => match how {
            Settled::Given { reference } => {
                payments.stands(refund, RefundStanding::Given, *at);
                payments.ask(refund, |refund| (refund.receipt, refund.refused) = (Some(reference.clone()), None));
            }
            Settled::Refused { code } => payments.ask(refund, |refund| {
                refund.asking.at = None;
                refund.refused = Some(code.clone());
            }),
            Settled::Retried { .. } => payments.ask(refund, |refund| {
                refund.asking = Asking { tries: 0, at: Some(*at) };
                refund.refused = None;
            }),
        },
    }
}
