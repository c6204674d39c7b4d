//! What is sent again to an owner that does not take it, and how it catches up.

use std::time::Duration;

use super::ask;
use super::gate::{Gate, TestNode};
use super::lost::hold_thread;
use super::probe::{Command, State, probe};
use crate::shell::Node;
use crate::shell::message::ToActor;
use crate::shell::registry::Nudged;

/// Within five seconds everything up to `n` has come, once and in order. (A full mailbox is asked again.)
async fn takes_all(node: &Node, owner: &str, n: u64) {
    let all: Vec<u64> = (1..=n).collect();
    for _ in 0..500 {
        if node.shell.read(probe(owner), |state: &State| state.from_others.clone()).await.is_ok_and(|has| has == all) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not all of {n} effects have come");
}

#[actix::test]
async fn who_takes_nothing_is_sent_a_little_again_and_is_owed_all_of_it() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.mailbox = 4_096);
    ask(&node, "b", Command::Add(1)).await.unwrap();
    let release = hold_thread(&node, "b");
    for n in 1..=2_000 {
        ask(&node, "a", Command::Send(probe("b"), n)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(2_800)).await;
    let mut room = 0;
    while node.shell.nudge(&probe("b"), ToActor::Unwatch) == Nudged::Told {
        room += 1;
    }
    assert!(room > 1_000, "the whole backlog was sent again: room for {room}");
    release.send(()).unwrap();
    takes_all(&node, "b", 2_000).await;
    node.stop().await;
}

#[actix::test]
async fn the_next_effects_follow_as_soon_as_the_ones_before_are_acknowledged() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.mailbox = 300);
    ask(&node, "b", Command::Add(1)).await.unwrap();
    let release = hold_thread(&node, "b");
    for n in 1..=1_500 {
        ask(&node, "a", Command::Send(probe("b"), n)).await.unwrap();
    }
    release.send(()).unwrap();
    takes_all(&node, "b", 1_500).await;
    node.stop().await;
}
