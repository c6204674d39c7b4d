//! The shell by its promises: nothing leaves before it is durable, nothing acknowledged is lost, effects come once and
//! in order, deadlines wake sleepers, an owner that panics is made again.

mod anew;
mod diverging;
pub(super) mod gate;
mod held;
mod lost;
mod owed;
mod probe;
mod stored;
mod wishes;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{AccountId, Code, OwnerRef, Principal, Role, Timestamp};

use self::gate::{Gate, TestNode};
use self::probe::{COUNTED, Command, LOOKS, STANDS_STILL, State, probe};
use super::actor::RECORDS_PER_COMMAND;
use super::message::Outcome;
use super::{Node, Origin};

fn client(key: Option<u128>, body: u8) -> Origin {
    let principal = Principal::of(Role::Desk, AccountId::new("a-desk"));
    Origin::Client { principal, name: "probe".into(), key, body_hash: [body; 16] }
}

async fn ask(node: &Node, owner: &str, command: Command) -> Outcome {
    node.shell.ask(probe(owner), command.message(), client(None, 0)).await
}

async fn state(node: &Node, owner: &str) -> State {
    node.shell.read(probe(owner), |state: &State| state.clone()).await.unwrap()
}

async fn eventually(node: &Node, owner: &str, holds: impl Fn(&State) -> bool) -> State {
    for _ in 0..500 {
        let seen = state(node, owner).await;
        if holds(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not come to hold: {:?}", state(node, owner).await);
}

const SOON: Duration = Duration::from_millis(150);

#[actix::test]
async fn a_repeat_by_key_changes_nothing_and_gets_the_same_answer() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    let again = || node.shell.ask(probe("a"), Command::Add(4).message(), client(Some(77), 1));
    assert_eq!(again().await.unwrap(), Answer::Number(4));
    assert_eq!(again().await.unwrap(), Answer::Number(4));
    let other = node.shell.ask(probe("a"), Command::Add(5).message(), client(Some(77), 2)).await;
    assert_eq!(other.unwrap_err().code, Code::IdempotencyKeyReused);
    assert_eq!(state(&node, "a").await.sum, 4);
    let log = node.stop().await.unwrap();
    let node = test.start_on(log);
    let after_restart = node.shell.ask(probe("a"), Command::Add(4).message(), client(Some(77), 1)).await;
    assert_eq!(after_restart.unwrap(), Answer::Number(4));
    assert_eq!(state(&node, "a").await.sum, 4);
    node.stop().await;
}

#[actix::test]
async fn what_was_accepted_and_changed_nothing_is_answered_the_same_by_its_key() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    let set = |key, n| node.shell.ask(probe("a"), Command::Set(n).message(), client(key, n as u8));
    assert_eq!(set(Some(1), 0).await, Ok(Answer::Number(0)), "it is 0 already");
    assert_eq!(set(Some(2), 5).await, Ok(Answer::Number(5)));
    assert_eq!(set(Some(1), 0).await, Ok(Answer::Number(0)), "the first answer again");
    assert_eq!(state(&node, "a").await.sum, 5, "the repeat was decided anew");
    let written = node.shell.durable_commit();
    assert_eq!(set(None, 5).await, Ok(Answer::Number(5)));
    assert_eq!(node.shell.durable_commit(), written, "without a key there is nothing to remember");
    let node = test.crash(node);
    let repeat = node.shell.ask(probe("a"), Command::Set(0).message(), client(Some(1), 0)).await;
    assert_eq!((repeat, state(&node, "a").await.sum), (Ok(Answer::Number(0)), 5), "after a restart");
    node.stop().await;
}

#[actix::test]
async fn effects_come_once_and_in_order_also_after_a_restart() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    for n in 1..=20 {
        ask(&node, "a", Command::Send(probe("b"), n)).await.unwrap();
    }
    let expected: Vec<u64> = (1..=20).collect();
    eventually(&node, "b", |b| b.from_others == expected).await;
    let node = test.crash(node);
    ask(&node, "a", Command::Send(probe("b"), 21)).await.unwrap();
    let seen = eventually(&node, "b", |b| b.from_others.len() >= 21).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(state(&node, "b").await, seen, "an effect came twice after the restart");
    assert_eq!(seen.from_others, (1..=21).collect::<Vec<_>>());
    node.stop().await;
}

#[actix::test]
async fn a_request_is_asked_until_it_is_answered() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "asker", Command::Ask(probe("b"), 3)).await.unwrap();
    eventually(&node, "asker", |asker| asker.asking.is_empty()).await;
    assert_eq!(state(&node, "b").await.from_others, [3]);
    node.stop().await;
}

#[actix::test]
async fn another_owner_answers_behind_the_effect_that_it_was_sent() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    let forward = |key, n| node.shell.ask(probe("a"), Command::Forward(probe("b"), n).message(), client(key, n as u8));
    assert_eq!(forward(None, 7).await, Ok(Answer::Number(70)));
    assert_eq!(forward(None, 7).await, Ok(Answer::Number(70)), "nothing new: asked all the same");
    assert_eq!(forward(Some(3), 8).await, Ok(Answer::Number(80)));
    assert_eq!(forward(Some(3), 8).await, Ok(Answer::Number(80)), "the key remembers whom to ask");
    assert_eq!(state(&node, "b").await.from_others, [7, 8]);
    gate.hold();
    let held = {
        let shell = node.shell.clone();
        tokio::spawn(
            async move { shell.ask(probe("a"), Command::Forward(probe("b"), 9).message(), client(None, 0)).await },
        )
    };
    tokio::time::sleep(SOON).await;
    assert!(!held.is_finished(), "answered before it was durable");
    gate.release();
    assert_eq!(held.await.unwrap(), Ok(Answer::Number(90)));
    node.stop().await;
}

#[actix::test]
async fn a_deadline_wakes_an_owner_that_sleeps() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::WakeAt(Timestamp(50_000))).await.unwrap();
    let log = node.stop().await.unwrap();
    let node = test.start_on(log);
    assert_eq!(node.shell.running_owners(), 0, "nobody should run after a clean stop");
    node.shell.clock.advance_ms(60_000);
    node.settle_overdue().await;
    eventually(&node, "a", |a| a.reached == 1 && a.deadline.is_none()).await;
    node.stop().await;
}

#[actix::test]
async fn overdue_deadlines_are_waited_for_and_not_those_of_the_closed() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    let late: Vec<String> = (0..300).map(|n| format!("p{n}")).collect();
    for owner in late.iter().map(String::as_str).chain(["closed"]) {
        ask(&node, owner, Command::WakeAt(Timestamp(50_000))).await.unwrap();
    }
    for _ in 0..3 {
        ask(&node, "closed", Command::Panic).await.unwrap_err();
    }
    assert_eq!(node.shell.closed_owners(), [probe("closed")]);
    node.shell.clock.advance_ms(60_000);
    tokio::time::timeout(Duration::from_secs(60), node.settle_overdue()).await.expect("waits for who is closed");
    for owner in &late {
        assert_eq!(state(&node, owner).await.reached, 1, "{owner}: let in before what is overdue was settled");
    }
    node.stop().await;
}

#[actix::test]
async fn a_deadline_that_stands_still_keeps_nobody_out() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "still", Command::WakeAt(STANDS_STILL)).await.unwrap();
    ask(&node, "late", Command::WakeAt(Timestamp(50_000))).await.unwrap();
    let log = node.stop().await.unwrap();
    let node = test.start_on(log);
    node.shell.clock.advance_ms(60_000);
    tokio::time::timeout(Duration::from_secs(60), node.settle_overdue()).await.expect("waits for what never comes");
    assert_eq!(state(&node, "late").await.reached, 1, "all others are waited for");
    // Once it has another one it is waited for like everybody.
    ask(&node, "still", Command::WakeAt(Timestamp(60_000))).await.unwrap();
    node.shell.clock.advance_ms(60_000);
    node.settle_overdue().await;
    assert_eq!(state(&node, "still").await.reached, 1);
    node.stop().await;
}

#[actix::test]
async fn a_deadline_that_finds_nothing_to_do_writes_nothing_and_is_not_asked_again_at_once() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::WakeAt(Timestamp(50_001))).await.unwrap();
    let looks = || LOOKS.load(Ordering::Relaxed);
    for n in 1..=2 {
        node.shell.clock.advance_ms(60_000);
        node.settle_overdue().await;
        assert_eq!(looks(), n);
        ask(&node, "a", Command::Add(1)).await.unwrap();
        node.settle_overdue().await;
        assert_eq!(looks(), n, "an event does not bring it back");
    }
    let log = node.stop().await.unwrap();
    let node = test.start_on(log);
    node.shell.clock.advance_ms(60_000);
    node.settle_overdue().await;
    // What wakes the owner and what the woken owner finds overdue may both ask: at least once, and then no more.
    let again = looks();
    assert!(again > 2, "what was looked at is not remembered over a start");
    ask(&node, "a", Command::Add(1)).await.unwrap();
    node.settle_overdue().await;
    assert_eq!((looks(), state(&node, "a").await.sum), (again, 3), "nor is it asked again at once");
    node.stop().await;
}

#[actix::test]
async fn an_owner_that_panics_is_made_again_and_the_third_time_stays_closed() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(5)).await.unwrap();
    for (bad, left) in [(Command::Panic, 5), (Command::PanicInApply, 5)] {
        assert_eq!(ask(&node, "a", bad).await.unwrap_err().code, Code::Internal);
        assert_eq!(state(&node, "a").await.sum, left, "a failed decision left something behind");
    }
    assert_eq!(ask(&node, "a", Command::RefuseAfterEvent).await.unwrap_err().code, Code::Internal);
    assert_eq!(ask(&node, "a", Command::Add(1)).await.unwrap_err().code, Code::OwnerFailed);
    assert_eq!(node.shell.closed_owners(), [probe("a")]);
    assert!(ask(&node, "b", Command::Add(1)).await.is_ok(), "another owner was touched");
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 5, "what failed was written");
    node.stop().await;
}

#[actix::test]
async fn a_command_that_makes_too_many_records_is_refused_and_harms_nobody() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    ask(&node, "a", Command::Add(5)).await.unwrap();
    for _ in 0..4 {
        let refused = ask(&node, "a", Command::AddOnes(RECORDS_PER_COMMAND + 1)).await;
        assert_eq!(refused.unwrap_err().code, Code::TooLarge);
        assert_eq!(state(&node, "a").await.sum, 5, "something of it was kept");
    }
    assert!(node.shell.closed_owners().is_empty());
    let whole = 5 + RECORDS_PER_COMMAND as u64;
    assert_eq!(ask(&node, "a", Command::AddOnes(RECORDS_PER_COMMAND)).await, Ok(Answer::Number(whole)));
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, whole);
    node.stop().await;
}

#[actix::test]
async fn who_is_refused_again_and_again_costs_no_replay_each_time() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    let mut counted = 0;
    let mut more = |by| {
        let before = std::mem::replace(&mut counted, COUNTED.load(Ordering::Relaxed));
        assert_eq!(counted - before, by);
    };
    for _ in 0..300 {
        ask(&node, "a", Command::Count).await.unwrap();
    }
    more(300);
    for replayed in [300, 0, 0] {
        let refused = ask(&node, "a", Command::AddOnes(RECORDS_PER_COMMAND + 1)).await;
        assert_eq!(refused.unwrap_err().code, Code::TooLarge);
        more(replayed);
    }
    ask(&node, "a", Command::Add(5)).await.unwrap();
    ask(&node, "a", Command::Panic).await.unwrap_err();
    more(0);
    assert_eq!(state(&node, "a").await.sum, 5);
    let node = test.crash(node);
    assert_eq!(state(&node, "a").await.sum, 5);
    node.stop().await;
}

#[actix::test]
async fn a_snapshot_that_is_stored_late_takes_no_later_base_away() {
    let test = TestNode::new();
    let gate = Gate::open();
    let node = test.start(&gate);
    gate.hold();
    let begin = |command: Command| node.shell.begin(probe("a"), command.message(), client(None, 0)).unwrap();
    let mut taken = vec![begin(Command::Add(5))];
    let (floor, ()) = tokio::join!(node.checkpoint(), async {
        tokio::time::sleep(SOON).await;
        taken.extend((0..300).map(|_| begin(Command::Add(1))));
        let refused = begin(Command::AddOnes(RECORDS_PER_COMMAND + 1));
        tokio::time::sleep(SOON).await;
        gate.release();
        assert_eq!(refused.await.unwrap().unwrap_err().code, Code::TooLarge);
    });
    let row = node.shell.store.snapshot(&probe("a")).unwrap().expect("stored");
    assert_eq!((floor, row.owner_seq), (Some(0), 1), "what it had when it was asked");
    for one in taken {
        one.await.unwrap().unwrap();
    }
    ask(&node, "a", Command::Panic).await.unwrap_err();
    assert_eq!(state(&node, "a").await.sum, 305);
    assert_eq!(ask(&node, "a", Command::Add(1)).await, Ok(Answer::Number(306)));
    node.stop().await;
}

#[actix::test]
async fn idle_owners_go_to_sleep_and_lose_nothing() {
    let test = TestNode::new();
    let node = test.start_with(&Gate::open(), |options| options.keeper.idle_s = 0);
    for n in 0..50 {
        ask(&node, &format!("p{n}"), Command::Add(n)).await.unwrap();
    }
    for _ in 0..800 {
        if node.shell.running_owners() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(node.shell.running_owners(), 0);
    for n in 0..50 {
        assert_eq!(ask(&node, &format!("p{n}"), Command::Add(1)).await.unwrap(), Answer::Number(n + 1));
    }
    node.stop().await;
}

#[actix::test]
async fn an_owner_that_nobody_ever_told_anything_goes_soon() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    let go_after_ms = |name: &str| {
        let running = node.shell.running.get(&probe(name)).expect("it runs");
        let used_ms = running.used_ms.load(Ordering::Relaxed);
        [10_000, 700_000].map(|ms| running.is_idle(used_ms + ms, 600_000))
    };
    ask(&node, "told", Command::Add(1)).await.unwrap();
    assert_eq!(state(&node, "asked").await.sum, 0);
    assert_eq!((go_after_ms("told"), go_after_ms("asked")), ([false, true], [true, true]));
    ask(&node, "asked", Command::Add(1)).await.unwrap();
    assert_eq!(go_after_ms("asked"), [false, true], "told meanwhile");
    let node = test.crash(node);
    assert_eq!(state(&node, "told").await.sum, 1);
    let is_known =
        |name: &str| node.shell.running.get(&probe(name)).is_some_and(|it| it.is_known.load(Ordering::Relaxed));
    assert!(is_known("told"), "it has records of before");
    node.stop().await;
}

#[actix::test]
async fn a_destroyed_store_is_made_again_from_the_log() {
    let test = TestNode::new();
    let node = test.start(&Gate::open());
    for n in 0..30 {
        ask(&node, &format!("p{}", n % 3), Command::Add(n)).await.unwrap();
    }
    let log = node.stop().await.unwrap();
    std::fs::write(test.store().join("sled").join("db"), b"not a database").unwrap();
    let node = test.start_on(log);
    assert!(node.report.store_set_aside.is_some());
    let sums = [0, 1, 2].map(|p| (0..30).filter(|n| n % 3 == p).sum::<u64>());
    for (p, sum) in sums.into_iter().enumerate() {
        assert_eq!(state(&node, &format!("p{p}")).await.sum, sum);
    }
    node.stop().await;
}

#[actix::test]
async fn many_racing_clients_are_all_counted() {
    let test = TestNode::new();
    let node = Arc::new(test.start(&Gate::open()));
    let all: Vec<_> = (0..400)
        .map(|n| {
            let shell = node.shell.clone();
            let owner: OwnerRef = probe(if n % 2 == 0 { "a" } else { "b" });
            tokio::spawn(async move { shell.ask(owner, Command::Add(1).message(), client(Some(n), 0)).await })
        })
        .collect();
    let mut done = 0;
    for one in all {
        done += u64::from(one.await.unwrap().is_ok());
    }
    assert_eq!(done, 400);
    assert_eq!(state(&node, "a").await.sum + state(&node, "b").await.sum, 400);
    Arc::try_unwrap(node).ok().unwrap().stop().await;
}
