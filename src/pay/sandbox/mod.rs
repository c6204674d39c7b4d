//! `jiaohao sandbox pay`: a payment gateway that behaves as real ones do, lies included. It takes what is signed, says what
//! became of it until that is acknowledged, gives back what was paid and no more, and writes a statement of each day.
//! docs/payment.md.

mod doors;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::{DateTime, SecondsFormat};
use hyper::Method;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::Zone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::doors::AskedRefund;
use super::gateway::DATE;
use crate::http::channels::PAYMENT_NEWS;
use crate::reach::client::{Client, Patience, Target, Whom};
use crate::reach::{Wall, signature};

/// How often a word that is not acknowledged is said in all.
const WORD_TRIES: u32 = 8;
/// The largest body that is read, in bytes.
const BODY_MAX_BYTES: usize = 64 << 10;
/// Orders and refunds that are kept; beyond, nothing new is taken.
const KEPT_MAX: usize = 100_000;

/// Where it listens, and what both sides sign with. Made up: nothing here is anybody's.
#[derive(Clone)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The hospital's server, which is told what became of orders; none: nobody is told.
    pub callback: Option<String>,
    /// `payment.merchant`.
    pub merchant: String,
    /// `payment.secret`.
    pub secret: String,
    /// When a word is said after what it is about, and again when it is not acknowledged (each time twice as long after).
    pub word_after: Duration,
    /// The zone whose days the statements are of.
    pub zone: Zone,
}

impl Options {
    /// Telling nobody anything.
    pub fn at(listen: SocketAddr) -> Self {
        let (merchant, secret) = ("sandbox".to_owned(), "sandbox-pay-secret".to_owned());
        let word_after = Duration::from_secs(1);
        Self {
            listen,
            callback: None,
            merchant,
            secret,
            word_after,
            zone: Zone::named("Asia/Shanghai").unwrap_or_else(Zone::utc),
        }
    }

    /// The section of `jiaohao.toml` that leads to it when it listens there.
    pub fn settings(&self, at: SocketAddr) -> String {
        let Self { merchant, secret, .. } = self;
        format!("[payment]\nurl = \"http://{at}\"\nmerchant = \"{merchant}\"\nsecret = \"{secret}\"\n")
    }
}

/// How somebody pays, or what the gateway does of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// As it should be.
    #[default]
    Usual,
    /// It is never said.
    Silent,
    /// It is said twice.
    Repeated,
    /// Two payments of one order.
    Twice,
    /// A fen too little.
    Less,
    /// Also of an order that is closed.
    Late,
}

/// What the gateway does when it is to give money of an order back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// At once.
    #[default]
    Usual,
    /// Later: it says so by itself.
    Later,
    /// It gives it, and the answer is lost.
    Lost,
    /// Never.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Open,
    Paid,
    Closed,
}

#[derive(Clone, Debug, Serialize)]
struct Order {
    amount_fen: u32,
    expires_at: Timestamp,
    standing: Standing,
    #[serde(skip)]
    back: Back,
}

#[derive(Clone, Debug, Serialize)]
struct Payment {
    transaction: String,
    order: String,
    amount_fen: u32,
    at: Timestamp,
}

#[derive(Clone, Debug, Serialize)]
struct Refund {
    refund: String,
    reference: String,
    transaction: String,
    amount_fen: u32,
    at: Timestamp,
    /// Whether the money is back.
    given: bool,
}

#[derive(Default)]
struct State {
    orders: BTreeMap<String, Order>,
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
}

struct Shared {
    options: Options,
    address: Mutex<Option<SocketAddr>>,
    callback: Mutex<Option<String>>,
    client: Client,
    wall: Wall,
    state: Mutex<State>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// The order, closed when its time is over.
    fn order(&mut self, id: &str, now: Timestamp) -> Option<&mut Order> {
        let order = self.orders.get_mut(id)?;
        if order.standing == Standing::Open && order.expires_at <= now {
            order.standing = Standing::Closed;
        }
        Some(order)
    }

    fn stands(&mut self, id: &str, now: Timestamp) -> Value {
        let Some(standing) = self.order(id, now).map(|order| order.standing) else {
            return json!({ "code": "OK", "state": "unknown" });
        };
        let paid = self.payments.iter().find(|payment| payment.order == id);
        match (standing, paid) {
            (Standing::Paid, Some(Payment { transaction, amount_fen, .. })) => {
                json!({ "code": "OK", "state": "paid", "transaction": transaction, "amount_fen": amount_fen })
            }
            (standing, _) => json!({ "code": "OK", "state": standing }),
        }
    }
}

/// Why nothing is read of a request: its status and its code.
struct Refused(StatusCode, &'static str);

impl Refused {
    fn answer(&self) -> HttpResponse {
        HttpResponse::build(self.0).json(json!({ "code": self.1 }))
    }
}

impl Shared {
    /// What is signed by the hospital and of it, as `T`.
    fn read<T: for<'a> Deserialize<'a>>(&self, request: &HttpRequest, body: &[u8]) -> Result<T, Refused> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let Options { merchant, secret, .. } = &self.options;
        let signed = signature::check(
            (merchant, secret),
            ("POST", request.path(), body),
            header(signature::AUTHORIZATION),
            header(DATE),
            (self.wall)(),
        );
        let refused = |code| Err(Refused(StatusCode::UNAUTHORIZED, code));
        match signed {
            Err(signature::Wrong::Date) => return refused("DATE_WRONG"),
            Err(_) => return refused("SIGNATURE_WRONG"),
            Ok(()) => {}
        }
        let malformed = || Refused(StatusCode::BAD_REQUEST, "MALFORMED");
        let value: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
        if value["merchant"] != merchant.as_str() {
            return refused("MERCHANT_WRONG");
        }
        serde_json::from_value(value).map_err(|_| malformed())
    }

    fn page(&self, order: &str) -> String {
        let at = lock(&self.address).unwrap_or(self.options.listen);
        format!("http://{at}/pay/{order}")
    }

    /// Says it until it is acknowledged, so many times in all.
    fn say(self: &Arc<Self>, times: u32, mut word: Value) {
        let Some(callback) = lock(&self.callback).clone() else { return };
        word["merchant"] = self.options.merchant.as_str().into();
        let shared = self.clone();
        actix_web::rt::spawn(async move {
            for _ in 0..times {
                let mut wait = shared.options.word_after;
                for _ in 0..WORD_TRIES {
                    tokio::time::sleep(wait).await;
                    if shared.say_once(&callback, &word).await {
                        break;
                    }
                    wait *= 2;
                }
            }
        });
    }

    async fn say_once(&self, callback: &str, word: &Value) -> bool {
        let Ok(target) = Target::read(callback, Whom::Named).map(|target| target.at(PAYMENT_NEWS)) else {
            return false;
        };
        let (body, Options { merchant, secret, .. }) = (word.to_string().into_bytes(), &self.options);
        let [(authorization, signed), (_, date)] =
            signature::headers(merchant, secret, "POST", target.path(), &body, (self.wall)());
        let headers = [("content-type", "application/json".to_owned()), (authorization, signed), (DATE, date)];
        let answered = self.client.ask(Method::POST, &target, &headers, body).await;
        let said = answered.ok().and_then(|answered| serde_json::from_slice::<Value>(&answered.body).ok());
        said.is_some_and(|said| said["code"] == 0)
    }

    /// Somebody pays an order. The code is what a person would read.
    fn pay(self: &Arc<Self>, id: &str, how: How) -> Result<(), &'static str> {
        let now = (self.wall)();
        let mut state = lock(&self.state);
        let order = state.order(id, now).ok_or("ORDER_UNKNOWN")?;
        let may = match order.standing {
            Standing::Open => true,
            Standing::Closed => how == How::Late,
            Standing::Paid => how == How::Twice,
        };
        if !may {
            return Err(if order.standing == Standing::Paid { "ORDER_PAID" } else { "ORDER_CLOSED" });
        }
        let amount_fen = order.amount_fen - u32::from(how == How::Less);
        order.standing = Standing::Paid;
        for _ in 0..if how == How::Twice { 2 } else { 1 } {
            let transaction = format!("T{}-{:06}", now.0, state.payments.len() + 1);
            let word =
                json!({ "event": "order_paid", "order": id, "transaction": transaction, "amount_fen": amount_fen });
            state.payments.push(Payment { transaction, order: id.to_owned(), amount_fen, at: now });
            if how != How::Silent {
                self.say(if how == How::Repeated { 2 } else { 1 }, word);
            }
        }
        Ok(())
    }

    /// Gives money back, once under each number and never more than was paid.
    fn refund(self: &Arc<Self>, asked: AskedRefund) -> (Back, Value) {
        let AskedRefund { refund, transaction, amount_fen } = asked;
        let now = (self.wall)();
        let mut state = lock(&self.state);
        let said = |refund: &Refund| {
            let state = if refund.given { "given" } else { "processing" };
            json!({ "code": "OK", "state": state, "reference": refund.reference })
        };
        if let Some(known) = state.refunds.iter().find(|known| known.refund == refund) {
            let is_same = (&known.transaction, known.amount_fen) == (&transaction, amount_fen);
            return (Back::Usual, if is_same { said(known) } else { json!({ "code": "REFUND_EXISTS" }) });
        }
        let Some(payment) = state.payments.iter().find(|payment| payment.transaction == transaction).cloned() else {
            return (Back::Usual, json!({ "code": "TRANSACTION_UNKNOWN" }));
        };
        let back = state.orders.get(&payment.order).map_or(Back::Usual, |order| order.back);
        let before: u32 = state.refunds.iter().filter(|r| r.transaction == transaction).map(|r| r.amount_fen).sum();
        if amount_fen == 0 || before.saturating_add(amount_fen) > payment.amount_fen {
            return (back, json!({ "code": "NOT_ENOUGH" }));
        }
        if back == Back::Refused {
            return (back, json!({ "code": "ACCOUNT_CLOSED" }));
        }
        let reference = format!("R{}-{:06}", now.0, state.refunds.len() + 1);
        let given = back != Back::Later;
        let made = Refund { refund, reference, transaction, amount_fen, at: now, given };
        let answer = said(&made);
        if !given {
            let (shared, id, reference) = (self.clone(), made.refund.clone(), made.reference.clone());
            actix_web::rt::spawn(async move {
                tokio::time::sleep(shared.options.word_after).await;
                if let Some(refund) = lock(&shared.state).refunds.iter_mut().find(|known| known.refund == id) {
                    refund.given = true;
                }
                shared.say(1, json!({ "event": "refund_given", "refund": id, "reference": reference }));
            });
        }
        state.refunds.push(made);
        (back, answer)
    }

    /// The statement of a day, as CSV.
    fn statement(&self, date: &str) -> String {
        let (state, zone) = (lock(&self.state), self.options.zone);
        let at = |at: Timestamp| {
            let offset = DateTime::parse_from_rfc3339(&zone.rfc3339(at));
            offset.map_or_else(|_| String::new(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, false))
        };
        let mut lines = vec!["kind,number,of,order,amount_fen,at".to_owned()];
        let of_day = |moment: Timestamp| zone.date(moment).0.to_string() == date;
        for one in state.payments.iter().filter(|payment| of_day(payment.at)) {
            let Payment { transaction, order, amount_fen, .. } = one;
            lines.push(format!("payment,{transaction},,{order},{amount_fen},{}", at(one.at)));
        }
        for one in state.refunds.iter().filter(|refund| refund.given && of_day(refund.at)) {
            let Refund { refund, reference, transaction, amount_fen, .. } = one;
            lines.push(format!("refund,{reference},{transaction},{refund},{amount_fen},{}", at(one.at)));
        }
        lines.join("\n") + "\n"
    }
}

/// The gateway, at work.
pub struct Sandbox {
    /// Where.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl Sandbox {
    /// Starts it. To be called inside an actix system.
    ///
    /// # Errors
    /// The address is taken.
    pub fn start(options: Options, wall: Wall) -> std::io::Result<Self> {
        let listen = options.listen;
        let (client, callback) = (Client::new(Patience::default()), Mutex::new(options.callback.clone()));
        let (address, state) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { options, address, callback, client, wall, state });
        let data = web::Data::from(shared.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(BODY_MAX_BYTES))
                .configure(doors::configure)
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(1).bind(listen)?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        *lock(&shared.address) = Some(address);
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Ok(Self { address, shared, handle })
    }

    /// The section of `jiaohao.toml` that leads there.
    pub fn settings(&self) -> String {
        self.shared.options.settings(self.address)
    }

    /// From now on the house there is told what becomes of orders.
    pub fn call_back(&self, url: String) {
        *lock(&self.shared.callback) = Some(url);
    }

    /// Ends it.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
