//! What stands beside a command in the log, as bytes: written in today's form, read in any that there has been. Messages
//! and answers are part of it, so a field more in one of those is another form.

use jiaohao_domain::Payload;
use serde::{Serialize, de::DeserializeOwned};

use super::ledger::CommandMeta;
use super::stored::{Bytes, place};
use crate::codec;
use crate::log::{Meta, Record};

/// A form in which metas are stored; only the last one is written.
trait Form: Serialize + DeserializeOwned {
    /// Its number, from 1.
    const VERSION: u8;

    /// Reads a form from before, by the types of then, as this one, step by step. None: there is no such form.
    fn upcast<P: Payload>(version: u8, payload: &P) -> Option<Result<Self, String>>;
}

/// The version that is written.
pub const VERSION: u8 = <CommandMeta as Form>::VERSION;

impl Form for CommandMeta {
    const VERSION: u8 = 1;

    fn upcast<P: Payload>(_: u8, _: &P) -> Option<Result<Self, String>> {
        None
    }
}

/// In the form of today.
pub fn write(command: &CommandMeta) -> Meta {
    in_form(command)
}

/// What a meta says.
///
/// # Errors
/// It is of a version that this program does not know, or not in that version's form.
pub fn read(meta: &Meta) -> Result<CommandMeta, String> {
    of_form(meta)
}

/// The command that a record stands first in.
///
/// # Errors
/// As for [`read`], with the record's place.
pub fn command(record: &Record) -> Result<Option<CommandMeta>, String> {
    let read = record.meta.as_ref().map(read).transpose();
    read.map_err(|why| format!("{}: its meta: {why}", place(record)))
}

fn in_form<F: Form>(form: &F) -> Meta {
    Meta { version: F::VERSION, bytes: codec::encode(form).expect("meta encodes: plain owned data") }
}

fn of_form<F: Form>(meta: &Meta) -> Result<F, String> {
    let payload = Bytes(&meta.bytes);
    let upcast = match meta.version {
        version if version == F::VERSION => return payload.read(),
        version if version < F::VERSION => F::upcast(version, &payload),
        _ => None,
    };
    let unknown = || Err(format!("version {} is unknown here, versions up to {} are read", meta.version, F::VERSION));
    upcast.unwrap_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::vocabulary::Answer;
    use jiaohao_domain::{AccountId, Principal, Role};
    use serde::Deserialize;

    use super::*;
    use crate::shell::ledger::{Origin, Remembered};

    /// A form that might come: it says where the command came in.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Second {
        origin: Origin,
        remembered: Remembered,
        door: String,
    }

    /// And one after that.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Third {
        command: CommandMeta,
        door: Option<String>,
    }

    impl From<CommandMeta> for Second {
        fn from(CommandMeta { origin, remembered }: CommandMeta) -> Self {
            Self { origin, remembered, door: String::new() }
        }
    }

    impl From<Second> for Third {
        fn from(Second { origin, remembered, door }: Second) -> Self {
            Self { command: CommandMeta { origin, remembered }, door: (!door.is_empty()).then_some(door) }
        }
    }

    impl Form for Second {
        const VERSION: u8 = 2;

        fn upcast<P: Payload>(version: u8, payload: &P) -> Option<Result<Self, String>> {
            (version == 1).then(|| payload.read().map(|first: CommandMeta| first.into()))
        }
    }

    impl Form for Third {
        const VERSION: u8 = 3;

        fn upcast<P: Payload>(version: u8, payload: &P) -> Option<Result<Self, String>> {
            let second = match version {
                2 => payload.read(),
                _ => Second::upcast(version, payload)?,
            };
            Some(second.map(Third::from))
        }
    }

    fn first() -> CommandMeta {
        let principal = Principal::of(Role::Desk, AccountId::new("a-desk"));
        let origin = Origin::Client { principal, name: "check_in".into(), key: Some(7), body_hash: [3; 16] };
        CommandMeta { origin, remembered: Remembered::Answer(Answer::Number(4)) }
    }

    #[test]
    fn a_meta_of_every_earlier_version_is_read_as_todays() {
        let stored = write(&first());
        assert_eq!(stored.version, 1);
        let CommandMeta { origin, remembered } = first();
        let second = Second { origin, remembered, door: String::new() };
        assert_eq!(of_form(&stored), Ok(second));
        assert_eq!(of_form(&stored), Ok(Third { command: first(), door: None }), "by way of the second");
        let second = Second { door: "live".into(), ..first().into() };
        assert_eq!(of_form(&in_form(&second)), Ok(Third { command: first(), door: Some("live".into()) }));
        assert_eq!(read(&stored), Ok(first()), "as it is");
    }

    #[test]
    fn a_meta_of_an_unknown_version_is_refused_by_name() {
        let later = in_form(&Second::from(first()));
        assert_eq!(read(&later), Err("version 2 is unknown here, versions up to 1 are read".to_owned()));
        let none = Meta { version: 0, ..write(&first()) };
        assert_eq!(of_form::<Third>(&none), Err("version 0 is unknown here, versions up to 3 are read".to_owned()));
        let cut = Meta { version: 1, bytes: later.bytes };
        assert!(read(&cut).is_err_and(|why| why.contains("left over")), "the second form is not the first");
    }
}
