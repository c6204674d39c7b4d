//! Patients with a phone of their own, one in [`EVERY`]: each a socket that books, checks in by the area's code, watches
//! the own ticket to the end of the day, and renews its token on the open connection.

use std::sync::Arc;
use std::time::Duration;

use jiaohao_domain::AppointmentId;
use serde_json::{Value, json};

use super::actor::Actor;
use super::setup::chain_listener;
use super::world::World;
use crate::clients::Refusal;
use crate::clients::http::token_of;
use crate::clients::live::LiveClient;

/// One patient in so many has a phone; the others come to the desk.
pub const EVERY: usize = 5;
/// A phone's token ends soon, so that every phone renews it during the day.
const TOKEN_TTL_S: u64 = 90;
const RENEWED_AFTER: Duration = Duration::from_secs(40);

/// See the module.
pub struct Phone {
    actor: Arc<Actor>,
    renewing: tokio::task::JoinHandle<()>,
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Phone {
    /// The phone of a patient, signed in and allowed to act for that person.
    ///
    /// # Errors
    /// What was refused.
    pub async fn open(world: &Arc<World>, patient: usize) -> Result<Self, Refusal> {
        let (who, person) = &world.people[patient];
        let token = token(world, patient).await?;
        let mut registration = person.registration();
        registration["relation"] = json!("self");
        let known = world.door.insist("POST", "/persons", Some(&token), &registration).await?;
        world
            .ledger
            .verdicts
            .check("I7", known["patient"] == json!(who), || format!("{who} is somebody else by phone"));
        Ok(Self::follows(world, patient, token, vec![format!("patient:{who}")]))
    }

    /// From now on it watches the ticket of an appointment too, on a connection of its own: a phone that was away.
    ///
    /// # Errors
    /// No token.
    pub async fn watch(&mut self, world: &Arc<World>, patient: usize, appointment: &str) -> Result<(), Refusal> {
        let ticket = AppointmentId::from(appointment).ticket();
        let streams = vec![format!("patient:{}", world.people[patient].0), format!("ticket:{ticket}")];
        *self = Self::follows(world, patient, token(world, patient).await?, streams);
        Ok(())
    }

    fn follows(world: &Arc<World>, patient: usize, token: String, streams: Vec<String>) -> Self {
        let listener = chain_listener(world.ledger.clone());
        let live = LiveClient::open(world.door.clone(), world.clock.clone(), token, streams, listener);
        let actor = Arc::new(Actor::new(format!("phone {patient}"), live, world.ledger.clone()));
        let (renewed, at) = (actor.clone(), Arc::downgrade(world));
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED_AFTER).await;
                let Some(world) = at.upgrade() else { return };
                // a server that is down just now is asked again
                if let Ok(token) = self::token(&world, patient).await {
                    renewed.renew(token).await;
                }
            }
        });
        Self { actor, renewing }
    }

    /// Gives a command.
    ///
    /// # Errors
    /// What the server said instead.
    pub async fn give(&self, command: &str, fields: Value) -> Result<Value, Refusal> {
        self.actor.give(command, fields).await
    }
}

/// A phone's account is that of a script: a one-time code would have to be read from somebody's pocket.
async fn token(world: &World, patient: usize) -> Result<String, Refusal> {
    let name = format!("phone-{}-{patient}", world.city.sites[0].0);
    let wish = json!({ "name": name, "role": "patient", "ttl_s": TOKEN_TTL_S });
    token_of(&world.door.insist("POST", "/tokens", Some(&world.operator), &wish).await?)
}
