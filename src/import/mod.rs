//! `jiaohao import`: what a house consists of, from a hospital's tables and calendars. Files are read, compared with what the server's
//! directory says, rehearsed with the domain's own decisions, and only then is what differs sent.

mod ahead;
mod cell;
mod doubts;
mod events;
mod file;
mod ics;
mod kinds;
mod known;
mod parts;
mod plan;
mod recurrence;
mod refused;
mod rehearsal;
mod send;
mod templates;
#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, SiteId};
use serde_json::{Value, json};

pub use events::setting;
pub use file::Fault;
pub use kinds::Kind;
pub use templates::template;

use crate::clients::Refusal;
use crate::clients::http::{Door, the_site};
use file::Content;
use known::Known;
use plan::{Change, Wish};
use send::Made;

/// Files of one import at most.
pub const FILES_MAX: usize = 100;

/// What to import.
pub struct Options {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The server and an operator's token; none: the files alone are looked at.
    pub server: Option<(Door, String)>,
    /// What is said for all events of calendars, by column.
    pub set: Vec<(String, String)>,
    /// The site; none: the only one that there is.
    pub site: Option<SiteId>,
    /// Where there is no server: the zone of the site.
    pub zone: Zone,
    /// Where there is no server: its day.
    pub today: BusinessDate,
    /// Nothing is sent.
    pub dry_run: bool,
    /// Where made passwords are written.
    pub passwords: Option<PathBuf>,
    /// No bar on stderr.
    pub quiet: bool,
}

/// Why nothing was done.
pub enum Stopped {
    /// It was asked for wrongly.
    Usage(String),
    /// The server.
    Server(String),
}

/// How it went.
pub struct Report {
    /// Which site.
    pub site: SiteId,
    /// Nothing was sent.
    pub dry_run: bool,
    /// Rows by what became of them: made, changed, as they were, over, by kind.
    pub kinds: BTreeMap<Kind, Counts>,
    /// What was changed, and in a dry run what would be made, a line each.
    pub changes: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// What is wrong, or was refused.
    pub faults: Vec<Fault>,
    /// Why it did not come to its end.
    pub stopped: Option<String>,
}

/// Rows of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// New.
    pub made: usize,
    /// Changed.
    pub changed: usize,
    /// As they were: nothing was sent.
    pub as_they_were: usize,
    /// Sessions of earlier days: nothing was sent.
    pub over: usize,
    /// There is no more of them.
    pub retired: usize,
}

/// Runs it.
///
/// # Errors
/// Why nothing could be done; what is wrong with the files stands in the report.
pub async fn run(options: Options) -> Result<Report, Stopped> {
    let mut faults = Vec::new();
    let (mut sheets, mut calendars) = (Vec::new(), Vec::new());
    for path in &options.files {
        match file::read(path) {
            Ok(Content::Table(sheet)) => sheets.push(sheet),
            Ok(Content::Calendar(calendar)) => calendars.push(calendar),
            Err(found) => faults.extend(found),
        }
    }
    let mut known = match &options.server {
        Some((door, token)) => {
            let site = match &options.site {
                Some(site) => site.clone(),
                None => {
                    let sites = door.sites(token).await.map_err(|why| not_reached(door, &why))?;
                    the_site(&sites).map_err(Stopped::Usage)?
                }
            };
            let told = |why: Refusal| match why.code.as_str() {
                "forbidden" => Stopped::Server(format!(
                    "{site}: forbidden: the token is no operator's of that site, or there is none (see /setup)"
                )),
                _ => not_reached(door, &why),
            };
            Known::ask(door, token, site.clone()).await.map_err(told)?
        }
        None => {
            let site = options.site.clone();
            let site = site.ok_or_else(|| Stopped::Usage("without a token the site is named by --site".to_owned()))?;
            Known::nothing(site, options.zone, options.today)
        }
    };
    let mut report = Report {
        site: known.site.clone(),
        dry_run: options.dry_run,
        kinds: BTreeMap::new(),
        changes: Vec::new(),
        notes: Vec::new(),
        faults,
        stopped: None,
    };
    for sheet in sheets.iter().filter(|sheet| !sheet.ignored.is_empty()) {
        let columns: Vec<String> = sheet.ignored.iter().map(|header| file::repeated(header)).collect();
        report.notes.push(format!("{}: not read: {}", sheet.file, columns.join(", ")));
    }
    for calendar in &calendars {
        match events::sheets(calendar, &options.set, known.zone) {
            Ok(made) => sheets.extend(made),
            Err(found) => report.faults.extend(found),
        }
        if calendar.left_out > 0 {
            let (file, left_out) = (&calendar.file, calendar.left_out);
            report
                .notes
                .push(format!("{file}: {left_out} tasks, journals or busy times are no events and were not read"));
        }
    }
    // What other files bring is missing if one of them could not be read: its names would be told as faults.
    if !report.faults.is_empty() {
        return Ok(report);
    }
    if let Some((door, token)) = &options.server {
        report.faults = ahead::ask(door, token, &sheets, &mut known).await.map_err(|why| not_reached(door, &why))?;
        if !report.faults.is_empty() {
            return Ok(report);
        }
    }
    let bar = bar(&options, "checked");
    let wishes = plan::plan(&sheets, &known, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let wishes = match wishes {
        Ok(wishes) => wishes,
        Err(found) => {
            report.faults = found;
            return Ok(report);
        }
    };
    let kept = wishes.iter().filter(|wish| wish.password.is_some() && wish.change != Change::Made).count();
    if kept > 0 {
        report.notes.push(format!("the passwords of {kept} accounts that there are stay as they are"));
    }
    report.notes.extend(wishes.iter().filter(|wish| wish.change != Change::Same).filter_map(|wish| wish.note.clone()));
    report.notes.extend(doubts::of(&wishes, &known));
    match (&options.server, options.dry_run) {
        (Some((door, token)), false) => send_all(&options, door, token, &wishes, &mut report).await?,
        _ => wishes.iter().for_each(|wish| report.count(wish)),
    }
    Ok(report)
}

async fn send_all(
    options: &Options,
    door: &Door,
    token: &str,
    wishes: &[Wish],
    report: &mut Report,
) -> Result<(), Stopped> {
    let mut made = None;
    if wishes.iter().any(Wish::needs_password) {
        let path = options.passwords.as_ref().ok_or_else(|| {
            Stopped::Usage(
                "there are new accounts without a password: name a file for made ones by --passwords".to_owned(),
            )
        })?;
        let begun = Made::begin(path).map_err(Stopped::Usage)?;
        report.notes.push(format!("made passwords are in {}: hand them out and delete it", path.display()));
        made = Some(begun);
    }
    let bar = bar(options, "rows");
    bar.set_length(wishes.len() as u64);
    for wish in wishes {
        bar.inc(1);
        bar.set_message(wish.kind.name());
        match send::send(door, token, wish, &mut made).await {
            Ok(None) => report.count(wish),
            Ok(Some(refused)) => report.faults.push(refused),
            Err(why) => {
                let at = format!("{}, line {}", wish.file, wish.line);
                report.stopped = Some(format!("{at}: {why}; run it again: what is done is not sent twice"));
                break;
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// A bar on stderr, of so many as it is told.
fn bar(options: &Options, prefix: &'static str) -> ProgressBar {
    let target = if options.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{prefix:>16} {bar:40} {pos}/{len} {msg}")
        .expect("invariant: the template is right");
    ProgressBar::with_draw_target(Some(0), target).with_style(style).with_prefix(prefix)
}

/// What the server said, or that there is none.
fn not_reached(door: &Door, why: &Refusal) -> Stopped {
    Stopped::Server(match why.code.as_str() {
        "door" => format!("{door:?} cannot be reached: {}{}", why.detail, next(&why.detail)),
        "unauthenticated" => format!("{why}: {ANOTHER_TOKEN}"),
        _ => why.to_string(),
    })
}

/// What to do where a token is over.
const ANOTHER_TOKEN: &str =
    "make another: sudo -u jiaohao jiaohao token issue --role operator --config /etc/jiaohao/jiaohao.toml";

/// What to do about a server that cannot be reached; nothing where the cause says it.
fn next(cause: &str) -> &'static str {
    match cause {
        _ if cause.contains("refused") => "; does the server run, and is --url its address and port?",
        _ if ["reset", "roken pipe"].iter().any(|word| cause.contains(word)) => {
            "; the server went away meanwhile: run it again, what is there is not sent a second time"
        }
        _ if cause.contains("InvalidContentType") => "; that port speaks no TLS: --url http://…",
        _ if cause.contains("cut short") => "; does that port speak TLS? Then --url https://…",
        _ if cause.contains("certificate") => {
            "; a certificate of the hospital's own authority: SSL_CERT_FILE names the authority's file"
        }
        _ => "",
    }
}

impl Report {
    fn count(&mut self, wish: &Wish) {
        let counts = self.kinds.entry(wish.kind).or_default();
        match &wish.change {
            Change::Made => {
                counts.made += 1;
                // Before it is sent somebody looks at what it would be; afterwards it is there.
                if self.dry_run {
                    let name = wish.fields["name"].as_str().map(|name| format!(", {}", file::repeated(name)));
                    let name = name.unwrap_or_default();
                    self.changes.push(format!("{}, line {}: {}: new{name}", wish.file, wish.line, wish.id));
                }
            }
            Change::Changed(fields) => {
                counts.changed += 1;
                let (at, fields) = (format!("{}, line {}", wish.file, wish.line), fields.join(", "));
                self.changes.push(format!("{at}: {}: {fields}", wish.id));
            }
            Change::Same => counts.as_they_were += 1,
            Change::Over => counts.over += 1,
            Change::Retired => {
                counts.retired += 1;
                self.changes.push(format!("{}, line {}: {}: retired", wish.file, wish.line, wish.id));
            }
        }
    }

    /// All kinds together.
    pub fn all(&self) -> Counts {
        self.kinds.values().fold(Counts::default(), |all, kind| Counts {
            made: all.made + kind.made,
            changed: all.changed + kind.changed,
            as_they_were: all.as_they_were + kind.as_they_were,
            over: all.over + kind.over,
            retired: all.retired + kind.retired,
        })
    }

    /// Whether everything was as it should be.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.stopped.is_none()
    }

    /// One JSON object.
    pub fn json(&self) -> Value {
        let kinds: serde_json::Map<String, Value> =
            self.kinds.iter().map(|(kind, counts)| (kind.name().to_owned(), json!(counts))).collect();
        let all = self.all();
        json!({
            "site": self.site,
            "dry_run": self.dry_run,
            "made": all.made,
            "changed": all.changed,
            "as_they_were": all.as_they_were,
            "over": all.over,
            "retired": all.retired,
            "kinds": kinds,
            "changes": self.changes,
            "notes": self.notes,
            "faults": self.faults,
            "stopped": self.stopped,
        })
    }

    /// In words, what was done; none where nothing was.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for line in &self.changes {
            text.push_str(&format!("{line}\n"));
        }
        for (kind, counts) in &self.kinds {
            text.push_str(&format!("{:>12}  {counts}\n", kind.name()));
        }
        if !self.kinds.is_empty() {
            let dry = if self.dry_run { " (dry run: nothing was sent)" } else { "" };
            text.push_str(&format!("{:>12}  {}{dry}\n", self.site.as_str(), self.all()));
        }
        text
    }

    /// In words, what is wrong.
    pub fn trouble(&self) -> String {
        let mut lines: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        lines.extend(self.stopped.clone());
        if !self.faults.is_empty() {
            let sent = if self.kinds.is_empty() { "; nothing was sent" } else { "" };
            let faults = if self.faults.len() == 1 { "fault" } else { "faults" };
            lines.push(format!("{} {faults}{sent}", self.faults.len()));
        }
        lines.join("\n")
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} made, {} changed, {} as they were", self.made, self.changed, self.as_they_were)?;
        if self.over > 0 {
            write!(f, ", {} of days that are over", self.over)?;
        }
        if self.retired > 0 { write!(f, ", {} retired", self.retired) } else { Ok(()) }
    }
}
