//! A disk that fills up, one that refuses a write, a medium that cannot be written, a folder that somebody else has, a
//! store that is gone.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use jiaohao_actors::store::{Snapshot, Store};
use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};
use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::Value;

use super::program::disk::Disk;
use super::program::house::{House, house};
use super::program::{PATIENCE, Program};
use super::{code, same};

const DISK_MIB: u64 = 128;
const RESERVE_MIB: u64 = 48;
const LAST_RESERVE_MIB: u64 = 24;

/// Books for the same person until it is answered so; the disk is looked at once a second.
async fn until_booking_is(house: &House, patient: &Value, expected: &str) {
    let began = Instant::now();
    loop {
        let answer = code(&house.book(patient).await);
        if answer == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "a booking is {answer}, not {expected}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_stops_bookings_then_every_write_and_all_comes_back() {
    let disk = Disk::of_mib(DISK_MIB);
    let mut program = Program::on(disk.path());
    program.set("JIAOHAO_DATA__RESERVE_MIB", RESERVE_MIB);
    program.set("JIAOHAO_DATA__LAST_RESERVE_MIB", LAST_RESERVE_MIB);
    let mut house = House::open(program).await;
    let people: Vec<Value> = {
        let mut people = Vec::new();
        for _ in 0..11 {
            people.push(house.person().await);
        }
        people
    };
    house.book(&people[0]).await.unwrap();
    house.walk_in(&people[1]).await.unwrap();
    let doctor = house.program.token("doctor", &["--site", "h", "--doctor", "h.dr", "--account", "dr"]);
    let as_doctor =
        async |house: &House, path: &str, body: Value| house.door().ask("POST", path, Some(&doctor), Some(&body)).await;
    let work = serde_json::json!({"department": "h.a", "service_point": "h.a.r"});
    let work = as_doctor(&house, "/work/start", work).await.unwrap();

    disk.leave_mib(RESERVE_MIB - 12);
    until_booking_is(&house, &people[7], "storage_low").await;
    let walks_in = house.person().await;
    house.walk_in(&walks_in).await.expect("the queue goes on, for somebody new too");
    let next = serde_json::json!({
        "department": "h.a", "assignment": work["assignment"], "in_hand": null, "outcome": null
    });
    let called = as_doctor(&house, "/calls/next", next).await.expect("calling goes on");
    let called = called["called"]["ticket"].clone();
    assert!(called.is_string());

    disk.leave_mib(LAST_RESERVE_MIB - 12);
    until_booking_is(&house, &people[8], "read_only").await;
    assert_eq!(code(&house.walk_in(&people[3]).await), "read_only");
    assert_eq!(code(&house.register(99).await), "read_only");
    let finish = serde_json::json!({ "ticket": called });
    assert_eq!(code(&as_doctor(&house, "/tickets/finish-service", finish).await), "read_only");
    let before = house.picture().await;

    // A start on a disk that is still full, after a stop and after a kill; then on one with no byte left.
    house.program.stop();
    for left_mib in [LAST_RESERVE_MIB - 12, 0] {
        disk.leave_mib(left_mib);
        house.program.start_alive().await;
        assert_eq!(code(&house.walk_in(&people[4]).await), "read_only", "{left_mib} MiB are free");
        assert!(!house.program.data.join("store.damaged-1").exists(), "a full disk is no damage");
        same(&house.picture().await, &before, "reads go on");
        house.program.kill();
    }

    disk.leave_mib(RESERVE_MIB + 20);
    house.program.start_alive().await;
    same(&house.picture().await, &before, "after a start");
    house.book(&people[5]).await.expect("there is room again after a start");
    disk.leave_mib(0);
    until_booking_is(&house, &people[9], "read_only").await;
    disk.empty();
    until_booking_is(&house, &people[10], "done").await;
    house.walk_in(&people[6]).await.expect("there is room again");
    house.program.stop();
    house.program.run(&["journal", "verify", "--full"]);
}

#[tokio::test]
async fn a_failed_write_ends_the_process_with_its_cause_and_releases_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = house(folder.path()).await;
    let (first, second) = (house.person().await, house.person().await);
    house.walk_in(&first).await.unwrap();
    let before = house.picture().await;
    house.program.stop();
    house.program.start_with_failing_writes();
    house.program.ready().await;
    // From now on no file may be written beyond its first bytes: the next batch fails.
    let few = Rlimit { current: Some(4096), maximum: Some(4096) };
    prlimit(Some(house.program.pid()), Resource::Fsize, few).unwrap();
    let answer = house.walk_in(&second).await;
    assert_eq!(code(&answer), "door", "nothing is released: {answer:?}");
    let status = house.program.ended().await;
    assert_eq!(status.code(), Some(1));
    let said = house.program.said();
    let log = folder.path().join("data/log");
    assert!(said.contains(&format!("jiaohao: {}: the log could not be written: ", log.display())), "{said}");
    assert!(said.contains("look at the disk, and start again"), "{said}");
    house.program.start_alive().await;
    same(&house.picture().await, &before, "after a start");
    house.walk_in(&second).await.expect("it goes on after a start");
}

/// No file may be written beyond a length that the store's has by far and the log's has not: the house goes on and says so,
/// and the store is written again by itself once it can be.
#[tokio::test]
async fn a_store_whose_writes_fail_holds_nobody_up_and_mends_itself() {
    const BEYOND: u64 = 160 << 10;
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::on(folder.path());
    program.set("JIAOHAO_DATA__CHECKPOINT_EVERY_S", 1);
    let mut house = House::open(program).await;
    house.program.stop();
    house.program.start_with_failing_writes();
    house.program.ready().await;
    // Each checkpoint writes a department's whole row anew, the log what is new in it.
    let patient = async |house: &mut House| {
        let patient = house.person().await;
        house.walk_in(&patient).await.expect("the log goes on");
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    for _ in 0..50 {
        patient(&mut house).await;
    }
    let limit = |program: &Program, bytes| {
        prlimit(Some(program.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap()
    };
    limit(&house.program, Some(BEYOND));
    while !says_that_the_store_is_unwritten(&house, true).await {
        patient(&mut house).await;
    }
    for _ in 0..5 {
        patient(&mut house).await;
    }
    assert!(says_that_the_store_is_unwritten(&house, true).await, "and it still cannot be");
    let before = house.picture().await;
    limit(&house.program, None);
    let began = Instant::now();
    while !says_that_the_store_is_unwritten(&house, false).await {
        assert!(began.elapsed() < PATIENCE, "it does not mend itself: {}", house.program.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    patient(&mut house).await;
    house.program.stop();
    house.program.run(&["journal", "verify", "--full"]);
    house.program.start_alive().await;
    assert!(!house.program.data.join("store.damaged-0").exists(), "{}", house.program.said());
    let after = house.picture().await;
    assert_ne!(after, before, "one more waits");
    house.program.kill();
    house.program.start_alive().await;
    same(&house.picture().await, &after, "after a kill");
}

/// What `/metrics` says of the store.
async fn says_that_the_store_is_unwritten(house: &House, is: bool) -> bool {
    let said = house.door().metrics().await.unwrap();
    said.lines().any(|line| line == format!("store_unwritten {}", u8::from(is)))
}

#[tokio::test]
async fn a_medium_that_cannot_be_written_is_named() {
    let disk = Disk::of_mib(DISK_MIB);
    let mut house = House::open(Program::on(disk.path())).await;
    let patient = house.person().await;
    house.walk_in(&patient).await.unwrap();
    house.program.stop();
    disk.mount_again("ro");
    house.program.start(None);
    let status = house.program.ended().await;
    assert_eq!(status.code(), Some(1));
    let said = house.program.said();
    assert!(said.contains("Read-only file system") && said.contains("data"), "{said}");
    house.program.run(&["journal", "verify", "--full"]);
    disk.mount_again("rw");
    house.program.start_alive().await;
    house.picture().await;
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_told_who_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(folder.path()).await;
    for command in [&["serve"][..], &["journal", "verify"]] {
        let mut second = house.program.command();
        second.args(command).env("JIAOHAO_SERVER__LISTEN", "127.0.0.1:0");
        if command.len() > 1 {
            second.arg("--data").arg(&house.program.data);
        }
        let out = second.output().unwrap();
        assert_eq!(out.status.code(), Some(1));
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        let holder = format!("is in use by process {}", house.program.pid().as_raw_nonzero());
        assert!(said.contains(&holder), "{said}");
    }
    house.picture().await;
}

/// Everything would go on into a folder that nobody finds, and a second process could take the one in its place.
#[tokio::test]
async fn a_folder_that_is_moved_away_under_the_server_ends_it_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = house(folder.path()).await;
    let before = house.picture().await;
    let (data, moved) = (house.program.data.clone(), folder.path().join("moved"));
    std::fs::rename(&data, &moved).unwrap();
    assert_eq!(house.program.ended().await.code(), Some(1));
    let said = house.program.said();
    assert!(said.contains("the data folder was moved or removed under the running server"), "{said}");
    assert!(!said.contains("everything that was answered is saved"), "{said}");
    std::fs::rename(&moved, &data).unwrap();
    house.program.start_alive().await;
    same(&house.picture().await, &before, "put back");
}

#[tokio::test]
async fn a_store_destroyed_between_two_starts_leaves_the_state_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = house(folder.path()).await;
    for n in 0..6 {
        let patient = house.person().await;
        let done = if n % 2 == 0 { house.book(&patient).await } else { house.walk_in(&patient).await };
        done.unwrap();
    }
    let before = house.picture().await;
    let store = house.program.data.join("store");
    for round in 0..3 {
        house.program.stop();
        match round {
            0 => std::fs::remove_dir_all(&store).unwrap(),
            1 => std::fs::write(store.join("sled").join("db"), b"no database").unwrap(),
            _ => std::fs::write(store.join("mark"), b"{}").unwrap(),
        }
        house.program.start_alive().await;
        same(&house.picture().await, &before, &format!("round {round}"));
        let aside = house.program.data.join(format!("store.damaged-{round}"));
        assert_eq!(aside.exists(), round > 0, "what is damaged is kept for a look");
    }
}

/// Eight rows of the store, each of that many bytes.
fn rows(owner_seq: u64, bytes: usize) -> Vec<(OwnerRef, Snapshot)> {
    let row =
        |n: u64| Snapshot::new(owner_seq, 1, None, (0..bytes).map(|b| (b as u64 * n + owner_seq) as u8).collect());
    (0..8).map(|n| (OwnerRef::new(OwnerKind::Department, format!("h.{n}")), row(n))).collect()
}

/// Puts, on a full disk too, and puts again when there is room.
fn put_on_a_disk_that_was_full(disk: &Disk, bytes: usize) {
    let store = Store::open(&disk.path().join("store"), "h", 0, 1 << 20).unwrap();
    store.put(&rows(1, bytes)).unwrap();
    store.sync_with_floor(1, 0, Timestamp(5), vec![]).unwrap();
    store.put(&rows(2, bytes)).unwrap();
    disk.leave_mib(0);
    for owner_seq in 3..6 {
        let refused = store.put(&rows(owner_seq, bytes));
        assert!(refused.is_err_and(|why| why.is_full_disk()));
        // The database writes by itself once a second.
        std::thread::sleep(Duration::from_millis(1_500));
    }
    disk.empty();
    store.put(&rows(6, bytes)[..4]).unwrap();
    store.sync_with_floor(2, 0, Timestamp(5), vec![]).unwrap();
}

#[test]
fn a_store_goes_on_after_its_disk_was_full() {
    // Large rows are written as files of their own; small ones wait for the database's own write.
    for bytes in [300 << 10, 8 << 10] {
        let disk = Arc::new(Disk::of_mib(DISK_MIB));
        let (ended, end) = mpsc::channel();
        let worker = disk.clone();
        std::thread::spawn(move || {
            put_on_a_disk_that_was_full(&worker, bytes);
            ended.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_secs(30)).expect("it goes on, and does not wait for ever");
        let store = Store::open(&disk.path().join("store"), "h", 2, 1 << 20).unwrap();
        for (n, (owner, _)) in rows(0, 1).iter().enumerate() {
            let there = store.snapshot(owner).unwrap().unwrap().owner_seq;
            assert_eq!(there, if n < 4 { 6 } else { 2 }, "what was put before the disk was full is there");
        }
    }
}
