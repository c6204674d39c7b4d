//! What is kept of a voice pack beside its clips. Pure.

use jiaohao_domain::vocabulary::VoicePack;
use serde::{Deserialize, Serialize};

use super::script::Line;

/// Who has read a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeBy {
    /// A computer (espeak-ng).
    Espeak,
    /// The same, without anybody having asked for it: it grows with the site's places and gives way to any other.
    Unasked,
    /// A person.
    Recorded,
}

/// One clip of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestClip {
    /// `zh` or `en`.
    pub language: String,
    /// What it says.
    pub clip: String,
    /// The file beside the manifest.
    pub file: String,
    /// How long it is, milliseconds.
    pub ms: u32,
}

/// `manifest.json` of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Hash of the clips: another content has another version.
    pub version: String,
    /// Who has read it.
    pub made_by: MadeBy,
    /// Samples in a second.
    pub sample_rate: u32,
    /// What it can say.
    pub clips: Vec<ManifestClip>,
}

impl Manifest {
    /// The pack as boards know it.
    pub fn pack(&self) -> VoicePack {
        let of = |language: &str| {
            let clips = self.clips.iter().filter(|clip| clip.language == language);
            clips.map(|clip| (clip.clip.clone(), clip.ms)).collect()
        };
        VoicePack { version: self.version.clone(), zh: of("zh"), en: of("en") }
    }
}

/// The lines of a script that no clip says, as far as no call can be said in Chinese without them: what keeps a recording
/// from being used.
pub fn missing(script: &[Line], has: impl Fn(&Line) -> bool) -> Vec<&Line> {
    missing_of("zh", script, has)
}

/// The same of English, once it is begun. It is used whole or not at all: what keeps it out keeps no pack from being used.
pub fn missing_english(script: &[Line], has: impl Fn(&Line) -> bool) -> Vec<&Line> {
    let is_begun = script.iter().any(|line| line.language == "en" && has(line));
    if is_begun { missing_of("en", script, has) } else { Vec::new() }
}

fn missing_of<'a>(language: &str, script: &'a [Line], has: impl Fn(&Line) -> bool) -> Vec<&'a Line> {
    script.iter().filter(|line| line.language == language && line.needed && !has(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::script;
    use super::*;

    #[test]
    fn a_pack_needs_its_fixed_words_of_a_language_that_it_speaks() {
        let script = script::lines([("3号诊室", "Room 3")], []);
        let chinese = |line: &Line| line.language == "zh" && line.needed;
        assert_eq!(missing(&script, chinese), Vec::<&Line>::new());
        let no_seven = |line: &Line| chinese(line) && line.clip != "七";
        assert_eq!(missing(&script, no_seven).iter().map(|line| line.clip.as_str()).collect::<Vec<_>>(), ["七"]);
        assert_eq!(missing_english(&script, chinese), Vec::<&Line>::new(), "it is not begun");
        let begun = |line: &Line| chinese(line) || line.clip == "number";
        assert_eq!(missing(&script, begun), Vec::<&Line>::new(), "one English clip keeps no Chinese from being used");
        assert_eq!(missing_english(&script, begun).len(), 13, "English is begun: all of it");
        assert_eq!(missing_english(&script, |line| line.needed), Vec::<&Line>::new());
    }
}
