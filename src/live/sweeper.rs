//! Watches all connections from outside, ten times a second, on a thread of its own: beats, hello in time, silence,
//! expired tokens, slow readers. A connection's own task stops with its peer, so nothing of this may live there.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use jiaohao_actors::fanout::Lane;
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::Zone;
use tokio::sync::broadcast::error::TryRecvError;

use super::Live;
use super::bye::Bye;
use super::connection::{BYE_GRACE_MS, Connection, Session};
use super::message;

/// Between two rounds.
const ROUND: Duration = Duration::from_millis(100);
/// Between two forgettings of who has been quiet, in ms.
const TIDY_EVERY_MS: u32 = 60_000;
/// How late an answer to a beat may be beyond two beats, in ms (rounds and scheduling).
const SILENCE_SLACK_MS: u32 = 1_000;

/// Starts the thread; it ends when everything else has let go of `live`.
pub fn start(live: &Arc<Live>) -> std::io::Result<()> {
    let weak = Arc::downgrade(live);
    let mut changed = live.engine.changed_rights();
    let began = clock::monotonic();
    std::thread::Builder::new().name("sweeper".to_owned()).spawn(move || {
        let mut connections = Vec::new();
        let mut tidied_ms = 0_u32;
        loop {
            std::thread::sleep(ROUND);
            let Some(live) = weak.upgrade() else { return };
            let now_ms = u32::try_from(began.elapsed().as_millis() & u128::from(u32::MAX)).unwrap_or_default();
            live.clock.set_ms(now_ms);
            live.connections_into(&mut connections);
            round(&live, &connections, now_ms, live.engine.machine_now());
            loop {
                match changed.try_recv() {
                    Ok(changed) => live.recheck_all(Some(&changed)),
                    Err(TryRecvError::Lagged(_)) => live.recheck_all(None),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            connections.clear();
            if now_ms.wrapping_sub(tidied_ms) >= TIDY_EVERY_MS {
                tidied_ms = now_ms;
                live.limits.tidy();
            }
        }
    })?;
    Ok(())
}

enum Due {
    Nothing,
    /// With the time of its site.
    Beat(Zone),
    Bye(Bye),
}

fn due(live: &Live, session: &mut Session, connection: &Connection, now_ms: u32, machine_now: Timestamp) -> Due {
    let beat_ms = session.beat_s * 1000;
    if machine_now >= session.claims.expires_at() {
        Due::Bye(Bye::Unauthenticated)
    } else if connection.silent_ms(now_ms) > 2 * beat_ms + SILENCE_SLACK_MS {
        Due::Bye(Bye::Silent)
    } else if now_ms.wrapping_sub(session.next_beat_ms) < u32::MAX / 2 {
        session.next_beat_ms = now_ms.wrapping_add(beat_ms);
        Due::Beat(live.engine.zone(session.claims.site.as_ref().map(|site| site.as_str())))
    } else {
        Due::Nothing
    }
}

fn round(live: &Live, connections: &[Arc<Connection>], now_ms: u32, machine_now: Timestamp) {
    // One frame for all of a zone.
    let mut beats: Vec<(Zone, Bytes)> = Vec::new();
    let mut waiting_bytes = 0;
    for connection in connections {
        let backlog = connection.outbox.backlog();
        waiting_bytes += backlog.bytes;
        if let Some(leaving_ms) = connection.leaving_ms(now_ms) {
            if leaving_ms >= BYE_GRACE_MS {
                connection.shut_down();
            }
            continue;
        }
        if backlog.too_slow || backlog.oldest_ms > live.settings.outbox_age_ms {
            connection.bye(Bye::TooSlow, now_ms);
            continue;
        }
        if backlog.in_pieces || connection.is_unread() {
            // it takes the pieces in time and cannot have seen a beat behind them; or what it says waits to be read here
            connection.heard(now_ms);
        }
        let Some(due) = connection.with_session(|session| due(live, session, connection, now_ms, machine_now)) else {
            if connection.hello_is_late(now_ms) {
                connection.bye(Bye::HelloMissing, now_ms);
            }
            continue;
        };
        match due {
            Due::Nothing => {}
            Due::Bye(why) => connection.bye(why, now_ms),
            Due::Beat(zone) => {
                let known = beats.iter().find(|(of, _)| *of == zone).map(|(_, frame)| frame.clone());
                let frame = known.unwrap_or_else(|| {
                    let frame = message::beat(&zone.rfc3339(live.engine.now()), live.engine.is_read_only(), None);
                    beats.push((zone, frame.clone()));
                    frame
                });
                connection.outbox.push(Lane::Calls, 0, frame);
            }
        }
    }
    metrics::gauge!("outbox_bytes").set(waiting_bytes as f64);
    metrics::gauge!("live_connections").set(connections.len() as f64);
}
