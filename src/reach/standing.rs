//! Whether the outside parties take what they are given: the log says at once what to look at, and whoever runs the house is
//! told of a channel that fails and not of a message that failed.

use std::sync::{Mutex, PoisonError};

use jiaohao_domain::Timestamp;

use super::port::{ChannelName, Sent};

/// So many in a row that were not taken are no chance …
const IN_A_ROW: u32 = 5;
/// … nor are so many …
const FEW_IN_A_ROW: u32 = 3;
/// … when the first is so long ago, in ms.
const FEW_FOR_MS: i64 = 60_000;
/// So many of the last [`LAST`] that were not taken are too many, whatever stands between them.
const OF_THE_LAST: u32 = 10;
const LAST: u32 = 20;

/// A party that does not take what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// By which channel.
    pub channel: ChannelName,
    /// Since when; none: it takes some.
    pub since: Option<Timestamp>,
    /// What the last failure was, and what to look at.
    pub last: String,
}

/// How the parties have stood lately.
#[derive(Debug, Default)]
pub struct Standing([Mutex<Party>; 4]);

#[derive(Debug, Default)]
struct Party {
    /// The last [`LAST`]: a bit that is set was not taken.
    lately: u32,
    in_a_row: u32,
    since: Option<Timestamp>,
    last: String,
}

impl Standing {
    fn party(&self, channel: ChannelName) -> std::sync::MutexGuard<'_, Party> {
        self.0[channel as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The party answered as it does when all is well, be it that this address will never do.
    pub fn answered(&self, channel: ChannelName, sent: Sent) -> Sent {
        let mut party = self.party(channel);
        (party.in_a_row, party.since) = (0, None);
        party.lately = (party.lately << 1) & ((1 << LAST) - 1);
        sent
    }

    /// The party at `host` took nothing: `what` happened, and the operator may look at `look_at`. Neither names a person.
    pub fn failed(&self, channel: ChannelName, host: &str, what: &str, look_at: &str, now: Timestamp) -> Sent {
        tracing::warn!(channel = channel.wire(), host, what, "{}: check {look_at}", channel.failure());
        let mut party = self.party(channel);
        party.in_a_row = party.in_a_row.saturating_add(1);
        party.since.get_or_insert(now);
        party.lately = ((party.lately << 1) | 1) & ((1 << LAST) - 1);
        party.last = format!("{host}: {what}: check {look_at}");
        Sent::NotNow
    }

    /// Which channel fails, if it does.
    pub fn failing(&self, channel: ChannelName, now: Timestamp) -> Option<Failing> {
        let party = self.party(channel);
        let is_long = party.in_a_row >= FEW_IN_A_ROW && party.since.is_some_and(|at| now.ms_since(at) >= FEW_FOR_MS);
        let fails = party.in_a_row >= IN_A_ROW || is_long || party.lately.count_ones() >= OF_THE_LAST;
        fails.then(|| Failing { channel, since: party.since, last: party.last.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_fails_by_a_row_by_time_or_by_share_and_no_message_alone() {
        let standing = Standing::default();
        let (sms, at) = (ChannelName::Sms, |s: i64| Timestamp(s * 1000));
        let fail = |s: i64| standing.failed(sms, "http://10.0.0.8", "timed out", "sms.url", at(s));
        let fails = |s: i64| standing.failing(sms, at(s)).is_some();
        assert_eq!(fail(0), Sent::NotNow);
        fail(1);
        assert!(!fails(3600), "one code is tried twice");
        fail(2);
        assert!(!fails(59) && fails(60));
        let found = standing.failing(sms, at(60)).expect("fails");
        assert_eq!((found.since, found.last.as_str()), (Some(at(0)), "http://10.0.0.8: timed out: check sms.url"));
        assert!(standing.failing(ChannelName::WeChat, at(60)).is_none(), "of another nothing is known");
        assert_eq!(standing.answered(sms, Sent::Refused), Sent::Refused);
        assert!(!fails(3600), "a number that will never do is an answer");
        for _ in 0..4 {
            fail(70);
        }
        assert!(!fails(70));
        fail(70);
        assert!(fails(70), "five in a row");
        standing.answered(sms, Sent::Taken);
        assert!(!fails(70));
        for _ in 0..2 {
            fail(80);
            standing.answered(sms, Sent::Taken);
        }
        let found = standing.failing(sms, at(80)).expect("ten of the last twenty");
        assert_eq!(found.since, None, "it takes some");
        for _ in 0..LAST {
            standing.answered(sms, Sent::Taken);
        }
        assert!(!fails(3600));
    }
}
