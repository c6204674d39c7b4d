//! The house as the doors see it.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use jiaohao_actors::fanout::{Outbox, StreamKind};
use jiaohao_actors::shell::Origin;
use jiaohao_actors::shell::message::Outcome;
use jiaohao_actors::shell::projector::{Subscription as Wish, ToProjector};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{
    AccountId, Code, DoctorId, OwnerKind, OwnerRef, PatientId, Rejection, ScreenId, SiteId, Timestamp,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{broadcast, oneshot};
use uuid::Uuid;

use super::booking::booked_slot;
use super::commands::{Addressed, outcome_ids};
use super::pre_check::{Answers, is_arrival};
use super::{House, ops, site};
use crate::engine::{Answering, Deed, Engine, ScreenNews, StreamNow, Subscription, Turn, Visit, VisitAnswer};
use crate::identity::access::{self, Facts, StreamName, Target, may_be_number};
use crate::identity::accounts;
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::tokens::{Changed, Claims, Standing};

/// How far a key's time may be ahead of ours.
const KEY_AHEAD_MS: i64 = 5 * 60 * 1000;

impl House {
    /// A key is a UUID of version 7 whose time is not in the future: one that were would be above all keys that follow
    /// it, and make them look expired. Clinic and machine time differ where the clock runs faster: the later one counts.
    pub(super) fn check_key(&self, key: Option<Uuid>) -> Result<(), Rejection> {
        let Some(key) = key else { return Ok(()) };
        let at_ms = key.get_timestamp().filter(|_| key.get_version_num() == 7).map(|at| {
            let (seconds, nanoseconds) = at.to_unix();
            i64::try_from(seconds)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000)
                .saturating_add(i64::from(nanoseconds / 1_000_000))
        });
        let now_ms = self.shell.clock.clinic().max(self.machine_now()).0;
        match at_ms {
            None => Err(Rejection::field("key", "an idempotency key is a UUID of version 7")),
            Some(at_ms) if at_ms > now_ms + KEY_AHEAD_MS => {
                Err(Rejection::field("key", "the idempotency key's time is in the future"))
            }
            Some(_) => Ok(()),
        }
    }

    fn origin(&self, claims: &Claims, key: Option<Uuid>, command: &ClientCommand, answers: Option<&Answers>) -> Origin {
        let body = || serde_json::to_vec(command).expect("invariant: commands are plain JSON");
        let digest = answers.map_or_else(|| Sha256::digest(body()).into(), |answers| answers.digest(command));
        let mut body_hash = [0; 16];
        body_hash.copy_from_slice(&digest[..16]);
        let key = key.map(|key| key.as_u128());
        Origin::Client { principal: claims.principal(), name: command.name().to_owned(), key, body_hash }
    }

    async fn checked(&self, claims: &Claims, command: &ClientCommand, mut facts: Facts) -> Result<(), Rejection> {
        loop {
            let needed = access::needed(claims, command, &facts);
            if needed.is_empty() {
                return access::allowed(claims, command, &facts);
            }
            self.learn(&mut facts, needed).await?;
        }
    }

    async fn may_follow(&self, claims: &Claims, name: &str) -> Result<StreamName, Rejection> {
        self.stands(claims).await?;
        let stream = StreamName::parse(name)?;
        let mut facts = Facts::default();
        loop {
            let needed = access::needed_stream(claims, &stream, &facts);
            if needed.is_empty() {
                return access::allowed_stream(claims, name, &facts);
            }
            self.learn(&mut facts, needed).await?;
        }
    }

    /// Whoever wants to follow or read a stream is on the audit, allowed or not, with the stream and what it is of. A name
    /// that no stream has is left out: it may be anything.
    fn noted(
        &self,
        claims: &Claims,
        what: &'static str,
        name: &str,
        allowed: Result<StreamName, Rejection>,
    ) -> Result<StreamName, Rejection> {
        let outcome = allowed.as_ref().map(drop).map_err(|why| why.code);
        let about = StreamName::parse(name).into_iter().flat_map(|stream| [stream.to_string(), stream.id]);
        let about = about.filter(|id| !id.is_empty() && !may_be_number(id));
        self.audit.note(AuditLine::new(claims, what, about, outcome, self.machine_now()));
        allowed
    }

    async fn give(
        &self,
        claims: &Claims,
        key: Option<Uuid>,
        command: ClientCommand,
        handed: Result<Option<Ready>, Rejection>,
        mut turn: Turn,
    ) -> Outcome {
        let after = After::of(&command);
        let (name, mut about) = (command.name(), Target::of_command(&command).ids());
        if let ClientCommand::GrantRelation(grant) = &command {
            // To whom: the account, never the phone.
            let to = accounts::phone(self.keys.get(KeyName::Hash), &grant.phone);
            about.extend(to.ok().map(|account| account.to_string()));
        }
        let (slot, placing) = (booked_slot(&command).cloned(), self.releases.placing(claims, &command));
        let noting = self.ops.letting_go.noting(claims, &command);
        let is_arrival = is_arrival(&command);
        let acted_for = match &command {
            ClientCommand::GrantRelation(c) => Some(c.patient.clone()),
            ClientCommand::EndRelation(c) => Some(c.patient.clone()),
            _ => None,
        };
        #[cfg(feature = "planted-bugs")]
        let wanted = crate::planted::wanted(&command);
        let outcome = match handed {
            Ok(Some(Ready { reply })) => reply.await.unwrap_or_else(|_| Err(Code::TimedOut.into())),
            Ok(None) => {
                turn.come().await;
                self.ask(claims, key, command, turn).await
            }
            // on the audit like every other refusal
            Err(refused) => Err(refused),
        };
        #[cfg(feature = "planted-bugs")]
        let outcome = crate::planted::answer(outcome, wanted);
        let line_outcome = outcome.as_ref().map(drop).map_err(|why| why.code);
        let about = about.into_iter().chain(outcome_ids(&outcome));
        let by = match &acted_for {
            Some(whom) => self.only_registered(claims, whom).await.unwrap_or_default(),
            None => None,
        };
        let line = AuditLine::new(claims, name, about, line_outcome, self.machine_now()).by(by);
        self.audit.note(if is_arrival { line.of_an_arrival() } else { line });
        self.placed(placing, &outcome);
        self.ops.letting_go.note(noting, &outcome, self.shell.clock.clinic());
        if let (Some(slot), Err(Rejection { code: Code::SlotFull, .. })) = (&slot, &outcome) {
            self.note_full(slot);
        }
        // What is done is done: nothing that the edge does after it may turn the answer into an error.
        if let Ok(Answer::Held { appointment, .. } | Answer::Booked { appointment, .. }) = &outcome
            && let Err(why) = self.learn_zone(appointment.prefix(1)).await
        {
            // The answer's times are told in the house's zone then.
            tracing::warn!(code = why.code.wire(), "a site's zone could not be asked");
        }
        if outcome.is_ok() {
            self.follow_up(after).await;
        }
        if let Ok(Answer::Payable { order, amount_fen, expires_at }) = outcome {
            return self.pay_at(order, amount_fen, expires_at).await;
        }
        outcome
    }

    /// The slow way of a command: what has to be asked first is asked, then it is handed over and the turn is the next
    /// one's.
    async fn ask(&self, claims: &Claims, key: Option<Uuid>, command: ClientCommand, turn: Turn) -> Outcome {
        self.stands(claims).await?;
        self.checked(claims, &command, Facts::default()).await?;
        if let Some(answer) = self.in_line(claims, &command).await? {
            return Ok(answer);
        }
        let answers = self.answers_in(&command).await?;
        let origin = self.origin(claims, key, &command, answers.as_ref());
        let asked = async {
            self.check_sent_to(&command).await?;
            let addressed = self.address(claims, command.clone(), answers).await?;
            // Last: nobody waits for it while a password is hashed.
            Ok((addressed, self.leaves_an_operator(&command).await?))
        };
        let ((owner, message), one_by_one) = match asked.await {
            Ok(asked) => asked,
            Err(why) => {
                drop(turn);
                return self.recall(claims, &command, origin, why).await;
            }
        };
        let reply = self.shell.begin(owner, message, origin)?;
        drop(one_by_one);
        drop(turn);
        reply.await.unwrap_or_else(|_| Err(Code::TimedOut.into()))
    }

    async fn follow_up(&self, after: After) {
        match after {
            After::Nothing => {}
            After::Relearn(who) => {
                if self.relearn(&who).await.is_err() {
                    // Asked again at the next use of any of its tokens.
                    self.generations.forget(&who);
                }
            }
            After::JoinClaim { bearer, phone } => {
                if let Err(why) = self.join_granted(&bearer, &phone).await {
                    tracing::warn!(code = why.code.wire(), patient = %bearer, "a claim was not joined to its bearer");
                }
            }
            After::RecheckDoctor(doctor) => self.recheck_doctor(doctor).await,
            After::TellBoard(board) => {
                if let Err(why) = self.tell_board(&board).await {
                    tracing::error!(code = why.code.wire(), %board, "a board was not told its clock or its voice");
                }
                self.voices.readings.changed.notify_one();
            }
            After::NamePlace => self.voices.readings.changed.notify_one(),
            After::KnowSite(site) => self.ops.know_site(site),
            After::ForgetSlots(session) => {
                self.slots.retain(|slot, _| slot.session() != session);
                self.full.retain(|slot, ()| slot.session() != session);
            }
        }
    }

    /// Hands a command over now when nothing has to be asked first, so that a connection's commands keep their order.
    fn hand_over(
        &self,
        claims: &Claims,
        key: Option<Uuid>,
        command: &ClientCommand,
    ) -> Result<Option<Ready>, Rejection> {
        if self.generations.standing(claims) != Standing::Current || claims.expires_at() <= self.machine_now() {
            return Ok(None);
        }
        let facts = Facts::default();
        if !access::needed(claims, command, &facts).is_empty() {
            return Ok(None);
        }
        let Some((owner, message)): Option<Addressed> = self.address_known(claims, command) else { return Ok(None) };
        access::allowed(claims, command, &facts)?;
        let reply = self.shell.begin(owner, message, self.origin(claims, key, command, None))?;
        Ok(Some(Ready { reply }))
    }

    pub(super) fn zone_of(&self, at: Option<&str>) -> Zone {
        at.map_or(self.zones.house(), |at| self.zones.at(at))
    }

    /// Asks all sites for their zones.
    pub(super) async fn learn_zones(&self) {
        let sites = self.shell.known_owners(OwnerKind::Site);
        let learn = async |site: &OwnerRef| {
            if let Err(why) = self.learn_zone(&site.id).await {
                tracing::warn!(code = why.code.wire(), site = &*site.id, "a site's zone could not be asked");
            }
        };
        join_all(sites.iter().map(learn)).await;
    }

    /// The site's zone, asked of the site if it is not known yet.
    pub(super) async fn learn_zone(&self, at: &str) -> Result<Zone, Rejection> {
        if let Some(zone) = self.zones.site(at) {
            return Ok(zone);
        }
        let name = self
            .shell
            .read(site(at), |state: &jiaohao_domain::site::State| {
                state.definition.as_ref().map(|d| d.time_zone.clone())
            })
            .await?;
        let zone = name.and_then(|name| Zone::named(&name)).ok_or(Code::Forbidden)?;
        Ok(self.zones.learn(at, zone))
    }
}

struct Ready {
    reply: oneshot::Receiver<Outcome>,
}

/// What the edge does once a command is done.
enum After {
    Nothing,
    Relearn(AccountId),
    /// Where a doctor works is another: what it may follow too.
    RecheckDoctor(DoctorId),
    /// The desk's word lets the account of this phone act for somebody.
    JoinClaim {
        bearer: PatientId,
        phone: String,
    },
    /// A board is defined: it has to know what the house knows.
    TellBoard(jiaohao_domain::BoardId),
    /// A place is defined: calls name it.
    NamePlace,
    /// A site is defined: operations look after it.
    KnowSite(SiteId),
    ForgetSlots(jiaohao_domain::SessionId),
}

impl After {
    fn of(command: &ClientCommand) -> Self {
        let relearn = |name: &str| accounts::staff(name).map_or(Self::Nothing, Self::Relearn);
        match command {
            ClientCommand::DefineStaff(c) => relearn(&c.id),
            ClientCommand::RetireStaff(c) => relearn(&c.id),
            ClientCommand::GrantRelation(c) => Self::JoinClaim { bearer: c.patient.clone(), phone: c.phone.clone() },
            ClientCommand::DefineDoctor(c) => Self::RecheckDoctor(c.id.clone()),
            ClientCommand::RetireDoctor(c) => Self::RecheckDoctor(c.id.clone()),
            ClientCommand::DefineSite(c) => Self::KnowSite(c.id.clone()),
            ClientCommand::DefineBoard(c) => Self::TellBoard(c.id.clone()),
            ClientCommand::DefineServicePoint(_) => Self::NamePlace,
            ClientCommand::DefineSession(c) => Self::ForgetSlots(c.id.clone()),
            _ => Self::Nothing,
        }
    }
}

/// Runs on the runtime of whoever polls; everything that must not wait has been done before.
fn soon<T: Send + 'static>(work: impl Future<Output = Result<T, Rejection>> + Send + 'static) -> Answering<T> {
    Box::pin(work)
}

/// A house that the doors share.
#[derive(Clone)]
pub struct Shared(pub Arc<House>);

impl Engine for Shared {
    fn authenticate(&self, token: &str) -> Answering<Claims> {
        let house = self.0.clone();
        let read = house.tokens.read(token, house.machine_now());
        soon(async move {
            let claims = read?;
            house.stands(&claims).await?;
            Ok(claims)
        })
    }

    fn still_stands(&self, claims: Arc<Claims>) -> Answering<()> {
        let house = self.0.clone();
        soon(async move { house.stands(&claims).await })
    }

    fn may_follow(&self, claims: Arc<Claims>, stream: Arc<str>) -> Answering<()> {
        let house = self.0.clone();
        soon(async move { house.may_follow(&claims, &stream).await.map(drop) })
    }

    fn changed_rights(&self) -> broadcast::Receiver<Changed> {
        self.0.generations.changes()
    }

    fn command(
        &self,
        claims: Arc<Claims>,
        key: Option<Uuid>,
        command: ClientCommand,
        mut turn: Turn,
    ) -> Answering<Answer> {
        let house = self.0.clone();
        #[cfg(feature = "planted-bugs")]
        let key = key.filter(|_| !crate::planted::is("I4"));
        let now = house.shell.clock.clinic();
        let checked = house.check_key(key).and_then(|()| command.check(now)).and_then(|()| house.may_be_paid(&command));
        let handed = checked.and_then(|()| match turn.has_come() {
            true => house.hand_over(&claims, key, &command),
            false => Ok(None),
        });
        if !matches!(handed, Ok(None)) {
            turn = Turn::alone();
        }
        soon(async move { house.give(&claims, key, command, handed, turn).await })
    }

    fn subscribe(&self, claims: Arc<Claims>, subscription: Subscription) -> Answering<()> {
        let house = self.0.clone();
        soon(async move {
            let allowed = house.may_follow(&claims, &subscription.stream).await;
            if house.noted(&claims, "subscribe", &subscription.stream, allowed)?.kind == StreamKind::Ops {
                house.follow_ops(&claims, &subscription).await;
                return Ok(());
            }
            let (refused, refusal) = oneshot::channel();
            let Subscription { stream, since, reply_to, outbox, awaited } = subscription;
            let wish = Wish {
                outbox,
                reply_to,
                stream: stream.to_string(),
                since,
                awaited,
                done: Box::new(move |outcome| {
                    // The connection may have gone away.
                    let _ = refused.send(outcome);
                }),
            };
            house.shell.projector().send_async(ToProjector::Subscribe(wish)).await.map_err(|_| Code::Overloaded)?;
            refusal.await.unwrap_or_else(|_| Err(Code::TimedOut.into()))
        })
    }

    fn unsubscribe(&self, stream: &Arc<str>, outbox: &Arc<Outbox>) -> Answering<()> {
        let house = self.0.clone();
        if **stream == *ops::STREAM {
            house.ops.unsubscribe(outbox);
            return soon(async { Ok(()) });
        }
        let message = ToProjector::Unsubscribe { outbox: outbox.clone(), stream: stream.to_string() };
        soon(async move {
            house.shell.projector().send_async(message).await.map_err(|_| Code::Overloaded)?;
            Ok(())
        })
    }

    fn end(&self, stream: &Arc<str>, outbox: &Arc<Outbox>, error: Rejection) {
        if **stream == *ops::STREAM {
            return self.0.ops.end(outbox, &error);
        }
        let message = ToProjector::End { outbox: outbox.clone(), stream: stream.to_string(), error };
        if self.0.shell.projector().try_send(message).is_err() {
            // The projector is behind: the connection must not go on receiving what it may not see.
            outbox.close();
        }
    }

    fn snapshot(&self, claims: Arc<Claims>, stream: Arc<str>) -> Answering<StreamNow> {
        let house = self.0.clone();
        soon(async move {
            let allowed = house.may_follow(&claims, &stream).await;
            if house.noted(&claims, "read_stream", &stream, allowed)?.kind == StreamKind::Ops {
                return Ok(house.look_at_ops(&claims).await);
            }
            let (answer, seen) = oneshot::channel();
            let look = ToProjector::Look { stream: stream.to_string(), answer };
            house.shell.projector().send_async(look).await.map_err(|_| Code::Overloaded)?;
            let (position, snapshot) = seen.await.map_err(|_| Code::TimedOut)??;
            Ok(StreamNow { position, snapshot })
        })
    }

    fn deed(&self, claims: Arc<Claims>, deed: Deed) -> Answering<Value> {
        let house = self.0.clone();
        soon(async move { house.do_deed(&claims, deed).await })
    }

    fn visit(&self, address: IpAddr, visit: Visit) -> Answering<VisitAnswer> {
        let house = self.0.clone();
        soon(async move { house.visit(address, visit).await })
    }

    fn screen(&self, screen: &ScreenId, news: ScreenNews) {
        self.0.ops.screens.note(screen, news, self.0.machine_now());
    }

    fn voice_file(&self, site: &str, version: &str, name: &str) -> Answering<Option<Vec<u8>>> {
        let voices = self.0.voices.clone();
        let [site, version, name] = [site, version, name].map(str::to_owned);
        soon(async move {
            let read = tokio::task::spawn_blocking(move || voices.file(&site, &version, &name));
            read.await.map_err(|_| Code::Internal)?.map_err(|error| {
                tracing::error!(%error, "a clip could not be read");
                Code::Internal.into()
            })
        })
    }

    fn now(&self) -> Timestamp {
        self.0.shell.clock.clinic()
    }

    fn test_speed(&self) -> Option<f64> {
        self.0.for_test.then(|| self.0.shell.clock.speed())
    }

    fn house_id(&self) -> Option<&str> {
        Some(&self.0.id)
    }

    fn zone(&self, at: Option<&str>) -> Zone {
        self.0.zone_of(at)
    }

    fn machine_now(&self) -> Timestamp {
        self.0.machine_now()
    }

    fn ready(&self) -> Result<(), String> {
        self.0.ready_now()
    }

    fn is_read_only(&self) -> bool {
        self.0.shell.is_read_only()
    }

    fn alarms(&self) -> Vec<String> {
        self.0.alarms_now()
    }
}
