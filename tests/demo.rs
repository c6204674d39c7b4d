//! The made-up city runs by itself: it prints a link for each role, and everything that a queue knows happens.

use std::process::Command;

use jiaohao::demo::TOUR;

#[test]
fn a_short_demo_shows_every_role_and_rule() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
    // It ends when all has been seen, however slow the machine is; what never happens would be missing at the end.
    command.args(["demo", "--port", "0", "--speed", "240", "--tour", "--for", "8m"]);
    let said = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}\n{}", String::from_utf8_lossy(&said.stderr));
    for page in ["/doctor#token=", "/desk#token=", "/board/", "/patient#token=", "/ops#token="] {
        assert_eq!(text.matches(page).count(), 1, "one link to {page}:\n{text}");
    }
    let said_aside = String::from_utf8_lossy(&said.stderr);
    assert!(!said_aside.contains("is yours now") && !text.contains("doctors taken over"), "{said_aside}\n{text}");
    let counted =
        |rule: &str| text.lines().any(|line| line.trim_start().split_once("  ").is_some_and(|(_, is)| is == rule));
    let missing: Vec<_> = TOUR.into_iter().filter(|rule| !counted(rule)).collect();
    assert!(missing.is_empty(), "did not happen: {missing:?}\n{text}");
}

#[test]
fn a_kept_folder_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    for (run, called) in ["first calls", "doctors still at work"].into_iter().enumerate() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
        command.args(["demo", "--port", "0", "--for", "12s", "--data"]).arg(folder.path().join("data"));
        // The speed is the folder's from then on.
        let said = if run == 0 { command.args(["--speed", "240"]).output() } else { command.output() };
        let said = said.expect("it starts");
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success(), "{text}\n{}", String::from_utf8_lossy(&said.stderr));
        for what in [called, "seen, next"] {
            assert!(text.contains(what), "run {run}, {what}:\n{text}");
        }
    }
    let mut other = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
    let said = other.args(["demo", "--speed", "10", "--port", "0", "--data"]).arg(folder.path().join("data")).output();
    let said = said.expect("it starts");
    assert!(!said.status.success());
    let why = String::from_utf8_lossy(&said.stderr);
    assert!(why.contains("at 240 times") && why.contains("--speed"), "{why}");
}

#[test]
fn a_port_that_is_taken_is_said_with_what_to_try() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let said = Command::new(env!("CARGO_BIN_EXE_jiaohao")).args(["demo", "--port", &port]).output().expect("it starts");
    let why = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && why.contains("try --port 9000") && !why.contains("token issue"), "{why}");
}
