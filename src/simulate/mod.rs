//! `jiaohao simulate`: a clinic day of many clients through the public doors, on a server that is killed three times, and
//! an outside ledger that judges the ten invariants by what was acknowledged and shown.

mod actor;
mod audit;
mod doctors;
mod figures;
mod ledger;
mod own_server;
mod patients;
mod phones;
pub mod process;
mod screens;
mod setup;
pub mod storm;
mod verdict;
mod voices;
mod world;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiaohao_actors::shell::clock::monotonic;
use serde_json::{Value, json};

use audit::Found;
use ledger::Ledger;
use own_server::OwnServer;
use screens::{Screen, Voices};
use setup::House;
use world::World;

/// How often its own server is killed.
const KILLS: usize = 3;
/// A quick screen sees a call within this, at p99, whoever else is slow and however busy the machine: an outbox that held
/// the others up would hold them for its whole age.
const FANOUT_P99_MS: f64 = 5000.0;

/// What to run.
pub struct Options {
    /// A running server on a test folder; none: its own.
    pub url: Option<String>,
    /// An operator's token there, with `may_issue`.
    pub operator: Option<String>,
    /// How many patients.
    pub patients: usize,
    /// How many doctors.
    pub doctors: usize,
    /// How many screens.
    pub screens: usize,
    /// Clinic time of its own server.
    pub speed: f64,
    /// Who comes when, what becomes of whom, when the server is killed.
    pub seed: u64,
    /// No bars on stderr.
    pub quiet: bool,
}

/// How it went.
pub struct Outcome {
    /// The result, as CONTRACT has it.
    pub json: Value,
    /// An invariant is broken.
    pub broken: bool,
}

/// Runs all of it.
///
/// # Errors
/// What kept it from running to its end.
pub async fn run(options: Options) -> Result<Outcome, String> {
    let began = monotonic();
    let mut server = None;
    let mut house = match (&options.url, &options.operator) {
        (Some(url), Some(operator)) => House::at(url, operator.clone()).await?,
        _ => {
            let own = server.insert(OwnServer::start(setup::clinic_start(), options.speed).await?);
            House {
                door: own.door.clone(),
                operator: own.operator().await?,
                speed: options.speed,
                suffix: String::new(),
            }
        }
    };
    let bars = Bars::new(&options);
    let ledger = Arc::new(Ledger::default());
    let mut ready = setup::set_up(&mut house, &options, &ledger, &bars.set_up).await?;
    bars.set_up.finish_and_clear();
    let world = ready.world.clone();

    let voices = Voices::default();
    let screens: Vec<_> = ready
        .screens
        .drain(..)
        .enumerate()
        .map(|(n, (board, token))| {
            let lead = n < world.city.boards.len();
            let screen = Screen { ledger: ledger.clone(), board, lead, voices: voices.clone(), shown: HashSet::new() };
            screen.open(world.door.clone(), world.clock.clone(), token)
        })
        .collect();
    let stalled: Vec<_> = ready
        .stalled
        .drain(..)
        .map(|(board, token)| tokio::spawn(screens::stalled(world.door.clone(), token, board)))
        .collect();
    let mut acting = Vec::new();
    for (doctor, console) in ready.consoles.drain(..).enumerate() {
        acting.push(tokio::spawn(doctors::work(world.clone(), doctor, console)));
    }
    for patient in 0..options.patients {
        acting.push(tokio::spawn(patients::live(world.clone(), patient)));
    }
    let watching = tokio::spawn(bars.follow(world.clone()));
    let trespassing = {
        let (world, screen, doctor) = (world.clone(), ready.screen_token.clone(), ready.doctor_token.clone());
        tokio::spawn(async move {
            world.clock.until(world.day.slot_ms(1)).await;
            audit::trespass(&world, &screen, &doctor).await;
        })
    };
    if let Some(server) = server.as_mut() {
        kill(server, &world, options.seed).await?;
    }
    for one in acting {
        one.await.map_err(|e| format!("a client failed: {e}"))?;
    }
    trespassing.await.map_err(|e| e.to_string())?;
    // what is still on its way to the screens
    tokio::time::sleep(Duration::from_millis(500)).await;
    stalled.iter().for_each(tokio::task::JoinHandle::abort);
    let (p99_ms, shown) = ledger.figures.fanout_p99();
    if shown > 0 {
        ledger.verdicts.check("I9", p99_ms <= FANOUT_P99_MS, || format!("p99 to quick screens is {p99_ms} ms"));
    }
    let found = Found::default();
    audit::settle(&world, &found).await;
    screens::judge_voices(&voices, &ledger, &ledger.figures);
    watching.abort();
    drop(screens);
    let mut journal = json!("not checked: the server is not this program's own");
    if let Some(server) = server.as_mut() {
        server.stop().await;
        let verified = server.verify().await;
        let compared = verified.as_ref().map_or(0, |said| said["snapshots"]["compared"].as_u64().unwrap_or(0));
        ledger.verdicts.check("I10", verified.is_ok() && compared > 0, || format!("{verified:?}"));
        journal = json!(if verified.is_ok() { "sound" } else { "damaged" });
    }
    let heard = match options.url {
        None => Some(voices::hear(options.seed, &ledger).await?),
        Some(_) => None,
    };
    let broken = ledger.verdicts.any_broken();
    match server {
        Some(server) if broken => eprintln!("the folder is kept: {}", server.folder().display()),
        Some(server) => server.forget(),
        None => {}
    }
    let (commands, fanout, mut voice) = ledger.figures.json();
    if let Some(heard) = heard {
        voice = heard;
    }
    let json = json!({
        "seed": options.seed,
        "wall_s": (began.elapsed().as_secs_f64() * 10.0).round() / 10.0,
        "patients": options.patients,
        "doctors": options.doctors,
        "screens": options.screens,
        "speed": world.clock.speed,
        "kills": if options.url.is_some() { 0 } else { KILLS },
        "acknowledged": ledger.figures.acknowledged(),
        "resent": ledger.figures.resent.load(Ordering::Relaxed),
        "seen": world.progress.seen.load(Ordering::Relaxed),
        "lost": found.lost.load(Ordering::Relaxed),
        "doubled": found.doubled.load(Ordering::Relaxed),
        "invariants": ledger.verdicts.json(),
        "journal": journal,
        "commands": commands,
        "fanout": fanout,
        "voice": voice,
    });
    Ok(Outcome { json, broken })
}

/// Kills its server at three seeded moments (once in the rush of the release), each while commands are unanswered.
async fn kill(server: &mut OwnServer, world: &World, seed: u64) -> Result<(), String> {
    use rand::{Rng, SeedableRng};
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed ^ 0x6B69_6C6C);
    let day = &world.day;
    let length_ms = day.end_ms() - day.start_ms;
    let mut moments = vec![day.released_ms + rng.random_range(5_000..60_000)];
    for _ in 1..KILLS {
        moments.push(day.start_ms + rng.random_range(length_ms / 10..length_ms * 8 / 10));
    }
    moments.sort_unstable();
    for at_ms in moments {
        world.clock.until(at_ms).await;
        let waiting_since = monotonic();
        while world.ledger.unanswered_now() == 0 && waiting_since.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        server.kill();
        server.restart().await?;
    }
    Ok(())
}

/// Between two lines of progress where there are no bars.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// What is seen on stderr while it runs: bars, or a line now and then for a log.
struct Bars {
    in_lines: bool,
    _all: MultiProgress,
    set_up: ProgressBar,
    arrived: ProgressBar,
    seen: ProgressBar,
    home: ProgressBar,
}

impl Bars {
    fn new(options: &Options) -> Self {
        let target = if options.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let all = MultiProgress::with_draw_target(target);
        let style = ProgressStyle::with_template("{prefix:>16} {bar:40} {pos}/{len} {msg}")
            .expect("invariant: the template is right");
        let bar = |prefix: &'static str, length: usize| {
            let bar = all.add(ProgressBar::new(length as u64));
            bar.set_style(style.clone());
            bar.set_prefix(prefix);
            bar
        };
        Self {
            in_lines: options.quiet,
            set_up: bar("setting up", options.patients + options.screens),
            arrived: bar("patients", options.patients),
            seen: bar("seen", options.patients),
            home: bar("doctors home", options.doctors),
            _all: all,
        }
    }

    async fn follow(self, world: Arc<World>) {
        let mut told = monotonic();
        loop {
            let progress = &world.progress;
            if self.in_lines && told.elapsed() >= TOLD_EVERY {
                told = monotonic();
                let [arrived, seen, home] = [&progress.arrived, &progress.seen, &progress.home];
                eprintln!(
                    "{} of {} patients have come, {} seen, {} of {} doctors have gone home",
                    arrived.load(Ordering::Relaxed),
                    self.arrived.length().unwrap_or_default(),
                    seen.load(Ordering::Relaxed),
                    home.load(Ordering::Relaxed),
                    self.home.length().unwrap_or_default(),
                );
            }
            self.arrived.set_position(progress.arrived.load(Ordering::Relaxed) as u64);
            self.seen.set_position(progress.seen.load(Ordering::Relaxed) as u64);
            self.home.set_position(progress.home.load(Ordering::Relaxed) as u64);
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

/// The result in words.
pub fn summary(json: &Value) -> String {
    let mut text = format!(
        "{} patients, {} seen, {} commands acknowledged in {} s; {} lost, {} doubled\n",
        json["patients"], json["seen"], json["acknowledged"], json["wall_s"], json["lost"], json["doubled"]
    );
    for (name, verdict) in json["invariants"].as_object().into_iter().flatten() {
        let word = verdict["verdict"].as_str().unwrap_or_default();
        text.push_str(&format!("{name:>4}  {word:<12} {} checks\n", verdict["checks"]));
        for example in verdict["examples"].as_array().into_iter().flatten() {
            text.push_str(&format!("      {}\n", example.as_str().unwrap_or_default()));
        }
    }
    for (name, command) in json["commands"].as_object().into_iter().flatten() {
        let (done, p50, p99) = (&command["done"], &command["p50_ms"], &command["p99_ms"]);
        text.push_str(&format!(
            "{name:<20} {done:>7} done  p50 {p50} ms  p99 {p99} ms  refused {}\n",
            command["rejected"]
        ));
    }
    text.push_str(&format!("screens: {}  voice: {}\n", json["fanout"], json["voice"]));
    text
}
