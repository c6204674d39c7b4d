//! The socket under a connection: a cloned descriptor, so that the connection can be ended from outside even while its
//! peer does not read (ending the body alone does not free it).

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use jiaohao_actors::shell::clock::monotonic;
use rustix::net::{Shutdown, shutdown, sockopt};

use crate::seldom::Seldom;

/// What the kernel may keep unsent for one WebSocket, in bytes (Linux doubles it): beyond that the outbox fills, where
/// a slow peer can be seen.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Connections for which there was no descriptor: whoever is turned away comes again.
static REFUSED: Mutex<Seldom> = Mutex::new(Seldom::new());

/// A handle on a connection's socket.
#[derive(Clone, Debug)]
pub struct Socket(Arc<OwnedFd>);

impl Socket {
    /// The stream of a connection, with or without TLS.
    pub fn stream(connection: &dyn Any) -> Option<&TcpStream> {
        match connection.downcast_ref::<TlsStream<TcpStream>>() {
            Some(tls) => Some(tls.get_ref().0),
            None => connection.downcast_ref::<TcpStream>(),
        }
    }

    /// The kernel ends the connection when its peer has taken nothing of what was sent for so long, also while it answers
    /// that it has no room (`TCP_USER_TIMEOUT`).
    pub fn end_when_unread(stream: &TcpStream, within: Duration) {
        let within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        if let Err(error) = sockopt::set_tcp_user_timeout(stream, within_ms) {
            tracing::warn!(%error, "a connection that is not read will not be ended");
        }
    }

    /// To be called in `HttpServer::on_connect`: keeps a handle for the requests of this connection.
    pub fn on_connect(connection: &dyn Any, extensions: &mut Extensions) {
        let Some(stream) = Self::stream(connection) else { return };
        match stream.as_fd().try_clone_to_owned() {
            Ok(descriptor) => {
                extensions.insert(Self(Arc::new(descriptor)));
            }
            // out of descriptors: without a handle `/ws` refuses the connection
            Err(error) => {
                let many = REFUSED.lock().unwrap_or_else(PoisonError::into_inner).add(1, monotonic());
                if let Some(many) = many {
                    tracing::warn!(many, %error, "descriptors of connections could not be cloned");
                }
            }
        }
    }

    /// Bounds what the kernel keeps unsent, and sends small frames at once.
    pub fn prepare(&self) {
        let bounded = sockopt::set_socket_send_buffer_size(&self.0, SEND_BUFFER_BYTES);
        let prompt = sockopt::set_tcp_nodelay(&self.0, true);
        if bounded.is_err() || prompt.is_err() {
            tracing::debug!("a socket's options could not be set: its peer is gone");
        }
    }

    /// Ends the connection in both directions, whatever waits.
    pub fn shut_down(&self) {
        // an error means that it is down already
        let _ = shutdown(&self.0, Shutdown::Both);
    }
}
