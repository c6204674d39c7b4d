//! A line of text and a line with its checksum: small files that must not change unseen (the log's manifests, the
//! store's mark).

/// The text (without a line's end in it) with its checksum.
pub fn seal(text: &str) -> Vec<u8> {
    format!("{text}\n{}", checksum_line(text)).into_bytes()
}

/// Reads [`seal`] back.
///
/// # Errors
/// What is wrong, to be put behind the file's name.
pub fn open(bytes: &[u8]) -> Result<&str, &'static str> {
    let sealed = std::str::from_utf8(bytes).map_err(|_| "that is not text")?;
    let (text, rest) = sealed.split_once('\n').ok_or("that is cut short")?;
    if rest == checksum_line(text) { Ok(text) } else { Err("whose checksum does not match") }
}

fn checksum_line(text: &str) -> String {
    format!("{:08x}\n", crc32fast::hash(text.as_bytes()))
}
