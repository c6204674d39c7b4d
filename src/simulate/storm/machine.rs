//! Server and people share one machine, though people bring their own: what each of the two has had of it, and how late the
//! people are because they wait for each other.

use std::time::Duration;

use hdrhistogram::Histogram;
use jiaohao_actors::shell::clock::monotonic;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::simulate::own_server::OwnServer;
use crate::simulate::process;

/// How far the people's threads stand behind the server's (`nice`): 100,000 phones take no time of a server's processors.
const BEHIND: i32 = 15;
/// A person who looks at the clock so often shows how late all of them are.
const LOOKS: Duration = Duration::from_millis(20);

/// Puts the calling thread behind the server's: for each thread that people live on.
pub fn give_way() {
    if let Err(why) = rustix::process::setpriority_process(None, BEHIND) {
        tracing::warn!(%why, "the people's threads stand beside the server's");
    }
}

/// Watches the machine until [`Watch::told`].
pub(super) struct Watch<'a> {
    server: &'a OwnServer,
    /// Of the server and of the people, when it began.
    before: [Duration; 2],
    over: oneshot::Sender<()>,
    late_us: JoinHandle<Histogram<u64>>,
    began: std::time::Instant,
}

impl<'a> Watch<'a> {
    /// Begins.
    pub(super) fn begin(server: &'a OwnServer) -> Result<Self, String> {
        let mut late_us = Histogram::<u64>::new_with_bounds(1, 600_000_000, 2).map_err(|e| e.to_string())?;
        let (over, mut is_over) = oneshot::channel();
        let late_us = tokio::spawn(async move {
            loop {
                let asleep = monotonic();
                tokio::select! {
                    _ = &mut is_over => return late_us,
                    () = tokio::time::sleep(LOOKS) => {}
                }
                let late = asleep.elapsed().saturating_sub(LOOKS);
                late_us.saturating_record(u64::try_from(late.as_micros()).unwrap_or(u64::MAX).max(1));
            }
        });
        Ok(Self { server, before: used(server), over, late_us, began: monotonic() })
    }

    /// What it came to.
    pub(super) async fn told(self) -> Result<Value, String> {
        let (wall, after) = (self.began.elapsed(), used(self.server));
        // who watches ends by this alone
        let _ = self.over.send(());
        let late_us = self.late_us.await.map_err(|e| e.to_string())?;
        let s = |n: usize| (after[n].saturating_sub(self.before[n]).as_secs_f64() * 10.0).round() / 10.0;
        let ms = |us: u64| (us as f64 / 10.0).round() / 100.0;
        Ok(json!({
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
            "wall_s": (wall.as_secs_f64() * 10.0).round() / 10.0,
            "server_cpu_s": s(0),
            "people_cpu_s": s(1),
            "people_late_ms": { "p50": ms(late_us.value_at_quantile(0.5)), "p99": ms(late_us.value_at_quantile(0.99)), "max": ms(late_us.max()) },
        }))
    }
}

fn used(server: &OwnServer) -> [Duration; 2] {
    [server.cpu(), process::cpu(std::process::id())].map(Option::unwrap_or_default)
}

/// The same in words.
pub(super) fn words(machine: &Value) -> String {
    let [cores, wall, server, people] = ["cores", "wall_s", "server_cpu_s", "people_cpu_s"].map(|name| &machine[name]);
    let [p50, p99, max] = ["p50", "p99", "max"].map(|name| &machine["people_late_ms"][name]);
    format!(
        "{wall} s of {cores} cores: server {server} s of them, people {people} s; people's own clocks late by p50 {p50} ms  p99 {p99} ms  max {max} ms"
    )
}
