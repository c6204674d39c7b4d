//! Limits of persons and tokens (a hospital is one address, so addresses are limited only where nobody has signed in
//! yet): commands in a second, connections, sockets before hello, failures to sign in.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use jiaohao_domain::{AccountId, Code, Rejection, Role};

use super::tokens::Claims;
use crate::config::LimitSettings;

/// No sign-in waits longer because of its address.
const SLOWED_AT_MOST: Duration = Duration::from_secs(3);

/// So many times what one address may is what all may together: pairing codes of screens.
const SCREENS_IN_ALL: u32 = 10;

/// Requests of outside parties from one address in a minute: more than a hospital sends messages. Who is refused comes again.
const REPORTS_PER_MIN: u32 = 6000;

type Limiter<K, C> = RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The limits of one node. `C` is machine time.
pub struct Limits<C: Clock = MonotonicClock> {
    clock: C,
    person_commands: Limiter<AccountId, C>,
    house_commands: Limiter<AccountId, C>,
    sign_in_failures: Limiter<IpAddr, C>,
    slowed: DashMap<IpAddr, C::Instant>,
    codes_of_address: Limiter<IpAddr, C>,
    codes_in_all: Limiter<(), C>,
    consents_of_phone: Limiter<AccountId, C>,
    screens_of_address: Limiter<IpAddr, C>,
    screens_in_all: Limiter<(), C>,
    guests: Counts<IpAddr>,
    reports_of_address: Limiter<IpAddr, C>,
    strangers: Counts<IpAddr>,
    connections: Counts<AccountId>,
    connections_in_all: Counts<()>,
    settings: LimitSettings,
}

impl Limits<MonotonicClock> {
    /// By the machine's own clock.
    pub fn new(settings: &LimitSettings) -> Self {
        Self::with_clock(settings, MonotonicClock)
    }
}

impl<C: Clock + Clone> Limits<C> {
    /// By a clock of the caller's.
    pub fn with_clock(settings: &LimitSettings, clock: C) -> Self {
        Self {
            person_commands: limiter(Quota::per_second(at_least_one(settings.commands_per_s)), &clock),
            house_commands: limiter(Quota::per_second(at_least_one(settings.house_commands_per_s)), &clock),
            sign_in_failures: limiter(Quota::per_minute(at_least_one(settings.sign_in_failures_per_min)), &clock),
            slowed: DashMap::new(),
            codes_of_address: limiter(Quota::per_minute(at_least_one(settings.codes_per_address_per_min)), &clock),
            codes_in_all: limiter(Quota::per_minute(at_least_one(settings.codes_per_min)), &clock),
            consents_of_phone: limiter(consents_a_day(), &clock),
            screens_of_address: limiter(Quota::per_minute(at_least_one(settings.screens_per_address_per_min)), &clock),
            screens_in_all: limiter(
                Quota::per_minute(at_least_one(settings.screens_per_address_per_min * SCREENS_IN_ALL)),
                &clock,
            ),
            guests: Counts::of("connections_of_address"),
            reports_of_address: limiter(Quota::per_minute(at_least_one(REPORTS_PER_MIN)), &clock),
            strangers: Counts::of("unauthenticated"),
            connections: Counts::of("connections_of_person"),
            connections_in_all: Counts::of("connections"),
            settings: settings.clone(),
            clock,
        }
    }

    /// One more command of these claims. `too_many_requests` says in `retry_after_ms` when to come again.
    pub fn command(&self, claims: &Claims) -> Result<(), Rejection> {
        let limiter = if is_house(claims.role) { &self.house_commands } else { &self.person_commands };
        limiter.check_key(&claims.account).map_err(|not_until| {
            too_many("commands", Code::TooManyRequests, not_until.wait_time_from(self.clock.now()))
        })
    }

    /// One more connection of these claims, until the permit is dropped.
    pub fn connection(&self, claims: &Claims) -> Result<ConnectionPermit, Rejection> {
        let most =
            if is_house(claims.role) { self.settings.house_connections } else { self.settings.connections_per_person };
        Ok(ConnectionPermit {
            _of_person: self.connections.take(claims.account.clone(), most)?,
            _of_all: self.connections_in_all.take((), self.settings.connections)?,
        })
    }

    /// One more connection of this address on which nobody has signed in, until the permit is dropped.
    pub fn guest(&self, address: IpAddr) -> Result<Permit<IpAddr>, Rejection> {
        self.guests.take(network(address), self.settings.connections_per_address)
    }

    /// How long a connection's peer may take nothing.
    pub fn unread(&self) -> Duration {
        Duration::from_secs(self.settings.unread_s)
    }

    /// One more socket of this address that has not said hello, until the permit is dropped.
    pub fn stranger(&self, address: IpAddr) -> Result<Permit<IpAddr>, Rejection> {
        self.strangers.take(network(address), self.settings.unauthenticated_per_address)
    }

    /// For how long somebody from this address waits before a sign-in is looked at. A hospital is one address: failures
    /// of one in its waiting room slow the others down and keep nobody out.
    pub fn sign_in_delay(&self, address: IpAddr) -> Duration {
        let address = network(address);
        let Some(until) = self.slowed.get(&address).map(|until| *until) else { return Duration::ZERO };
        let now = self.clock.now();
        if until <= now {
            self.slowed.remove(&address);
            return Duration::ZERO;
        }
        count("sign_in");
        Duration::from(until.duration_since(now)).min(SLOWED_AT_MOST)
    }

    /// One more one-time code asked for from this address. `back_off` says in `retry_after_s` when to come again.
    pub fn code(&self, address: IpAddr) -> Result<(), Rejection> {
        self.check("codes_of_address", &self.codes_of_address, &network(address))?;
        self.check("codes", &self.codes_in_all, &())
    }

    /// One more question to this phone whether somebody may act for its owner; refused as [`Limits::code`].
    pub fn consent(&self, phone: &AccountId) -> Result<(), Rejection> {
        self.check("consents_of_phone", &self.consents_of_phone, phone)?;
        self.check("codes", &self.codes_in_all, &())
    }

    /// One more screen at this address asks for a pairing code; refused as [`Limits::code`].
    pub fn screen(&self, address: IpAddr) -> Result<(), Rejection> {
        self.check("screens_of_address", &self.screens_of_address, &network(address))?;
        self.check("screens", &self.screens_in_all, &())
    }

    /// One more request of an outside party (delivery reports) from this address; refused as [`Limits::code`].
    pub fn report(&self, address: IpAddr) -> Result<(), Rejection> {
        self.check("reports_of_address", &self.reports_of_address, &network(address))
    }

    fn check<K: Hash + Eq + Clone>(&self, limit: &'static str, by: &Limiter<K, C>, key: &K) -> Result<(), Rejection> {
        by.check_key(key).map_err(|not_until| {
            count(limit);
            let wait = not_until.wait_time_from(self.clock.now());
            Rejection::from(Code::BackOff).with("retry_after_s", wait.as_secs() + 1)
        })
    }

    /// Somebody from this address has failed to sign in.
    pub fn sign_in_failed(&self, address: IpAddr) {
        let address = network(address);
        if let Err(not_until) = self.sign_in_failures.check_key(&address) {
            let now = self.clock.now();
            self.slowed.insert(address, now + not_until.wait_time_from(now).into());
        }
    }

    /// Forgets who has been quiet. Called now and then, so that the tables stay as small as the number of those active.
    pub fn tidy(&self) {
        self.person_commands.retain_recent();
        self.house_commands.retain_recent();
        self.sign_in_failures.retain_recent();
        let now = self.clock.now();
        self.slowed.retain(|_, until| *until > now);
        self.codes_of_address.retain_recent();
        self.consents_of_phone.retain_recent();
        self.screens_of_address.retain_recent();
        self.reports_of_address.retain_recent();
    }
}

/// What an address counts as: an IPv4 address, or the /64 of an IPv6 address, in which one machine has all the others.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// The roles that speak for many: their limit is the house's.
fn is_house(role: Role) -> bool {
    matches!(role, Role::Desk | Role::Kiosk | Role::Operator | Role::Integrator)
}

fn limiter<K: Hash + Eq + Clone, C: Clock + Clone>(quota: Quota, clock: &C) -> Limiter<K, C> {
    RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
}

/// Whoever asks, nobody's phone rings more often for it: five at once, then one in five hours.
fn consents_a_day() -> Quota {
    let quota = Quota::with_period(Duration::from_secs(5 * 3_600)).expect("invariant: the period is not zero");
    quota.allow_burst(at_least_one(5))
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn too_many(limit: &'static str, code: Code, wait: Duration) -> Rejection {
    count(limit);
    Rejection::from(code).with("retry_after_ms", u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1))
}

/// Counts a refusal by its limit, named as in docs/metrics.md.
pub fn count(limit: &'static str) {
    metrics::counter!("limit_refusals_total", "limit" => limit).increment(1);
}

/// Counts what is held by each key.
pub(super) struct Counts<K: Eq + Hash> {
    limit: &'static str,
    held: Arc<DashMap<K, usize>>,
}

impl<K: Eq + Hash + Clone> Counts<K> {
    pub(super) fn of(limit: &'static str) -> Self {
        Self { limit, held: Arc::new(DashMap::new()) }
    }

    pub(super) fn take(&self, key: K, most: usize) -> Result<Permit<K>, Rejection> {
        let mut held = self.held.entry(key.clone()).or_insert(0);
        if *held >= most {
            count(self.limit);
            return Err(Code::LimitExceeded.into());
        }
        *held += 1;
        drop(held);
        Ok(Permit { key, counts: Arc::clone(&self.held) })
    }
}

/// One of a limited number, given back when dropped.
pub struct Permit<K: Eq + Hash> {
    key: K,
    counts: Arc<DashMap<K, usize>>,
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        self.counts.remove_if_mut(&self.key, |_, held| {
            *held -= 1;
            *held == 0
        });
    }
}

/// One connection of somebody, given back when dropped.
pub struct ConnectionPermit {
    _of_person: Permit<AccountId>,
    _of_all: Permit<()>,
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use jiaohao_domain::Timestamp;
    use jiaohao_domain::codes::Valid;

    use super::*;
    use crate::config::Settings;

    fn limits(change: impl FnOnce(&mut LimitSettings)) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let mut settings = Settings::default_values().limits;
        change(&mut settings);
        let clock = FakeRelativeClock::default();
        (Limits::with_clock(&settings, clock.clone()), clock)
    }

    fn claims(role: Role, account: &str) -> Claims {
        Claims::new(role, AccountId::from(account), Timestamp(0), 600)
    }

    #[test]
    fn commands_are_limited_by_person_and_come_back_with_time() {
        let (limits, clock) = limits(|settings| (settings.commands_per_s, settings.house_commands_per_s) = (3, 10));
        let (me, you) = (claims(Role::Patient, "a-1"), claims(Role::Patient, "a-2"));
        for _ in 0..3 {
            limits.command(&me).expect("below");
        }
        let refused = limits.command(&me).expect_err("above");
        assert_eq!(refused.code, Code::TooManyRequests);
        let Valid::Number(wait_ms) = refused.valid_now[0].1 else { panic!("{refused:?}") };
        let wait_ms = u64::try_from(wait_ms).expect("not negative");
        assert!(wait_ms <= 335, "{wait_ms}");
        limits.command(&you).expect("another person");
        clock.advance(Duration::from_millis(wait_ms));
        limits.command(&me).expect("after the wait");
        for _ in 0..10 {
            limits.command(&claims(Role::Desk, "a-3")).expect("the house's limit");
        }
        limits.command(&claims(Role::Desk, "a-3")).expect_err("above the house's");
    }

    #[test]
    fn connections_are_given_back_when_dropped() {
        let (limits, _) = limits(|settings| {
            (settings.connections_per_person, settings.connections, settings.house_connections) = (2, 4, 3)
        });
        let me = claims(Role::Patient, "a-1");
        let first = limits.connection(&me).expect("one");
        let _second = limits.connection(&me).expect("two");
        assert_eq!(limits.connection(&me).err().expect("three").code, Code::LimitExceeded);
        drop(first);
        let _again = limits.connection(&me).expect("two again");
        let desk: Vec<_> = (0..2).map(|_| limits.connection(&claims(Role::Desk, "a-2")).expect("below")).collect();
        assert!(limits.connection(&claims(Role::Desk, "a-2")).is_err(), "in all");
        drop(desk);
        let (_a, _b) = (
            limits.connection(&claims(Role::Desk, "a-2")).expect("room"),
            limits.connection(&claims(Role::Desk, "a-2")).expect("room"),
        );
        assert_eq!(limits.connections.held.len(), 2);
    }

    #[test]
    fn strangers_are_limited_by_address_and_nothing_is_kept_of_them() {
        let (limits, _) = limits(|settings| settings.unauthenticated_per_address = 2);
        let (here, there): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let held: Vec<_> = (0..2).map(|_| limits.stranger(here).expect("below")).collect();
        assert!(limits.stranger(here).is_err());
        assert!(limits.stranger(there).is_ok());
        drop(held);
        assert!(limits.strangers.held.is_empty());
    }

    #[test]
    fn an_address_that_fails_to_sign_in_too_often_waits_and_is_not_kept_out() {
        let (limits, clock) = limits(|settings| settings.sign_in_failures_per_min = 3);
        let (here, there): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..3 {
            assert_eq!(limits.sign_in_delay(here), Duration::ZERO);
            limits.sign_in_failed(here);
        }
        limits.sign_in_failed(here);
        assert_eq!(limits.sign_in_delay(here), SLOWED_AT_MOST);
        assert_eq!(limits.sign_in_delay(there), Duration::ZERO, "another address");
        clock.advance(Duration::from_secs(19));
        assert!((1..=1000).contains(&limits.sign_in_delay(here).as_millis()));
        clock.advance(Duration::from_secs(2));
        assert_eq!(limits.sign_in_delay(here), Duration::ZERO, "after the wait");
        clock.advance(Duration::from_secs(120));
        limits.tidy();
        assert!(limits.slowed.is_empty() && limits.sign_in_failures.is_empty());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let (limits, _) = limits(|settings| {
            (settings.sign_in_failures_per_min, settings.unauthenticated_per_address) = (1, 1);
            settings.codes_per_address_per_min = 1;
        });
        let [here, beside, there] = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"]
            .map(|address| address.parse::<IpAddr>().expect("an address"));
        limits.sign_in_failed(here);
        limits.sign_in_failed(beside);
        assert!(limits.sign_in_delay(here) > Duration::ZERO);
        assert_eq!(limits.sign_in_delay(there), Duration::ZERO, "another network");
        limits.code(here).expect("one");
        limits.code(beside).expect_err("two of one network");
        let _held = limits.stranger(here).expect("one");
        assert!(limits.stranger(beside).is_err() && limits.stranger(there).is_ok());
        assert_eq!(network("::ffff:10.0.0.1".parse().expect("mapped")), IpAddr::from([10, 0, 0, 1]));
    }

    #[test]
    fn screens_that_ask_for_a_code_are_limited_by_address() {
        let (limits, clock) = limits(|settings| settings.screens_per_address_per_min = 3);
        let (here, there): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..3 {
            limits.screen(here).expect("below");
        }
        assert_eq!(limits.screen(here).expect_err("above").code, Code::BackOff);
        limits.screen(there).expect("another address");
        clock.advance(Duration::from_secs(21));
        limits.screen(here).expect("after the wait");
    }

    #[test]
    fn codes_are_limited_by_address_and_in_all() {
        let (limits, clock) = limits(|s| (s.codes_per_address_per_min, s.codes_per_min) = (2, 3));
        let (here, there): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        limits.code(here).expect("one");
        limits.code(here).expect("two");
        let refused = limits.code(here).expect_err("three of one address");
        assert_eq!((refused.code, refused.valid_now[0].0.as_str()), (Code::BackOff, "retry_after_s"));
        let Valid::Number(wait_s) = refused.valid_now[0].1 else { panic!("{refused:?}") };
        assert!((30..=31).contains(&wait_s), "{wait_s}");
        limits.code(there).expect("three in all");
        assert_eq!(limits.code(there).expect_err("four in all").code, Code::BackOff);
        clock.advance(Duration::from_secs(wait_s.unsigned_abs()));
        limits.code(here).expect("after the wait");
    }

    #[test]
    fn outside_parties_report_as_often_as_a_hospital_sends_and_no_flood() {
        let (limits, clock) = limits(|_| {});
        let (here, there): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..REPORTS_PER_MIN {
            limits.report(here).expect("below");
        }
        assert_eq!(limits.report(here).expect_err("above").code, Code::BackOff);
        limits.report(there).expect("another address");
        clock.advance(Duration::from_secs(1));
        limits.report(here).expect("after the wait");
    }
}
