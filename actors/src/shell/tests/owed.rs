//! What is sent again to an owner that does not take it, and how it catches up.

use std::time::Duration;

use jiaohao_domain::Code;

use super::gate::{Gate, TestNode};
use super::lost::hold_thread;
use super::probe::{ASKED, Command, State, probe};
use super::{ask, eventually, state};
use crate::log::Log;
use crate::shell::Node;
use crate::shell::actor::owed::{AT_ONCE, OWED_MAX};
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

/// So many rounds at once; how often "b" is asked what "a" asks of it. (It answers the "asker", who has not asked.)
async fn asked_in(node: &Node, rounds: u32, what: impl Fn(u64) -> bool) -> usize {
    state(node, "b").await;
    ASKED.lock().unwrap().clear();
    for _ in 0..rounds {
        node.shell.deliver(&probe("a"), ToActor::Resend);
    }
    // Whatever they send is in the mailbox of "b" when this comes back, and has been looked at after the next.
    state(node, "a").await;
    state(node, "b").await;
    ASKED.lock().unwrap().iter().filter(|n| what(**n)).count()
}

#[actix::test]
async fn who_answers_nothing_is_asked_ever_more_seldom_and_a_few_things_at_once() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.mailbox = 4_096);
    ask(&node, "a", Command::Ask(probe("b"), 1)).await.unwrap();
    assert_eq!(asked_in(&node, 16, |n| n == 1).await, 5, "in the 1st, 2nd, 4th, 8th and 16th round");
    ask(&node, "a", Command::Ask(probe("b"), 2)).await.unwrap();
    assert_eq!(asked_in(&node, 2, |n| n == 2).await, 2, "what is new is asked soon again");
    assert_eq!(asked_in(&node, 5, |_| true).await, 2, "both in the 4th round");
    ask(&node, "a", Command::Answered(1)).await.unwrap();
    assert_eq!(asked_in(&node, 2, |n| n == 2).await, 2, "who has answered is not silent");
    for n in 3..=600 {
        ask(&node, "a", Command::Ask(probe("b"), n)).await.unwrap();
    }
    assert_eq!(asked_in(&node, 1, |_| true).await, AT_ONCE);
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
    eventually(node, "asker", |asker| asker.asking.is_empty()).await;
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
