//! Recorded clinic days once more through the engine, in accelerated time: at every call a wait is predicted for those 1,
//! 3, 5 and 10 places behind, and compared with what came and with the naive rule. What the engine learns on the way is
//! what it would have learned on those days; nothing of a later moment is known at an earlier one.

mod clinic;
mod record;
mod score;

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{TicketId, Timestamp};
use serde_json::{Value, json};

use clinic::{AtWork, Clinic};
use record::Session;
use score::{DISTANCES, Wait};

/// The first sessions are for learning and not scored.
const LEARNING: usize = 20;
/// The last consultation of a session takes so long where nobody has written it down.
const LAST_SERVICE_MS: i64 = 5 * 60 * 1000;
/// Before the first call of a session those are there of whom it is not known when they came.
const BEFORE_MS: i64 = 1_000;

/// What to replay.
pub struct Options {
    /// The recorded days.
    pub file: PathBuf,
    /// No bar on stderr.
    pub quiet: bool,
}

/// Runs it: the result, as CONTRACT has it.
///
/// # Errors
/// Words about the file, with the line, or about what the engine refused.
pub async fn run(options: Options) -> Result<Value, String> {
    let zone = Zone::named(clinic::ZONE).ok_or("no such zone")?;
    let sessions = record::read(&options.file, zone)?;
    let target = if options.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{prefix:>16} {bar:40} {pos}/{len} {msg}")
        .expect("invariant: the template is right");
    let bar = ProgressBar::with_draw_target(Some(sessions.len() as u64), target).with_style(style);
    bar.set_prefix("sessions");
    let days = Days::of(&sessions);
    let Some((first, _)) = days.deeds.first() else { return Ok(result(&sessions, &[], 0)) };
    let mut clinic = Clinic::open(days.doctors, zone, *first).await?;
    let mut replay = Replay {
        under_way: sessions.iter().map(UnderWay::of).collect(),
        sessions: &sessions,
        days: &days,
        out_of_turn: 0,
    };
    for (at, deed) in &days.deeds {
        clinic.go_on(*at).await?;
        replay.act(&clinic, *deed).await?;
        if matches!(deed, Deed::End(_)) {
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    clinic.close().await;
    let scored = replay.under_way.iter().skip(LEARNING).flat_map(|session| &session.waits);
    let waits: Vec<Wait> = scored.copied().collect();
    Ok(result(&sessions, &waits, replay.out_of_turn))
}

fn result(sessions: &[Session], waits: &[Wait], out_of_turn: usize) -> Value {
    json!({
        "sessions": sessions.len(),
        "calls": sessions.iter().map(|session| session.calls().count()).sum::<usize>(),
        "out_of_turn": out_of_turn,
        "waits": waits.len(),
        "ahead": score::figures(waits),
    })
}

/// The result for people.
pub fn summary(result: &Value) -> String {
    let mut text = format!(
        "{} sessions, {} calls; the first {LEARNING} sessions are for learning; {} waits predicted\n\n",
        result["sessions"], result["calls"], result["waits"],
    );
    text.push_str(
        "people before   waits   middle off by   naive rule off by   ratio   inside P10–P90   median width   plain\n",
    );
    for ahead in DISTANCES {
        let figures = &result["ahead"][ahead.to_string()];
        let number = |name: &str, digits: usize, unit: &str| {
            figures[name].as_f64().map_or("–".to_owned(), |value| format!("{value:.digits$}{unit}"))
        };
        let percent =
            figures["inside_p10_p90"].as_f64().map_or("–".to_owned(), |of_1| format!("{:.1} %", of_1 * 100.0));
        text.push_str(&format!(
            "{ahead:>13} {:>7} {:>15} {:>19} {:>7} {percent:>16} {:>14} {:>7}\n",
            number("waits", 0, ""),
            number("mae_s", 0, " s"),
            number("naive_mae_s", 0, " s"),
            number("ratio", 2, ""),
            number("median_width_s", 0, " s"),
            number("plain_median_width_s", 0, " s"),
        ));
    }
    text.push_str(
        "\nplain: a range of the naive rule times two factors that holds as many of these waits, found afterwards\n",
    );
    text
}

/// What happens on a recorded day, in the order in which it does at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    End(usize),
    Arrive(usize, usize),
    Begin(usize),
    Finish(usize, usize),
    Call(usize, usize),
}

/// Everything that happens, in order.
struct Days {
    deeds: Vec<(Timestamp, Deed)>,
    /// How many doctors.
    doctors: usize,
    /// Which doctor's each session is: sessions of one name at one time are of several.
    doctor_of: Vec<usize>,
}

impl Days {
    fn of(sessions: &[Session]) -> Self {
        let mut deeds = Vec::new();
        let mut free_from: BTreeMap<&str, Vec<(Timestamp, usize)>> = BTreeMap::new();
        let (mut doctors, mut doctor_of) = (0, Vec::with_capacity(sessions.len()));
        for (n, session) in sessions.iter().enumerate() {
            let Some((_, begins)) = session.calls().next() else {
                doctor_of.push(0);
                continue;
            };
            let mut ends = begins;
            let mut calls = session.calls().peekable();
            while let Some((row, at)) = calls.next() {
                deeds.push((at, Deed::Call(n, row)));
                let over = session.rows[row].service_ms.map(|service_ms| at.plus_ms(service_ms));
                match (calls.peek(), over) {
                    (Some((_, next)), Some(over)) if over < *next => deeds.push((over, Deed::Finish(n, row))),
                    (Some(_), _) => {}
                    (None, over) => {
                        ends = over.unwrap_or(at.plus_ms(LAST_SERVICE_MS));
                        deeds.push((ends, Deed::Finish(n, row)));
                    }
                }
            }
            for (row, is) in session.rows.iter().enumerate() {
                let there = is.called_at.map_or(begins, |at| at.plus_ms(-record::ARRIVED_MAX_MS).max(begins));
                // who was never called has come before the end all the same
                let came = is.arrived_at.unwrap_or(there.plus_ms(-BEFORE_MS)).min(ends);
                deeds.push((came, Deed::Arrive(n, row)));
            }
            deeds.push((begins, Deed::Begin(n)));
            deeds.push((ends.plus_ms(1), Deed::End(n)));
            let of_name = free_from.entry(&session.doctor).or_default();
            let free = of_name.iter().position(|(from, _)| *from < begins);
            let doctor = free.map_or(doctors, |at| of_name.swap_remove(at).1);
            doctors = doctors.max(doctor + 1);
            of_name.push((ends.plus_ms(1), doctor));
            doctor_of.push(doctor);
        }
        deeds.sort_unstable();
        Self { deeds, doctors, doctor_of }
    }
}

/// A session under way.
#[derive(Default)]
struct UnderWay {
    at_work: Option<AtWork>,
    tickets: Vec<Option<TicketId>>,
    in_hand: Option<TicketId>,
    /// The calls until now, and what was foreseen at each.
    calls: Vec<Timestamp>,
    waits: Vec<Wait>,
    /// By the call at which they will have come.
    foreseen: BTreeMap<usize, Vec<(Timestamp, Wait)>>,
}

impl UnderWay {
    fn of(session: &Session) -> Self {
        Self { tickets: vec![None; session.rows.len()], ..Self::default() }
    }
}

struct Replay<'a> {
    sessions: &'a [Session],
    days: &'a Days,
    under_way: Vec<UnderWay>,
    /// Calls of somebody who was not the next by the rules.
    out_of_turn: usize,
}

impl Replay<'_> {
    async fn act(&mut self, clinic: &Clinic, deed: Deed) -> Result<(), String> {
        let (Deed::End(n) | Deed::Arrive(n, _) | Deed::Begin(n) | Deed::Finish(n, _) | Deed::Call(n, _)) = deed;
        let (doctor, session) = (self.days.doctor_of[n], &mut self.under_way[n]);
        match (deed, session.at_work.clone()) {
            (Deed::Arrive(_, row), _) => session.tickets[row] = Some(clinic.arrive(doctor, row).await?),
            (Deed::Begin(_), _) => session.at_work = Some(clinic.begin(doctor, n).await?),
            (Deed::Call(_, row), Some(at_work)) => {
                let ticket = session.tickets[row].clone().ok_or("called before the arrival")?;
                let by_rules = clinic.call(&at_work, session.in_hand.replace(ticket.clone()), &ticket).await?;
                self.out_of_turn += usize::from(!by_rules);
                session.called(clinic.now());
                let rows = self.sessions[n].calls().count();
                session.foresee(clinic.forecasts(&at_work).await?, rows);
            }
            (Deed::Finish(..), Some(at_work)) => {
                if let Some(ticket) = session.in_hand.take() {
                    clinic.finish(&at_work, ticket).await?;
                }
            }
            (Deed::End(_), Some(at_work)) => {
                if let Some(ticket) = session.in_hand.take() {
                    clinic.finish(&at_work, ticket).await?;
                }
                for (row, ticket) in session.tickets.drain(..).enumerate() {
                    if let Some(ticket) = ticket.filter(|_| self.sessions[n].rows[row].called_at.is_none()) {
                        clinic.leave(ticket).await?;
                    }
                }
                clinic.stop_work(at_work).await?;
            }
            (deed, None) => return Err(format!("{deed:?} without anybody at work")),
        }
        Ok(())
    }
}

impl UnderWay {
    /// A call: waits have come to their end.
    fn called(&mut self, now: Timestamp) {
        let n = self.calls.len();
        self.calls.push(now);
        for (at, wait) in self.foreseen.remove(&n).unwrap_or_default() {
            self.waits.push(Wait { real_ms: now.ms_since(at), ..wait });
        }
    }

    /// What is foreseen at a call; nothing at the first one of a session, at which the naive rule knows nothing.
    fn foresee(&mut self, forecasts: [Option<jiaohao_domain::wait::Forecast>; 4], rows: usize) {
        let n = self.calls.len() - 1;
        let (first, now) = (self.calls[0], self.calls[n]);
        for (ahead, forecast) in DISTANCES.into_iter().zip(forecasts) {
            let (Some(forecast), true) = (forecast, n > 0 && n + ahead < rows) else { continue };
            let naive_ms = now.ms_since(first) * ahead as i64 / n as i64;
            let foreseen_ms = [forecast.p10, forecast.p50, forecast.p90].map(|at| at.ms_since(now));
            let wait = Wait { ahead, real_ms: 0, naive_ms, foreseen_ms };
            self.foreseen.entry(n + ahead).or_default().push((now, wait));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn replayed(rows: &str) -> Result<Value, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("days.csv");
        std::fs::write(&file, format!("session,ticket,arrived_at,called_at,service_s\n{rows}")).expect("written");
        run(Options { file, quiet: true }).await
    }

    #[actix::test]
    async fn a_long_night_of_whom_nobody_knows_when_they_came_is_replayed_to_its_end() {
        let call = |n: u32| format!("a,{n},,2026-01-{:02}T{:02}:30:00+08:00,\n", 5 + (n + 10) / 24, (n + 10) % 24);
        let result = replayed(&(0..24).map(call).collect::<String>()).await.expect("to the end");
        assert_eq!((result["calls"].as_u64(), result["waits"].as_u64()), (Some(24), Some(0)), "{result}");
    }

    #[actix::test]
    async fn two_sessions_of_one_name_at_one_time_are_of_two_doctors_and_any_order_is_called() {
        let rows = "s1,1,08:30:00,08:00:00,60\ns1,2,07:00:00,08:00:00,0\ns1,3,06:00:00,08:10:00,900\ns1,4,05:00:00,08:12:00,0\n";
        let dated = |name: &str| rows.replace("s1,", &format!("{name}-2026-01-05-am,")).replace(":00,0", ":00,");
        let result = replayed(&format!("{}{}", dated("li"), dated("li/b"))).await.expect("to the end");
        assert_eq!((result["sessions"].as_u64(), result["calls"].as_u64()), (Some(2), Some(8)));
        assert!(result["out_of_turn"].as_u64() > Some(0), "{result}");
        let both = dated("li") + &dated("li").replace("li-2026-01-05-am", "li-2026-01-05-pm");
        assert_eq!(replayed(&both).await.expect("to the end")["calls"], 8);
    }
}
