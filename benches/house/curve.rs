//! What a booking costs from 10 to 10,000 departments, and from an empty log to a long one: it is to be the same everywhere.
//! `JIAOHAO_BENCH_BOOKINGS` says how many bookings the long log has, else a million.

use std::sync::Arc;

use jiaohao_actors::shell::clock;

use crate::Outcome;
use crate::generator::{CLIENTS, Door, Load, Slot, register};
use crate::measure::{cpu, folder, load, median, ms, rss_kib, size};
use crate::server::Server;

const DEPARTMENTS: [usize; 4] = [10, 100, 1_000, 10_000];
const ROUNDS: usize = 3;
/// Bookings of a round.
const BOOKINGS: usize = 10_000;
/// Bookings of a departments' server before the first round.
const FIRST: usize = 2_000;
const LONG: usize = 1_000_000;
/// Of the server with the long log: departments, and slots of each.
const FLOORS: (usize, usize) = (10, 20);
/// Persons that are made known at a time while the log is made long.
const BATCH: usize = 50_000;

/// Measures and prints.
pub async fn run() -> Outcome {
    println!("curve: {CLIENTS} clients, {ROUNDS} rounds of {BOOKINGS} bookings by socket; load {}", load());
    println!("departments | bookings/s | p50 ms | p99 ms | CPU µs a booking | memory MiB | set up in s");
    for departments in DEPARTMENTS {
        by_departments(departments).await?;
    }
    println!("bookings before | bookings/s | p50 ms | p99 ms | CPU µs a booking | memory MiB | log MiB");
    by_log().await?;
    println!("load {}", load());
    Ok(())
}

async fn by_departments(departments: usize) -> Outcome {
    let data = tempfile::Builder::new().prefix("curve").tempdir_in(folder())?;
    let (server, _) = Server::start(data.path()).await?;
    let began = clock::monotonic();
    server.furnish(departments, 1).await?;
    let set_up_s = began.elapsed().as_secs_f64();
    let asks = asks(&server, (0..departments).map(|n| Slot::nth(n, 0)).collect(), FIRST + ROUNDS * BOOKINGS).await?;
    asks.run(FIRST).await?;
    println!("{departments} | {} | {set_up_s:.0}", figures(&server, &asks).await?);
    server.stop()
}

async fn by_log() -> Outcome {
    let long = std::env::var("JIAOHAO_BENCH_BOOKINGS").ok().map_or(Ok(LONG), |bookings| bookings.parse())?;
    let data = tempfile::Builder::new().prefix("curve").tempdir_in(folder())?;
    let (server, _) = Server::start(data.path()).await?;
    server.furnish(FLOORS.0, FLOORS.1).await?;
    let slots = (0..FLOORS.1).flat_map(|k| (0..FLOORS.0).map(move |n| Slot::nth(n, k))).collect();
    let mut asks = asks(&server, slots, 0).await?;
    let (mut booked, mut marks) = (0, vec![0]);
    marks.extend([100_000, 1_000_000, 10_000_000].into_iter().filter(|mark| *mark <= long));
    for mark in marks {
        while booked < mark {
            booked += more(&server, &mut asks, booked, BATCH.min(mark - booked)).await?;
            asks.run(asks.patients.len()).await?;
        }
        more(&server, &mut asks, booked, ROUNDS * BOOKINGS).await?;
        let log_mib = size(&data.path().join("log"))? as f64 / f64::from(1 << 20);
        println!("{booked} | {} | {log_mib:.0}", figures(&server, &asks).await?);
        booked += ROUNDS * BOOKINGS;
    }
    server.stop()
}

async fn asks(server: &Server, slots: Vec<Slot>, known: usize) -> Outcome<Load> {
    let token = server.token(&["--role", "desk", "--site", "b", "--account", "bench"])?;
    let patients = Arc::new(register(server, &token, 0, known).await?);
    let (to, door) = (server.address, Door::WebSocket);
    Ok(Load { to, door, token, patients, next: Arc::default(), slots: Arc::new(slots), has_place: true })
}

/// So many who have not booked.
async fn more(server: &Server, asks: &mut Load, from: usize, count: usize) -> Outcome<usize> {
    asks.patients = Arc::new(register(server, &asks.token, from, count).await?);
    asks.next = Arc::default();
    Ok(count)
}

/// Medians of the rounds.
async fn figures(server: &Server, asks: &Load) -> Outcome<String> {
    let pids = [server.pid()];
    let (mut rates, mut p50, mut p99, mut us) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = cpu(&pids);
        let (rate, times) = asks.run(BOOKINGS).await?;
        us.push((cpu(&pids) - before).as_secs_f64() * 1e6 / BOOKINGS as f64);
        rates.push(rate);
        p50.push(ms(&times, 0.5));
        p99.push(ms(&times, 0.99));
    }
    let [rate, p50, p99, us] = [&mut rates, &mut p50, &mut p99, &mut us].map(|values| median(values));
    Ok(format!("{rate:.0} | {p50:.2} | {p99:.2} | {us:.0} | {:.0}", rss_kib(&pids) / 1024.0))
}
