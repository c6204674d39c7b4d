//! What goes wrong around the running program: its disk, its folder, its clock, its clients. The real binary or the real
//! server, over real sockets.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests in machine time; what fails, fails them")]

mod clients;
mod clocks;
mod disk;
mod input;
#[path = "../program/mod.rs"]
mod program;

use std::path::Path;

use futures_util::StreamExt;
use jiaohao::clients::Refusal;
use jiaohao::clients::http::Door;
use jiaohao::clients::people::MadeUp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use self::program::{PATIENCE, Program, set_up, snapshot};

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

/// A running server with a small hospital, and who works there.
struct House {
    program: Program,
    desk: String,
    slot: &'static str,
    persons: u32,
}

impl House {
    async fn open(mut program: Program) -> Self {
        program.start_alive().await;
        let operator = program.token("operator", &["--account", "setup", "--may-issue"]);
        let slot = set_up(&program.door, &operator).await;
        let desk = program.token("desk", &["--site", "h", "--account", "desk"]);
        Self { program, desk, slot, persons: 0 }
    }

    fn door(&self) -> &Door {
        &self.program.door
    }

    /// Somebody new, known to the house.
    async fn person(&mut self) -> Value {
        self.persons += 1;
        self.register(self.persons).await.unwrap()["patient"].clone()
    }

    /// Makes the `n`-th made-up person known.
    async fn register(&self, n: u32) -> Result<Value, Refusal> {
        let mut rng = StdRng::seed_from_u64(u64::from(n));
        let person = MadeUp::draw(n, 2026, &mut rng).registration();
        self.door().insist("POST", "/persons", Some(&self.desk), &person).await
    }

    async fn book(&self, patient: &Value) -> Result<Value, Refusal> {
        let body = json!({"session": "h.a.s", "slot": self.slot, "patient": patient});
        self.door().ask("POST", "/appointments", Some(&self.desk), Some(&body)).await
    }

    async fn walk_in(&self, patient: &Value) -> Result<Value, Refusal> {
        let body = json!({"queue": "h.a.q", "patient": patient});
        self.door().ask("POST", "/tickets", Some(&self.desk), Some(&body)).await
    }

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

/// A house on a folder of its own.
async fn house(folder: &Path) -> House {
    House::open(Program::on(folder)).await
}

/// The code of a refusal; `done` when it was none.
fn code(outcome: &Result<Value, Refusal>) -> String {
    outcome.as_ref().map_or_else(|why| why.code.clone(), |_| "done".to_owned())
}
