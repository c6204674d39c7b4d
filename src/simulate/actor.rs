//! Somebody signed in who gives commands: every answer goes into the ledger, what passes is asked again by the same key,
//! and now and then an answered command is sent once more to see that it changes nothing.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use serde_json::{Value, json};

use super::ledger::Ledger;
use crate::clients::Refusal;
use crate::clients::live::LiveClient;

/// How often a passing refusal is asked again before it is given up.
const PATIENCE: u32 = 60;
/// One in so many answered commands is sent once more.
const REPEATED: u32 = 12;

/// See the module.
pub struct Actor {
    /// Under which name the ledger knows them.
    pub who: String,
    live: LiveClient,
    ledger: Arc<Ledger>,
}

impl Actor {
    /// Somebody with a connection.
    pub fn new(who: String, live: LiveClient, ledger: Arc<Ledger>) -> Self {
        Self { who, live, ledger }
    }

    /// Goes on with another token of the same account.
    pub async fn renew(&self, token: String) {
        self.live.renew(token).await;
    }

    /// Gives a command and waits for its answer, over restarts too.
    ///
    /// # Errors
    /// What the server said instead.
    pub async fn give(&self, command: &str, fields: Value) -> Result<Value, Refusal> {
        let key = crate::clients::command_key();
        let body = json!({ command: fields });
        self.ledger.sends(command, &fields);
        let (mut interrupted, mut first_sent) = (false, None);
        for _ in 0..PATIENCE {
            let mut answered = self.live.send(key, body.clone()).await;
            // It may have been decided at the first try: what is judged by time begins there.
            answered.sent_at = *first_sent.get_or_insert(answered.sent_at);
            if let Err(why) = &answered.result
                && why.is_passing()
            {
                interrupted = true;
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
            answered.resent |= interrupted;
            self.ledger.answered(&self.who, command, &fields, &answered);
            #[expect(clippy::disallowed_methods, reason = "a client's own chance")]
            let is_repeated = rand::rng().random_range(0..REPEATED) == 0;
            if let Ok(first) = &answered.result
                && is_repeated
            {
                let again = self.live.send(key, body).await;
                if !matches!(&again.result, Err(why) if why.is_passing()) {
                    self.ledger.repeated(command, first, &again);
                }
            }
            return answered.result;
        }
        self.ledger.unanswered(&fields);
        Err(Refusal::door("no answer"))
    }
}
