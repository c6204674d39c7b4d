//! What was acknowledged is there again after an end without warning, on the same log and the same store, whatever went
//! wrong before: a closed owner, a full mailbox, a store that refused, a snapshot that cannot be read.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, OwnerKind};

use super::gate::{Gate, GatedLog, TestNode};
use super::probe::{Command, ProbeOf, READ_ON, State, probe};
use super::{SOON, ask, client, state};
use crate::fanout::{CoarseClock, Hub, HubLimits};
use crate::log::{HistoryId, Log, MemoryLog};
use crate::shell::message::ToActor;
use crate::shell::registry::Nudged;
use crate::shell::{Kinds, Node};

/// Holds the owner's thread until told otherwise.
pub(super) fn hold_thread(node: &Node, owner: &str) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel();
    let (taken, begun) = mpsc::channel();
    let read = move |_: &dyn std::any::Any| {
        taken.send(()).unwrap();
        held.recv_timeout(Duration::from_secs(30)).unwrap();
        Box::new(|| ()) as Box<dyn FnOnce() + Send>
    };
    node.shell.deliver(&probe(owner), ToActor::Read(Box::new(read)));
    begun.recv().unwrap();
    release
}

/// Ends the owner's actor behind the shell's back.
async fn end_without_a_word(node: &Node, owner: &str) {
    node.shell.nudge(&probe(owner), ToActor::Stop);
    while node.shell.nudge(&probe(owner), ToActor::Unwatch) != Nudged::Dead {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix::test]
async fn a_closed_owner_keeps_what_it_had_acknowledged() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    for _ in 0..100 {
        ask(&node, "a", Command::Add(1)).await.unwrap();
    }
    for _ in 0..3 {
        ask(&node, "a", Command::Panic).await.unwrap_err();
    }
    assert_eq!(node.shell.closed_owners(), [probe("a")]);
    node.checkpoint().await;
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 100);
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(101));
    node.stop().await;
}

#[actix::test]
async fn an_owner_whose_mailbox_is_full_holds_the_checkpoint_up() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.mailbox = 4);
    ask(&node, "a", Command::Add(7)).await.unwrap();
    let release = hold_thread(&node, "a");
    while node.shell.nudge(&probe("a"), ToActor::Unwatch) == Nudged::Told {}
    let early = tokio::time::timeout(Duration::from_secs(1), node.checkpoint()).await;
    assert!(early.is_err(), "the floor passed an owner that was not asked: {early:?}");
    release.send(()).unwrap();
    tokio::time::sleep(SOON).await;
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 7);
    node.stop().await;
}

#[actix::test]
async fn a_thread_that_hangs_does_not_hold_up_the_end() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(7)).await.unwrap();
    let release = hold_thread(&node, "a");
    let began = crate::shell::clock::monotonic();
    assert!(node.stop_within(Duration::from_millis(100)).await.is_none(), "the log is still with the thread");
    assert!(began.elapsed() < Duration::from_secs(10), "the end waits");
    release.send(()).unwrap();
}

#[actix::test]
async fn a_store_that_refuses_once_is_asked_again() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(7)).await.unwrap();
    node.shell.store.refuse(true);
    assert_eq!(node.checkpoint().await, None, "a checkpoint without its rows");
    node.shell.store.refuse(false);
    assert_eq!(node.checkpoint().await, Some(1));
    let node = test.crash(node);
    assert_eq!(node.report.records, 0, "everything is in snapshots");
    assert_eq!(state(&node, "a").await.sum, 7);
    // The same for one that was replayed and not yet asked for.
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let node = test.crash(node);
    node.shell.store.refuse(true);
    assert_eq!(node.checkpoint().await, None, "a checkpoint without its rows");
    node.shell.store.refuse(false);
    assert_eq!(node.checkpoint().await, Some(2));
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 8);
    node.stop().await;
}

#[actix::test]
async fn a_snapshot_that_cannot_be_read_back_is_not_stored() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(7)).await.unwrap();
    assert_eq!(node.checkpoint().await, Some(1));
    ask(&node, "a", Command::BecomeUnreadable).await.unwrap();
    assert_eq!(node.checkpoint().await, None);
    assert_eq!(node.shell.store.snapshot(&probe("a")).unwrap().unwrap().owner_seq, 1);
    ask(&node, "a", Command::Panic).await.unwrap_err();
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(8), "it was rebuilt from it");
    let node = test.crash(node);
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(9));
    node.end();
}

#[actix::test]
async fn a_panic_outside_a_decision_leaves_the_state_as_it_was() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(1)).await.unwrap();
    node.checkpoint().await.unwrap();
    ask(&node, "a", Command::Add(2)).await.unwrap();
    let seen = test.follow(&node, "queue:a").await;
    let bad_read = node.shell.read(probe("a"), |_: &State| -> u64 { panic!("planted in a read") }).await;
    assert_eq!(bad_read.unwrap_err().code, Code::Internal);
    assert_eq!(state(&node, "a").await.sum, 3, "an old snapshot took the state's place");
    ask(&node, "a", Command::PanicInOutgoing).await.unwrap_err();
    assert_eq!(state(&node, "a").await.sum, 3);
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(4));
    assert!(seen.has_more(), "who followed is not told any more");
    ask(&node, "a", Command::PanicInDeadline).await.unwrap_err();
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(5));
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 5);
    node.stop().await;
}

#[actix::test]
async fn a_snapshot_of_another_version_is_discarded_and_replayed() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    for owner in ["a", "b"] {
        ask(&node, owner, Command::Add(7)).await.unwrap();
    }
    node.checkpoint().await.unwrap();
    // As the new version would read it: nonsense.
    let mut old = node.shell.store.snapshot(&probe("a")).unwrap().unwrap();
    old.bytes = vec![0xFF; 3];
    node.shell.store.put(&[(probe("a"), old)]).unwrap();
    ask(&node, "b", Command::Add(1)).await.unwrap();
    let node = test.crash_with(node, |options| options.kinds = Kinds::default().with::<ProbeOf<2>>());
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(8));
    assert_eq!(ask(&node, "b", Command::Add(1)).await.unwrap(), Answer::Number(9));
    assert_eq!(node.checkpoint().await, Some(5));
    let version = node.shell.kinds.get(OwnerKind::Probe).unwrap().snapshot_version();
    assert_eq!(node.shell.store.snapshot(&probe("a")).unwrap().unwrap().version, version);
    node.stop().await;
}

#[actix::test]
async fn an_owner_without_a_word_or_a_readable_snapshot_is_made_again_from_the_log() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    for owner in ["a", "b"] {
        ask(&node, owner, Command::Add(1)).await.unwrap();
    }
    node.checkpoint().await.unwrap();
    ask(&node, "a", Command::Add(2)).await.unwrap();
    end_without_a_word(&node, "a").await;
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(4));
    let mut damaged = node.shell.store.snapshot(&probe("b")).unwrap().unwrap();
    damaged.bytes = vec![0xFF; 3];
    node.shell.store.put(&[(probe("b"), damaged)]).unwrap();
    let node = test.crash(node);
    assert_eq!(ask(&node, "b", Command::Add(1)).await.unwrap(), Answer::Number(2));
    node.stop().await;
}

#[actix::test]
async fn who_follows_an_owner_that_ended_without_a_word_is_given_a_snapshot_and_goes_on() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let seen = test.follow(&node, "queue:a").await;
    assert_eq!(seen.next()["snapshot"]["sum"], 1);
    for (round, sum) in [(1, 1), (2, 5), (3, 9)] {
        end_without_a_word(&node, "a").await;
        ask(&node, "a", Command::Add(1)).await.unwrap();
        let frame = seen.soon().await;
        assert_eq!((&frame["type"], &frame["snapshot"]["sum"]), (&"snapshot".into(), &(sum + 1).into()), "{round}");
        ask(&node, "a", Command::Add(3)).await.unwrap();
        let next = seen.soon().await;
        assert_eq!((&next["type"], &next["after"]), (&"events".into(), &frame["position"]["offset"]), "{round}");
        assert_eq!(next["events"][0]["event"]["probed"]["sum"], sum + 4, "{round}");
        let new = test.follow(&node, "queue:a").await.next();
        assert_eq!(new["snapshot"]["sum"], sum + 4, "{round}: who comes now sees what is");
    }
    node.stop().await;
}

#[actix::test]
async fn an_owner_that_nobody_follows_any_more_goes_to_sleep_also_when_its_mailbox_was_full() {
    let test = TestNode::new();
    let clock = Arc::new(CoarseClock::default());
    let hub_clock = clock.clone();
    let node = test.start_with(&Gate::open(), |options| {
        options.mailbox = 4;
        options.keeper.idle_s = 0;
        options.hub = Box::new(Hub::new("e", HubLimits::default(), hub_clock));
    });
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let outbox = test.subscribe(&node, "queue:a");
    while outbox.backlog().bytes == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let release = hold_thread(&node, "a");
    while node.shell.nudge(&probe("a"), ToActor::Stored { owner_seq: 0 }) == Nudged::Told {}
    outbox.close();
    for ms in [1_000, 200_000] {
        clock.set_ms(ms);
        // Long enough for the hub to look who is gone, and for the projector to drop what nobody needs.
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    release.send(()).unwrap();
    for _ in 0..800 {
        if node.shell.running_owners() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(node.shell.running_owners(), 0);
    node.stop().await;
}

/// A node whose "a" has ended, and cannot be made again.
pub(super) async fn with_a_lost_owner(test: &TestNode) -> Node {
    let gate = Gate::open();
    let mut log = MemoryLog::new(HistoryId(1));
    let node = test.start_on(Box::new(GatedLog::new(Box::new(log.clone()), gate)));
    ask(&node, "a", Command::Add(1)).await.unwrap();
    assert_eq!(node.checkpoint().await, Some(1));
    // A record that cannot be applied, behind everybody's back.
    let mut bad = Vec::new();
    log.replay(0, &mut |record| bad.push(record)).unwrap();
    bad[0].owner_seq = 2;
    bad[0].payload.clear();
    log.append(&mut [bad]).unwrap();
    end_without_a_word(&node, "a").await;
    node
}

#[actix::test]
async fn no_floor_rises_above_an_owner_that_has_no_state() {
    let test = TestNode::new();
    let node = with_a_lost_owner(&test).await;
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap_err().code, Code::OwnerFailed);
    assert_eq!(node.shell.read(probe("a"), |state: &State| state.sum).await.unwrap_err().code, Code::Internal);
    ask(&node, "b", Command::Add(1)).await.unwrap();
    assert_eq!(node.checkpoint().await, None);
    node.end();
}

#[actix::test]
async fn a_sleeper_is_read_on_its_own_thread() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "b", Command::Add(1)).await.unwrap();
    let node = test.start_on(node.stop().await.unwrap());
    READ_ON.lock().unwrap().clear();
    ask(&node, "a", Command::Send(probe("b"), 5)).await.unwrap();
    super::eventually(&node, "b", |b| b.from_others == [5]).await;
    let read_on = READ_ON.lock().unwrap().clone();
    assert!(!read_on.iter().any(|thread| thread == "projector"), "{read_on:?}");
    node.stop().await;
}

#[actix::test]
async fn the_positions_of_streams_go_on_after_a_restart() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    for _ in 0..3 {
        ask(&node, "a", Command::Add(1)).await.unwrap();
    }
    let node = test.crash(node);
    let seen = test.follow(&node, "queue:a").await;
    assert_eq!(seen.next()["position"]["offset"], 3);
    node.stop().await;
}

#[actix::test]
async fn what_may_be_pruned_is_known_after_a_restart() {
    let test = TestNode::new();
    let gate = Gate::open();
    let window = |options: &mut crate::shell::NodeOptions| options.keeper.prune_after_s = 1;
    let node = test.start_with(&gate, window);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    assert_eq!(node.checkpoint().await, Some(1));
    let node = test.crash_with(node, window);
    // The window is machine time; it passes while the node is started anew.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let node = test.crash_with(node, window);
    assert_eq!(node.checkpoint().await, Some(1));
    node.stop().await;
    assert_eq!(gate.pruned(), [1]);
}

#[actix::test]
async fn a_mailbox_that_is_full_refuses_whoever_asks() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.mailbox = 4);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let release = hold_thread(&node, "a");
    let begin = |_| node.shell.begin(probe("a"), Command::Add(1).message(), client(None, 0));
    let (taken, refused): (Vec<_>, Vec<_>) = (0..1_000).map(begin).partition(Result::is_ok);
    assert!(taken.len() <= 5, "{} wait in a mailbox for 4", taken.len());
    assert!(refused.iter().all(|one| one.as_ref().is_err_and(|why| why.code == Code::Overloaded)));
    release.send(()).unwrap();
    for one in taken {
        one.unwrap().await.unwrap().unwrap();
    }
    ask(&node, "a", Command::Add(1)).await.unwrap();
    node.stop().await;
}

#[actix::test]
async fn an_instance_never_falls_also_when_the_machines_clock_was_ahead_before() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    let ahead = node.shell.highest_instance() * 2;
    node.shell.instances.store(ahead, std::sync::atomic::Ordering::Relaxed);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let node = test.start_on(node.stop().await.unwrap());
    assert_eq!(node.report.records, 0, "everything is in snapshots");
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let log = node.stop().await.unwrap();
    let mut instances = Vec::new();
    log.replay(0, &mut |record| instances.push(record.owner_instance)).unwrap();
    assert_eq!(instances.len(), 2);
    assert!(instances[0] == ahead + 1 && instances[1] > instances[0], "{instances:?}");
}
