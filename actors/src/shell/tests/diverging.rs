//! A replay that gives another state than the one that was is found, and whose it is (I10).

use std::sync::atomic::Ordering;

use super::ask;
use super::gate::{Gate, TestNode};
use super::probe::{APPLIED, Command, Probe, probe};
use crate::log::Log;
use crate::shell::Kinds;
use crate::shell::verify::{Compared, Comparison};
use crate::store::Store;

/// Replays the log beside the store's snapshots: what differs, what was compared, what is ahead.
fn compare(test: &TestNode, log: &dyn Log) -> (Vec<String>, Compared, usize) {
    let kinds = Kinds::default().with::<Probe>();
    let store = Store::open(&test.store(), "00000000000000000000000000000001", log.last_commit(), 1 << 20).unwrap();
    let mut comparison = Comparison::new(&kinds, Some(&store)).unwrap();
    let mut differs = Vec::new();
    log.replay(0, &mut |record| differs.extend(comparison.check(&record).err())).unwrap();
    let (compared, ahead) = comparison.finish();
    (differs, compared, ahead.len())
}

#[actix::test]
async fn a_replay_that_diverges_is_found_with_its_owner() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(1)).await.unwrap();
    ask(&node, "b", Command::Send(probe("c"), 5)).await.unwrap();
    ask(&node, "a", Command::Add(1)).await.unwrap();
    super::eventually(&node, "c", |c| c.from_others == [5]).await;
    let log = node.stop().await.unwrap();
    let (differs, compared, ahead) = compare(&test, log.as_ref());
    assert_eq!((differs.as_slice(), compared.compared, ahead), (&[] as &[String], 3, 0));

    // An application that looks at something beside state and event.
    let node = test.start_on(log);
    APPLIED.store(1, Ordering::Relaxed);
    ask(&node, "b", Command::Drift).await.unwrap();
    let log = node.stop().await.unwrap();
    APPLIED.store(2, Ordering::Relaxed);
    let (differs, compared, _) = compare(&test, log.as_ref());
    assert_eq!(compared.compared, 3);
    assert_eq!(differs.len(), 1, "{differs:?}");
    assert!(differs[0].contains("\"b\"") && differs[0].contains("another state"), "{differs:?}");
}
