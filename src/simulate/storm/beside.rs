//! The clinic that runs beside a storm: a doctor who calls one patient after the other, in a department that releases too. The
//! console has a thread of its own: on one of the people's threads it would measure how long a hundred thousand of them keep
//! each other waiting there.

use std::time::Duration;

use hdrhistogram::Histogram;
use jiaohao_actors::shell::clock::monotonic;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::ready::{CALLS_PER_S, Ready};
use crate::clients::live::LiveClient;

/// A doctor at work, with patients who wait; ends when this is dropped.
pub(super) struct Beside {
    wishes: mpsc::Sender<Wish>,
}

/// To call for so long, and who hears what that came to.
type Wish = (Duration, oneshot::Sender<Result<Calls, String>>);

/// How long calls took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Calls {
    pub(super) calls: u64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

impl Beside {
    /// Everybody waits, and the doctor has begun.
    pub(super) async fn open(ready: &Ready) -> Result<Self, String> {
        let at = &ready.city.departments[0];
        let doctor = &ready.city.doctors[at.doctors[0]];
        for who in &ready.called {
            let wish = json!({ "queue": at.queue, "patient": &*who.patient });
            let waits = ready.door.insist("POST", "/tickets", Some(&ready.desk), &wish).await;
            waits.map_err(|why| format!("a walk-in: {why}"))?;
        }
        let (door, clock, token) = (ready.door.clone(), ready.clock.clone(), ready.doctor.clone());
        let (department, service_point) = (at.id.clone(), doctor.service_point.clone());
        let (wishes, asked) = mpsc::channel(1);
        let (at_work, has_begun) = oneshot::channel();
        let works = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(why) => return drop(at_work.send(Err(why.to_string()))),
            };
            runtime.block_on(async move {
                let live = LiveClient::open(door, clock, token, Vec::new(), Box::new(|_, _, _| {}));
                match Console::start(live, department, &service_point).await {
                    Ok(console) => {
                        // who does not wait for it any more does not ask for calls either
                        let _ = at_work.send(Ok(()));
                        console.work(asked).await;
                    }
                    Err(why) => drop(at_work.send(Err(why))),
                }
            });
        };
        std::thread::Builder::new().name("doctor".to_owned()).spawn(works).map_err(|e| e.to_string())?;
        has_begun.await.map_err(|_| GONE)??;
        Ok(Self { wishes })
    }

    /// Calls for so long, at the same pace whatever an answer takes.
    pub(super) async fn calls(&self, so_long: Duration) -> Result<Calls, String> {
        let (answer, answered) = oneshot::channel();
        self.wishes.send((so_long, answer)).await.map_err(|_| GONE)?;
        answered.await.map_err(|_| GONE)?
    }
}

const GONE: &str = "the doctor's console has ended";

/// The doctor's side, on the thread of its own.
struct Console {
    live: LiveClient,
    department: String,
    assignment: String,
    hand: Option<String>,
}

impl Console {
    async fn start(live: LiveClient, department: String, service_point: &str) -> Result<Self, String> {
        let start = json!({ "department": department, "service_point": service_point });
        let begun = live.give("start_work", start).await.map_err(|why| format!("start_work: {why}"))?;
        let assignment = begun["assignment"].as_str().unwrap_or_default().to_owned();
        // the department hears of the assignment a moment later
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(Self { live, department, assignment, hand: None })
    }

    async fn work(mut self, mut asked: mpsc::Receiver<Wish>) {
        while let Some((so_long, answer)) = asked.recv().await {
            // who does not wait for it any more needs none
            let _ = answer.send(self.calls(so_long).await);
        }
    }

    async fn calls(&mut self, so_long: Duration) -> Result<Calls, String> {
        let mut took_us = Histogram::<u64>::new_with_bounds(1, 600_000_000, 2).map_err(|e| e.to_string())?;
        let began = monotonic();
        let mut beats = tokio::time::interval(Duration::from_millis(1_000 / CALLS_PER_S));
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        while began.elapsed() < so_long {
            beats.tick().await;
            let call = json!({ "call_next_patient": { "department": self.department, "assignment": self.assignment,
                "in_hand": self.hand, "outcome": self.hand.as_ref().map(|_| "seen") } });
            let answered = self.live.send(crate::clients::command_key(), call).await;
            let took = answered.answered_at.duration_since(answered.sent_at);
            took_us.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
            let called = answered.result.map_err(|why| format!("call_next_patient: {why}"))?;
            self.hand = called["called"]["ticket"].as_str().map(str::to_owned);
        }
        let ms = |us: u64| (us as f64 / 10.0).round() / 100.0;
        let at = |quantile: f64| ms(took_us.value_at_quantile(quantile));
        Ok(Calls { calls: took_us.len(), p50_ms: at(0.5), p99_ms: at(0.99), max_ms: ms(took_us.max()) })
    }
}

/// The same in words.
pub(super) fn words(calls: &Value) -> String {
    let [many, p50, p99, max] = ["calls", "p50_ms", "p99_ms", "max_ms"].map(|name| &calls[name]);
    format!("{many} calls  p50 {p50} ms  p99 {p99} ms  max {max} ms")
}
