//! What the edge knows of a pre-check before its department is asked.

use jiaohao_domain::vocabulary::ClientCommand;
use jiaohao_domain::{Code, Rejection};

use super::{House, site};

/// Whether somebody comes, and may be asked first.
pub(super) fn is_arrival(command: &ClientCommand) -> bool {
    matches!(command, ClientCommand::CheckIn(_) | ClientCommand::RegisterWalkIn(_) | ClientCommand::RegisterReturn(_))
}

impl House {
    /// Nobody is sent on to a queue that its site does not have (any more): `unknown_id`, with which. One that is retired
    /// while the ticket is on its way the other department refuses.
    pub(super) async fn check_sent_to(&self, command: &ClientCommand) -> Result<(), Rejection> {
        let pre_check = match command {
            ClientCommand::CheckIn(c) => &c.pre_check,
            ClientCommand::RegisterWalkIn(c) => &c.pre_check,
            ClientCommand::RegisterReturn(c) => &c.pre_check,
            _ => return Ok(()),
        };
        let Some(to) = pre_check.as_ref().and_then(|pre_check| pre_check.to.clone()) else { return Ok(()) };
        let unknown = vec![to.to_string()];
        let is_there = move |state: &jiaohao_domain::site::State| {
            let is_open = state.departments.get(&to.department()).is_some_and(|known| !known.retired);
            is_open && state.queues.get(&to).is_some_and(|known| !known.retired)
        };
        let at = site(unknown[0].split('.').next().unwrap_or_default());
        match self.shell.read(at, is_there).await? {
            true => Ok(()),
            false => Err(Rejection::new(Code::UnknownId, unknown.join(", ")).with("unknown", unknown)),
        }
    }
}
