//! `jiaohao import`: departments, rooms, doctors, queues, areas, sessions, plans and staff from CSV files, plans from
//! calendars too.

use std::path::PathBuf;

use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::{BusinessDate, SiteId, Timestamp, is_well_formed};

use super::account::Token;
use super::{Failure, print_result};
use crate::clients::http::Door;
use crate::config::Settings;
use crate::import::{self, FILES_MAX, Kind, Options, Stopped};

/// Departments, rooms, doctors, queues, areas, sessions, plans and staff from CSV files, one kind a file, in any order; plans
/// and holidays from calendars (.ics), too. What is as it was is not sent.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiaohao import --templates house                                commented files to start from
  jiaohao import --template doctors > doctors.csv
  jiaohao import --dry-run --site renmin house/*.csv              the files alone, without a server
  export JIAOHAO_TOKEN=$(jiaohao token issue --role operator)
  jiaohao import --dry-run house/*.csv                            what would be made and changed
  jiaohao import house/*.csv --passwords passwords.csv
  jiaohao import --url http://10.0.0.5:8080 --token-file operator.token doctors.csv
  jiaohao import li.ics --set doctor=李明 --set queue=内科 --set registration_class=主任 --set capacity=6
  jiaohao import holidays.ics --set 'department=内科;皮肤科'

UTF-8 or GB 18030 (GBK). The kind of a file is seen by its columns, in English or Chinese, or said by a line `# kind: …`
before them. A column that is left out leaves what there is as it is; an empty cell empties it. Ids are within the site
(internal for renmin.internal); departments, rooms, doctors and queues may be named by their names too. What is left out
stays; a row is retired by `yes` in its column `retired`.
Of a calendar (RFC 5545) an event that comes again every week is a template, one that comes once a session, one of whole days
an exception: closed, or worked where its title says 班. What a calendar has no words for stands in lines of the event or
the calendar (X-JIAOHAO-CAPACITY:6, by the columns of those kinds) or in --set. Screens are paired by the code that they show, at the desk or on /ops.
With any fault in a file nothing is sent (exit code 1).")]
pub struct Args {
    /// The files.
    #[arg(value_name = "FILE.csv|FILE.ics")]
    files: Vec<PathBuf>,
    /// What holds for all events of calendars that do not say it themselves, by column: queue=内科.
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = import::setting)]
    set: Vec<(String, String)>,
    /// Where the server is (http:// or https://; a certificate of the hospital's own authority is named in SSL_CERT_FILE).
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// An operator's.
    #[command(flatten)]
    token: Token,
    /// The site, where the server has several.
    #[arg(long, value_parser = site)]
    site: Option<SiteId>,
    /// Say what is wrong and what would be made and changed, and send nothing. Without a token the files alone are looked at.
    #[arg(long)]
    dry_run: bool,
    /// A new file for passwords that are made for new accounts without one; only its owner can read it.
    #[arg(long, value_name = "FILE")]
    passwords: Option<PathBuf>,
    /// One JSON object on stdout, no bar on stderr.
    #[arg(long)]
    json: bool,
    /// Print the commented template of a kind.
    #[arg(long, value_name = "KIND", conflicts_with_all = ["files", "templates"])]
    template: Option<Kind>,
    /// Write the templates of all kinds into a folder; files that are there stay as they are.
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    templates: Option<PathBuf>,
}

pub(super) fn site(text: &str) -> Result<SiteId, String> {
    let fits = is_well_formed(text) && !text.contains('.');
    if fits { Ok(SiteId::new(text)) } else { Err("a site's id is one part of a-z, 0-9, - and _".to_owned()) }
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    // A server says what its site's is.
    let zone = Settings::default_values().clock.zone();
    let today = zone.date(Timestamp(wall_ms()));
    if let Some(kind) = args.template {
        return print_result(&import::template(kind, today.plus_days(1)));
    }
    if let Some(folder) = args.templates {
        return write_templates(&folder, today.plus_days(1));
    }
    if args.files.is_empty() || args.files.len() > FILES_MAX {
        return Err(Failure::Usage(format!("name 1 to {FILES_MAX} files; --templates DIR makes some to start from")));
    }
    let token = if args.dry_run { args.token.if_given()? } else { Some(args.token.needed()?) };
    let door = |token| Door::with_or_without_tls(&args.url).map(|door| (door, token));
    let server = token.map(door).transpose().map_err(Failure::Usage)?;
    let options = Options {
        files: args.files,
        set: args.set,
        server,
        site: args.site,
        zone,
        today,
        dry_run: args.dry_run,
        passwords: args.passwords,
        quiet: args.json,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let report = runtime.block_on(import::run(options)).map_err(|stopped| match stopped {
        Stopped::Usage(says) => Failure::Usage(says),
        Stopped::Server(says) => Failure::Failed(says),
    })?;
    if args.json {
        print_result(&format!("{}\n", report.json()))?;
    } else {
        report.notes.iter().for_each(|note| eprintln!("jiaohao: {note}"));
        print_result(&report.summary())?;
    }
    if report.is_whole() { Ok(()) } else { Err(Failure::Failed(report.trouble())) }
}

fn write_templates(folder: &std::path::Path, day: BusinessDate) -> Result<(), Failure> {
    let told = |path: &std::path::Path, error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| told(folder, error))?;
    for kind in Kind::ALL {
        let path = folder.join(format!("{}.csv", kind.name()));
        // A spreadsheet knows UTF-8 by the mark.
        let text = format!("\u{feff}{}", import::template(kind, day));
        let mut file = std::fs::File::create_new(&path).map_err(|error| told(&path, error))?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| told(&path, error))?;
        print_result(&format!("{}\n", path.display()))?;
    }
    Ok(())
}
