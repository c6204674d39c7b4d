//! Who waits for an owner that is silent or lost, and what that costs the others: nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiaohao_domain::{Code, Rejection};
use tokio::sync::oneshot;

use super::ask;
use super::gate::{Gate, TestNode};
use super::lost::{hold_thread, with_a_lost_owner};
use super::probe::Command;
use crate::shell::Node;
use crate::shell::projector::Awaited;

fn wish(test: &TestNode, node: &Node, stream: &str) -> oneshot::Receiver<Result<(), Rejection>> {
    let (told, outcome) = oneshot::channel();
    let done = |outcome| {
        // The test may have ended.
        let _ = told.send(outcome);
    };
    test.subscribe_unless(node, stream, Awaited::default(), done);
    outcome
}

#[actix::test]
async fn who_waits_for_a_silent_owner_is_not_looked_at_for_anothers_messages() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "b", Command::Add(1)).await.unwrap();
    let release = hold_thread(&node, "b");
    let fulfilled = Arc::new(Mutex::new(Vec::new()));
    for n in 0..200 {
        let fulfilled = fulfilled.clone();
        test.subscribe_unless(&node, "queue:b", Awaited::default(), move |outcome| {
            outcome.unwrap();
            fulfilled.lock().unwrap().push(n);
        });
    }
    // Some wait for longer than a moment, and who is silent is asked again.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    let seen = test.follow(&node, "queue:a").await;
    for _ in 0..50 {
        ask(&node, "a", Command::Add(1)).await.unwrap();
    }
    assert!(seen.has_more(), "the other one is not followed");
    assert_eq!(test.looked_at("queue:b"), 200, "each once, when it came");
    release.send(()).unwrap();
    test.follow(&node, "queue:b").await;
    assert_eq!(*fulfilled.lock().unwrap(), (0..200).collect::<Vec<_>>(), "in the order in which they came");
    node.stop().await;
}

#[actix::test]
async fn who_wishes_to_follow_a_lost_owner_is_refused_at_once() {
    let test = TestNode::new();
    let node = with_a_lost_owner(&test).await;
    let soon = |outcome| tokio::time::timeout(Duration::from_millis(3_500), outcome);
    // It is found lost when this asks for it.
    let first = soon(wish(&test, &node, "queue:a")).await.expect("it waits all the same").unwrap();
    assert_eq!(first.unwrap_err().code, Code::TimedOut);
    let looked_at = test.looked_at("queue:a");
    let next = soon(wish(&test, &node, "queue:a")).await.expect("it waits all the same").unwrap();
    assert_eq!(next.unwrap_err().code, Code::TimedOut);
    assert_eq!(test.looked_at("queue:a"), looked_at + 1, "it was kept waiting");
    test.follow(&node, "queue:b").await;
    node.end();
}
