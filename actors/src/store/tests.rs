//! The store survives being closed, notices loss, and can be set aside.

use super::*;

fn row(id: &str, owner_seq: u64) -> (OwnerRef, Snapshot) {
    (OwnerRef::new(OwnerKind::Department, id), Snapshot::new(owner_seq, 1, Some(Timestamp(7)), vec![1, 2, 3]))
}

#[test]
fn what_was_synced_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    {
        let store = Store::open(&path, "h", 0, 1 << 20).unwrap();
        store.put(&[row("s.a", 3), row("s.b", 4)]).unwrap();
        store.put(&[row("s.a", 5)]).unwrap();
        store.sync_with_floor(9, 0, Timestamp(5), vec![]).unwrap();
    }
    let store = Store::open(&path, "h", 9, 1 << 20).unwrap();
    assert_eq!(store.floor_commit(), 9);
    assert_eq!(store.snapshot(&row("s.a", 0).0).unwrap().unwrap().owner_seq, 5);
    assert_eq!(store.rows().count(), 2);
}

#[test]
fn a_store_ahead_of_its_log_of_another_log_or_with_lost_rows_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    {
        let store = Store::open(&path, "h", 0, 1 << 20).unwrap();
        store.put(&[row("s.a", 3)]).unwrap();
        store.sync_with_floor(9, 0, Timestamp(5), vec![]).unwrap();
    }
    assert!(matches!(Store::open(&path, "h", 8, 1 << 20), Err(StoreError::Damaged(_))));
    assert!(matches!(Store::open(&path, "other", 9, 1 << 20), Err(StoreError::Damaged(_))));
    std::fs::remove_dir_all(path.join("sled")).unwrap();
    assert!(matches!(Store::open(&path, "h", 9, 1 << 20), Err(StoreError::Damaged(_))));
    let aside = Store::set_aside(&path).unwrap();
    assert!(aside.exists());
    assert_eq!(Store::open(&path, "h", 9, 1 << 20).unwrap().floor_commit(), 0);
}

#[test]
fn a_store_that_is_still_held_is_waited_for_and_is_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let holder = Store::open(&path, "h", 0, 1 << 20).unwrap();
    holder.put(&[row("s.a", 3)]).unwrap();
    holder.sync_with_floor(9, 0, Timestamp(5), vec![]).unwrap();
    assert!(matches!(Store::open(&path, "h", 9, 1 << 20), Err(StoreError::Io(_))), "it stays held");
    let (opening, begun) = std::sync::mpsc::channel();
    let next = std::thread::spawn(move || {
        opening.send(()).unwrap();
        Store::open(&path, "h", 9, 1 << 20).map(|store| store.floor_commit())
    });
    begun.recv().unwrap();
    drop(holder);
    assert_eq!(next.join().unwrap().unwrap(), 9);
}

#[test]
fn an_owner_twice_in_one_batch_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    {
        let store = Store::open(&path, "h", 0, 1 << 20).unwrap();
        store.put(&[row("s.a", 3), row("s.b", 1), row("s.a", 2)]).unwrap();
        store.sync_with_floor(9, 0, Timestamp(5), vec![]).unwrap();
    }
    let store = Store::open(&path, "h", 9, 1 << 20).unwrap();
    assert_eq!(store.snapshot(&row("s.a", 0).0).unwrap().unwrap().owner_seq, 3, "the newest counts");
}

#[test]
fn no_flipped_bit_of_the_mark_goes_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    Store::open(&path, "h", 0, 1 << 20).unwrap().sync_with_floor(1_000, 0, Timestamp(5), vec![]).unwrap();
    let file = path.join("mark");
    let sound = std::fs::read(&file).unwrap();
    for bit in 0..sound.len() * 8 {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&file, bytes).unwrap();
        let read = Mark::read(&path);
        assert!(matches!(read, Err(StoreError::Damaged(_))), "bit {bit}: {read:?}");
    }
    std::fs::write(&file, sound).unwrap();
    assert_eq!(Mark::read(&path).unwrap().unwrap().floor_commit, 1_000);
}

#[test]
fn a_mark_of_before_the_instance_was_kept_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let json = r#"{"history":"h","floor_commit":9,"rows":1,"seq_sum":3,"clinic":5,"reached":[]}"#;
    std::fs::write(folder.path().join("mark"), crate::sealed::seal(json)).unwrap();
    let mark = Mark::read(folder.path()).unwrap().unwrap();
    assert_eq!((mark.floor_commit, mark.highest_instance), (9, 0));
}

#[test]
fn a_store_whose_write_failed_is_written_again_by_itself_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), "h", 9, 1 << 20).unwrap();
    // Large rows are files of their own.
    let large = |id: &str, seq: u64| {
        let (owner, _) = row(id, seq);
        (owner, Snapshot::new(seq, 1, None, vec![seq as u8; 300 << 10]))
    };
    store.put(&[row("a", 1), large("l", 1)]).unwrap();
    store.sync_with_floor(1, 0, Timestamp(5), vec![]).unwrap();
    store.put(&[row("b", 2)]).unwrap();
    for round in 0..2_u64 {
        store.stick();
        store.put(&[row("c", 3 + round), large("m", 3 + round)]).expect("there is room: tried again by itself");
    }
    store.sync_with_floor(2, 0, Timestamp(5), vec![]).unwrap();
    let seq = |store: &Store, id: &str| store.snapshot(&row(id, 0).0).unwrap().map(|row| row.owner_seq);
    let all = |store: &Store| ["a", "b", "c", "l", "m"].map(|id| seq(store, id));
    assert_eq!(all(&store), [Some(1), Some(2), Some(4), Some(1), Some(4)]);
    drop(store);
    let again = Store::open(folder.path(), "h", 9, 1 << 20).unwrap();
    assert_eq!(all(&again), [Some(1), Some(2), Some(4), Some(1), Some(4)], "nothing is lost to a start");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().contains("new")), "{names:?}");
}
