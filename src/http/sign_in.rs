//! Which of the ways to sign in a body is.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::requests::SignIn;

/// Which way is meant says what is there, so that a refusal names the field that this one lacks: serde's own `untagged` says
/// only that none fits.
impl<'de> Deserialize<'de> for SignIn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(from)?;
        let has = |names: [&str; 2]| names.iter().any(|name| fields.contains_key(*name));
        let (code, screen) = (has(["phone", "code"]), has(["screen", "secret"]));
        let fields = Value::Object(fields);
        match () {
            () if code => serde_json::from_value(fields).map(Self::Code),
            () if screen => serde_json::from_value(fields).map(Self::Screen),
            () => serde_json::from_value(fields).map(Self::Password),
        }
        .map_err(serde::de::Error::custom)
    }
}
