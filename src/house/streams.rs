//! Which owners each stream is made of, and what their events put on it: the domain's and the boards' pure views, put
//! together.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiaohao_actors::fanout::StreamKind;
use jiaohao_actors::shell::streams::{Happened, Replicas, StreamRules};
use jiaohao_domain::account::view::Standing;
use jiaohao_domain::reach::Way;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{
    AccountId, BoardId, DepartmentId, Owner, OwnerKind, OwnerRef, QueueId, Timestamp, account, department, doctor,
    patient, prefix, site,
};
use jiaohao_queue_display::{announce, board};
use serde_json::{Value, json};

use super::finding::Finder;
use super::notices::{Outlet, ToSend};
use super::ops::letting_go::LettingGo;
use super::paying::Till;
use super::release::Releases;
use super::site as site_of;
use super::zones::Zones;
use crate::identity::accounts;
use crate::identity::tokens::Generations;

/// So many visits of the hospital's own system stand in a snapshot of `site:`, those of the nearest days.
const VISITS_SHOWN: usize = 5_000;

/// All streams of the program but `ops`, which is each node's own.
pub struct HouseStreams {
    /// In which zone times are told; told of sites that are defined.
    pub zones: Arc<Zones>,
    /// Told of sites of which something is another.
    pub finder: Arc<Finder>,
    /// Told of accounts, screens and doctors that have lost a right, by whatever way.
    pub generations: Arc<Generations>,
    /// Where notices leave for their ways.
    pub reach: Outlet,
    /// Where what the payment's provider is asked leaves.
    pub till: Till,
    /// Told of lots.
    pub releases: Arc<Releases>,
    /// Told of holds that are booked.
    pub letting_go: Arc<LettingGo>,
}

/// Counts a notice that has reached somebody, or nobody.
fn ended_by(way: &'static str) {
    metrics::counter!("notices_ended_total", "way" => way).increment(1);
}

fn owner(kind: OwnerKind, id: &str) -> OwnerRef {
    OwnerRef::new(kind, id)
}

/// The first two parts of an id: its department.
fn department_of(id: &str) -> OwnerRef {
    owner(OwnerKind::Department, prefix(id, 2))
}

fn departments<'a>(ids: &[DepartmentId], replicas: &'a Replicas) -> Vec<&'a department::State> {
    ids.iter().filter_map(|id| replicas.state(&owner(OwnerKind::Department, id.as_str()))).collect()
}

/// The department whose part a doctor's console shows: where the doctor works, else the first of those who has it.
fn place_of(doctor: &doctor::State) -> Option<&DepartmentId> {
    let works_in = doctor.at_work.as_ref().map(|work| &work.department);
    works_in.or_else(|| doctor.definition.as_ref()?.departments.first())
}

impl HouseStreams {
    fn board_line<'a>(&self, id: &str, replicas: &'a Replicas) -> Option<&'a announce::State> {
        replicas.state(&owner(OwnerKind::Board, id))
    }

    fn of_department(
        &self,
        happened: &Happened<'_>,
        event: &department::Event,
        replicas: &Replicas,
        is_live: &dyn Fn(&str) -> bool,
        out: &mut Vec<(String, Value)>,
    ) {
        let Some(state) = replicas.state::<department::State>(happened.owner) else { return };
        let zone = self.zones.at(&happened.owner.id);
        let boards: BTreeSet<&BoardId> = board::boards_shown_by(state).collect();
        for id in boards {
            let stream = format!("board:{id}");
            if !is_live(&stream) {
                continue;
            }
            let Some(line) = self.board_line(id.as_str(), replicas) else { continue };
            let shown = departments(&board::departments_of(line), replicas);
            if let Some(value) = board::department_emission(line, &shown, event, happened.at, zone) {
                out.push((stream, value));
            }
        }
        // A doctor of several departments hears of the day from the one whose part the console shows.
        let is_shown = |stream: &str| {
            let doctor = stream.strip_prefix("doctor:").map(|id| owner(OwnerKind::Doctor, id));
            let doctor = doctor.and_then(|doctor| replicas.state::<doctor::State>(&doctor));
            is_live(stream) && doctor.and_then(place_of).is_none_or(|place| place.as_str() == &*happened.owner.id)
        };
        out.extend(department::view::emissions(state, event, happened.at, zone, &is_shown));
        if let Some((stream, coming)) = self.coming(state, event, replicas, is_live) {
            match out.iter_mut().find(|(other, _)| *other == stream) {
                Some((_, said)) => said[department::view::name(event)]["coming"] = coming,
                None => out.push((stream, json!({ department::view::name(event): { "coming": coming } }))),
            }
        }
    }

    /// What an event says at the target's desk of a ticket on its way there.
    fn coming(
        &self,
        state: &department::State,
        event: &department::Event,
        replicas: &Replicas,
        is_live: &dyn Fn(&str) -> bool,
    ) -> Option<(String, Value)> {
        let (queue, ticket) = department::view::on_the_way(state, event)?;
        let stream = format!("queue:{queue}");
        let replica =
            |id: DepartmentId| replicas.state::<department::State>(&owner(OwnerKind::Department, id.as_str()));
        let (here, from) = (replica(queue.department()).filter(|_| is_live(&stream))?, replica(ticket.department())?);
        let arriving = department::view::arriving(here, &queue, from, &ticket, self.zones.at(queue.as_str()));
        Some((stream, json!({ ticket.as_str(): arriving })))
    }

    /// The other departments of the site of an id.
    fn others(&self, id: &str, replicas: &Replicas) -> Vec<OwnerRef> {
        let site = replicas.state::<site::State>(&site_of(id));
        let all = site.into_iter().flat_map(|site| site.departments.keys());
        all.map(|other| owner(OwnerKind::Department, other.as_str()))
            .filter(|other| *other != department_of(id))
            .collect()
    }
}

impl StreamRules for HouseStreams {
    fn heard(&self, owner: &OwnerRef, event: &dyn Any, is_followed: &dyn Fn(&str) -> bool) {
        match event.downcast_ref() {
            Some(patient::Event::NoticeConfirmed { by, .. }) => ended_by(by.wire()),
            Some(patient::Event::NoticeNotReached { is_tried: true, .. }) => ended_by("none"),
            _ => {}
        }
        if let Some(patient::Event::NoticeSent { patient, notice, ways, .. }) = event.downcast_ref() {
            let has_page = ways.contains(&Way::App) && is_followed(&format!("patient:{patient}"));
            self.reach.send(ToSend { patient: patient.clone(), notice: notice.clone(), ways: ways.clone(), has_page });
        }
        if let Some(department::Event::Payment(event)) = event.downcast_ref() {
            self.till.hear(event);
        }
        if let Some(department::Event::Clinic(event)) = event.downcast_ref() {
            self.letting_go.heard(event);
        }
        if let Some(department::Event::Release(event)) = event.downcast_ref() {
            self.releases.heard(&owner.id, event);
        }
        if event.downcast_ref::<account::Event>().is_some_and(account::Account::ends_rights) {
            self.generations.forget(&AccountId::from(&*owner.id));
        }
        if let Some(site::Event::ScreenRevoked { screen }) = event.downcast_ref() {
            // For good: who is signing it in at this moment brings nothing back.
            let ended = Standing { generation: 1, ..Standing::default() };
            self.generations.learn(&accounts::screen(screen), ended);
        }
        if let Some(site::Event::SiteDefined { definition, .. }) = event.downcast_ref()
            && let Some(zone) = Zone::named(&definition.time_zone)
        {
            self.zones.hear(&owner.id, zone);
        }
        if event.downcast_ref::<site::Event>().is_some_and(site::is_of_directory) {
            self.finder.heard(&owner.id);
        }
        if let Some(site::Event::DoctorRetired { id, .. }) = event.downcast_ref() {
            self.generations.learn_doctor(id, true);
        }
    }

    fn sources(&self, stream: &str, replicas: &Replicas) -> Vec<OwnerRef> {
        let Some((kind, id)) = StreamKind::parse(stream) else { return Vec::new() };
        match kind {
            // The site says which other departments there are.
            StreamKind::Queue => vec![department_of(id), site_of(id)],
            StreamKind::Session | StreamKind::Ticket | StreamKind::Door => vec![department_of(id)],
            StreamKind::Doctor => {
                let own = owner(OwnerKind::Doctor, id);
                let known = replicas.state::<doctor::State>(&own);
                let places = known.and_then(|state| state.definition.as_ref()).map(|d| d.departments.clone());
                let places = places.unwrap_or_default();
                let mut owners = vec![own];
                owners.extend(places.iter().map(|id| owner(OwnerKind::Department, id.as_str())));
                owners
            }
            StreamKind::Board => {
                let line = self.board_line(id, replicas);
                let mut owners = vec![owner(OwnerKind::Board, id)];
                let shown = line.map(board::departments_of).unwrap_or_default();
                owners.extend(shown.iter().map(|id| owner(OwnerKind::Department, id.as_str())));
                owners
            }
            StreamKind::Site => {
                let own = site_of(id);
                let known = replicas.state::<site::State>(&own);
                let places =
                    known.map(|state| state.departments.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
                let mut owners = vec![own];
                owners.extend(places.iter().map(|id| owner(OwnerKind::Department, id.as_str())));
                owners
            }
            StreamKind::Patient => vec![owner(OwnerKind::Patient, id)],
            StreamKind::Room => vec![owner(OwnerKind::Room, id)],
            StreamKind::Ops => Vec::new(),
        }
    }

    /// Who is on the way to a queue is known where they come from.
    fn beside(&self, stream: &str, replicas: &Replicas) -> Vec<OwnerRef> {
        match StreamKind::parse(stream) {
            Some((StreamKind::Queue, id)) => self.others(id, replicas),
            _ => Vec::new(),
        }
    }

    fn emissions(
        &self,
        happened: &Happened<'_>,
        replicas: &Replicas,
        is_live: &dyn Fn(&str) -> bool,
        out: &mut Vec<(String, Value)>,
    ) {
        let zone = self.zones.at(&happened.owner.id);
        if let Some(event) = happened.event.downcast_ref::<department::Event>() {
            self.of_department(happened, event, replicas, is_live, out);
        } else if let Some(event) = happened.event.downcast_ref::<announce::Event>() {
            let stream = format!("board:{}", happened.owner.id);
            if let Some(line) = self.board_line(&happened.owner.id, replicas)
                && is_live(&stream)
            {
                let shown = departments(&board::departments_of(line), replicas);
                let value = board::board_emission(line, &shown, event, happened.at, zone);
                out.extend(value.map(|value| (stream, value)));
            }
        } else if let Some(event) = happened.event.downcast_ref::<doctor::Event>() {
            let state = replicas.state::<doctor::State>(happened.owner);
            out.extend(state.map(|state| doctor::view::emissions(state, event, happened.at, zone)).unwrap_or_default());
        } else if let Some(event) = happened.event.downcast_ref::<patient::Event>() {
            let (state, zone_of) = (replicas.state::<patient::State>(happened.owner), &|id: &str| self.zones.at(id));
            out.extend(state.map(|s| patient::view::emissions(s, event, happened.at, zone_of)).unwrap_or_default());
        } else if let Some(event) = happened.event.downcast_ref::<site::Event>() {
            let state = replicas.state::<site::State>(happened.owner);
            out.extend(state.map(|state| site::view::emissions(state, event, happened.at, zone)).unwrap_or_default());
        }
        out.retain(|(stream, _)| is_live(stream));
        #[cfg(feature = "planted-bugs")]
        out.iter_mut().for_each(|(stream, value)| crate::planted::view(stream, value));
    }

    fn snapshot(&self, stream: &str, replicas: &Replicas, now: Timestamp) -> Option<Value> {
        let (kind, id) = StreamKind::parse(stream)?;
        let (name, _) = stream.split_once(':')?;
        let zone = self.zones.at(id);
        match kind {
            StreamKind::Queue => {
                let state = replicas.state::<department::State>(&department_of(id))?;
                let mut view = department::view::snapshot(state, name, id, now, zone)?;
                let others = self.others(id, replicas);
                let others = others.iter().filter_map(|other| replicas.state::<department::State>(other));
                view["coming"] = Value::Object(department::view::coming(state, &QueueId::from(id), others, zone));
                Some(view)
            }
            StreamKind::Session | StreamKind::Ticket | StreamKind::Door => {
                let state = replicas.state::<department::State>(&department_of(id))?;
                department::view::snapshot(state, name, id, now, zone)
            }
            StreamKind::Doctor => {
                let state = replicas.state::<doctor::State>(&owner(OwnerKind::Doctor, id))?;
                let mut view = doctor::view::snapshot(state, name, id, zone)?;
                let place = place_of(state).map(|place| department_of(place.as_str()));
                let place = place.and_then(|place| replicas.state::<department::State>(&place));
                let part = place.and_then(|place| department::view::snapshot(place, name, id, now, zone));
                if let (Some(view), Some(Value::Object(part))) = (view.as_object_mut(), part) {
                    view.extend(part);
                }
                Some(view)
            }
            StreamKind::Board => {
                let line = self.board_line(id, replicas)?;
                board::snapshot(line, &departments(&board::departments_of(line), replicas), now, zone)
            }
            StreamKind::Site => {
                let state = replicas.state::<site::State>(&site_of(id))?;
                let mut view = site::view::snapshot(state, name, id, zone)?;
                let places: Vec<DepartmentId> = state.departments.keys().cloned().collect();
                let parts = departments(&places, replicas).into_iter();
                let parts = parts.filter_map(|place| department::view::snapshot(place, name, id, now, zone));
                let tickets = parts.filter_map(|mut part| match part["tickets"].take() {
                    Value::Object(tickets) => Some(tickets),
                    _ => None,
                });
                view["tickets"] = Value::Object(tickets.flatten().collect());
                let coming = site::view::visits_to_come(state, zone.date(now));
                let mut told = coming.filter_map(|(visit_id, known)| {
                    let at: &department::State = replicas.state(&department_of(known.visit.as_str()))?;
                    let told = department::view::visit_as_told(at, &known.visit, visit_id)?;
                    Some((known.visit.to_string(), told))
                });
                view["visits"] = Value::Object(told.by_ref().take(VISITS_SHOWN).collect());
                view["visits_left_out"] = json!(told.count());
                Some(view)
            }
            StreamKind::Patient => {
                let state = replicas.state(&owner(OwnerKind::Patient, id))?;
                patient::view::snapshot(state, name, id, &|id| self.zones.at(id))
            }
            StreamKind::Room | StreamKind::Ops => None,
        }
    }

    fn zone(&self, stream: &str, _replicas: &Replicas) -> Zone {
        stream.split_once(':').map_or(self.zones.house(), |(_, id)| self.zones.at(id))
    }
}
