//! Web Push: RFC 8030 to the push service that the browser chose, sealed for the browser alone (RFC 8291), signed for the
//! service (RFC 8292). The endpoint is a stranger's word: it leads nowhere but to the open network, or to the one service
//! that the operator has named.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use hyper::Method;
use jiaohao_domain::reach::About;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::client::{Client, Fault, Target, Whom};
use super::port::{Address, Channel, ChannelName, PushSubscription, Sent, Telling};
use super::sealed::{self, BrowserKeys};
use super::vapid::Vapid;
use super::{ReachError, Wall, counted, known};
use crate::config::PushSettings;

/// Services of browsers that may be named in the log: any other host is a stranger's word.
const SERVICES: [&str; 4] =
    ["fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "127.0.0.1"];

/// The channel.
pub struct Push {
    client: Client,
    vapid: Vapid,
    contact: String,
    /// A push service that the configuration names, wherever it stands.
    named: Option<Target>,
    wall: Wall,
}

impl Push {
    /// The channel with the hospital's key.
    ///
    /// # Errors
    /// [`ReachError`].
    pub fn new(settings: &PushSettings, client: Client, vapid: Vapid, wall: Wall) -> Result<Self, ReachError> {
        let named = settings.url.as_deref().map(|url| Target::read(url, Whom::Named)).transpose();
        let named = named.map_err(|why| ReachError::Setting("push.url", why.to_owned()))?;
        Ok(Self { client, vapid, contact: settings.contact.clone().unwrap_or_default(), named, wall })
    }

    /// Where an endpoint leads: to the service that the configuration names, or to the open network.
    fn target(&self, endpoint: &str) -> Result<Target, &'static str> {
        let of_named = |named: &Target| Target::read(endpoint, Whom::Named).ok().filter(|to| to.is_under(named));
        self.named.as_ref().and_then(of_named).map_or_else(|| Target::read(endpoint, Whom::Outside), Ok)
    }

    /// What a page subscribes with.
    pub fn public_key(&self) -> String {
        self.vapid.public_key()
    }

    /// Whether a browser's subscription can be used at all: its keys are keys, and its endpoint may be
    /// spoken to.
    pub fn takes(&self, subscription: &PushSubscription) -> bool {
        self.target(&subscription.endpoint).is_ok() && BrowserKeys::read(subscription).is_some()
    }

    async fn tell(&self, to: &Address, what: &Telling) -> Sent {
        let Address::Push(subscription) = to else { return Sent::Refused };
        let subscription = subscription.reveal();
        let target = self.target(&subscription.endpoint);
        let (Ok(target), Some(keys)) = (target, BrowserKeys::read(subscription)) else { return Sent::Refused };
        let mut text = json!({
            "id": what.id,
            "about": what.about.wire(),
            "number": what.number,
            "place": what.place,
            "site": what.site,
            "language": what.language.wire(),
        });
        if let Some(clinic) = &what.clinic {
            text["who"] = clinic.who.as_str().into();
            text["minutes"] = clinic.minutes.into();
            text["time"] = clinic.time.as_str().into();
        }
        if let Some(amount) = &what.amount {
            text["amount"] = amount.as_str().into();
        }
        let Some(body) = sealed::seal(text.to_string().as_bytes(), &keys) else { return Sent::NotNow };
        let is_urgent = matches!(what.about, About::Called | About::ThreeBefore | About::Offered);
        let headers = [
            ("authorization", self.vapid.authorization(&target.origin(), &self.contact, (self.wall)())),
            ("content-encoding", "aes128gcm".to_owned()),
            ("content-type", "application/octet-stream".to_owned()),
            ("ttl", what.expires_in_s.to_string()),
            ("urgency", if is_urgent { "high" } else { "normal" }.to_owned()),
            // one that still waits there gives way to its repeat
            ("topic", topic(&what.id)),
        ];
        let standing = &self.client.standing;
        let host = known(target.host(), &SERVICES);
        // a host that a stranger has named says nothing of the channel, however it answers
        let is_service = host == target.host() || self.named.as_ref().is_some_and(|it| it.origin() == target.origin());
        let answered = |sent: Sent| if is_service { standing.answered(ChannelName::Push, sent) } else { sent };
        let failed = |what: &str, look_at: &str| match is_service {
            true => standing.failed(ChannelName::Push, host, what, look_at, (self.wall)()),
            false => Sent::NotNow,
        };
        match self.client.ask(Method::POST, &target, &headers, body).await {
            Ok(it) => match it.status {
                200..=202 => answered(Sent::Taken),
                404 | 410 => answered(Sent::Refused),
                status @ (401 | 403) => failed(&format!("status {status}"), "keys/push.key and push.contact"),
                status => failed(&format!("status {status}"), "the push service"),
            },
            // it will never do
            Err(Fault::Inner) => Sent::Refused,
            Err(fault) => failed(&fault.to_string(), "whether this machine reaches it"),
        }
    }
}

/// The topic of a telling: at most 32 characters of base64url.
fn topic(telling: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(telling)[..24])
}

impl Channel for Push {
    fn send<'a>(&'a self, to: &'a Address, what: &'a Telling) -> BoxFuture<'a, Sent> {
        Box::pin(async move { counted(ChannelName::Push, self.tell(to, what).await) })
    }
}
