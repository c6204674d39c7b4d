//! `jiaohao replay`: recorded clinic days once more through the engine.

use std::path::PathBuf;

use super::{Failure, print_result};
use crate::replay::{self, Options};

/// Recorded clinic days in accelerated time through the engine: how good the expected waits were, against the naive "people
/// before × session mean so far". Nothing is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiaohao replay docs/replay/made-up-days.csv
  jiaohao replay june.csv --json

The file: UTF-8, with the columns session, ticket, arrived_at, called_at and service_s in any order (others are not
read). A row for each patient, those of a session in order of being called. Times are RFC 3339, HH:MM:SS or empty;
arrived_at empty: there before the session; called_at empty: never called. The first 20 sessions are for learning.")]
pub struct Args {
    /// The recorded days.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// One JSON object on stdout, no bar on stderr.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let options = Options { file: args.file, quiet: args.json };
    let result = actix::System::new().block_on(replay::run(options)).map_err(Failure::Failed)?;
    print_result(&if args.json { format!("{result}\n") } else { replay::summary(&result) })
}
