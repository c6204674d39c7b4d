//! What a place costs where all want the same one, where there is none any more, and where they spread over 1,000 slots: by the
//! WebSocket door and over HTTP; PostgreSQL and Redis beside them in the same run, by the same load generator. Then how long a
//! booking takes at half of what can be had.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::json;

use crate::Outcome;
use crate::client::Http;
use crate::generator::{CLIENTS, Door, Load, Slot, register};
use crate::measure::{cpu, folder, load, median, ms};
use crate::peers::{Postgres, Redis};
use crate::server::{Server, tomorrow};

const ROUNDS: usize = 3;
/// A thousand slots, of so many departments with so many each.
const DEPARTMENTS: usize = 50;
const SLOTS: usize = 20;
/// Asked in a round: bookings by a socket and over HTTP, and for what is full.
const BY_SOCKET: usize = 10_000;
const BY_HTTP: usize = 5_000;
const FULL: usize = 20_000;
/// How long a round at half of what can be had takes, in seconds.
const HALF_S: f64 = 3.0;

/// What is asked for in turn.
struct Row {
    name: &'static str,
    slots: Arc<Vec<Slot>>,
    has_place: bool,
    found: Found,
}

/// What the rounds came to: of each a figure.
#[derive(Default)]
struct Found {
    socket: Vec<f64>,
    socket_us: Vec<f64>,
    http: Vec<f64>,
    http_us: Vec<f64>,
    postgres: Vec<f64>,
    postgres_us: Vec<f64>,
    redis: Vec<f64>,
}

/// Measures and prints.
pub async fn run() -> Outcome {
    let data = tempfile::Builder::new().prefix("places").tempdir_in(folder())?;
    let (server, _) = Server::start(data.path()).await?;
    server.furnish(DEPARTMENTS, SLOTS).await?;
    let desk = server.token(&["--role", "desk", "--site", "b", "--account", "bench"])?;
    let known = ROUNDS * 2 * (BY_SOCKET + BY_HTTP) + 1_000;
    let asks = Load {
        to: server.address,
        door: Door::WebSocket,
        token: desk.clone(),
        patients: Arc::new(register(&server, &desk, 0, known).await?),
        next: Arc::default(),
        slots: Arc::new(vec![Slot::hot()]),
        has_place: true,
    };
    asks.run(999).await?;
    let full = fill_one(&server).await?;
    Load { slots: Arc::new(vec![full.clone()]), ..asks.clone() }.run(1).await?;
    let (postgres, redis) = (Postgres::start()?, Redis::start().await?);
    let spread = (0..SLOTS).flat_map(|k| (0..DEPARTMENTS).map(move |n| Slot::nth(n, k))).collect();
    let row = |name, slots, has_place| Row { name, slots: Arc::new(slots), has_place, found: Found::default() };
    let mut rows = [
        row("one hot slot", vec![Slot::hot()], true),
        row("1,000 slots", spread, true),
        row("full", vec![full], false),
    ];
    println!("places: {CLIENTS} clients, one request at a time each; load {}", load());
    println!(
        "row | socket/s | p50 ms | p99 ms | CPU µs | HTTP/s | p50 ms | p99 ms | CPU µs | PostgreSQL/s | CPU µs | Redis/s"
    );
    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.ask(&server, &asks, postgres.as_ref(), redis.as_ref()).await?;
        }
    }
    for row in &mut rows {
        row.tell();
    }
    let rate = median(&mut rows[0].found.socket) / 2.0;
    at_half(&server, &asks, rate, known).await?;
    println!("load {}", load());
    server.stop()
}

/// A slot of one place.
async fn fill_one(server: &Server) -> Outcome<Slot> {
    let operator = server.token(&["--role", "operator", "--account", "bench"])?;
    let session = json!({
        "id": "b.d0.full", "date": tomorrow(), "period": "night", "queue": "b.d0.q", "registration_class": "普通",
        "slots": [{"start": "20:00", "minutes": 30, "capacity": 1}],
    });
    let mut http = Http::connect(server.address, Some(&operator)).await?;
    http.done("PUT", "/api/v1/sessions", &session).await?;
    Ok(Slot { session: "b.d0.full".to_owned(), slot: "b.d0.full.2000".to_owned() })
}

impl Row {
    async fn ask(
        &mut self,
        server: &Server,
        asks: &Load,
        postgres: Option<&Postgres>,
        redis: Option<&Redis>,
    ) -> Outcome {
        let asks = Load { slots: self.slots.clone(), has_place: self.has_place, ..asks.clone() };
        let counts = if self.has_place { [BY_SOCKET, BY_HTTP] } else { [FULL, FULL] };
        let (rate, times, us) = measured(server, &asks, counts[0]).await?;
        self.found.socket.push(rate);
        self.found.socket_us.push(us);
        print!("{} | {rate:.0} | {} | {us:.0}", self.name, quantiles_of(&times));
        let (rate, times, us) = measured(server, &Load { door: Door::Http, ..asks }, counts[1]).await?;
        self.found.http.push(rate);
        self.found.http_us.push(us);
        print!(" | {rate:.0} | {} | {us:.0}", quantiles_of(&times));
        if let Some(postgres) = postgres {
            let (rate, us) = match self.has_place {
                true => (postgres.booked(self.slots.len(), BY_SOCKET).await?, f64::NAN),
                false => postgres.full(FULL).await.map(|(rate, used)| (rate, used.as_secs_f64() * 1e6))?,
            };
            self.found.postgres.push(rate);
            self.found.postgres_us.push(us);
            print!(" | {rate:.0} | {us:.0}");
        }
        if let (Some(redis), true) = (redis, self.has_place) {
            let rate = redis.booked(self.slots.len(), BY_SOCKET).await?;
            self.found.redis.push(rate);
            print!(" | {rate:.0}");
        }
        println!();
        Ok(())
    }

    /// Medians, and what they are of the peers'.
    fn tell(&mut self) {
        let Found { socket, socket_us, http, http_us, postgres, postgres_us, redis } = &mut self.found;
        let (socket, http) = (median(socket), median(http));
        let (socket_us, http_us) = (median(socket_us), median(http_us));
        let (postgres, postgres_us, redis) = (median(postgres), median(postgres_us), median(redis));
        println!(
            "{}: by socket {socket:.0}/s = {:.2} × PostgreSQL ({postgres:.0}/s), {:.2} × Redis ({redis:.0}/s); over HTTP {http:.0}/s = {:.2} ×, {:.2} ×",
            self.name,
            socket / postgres,
            socket / redis,
            http / postgres,
            http / redis
        );
        if !self.has_place {
            println!(
                "  in a second of the server's processors: {:.0} by socket, {:.0} over HTTP, PostgreSQL {:.0}: {:.2} × and {:.2} ×",
                1e6 / socket_us,
                1e6 / http_us,
                1e6 / postgres_us,
                postgres_us / socket_us,
                postgres_us / http_us
            );
        }
    }
}

/// So many a second, how long each took, and the server's CPU time for one, in µs.
async fn measured(server: &Server, asks: &Load, count: usize) -> Outcome<(f64, Histogram<u64>, f64)> {
    let before = cpu(&[server.pid()]);
    let (rate, times) = asks.run(count).await?;
    Ok((rate, times, (cpu(&[server.pid()]) - before).as_secs_f64() * 1e6 / count as f64))
}

fn quantiles_of(times: &Histogram<u64>) -> String {
    format!("{:.2} | {:.2}", ms(times, 0.5), ms(times, 0.99))
}

/// At so many a second, each in its moment whatever the answers take.
async fn at_half(server: &Server, asks: &Load, rate: f64, known: usize) -> Outcome {
    let count = (rate * HALF_S) as usize;
    let patients = register(server, &asks.token, known, ROUNDS * count).await?;
    let asks = Load { patients: Arc::new(patients), next: Arc::default(), ..asks.clone() };
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // another slot each: one has 100,000 places
        let asks = Load { slots: Arc::new(vec![Slot::nth(1 + round, 0)]), ..asks.clone() };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let times = asks.paced(rate, count).await?;
        println!(
            "at {rate:.0}/s, half of one hot slot's: p50 {:.2} ms, p99 {:.2} ms",
            ms(&times, 0.5),
            ms(&times, 0.99)
        );
        p50.push(ms(&times, 0.5));
        p99.push(ms(&times, 0.99));
    }
    println!("at half: p50 {:.2} ms, p99 {:.2} ms", median(&mut p50), median(&mut p99));
    Ok(())
}
