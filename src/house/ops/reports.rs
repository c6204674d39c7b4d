//! Reports of a site: the days of its departments, asked of each, put together by the domain and named here.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use jiaohao_domain::department as dept;
use jiaohao_domain::report::{self, By, Day, Figures, KEPT_DAYS, Row};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{Code, DepartmentId, DoctorId, Rejection};
use serde_json::{Value, json};

use super::super::{House, department, site_itself};
use crate::engine::in_time;
use crate::http::queries::ReportQuery;

/// So many rows are answered; a report by doctor of the largest hospital has fewer.
const ROWS_MAX: usize = 5_000;

/// A department that has not answered by then is named as silent. Somebody has asked and waits, so it has longer than
/// for the figures of every second.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// How doctors and departments are called, in Chinese and English; the retired ones too: their days stay.
struct Names {
    zone: Zone,
    doctors: BTreeMap<DoctorId, [String; 2]>,
    departments: BTreeMap<DepartmentId, [String; 2]>,
}

impl Names {
    fn of(state: &jiaohao_domain::site::State) -> Option<Self> {
        state.definition.as_ref()?;
        let doctors = state.doctors.iter().map(|(id, kept)| {
            let name_en = state.more.get(id.as_str()).map(|more| more.name_en.clone());
            (id.clone(), [kept.definition.name.clone(), name_en.unwrap_or_default()])
        });
        let departments = state.departments.iter().map(|(id, kept)| {
            let definition = &kept.definition;
            (id.clone(), [definition.name.clone(), definition.name_en.clone()])
        });
        Some(Self { zone: state.zone(), doctors: doctors.collect(), departments: departments.collect() })
    }

    fn row(&self, row: &Row) -> Value {
        let department = row.department.as_ref().and_then(|id| self.departments.get(id));
        let [name, name_en] = match (&row.doctor, department) {
            (Some(doctor), _) => self.doctors.get(doctor).cloned().unwrap_or_default(),
            (None, Some(names)) => names.clone(),
            (None, None) => Default::default(),
        };
        json!({
            "doctor": row.doctor,
            "department": row.department,
            "week": row.week,
            "name": name,
            "name_en": name_en,
            "figures": figures(&row.figures),
        })
    }
}

impl House {
    /// A report; departments that do not answer are named in it.
    pub(in super::super) async fn read_reports(&self, asked: &ReportQuery) -> Result<Value, Rejection> {
        let ReportQuery { site: at, from, to, by, .. } = asked;
        if from > to || from.plus_days(KEPT_DAYS) < *to {
            let what = format!("from a day to the same or a later one, {KEPT_DAYS} days at most");
            return Err(Rejection::field("to", what));
        }
        let names = self.shell.read(site_itself(at)?, Names::of).await?.ok_or(Code::Forbidden)?;
        let (from, to, now) = (*from, *to, self.shell.clock.clinic());
        // A week or a month that is under way is asked for whole.
        if from > names.zone.date(now) {
            return Err(Rejection::field("from", "not before that day"));
        }
        let look = |id: &DepartmentId| {
            let days = move |state: &dept::State| report::days(state, from, to, now);
            (id.clone(), self.shell.read(department(id), days))
        };
        let (days, silent) = gather(names.departments.keys().map(look), READ_WITHIN).await;
        let report = report::report(*by, days, from, to, names.zone.date(now));
        let rows: Vec<Value> = report.rows.iter().take(ROWS_MAX).map(|row| names.row(row)).collect();
        let causes =
            report.causes.iter().map(|cause| json!({ "of": cause.of, "cause": cause.cause, "count": cause.count }));
        Ok(json!({
            "site": at,
            "from": from,
            "to": to,
            "by": by,
            "rows": rows,
            "rows_left_out": report.rows.len().saturating_sub(ROWS_MAX),
            "causes": if *by == By::Cause { causes.collect() } else { Vec::new() },
            "total": figures(&report.total),
            "ratings_open_from": report.ratings_open_from,
            "silent": silent,
        }))
    }
}

/// What departments answer, and which of them did not within so long.
async fn gather<F>(reads: impl Iterator<Item = (DepartmentId, F)>, within: Duration) -> (Vec<Day>, Vec<DepartmentId>)
where
    F: Future<Output = Result<Vec<Day>, Rejection>>,
{
    let read = |(id, read)| async move { in_time(within, read).await.map_err(|_| id) };
    let (mut days, mut silent) = (Vec::new(), Vec::new());
    for read in join_all(reads.map(read)).await {
        match read {
            Ok(of_department) => days.extend(of_department),
            Err(id) => silent.push(id),
        }
    }
    (days, silent)
}

/// As they stand on the wire. Minutes are whole ones.
fn figures(of: &Figures) -> Value {
    let (long, ratings) = (&of.long, &of.ratings);
    let has_ratings = ratings.count() > 0;
    json!({
        "came": of.came,
        "booked": of.booked,
        "walk_ins": of.walk_ins,
        "seen": of.seen,
        "missed": of.missed,
        "no_shows": of.no_shows,
        "cancelled": of.cancelled,
        "given_back": of.given_back,
        "left": of.left,
        "transferred": of.transferred,
        "return_day": of.return_day,
        "refunded": of.refunded,
        "open": of.open,
        "tests": of.tests,
        "waits": of.waits.count(),
        "wait_p50_min": of.waits.quantile_min(50),
        "wait_p90_min": of.waits.quantile_min(90),
        "long_waits": long.count,
        "late_starts": of.late_starts,
        "late_min": of.late_s / 60,
        "pauses": of.pauses,
        "paused_min": of.paused_s / 60,
        "ratings": has_ratings.then(|| ratings.count()),
        "stars": ratings.mean_tenths().map(|tenths| f64::from(tenths) / 10.0),
    })
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const _: () = assert!(READ_WITHIN.as_millis() > super::super::READ_WITHIN.as_millis());

    #[tokio::test]
    async fn who_does_not_answer_or_refuses_is_named() {
        let day = |id: &str| Day {
            department: id.into(),
            date: jiaohao_domain::BusinessDate::from_compact("20261123").expect("a date"),
            doctor: None,
            figures: Figures::default(),
            rated_until: None,
        };
        let answers = std::future::ready(Ok(vec![day("s.nei")])).boxed();
        let refuses = std::future::ready(Err(Code::Internal.into())).boxed();
        let reads = [("s.nei", answers), ("s.wai", refuses), ("s.er", std::future::pending().boxed())];
        let reads = reads.into_iter().map(|(id, read)| (DepartmentId::from(id), read));
        let (days, silent) = gather(reads, Duration::from_millis(20)).await;
        assert_eq!((days, silent), (vec![day("s.nei")], vec!["s.wai".into(), "s.er".into()]));
    }
}
