//! `ops`: how this node and its sites stand. Node-local snapshots, at most one a second and only while somebody
//! follows; operators only, each with the sites that they may see; nothing of a patient.

pub(super) mod letting_go;
mod node;
mod notices;
mod problems;
mod recent;
mod reports;
mod screens;
mod sites;
#[cfg(test)]
mod tests;
mod totals;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiaohao_actors::fanout::{Lane, Latest, Outbox, Position};
use jiaohao_actors::shell::clock;
use jiaohao_domain::department::view::{Load, load, quantile};
use jiaohao_domain::{Code, DepartmentId, OwnerKind, Rejection, SiteId, department as dept, prefix};
use serde_json::{Value, json};

use super::{House, department, site};
use crate::engine::{StreamNow, Subscription};
use crate::identity::tokens::Claims;
use letting_go::LettingGo;
use problems::Gauges;
use recent::{POINT_EVERY_S, Recent};
use screens::Screens;
use sites::{SiteFacts, SiteNow, Verdicts};
use totals::Totals;

/// The stream's name.
pub const STREAM: &str = "ops";
/// Between two frames.
const EVERY: Duration = Duration::from_secs(1);
/// A picture serves all who ask within so long.
const FRESH_FOR: Duration = Duration::from_millis(500);
/// Between two looks at the counters, in seconds.
const COUNT_EVERY_S: i64 = 5;
/// An owner that does not answer within this is shown as silent.
const READ_WITHIN: Duration = Duration::from_millis(800);
/// So many sites are shown, the worst first.
const SITES_MAX: usize = 500;

/// Which sites somebody sees: all, or one.
type Scope = Option<SiteId>;

/// See the module.
pub struct Ops {
    followers: Latest<Scope>,
    epoch: Arc<str>,
    frames: AtomicU64,
    began: Instant,
    log: PathBuf,
    sites: Mutex<BTreeSet<SiteId>>,
    recent: Mutex<Recent>,
    notices: notices::Today,
    picture: tokio::sync::Mutex<Option<(Instant, Arc<Picture>)>>,
    gauges: Mutex<Gauges>,
    /// What was found too much for the boards of a site when its departments last answered.
    verdicts: Mutex<BTreeMap<SiteId, Verdicts>>,
    /// Which screens are here.
    pub(super) screens: Screens,
    /// Accounts that take places and let them go.
    pub(super) letting_go: Arc<LettingGo>,
}

/// How everything stands at a moment, for everybody who asks within the second.
struct Picture {
    node: Value,
    sites: Vec<SiteNow>,
}

impl Picture {
    fn seen_by(&self, scope: &Scope) -> Value {
        let mut seen = self.node.clone();
        let is_seen = |site: &&SiteNow| scope.as_ref().is_none_or(|own| site.site == *own);
        let sites: Vec<&SiteNow> = self.sites.iter().filter(is_seen).collect();
        seen["sites_left_out"] = json!(sites.len().saturating_sub(SITES_MAX));
        seen["sites"] = json!(sites[..sites.len().min(SITES_MAX)]);
        if let (Some(own), Some(closed)) = (scope, seen["owners"]["closed"].as_array_mut()) {
            closed.retain(|owner| owner["id"].as_str().is_some_and(|id| prefix(id, 1) == own.as_str()));
        }
        seen
    }
}

impl Ops {
    /// For a log in this folder. `epoch` names this run of the process: positions of another are of no use.
    pub fn new(epoch: Arc<str>, log: PathBuf, letting_go: Arc<LettingGo>) -> Self {
        Self {
            followers: Latest::new(STREAM, Lane::Lists),
            epoch,
            frames: AtomicU64::new(0),
            began: clock::monotonic(),
            log,
            sites: Mutex::default(),
            recent: Mutex::default(),
            notices: notices::Today::default(),
            picture: tokio::sync::Mutex::default(),
            gauges: Mutex::default(),
            verdicts: Mutex::default(),
            screens: Screens::default(),
            letting_go,
        }
    }

    /// There is such a site.
    pub(super) fn know_site(&self, site: SiteId) {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner).insert(site);
    }

    /// Follows no more.
    pub(super) fn unsubscribe(&self, outbox: &Arc<Outbox>) {
        self.followers.unsubscribe(outbox);
    }

    /// The right to it has gone.
    pub(super) fn end(&self, outbox: &Arc<Outbox>, error: &Rejection) {
        self.followers.end(outbox, error);
    }

    fn position(&self) -> Position {
        Position { epoch: self.epoch.clone(), offset: self.frames.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl House {
    /// Follows `ops`.
    pub(super) async fn follow_ops(self: &Arc<Self>, claims: &Claims, wish: &Subscription) {
        let picture = self.ops_picture().await;
        if !wish.awaited.decide() {
            return;
        }
        let (scope, at) = (claims.site.clone(), self.ops.position());
        let snapshot = picture.seen_by(&scope);
        self.ops.followers.subscribe(&wish.outbox, &wish.reply_to, scope, &at, &snapshot);
    }

    /// `ops` as it is now.
    pub(super) async fn look_at_ops(self: &Arc<Self>, claims: &Claims) -> StreamNow {
        let picture = self.ops_picture().await;
        StreamNow { position: self.ops.position(), snapshot: picture.seen_by(&claims.site) }
    }

    /// The picture of this second: made once, however many ask.
    async fn ops_picture(self: &Arc<Self>) -> Arc<Picture> {
        let mut kept = self.ops.picture.lock().await;
        if let Some((_, picture)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH_FOR) {
            return picture.clone();
        }
        let began = clock::monotonic();
        let picture = Arc::new(self.make_picture().await);
        *kept = Some((began, picture.clone()));
        picture
    }

    async fn make_picture(self: &Arc<Self>) -> Picture {
        let ids: Vec<SiteId> = self.ops.sites.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let looks = join_all(ids.into_iter().map(|id| self.look_at_site(id))).await;
        let mut sites: Vec<SiteNow> = looks.into_iter().flatten().collect();
        sites.sort_by_key(|site| problems::badness(&site.problems));
        let mut gauges = self.ops.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.set(sites.iter().flat_map(|site| &site.problems));
        drop(gauges);
        let mut waited_s: Vec<i64> = sites.iter_mut().flat_map(|site| std::mem::take(&mut site.waited_s)).collect();
        waited_s.sort_unstable();
        let waits_min = [50, 90].map(|percent| quantile(&waited_s, percent).map(|s| s / 60));
        let totals = Totals::read(&crate::http::measures::metrics_text());
        let (per_min, hour) = {
            let recent = self.ops.recent();
            (recent.per_min(), recent.hour())
        };
        Picture { node: self.node_now(&totals, per_min, waits_min, &hour), sites }
    }

    /// None: it is not defined (any more).
    async fn look_at_site(self: &Arc<Self>, id: SiteId) -> Option<SiteNow> {
        let facts = self.read_soon(self.shell.read(site(id.as_str()), SiteFacts::of)).await;
        let Ok(facts) = facts else { return Some(SiteNow::silent(id.clone(), self.zone_of(Some(id.as_str())))) };
        let mut facts = facts?;
        let readings = &self.voices.readings;
        let is_silent = self.voices.is_closed() && facts.boards.iter().any(|board| board.speaks);
        facts.voice = (readings.of(&id), readings.failure(&id).is_some() || is_silent);
        let now = self.shell.clock.clinic();
        let look = |at: DepartmentId| async move {
            let read = self.shell.read(department(&at), move |state: &dept::State| load(state, now));
            Some((at.clone(), self.read_soon(read).await.ok()??))
        };
        let loads: BTreeMap<DepartmentId, Load> =
            join_all(facts.departments.iter().cloned().map(look)).await.into_iter().flatten().collect();
        let mut verdicts = self.ops.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = verdicts.remove(&id).unwrap_or_default();
        let site = SiteNow::of(id.clone(), facts, loads, &|screen| self.ops.screens.seen(screen), &before);
        verdicts.insert(id, site.verdicts());
        Some(site)
    }

    async fn read_soon<T>(&self, read: impl Future<Output = Result<T, Rejection>>) -> Result<T, Rejection> {
        tokio::time::timeout(READ_WITHIN, read).await.unwrap_or_else(|_| Err(Code::TimedOut.into()))
    }

    /// Learns which sites there are. They are also told of when they are defined.
    fn learn_sites(&self) {
        for owner in self.shell.known_owners(OwnerKind::Site) {
            self.ops.know_site(SiteId::from(&*owner.id));
        }
    }

    async fn ops_second(self: &Arc<Self>, second: i64) {
        if second % COUNT_EVERY_S == 0 {
            self.set_gauges();
            let totals = Totals::read(&crate::http::measures::metrics_text());
            self.ops.notices.note(&totals, self.shell.clock.clinic(), self.zone_of(None));
            self.ops.recent().count(self.ops.began.elapsed().as_millis() as i64, node::counted(&totals));
        }
        if second % POINT_EVERY_S == 0 {
            let picture = self.ops_picture().await;
            self.ops.recent().point(node::point(&picture.node));
        }
        if self.ops.followers.is_followed() {
            let picture = self.ops_picture().await;
            self.ops.followers.publish(&self.ops.position(), |scope| picture.seen_by(scope));
        }
    }
}

/// Once a second, for as long as the house stands. To be spawned on the runtime that the doors are on.
pub(super) async fn run(house: Weak<House>) {
    if let Some(house) = house.upgrade() {
        house.learn_sites();
    }
    let mut seconds = tokio::time::interval(EVERY);
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for second in 0.. {
        seconds.tick().await;
        let Some(house) = house.upgrade().filter(|house| !house.is_stopping()) else { return };
        house.ops_second(second).await;
    }
}
