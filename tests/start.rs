//! Starts on folders that are not as they should be: each is refused by name with what to do next and left as it was, or
//! comes up and says so. The real binary on real folders.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use jiaohao::clients::http::Door;
use jiaohao::clients::live::exchange;
use jiaohao_actors::log::{Log, Record, SegmentLog, SegmentOptions, ShardId};
use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};
use serde_json::{Value, json};

fn jiaohao(data: &Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
    command
        .env("JIAOHAO_DATA__DIR", data)
        .env("JIAOHAO_DATA__RESERVE_MIB", "2")
        .env("JIAOHAO_DATA__LAST_RESERVE_MIB", "1")
        .env("JIAOHAO_LOG__LEVEL", "warn")
        .env("JIAOHAO_SERVER__LISTEN", format!("127.0.0.1:{port}"));
    command
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that has come up.
struct Up {
    child: Child,
    door: Door,
    log: PathBuf,
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have been stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Up {
    async fn start(data: &Path, arguments: &[&str]) -> Self {
        let up = Self::begin(data, arguments, &[]).await;
        assert!(up.door.is_ready().await, "{}", said(&up.log));
        up
    }

    /// Waits until it answers, ready or not.
    async fn begin(data: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let log = data.with_extension(format!("{port}.log"));
        let mut child = jiaohao(data, port)
            .arg("serve")
            .args(arguments)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let door = Door::at(&format!("http://127.0.0.1:{port}")).unwrap();
        let began = Instant::now();
        while !door.is_up().await {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < Duration::from_secs(60), "{}", said(&log));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { child, door, log }
    }

    async fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        said(&self.log)
    }

    fn first_line(&mut self) -> String {
        self.first_lines()[0].clone()
    }

    /// The first two lines on stdout; empty ones when it says nothing.
    fn first_lines(&mut self) -> [String; 2] {
        let mut stdout = BufReader::new(self.child.stdout.take().unwrap());
        [(); 2].map(|()| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line.trim().to_owned()
        })
    }
}

/// Status and text of a page outside `/api/v1`.
fn page(up: &Up, path: &str) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(&up.door.authority).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", up.door.authority).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Status and whole answer of a request with that cookie.
fn posted(up: &Up, path: &str, cookie: &str, body: &str) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(&up.door.authority).unwrap();
    let length = body.len();
    let head = format!("POST /api/v1{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", up.door.authority);
    let typed = format!("cookie: {cookie}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
    write!(stream, "{head}{typed}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn said(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

fn token(data: &Path, arguments: &[&str]) -> String {
    let out = jiaohao(data, 0).args(["token", "issue"]).args(arguments).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// A folder with a site, a department and a few persons.
async fn used(folder: &Path) -> (PathBuf, Vec<String>) {
    let data = folder.join("data");
    let up = Up::start(&data, &[]).await;
    let operator = token(&data, &["--role", "operator", "--account", "setup"]);
    let site = json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"});
    up.door.insist("PUT", "/sites", Some(&operator), &site).await.unwrap();
    up.door.insist("PUT", "/departments", Some(&operator), &json!({"id": "h.a", "name": "内科"})).await.unwrap();
    let queue = json!({"id": "h.a.q", "name": "普通", "prefix": "A"});
    up.door.insist("PUT", "/queues", Some(&operator), &queue).await.unwrap();
    let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
    let tomorrow = zone.date(Timestamp(jiaohao_actors::shell::clock::wall_ms())).plus_days(1);
    let session = json!({"id": "h.a.s", "date": tomorrow, "period": "morning", "queue": "h.a.q",
        "registration_class": "普通", "slots": [{"start": "09:00", "capacity": 10}]});
    up.door.insist("PUT", "/sessions", Some(&operator), &session).await.unwrap();
    let mut patients = Vec::new();
    for n in 0..4 {
        let person = json!({"name": format!("张三{n}"), "document_kind": "passport", "document_number": format!("E1234567{n}"),
            "birth_date": "1990-01-01", "sex": "male"});
        let known = up.door.insist("POST", "/persons", Some(&desk(&data)), &person).await.unwrap();
        let walk_in = json!({"queue": "h.a.q", "patient": known["patient"]});
        up.door.insist("POST", "/tickets", Some(&desk(&data)), &walk_in).await.unwrap();
        patients.push(known["patient"].as_str().unwrap().to_owned());
    }
    up.stop().await;
    (data, patients)
}

fn desk(data: &Path) -> String {
    token(data, &["--role", "desk", "--site", "h", "--account", "desk"])
}

/// Every file with its bytes, but for the lock.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            all.extend(content(&entry));
        } else if !entry.ends_with("LOCK") {
            all.insert(entry.clone(), std::fs::read(&entry).unwrap());
        }
    }
    all
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

fn refused(data: &Path) -> String {
    let before = content(data);
    let log = data.with_extension("refused.log");
    let mut child =
        jiaohao(data, free_port()).arg("serve").stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let began = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if began.elapsed() > Duration::from_secs(20) => {
                child.kill().unwrap();
                panic!("it came up: {}", said(&log));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let words = said(&log);
    assert_eq!(status.code(), Some(1), "{words}");
    assert!(content(data) == before, "a refused start has changed the folder: {words}");
    words
}

#[tokio::test]
async fn each_missing_damaged_or_foreign_part_is_refused_by_name_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = used(folder.path()).await;
    let other = tempfile::tempdir().unwrap();
    let (foreign, _) = used(other.path()).await;
    let spoil = |name: &str, spoil: &dyn Fn(&Path)| {
        let copied = folder.path().join(name);
        copy(&data, &copied);
        spoil(&copied);
        refused(&copied)
    };
    let gone = |part: &'static str| {
        move |data: &Path| {
            let path = data.join(part);
            if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
        }
    };
    for (part, named, next) in [
        ("log", "log is missing", "mount it, or restore it"),
        ("keys", "token.key is missing", "restore it from the backup"),
        ("keys/hash.key", "hash.key is missing", "restore it from the backup"),
        ("persons", "persons/folder.json is missing", "mount persons/ or restore it"),
        ("folder.json", "folder.json is missing", "persons/folder.json there: it is the same"),
    ] {
        let words = spoil(&format!("gone-{}", part.replace('/', "-")), &gone(part));
        assert!(words.contains(named) && words.contains(next), "{part}: {words}");
    }
    let only_log = spoil("only-log", &|data| {
        for part in ["keys", "persons", "folder.json"] {
            gone(part)(data);
        }
    });
    assert!(
        only_log.contains("folder.json is missing") && only_log.contains("missing too: keys, persons"),
        "{only_log}"
    );
    let emptied = spoil("emptied", &|data| {
        std::fs::remove_dir_all(data.join("log")).unwrap();
        std::fs::create_dir(data.join("log")).unwrap();
    });
    assert!(emptied.contains("log is missing"), "a mount point without its volume: {emptied}");
    for part in ["keys/site-group.key", "folder.json", "persons/folder.json"] {
        let words = spoil(&format!("flipped-{}", part.replace('/', "-")), &|data| {
            let mut bytes = std::fs::read(data.join(part)).unwrap();
            bytes[9] ^= 1;
            std::fs::write(data.join(part), bytes).unwrap();
        });
        assert!(words.contains(part) && words.contains("is damaged"), "{part}: {words}");
    }
    for (part, named) in [
        ("log", "log is not of this folder"),
        ("keys", "key is not of this folder"),
        ("persons", "persons is not of this folder"),
    ] {
        let words = spoil(&format!("foreign-{part}"), &|data| {
            std::fs::remove_dir_all(data.join(part)).unwrap();
            copy(&foreign.join(part), &data.join(part));
        });
        assert!(words.contains(named), "{part}: {words}");
    }
}

#[tokio::test]
async fn other_peoples_files_are_left_alone_and_a_failed_first_start_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let documents = folder.path().join("documents");
    std::fs::create_dir(&documents).unwrap();
    std::fs::write(documents.join("important.doc"), "mine").unwrap();
    let words = refused(&documents);
    assert!(words.contains("important.doc") && words.contains("choose an empty folder"), "{words}");
    assert!(!documents.join("LOCK").exists());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let out = jiaohao(&file, free_port()).arg("serve").output().unwrap();
    assert!(String::from_utf8_lossy(&out.stderr).contains("a folder is expected there"));
    // A first start that was interrupted before it was complete, and a file system's own folder.
    let data = folder.path().join("data");
    std::fs::create_dir_all(data.join("keys")).unwrap();
    std::fs::create_dir(data.join("lost+found")).unwrap();
    std::fs::write(data.join("folder.new"), "").unwrap();
    let mut up = Up::start(&data, &[]).await;
    let first = up.first_line();
    let site = json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"});
    up.door.insist("PUT", "/sites", Some(&first), &site).await.expect("the token on stdout holds");
    let log = up.stop().await;
    assert!(log.contains("jiaohao token issue --role operator --may-issue"), "{log}");
    let mut again = Up::start(&data, &[]).await;
    again.child.kill().unwrap();
    assert_eq!(again.first_line(), "", "once");
}

#[tokio::test]
async fn a_folder_says_how_to_set_it_up_until_its_first_administrator_has_signed_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut up = Up::start(&data, &[]).await;
    let [token, link] = up.first_lines();
    assert_eq!(link, format!("http://{}/setup#token={token}", up.door.authority));
    assert_eq!(page(&up, "/setup").0, 200);
    let log = up.stop().await;
    assert!(log.contains("Open the link below") && !log.contains(&token), "{log}");
    // Nobody has followed it: another one, and the one before still holds.
    let mut up = Up::start(&data, &[]).await;
    let [again, link] = up.first_lines();
    assert!(link.ends_with(&format!("/setup#token={again}")), "{link}");
    let admin = json!({"id": "admin", "role": "operator", "password": "a-long-password", "may_issue": true});
    up.door.insist("PUT", "/staff", Some(&token), &admin).await.expect("as the page does");
    up.door.insist("PUT", "/staff", Some(&again), &admin).await.expect("both are good until somebody signs in");
    let own = up.door.sign_in("admin", "a-long-password").await.expect("signs in");
    for spent in [&token, &again] {
        let refused = up.door.ask("GET", "/sites", Some(spent), None).await;
        assert!(refused.is_err(), "a link that was used opens nothing");
    }
    up.door.ask("GET", "/staff", Some(&own), None).await.expect("is the administrator");
    up.stop().await;
    let mut up = Up::start(&data, &[]).await;
    up.child.kill().unwrap();
    assert_eq!(up.first_lines(), ["", ""], "there is somebody who can go on, and no site yet");
}

#[tokio::test]
async fn a_folder_is_for_its_owner_alone_and_a_full_verify_leaves_it_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = used(folder.path()).await;
    let before = content(&data);
    for path in before.keys().flat_map(|file| file.ancestors().take_while(|path| path.starts_with(&data))) {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
    let out = jiaohao(&data, 0).args(["journal", "verify", "--full"]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(content(&data) == before, "it has written");
}

#[tokio::test]
async fn a_port_in_use_at_the_first_start_leaves_a_folder_to_start_with() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let data = folder.path().join("data");
    let out: Output = jiaohao(&data, taken.local_addr().unwrap().port()).arg("serve").output().unwrap();
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1));
    assert!(words.contains("cannot listen on"), "{words}");
    let mut up = Up::start(&data, &[]).await;
    assert!(up.first_line().split('.').count() >= 2, "a first operator's token");
    up.stop().await;
}

#[tokio::test]
async fn a_second_process_on_a_folder_listens_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = Up::start(&data, &[]).await;
    // Were it to listen first, it would name the port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let out: Output = jiaohao(&data, taken.local_addr().unwrap().port()).arg("serve").output().unwrap();
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1));
    assert!(!words.contains("cannot listen on") && words.contains(&up.child.id().to_string()), "{words}");
}

#[tokio::test]
async fn metrics_are_all_there_with_their_help_from_the_start_on() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = used(folder.path()).await;
    std::fs::write(data.join("store").join("mark"), "{}").unwrap();
    let up = Up::start(&data, &[]).await;
    let shown = |at: &str, text: &str| text.lines().any(|line| line.starts_with(&format!("{at} ")));
    let (_, first) = page(&up, "/metrics");
    assert!(first.lines().any(|line| line == "store_set_aside 1"), "{first}");
    assert!(shown("start_replay_seconds", &first) && shown("checkpoint_timestamp_seconds", &first), "{first}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (_, text) = page(&up, "/metrics");
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).unwrap();
    let rows = table.lines().filter_map(|row| row.strip_prefix("| `")).map(|row| row.split('|').collect::<Vec<_>>());
    let mut faults = Vec::new();
    for row in rows {
        let (name, kind, has_labels) = (row[0].trim().trim_matches('`'), row[1].trim(), !row[2].trim().is_empty());
        let series =
            text.lines().any(|line| line.starts_with(&format!("{name} ")) || line.starts_with(&format!("{name}{{")));
        match kind {
            "counter" | "gauge" if !has_labels && !series => faults.push(format!("{name} is not shown")),
            "counter" | "gauge" | "histogram" if series && !shown(&format!("# HELP {name}"), &text) => {
                faults.push(format!("{name} has no help"));
            }
            _ => {}
        }
    }
    assert!(faults.is_empty(), "{faults:#?}\n{text}");
    up.stop().await;
    std::fs::remove_dir_all(data.join("store")).unwrap();
    let said = Up::start(&data, &[]).await.stop().await;
    assert!(said.contains("store/ holds no checkpoint"), "a longer start says why: {said}");
}

#[tokio::test]
async fn a_broken_key_of_one_person_is_a_named_gap_among_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let (data, patients) = used(folder.path()).await;
    let backup = folder.path().join("backup");
    copy(&data, &backup);
    let persons = data.join("persons");
    let files: Vec<PathBuf> = std::fs::read_dir(&persons).unwrap().map(|entry| entry.unwrap().path()).collect();
    let keys: Vec<&PathBuf> = files.iter().filter(|path| path.extension().is_some_and(|e| e == "keys")).collect();
    let mut bytes = std::fs::read(keys[0]).unwrap();
    let broken = bytes.len() / 72;
    for at in 0..broken {
        bytes[at * 72 + 40] ^= 1;
    }
    std::fs::write(keys[0], bytes).unwrap();
    let lost = std::fs::read(keys[1]).unwrap().len() / 72;
    std::fs::remove_file(keys[1]).unwrap();
    let up = Up::start(&data, &[]).await;
    let read = up.door.insist("POST", "/persons/read", Some(&desk(&data)), &json!({ "ids": patients })).await;
    let read = read.unwrap_or_else(|why| panic!("{why}: {}", said(&up.log)));
    let read = read["persons"].as_array().unwrap();
    let named = read.iter().filter(|person| person["name"].is_string()).count();
    let gaps = read.iter().filter(|person| person["unreadable"] == true && person["patient"].is_string()).count();
    assert_eq!((named, gaps), (4 - broken - lost, broken + lost), "{read:?}");
    let lost_at_start = format!("person_keys_lost {}", broken + lost);
    let began = Instant::now();
    while !page(&up, "/metrics").1.lines().any(|line| line == lost_at_start) {
        assert!(began.elapsed() < Duration::from_secs(20), "not counted: {}", page(&up, "/metrics").1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = up.stop().await;
    assert!(log.contains("keys of persons are lost or damaged"), "{log}");
    for key in &keys[..2] {
        assert!(log.contains(&key.display().to_string()), "{} is not named: {log}", key.display());
    }
    let mend = |from: &Path| jiaohao(&data, 0).args(["persons", "mend", "--from"]).arg(from).output().unwrap();
    let mended = mend(&backup);
    assert_eq!(String::from_utf8_lossy(&mended.stdout), format!("{}\n", json!({"taken": broken + lost})));
    assert_eq!(mend(folder.path()).status.code(), Some(1), "no backup of this folder");
    let up = Up::start(&data, &[]).await;
    let read = up.door.insist("POST", "/persons/read", Some(&desk(&data)), &json!({ "ids": patients })).await.unwrap();
    assert!(read["persons"].as_array().unwrap().iter().all(|person| person["name"].is_string()), "{read}");
}

#[tokio::test]
async fn a_restored_backup_is_another_history_to_whoever_followed_the_one_that_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = used(folder.path()).await;
    let backup = folder.path().join("backup");
    copy(&data, &backup);
    let token = desk(&data);
    let look = async |up: &Up| up.door.insist("GET", "/streams/queue:h.a.q", Some(&token), &Value::Null).await.unwrap();
    let cancel_first = async |up: &Up, reason: &str| {
        let id = look(up).await["snapshot"]["order"][0].clone();
        let cancel = json!({"ticket": id, "reason": reason});
        up.door.insist("POST", "/tickets/cancel", Some(&token), &cancel).await.unwrap();
    };
    let follow = async |up: &Up, since: &Value| {
        let mut frame = json!({"type": "subscribe", "id": "1", "stream": "queue:h.a.q"});
        if !since.is_null() {
            frame["since"] = since.clone();
        }
        exchange(&up.door, &token, &[frame]).await.unwrap().remove(0)
    };
    let up = Up::start(&data, &[]).await;
    follow(&up, &Value::Null).await;
    cancel_first(&up, "钱").await;
    let at = follow(&up, &Value::Null).await["position"].clone();
    drop(up);
    std::fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let up = Up::start(&data, &[]).await;
    // Somebody follows: what can be resumed is kept, and the positions of both histories are the same.
    let followed = follow(&up, &Value::Null).await;
    cancel_first(&up, "孙").await;
    assert_eq!(follow(&up, &Value::Null).await["position"]["offset"], at["offset"]);
    cancel_first(&up, "孙").await;
    let answer = follow(&up, &at).await;
    assert!(answer["snapshot"].is_object() && answer.get("missed").is_none(), "{answer}");
    let resumed = follow(&up, &followed["position"]).await;
    assert_eq!(resumed["missed"].as_array().map(Vec::len), Some(2), "within a run it is resumed: {resumed}");
}

/// Writes one more record, dated `at`, as an engine with such a clock would have.
fn date_the_log(data: &Path, at: Timestamp) {
    let (mut log, _) = SegmentLog::open(&data.join("log"), SegmentOptions::new(std::sync::Arc::new(|| 0))).unwrap();
    let mut last: Option<Record> = None;
    log.replay(0, &mut |record| {
        if record.owner.kind == OwnerKind::Site {
            last = Some(record);
        }
    })
    .unwrap();
    let last = last.unwrap();
    let next = Record {
        shard: ShardId("site:h".into()),
        owner: OwnerRef::new(OwnerKind::Site, "h"),
        owner_seq: last.owner_seq + 1,
        offset: 0,
        commit: 0,
        index: 0,
        count: 1,
        at,
        meta: None,
        ..last
    };
    log.append(&mut [vec![next]]).unwrap();
}

#[tokio::test]
async fn an_address_that_cannot_be_had_makes_no_folder_and_a_kill_is_told_from_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let out = jiaohao(&data, taken.local_addr().unwrap().port()).arg("serve").output().unwrap();
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && words.contains("server.listen") && words.contains("ss -ltnp"), "{words}");
    assert!(!data.exists(), "a folder was made: {words}");

    let told = [("JIAOHAO_LOG__LEVEL", "info")];
    let ready = async |up: &Up| {
        while !up.door.is_ready().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut killed = Up::begin(&data, &[], &told).await;
    ready(&killed).await;
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    assert!(!said(&killed.log).contains("was killed"), "{}", said(&killed.log));
    let up = Up::begin(&data, &[], &told).await;
    ready(&up).await;
    let log = up.stop().await;
    assert!(log.contains("was killed") && log.contains("records_replayed") && log.contains("log_commits"), "{log}");
    assert!(log.trim_end().lines().last().is_some_and(|line| line.contains("stopped: everything")), "{log}");
    let up = Up::begin(&data, &[], &told).await;
    ready(&up).await;
    assert!(!said(&up.log).contains("was killed"), "{}", said(&up.log));
}

#[tokio::test]
async fn a_folder_whose_disk_is_not_there_is_no_new_house_and_a_new_house_says_that_it_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("disk").join("data");
    let out = jiaohao(&nowhere, free_port()).arg("serve").current_dir(folder.path()).output().unwrap();
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{words}");
    assert!(words.contains(&*nowhere.to_string_lossy()) && words.contains("Is the disk mounted?"), "{words}");
    assert!(!folder.path().join("disk").exists(), "something was made");

    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let up = Up::start(&empty, &[]).await;
    let (status, ready) = page(&up, "/readyz");
    assert!(status == 200 && ready.starts_with("ready\nnew: ") && ready.contains("is the disk mounted"), "{ready}");
    assert!(!ready.contains(&*empty.to_string_lossy()), "{ready}");
    let is_said = |what: &str| page(&up, "/metrics").1.lines().any(|line| line == what);
    let until = async |what: &str| {
        let began = Instant::now();
        while !is_said(what) {
            assert!(began.elapsed() < Duration::from_secs(20), "no {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    until("not_set_up 1").await;
    let operator = token(&empty, &["--role", "operator", "--account", "setup"]);
    let site = json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"});
    up.door.insist("PUT", "/sites", Some(&operator), &site).await.unwrap();
    assert_eq!(page(&up, "/readyz").1, "ready\n");
    until("not_set_up 0").await;
}

#[tokio::test]
async fn a_wall_clock_that_is_not_the_logs_is_noticed_before_anything_is_decided() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = used(folder.path()).await;
    let now = jiaohao_actors::shell::clock::wall_ms();
    // As far as the log goes, this machine's clock is two hours behind.
    date_the_log(&data, Timestamp(now + 2 * 3_600_000));
    let up = Up::start(&data, &[]).await;
    let (status, ready) = page(&up, "/readyz");
    assert!(status == 200 && ready.contains("clock: the machine says "), "{status} {ready}");
    let first = ready.find("Put the machine's clock right").zip(ready.find("/api/v1/clock/confirm"));
    assert!(first.is_some_and(|(right, confirm)| right < confirm), "{ready}");
    let (_, metrics) = page(&up, "/metrics");
    assert!(metrics.contains("clock_alarm 1") && metrics.contains("# HELP clock_alarm"), "{metrics}");
    let operator = token(&data, &["--role", "operator", "--account", "setup"]);
    up.door.insist("POST", "/clock/confirm", Some(&operator), &Value::Null).await.unwrap();
    let audit = std::fs::read_dir(data.join("audit")).unwrap().map(|file| file.unwrap().path());
    let lines: String = audit.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let confirmed: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let confirmed = confirmed.iter().find(|line| line["what"] == "confirm_clock").expect("who did it");
    assert!(confirmed["about"].as_array().is_some_and(|times| times.len() == 2), "{confirmed}");
    let stands = |ready: &str| ready.starts_with("ready\n") && ready.contains("clinic time stands still");
    let (_, ready) = page(&up, "/readyz");
    assert!(stands(&ready), "{ready}");
    let log = up.stop().await;
    assert!(log.contains("the machine's clock is not believed") && log.contains("/api/v1/clock/confirm"), "{log}");
    assert!(log.contains("clinic time stands still") && !log.contains("clinic time follows it"), "{log}");
    let confirmed = Up::start(&data, &["--confirm-clock"]).await;
    let (_, ready) = page(&confirmed, "/readyz");
    assert!(stands(&ready), "{ready}");
}

#[tokio::test]
async fn a_disk_that_fills_up_refuses_bookings_first_and_persons_last() {
    let folder = tempfile::tempdir().unwrap();
    let (data, patients) = used(folder.path()).await;
    let desk = desk(&data);
    let person = json!({"name": "李四", "document_kind": "passport", "document_number": "E99887766",
        "birth_date": "1990-01-01", "sex": "male"});
    // No disk of a test has that much room.
    let (reserve, last) = (("JIAOHAO_DATA__RESERVE_MIB", "1048576"), ("JIAOHAO_DATA__LAST_RESERVE_MIB", "1048575"));
    let low = Up::begin(&data, &[], &[reserve]).await;
    let (status, ready) = page(&low, "/readyz");
    assert!(status == 200 && ready.contains("disk: bookings are refused: "), "{status} {ready}");
    low.door.ask("POST", "/persons", Some(&desk), Some(&person)).await.expect("a walk-in is made known");
    let hold = json!({"session": "h.a.s", "slot": "h.a.s.0900", "patient": patients[0]});
    let booked =
        low.door.ask("POST", "/appointments/hold", Some(&desk), Some(&hold)).await.expect_err("below the reserve");
    assert_eq!(booked.code, "storage_low");
    let is_told = |said: &str, setting: &str| {
        said.contains(" MiB are free in ") && said.contains(&data.display().to_string()) && said.contains(setting)
    };
    assert_eq!(booked.detail, "Storage is low", "the folder is for who runs the house");
    let operator = token(&data, &["--role", "operator", "--account", "setup"]);
    let member = json!({"id": "wang", "role": "desk", "password": "twelve characters", "site": "h"});
    low.door.insist("PUT", "/staff", Some(&operator), &member).await.unwrap();
    let staff = r#"{"name":"wang","password":"twelve characters"}"#;
    let (status, answer) = posted(&low, "/session", "", staff);
    assert_eq!(status, 200, "{answer}");
    let (_, set) = answer.split_once("jiaohao_refresh=").unwrap();
    let cookie = format!("jiaohao_refresh={}", set.split(';').next().unwrap());
    low.stop().await;
    let full = Up::begin(&data, &[], &[reserve, last]).await;
    // Whoever is signed in goes on reading beyond the ten minutes of an access token.
    for _ in 0..2 {
        let (status, answer) = posted(&full, "/session/refresh", &cookie, "");
        assert!(status == 200 && answer.contains("access_token") && answer.contains(&cookie), "{status} {answer}");
    }
    for (path, body) in [("/session", staff), ("/session/code", r#"{"phone":"13800000001"}"#)] {
        let (status, answer) = posted(&full, path, "", body);
        assert!(status == 503 && answer.contains("read_only"), "{path}: {status} {answer}");
    }
    let (status, ready) = page(&full, "/readyz");
    assert!(
        status == 503 && ready.contains("read-only: ") && !ready.contains(&data.display().to_string()),
        "{status} {ready}"
    );
    let another = json!({"name": "王五", "document_kind": "passport", "document_number": "E55443322",
        "birth_date": "1990-01-01", "sex": "male"});
    let keys = content(&data.join("persons"));
    let refused = full.door.ask("POST", "/persons", Some(&desk), Some(&another)).await.expect_err("read-only");
    assert_eq!(refused.code, "read_only");
    assert!(!is_told(&refused.detail, "data.last_reserve_mib"), "{refused:?}");
    let site = json!({"id": "g", "name": "医院", "time_zone": "Asia/Shanghai"});
    let refused = full.door.ask("PUT", "/sites", Some(&operator), Some(&site)).await.expect_err("read-only");
    assert!(is_told(&refused.detail, "data.last_reserve_mib = 1048575"), "{refused:?}");
    assert!(content(&data.join("persons")) == keys, "a key was written");
    let read = full.door.ask("POST", "/persons/read", Some(&desk), Some(&json!({ "ids": patients }))).await;
    assert_eq!(read.expect("reading goes on")["persons"].as_array().unwrap().len(), 4);
}

#[test]
fn where_logs_are_json_why_it_ends_is_a_line_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = jiaohao(&folder.path().join("data"), taken.local_addr().unwrap().port());
    let ended = command.env("JIAOHAO_LOG__FORMAT", "json").arg("serve").output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect(&said)).collect();
    assert_eq!(lines.last().expect("why")["level"], "ERROR", "{said}");
}
