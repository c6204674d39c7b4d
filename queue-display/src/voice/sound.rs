//! A recording becomes a clip: silence before and after is cut, so that clips can be joined, and all clips are as loud.
//! Pure.

use super::wav::{SAMPLE_RATE, length_ms};

/// Loudness is looked at in pieces of this, samples (10 ms).
const PIECE: usize = SAMPLE_RATE as usize / 100;
/// A piece this much below the loudest one is silence (−34 dB).
const SILENT_SHARE: f64 = 0.02;
/// Quieter than this a recording holds no voice, as the root mean square of its loudest piece (−54 dB of full scale).
const NO_VOICE: f64 = 65.0;
/// What is kept before the first and after the last piece with sound, samples: a consonant is quiet.
const KEPT_BEFORE: usize = SAMPLE_RATE as usize * 15 / 1_000;
const KEPT_AFTER: usize = SAMPLE_RATE as usize * 40 / 1_000;
/// A cut is no click: the ends fade within this, samples (4 ms).
const FADE: usize = SAMPLE_RATE as usize * 4 / 1_000;
/// The root mean square of the pieces with sound that every clip gets (−20 dB of full scale).
const LOUDNESS: f64 = 3_277.0;
/// No sample goes above this.
const PEAK: f64 = 31_000.0;

/// A clip is no shorter than this, milliseconds: a knock is no word.
pub const SHORTEST_MS: u32 = 80;

/// Why a recording gives no clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoClip {
    /// It holds no voice.
    #[error("nothing is to be heard in it")]
    Silent,
    /// What is to be heard in it is less than [`SHORTEST_MS`].
    #[error("what is to be heard in it is shorter than {SHORTEST_MS} ms")]
    TooShort,
}

/// The clip of a recording.
///
/// # Errors
/// [`NoClip`].
pub fn clip(recording: &[i16]) -> Result<Vec<i16>, NoClip> {
    let level = |piece: &[i16]| (piece.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / piece.len() as f64).sqrt();
    let levels: Vec<f64> = recording.chunks(PIECE).map(level).collect();
    let loudest = levels.iter().copied().fold(0.0, f64::max);
    if loudest < NO_VOICE {
        return Err(NoClip::Silent);
    }
    let is_sound = |level: &f64| *level > loudest * SILENT_SHARE;
    let first = levels.iter().position(is_sound).ok_or(NoClip::Silent)?;
    let last = levels.iter().rposition(is_sound).ok_or(NoClip::Silent)?;
    let from = (first * PIECE).saturating_sub(KEPT_BEFORE);
    let to = ((last + 1) * PIECE + KEPT_AFTER).min(recording.len());
    if length_ms(to - from) < SHORTEST_MS {
        return Err(NoClip::TooShort);
    }
    let sounding: Vec<f64> = levels.iter().copied().filter(is_sound).collect();
    let heard = (sounding.iter().map(|level| level.powi(2)).sum::<f64>() / sounding.len() as f64).sqrt();
    let cut = &recording[from..to];
    let peak = cut.iter().map(|sample| f64::from(*sample).abs()).fold(1.0, f64::max);
    let gain = (LOUDNESS / heard).min(PEAK / peak);
    let fade = FADE.min(cut.len() / 2).max(1);
    let faded = cut.iter().enumerate().map(|(at, sample)| {
        let share = (at.min(cut.len() - 1 - at) as f64 / fade as f64).min(1.0);
        (f64::from(*sample) * gain * share).round() as i16
    });
    Ok(faded.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(ms: usize, loud: f64) -> Vec<i16> {
        let samples = SAMPLE_RATE as usize * ms / 1_000;
        (0..samples).map(|n| ((n as f64 * 0.15).sin() * loud) as i16).collect()
    }

    fn with_silence(before_ms: usize, tone: &[i16], after_ms: usize) -> Vec<i16> {
        let hiss = |ms: usize| (0..SAMPLE_RATE as usize * ms / 1_000).map(|n| (n % 7) as i16 - 3);
        hiss(before_ms).chain(tone.iter().copied()).chain(hiss(after_ms)).collect()
    }

    fn rms(samples: &[i16]) -> f64 {
        (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn silence_is_cut_and_the_voice_is_kept() {
        let clip = clip(&with_silence(700, &tone(400, 9_000.0), 1_200)).expect("a voice");
        let ms = clip.len() * 1_000 / SAMPLE_RATE as usize;
        assert!((400..=480).contains(&ms), "{ms} ms");
        assert!(clip[0].abs() < 50 && clip[clip.len() - 1].abs() < 50, "no click at the ends");
    }

    #[test]
    fn quiet_and_loud_voices_become_equally_loud_and_none_is_clipped() {
        let of = |loud: f64| clip(&with_silence(200, &tone(400, loud), 200)).expect("a voice");
        let (quiet, loud) = (of(600.0), of(30_000.0));
        let (quiet_rms, loud_rms) = (rms(&quiet), rms(&loud));
        assert!((quiet_rms / loud_rms - 1.0).abs() < 0.05, "{quiet_rms} {loud_rms}");
        let mut spiky = tone(400, 800.0);
        spiky[4_000] = 32_000;
        let spiky = clip(&with_silence(100, &spiky, 100)).expect("a voice");
        assert!(spiky.iter().all(|sample| f64::from(*sample).abs() <= PEAK + 1.0));
    }

    #[test]
    fn a_recording_without_a_voice_is_none() {
        assert_eq!(clip(&with_silence(500, &[], 500)), Err(NoClip::Silent));
        assert_eq!(clip(&[]), Err(NoClip::Silent));
        assert_eq!(clip(&with_silence(500, &tone(10, 9_000.0), 500)), Err(NoClip::TooShort), "a knock");
        clip(&with_silence(500, &tone(60, 9_000.0), 500)).expect("a syllable");
    }
}
