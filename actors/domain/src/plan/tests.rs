//! Days and times of templates: weekdays, seasons, holidays, moved workdays, substitutes, and clocks that jump.

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;

use super::calendar::{Day, day, on, slots, slots_on, weekday};
use super::*;
use crate::codes::Code;
use crate::ids::*;
use crate::time::{BusinessDate, Zone};
use crate::vocabulary::{
    ByChannel, DefinePlanning, DefineQuotaRules, DefineSlot, DefineTemplate, ExceptDays, ExceptionDoes,
};

fn date(text: &str) -> BusinessDate {
    BusinessDate(NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap())
}

fn template() -> DefineTemplate {
    DefineTemplate {
        id: "s.d.li".into(),
        name: "李明上午".into(),
        queue: "s.d.q".into(),
        doctor: Some("s.li".into()),
        service_point: None,
        period: "morning".into(),
        registration_class: "普通".into(),
        fee_fen: 1000,
        high_demand: false,
        weekdays: vec![1, 3],
        from: date("2026-01-01"),
        until: None,
        start: Some("08:00".into()),
        end: Some("12:00".into()),
        slot_min: 30,
        capacity: Some(2),
        slots: Vec::new(),
    }
}

fn except(id: &str, days: (&str, &str), does: ExceptionDoes) -> ExceptDays {
    let (from, to) = (date(days.0), date(days.1));
    ExceptDays { id: format!("s.d.{id}").as_str().into(), from, to, doctor: None, template: None, does }
}

fn closed(reason: &str) -> ExceptionDoes {
    ExceptionDoes::Closed { reason: reason.into() }
}

fn instead(doctor: &str) -> ExceptionDoes {
    ExceptionDoes::Substitute { doctor: doctor.into() }
}

fn open(as_weekday: Option<u8>) -> ExceptionDoes {
    ExceptionDoes::Open { as_weekday }
}

fn says(template: &DefineTemplate, exceptions: &[ExceptDays], text: &str) -> String {
    let at = date(text);
    match day(template, &on(exceptions.iter(), at), at) {
        Day::None => "none".into(),
        Day::Closed(reason) => format!("closed {reason}"),
        Day::Held(doctor) => format!("held {}", doctor.map_or("pool", |doctor| doctor.as_str())),
    }
}

#[test]
fn a_template_is_held_on_its_weekdays_in_its_season_to_the_last_day() {
    let mut is = template();
    (is.weekdays, is.from, is.until) = (vec![6, 7, 1], date("2028-02-27"), Some(date("2028-02-29")));
    let held: Vec<String> = (20..=29)
        .map(|day| format!("2028-02-{day}"))
        .chain((1..=7).map(|day| format!("2028-03-0{day}")))
        .filter(|text| says(&is, &[], text) != "none")
        .collect();
    assert_eq!(held, ["2028-02-27", "2028-02-28"], "Sunday and Monday; Tuesday, the 29th, is none of its days");
    is.weekdays = vec![2];
    assert_eq!(says(&is, &[], "2028-02-29"), "held s.li", "the last day of its season, on the 29th of February");
    assert_eq!(says(&is, &[], "2028-03-07"), "none");
    assert_eq!(weekday(date("2026-11-23")), 1);
}

#[test]
fn of_two_exceptions_the_narrower_counts_and_open_is_stronger_than_closed() {
    let is = template();
    let holiday = except("holiday", ("2026-10-01", "2026-10-07"), closed("国庆"));
    let here = std::slice::from_ref(&holiday);
    assert_eq!(says(&is, here, "2026-10-05"), "closed 国庆");
    assert_eq!(says(&is, here, "2026-10-06"), "none", "a Tuesday: nothing is closed there");
    assert_eq!(says(&is, here, "2026-10-12"), "held s.li");
    let moved = except("moved", ("2026-10-05", "2026-10-05"), open(None));
    assert_eq!(says(&is, &[holiday.clone(), moved], "2026-10-05"), "held s.li");
    let mine = ExceptDays { template: Some(is.id.clone()), ..except("mine", ("2026-10-05", "2026-10-05"), open(None)) };
    assert_eq!(says(&is, &[holiday.clone(), mine.clone()], "2026-10-05"), "held s.li");
    let ill = ExceptDays { doctor: is.doctor.clone(), ..except("ill", ("2026-10-05", "2026-10-05"), closed("病假")) };
    assert_eq!(says(&is, &[holiday.clone(), mine, ill.clone()], "2026-10-05"), "held s.li", "of the template itself");
    assert_eq!(says(&is, &[holiday, ill], "2026-10-05"), "closed 病假", "of the doctor, not of everybody");
}

#[test]
fn a_workday_moved_to_a_weekend_is_as_the_day_it_follows() {
    let is = template();
    let saturday = except("moved", ("2026-10-10", "2026-10-10"), open(Some(1)));
    assert_eq!(says(&is, std::slice::from_ref(&saturday), "2026-10-10"), "held s.li");
    let friday = except("moved", ("2026-10-10", "2026-10-10"), open(Some(5)));
    assert_eq!(says(&is, std::slice::from_ref(&friday), "2026-10-10"), "none");
    let later = except("z", ("2026-10-10", "2026-10-10"), open(Some(3)));
    assert_eq!(says(&is, &[friday, later], "2026-10-10"), "held s.li", "of two of the same width the later one");
}

#[test]
fn a_substitute_sits_for_the_absent_and_is_closed_by_the_own_leave_and_by_holidays() {
    let is = template();
    let of_doctor = |doctor: &str, id: &str, does| ExceptDays {
        doctor: Some(doctor.into()),
        ..except(id, ("2026-10-12", "2026-10-14"), does)
    };
    let leave = of_doctor("s.li", "leave", closed("休假"));
    let for_li = of_doctor("s.li", "for-li", instead("s.wang"));
    assert_eq!(says(&is, std::slice::from_ref(&leave), "2026-10-12"), "closed 休假");
    assert_eq!(says(&is, &[leave.clone(), for_li.clone()], "2026-10-12"), "held s.wang");
    let for_wang = of_doctor("s.wang", "for-wang", instead("s.zhao"));
    assert_eq!(says(&is, &[for_li.clone(), for_wang], "2026-10-12"), "held s.wang", "nobody is substituted twice");
    let wang_leaves = of_doctor("s.wang", "wang", closed("外出"));
    assert_eq!(says(&is, &[leave.clone(), for_li.clone(), wang_leaves], "2026-10-12"), "closed 外出");
    let holiday = except("holiday", ("2026-10-12", "2026-10-12"), closed("国庆"));
    assert_eq!(says(&is, &[for_li.clone(), holiday], "2026-10-12"), "closed 国庆");
    let own =
        ExceptDays { template: Some(is.id.clone()), ..except("own", ("2026-10-12", "2026-10-12"), instead("s.sun")) };
    assert_eq!(says(&is, &[for_li, own], "2026-10-12"), "held s.sun");
}

#[test]
fn slots_are_alike_from_start_to_end_or_as_they_are_listed() {
    let starts =
        |is: &DefineTemplate| slots(is).map(|slots| slots.into_iter().map(|slot| slot.start).collect::<Vec<_>>());
    let mut is = template();
    (is.start, is.end, is.slot_min) = (Some("23:00".into()), Some("24:00".into()), 20);
    assert_eq!(starts(&is).unwrap(), ["23:00", "23:20", "23:40"]);
    let refused = |is: &DefineTemplate| slots(is).unwrap_err().code;
    for (start, end, slot_min) in
        [("08:00", "08:45", 30), ("09:00", "08:00", 30), ("08:00", "08:00", 30), ("8:00", "09:00", 30)]
    {
        (is.start, is.end, is.slot_min) = (Some(start.into()), Some(end.into()), slot_min);
        assert_eq!(refused(&is), Code::InvalidField, "{start} {end}");
    }
    (is.start, is.end, is.slot_min) = (Some("00:00".into()), Some("24:00".into()), 7);
    assert_eq!(refused(&is), Code::InvalidField, "more than 200");
    (is.end, is.slot_min) = (Some("24:01".into()), 1);
    assert_eq!(refused(&is), Code::InvalidField);
    is.slots = vec![DefineSlot { start: "08:00".into(), minutes: 30, capacity: 1 }];
    assert_eq!(refused(&is), Code::InvalidField, "both");
    (is.start, is.end, is.capacity) = (None, None, None);
    assert_eq!(starts(&is).unwrap(), ["08:00"]);
    is.slots.clear();
    assert_eq!(refused(&is), Code::InvalidField, "neither");
}

#[test]
fn slots_that_the_clocks_skip_are_left_out() {
    let mut is = template();
    (is.start, is.end) = (Some("00:00".into()), Some("04:00".into()));
    let starts = |zone: &str, day: &str, is: &DefineTemplate| {
        let zone = Zone::named(zone).unwrap();
        slots_on(is, date(day), zone).into_iter().map(|slot| slot.start).collect::<Vec<_>>()
    };
    let berlin = starts("Europe/Berlin", "2026-03-29", &is);
    assert_eq!(berlin, ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30"]);
    assert_eq!(starts("Europe/Berlin", "2026-03-28", &is).len(), 8);
    assert_eq!(starts("Europe/Berlin", "2026-10-25", &is).len(), 8, "an hour twice is one");
    let sao_paulo = starts("America/Sao_Paulo", "2018-11-04", &is);
    assert_eq!(sao_paulo.first().map(String::as_str), Some("01:00"), "midnight does not exist");
    let lord_howe = starts("Australia/Lord_Howe", "2026-10-04", &is);
    assert_eq!(lord_howe, ["00:00", "00:30", "01:00", "01:30", "02:30", "03:00", "03:30"], "half an hour");
    assert_eq!(starts("Asia/Shanghai", "2026-03-29", &is).len(), 8);
}

#[test]
fn what_is_no_template_exception_or_planning_is_refused() {
    let (department, today) = (DepartmentId::from("s.d"), date("2026-11-23"));
    let plan = Plan::default();
    let refused = |change: &dyn Fn(&mut DefineTemplate)| {
        let mut is = template();
        change(&mut is);
        decide::template(&plan, &DefinePlanning::of(department.clone()), is, &[], today)
            .err()
            .map(|rejection| rejection.code)
    };
    assert_eq!(refused(&|_| {}), None);
    assert_eq!(refused(&|is| is.id = "s.other.t".into()), Some(Code::IdNotUnderParent));
    assert_eq!(refused(&|is| is.id = "s.d.a.b".into()), Some(Code::IdNotUnderParent));
    assert_eq!(refused(&|is| is.queue = "s.other.q".into()), Some(Code::IdNotUnderParent));
    assert_eq!(refused(&|is| is.id = format!("s.d.{}", "x".repeat(77)).into()), Some(Code::InvalidField));
    for weekdays in [vec![], vec![0], vec![8], vec![1, 1]] {
        assert_eq!(refused(&|is| is.weekdays = weekdays.clone()), Some(Code::InvalidField), "{weekdays:?}");
    }
    assert_eq!(refused(&|is| is.from = date("1999-12-31")), Some(Code::InvalidField));
    assert_eq!(refused(&|is| is.until = Some(date("3000-01-01"))), Some(Code::InvalidField));
    assert_eq!(refused(&|is| is.until = Some(date("2025-12-31"))), Some(Code::InvalidField));
    assert_eq!(refused(&|is| is.name = " ".into()), Some(Code::InvalidField));
    let mut unsorted = template();
    unsorted.weekdays = vec![5, 2];
    assert_eq!(decide::template(&plan, &plan.planning(&department), unsorted, &[], today).unwrap().weekdays, [2, 5]);

    let excepts = |change: &dyn Fn(&mut ExceptDays)| {
        let mut is = except("x", ("2026-12-01", "2026-12-02"), closed("停电"));
        change(&mut is);
        decide::exception(&plan, &department, &is, today).err().map(|rejection| rejection.code)
    };
    assert_eq!(excepts(&|_| {}), None);
    assert_eq!(excepts(&|is| is.id = "s.e.x".into()), Some(Code::IdNotUnderParent));
    assert_eq!(excepts(&|is| is.to = date("2026-11-30")), Some(Code::InvalidField));
    assert_eq!(excepts(&|is| is.to = date("2027-12-02")), Some(Code::InvalidField), "367 days");
    assert_eq!(excepts(&|is| is.to = date("2027-12-01")), None, "366 days");
    assert_eq!(excepts(&|is| (is.from, is.to) = (today.plus_days(-2), today.plus_days(-1))), Some(Code::InvalidField));
    assert_eq!(excepts(&|is| is.template = Some("s.d.nobody".into())), Some(Code::Forbidden));
    assert_eq!(excepts(&|is| is.does = closed("")), Some(Code::InvalidField));
    assert_eq!(excepts(&|is| is.does = open(Some(8))), Some(Code::InvalidField));
    assert_eq!(excepts(&|is| is.does = instead("s.li")), Some(Code::InvalidField), "of the whole department");
    assert_eq!(excepts(&|is| (is.doctor, is.does) = (Some("s.li".into()), instead("s.li"))), Some(Code::InvalidField));

    let plans = |change: &dyn Fn(&mut DefinePlanning)| {
        let mut is = DefinePlanning::of(department.clone());
        change(&mut is);
        decide::planning(&plan, &DefineQuotaRules::of(department.clone()), &is, today)
            .err()
            .map(|rejection| rejection.code)
    };
    assert_eq!(plans(&|_| {}), None);
    assert_eq!(plans(&|is| is.horizon_days = 0), Some(Code::InvalidField));
    assert_eq!(plans(&|is| is.horizon_days = 367), Some(Code::InvalidField));
    assert_eq!(plans(&|is| is.release_days = 367), Some(Code::InvalidField));
    assert_eq!(plans(&|is| is.release_min = 1440), Some(Code::InvalidField));
}

#[test]
fn templates_exceptions_and_sessions_ahead_have_a_bound() {
    let (department, today) = (DepartmentId::from("s.d"), date("2026-11-23"));
    let mut plan = Plan::default();
    let numbered = |n: usize| DefineTemplate { id: format!("s.d.t{n}").into(), weekdays: vec![1], ..template() };
    for n in 0..TEMPLATES_MAX {
        let is = decide::template(&plan, &plan.planning(&department), numbered(n), &[], today).unwrap();
        apply(&mut plan, &Event::TemplateDefined(is));
    }
    let one_more =
        decide::template(&plan, &plan.planning(&department), numbered(TEMPLATES_MAX), &[], today).unwrap_err();
    assert_eq!(one_more.code, Code::LimitExceeded);
    let changed = DefineTemplate { fee_fen: 1, ..numbered(7) };
    assert!(
        decide::template(&plan, &plan.planning(&department), changed, &[], today).is_ok(),
        "one that is there may change"
    );
    let every_day = DefineTemplate { weekdays: vec![1, 2, 3, 4, 5, 6, 7], ..numbered(7) };
    assert!(decide::template(&plan, &plan.planning(&department), every_day, &[], today).is_ok(), "4 × 499 + 28");
    let longer = DefinePlanning { horizon_days: 77, ..DefinePlanning::of(department.clone()) };
    assert_eq!(
        decide::planning(&plan, &DefineQuotaRules::of(department.clone()), &longer, today).unwrap_err().code,
        Code::LimitExceeded
    );
    let to_the_brim = DefinePlanning { horizon_days: 70, ..DefinePlanning::of(department.clone()) };
    assert!(
        decide::planning(&plan, &DefineQuotaRules::of(department.clone()), &to_the_brim, today).is_ok(),
        "10 × 500"
    );

    for n in 0..EXCEPTIONS_MAX {
        let is = except(&format!("x{n}"), ("2026-12-01", "2026-12-02"), closed("停电"));
        decide::exception(&plan, &department, &is, today).unwrap();
        apply(&mut plan, &Event::DaysExcepted(is));
    }
    let one_more = except("more", ("2026-12-01", "2026-12-02"), closed("停电"));
    assert_eq!(decide::exception(&plan, &department, &one_more, today).unwrap_err().code, Code::LimitExceeded);
}

#[test]
fn what_is_kept_goes_with_its_slot_where_the_clocks_skip_others() {
    let desk = |desk| ByChannel { desk, ..ByChannel::default() };
    let mut is = template();
    (is.start, is.end) = (Some("01:00".into()), Some("04:00".into()));
    let on = |day: &str, is: &DefineTemplate, kept: &[ByChannel]| {
        let zone = Zone::named("Europe/Berlin").unwrap();
        calendar::quotas_on(is, kept, date(day), zone).iter().map(|kept| kept.desk).collect::<Vec<_>>()
    };
    assert_eq!(on("2026-03-28", &is, &[desk(1)]), [1; 6], "one for all");
    assert_eq!(on("2026-03-29", &is, &[desk(1)]), [1; 4]);
    is.slots = slots(&is).unwrap();
    (is.start, is.end, is.capacity) = (None, None, None);
    let each: Vec<ByChannel> = (1..=6).map(desk).collect();
    assert_eq!(on("2026-03-28", &is, &each), [1, 2, 3, 4, 5, 6]);
    assert_eq!(on("2026-03-29", &is, &each), [1, 2, 5, 6], "02:00 and 02:30 do not exist");
    assert_eq!(on("2026-03-28", &is, &each[..2]), [1, 2, 0, 0, 0, 0]);
    let both =
        decide::template(&Plan::default(), &DefinePlanning::of("s.d".into()), is, &[desk(0); 7], date("2026-11-23"));
    assert_eq!(both.unwrap_err().code, Code::InvalidField, "one more than there are slots");
}

const ZONES: [&str; 4] = ["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"];

proptest! {
    /// Whatever zone and day: each slot begins at its own wall-clock time of that day, ends after it, passes none, and only
    /// what the clocks skip is missing; the release is at its wall-clock minute, or where that is skipped right after.
    #[test]
    fn sessions_are_at_their_wall_clock_time_in_every_zone(
        zone in 0..ZONES.len(),
        day in 0..4000_i64,
        start in 0..40_u32,
        count in 1..40_u32,
        slot_min in prop::sample::select(vec![5_u32, 10, 15, 20, 30, 60]),
        release in (0..40_u16, 0..1440_u16),
    ) {
        let zone = Zone::named(ZONES[zone]).unwrap();
        let date = BusinessDate(NaiveDate::from_ymd_opt(2016, 1, 1).unwrap()).plus_days(day);
        let (start, count) = (start * 30, count.min((1440 - start * 30) / slot_min).max(1));
        prop_assume!(start + count * slot_min <= 1440);
        let clock = |at: u32| format!("{:02}:{:02}", at / 60, at % 60);
        let mut is = template();
        is.weekdays = vec![weekday(date)];
        (is.from, is.until) = (date, Some(date));
        (is.start, is.end, is.slot_min) = (Some(clock(start)), Some(clock(start + count * slot_min)), slot_min);
        let mut plan = Plan::default();
        let planning = DefinePlanning { department: "s.d".into(), horizon_days: 28, release_days: release.0, release_min: release.1 };
        apply(&mut plan, &Event::PlanningDefined(planning));
        let whole = slots(&is).unwrap();
        let kept = slots_on(&is, date, zone);
        let moment = |text: &str| zone.moment(date, chrono::NaiveTime::parse_from_str(text, "%H:%M").unwrap());
        let exists = |text: &str| zone.clock(moment(text)) == text && zone.date(moment(text)) == date;
        let expected: Vec<_> = whole.iter().filter(|slot| exists(&slot.start)).cloned().collect();
        prop_assert_eq!(&kept, &expected);
        let ought = Ahead::on(&plan, &"s.d".into(), date, zone).of(&is);
        if kept.is_empty() {
            prop_assert_eq!(ought, Ought::Nothing);
            return Ok(());
        }
        let Ought::Session(session) = ought else { panic!("no session") };
        prop_assert_eq!(&session.slots, &kept);
        let starts: Vec<_> = session.slots.iter().map(|slot| moment(&slot.start)).collect();
        prop_assert!(starts.windows(2).all(|pair| pair[0] < pair[1]));
        let released_at = session.released_at.unwrap();
        let released_on = date.plus_days(-i64::from(release.0));
        let is_skipped = zone.clock(released_at) != clock(u32::from(release.1));
        prop_assert!(zone.date(released_at) == released_on);
        let gap = is_skipped.then(|| zone.clock(released_at.plus_ms(-1)));
        prop_assert!(gap.is_none_or(|before| before < clock(u32::from(release.1))), "only a skipped minute moves");
        prop_assert!(released_on.0.year() >= 2015);
    }
}
