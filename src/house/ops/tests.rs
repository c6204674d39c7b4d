//! What is wrong comes first, and nobody sees another's sites.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiaohao_domain::department::view::{Load, PlannedSession};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{ScreenId, SiteId, Timestamp};
use jiaohao_queue_display::announce::planned::Rooms;
use serde_json::{Value, json};

use super::screens::{Screens, Seen};
use super::sites::{SiteFacts, SiteNow, Verdicts};
use super::{Picture, problems};
use crate::engine::ScreenNews;

fn facts() -> SiteFacts {
    let board = json!({"id": "s.b", "name": "候诊区", "queues": ["s.d.q"]});
    SiteFacts {
        name: "医院".to_owned(),
        name_en: "Hospital".to_owned(),
        zone: Zone::named("Asia/Shanghai").expect("a zone"),
        departments: vec!["s.d".into()],
        boards: vec![serde_json::from_value(board).expect("a board")],
        screens: vec![("s.x1".into(), "s.b".into()), ("s.x2".into(), "s.b".into())],
        voice: (None, false),
        rooms: Default::default(),
    }
}

fn load(change: impl FnOnce(&mut Load)) -> BTreeMap<jiaohao_domain::DepartmentId, Load> {
    let mut load = Load {
        department: "s.d".into(),
        name: "内科".to_owned(),
        name_en: String::new(),
        sessions: 1,
        sessions_open: 1,
        doctors: 1,
        doctors_paused: 0,
        waiting: 3,
        in_hand: 0,
        missed: 0,
        of_earlier_days: 0,
        wait_p50_min: None,
        wait_p90_min: None,
        today: Default::default(),
        planned: Vec::new(),
        calls_not_announced: 0,
        not_announced: BTreeMap::new(),
        waited_s: vec![60],
    };
    change(&mut load);
    [(load.department.clone(), load)].into()
}

fn screens(here: &[&str]) -> Screens {
    let screens = Screens::default();
    for id in here {
        screens.note(&ScreenId::from(*id), ScreenNews::Came, Timestamp(0));
    }
    screens
}

fn problems(screens: &Screens, change: impl FnOnce(&mut Load)) -> Vec<(String, String, u64)> {
    let seen = |screen: &ScreenId| -> Option<Seen> { screens.seen(screen) };
    let site = SiteNow::of("s".into(), facts(), load(change), &seen, &Verdicts::new());
    let told = serde_json::to_value(&site).expect("JSON");
    let one = |p: &Value| {
        let text = |name: &str| p[name].as_str().expect("text").to_owned();
        (text("level"), text("what"), p["count"].as_u64().expect("a number"))
    };
    told["problems"].as_array().expect("problems").iter().map(one).collect()
}

#[test]
fn a_site_that_is_well_says_nothing() {
    assert_eq!(problems(&screens(&["s.x1", "s.x2"]), |_| ()), []);
}

#[test]
fn alarms_stand_before_warnings() {
    let told = |level: &str, what: &str, count| (level.to_owned(), what.to_owned(), count);
    let one_away = screens(&["s.x1"]);
    one_away.note(&"s.x1".into(), ScreenNews::Said { silent: Some(true), client: None }, Timestamp(0));
    let found = problems(&one_away, |load| {
        load.doctors_paused = 1;
        load.calls_not_announced = 2;
        load.not_announced = [("s.d.q".into(), 2)].into();
    });
    let expected = [
        told("alarm", "calls_not_announced", 2),
        told("warning", "nobody_calls", 3),
        told("warning", "screen_silent", 1),
        told("warning", "screen_offline", 1),
    ];
    assert_eq!(found, expected);
    let dark = problems(&screens(&[]), |_| ());
    assert_eq!(dark, [told("alarm", "board_dark", 1)], "its screens are not named one by one");
    let at_night = problems(&screens(&[]), |load| (load.doctors, load.waiting) = (0, 0));
    assert_eq!(at_night, [told("warning", "board_dark", 1)]);
}

#[test]
fn a_department_or_site_that_does_not_answer_is_an_alarm() {
    let site = SiteNow::of("s".into(), facts(), BTreeMap::new(), &|_| None, &Verdicts::new());
    assert_eq!(problems::badness(&site.problems), 0);
    let silent = SiteNow::silent("t".into(), Zone::utc());
    assert_eq!(serde_json::to_value(&silent).expect("JSON")["problems"][0]["what"], "site_silent");
}

#[test]
fn what_is_wrong_at_sites_can_be_woken_for_and_goes_by_itself() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    let mut gauges = problems::Gauges::default();
    let mut at = |here: &[&str]| {
        let screens = screens(here);
        let site = || SiteNow::of("s".into(), facts(), load(|_| ()), &|screen| screens.seen(screen), &Verdicts::new());
        let sites = [site(), site()];
        metrics::with_local_recorder(&recorder, || gauges.set(sites.iter().flat_map(|site| &site.problems)));
        shown.render()
    };
    let dark = at(&[]);
    assert!(dark.contains(r#"site_problems{level="alarm",what="board_dark"} 2"#), "{dark}");
    let one = at(&["s.x1"]);
    assert!(one.contains(r#"site_problems{level="alarm",what="board_dark"} 0"#), "{one}");
    assert!(one.contains(r#"site_problems{level="warning",what="screen_offline"} 2"#), "{one}");
}

#[test]
fn nobody_sees_another_site_or_its_closed_owners() {
    let of = |id: &str| SiteNow::of(SiteId::from(id), facts(), load(|_| ()), &|_| None, &Verdicts::new());
    let closed = json!([{"kind": "department", "id": "s.d"}, {"kind": "department", "id": "t.d"}]);
    let picture = Arc::new(Picture { node: json!({"owners": {"closed": closed}}), sites: vec![of("s"), of("t")] });
    let sites = |seen: &Value| seen["sites"].as_array().map(Vec::len);
    let all = picture.seen_by(&None);
    assert_eq!((sites(&all), all["owners"]["closed"].as_array().map(Vec::len)), (Some(2), Some(2)));
    let own = picture.seen_by(&Some("t".into()));
    assert_eq!((sites(&own), &own["sites"][0]["site"]), (Some(1), &json!("t")));
    assert_eq!(own["owners"]["closed"], json!([{"kind": "department", "id": "t.d"}]));
}

#[test]
fn a_board_with_more_rooms_than_it_can_show_is_named_also_while_its_department_is_silent() {
    let doctors: Vec<String> = (0..13).map(|n| format!("s.doctor{n}")).collect();
    let session = |n: usize, hour: i64| PlannedSession {
        queue: "s.d.q".into(),
        doctor: Some(doctors[n].as_str().into()),
        from: Timestamp(0).plus_min(60 * hour),
        to: Timestamp(0).plus_min(60 * (hour + 1)),
        places: 1,
    };
    let with_rooms = |loads, before: &Verdicts| {
        let facts =
            SiteFacts { rooms: Rooms::with("s.d".into(), (1..=20).map(|n| format!("{n}号诊室"))), ..facts() };
        SiteNow::of("s".into(), facts, loads, &|_| None, before)
    };
    let planned = |count: usize, hour: fn(usize) -> i64| {
        load(|load| load.planned = (0..count).map(|n| session(n, hour(n))).collect())
    };
    let found =
        |site: &SiteNow| serde_json::to_string(&site.problems).expect("JSON").contains("\"board_too_many_rooms\"");
    assert!(!found(&with_rooms(planned(12, |_| 9), &Verdicts::new())));
    assert!(!found(&with_rooms(planned(13, |n| n as i64), &Verdicts::new())), "one after the other");
    let many = with_rooms(planned(13, |_| 9), &Verdicts::new());
    assert!(found(&many));
    assert!(found(&with_rooms(BTreeMap::new(), &many.verdicts())), "what was found last stands");
}

#[test]
fn a_board_that_cannot_say_in_time_what_is_planned_is_named_also_while_its_department_is_silent() {
    let session = |places| PlannedSession {
        queue: "s.d.q".into(),
        doctor: None,
        from: Timestamp(0),
        to: Timestamp(3_600_000),
        places,
    };
    let none = problems(&screens(&["s.x1", "s.x2"]), |load| load.planned = vec![session(60)]);
    assert_eq!(none, []);
    let found = problems(&screens(&["s.x1", "s.x2"]), |load| load.planned = vec![session(60), session(400)]);
    assert_eq!(found, [("warning".to_owned(), "board_overfull".to_owned(), 1)]);
    let next = |loads, before: &Verdicts| SiteNow::of("s".into(), facts(), loads, &|_| None, before).verdicts();
    let full = next(load(|load| load.planned = vec![session(400)]), &Verdicts::new());
    assert_eq!(full.len(), 1);
    let silent = next(BTreeMap::new(), &full);
    assert_eq!(silent, full, "what was found last stands");
    assert_eq!(next(BTreeMap::new(), &silent), full, "as long as it is silent");
    assert_eq!(next(BTreeMap::new(), &Verdicts::new()), Verdicts::new(), "and nothing is found in silence");
    assert_eq!(next(load(|load| load.planned = vec![session(60)]), &full), Verdicts::new(), "until it answers");
}
