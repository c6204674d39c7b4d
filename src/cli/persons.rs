//! `jiaohao persons mend`: keys of persons that were damaged or lost, taken from a backup.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiaohao_actors::log::FolderLock;
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use serde_json::json;

use super::{Failure, look_into, named_folder, print_result};
use crate::house::folder::Folder;
use crate::identity::person_keys::PersonKeys;

/// The keys of persons in a data folder that is not in use.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take what is damaged or lost in persons/ from a backup of the same folder. What is there stays as it is.
    #[command(after_help = "Examples:
  jiaohao persons mend --data data --from backup")]
    Mend {
        /// The backup: a copy of the data folder.
        #[arg(long)]
        from: PathBuf,
        /// The data folder; absent: the configuration's.
        #[arg(long)]
        data: Option<PathBuf>,
        /// The configuration.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

fn no_backup(from: &Path) -> Failure {
    Failure::Failed(format!("there is no backup at {}: name it by --from", from.display()))
}

/// Runs it. The folder must not be in use.
pub fn run(args: Args) -> Result<(), Failure> {
    let Action::Mend { from, data, config } = args.action;
    let data = named_folder(data, config.as_deref())?;
    look_into(&data)?;
    look_into(&from).map_err(|closed| if from.is_dir() { closed } else { no_backup(&from) })?;
    let id = |folder: &PathBuf| match Folder::read(folder).map_err(Failure::failed)? {
        Some(known) => Ok(known.id),
        None if *folder == from => Err(Failure::Failed(format!(
            "{} is no backup of a data folder: name one by --from (of `jiaohao-copy backup` it is BACKUPS/latest)",
            folder.display()
        ))),
        None => Err(Failure::Failed(format!("{} is no data folder: name it by --data", folder.display()))),
    };
    if id(&data)? != id(&from)? {
        return Err(Failure::Failed(format!("{} is a backup of another folder", from.display())));
    }
    let _lock = FolderLock::take(&data, Timestamp(clock::wall_ms())).map_err(Failure::failed)?;
    let keys = PersonKeys::open(&data.join("persons")).map_err(Failure::failed)?;
    let taken = keys.take_from(&from.join("persons")).map_err(Failure::failed)?;
    print_result(&format!("{}\n", json!({ "taken": taken })))
}
