//! The WebSocket door: frames, hello, subscriptions, commands, beats, limits, good-byes.
//!
//! Everything that touches actix-web-actors is in [`open`]: its actor is not used (it stops, timers and all, while a
//! client does not read). The response's body is the connection's outbox, which producers fill from any thread; a
//! reader task handles what comes in; a thread of its own watches all connections and ends the sockets of those that
//! do not read, do not answer or may no longer.

mod bye;
mod connection;
mod followed;
mod frame;
mod message;
#[cfg(test)]
mod protocol_tests;
mod session;
mod settings;
mod socket;
mod sweeper;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use actix_web_actors::ws;
use futures_util::future::join_all;
use jiaohao_actors::fanout::CoarseClock;
use jiaohao_domain::Code;

pub use bye::Bye;
use connection::{Body, Connection};
pub use message::VERSION;
pub use settings::LiveSettings;
pub use socket::Socket;

use crate::engine::{Engine, ScreenNews};
use crate::http::{Guest, problem};
use crate::identity::limits::Limits;
use crate::identity::tokens::{Changed, Claims};

/// The door: shared by all workers.
pub struct Live {
    engine: Arc<dyn Engine>,
    settings: LiveSettings,
    clock: Arc<CoarseClock>,
    limits: Arc<Limits>,
    last_id: AtomicU64,
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    runtime: tokio::runtime::Handle,
    stopping: std::sync::atomic::AtomicBool,
}

impl Live {
    /// Opens the door and starts its sweeper. `clock` is the one that the fan-out's hub was made with; the sweeper
    /// moves it. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// The sweeper's thread could not be started.
    pub fn start(
        engine: Arc<dyn Engine>,
        settings: LiveSettings,
        clock: Arc<CoarseClock>,
        limits: Arc<Limits>,
    ) -> std::io::Result<Arc<Self>> {
        let live = Arc::new(Self {
            engine,
            clock,
            limits,
            settings,
            last_id: AtomicU64::new(0),
            connections: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
            stopping: std::sync::atomic::AtomicBool::new(false),
        });
        sweeper::start(&live)?;
        Ok(live)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections_into(&self, into: &mut Vec<Arc<Connection>>) {
        into.extend(self.all().values().cloned());
    }

    /// How many connections there are.
    pub fn connection_count(&self) -> usize {
        self.all().len()
    }

    /// The body of a connection was dropped: it is gone.
    fn gone(&self, connection: &Arc<Connection>) {
        self.all().remove(&connection.outbox.id());
        // the hub forgets closed outboxes by itself: a thousand leaving at once cost the projector nothing
        let left = connection.leave();
        if let Some(screen) = left.as_ref().and_then(|claims| claims.screen.as_ref()) {
            self.engine.screen(screen, ScreenNews::Left);
        }
    }

    /// Rights have changed (nobody knows whose: none): asks again about each connection that it concerns.
    fn recheck_all(self: &Arc<Self>, changed: Option<&Changed>) {
        let mut connections = Vec::new();
        self.connections_into(&mut connections);
        for connection in connections {
            let concerned = |claims: &Arc<Claims>| changed.is_none_or(|changed| changed.concerns(claims));
            if let Some(claims) = connection.claims().filter(concerned) {
                self.recheck(connection, claims);
            }
        }
    }

    /// Asks again whether a connection's token still stands and whether it may still follow what it follows: who does
    /// not is sent away to come back with another, what may not is ended.
    fn recheck(self: &Arc<Self>, connection: Arc<Connection>, claims: Arc<Claims>) {
        let live = self.clone();
        self.runtime.spawn(async move {
            // with a token of before nothing is said about single streams: the client comes back with another and
            // hears then which are no longer its own
            if live.engine.still_stands(claims.clone()).await.is_err() {
                return connection.bye(Bye::Unauthenticated, live.clock.now_ms());
            }
            let streams = connection.with_session(|session| session.followed.names()).unwrap_or_default();
            join_all(streams.into_iter().map(|stream| live.recheck_stream(&connection, &claims, stream))).await;
        });
    }

    /// In the stream's turn: a subscription that was allowed by the rights of before is ended too.
    async fn recheck_stream(&self, connection: &Connection, claims: &Arc<Claims>, stream: Arc<str>) {
        let Some(mut turn) = connection.stream_turn(&stream, 0) else { return };
        turn.come().await;
        let may = self.engine.may_follow(claims.clone(), stream.clone()).await;
        let ended = may.is_err().then_some(false);
        if let Err(rejection) = may {
            self.engine.end(&stream, &connection.outbox, rejection);
        }
        connection.stream_done(&stream, ended);
    }

    /// Says good-bye to everybody and takes nobody in any more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        let mut connections = Vec::new();
        self.connections_into(&mut connections);
        for connection in connections {
            connection.bye(Bye::ShuttingDown, self.clock.now_ms());
        }
    }
}

/// `GET /ws`. The origin has been checked before.
pub async fn open(
    request: HttpRequest,
    payload: web::Payload,
    live: web::Data<Live>,
    trusted: web::Data<crate::http::Proxies>,
) -> HttpResponse {
    let live = live.into_inner();
    let address = trusted.client(&request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let mut response = match ws::handshake(&request) {
        Ok(response) => response,
        Err(error) => return error.error_response(),
    };
    let Some(socket) = request.conn_data::<Socket>().cloned() else {
        return problem::response(&Code::Overloaded.into());
    };
    if live.stopping.load(Ordering::Acquire) {
        return problem::response(&Code::Overloaded.into());
    }
    let permit = match live.limits.stranger(address) {
        Ok(permit) => permit,
        Err(rejection) => return problem::response(&rejection),
    };
    if let Some(guest) = request.conn_data::<Guest>() {
        guest.is_known();
    }
    socket.prepare();
    let id = live.last_id.fetch_add(1, Ordering::Relaxed) + 1;
    let hello_within_ms = live.settings.hello_within_ms;
    let connection = Connection::new(id, permit, socket, live.settings.outbox, &live.clock, hello_within_ms);
    let connection = Arc::new(connection);
    live.all().insert(id, connection.clone());
    actix_web::rt::spawn(session::read(live.clone(), connection.clone(), payload));
    response.streaming(Body { connection, live })
}
