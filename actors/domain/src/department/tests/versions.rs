//! A stored kind's version is asked of the part that has the kind: by every event that was ever stored.

use crate::department::versions::Part;
use crate::department::{Department, Event};
use crate::owner::Owner;

#[test]
fn each_kinds_own_table_is_asked() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/stored/department");
    let mut asked = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the golden files") {
        let name = entry.expect("a file").file_name().into_string().expect("text");
        let Some((kind, version)) = name
            .split_once('-')
            .and_then(|(kind, rest)| Some((kind.parse::<u16>().ok()?, rest.rsplit_once(".v")?.1.parse::<u16>().ok()?)))
        else {
            continue;
        };
        if version != Department::event_version(kind) {
            continue;
        }
        let text = std::fs::read_to_string(format!("{folder}/{name}")).expect("a golden file");
        for line in text.lines() {
            let event: Event =
                serde_json::from_str(line.split_once(' ').expect("bytes and meaning").1).expect("an event");
            let part = match &event {
                Event::Config(_) => Part::Config,
                Event::Clinic(_) => Part::Clinic,
                Event::Floor(_) => Part::Floor,
                Event::Plan(_) => Part::Plan,
                Event::Payment(_) => Part::Payment,
                Event::Waitlist(_) => Part::Waitlist,
                Event::Release(_) => Part::Release,
            };
            assert_eq!((Department::event_kind(&event).0, Part::of(kind)), (kind, Some(part)), "{name}");
            asked.insert(kind);
        }
    }
    assert!(asked.len() > 120, "only {} kinds were found", asked.len());
}
