//! The bound of a booking through a WebSocket door: a server that does only what cannot be left out (a frame in, JSON,
//! one owner, a group commit by `fdatasync`, a frame out), without rules, rights, streams or audit, as a process of its
//! own. Once with one commit a booking, as a single owner would need, and once with two in a row, as the two owners of a
//! booking do (ARCHITECTURE: the patient's reservation is durable before the department decides).

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::Outcome;
use crate::measure::folder;

/// The argument that makes this program the bare server.
pub const SERVER: &str = "bound-server";

/// Bytes that a booking appends: about what ours does in its records.
const RECORD_BYTES: usize = 512;

/// Bookings that may wait for the owner.
const WAITING: usize = 1_024;

/// The bare server as a process of its own; dropping it ends it.
pub struct Bound {
    /// Where it listens.
    pub address: SocketAddr,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Bound {
    /// Starts it; each booking waits for so many commits in a row.
    pub async fn start(commits: usize) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("bound").tempdir_in(folder())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(SERVER).arg(folder.path()).arg(commits.to_string()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let mut line = String::new();
        BufReader::new(tokio::process::ChildStdout::from_std(stdout)?).read_line(&mut line).await?;
        Ok(Self { address: line.trim().parse()?, process, _folder: folder })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A booking on its way to the owner, and the way back.
struct Booking {
    patient: String,
    answer: oneshot::Sender<bool>,
}

/// What the process does: serves until it is killed.
pub async fn serve(folder: &Path, commits: usize) -> Outcome {
    let log = File::create(folder.join("log"))?;
    let (to_owner, bookings) = mpsc::sync_channel(WAITING);
    std::thread::spawn(move || own(log, &bookings, commits));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream, to_owner.clone()));
    }
}

/// The one owner and its log: takes all that wait, appends them, syncs, answers; a batch of two commits is synced twice,
/// the second time together with the bookings that came meanwhile.
fn own(mut log: File, bookings: &mpsc::Receiver<Booking>, commits: usize) -> std::io::Result<()> {
    let (mut taken, mut record) = (HashSet::new(), vec![0; RECORD_BYTES / commits]);
    let mut under_way: Vec<(usize, Booking)> = Vec::new();
    loop {
        if under_way.is_empty() {
            match bookings.recv() {
                Ok(booking) => under_way.push((0, booking)),
                Err(_) => return Ok(()),
            }
        }
        under_way.extend(bookings.try_iter().map(|booking| (0, booking)));
        let mut batch = Vec::with_capacity(under_way.len() * record.len());
        for (_, booking) in &under_way {
            let length = booking.patient.len().min(record.len());
            record[..length].copy_from_slice(&booking.patient.as_bytes()[..length]);
            batch.extend_from_slice(&record);
        }
        log.write_all(&batch)?;
        log.sync_data()?;
        for (done, booking) in std::mem::take(&mut under_way) {
            if done + 1 < commits {
                under_way.push((done + 1, booking));
            } else {
                let new = taken.insert(booking.patient);
                let _ = booking.answer.send(new);
            }
        }
    }
}

/// One socket: `hello`, then a command at a time.
async fn answer(stream: TcpStream, owner: mpsc::SyncSender<Booking>) -> Outcome {
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    while let Some(frame) = socket.next().await {
        let Message::Text(text) = frame? else { continue };
        let frame: Value = serde_json::from_str(&text)?;
        let id = &frame["id"];
        let answer = if frame["type"] == "hello" {
            json!({"type": "welcome", "reply_to": id})
        } else {
            let (answer, answered) = oneshot::channel();
            let patient = frame["command"]["book_slot"]["patient"].as_str().ok_or("no patient")?.to_owned();
            owner.send(Booking { patient, answer }).map_err(|_| "no owner")?;
            json!({"type": if answered.await? { "done" } else { "rejected" }, "reply_to": id, "result": {"number": "A001"}})
        };
        socket.send(Message::text(answer.to_string())).await?;
    }
    Ok(())
}
