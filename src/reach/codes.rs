//! One-time codes by text message: handed over to a bounded queue at once, sent beside.

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
    pub fn start(sms: Arc<Sms>, wall: Wall) -> Self {
        let (queue, waiting) = mpsc::channel::<CodeMessage>(WAIT_MAX);
        let waiting = futures_util::stream::unfold(waiting, |mut waiting| async move {
            waiting.recv().await.map(|message| (message, waiting))
        });
        tokio::spawn(waiting.for_each_concurrent(AT_ONCE, move |message| {
            let (sms, wall) = (sms.clone(), wall.clone());
            async move { send(&sms, &wall, &message).await }
        }));
        Self { queue }
    }
}

/// Once more if the service does not take it: under the same id, so that it is not sent twice.
async fn send(sms: &Sms, wall: &Wall, message: &CodeMessage) {
    let id = sms::code_id();
    for wait in [Duration::ZERO, AGAIN_AFTER] {
        tokio::time::sleep(wait).await;
        if message.expires_at <= wall() || sms.send_code(message, &id, wall()).await != Sent::NotNow {
            return;
        }
    }
    tracing::warn!("a one-time code was not taken by the text message service");
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
