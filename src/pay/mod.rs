//! Fees through an outside party: one port, and one file for each party's protocol (docs/payment.md). Nothing here remembers
//! what was paid: that is in the department's log, and what is to be asked of the party comes from there.

pub mod gateway;
pub mod port;
pub mod sandbox;

use std::sync::Arc;

use self::gateway::Gateway;
use self::port::Provider;
use crate::config::Settings;
use crate::reach::client::{Client, Patience};
use crate::reach::standing::Standing;
use crate::reach::{ReachError, Wall};

/// The party of these settings, which notes how it stands; none: fees are paid at the desk alone.
///
/// # Errors
/// A setting that was in order when it was loaded is not any more.
pub fn open(settings: &Settings, standing: Arc<Standing>, wall: Wall) -> Result<Option<Arc<dyn Provider>>, ReachError> {
    if settings.payment.url.is_none() {
        return Ok(None);
    }
    let mut client = Client::new(Patience::default());
    client.standing = standing;
    let gateway = Gateway::new(&settings.payment, client, wall)?;
    Ok(gateway.map(|gateway| Arc::new(gateway) as Arc<dyn Provider>))
}
