//! The file as others read it: by a parser that is not ours, and in octets.

use ical::IcalParser;
use ical::parser::ical::component::IcalEvent;
use ical::property::Property;
use proptest::prelude::*;

use super::lines::OCTETS_MAX;
use super::*;

/// 10:20 in Shanghai.
const START: Timestamp = Timestamp(1_795_400_400_000);
const MINUTE_MS: i64 = 60_000;

fn known() -> Entry {
    Entry {
        start: START,
        end: START.plus_min(30),
        delay_min: 20,
        sequence: 3,
        off: None,
        department: "心血管内科".to_owned(),
        whose: "欧阳明".to_owned(),
        room: "3号诊室".to_owned(),
        number: Some("A012".to_owned()),
        check_in_from: Some(START.plus_min(-80)),
        cancel_until: Some(START.plus_min(-17 * 60 - 20)),
        has_fee: true,
    }
}

#[test]
fn a_fee_that_nobody_takes_does_not_come_back() {
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    let told = |has_fee, language| description(&Entry { has_fee, ..known() }, language, zone);
    assert!(told(true, Language::Zh).contains("费用全额退回") && told(true, Language::En).contains("the fee"));
    for (language, words) in
        [(Language::Zh, "如需取消,请在 11月22日 17:00 前。"), (Language::En, "please do so before 22 Nov 17:00")]
    {
        let told = told(false, language);
        assert!(told.contains(words) && !told.contains("费用") && !told.contains("fee"), "{told}");
    }
}

fn written(entry: &Entry, hospital: &str, language: Language) -> String {
    let id = AppointmentId::from("renmin.heart.b20261123-00000000000000ab");
    let zone = Zone::named("Asia/Shanghai").expect("a zone");
    file(&id, entry, hospital, language, zone, Timestamp(START.0 - 86_400_000))
}

/// What stands behind a name: once, and as it was before it was escaped.
fn value(properties: &[Property], name: &str) -> String {
    let mut found = properties.iter().filter(|one| one.name == name);
    let (one, more) = (found.next().unwrap_or_else(|| panic!("no {name}")), found.next());
    assert!(more.is_none(), "{name} stands twice");
    let (mut text, mut escaped) = (String::new(), false);
    for c in one.value.as_deref().unwrap_or_default().chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n') => (text, escaped) = (text + "\n", false),
            (_, c) => (text, escaped) = (text + &c.to_string(), false),
        }
    }
    text
}

/// Reads the one event back, and looks at every line on the way.
fn read(file: &str) -> (String, IcalEvent) {
    assert!(file.ends_with("END:VCALENDAR\r\n"), "{file}");
    for line in file.split_terminator("\r\n") {
        assert!(line.len() <= OCTETS_MAX, "{} octets: {line}", line.len());
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    let mut calendars: Vec<_> =
        IcalParser::new(file.as_bytes()).collect::<Result<_, _>>().unwrap_or_else(|why| panic!("{why}: {file}"));
    let calendar = calendars.pop().expect("one calendar");
    assert_eq!((calendars.len(), calendar.events.len()), (0, 1));
    assert_eq!(value(&calendar.properties, "VERSION"), "2.0");
    assert!(value(&calendar.properties, "PRODID").starts_with("-//Jiaohao//"));
    (value(&calendar.properties, "METHOD"), calendar.events.into_iter().next().expect("one"))
}

#[test]
fn a_booking_is_an_event_with_one_alarm_in_the_language_of_who_reads_it() {
    let (method, event) = read(&written(&known(), "市人民医院", Language::Zh));
    let of = |name: &str| value(&event.properties, name);
    assert_eq!([method, of("STATUS"), of("SEQUENCE")], ["PUBLISH", "CONFIRMED", "3"]);
    assert_eq!([of("DTSTART"), of("DTEND")], ["20261123T022000Z", "20261123T025000Z"]);
    assert_eq!(of("DTSTAMP"), "20261122T022000Z");
    assert_eq!(of("UID"), "b20261123-00000000000000ab@jiaohao", "the department may hide its name");
    assert_eq!([of("SUMMARY"), of("LOCATION")], ["心血管内科 · 欧阳明", "市人民医院 · 3号诊室"]);
    let said =
        "号码:A012\n门诊延迟约20分钟,原定 10:00。\n11月23日 09:00 起可以签到。\n11月22日 17:00 前取消,费用全额退回。";
    assert_eq!(of("DESCRIPTION"), said);
    let [alarm] = &event.alarms[..] else { panic!("{} alarms", event.alarms.len()) };
    let alarm_says = ["ACTION", "TRIGGER", "DESCRIPTION"].map(|name| value(&alarm.properties, name));
    assert_eq!(alarm_says, ["DISPLAY", "-PT2H", "心血管内科 · 欧阳明"]);
    let (_, event) = read(&written(&known(), "People's Hospital", Language::En));
    let said = value(&event.properties, "DESCRIPTION");
    assert!(said.contains("Number: A012\nThe clinic is about 20 minutes late; it was planned for 10:00.\n"), "{said}");
    assert!(said.contains("on 23 Nov 09:00.\nCancelled before 22 Nov 17:00, the fee"), "{said}");
}

#[test]
fn what_does_not_take_place_is_taken_out_and_says_why_without_an_alarm() {
    let of_ended = [
        (Off::Cancelled, Language::Zh, "已取消 · 心血管内科 · 欧阳明"),
        (Off::Cancelled, Language::En, "Cancelled · 心血管内科 · 欧阳明"),
        (Off::Stopped, Language::Zh, "停诊 · 心血管内科 · 欧阳明"),
        (Off::Stopped, Language::En, "No clinic · 心血管内科 · 欧阳明"),
    ];
    for (off, language, summary) in of_ended {
        let entry = Entry { off: Some(off), check_in_from: None, cancel_until: None, ..known() };
        let (method, event) = read(&written(&entry, "医院", language));
        let of = |name: &str| value(&event.properties, name);
        assert_eq!([method, of("STATUS"), of("SUMMARY")], ["CANCEL", "CANCELLED", summary]);
        assert!(event.alarms.is_empty());
        assert_eq!(of("UID"), "b20261123-00000000000000ab@jiaohao", "the same, or nothing is taken out");
    }
}

#[test]
fn a_department_without_a_name_to_tell_is_an_appointment_in_a_hospital() {
    let entry = Entry { department: String::new(), whose: String::new(), room: String::new(), ..known() };
    for (language, summary) in [(Language::Zh, "医院预约"), (Language::En, "Hospital appointment")] {
        let (_, event) = read(&written(&entry, "医院", language));
        assert_eq!(value(&event.properties, "SUMMARY"), summary);
        assert_eq!(value(&event.properties, "LOCATION"), "医院");
    }
}

/// Without what is not seen at the end of a line: this parser leaves it out. (And each colon that a value begins with.)
fn seen(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() && c != '\n')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_a_hospital_calls_things_the_file_is_whole_and_says_it(
        name in "(医\\PC{0,199})?", room in "(室[\\\\;:,\"\n 医院\u{1f3e5}a]{0,90})?", minutes in 0i64..600_000,
    ) {
        let start = START.plus_ms(minutes * MINUTE_MS);
        let entry = Entry { start, end: start.plus_min(30), department: name.clone(), whose: String::new(), room, ..known() };
        let (_, event) = read(&written(&entry, &name, Language::Zh));
        let what = if name.is_empty() { "医院预约" } else { &name };
        prop_assert_eq!(value(&event.properties, "SUMMARY"), seen(what));
        let place = joined([&name, &entry.room]);
        prop_assert_eq!(value(&event.properties, "LOCATION"), seen(&place));
    }
}
