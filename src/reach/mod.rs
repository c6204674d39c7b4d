//! Reaching people outside the pages: text messages, WeChat service messages, Web Push. Each channel is one file that
//! speaks one party's protocol (docs/channels.md); another party is another file behind the same port.

pub mod addresses;
pub mod client;
mod codes;
pub mod port;
pub mod push;
mod reports;
pub mod sandbox;
pub mod sealed;
pub mod signature;
pub mod sms;
pub mod standing;
pub mod templates;
pub mod vapid;
pub mod wechat;

use std::path::Path;
use std::sync::Arc;

use jiaohao_domain::Timestamp;

pub use codes::SmsCodes;
pub use reports::Reports;

use self::client::{Client, Patience};
use self::port::{Channel, ChannelName, Sent};
use self::push::Push;
use self::sms::Sms;
use self::standing::{Failing, Standing};
use self::vapid::Vapid;
use self::wechat::WeChat;
use crate::config::Settings;
use crate::identity::keys;

/// Where the channels read the machine's clock.
pub type Wall = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why a channel that is configured cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// A setting that was in order when it was loaded is not any more.
    #[error("{0}: {1}")]
    Setting(&'static str, String),
}

/// The channels that the hospital has.
#[derive(Default)]
pub struct Reach {
    /// Text messages.
    pub sms: Option<Arc<Sms>>,
    /// WeChat service messages.
    pub wechat: Option<Arc<WeChat>>,
    /// Web Push.
    pub push: Option<Arc<Push>>,
    /// What the channels report of tellings that were taken.
    pub reports: Arc<Reports>,
    /// How the parties have stood lately: each that the house speaks with notes it here.
    pub standing: Arc<Standing>,
    /// The hospital has a party that takes fees.
    takes_fees: bool,
}

/// Every channel by which somebody may be told something.
const ALL: [ChannelName; 3] = [ChannelName::Sms, ChannelName::WeChat, ChannelName::Push];

impl Reach {
    /// The channels of these settings.
    ///
    /// # Errors
    /// [`ReachError`].
    pub fn open(settings: &Settings, wall: Wall) -> Result<Self, ReachError> {
        Self::with_patience(settings, wall, Patience::default())
    }

    /// As [`Reach::open`], with time-outs of the caller's.
    ///
    /// # Errors
    /// [`ReachError`].
    pub fn with_patience(settings: &Settings, wall: Wall, patience: Patience) -> Result<Self, ReachError> {
        let is_on = settings.sms.url.is_some() || settings.wechat.app_id.is_some() || settings.push.contact.is_some();
        let takes_fees = settings.payment.url.is_some();
        if !is_on {
            return Ok(Self { takes_fees, ..Self::default() });
        }
        let client = Client::new(patience);
        let (reports, standing) = (Arc::<Reports>::default(), client.standing.clone());
        let sms = Sms::new(&settings.sms, client.clone(), reports.clone(), wall.clone())?;
        let wechat = WeChat::new(&settings.wechat, client.clone(), reports.clone(), wall.clone())?;
        let push = match settings.push.contact {
            Some(_) => vapid(&settings.data.keys_dir()).map(|vapid| Push::new(&settings.push, client, vapid, wall)),
            None => None,
        };
        let push = push.transpose()?;
        let (sms, wechat, push) = (sms.map(Arc::new), wechat.map(Arc::new), push.map(Arc::new));
        Ok(Self { sms, wechat, push, reports, standing, takes_fees })
    }

    /// Those by which the hospital tells people something, by their names in metrics.
    pub fn names(&self) -> Vec<&'static str> {
        self.present().map(ChannelName::wire).collect()
    }

    fn present(&self) -> impl Iterator<Item = ChannelName> {
        ALL.into_iter().filter(|name| self.channel(*name).is_some())
    }

    /// All whose parties the house speaks with.
    fn parties(&self) -> impl Iterator<Item = ChannelName> {
        self.present().chain(self.takes_fees.then_some(ChannelName::Payment))
    }

    /// Those whose party does not take what it is given.
    pub fn failing(&self, now: Timestamp) -> Vec<Failing> {
        self.parties().filter_map(|name| self.standing.failing(name, now)).collect()
    }

    /// For whoever scrapes: what the channels have sent and how they stand, from the start on.
    pub fn set_gauges(&self, now: Timestamp) {
        for name in self.parties() {
            let fails = self.standing.failing(name, now).is_some();
            metrics::gauge!("channel_failing", "channel" => name.wire()).set(f64::from(u8::from(fails)));
        }
    }

    /// One of them, if the hospital has it.
    pub fn channel(&self, name: ChannelName) -> Option<Arc<dyn Channel>> {
        match name {
            ChannelName::Sms => self.sms.clone().map(|sms| sms as Arc<dyn Channel>),
            ChannelName::WeChat => self.wechat.clone().map(|wechat| wechat as Arc<dyn Channel>),
            ChannelName::Push => self.push.clone().map(|push| push as Arc<dyn Channel>),
            ChannelName::Payment => None,
        }
    }
}

/// The hospital's end of Web Push. Without its key nobody is kept from starting: notifications are an extra.
fn vapid(keys_dir: &Path) -> Option<Vapid> {
    match keys::read_or_make(keys_dir, vapid::KEY_FILE) {
        Ok(key) => Vapid::from_key(&key),
        Err(error) => {
            tracing::error!(%error, "no notifications of browsers; a key that is taken away is made anew");
            None
        }
    }
}

/// Counts what a channel said.
fn counted(channel: ChannelName, sent: Sent) -> Sent {
    metrics::counter!("reach_sent_total", "channel" => channel.wire(), "outcome" => sent.wire()).increment(1);
    sent
}

/// A provider's code as it may stand in the log: one that is known, never a text from outside.
fn known(code: &str, all: &[&'static str]) -> &'static str {
    all.iter().find(|known| **known == code).copied().unwrap_or("another")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_party_that_takes_fees_stands_as_channels_do_and_tells_nobody() {
        let text = "[payment]\nurl = \"http://127.0.0.1:1\"\nmerchant = \"m1\"\nsecret = \"secret\"\n";
        let settings = Settings::from_parts("jiaohao.toml", text, []).expect("in order");
        let reach = Reach::open(&settings, Arc::new(|| Timestamp(0))).expect("in order");
        for _ in 0..5 {
            reach.standing.failed(
                ChannelName::Payment,
                "http://127.0.0.1:1",
                "no connection",
                "payment.url",
                Timestamp(0),
            );
        }
        let failing: Vec<&str> = reach.failing(Timestamp(0)).iter().map(|failing| failing.channel.wire()).collect();
        assert_eq!((failing, reach.names()), (vec!["payment"], vec![]));
        assert!(Reach::default().failing(Timestamp(0)).is_empty(), "of a house that has none nothing is told");
    }
}
