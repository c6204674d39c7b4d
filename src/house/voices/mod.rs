//! The voice packs of the sites: what is asked for by operators, and what boards are told of them.

mod espeak;
mod offline;
mod reading;
mod store;
mod unasked;

use jiaohao_actors::shell::Origin;
use jiaohao_domain::vocabulary::ToBoard;
use jiaohao_domain::{BoardId, Code, OwnerKind, OwnerRef, Rejection, SiteId};
use jiaohao_queue_display::voice::pack::{missing, missing_english};
use jiaohao_queue_display::voice::{Line, MadeBy, Manifest, sound, wav};
use serde_json::{Value, json};

pub use self::offline::{MadePack, make_offline};
pub use self::reading::Reading;
pub use self::store::Voices;
pub(super) use self::unasked::keep;
use super::{House, site};
use crate::http::requests::{ClipName, Languages};
use crate::identity::audit::AuditLine;
use crate::identity::tokens::Claims;

/// A blocking piece of work with files or another program, beside the runtime.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Rejection> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Code::Internal.into())
}

/// The script's line of that clip.
fn line_of<'a>(script: &'a [Line], name: &ClipName) -> Result<&'a Line, Rejection> {
    let line = script.iter().find(|line| line.language == name.language && line.clip == name.clip);
    line.ok_or_else(|| Rejection::field("clip", "no announcement of this site has such a clip"))
}

/// How many clips are still to be read before the recording can be used; and of English, once it is begun, before that is
/// used with it.
fn left_to_read(voices: &Voices, at: &SiteId, script: &[Line]) -> (usize, usize) {
    let is_recorded = |line: &Line| voices.recorded(at, line).is_some();
    (missing(script, is_recorded).len(), missing_english(script, is_recorded).len())
}

fn disk(voices: &Voices, error: &std::io::Error) -> Rejection {
    tracing::error!("{}", voices.fault(error));
    Rejection::new(Code::Internal, "the voice pack could not be read or written")
}

impl House {
    /// The clips that a site needs, by its places as they are now.
    async fn voice_script(&self, at: &SiteId) -> Result<Vec<Line>, Rejection> {
        self.shell.read(site(at.as_str()), unasked::site_script).await?.ok_or_else(|| Code::Forbidden.into())
    }

    /// What is to be read, how far the recording is, and what is used.
    pub(super) async fn read_voice(&self, at: &SiteId) -> Result<Value, Rejection> {
        let (script, voices, at) = (self.voice_script(at).await?, self.voices.clone(), at.clone());
        let current = voices.current(&at);
        let (reading, failed) = (voices.readings.of(&at), voices.readings.failure(&at));
        let lines = beside(move || {
            let said = |line: &Line, pack: &Manifest| {
                pack.clips.iter().find(|clip| clip.language == line.language && clip.clip == line.clip).map(|c| c.ms)
            };
            let in_use = voices.current(&at);
            let one = |line: &Line| {
                json!({
                    "language": line.language,
                    "clip": line.clip,
                    "needed": line.needed,
                    "place": line.place,
                    "recorded_ms": voices.recorded(&at, line).map(|clip| wav::length_ms(clip.len())),
                    "used_ms": in_use.as_ref().and_then(|pack| said(line, pack)),
                })
            };
            let clips: Vec<Value> = script.iter().map(one).collect();
            (clips, left_to_read(&voices, &at, &script), espeak::is_there(), voices.is_damaged(&at))
        });
        let (clips, (needed_left, english_left), can_make, damaged) = lines.await?;
        let used = current.map(|pack| json!({ "version": pack.version, "made_by": pack.made_by }));
        Ok(json!({
            "clips": clips,
            "needed_left": needed_left,
            "english_left": english_left,
            "used": used,
            "damaged": damaged,
            "can_make": can_make,
            "reading": reading,
            "failed": failed,
        }))
    }

    /// One clip of the recording under way: cut, made as loud as the others, kept.
    pub(super) async fn record_clip(
        &self,
        claims: &Claims,
        at: &SiteId,
        name: &ClipName,
        file: Vec<u8>,
    ) -> Result<Value, Rejection> {
        self.check_room_for_voice()?;
        let (script, voices, site, name) =
            (self.voice_script(at).await?, self.voices.clone(), at.clone(), name.clone());
        let kept = beside(move || {
            let line = line_of(&script, &name)?;
            let refused = |why: String| Rejection::new(Code::InvalidField, why);
            let recording = wav::read(&file).map_err(|why| refused(why.to_string()))?;
            let clip = sound::clip(&recording).map_err(|why| refused(why.to_string()))?;
            voices.keep(&site, line, &clip).map_err(|error| disk(&voices, &error))?;
            let (needed_left, english_left) = left_to_read(&voices, &site, &script);
            let ms = wav::length_ms(clip.len());
            Ok::<_, Rejection>(json!({ "ms": ms, "needed_left": needed_left, "english_left": english_left }))
        });
        let kept = kept.await??;
        self.audit.note(AuditLine::new(claims, "record_voice", [at], Ok(()), self.machine_now()));
        Ok(kept)
    }

    /// A clip of the recording under way, to be listened to.
    pub(super) async fn hear_clip(&self, at: &SiteId, name: &ClipName) -> Result<Value, Rejection> {
        let line = line_of(&self.voice_script(at).await?, name)?.clone();
        let (voices, at) = (self.voices.clone(), at.clone());
        let clip = beside(move || voices.recorded(&at, &line)).await?;
        let clip = clip.ok_or_else(|| Rejection::new(Code::InvalidField, "it has not been recorded"))?;
        Ok(json!({ "wav": data_encoding::BASE64.encode(&wav::write(&clip)) }))
    }

    /// The recording becomes the site's voice; English only when all that it needs has been read.
    pub(super) async fn use_voice(&self, claims: &Claims, at: &SiteId) -> Result<Value, Rejection> {
        self.check_room_for_voice()?;
        let (script, voices, site) = (self.voice_script(at).await?, self.voices.clone(), at.clone());
        let pack = beside(move || {
            let recorded = |line: &Line| voices.recorded(&site, line).map(|clip| (line.clone(), clip));
            let mut clips: Vec<(Line, Vec<i16>)> = script.iter().filter_map(recorded).collect();
            let has = |line: &Line| clips.iter().any(|(known, _)| known == line);
            let left = missing(&script, has);
            if let Some(first) = left.first() {
                let why = format!("{} clips are still to be read, the first is {}", left.len(), first.clip);
                return Err(Rejection::new(Code::InvalidField, why));
            }
            if !missing_english(&script, has).is_empty() {
                clips.retain(|(line, _)| line.language == "zh");
            }
            voices.put_to_use(&site, MadeBy::Recorded, &clips).map_err(|error| disk(&voices, &error))
        });
        let pack = pack.await??;
        // That the recording has no English is one thing, and none of its clips.
        let has_english = pack.clips.iter().any(|clip| clip.language == "en");
        self.changed_voice(claims, at, pack, if has_english { Languages::Both } else { Languages::Zh }).await
    }

    /// The computer reads the pack, and it becomes the site's voice. What cannot be read is named in the answer.
    pub(super) async fn make_voice(
        &self,
        claims: &Claims,
        at: &SiteId,
        languages: Languages,
    ) -> Result<Value, Rejection> {
        self.check_room_for_voice()?;
        let (script, voices, site) = (self.voice_script(at).await?, self.voices.clone(), at.clone());
        let turn = self.voices.readings.turn().await;
        let made = beside(move || {
            let _turn = turn;
            voices.read_seen(&site, &script, languages, |read| {
                let read = read.map_err(|why| Rejection::new(Code::InvalidField, why.to_string()))?;
                let pack = voices.put_to_use(&site, read.made_by, &read.clips);
                let pack = pack.map_err(|error| disk(&voices, &error))?;
                voices.readings.ended(&site, None);
                Ok::<_, Rejection>(pack)
            })
        });
        self.changed_voice(claims, at, made.await??, languages).await
    }

    /// Says which lines of these languages the new pack has not, as far as anything of the site is said with them.
    async fn changed_voice(
        &self,
        claims: &Claims,
        at: &SiteId,
        pack: Manifest,
        languages: Languages,
    ) -> Result<Value, Rejection> {
        self.audit.note(AuditLine::new(claims, "record_voice", [at], Ok(()), self.machine_now()));
        self.tell_boards_voice(at).await?;
        let script = self.voice_script(at).await?;
        let has = |line: &&Line| pack.clips.iter().any(|clip| clip.language == line.language && clip.clip == line.clip);
        let asked = script.iter().filter(|line| languages.has(line.language) && line.is_said());
        let left_out: Vec<&str> = asked.filter(|line| !has(line)).map(|line| line.clip.as_str()).collect();
        Ok(json!({ "version": pack.version, "clips": pack.clips.len(), "left_out": left_out }))
    }

    async fn tell_boards_voice(&self, at: &SiteId) -> Result<(), Rejection> {
        for board in self.boards().filter(|board| board.site() == *at) {
            self.tell_voice(&board).await?;
        }
        Ok(())
    }

    fn check_room_for_voice(&self) -> Result<(), Rejection> {
        if self.shell.storage_level() == 0 { Ok(()) } else { Err(self.shell.no_room(Code::ReadOnly)) }
    }

    fn boards(&self) -> impl Iterator<Item = BoardId> {
        self.shell.known_owners(OwnerKind::Board).into_iter().map(|owner| BoardId::from(&*owner.id))
    }

    /// What a board has to know of the house: its clock and its site's voice.
    pub(super) async fn tell_board(&self, board: &BoardId) -> Result<(), Rejection> {
        self.tell_speed(board).await?;
        self.tell_voice(board).await
    }

    /// A board's limits are machine time: where clinic time runs faster it has to know by how much. A folder keeps its
    /// speed, so a board is told once.
    async fn tell_speed(&self, board: &BoardId) -> Result<(), Rejection> {
        let speed = self.shell.clock.speed().ceil().max(1.0) as u32;
        if speed > 1 {
            let board = OwnerRef::new(OwnerKind::Board, board.as_str());
            self.shell.ask(board, ToBoard::ClockSpeed { speed }.into(), Origin::Shell).await?;
        }
        Ok(())
    }

    /// Tells a board what its site's pack can say; one that knows it already keeps nothing of it.
    pub(super) async fn tell_voice(&self, board: &BoardId) -> Result<(), Rejection> {
        let pack = self.voices.current(&board.site()).map(|pack| pack.pack());
        let board = OwnerRef::new(OwnerKind::Board, board.as_str());
        self.shell.ask(board, ToBoard::Voice(pack).into(), Origin::Shell).await.map(drop)
    }

    /// At a start, beside it: the folder may have another pack than at the last one, or none, and a city's clips take a while
    /// to read.
    pub(super) async fn tell_voices(&self) {
        let voices = self.voices.clone();
        if beside(move || voices.read_used()).await.is_err() {
            tracing::error!("the voice packs were not read");
        }
        for board in self.boards() {
            if let Err(why) = self.tell_voice(&board).await {
                tracing::error!(code = why.code.wire(), %board, "a board was not told its site's voice pack");
            }
        }
    }
}
