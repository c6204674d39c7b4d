//! `jiaohao voice make`: the computer reads the voice packs, in a running server or in a folder that is not in use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiaohao_domain::SiteId;
use serde_json::{Value, json};

use super::account::Token;
use super::{Failure, look_into, print_result};
use crate::clients::Refusal;
use crate::clients::http::Door;
use crate::house::voices::{MadePack, make_offline};
use crate::http::requests::Languages;

/// Between two looks at how far the server is.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The voice packs that screens speak with.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Have the computer (espeak-ng, on the machine that has the data folder) read the voice pack of each site, or of one.
    /// It is used from then on. What cannot be read is named; calls say the number there.
    #[command(after_help = "Examples:
  jiaohao voice make --data data                                   before the first start, or while the server is stopped
  export JIAOHAO_TOKEN=$(jiaohao token issue --role operator)
  jiaohao voice make --url http://127.0.0.1:8080                   while it runs
  jiaohao voice make --data data --site renmin --language zh --json

A pack that somebody has recorded is left as it is, unless --over-recording says otherwise (the recording itself stays, and
can be used again on /ops).")]
    Make(Make),
}

#[derive(Debug, clap::Args)]
struct Make {
    /// A data folder that is not in use.
    #[arg(long, required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server (http:// or https://).
    #[arg(long)]
    url: Option<String>,
    /// An operator's, for --url.
    #[command(flatten)]
    token: Token,
    /// One site only.
    #[arg(long, value_parser = super::import::site)]
    site: Option<SiteId>,
    /// What is read anew; of the other language the clips that are used stay.
    #[arg(long, default_value = "both")]
    language: Languages,
    /// Also where a person's recording is used.
    #[arg(long)]
    over_recording: bool,
    /// One JSON object on stdout, no bar on stderr.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(args: Args) -> Result<(), Failure> {
    let Action::Make(args) = args.action;
    let target = if args.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style =
        ProgressStyle::with_template("{prefix:>16} {bar:40} {pos}/{len}").expect("invariant: the template is right");
    let bar = ProgressBar::with_draw_target(None, target).with_style(style);
    let made = match (&args.data, &args.url) {
        (Some(data), _) => in_folder(data, &args, &bar),
        (None, Some(url)) => at_server(url, &args, &bar),
        (None, None) => Err(Failure::Usage("give --data or --url".to_owned())),
    };
    bar.finish_and_clear();
    let made = made?;
    if args.json {
        return print_result(&format!("{}\n", json!({ "sites": made })));
    }
    print_result(&made.iter().map(line_of).collect::<String>())
}

fn line_of(made: &MadePack) -> String {
    let MadePack { site, version, clips, left_out, recorded } = made;
    match (recorded, left_out.is_empty()) {
        (true, _) => format!("{site}: a person's recording is used and was left as it is (--over-recording)\n"),
        (false, true) => format!("{site}: {clips} clips, pack {version}\n"),
        (false, false) => format!("{site}: {clips} clips, pack {version}; not read: {}\n", left_out.join(" ")),
    }
}

fn show(bar: &ProgressBar, site: &SiteId, done: usize, all: usize) {
    bar.set_prefix(site.to_string());
    bar.set_length(all as u64);
    bar.set_position(done as u64);
}

fn in_folder(data: &Path, args: &Make, bar: &ProgressBar) -> Result<Vec<MadePack>, Failure> {
    look_into(data)?;
    let how = (args.language, args.over_recording);
    let step = |site: &SiteId, done, all| show(bar, site, done, all);
    make_offline(data, &crate::kinds::kinds(), args.site.as_ref(), how, &step).map_err(Failure::Failed)
}

fn at_server(url: &str, args: &Make, bar: &ProgressBar) -> Result<Vec<MadePack>, Failure> {
    let token = args.token.needed()?;
    let door = Door::with_or_without_tls(url).map_err(Failure::Usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime.block_on(async {
        let mut made = Vec::new();
        let sites = match &args.site {
            Some(site) => vec![site.clone()],
            None => door.sites(&token).await.map_err(Failure::failed)?,
        };
        for site in sites {
            made.push(at_site(&door, &token, &site, args, bar).await.map_err(Failure::failed)?);
        }
        Ok(made)
    })
}

async fn at_site(door: &Door, token: &str, site: &SiteId, args: &Make, bar: &ProgressBar) -> Result<MadePack, Refusal> {
    let path = format!("/voice/{site}");
    let look = || door.ask("GET", &path, Some(token), None);
    let before = look().await?;
    let used = &before["used"];
    if used["made_by"] == "recorded" && !args.over_recording {
        let version = used["version"].as_str().unwrap_or_default().to_owned();
        let clips = before["clips"].as_array().into_iter().flatten().filter(|clip| !clip["used_ms"].is_null()).count();
        return Ok(MadePack { site: site.clone(), version, clips, left_out: Vec::new(), recorded: true });
    }
    let (asked, body) = (format!("{path}/make"), json!({ "language": args.language.name() }));
    let making = door.ask("POST", &asked, Some(token), Some(&body));
    tokio::pin!(making);
    let answer = loop {
        tokio::select! {
            answer = &mut making => break answer?,
            () = tokio::time::sleep(LOOK_EVERY) => {
                // How far it is is worth a look, not a failure.
                if let Ok(now) = look().await {
                    show_answer(bar, site, &now["reading"]);
                }
            }
        }
    };
    let left_out = answer["left_out"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(MadePack {
        site: site.clone(),
        version: answer["version"].as_str().unwrap_or_default().to_owned(),
        clips: answer["clips"].as_u64().unwrap_or_default() as usize,
        left_out: left_out.map(str::to_owned).collect(),
        recorded: false,
    })
}

fn show_answer(bar: &ProgressBar, site: &SiteId, reading: &Value) {
    if let (Some(done), Some(all)) = (reading["done"].as_u64(), reading["all"].as_u64()) {
        show(bar, site, done as usize, all as usize);
    }
}
