//! What one connection follows. What is asked about a stream (to follow it, to follow it no more, whether it still may be)
//! is done in the order in which it was asked, each when the one before it has come to its end: no answer speaks of a
//! stream that another one is still about to open. Other streams do not wait.

use std::sync::Arc;

use crate::engine::{Turn, Turns};

/// So much may be under way about one stream: while the log hangs a client asks again and again.
const UNDER_WAY_MAX: usize = 64;

/// See the module.
#[derive(Default)]
pub struct Followed(Vec<Stream>);

/// A stream that is followed, or that something is being done about.
struct Stream {
    name: Arc<str>,
    is_followed: bool,
    /// What was asked about it and has not come to its end.
    under_way: usize,
    turns: Turns,
}

impl Followed {
    /// All of them, also those that are only asked for.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.0.iter().map(|stream| stream.name.clone()).collect()
    }

    /// Whether [`UNDER_WAY_MAX`] things asked about it have not come to their end: nobody asks to follow it before some have.
    pub fn is_asked_too_often(&self, name: &str) -> bool {
        self.0.iter().any(|stream| *stream.name == *name && stream.under_way >= UNDER_WAY_MAX)
    }

    /// The turn of what is asked about a stream; none when it would be a new one beyond `most`. Whoever has it says
    /// [`Followed::done`] before giving it back.
    pub fn turn(&mut self, name: &Arc<str>, most: usize) -> Option<Turn> {
        let at = self.0.iter().position(|stream| stream.name == *name);
        if at.is_none() && self.0.len() >= most {
            return None;
        }
        let at = at.unwrap_or_else(|| {
            self.0.push(Stream { name: name.clone(), is_followed: false, under_way: 0, turns: Turns::default() });
            self.0.len() - 1
        });
        let stream = &mut self.0[at];
        stream.under_way += 1;
        Some(stream.turns.take())
    }

    /// What had the turn has come to its end: the stream is followed from now on, or no more, or (none) as before.
    pub fn done(&mut self, name: &str, is_followed: Option<bool>) {
        let Some(at) = self.0.iter().position(|stream| *stream.name == *name) else { return };
        let stream = &mut self.0[at];
        stream.under_way -= 1;
        stream.is_followed = is_followed.unwrap_or(stream.is_followed);
        if !stream.is_followed && stream.under_way == 0 {
            self.0.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_counts_from_the_first_asking_to_the_last_end() {
        let mut followed = Followed::default();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let mut first = followed.turn(&a, 1).expect("room");
        let mut second = followed.turn(&a, 1).expect("the same stream is not one more");
        assert!(first.has_come() && !second.has_come());
        assert!(followed.turn(&b, 1).is_none());
        followed.done("a", Some(true));
        drop(first);
        assert!(second.has_come());
        followed.done("a", None);
        assert_eq!(followed.names().len(), 1, "what failed leaves what was before");
        assert!(followed.turn(&a, 0).is_some());
        let asked = (0..UNDER_WAY_MAX).map(|_| followed.turn(&a, 1)).collect::<Vec<_>>();
        assert!(followed.is_asked_too_often("a") && !followed.is_asked_too_often("b"));
        asked.iter().for_each(|_| followed.done("a", None));
        assert!(!followed.is_asked_too_often("a"));
        followed.done("a", Some(false));
        assert!(followed.names().is_empty() && followed.turn(&a, 0).is_none());
    }
}
