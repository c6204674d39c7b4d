//! An engine in memory for the doors' tests: tokens are `role:account` (and `:s` seconds of life), every command on a
//! ticket puts an event on `board:s.b` and `doctor:s.x`, a few commands do what a test needs.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiaohao_actors::fanout::{CoarseClock, Current, Fanout, Hub, HubLimits, Moment, Outbox, Position};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{AccountId, AppointmentId, Code, Rejection, Role, SiteId, Timestamp};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::engine::{Answering, Deed, Engine, SignedIn, StreamNow, Subscription, Turn, Visit, VisitAnswer};
use crate::http::requests::SignIn;
use crate::identity::tokens::{Changed, Claims};

/// 09:00 in Shanghai on the day of the tests.
pub const NOW: Timestamp = Timestamp(1_795_395_600_000);

/// See the module.
pub struct MemoryEngine {
    hub: Arc<Mutex<Hub>>,
    offset: AtomicU64,
    machine_ms: AtomicI64,
    changed: broadcast::Sender<Changed>,
    /// Accounts whose tokens have ended.
    pub ended: Mutex<HashSet<AccountId>>,
    /// Streams that nobody may follow (any more).
    pub forbidden: Mutex<HashSet<String>>,
    /// How long what is asked before somebody may follow a stream takes, in ms.
    pub slow_to_follow_ms: AtomicU64,
    /// Tokens are not read: whoever shows one waits.
    pub reads_no_token: AtomicBool,
    /// Bytes of padding in each event.
    pub padding: AtomicU64,
    /// Slow visits that have begun.
    pub begun_late: Arc<AtomicU64>,
    /// Slow commands and visits that came to their end.
    pub ended_late: Arc<AtomicU64>,
    /// Why it is not ready, if it is not.
    pub not_ready: Mutex<Option<String>>,
    /// Whether its disk is full.
    pub is_full: AtomicBool,
    /// The hub's clock.
    pub clock: Arc<CoarseClock>,
}

impl MemoryEngine {
    /// Empty; ticks until it is dropped.
    pub fn start() -> Arc<Self> {
        let clock = Arc::new(CoarseClock::default());
        let engine = Arc::new(Self {
            hub: Arc::new(Mutex::new(Hub::new("e1", HubLimits::default(), clock.clone()))),
            offset: AtomicU64::new(0),
            machine_ms: AtomicI64::new(NOW.0),
            changed: broadcast::channel(16).0,
            ended: Mutex::default(),
            forbidden: Mutex::default(),
            slow_to_follow_ms: AtomicU64::new(0),
            reads_no_token: AtomicBool::new(false),
            padding: AtomicU64::new(0),
            begun_late: Arc::default(),
            ended_late: Arc::default(),
            not_ready: Mutex::default(),
            is_full: AtomicBool::new(false),
            clock,
        });
        let ticking = Arc::downgrade(&engine);
        std::thread::spawn(move || {
            while let Some(engine) = ticking.upgrade() {
                engine.hub.lock().unwrap().tick(&mut |_| Some(json!({})));
                drop(engine);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        engine
    }

    /// Moves machine time (tokens).
    pub fn advance_machine(&self, ms: i64) {
        self.machine_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Ends an account's tokens, as a sign-out everywhere does.
    pub fn end_account(&self, account: &str) {
        self.ended.lock().unwrap().insert(AccountId::from(account));
        self.tell_changed(account);
    }

    /// An account's relations have changed.
    pub fn tell_changed(&self, account: &str) {
        self.changed.send(Changed::Account(AccountId::from(account))).unwrap();
    }

    /// One event on the board and the doctor's stream.
    pub fn publish(&self, event: &Value) {
        let offset = self.offset.fetch_add(1, Ordering::Relaxed) + 1;
        let at = self.zone(None).rfc3339(NOW);
        let mut hub = self.hub.lock().unwrap();
        for stream in ["board:s.b", "doctor:s.x"] {
            hub.publish(stream, &[Moment { offset, at: &at, event }], &mut || Some(json!({"newest": offset})));
        }
    }

    /// How many follow anything.
    pub fn subscriptions(&self) -> usize {
        self.hub.lock().unwrap().size().subscriptions
    }
}

fn answer<T: Send + 'static>(result: Result<T, Rejection>) -> Answering<T> {
    Box::pin(async move { result })
}

impl Engine for MemoryEngine {
    fn authenticate(&self, token: &str) -> Answering<Claims> {
        if self.reads_no_token.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        let mut parts = token.split(':');
        let role = parts.next().and_then(|role| serde_json::from_value::<Role>(json!(role)).ok());
        let (Some(role), Some(account)) = (role, parts.next()) else {
            return answer(Err(Code::Unauthenticated.into()));
        };
        let life_s = parts.next().map_or(600, |s| s.parse().unwrap());
        let mut claims = Claims::new(role, AccountId::from(account), self.machine_now(), life_s);
        claims.site = Some(SiteId::from("s"));
        let has_ended = self.ended.lock().unwrap().contains(&claims.account);
        answer(if has_ended { Err(Code::Unauthenticated.into()) } else { Ok(claims) })
    }

    fn still_stands(&self, claims: Arc<Claims>) -> Answering<()> {
        let has_ended = self.ended.lock().unwrap().contains(&claims.account);
        answer(if has_ended { Err(Code::Unauthenticated.into()) } else { Ok(()) })
    }

    fn may_follow(&self, _: Arc<Claims>, stream: Arc<str>) -> Answering<()> {
        let forbidden = self.forbidden.lock().unwrap().contains(&*stream);
        answer(if forbidden { Err(Code::Forbidden.into()) } else { Ok(()) })
    }

    fn changed_rights(&self) -> broadcast::Receiver<Changed> {
        self.changed.subscribe()
    }

    fn command(&self, claims: Arc<Claims>, _: Option<Uuid>, command: ClientCommand, _: Turn) -> Answering<Answer> {
        if claims.role == Role::Screen {
            return answer(Err(Code::Forbidden.into()));
        }
        match command {
            ClientCommand::HoldSlot(_) => answer(Ok(Answer::Held {
                appointment: AppointmentId::from("s.d.b20261123-1"),
                expires_at: NOW.plus_min(10),
            })),
            ClientCommand::CallNextPatient(_) => {
                answer(Err(Rejection::from(Code::StaleConsole).with("in_hand", "s.d.t9")))
            }
            // takes a while, and tells when it is through
            ClientCommand::ReportBack(_) => {
                let ended = self.ended_late.clone();
                Box::pin(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    ended.fetch_add(1, Ordering::Relaxed);
                    Ok(Answer::Done)
                })
            }
            ClientCommand::CheckIn(_) => answer(Ok(Answer::Refused(Code::CheckInTooEarly.into()))),
            // never answered: the bound on unanswered commands
            ClientCommand::RecallPatient(_) => Box::pin(std::future::pending()),
            other => {
                let padding = "x".repeat(self.padding.load(Ordering::Relaxed) as usize);
                self.publish(&json!({other.name(): {"padding": padding}}));
                answer(Ok(Answer::Done))
            }
        }
    }

    fn subscribe(&self, claims: Arc<Claims>, subscription: Subscription) -> Answering<()> {
        let Subscription { stream, since, reply_to, outbox, awaited } = subscription;
        if self.forbidden.lock().unwrap().contains(&*stream)
            || (claims.role == Role::Screen && stream.starts_with("queue"))
        {
            return answer(Err(Code::Forbidden.into()));
        }
        let offset = self.offset.load(Ordering::Relaxed);
        let hub = self.hub.clone();
        let subscribe = move || {
            let current = &mut || Some(Current { offset, snapshot: json!({"newest": offset}) });
            if !awaited.decide() {
                return Err(Code::TimedOut.into());
            }
            hub.lock().unwrap().subscribe(&outbox, &reply_to, &stream, since.as_ref(), current)
        };
        match self.slow_to_follow_ms.load(Ordering::Relaxed) {
            0 => answer(subscribe()),
            slow_ms => Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(slow_ms)).await;
                subscribe()
            }),
        }
    }

    fn unsubscribe(&self, stream: &Arc<str>, outbox: &Arc<Outbox>) -> Answering<()> {
        self.hub.lock().unwrap().unsubscribe(outbox, stream);
        answer(Ok(()))
    }

    fn end(&self, stream: &Arc<str>, outbox: &Arc<Outbox>, error: Rejection) {
        self.hub.lock().unwrap().end_one(outbox, stream, &error);
    }

    fn snapshot(&self, _: Arc<Claims>, stream: Arc<str>) -> Answering<StreamNow> {
        answer(if &*stream == "board:s.b" {
            let offset = self.offset.load(Ordering::Relaxed);
            Ok(StreamNow { position: Position { epoch: "e1".into(), offset }, snapshot: json!({"newest": offset}) })
        } else {
            Err(Code::Forbidden.into())
        })
    }

    fn deed(&self, _: Arc<Claims>, deed: Deed) -> Answering<Value> {
        answer(Ok(match deed {
            Deed::ReadPersons(asked) => json!({"persons": asked.ids.len()}),
            Deed::RegisterPerson { .. } => json!({"patient": "p-1"}),
            Deed::BindPerson(asked) => json!({"patient": asked.patient}),
            Deed::ErasePerson(_) => json!({"erased": true}),
            Deed::ReadAreaCode(_) => json!({"code": "123456"}),
            Deed::AskConsent(_) => json!({"expires_in_s": 300}),
            Deed::ReadFamily => json!({"family": []}),
            Deed::AskWechat { origin } => json!({ "url": origin }),
            Deed::BindWechat(_) => json!({"patients": []}),
            Deed::ReadActing(_) => json!({"acting": []}),
            Deed::ListSites => json!({"sites": []}),
            Deed::ReadDirectory(site) => json!({"site": site}),
            Deed::ReadCalendar(_, language) => json!({ "calendar": language.wire() }),
            Deed::ReadTicketCode(_) => json!({"code": ""}),
            Deed::ReadPreCheck(_) => json!({"answers": null}),
            Deed::DrawQrCode(_) => json!({"svg": ""}),
            Deed::ReadReceived(department, ..) => json!({"department": department, "lines": []}),
            Deed::ReadReleases(department) => json!({"department": department, "releases": []}),
            Deed::ReadPayments(department, _) => json!({"department": department, "appointments": []}),
            Deed::FindPlaces(_) => json!({"sites": [], "departments": [], "doctors": [], "places": []}),
            Deed::ReadPlan(department, _) => json!({"department": department, "days": []}),
            Deed::FindAppointments(..) | Deed::FindArrivals(..) => json!({"appointments": []}),
            Deed::ReadNotReached(_) => json!({"appointments": [], "left_out": 0}),
            Deed::IssueToken(_) => json!({"token": "integrator:a-script-1"}),
            Deed::ReadAudit(query) => json!({"lines": [], "after": query.after}),
            Deed::ReadReports(asked) => json!({"by": asked.by, "rows": []}),
            Deed::ListStaff(_) => json!({"staff": []}),
            Deed::ListTokens(_) => json!({"tokens": []}),
            Deed::RevokeToken(_) | Deed::ConfirmClock => json!({}),
            Deed::ReadVoice(_) => json!({ "clips": [], "used": null, "can_make": false }),
            Deed::HearClip(..) | Deed::RecordClip(..) | Deed::MakeVoice(..) | Deed::UseVoice(_) => json!({}),
        }))
    }

    fn visit(&self, _: IpAddr, visit: Visit) -> Answering<VisitAnswer> {
        let signed_in = |name: &str, role| {
            let claims = Claims::new(role, AccountId::from(name), self.machine_now(), 600);
            VisitAnswer::SignedIn(Box::new(SignedIn {
                access_token: format!("desk:{name}"),
                claims,
                refresh_token: Some("secret-refresh".to_owned()),
                refresh_expires_at: self.machine_now().plus_s(86_400),
                marks: Some("marks".to_owned()),
                about: json!({"display_name": "李"}),
            }))
        };
        answer(match visit {
            Visit::SignIn(SignIn::Password(given)) if given.password == "right horse battery" => {
                Ok(signed_in("a-staff-li", Role::Desk))
            }
            // takes a while, and tells when it begins and when it is through
            Visit::SignIn(SignIn::Password(given)) if given.password == "slow horse" => {
                let (begun, ended) = (self.begun_late.clone(), self.ended_late.clone());
                return Box::pin(async move {
                    begun.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    ended.fetch_add(1, Ordering::Relaxed);
                    Err(Code::WrongCredentials.into())
                });
            }
            Visit::SignIn(SignIn::Screen(given)) if given.secret == "shown" => {
                Ok(VisitAnswer::NotYet(Code::WrongCredentials.into()))
            }
            Visit::SignIn(_) => Err(Code::WrongCredentials.into()),
            Visit::RequestCode(_) => Err(Rejection::from(Code::BackOff).with("retry_after_ms", 61_000_i64)),
            Visit::Refresh(token) if token == "secret-refresh" => Ok(signed_in("a-staff-li", Role::Desk)),
            Visit::Refresh(_) => Err(Code::Unauthenticated.into()),
            Visit::SignOut { .. } => Ok(VisitAnswer::SignedOut),
            Visit::OfferScreen(_) => Ok(VisitAnswer::Told(json!({"code": "314159"}))),
            Visit::PaymentNews(_) => Ok(VisitAnswer::Told(json!({"code": 0}))),
        })
    }

    fn now(&self) -> Timestamp {
        NOW
    }

    fn zone(&self, _: Option<&str>) -> Zone {
        Zone::named("Asia/Shanghai").expect("a zone")
    }

    fn machine_now(&self) -> Timestamp {
        Timestamp(self.machine_ms.load(Ordering::Relaxed))
    }

    fn ready(&self) -> Result<(), String> {
        self.not_ready.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn is_read_only(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }
}
