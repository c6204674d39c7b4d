//! The payment gateway: the protocol of docs/payment.md, close to what parties in China speak. A hospital whose party speaks
//! another one adds a file like this.

use futures_util::future::BoxFuture;
use hyper::Method;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::vocabulary::{OrderWord, RefundWord};
use jiaohao_domain::{OrderId, RefundId};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::port::{Became, Called, NewOrder, NewRefund, News, NoNews, NotNow, Provider};
use crate::config::PaymentSettings;
use crate::reach::client::{Client, Target, Whom};
use crate::reach::port::{ChannelName, Sent};
use crate::reach::{ReachError, Wall, signature};
use crate::wire::objects;

/// Where an order is made, asked for and closed, and a refund is made, under the party's address.
pub const ORDERS: &str = "/v1/orders";
/// See [`ORDERS`].
pub const QUERY: &str = "/v1/orders/query";
/// See [`ORDERS`].
pub const CLOSE: &str = "/v1/orders/close";
/// See [`ORDERS`].
pub const REFUNDS: &str = "/v1/refunds";
/// The header with the date that is signed.
pub const DATE: &str = "x-pay-date";
/// The longest number of the party's, in bytes.
const NUMBER_MAX_BYTES: usize = 64;
/// The longest address of a page on which an order is paid, in bytes.
const PAY_URL_MAX_BYTES: usize = 2048;

/// Codes of a refund that is never given, whenever it is asked for.
const NEVER: [&str; 2] = ["ACCOUNT_CLOSED", "REFUND_TOO_OLD"];

/// Codes that say how one order stands, and nothing of the party.
const OF_ITS_ORDER: [&str; 4] = ["ORDER_PAID", "ORDER_CLOSED", "ORDER_EXISTS", "TRANSACTION_UNKNOWN"];

/// What a page on which an order is paid may begin with: the web, and the two programs that pay on a phone.
const PAGES: [&str; 3] = ["https", "weixin", "alipays"];

/// The gateway.
pub struct Gateway {
    client: Client,
    target: Target,
    merchant: String,
    key: Redacted<String>,
    wall: Wall,
}

/// What it answers to anything about an order or a refund.
#[derive(Deserialize)]
struct Answer {
    code: String,
    #[serde(default)]
    pay_url: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    transaction: Option<String>,
    #[serde(default)]
    amount_fen: Option<u32>,
    #[serde(default)]
    reference: Option<String>,
}

/// What it sends by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PaymentNews {
    /// Somebody has paid.
    OrderPaid {
        /// The hospital's number at the gateway.
        merchant: String,
        /// Which order.
        order: OrderId,
        /// The gateway's number of the payment.
        transaction: String,
        /// How much, in fen.
        amount_fen: u32,
    },
    /// It was not paid in time.
    OrderClosed {
        /// The hospital's number at the gateway.
        merchant: String,
        /// Which order.
        order: OrderId,
    },
    /// Money is back.
    RefundGiven {
        /// The hospital's number at the gateway.
        merchant: String,
        /// Which refund.
        refund: RefundId,
        /// The gateway's number of it.
        reference: String,
    },
    /// It does not go back.
    RefundRefused {
        /// The hospital's number at the gateway.
        merchant: String,
        /// Which refund.
        refund: RefundId,
        /// Why, in the gateway's words.
        code: String,
    },
}

fn is_number(text: &str) -> bool {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= NUMBER_MAX_BYTES && text.bytes().all(is_sound)
}

/// Whether a phone may be sent there. `is_plain`: the party itself is spoken with in plain HTTP, inside the house.
fn is_page(url: &str, is_plain: bool) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let is_known = PAGES.contains(&scheme) || scheme == "http" && is_plain;
    let whose = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What is no part of an address makes another one of it in a browser, or only looks like one.
    let is_sound = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`');
    is_known && !whose.is_empty() && !whose.contains('@') && url.len() <= PAY_URL_MAX_BYTES && url.bytes().all(is_sound)
}

/// A code of the party's as it may stand in the log.
fn shown(code: &str) -> &str {
    if is_number(code) { code } else { "another code" }
}

/// What an operator may look at when the party has answered like this.
fn look_at(code: &str, status: u16) -> &'static str {
    match code {
        "DATE_WRONG" => "this machine's clock",
        "SIGNATURE_WRONG" | "MERCHANT_WRONG" => "payment.merchant / payment.secret",
        _ if matches!(status, 401 | 403) => "payment.merchant / payment.secret, and this machine's clock",
        _ if status == 404 => "payment.url",
        _ => "the provider",
    }
}

impl Gateway {
    /// The gateway of these settings; none when it is off.
    ///
    /// # Errors
    /// A setting is not in order.
    pub fn new(settings: &PaymentSettings, client: Client, wall: Wall) -> Result<Option<Self>, ReachError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let wrong = |field: &'static str, why: &str| ReachError::Setting(field, why.to_owned());
        Ok(Some(Self {
            client,
            target: Target::read(url, Whom::Named).map_err(|why| wrong("payment.url", why))?,
            merchant: settings.merchant.clone().ok_or_else(|| wrong("payment.merchant", "it is missing"))?,
            key: settings.key().map_err(|why| wrong("payment.secret", &why))?,
            wall,
        }))
    }

    async fn post(&self, path: &str, mut body: Value) -> Result<Answer, NotNow> {
        body["merchant"] = self.merchant.as_str().into();
        let (target, body) = (self.target.at(path), body.to_string().into_bytes());
        let now = (self.wall)();
        let [(authorization, signed), (_, date)] =
            signature::headers(&self.merchant, self.key.reveal(), "POST", target.path(), &body, now);
        let headers = [("content-type", "application/json".to_owned()), (authorization, signed), (DATE, date)];
        let host = target.origin();
        let standing = &self.client.standing;
        let failed = |what: &str, look_at: &str| {
            standing.failed(ChannelName::Payment, &host, &format!("{path}: {what}"), look_at, (self.wall)());
            metrics::counter!("payment_asked_total", "outcome" => "failed").increment(1);
            NotNow
        };
        let answered = self.client.ask(Method::POST, &target, &headers, body).await;
        let answered =
            answered.map_err(|fault| failed(&fault.to_string(), "payment.url, the provider, and the way to it"))?;
        let status = answered.status;
        let answer: Answer = match serde_json::from_slice(&answered.body) {
            Ok(answer) if status == 200 => answer,
            Ok(Answer { code, .. }) => {
                return Err(failed(&format!("{} ({status})", shown(&code)), look_at(&code, status)));
            }
            Err(_) => return Err(failed(&format!("no answer that can be read ({status})"), look_at("", status))),
        };
        // Of this order: no word on how the party stands.
        if OF_ITS_ORDER.contains(&answer.code.as_str()) {
            tracing::warn!(code = shown(&answer.code), path, "the payment's provider does not do that of one order");
            metrics::counter!("payment_asked_total", "outcome" => "failed").increment(1);
            return Err(NotNow);
        }
        if answer.code != "OK" && !NEVER.contains(&answer.code.as_str()) {
            return Err(failed(shown(&answer.code), look_at(&answer.code, status)));
        }
        standing.answered(ChannelName::Payment, Sent::Taken);
        metrics::counter!("payment_asked_total", "outcome" => "answered").increment(1);
        Ok(answer)
    }

    async fn make(&self, order: &NewOrder) -> Result<String, NotNow> {
        let NewOrder { order, amount_fen, expires_in_s } = order;
        let asked = json!({ "order": order, "amount_fen": amount_fen, "expires_in_s": expires_in_s });
        let page = self.post(ORDERS, asked).await?.pay_url;
        let page = page.filter(|page| is_page(page, self.target.is_plain()));
        page.ok_or_else(|| {
            tracing::warn!("the payment's provider names no page on which an order could be paid");
            NotNow
        })
    }

    async fn became(&self, order: &OrderId, close: bool) -> Result<Became, NotNow> {
        let answer = self.post(if close { CLOSE } else { QUERY }, json!({ "order": order })).await?;
        match (answer.state.as_deref(), answer.transaction, answer.amount_fen) {
            (Some("paid"), Some(transaction), Some(amount_fen)) if is_number(&transaction) => {
                Ok(Became::Said(OrderWord::Paid { transaction, amount_fen }))
            }
            (Some("closed"), ..) => Ok(Became::Said(OrderWord::Closed)),
            (Some("open"), ..) => Ok(Became::Open),
            (Some("unknown"), ..) => Ok(Became::Unknown),
            _ => Err(NotNow),
        }
    }

    async fn give(&self, refund: &NewRefund) -> Result<Option<RefundWord>, NotNow> {
        let NewRefund { refund, transaction, amount_fen } = refund;
        let asked = json!({ "refund": refund, "transaction": transaction, "amount_fen": amount_fen });
        let answer = self.post(REFUNDS, asked).await?;
        match (answer.code.as_str(), answer.state.as_deref(), answer.reference) {
            ("OK", Some("given"), Some(reference)) if is_number(&reference) => {
                Ok(Some(RefundWord::Given { reference }))
            }
            ("OK", Some("processing"), _) => Ok(None),
            ("OK", ..) => Err(NotNow),
            (code, ..) => Ok(Some(RefundWord::Refused { code: code.to_owned() })),
        }
    }
}

impl Provider for Gateway {
    fn create<'a>(&'a self, order: &'a NewOrder) -> BoxFuture<'a, Result<String, NotNow>> {
        Box::pin(self.make(order))
    }

    fn ask<'a>(&'a self, order: &'a OrderId, close: bool) -> BoxFuture<'a, Result<Became, NotNow>> {
        Box::pin(self.became(order, close))
    }

    fn refund<'a>(&'a self, refund: &'a NewRefund) -> BoxFuture<'a, Result<Option<RefundWord>, NotNow>> {
        Box::pin(self.give(refund))
    }

    fn news(&self, called: &Called) -> Result<News, NoNews> {
        let key = (self.merchant.as_str(), self.key.reveal().as_str());
        let request = ("POST", called.path.as_str(), called.body.as_slice());
        let (signed, date) = (called.header(signature::AUTHORIZATION), called.header(DATE));
        signature::check(key, request, signed, date, (self.wall)()).map_err(|_| NoNews::Unsigned)?;
        let news: PaymentNews = objects::body(&called.body).map_err(|_| NoNews::Malformed)?;
        let (merchant, number) = match &news {
            PaymentNews::OrderPaid { merchant, transaction, .. } => (merchant, Some(transaction)),
            PaymentNews::OrderClosed { merchant, .. } => (merchant, None),
            PaymentNews::RefundGiven { merchant, reference, .. } => (merchant, Some(reference)),
            PaymentNews::RefundRefused { merchant, code, .. } => (merchant, Some(code)),
        };
        let is_nothing = matches!(news, PaymentNews::OrderPaid { amount_fen: 0, .. });
        if is_nothing || *merchant != self.merchant || number.is_some_and(|number| !is_number(number)) {
            return Err(NoNews::Malformed);
        }
        Ok(match news {
            PaymentNews::OrderPaid { order, transaction, amount_fen, .. } => {
                News::Order(order, OrderWord::Paid { transaction, amount_fen })
            }
            PaymentNews::OrderClosed { order, .. } => News::Order(order, OrderWord::Closed),
            PaymentNews::RefundGiven { refund, reference, .. } => News::Refund(refund, RefundWord::Given { reference }),
            PaymentNews::RefundRefused { refund, code, .. } => News::Refund(refund, RefundWord::Refused { code }),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiaohao_domain::Timestamp;

    use super::*;
    use crate::config::Settings;
    use crate::reach::client::Patience;

    const NOW: Timestamp = Timestamp(1_795_393_800_000);
    const PATH: &str = "/api/v1/channels/payment";

    fn gateway() -> Gateway {
        let text = "[payment]\nurl = \"http://127.0.0.1:1\"\nmerchant = \"m1\"\nsecret = \"secret\"\n";
        let settings = Settings::from_parts("jiaohao.toml", text, []).expect("in order");
        let made = Gateway::new(&settings.payment, Client::new(Patience::default()), Arc::new(|| NOW));
        made.expect("in order").expect("on")
    }

    fn called(secret: &str, at: Timestamp, body: &Value) -> Called {
        let body = body.to_string().into_bytes();
        let [(_, signed), (_, date)] = signature::headers("m1", secret, "POST", PATH, &body, at);
        let headers = vec![("authorization".to_owned(), signed), (DATE.to_owned(), date)];
        Called { path: PATH.to_owned(), headers, body }
    }

    fn paid(merchant: &str, transaction: &str) -> Value {
        json!({ "event": "order_paid", "merchant": merchant, "order": "s.d.b20261123-1.o1", "transaction": transaction,
                "amount_fen": 5000 })
    }

    #[test]
    fn a_phone_is_sent_to_a_page_of_the_web_or_to_a_program_that_pays_and_nowhere_else() {
        for page in
            ["https://pay.example/p?o=1", "weixin://wxpay/bizpayurl?pr=x", "alipays://platformapi/startapp?appId=1"]
        {
            assert!(is_page(page, false), "{page}");
        }
        assert!(is_page("http://127.0.0.1:8086/pay/o1", true) && !is_page("http://pay.example/x", false));
        for no_page in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)//https://x",
            "file:///etc/passwd",
            "intent://x",
            "HTTPS://",
            "https:///x",
            "https://u:p@pay.example/",
            "https://pay.example/\u{202e}gpj",
            "https://pay.example/ x",
            "https://pay.example/\"><script>",
            "https://pay.example\\@x",
        ] {
            assert!(!is_page(no_page, true), "{no_page}");
        }
        assert!(!is_page(&format!("https://pay.example/{}", "x".repeat(PAY_URL_MAX_BYTES)), false));
    }

    #[actix_web::test]
    async fn a_provider_that_takes_nothing_is_a_channel_that_fails_and_names_its_setting() {
        let gateway = gateway();
        let order = OrderId::from("s.d.b20261123-1.o1");
        for _ in 0..4 {
            assert_eq!(gateway.became(&order, false).await, Err(NotNow));
        }
        let failing = || gateway.client.standing.failing(ChannelName::Payment, NOW);
        assert!(failing().is_none(), "four are a chance");
        assert_eq!(gateway.became(&order, false).await, Err(NotNow));
        let last = failing().expect("five in a row are none").last;
        assert!(last.starts_with("http://127.0.0.1:1: /v1/orders/query: "), "{last}");
        assert!(last.ends_with("check payment.url, the provider, and the way to it"), "{last}");
        assert!(gateway.client.standing.failing(ChannelName::Sms, NOW).is_none());
        assert_eq!(look_at("SIGNATURE_WRONG", 401), "payment.merchant / payment.secret");
        assert_eq!((look_at("DATE_WRONG", 401), look_at("", 404)), ("this machine's clock", "payment.url"));
    }

    #[actix_web::test]
    async fn a_wrong_secret_is_told_and_what_one_order_says_is_no_word_of_the_party() {
        use crate::pay::sandbox::{Options, Sandbox};
        let options = Options::at(([127, 0, 0, 1], 0).into());
        let sandbox = Sandbox::start(options, Arc::new(|| NOW)).expect("it listens");
        let at = |secret: &str| {
            let url = sandbox.address;
            let text = format!("[payment]\nurl = \"http://{url}\"\nmerchant = \"sandbox\"\nsecret = \"{secret}\"\n");
            let settings = Settings::from_parts("jiaohao.toml", &text, []).expect("in order");
            let made = Gateway::new(&settings.payment, Client::new(Patience::default()), Arc::new(|| NOW));
            made.expect("in order").expect("on")
        };
        let new = |amount_fen| NewOrder { order: "s.d.b20261123-1.o1".into(), amount_fen, expires_in_s: 600 };
        let wrong = at("another");
        for _ in 0..5 {
            assert_eq!(wrong.make(&new(5000)).await, Err(NotNow));
        }
        let last = wrong.client.standing.failing(ChannelName::Payment, NOW).expect("it fails").last;
        assert!(last.ends_with("/v1/orders: SIGNATURE_WRONG (401): check payment.merchant / payment.secret"), "{last}");
        let right = at("sandbox-pay-secret");
        assert!(right.make(&new(5000)).await.is_ok());
        for _ in 0..9 {
            assert_eq!(right.make(&new(4000)).await, Err(NotNow), "ORDER_EXISTS");
        }
        assert!(right.client.standing.failing(ChannelName::Payment, NOW).is_none(), "it answers");
        sandbox.stop().await;
    }

    #[test]
    fn only_what_the_gateway_has_signed_just_now_is_its_word() {
        let gateway = gateway();
        let word = OrderWord::Paid { transaction: "T1".to_owned(), amount_fen: 5000 };
        let said = Ok(News::Order("s.d.b20261123-1.o1".into(), word));
        assert_eq!(gateway.news(&called("secret", NOW, &paid("m1", "T1"))), said);
        assert_eq!(gateway.news(&called("other", NOW, &paid("m1", "T1"))), Err(NoNews::Unsigned));
        assert_eq!(gateway.news(&called("secret", NOW.plus_s(-301), &paid("m1", "T1"))), Err(NoNews::Unsigned));
        let mut changed = called("secret", NOW, &paid("m1", "T1"));
        changed.body = paid("m1", "T2").to_string().into_bytes();
        assert_eq!(gateway.news(&changed), Err(NoNews::Unsigned));
        let long = "T".repeat(NUMBER_MAX_BYTES + 1);
        let listed = json!(["order_paid", "m1", "s.d.b20261123-1.o1", "T1", 5000]);
        let one_listed = json!([paid("m1", "T1")]);
        let mut nothing = paid("m1", "T1");
        nothing["amount_fen"] = json!(0);
        for wrong in [
            listed,
            one_listed,
            paid("m2", "T1"),
            paid("m1", ""),
            paid("m1", &long),
            paid("m1", "T 1"),
            nothing,
            json!({ "event": "x" }),
        ] {
            assert_eq!(gateway.news(&called("secret", NOW, &wrong)), Err(NoNews::Malformed), "{wrong}");
        }
    }
}
