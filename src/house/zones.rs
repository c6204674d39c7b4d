//! In which zone a time is told: what belongs to a site in the site's, everything else in the house's.

use dashmap::DashMap;
use jiaohao_domain::prefix;
use jiaohao_domain::time::Zone;

/// The sites' zones and the house's. Learned at the start; a site that is defined later is heard of before whoever defined
/// it is answered.
pub struct Zones {
    house: Zone,
    sites: DashMap<String, Zone>,
}

impl Zones {
    /// Of a house without a site.
    pub fn new(house: Zone) -> Self {
        Self { house, sites: DashMap::new() }
    }

    /// That of the site which the id begins with. The house's where there is no such: a person is of no site.
    pub(super) fn at(&self, id: &str) -> Zone {
        self.site(prefix(id, 1)).unwrap_or(self.house)
    }

    /// That of the site of exactly this id.
    pub(super) fn site(&self, id: &str) -> Option<Zone> {
        self.sites.get(id).map(|zone| *zone)
    }

    /// The zone of what belongs to no site.
    pub(super) fn house(&self) -> Zone {
        self.house
    }

    /// The site says what its zone is (from now on).
    pub(super) fn hear(&self, site: &str, zone: Zone) {
        self.sites.insert(site.to_owned(), zone);
    }

    /// What was asked of the site, which may have said otherwise meanwhile.
    pub(super) fn learn(&self, site: &str, zone: Zone) -> Zone {
        *self.sites.entry(site.to_owned()).or_insert(zone)
    }
}
