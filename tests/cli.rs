//! The command line from outside: results on stdout, faults on stderr, exit codes 0, 1 and 2.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

mod program;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use jiaohao::identity::keys::{KeyName, Keys};
use jiaohao::identity::tokens::Tokens;
use jiaohao::kinds::kinds;
use jiaohao_actors::codec;
use jiaohao_actors::log::{Log, Record, SegmentLog, SegmentOptions, ShardId};
use jiaohao_actors::store::{Snapshot, Store};
use jiaohao_domain::{OwnerKind, OwnerRef, Role, Timestamp, doctor};
use wait_timeout::ChildExt;

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
    assert!(stdout(&checked).contains("in order") && stdout(&checked).contains("channels that are on: none"));
}

#[test]
fn what_is_hardly_meant_is_warned_of_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.toml"), "[data]\ndir = \"~/data\"\n").expect("written");
    let checked = jiaohao(&["config", "check", "a.toml"], folder.path(), &[("JIAOHAO_SERVER__LISTEN", "0.0.0.0:8080")]);
    assert!(stderr(&checked).contains("a.toml: WARN: server.listen") && stderr(&checked).contains("WARN: data.dir"));
    // There is no folder ~ within which a start would make it.
    assert_eq!(checked.status.code(), Some(2), "{}", stderr(&checked));
    std::fs::create_dir(folder.path().join("~")).expect("made");
    let checked = jiaohao(&["config", "check", "a.toml"], folder.path(), &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    assert!(stdout(&checked).contains("in order") && !folder.path().join("~/data").exists());
}

#[test]
fn a_channel_that_is_filled_in_and_off_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |text: &str, env: &[(&str, &str)]| {
        std::fs::write(folder.path().join("a.toml"), text).expect("written");
        jiaohao(&["config", "check", "a.toml"], folder.path(), env)
    };
    for (text, says) in [
        ("[sms]\nkey_id = \"k\"\n", "a.toml: sms.key_id is given and sms.url is not: text messages stay off"),
        ("[sms]\ntemplate_stopped = \"1\"\n", "sms.template_stopped is given and sms.url is not"),
        ("[wechat]\ncallback_token = \"t\"\n", "wechat.callback_token is given and wechat.app_id is not"),
        (
            "[push]\nurl = \"http://127.0.0.1:9400\"\n",
            "push.url is given and push.contact is not: notifications stay off",
        ),
    ] {
        let checked = check(text, &[]);
        assert_eq!((checked.status.code(), stdout(&checked).as_str()), (Some(2), ""), "{text}");
        assert!(stderr(&checked).contains(says), "{}", stderr(&checked));
    }
    let checked = check("", &[("JIAOHAO_SMS__SECRET", "s3cret")]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stderr(&checked).contains("sms.secret is given") && !stderr(&checked).contains("s3cret"));
    let checked = check("[wechat]\nurl = \"https://api.weixin.qq.com\"\n[push]\ncontact = \"mailto:a@b.cn\"\n", &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    assert!(stdout(&checked).contains("channels that are on: push)"), "{}", stdout(&checked));
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

#[test]
fn verify_full_names_the_owner_whose_replay_is_not_its_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("made");
    let owner = OwnerRef::new(OwnerKind::Doctor, "renmin.wang");
    let record = Record {
        shard: ShardId("site:renmin".into()),
        owner: owner.clone(),
        owner_seq: 1,
        owner_instance: 1,
        kind: 401,
        version: 1,
        offset: 0,
        commit: 0,
        index: 0,
        count: 1,
        at: Timestamp(1),
        meta: None,
        payload: codec::encode(&doctor::Event::DoctorRetired).expect("encodes"),
    };
    let (mut log, _) = SegmentLog::open(&data.join("log"), SegmentOptions::new(Arc::new(|| 0))).expect("a log");
    log.append(&mut [vec![record.clone()]]).expect("written");
    let history = log.history_id().to_string();
    drop(log);
    let kinds = kinds();
    let kind = kinds.get(OwnerKind::Doctor).expect("registered");
    let mut replayed = kind.begin(&owner);
    kind.replay(&mut replayed, &record).expect("it applies");
    let verify = || jiaohao(&["journal", "verify", "--full", "--data", "data"], folder.path(), &[]);
    for (state, code) in [(&replayed, 0), (&kind.begin(&owner), 1)] {
        let row = Snapshot::new(1, kind.snapshot_version(), None, kind.store(state).expect("encodes"));
        let store = Store::open(&data.join("store"), &history, 1, 1 << 20).expect("a store");
        store.put(&[(owner.clone(), row)]).expect("put");
        store.sync_with_floor(1, 1, Timestamp(1), Vec::new()).expect("synced");
        drop(store);
        let verified = verify();
        assert_eq!(verified.status.code(), Some(code), "{}", stderr(&verified));
        let said: serde_json::Value = serde_json::from_str(&stdout(&verified)).expect("JSON");
        assert_eq!(said["snapshots"]["compared"], 1, "{said}");
        let named = said["damaged"].to_string().contains("renmin.wang");
        assert_eq!(named, code == 1, "{said}");
    }
    std::fs::write(data.join("store").join("mark"), "{}").expect("written");
    let verified = verify();
    assert_eq!(verified.status.code(), Some(1));
    assert!(stdout(&verified).contains(r#""place":"store""#), "{}", stdout(&verified));
}

#[test]
fn reading_commands_write_nothing_and_take_the_folder_of_the_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    for command in ["verify", "stats", "export"] {
        let out = jiaohao(&["journal", command, "--data", "elsewhere"], folder.path(), &[]);
        assert_eq!(out.status.code(), Some(1), "{command}");
        assert!(stderr(&out).contains("holds no log"), "{}", stderr(&out));
        assert_eq!(std::fs::read_dir(&elsewhere).expect("a folder").count(), 0, "{command} has written");
    }
    for command in [
        &["journal", "verify", "--data", "nowhere"][..],
        &["token", "issue", "--role", "operator", "--data", "nowhere"],
    ] {
        let out = jiaohao(command, folder.path(), &[]);
        let words = stderr(&out);
        assert_eq!(out.status.code(), Some(1), "{words}");
        assert!(words.contains("there is no data folder at /") && words.contains("--config"), "{words}");
    }
    let out = jiaohao(&["token", "issue", "--role", "operator", "--data", "elsewhere"], folder.path(), &[]);
    assert!(stderr(&out).contains("there is no data folder") && !stderr(&out).contains("backup"), "{}", stderr(&out));
    let mend = ["persons", "mend", "--data", "elsewhere", "--from", "nowhere"];
    let words = stderr(&jiaohao(&mend, folder.path(), &[]));
    assert!(words.contains("there is no backup at nowhere: name it by --from") && !words.contains("--data"), "{words}");
    let heading = "{\"jiaohao_journal\":1,\"history\":\"00\"}\n";
    std::fs::write(folder.path().join("bad.jsonl"), format!("{heading}{{\"shard\":\"a\"\n")).expect("written");
    let out = jiaohao(&["journal", "import", "--data", "made", "--from", "bad.jsonl"], folder.path(), &[]);
    assert_eq!(out.status.code(), Some(1));
    assert!(stderr(&out).contains("line 2 is no record"), "{}", stderr(&out));
    assert!(!folder.path().join("made/log.import").exists(), "half a log is left");
    std::fs::write(folder.path().join("good.jsonl"), heading).expect("written");
    let import = ["journal", "import", "--data", "made", "--from", "good.jsonl"];
    let out = jiaohao(&import, folder.path(), &[]);
    assert_eq!(out.status.code(), Some(1), "it may be cut");
    assert!(stderr(&out).contains("cut after commit 0") && stderr(&out).contains("--partial"), "{}", stderr(&out));
    let out = jiaohao(&[&import[..], &["--partial"]].concat(), folder.path(), &[]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert!(stderr(&out).contains("the 0 commits that are whole were taken"), "{}", stderr(&out));
    assert!(stderr(&out).contains("the log stands alone"), "{}", stderr(&out));
    std::fs::write(folder.path().join("jiaohao.toml"), "[data]\ndir = \"made\"\n").expect("written");
    let lock = folder.path().join("made/LOCK");
    let before = std::fs::read(&lock).expect("there");
    let out = jiaohao(&["journal", "verify", "--config", "jiaohao.toml"], folder.path(), &[]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    assert_eq!(std::fs::read(&lock).expect("there"), before, "the lock names its last holder");
    let served = jiaohao(&["serve", "--config", "jiaohao.toml"], folder.path(), &[]);
    assert_eq!(served.status.code(), Some(1));
    assert!(stderr(&served).contains("folder.json is missing"), "{}", stderr(&served));
}

#[test]
fn what_cannot_be_done_is_told_with_the_next_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let out = jiaohao(&["sandbox", "pay", "--port", &port.to_string()], folder.path(), &[]);
    let words = stderr(&out);
    assert!(words.contains(&format!("127.0.0.1:{port}: ")) && words.contains("choose another --port"), "{words}");
    drop(taken);
    let url = format!("http://127.0.0.1:{port}");
    let token = [("JIAOHAO_TOKEN", "x")];
    let out = jiaohao(&["board", "--url", &url, "--board", "s.b", "--once"], folder.path(), &token);
    assert!(stderr(&out).contains("is --url its address and port?"), "{}", stderr(&out));
    let out = jiaohao(&["import", "--dry-run", "--site", "s", "nosuch.csv"], folder.path(), &[]);
    assert!(stderr(&out).contains("nosuch.csv: there is no such file; "), "{}", stderr(&out));
}

#[test]
fn certificates_that_cannot_be_used_are_a_fault_of_the_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[server]\ntls_certificate_file = \"no.pem\"\ntls_key_file = \"no.key\"\n[data]\ndir = \"\"\n";
    std::fs::write(folder.path().join("a.toml"), text).expect("written");
    for command in [&["config", "check", "a.toml"][..], &["serve", "--config", "a.toml"]] {
        let out = jiaohao(command, folder.path(), &[]);
        assert_eq!(out.status.code(), Some(2), "{command:?}");
        let words = stderr(&out);
        assert!(words.contains("a.toml, line 2, server.tls_certificate_file: no.pem"), "{words}");
        assert!(words.contains("a.toml, line 5, data.dir"), "all at once: {words}");
    }
}

#[test]
fn replay_tells_how_good_the_expected_waits_were_and_what_is_wrong_with_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let made_up = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/replay/made-up-days.csv");
    let replayed = jiaohao(&["replay", made_up, "--json"], folder.path(), &[]);
    assert_eq!((replayed.status.code(), stderr(&replayed).as_str()), (Some(0), ""));
    let result: serde_json::Value = serde_json::from_slice(&replayed.stdout).expect("one object");
    assert!(result["sessions"].as_u64() >= Some(60) && result["waits"].as_u64() > Some(2_000), "{result}");
    for (ahead, ratio_at_most) in [("1", 0.92), ("3", 0.87), ("5", 0.83), ("10", 0.73)] {
        let figures = &result["ahead"][ahead];
        let figure = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
        assert!((0.75..=0.85).contains(&figure("inside_p10_p90")), "{ahead}: {figures}");
        assert!(figure("ratio") < ratio_at_most, "{ahead}: {figures}");
        assert!((figure("mae_s") / figure("naive_mae_s") - figure("ratio")).abs() < 0.01, "{ahead}: {figures}");
        assert!(figure("median_width_s") <= figure("plain_median_width_s"), "{ahead}: {figures}");
    }
    let again = jiaohao(&["replay", made_up, "--json"], folder.path(), &[]);
    assert_eq!(replayed.stdout, again.stdout, "the same days give the same figures");

    std::fs::write(folder.path().join("a.csv"), "session,ticket,arrived_at,called_at,service_s\na,1,,noon,60\n")
        .expect("written");
    let refused = jiaohao(&["replay", "a.csv"], folder.path(), &[]);
    assert_eq!((refused.status.code(), stdout(&refused).as_str()), (Some(1), ""));
    assert!(stderr(&refused).contains("a.csv: line 2: called_at `noon` is not RFC 3339, HH:MM:SS or empty"));
    std::fs::write(folder.path().join("b.csv"), "session,ticket,arrived_at,called_at,service_s\na,1,,08:00:00,\n")
        .expect("written");
    let short = jiaohao(&["replay", "b.csv"], folder.path(), &[]);
    assert_eq!(short.status.code(), Some(0), "{}", stderr(&short));
    assert!(stdout(&short).contains("1 sessions, 1 calls"), "{}", stdout(&short));
}

#[actix_web::test]
async fn the_computer_reads_the_voice_of_a_house_by_itself_and_at_a_command_and_leaves_a_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut house = program::Program::on(folder.path());
    house.set("JIAOHAO_SCREENS__MAKE_VOICE", true);
    house.start_alive().await;
    house.ready().await;
    let operator = house.token("operator", &[]);
    let (door, data) = (house.door.clone(), house.data.display().to_string());
    program::set_up(&door, &operator).await;
    let voice = async || door.insist("GET", "/voice/h", Some(&operator), &serde_json::Value::Null).await.expect("read");
    let began = std::time::Instant::now();
    let unasked = loop {
        let now = voice().await;
        if !now["used"].is_null() {
            break now;
        }
        assert!(began.elapsed() < program::PATIENCE, "nobody reads: {now}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(unasked["used"]["made_by"], "unasked");
    assert!(unasked["failed"].is_null(), "{unasked}");
    let run = |arguments: &[&str]| {
        let token = [("JIAOHAO_TOKEN", operator.as_str()), ("PATH", "/usr/bin:/bin")];
        jiaohao(&[&["voice", "make", "--json"], arguments].concat(), folder.path(), &token)
    };
    let made = |arguments: &[&str]| -> serde_json::Value {
        let out = run(arguments);
        assert_eq!(out.status.code(), Some(0), "{arguments:?}: {}", stderr(&out));
        assert_eq!(stderr(&out), "");
        serde_json::from_str::<serde_json::Value>(&stdout(&out)).expect("JSON")["sites"][0].clone()
    };
    let url = format!("http://{}", door.authority);
    let pressed = made(&["--url", &url]);
    assert_eq!((&pressed["site"], &pressed["left_out"]), (&"h".into(), &serde_json::json!([])));
    assert_eq!(pressed["version"], unasked["used"]["version"], "the same clips");
    assert_eq!(voice().await["used"]["made_by"], "espeak", "now somebody's");
    let room = serde_json::json!({"id": "h.a.x", "name": "2号鱻室"});
    door.insist("PUT", "/service-points", Some(&operator), &room).await.expect("a room");
    let in_use = run(&["--data", &data]);
    assert_eq!(in_use.status.code(), Some(1), "{}", stdout(&in_use));
    house.stop();
    let chinese = made(&["--data", &data, "--language", "zh"]);
    assert_eq!(chinese["left_out"], serde_json::json!(["号鱻室"]));
    assert_eq!(chinese["clips"], pressed["clips"], "English is there as it was");
    // A nurse's pack, as far as the house knows.
    let manifest = house.data.join("voice/h").join(chinese["version"].as_str().expect("text")).join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("there");
    std::fs::write(&manifest, text.replace("\"espeak\"", "\"recorded\"")).expect("written");
    assert_eq!(made(&["--data", &data])["recorded"], true);
    assert_eq!(std::fs::read_to_string(&manifest).expect("there").matches("recorded").count(), 1);
    let over = made(&["--data", &data, "--over-recording"]);
    assert_eq!((&over["recorded"], &over["clips"]), (&false.into(), &pressed["clips"]));
    let nowhere = run(&["--data", &data, "--site", "other"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(stderr(&nowhere).contains("there is no site other"), "{}", stderr(&nowhere));
}

#[actix_web::test]
async fn load_and_a_fast_clock_are_for_folders_made_for_test() {
    let folder = tempfile::tempdir().expect("a folder");
    for each in ["hospital", "for-test"] {
        std::fs::create_dir(folder.path().join(each)).expect("made");
    }
    let load = |house: &program::Program, token: &str| {
        let url = format!("http://{}", house.door.authority);
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
        command.args(["simulate", "--patients", "4", "--doctors", "2", "--screens", "1", "--json", "--url", &url]);
        command.env_clear().env("JIAOHAO_TOKEN", token).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("it runs");
        // On a hospital's clock a day would take a day.
        if running.wait_timeout(2 * program::PATIENCE).expect("it ends").is_none() {
            running.kill().expect("killed");
        }
        running.wait_with_output().expect("it ends")
    };
    let refused = |out: &Output, words: &[&str]| {
        assert_eq!((out.status.code(), stdout(out).as_str()), (Some(1), ""), "{}", stderr(out));
        words.iter().for_each(|word| assert!(stderr(out).contains(word), "{word}: {}", stderr(out)));
    };
    let sites = async |house: &program::Program, operator: &str| {
        let sites = house.door.insist("GET", "/sites", Some(operator), &serde_json::Value::Null).await.expect("read");
        sites["sites"].as_array().expect("a list").len()
    };

    let mut hospital = program::Program::on(&folder.path().join("hospital"));
    hospital.start_alive().await;
    hospital.ready().await;
    let operator = hospital.token("operator", &["--may-issue"]);
    refused(&load(&hospital, &operator), &["was not made for test: no load there"]);
    assert_eq!(sites(&hospital, &operator).await, 0, "load got into a hospital");
    hospital.stop();
    for speed in [60, 1] {
        hospital.set("JIAOHAO_CLOCK__SPEED", speed);
        if speed == 1 {
            hospital.set_test_clock("2026-11-23T08:00:00+08:00");
        }
        hospital.start(None);
        assert_eq!(hospital.ended().await.code(), Some(1), "a hospital's clock ran at another speed");
        assert!(hospital.said().contains("is not a folder for test"), "{}", hospital.said());
    }

    let mut house = program::Program::on(&folder.path().join("for-test"));
    house.set_test_clock("2026-11-23T08:00:00+08:00");
    house.start_alive().await;
    house.ready().await;
    let usage = jiaohao(&["simulate", "--url", "http://127.0.0.1:1"], folder.path(), &[]);
    assert_eq!(usage.status.code(), Some(2), "{}", stderr(&usage));
    refused(&load(&house, &house.token("operator", &[])), &["not an operator's that may issue tokens", "forbidden"]);
    refused(&load(&house, "no.token.at.all"), &["not an operator's that may issue tokens", "unauthenticated"]);
    let operator = house.token("operator", &["--may-issue"]);
    assert_eq!(sites(&house, &operator).await, 0, "refused only after something was made");
    let judged = load(&house, &operator);
    assert_eq!(judged.status.code(), Some(0), "{}", stderr(&judged));
    assert!(sites(&house, &operator).await > 0);
}
