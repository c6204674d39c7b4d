//! Those whom nobody knows yet: phones that have asked for a code and never used one, staff names that nobody has, wrong
//! codes of waiting areas, screens that wait behind one address. All of it is in memory and bounded: a stranger puts
//! nothing on disk but a screen's offer, at a limited pace, and a restart forgets a code that was not used yet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiaohao_domain::account::{Account, Failures, State};
use jiaohao_domain::owner::{Context, Draft, Owner};
use jiaohao_domain::site::{OFFER_MIN, OFFERS_MAX};
use jiaohao_domain::vocabulary::{Answer, ToAccount};
use jiaohao_domain::{AccountId, Code, Principal, Rejection, Role, ScreenId, SiteId, Timestamp};

/// Phones with a code that nobody has used; the longest quiet ones are forgotten first.
const PHONES_MAX: usize = 50_000;
/// Names that nobody has, by place, whose failures are remembered.
const NAMES_MAX: usize = 10_000;
/// Accounts and things whose wrong area codes are remembered.
const AREAS_MAX: usize = 20_000;
/// Documents that nobody has, which a kiosk looks for within a minute.
const MISSES_A_MINUTE: usize = 10;
/// Numbers with a birthday that is not theirs, likewise: more of them mistype, and a whole hall goes by one kiosk.
const BIRTHDAYS_A_MINUTE: usize = 20;
/// Screens of one site that may wait behind one address; the next takes the place of the oldest.
const SCREENS_PER_ADDRESS: usize = 50;
/// Addresses whose waiting screens are remembered, and screens of one site that may wait in all.
const ADDRESSES_MAX: usize = 10_000;

/// Screens behind one address by when they asked, the oldest first.
type Waiting = VecDeque<(Timestamp, ScreenId)>;

/// What somebody at a kiosk looks for, and nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missed {
    /// A document's number.
    Document,
    /// A number of today with that birthday.
    Birthday,
    /// A document that is new, or somebody's of another name: by whoever makes persons known and sees no proof.
    Person,
}

impl Missed {
    /// How many of them a kiosk may have within a minute.
    fn a_minute(self) -> usize {
        match self {
            Self::Document | Self::Person => MISSES_A_MINUTE,
            Self::Birthday => BIRTHDAYS_A_MINUTE,
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Strangers {
    phones: Mutex<HashMap<AccountId, State>>,
    names: Mutex<Failures>,
    areas: Mutex<Failures>,
    /// What nobody had, by kiosk or account.
    misses: Mutex<HashMap<(Missed, AccountId), Vec<Timestamp>>>,
    screens: Mutex<BTreeMap<(SiteId, IpAddr), Waiting>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Strangers {
    /// What an account's owner would decide, by the same rules, for a phone that has never signed in.
    ///
    /// # Errors
    /// The owner's: `back_off`, `wrong_credentials`.
    pub fn decide(&self, who: &AccountId, command: ToAccount, now: Timestamp) -> Result<Answer, Rejection> {
        let mut phones = locked(&self.phones);
        let mut state = phones.get(who).cloned().unwrap_or_else(|| Account::new_state(who.as_str()));
        let principal = Principal::of(Role::System, who.clone());
        let mut draft = Draft::<Account>::new(&mut state);
        let answer = Account::decide(&mut draft, command, &Context { now, principal, seed: 0 });
        if !draft.into_events().is_empty() {
            if phones.len() >= PHONES_MAX && !phones.contains_key(who) {
                let quiet = phones.iter().min_by_key(|(_, state)| state.codes_sent.last().map(|sent| sent.at));
                if let Some(quiet) = quiet.map(|(quiet, _)| quiet.clone()) {
                    phones.remove(&quiet);
                }
            }
            phones.insert(who.clone(), state);
        }
        match answer {
            Ok(Answer::Refused(why)) => Err(why),
            other => other,
        }
    }

    /// It has signed in: its owner knows it from now on.
    pub fn forget(&self, who: &AccountId) {
        locked(&self.phones).remove(who);
    }

    /// Somebody has tried a staff name that nobody has: answered as for one that somebody has.
    pub fn try_name(&self, name: &str, from: &str, now: Timestamp) -> Rejection {
        let key = format!("{name}\n{from}");
        let mut names = locked(&self.names);
        match names.check(&key, now) {
            Err(back_off) => back_off,
            Ok(()) => {
                let tries = names.one_more(&key, now);
                names.put(&key, tries, NAMES_MAX);
                Code::WrongCredentials.into()
            }
        }
    }

    /// Whether somebody may try an area code, by account and by the appointment or ticket it is for.
    ///
    /// # Errors
    /// `back_off`.
    pub fn may_try_area(&self, keys: &[&str], now: Timestamp) -> Result<(), Rejection> {
        let areas = locked(&self.areas);
        keys.iter().try_for_each(|key| areas.check(key, now))
    }

    /// Whether somebody at this kiosk may look for one more: not after so many within a minute that nobody had. The
    /// machine is everybody's, so who mistypes once does not close it for the next.
    ///
    /// # Errors
    /// `back_off` with `retry_after_s`.
    pub fn may_miss(&self, what: Missed, kiosk: &AccountId, now: Timestamp) -> Result<(), Rejection> {
        self.may_miss_of(what, what.a_minute(), kiosk, now)
    }

    /// Whether somebody who sees no proof may make one more person known whom nobody knows by that name; it is counted.
    ///
    /// # Errors
    /// `back_off` with `retry_after_s`, after so many within a minute.
    pub fn one_more_person(&self, a_minute: u32, who: &AccountId, now: Timestamp) -> Result<(), Rejection> {
        self.may_miss_of(Missed::Person, a_minute as usize, who, now)?;
        self.missed(Missed::Person, who, now);
        Ok(())
    }

    fn may_miss_of(&self, what: Missed, a_minute: usize, who: &AccountId, now: Timestamp) -> Result<(), Rejection> {
        let mut misses = locked(&self.misses);
        let Some(of_them) = misses.get_mut(&(what, who.clone())) else { return Ok(()) };
        of_them.retain(|at| now < at.plus_min(1));
        let Some(in_the_way) = of_them.len().checked_sub(a_minute) else { return Ok(()) };
        let rest_ms = of_them[in_the_way].plus_min(1).ms_since(now);
        Err(Rejection::from(Code::BackOff).with("retry_after_s", (rest_ms + 999) / 1000))
    }

    /// Nobody had it.
    pub fn missed(&self, what: Missed, kiosk: &AccountId, now: Timestamp) {
        if what == Missed::Document {
            metrics::counter!("kiosk_documents_not_found_total").increment(1);
        }
        let key = (what, kiosk.clone());
        let mut misses = locked(&self.misses);
        if misses.len() >= NAMES_MAX && !misses.contains_key(&key) {
            let quiet = misses.iter().min_by_key(|(_, missed)| missed.last()).map(|(quiet, _)| quiet.clone());
            quiet.map(|quiet| misses.remove(&quiet));
        }
        misses.entry(key).or_default().push(now);
    }

    /// How the try went.
    pub fn tried_area(&self, keys: &[&str], right: bool, now: Timestamp) {
        let mut areas = locked(&self.areas);
        for key in keys {
            if right {
                areas.forget(key);
            } else {
                let tries = areas.one_more(key, now);
                areas.put(key, tries, AREAS_MAX);
            }
        }
    }

    /// One more screen waits behind an address; the one that it takes the place of, if there are too many: of its own
    /// address, or, when the whole site has as many as it takes, of the address behind which most of them wait.
    pub fn screen_waits(&self, at: &SiteId, address: IpAddr, screen: &ScreenId, now: Timestamp) -> Option<ScreenId> {
        let mut screens = locked(&self.screens);
        screens.retain(|_, waiting| {
            waiting.retain(|(since, _)| now < since.plus_min(OFFER_MIN));
            !waiting.is_empty()
        });
        let own = (at.clone(), address);
        if screens.len() >= ADDRESSES_MAX && !screens.contains_key(&own) {
            let quiet = screens.iter().min_by_key(|(_, waiting)| waiting.back()).map(|(quiet, _)| quiet.clone());
            quiet.map(|quiet| screens.remove(&quiet));
        }
        screens.entry(own.clone()).or_default().push_back((now, screen.clone()));
        let of_site = || screens.iter().filter(|((site, _), _)| site == at);
        let crowded = if screens[&own].len() > SCREENS_PER_ADDRESS {
            own
        } else if of_site().map(|(_, waiting)| waiting.len()).sum::<usize>() > OFFERS_MAX {
            let fullest = of_site().max_by_key(|(_, waiting)| (waiting.len(), Reverse(waiting.front())));
            fullest.map(|(address, _)| address.clone())?
        } else {
            return None;
        };
        screens.get_mut(&crowded)?.pop_front().map(|(_, oldest)| oldest)
    }
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::vocabulary::Asker;

    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn here() -> Asker {
        Asker { device: "mine".into(), network: "here".into() }
    }

    fn issue(hash: &str) -> ToAccount {
        ToAccount::SendCode { code_hash: hash.into(), expires_at: NOW.plus_min(5), asker: here() }
    }

    fn try_code(hash: &str) -> ToAccount {
        ToAccount::UseCode { code_hash: hash.into(), refresh_hash: "r".into(), asker: here() }
    }

    #[test]
    fn a_phone_that_nobody_knows_has_the_rules_of_one_that_somebody_knows() {
        let strangers = Strangers::default();
        let who = AccountId::new("a-phone-1");
        let refused = |command, now| strangers.decide(&who, command, now).expect_err("refused").code;
        assert_eq!(refused(try_code("h"), NOW), Code::WrongCredentials);
        assert!(locked(&strangers.phones).is_empty(), "a guess leaves nothing behind");
        strangers.decide(&who, issue("h"), NOW).expect("sent");
        assert_eq!(refused(issue("h2"), NOW.plus_s(59)), Code::BackOff);
        for _ in 0..3 {
            assert_eq!(refused(try_code("wrong"), NOW), Code::WrongCredentials);
        }
        assert_eq!(refused(try_code("h"), NOW), Code::BackOff);
        strangers.decide(&who, try_code("h"), NOW.plus_s(30)).expect("in");
        strangers.forget(&who);
        assert!(locked(&strangers.phones).is_empty());
    }

    #[test]
    fn phones_that_never_use_their_code_are_bounded() {
        let strangers = Strangers::default();
        for n in 0..PHONES_MAX {
            let state = Account::new_state(&format!("a-{n}"));
            locked(&strangers.phones).insert(AccountId::from(format!("a-{n}")), state);
        }
        strangers.decide(&AccountId::new("a-new"), issue("h"), NOW).expect("sent");
        let phones = locked(&strangers.phones);
        assert!(phones.len() == PHONES_MAX && phones.contains_key(&AccountId::new("a-new")));
    }

    #[test]
    fn a_name_that_nobody_has_backs_off_like_one_that_somebody_has() {
        let strangers = Strangers::default();
        let codes: Vec<Code> = (0..5).map(|_| strangers.try_name("nosuch", "here", NOW).code).collect();
        assert_eq!(codes[..3], [Code::WrongCredentials; 3]);
        assert_eq!(codes[3..], [Code::BackOff; 2]);
        assert_eq!(strangers.try_name("nosuch", "elsewhere", NOW).code, Code::WrongCredentials);
        assert_eq!(strangers.try_name("nosuch", "here", NOW.plus_s(30)).code, Code::WrongCredentials);
    }

    #[test]
    fn area_codes_are_guessed_a_handful_of_times_by_account_and_by_appointment() {
        let strangers = Strangers::default();
        for n in 0..3 {
            let keys = [format!("a-{n}"), "s.d.b1".to_owned()];
            let keys = [keys[0].as_str(), keys[1].as_str()];
            strangers.may_try_area(&keys, NOW).expect("may try");
            strangers.tried_area(&keys, false, NOW);
        }
        assert_eq!(strangers.may_try_area(&["a-9", "s.d.b1"], NOW).expect_err("the appointment").code, Code::BackOff);
        strangers.may_try_area(&["a-1", "s.d.b2"], NOW).expect("another of theirs");
        strangers.may_try_area(&["a-1", "s.d.b1"], NOW.plus_s(30)).expect("after the wait");
        strangers.tried_area(&["a-1", "s.d.b1"], true, NOW.plus_s(30));
        strangers.may_try_area(&["a-9", "s.d.b1"], NOW).expect("all is well");
    }

    #[test]
    fn a_kiosk_is_told_when_it_may_look_for_the_next_document() {
        let (strangers, kiosk) = (Strangers::default(), AccountId::new("a-kiosk"));
        for n in 0..MISSES_A_MINUTE {
            strangers.may_miss(Missed::Document, &kiosk, NOW.plus_s(n as i64)).expect("may look");
            strangers.missed(Missed::Document, &kiosk, NOW.plus_s(n as i64));
        }
        let rest = |now| strangers.may_miss(Missed::Document, &kiosk, now).map_err(|why| (why.code, why.valid_now));
        let wait = |s: i64| Err((Code::BackOff, vec![("retry_after_s".to_owned(), s.into())]));
        assert_eq!(rest(NOW.plus_s(20)), wait(40), "until the first of them is a minute ago");
        assert_eq!(rest(NOW.plus_ms(59_001)), wait(1));
        assert_eq!(rest(NOW.plus_s(60)), Ok(()));
        for _ in 0..BIRTHDAYS_A_MINUTE {
            strangers.may_miss(Missed::Birthday, &kiosk, NOW).expect("a count of its own");
            strangers.missed(Missed::Birthday, &kiosk, NOW);
        }
        assert_eq!(strangers.may_miss(Missed::Birthday, &kiosk, NOW).expect_err("a sweep").code, Code::BackOff);
        strangers.may_miss(Missed::Birthday, &AccountId::new("a-other"), NOW).expect("another kiosk");
    }

    #[test]
    fn persons_made_known_without_proof_are_counted_by_who_does_it_and_apart_from_a_kiosks_misses() {
        let (strangers, who) = (Strangers::default(), AccountId::new("a-doctor"));
        for n in 0..3 {
            strangers.one_more_person(3, &who, NOW.plus_s(n)).expect("may");
        }
        let refused = strangers.one_more_person(3, &who, NOW.plus_s(20)).expect_err("the fourth of a minute");
        assert_eq!(
            (refused.code, refused.valid_now),
            (Code::BackOff, vec![("retry_after_s".to_owned(), 40_i64.into())])
        );
        assert_eq!(locked(&strangers.misses)[&(Missed::Person, who.clone())].len(), 3, "a refusal is not counted");
        strangers.one_more_person(4, &who, NOW.plus_s(20)).expect("by the house's own figure");
        strangers.may_miss(Missed::Document, &who, NOW.plus_s(20)).expect("a count of its own");
        strangers.one_more_person(3, &AccountId::new("a-other"), NOW.plus_s(20)).expect("somebody else");
        strangers.one_more_person(2, &who, NOW.plus_s(62)).expect("a minute later");
    }

    #[test]
    fn an_address_displaces_its_own_oldest_screen() {
        let strangers = Strangers::default();
        let (at, here) = (SiteId::new("s"), IpAddr::from([10, 0, 0, 1]));
        let screen = |n: usize| ScreenId::from(format!("s.screen-{n}"));
        let waits = |address, n| strangers.screen_waits(&at, address, &screen(n), NOW);
        for n in 0..SCREENS_PER_ADDRESS {
            assert_eq!(waits(here, n), None);
        }
        assert_eq!(waits(here, 900), Some(screen(0)));
        assert_eq!(waits([10, 0, 0, 2].into(), 901), None);
        assert_eq!(waits(here, 902), Some(screen(1)));
        let later = strangers.screen_waits(&at, here, &screen(903), NOW.plus_min(OFFER_MIN));
        assert_eq!(later, None, "none of the others shows its code any more");
    }

    #[test]
    fn addresses_of_long_ago_make_room_before_anybody_who_waits() {
        let strangers = Strangers::default();
        let (at, here) = (SiteId::new("s"), IpAddr::from([10, 0, 0, 1]));
        let screen = |n: usize| ScreenId::from(format!("s.screen-{n}"));
        for n in 0..SCREENS_PER_ADDRESS {
            assert_eq!(strangers.screen_waits(&at, here, &screen(n), NOW), None);
        }
        let over = NOW.plus_min(-OFFER_MIN);
        for n in 1..ADDRESSES_MAX {
            let address = IpAddr::from([11, 0, (n >> 8) as u8, n as u8]);
            locked(&strangers.screens).insert((at.clone(), address), Waiting::from([(over, screen(n))]));
        }
        assert_eq!(strangers.screen_waits(&at, here, &screen(900), NOW), Some(screen(0)), "its own are counted still");
    }

    #[test]
    fn addresses_that_crowd_a_site_displace_their_own_screens_and_not_the_hospitals() {
        let strangers = Strangers::default();
        let at = SiteId::new("s");
        let screen = |n: usize| ScreenId::from(format!("s.screen-{n:04}"));
        let waits = |address: u8, n| strangers.screen_waits(&at, [10, 0, 0, address].into(), &screen(n), NOW);
        assert_eq!(waits(9, 9_000), None, "the hospital's own");
        for n in 0..OFFERS_MAX - 1 {
            assert_eq!(waits((n / SCREENS_PER_ADDRESS) as u8, n), None);
        }
        assert_eq!(waits(9, 9_001), Some(screen(0)), "of an address behind which most wait");
        assert_eq!(waits(8, 9_002), Some(screen(SCREENS_PER_ADDRESS)));
        assert_eq!(waits(8, 9_003), Some(screen(2 * SCREENS_PER_ADDRESS)));
    }
}
