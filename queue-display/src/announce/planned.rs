//! What calls on a board by the plan: who from which queue, in how many rooms, and how many rows that is at the busiest moment.
//! How much of it a board can say in time is [`load`]'s. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiaohao_domain::department::view::PlannedSession;
use jiaohao_domain::vocabulary::DefineBoard;
use jiaohao_domain::{DepartmentId, DoctorId, QueueId, Timestamp, site};

use super::load::{self, Overfull, Planned};

/// What a site says of its rooms and queues.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rooms {
    /// Who calls from a queue; empty: everybody of the department.
    doctors: BTreeMap<QueueId, Vec<DoctorId>>,
    /// What the rooms of a department are called.
    places: BTreeMap<DepartmentId, Vec<String>>,
}

impl Rooms {
    /// A department with these rooms, and no queue that is somebody's.
    pub fn with(department: DepartmentId, places: impl IntoIterator<Item = String>) -> Self {
        Self { places: [(department, places.into_iter().collect())].into(), ..Self::default() }
    }

    /// Reads them off the site's state.
    pub fn of(state: &site::State) -> Self {
        let mut places: BTreeMap<DepartmentId, Vec<String>> = BTreeMap::new();
        for (id, point) in state.service_points.iter().filter(|(_, point)| !point.retired) {
            places.entry(id.department()).or_default().push(point.definition.name.clone());
        }
        let queues = state.queues.iter().filter(|(_, queue)| !queue.retired);
        Self { doctors: queues.map(|(id, queue)| (id.clone(), queue.definition.doctors.clone())).collect(), places }
    }

    /// What is planned for the board, if that is too much. `sessions` are those of its departments.
    pub fn overfull(&self, board: &DefineBoard, sessions: &[PlannedSession]) -> Option<Overfull> {
        if !board.speaks {
            return None;
        }
        let departments: BTreeSet<DepartmentId> = board.queues.iter().map(QueueId::department).collect();
        let places = departments.iter().filter_map(|id| self.places.get(id)).flatten();
        load::overfull(&self.calling(board, sessions), places.map(String::as_str), board.yao)
    }

    /// How many rows of rooms the board has at the busiest moment of what is planned: a doctor's room each, and those of a pool
    /// with the line that they share.
    pub fn rows(&self, board: &DefineBoard, sessions: &[PlannedSession]) -> usize {
        let moments: BTreeSet<Timestamp> = sessions.iter().map(|session| session.from).chain([Timestamp(0)]).collect();
        let departments: BTreeSet<DepartmentId> = board.queues.iter().map(QueueId::department).collect();
        let at = |moment| departments.iter().map(|id| self.rows_of(id, board, sessions, moment)).sum();
        moments.into_iter().map(at).max().unwrap_or(0)
    }

    /// The rows of a department at a moment. From a queue without any session is called as it always is.
    fn rows_of(
        &self,
        department: &DepartmentId,
        board: &DefineBoard,
        sessions: &[PlannedSession],
        moment: Timestamp,
    ) -> usize {
        let all = self.places.get(department).map_or(0, Vec::len);
        let runs = |session: &&PlannedSession| session.from <= moment && moment < session.to;
        let (here, elsewhere): (Vec<_>, Vec<_>) = sessions
            .iter()
            .filter(|session| session.queue.department() == *department)
            .filter(runs)
            .partition(|session| board.queues.contains(&session.queue));
        let idle = self.idle(department, board, sessions);
        let whose = |session: &&PlannedSession| !self.busy(&[*session]).is_empty();
        let is_pool = idle.iter().any(|doctors| doctors.is_empty()) || !here.iter().all(whose);
        let away = self.busy(&elsewhere);
        let unplanned = idle.into_iter().flatten().filter(|doctor| !away.contains(doctor));
        let callers: BTreeSet<&DoctorId> = self.busy(&here).into_iter().chain(unplanned).collect();
        if is_pool { all.saturating_sub(away.len()) + 1 } else { callers.len().min(all) }
    }

    /// Who calls from those of the board's queues in a department that have no session to come, queue by queue.
    fn idle<'a>(
        &self,
        department: &DepartmentId,
        board: &DefineBoard,
        sessions: impl IntoIterator<Item = &'a PlannedSession>,
    ) -> Vec<&Vec<DoctorId>> {
        let planned: BTreeSet<&QueueId> = sessions.into_iter().map(|session| &session.queue).collect();
        let own = board.queues.iter().filter(|queue| queue.department() == *department && !planned.contains(queue));
        own.filter_map(|queue| self.doctors.get(queue)).collect()
    }

    /// What calls on the board, by department.
    fn calling(&self, board: &DefineBoard, sessions: &[PlannedSession]) -> Vec<load::Rooms> {
        let departments: BTreeSet<DepartmentId> = board.queues.iter().map(QueueId::department).collect();
        let of = |department: &DepartmentId| -> Vec<&PlannedSession> {
            sessions.iter().filter(|session| session.queue.department() == *department).collect()
        };
        let busy: BTreeSet<&DoctorId> = departments.iter().flat_map(|department| self.busy(&of(department))).collect();
        departments.iter().map(|department| self.calling_in(department, board, &of(department), &busy)).collect()
    }

    /// Whose sessions these are.
    fn busy<'a>(&'a self, sessions: &[&'a PlannedSession]) -> BTreeSet<&'a DoctorId> {
        let of_queue = |queue: &QueueId| self.doctors.get(queue).map_or(&[][..], Vec::as_slice);
        let whose = |session: &&'a PlannedSession| {
            session.doctor.as_ref().map_or_else(|| of_queue(&session.queue), std::slice::from_ref)
        };
        sessions.iter().flat_map(whose).collect()
    }

    /// From a queue without a session to come as many call as is usual, but never from more rooms than there are, and none
    /// who has a session on the board (`busy`): what they call is planned there.
    fn calling_in(
        &self,
        department: &DepartmentId,
        board: &DefineBoard,
        sessions: &[&PlannedSession],
        busy: &BTreeSet<&DoctorId>,
    ) -> load::Rooms {
        let all = self.places.get(department).map_or(0, Vec::len);
        let free = all.saturating_sub(self.busy(sessions).len());
        let idle = self.idle(department, board, sessions.iter().copied());
        let is_pool = idle.iter().any(|doctors| doctors.is_empty());
        let callers: BTreeSet<&DoctorId> = idle.into_iter().flatten().filter(|doctor| !busy.contains(doctor)).collect();
        let count = |rooms: usize| u32::try_from(rooms).unwrap_or(u32::MAX);
        let planned = sessions.iter().map(|session| Planned {
            from: session.from,
            to: session.to,
            patients: session.places,
            is_said: board.queues.contains(&session.queue),
        });
        load::Rooms {
            all: count(all),
            unplanned: count(if is_pool { free } else { callers.len().min(free) }),
            sessions: planned.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A department of so many rooms, and who calls from its queues.
    fn rooms(count: usize, queues: &[(&str, &[&str])]) -> Rooms {
        let doctors =
            queues.iter().map(|(id, doctors)| ((*id).into(), doctors.iter().map(|id| (*id).into()).collect()));
        let places = (1..=count).map(|n| format!("{n}号诊室"));
        Rooms { doctors: doctors.collect(), ..Rooms::with("s.d".into(), places) }
    }

    fn calls(rooms: &Rooms, queues: &[&str], sessions: &[PlannedSession]) -> u32 {
        let board = json!({"id": "s.b", "name": "候诊区", "queues": queues});
        load::calls_per_hour(&rooms.calling(&serde_json::from_value(board).expect("a board"), sessions))
    }

    /// In an hour of a morning.
    fn session(queue: &str, doctor: Option<&str>, hour: i64, places: u32) -> PlannedSession {
        let from = Timestamp(0).plus_min(60 * hour);
        PlannedSession { queue: queue.into(), doctor: doctor.map(Into::into), from, to: from.plus_min(60), places }
    }

    #[test]
    fn rooms_call_as_much_as_they_can_from_however_many_queues() {
        let eight = rooms(8, &[("s.d.a", &[]), ("s.d.b", &[]), ("s.d.c", &[]), ("s.d.d", &[])]);
        assert_eq!(calls(&eight, &["s.d.a"], &[]), 96);
        assert_eq!(calls(&eight, &["s.d.a", "s.d.b", "s.d.c", "s.d.d"], &[]), 96, "the same rooms");
        let two = rooms(2, &[("s.d.a", &["s.li"]), ("s.d.b", &["s.li"]), ("s.d.c", &["s.li", "s.wang", "s.zhao"])]);
        assert_eq!(calls(&two, &["s.d.a", "s.d.b"], &[]), 12, "one doctor has two queues");
        assert_eq!(calls(&two, &["s.d.a", "s.d.b", "s.d.c"], &[]), 24, "three doctors have two rooms");
        assert_eq!(calls(&two, &["s.d.gone"], &[]), 0);
    }

    #[test]
    fn what_sessions_plan_is_not_counted_as_usual_once_more() {
        let queues: [(&str, &[&str]); 3] = [("s.d.pool", &[]), ("s.d.li", &["s.li"]), ("s.d.special", &["s.li"])];
        let three = rooms(3, &queues);
        let own = [session("s.d.li", Some("s.li"), 9, 20)];
        assert_eq!(
            calls(&three, &["s.d.li", "s.d.special"], &own),
            20,
            "the doctor calls from the other queue then too"
        );
        assert_eq!(calls(&three, &["s.d.li"], &[session("s.d.li", None, 9, 20)]), 20);
        assert_eq!(calls(&three, &["s.d.li", "s.d.pool"], &own), 20 + 16, "what three rooms can, and no more");
        assert_eq!(calls(&three, &["s.d.pool"], &own), 24, "two rooms are without a session");
        let pool = [session("s.d.pool", None, 9, 30), session("s.d.pool", None, 10, 60)];
        assert_eq!(calls(&three, &["s.d.pool", "s.d.special"], &pool), 60, "what is planned counts as it is planned");
        assert_eq!(calls(&three, &["s.d.special"], &pool), 12, "another board's sessions are not said here");
    }

    fn rows(rooms: &Rooms, queues: &[&str], sessions: &[PlannedSession]) -> usize {
        let board = json!({"id": "s.b", "name": "候诊区", "queues": queues});
        rooms.rows(&serde_json::from_value(board).expect("a board"), sessions)
    }

    #[test]
    fn a_board_has_a_row_for_each_room_and_one_for_a_shared_line() {
        let queues: [(&str, &[&str]); 4] =
            [("s.d.pool", &[]), ("s.d.li", &["s.li"]), ("s.d.special", &["s.li"]), ("s.d.wang", &["s.wang", "s.zhao"])];
        let eight = rooms(8, &queues);
        assert_eq!(rows(&eight, &["s.d.li", "s.d.special"], &[]), 1, "one doctor has one room");
        assert_eq!(rows(&eight, &["s.d.li", "s.d.wang"], &[]), 3);
        assert_eq!(rows(&rooms(2, &queues), &["s.d.li", "s.d.wang"], &[]), 2, "three doctors have two rooms");
        assert_eq!(rows(&eight, &["s.d.pool"], &[]), 9);
        let elsewhere = session("s.d.li", Some("s.li"), 9, 6);
        let pool = session("s.d.pool", None, 9, 60);
        assert_eq!(rows(&eight, &["s.d.pool"], &[pool, elsewhere]), 8, "one room is another board's then");
        let in_turn = [session("s.d.li", Some("s.li"), 8, 6), session("s.d.wang", Some("s.wang"), 9, 6)];
        assert_eq!(rows(&eight, &["s.d.li", "s.d.wang"], &in_turn), 1, "one after the other");
        assert_eq!(rows(&eight, &["s.d.gone"], &[]), 0);
    }

    #[test]
    fn a_board_that_says_nothing_is_never_overfull() {
        let board = json!({"id": "s.b", "name": "候诊区", "queues": ["s.d.a"], "speaks": false});
        let board: DefineBoard = serde_json::from_value(board).expect("a board");
        let crowd = [session("s.d.a", None, 9, 400)];
        assert_eq!(rooms(1, &[("s.d.a", &[])]).overfull(&board, &crowd), None);
        let board = DefineBoard { speaks: true, ..board };
        assert!(rooms(1, &[("s.d.a", &[])]).overfull(&board, &crowd).is_some());
    }
}
