//! The made-up city runs by itself: it prints a link for each role, and everything that a queue knows happens.

use std::process::Command;

use jiaohao::demo::TOUR;

#[test]
fn every_role_has_a_link_and_every_rule_happens_in_each_hour_in_each_hospital() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
    // Two whole hours of the clinic: a minute and a half. What the machine takes for a step is clinic time, the faster it runs the more.
    command.args(["demo", "--port", "0", "--speed", "80", "--tour", "--for", "8m"]);
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
    let hours = text.lines().filter(|line| line.ends_with("everything that a queue knows, in each hospital")).count();
    assert!(hours == 2 && !text.contains("not seen:"), "not in each hour:\n{text}");
    let city = text.lines().find_map(|line| line.split_once("speed of the clock: ")).expect("what there is").1;
    let of_each = |what: &str| {
        let number = city.split([',', '.']).find_map(|part| part.trim().strip_suffix(what));
        number.and_then(|number| number.trim().parse::<u32>().ok()).unwrap_or_default()
    };
    for (what, least) in [("hospitals", 3), ("departments", 12), ("doctors", 40), ("boards", 8)] {
        assert!(of_each(what) >= least, "{least} {what}: {city}");
    }
}

#[test]
fn a_speed_that_there_is_not_is_refused() {
    for speed in ["0", "601", "fast"] {
        let said = Command::new(env!("CARGO_BIN_EXE_jiaohao")).args(["demo", "--port", "0", "--speed", speed]).output();
        let said = said.expect("it starts");
        let why = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.code() == Some(2) && why.contains("--speed"), "{speed}: {why}");
    }
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
