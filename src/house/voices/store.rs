//! Voice packs on disk: `voice/<site>/<version>/` holds a manifest and the clips, `voice/<site>/current` names the version
//! that is used, `voice/<site>/recording/` holds what is being read. A pack is whole before it is named; one that is not any more
//! (its version is the hash of its clips) is as good as none, and is written anew when it is made again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use jiaohao_actors::log::user;
use jiaohao_domain::{SiteId, is_well_formed};
use jiaohao_queue_display::voice::{Line, MadeBy, Manifest, ManifestClip, wav};
use rustix::fs::Access;
use sha2::{Digest, Sha256};

use super::reading::Readings;

const MANIFEST: &str = "manifest.json";
const CURRENT: &str = "current";
const RECORDING: &str = "recording";
const UNFINISHED: &str = "new";

/// The packs of all sites.
#[derive(Debug)]
pub struct Voices {
    dir: PathBuf,
    used: DashMap<SiteId, Arc<Manifest>>,
    /// The folder was there when it was read, and could not be read and written.
    closed: AtomicBool,
    /// One pack is made at a time.
    making: Mutex<()>,
    /// What the computer is reading.
    pub readings: Readings,
}

/// Whether a name may be one of a pack's files.
fn is_clip_file(name: &str) -> bool {
    name == MANIFEST || name.strip_suffix(".wav").is_some_and(is_plain)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A clip's file: its words may be anything, so they are hashed.
fn file_of(language: &str, clip: &str) -> String {
    format!("{language}-{}.wav", data_encoding::HEXLOWER.encode(&Sha256::digest(clip)[..10]))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Removes a folder, if it is there.
fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Writes a file so that it is there whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension(UNFINISHED);
    write(&unfinished, bytes)?;
    fs::rename(unfinished, path)
}

/// The version of a pack: the hash of its clips in their order.
#[derive(Default)]
struct Version(Sha256);

impl Version {
    fn add(&mut self, file: &str, bytes: &[u8]) {
        self.0.update(file);
        self.0.update(bytes);
    }

    fn name(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0.finalize()[..8])
    }
}

/// The pack in that folder, if every clip of it is there with its bytes.
fn whole_pack(dir: &Path) -> io::Result<Manifest> {
    let pack: Manifest = serde_json::from_slice(&fs::read(dir.join(MANIFEST))?)?;
    let mut version = Version::default();
    for clip in &pack.clips {
        if !is_clip_file(&clip.file) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a clip's file has another name"));
        }
        version.add(&clip.file, &fs::read(dir.join(&clip.file))?);
    }
    if version.name() == pack.version && dir.ends_with(&pack.version) {
        Ok(pack)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "its clips are not those that were made"))
    }
}

impl Voices {
    /// Packs of that folder. None is known to be used before [`Self::read_used`].
    pub fn new(dir: PathBuf) -> Self {
        let (used, making, readings) = (DashMap::new(), Mutex::new(()), Readings::default());
        Self { dir, used, closed: AtomicBool::new(false), making, readings }
    }

    /// Whether the folder was closed to this user when it was read: then no site has its pack.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// What the disk said of the folder, and what to do.
    pub fn fault(&self, error: &io::Error) -> String {
        let next = match error.kind() {
            io::ErrorKind::PermissionDenied => user::closed(&self.dir, self.dir.parent().unwrap_or(&self.dir)),
            _ => "look at the disk".to_owned(),
        };
        format!("{}: {error}: {next}", self.dir.display())
    }

    /// Reads which packs are used, every clip of them. One that cannot be read is as good as none: its site speaks with
    /// screens' own voices.
    pub fn read_used(&self) {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let may = || rustix::fs::access(&self.dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK);
        let entries = fs::read_dir(&self.dir).and_then(|entries| may().map(|()| entries).map_err(io::Error::from));
        let is_closed = entries.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::NotFound);
        self.closed.store(is_closed, Ordering::Relaxed);
        if let Some(error) = entries.as_ref().err().filter(|_| is_closed) {
            tracing::warn!(
                "{}; boards speak no pack until it is put right and the service started again",
                self.fault(error)
            );
        }
        let sites = entries.into_iter().flatten().flatten();
        for name in sites.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_well_formed(name)) {
            match self.read_current(&name) {
                Ok(Some(pack)) => drop(self.used.insert(SiteId::from(name), Arc::new(pack))),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    tracing::warn!(site = name, "a voice pack cannot be read: {}", self.fault(&error));
                }
                Err(error) => tracing::warn!(site = name, %error, "a voice pack cannot be read: make it again on /ops"),
            }
        }
    }

    fn read_current(&self, site: &str) -> io::Result<Option<Manifest>> {
        let dir = self.dir.join(site);
        let version = match fs::read_to_string(dir.join(CURRENT)) {
            Ok(version) => version,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        whole_pack(&dir.join(version.trim())).map(Some)
    }

    /// Whether the pack that a site is to use is not there as it was made: a file of it is gone, or another.
    pub fn is_damaged(&self, site: &SiteId) -> bool {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_current(site.as_str()).is_err()
    }

    /// The pack that a site uses.
    pub fn current(&self, site: &SiteId) -> Option<Arc<Manifest>> {
        self.used.get(site).map(|pack| pack.clone())
    }

    /// A file of a pack; none when there is no such.
    ///
    /// # Errors
    /// The disk's.
    pub fn file(&self, site: &str, version: &str, name: &str) -> io::Result<Option<Vec<u8>>> {
        let is_pack = is_plain(version) && ![RECORDING, UNFINISHED].contains(&version);
        if !is_well_formed(site) || !is_pack || !is_clip_file(name) {
            return Ok(None);
        }
        match fs::read(self.dir.join(site).join(version).join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// A clip of the pack that a site uses, and who has read it.
    pub fn used(&self, site: &SiteId, line: &Line) -> Option<(Vec<i16>, MadeBy)> {
        let pack = self.current(site)?;
        let clip = pack.clips.iter().find(|clip| clip.language == line.language && clip.clip == line.clip)?;
        let file = self.file(site.as_str(), &pack.version, &clip.file).ok()??;
        Some((wav::read(&file).ok()?, pack.made_by))
    }

    /// Whether a site has no pack yet, or one that nobody asked for and that lacks a line which `can_read` has.
    pub fn lacks_unasked(&self, site: &SiteId, script: &[Line], can_read: fn(&Line) -> bool) -> bool {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let has = |pack: &Manifest, line: &Line| {
            pack.clips.iter().any(|clip| clip.language == line.language && clip.clip == line.clip)
        };
        match self.read_current(site.as_str()) {
            Ok(None) => true,
            Ok(Some(pack)) if pack.made_by == MadeBy::Unasked => {
                script.iter().any(|line| can_read(line) && !has(&pack, line))
            }
            _ => false,
        }
    }

    /// The clip of the recording under way, if it has been read.
    pub fn recorded(&self, site: &SiteId, line: &Line) -> Option<Vec<i16>> {
        let path = self.dir.join(site.as_str()).join(RECORDING).join(file_of(line.language, &line.clip));
        wav::read(&fs::read(path).ok()?).ok()
    }

    /// Keeps a clip of the recording under way, in the place of an earlier one.
    ///
    /// # Errors
    /// The disk's.
    pub fn keep(&self, site: &SiteId, line: &Line, clip: &[i16]) -> io::Result<()> {
        let dir = self.dir.join(site.as_str()).join(RECORDING);
        fs::create_dir_all(&dir)?;
        replace(&dir.join(file_of(line.language, &line.clip)), &wav::write(clip))
    }

    /// Makes a pack of these clips and uses it from now on. The one before stays, for screens that are loading it.
    ///
    /// # Errors
    /// The disk's; the pack before is used then.
    pub fn put_to_use(&self, site: &SiteId, made_by: MadeBy, clips: &[(Line, Vec<i16>)]) -> io::Result<Manifest> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        self.put(site, made_by, clips)
    }

    /// As [`Self::put_to_use`], for a pack that nobody asked for: none when what is used is somebody's, or damaged.
    ///
    /// # Errors
    /// The disk's.
    pub fn put_to_use_unasked(&self, site: &SiteId, clips: &[(Line, Vec<i16>)]) -> io::Result<Option<Manifest>> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        match self.read_current(site.as_str()) {
            Ok(before) if before.as_ref().is_none_or(|pack| pack.made_by == MadeBy::Unasked) => {
                self.put(site, MadeBy::Unasked, clips).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn put(&self, site: &SiteId, made_by: MadeBy, clips: &[(Line, Vec<i16>)]) -> io::Result<Manifest> {
        let dir = self.dir.join(site.as_str());
        let mut version = Version::default();
        let mut files = Vec::new();
        for (line, clip) in clips {
            let (file, bytes) = (file_of(line.language, &line.clip), wav::write(clip));
            version.add(&file, &bytes);
            let (language, ms) = (line.language.to_owned(), wav::length_ms(clip.len()));
            files.push((ManifestClip { language, clip: line.clip.clone(), file, ms }, bytes));
        }
        let version = version.name();
        let listed = files.iter().map(|(clip, _)| clip.clone()).collect();
        let pack = Manifest { version: version.clone(), made_by, sample_rate: wav::SAMPLE_RATE, clips: listed };
        let whole = dir.join(&version);
        let there = whole_pack(&whole).ok();
        let manifest = serde_json::to_vec_pretty(&pack)?;
        if there.as_ref().is_some_and(|there| there != &pack && there.clips == pack.clips) {
            // The same clips by somebody else: screens may be loading them.
            replace(&whole.join(MANIFEST), &manifest)?;
        } else if there.as_ref() != Some(&pack) {
            let unfinished = dir.join(UNFINISHED);
            remove(&unfinished)?;
            fs::create_dir_all(&unfinished)?;
            for (clip, bytes) in &files {
                write(&unfinished.join(&clip.file), bytes)?;
            }
            write(&unfinished.join(MANIFEST), &manifest)?;
            // What lies there under this name is damaged.
            remove(&whole)?;
            fs::rename(&unfinished, &whole)?;
        }
        replace(&dir.join(CURRENT), version.as_bytes())?;
        File::open(&dir)?.sync_all()?;
        let before = self.used.insert(site.clone(), Arc::new(pack.clone()));
        self.tidy(&dir, &[Some(&version), before.as_ref().map(|pack| &pack.version)]);
        Ok(pack)
    }

    /// Packs that no screen loads any more.
    fn tidy(&self, dir: &Path, kept: &[Option<&String>]) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_kept = kept.contains(&Some(&name)) || [CURRENT, RECORDING, UNFINISHED].contains(&name.as_str());
            if !is_kept && let Err(error) = fs::remove_dir_all(entry.path()) {
                tracing::warn!(pack = name, %error, "an old voice pack could not be removed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clips(loud: i16) -> Vec<(Line, Vec<i16>)> {
        let line = |clip: &str| Line { language: "zh", clip: clip.into(), needed: true, place: false };
        vec![(line("请"), vec![loud; 2_205]), (line("号"), vec![loud; 4_410])]
    }

    fn opened(dir: &tempfile::TempDir) -> Voices {
        let voices = Voices::new(dir.path().join("voice"));
        voices.read_used();
        voices
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_told_by_its_name_and_one_that_is_not_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!opened(&dir).is_closed(), "it is made with the first pack");
        let path = dir.path().join("voice");
        // Whoever runs the tests may be root, to whom no folder is closed.
        fs::write(&path, "").unwrap();
        let voices = opened(&dir);
        assert!(voices.is_closed());
        let closed = voices.fault(&io::ErrorKind::PermissionDenied.into());
        assert!(closed.starts_with(&path.display().to_string()) && closed.contains('`'), "{closed}");
        fs::remove_file(&path).unwrap();
        voices.read_used();
        assert!(!voices.is_closed());
    }

    #[test]
    fn a_pack_that_is_used_is_there_after_a_restart_and_the_one_before_it_too() {
        let dir = tempfile::tempdir().unwrap();
        let (site, voices) = (SiteId::new("renmin"), opened(&dir));
        assert!(voices.current(&site).is_none());
        let packs: Vec<Manifest> =
            (1..=3).map(|loud| voices.put_to_use(&site, MadeBy::Espeak, &clips(loud)).unwrap()).collect();
        assert_eq!(packs[0].pack().zh.values().copied().collect::<Vec<_>>(), [200, 100], "号 and 请, in their order");
        assert_ne!(packs[0].version, packs[1].version);
        let again = opened(&dir);
        assert_eq!(again.current(&site).as_deref(), Some(&packs[2]));
        let file = |pack: &Manifest, name: &str| again.file("renmin", &pack.version, name).unwrap();
        assert!(file(&packs[2], &packs[2].clips[0].file).is_some_and(|bytes| wav::read(&bytes) == Ok(vec![3; 2_205])));
        assert!(file(&packs[1], MANIFEST).is_some() && file(&packs[0], MANIFEST).is_none());
        let same = again.put_to_use(&site, MadeBy::Espeak, &clips(3)).unwrap();
        assert_eq!(same, packs[2]);
    }

    #[test]
    fn nothing_but_the_files_of_packs_can_be_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let (site, voices) = (SiteId::new("renmin"), opened(&dir));
        let pack = voices.put_to_use(&site, MadeBy::Espeak, &clips(1)).unwrap();
        let [(line, clip), _] = &clips(1)[..] else { panic!("two") };
        voices.keep(&site, line, clip).unwrap();
        assert_eq!(voices.recorded(&site, line).as_ref(), Some(clip));
        let name = file_of("zh", "请");
        for (site, version, name) in [
            ("..", pack.version.as_str(), name.as_str()),
            ("renmin", "recording", &name),
            ("renmin", "..", "current"),
            ("renmin", &pack.version, "../current"),
            ("renmin", &pack.version, "current"),
            ("other", &pack.version, &name),
        ] {
            assert_eq!(voices.file(site, version, name).unwrap(), None, "{site} {version} {name}");
        }
    }

    #[test]
    fn what_nobody_asked_for_is_put_over_nothing_that_somebody_made() {
        let dir = tempfile::tempdir().unwrap();
        let (site, voices) = (SiteId::new("renmin"), opened(&dir));
        let (all, some) = (clips(1), clips(1)[..1].to_vec());
        let script: Vec<Line> = all.iter().map(|(line, _)| line.clone()).collect();
        let lacks = || voices.lacks_unasked(&site, &script, |_| true);
        assert!(lacks());
        let first = voices.put_to_use_unasked(&site, &some).unwrap().expect("there was none");
        assert!(lacks() && !voices.lacks_unasked(&site, &script, |line| line.clip == "请"));
        let grown = voices.put_to_use_unasked(&site, &all).unwrap().expect("nobody has asked for the one before");
        assert!(!lacks() && first.version != grown.version && grown.made_by == MadeBy::Unasked);
        for made_by in [MadeBy::Espeak, MadeBy::Recorded] {
            // The same clips, now somebody's.
            let theirs = voices.put_to_use(&site, made_by, &all).unwrap();
            assert_eq!((theirs.made_by, &theirs.version), (made_by, &grown.version));
            assert_eq!(voices.put_to_use_unasked(&site, &clips(2)).unwrap(), None);
            assert!(!voices.lacks_unasked(&site, &[], |_| true));
            assert_eq!(opened(&dir).current(&site).as_deref(), Some(&theirs));
        }
        fs::remove_file(dir.path().join("voice/renmin").join(&grown.version).join(MANIFEST)).unwrap();
        assert_eq!(voices.put_to_use_unasked(&site, &clips(2)).unwrap(), None, "damaged: it may have been a nurse's");
        assert!(!lacks());
    }

    #[test]
    fn a_damaged_pack_is_none_until_it_is_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let (site, voices) = (SiteId::new("renmin"), opened(&dir));
        assert!(!voices.is_damaged(&site), "there is none");
        let make = || voices.put_to_use(&site, MadeBy::Recorded, &clips(1)).unwrap();
        let pack = make();
        let at = |file: &str| dir.path().join("voice/renmin").join(&pack.version).join(file);
        let damages: [&dyn Fn(); 4] = [
            &|| fs::write(at(MANIFEST), "{").unwrap(),
            &|| fs::remove_file(at(&pack.clips[1].file)).unwrap(),
            &|| fs::write(at(&pack.clips[0].file), wav::write(&[7; 2_205])).unwrap(),
            &|| fs::remove_dir_all(at("")).unwrap(),
        ];
        for (n, damage) in damages.iter().enumerate() {
            assert!(!voices.is_damaged(&site));
            damage();
            assert!(voices.is_damaged(&site), "{n}");
            assert!(opened(&dir).current(&site).is_none(), "{n}");
            assert_eq!(make(), pack, "{n}");
            assert_eq!(opened(&dir).current(&site).as_deref(), Some(&pack), "{n}");
        }
    }
}
