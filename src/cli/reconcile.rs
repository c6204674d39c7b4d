//! `jiaohao reconcile`: the payment provider's file of a day against the house.

use std::path::{Path, PathBuf};

use jiaohao_domain::{BusinessDate, SiteId};

use super::account::Token;
use super::{Failure, print_result};
use crate::clients::http::{Door, the_site};
use crate::reconcile::{self, FILE_MAX_BYTES, Kind, Line};

/// The payment provider's file of a day against what the house has: every difference, a line each.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  export JIAOHAO_TOKEN=$(jiaohao token issue --role operator)
  jiaohao reconcile --date 2026-11-23 --file 20261123.csv
  jiaohao reconcile --date 2026-11-23 --file 20261122.csv --file 20261123.csv    what was paid at midnight too

A file is as docs/payment.md has it. Exit code 0: the two agree; 1: they differ, or the server did not answer.")]
pub struct Args {
    /// The day, as 2026-11-23.
    #[arg(long, value_parser = day)]
    date: BusinessDate,
    /// The provider's file; those of the days beside it explain what was paid at midnight.
    #[arg(long = "file", value_name = "FILE.csv", required = true)]
    files: Vec<PathBuf>,
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// An operator's.
    #[command(flatten)]
    token: Token,
    /// The site, where the server has several.
    #[arg(long, value_parser = super::import::site)]
    site: Option<SiteId>,
}

fn day(text: &str) -> Result<BusinessDate, String> {
    let date = text.parse().map(BusinessDate);
    date.map_err(|_| "a day is year, month, day, as 2026-11-23".to_owned())
}

fn read(path: &Path) -> Result<Vec<Line>, Failure> {
    let wrong = |what: String| Failure::Usage(format!("{}: {what}", path.display()));
    let length = path.metadata().map_err(|error| wrong(error.to_string()))?.len();
    if length > FILE_MAX_BYTES {
        return Err(wrong("it is longer than a day's file".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    reconcile::read(&text).map_err(wrong)
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let mut there = Vec::new();
    for file in &args.files {
        there.extend(read(file)?);
    }
    let token = args.token.needed()?;
    let door = Door::with_or_without_tls(&args.url).map_err(Failure::Usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let asked = runtime.block_on(async {
        let site = match args.site {
            Some(site) => site,
            None => the_site(&door.sites(&token).await.map_err(Failure::failed)?).map_err(Failure::Usage)?,
        };
        reconcile::ask(&door, &token, &site, args.date).await.map_err(Failure::failed)
    });
    let here = asked?;
    let differences = reconcile::differences(args.date, &there, &here);
    for difference in &differences {
        print_result(&format!("{difference}\n"))?;
    }
    let day = args.date.0.to_string();
    let count = |lines: &[Line], kind: Kind| lines.iter().filter(|l| l.kind == kind && l.at.starts_with(&day)).count();
    let counted = |lines: &[Line]| (count(lines, Kind::Payment), count(lines, Kind::Refund));
    let ((paid, back), (paid_here, back_here)) = (counted(&there), counted(&here));
    eprintln!("{day}: {paid} payments and {back} refunds there, {paid_here} and {back_here} here");
    match differences.len() {
        0 => Ok(()),
        1 => Err(Failure::Failed(format!("{day}: 1 difference"))),
        many => Err(Failure::Failed(format!("{day}: {many} differences"))),
    }
}
