//! Which screens are here, since when, and what they say of themselves. Node-local and in memory: after a restart a
//! screen that has not come back is one that has not been seen yet.

use dashmap::DashMap;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{ScreenId, Timestamp};
use serde_json::{Value, json};

use crate::engine::ScreenNews;

/// So many screens are remembered; beyond, those that are away are forgotten.
const KNOWN: usize = 10_000;

/// What is known of a screen. Times are machine time.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its connections; a screen that comes back before its old socket has ended has two.
    connections: i32,
    /// Since when it is here, or away.
    pub since: Timestamp,
    /// When it was heard of last.
    pub last_seen: Timestamp,
    /// Whether it says that it cannot speak; none: it says nothing about it.
    pub silent: Option<bool>,
    /// What program it says it is.
    pub client: Option<String>,
}

impl Seen {
    /// Whether it is here.
    pub fn is_online(&self) -> bool {
        self.connections > 0
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Screens(DashMap<ScreenId, Seen>);

impl Screens {
    /// News of a screen.
    pub fn note(&self, screen: &ScreenId, news: ScreenNews, now: Timestamp) {
        if matches!(news, ScreenNews::Came) && self.0.len() >= KNOWN {
            self.0.retain(|_, seen| seen.is_online());
        }
        let begin = || Seen { connections: 0, since: now, last_seen: now, silent: None, client: None };
        let mut seen = self.0.entry(screen.clone()).or_insert_with(begin);
        let was_online = seen.is_online();
        seen.last_seen = now;
        match news {
            ScreenNews::Came => seen.connections += 1,
            ScreenNews::Left => seen.connections -= 1,
            ScreenNews::Said { silent, client } => {
                seen.silent = silent;
                seen.client = client;
            }
        }
        if was_online != seen.is_online() {
            seen.since = now;
        }
    }

    /// What is known of a screen; none when it has not come since this process began.
    pub fn seen(&self, screen: &ScreenId) -> Option<Seen> {
        self.0.get(screen).map(|seen| seen.clone())
    }

    /// Adds to each screen of a directory whether it is here, when it was heard of last, and whether it cannot speak.
    pub fn tell(&self, screens: &mut Value, zone: &Zone) {
        for screen in screens.as_array_mut().into_iter().flatten() {
            let seen = screen["screen"].as_str().and_then(|id| self.seen(&ScreenId::new(id)));
            screen["online"] = json!(seen.as_ref().is_some_and(Seen::is_online));
            screen["last_seen"] = json!(seen.as_ref().map(|seen| zone.rfc3339(seen.last_seen)));
            screen["silent"] = json!(seen.and_then(|seen| seen.silent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_says_of_each_screen_whether_it_is_here_and_can_speak() {
        let screens = Screens::default();
        let zone = Zone::named("Asia/Shanghai").expect("a zone");
        screens.note(&ScreenId::from("s.x1"), ScreenNews::Came, Timestamp(0));
        screens.note(&ScreenId::from("s.x1"), ScreenNews::Said { silent: Some(true), client: None }, Timestamp(1000));
        let mut directory = json!([{ "screen": "s.x1" }, { "screen": "s.x2" }]);
        screens.tell(&mut directory, &zone);
        assert_eq!(directory[0]["last_seen"], "1970-01-01T08:00:01.000+08:00");
        assert_eq!((&directory[0]["online"], &directory[0]["silent"]), (&json!(true), &json!(true)));
        assert_eq!(directory[1], json!({ "screen": "s.x2", "online": false, "last_seen": null, "silent": null }));
    }

    #[test]
    fn a_screen_is_here_until_its_last_connection_has_ended() {
        let (screens, screen) = (Screens::default(), ScreenId::from("s.x1"));
        let at = |s: i64| Timestamp(s * 1000);
        assert_eq!(screens.seen(&screen), None);
        screens.note(&screen, ScreenNews::Came, at(1));
        screens.note(&screen, ScreenNews::Said { silent: Some(true), client: Some("page".into()) }, at(3));
        screens.note(&screen, ScreenNews::Came, at(5));
        screens.note(&screen, ScreenNews::Left, at(6));
        let here = screens.seen(&screen).expect("known");
        assert!(here.is_online());
        assert_eq!((here.since, here.last_seen, here.silent), (at(1), at(6), Some(true)));
        screens.note(&screen, ScreenNews::Left, at(9));
        let away = screens.seen(&screen).expect("remembered");
        assert!(!away.is_online());
        assert_eq!((away.since, away.last_seen), (at(9), at(9)));
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let screens = Screens::default();
        for n in 0..=KNOWN {
            let screen = ScreenId::from(format!("s.x{n}").as_str());
            screens.note(&screen, ScreenNews::Came, Timestamp(0));
            if n > 0 {
                screens.note(&screen, ScreenNews::Left, Timestamp(0));
            }
        }
        assert_eq!(screens.0.len(), 2, "who is here, and the newest");
    }
}
