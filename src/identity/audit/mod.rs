//! Who saw and did what: append-only JSON lines, one file a day (UTC), under `data/audit/`. Ids only, never names or
//! documents.
//!
//! One thread writes. What waits for it is bounded; when that is full, *looking* at persons is refused (what cannot be
//! put down is not shown), and *doing* is counted and named in the next line that fits (the deed itself is in the log).

mod read;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use jiaohao_actors::log::user;
use jiaohao_actors::shell::clock;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{AccountId, Code, Rejection, Role, Timestamp};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::identity::keys::{make_dir, sync_dir};
use crate::identity::tokens::Claims;
use crate::seldom::Seldom;

pub use read::{AuditQuery, read};

/// Lines written at once.
const BATCH: usize = 256;
/// A deed's line is on disk so soon. (The deed itself is in the log before it is answered.)
const SYNC_WITHIN: Duration = Duration::from_millis(200);

/// Why who wants to look at persons is refused. It is for whoever asks: no folder is named.
const UNWRITTEN: &str =
    "the audit cannot be written, and who cannot be put down is shown nothing: tell who runs the server";

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct AuditLine {
    /// When (machine time, RFC 3339).
    at: String,
    /// The day's file.
    #[serde(skip)]
    day: String,
    /// Who.
    account: AccountId,
    /// In which role; none: not signed in.
    role: Option<Role>,
    /// What: a command's name, a stream's name, a deed (`read_persons`), a sign-in.
    what: String,
    /// About which ids.
    about: Vec<String>,
    /// From which address: of who has not signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<IpAddr>,
    /// What else counted: `document` (it was made known by a document in hand), `just_registered` (it is seen only because
    /// it was just made known there).
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    /// `done`, or the code of the rejection; of an arrival `not_done`.
    outcome: &'static str,
}

impl AuditLine {
    /// That these claims did or saw `what`, about these ids, at `now`. An outcome is a wire code or `done`.
    pub fn new(
        claims: &Claims,
        what: impl Into<String>,
        about: impl IntoIterator<Item = impl ToString>,
        outcome: Result<(), Code>,
        now: Timestamp,
    ) -> Self {
        let at = Zone::utc().rfc3339(now);
        Self {
            day: at.chars().take(10).collect(),
            at,
            account: claims.account.clone(),
            role: Some(claims.role),
            what: what.into(),
            about: about.into_iter().map(|id| id.to_string()).collect(),
            from: None,
            by: None,
            outcome: outcome.map_or_else(Code::wire, |()| "done"),
        }
    }

    /// Of an arrival only whether it was done: why it was not can be what somebody has answered of their health. Who was not
    /// allowed to is told all the same.
    pub fn of_an_arrival(self) -> Self {
        let is_plain = self.outcome == "done" || self.outcome == Code::Forbidden.wire();
        Self { outcome: if is_plain { self.outcome } else { "not_done" }, ..self }
    }

    /// What else counted.
    pub fn by(self, what: Option<&'static str>) -> Self {
        Self { by: what, ..self }
    }

    /// That somebody at this address tried to sign in as this account, or asked for a code to be sent to it.
    pub fn of_stranger(
        account: AccountId,
        what: &str,
        from: IpAddr,
        outcome: Result<(), Code>,
        now: Timestamp,
    ) -> Self {
        let nobody = Claims::new(Role::Patient, account, now, 0);
        Self { role: None, from: Some(from), ..Self::new(&nobody, what, Vec::<String>::new(), outcome, now) }
    }
}

/// The audit of a house. Dropping it writes what still waits.
#[derive(Debug)]
pub struct Audit {
    lines: Option<SyncSender<Waiting>>,
    left_out: Arc<AtomicU64>,
    /// The last writing failed.
    fails: Arc<AtomicBool>,
    writer: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Waiting {
    /// None: only that everything before is written is waited for.
    line: Option<AuditLine>,
    written: Option<oneshot::Sender<bool>>,
}

impl Audit {
    /// Opens the audit in `dir`; at most `waiting` lines wait for the disk. One that cannot be written is named at once, not
    /// by the first look that is refused; it is no reason to stay down, because calling goes on without looks.
    pub fn open(dir: &Path, waiting: usize) -> io::Result<Self> {
        make_dir(dir)?;
        let tried = try_to_write(dir);
        if let Err((path, error)) = &tried {
            let next = match error.kind() {
                io::ErrorKind::PermissionDenied => user::closed(path, dir.parent().unwrap_or(dir)),
                _ => "look at the disk".to_owned(),
            };
            tracing::error!(
                "{}: {error}: the audit cannot be written, and until it can who looks for persons is refused: {next}",
                path.display()
            );
        }
        let fails = Arc::new(AtomicBool::new(tried.is_err()));
        let (lines, received) = sync_channel(waiting);
        let left_out = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            dir: dir.to_owned(),
            open: None,
            unsynced: 0,
            unsynced_since: None,
            left_out: Arc::clone(&left_out),
            fails: Arc::clone(&fails),
            complaints: Seldom::default(),
        };
        let writer = std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(&received))?;
        Ok(Self { lines: Some(lines), left_out, fails, writer: Some(writer) })
    }

    /// Whether it could not be written when that was last tried.
    pub fn is_failing(&self) -> bool {
        self.fails.load(Ordering::Relaxed)
    }

    /// Puts down a look at persons. What it answers `Ok` to may be shown: the line is on disk. `overloaded` or
    /// `storage_low`: do not show it.
    pub async fn look(&self, line: AuditLine) -> Result<(), Rejection> {
        self.written(Some(line)).await
    }

    /// Waits until every line put down before is on disk: who reads the audit reads those too.
    pub async fn settled(&self) -> Result<(), Rejection> {
        self.written(None).await
    }

    async fn written(&self, line: Option<AuditLine>) -> Result<(), Rejection> {
        let (written, answer) = oneshot::channel();
        self.queue(Waiting { line, written: Some(written) }).map_err(|()| Code::Overloaded)?;
        match answer.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Rejection::new(Code::StorageLow, UNWRITTEN).with("what", "audit")),
        }
    }

    /// Puts down a deed. Never waits; what finds no room is counted and named in a later line.
    pub fn note(&self, line: AuditLine) {
        if self.queue(Waiting { line: Some(line), written: None }).is_err() {
            metrics::counter!("audit_lines_left_out_total").increment(1);
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn queue(&self, waiting: Waiting) -> Result<(), ()> {
        self.lines.as_ref().map_or(Err(()), |lines| lines.try_send(waiting).map_err(drop))
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.lines = None;
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the audit's writer had panicked");
        }
    }
}

struct Writer {
    dir: PathBuf,
    open: Option<(String, File)>,
    /// Lines written and not synced yet, and since when there are any.
    unsynced: u64,
    unsynced_since: Option<Instant>,
    left_out: Arc<AtomicU64>,
    fails: Arc<AtomicBool>,
    complaints: Seldom,
}

impl Writer {
    fn run(mut self, received: &Receiver<Waiting>) {
        loop {
            let first = match self.unsynced_since {
                None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => received.recv_timeout(SYNC_WITHIN),
            };
            let first = match first {
                Ok(first) => first,
                Err(ended) => {
                    if let Err(error) = self.sync() {
                        self.lost(0, 0, &error);
                    }
                    match ended {
                        RecvTimeoutError::Timeout => continue,
                        RecvTimeoutError::Disconnected => return,
                    }
                }
            };
            let batch: Vec<Waiting> = std::iter::once(first).chain(received.try_iter().take(BATCH - 1)).collect();
            let has_lines = batch.iter().any(|waiting| waiting.line.is_some());
            let left_out = if has_lines { self.left_out.swap(0, Ordering::Relaxed) } else { 0 };
            let written = self.write(&batch, left_out);
            // Who only waits for what was written before has tried nothing.
            if has_lines || written.is_err() {
                self.fails.store(written.is_err(), Ordering::Relaxed);
            }
            if let Err(error) = &written {
                let lost = batch.iter().filter(|waiting| waiting.written.is_none()).count() as u64;
                self.lost(left_out, lost, error);
            }
            for answer in batch.into_iter().filter_map(|waiting| waiting.written) {
                // Who asked may have gone away; the line stands all the same.
                let _ = answer.send(written.is_ok());
            }
        }
    }

    /// So many lines, and those not yet synced, may not be on disk: a later line names them with those that were left out
    /// before.
    fn lost(&mut self, before: u64, lines: u64, error: &io::Error) {
        self.open = None;
        self.unsynced_since = None;
        let lost = lines + std::mem::take(&mut self.unsynced);
        self.left_out.fetch_add(before + lost, Ordering::Relaxed);
        metrics::counter!("audit_lines_left_out_total").increment(lost);
        if let Some(lines) = self.complaints.add(lost, clock::monotonic()) {
            tracing::error!(folder = %self.dir.display(), %error, lines, "the audit could not be written");
        }
    }

    /// Writes lines. They are synced when a look waits for that, and otherwise [`SYNC_WITHIN`]: a sync for each deed
    /// would stand in the way of the log's own.
    fn write(&mut self, batch: &[Waiting], left_out: u64) -> io::Result<()> {
        let lines: Vec<&AuditLine> = batch.iter().filter_map(|waiting| waiting.line.as_ref()).collect();
        for of_day in lines.chunk_by(|a, b| a.day == b.day) {
            let mut bytes = Vec::new();
            for line in of_day {
                serde_json::to_writer(&mut bytes, line)?;
                bytes.push(b'\n');
            }
            self.file(&of_day[0].day)?.write_all(&bytes)?;
        }
        if left_out > 0
            && let Some((_, file)) = &mut self.open
        {
            file.write_all(format!("{{\"what\":\"lines_left_out\",\"count\":{left_out}}}\n").as_bytes())?;
        }
        let since = *self.unsynced_since.get_or_insert_with(clock::monotonic);
        if batch.iter().any(|waiting| waiting.written.is_some()) || since.elapsed() >= SYNC_WITHIN {
            return self.sync();
        }
        self.unsynced += lines.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if let Some((_, file)) = &self.open {
            file.sync_data()?;
        }
        (self.unsynced, self.unsynced_since) = (0, None);
        Ok(())
    }

    fn file(&mut self, day: &str) -> io::Result<&mut File> {
        if self.open.as_ref().is_none_or(|(open, _)| open != day) {
            self.sync()?;
            let path = self.dir.join(format!("{day}.jsonl"));
            let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
            end_torn_line(&mut file)?;
            sync_dir(&self.dir)?;
            self.open = Some((day.to_owned(), file));
        }
        Ok(&mut self.open.as_mut().expect("invariant: it was opened above").1)
    }
}

/// Whether the folder takes a new file, and the newest file a line more; else which does not.
fn try_to_write(dir: &Path) -> Result<(), (PathBuf, io::Error)> {
    let newest =
        fs::read_dir(dir).map_err(|error| (dir.to_owned(), error))?.filter_map(|at| Some(at.ok()?.path())).max();
    if let Some(newest) = newest {
        OpenOptions::new().append(true).open(&newest).map_err(|error| (newest, error))?;
    }
    let trial = dir.join("trial");
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&trial);
    made.and_then(|_| fs::remove_file(&trial)).map_err(|error| (trial, error))
}

/// A line that a crash or a full disk cut short is left as it is, and what follows begins on a new one.
fn end_torn_line(file: &mut File) -> io::Result<()> {
    let end = file.metadata()?.len();
    let mut last = [b'\n'];
    if end > 0 {
        file.read_exact_at(&mut last, end - 1)?;
    }
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_392_000_000 - 1);

    fn line(what: &str, now: Timestamp) -> AuditLine {
        let claims = Claims::new(Role::Desk, AccountId::new("a-staff-li"), now, 600);
        AuditLine::new(&claims, what, ["p-1", "p-2"], Ok(()), now)
    }

    fn files(dir: &Path) -> Vec<(String, Vec<serde_json::Value>)> {
        let mut files: Vec<_> =
            std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).expect("text");
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
            )
        };
        files.into_iter().map(read).collect()
    }

    #[tokio::test]
    async fn a_look_is_on_disk_before_it_is_answered_and_days_have_files_of_their_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let audit = Audit::open(folder.path(), 16).expect("opens");
        audit.look(line("read_persons", NOW)).await.expect("written");
        audit.look(line("read_persons", NOW.plus_ms(1))).await.expect("written");
        let files = files(folder.path());
        assert_eq!(
            files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["2026-11-22.jsonl", "2026-11-23.jsonl"]
        );
        let first = &files[0].1[0];
        assert_eq!(first["account"], "a-staff-li");
        assert_eq!(first["about"], serde_json::json!(["p-1", "p-2"]));
        assert_eq!(
            (&first["role"], &first["what"], &first["outcome"]),
            (&"desk".into(), &"read_persons".into(), &"done".into())
        );
    }

    #[tokio::test]
    async fn who_tried_to_get_in_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let audit = Audit::open(folder.path(), 16).expect("opens");
        let tried = Err(Code::WrongCredentials);
        let account = AccountId::new("a-staff-li");
        audit.note(AuditLine::of_stranger(account, "sign_in", [10, 0, 0, 1].into(), tried, NOW));
        drop(audit);
        let line = &files(folder.path())[0].1[0];
        assert_eq!((&line["from"], &line["role"]), (&"10.0.0.1".into(), &serde_json::Value::Null));
        assert_eq!((&line["what"], &line["outcome"]), (&"sign_in".into(), &"wrong_credentials".into()));
    }

    #[test]
    fn what_waits_is_written_when_it_closes_and_appended_when_it_opens_again() {
        let folder = tempfile::tempdir().expect("a folder");
        for _ in 0..2 {
            let audit = Audit::open(folder.path(), 1000).expect("opens");
            (0..100).for_each(|_| audit.note(line("check_in", NOW)));
        }
        assert_eq!(files(folder.path())[0].1.len(), 200);
    }

    #[tokio::test]
    async fn whoever_waits_until_it_is_settled_finds_every_line_put_down_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let audit = Audit::open(folder.path(), 2000).expect("opens");
        (0..1000).for_each(|_| audit.note(line("check_in", NOW)));
        audit.settled().await.expect("written");
        assert_eq!(files(folder.path())[0].1.len(), 1000);
    }

    #[tokio::test]
    async fn a_line_torn_by_a_crash_spoils_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("2026-11-22.jsonl"), b"{\"at\":\"2026").expect("torn");
        Audit::open(folder.path(), 16).expect("opens").look(line("read_persons", NOW)).await.expect("written");
        let text = std::fs::read_to_string(folder.path().join("2026-11-22.jsonl")).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 2 && lines[1].starts_with("{\"at\":\"2026-11-22T23:59:59.999"), "{text}");
    }

    #[tokio::test]
    async fn one_that_cannot_be_written_is_known_at_the_start_and_until_it_can() {
        let folder = tempfile::tempdir().expect("a folder");
        // Nobody, not even root, adds a line to a folder.
        let in_the_way = folder.path().join("2026-11-22.jsonl");
        fs::create_dir(&in_the_way).expect("in the way");
        let audit = Audit::open(folder.path(), 16).expect("it serves all the same");
        assert!(audit.is_failing());
        audit.look(line("read_persons", NOW)).await.expect_err("not on record");
        assert!(audit.is_failing());
        fs::remove_dir(&in_the_way).expect("out of the way");
        audit.look(line("read_persons", NOW)).await.expect("written");
        assert!(!audit.is_failing());
        drop(audit);
        assert!(!Audit::open(folder.path(), 16).expect("opens").is_failing());
        assert_eq!(files(folder.path()).len(), 1, "the trial leaves nothing");
    }

    #[test]
    fn deeds_that_find_no_room_are_counted_and_looks_refused() {
        let (lines, received) = sync_channel(1);
        let left_out = Arc::new(AtomicU64::new(0));
        let fails = Arc::new(AtomicBool::new(false));
        let audit =
            Audit { lines: Some(lines), left_out: Arc::clone(&left_out), fails: Arc::clone(&fails), writer: None };
        (0..4).for_each(|_| audit.note(line("check_in", NOW)));
        assert_eq!(left_out.load(Ordering::Relaxed), 3);
        let refused = futures_util::FutureExt::now_or_never(audit.look(line("read_persons", NOW)));
        assert_eq!(refused.expect("at once").expect_err("no room").code, Code::Overloaded);
        drop(audit);
        let folder = tempfile::tempdir().expect("a folder");
        Writer {
            dir: folder.path().to_owned(),
            open: None,
            unsynced: 0,
            unsynced_since: None,
            left_out,
            fails,
            complaints: Seldom::default(),
        }
        .run(&received);
        let lines = &files(folder.path())[0].1;
        assert_eq!((lines.len(), &lines[1]["what"], &lines[1]["count"]), (2, &"lines_left_out".into(), &3.into()));
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("audit");
        let audit = Audit::open(&dir, 16).expect("opens");
        std::fs::remove_dir(&dir).expect("removed");
        let refused = audit.look(line("read_persons", NOW)).await.expect_err("no folder");
        assert_eq!((refused.code, refused.detail.as_str()), (Code::StorageLow, UNWRITTEN));
        let for_desk = crate::engine::for_asker(Some(Role::Desk), refused.clone());
        assert_eq!(for_desk, refused, "the desk is told what it is");
        std::fs::create_dir(&dir).expect("back");
        audit.look(line("read_persons", NOW)).await.expect("written again");
    }
}
