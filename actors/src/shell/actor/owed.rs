//! Sending again: what other owners are owed and have not acknowledged, and what is asked of them and not answered. Somebody
//! who stays silent (a closed owner) is sent little, and seldom: what waits for it stays in the ledger, whole, and what it is
//! asked in the state. A request has no number: it is answered when the state does not ask it any more.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use actix::{AsyncContext, Context as ActorContext};
use jiaohao_domain::{Code, Message, Outgoing, Owner, OwnerRef, Rejection};

use super::OwnerActor;
use crate::codec;
use crate::shell::ledger::{Origin, Waiting};
use crate::shell::message::{Envelope, Release, Reply, ToActor};

/// Effects and requests without an answer are sent again after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// A receiver is sent so many effects at once, and the next ones when it has acknowledged these. So many requests too, and
/// the next ones in the next round.
pub(crate) const AT_ONCE: usize = 256;
/// A silent receiver is sent to in the 1st, 2nd, 4th, 8th … round, and from this one on in every 32nd: once a minute.
const SELDOM: u32 = 32;

/// Above so many effects owed to one receiver, commands of clients that would owe it one more are refused. What the house
/// itself has to go on with (deadlines, effects of others) is not: it comes of what clients began.
pub(crate) const OWED_MAX: usize = if cfg!(test) { 3_000 } else { 10_000 };

/// What is known of a receiver that has been sent to again.
#[derive(Clone, Copy, Default)]
pub(super) struct Again {
    /// Rounds since it has acknowledged anything.
    silent_rounds: u32,
    /// The last number sent, while more waits behind it.
    up_to: Option<u64>,
}

impl Again {
    fn is_due(self) -> bool {
        is_due(self.silent_rounds)
    }
}

fn is_due(silent_rounds: u32) -> bool {
    silent_rounds.is_power_of_two() || silent_rounds.is_multiple_of(SELDOM)
}

/// What is known of a receiver that is asked something, from round to round.
#[derive(Default)]
pub(super) struct Asking {
    /// Rounds since it has answered anything or something new was asked of it.
    silent_rounds: u32,
    /// What was open in the last round, by digest: first what has its turn next.
    turns: VecDeque<u64>,
}

impl Asking {
    /// One more round: which of the requests that are open now, by digest, are asked again in it.
    fn round(&mut self, digests: &[u64]) -> Vec<usize> {
        let open: HashMap<u64, usize> = digests.iter().copied().zip(0..).collect();
        let before = self.turns.len();
        self.turns.retain(|digest| open.contains_key(digest));
        let known: HashSet<u64> = self.turns.iter().copied().collect();
        let is_answered = known.len() < before;
        self.turns.extend(digests.iter().filter(|digest| !known.contains(digest)));
        if is_answered || self.turns.len() > known.len() {
            self.silent_rounds = 0;
        }
        self.silent_rounds = self.silent_rounds.saturating_add(1);
        if !is_due(self.silent_rounds) {
            return Vec::new();
        }
        let at_once = self.turns.len().min(AT_ONCE);
        let mut turn: Vec<usize> = self.turns.iter().take(at_once).map(|digest| open[digest]).collect();
        self.turns.rotate_left(at_once);
        turn.sort_unstable();
        turn
    }
}

impl<O: Owner> OwnerActor<O> {
    /// Who is owed so much already that this client's command must not add to it.
    pub(super) fn owes_too_much(&self, origin: &Origin, outgoing: &[Outgoing]) -> Option<OwnerRef> {
        let is_full = |item: &Outgoing| match item {
            Outgoing::Effect(to, _) if self.ledger.owed(to) >= OWED_MAX => Some(to.clone()),
            _ => None,
        };
        matches!(origin, Origin::Client { .. }).then(|| outgoing.iter().find_map(is_full)).flatten()
    }

    /// Nothing of the decision is kept: the one who has to hear of it takes nothing.
    pub(super) fn refuse_owing(&mut self, to: &OwnerRef, reply: Option<Reply>) {
        self.undo();
        metrics::counter!("effects_refused_total").increment(1);
        let why = "a part that has to hear of this has stopped and is owed too much; operations know";
        let owed = u32::try_from(OWED_MAX).unwrap_or(u32::MAX);
        let why = Rejection::new(Code::OwnerFailed, why).with("stopped", &*to.id).with("owed", owed);
        self.submit_barrier(Release::outcome(reply, Err(why)));
    }

    pub(super) fn plan_resend(&mut self, ctx: &mut ActorContext<Self>) {
        if self.resend_planned.is_none() {
            self.resend_planned = Some(ctx.notify_later(ToActor::Resend, AGAIN_AFTER));
        }
    }

    /// Sends again, in order, what is owed and what is asked.
    pub(super) fn resend(&mut self, ctx: &mut ActorContext<Self>) {
        if let Some(planned) = self.resend_planned.take() {
            ctx.cancel_future(planned);
        }
        if self.closed || self.gone {
            return;
        }
        let mut deliveries = Vec::new();
        let mut before = std::mem::take(&mut self.again);
        let owing: Vec<OwnerRef> = self.ledger.owing().cloned().collect();
        for to in owing {
            let waiting = self.waiting_for(&to);
            if waiting.in_all == 0 {
                continue;
            }
            let mut again = before.remove(&to).unwrap_or_default();
            again.silent_rounds = again.silent_rounds.saturating_add(1);
            if again.silent_rounds.is_multiple_of(SELDOM) {
                metrics::counter!("effects_unheard_total").increment(1);
                self.shell.unheard.insert((self.owner.clone(), to.clone()), waiting.in_all);
                let (from, effects) = (&self.owner, waiting.in_all);
                tracing::error!(?from, ?to, effects, "an owner does not take what it is owed; it is kept for it");
            }
            if again.is_due() {
                again.up_to = waiting.up_to();
                deliveries.extend(self.effects(&to, waiting));
            }
            self.again.insert(to, again);
        }
        self.ask_again(&mut deliveries);
        if !self.again.is_empty() || !self.asking.is_empty() {
            self.plan_resend(ctx);
        }
        self.send_again(deliveries);
    }

    /// Something new is asked of it, which may be answered before the next round.
    pub(super) fn asks_anew(&mut self, to: &OwnerRef) {
        if let Some(asking) = self.asking.get_mut(to) {
            asking.silent_rounds = 0;
        }
    }

    fn ask_again(&mut self, deliveries: &mut Vec<(OwnerRef, ToActor)>) {
        let mut requests = Vec::new();
        O::open_requests(&self.state, &mut requests);
        let mut open = BTreeMap::<OwnerRef, Vec<Message>>::new();
        for item in requests {
            if let Outgoing::Request(to, message) = item {
                open.entry(to).or_default().push(message);
            }
        }
        let mut before = std::mem::take(&mut self.asking);
        for (to, messages) in open {
            let mut asking = before.remove(&to).unwrap_or_default();
            let digests: Vec<u64> = messages.iter().map(digest).collect();
            for at in asking.round(&digests) {
                let envelope = Envelope { message: messages[at].clone(), origin: self.as_request(), reply: None };
                deliveries.push((to.clone(), ToActor::Envelope(envelope)));
            }
            self.asking.insert(to, asking);
        }
    }

    /// The receiver has everything up to this number: it is sent what waits behind that, if more does.
    pub(super) fn acknowledged(&mut self, by: OwnerRef, up_to: u64) {
        if !self.ledger.awaits(&by, up_to) {
            return;
        }
        self.shell.unheard.remove(&(self.owner.clone(), by.clone()));
        self.unsaved_acks.retain(|(to, _)| *to != by);
        self.unsaved_acks.push((by.clone(), up_to));
        let Some(again) = self.again.get_mut(&by) else { return };
        again.silent_rounds = 0;
        if again.up_to.is_none_or(|last| up_to < last) {
            return;
        }
        let waiting = self.waiting_for(&by);
        self.again.insert(by.clone(), Again { silent_rounds: 0, up_to: waiting.up_to() });
        let deliveries = self.effects(&by, waiting);
        self.send_again(deliveries);
    }

    /// What that receiver is owed and has not acknowledged, also where no record states the acknowledgement yet.
    fn waiting_for(&self, to: &OwnerRef) -> Waiting {
        let has = self.unsaved_acks.iter().find(|(by, _)| by == to).map_or(0, |(_, up_to)| *up_to);
        self.ledger.waiting(to, has, AT_ONCE)
    }

    fn effects(&self, to: &OwnerRef, waiting: Waiting) -> Vec<(OwnerRef, ToActor)> {
        let envelope = |(number, message)| {
            let origin = Origin::Effect { from: self.owner.clone(), number };
            (to.clone(), ToActor::Envelope(Envelope { message, origin, reply: None }))
        };
        waiting.first.into_iter().map(envelope).collect()
    }

    fn send_again(&self, deliveries: Vec<(OwnerRef, ToActor)>) {
        if !deliveries.is_empty() {
            metrics::counter!("resent_total").increment(deliveries.len() as u64);
            self.submit_barrier(Release { deliveries, ..Release::default() });
        }
    }
}

/// Within this process: two of one digest would at worst be asked in turn as one.
fn digest(message: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(&codec::encode(message).expect("messages encode: plain owned data"));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In which of so many rounds anything is asked.
    fn asked_in(asking: &mut Asking, rounds: u32, open: &[u64]) -> Vec<u32> {
        (1..=rounds).filter(|_| !asking.round(open).is_empty()).collect()
    }

    #[test]
    fn who_answers_nothing_is_asked_ever_more_seldom_until_what_it_is_asked_changes() {
        let mut asking = Asking::default();
        assert_eq!(asked_in(&mut asking, 70, &[1, 2]), [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!(asked_in(&mut asking, 9, &[1, 2, 3]), [1, 2, 4, 8], "one more is asked");
        assert_eq!(asked_in(&mut asking, 9, &[2, 3]), [1, 2, 4, 8], "one is answered");
        assert_eq!(asked_in(&mut asking, 9, &[2, 4]), [1, 2, 4, 8], "one is another one");
    }

    #[test]
    fn of_many_requests_each_has_its_turn() {
        let (mut asking, few) = (Asking::default(), AT_ONCE as u64);
        let mut open: Vec<u64> = (0..few * 2 + 10).collect();
        let mut round = |open: &[u64]| asking.round(open).into_iter().map(|at| open[at]).collect::<Vec<_>>();
        assert_eq!(round(&open), (0..few).collect::<Vec<_>>());
        // Some are answered, and what is new comes behind those that have waited.
        open.retain(|n| *n >= 10);
        open.insert(0, 9_999);
        assert_eq!(round(&open), (few..few * 2).collect::<Vec<_>>());
        assert_eq!(round(&open), (10..few).chain(few * 2..few * 2 + 10).collect::<Vec<_>>());
        assert_eq!(round(&open), [0; 0], "nothing has changed for the third time");
        assert_eq!(round(&open)[0], 9_999);
    }

    #[test]
    fn what_is_not_answered_is_asked_again_however_much_else_is() {
        let mut asking = Asking::default();
        asking.round(&[0, 1]);
        for n in 2..100 {
            assert_eq!(asking.round(&[0, n]), [0, 1], "others come and are answered");
        }
    }

    #[test]
    fn who_is_silent_is_sent_to_ever_more_seldom_but_once_a_minute() {
        let is_due = |silent_rounds: &u32| Again { silent_rounds: *silent_rounds, up_to: None }.is_due();
        assert_eq!((1..=130).filter(is_due).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 96, 128]);
    }
}
