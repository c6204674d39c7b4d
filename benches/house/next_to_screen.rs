//! From the moment a doctor's "next" is sent to the frame with the call on each of 1,000 screens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiaohao_actors::shell::clock;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::Outcome;
use crate::client::{Socket, address_of};
use crate::fanout::{doctor_at_work, next_of};
use crate::generator::register;
use crate::measure::{folder, load, ms, quantiles};
use crate::server::Server;

const SCREENS: usize = 1_000;
const CALLS: usize = 200;
/// Between two calls: faster than any doctor.
const PACE: Duration = Duration::from_millis(100);
/// What stands in a frame in which somebody is called.
const CALLED: &str = "patient_called";

/// Measures and prints.
pub async fn run() -> Outcome {
    let data = tempfile::Builder::new().prefix("next").tempdir_in(folder())?;
    let (server, _) = Server::start(data.path()).await?;
    server.furnish(1, 1).await?;
    let (mut doctor, assignment) = doctor_at_work(&server).await?;
    let token = server.token(&["--role", "desk", "--site", "b", "--account", "bench"])?;
    let patients = register(&server, &token, 0, CALLS + 1).await?;
    let mut desk = Socket::signed_in(server.address, address_of(0), &token).await?;
    for patient in &patients {
        desk.command(json!({"register_walk_in": {"queue": "b.d0.q", "patient": patient}})).await?;
    }
    let token = server.token(&["--role", "screen", "--site", "b", "--screen", "b.s1", "--board", "b.hall"])?;
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let listening = Arc::new(AtomicUsize::new(0));
    for n in 0..SCREENS {
        let mut socket = Socket::signed_in(server.address, address_of(n), &token).await?;
        socket.follow("board:b.hall").await?;
        let (arrived, listening) = (arrived.clone(), listening.clone());
        tokio::spawn(async move {
            listening.fetch_add(1, Ordering::Relaxed);
            while let Ok(text) = socket.next().await {
                let at = clock::monotonic();
                if text.contains(CALLED) && arrived.send(at).is_err() {
                    return;
                }
            }
            listening.fetch_sub(1, Ordering::Relaxed);
        });
    }
    println!("next_to_screen: {SCREENS} screens, {CALLS} calls; load {}", load());
    let (mut each, mut last, mut done) = (quantiles(), quantiles(), quantiles());
    let mut in_hand = Value::Null;
    for _ in 0..CALLS {
        let began = clock::monotonic();
        let answer = next_of(&mut doctor, &assignment, &in_hand).await?;
        done.record(u64::try_from(began.elapsed().as_nanos())?)?;
        in_hand = answer["called"]["ticket"].clone();
        let mut slowest = 0;
        for _ in 0..SCREENS {
            let at = tokio::time::timeout(Duration::from_secs(10), arrivals.recv()).await?.ok_or("nobody listens")?;
            let took = u64::try_from(at.duration_since(began).as_nanos())?;
            each.record(took)?;
            slowest = slowest.max(took);
        }
        last.record(slowest)?;
        tokio::time::sleep(PACE).await;
    }
    if listening.load(Ordering::Relaxed) != SCREENS {
        return Err("screens were ended".into());
    }
    let row = |what: &str, of| println!("{what}: p50 {:.2} ms, p99 {:.2} ms", ms(of, 0.5), ms(of, 0.99));
    row("the doctor's answer", &done);
    row("frame on a screen", &each);
    row("frame on the last of the screens", &last);
    println!("load {}", load());
    server.stop()
}
