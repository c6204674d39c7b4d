//! The store survives being closed, notices loss, and can be set aside.

use super::*;

fn row(id: &str, owner_seq: u64) -> (OwnerRef, Snapshot) {
    let snapshot = Snapshot { owner_seq, version: 1, deadline: Some(Timestamp(7)), bytes: vec![1, 2, 3] };
    (OwnerRef::new(OwnerKind::Department, id), snapshot)
}

#[test]
fn what_was_synced_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    {
        let store = Store::open(&path, "h", 0, 1 << 20).unwrap();
        store.put(&[row("s.a", 3), row("s.b", 4)]).unwrap();
        store.put(&[row("s.a", 5)]).unwrap();
        store.sync_with_floor("h", 9, Timestamp(5)).unwrap();
    }
    let store = Store::open(&path, "h", 9, 1 << 20).unwrap();
    assert_eq!(store.floor_commit().unwrap(), 9);
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
        store.sync_with_floor("h", 9, Timestamp(5)).unwrap();
    }
    assert!(matches!(Store::open(&path, "h", 8, 1 << 20), Err(StoreError::Damaged(_))));
    assert!(matches!(Store::open(&path, "other", 9, 1 << 20), Err(StoreError::Damaged(_))));
    std::fs::remove_dir_all(path.join("sled")).unwrap();
    assert!(matches!(Store::open(&path, "h", 9, 1 << 20), Err(StoreError::Damaged(_))));
    let aside = Store::set_aside(&path).unwrap();
    assert!(aside.exists());
    assert_eq!(Store::open(&path, "h", 9, 1 << 20).unwrap().floor_commit().unwrap(), 0);
}
