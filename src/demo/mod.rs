//! `jiaohao demo`: a made-up city with a server of its own; everybody who is not you is a client of its public doors.

mod doctors;
mod patients;
mod record;
mod scenes;
mod screens;
mod town;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiaohao_actors::shell::clock;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Role, Timestamp};

use crate::cli::serve::stop_signal;
use crate::cli::{Failure, logging, print_result};
use crate::clients::http::Door;
use crate::config::Settings;
use crate::house::serve::{ServeOptions, Server};
use crate::identity::accounts;
use crate::identity::codes::{CodeMessage, CodeSender, LocalOutbox, SendError};
use crate::identity::keys::{KeyName, Keys};
use crate::identity::tokens::{Claims, Tokens};
use town::Town;

/// How long the links' tokens hold, in seconds.
const LINKS_TTL_S: i64 = 86_400;
/// A minute of clinic time each second.
const SPEED: f64 = 60.0;
/// Further doctors who are named, so that two consoles of one pool can be looked at side by side.
const OTHER_DOCTORS: usize = 2;

/// What a queue knows, by what is counted when it is done: each of them at least once an hour in each hospital.
pub const TOUR: [&str; 28] = [
    "seniors of 80 and over",
    "always first",
    "one in so many",
    "moved up with proof seen",
    "emergencies",
    "additions",
    "delays",
    "walk-ins",
    "bookings by phone",
    "holds",
    "cancellations",
    "late arrivals",
    "missed and back",
    "taken back at the door",
    "third missed, back by the desk",
    "sent for tests",
    "returns from tests",
    "transfers at the desk",
    "transfers by doctors",
    "moves within a department",
    "called by mistake",
    "chosen calls",
    "summonses to a door",
    "calls from an own queue",
    "calls from the pool beside it",
    "pauses",
    "settled at closing",
    "steps undone",
];
/// So many whole hours of the clinic a tour lasts.
const TOUR_HOURS: i64 = 2;

/// What to show.
pub struct Options {
    /// Where it listens.
    pub port: u16,
    /// Speed of clinic time; none: the folder's, or [`SPEED`] of a new one.
    pub speed: Option<f64>,
    /// Until when; none: until Ctrl-C.
    pub lasts: Option<Duration>,
    /// Until two whole hours of the clinic are over, if that is sooner.
    pub tour: bool,
    /// A folder that stays.
    pub data: Option<PathBuf>,
}

/// The local outbox: a code for a phone that nobody plays is yours and is shown.
struct Outbox(LocalOutbox);

impl CodeSender for Outbox {
    fn send(&self, message: CodeMessage) -> Result<(), SendError> {
        if !message.phone.reveal().starts_with(town::PLAYED_PHONES) {
            let ends = message.phone.reveal().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev();
            println!("code for …{}: {}", ends.collect::<String>(), message.code.reveal());
        }
        self.0.send(message)
    }

    fn sends_to(&self) -> &'static str {
        self.0.sends_to()
    }
}

/// Runs until its end, then says how it was.
///
/// # Errors
/// The server does not come up, or the city cannot be set up.
pub fn run(options: Options) -> Result<(), Failure> {
    // Before anything is made: most newcomers have something else on 8080.
    let free = std::net::TcpListener::bind(("127.0.0.1", options.port)).map_err(|error| {
        let other = if options.port == 9000 { 9001 } else { 9000 };
        Failure::Failed(format!("cannot listen on 127.0.0.1:{}: {error}: try --port {other}", options.port))
    })?;
    drop(free);
    let temporary = std::env::temp_dir().join(format!("jiaohao-demo-{}", std::process::id()));
    let data = options.data.clone().unwrap_or_else(|| temporary.clone());
    let mut settings = crate::cli::settings(None)?;
    settings.server.listen = ([127, 0, 0, 1], options.port).into();
    settings.data.dir.clone_from(&data);
    settings.identity.access_token_ttl_s = LINKS_TTL_S;
    // Everybody who is played signs in from this machine.
    settings.limits.codes_per_address_per_min = settings.limits.codes_per_min;
    settings.log.level = crate::config::LogLevel::Warn;
    logging::start(&settings.log);
    let outcome = actix::System::new().block_on(play(settings, &data, &options));
    if options.data.is_none() {
        // a folder for temporary files may stay
        let _ = std::fs::remove_dir_all(&temporary);
    }
    outcome
}

async fn play(settings: Settings, data: &Path, options: &Options) -> Result<(), Failure> {
    let outbox = Arc::new(Outbox(LocalOutbox::default()));
    let speed = options.speed.unwrap_or(SPEED);
    let serve = ServeOptions {
        codes: outbox.clone(),
        clinic_start: Some(morning(speed)),
        speed,
        wall: Arc::new(clock::wall_ms),
        confirm_clock: false,
    };
    let server = Server::start(settings, serve).await.map_err(Failure::failed)?;
    let kept = server.house.shell.clock.speed();
    if options.speed.is_some_and(|wanted| wanted != kept) {
        server.stop().await;
        let data = data.display();
        return Err(Failure::Failed(format!("{data} runs at {kept} times: leave --speed out, or take another folder")));
    }
    let door = Arc::new(Door::plain(server.doors.address.to_string()));
    let players = Players::start().map_err(Failure::failed)?;
    let operator = operator(data)?;
    let opening = players.runtime().spawn(async move {
        let town = Town::open(door, &operator, outbox).await?;
        let links = links(&town, &operator).await?;
        Ok::<_, String>((town, links))
    });
    let (town, links) = opening.await.map_err(Failure::failed)?.map_err(Failure::Failed)?;
    print_result(&links)?;
    let playing = town.clone();
    players.runtime().spawn(async move { playing.play().await });
    let forever = std::future::pending::<()>;
    tokio::select! {
        stopped = stop_signal() => stopped.map_err(Failure::failed)?,
        () = async { match options.lasts { Some(lasts) => tokio::time::sleep(lasts).await, None => forever().await } } => {}
        () = async { if options.tour { town.hours_are_over(TOUR_HOURS).await } else { forever().await } } => {}
    }
    drop(players);
    let summary = town.summary();
    server.stop().await;
    print_result(&summary)
}

/// The threads on which the city's people are played. Dropped, they end by themselves, whatever was the matter.
struct Players(Option<tokio::runtime::Runtime>);

impl Players {
    fn start() -> std::io::Result<Self> {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map(Some).map(Self)
    }

    fn runtime(&self) -> &tokio::runtime::Runtime {
        self.0.as_ref().expect("invariant: taken by drop alone")
    }
}

impl Drop for Players {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Clinic time of a folder that was last used before today: so much before eight that the city is set up when the clinic opens.
fn morning(speed: f64) -> Timestamp {
    let zone = Zone::named(town::ZONE).expect("invariant: it is in the database");
    let today = zone.date(Timestamp(clock::wall_ms()));
    let eight = chrono::NaiveTime::from_hms_opt(8, 0, 0).expect("invariant: a time of day");
    zone.moment(today, eight).plus_s(-(town::SET_UP_S * speed) as i64)
}

/// An operator's token, made with the folder's key as a script makes one.
fn operator(data: &Path) -> Result<String, Failure> {
    let keys = Keys::open(&data.join("keys"), false).map_err(Failure::failed)?;
    let account = accounts::script(None, "city").map_err(Failure::failed)?;
    let mut claims = Claims::new(Role::Operator, account, Timestamp(clock::wall_ms()), LINKS_TTL_S);
    claims.may_issue = true;
    Ok(Tokens::new(keys.get(KeyName::Token)).issue(&claims))
}

/// Where to start: the page of all pages, then one for each role with a sign-in in its address' fragment, which no server
/// and no log sees. Everything else is a click away from the first.
async fn links(town: &Town, operator: &str) -> Result<String, String> {
    let home = format!("http://{}", town.door.authority);
    let (doctor, board) = (&town.city.doctors[0], &town.city.boards[0]);
    let at = &town.city.departments[doctor.department];
    let said = |why: crate::clients::Refusal| why.to_string();
    let doctor_token = town.door.sign_in(&doctor.account, &doctor.password).await.map_err(said)?;
    let board_token = screens::pair(&town.door, operator, &board.id).await.map_err(said)?;
    let mine = patients::yours(town).await.map_err(said)?;
    let (site, hospital) = &town.city.sites[0];
    let roles = [
        (format!("doctor   {} ({})", doctor.name, at.name), format!("/doctor#token={doctor_token}")),
        (format!("desk     {hospital} ({site})"), format!("/desk#token={}", town.desk_tokens[0])),
        (format!("patient  {}", mine.name), format!("/patient#token={}&patient={}", mine.token, mine.patient)),
        (format!("board    {}", board.name), format!("/board/{}#token={board_token}", board.id)),
        ("operations".to_owned(), format!("/ops#token={operator}")),
    ];
    let city = &town.city;
    let (sites, departments) = (city.sites.len(), city.departments.len());
    let mut text = format!("\nA made-up city, at {} times the speed of the clock:", town.clock.speed);
    let (doctors, boards) = (city.doctors.len(), city.boards.len());
    text.push_str(&format!(" {sites} hospitals, {departments} departments, {doctors} doctors, {boards} boards.\n"));
    text.push_str(&format!("\nStart here: {home}/\n\nOne click for each role:\n"));
    for (who, page) in roles {
        text.push_str(&format!("  {who}\n    {home}{page}\n"));
    }
    text.push_str("\nOther doctors, by name and password:\n");
    for other in town.city.doctors.iter().skip(1).take(OTHER_DOCTORS) {
        let at = &town.city.departments[other.department];
        text.push_str(&format!("  {} / {}  {} ({})\n", other.account, other.password, other.name, at.name));
    }
    text.push_str("\nAny other phone number signs in too: its code is printed here. Ctrl-C ends it.\n\n");
    Ok(text)
}
