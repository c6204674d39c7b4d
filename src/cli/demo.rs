//! `jiaohao demo`: a made-up city on one machine, played by real clients.

use std::path::PathBuf;
use std::time::Duration;

use super::Failure;
use crate::demo;

/// A made-up city: three hospitals, twelve departments, forty doctors, eight boards. Real WebSocket clients play the
/// patients, doctors, desks and screens that are not you. It prints the pages' addresses, each with a one-click sign-in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiaohao demo                                until Ctrl-C, a minute of clinic time each second
  jiaohao demo --for 60s                      an hour of the clinic, then a summary
  jiaohao demo --speed 240 --tour             two hours of the clinic: everything that a queue knows happens in each
  jiaohao demo --port 9000 --speed 10 --data /tmp/city")]
pub struct Args {
    /// Where it listens, on this machine only.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How much faster clinic time runs (60; a folder that stays keeps its own); at 1 the boards speak.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: Option<u32>,
    /// For how long, as 90s, 10m, 2h; absent: until Ctrl-C.
    #[arg(long = "for", value_parser = duration)]
    lasts: Option<Duration>,
    /// End when two whole hours of the clinic are over, in each of which everything that a queue knows happens in each
    /// hospital; with --for at the latest then.
    #[arg(long)]
    tour: bool,
    /// A folder that stays; absent: one for temporary files, gone at the end.
    #[arg(long)]
    data: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| "give 90s, 10m or 2h".to_owned())?;
    match unit {
        "s" | "" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3600)),
        _ => Err("give 90s, 10m or 2h".to_owned()),
    }
}

/// Runs it until its end.
pub fn run(args: Args) -> Result<(), Failure> {
    let speed = args.speed.map(f64::from);
    demo::run(demo::Options { port: args.port, speed, lasts: args.lasts, tour: args.tour, data: args.data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert!(duration("soon").is_err() && duration("5d").is_err());
    }
}
