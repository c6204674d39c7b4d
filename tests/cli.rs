//! The command line from outside: results on stdout, faults on stderr, exit codes 0, 1 and 2.

use std::path::Path;
use std::process::{Command, Output};

use jiaohao::identity::keys::{KeyName, Keys};
use jiaohao::identity::tokens::Tokens;
use jiaohao_domain::{Role, Timestamp};

fn jiaohao(arguments: &[&str], folder: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
    command.args(arguments).current_dir(folder).env_clear().envs(environment.iter().copied());
    command.output().expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn the_default_configuration_checks_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = jiaohao(&["config", "default"], folder.path(), &[]);
    assert_eq!(printed.status.code(), Some(0));
    std::fs::write(folder.path().join("jiaohao.toml"), &printed.stdout).expect("written");
    let checked = jiaohao(&["config", "check", "jiaohao.toml"], folder.path(), &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    assert!(stdout(&checked).contains("in order"));
}

#[test]
fn a_wrong_configuration_is_exit_code_2_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.toml"), "[limits]\nsubscriptions = 0\n").expect("written");
    let checked = jiaohao(&["config", "check", "a.toml"], folder.path(), &[]);
    assert_eq!((checked.status.code(), stdout(&checked).as_str()), (Some(2), ""));
    assert!(
        stderr(&checked).contains("a.toml, line 2, limits.subscriptions: 0 is out of range (allowed: 1 to 10000)"),
        "{}",
        stderr(&checked)
    );
    std::fs::write(folder.path().join("b.toml"), "").expect("written");
    let checked = jiaohao(&["config", "check", "b.toml"], folder.path(), &[("JIAOHAO_SERVER__LISTEN", "nowhere")]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stderr(&checked).contains("JIAOHAO_SERVER__LISTEN, server.listen"), "{}", stderr(&checked));
    assert_eq!(jiaohao(&["config", "check", "missing.toml"], folder.path(), &[]).status.code(), Some(2));
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_0() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in
        [&["no-such"][..], &["token", "issue", "--role", "nobody"], &["token", "issue", "--role", "desk"], &[]]
    {
        assert_eq!(jiaohao(arguments, folder.path(), &[]).status.code(), Some(2), "{arguments:?}");
    }
    let help = jiaohao(&["--help"], folder.path(), &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("Examples:"));
}

#[test]
fn a_token_is_made_with_the_folders_key_and_never_makes_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let issue = ["token", "issue", "--role", "integrator", "--site", "renmin", "--account", "his", "--data", "data"];
    let none = jiaohao(&issue, folder.path(), &[]);
    assert_eq!((none.status.code(), stdout(&none).as_str()), (Some(1), ""));
    assert!(!folder.path().join("data").exists(), "asking for a token made a folder");
    let keys = Keys::open(&folder.path().join("data/keys"), true).expect("made");
    let issued = jiaohao(&issue, folder.path(), &[]);
    assert_eq!(issued.status.code(), Some(0), "{}", stderr(&issued));
    let now = Timestamp(jiaohao_actors::shell::clock::wall_ms());
    let claims = Tokens::new(keys.get(KeyName::Token)).read(stdout(&issued).trim(), now).expect("of this house");
    assert_eq!((claims.role, claims.account.as_str()), (Role::Integrator, "a-script.renmin.his"));
    assert!(claims.expires_at() > now.plus_s(86_000));
}
