//! Whether the house can do its work, in words for who runs it.

use std::sync::atomic::Ordering;

use jiaohao_domain::OwnerKind;

use super::House;
use super::serve::free_bytes;

/// A batch of the log that takes longer, in milliseconds, is not slow any more: the disk does not answer.
const STALLED_MS: i64 = 5_000;

/// For how long a log that takes so long has not answered, in seconds; none while it is only slow.
fn stalled_s(writing_ms: i64) -> Option<i64> {
    (writing_ms > STALLED_MS).then_some(writing_ms / 1_000)
}

impl House {
    /// Recovered and able to commit; else why not. Everybody may ask: no folder is named.
    pub(super) fn ready_now(&self) -> Result<(), String> {
        if self.is_stopping() {
            return Err("stopping".into());
        }
        if self.shell.is_read_only() {
            return Err(format!("read-only: the disk is full ({}); the log says where", self.room()));
        }
        match self.stalled_s() {
            Some(s) => Err(format!("log: nothing has been committed for {s} s, the disk of data.dir does not answer")),
            None => Ok(()),
        }
    }

    /// What is free and what should be, for everybody who asks: not in which folder.
    fn room(&self) -> String {
        let data = &self.settings.data;
        let (setting, mib) = match self.shell.is_read_only() {
            true => ("last_reserve_mib", data.last_reserve_mib),
            false => ("reserve_mib", data.reserve_mib),
        };
        let free = free_bytes(&data.dir).map_or("?".to_owned(), |bytes| (bytes >> 20).to_string());
        format!("{free} MiB are free, data.{setting} = {mib}")
    }

    /// For how many seconds nothing could be committed although it should be; none while the log writes.
    pub(super) fn stalled_s(&self) -> Option<i64> {
        stalled_s(self.shell.writing_ms())
    }

    /// Whether nobody has set up a hospital here: a new house, or a folder that is not the one that was meant.
    pub(super) fn is_not_set_up(&self) -> bool {
        if !self.has_site.load(Ordering::Relaxed) && !self.shell.known_owners(OwnerKind::Site).is_empty() {
            self.has_site.store(true, Ordering::Relaxed);
        }
        !self.has_site.load(Ordering::Relaxed)
    }

    /// What an operator should look at while it works.
    pub(super) fn alarms_now(&self) -> Vec<String> {
        let mut alarms = Vec::new();
        let clock = &self.shell.clock;
        if clock.is_alarmed() {
            let zone = self.zone_of(None);
            let (machine, clinic) = (zone.rfc3339(clock.wall_now()), zone.rfc3339(clock.clinic()));
            let what = match clock.stands() {
                true => {
                    "clinic time stands still until the machine's clock comes there. Put the machine's clock right; if it is \
                     right, an earlier time was confirmed wrongly: docs/operations.md, \"The clock\""
                }
                false => {
                    "it is not believed, clinic time goes on without it. Put the machine's clock right; confirm only if the \
                     machine is right (POST /api/v1/clock/confirm)"
                }
            };
            alarms.push(format!("clock: the machine says {machine}, clinic time is {clinic}: {what}"));
        }
        if self.is_not_set_up() {
            let what = "new: nobody has set up a hospital in data.dir yet (/setup). If there should be one: is the disk \
                        mounted, and data.dir right?";
            alarms.push(what.into());
        }
        let closed = self.shell.closed_owners().len();
        if closed > 0 {
            alarms.push(format!(
                "closed: {closed} of the departments, persons, … answer nothing (/ops and the log name them): keep the log, restart; \
                 if it stays so, go back to the program before (docs/operations.md, \"Alarms\")"
            ));
        }
        if self.shell.store_fails() {
            alarms.push("store: snapshots cannot be written; it is tried again with each checkpoint".into());
        }
        if self.audit.is_failing() {
            let what = "audit: audit/ in data.dir cannot be written, and who looks for persons is refused (storage_low): look at \
                        its owner and its disk, the log names folder and cause";
            alarms.push(what.into());
        }
        let missing = self.person_keys.missing();
        if missing > 0 {
            alarms.push(format!(
                "keys: the keys of {missing} persons or more cannot be read: the log names the file and what to do \
                 (docs/operations.md, \"Keys of persons\")"
            ));
        }
        if self.shell.storage_level() == 1 {
            let room = self.room();
            alarms.push(format!("disk: bookings are refused: the disk is nearly full ({room}); the log says where"));
        }
        for failing in self.reach.failing(self.machine_now()) {
            let since = failing.since.map_or("often".into(), |at| format!("since {}", self.zone_of(None).rfc3339(at)));
            let (channel, how) = (failing.channel.wire(), failing.channel.failing());
            alarms.push(format!("channel: {channel} {how} ({since}): {}", failing.last));
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_disk_answers_and_one_that_hangs_does_not() {
        assert_eq!([0, 400, 5_000, 5_001, 61_000].map(stalled_s), [None, None, None, Some(5), Some(61)]);
    }
}
