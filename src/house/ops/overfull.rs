//! Whether a board can say in time what is planned for it: what that rests on is gathered here, of the site and of its
//! departments; the rule is the board's (`announce::load`).

use std::collections::{BTreeMap, BTreeSet};

use jiaohao_domain::department::view::PlannedSession;
use jiaohao_domain::vocabulary::DefineBoard;
use jiaohao_domain::{DepartmentId, QueueId, Timestamp, site as hospital};
use jiaohao_queue_display::announce::load::{self, Overfull, Planned, USUAL_PER_HOUR};

/// Where nothing is planned yet, what is usual is taken to go on for so many days.
const USUAL_DAYS: i64 = 31;

/// What a site says of its rooms and queues.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rooms {
    /// In how many rooms somebody may call from a queue.
    of_queue: BTreeMap<QueueId, u32>,
    /// What the rooms of a department are called.
    places: BTreeMap<DepartmentId, Vec<String>>,
}

impl Rooms {
    /// Reads them off the site's state.
    pub fn of(state: &hospital::State) -> Self {
        let mut places: BTreeMap<DepartmentId, Vec<String>> = BTreeMap::new();
        for (id, point) in state.service_points.iter().filter(|(_, point)| !point.retired) {
            places.entry(id.department()).or_default().push(point.definition.name.clone());
        }
        let in_pool = |queue: &QueueId| places.get(&queue.department()).map_or(0, Vec::len);
        let of_queue = state.queues.iter().filter(|(_, queue)| !queue.retired).map(|(id, queue)| {
            let own = queue.definition.doctors.len();
            (id.clone(), u32::try_from(if own == 0 { in_pool(id) } else { own }).unwrap_or(u32::MAX))
        });
        Self { of_queue: of_queue.collect(), places: places.clone() }
    }

    /// What is planned for the board, if that is too much. A queue without a session to come counts as is usual.
    pub fn overfull(&self, board: &DefineBoard, sessions: &[PlannedSession], now: Timestamp) -> Option<Overfull> {
        if !board.speaks {
            return None;
        }
        let mut planned = Vec::new();
        for queue in &board.queues {
            let before = planned.len();
            let own = sessions.iter().filter(|session| session.queue == *queue);
            planned.extend(own.map(|session| Planned { from: session.from, to: session.to, patients: session.places }));
            if planned.len() == before {
                let rooms = self.of_queue.get(queue).copied().unwrap_or(0);
                let hours = u32::try_from(USUAL_DAYS * 24).unwrap_or(0);
                planned.push(Planned {
                    from: now,
                    to: now.plus_min(USUAL_DAYS * 24 * 60),
                    patients: rooms.saturating_mul(USUAL_PER_HOUR * hours),
                });
            }
        }
        let departments: BTreeSet<DepartmentId> = board.queues.iter().map(QueueId::department).collect();
        let places = departments.iter().filter_map(|id| self.places.get(id)).flatten();
        load::overfull(&planned, places.map(String::as_str), board.yao)
    }
}
