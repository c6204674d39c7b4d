//! Wishes that wait for owners. Each is looked at when one that it lacks has come, and else only when its time is over:
//! however many wait for one that is silent, nobody else's messages meet them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiaohao_domain::{OwnerRef, Rejection};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Subscription;
use crate::fanout::Position;

/// At most so many subscriptions wait for their sources; beyond, `overloaded`.
const WAITING: usize = 65_536;
/// A subscription waits at most so long for its sources.
pub(super) const SUBSCRIBE_WITHIN_MS: i64 = 5_000;
/// … and so long for the owners beside them.
pub(super) const BESIDE_WITHIN_MS: i64 = 1_000;

pub(super) enum Wish {
    Follow(Subscription),
    Look(String, oneshot::Sender<Result<(Position, Value), Rejection>>),
}

impl Wish {
    pub(super) fn stream(&self) -> &str {
        match self {
            Self::Follow(subscription) => &subscription.stream,
            Self::Look(stream, _) => stream,
        }
    }

    pub(super) fn refuse(self, rejection: Rejection) {
        match self {
            Self::Follow(subscription) => (subscription.done)(Err(rejection)),
            Self::Look(_, answer) => {
                // The asker may have gone away.
                let _ = answer.send(Err(rejection));
            }
        }
    }
}

/// When a wish came (machine time), and as which: it keeps its place however often it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) since_ms: i64,
    number: u64,
}

/// Of which owners a stream was found to be made.
#[derive(Default)]
pub(super) struct MadeOf {
    /// All of them.
    pub(super) owners: Vec<OwnerRef>,
    /// Those that have to come.
    pub(super) missing: Vec<OwnerRef>,
    /// Whether one of these is a source, without which there is no stream.
    pub(super) lacks_source: bool,
}

struct Waiting {
    wish: Wish,
    made_of: MadeOf,
}

#[derive(Default)]
pub(super) struct Wishes {
    waiting: BTreeMap<Place, Waiting>,
    /// Whose coming which of them wait for.
    lacking: HashMap<OwnerRef, BTreeSet<Place>>,
    last_number: u64,
}

impl Wishes {
    /// The place of a wish that comes now.
    pub(super) fn place(&mut self, now_ms: i64) -> Place {
        self.last_number += 1;
        Place { since_ms: now_ms, number: self.last_number }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING
    }

    pub(super) fn keep(&mut self, place: Place, wish: Wish, made_of: MadeOf) {
        for owner in &made_of.missing {
            self.lacking.entry(owner.clone()).or_default().insert(place);
        }
        self.waiting.insert(place, Waiting { wish, made_of });
    }

    /// Takes out, in their order, those that lack one of these owners.
    pub(super) fn take_lacking(&mut self, owners: &[OwnerRef]) -> Vec<(Place, Wish)> {
        let places: BTreeSet<Place> =
            owners.iter().filter_map(|owner| self.lacking.get(owner)).flatten().copied().collect();
        self.take(places)
    }

    /// Takes out, in their order, those that have waited long enough.
    pub(super) fn take_late(&mut self, now_ms: i64) -> Vec<(Place, Wish)> {
        let waits_ms = |place: &Place| now_ms - place.since_ms;
        let long = self.waiting.iter().take_while(|(place, _)| waits_ms(place) > BESIDE_WITHIN_MS);
        let is_late = |(place, waiting): &(&Place, &Waiting)| {
            !waiting.made_of.lacks_source || waits_ms(place) > SUBSCRIBE_WITHIN_MS
        };
        let late: Vec<Place> = long.filter(is_late).map(|(place, _)| *place).collect();
        self.take(late)
    }

    fn take(&mut self, places: impl IntoIterator<Item = Place>) -> Vec<(Place, Wish)> {
        let mut taken = Vec::new();
        for place in places {
            let Some(Waiting { wish, made_of }) = self.waiting.remove(&place) else { continue };
            for owner in made_of.missing {
                if let Some(places) = self.lacking.get_mut(&owner) {
                    places.remove(&place);
                    if places.is_empty() {
                        self.lacking.remove(&owner);
                    }
                }
            }
            taken.push((place, wish));
        }
        taken
    }

    /// Who is waited for.
    pub(super) fn lacked(&self) -> impl Iterator<Item = &OwnerRef> {
        self.lacking.keys()
    }

    /// Of whom the streams that are wished for are made.
    pub(super) fn owners(&self) -> impl Iterator<Item = &OwnerRef> {
        self.waiting.values().flat_map(|waiting| &waiting.made_of.owners)
    }
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::OwnerKind;

    use super::*;

    fn owner(id: &str) -> OwnerRef {
        OwnerRef::new(OwnerKind::Probe, id)
    }

    /// Wishes by their streams, each with the sources and those beside them that it lacks.
    fn waiting(all: &[(&str, i64, &[&str], &[&str])]) -> Wishes {
        let mut wishes = Wishes::default();
        for (stream, since_ms, sources, beside) in all {
            let place = wishes.place(*since_ms);
            let missing: Vec<OwnerRef> = sources.iter().chain(*beside).map(|id| owner(id)).collect();
            let made_of = MadeOf { owners: missing.clone(), missing, lacks_source: !sources.is_empty() };
            wishes.keep(place, Wish::Look((*stream).into(), oneshot::channel().0), made_of);
        }
        wishes
    }

    fn streams(taken: Vec<(Place, Wish)>) -> Vec<String> {
        taken.iter().map(|(_, wish)| wish.stream().to_owned()).collect()
    }

    #[test]
    fn who_comes_concerns_those_that_lack_it_in_the_order_in_which_they_came() {
        let mut wishes = waiting(&[("1", 0, &["a"], &[]), ("2", 0, &["b", "c"], &[]), ("3", 1, &["a", "b"], &[])]);
        assert!(wishes.take_lacking(&[owner("d")]).is_empty());
        assert_eq!(streams(wishes.take_lacking(&[owner("c"), owner("a")])), ["1", "2", "3"]);
        assert_eq!((wishes.lacked().count(), wishes.owners().count()), (0, 0), "something is left of them");
    }

    #[test]
    fn a_source_is_waited_for_long_and_who_is_beside_it_a_moment() {
        let all: [(_, _, &[&str], &[&str]); 3] =
            [("source", 0, &["a"], &["b"]), ("beside", 0, &[], &["b"]), ("young", 900, &[], &["b"])];
        let mut wishes = waiting(&all);
        assert!(wishes.take_late(BESIDE_WITHIN_MS).is_empty());
        assert_eq!(streams(wishes.take_late(BESIDE_WITHIN_MS + 1)), ["beside"]);
        assert_eq!(streams(wishes.take_late(SUBSCRIBE_WITHIN_MS)), ["young"]);
        assert_eq!(streams(wishes.take_late(SUBSCRIBE_WITHIN_MS + 1)), ["source"]);
        assert_eq!(wishes.lacked().count(), 0);
    }
}
