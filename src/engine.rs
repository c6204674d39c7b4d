//! What the doors need of the engine and of identity, as one trait: both doors and their tests are written against it.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiaohao_actors::fanout::{Outbox, Position};
use jiaohao_actors::shell::clock;
use jiaohao_actors::shell::projector::Awaited;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{Code, Rejection, Role, ScreenId, Timestamp};
use serde_json::Value;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{broadcast, oneshot};
use uuid::Uuid;

use crate::identity::tokens::{Changed, Claims};

pub use crate::http::requests::{Deed, SignedIn, Visit, VisitAnswer};

/// An answer that comes when it is durable.
pub type Answering<T> = Pin<Box<dyn Future<Output = Result<T, Rejection>> + Send>>;

/// The order of one connection's commands: each reaches its owner after the one before it, also when more has to be
/// asked about the earlier one.
#[derive(Default)]
pub struct Turns {
    last: Option<oneshot::Receiver<()>>,
}

impl Turns {
    /// The next command's turn.
    pub fn take(&mut self) -> Turn {
        let (taken, last) = oneshot::channel();
        Turn { before: self.last.replace(last), _taken: taken }
    }
}

/// One command's turn. Dropping it (when the command is in its owner's mailbox, or will never be) lets the next one go.
pub struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _taken: oneshot::Sender<()>,
}

impl Turn {
    /// Of a command with nobody before it.
    pub fn alone() -> Self {
        Turns::default().take()
    }

    /// Whether it is its turn already.
    pub fn has_come(&mut self) -> bool {
        let waits = self.before.as_mut().is_some_and(|before| before.try_recv() == Err(TryRecvError::Empty));
        if !waits {
            self.before = None;
        }
        !waits
    }

    /// Waits for it.
    pub async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // a dropped turn is a taken one
            let _ = before.await;
        }
    }
}

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
    /// Whether somebody still waits for `subscribed`: else nothing is followed.
    pub awaited: Awaited,
}

/// What a door hears of a screen.
#[derive(Clone, Debug)]
pub enum ScreenNews {
    /// A connection of it has said hello.
    Came,
    /// One has ended.
    Left,
    /// What it says of itself with a beat.
    Said {
        /// Whether it cannot speak; none: it has not said.
        silent: Option<bool>,
        /// What program it is.
        client: Option<String>,
    },
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
/// What needs nothing asked first is handed over when the method is called, not when its future is first polled; the
/// [`Turn`] keeps the order of a connection's commands where something must be asked.
pub trait Engine: Send + Sync + 'static {
    /// Reads an access token and asks whether it still stands.
    fn authenticate(&self, token: &str) -> Answering<Claims>;

    /// Whether claims read before still stand (not revoked, no relation changed since).
    fn still_stands(&self, claims: Arc<Claims>) -> Answering<()>;

    /// Whether these claims may (still) follow this stream.
    fn may_follow(&self, claims: Arc<Claims>, stream: Arc<str>) -> Answering<()>;

    /// Tells whose rights may have changed.
    fn changed_rights(&self) -> broadcast::Receiver<Changed>;

    /// A command. The answer comes when it is durable and when its own events have been queued on the streams.
    fn command(&self, claims: Arc<Claims>, key: Option<Uuid>, command: ClientCommand, turn: Turn) -> Answering<Answer>;

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

    /// News of a screen, for operations.
    fn screen(&self, _screen: &ScreenId, _news: ScreenNews) {}

    /// A file of a site's voice pack; none when there is no such.
    fn voice_file(&self, _site: &str, _version: &str, _name: &str) -> Answering<Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }

    /// Clinic time.
    fn now(&self) -> Timestamp;

    /// On a folder made for test: how much faster clinic time runs. None on a hospital's own.
    fn test_speed(&self) -> Option<f64> {
        None
    }

    /// Names the house, so that a screen knows a stranger's from its own. None: it has no name.
    fn house_id(&self) -> Option<&str> {
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

    /// Whether nothing is written because the disk is nearly full: staff are told before they press anything.
    fn is_read_only(&self) -> bool {
        false
    }

    /// What an operator should look at while it works: a line each, no secret in it.
    fn alarms(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What comes within so long; else `timed_out`.
///
/// # Errors
/// `timed_out`, beside the work's own.
pub async fn in_time<T>(within: Duration, work: impl Future<Output = Result<T, Rejection>>) -> Result<T, Rejection> {
    let late = || Rejection::new(Code::TimedOut, "no answer in time: send it again by its key");
    tokio::time::timeout(within, work).await.unwrap_or_else(|_| Err(late()))
}

/// What comes within so long, or is being fulfilled by then; else `timed_out`, and it will not be fulfilled any more.
///
/// # Errors
/// `timed_out`, beside the work's own.
pub async fn in_time_or_never<T>(
    within: Duration,
    awaited: &Awaited,
    work: impl Future<Output = Result<T, Rejection>>,
) -> Result<T, Rejection> {
    let mut work = std::pin::pin!(work);
    match tokio::time::timeout(within, &mut work).await {
        Ok(outcome) => outcome,
        Err(_) if awaited.decide() => Err(Rejection::new(Code::TimedOut, "nothing is followed: ask again")),
        Err(_) => work.await,
    }
}

/// A refusal as somebody of that role (none: nobody has signed in) is told it. How much room which folder has, and the setting,
/// is for who runs the house; the log says it too.
pub fn for_asker(role: Option<Role>, why: Rejection) -> Rejection {
    match why.code {
        // Of the audit no folder is named.
        Code::StorageLow if why.valid_now.iter().any(|(name, _)| *name == "what") => why,
        Code::StorageLow | Code::ReadOnly if role != Some(Role::Operator) => why.code.into(),
        _ => why,
    }
}

/// A command through either door: gives it, counts it, prints its answer as the wire has it. Who has heard nothing `within`
/// so long is told `timed_out`, and it may be done all the same.
pub fn run_command(
    engine: &Arc<dyn Engine>,
    door: &'static str,
    claims: Arc<Claims>,
    key: Option<Uuid>,
    command: ClientCommand,
    turn: Turn,
    within: Duration,
) -> impl Future<Output = Result<Value, Rejection>> + use<> {
    let (name, role) = (command.name(), claims.role);
    let began = clock::monotonic();
    let answering = engine.command(claims, key, command, turn);
    let engine = engine.clone();
    // a task of its own: what was begun is also ended (and audited) when the client does not wait for the answer
    let answered = actix_web::rt::spawn(async move {
        let answer = match answering.await {
            // a refusal that is on the record is a rejection for whoever asked
            Ok(Answer::Refused(rejection)) => Err(rejection),
            answered => answered,
        };
        let outcome = answer.as_ref().map_or_else(|rejection| rejection.code.wire(), |_| "done");
        metrics::histogram!("command_seconds").record(began.elapsed().as_secs_f64());
        metrics::counter!("commands_total", "door" => door, "command" => name, "outcome" => outcome).increment(1);
        Ok(crate::wire::answer(engine.as_ref(), &answer.map_err(|why| for_asker(Some(role), why))?))
    });
    in_time(within, async move { answered.await.unwrap_or_else(|_| Err(Code::Internal.into())) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_settings_are_told_to_who_runs_the_house() {
        let full = |code| Rejection::new(code, "3 MiB are free in /var/lib/jiaohao").with("folder", "/var/lib/jiaohao");
        for code in [Code::StorageLow, Code::ReadOnly] {
            assert_eq!(for_asker(Some(Role::Operator), full(code)), full(code));
            for role in [None, Some(Role::Patient), Some(Role::Desk)] {
                assert_eq!(for_asker(role, full(code)), Rejection::from(code), "{role:?}");
            }
        }
        assert_eq!(for_asker(None, full(Code::InvalidField)), full(Code::InvalidField));
        let of_audit = Rejection::new(Code::StorageLow, "the audit cannot be written").with("what", "audit");
        assert_eq!(for_asker(Some(Role::Desk), of_audit.clone()), of_audit);
    }

    #[tokio::test]
    async fn a_turn_comes_when_all_before_it_are_taken_or_given_up() {
        let mut turns = Turns::default();
        let (mut first, mut second, mut third) = (turns.take(), turns.take(), turns.take());
        assert!(first.has_come());
        assert!(!second.has_come() && !third.has_come());
        let waiting = tokio::spawn(async move {
            second.come().await;
            second
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the first is still being asked about");
        drop(first);
        let second = waiting.await.expect("it comes");
        assert!(!third.has_come(), "the second is not taken yet");
        drop(second);
        assert!(third.has_come());
        assert!(Turn::alone().has_come());
    }

    const WITHIN: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn who_is_told_that_it_took_too_long_gets_nothing_afterwards() {
        let awaited = Awaited::default();
        let late = in_time_or_never(WITHIN, &awaited, std::future::pending::<Result<(), _>>()).await;
        assert_eq!(late.expect_err("nothing came").code, Code::TimedOut);
        assert!(!awaited.decide(), "it is decided: nobody fulfils it any more");
    }

    #[tokio::test]
    async fn what_is_being_fulfilled_at_that_moment_is_waited_for() {
        let awaited = Awaited::default();
        let fulfilling = async {
            assert!(awaited.decide());
            tokio::time::sleep(2 * WITHIN).await;
            Ok(())
        };
        in_time_or_never(WITHIN, &awaited, fulfilling).await.expect("it is told what has come of it");
    }
}
