//! Names of streams: `board:{id}` and its like, and the one without an id, `ops`.

use jiaohao_domain::{Code, Rejection, is_well_formed};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $state:literal;)+) => {
        /// The kinds of streams.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StreamKind { $($(#[$doc])* $kind),+ }

        impl StreamKind {
            /// All kinds.
            pub const ALL: &'static [StreamKind] = &[$(StreamKind::$kind),+];
            /// What stands before the colon.
            pub fn name(self) -> &'static str { match self { $(StreamKind::$kind => $name),+ } }
            /// Whether it is a state stream: a snapshot may replace what has not been read yet.
            pub fn is_state(self) -> bool { match self { $(StreamKind::$kind => $state),+ } }
        }
    };
}

kinds! {
    /// A waiting area's screen.
    Board = "board", true;
    /// A room's screen.
    Door = "door", true;
    /// The queue as desk and doctor see it.
    Queue = "queue", false;
    /// Slots of a clinic session with live availability.
    Session = "session", true;
    /// A doctor's console.
    Doctor = "doctor", false;
    /// A person's own things.
    Patient = "patient", false;
    /// A place in line.
    Ticket = "ticket", true;
    /// An online consultation.
    Room = "room", false;
    /// For the hospital's own system.
    Site = "site", false;
    /// How the node is doing.
    Ops = "ops", true;
}

/// A stream's name, read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    /// What kind.
    pub kind: StreamKind,
    /// Of what; empty for `ops`.
    pub id: String,
}

impl StreamName {
    /// Reads a name. A kind that does not exist is `unknown_stream`; an id that nothing can have is `forbidden`.
    pub fn parse(name: &str) -> Result<Self, Rejection> {
        let (kind, id) = name.split_once(':').map_or((name, None), |(kind, id)| (kind, Some(id)));
        let kind = StreamKind::ALL.iter().copied().find(|known| known.name() == kind).ok_or(Code::UnknownStream)?;
        match (kind, id) {
            (StreamKind::Ops, None) => Ok(Self { kind, id: String::new() }),
            (StreamKind::Ops, Some(_)) | (_, None) => Err(Code::UnknownStream.into()),
            (_, Some(id)) if is_well_formed(id) => Ok(Self { kind, id: id.to_owned() }),
            _ => Err(Code::Forbidden.into()),
        }
    }
}

impl std::fmt::Display for StreamName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.id.is_empty() { f.write_str(self.kind.name()) } else { write!(f, "{}:{}", self.kind.name(), self.id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for name in ["board:s.b", "ops", "ticket:s.d.t20261123-x1"] {
            assert_eq!(StreamName::parse(name).expect("a stream").to_string(), name);
        }
        for (name, code) in [
            ("", Code::UnknownStream),
            ("nothing:x", Code::UnknownStream),
            ("board", Code::UnknownStream),
            ("ops:x", Code::UnknownStream),
            ("board:", Code::Forbidden),
            ("board:A b", Code::Forbidden),
            ("queue:s..q", Code::Forbidden),
        ] {
            assert_eq!(StreamName::parse(name).expect_err(name).code, code, "{name}");
        }
    }
}
