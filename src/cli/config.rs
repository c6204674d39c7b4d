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
    /// Check a file (and the JIAOHAO_ variables of the environment), and the data folder that it names, as the user who
    /// runs this; exit code 2 when something is wrong, a channel is filled in and off, or a start would be refused.
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
            let channels = settings.channels();
            if !channels.half.is_empty() {
                let said: Vec<_> = channels.half.iter().map(|half| format!("{}: {half}", file.display())).collect();
                return Err(Failure::Usage(said.join("\n")));
            }
            for odd in settings.odd().into_iter().chain(settings.of_the_machine()) {
                eprintln!("{}: WARN: {odd}", file.display());
            }
            if let Some(refused) = settings.refused() {
                return Err(Failure::Usage(format!("{}: {refused}", file.display())));
            }
            let on = if channels.on.is_empty() { "none".to_owned() } else { channels.on.join(", ") };
            print_result(&format!(
                "{}: in order (listens on {}, data in {}, outside channels that are on: {on})\n",
                file.display(),
                settings.server.listen,
                settings.data.dir.display()
            ))
        }
    }
}
