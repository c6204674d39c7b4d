//! Before the day: the city by operator commands, sessions, tokens of the desks, doctors who sign in, screens that are
//! paired, persons whom the desks make known.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::Zone;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::Options;
use super::actor::Actor;
use super::audit;
use super::ledger::Ledger;
use super::screens;
use super::world::{Day, Progress, World};
use crate::clients::city::City;
use crate::clients::clock::ClinicClock;
use crate::clients::http::{Door, token_of};
use crate::clients::live::LiveClient;
use crate::clients::people::MadeUp;

/// Requests at a time while setting up.
const AT_ONCE: usize = 8;
/// Screens that do not read.
const STALLED: usize = 2;

/// Where the simulation runs.
pub struct House {
    /// The doors.
    pub door: Arc<Door>,
    /// An operator's token that may issue others.
    pub operator: String,
    /// How fast clinic time runs there.
    pub speed: f64,
    /// Keeps this city's ids apart from those that the house has already.
    pub suffix: String,
}

impl House {
    /// A running server, if its folder was made for test and the token may issue others there: looked at before anything
    /// is made.
    ///
    /// # Errors
    /// It was not, or may not, or cannot be reached.
    pub async fn at(url: &str, operator: String) -> Result<Self, String> {
        let door = Arc::new(Door::at(url)?);
        let speed = door.test_speed().await.map_err(|e| format!("{url}: {e}"))?;
        let speed = speed.ok_or_else(|| format!("{url} runs on a folder that was not made for test: no load there"))?;
        let may_issue = door.insist("GET", "/tokens", Some(&operator), &Value::Null).await;
        may_issue.map_err(|why| format!("{url}: the token is not an operator's that may issue tokens: {why}"))?;
        let suffix = format!("-{:x}", clock::wall_ms() / 1000);
        Ok(Self { door, operator, speed, suffix })
    }
}

/// Everybody ready for the day.
pub struct Ready {
    /// What they share.
    pub world: Arc<World>,
    /// The doctors' consoles, in the city's order.
    pub consoles: Vec<Actor>,
    /// Screens to be opened: board and token.
    pub screens: Vec<(String, String)>,
    /// Those that will not read.
    pub stalled: Vec<(String, String)>,
    /// For what must be refused.
    pub screen_token: String,
    /// For what must be refused.
    pub doctor_token: String,
    /// Follow the queues as long as this lives.
    pub _auditors: Vec<LiveClient>,
}

/// Clinic time of a fresh folder: six in the morning of today, in the city.
pub fn clinic_start() -> String {
    let zone = Zone::named("Asia/Shanghai").expect("invariant: it is in the database");
    let today = zone.date(Timestamp(clock::wall_ms()));
    let six = chrono::NaiveTime::from_hms_opt(6, 0, 0).expect("invariant: a time of day");
    zone.rfc3339(zone.moment(today, six))
}

/// Sets everything up.
///
/// # Errors
/// The first thing that did not work.
pub async fn set_up(
    house: &mut House,
    options: &Options,
    ledger: &Arc<Ledger>,
    bar: &ProgressBar,
) -> Result<Ready, String> {
    let (door, operator) = (house.door.clone(), house.operator.clone());
    #[expect(clippy::disallowed_methods, reason = "a client's own chance")]
    let secret = format!("{:016x}", rand::random::<u64>());
    let city = City::plan(options.doctors, &house.suffix, &secret, options.seed);
    city.set_up(&door, &operator).await.map_err(|why| format!("setting up: {why}"))?;
    let clinic = Arc::new(ClinicClock::new(house.speed));

    let mut desk_tokens = Vec::new();
    for (site, _) in &city.sites {
        let wish = json!({ "name": format!("desk-{site}"), "role": "desk", "site": site, "ttl_s": 86_400 });
        let issued = door.insist("POST", "/tokens", Some(&operator), &wish).await;
        desk_tokens.push(issued.and_then(|issued| token_of(&issued)).map_err(|why| format!("desk: {why}"))?);
    }
    let open = |token: &str, streams: Vec<String>, listener| {
        LiveClient::open(door.clone(), clinic.clone(), token.to_owned(), streams, listener)
    };
    let mut desks = Vec::new();
    let mut auditors = Vec::new();
    for (site, (id, _)) in city.sites.iter().enumerate() {
        let live = open(&desk_tokens[site], Vec::new(), Box::new(|_, _, _| {}));
        desks.push(Actor::new(format!("desk {id}"), live, ledger.clone()));
        let queues = city.departments.iter().filter(|at| at.site == site).flat_map(|at| at.queues());
        let queues = queues.map(|queue| format!("queue:{queue}"));
        auditors.push(open(&desk_tokens[site], queues.collect(), audit::queue_listener(ledger.clone())));
    }
    let people = register(&door, &desk_tokens, options, &city, bar).await?;
    ledger.known().names.extend(people.iter().map(|(_, who)| who.name.clone()));

    let sign_in = |n: usize| {
        let (door, who) = (door.clone(), city.doctors[n].clone());
        async move { door.sign_in(&who.account, &who.password).await.map_err(|why| format!("{}: {why}", who.account)) }
    };
    let doctor_tokens: Vec<String> = gather(stream::iter(0..city.doctors.len()).map(sign_in).buffered(2)).await?;
    let mut consoles = Vec::new();
    for (doctor, token) in city.doctors.iter().zip(&doctor_tokens) {
        let live = open(token, vec![format!("doctor:{}", doctor.id)], chain_listener(ledger.clone()));
        consoles.push(Actor::new(doctor.id.clone(), live, ledger.clone()));
    }
    let pair = |n: usize| {
        let (door, operator, bar) = (door.clone(), operator.clone(), bar.clone());
        let board = city.boards[n % city.boards.len()].id.clone();
        async move {
            let token = screens::pair(&door, &operator, &board).await.map_err(|why| format!("screen: {why}"))?;
            bar.inc(1);
            Ok::<_, String>((board, token))
        }
    };
    let mut screens: Vec<_> = gather(stream::iter(0..options.screens + STALLED).map(pair).buffered(AT_ONCE)).await?;
    let stalled = screens.split_off(options.screens);

    let day = Day::plan(clinic.now_ms(), World::half_hours(options.patients, options.doctors));
    for session in World::sessions(&city, &day, options.patients) {
        let defined = door.insist("PUT", "/sessions", Some(&operator), &session).await;
        defined.map_err(|why| format!("session: {why}"))?;
        ledger.known().session(&session);
    }
    let world = Arc::new(World {
        door: door.clone(),
        clock: clinic.clone(),
        city,
        day,
        desks,
        desk_tokens,
        people,
        seed: options.seed,
        ledger: ledger.clone(),
        operator,
        phones: std::sync::Mutex::default(),
        progress: Progress::default(),
        acts: super::patients::Acts::default(),
    });
    let screen_token = screens.first().map(|(_, token)| token.clone()).unwrap_or_default();
    let doctor_token = doctor_tokens.first().cloned().unwrap_or_default();
    Ok(Ready { world, consoles, screens, stalled, screen_token, doctor_token, _auditors: auditors })
}

/// Somebody's own stream: its chain is checked.
pub(super) fn chain_listener(ledger: Arc<Ledger>) -> crate::clients::live::Listener {
    use crate::clients::live::Heard;
    Box::new(move |heard, _, _| {
        if let Heard::Events { stream, chained, .. } = heard {
            ledger.verdicts.check("I6", chained, || format!("{stream}: a gap or a repeat"));
        }
    })
}

async fn gather<T>(results: impl StreamExt<Item = Result<T, String>>) -> Result<Vec<T>, String> {
    results.collect::<Vec<_>>().await.into_iter().collect()
}

/// The desks make the persons known whom their departments will see.
async fn register(
    door: &Arc<Door>,
    desk_tokens: &[String],
    options: &Options,
    city: &City,
    bar: &ProgressBar,
) -> Result<Vec<(String, MadeUp)>, String> {
    use chrono::Datelike;
    let mut rng = StdRng::seed_from_u64(options.seed);
    let today = Zone::named("Asia/Shanghai").map(|zone| zone.date(Timestamp(clock::wall_ms())));
    let year = today.map_or(2026, |today| today.0.year());
    let people: Vec<MadeUp> =
        (0..options.patients).map(|n| MadeUp::draw(u32::try_from(n).unwrap_or(0), year, &mut rng)).collect();
    let known = |(n, who): (usize, MadeUp)| {
        let site = city.departments[n % city.doctors.len() % city.departments.len()].site;
        let (door, token, bar) = (door.clone(), desk_tokens[site].clone(), bar.clone());
        async move {
            let made = door.insist("POST", "/persons", Some(&token), &who.registration()).await;
            let made = made.map_err(|why| format!("a person: {why}"))?;
            bar.inc(1);
            let id = made["patient"].as_str().ok_or("a person without an id")?.to_owned();
            Ok::<_, String>((id, who))
        }
    };
    gather(stream::iter(people.into_iter().enumerate()).map(known).buffered(AT_ONCE)).await
}
