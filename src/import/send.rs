//! What differs is sent, a command a row, each with a key of its own: asked again after a broken connection it counts once.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use jiaohao_domain::redacted::Redacted;
use serde_json::{Value, json};

use super::file::Fault;
use super::kinds::Kind;
use super::plan::{Change, Wish};
use crate::clients::Refusal;
use crate::clients::http::Door;
use crate::http::resources::RESOURCES;
use crate::identity::chance;

/// A department hears of a new queue, room or doctor a moment after its site: a session is asked for again until then.
const HEARD_WITHIN: usize = 25;
const HEARD_AGAIN: Duration = Duration::from_millis(200);
/// Letters and digits of a made password, none like another.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Characters of a made password.
const LENGTH: usize = 16;

/// Made passwords go here, a line of account and password each, for its owner's eyes only.
pub struct Made {
    file: std::fs::File,
}

impl Made {
    /// A new file with mode 0600.
    ///
    /// # Errors
    /// It is there already, or cannot be made: what to do, in words.
    pub fn begin(path: &Path) -> Result<Self, String> {
        let begin = || -> std::io::Result<Self> {
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(b"account,password\n")?;
            Ok(Self { file })
        };
        begin().map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!(
                "{}: there is such a file already, and it may hold passwords that are still to be handed out: name another by \
                 --passwords",
                path.display()
            ),
            _ => format!("{}: {error}", path.display()),
        })
    }

    /// A password for that account, on disk before anybody hears of it.
    fn password(&mut self, account: &str) -> std::io::Result<Redacted<String>> {
        let most = u32::try_from(LETTERS.len()).unwrap_or(1);
        let letter = || char::from(LETTERS[chance::below(most) as usize]);
        let password: String = std::iter::repeat_with(letter).take(LENGTH).collect();
        writeln!(self.file, "{account},{password}")?;
        self.file.sync_data()?;
        Ok(Redacted::new(password))
    }
}

/// Sends one thing, unless it is as it was: what the server refuses, with its line.
///
/// # Errors
/// The server cannot be reached or lets nobody in any more, or a made password could not be written down.
pub async fn send(door: &Door, token: &str, wish: &Wish, made: &mut Option<Made>) -> Result<Option<Fault>, Refusal> {
    if matches!(wish.change, Change::Same | Change::Over) {
        return Ok(None);
    }
    let mut fields = wish.fields.clone();
    if wish.kind == Kind::Staff && wish.change == Change::Made {
        let password = match (&wish.password, made.as_mut()) {
            (Some(password), _) => password.clone(),
            (None, Some(made)) => made.password(&wish.id).map_err(Refusal::door)?,
            (None, None) => return Err(Refusal::door("there is no file for made passwords")),
        };
        fields["password"] = json!(password.reveal());
        fields["new"] = json!(true);
    }
    let found = RESOURCES.iter().find(|(_, _, command)| *command == wish.command());
    let &(method, path, _) = found.ok_or_else(|| Refusal::door("there is no such resource"))?;
    let mut answered = door.insist(method, path, Some(token), &fields).await;
    for _ in 0..HEARD_WITHIN {
        let is_early = matches!(wish.kind, Kind::Sessions | Kind::Templates | Kind::Exceptions)
            && wish.change != Change::Retired
            && answered.as_ref().is_err_and(|why| why.code == "forbidden");
        if !is_early {
            break;
        }
        tokio::time::sleep(HEARD_AGAIN).await;
        answered = door.insist(method, path, Some(token), &fields).await;
    }
    match answered {
        Ok(_) => Ok(None),
        Err(why) if why.is_passing() || why.code == "unauthenticated" => Err(why),
        Err(why) => Ok(Some(Fault {
            file: wish.file.clone(),
            line: wish.line,
            column: None,
            says: says(&why),
            code: Some(why.code),
        })),
    }
}

/// A refusal in words, with what it is about.
fn says(why: &Refusal) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let about = why.valid_now.iter().filter(|(name, _)| *name != "field");
    let about: Vec<String> = about.map(|(name, value)| format!("{name} {}", word(value))).collect();
    if about.is_empty() { why.detail.clone() } else { format!("{} ({})", why.detail, about.join(", ")) }
}
