//! `jiaohao sandbox`: small servers that behave as the outside parties do (a text message service, WeChat, a push service),
//! so that a channel can be tried before there is a contract. They check what the real ones check, refuse what they refuse, and
//! misbehave when an address ends as [`Behaviour`] says. docs/channels.md.

mod page;
mod push;
mod sms;
mod wechat;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use jiaohao_domain::reach::About;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use self::push::Browser;
use super::Wall;
use super::client::{Client, Patience};

/// What is kept to be looked at; the oldest goes first.
const SENT_MAX: usize = 1000;
/// Reports on their way to the hospital at the same time; beyond that none is sent.
const REPORTING_MAX: usize = 256;
/// How often a report that is not acknowledged is sent in all.
const REPORT_TRIES: u32 = 8;
/// The largest body that is read, in bytes.
const BODY_MAX_BYTES: usize = 64 << 10;
/// How long a slow answer takes: longer than the hospital waits.
const SLOW: Duration = Duration::from_secs(20);

/// Which parties are played, and how.
#[derive(Clone)]
pub struct Options {
    /// Where they listen.
    pub listen: SocketAddr,
    /// A text message service.
    pub sms: bool,
    /// WeChat.
    pub wechat: bool,
    /// A push service, and browsers that subscribe there.
    pub push: bool,
    /// The hospital's server, which is told what became of messages; none: nobody is told.
    pub callback: Option<String>,
    /// What the hospital signs with.
    pub secrets: Secrets,
    /// When a report is sent after the message.
    pub report_after: Duration,
    /// When a report that is not acknowledged is sent again; each time twice as long after.
    pub report_again_after: Duration,
}

impl Options {
    /// All three, telling nobody what became of a message, a second after it.
    pub fn all(listen: SocketAddr) -> Self {
        Self {
            listen,
            sms: true,
            wechat: true,
            push: true,
            callback: None,
            secrets: Secrets::default(),
            report_after: Duration::from_secs(1),
            report_again_after: Duration::from_secs(1),
        }
    }

    /// The sections of `jiaohao.toml` that lead to them when they listen there.
    pub fn settings(&self, at: SocketAddr) -> String {
        let Secrets { sms_key_id, sms_secret, app_id, app_secret, callback_token } = &self.secrets;
        let fields = " character_string1={number} thing2={place} thing3={site}";
        let of_clinic = " thing1={who} thing2={place} thing3={minutes} thing4={time}";
        let of_money = " thing1={who} thing2={place} thing3={amount} thing4={time}";
        // Each is known here by the kind that it tells.
        let templates = |filled: &dyn Fn(About) -> &'static str| {
            let lines = About::ALL.iter().map(|about| (about.wire(), filled(*about)));
            lines.map(|(kind, filled)| format!("template_{kind} = \"{kind}{filled}\"\n")).collect::<String>()
        };
        let sms = format!(
            "[sms]\nurl = \"http://{at}\"\nkey_id = \"{sms_key_id}\"\nsecret = \"{sms_secret}\"\nsign = \"叫号\"\n\
             template_code = \"code\"\ntemplate_consent = \"consent\"\n{}",
            templates(&|_| "")
        );
        let wechat = format!(
            "[wechat]\nurl = \"http://{at}\"\nauthorize_url = \"http://{at}\"\napp_id = \"{app_id}\"\nsecret = \"{app_secret}\"\n\
             callback_token = \"{callback_token}\"\n{}",
            templates(&|about| match about {
                about if about.is_of_money() => of_money,
                about if about.is_at_home() => of_clinic,
                _ => fields,
            })
        );
        let push = format!("[push]\ncontact = \"mailto:it@example.org\"\nurl = \"http://{at}/push\"\n");
        let sections = [(self.sms, sms), (self.wechat, wechat), (self.push, push)];
        sections.into_iter().filter_map(|(plays, section)| plays.then_some(section)).collect()
    }
}

/// What the hospital signs with. Made up: nothing here is anybody's.
#[derive(Clone)]
pub struct Secrets {
    /// `sms.key_id`.
    pub sms_key_id: String,
    /// `sms.secret`.
    pub sms_secret: String,
    /// `wechat.app_id`.
    pub app_id: String,
    /// `wechat.secret`.
    pub app_secret: String,
    /// `wechat.callback_token`.
    pub callback_token: String,
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            sms_key_id: "sandbox".into(),
            sms_secret: "sandbox-sms-secret".into(),
            app_id: "wxsandbox".into(),
            app_secret: "sandbox-wechat-secret".into(),
            callback_token: "sandbox-token".into(),
        }
    }
}

/// What a party does with an address, by the address's last four characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should be.
    Usual,
    /// `0001`: taken, and it does not arrive.
    Undelivered,
    /// `0002`: the answer comes after 20 seconds.
    Slow,
    /// `0003`: the report comes twice.
    Twice,
    /// `0004`: too many messages today.
    Limit,
    /// `0005`: what comes back is no answer.
    Garbage,
    /// `0006`: the connection ends within the answer.
    Closed,
    /// `0007`: there is nobody of this address.
    Nobody,
    /// `0008`: the text is refused.
    NoText,
    /// `0009`: the key or token is refused; WeChat's until it is asked for a new one.
    NoToken,
}

impl Behaviour {
    /// Of this address.
    pub fn of(address: &str) -> Self {
        let end: String = address.chars().rev().take(4).collect();
        match end.chars().rev().collect::<String>().as_str() {
            "0001" => Self::Undelivered,
            "0002" => Self::Slow,
            "0003" => Self::Twice,
            "0004" => Self::Limit,
            "0005" => Self::Garbage,
            "0006" => Self::Closed,
            "0007" => Self::Nobody,
            "0008" => Self::NoText,
            "0009" => Self::NoToken,
            _ => Self::Usual,
        }
    }
}

/// What came, for whoever looks.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// `sms`, `wechat` or `push`.
    pub channel: &'static str,
    /// Number, openid or subscription.
    pub to: String,
    /// The id that the hospital gave it.
    pub id: String,
    /// The template, where there is one.
    pub template: String,
    /// What is in it.
    pub content: Value,
    /// What was answered.
    pub answered: String,
    /// How often its report was sent, and whether the hospital has acknowledged it.
    pub reports: u32,
    /// See `reports`.
    pub acknowledged: bool,
}

/// What the parties share.
struct Shared {
    options: Options,
    client: Client,
    wall: Wall,
    state: Mutex<State>,
    reporting: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    sent: VecDeque<(u64, Received)>,
    count: u64,
    wechat: wechat::Tokens,
    holders: wechat::Holders,
    browsers: VecDeque<Browser>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what came, under a number.
    fn keep(&self, received: Received) -> u64 {
        let mut state = self.state();
        if state.sent.len() >= SENT_MAX {
            state.sent.pop_front();
        }
        state.count += 1;
        let number = state.count;
        state.sent.push_back((number, received));
        number
    }

    /// The number of a message that came before under this id: it is not sent twice.
    fn known(&self, channel: &str, id: &str) -> Option<u64> {
        let state = self.state();
        let taken = |known: &Received| known.channel == channel && known.id == id && known.answered == "taken";
        state.sent.iter().find(|(_, known)| taken(known)).map(|(number, _)| *number)
    }

    fn sent(&self) -> Vec<Received> {
        self.state().sent.iter().map(|(_, received)| received.clone()).collect()
    }

    /// Sends a report until it is acknowledged; `report` makes and sends it once, and says whether it was.
    fn report<F>(self: &Arc<Self>, number: u64, times: u32, report: impl Fn(Arc<Self>) -> F + 'static)
    where
        F: Future<Output = bool> + 'static,
    {
        let Ok(permit) = self.reporting.clone().try_acquire_owned() else { return };
        let shared = self.clone();
        actix_web::rt::spawn(async move {
            let _permit = permit;
            tokio::time::sleep(shared.options.report_after).await;
            for _ in 0..times {
                let mut wait = shared.options.report_again_after;
                for _ in 0..REPORT_TRIES {
                    let acknowledged = report(shared.clone()).await;
                    shared.reported(number, acknowledged);
                    if acknowledged {
                        break;
                    }
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
            }
        });
    }

    fn reported(&self, number: u64, acknowledged: bool) {
        let mut state = self.state();
        if let Some((_, received)) = state.sent.iter_mut().find(|(known, _)| *known == number) {
            received.reports += 1;
            received.acknowledged |= acknowledged;
        }
    }
}

/// The parties, at work.
pub struct Sandbox {
    /// Where.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl Sandbox {
    /// Starts them. To be called inside an actix system.
    ///
    /// # Errors
    /// The address is taken.
    pub fn start(options: Options, wall: Wall) -> std::io::Result<Self> {
        let listen = options.listen;
        let shared = Arc::new(Shared {
            options,
            client: Client::new(Patience::default()),
            wall,
            state: Mutex::default(),
            reporting: Arc::new(Semaphore::new(REPORTING_MAX)),
        });
        let data = web::Data::from(shared.clone());
        let server = HttpServer::new(move || {
            let options = data.options.clone();
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(BODY_MAX_BYTES))
                .route("/", web::get().to(page::page))
                .route("/sent", web::get().to(page::sent))
                .configure(move |config| {
                    if options.sms {
                        sms::configure(config);
                    }
                    if options.wechat {
                        wechat::configure(config);
                    }
                    if options.push {
                        push::configure(config);
                    }
                })
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(1).bind(listen)?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Ok(Self { address, shared, handle })
    }

    /// The sections of `jiaohao.toml` that lead there.
    pub fn settings(&self) -> String {
        self.shared.options.settings(self.address)
    }

    /// What came, the oldest first.
    pub fn sent(&self) -> Vec<Received> {
        self.shared.sent()
    }

    /// Ends them.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

/// The answers of a party that is not itself; none of one that behaves.
async fn misbehave(behaviour: Behaviour) -> Option<HttpResponse> {
    match behaviour {
        Behaviour::Slow => {
            tokio::time::sleep(SLOW).await;
            None
        }
        Behaviour::Garbage => Some(HttpResponse::Ok().body("<html>502 Bad Gateway</html>")),
        // less than was announced, then the end
        Behaviour::Closed => {
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("ends")) });
            Some(HttpResponse::Ok().no_chunking(100).streaming(broken))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn the_settings_that_lead_there_are_in_order_and_print_no_secret() {
        let options = Options::all(([127, 0, 0, 1], 0).into());
        let text = options.settings(([127, 0, 0, 1], 9400).into());
        let settings = Settings::from_parts("jiaohao.toml", &text, []).expect("in order");
        let on = (settings.sms.url.is_some(), settings.wechat.app_id.is_some(), settings.push.contact.is_some());
        assert_eq!(on, (true, true, true));
        let Secrets { sms_secret, app_secret, callback_token, .. } = options.secrets;
        for secret in [sms_secret, app_secret, callback_token] {
            assert!(!format!("{settings:?}").contains(&secret), "{secret} is printed");
        }
    }

    #[test]
    fn an_address_behaves_by_its_end() {
        assert_eq!(Behaviour::of("+8613800000001"), Behaviour::Undelivered);
        assert_eq!(Behaviour::of("o-follower-0009"), Behaviour::NoToken);
        assert_eq!(Behaviour::of("0004"), Behaviour::Limit);
        for usual in ["+8613800138000", "诊", "", "00010"] {
            assert_eq!(Behaviour::of(usual), Behaviour::Usual, "{usual}");
        }
    }
}
