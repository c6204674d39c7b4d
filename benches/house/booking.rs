//! `book_slot` through the WebSocket door: 64 sockets signed in as desk, each command for a fresh registered patient,
//! one hot slot with room for all. In turn, in the same run, by the same load generator: PostgreSQL's contended row, one Lua
//! `EVAL` of Redis, and the bound: a bare server behind the same door (`bound.rs`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hdrhistogram::Histogram;
use jiaohao_actors::shell::clock;
use serde_json::json;
use uuid::Uuid;

use crate::Outcome;
use crate::bound::Bound;
use crate::client::{Http, Socket, address_of};
use crate::measure::{cpu, folder, load, median, ms, quantiles};
use crate::peers::{Postgres, Redis};
use crate::server::Server;

/// Clients of each.
pub const CLIENTS: usize = 64;
const ROUNDS: usize = 5;
/// Bookings of each in a round.
pub const BOOKINGS: usize = 10_000;
const REGISTERING: usize = 32;

/// Measures and prints.
pub async fn run() -> Outcome {
    let data = tempfile::Builder::new().prefix("booking").tempdir_in(folder())?;
    let (server, _) = Server::start(data.path()).await?;
    server.furnish(1).await?;
    let desk = server.token(&["--role", "desk", "--site", "b", "--account", "bench"])?;
    let patients = Arc::new(register(&server, &desk, ROUNDS * BOOKINGS + 1_000).await?);
    let postgres = Postgres::start()?;
    let redis = Redis::start().await?;
    let bounds = [Bound::start(1).await?, Bound::start(2).await?];
    println!("booking: {CLIENTS} clients, {BOOKINGS} bookings a round, one slot; load {}", load());
    println!(
        "round | jiaohao/s | p50 ms | p99 ms | server CPU µs | PostgreSQL/s | pgbench/s | Redis/s | redis-benchmark/s | bound/s | of two commits/s | its CPU µs | load"
    );
    let next = Arc::new(AtomicUsize::new(0));
    book(server.address, &desk, &patients, &next, 1_000).await?;
    let (mut own, mut of_postgres, mut of_pgbench, mut of_redis) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let before = cpu(&[server.pid()]);
        let (rate, times) = book(server.address, &desk, &patients, &next, BOOKINGS).await?;
        let cpu_us = (cpu(&[server.pid()]) - before).as_secs_f64() * 1e6 / BOOKINGS as f64;
        let (postgres, pgbench) = match &postgres {
            Some(postgres) => postgres.contended().await?,
            None => (f64::NAN, f64::NAN),
        };
        let (redis, redis_benchmark) = match &redis {
            Some(redis) => redis.evals().await?,
            None => (f64::NAN, f64::NAN),
        };
        let mut bare = Vec::new();
        let before = cpu(&[bounds[1].pid()]);
        for bound in &bounds {
            let own = Arc::new(AtomicUsize::new((round - 1) * BOOKINGS));
            bare.push(book(bound.address, &desk, &patients, &own, BOOKINGS).await?.0);
        }
        let bare_us = (cpu(&[bounds[1].pid()]) - before).as_secs_f64() * 1e6 / BOOKINGS as f64;
        println!(
            "{round:5} | {rate:9.0} | {:6.2} | {:6.2} | {cpu_us:13.0} | {postgres:12.0} | {pgbench:9.0} | {redis:7.0} | {redis_benchmark:17.0} | {:7.0} | {:16.0} | {bare_us:10.0} | {}",
            ms(&times, 0.5),
            ms(&times, 0.99),
            bare[0],
            bare[1],
            load()
        );
        own.push(rate);
        of_postgres.push(postgres);
        of_pgbench.push(pgbench);
        of_redis.push(redis);
        of_one.push(bare[0]);
        of_two.push(bare[1]);
    }
    let (own, postgres, redis) = (median(&mut own), median(&mut of_postgres), median(&mut of_redis));
    let pgbench = median(&mut of_pgbench);
    let (one, two) = (median(&mut of_one), median(&mut of_two));
    println!(
        "median: {own:.0}/s = {:.1} × PostgreSQL ({postgres:.0}/s; {:.1} × by pgbench, {pgbench:.0}/s), {:.2} × Redis ({redis:.0}/s)",
        own / postgres,
        own / pgbench,
        own / redis
    );
    println!(
        "a bare server through the same door: {one:.0}/s = {:.2} × Redis; with two commits in a row {two:.0}/s, of which ours is {:.2} ×",
        one / redis,
        own / two
    );
    server.stop()
}

/// Makes so many persons known over HTTP; their patient ids.
pub async fn register(server: &Server, token: &str, count: usize) -> Outcome<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..REGISTERING {
        let (mut http, next) = (Http::connect(server.address, Some(token)).await?, next.clone());
        tasks.push(tokio::spawn(async move {
            let mut known = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
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

/// So many bookings by 64 sockets, one at a time each: bookings a second, and how long each took.
async fn book(
    to: SocketAddr,
    token: &str,
    patients: &Arc<Vec<String>>,
    next: &Arc<AtomicUsize>,
    count: usize,
) -> Outcome<(f64, Histogram<u64>)> {
    let mut sockets = Vec::new();
    for n in 0..CLIENTS {
        sockets.push(Socket::signed_in(to, address_of(n), token).await?);
    }
    let until = next.load(Ordering::Relaxed) + count;
    let began = clock::monotonic();
    let tasks: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::spawn(book_until(socket, patients.clone(), next.clone(), until)))
        .collect();
    let mut times = quantiles();
    for task in tasks {
        times.add(task.await??)?;
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    // each socket has looked beyond the end once
    next.store(until, Ordering::Relaxed);
    Ok((rate, times))
}

async fn book_until(
    mut socket: Socket,
    patients: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
    until: usize,
) -> Outcome<Histogram<u64>> {
    let mut times = quantiles();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= until {
            return Ok(times);
        }
        let (key, patient) = (Uuid::now_v7(), &patients[n]);
        let command = format!(
            r#"{{"type":"command","id":"{n}","key":"{key}","command":{{"book_slot":{{"session":"b.d0.s","slot":"b.d0.s.0900","patient":"{patient}"}}}}}}"#
        );
        let began = clock::monotonic();
        socket.send(command).await?;
        let answer = socket.next().await?;
        times.record(u64::try_from(began.elapsed().as_nanos())?)?;
        if !answer.contains(r#""type":"done""#) {
            return Err(answer.as_str().into());
        }
    }
}
