//! What the doors cost, and against whom: the server as a process of its own, its peers beside it, one load generator
//! for all of them. Results and their reading: `benches/README.md`.
//!
//! `cargo bench --bench house -- booking | places | curve | fanout | next_to_screen | cold_start` (none: all). Peers are Debian's
//! `postgresql-15`, `redis-server` with `redis-tools`, `nginx` with `libnginx-mod-nchan`; one that is missing is said to
//! be missing. `JIAOHAO_BENCH_DIR` is the folder that the data goes to (a real disk), else the target folder.

mod booking;
mod bound;
mod client;
mod cold_start;
mod curve;
mod fanout;
mod generator;
mod measure;
mod next_to_screen;
mod peers;
mod places;
mod server;

/// Whatever went wrong ends a bench with its words.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Open files that the sockets of one side need.
const OPEN_FILES: u64 = 6_000;

fn main() -> Outcome {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let limit = rustix::process::Rlimit { current: allowed, maximum: allowed };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit)?;
    if allowed.is_some_and(|files| files < OPEN_FILES) {
        println!("only {allowed:?} open files are allowed: a bench with many sockets may fail");
    }
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    if let [name, folder, commits] = asked.as_slice()
        && name == bound::SERVER
    {
        return runtime()?.block_on(bound::serve(folder.as_ref(), commits.parse()?));
    }
    if wanted("booking") {
        runtime()?.block_on(booking::run())?;
    }
    if wanted("places") {
        runtime()?.block_on(places::run())?;
    }
    if wanted("curve") {
        runtime()?.block_on(curve::run())?;
    }
    if wanted("fanout") {
        runtime()?.block_on(fanout::run())?;
    }
    if wanted("next_to_screen") {
        runtime()?.block_on(next_to_screen::run())?;
    }
    if wanted("cold_start") {
        cold_start::run()?;
    }
    Ok(())
}
