//! The command line: one file for each subcommand, with its `Args` and its `run`. Results go to stdout, logs to
//! stderr; the exit code is 0 for done, 1 for failed, 2 for wrong usage or configuration.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Settings;

mod account;
pub mod board;
pub mod config;
pub mod demo;
pub mod import;
pub mod journal;
pub mod logging;
pub mod persons;
pub mod reconcile;
pub mod replay;
pub mod sandbox;
pub mod serve;
pub mod simulate;
pub mod token;
pub mod voice;

/// A hospital's booking, queueing and calling engine.
#[derive(Debug, Parser)]
#[command(name = "jiaohao", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  jiaohao demo                                 a made-up city on this machine
  jiaohao serve --config jiaohao.toml          the server
  jiaohao import house/*.csv                   departments, rooms, doctors, queues, areas, sessions, staff
  jiaohao simulate --patients 200 --doctors 8   load, three kill -9, and a judge outside
  jiaohao replay days.csv                      recorded clinic days: how good were the expected waits?
  jiaohao sandbox all                          text messages, WeChat and notifications, played on this machine
  jiaohao sandbox pay                          a payment provider, played on this machine
  jiaohao reconcile --date 2026-11-23 --file 20261123.csv    the payment provider's day against the house
  jiaohao config default > jiaohao.toml        a commented configuration to start from
  jiaohao config check jiaohao.toml            what is wrong with it, by line and field
  jiaohao journal verify --data data           is every record of a folder's log sound?
  jiaohao token issue --role operator --may-issue --account setup
  jiaohao voice make --data data               the computer reads what the screens say
  jiaohao board --url http://localhost:8080 --board renmin.3f      a waiting-room display in a terminal

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. Logs go to stderr, results to stdout.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Import(import::Args),
    Board(board::Args),
    Simulate(simulate::Args),
    Replay(replay::Args),
    Sandbox(sandbox::Args),
    Reconcile(reconcile::Args),
    Config(config::Args),
    Journal(journal::Args),
    Persons(persons::Args),
    Token(token::Args),
    Voice(voice::Args),
}

/// Why a subcommand did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Exit code 1: it was understood and went wrong.
    #[error("{0}")]
    Failed(String),
    /// Exit code 2: the command line or the configuration is wrong.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// Wraps an error of something that went wrong.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

/// Reads the process's command line, runs it, and says how it went.
pub fn main() -> ExitCode {
    // What is in a hospital's files is for the account that runs the program alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let outcome = match CommandLine::parse().command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Import(args) => import::run(args),
        Command::Board(args) => board::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Reconcile(args) => reconcile::run(args),
        Command::Config(args) => config::run(args),
        Command::Journal(args) => journal::run(args, &crate::kinds::kinds()),
        Command::Persons(args) => persons::run(args),
        Command::Token(args) => token::run(args),
        Command::Voice(args) => voice::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            logging::say_failed(&failure.to_string());
            failure.exit_code()
        }
    }
}

/// The settings of this file (the built-in ones without) under the environment; everything that is wrong with them is
/// exit code 2.
pub fn settings(file: Option<&Path>) -> Result<Settings, Failure> {
    for name in Settings::unheeded() {
        eprintln!("jiaohao: {name} is no setting and is not heeded (a setting is JIAOHAO_SECTION__KEY)");
    }
    let mut settings = Settings::load(file).map_err(|problems| Failure::Usage(problems.to_string()))?;
    // Whoever reads a message need not know where the process was started.
    settings.data.dir = std::path::absolute(&settings.data.dir).map_err(Failure::failed)?;
    Ok(settings)
}

/// The data folder that a command beside the server is for: the one that is named, else the configuration's.
pub fn named_folder(data: Option<PathBuf>, config: Option<&Path>) -> Result<PathBuf, Failure> {
    match data {
        Some(data) => std::path::absolute(data).map_err(Failure::failed),
        None => Ok(settings(config)?.data.dir),
    }
}

/// Whether that folder is there and open to this user, before anything is missed within it.
pub fn look_into(dir: &Path) -> Result<(), Failure> {
    std::fs::read_dir(dir).map(drop).map_err(|error| cannot_enter(dir, &error))
}

/// Why a folder, or what is in it, cannot be read, and what to do.
pub fn cannot_enter(path: &Path, error: &std::io::Error) -> Failure {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    let path = path.display();
    Failure::Failed(match error.kind() {
        NotFound | NotADirectory => format!(
            "there is no data folder at {path}: name it by --data, or the configuration that has it (data.dir) by --config"
        ),
        PermissionDenied => {
            format!("{path} is closed to this user: run as its owner, `sudo -u jiaohao jiaohao …`")
        }
        _ => format!("{path}: {error}"),
    })
}

/// Prints a result on stdout. A reader that has gone away (`jiaohao … | head`) is no failure.
pub fn print_result(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_folder_that_is_closed_or_not_there_sends_nobody_to_the_backup() {
        let closed = cannot_enter(Path::new("/d"), &std::io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(closed.contains("/d is closed to this user") && closed.contains("sudo -u jiaohao"), "{closed}");
        let folder = tempfile::tempdir().expect("a folder");
        assert!(look_into(folder.path()).is_ok());
        let gone = look_into(&folder.path().join("no")).expect_err("not there").to_string();
        assert!(gone.contains("there is no data folder at /") && gone.contains("--config"), "{gone}");
    }

    #[test]
    fn every_subcommand_shows_examples() {
        fn walk(command: &clap::Command) {
            if !command.has_subcommands() || command.get_name() == "jiaohao" {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:"), "`{}` has no examples in its help", command.get_name());
            }
            command.get_subcommands().filter(|sub| sub.get_name() != "help").for_each(walk);
        }
        walk(&CommandLine::command());
    }
}
