//! `jiaohao config default` and `jiaohao config check FILE`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Failure, print_result, settings};
use crate::config::Settings;

/// Print a commented default configuration, or check a file.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print every setting with its meaning, default and allowed values.
    #[command(after_help = "Examples:\n  jiaohao config default > jiaohao.toml")]
    Default,
    /// Check a file (and the JIAOHAO_ variables of the environment); exit code 2 when something is wrong.
    #[command(
        after_help = "Examples:\n  jiaohao config check jiaohao.toml\n  JIAOHAO_SERVER__LISTEN=0.0.0.0:80 jiaohao config check jiaohao.toml"
    )]
    Check {
        /// The file.
        file: PathBuf,
    },
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Default => print_result(&Settings::template()),
        Action::Check { file } => {
            let settings = settings(Some(&file))?;
            print_result(&format!(
                "{}: in order (listens on {}, data in {})\n",
                file.display(),
                settings.server.listen,
                settings.data.dir.display()
            ))
        }
    }
}
