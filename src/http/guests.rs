//! Connections of which it is not known whose they are: so many of an address and no more. And of all connections: one whose
//! peer takes nothing is ended.

use std::any::Any;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpResponse;
use actix_web::dev::Extensions;
use jiaohao_domain::Rejection;

use super::{Proxies, problem};
use crate::identity::limits::{Limits, Permit};
use crate::live::Socket;

/// On each connection, for its requests.
#[derive(Clone)]
pub struct Guest(Arc<Mutex<Result<Option<Permit<IpAddr>>, Rejection>>>);

impl Guest {
    /// To be called in `HttpServer::on_connect`.
    pub fn on_connect(limits: &Limits, proxies: &Proxies, connection: &dyn Any, extensions: &mut Extensions) {
        let Some(stream) = Socket::stream(connection) else { return };
        Socket::end_when_unread(stream, limits.unread());
        let Ok(peer) = stream.peer_addr() else { return };
        // a proxy speaks for many
        if !proxies.is_trusted(peer.ip()) {
            extensions.insert(Self(Arc::new(Mutex::new(limits.guest(peer.ip()).map(Some)))));
        }
    }

    /// Somebody has signed in on it, or it is a socket with a limit of its own: it counts no more.
    pub fn is_known(&self) {
        if let Ok(permit) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *permit = None;
        }
    }

    /// What a connection too many is answered, and closed by.
    pub(super) fn refusal(&self) -> Option<HttpResponse> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut response = problem::response(held.as_ref().err()?);
        response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
        Some(response)
    }
}
