//! The one place that turns values into stored bytes and back: bincode 2 by serde, standard configuration, with a
//! limit and with a check that every byte was consumed (trailing bytes pass silently otherwise).

use serde::{Serialize, de::DeserializeOwned};

/// No stored value is larger (64 MiB).
pub const MAX_BYTES: usize = 64 << 20;

/// Why bytes could not be read or a value not be written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The value cannot be encoded.
    #[error("cannot encode: {0}")]
    Encode(#[from] bincode::error::EncodeError),
    /// The bytes are not such a value.
    #[error("cannot decode: {0}")]
    Decode(#[from] bincode::error::DecodeError),
    /// More bytes than could be read back.
    #[error("{0} bytes, {MAX_BYTES} at most")]
    TooLarge(usize),
    /// Bytes are left over.
    #[error("{0} bytes left over")]
    Trailing(usize),
}

/// Encodes a value.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    let bytes = bincode::serde::encode_to_vec(value, bincode::config::standard())?;
    if bytes.len() <= MAX_BYTES { Ok(bytes) } else { Err(CodecError::TooLarge(bytes.len())) }
}

/// Decodes a value from exactly these bytes.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, read) =
        bincode::serde::decode_from_slice(bytes, bincode::config::standard().with_limit::<MAX_BYTES>())?;
    if read == bytes.len() { Ok(value) } else { Err(CodecError::Trailing(bytes.len() - read)) }
}
