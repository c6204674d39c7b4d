//! What is sent again to an owner that does not take it, and how it catches up.

use std::time::Duration;

use jiaohao_domain::Code;

use super::gate::{Gate, TestNode};
use super::lost::hold_thread;
use super::probe::{Command, State, probe};
use super::{ask, eventually};
use crate::log::Log;
use crate::shell::Node;
use crate::shell::actor::owed::OWED_MAX;
use crate::shell::message::ToActor;
use crate::shell::registry::Nudged;
use crate::store::{Snapshot, Store};

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

/// Owes "b" an effect and asks it something, while that has stopped; then everything is in snapshots and the node ends.
async fn owing_when_it_ends(test: &TestNode) -> Box<dyn Log> {
    let node = test.start(&Gate::open());
    for _ in 0..3 {
        ask(&node, "b", Command::Panic).await.unwrap_err();
    }
    ask(&node, "a", Command::Send(probe("b"), 1)).await.unwrap();
    ask(&node, "asker", Command::Ask(probe("b"), 2)).await.unwrap();
    ask(&node, "owes nothing", Command::Add(1)).await.unwrap();
    node.stop().await.unwrap()
}

/// Nothing is said to those who owe: what "b" has is all that is looked at.
async fn is_sent_again(node: &Node) {
    assert_eq!(node.report.records, 0, "everything is in snapshots");
    let seen = eventually(node, "b", |b| b.from_others.len() == 2).await;
    assert_eq!(seen.from_others.iter().sum::<u64>(), 3);
    eventually(node, "asker", |asker| asker.asking.is_none()).await;
    assert!(!node.shell.running.contains_key(&probe("owes nothing")), "woken for nothing");
}

#[actix::test]
async fn what_was_owed_at_the_last_checkpoint_is_sent_again_after_it() {
    let test = TestNode::new();
    let log = owing_when_it_ends(&test).await;
    let node = test.start_on(log);
    is_sent_again(&node).await;
    node.stop().await;
}

fn open(test: &TestNode, log: &dyn Log) -> Store {
    Store::open(&test.store(), &log.history_id().to_string(), log.last_commit(), 1 << 20).unwrap()
}

#[actix::test]
async fn rows_that_do_not_say_who_owes_are_looked_into_once() {
    let test = TestNode::new();
    let log = owing_when_it_ends(&test).await;
    open(&test, log.as_ref()).as_the_first_format();
    let node = test.start_on(log);
    assert_eq!(node.report.store_set_aside, None);
    is_sent_again(&node).await;
    let log = node.stop().await.unwrap();
    let store = open(&test, log.as_ref());
    let says = |row: Result<(_, Snapshot), _>| row.unwrap().1.is_owing.is_some();
    assert!(store.rows().count() > 2 && store.rows().all(says), "they were not written anew");
}

#[actix::test]
async fn who_is_owed_too_much_by_a_closed_owner_is_refused_and_everything_else_goes_on() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.mailbox = 4_096);
    for _ in 0..3 {
        ask(&node, "b", Command::Panic).await.unwrap_err();
    }
    assert_eq!(node.shell.closed_owners(), [probe("b")]);
    for n in 1..=OWED_MAX as u64 {
        ask(&node, "a", Command::Send(probe("b"), n)).await.unwrap();
    }
    let refused = ask(&node, "a", Command::Send(probe("b"), 9)).await.unwrap_err();
    assert_eq!(refused.code, Code::OwnerFailed);
    assert!(refused.valid_now.contains(&("stopped".to_owned(), "b".into())), "{refused:?}");
    ask(&node, "a", Command::Add(1)).await.expect("what owes nothing to it goes on");
    ask(&node, "a", Command::Send(probe("c"), 7)).await.expect("and what others have to hear");
    node.stop().await;
}
