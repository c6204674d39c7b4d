//! The boards' own screens: each confirms what it shows.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

use super::town::Town;
use crate::clients::Refusal;
use crate::clients::http::{Door, token_of};
use crate::clients::live::{Heard, Listener, LiveClient};

/// Pairs a screen with a board and signs it in.
///
/// # Errors
/// What was refused.
pub async fn pair(door: &Door, operator: &str, board: &str) -> Result<String, Refusal> {
    let offered = door.insist("POST", "/screens", None, &json!({ "board": board })).await?;
    let approve = json!({ "code": offered["code"], "board": board });
    door.insist("POST", "/screens/approve", Some(operator), &approve).await?;
    let sign_in = json!({ "screen": offered["screen"], "secret": offered["secret"] });
    token_of(&door.insist("POST", "/session", None, &sign_in).await?)
}

/// One screen of a board, for as long as the city plays.
pub async fn hang(town: Arc<Town>, board: usize) {
    let (id, site) = (town.city.boards[board].id.clone(), town.city.boards[board].site);
    let Ok(token) = pair(&town.door, &town.operator, &id).await else { return };
    let (tell, mut told) = mpsc::channel::<String>(256);
    let counting = town.clone();
    let mut known = HashSet::new();
    let listener: Listener = Box::new(move |heard, _, _| {
        counting.count(site, "frames on screens");
        let Heard::Events { events, .. } = heard else { return };
        for event in events {
            for parts in event["event"].as_object().into_iter().flat_map(|stem| stem.values()) {
                if let Some(id) = parts["scheduled"]["announcement"].as_str()
                    && known.insert(id.to_owned())
                {
                    // a full channel: the receipt is missing, and the desk sees it
                    let _ = tell.try_send(id.to_owned());
                }
            }
        }
    });
    let live = LiveClient::open(town.door.clone(), town.clock.clone(), token, vec![format!("board:{id}")], listener);
    while let Some(announcement) = told.recv().await {
        drop(
            town.give(site, &live, "announcements shown", "report_shown", json!({ "announcement": announcement }))
                .await,
        );
    }
}
