//! What a party that takes money has to be able to do. Each request carries a number of ours by which the party knows a
//! repeat: the same order, the same refund.

use futures_util::future::BoxFuture;
use jiaohao_domain::vocabulary::{OrderWord, RefundWord};
use jiaohao_domain::{OrderId, RefundId};

/// An order that somebody wants to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Which. Nothing about a person can be read from it.
    pub order: OrderId,
    /// How much, in fen.
    pub amount_fen: u32,
    /// For so long it can be paid, in seconds.
    pub expires_in_s: u32,
}

/// Money that is to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Which.
    pub refund: RefundId,
    /// The party's number of the payment.
    pub transaction: String,
    /// How much of it, in fen.
    pub amount_fen: u32,
}

/// What became of an order, as far as the party knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It may still be paid.
    Open,
    /// It has never heard of it; it may yet, while somebody is being sent there.
    Unknown,
    /// It was paid, or cannot be any more.
    Said(OrderWord),
}

/// What a party says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Of an order.
    Order(OrderId, OrderWord),
    /// Of a refund.
    Refund(RefundId, RefundWord),
}

/// What a party sent to the house's door.
#[derive(Clone, Debug)]
pub struct Called {
    /// The path, as it is signed.
    pub path: String,
    /// The headers that a party may sign with: their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Called {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why something was not taken from the party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNews {
    /// Not signed by it, or not just now.
    #[error("it is not signed, or not just now")]
    Unsigned,
    /// Nothing that it would send.
    #[error("nothing that can be read")]
    Malformed,
}

/// Nothing of use came back: it is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNow;

/// A party that takes money.
pub trait Provider: Send + Sync {
    /// Where the order is paid: a page, or what a phone scans. The same order is the same page.
    fn create<'a>(&'a self, order: &'a NewOrder) -> BoxFuture<'a, Result<String, NotNow>>;
    /// What became of an order; with `close` one that it knows can be paid no more from then on.
    fn ask<'a>(&'a self, order: &'a OrderId, close: bool) -> BoxFuture<'a, Result<Became, NotNow>>;
    /// Gives money back. None: it is on its way. A refusal is for good: of what may be given another time it is [`NotNow`].
    fn refund<'a>(&'a self, refund: &'a NewRefund) -> BoxFuture<'a, Result<Option<RefundWord>, NotNow>>;
    /// Reads what it sent by itself.
    ///
    /// # Errors
    /// [`NoNews`].
    fn news(&self, called: &Called) -> Result<News, NoNews>;
}
