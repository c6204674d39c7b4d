//! What the doors need of the engine and of identity, as one trait: both doors and their tests are written against it.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use jiaohao_actors::fanout::{Outbox, Position};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{AccountId, Code, Rejection, Timestamp};
use serde_json::Value;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::identity::tokens::Claims;

pub use crate::http::requests::{Deed, SignedIn, Visit, VisitAnswer};

/// An answer that comes when it is durable.
pub type Answering<T> = Pin<Box<dyn Future<Output = Result<T, Rejection>> + Send>>;

/// Somebody wants to follow a stream.
#[derive(Clone)]
pub struct Subscription {
    /// `board:renmin.b3`.
    pub stream: Arc<str>,
    /// Where the client was before.
    pub since: Option<Position>,
    /// The message's id, for `subscribed`.
    pub reply_to: String,
    /// Where `subscribed` and everything after it goes.
    pub outbox: Arc<Outbox>,
}

/// A stream as it is now, for the HTTP door.
#[derive(Clone, Debug)]
pub struct StreamNow {
    /// From where to follow it.
    pub position: Position,
    /// As in `subscribed`.
    pub snapshot: Value,
}

/// The engine as the doors see it. Every check of who may what happens behind it, so that both doors answer alike.
///
/// What is handed over is handed over when the method is called, not when its future is first polled: commands of one
/// connection reach their owners in the order in which they came.
pub trait Engine: Send + Sync + 'static {
    /// Reads an access token and asks whether it still stands.
    fn authenticate(&self, token: &str) -> Answering<Claims>;

    /// Whether claims read before still stand (not revoked, no relation changed since).
    fn still_stands(&self, claims: Arc<Claims>) -> Answering<()>;

    /// Whether these claims may (still) follow this stream.
    fn may_follow(&self, claims: Arc<Claims>, stream: Arc<str>) -> Answering<()>;

    /// Tells of each account whose tokens of before have ended.
    fn changed_accounts(&self) -> broadcast::Receiver<AccountId>;

    /// A command. The answer comes when it is durable and when its own events have been queued on the streams.
    fn command(&self, claims: Arc<Claims>, key: Option<Uuid>, command: ClientCommand) -> Answering<Answer>;

    /// Follow a stream; resolves when `subscribed` has been queued in the outbox.
    fn subscribe(&self, claims: Arc<Claims>, subscription: Subscription) -> Answering<()>;

    /// Follow it no more; resolves when nothing more of it will be queued.
    fn unsubscribe(&self, stream: &Arc<str>, outbox: &Arc<Outbox>) -> Answering<()>;

    /// The right to the stream has gone: queue `ended` and follow it no more.
    fn end(&self, stream: &Arc<str>, outbox: &Arc<Outbox>, error: Rejection);

    /// A stream's snapshot.
    fn snapshot(&self, claims: Arc<Claims>, stream: Arc<str>) -> Answering<StreamNow>;

    /// What a door does beside commands and streams, for somebody signed in.
    fn deed(&self, claims: Arc<Claims>, deed: Deed) -> Answering<Value>;

    /// What somebody does who is not signed in (yet).
    fn visit(&self, address: IpAddr, visit: Visit) -> Answering<VisitAnswer>;

    /// Clinic time.
    fn now(&self) -> Timestamp;

    /// On a folder made for test: how much faster clinic time runs. None on a hospital's own.
    fn test_speed(&self) -> Option<f64> {
        None
    }

    /// The zone of a site; of the house when none is named or it is unknown.
    fn zone(&self, site: Option<&str>) -> Zone;

    /// Machine time, UTC: for tokens.
    fn machine_now(&self) -> Timestamp;

    /// Recovered and able to commit; else why not.
    ///
    /// # Errors
    /// Words for the operator.
    fn ready(&self) -> Result<(), String>;

    /// What an operator should look at while it works: a line each, no secret in it.
    fn alarms(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A command through either door: gives it, counts it, prints its answer as the wire has it.
pub fn run_command(
    engine: &Arc<dyn Engine>,
    door: &'static str,
    claims: Arc<Claims>,
    key: Option<Uuid>,
    command: ClientCommand,
) -> impl Future<Output = Result<Value, Rejection>> + use<> {
    let name = command.name();
    let answering = engine.command(claims, key, command);
    let engine = engine.clone();
    // a task of its own: what was begun is also ended (and audited) when the client does not wait for the answer
    let answered = actix_web::rt::spawn(async move {
        let answer = match answering.await {
            // a refusal that is on the record is a rejection for whoever asked
            Ok(Answer::Refused(rejection)) => Err(rejection),
            answered => answered,
        };
        let outcome = answer.as_ref().map_or_else(|rejection| rejection.code.wire(), |_| "done");
        metrics::counter!("commands_total", "door" => door, "command" => name, "outcome" => outcome).increment(1);
        Ok(crate::wire::answer(engine.as_ref(), &answer?))
    });
    async move { answered.await.unwrap_or_else(|_| Err(Code::Internal.into())) }
}
