//! `jiaohao token issue`: a signed token for scripts, made with the key of a data folder.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use jiaohao_domain::{BoardId, DepartmentId, DoctorId, Role, ScreenId, SiteId, Timestamp, is_well_formed};

use super::{Failure, cannot_enter, look_into, named_folder, print_result, settings};
use crate::http::requests::IssueToken;
use crate::identity::keys::{KeyError, KeyName, Keys};
use crate::identity::scripts;
use crate::identity::tokens::{Claims, Tokens};

/// Signed tokens for scripts.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token and print it. Who can read the key of the data folder may make one.
    #[command(after_help = "Examples:
  jiaohao token issue --role operator --may-issue --account setup
  jiaohao token issue --role integrator --site renmin --account his --ttl-s 7776000
  jiaohao token issue --role screen --site renmin --screen renmin.s1 --board renmin.outpatient-3f --account hall-screen
  JIAOHAO_TOKEN=$(jiaohao token issue --role desk --site renmin --account desk-script) ./my-script")]
    Issue(Issue),
}

#[derive(Debug, clap::Args)]
struct Issue {
    /// In which role.
    #[arg(long)]
    role: IssuedRole,
    /// Name under which the script appears in the audit (a-z, 0-9, -, _).
    #[arg(long, default_value = "script")]
    account: String,
    /// The site (every role but an operator of all sites).
    #[arg(long, value_parser = id)]
    site: Option<String>,
    /// A department (desk, kiosk), again for more; none: all of the site.
    #[arg(long = "department", value_parser = id)]
    departments: Vec<String>,
    /// Which doctor (role doctor).
    #[arg(long, value_parser = id)]
    doctor: Option<String>,
    /// Which screen (role screen).
    #[arg(long, value_parser = id)]
    screen: Option<String>,
    /// The board that the screen shows (role screen).
    #[arg(long, value_parser = id)]
    board: Option<String>,
    /// The script may issue tokens itself (role operator).
    #[arg(long)]
    may_issue: bool,
    /// How long it holds, in seconds; absent: a day.
    #[arg(long, default_value_t = 86_400)]
    ttl_s: i64,
    /// The data folder; absent: the configuration's.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The configuration.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// The roles that a script can have: a patient signs in with a phone, not with a token from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum IssuedRole {
    Doctor,
    Desk,
    Kiosk,
    Screen,
    Operator,
    Integrator,
}

impl IssuedRole {
    fn role(self) -> Role {
        match self {
            Self::Doctor => Role::Doctor,
            Self::Desk => Role::Desk,
            Self::Kiosk => Role::Kiosk,
            Self::Screen => Role::Screen,
            Self::Operator => Role::Operator,
            Self::Integrator => Role::Integrator,
        }
    }
}

fn id(text: &str) -> Result<String, String> {
    if is_well_formed(text) {
        Ok(text.to_owned())
    } else {
        Err("an id is a-z, 0-9, -, _ in parts joined by dots".to_owned())
    }
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let Action::Issue(issue) = args.action;
    let settings = settings(issue.config.as_deref())?;
    let claims =
        claims(&issue, settings.identity.script_token_ttl_s, Timestamp(jiaohao_actors::shell::clock::wall_ms()))?;
    let data = named_folder(issue.data.clone(), issue.config.as_deref())?;
    look_into(&data)?;
    let keys = Keys::open(&data.join("keys"), false).map_err(|error| no_keys(&data, &error))?;
    print_result(&format!("{}\n", Tokens::new(keys.get(KeyName::Token)).issue(&claims)))
}

/// A folder that is none has lost no key, and what is closed is not lost.
fn no_keys(data: &Path, error: &KeyError) -> Failure {
    match error {
        KeyError::Missing(_) if !["keys", "folder.json", "log"].iter().any(|part| data.join(part).exists()) => {
            cannot_enter(data, &std::io::ErrorKind::NotFound.into())
        }
        KeyError::Io { path, error } => cannot_enter(path, error),
        lost => Failure::failed(lost),
    }
}

/// What the command line asks for, if it makes sense.
fn claims(issue: &Issue, most_s: i64, now: Timestamp) -> Result<Claims, Failure> {
    if issue.may_issue && issue.role != IssuedRole::Operator {
        return Err(Failure::Usage("--may-issue is for --role operator".to_owned()));
    }
    let asked = IssueToken {
        name: issue.account.clone(),
        role: issue.role.role(),
        site: issue.site.as_deref().map(SiteId::from),
        departments: issue.departments.iter().map(|text| DepartmentId::from(text.as_str())).collect(),
        doctor: issue.doctor.as_deref().map(DoctorId::from),
        screen: issue.screen.as_deref().map(ScreenId::from),
        board: issue.board.as_deref().map(BoardId::from),
        ttl_s: issue.ttl_s,
    };
    let mut claims = scripts::claims(&asked, most_s, now).map_err(|rejection| Failure::Usage(rejection.detail))?;
    claims.may_issue = issue.may_issue;
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::identity::keys::Key;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        issue: Issue,
    }

    fn asked(line: &str) -> Result<Claims, Failure> {
        let issue = Line::try_parse_from(std::iter::once("issue").chain(line.split_whitespace()))
            .map_err(Failure::failed)?
            .issue;
        claims(&issue, 86_400, Timestamp(1_000_000))
    }

    #[test]
    fn what_is_asked_for_is_in_the_token() {
        let claims = asked("--role desk --site s --department s.d --department s.e --account desk-1 --ttl-s 60")
            .expect("makes sense");
        let tokens = Tokens::new(&Key::from_bytes([1; 32]));
        let read = tokens.read(&tokens.issue(&claims), Timestamp(1_000_000)).expect("holds");
        assert_eq!((read.role, read.account.as_str(), read.exp), (Role::Desk, "a-script.s.desk-1", 1060));
        assert_eq!(read.departments, [DepartmentId::new("s.d"), DepartmentId::new("s.e")]);
        assert_eq!(asked("--role screen --screen s.s1 --board s.b").expect("makes sense").site, Some(SiteId::new("s")));
        assert_eq!(asked("--role operator --may-issue").expect("of all sites").site, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "--role desk",
            "--role doctor --site s",
            "--role doctor --site x --doctor s.li",
            "--role screen --site s --board s.b",
            "--role desk --site s --department x.d",
            "--role desk --site s --may-issue",
            "--role operator --ttl-s 0",
            "--role operator --ttl-s 86401",
            "--role operator --account Li",
            "--role patient",
            "--role system",
            "--role desk --site S",
        ] {
            assert!(asked(line).is_err(), "{line}");
        }
    }
}
