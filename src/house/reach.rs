//! Notices on their way out. What a person's owner has decided is taken from the durable record, sent beside the owners,
//! and what came of it goes back to the owner as a command. Nothing is remembered here: of what no word comes the owner asks
//! again, under the same id, also after a restart. Where too much waits, the newest is left to that.

use std::sync::{Arc, Weak};

use jiaohao_actors::shell::Origin;
use jiaohao_domain::reach::{SendOutcome, Way};
use jiaohao_domain::vocabulary::ToPatient;
use jiaohao_domain::{NoticeId, PatientId};
use tokio::sync::{Semaphore, mpsc};

use super::{House, patient};

/// So many notices may wait to be sent.
const WAITING: usize = 4_096;
/// So many are sent at once.
const AT_ONCE: usize = 32;

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

impl House {
    async fn send_notice(&self, ToSend { patient, notice, ways, has_page }: ToSend) {
        for way in ways {
            match way {
                // The page shows it by itself.
                Way::App if has_page => {}
                Way::App => self.came_of_notice(&patient, &notice, way, SendOutcome::Failed).await,
                Way::WeChat | Way::Push | Way::Sms => {
                    self.came_of_notice(&patient, &notice, way, SendOutcome::NoAddress).await;
                }
            }
        }
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
