//! What one connection says, handled in order; answers as they come.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::{self, Bytes};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiaohao_actors::fanout::{Lane, pong_frame, text_frame};
use jiaohao_actors::shell::message::overloaded;
use jiaohao_actors::shell::projector::Awaited;
use jiaohao_domain::{Code, Rejection, Role};
use serde_json::{Value, json};

use super::Live;
use super::bye::Bye;
use super::connection::{Connection, Session};
use super::followed::Followed;
use super::frame::{Assembler, FrameError, Incoming};
use super::message::{self, Said};
use crate::engine::{ScreenNews, Subscription, Turns, in_time, in_time_or_never, run_command};
use crate::identity::chance;
use crate::identity::tokens::Claims;

/// Refused messages in a row (malformed, too many) after which a connection is ended.
const REFUSED_IN_A_ROW: u32 = 200;

/// What is under way for one connection.
#[derive(Default)]
struct Pending {
    answers: FuturesUnordered<Pin<Box<dyn Future<Output = ()>>>>,
    turns: Turns,
}

/// Reads until the peer or the server ends it. Reading stops while too many commands are unanswered.
pub async fn read(live: Arc<Live>, connection: Arc<Connection>, mut payload: web::Payload) {
    let mut assembler = Assembler::default();
    let mut pending = Pending::default();
    let mut refused_in_a_row = 0;
    while connection.leaving_ms(live.clock.now_ms()).is_none() {
        let may_read = pending.answers.len() < live.settings.unanswered_commands;
        connection.listens(may_read);
        let chunk = tokio::select! {
            biased;
            Some(()) = pending.answers.next(), if !pending.answers.is_empty() => continue,
            chunk = payload.next(), if may_read => chunk,
        };
        let Some(Ok(chunk)) = chunk else { break };
        let now_ms = live.clock.now_ms();
        connection.heard(now_ms);
        // What it says now waits until this is done.
        connection.listens(false);
        assembler.feed(&chunk);
        while connection.leaving_ms(now_ms).is_none() {
            let signed_in = connection.claims();
            let max_bytes = match signed_in {
                Some(_) => live.settings.frame_bytes,
                None => live.settings.hello_bytes,
            };
            match assembler.next(max_bytes) {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => {
                    let outcome = match signed_in {
                        None => Some(hello(&live, &connection, &text).await),
                        Some(claims) => handle(&live, &connection, &claims, &text, &mut pending).await,
                    };
                    refused_in_a_row = if matches!(outcome, Some(false)) { refused_in_a_row + 1 } else { 0 };
                    if refused_in_a_row > REFUSED_IN_A_ROW {
                        connection.bye(Bye::TooManyRequests, now_ms);
                    }
                    // a chunk may hold hundreds of messages: others of this thread get their turn, and the bound on
                    // unanswered commands holds inside a chunk too
                    while pending.answers.len() >= live.settings.unanswered_commands {
                        pending.answers.next().await;
                    }
                }
                Ok(Some(frame @ (Incoming::Ping(_) | Incoming::Pong))) => {
                    // Counted like messages: whoever sends nothing else must not have a thread for itself.
                    let may = signed_in.as_ref().is_some_and(|claims| live.limits.command(claims).is_ok());
                    refused_in_a_row = if may { 0 } else { refused_in_a_row + 1 };
                    if refused_in_a_row > REFUSED_IN_A_ROW {
                        connection.bye(Bye::TooManyRequests, now_ms);
                    }
                    if let Incoming::Ping(bytes) = frame {
                        connection.outbox.push(Lane::Calls, 0, pong_frame(&bytes));
                    }
                }
                Ok(Some(Incoming::Close)) => connection.closed_by_peer(now_ms),
                Err(FrameError::TooLarge) => {
                    metrics::counter!("limit_refusals_total", "limit" => "frame_bytes").increment(1);
                    connection.bye(Bye::TooLarge, now_ms);
                }
                Err(FrameError::Malformed) => connection.bye(Bye::Malformed, now_ms),
            }
        }
    }
    // the peer is gone or sends no more: nothing that waits would be of use
    connection.closed_by_peer(live.clock.now_ms());
}

/// The first message. True when it was a right hello; otherwise the connection ends.
async fn hello(live: &Arc<Live>, connection: &Arc<Connection>, text: &[u8]) -> bool {
    let now_ms = live.clock.now_ms();
    let (id, said) = message::read(text);
    let id = id.as_deref();
    let token = match said {
        Ok(Said::Hello { version, token }) if version == message::VERSION => token,
        Ok(Said::Hello { .. }) => {
            connection.bye(Bye::Version, now_ms);
            return false;
        }
        Ok(_) => {
            connection.bye(Bye::HelloMissing, now_ms);
            return false;
        }
        Err(rejection) => {
            connection.bye_after(Some(message::rejected(id, &rejection)), Bye::Malformed, now_ms);
            return false;
        }
    };
    // Who has said it is not late, and has the time to say it again.
    let within = live.settings.welcome_within;
    let within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX / 4);
    connection.expect_hello(now_ms.wrapping_add(within_ms).wrapping_add(live.settings.hello_within_ms));
    let claims = match in_time(within, live.engine.authenticate(&token)).await {
        Ok(claims) => claims,
        // of the token nothing is known: hello may be said again
        Err(rejection) if rejection.code == Code::TimedOut => {
            reject(connection, id, &rejection);
            return false;
        }
        Err(rejection) => {
            // `bye` drops what waits, so the reason goes with it as the last frames
            metrics::counter!("rejected_total", "code" => rejection.code.wire()).increment(1);
            connection.bye_after(Some(message::rejected(id, &rejection)), Bye::Unauthenticated, now_ms);
            return false;
        }
    };
    let permit = match live.limits.connection(&claims) {
        Ok(permit) => permit,
        Err(rejection) => {
            metrics::counter!("rejected_total", "code" => rejection.code.wire()).increment(1);
            connection.bye_after(Some(message::rejected(id, &rejection)), Bye::LimitExceeded, now_ms);
            return false;
        }
    };
    let beat_s = match claims.role {
        Role::Screen => live.settings.screen_beat_s,
        Role::Doctor | Role::Desk | Role::Kiosk | Role::Operator => live.settings.staff_beat_s,
        _ => live.settings.other_beat_s,
    };
    let zone = live.engine.zone(claims.site.as_ref().map(|site| site.as_str()));
    let mut welcome = json!({
        "type": "welcome",
        "reply_to": id,
        "session": data_encoding::HEXLOWER.encode(&chance::bytes::<8>()),
        "now": zone.rfc3339(live.engine.now()),
        "beat_s": beat_s,
        "expires_at": zone.rfc3339(claims.expires_at()),
        "server": env!("CARGO_PKG_VERSION"),
    });
    if live.engine.is_read_only() {
        welcome["read_only"] = true.into();
    }
    // beats of connections that came together do not go out together
    let next_beat_ms = now_ms.wrapping_add(beat_s * 500 + chance::below(beat_s * 500));
    let claims = Arc::new(claims);
    connection.outbox.push(Lane::Calls, 0, text_frame(&welcome));
    let screen = claims.screen.clone();
    let has_entered =
        connection.enter(Session { claims, beat_s, _permit: permit, next_beat_ms, followed: Followed::default() });
    if let (true, Some(screen)) = (has_entered, screen) {
        live.engine.screen(&screen, ScreenNews::Came);
    }
    true
}

/// Any later message. `Some(false)` when it was refused for its form or its number.
async fn handle(
    live: &Arc<Live>,
    connection: &Arc<Connection>,
    claims: &Arc<Claims>,
    text: &Bytes,
    pending: &mut Pending,
) -> Option<bool> {
    let (id, said) = message::read(text);
    match said.and_then(|said| live.limits.command(claims).map(|()| said)) {
        Err(rejection) => {
            reject(connection, id.as_deref(), &rejection);
            return Some(false);
        }
        Ok(Said::Hello { .. }) => {
            reject(connection, id.as_deref(), &Rejection::new(Code::Malformed, "hello was said already"));
            return Some(false);
        }
        Ok(Said::Beat { silent, client }) => {
            if let Some(screen) = &claims.screen {
                live.engine.screen(screen, ScreenNews::Said { silent, client });
            }
            if let Some(id) = &id {
                let now = live.engine.zone(claims.site.as_ref().map(|site| site.as_str())).rfc3339(live.engine.now());
                let frame = message::beat(&now, live.engine.is_read_only(), Some(id));
                connection.outbox.push(Lane::Calls, 0, frame);
            }
            return None;
        }
        Ok(Said::Command { key, command }) => {
            let (turn, within) = (pending.turns.take(), live.settings.answer_within);
            let answering = run_command(&live.engine, "live", claims.clone(), key, *command, turn, within);
            pending.answers.push(answer(connection.clone(), id, answering));
        }
        Ok(Said::Subscribe { stream, since }) => subscribe(live, connection, claims, id, stream, since, pending),
        Ok(Said::Unsubscribe { stream }) => unsubscribe(live, connection, id, stream, pending),
        Ok(Said::RefreshToken { token }) => {
            pending.answers.push(Box::pin(refresh(live.clone(), connection.clone(), id, token)));
        }
    }
    Some(true)
}

fn subscribe(
    live: &Arc<Live>,
    connection: &Arc<Connection>,
    claims: &Arc<Claims>,
    id: Option<String>,
    stream: Arc<str>,
    since: Option<jiaohao_actors::fanout::Position>,
    pending: &mut Pending,
) {
    if connection.is_asked_too_often(&stream) {
        return reject(connection, id.as_deref(), &overloaded("what is asked about a stream"));
    }
    let Some(mut turn) = connection.stream_turn(&stream, live.settings.subscriptions) else {
        metrics::counter!("limit_refusals_total", "limit" => "subscriptions").increment(1);
        let rejection = Rejection::new(Code::LimitExceeded, "too many subscriptions of this connection");
        return reject(connection, id.as_deref(), &rejection);
    };
    let awaited = Awaited::default();
    let subscription = Subscription {
        stream: stream.clone(),
        since,
        reply_to: id.clone().unwrap_or_default(),
        outbox: connection.outbox.clone(),
        awaited: awaited.clone(),
    };
    let within = live.settings.answer_within;
    let (live, followed_by, claims) = (live.clone(), connection.clone(), claims.clone());
    // a task of its own: it keeps its turn also when nobody waits for it any more
    let asked = actix_web::rt::spawn(async move {
        turn.come().await;
        let outcome = live.engine.subscribe(claims, subscription).await;
        followed_by.stream_done(&stream, outcome.is_ok().then_some(true));
        outcome
    });
    let connection = connection.clone();
    pending.answers.push(Box::pin(async move {
        let asked = async move { asked.await.unwrap_or_else(|_| Err(Code::Internal.into())) };
        if let Err(rejection) = in_time_or_never(within, &awaited, asked).await {
            reject(&connection, id.as_deref(), &rejection);
        }
    }));
}

/// Follows a stream no more, once what was asked about it before has come to its end.
fn unsubscribe(
    live: &Arc<Live>,
    connection: &Arc<Connection>,
    id: Option<String>,
    stream: Arc<str>,
    pending: &mut Pending,
) {
    let Some(mut turn) = connection.stream_turn(&stream, 0) else {
        return done(connection, id.as_deref(), &json!({}));
    };
    let (live, following) = (live.clone(), connection.clone());
    let unsubscribing = async move {
        turn.come().await;
        let outcome = live.engine.unsubscribe(&stream, &following.outbox).await;
        following.stream_done(&stream, outcome.is_ok().then_some(false));
        outcome.map(|()| json!({}))
    };
    pending.answers.push(answer(connection.clone(), id, unsubscribing));
}

async fn refresh(live: Arc<Live>, connection: Arc<Connection>, id: Option<String>, token: String) {
    let renewed = in_time(live.settings.answer_within, live.engine.authenticate(&token)).await;
    let renewed = renewed.and_then(|renewed| {
        let renewed = Arc::new(renewed);
        let is_same = connection.with_session(|session| {
            let is_same = (&renewed.account, renewed.role) == (&session.claims.account, session.claims.role);
            if is_same {
                session.claims = renewed.clone();
            }
            is_same
        });
        let other = || Rejection::new(Code::Forbidden, "the token is another account's");
        if is_same == Some(true) { Ok(renewed) } else { Err(other()) }
    });
    match renewed {
        Ok(claims) => {
            let zone = live.engine.zone(claims.site.as_ref().map(|site| site.as_str()));
            done(&connection, id.as_deref(), &json!({"expires_at": zone.rfc3339(claims.expires_at())}));
            // the new token may say less than the old one
            live.recheck(connection.clone(), claims);
        }
        Err(rejection) => reject(&connection, id.as_deref(), &rejection),
    }
}

fn answer(
    connection: Arc<Connection>,
    id: Option<String>,
    answering: impl Future<Output = Result<Value, Rejection>> + 'static,
) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        match answering.await {
            Ok(result) => done(&connection, id.as_deref(), &result),
            Err(rejection) => reject(&connection, id.as_deref(), &rejection),
        }
    })
}

fn done(connection: &Connection, reply_to: Option<&str>, result: &Value) {
    connection.outbox.push(Lane::Calls, 0, message::done(reply_to, result));
}

fn reject(connection: &Connection, reply_to: Option<&str>, rejection: &Rejection) {
    metrics::counter!("rejected_total", "code" => rejection.code.wire()).increment(1);
    connection.outbox.push(Lane::Calls, 0, message::rejected(reply_to, rejection));
}
