//! A week of a waiting area in virtual time: seven clinic days of two doctors, a board and its screens, minute by minute. What a
//! screen is sent and what the line keeps stays bounded, a night leaves nothing behind, and no voice comes late, twice or at
//! once with another. What the page makes of it for as long is `tests/pages/board-week.test.mjs`.

use std::collections::BTreeMap;

use jiaohao_actors::codec;
use jiaohao_domain::vocabulary::*;
use jiaohao_domain::*;

use super::tests::{Area, DEPARTMENT, T0};
use crate::announce::plan::DROPPED_MS;
use crate::announce::{Board, Receipt};

/// The whole week with `JIAOHAO_FULL`, else the share.
const DAYS: u32 = 7;
const SHARE: u32 = 2;
/// From nine to five.
const CLINIC_MIN: i64 = 8 * 60;
const DOCTORS: [(&str, &str); 2] = [("li", "r3"), ("zhou", "r5")];
/// A call a doctor, one at each door, and whom the desk has called beside them.
const CALLS_MAX: usize = 2 * DOCTORS.len() + 2;
/// At two calls a minute at the most, what waits to be spoken is a handful.
const ANNOUNCEMENTS_MAX: usize = 12;

/// The week, and what was heard in it.
struct Week {
    area: Area,
    draws: u64,
    /// Voices of the day that have begun, and when.
    begun: BTreeMap<AnnouncementId, Timestamp>,
    /// What speaks or has spoken last, and until when.
    speaking: (AnnouncementId, Timestamp),
}

impl Week {
    fn draw(&mut self, n: u64) -> u64 {
        self.draws += 1;
        Context { now: T0, principal: Principal::system(), seed: 11 }.draw(self.draws) % n
    }

    /// Goes on to that moment: deadlines in their order, and the screens confirm what they show and say, now and then not.
    fn until(&mut self, at: Timestamp) {
        while self.area.now < at {
            // Nothing is said and nothing is waited for: the seconds are not worth looking at.
            let step_s = if self.area.line.line.is_empty() { 60 } else { 1 };
            self.area.now = self.area.now.plus_s(step_s).min(at);
            self.area.pass();
            while Board::next_deadline(&self.area.line).is_some_and(|due| due <= self.area.now) {
                self.area.tell_board(ToBoard::DeadlineReached);
            }
            self.listen();
        }
    }

    fn listen(&mut self) {
        let now = self.area.now;
        let line: Vec<_> = self.area.line.line.clone();
        // Its call was over at the last command, a second ago: it was stopped there.
        if !line.iter().any(|one| one.id == self.speaking.0) {
            self.speaking.1 = self.speaking.1.min(now.plus_s(-1));
        }
        for one in line {
            let id = one.id.clone();
            if one.shown == Receipt::Awaited && self.draw(20) > 0 {
                self.area.tell_board(ToBoard::ReportShown(ReportShown { announcement: id.clone() }));
            }
            if one.speaks() && one.starts_at <= now && !self.begun.contains_key(&id) {
                let late_ms = one.starts_at.ms_since(one.asked_at);
                let is_emergency = one.request.kind == AnnouncementKind::Emergency;
                assert!(late_ms <= DROPPED_MS || is_emergency, "{id} is spoken {late_ms} ms late");
                assert!(one.starts_at >= self.speaking.1, "{id} speaks while {} does", self.speaking.0);
                self.speaking = (id.clone(), one.ends_at);
                self.begun.insert(id.clone(), one.starts_at);
            }
            if let Some(began) = self.begun.get(&id) {
                assert_eq!(*began, one.starts_at, "{id} begins a second time");
            }
            if one.spoken == Receipt::Awaited && one.ends_at <= now && self.draw(20) > 0 {
                self.area.tell_board(ToBoard::ReportSpoken(ReportSpoken { announcement: id }));
            }
        }
    }

    /// Calls somebody once more who has not come yet.
    fn recall(&mut self, in_hand: Option<&TicketId>) -> bool {
        let floor = &self.area.department.floor;
        let call = in_hand.and_then(|ticket| floor.tickets[ticket].standing.call()).map(|call| call.call.clone());
        let Some(call) = call else { return false };
        self.area.tell(ToDepartment::RecallPatient(RecallPatient { call }));
        true
    }

    /// What a screen is sent stays as small as the clinic is.
    fn look(&self) {
        let view = self.area.look();
        let size = |part: &str| view[part].as_array().map_or(0, Vec::len);
        assert!(size("calls") <= CALLS_MAX, "{}", view["calls"]);
        assert!(size("rooms") <= DOCTORS.len() + 1, "{}", view["rooms"]);
        assert!(size("announcements") <= ANNOUNCEMENTS_MAX, "{}", view["announcements"]);
        assert!(size("notices") <= DOCTORS.len(), "{}", view["notices"]);
    }
}

#[test]
fn a_week_of_calls_leaves_nothing_on_the_board_and_no_voice_is_late_or_twice() {
    let area = Area::new(false);
    let (begun, speaking) = (BTreeMap::new(), (AnnouncementId::from(""), Timestamp(0)));
    let mut week = Week { area, draws: 0, begun, speaking };
    let mut nights = Vec::new();
    let mut calls = 0;
    let days = if std::env::var_os("JIAOHAO_FULL").is_some() { DAYS } else { SHARE };
    for day in 0..days {
        let morning = T0.plus_min(i64::from(day) * 24 * 60);
        week.until(morning);
        for (doctor, point) in DOCTORS {
            week.area.tell(ToDepartment::BeginAssignment {
                doctor: format!("renmin.{doctor}").into(),
                assignment: format!("renmin.{doctor}.n{}", day + 1).into(),
                service_point: format!("{DEPARTMENT}.{point}").into(),
            });
        }
        let mut hands: [Option<TicketId>; 2] = [None, None];
        for minute in 1..=CLINIC_MIN {
            week.until(morning.plus_min(minute));
            if minute < CLINIC_MIN - 60 && week.draw(3) == 0 {
                let class = (week.draw(60) == 0).then_some("emergency");
                week.area.walk_in("a", "张*三", class);
            }
            for (i, (doctor, _)) in DOCTORS.into_iter().enumerate() {
                if minute == CLINIC_MIN || week.draw(6) == 0 {
                    let is_gone = week.draw(8) == 0 && week.recall(hands[i].as_ref());
                    if is_gone {
                        week.until(week.area.now.plus_s(100));
                    }
                    let outcome = hands[i].as_ref().map(|_| if is_gone { Outcome::NotHere } else { Outcome::Seen });
                    hands[i] = week.area.call_next_of(doctor, day + 1, hands[i].take(), outcome);
                    calls += u32::from(hands[i].is_some());
                } else if week.draw(40) == 0 {
                    week.recall(hands[i].as_ref());
                }
            }
            week.look();
            week.area.emitted.clear();
        }
        for (i, (doctor, _)) in DOCTORS.into_iter().enumerate() {
            while hands[i].is_some() {
                hands[i] = week.area.call_next_of(doctor, day + 1, hands[i].take(), Some(Outcome::Seen));
            }
            week.area.tell(ToDepartment::StopWork(StopWork {
                assignment: format!("renmin.{doctor}.n{}", day + 1).into(),
                department: DEPARTMENT.into(),
            }));
        }
        // Past midnight, when the department has tidied the day.
        week.until(morning.plus_min(15 * 60 + 30));
        let view = week.area.look();
        for part in ["calls", "rooms", "missed", "announcements", "notices"] {
            assert_eq!(view[part], serde_json::json!([]), "night {day}");
        }
        assert!(week.area.line.line.is_empty(), "night {day}");
        nights.push(codec::encode(&week.area.line).unwrap().len());
        week.begun.clear();
    }
    println!("{calls} calls, {} announcements; the line keeps {nights:?} bytes a night", week.area.line.last_serial);
    assert!(calls > 100 * days, "{calls} calls are enough to see it");
    let spread = nights.iter().max().zip(nights.iter().min()).map(|(most, least)| most - least);
    assert!(spread <= Some(8), "a number that rises, and nothing else: {nights:?}");
}
