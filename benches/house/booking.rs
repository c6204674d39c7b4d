//! `book_slot` through the WebSocket door: 64 sockets signed in as desk, each command for a fresh registered patient,
//! one hot slot with room for all. In turn, in the same run, by the same load generator: PostgreSQL's contended row, one Lua
//! `EVAL` of Redis, and the bound: a bare server behind the same door (`bound.rs`).

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::Outcome;
use crate::bound::Bound;
use crate::generator::{CLIENTS, Door, Load, Slot, register};
use crate::measure::{cpu, folder, load, median, ms};
use crate::peers::{Postgres, Redis};
use crate::server::Server;

const ROUNDS: usize = 5;
/// Bookings of each in a round.
const BOOKINGS: usize = 10_000;
/// Scripts of Redis in a round: it is done with fewer before the clock has moved much.
const SCRIPTS: usize = 40_000;

/// Measures and prints.
pub async fn run() -> Outcome {
    let data = tempfile::Builder::new().prefix("booking").tempdir_in(folder())?;
    let (server, _) = Server::start(data.path()).await?;
    server.furnish(1, 1).await?;
    let desk = server.token(&["--role", "desk", "--site", "b", "--account", "bench"])?;
    let patients = Arc::new(register(&server, &desk, 0, ROUNDS * BOOKINGS + 1_000).await?);
    let postgres = Postgres::start()?;
    let redis = Redis::start().await?;
    let bounds = [Bound::start(1).await?, Bound::start(2).await?];
    println!("booking: {CLIENTS} clients, {BOOKINGS} bookings a round, one slot; load {}", load());
    println!(
        "round | jiaohao/s | p50 ms | p99 ms | server CPU µs | PostgreSQL/s | pgbench/s | Redis/s | redis-benchmark/s | bound/s | of two commits/s | its CPU µs | load"
    );
    let hot = Load {
        to: server.address,
        door: Door::WebSocket,
        token: desk,
        patients,
        next: Arc::default(),
        slots: Arc::new(vec![Slot::hot()]),
        has_place: true,
    };
    hot.run(1_000).await?;
    let (mut own, mut of_postgres, mut of_pgbench, mut of_redis) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let before = cpu(&[server.pid()]);
        let (rate, times) = hot.run(BOOKINGS).await?;
        let cpu_us = (cpu(&[server.pid()]) - before).as_secs_f64() * 1e6 / BOOKINGS as f64;
        let (postgres, pgbench) = match &postgres {
            Some(postgres) => (postgres.booked(1, BOOKINGS).await?, postgres.benchmark()?),
            None => (f64::NAN, f64::NAN),
        };
        let (redis, redis_benchmark) = match &redis {
            Some(redis) => (redis.booked(1, SCRIPTS).await?, redis.benchmark(SCRIPTS)?),
            None => (f64::NAN, f64::NAN),
        };
        let mut bare = Vec::new();
        let before = cpu(&[bounds[1].pid()]);
        for bound in &bounds {
            let next = Arc::new(AtomicUsize::new((round - 1) * BOOKINGS));
            bare.push(Load { to: bound.address, next, ..hot.clone() }.run(BOOKINGS).await?.0);
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
