//! What the channels report, on its way to whoever told: a bounded queue; full drops the oldest and counts it. What was
//! dropped is as a report that never came: its deadline passes.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, broadcast};

use super::port::{Deliveries, Delivery};

/// Reports that may wait.
const WAIT_MAX: usize = 4096;

/// How many of them somebody who only looks on may be behind.
const FOLLOWED_MAX: usize = 256;

/// The queue.
pub struct Reports {
    waiting: Mutex<VecDeque<Delivery>>,
    came: Notify,
    followed: broadcast::Sender<Delivery>,
}

impl Default for Reports {
    fn default() -> Self {
        let (followed, _) = broadcast::channel(FOLLOWED_MAX);
        Self { waiting: Mutex::default(), came: Notify::default(), followed }
    }
}

impl Reports {
    /// What comes from now on, for somebody who only looks on.
    pub fn follow(&self) -> broadcast::Receiver<Delivery> {
        self.followed.subscribe()
    }

    /// The oldest that waits, or the next one that comes. For one listener.
    pub async fn next(&self) -> Delivery {
        loop {
            let first = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match first {
                Some(delivery) => return delivery,
                None => self.came.notified().await,
            }
        }
    }
}

impl Deliveries for Reports {
    fn report(&self, delivery: Delivery) {
        let arrived = if delivery.arrived { "yes" } else { "no" };
        metrics::counter!("reach_reports_total", "channel" => delivery.channel.wire(), "arrived" => arrived)
            .increment(1);
        // Mostly nobody looks on.
        let _ = self.followed.send(delivery.clone());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAIT_MAX {
            waiting.pop_front();
            metrics::counter!("overloaded_total", "what" => "delivery_reports").increment(1);
        }
        waiting.push_back(delivery);
        drop(waiting);
        self.came.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::super::port::ChannelName;
    use super::*;

    fn of(telling: usize) -> Delivery {
        Delivery { telling: telling.to_string(), channel: ChannelName::Sms, arrived: true }
    }

    #[tokio::test]
    async fn reports_come_in_order_and_the_oldest_goes_when_full() {
        let reports = std::sync::Arc::new(Reports::default());
        for telling in 0..=WAIT_MAX {
            reports.report(of(telling));
        }
        assert_eq!(reports.next().await, of(1), "0 found no room");
        for telling in 2..=WAIT_MAX {
            assert_eq!(reports.next().await, of(telling));
        }
        let listener = reports.clone();
        let waiting = tokio::spawn(async move { listener.next().await });
        tokio::task::yield_now().await;
        reports.report(of(7));
        assert_eq!(waiting.await.expect("it comes"), of(7));
    }
}
