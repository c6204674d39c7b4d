//! What goes wrong around the running program: its disk, its folder, its clock, its clients. The real binary or the real
//! server, over real sockets.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests in machine time; what fails, fails them")]

mod clients;
mod clocks;
mod disk;
mod input;
#[path = "../program/mod.rs"]
mod program;

use futures_util::StreamExt;
use jiaohao::clients::Refusal;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use self::program::house::{House, house};
use self::program::{PATIENCE, snapshot};

/// The next frame that is no beat; nothing once the connection is closed.
async fn next(socket: &mut WebSocketStream<TcpStream>) -> Option<Value> {
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("a frame in time")? {
            Ok(Message::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["type"] != "beat" {
                    return Some(frame);
                }
            }
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

impl House {
    /// What the house shows of itself; equal when nothing has happened.
    async fn picture(&self) -> Vec<Value> {
        let mut picture = Vec::new();
        for stream in ["session:h.a.s", "queue:h.a.q", "queue:h.b.q"] {
            let mut shown = snapshot(self.door(), &self.desk, stream).await;
            for ticket in shown["tickets"].as_object_mut().into_iter().flat_map(|tickets| tickets.values_mut()) {
                // No screen is there to say that it has shown a call: that is noted after a while.
                ticket["not_announced"].take();
            }
            picture.push(shown);
        }
        // The rest of a board moves with the clock.
        picture.push(snapshot(self.door(), &self.desk, "board:h.board").await["rooms"].take());
        picture
    }
}

/// The same picture; where it is not, what differs.
fn same(now: &[Value], before: &[Value], what: &str) {
    for (now, before) in now.iter().zip(before) {
        assert_eq!(now, before, "{what}");
    }
}

/// The code of a refusal; `done` when it was none.
fn code(outcome: &Result<Value, Refusal>) -> String {
    outcome.as_ref().map_or_else(|why| why.code.clone(), |_| "done".to_owned())
}
