//! Notices on their way out. What a person's owner has decided is taken from the durable record, sent beside the owners,
//! and what came of it goes back to the owner as a command. Nothing that must not be lost is remembered here: of what no word
//! comes the owner asks again, under the same id, also after a restart. Where too much waits, the newest is left to that.
//! Each way has a lane of its own: a party that does not answer holds up nobody who is told by another.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiaohao_actors::shell::{Origin, Outcome};
use jiaohao_domain::patient::State as PatientState;
use jiaohao_domain::reach::{About, SendOutcome, WORD_WITHIN_S, Way};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{ClinicNews, Language, NoticeDue, ToPatient};
use jiaohao_domain::waitlist::OFFER_MIN;
use jiaohao_domain::{NoticeId, PatientId, Rejection, Timestamp};

use super::addresses::Reached;
use super::lanes::{Lane, LaneEnd, lane};
use super::{House, OWNER_WITHIN, patient, site};
use crate::engine::in_time;
use crate::identity::accounts::hashed;
use crate::identity::keys::KeyName;
use crate::reach::Reports;
use crate::reach::port::{Channel, ChannelName, Delivery, Sent, Telling, TellingClinic};

/// So many notices may wait to be sent by one way.
const WAITING: usize = 4_096;
/// So many are sent at once by one way, each to [`ADDRESSES_MAX`](jiaohao_domain::reach::ADDRESSES_MAX) addresses at most.
const AT_ONCE: usize = 32;
/// An address is given up after this, whatever its channel still tries (WeChat asks for a token and sends, both twice, each
/// within the client's time-out). All addresses of a notice are told at once, so that a word of it is there before its
/// owner asks again.
const SEND_WITHIN: Duration = Duration::from_secs(15);
const _: () = assert!(SEND_WITHIN.as_secs() < WORD_WITHIN_S as u64);
/// So many tellings are remembered until their reports come; beyond, the oldest is forgotten and its deadline passes.
const TELLINGS: usize = 10_000;
/// For how long it is worth telling that somebody is called, that three are before them, and all else, in seconds.
const CALLED_FOR_S: u32 = 10 * 60;
const NEAR_FOR_S: u32 = 20 * 60;
const ELSE_FOR_S: u32 = 24 * 3600;

/// A notice that is to be sent.
#[derive(Debug)]
pub struct ToSend {
    /// Whose.
    pub patient: PatientId,
    /// Which.
    pub notice: NoticeId,
    /// By which ways.
    pub ways: Vec<Way>,
    /// A phone's page of the person is open.
    pub has_page: bool,
}

/// One notice on its way to its person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OnWay {
    patient: PatientId,
    notice: NoticeId,
}

/// Where notices leave; without a house behind it they go nowhere.
#[derive(Clone, Default)]
pub struct Outlet(Arc<BTreeMap<Way, Lane<OnWay>>>);

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outlet").field(&self.0.keys()).finish()
    }
}

/// Where they come out.
pub struct Notices(Vec<(Way, LaneEnd<OnWay>)>);

/// A way out.
pub fn outlet() -> (Outlet, Notices) {
    let (mut lanes, mut ends) = (BTreeMap::new(), Vec::new());
    for way in Way::ALL {
        let (lane, end) = lane(WAITING);
        lanes.insert(way, lane);
        ends.push((way, end));
    }
    (Outlet(Arc::new(lanes)), Notices(ends))
}

impl Outlet {
    /// Never waits. What is still on its way is not sent beside itself.
    pub fn send(&self, ToSend { patient, notice, ways, has_page }: ToSend) {
        // A page that is open shows it by itself.
        for way in ways.into_iter().filter(|way| *way != Way::App || !has_page) {
            let on_way = OnWay { patient: patient.clone(), notice: notice.clone() };
            if self.0.get(&way).is_some_and(|lane| !lane.put(on_way)) {
                metrics::counter!("overloaded_total", "what" => "notices").increment(1);
            }
        }
    }
}

impl Notices {
    async fn each<F>(self, send: impl Fn(Way, OnWay) -> Option<F>)
    where
        F: Future<Output = ()> + 'static,
    {
        let send = &send;
        join_all(self.0.into_iter().map(|(way, end)| end.run(AT_ONCE, move |on_way| send(way, on_way)))).await;
    }
}

/// What was sent outside and may be reported.
#[derive(Default)]
pub(crate) struct Tellings(Mutex<Told>);

#[derive(Default)]
struct Told {
    by_id: HashMap<String, OnTheWay>,
    order: VecDeque<String>,
}

struct OnTheWay {
    patient: PatientId,
    notice: NoticeId,
    way: Way,
    /// Of how many addresses there is no bad news yet.
    open: Arc<AtomicIsize>,
}

impl Tellings {
    fn note(&self, id: &str, told: OnTheWay) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.by_id.insert(id.to_owned(), told).is_none() {
            all.order.push_back(id.to_owned());
        }
        if all.order.len() > TELLINGS
            && let Some(oldest) = all.order.pop_front()
        {
            all.by_id.remove(&oldest);
        }
    }

    fn take(&self, id: &str) -> Option<OnTheWay> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.by_id.remove(id)?;
        all.order.retain(|other| other != id);
        Some(told)
    }
}

/// What is told, and of how much money.
type What<'a> = (About, &'a NoticeDue, Option<u32>);

/// Sends until the house is gone.
pub(super) async fn run(house: Weak<House>, notices: Notices) {
    let send = |way, OnWay { patient, notice }| {
        let house = house.upgrade()?;
        Some(async move { house.send_by(&patient, &notice, way).await })
    };
    notices.each(send).await;
}

/// Takes what the channels report until the house is gone.
pub(super) async fn hear(house: Weak<House>) {
    let Some(reports) = house.upgrade().map(|house| house.reach.reports.clone()) else { return };
    let hear = |delivery| {
        let house = house.upgrade()?;
        Some(async move { house.delivered(delivery).await })
    };
    each_report(&reports, hear).await;
}

/// Side by side, [`AT_ONCE`] at most: an owner that does not answer holds up nobody else's.
async fn each_report<F: Future<Output = ()>>(reports: &Reports, hear: impl Fn(Delivery) -> Option<F>) {
    let heard = stream::unfold(&hear, async |hear| Some((hear(reports.next().await)?, hear)));
    heard.for_each_concurrent(AT_ONCE, |heard| heard).await;
}

fn channel_of(way: Way) -> Option<ChannelName> {
    match way {
        Way::App => None,
        Way::WeChat => Some(ChannelName::WeChat),
        Way::Push => Some(ChannelName::Push),
        Way::Sms => Some(ChannelName::Sms),
    }
}

impl House {
    async fn send_by(&self, who: &PatientId, notice: &NoticeId, way: Way) {
        let outcome = match channel_of(way) {
            // No page of the person is open.
            None => Ok(Some(SendOutcome::Failed)),
            Some(channel) => match self.reach.channel(channel) {
                Some(channel) => self.hand_over_notice(who, notice, way, &*channel).await,
                None => Ok(Some(SendOutcome::NoAddress)),
            },
        };
        match outcome {
            Ok(Some(outcome)) => self.came_of_notice(who, notice, way, outcome).await,
            // It is over.
            Ok(None) => {}
            Err(why) => tracing::warn!(code = why.code.wire(), "a notice could not be sent now"),
        }
    }

    /// Gives it to a channel, for all addresses of the person at once. None: there is nothing to tell any more.
    async fn hand_over_notice(
        &self,
        who: &PatientId,
        notice: &NoticeId,
        way: Way,
        channel: &dyn Channel,
    ) -> Result<Option<SendOutcome>, Rejection> {
        let asked = notice.clone();
        let due = move |state: &PatientState| {
            let notice = state.notices.get(&asked).filter(|notice| notice.is_live())?;
            Some((notice.due.about?, notice.due.clone(), notice.amount_fen))
        };
        let Some((about, due, amount_fen)) = self.shell.read(patient(who), due).await? else { return Ok(None) };
        let what = (about, &due, amount_fen);
        let addresses = self.addresses(who, way).await?;
        if addresses.is_empty() {
            return Ok(Some(SendOutcome::NoAddress));
        }
        let open = Arc::new(AtomicIsize::new(isize::try_from(addresses.len()).unwrap_or(isize::MAX)));
        let told = || OnTheWay { patient: who.clone(), notice: notice.clone(), way, open: open.clone() };
        let sends = addresses.into_iter().map(|address| self.tell_address(what, address, told(), channel));
        let mut failed = None;
        for sent in join_all(sends).await {
            if !matches!(sent, Ok(Sent::Taken)) {
                open.fetch_sub(1, Ordering::Relaxed);
            }
            failed = sent.err().or(failed);
        }
        match failed {
            // Of what was taken its report may have come already.
            _ if open.load(Ordering::Relaxed) > 0 => Ok(Some(SendOutcome::Taken)),
            None => Ok(Some(SendOutcome::Failed)),
            Some(why) => Err(why),
        }
    }

    async fn tell_address(
        &self,
        what: What<'_>,
        address: Reached,
        told: OnTheWay,
        channel: &dyn Channel,
    ) -> Result<Sent, Rejection> {
        let Reached { account, to, language } = address;
        let whose = account.as_ref().map_or("", |account| account.as_str());
        let named = [told.notice.as_str(), told.way.wire(), whose].map(str::as_bytes);
        let id = hashed(self.keys.get(KeyName::Hash), &[b"telling".as_slice(), named[0], named[1], named[2]]);
        let telling = self.telling(id, what, language).await?;
        let (who, way) = (told.patient.clone(), told.way);
        // The report may be here before the answer.
        self.tellings.note(&telling.id, told);
        let sent = tokio::time::timeout(SEND_WITHIN, channel.send(&to, &telling)).await.unwrap_or(Sent::NotNow);
        if let (Sent::Refused, Some(account)) = (sent, account)
            && way != Way::Sms
        {
            let gone = ToPatient::UnbindAddress { account, way };
            self.shell.ask(patient(&who), gone.into(), Origin::Shell).await?;
        }
        Ok(sent)
    }

    async fn telling(
        &self,
        id: String,
        (about, due, amount_fen): What<'_>,
        language: Language,
    ) -> Result<Telling, Rejection> {
        use About::{AsPlanned, Booked, Cancelled, Delayed, Offered, Reminder, Stopped};
        let names = |state: &jiaohao_domain::site::State| {
            let named = |site: &jiaohao_domain::vocabulary::DefineSite| {
                (site.name.clone(), site.name_en.clone(), Zone::named(&site.time_zone))
            };
            state.definition.as_ref().map(named).unwrap_or_default()
        };
        let (name, name_en, zone) = self.shell.read(site(due.ticket.as_str()), names).await?;
        let said = |zh: String, en: String| if language == Language::En && !en.is_empty() { en } else { zh };
        let now = self.shell.clock.clinic();
        let expires_in_s = match (about, &due.clinic) {
            (About::Called, _) => CALLED_FOR_S,
            // Money is worth as much after the clinic.
            (About::Refunded | About::RefundAtDesk, _) => ELSE_FOR_S,
            (About::ThreeBefore, _) => NEAR_FOR_S,
            (Offered, Some(_)) => worth_for_s(to_answer_ms(due, now)),
            (_, Some(clinic)) => worth_for_s(clinic.expected_at.ms_since(now)),
            (Delayed | AsPlanned | Stopped | Offered | Booked | Cancelled | Reminder, None) => ELSE_FOR_S,
        };
        let (number, place) = (due.number.clone(), said(due.place.clone(), due.place_en.clone()));
        let clinic = due.clinic.as_ref().zip(zone).map(|(clinic, zone)| TellingClinic {
            who: who(clinic, language).unwrap_or_else(|| place.clone()),
            minutes: match about {
                About::Offered => u32::try_from(to_answer_ms(due, now)).unwrap_or(0).div_ceil(60_000),
                _ => clinic.delay_min,
            },
            time: time(clinic.expected_at, now, zone, language),
        });
        let amount = amount_fen.map(yuan);
        Ok(Telling { id, about, number, place, site: said(name, name_en), language, expires_in_s, clinic, amount })
    }

    /// A report of a channel. One that nobody waits for any more changes nothing.
    async fn delivered(&self, Delivery { telling, arrived, .. }: Delivery) {
        let Some(told) = self.tellings.take(&telling) else { return };
        // Another address may still have it.
        if !arrived && told.open.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        let outcome = if arrived { SendOutcome::Arrived } else { SendOutcome::Failed };
        self.came_of_notice(&told.patient, &told.notice, told.way, outcome).await;
    }

    /// Tells the person's owner. What cannot be told now is asked again.
    async fn came_of_notice(&self, who: &PatientId, notice: &NoticeId, way: Way, outcome: SendOutcome) {
        let notice = notice.clone();
        let message = ToPatient::NoticeOutcome { notice, way, outcome }.into();
        told(OWNER_WITHIN, self.shell.ask(patient(who), message, Origin::Shell)).await;
    }
}

/// Waits for the owner's word that it has heard, but not for ever.
async fn told(within: Duration, asking: impl Future<Output = Outcome>) {
    if let Err(why) = in_time(within, asking).await {
        tracing::warn!(code = why.code.wire(), "what came of a notice could not be told");
    }
}

/// For how long an offered place can still be taken.
fn to_answer_ms(due: &NoticeDue, now: Timestamp) -> i64 {
    due.at.plus_min(OFFER_MIN).ms_since(now).max(0)
}

/// Until the person is expected; a message that is sent at all is worth a minute.
fn worth_for_s(left_ms: i64) -> u32 {
    u32::try_from(left_ms / 1000).unwrap_or(0).clamp(60, ELSE_FOR_S)
}

/// As a price is written.
fn yuan(fen: u32) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Whose clinic it is; none: a pool's.
fn who(clinic: &ClinicNews, language: Language) -> Option<String> {
    let ClinicNews { doctor, doctor_en, .. } = clinic;
    (!doctor.is_empty()).then(|| match language {
        Language::Zh => format!("{doctor}医生"),
        Language::En => format!("Dr {}", if doctor_en.is_empty() { doctor } else { doctor_en }),
    })
}

/// A time of the site's wall clock, of another day than today with its date.
fn time(at: Timestamp, now: Timestamp, zone: Zone, language: Language) -> String {
    let (day, clock) = (zone.date(at), zone.clock(at));
    if day == zone.date(now) {
        return clock;
    }
    match language {
        Language::Zh => format!("{} {clock}", day.0.format("%Y年%-m月%-d日")),
        Language::En => format!("{} {clock}", day.0.format("%-d %b %Y")),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;
    use std::rc::Rc;

    use futures_util::FutureExt;
    use futures_util::future::LocalBoxFuture;
    use jiaohao_domain::vocabulary::Answer;

    use super::*;
    use crate::reach::port::Deliveries;

    /// Text messages hang until `answer`, all else goes at once; what was begun.
    #[derive(Clone, Default)]
    struct Party {
        begun: Rc<RefCell<Vec<(Way, String)>>>,
        answer: Rc<tokio::sync::Notify>,
    }

    impl Party {
        fn send(&self, way: Way, on_way: OnWay) -> Option<LocalBoxFuture<'static, ()>> {
            self.begun.borrow_mut().push((way, on_way.notice.to_string()));
            let answer = self.answer.clone();
            Some(if way == Way::Sms {
                async move { answer.notified().await }.boxed_local()
            } else {
                ready(()).boxed_local()
            })
        }

        fn begun(&self, way: Way) -> usize {
            self.begun.borrow().iter().filter(|(by, _)| *by == way).count()
        }
    }

    fn to_send(number: usize, ways: &[Way]) -> ToSend {
        let (patient, notice) = (PatientId::from("p-1"), NoticeId::from(format!("s.d.t{number}.n1")));
        ToSend { patient, notice, ways: ways.to_vec(), has_page: false }
    }

    async fn settle() {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }

    #[actix_web::test]
    async fn a_party_that_does_not_answer_holds_up_its_own_way_alone() {
        let ((outlet, notices), party) = (outlet(), Party::default());
        let sending = party.clone();
        actix_web::rt::spawn(notices.each(move |way, on_way| sending.send(way, on_way)));
        for number in 0..WAITING + 2 * AT_ONCE {
            outlet.send(to_send(number, &[Way::Sms]));
        }
        settle().await;
        assert_eq!(party.begun(Way::Sms), AT_ONCE);
        outlet.send(to_send(0, &[Way::App, Way::WeChat, Way::Push]));
        settle().await;
        assert_eq!([Way::App, Way::WeChat, Way::Push].map(|way| party.begun(way)), [1; 3]);
    }

    #[actix_web::test]
    async fn what_is_still_on_its_way_is_not_sent_beside_itself() {
        let ((outlet, notices), party) = (outlet(), Party::default());
        let sending = party.clone();
        actix_web::rt::spawn(notices.each(move |way, on_way| sending.send(way, on_way)));
        for _ in 0..3 {
            outlet.send(to_send(1, &[Way::Sms, Way::Push]));
            settle().await;
        }
        assert_eq!((party.begun(Way::Sms), party.begun(Way::Push)), (1, 3));
        party.answer.notify_one();
        settle().await;
        outlet.send(to_send(1, &[Way::Sms]));
        settle().await;
        assert_eq!(party.begun(Way::Sms), 2, "it is asked again once no word came of it");
    }

    #[actix_web::test]
    async fn what_waits_is_bounded_and_what_found_no_room_may_come_again() {
        let ((outlet, notices), party) = (outlet(), Party::default());
        for number in 0..=WAITING {
            outlet.send(to_send(number, &[Way::Push]));
        }
        let sending = party.clone();
        actix_web::rt::spawn(notices.each(move |way, on_way| sending.send(way, on_way)));
        while party.begun(Way::Push) < WAITING {
            settle().await;
        }
        settle().await;
        assert_eq!(party.begun(Way::Push), WAITING);
        outlet.send(to_send(WAITING, &[Way::Push]));
        settle().await;
        assert_eq!(party.begun(Way::Push), WAITING + 1);
    }

    #[tokio::test]
    async fn an_owner_that_does_not_answer_holds_up_no_report_of_others() {
        let (reports, heard) = (Reports::default(), RefCell::new(Vec::new()));
        let hear = |Delivery { telling, .. }: Delivery| {
            let answer =
                if telling == "silent" { std::future::pending().boxed() } else { ready(Ok(Answer::Done)).boxed() };
            heard.borrow_mut().push(telling.clone());
            (telling != "gone").then(|| told(Duration::from_millis(20), answer))
        };
        let report = |telling: &str| {
            reports.report(Delivery { telling: telling.into(), channel: ChannelName::Sms, arrived: true });
        };
        ["silent", "next"].into_iter().for_each(report);
        assert_eq!(each_report(&reports, &hear).now_or_never(), None, "it goes on listening");
        assert_eq!(heard.take(), ["silent", "next"], "beside it");
        (0..2 * AT_ONCE).for_each(|_| report("silent"));
        ["next", "gone"].into_iter().for_each(report);
        each_report(&reports, &hear).await;
        assert_eq!(heard.take().len(), 2 * AT_ONCE + 2, "of many who are silent nobody waits for long");
    }

    #[actix_web::test]
    async fn an_open_page_is_not_told_that_nothing_can_arrive_there() {
        let ((outlet, notices), party) = (outlet(), Party::default());
        let sending = party.clone();
        actix_web::rt::spawn(notices.each(move |way, on_way| sending.send(way, on_way)));
        outlet.send(ToSend { has_page: true, ..to_send(1, &[Way::App, Way::Push]) });
        settle().await;
        assert_eq!((party.begun(Way::App), party.begun(Way::Push)), (0, 1));
    }
}
