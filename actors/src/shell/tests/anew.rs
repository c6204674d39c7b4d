//! No owner begins anew that has a history, whatever the store has lost of it: it is made again from the log, or stays
//! closed, and a store that does not fit its log is set aside.

use std::time::Duration;

use jiaohao_domain::Code;
use jiaohao_domain::vocabulary::Answer;

use super::gate::{Gate, TestNode};
use super::probe::{Command, probe};
use super::{ask, state};
use crate::shell::Node;
use crate::shell::message::ToActor;
use crate::store::Snapshot;

/// Has the owner stored and gone.
async fn asleep(node: &Node, owner: &str) {
    while node.shell.running.contains_key(&probe(owner)) {
        node.shell.nudge(&probe(owner), ToActor::Passivate);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn row(node: &Node, owner: &str) -> Snapshot {
    node.shell.store.snapshot(&probe(owner)).unwrap().unwrap()
}

#[actix::test]
async fn a_sleeper_whose_row_is_gone_or_of_before_is_made_again_from_the_log() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(1)).await.unwrap();
    asleep(&node, "a").await;
    let before = row(&node, "a");
    for sum in [3, 6] {
        ask(&node, "a", Command::Add(sum / 2 + sum % 2)).await.unwrap();
        asleep(&node, "a").await;
        match sum {
            3 => node.shell.store.lose(&probe("a")),
            _ => node.shell.store.put(&[(probe("a"), before.clone())]).unwrap(),
        }
        assert!(node.shell.knows(&probe("a")));
        assert_eq!(state(&node, "a").await.sum, sum);
    }
    assert_eq!(ask(&node, "a", Command::Add(1)).await, Ok(Answer::Number(7)));
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 7);
    assert_eq!(ask(&node, "new", Command::Add(1)).await, Ok(Answer::Number(1)), "who has never been begins");
    node.stop().await;
}

#[actix::test]
async fn a_sleeper_that_not_even_the_log_has_stays_closed_and_harms_nobody() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(1)).await.unwrap();
    asleep(&node, "a").await;
    node.shell.store.lose(&probe("a"));
    node.shell.ends.set(&probe("a"), 2);
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap_err().code, Code::OwnerFailed);
    assert_eq!(node.shell.closed_owners(), [probe("a")]);
    assert!(ask(&node, "b", Command::Add(1)).await.is_ok());
    node.end();
}

#[actix::test]
async fn a_start_sets_a_store_aside_that_has_lost_a_row_or_has_it_of_before_though_its_mark_is_reached() {
    for is_lost in [true, false] {
        let test = TestNode::new();
        let node = test.start(&Gate::open());
        ask(&node, "a", Command::Add(1)).await.unwrap();
        asleep(&node, "a").await;
        let before = row(&node, "a");
        ask(&node, "a", Command::Add(1)).await.unwrap();
        assert_eq!(node.checkpoint().await, Some(2));
        // Rows of after the mark make up for what is lost.
        for owner in ["b", "c"] {
            ask(&node, owner, Command::Add(1)).await.unwrap();
            asleep(&node, owner).await;
        }
        match is_lost {
            true => node.shell.store.lose(&probe("a")),
            false => node.shell.store.put(&[(probe("a"), before)]).unwrap(),
        }
        let node = test.start_on(node.end().unwrap());
        assert_eq!(state(&node, "a").await.sum, 2);
        assert!(node.report.store_set_aside.is_some());
        let node = test.start_on(node.stop().await.unwrap());
        assert_eq!((node.report.records, &node.report.store_set_aside), (0, &None), "made again, it fits");
        assert_eq!(ask(&node, "a", Command::Add(1)).await, Ok(Answer::Number(3)));
        node.stop().await;
    }
}
