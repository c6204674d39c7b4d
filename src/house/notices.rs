//! Notices on their way out. What a person's owner has decided is taken from the durable record, sent beside the owners,
//! and what came of it goes back to the owner as a command. Nothing that must not be lost is remembered here: of what no word
//! comes the owner asks again, under the same id, also after a restart. Where too much waits, the newest is left to that.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use jiaohao_actors::shell::Origin;
use jiaohao_domain::patient::State as PatientState;
use jiaohao_domain::reach::{About, SendOutcome, Way};
use jiaohao_domain::vocabulary::{NoticeDue, ToPatient};
use jiaohao_domain::{NoticeId, PatientId, Rejection};
use tokio::sync::{Semaphore, mpsc};

use super::addresses::Reached;
use super::{House, patient, site};
use crate::identity::accounts::hashed;
use crate::identity::keys::KeyName;
use crate::reach::port::{self, Channel, ChannelName, Delivery, Language, Sent, Telling};

/// So many notices may wait to be sent.
const WAITING: usize = 4_096;
/// So many are sent at once.
const AT_ONCE: usize = 32;
/// A channel that has not answered after this is given up; its own time-outs are shorter.
const SEND_WITHIN: Duration = Duration::from_secs(15);
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

/// Where notices leave; without a house behind it they go nowhere.
#[derive(Clone, Debug, Default)]
pub struct Outlet(Option<mpsc::Sender<ToSend>>);

/// Where they come out.
pub type Notices = mpsc::Receiver<ToSend>;

/// A way out.
pub fn outlet() -> (Outlet, Notices) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Outlet(Some(sender)), receiver)
}

impl Outlet {
    /// Never waits.
    pub fn send(&self, notice: ToSend) {
        if let Some(sender) = &self.0
            && sender.try_send(notice).is_err()
        {
            metrics::counter!("overloaded_total", "what" => "notices").increment(1);
        }
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
    open: Arc<AtomicUsize>,
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

/// Sends until the house is gone.
pub(super) async fn run(house: Weak<House>, mut notices: Notices) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(notice) = notices.recv().await {
        let Ok(turn) = at_once.clone().acquire_owned().await else { return };
        let Some(house) = house.upgrade() else { return };
        actix_web::rt::spawn(async move {
            house.send_notice(notice).await;
            drop(turn);
        });
    }
}

/// Takes what the channels report until the house is gone.
pub(super) async fn hear(house: Weak<House>) {
    let Some(reports) = house.upgrade().map(|house| house.reach.reports.clone()) else { return };
    loop {
        let delivery = reports.next().await;
        let Some(house) = house.upgrade() else { return };
        house.delivered(delivery).await;
    }
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
    async fn send_notice(&self, ToSend { patient, notice, ways, has_page }: ToSend) {
        // What cannot arrive is said first: it may be the last thing that is waited for.
        if ways.contains(&Way::App) && !has_page {
            self.came_of_notice(&patient, &notice, Way::App, SendOutcome::Failed).await;
        }
        let outside = ways.into_iter().filter_map(|way| Some((way, channel_of(way)?)));
        join_all(outside.map(|(way, channel)| self.send_by(&patient, &notice, way, channel))).await;
    }

    async fn send_by(&self, who: &PatientId, notice: &NoticeId, way: Way, channel: ChannelName) {
        let outcome = match self.reach.channel(channel) {
            Some(channel) => self.hand_over_notice(who, notice, way, &*channel).await,
            None => Ok(Some(SendOutcome::NoAddress)),
        };
        match outcome {
            Ok(Some(outcome)) => self.came_of_notice(who, notice, way, outcome).await,
            // It is over.
            Ok(None) => {}
            Err(why) => tracing::warn!(code = why.code.wire(), "a notice could not be sent now"),
        }
    }

    /// Gives it to a channel, for each address of the person. None: there is nothing to tell any more.
    async fn hand_over_notice(
        &self,
        who: &PatientId,
        notice: &NoticeId,
        way: Way,
        channel: &dyn Channel,
    ) -> Result<Option<SendOutcome>, Rejection> {
        let asked = notice.clone();
        let due = move |state: &PatientState| {
            state.notices.get(&asked).filter(|notice| notice.is_live()).map(|notice| notice.due.clone())
        };
        let Some(due) = self.shell.read(patient(who), due).await? else { return Ok(None) };
        let addresses = self.addresses(who, way).await?;
        if addresses.is_empty() {
            return Ok(Some(SendOutcome::NoAddress));
        }
        let open = Arc::new(AtomicUsize::new(addresses.len()));
        let mut is_taken = false;
        for address in addresses {
            let told = OnTheWay { patient: who.clone(), notice: notice.clone(), way, open: open.clone() };
            let sent = self.tell_address(&due, address, told, channel).await?;
            is_taken |= sent == Sent::Taken;
            if sent != Sent::Taken {
                open.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Ok(Some(if is_taken { SendOutcome::Taken } else { SendOutcome::Failed }))
    }

    async fn tell_address(
        &self,
        due: &NoticeDue,
        address: Reached,
        told: OnTheWay,
        channel: &dyn Channel,
    ) -> Result<Sent, Rejection> {
        let Reached { account, to, language } = address;
        let whose = account.as_ref().map_or("", |account| account.as_str());
        let named = [told.notice.as_str(), told.way.wire(), whose].map(str::as_bytes);
        let id = hashed(self.keys.get(KeyName::Hash), &[b"telling".as_slice(), named[0], named[1], named[2]]);
        let telling = self.telling(id, due, language).await?;
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

    async fn telling(&self, id: String, due: &NoticeDue, language: Language) -> Result<Telling, Rejection> {
        let name = |state: &jiaohao_domain::site::State| {
            state.definition.as_ref().map(|site| (site.name.clone(), site.name_en.clone())).unwrap_or_default()
        };
        let (name, name_en) = self.shell.read(site(due.ticket.as_str()), name).await?;
        let said = |zh: String, en: String| if language == Language::En && !en.is_empty() { en } else { zh };
        let (about, expires_in_s) = match due.about {
            Some(About::Called) | None => (port::About::Called, CALLED_FOR_S),
            Some(About::ThreeBefore) => (port::About::ThreeBefore, NEAR_FOR_S),
            Some(About::Delayed) => (port::About::Delayed, ELSE_FOR_S),
            Some(About::Stopped) => (port::About::Stopped, ELSE_FOR_S),
        };
        let (number, place) = (due.number.clone(), said(due.place.clone(), due.place_en.clone()));
        Ok(Telling { id, about, number, place, site: said(name, name_en), language, expires_in_s })
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
        if let Err(why) = self.shell.ask(patient(who), message, Origin::Shell).await {
            tracing::warn!(code = why.code.wire(), "what came of a notice could not be told");
        }
    }
}
