//! The load generator: so many clients, a booking at a time each, for fresh registered patients and some slots in turn, by one
//! of the two doors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiaohao_actors::shell::clock;
use serde_json::json;

use crate::Outcome;
use crate::client::{Http, Socket, address_of};
use crate::measure::quantiles;
use crate::server::Server;

/// Clients of each.
pub const CLIENTS: usize = 64;
const REGISTERING: usize = 32;

/// By which way a booking comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A frame of an open socket.
    WebSocket,
    /// A request on a connection that stays open.
    Http,
}

/// A slot, and the session that it is one of.
#[derive(Clone, Debug)]
pub struct Slot {
    /// `b.d0.s`
    pub session: String,
    /// `b.d0.s.0900`
    pub slot: String,
}

impl Slot {
    /// The first of the first department.
    pub fn hot() -> Self {
        Self::nth(0, 0)
    }

    /// The nth department's `k`th, as [`Server::furnish`] makes them.
    pub fn nth(n: usize, k: usize) -> Self {
        let session = format!("b.d{n}.s");
        Self { slot: format!("{session}.{:02}{:02}", 9 + k / 2, k % 2 * 30), session }
    }
}

/// What is asked, of whom, for whom.
#[derive(Clone)]
pub struct Load {
    /// Where it is asked.
    pub to: SocketAddr,
    /// By which door.
    pub door: Door,
    /// A desk's token.
    pub token: String,
    /// For whom, each once.
    pub patients: Arc<Vec<String>>,
    /// Who is next of them.
    pub next: Arc<AtomicUsize>,
    /// For which slots, in turn.
    pub slots: Arc<Vec<Slot>>,
    /// Whether there is to be a place; otherwise each is to be told that the slot is full.
    pub has_place: bool,
}

impl Load {
    /// So many bookings as fast as they are answered: bookings a second, and how long each took.
    pub async fn run(&self, count: usize) -> Outcome<(f64, Histogram<u64>)> {
        let clients = self.clients().await?;
        let until = self.next.load(Ordering::Relaxed) + count;
        let began = clock::monotonic();
        let tasks: Vec<_> =
            clients.into_iter().map(|client| tokio::spawn(self.clone().book_until(client, until, None))).collect();
        let times = all(tasks).await?;
        let rate = count as f64 / began.elapsed().as_secs_f64();
        // each client has looked beyond the end once
        self.next.store(until, Ordering::Relaxed);
        Ok((rate, times))
    }

    /// So many bookings at so many a second, whatever the answers take: how long each took from the moment at which it was
    /// due, so that one which waits for the answer before it is counted with its wait.
    pub async fn paced(&self, a_second: f64, count: usize) -> Outcome<Histogram<u64>> {
        let clients = self.clients().await?;
        let until = self.next.load(Ordering::Relaxed) + count;
        let every = Duration::from_secs_f64(CLIENTS as f64 / a_second);
        let first = clock::monotonic();
        let tasks: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(n, client)| {
                let pace = Pace { due: first + every * u32::try_from(n).unwrap_or(0) / CLIENTS as u32, every };
                tokio::spawn(self.clone().book_until(client, until, Some(pace)))
            })
            .collect();
        let times = all(tasks).await?;
        self.next.store(until, Ordering::Relaxed);
        Ok(times)
    }

    async fn clients(&self) -> Outcome<Vec<Client>> {
        let mut clients = Vec::with_capacity(CLIENTS);
        for n in 0..CLIENTS {
            clients.push(match self.door {
                Door::WebSocket => {
                    Client::Socket(Box::new(Socket::signed_in(self.to, address_of(n), &self.token).await?))
                }
                Door::Http => Client::Http(Http::connect(self.to, Some(&self.token)).await?),
            });
        }
        Ok(clients)
    }

    async fn book_until(self, mut client: Client, until: usize, mut pace: Option<Pace>) -> Outcome<Histogram<u64>> {
        let mut times = quantiles();
        loop {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            if n >= until {
                return Ok(times);
            }
            let began = match &mut pace {
                Some(pace) => pace.come().await,
                None => clock::monotonic(),
            };
            // Who is told that a slot is full may ask again.
            let patient = &self.patients[n % self.patients.len()];
            let is_placed = client.book(n, &self.slots[n % self.slots.len()], patient).await?;
            times.record(u64::try_from(began.elapsed().as_nanos())?)?;
            if is_placed != self.has_place {
                return Err(if is_placed { "there was a place" } else { "the slot is full" }.into());
            }
        }
    }
}

async fn all(tasks: Vec<tokio::task::JoinHandle<Outcome<Histogram<u64>>>>) -> Outcome<Histogram<u64>> {
    let mut times = quantiles();
    for task in tasks {
        times.add(task.await??)?;
    }
    Ok(times)
}

/// When a client's next booking is due.
struct Pace {
    due: Instant,
    every: Duration,
}

impl Pace {
    async fn come(&mut self) -> Instant {
        let due = self.due;
        self.due += self.every;
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

enum Client {
    Socket(Box<Socket>),
    Http(Http),
}

impl Client {
    /// Whether there was a place; an error when neither that is said nor that the slot is full.
    async fn book(&mut self, n: usize, at: &Slot, patient: &str) -> Outcome<bool> {
        let (key, Slot { session, slot }) = (jiaohao::clients::command_key(), at);
        let wish = format!(r#"{{"session":"{session}","slot":"{slot}","patient":"{patient}"}}"#);
        let (is_done, answer) = match self {
            Self::Socket(socket) => {
                let frame =
                    format!(r#"{{"type":"command","id":"{n}","key":"{key}","command":{{"book_slot":{wish}}}}}"#);
                socket.send(frame).await?;
                let answer = socket.next().await?;
                (answer.contains(r#""type":"done""#), answer.as_str().to_owned())
            }
            Self::Http(http) => {
                let (status, answer) = http.give("/api/v1/appointments", key, &wish).await?;
                ((200..300).contains(&status), answer)
            }
        };
        match is_done {
            true => Ok(true),
            false if answer.contains(r#""code":"slot_full""#) => Ok(false),
            false => Err(answer.into()),
        }
    }
}

/// Makes persons known over HTTP, the nth of a city from `from` on, so many; their patient ids.
pub async fn register(server: &Server, token: &str, from: usize, count: usize) -> Outcome<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(from));
    let mut tasks = Vec::new();
    for _ in 0..REGISTERING {
        let (mut http, next) = (Http::connect(server.address, Some(token)).await?, next.clone());
        tasks.push(tokio::spawn(async move {
            let mut known = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= from + count {
                    return Outcome::Ok(known);
                }
                let person = json!({
                    "document_kind": "passport",
                    "document_number": format!("E{n:08}"),
                    "name": "张三",
                    "sex": "female",
                    "birth_date": "1980-02-29",
                });
                let answer = http.done("POST", "/api/v1/persons", &person).await?;
                known.push(answer["patient"].as_str().ok_or("no patient")?.to_owned());
            }
        }));
    }
    let mut all = Vec::with_capacity(count);
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}
