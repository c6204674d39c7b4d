//! One event at a time to 5,000 WebSocket subscribers of one board; beside it nchan with messages of the same size.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiaohao_actors::shell::clock;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::Outcome;
use crate::client::{Socket, address_of};
use crate::generator::register;
use crate::measure::{cpu, folder, load, median, rss_kib};
use crate::peers::Nchan;
use crate::server::Server;

const SCREENS: usize = 5_000;
const ROUNDS: usize = 5;
/// Events of a round.
const EVENTS: usize = 40;
const DELIVERIES: f64 = 300_000.0;
/// Sockets that are opened at the same time.
const OPENING: usize = 64;
/// Between opening the last socket and looking at memory.
const SETTLE: Duration = Duration::from_secs(3);

/// What all subscribers together have received.
#[derive(Default)]
struct Received {
    frames: AtomicUsize,
    bytes: AtomicUsize,
    ended: AtomicUsize,
    over: AtomicBool,
}

/// Measures and prints.
pub async fn run() -> Outcome {
    let data = tempfile::Builder::new().prefix("fanout").tempdir_in(folder())?;
    println!("fanout: {SCREENS} screens, {EVENTS} events a round, one at a time; load {}", load());
    let (own, bytes) = of_jiaohao(data.path()).await?;
    println!("jiaohao: {own}");
    if let Some(nchan) = Nchan::start(1).await? {
        let peer = of_nchan(&nchan, bytes).await?;
        println!("nchan, 1 worker: {peer}");
        println!(
            "ratios to nchan: deliveries/s {:.2}, CPU {:.2}, memory a connection {:.2}",
            own.rate / peer.rate,
            own.cpu_s / peer.cpu_s,
            own.kib / peer.kib
        );
    }
    Ok(())
}

/// Medians of the rounds.
struct Figures {
    rate: f64,
    cpu_s: f64,
    kib: f64,
    bytes: usize,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rate, cpu_s, kib, bytes } = self;
        write!(
            f,
            "{rate:.0} deliveries/s, {cpu_s:.2} s server CPU per 300k deliveries, {kib:.1} KiB an idle connection, \
             {bytes} bytes a frame"
        )
    }
}

/// A walk-in is called once; the doctor's recalls are the events. Also says how large a frame was.
async fn of_jiaohao(data: &std::path::Path) -> Outcome<(Figures, usize)> {
    let (server, _) = Server::start(data).await?;
    server.furnish(1, 1).await?;
    let (mut doctor, at_work) = doctor_at_work(&server).await?;
    let desk = server.token(&["--role", "desk", "--site", "b", "--account", "bench"])?;
    let patients = register(&server, &desk, 0, 2).await?;
    let mut desk = Socket::signed_in(server.address, address_of(0), &desk).await?;
    for patient in &patients {
        desk.command(json!({"register_walk_in": {"queue": "b.d0.q", "patient": patient}})).await?;
    }
    let call = next_of(&mut doctor, &at_work, &Value::Null).await?["called"]["call"].clone();
    let screen = server.token(&["--role", "screen", "--site", "b", "--screen", "b.s1", "--board", "b.hall"])?;
    let pids = [server.pid()];
    let empty_kib = rss_kib(&pids);
    let received = Arc::new(Received::default());
    let mut sockets = Vec::with_capacity(SCREENS);
    for first in (0..SCREENS).step_by(OPENING) {
        let opening = (first..SCREENS.min(first + OPENING)).map(|n| {
            let (token, address) = (screen.clone(), server.address);
            tokio::spawn(async move {
                let mut socket = Socket::signed_in(address, address_of(n), &token).await?;
                socket.follow("board:b.hall").await?;
                Outcome::Ok(socket)
            })
        });
        for socket in opening.collect::<Vec<_>>() {
            sockets.push(listen(socket.await??, received.clone()));
        }
    }
    tokio::time::sleep(SETTLE).await;
    let kib = (rss_kib(&pids) - empty_kib) / SCREENS as f64;
    let recall = json!({"recall_patient": {"call": call}});
    // How many frames one event makes is asked, not assumed; of the first one the expected waits may come along.
    let mut frames = 1;
    let mut bytes = 0;
    for _ in 0..2 {
        doctor.command(recall.clone()).await?;
        tokio::time::sleep(SETTLE).await;
        frames = received.frames.swap(0, Ordering::Relaxed).div_ceil(SCREENS).max(1);
        bytes = received.bytes.swap(0, Ordering::Relaxed) / (frames * SCREENS);
    }
    let (mut rates, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (base, cpu_before, began) = (received.frames.load(Ordering::Relaxed), cpu(&pids), clock::monotonic());
        for event in 1..=EVENTS {
            doctor.command(recall.clone()).await?;
            received.until(base + event * frames * SCREENS).await?;
        }
        let delivered = (received.frames.load(Ordering::Relaxed) - base) as f64;
        rates.push(delivered / began.elapsed().as_secs_f64());
        cpus.push((cpu(&pids) - cpu_before).as_secs_f64() * DELIVERIES / delivered);
    }
    received.all_stayed()?;
    end(&received, sockets);
    server.stop()?;
    Ok((Figures { rate: median(&mut rates), cpu_s: median(&mut cpus), kib, bytes }, bytes))
}

async fn of_nchan(nchan: &Nchan, bytes: usize) -> Outcome<Figures> {
    let pids = nchan.pids();
    let empty_kib = rss_kib(&pids);
    let received = Arc::new(Received::default());
    let mut sockets = Vec::with_capacity(SCREENS);
    for n in 0..SCREENS {
        sockets.push(listen(Socket::open(nchan.address, "/sub", address_of(n)).await?, received.clone()));
    }
    tokio::time::sleep(SETTLE).await;
    let kib = (rss_kib(&pids) - empty_kib) / SCREENS as f64;
    let mut publisher = nchan.publisher().await?;
    let message = "x".repeat(bytes);
    let (mut rates, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (base, cpu_before, began) = (received.frames.load(Ordering::Relaxed), cpu(&pids), clock::monotonic());
        for event in 1..=EVENTS {
            publisher.request("POST", "/pub", &message).await?;
            received.until(base + event * SCREENS).await?;
        }
        let delivered = (received.frames.load(Ordering::Relaxed) - base) as f64;
        rates.push(delivered / began.elapsed().as_secs_f64());
        cpus.push((cpu(&pids) - cpu_before).as_secs_f64() * DELIVERIES / delivered);
    }
    received.all_stayed()?;
    end(&received, sockets);
    Ok(Figures { rate: median(&mut rates), cpu_s: median(&mut cpus), kib, bytes })
}

fn listen(mut socket: Socket, received: Arc<Received>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok(text) = socket.next().await {
            received.bytes.fetch_add(text.len(), Ordering::Relaxed);
            received.frames.fetch_add(1, Ordering::Release);
        }
        if !received.over.load(Ordering::Relaxed) {
            received.ended.fetch_add(1, Ordering::Relaxed);
        }
    })
}

fn end(received: &Received, sockets: Vec<JoinHandle<()>>) {
    received.over.store(true, Ordering::Relaxed);
    sockets.iter().for_each(JoinHandle::abort);
}

impl Received {
    async fn until(&self, frames: usize) -> Outcome {
        let began = clock::monotonic();
        while self.frames.load(Ordering::Acquire) < frames {
            if began.elapsed() > Duration::from_secs(20) {
                let has = self.frames.load(Ordering::Acquire);
                return Err(format!("{} frames are missing", frames - has).into());
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        Ok(())
    }

    fn all_stayed(&self) -> Outcome {
        match self.ended.load(Ordering::Relaxed) {
            0 => Ok(()),
            ended => Err(format!("{ended} connections were ended").into()),
        }
    }
}

/// The first department's doctor, signed in and at work, and the assignment.
pub async fn doctor_at_work(server: &Server) -> Outcome<(Socket, String)> {
    let token = server.token(&["--role", "doctor", "--doctor", "b.doctor0", "--account", "doctor"])?;
    let mut doctor = Socket::signed_in(server.address, address_of(0), &token).await?;
    let start = json!({"start_work": {"department": "b.d0", "service_point": "b.d0.r"}});
    let assignment = doctor.command(start).await?["assignment"].as_str().ok_or("no assignment")?.to_owned();
    // The department hears of it a moment later.
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok((doctor, assignment))
}

/// The doctor's "next": what was in hand is seen.
pub async fn next_of(doctor: &mut Socket, assignment: &str, in_hand: &Value) -> Outcome<Value> {
    let outcome = if in_hand.is_null() { Value::Null } else { json!("seen") };
    let next = json!({"department": "b.d0", "assignment": assignment, "in_hand": in_hand, "outcome": outcome});
    doctor.command(json!({"call_next_patient": next})).await
}
