//! Who is asked before what, and who may hear. Pure; used by the room's rules.

use super::state::{Participant, ParticipantId, Recording, RecordingPolicy, State};

/// Whether this person may hear and see the others now. A later joiner is asked first; where recording is required and
/// was refused nobody hears, and the consultation goes on in text.
pub fn may_hear(state: &State, participant: &str) -> bool {
    let Some(one) = state.participants.get(participant) else { return false };
    if state.ended.is_some() || !one.is_present() || !one.is_in_calls() {
        return false;
    }
    match state.recording {
        Recording::Idle => !is_required(state),
        Recording::Running => one.has_agreed(),
        // While the question is open the call goes on as it was: without a recording, and only where none is required.
        Recording::Asking => !is_required(state),
        Recording::Refused => false,
    }
}

/// Whether this person has to answer the recording question before anything else.
pub fn is_asked(state: &State, one: &Participant) -> bool {
    matches!(state.recording, Recording::Asking | Recording::Running) && one.is_in_calls() && one.consent.is_none()
}

/// Whether the site records every consultation of this kind.
pub fn is_required(state: &State) -> bool {
    state.opening.as_ref().is_some_and(|opening| opening.recording == RecordingPolicy::Required)
}

/// Whether everybody who is in the call has agreed: both sides at least.
pub fn all_agreed(state: &State) -> bool {
    let present: Vec<_> = state.participants.values().filter(|one| one.is_present() && one.is_in_calls()).collect();
    present.len() >= 2 && present.iter().all(|one| one.has_agreed())
}

/// Everybody who is asked now, for the page.
pub fn asked(state: &State) -> Vec<&ParticipantId> {
    state.participants.iter().filter(|(_, one)| one.is_present() && is_asked(state, one)).map(|(id, _)| id).collect()
}
