//! Clips as files: WAV, PCM, 16 bit, one channel. Pure.

/// Samples in a second of every clip.
pub const SAMPLE_RATE: u32 = 22_050;
/// No clip is longer than this, milliseconds.
pub const LONGEST_MS: u32 = 10_000;
/// No file of a clip is larger than this, bytes: the samples and room for what programs write before them.
pub const LARGEST: usize = (LONGEST_MS as usize * SAMPLE_RATE as usize / 1_000) * 2 + 4_096;

/// Why a file is no clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// No RIFF, no WAVE, or cut off.
    #[error("it is no WAV file")]
    NoWav,
    /// Another coding.
    #[error("it must be PCM of 16 bit with one channel")]
    OtherCoding,
    /// Another sample rate.
    #[error("it must have {SAMPLE_RATE} samples in a second, not {0}")]
    OtherRate(u32),
    /// Nothing in it.
    #[error("it holds no sound")]
    Empty,
    /// More than [`LONGEST_MS`].
    #[error("it is longer than {} s", LONGEST_MS / 1_000)]
    TooLong,
}

/// How long so many samples are, milliseconds, rounded up.
pub fn length_ms(samples: usize) -> u32 {
    u32::try_from((samples * 1_000).div_ceil(SAMPLE_RATE as usize)).unwrap_or(u32::MAX)
}

/// The samples of a file.
///
/// # Errors
/// [`WavError`]: it is no clip.
pub fn read(bytes: &[u8]) -> Result<Vec<i16>, WavError> {
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NoWav);
    }
    let mut rest = &bytes[12..];
    let mut is_described = false;
    while let Some((head, body)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let chunk = body.get(..length).ok_or(WavError::NoWav)?;
        match &head[..4] {
            b"fmt " => {
                check_format(chunk)?;
                is_described = true;
            }
            b"data" if is_described => return samples(chunk),
            _ => {}
        }
        // chunks begin at even places
        rest = body.get(length + length % 2..).unwrap_or_default();
    }
    Err(WavError::NoWav)
}

fn check_format(format: &[u8]) -> Result<(), WavError> {
    let u16_at = |at: usize| format.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let rate = format.get(4..8).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    if u16_at(0) != Some(1) || u16_at(2) != Some(1) || u16_at(14) != Some(16) {
        return Err(WavError::OtherCoding);
    }
    match rate {
        Some(SAMPLE_RATE) => Ok(()),
        other => Err(WavError::OtherRate(other.unwrap_or_default())),
    }
}

fn samples(data: &[u8]) -> Result<Vec<i16>, WavError> {
    let samples: Vec<i16> = data.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    if samples.is_empty() {
        return Err(WavError::Empty);
    }
    if length_ms(samples.len()) > LONGEST_MS { Err(WavError::TooLong) } else { Ok(samples) }
}

/// The file of these samples.
pub fn write(samples: &[i16]) -> Vec<u8> {
    let data = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes());
    file.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    file.extend_from_slice(&(SAMPLE_RATE * 2).to_le_bytes());
    file.extend_from_slice(&2_u16.to_le_bytes());
    file.extend_from_slice(&16_u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_else_comes_is_named() {
        let samples: Vec<i16> = (0..1_000).map(|n| (n * 31 % 2_000 - 1_000) as i16).collect();
        let file = write(&samples);
        assert_eq!(read(&file), Ok(samples));
        let changed = |at: usize, to: &[u8]| {
            let mut file = file.clone();
            file[at..at + to.len()].copy_from_slice(to);
            read(&file)
        };
        assert_eq!(changed(0, b"OggS"), Err(WavError::NoWav));
        assert_eq!(changed(20, &3_u16.to_le_bytes()), Err(WavError::OtherCoding));
        assert_eq!(changed(22, &2_u16.to_le_bytes()), Err(WavError::OtherCoding));
        assert_eq!(changed(24, &48_000_u32.to_le_bytes()), Err(WavError::OtherRate(48_000)));
        assert_eq!(changed(34, &8_u16.to_le_bytes()), Err(WavError::OtherCoding));
        assert_eq!(changed(40, &9_000_u32.to_le_bytes()), Err(WavError::NoWav), "cut off");
        assert_eq!(read(&write(&[])), Err(WavError::Empty));
        assert_eq!(read(b"RIFF"), Err(WavError::NoWav));
        let too_long = vec![0; SAMPLE_RATE as usize * 10 + 23];
        assert_eq!(read(&write(&too_long)), Err(WavError::TooLong));
        assert!(write(&too_long).len() <= LARGEST);
    }

    #[test]
    fn what_programs_write_before_the_samples_is_passed_over() {
        let file = write(&[1, -1, 2]);
        let mut listed = file[..36].to_vec();
        listed.extend_from_slice(b"LIST\x03\0\0\0abc\0");
        listed.extend_from_slice(&file[36..]);
        assert_eq!(read(&listed), Ok(vec![1, -1, 2]));
        assert_eq!(length_ms(22_050), 1_000);
        assert_eq!(length_ms(1), 1);
    }
}
