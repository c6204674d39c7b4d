//! Before the storm: a city with a doctor at work, everybody known and signed in, sessions to be released; and after it what
//! the house says of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiaohao_actors::shell::clock::{monotonic, wall_ms};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Role, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::Options;
use super::lots::{self, Seen};
use crate::clients::city::City;
use crate::clients::clock::ClinicClock;
use crate::clients::http::{Door, token_of};
use crate::clients::people::MadeUp;
use crate::identity::accounts;
use crate::identity::keys::{KeyName, Keys};
use crate::identity::tokens::{Claims, Tokens};
use crate::simulate::own_server::OwnServer;

/// Requests at a time while setting up.
const AT_ONCE: usize = 64;
/// So many doctors give a city of twelve departments.
const DOCTORS: usize = 24;
/// Half-hours of each session that is released.
const SLOTS: usize = 16;
/// How long a person's token holds, in seconds.
const TOKEN_TTL_S: i64 = 86_400;
/// Persons who are called beside the storm, for each second of it and of the calm before.
pub(super) const CALLS_PER_S: u64 = 8;

/// One of the people, signed in.
#[derive(Clone)]
pub(super) struct Who {
    pub(super) patient: Arc<str>,
    pub(super) token: Arc<str>,
}

/// Everything that there is before.
pub(super) struct Ready {
    pub(super) door: Arc<Door>,
    pub(super) clock: Arc<ClinicClock>,
    pub(super) city: City,
    pub(super) operator: String,
    pub(super) desk: String,
    pub(super) doctor: String,
    pub(super) people: Vec<Who>,
    /// Who is called by the doctor.
    pub(super) called: Vec<Who>,
}

/// A session that is released.
pub(super) struct Released {
    pub(super) id: String,
    pub(super) department: String,
    pub(super) slots: Vec<String>,
    pub(super) places: usize,
}

/// Sets everything up.
pub(super) async fn ready(server: &OwnServer, operator: &str, options: &Options) -> Result<Ready, String> {
    let door = server.door.clone();
    #[expect(clippy::disallowed_methods, reason = "a client's own chance")]
    let secret = format!("{:016x}", rand::random::<u64>());
    let city = City::plan(DOCTORS, "", &secret, options.seed);
    city.set_up(&door, operator).await.map_err(|why| format!("setting up: {why}"))?;
    let site = &city.sites[city.departments[0].site].0;
    let wish = json!({ "name": "desk-storm", "role": "desk", "site": site, "ttl_s": 86_400 });
    let desk = door.insist("POST", "/tokens", Some(operator), &wish).await;
    let desk = desk.and_then(|issued| token_of(&issued)).map_err(|why| format!("desk: {why}"))?;
    let first = &city.doctors[city.departments[0].doctors[0]];
    let doctor = door.sign_in(&first.account, &first.password).await.map_err(|why| format!("doctor: {why}"))?;
    // The tokens of the people are signed with the folder's own key, as its operator's is: a hundred thousand codes would
    // measure the sign-in.
    let keys = Keys::open(&server.data().join("keys"), false).map_err(|e| e.to_string())?;
    let calls = usize::try_from(CALLS_PER_S * (options.minute_s * 3 / 2 + 4)).unwrap_or(64);
    let mut all = register(&door, &keys, options.people + calls, options.seed).await?;
    let called = all.split_off(options.people);
    let clock = Arc::new(ClinicClock::new(1.0));
    Ok(Ready { door, clock, city, operator: operator.to_owned(), desk, doctor, people: all, called })
}

/// Everybody is made known by a phone of their own.
async fn register(door: &Arc<Door>, keys: &Keys, how_many: usize, seed: u64) -> Result<Vec<Who>, String> {
    use chrono::Datelike;
    let mut rng = StdRng::seed_from_u64(seed);
    let zone = Zone::named("Asia/Shanghai").ok_or("no zone")?;
    let year = zone.date(Timestamp(wall_ms())).0.year();
    let tokens = Tokens::new(keys.get(KeyName::Token));
    let known = |n: usize| {
        let who = MadeUp::draw(u32::try_from(n).unwrap_or(0), year, &mut rng);
        let account = accounts::phone(keys.get(KeyName::Hash), &who.phone).map_err(|why| why.detail);
        let claims = account.map(|account| Claims::new(Role::Patient, account, Timestamp(wall_ms()), TOKEN_TTL_S));
        let token = claims.map(|claims| tokens.issue(&claims));
        let door = door.clone();
        async move {
            let token = token?;
            let mut registration = who.registration();
            registration["relation"] = json!("self");
            let made = door.insist("POST", "/persons", Some(&token), &registration).await;
            let made = made.map_err(|why| format!("a person: {why}"))?;
            let patient = made["patient"].as_str().ok_or("a person without an id")?;
            Ok::<_, String>(Who { patient: patient.into(), token: token.into() })
        }
    };
    let mut told = monotonic();
    let mut all = Vec::with_capacity(how_many);
    let mut coming = stream::iter((0..how_many).map(known).collect::<Vec<_>>()).buffered(AT_ONCE);
    while let Some(one) = coming.next().await {
        all.push(one?);
        if told.elapsed().as_secs() >= 10 {
            told = monotonic();
            eprintln!("{} of {how_many} are known", all.len());
        }
    }
    Ok(all)
}

/// Sessions of tomorrow, one of each department, that are released at that moment.
pub(super) async fn release(ready: &Ready, options: &Options, released_ms: i64) -> Result<Vec<Released>, String> {
    let zone = Zone::named("Asia/Shanghai").ok_or("no zone")?;
    let date = zone.date(Timestamp(released_ms)).plus_days(1);
    let departments = &ready.city.departments;
    let many = departments.len();
    let mut sessions = Vec::new();
    for (n, at) in departments.iter().enumerate() {
        let places = options.places / many + usize::from(n < options.places % many);
        let id = format!("{}.storm", at.id);
        let of_slot = |slot: usize| places / SLOTS + usize::from(slot < places % SLOTS);
        let slots = (0..SLOTS).filter(|slot| of_slot(*slot) > 0);
        let start = |slot: usize| format!("{:02}:{:02}", 8 + slot / 2, slot % 2 * 30);
        let listed: Vec<Value> =
            slots.clone().map(|slot| json!({ "start": start(slot), "capacity": of_slot(slot) })).collect();
        if listed.is_empty() {
            continue;
        }
        let session = json!({
            "id": id, "date": date, "period": "day", "queue": at.queue, "registration_class": "普通", "slots": listed,
            "released_at": zone.rfc3339(Timestamp(released_ms)),
        });
        let defined = ready.door.insist("PUT", "/sessions", Some(&ready.operator), &session).await;
        defined.map_err(|why| format!("session: {why}"))?;
        let slots = slots.map(|slot| format!("{id}.{}", start(slot).replace(':', ""))).collect();
        sessions.push(Released { id, department: at.id.clone(), slots, places });
    }
    Ok(sessions)
}

async fn slots(ready: &Ready, session: &Released) -> Result<Vec<Value>, String> {
    let path = format!("/streams/session:{}", session.id);
    let mut now =
        ready.door.insist("GET", &path, Some(&ready.operator), &Value::Null).await.map_err(|why| why.to_string())?;
    serde_json::from_value(now["snapshot"]["slots"].take()).map_err(|e| format!("{}: {e}", session.id))
}

/// Places that the house says are taken of these sessions, and slots in which more people were `served` than it has places.
pub(super) async fn taken(
    ready: &Ready,
    sessions: &[Released],
    served: &BTreeMap<&str, u64>,
) -> Result<(u64, usize), String> {
    let (mut taken, mut over) = (0, 0);
    for session in sessions {
        for slot in slots(ready, session).await? {
            let number = |name: &str| slot[name].as_u64().ok_or_else(|| format!("{}: no {name}", session.id));
            let (capacity, free) = (number("capacity")?, number("free")?);
            taken += capacity.saturating_sub(free);
            let own = slot["slot"].as_str().and_then(|slot| served.get(slot)).copied().unwrap_or_default();
            over += usize::from(own > capacity);
        }
    }
    Ok((taken, over))
}

/// What the house says of the lots.
#[derive(Default)]
pub(super) struct Lots {
    /// How many were there before, in all departments.
    pub(super) present: u64,
    /// Lots that are as promised: by the seed, the order of those who were there, and the number of each.
    pub(super) as_promised: usize,
    /// Lots of which it cannot be said, because somebody heard no answer.
    pub(super) unsure: usize,
    /// What is wrong with the others.
    pub(super) wrong: Vec<String>,
}

/// See [`Lots`]. `seen`: by session, what those know who came to it.
pub(super) async fn releases(ready: &Ready, sessions: &[Released], seen: &[Vec<&Seen>]) -> Result<Lots, String> {
    let mut lots = Lots::default();
    for (session, seen) in sessions.iter().zip(seen) {
        let at = &session.department;
        let path = format!("/departments/{at}/releases");
        let told = ready.door.insist("GET", &path, Some(&ready.operator), &Value::Null).await;
        let told = told.map_err(|why| format!("releases: {why}"))?;
        let [lot] = told["releases"].as_array().map_or(&[][..], Vec::as_slice) else {
            lots.wrong.push(format!("{at}: one release has one lot: {}", told["releases"]));
            continue;
        };
        lots.present += lot["present"].as_u64().unwrap_or(0);
        match lots::check(lot, seen) {
            Ok(true) => lots.as_promised += 1,
            Ok(false) => lots.unsure += 1,
            Err(why) => lots.wrong.push(format!("{at}: {why}")),
        }
    }
    Ok(lots)
}
