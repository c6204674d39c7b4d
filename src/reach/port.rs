//! How a person is reached: one port, a channel each for SMS, WeChat service messages and Web Push.

use futures_util::future::BoxFuture;
use jiaohao_domain::reach::About;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::vocabulary::Language;

/// What is told. A name is not in it: number and place are enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The same when it is sent again, so that a provider can drop the repeat. Nothing about a person can be read from it.
    pub id: String,
    /// What has happened.
    pub about: About,
    /// The ticket's number.
    pub number: String,
    /// Department or room, in the site's words.
    pub place: String,
    /// The hospital, in its own words.
    pub site: String,
    /// In which language.
    pub language: Language,
    /// For how long it is worth telling, in seconds.
    pub expires_in_s: u32,
    /// Of somebody at home: of which clinic.
    pub clinic: Option<TellingClinic>,
    /// Of money: how much, in yuan.
    pub amount: Option<String>,
}

/// A clinic that is told of, in the words that a message has room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TellingClinic {
    /// Whose: `李明医生`, `Dr Li Ming`; of a pool the department.
    pub who: String,
    /// The delay in all, minutes.
    pub minutes: u32,
    /// When the person is expected: `09:20`, of another day with its date.
    pub time: String,
}

/// Where to: never printed.
#[derive(Clone, Debug)]
pub enum Address {
    /// A phone number with country code, as `+8613800138000`.
    Phone(Redacted<String>),
    /// The openid of a follower of the hospital's account.
    WeChat(Redacted<String>),
    /// A browser's.
    Push(Redacted<PushSubscription>),
}

/// What a browser gives a page that may push (RFC 8030, RFC 8291).
#[derive(Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// Where the push service takes messages for it.
    pub endpoint: String,
    /// Its public key: a point of P-256, base64url.
    pub p256dh: String,
    /// Its secret of 16 bytes, base64url.
    pub auth: String,
}

/// What a channel says at once. Whether it arrived comes later as a [`Delivery`], where a channel reports that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The provider has it.
    Taken,
    /// This address will never do.
    Refused,
    /// Not now: try the next channel.
    NotNow,
}

impl Sent {
    /// As it stands in metrics.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::NotNow => "not_now",
        }
    }
}

/// One way to reach a person.
pub trait Channel: Send + Sync {
    /// Hands a telling over to the provider, within the client's time-out ([`super::client`]). An address of another channel
    /// is refused.
    fn send<'a>(&'a self, to: &'a Address, what: &'a Telling) -> BoxFuture<'a, Sent>;
}

/// The channels that leave the house. By the last one nobody is told anything: it takes money, and stands as they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelName {
    /// A text message.
    Sms,
    /// A service message of the hospital's WeChat account.
    WeChat,
    /// Web Push.
    Push,
    /// The party that takes fees.
    Payment,
}

impl ChannelName {
    /// What its party does not do when it fails, as the log says it.
    pub fn failure(self) -> &'static str {
        match self {
            Self::Sms | Self::WeChat | Self::Push => "a message was not taken",
            Self::Payment => "the payment's provider gave no answer of use",
        }
    }

    /// How it stands when that goes on, in words for whoever runs the house.
    pub fn failing(self) -> &'static str {
        match self {
            Self::Sms | Self::WeChat | Self::Push => "messages are not taken",
            Self::Payment => "gives no answer of use, and nobody pays by phone",
        }
    }

    /// As it stands in metrics.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::WeChat => "wechat",
            Self::Push => "push",
            Self::Payment => "payment",
        }
    }
}

/// A delivery report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The telling's id.
    pub telling: String,
    /// Which channel says so.
    pub channel: ChannelName,
    /// Whether it arrived.
    pub arrived: bool,
}

/// Where delivery reports go: bounded; full drops the oldest and counts it.
pub trait Deliveries: Send + Sync {
    /// Takes a report; never waits.
    fn report(&self, delivery: Delivery);
}
