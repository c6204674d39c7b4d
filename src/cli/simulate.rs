//! `jiaohao simulate`: load through the public doors, judged from outside.

use super::{Failure, print_result};
use crate::simulate::{self, Options};

/// Load through the public doors, with an outside ledger that checks the invariants. Without --url it starts its own
/// server with an accelerated clock, kills it with -9 three times and verifies its journal at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiaohao simulate --patients 200 --doctors 8 --screens 40
  jiaohao simulate --patients 2000 --doctors 40 --screens 500 --seed 1 --json
  jiaohao simulate --release-storm --people 100000 --places 20000
  JIAOHAO_TOKEN=$(jiaohao token issue --role operator --may-issue) jiaohao simulate --url http://127.0.0.1:8080

With --url the server's folder must be one made for test, and JIAOHAO_TOKEN an operator's that may issue tokens.
Exit code 1 if an invariant is broken.")]
pub struct Args {
    /// A running server on a folder made for test; absent: a server of its own.
    #[arg(long)]
    url: Option<String>,
    /// The minute of a release instead, on a server of its own in real time: who gets a place, who waits how long, and what
    /// a doctor's calls take beside it.
    #[arg(long, conflicts_with_all = ["url", "patients", "doctors", "screens", "speed"])]
    release_storm: bool,
    /// How many signed-in people want a place (with --release-storm).
    #[arg(long, default_value_t = 2_000, requires = "release_storm", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    people: u32,
    /// How many places are released (with --release-storm).
    #[arg(long, default_value_t = 400, requires = "release_storm", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    places: u32,
    /// How long it is looked at, in seconds (with --release-storm).
    #[arg(long, default_value_t = 60, requires = "release_storm", value_parser = clap::value_parser!(u32).range(3..=1_800))]
    minute_s: u32,
    /// `limits.release_at_once` of the server (with --release-storm).
    #[arg(long, default_value_t = 300, requires = "release_storm", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    at_once: u32,
    /// How many patients.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    patients: u32,
    /// How many doctors.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=400))]
    doctors: u32,
    /// How many waiting-room screens.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    screens: u32,
    /// How much faster clinic time runs (its own server only).
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: u32,
    /// Who comes when, what becomes of whom, when the server is killed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object on stdout; lines instead of bars on stderr.
    #[arg(long)]
    json: bool,
    /// The operator's token, with --url.
    #[arg(long, env = "JIAOHAO_TOKEN", hide = true, hide_env_values = true)]
    token: Option<String>,
}

/// Runs it; fails when an invariant is broken.
pub fn run(args: Args) -> Result<(), Failure> {
    if args.release_storm {
        return storm(&args);
    }
    let operator = match (&args.url, args.token) {
        (None, _) => None,
        (Some(_), None) => return Err(Failure::Usage("--url needs an operator's token in JIAOHAO_TOKEN".to_owned())),
        (Some(_), token) => token,
    };
    let options = Options {
        url: args.url,
        operator,
        patients: args.patients as usize,
        doctors: args.doctors as usize,
        screens: args.screens as usize,
        speed: f64::from(args.speed),
        seed: args.seed,
        quiet: args.json,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
    let outcome = runtime.block_on(simulate::run(options)).map_err(Failure::Failed)?;
    let text = if args.json { format!("{}\n", outcome.json) } else { simulate::summary(&outcome.json) };
    print_result(&text)?;
    if outcome.broken { Err(Failure::Failed("an invariant is broken".to_owned())) } else { Ok(()) }
}

/// Runs the minute of a release; fails when the numbers do not come out.
fn storm(args: &Args) -> Result<(), Failure> {
    let options = simulate::storm::Options {
        people: args.people as usize,
        places: args.places as usize,
        minute_s: u64::from(args.minute_s),
        at_once: args.at_once as usize,
        seed: args.seed,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().on_thread_start(simulate::storm::give_way).build().map_err(Failure::failed)?;
    let outcome = runtime.block_on(simulate::storm::run(options)).map_err(Failure::Failed)?;
    let text = if args.json { format!("{}\n", outcome.json) } else { simulate::storm::table(&outcome.json) };
    print_result(&text)?;
    if outcome.broken { Err(Failure::Failed("the numbers do not come out".to_owned())) } else { Ok(()) }
}
