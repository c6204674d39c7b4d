//! Packs for a data folder that is not in use: where `serve` will find them.

use std::collections::BTreeMap;
use std::path::Path;

use jiaohao_actors::log::{FolderLock, journal};
use jiaohao_actors::shell::clock;
use jiaohao_actors::shell::kinds::{Dormant, Kinds};
use jiaohao_actors::shell::ledger::Ledger;
use jiaohao_domain::{OwnerKind, SiteId, Timestamp, site};
use jiaohao_queue_display::voice::{Line, MadeBy};
use serde::Serialize;

use super::reading;
use super::store::Voices;
use super::unasked::site_script;
use crate::http::requests::Languages;

/// What became of a site's pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadePack {
    /// Which site.
    pub site: SiteId,
    /// Its pack's version.
    pub version: String,
    /// How many clips there are.
    pub clips: usize,
    /// What could not be read: figures and letters of the place are said instead.
    pub left_out: Vec<String>,
    /// A person's recording is in use and was left as it is.
    pub recorded: bool,
}

/// Reads a pack for each site of a folder (or for one), by what its log says of their places. `step` hears of which site how
/// many lines are done, of how many.
///
/// # Errors
/// In words: the folder is in use or none, its log is damaged, there is no (such) site, espeak-ng is not there, the disk's.
pub fn make_offline(
    data: &Path,
    kinds: &Kinds,
    only: Option<&SiteId>,
    (languages, over_recording): (Languages, bool),
    step: &dyn Fn(&SiteId, usize, usize),
) -> Result<Vec<MadePack>, String> {
    let log = data.join("log");
    if !log.is_dir() {
        return Err(format!("{} holds no log", data.display()));
    }
    let _lock = FolderLock::take(data, Timestamp(clock::wall_ms())).map_err(|error| error.to_string())?;
    let mut scripts = scripts(&log, kinds)?;
    if let Some(only) = only {
        scripts.retain(|site, _| site == only);
    }
    if scripts.is_empty() {
        return Err(match only {
            Some(site) => format!("there is no site {site}"),
            None => "there is no site yet: make it on /setup".to_owned(),
        });
    }
    let voices = Voices::new(data.join("voice"));
    voices.read_used();
    let mut made = Vec::new();
    for (site, script) in scripts {
        if let Some(pack) = voices.current(&site).filter(|pack| pack.made_by == MadeBy::Recorded && !over_recording) {
            let (version, clips) = (pack.version.clone(), pack.clips.len());
            made.push(MadePack { site, version, clips, left_out: Vec::new(), recorded: true });
            continue;
        }
        let step = |done| step(&site, done, script.len());
        let read = reading::read(&voices, &site, &script, languages, &step).map_err(|why| why.to_string())?;
        let pack = voices.put_to_use(&site, read.made_by, &read.clips).map_err(|error| voices.fault(&error))?;
        let is_left_out =
            |line: &&Line| languages.has(line.language) && read.clips.iter().all(|(read, _)| read != *line);
        let left_out = script.iter().filter(is_left_out).map(|line| line.clip.clone()).collect();
        made.push(MadePack { site, version: pack.version, clips: pack.clips.len(), left_out, recorded: false });
    }
    Ok(made)
}

/// What each site of a log has to say.
fn scripts(log: &Path, kinds: &Kinds) -> Result<BTreeMap<SiteId, Vec<Line>>, String> {
    let kind = kinds.get(OwnerKind::Site).expect("invariant: sites are a kind of owner of this program");
    let mut sites: BTreeMap<SiteId, Dormant> = BTreeMap::new();
    let mut replay = |record: &jiaohao_actors::log::Record| match record.owner.kind {
        OwnerKind::Site => {
            let id = SiteId::from(&*record.owner.id);
            kind.replay(sites.entry(id).or_insert_with(|| kind.begin(&record.owner)), record)
        }
        _ => Ok(()),
    };
    let found = journal::verify(log, &mut replay).map_err(|error| error.to_string())?;
    if !found.damaged.is_empty() {
        return Err(format!("{} is damaged: jiaohao journal verify says where", log.display()));
    }
    let script = |dormant: &Dormant| site_script(&dormant.downcast_ref::<(Ledger, site::State)>()?.1);
    Ok(sites.iter().filter_map(|(site, dormant)| Some((site.clone(), script(dormant)?))).collect())
}
