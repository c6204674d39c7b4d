//! One-time codes by text message: handed over to a bounded queue at once, sent beside. One that the service has not taken
//! falls to the house's outbox, so that the desk can help.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::Wall;
use super::port::Sent;
use super::sms::{self, Sms};
use crate::identity::codes::{CodeMessage, CodeSender, SendError};

/// Codes that may wait.
const WAIT_MAX: usize = 256;
/// Codes on their way to the service at the same time.
const AT_ONCE: usize = 8;
/// Before a code that the service did not take is given to it once more.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The sender.
pub struct SmsCodes {
    queue: mpsc::Sender<CodeMessage>,
}

impl SmsCodes {
    /// Starts sending; ends with the last handle on it. To be called inside a runtime.
    pub fn start(sms: Arc<Sms>, wall: Wall, outbox: Arc<dyn CodeSender>) -> Self {
        let (queue, waiting) = mpsc::channel::<CodeMessage>(WAIT_MAX);
        let waiting = futures_util::stream::unfold(waiting, |mut waiting| async move {
            waiting.recv().await.map(|message| (message, waiting))
        });
        tokio::spawn(waiting.for_each_concurrent(AT_ONCE, move |message| {
            let (sms, wall, outbox) = (sms.clone(), wall.clone(), outbox.clone());
            async move { send(&sms, &wall, &*outbox, message).await }
        }));
        Self { queue }
    }
}

/// Once more if the service does not take it: under the same id, so that it is not sent twice.
async fn send(sms: &Sms, wall: &Wall, outbox: &dyn CodeSender, message: CodeMessage) {
    let id = sms::code_id();
    for wait in [Duration::ZERO, AGAIN_AFTER] {
        tokio::time::sleep(wait).await;
        if message.expires_at <= wall() {
            return;
        }
        match sms.send_code(&message, &id, wall()).await {
            Sent::Taken => return,
            Sent::Refused => break,
            Sent::NotNow => {}
        }
    }
    match outbox.send(message) {
        Ok(()) => {
            tracing::warn!("a one-time code was not taken by the text message service: it is in the outbox (codes.txt)")
        }
        Err(error) => {
            tracing::error!(%error, "a one-time code was taken neither by the text message service nor by the outbox")
        }
    }
}

impl CodeSender for SmsCodes {
    fn send(&self, message: CodeMessage) -> Result<(), SendError> {
        self.queue.try_send(message).map_err(|_| {
            metrics::counter!("overloaded_total", "what" => "codes").increment(1);
            SendError("too many wait for the text message service".to_owned())
        })
    }

    fn sends_to(&self) -> &'static str {
        "phone"
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::super::Reports;
    use super::super::client::{Client, Patience};
    use super::*;
    use crate::config::Settings;
    use crate::identity::codes::{LocalOutbox, Purpose};
    use jiaohao_domain::Timestamp;

    fn message(code: usize) -> CodeMessage {
        CodeMessage {
            phone: "+8613800138000".to_owned().into(),
            code: format!("{code:06}").into(),
            expires_at: Timestamp(300_000),
            purpose: Purpose::SignIn,
        }
    }

    /// A sender to a service that takes connections and answers nothing.
    async fn sender(now: Timestamp) -> (SmsCodes, TcpListener, Arc<LocalOutbox>) {
        let service = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let text = format!(
            "[sms]\nurl = \"http://{}\"\nkey_id = \"k\"\nsecret = \"s\"\nsign = \"x\"\ntemplate_code = \"code\"\n\
             template_consent = \"2\"\ntemplate_three_before = \"3\"\ntemplate_called = \"4\"\n",
            service.local_addr().expect("an address")
        );
        let settings = Settings::from_parts("t", &text, []).expect("in order");
        let wall: Wall = Arc::new(move || now);
        let patience = Patience { connect: Duration::from_secs(5), total: Duration::from_millis(100) };
        let sms = Sms::new(&settings.sms, Client::new(patience), Arc::<Reports>::default(), wall.clone());
        let outbox = Arc::<LocalOutbox>::default();
        (SmsCodes::start(Arc::new(sms.expect("in order").expect("on")), wall, outbox.clone()), service, outbox)
    }

    #[tokio::test]
    async fn a_code_is_handed_over_at_once_and_refused_when_too_many_wait() {
        let (codes, _service, _outbox) = sender(Timestamp(0)).await;
        for code in 0..WAIT_MAX {
            codes.send(message(code)).expect("room");
        }
        assert!(codes.send(message(0)).is_err(), "nobody has taken one yet");
        assert_eq!(codes.sends_to(), "phone");
    }

    #[tokio::test]
    async fn a_code_that_was_not_taken_is_given_once_more_under_its_id() {
        let (codes, service, outbox) = sender(Timestamp(0)).await;
        codes.send(message(1)).expect("room");
        let mut ids = Vec::new();
        for _ in 0..2 {
            let asked = tokio::time::timeout(Duration::from_secs(30), service.accept()).await;
            let (mut stream, _) = asked.expect("once more").expect("a connection");
            let mut bytes = vec![0; 4096];
            let mut length = 0;
            while !bytes[..length].ends_with(b"}") {
                length += stream.read(&mut bytes[length..]).await.expect("a request");
            }
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            ids.extend(text.split("\"out_id\":\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned));
        }
        assert!(ids.len() == 2 && ids[0] == ids[1] && ids[0].starts_with("code-"), "{ids:?}");
        let fallen = async {
            loop {
                if let Some(fallen) = outbox.latest("+8613800138000", Timestamp(0)) {
                    break fallen;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let fallen = tokio::time::timeout(Duration::from_secs(30), fallen).await.expect("the desk can help");
        assert_eq!(fallen.code.reveal(), "000001");
    }

    #[tokio::test]
    async fn a_code_that_holds_no_more_is_not_sent() {
        let (codes, service, outbox) = sender(Timestamp(300_000)).await;
        codes.send(message(1)).expect("room");
        let asked = tokio::time::timeout(Duration::from_millis(200), service.accept()).await;
        assert!(asked.is_err(), "it was sent");
        assert!(outbox.latest("+8613800138000", Timestamp(0)).is_none());
    }
}
