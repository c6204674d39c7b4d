//! Names of streams: `board:{id}` and its like, and the one without an id, `ops`.

use jiaohao_actors::fanout::StreamKind;
use jiaohao_domain::{Code, Rejection, is_well_formed};

/// What stands before the colon.
pub fn kind_name(kind: StreamKind) -> &'static str {
    let named = StreamKind::ALL.iter().find(|(known, _)| *known == kind);
    named.map(|(_, name)| *name).expect("invariant: every kind of stream stands in the list of all")
}

/// A stream's name, read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        let kind = StreamKind::ALL.iter().find(|(_, name)| *name == kind).ok_or(Code::UnknownStream)?.0;
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
        if self.id.is_empty() {
            f.write_str(kind_name(self.kind))
        } else {
            write!(f, "{}:{}", kind_name(self.kind), self.id)
        }
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
