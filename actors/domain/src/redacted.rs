//! What must not be seen by accident: prints as `***` wherever it is shown, and leaves only by an explicit call.

use std::fmt;

/// A value that prints as `***` in `Debug`, logs and traces. It has no `Display`, no `Serialize`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps it.
    pub fn new(value: T) -> Self {
        Self(value)
    }
    /// The value, in clear. Every call of this is a place where it may leave.
    pub fn reveal(&self) -> &T {
        &self.0
    }
    /// The value itself, in clear.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Comes in from outside like the value it wraps; there is no way out by serialising.
impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Redacted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_stars_and_leaves_only_when_asked() {
        let name = Redacted::new("张三丰".to_owned());
        assert_eq!(format!("{name:?}"), "***");
        assert_eq!(format!("{:?}", Some(&name)), "Some(***)");
        assert_eq!(name.reveal(), "张三丰");
        let read: Redacted<String> = serde_json::from_str("\"x\"").expect("text");
        assert_eq!(read.into_revealed(), "x");
    }
}
