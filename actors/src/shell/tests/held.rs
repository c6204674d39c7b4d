//! Nothing leaves while the flush is held: each kind of thing that could.

use std::time::Duration;

use jiaohao_domain::Code;
use jiaohao_domain::vocabulary::Answer;

use super::gate::{Gate, TestNode};
use super::probe::{Command, Note, State, probe};
use super::{SOON, ask, client, eventually};
use crate::shell::message::{Envelope, Outcome, ToActor};
use crate::shell::projector::{Awaited, ToProjector};
use crate::shell::{Node, Origin};

/// What is asked while the log is held, by kind of thing that could leave.
#[actix::test]
async fn nothing_leaves_while_the_flush_is_held() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    gate.hold();
    let held = |command: Command| {
        let shell = node.shell.clone();
        tokio::spawn(async move { shell.ask(probe("a"), command.message(), client(Some(9), 0)).await })
    };
    let answer = held(Command::Add(2));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let rejection = {
        let shell = node.shell.clone();
        tokio::spawn(async move { shell.ask(probe("a"), Command::Refuse.message(), client(None, 0)).await })
    };
    let repeated = held(Command::Add(2));
    let read = {
        let shell = node.shell.clone();
        tokio::spawn(async move { shell.read(probe("a"), |state: &State| state.sum).await })
    };
    let effect = held_send(&node, "a", "b", 5);
    node.shell.nudge(&probe("a"), ToActor::Checkpoint(1));
    tokio::time::sleep(SOON).await;
    assert!(!answer.is_finished() && !rejection.is_finished() && !repeated.is_finished() && !read.is_finished());
    assert!(!effect.is_finished());
    assert!(node.shell.running.get(&probe("b")).is_none(), "an effect left before its cause was durable");
    assert!(node.shell.store.snapshot(&probe("a")).unwrap().is_none(), "a snapshot is ahead of the log");
    gate.release();
    assert_eq!(answer.await.unwrap().unwrap(), Answer::Number(3));
    assert_eq!(rejection.await.unwrap().unwrap_err().code, Code::SlotFull);
    assert_eq!(repeated.await.unwrap().unwrap(), Answer::Number(3));
    assert_eq!(read.await.unwrap().unwrap(), 3);
    eventually(&node, "b", |b| b.from_others == [5]).await;
    node.stop().await;
}

#[actix::test]
async fn how_long_the_log_has_been_at_a_batch_is_known() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    gate.hold();
    let held = node.shell.begin(probe("a"), Command::Add(2).message(), client(None, 0)).unwrap();
    tokio::time::sleep(2 * SOON).await;
    let writing_ms = node.shell.writing_ms();
    assert!(writing_ms >= SOON.as_millis() as i64, "{writing_ms} ms of a batch that hangs");
    gate.release();
    held.await.unwrap().unwrap();
    tokio::time::sleep(SOON / 3).await;
    let writing_ms = node.shell.writing_ms();
    assert!(writing_ms < SOON.as_millis() as i64, "{writing_ms} ms of nothing");
    node.stop().await;
}

fn held_send(node: &Node, from: &'static str, to: &'static str, n: u64) -> tokio::task::JoinHandle<Outcome> {
    let shell = node.shell.clone();
    tokio::spawn(async move { shell.ask(probe(from), Command::Send(probe(to), n).message(), client(None, 0)).await })
}

#[actix::test]
async fn a_publication_waits_for_the_flush_and_comes_before_the_answer() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let seen = test.follow(&node, "queue:a").await;
    gate.hold();
    let answer = {
        let shell = node.shell.clone();
        tokio::spawn(async move { shell.ask(probe("a"), Command::Add(2).message(), client(None, 0)).await })
    };
    tokio::time::sleep(SOON).await;
    assert!(!seen.has_more());
    gate.release();
    answer.await.unwrap().unwrap();
    assert!(seen.has_more(), "done came before its own event was queued");
    node.stop().await;
}

/// What goes outside (a text message, a push) is made from what the rules hear.
#[actix::test]
async fn a_call_to_an_outside_party_waits_for_the_flush() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    gate.hold();
    let note = Command::Note(Note { number: 1, text: "to a phone".into(), urgent: false });
    let held = node.shell.begin(probe("a"), note.message(), client(None, 0)).unwrap();
    tokio::time::sleep(SOON).await;
    assert_eq!(test.heard(), 0, "an outside party could be told of what is not durable");
    gate.release();
    held.await.unwrap().unwrap();
    assert_eq!(test.heard(), 1);
    node.stop().await;
}

#[actix::test]
async fn a_request_waits_for_the_flush() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    gate.hold();
    node.shell.begin(probe("asker"), Command::Ask(probe("b"), 3).message(), client(None, 0)).unwrap();
    tokio::time::sleep(SOON).await;
    assert!(node.shell.running.get(&probe("b")).is_none(), "a request left before its cause was durable");
    gate.release();
    eventually(&node, "asker", |asker| asker.asking.is_empty()).await;
    node.stop().await;
}

#[actix::test]
async fn an_acknowledgement_waits_for_the_flush_also_of_a_repeat() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    gate.hold();
    let effect = || {
        let origin = Origin::Effect { from: probe("sender"), number: 1 };
        ToActor::Envelope(Envelope { message: Command::Take(7).message(), origin, reply: None })
    };
    for _ in 0..2 {
        node.shell.deliver(&probe("b"), effect());
    }
    tokio::time::sleep(SOON).await;
    // Whoever is told is woken by it.
    assert!(node.shell.running.get(&probe("sender")).is_none(), "acknowledged before it was durable");
    gate.release();
    eventually(&node, "b", |b| b.from_others == [7]).await;
    assert!(node.shell.running.get(&probe("sender")).is_some(), "never acknowledged");
    node.stop().await;
}

#[actix::test]
async fn a_replica_and_a_look_over_http_wait_for_the_flush() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    gate.hold();
    let held = node.shell.begin(probe("a"), Command::Add(2).message(), client(None, 0)).unwrap();
    let follows = test.subscribe(&node, "queue:a");
    let mut look = look(&node, "queue:a");
    tokio::time::sleep(SOON).await;
    assert_eq!(follows.backlog().bytes, 0, "a replica shows what is not durable");
    assert!(look.try_recv().is_err(), "a look shows what is not durable");
    gate.release();
    held.await.unwrap().unwrap();
    let (position, snapshot) = look.await.unwrap().unwrap();
    assert_eq!((position.offset, &snapshot["sum"]), (2, &3.into()));
    node.stop().await;
}

#[actix::test]
async fn what_nobody_waits_for_any_more_is_not_followed_when_the_flush_comes() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    gate.hold();
    let held = node.shell.begin(probe("a"), Command::Add(2).message(), client(None, 0)).unwrap();
    let (awaited, (told, outcome)) = (Awaited::default(), tokio::sync::oneshot::channel());
    let follows = test.subscribe_unless(&node, "queue:a", awaited.clone(), |outcome| told.send(outcome).unwrap());
    tokio::time::sleep(SOON).await;
    assert!(awaited.decide(), "it is not fulfilled yet");
    gate.release();
    held.await.unwrap().unwrap();
    assert_eq!(outcome.await.unwrap().unwrap_err().code, Code::TimedOut);
    assert_eq!(follows.backlog().bytes, 0, "opened behind somebody's back");
    let (size, answer) = tokio::sync::oneshot::channel();
    node.shell.projector().send(ToProjector::Size(size)).unwrap();
    assert_eq!(answer.await.unwrap().subscriptions, 0);
    node.stop().await;
}

#[actix::test]
async fn a_look_at_what_is_followed_shows_only_what_is_durable() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    let _seen = test.follow(&node, "queue:a").await;
    gate.hold();
    let held = node.shell.begin(probe("a"), Command::Add(2).message(), client(None, 0)).unwrap();
    tokio::time::sleep(SOON).await;
    let (position, snapshot) = look(&node, "queue:a").await.unwrap().unwrap();
    assert_eq!((position.offset, &snapshot["sum"]), (1, &1.into()));
    gate.release();
    held.await.unwrap().unwrap();
    let (position, snapshot) = look(&node, "queue:a").await.unwrap().unwrap();
    assert_eq!((position.offset, &snapshot["sum"]), (2, &3.into()));
    node.stop().await;
}

#[actix::test]
async fn a_look_says_where_the_stream_is_not_where_its_shard_is() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "s.a", Command::Add(1)).await.unwrap();
    let _seen = test.follow(&node, "queue:s.a").await;
    ask(&node, "s.b", Command::Add(1)).await.unwrap();
    let (position, _) = look(&node, "queue:s.a").await.unwrap().unwrap();
    assert_eq!(position.offset, 1, "another owner's commit is none of this stream");
    node.stop().await;
}

type Looked = Result<(crate::fanout::Position, serde_json::Value), jiaohao_domain::Rejection>;

fn look(node: &Node, stream: &str) -> tokio::sync::oneshot::Receiver<Looked> {
    let (answer, seen) = tokio::sync::oneshot::channel();
    node.shell.projector().send(ToProjector::Look { stream: stream.into(), answer }).unwrap();
    seen
}

#[actix::test]
async fn commits_go_on_while_archives_are_checked() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start_with(&gate, |options| options.keeper.prune_after_s = 0);
    ask(&node, "a", Command::Add(1)).await.unwrap();
    gate.hold_checks();
    let shell = node.shell.clone();
    let checkpoint = tokio::spawn(async move {
        let (sender, answer) = flume::bounded(1);
        shell.keeper.send(crate::shell::keeper::ToKeeper::CheckpointNow(sender)).unwrap();
        answer.recv_async().await
    });
    gate.checking().await;
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap(), Answer::Number(2));
    assert!(gate.pruned().is_empty(), "removed before it was checked");
    gate.release_checks();
    assert_eq!(checkpoint.await.unwrap().unwrap(), 1);
    node.stop().await;
    assert_eq!(gate.pruned()[0], 1);
}
