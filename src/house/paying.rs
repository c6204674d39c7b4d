//! Fees through the provider, at the edge. What the provider is to be asked leaves a department once it is on the record, is
//! asked beside the owners, and what came of it goes back as a command. Nothing is remembered here: of what no word comes
//! the department asks again, also after a restart.

use std::fmt;
use std::sync::{Arc, Weak};

use jiaohao_actors::shell::{Origin, Outcome};
use jiaohao_domain::department::State;
use jiaohao_domain::payment::provider::Matter;
use jiaohao_domain::payment::{Event, RefundStanding};
use jiaohao_domain::vocabulary::{Answer, ClientCommand, OrderWord, PaymentWhen, ToDepartment};
use jiaohao_domain::{Code, DepartmentId, OrderId, RefundId, Rejection, Timestamp};
use serde_json::{Value, json};

use super::lanes::{Lane, LaneEnd, lane};
use super::{House, OWNER_WITHIN, department};
use crate::engine::in_time;
use crate::pay::port::{Became, Called, NewOrder, NewRefund, News, NoNews, NotNow};

/// So much may wait to be asked; what finds no room is asked again by its department.
const WAITING: usize = 4_096;
/// So much is asked at once.
const AT_ONCE: usize = 16;
/// So many seconds after an order's end its page, asked for just before, may still come to the provider.
const ON_ITS_WAY_S: i64 = 60;

/// Something that the provider is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Question {
    Order { order: OrderId, close: bool },
    Refund(RefundId),
}

/// Where questions leave; without a house behind it they go nowhere.
#[derive(Clone, Default)]
pub struct Till(Option<Arc<Lane<Question>>>);

impl fmt::Debug for Till {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Till")
    }
}

/// Where they come out.
pub struct Asked(LaneEnd<Question>);

/// A way out.
pub fn till() -> (Till, Asked) {
    let (entrance, end) = lane(WAITING);
    (Till(Some(Arc::new(entrance))), Asked(end))
}

impl Till {
    /// Never waits. What is still being asked is not asked beside itself.
    pub(super) fn hear(&self, event: &Event) {
        let (Event::ProviderAsked { matter, close, .. }, Some(lane)) = (event, &self.0) else { return };
        let question = match matter {
            Matter::Order(order) => Question::Order { order: order.clone(), close: *close },
            Matter::Refund(refund) => Question::Refund(refund.clone()),
        };
        if !lane.put(question) {
            metrics::counter!("overloaded_total", "what" => "payments").increment(1);
        }
    }
}

/// Asks until the house is gone.
pub(super) async fn run(house: Weak<House>, asked: Asked) {
    let ask = |question| {
        let house = house.upgrade()?;
        Some(async move { house.ask_provider(question).await })
    };
    asked.0.run(AT_ONCE, ask).await;
}

impl House {
    /// Rejects what nobody could pay by, because the hospital has no provider.
    pub(super) fn may_be_paid(&self, command: &ClientCommand) -> Result<(), Rejection> {
        let needs_it = match command {
            ClientCommand::PayAppointment(_) => true,
            ClientCommand::DefinePayment(defined) => defined.when == PaymentWhen::AtBooking,
            _ => false,
        };
        if !needs_it || self.provider.is_some() {
            return Ok(());
        }
        let why = "nobody is set up to take fees: [payment]";
        Err(match command {
            ClientCommand::DefinePayment(_) => Rejection::field("when", why),
            _ => Rejection::new(Code::InvalidField, why),
        })
    }

    /// Where an order is paid. It is on the record by now: whoever asks again gets the same order and the same page, and
    /// after its end `hold_expired`, also by a key of before.
    pub(super) async fn pay_at(&self, order: OrderId, amount_fen: u32, expires_at: Timestamp) -> Outcome {
        let provider = self.provider.as_ref().ok_or(Code::ChannelFailed)?;
        if expires_at <= self.shell.clock.clinic() {
            return Err(Code::HoldExpired.into());
        }
        // Clinic time may run faster than the provider's.
        let left_s =
            (expires_at.ms_since(self.shell.clock.clinic()) as f64 / 1000.0 / self.shell.clock.speed()).floor();
        let wanted = NewOrder { order: order.clone(), amount_fen, expires_in_s: left_s.max(1.0) as u32 };
        let pay_url = provider.create(&wanted).await.map_err(|NotNow| Code::ChannelFailed)?;
        Ok(Answer::PayAt { order, amount_fen, expires_at, pay_url })
    }

    /// What the provider says by itself, heard by the department before it is acknowledged.
    pub(super) async fn take_payment_news(&self, called: &Called) -> Result<Value, Rejection> {
        let Some(provider) = &self.provider else {
            return Err(Rejection::new(Code::UnknownCommand, "this channel is not set up here"));
        };
        let news = provider.news(called).map_err(|why| {
            tracing::debug!(%why, "news of a payment are refused");
            let code = if why == NoNews::Unsigned { Code::Unauthenticated } else { Code::Malformed };
            Rejection::new(code, why.to_string())
        })?;
        let (at, message) = match news {
            News::Order(order, word) => (order.department(), ToDepartment::OrderSaid { order, word }),
            News::Refund(refund, word) => (refund.department(), ToDepartment::RefundSaid { refund, word }),
        };
        let said = self.tell_of_payment(&at, message).await;
        if let Err(why) = &said {
            tracing::warn!(code = why.code.wire(), department = %at, "news of a payment could not be taken");
        }
        said.map(|()| json!({ "code": 0 }))
    }

    async fn tell_of_payment(&self, at: &DepartmentId, message: ToDepartment) -> Result<(), Rejection> {
        in_time(OWNER_WITHIN, self.shell.ask(department(at), message.into(), Origin::Shell)).await.map(drop)
    }

    async fn ask_provider(&self, question: Question) {
        let told = match question {
            Question::Order { order, close } => self.ask_of_order(order, close).await,
            Question::Refund(refund) => self.ask_for_refund(refund).await,
        };
        if let Err(why) = told {
            tracing::warn!(code = why.code.wire(), "what the payment's provider said could not be told");
        }
    }

    async fn ask_of_order(&self, order: OrderId, close: bool) -> Result<(), Rejection> {
        let Some(provider) = &self.provider else { return Ok(()) };
        let at = order.department();
        let word = match provider.ask(&order, close).await {
            Ok(Became::Said(word)) => word,
            Ok(Became::Unknown) if close => match self.is_long_over(&at, &order).await? {
                true => OrderWord::Closed,
                false => return Ok(()),
            },
            // No answer of use, or none yet: the department asks again.
            Ok(Became::Open | Became::Unknown) | Err(NotNow) => return Ok(()),
        };
        self.tell_of_payment(&at, ToDepartment::OrderSaid { order, word }).await
    }

    /// Whether nobody is sent to the provider any more to pay that order, nor is on the way: what it has not heard of then
    /// is never paid.
    async fn is_long_over(&self, at: &DepartmentId, order: &OrderId) -> Result<bool, Rejection> {
        let asked = order.clone();
        let ends = move |state: &State| state.payments.at_provider.order(&asked).map(|asked| asked.expires_at);
        let expires_at = self.shell.read(department(at), ends).await?;
        let now = self.shell.clock.clinic();
        Ok(expires_at.is_some_and(|at| at.plus_s(ON_ITS_WAY_S) <= now))
    }

    async fn ask_for_refund(&self, refund: RefundId) -> Result<(), Rejection> {
        let Some(provider) = &self.provider else { return Ok(()) };
        let (at, asked) = (refund.department(), refund.clone());
        let owed = move |state: &State| {
            let (order, refund) = state.payments.refund(&asked)?;
            // What was refused while this waited is the desk's: it is not asked for beside that.
            let is_to_give = refund.standing == RefundStanding::Owed && refund.refused.is_none();
            let transaction = order.receipt.clone().filter(|_| is_to_give)?;
            Some(NewRefund { refund: refund.id.clone(), transaction, amount_fen: refund.amount_fen })
        };
        let Some(owed) = self.shell.read(department(&at), owed).await? else { return Ok(()) };
        let Ok(Some(word)) = provider.refund(&owed).await else { return Ok(()) };
        self.tell_of_payment(&at, ToDepartment::RefundSaid { refund, word }).await
    }
}
