//! A calendar's file (iCalendar, RFC 5545) as its events and what each says. Which of it can be planned is `events`' to say.

use std::ops::ControlFlow;

use super::file::{Fault, ROWS_MAX, decode, repeated};

/// The longest line of content, unfolded, in bytes: a description may be long, a clinic's hours are not.
const LINE_MAX: usize = 64 << 10;
/// Components within each other at most; a calendar's own need four.
const DEPTH_MAX: usize = 8;
/// Lines of one event, or of a calendar about itself, at most.
const LINES_MAX: usize = 500;

/// What an event says once (RFC 5545, 3.6.1): which of two would count is nobody's to guess.
const ONCE: [&str; 6] = ["UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"];

/// One line of content.
#[derive(Debug)]
pub struct Property {
    /// Its line in the file.
    pub line: u64,
    /// In capitals.
    pub name: String,
    /// Its parameters, their names in capitals.
    parameters: Vec<(String, Vec<String>)>,
    /// What it says, as it stands there.
    pub value: String,
}

impl Property {
    /// The first value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, values) = self.parameters.iter().find(|(known, _)| known == name)?;
        values.first().map(String::as_str)
    }

    /// Its value as text: escapes undone, a new line as a blank.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut chars = self.value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') | None => text.push(' '),
                    Some(escaped) => text.push(escaped),
                },
                c => text.push(c),
            }
        }
        text.trim().to_owned()
    }
}

/// An event, or what a calendar says about itself.
#[derive(Debug, Default)]
pub struct Lines {
    /// Where it begins.
    pub line: u64,
    /// What stands in it, in the file's order.
    pub all: Vec<Property>,
}

impl Lines {
    /// The first line of that name.
    pub fn first(&self, name: &str) -> Option<&Property> {
        self.all.iter().find(|property| property.name == name)
    }
}

/// An event with the calendar that it stands in, by its place among them.
#[derive(Debug)]
pub struct Event {
    /// Its calendar.
    pub calendar: usize,
    /// What it says.
    pub lines: Lines,
}

/// A file of one or several calendars.
#[derive(Debug)]
pub struct Calendar {
    /// The file as it was named.
    pub file: String,
    /// What each calendar says about itself.
    pub about: Vec<Lines>,
    /// The events of all of them.
    pub events: Vec<Event>,
    /// What is no event: tasks, journal, busy times.
    pub left_out: usize,
}

/// Whether a file of that name and beginning is a calendar.
pub fn is_calendar(file: &str, bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let begins = bytes.get(..BEGIN.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(BEGIN));
    begins || std::path::Path::new(file).extension().is_some_and(|end| end.eq_ignore_ascii_case("ics"))
}

const BEGIN: &[u8] = b"BEGIN:VCALENDAR";

/// Reads the bytes of a calendar's file.
///
/// # Errors
/// What is wrong with it as a calendar, up to the line that cannot be got over.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Calendar, Vec<Fault>> {
    let mut reader = Reader {
        calendar: Calendar { file: file.to_owned(), about: Vec::new(), events: Vec::new(), left_out: 0 },
        within: Vec::new(),
        faults: Vec::new(),
    };
    match unfolded(bytes) {
        Ok(lines) => {
            let text = |(line, text): &(u64, String)| reader.take(*line, text);
            let _ = lines.iter().try_for_each(text);
            reader.end(lines.last().map_or(0, |(line, _)| *line));
        }
        Err((line, says)) => reader.fault(line, says),
    }
    if reader.faults.is_empty() { Ok(reader.calendar) } else { Err(reader.faults) }
}

/// The lines of content with the line on which each begins. They are put together as bytes: older programs fold within a
/// character.
fn unfolded(bytes: &[u8]) -> Result<Vec<(u64, String)>, (u64, String)> {
    let mut lines: Vec<(u64, Vec<u8>)> = Vec::new();
    for (n, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.first(), lines.last_mut()) {
            (Some(b' ' | b'\t'), Some((_, before))) => before.extend_from_slice(&line[1..]),
            _ => lines.push((n as u64 + 1, line.to_vec())),
        }
        if let Some((n, line)) = lines.last()
            && line.len() > LINE_MAX
        {
            return Err((*n, format!("a line of content has {LINE_MAX} bytes at most, folded or not")));
        }
    }
    // As one text: whether it is UTF-8 is to be said of the whole file.
    let joined = lines.iter().map(|(_, line)| line.as_slice()).collect::<Vec<_>>().join(&b'\n');
    let text = decode(&joined, "UTF-8 (另存为 UTF-8)").map_err(|says| (0, says))?;
    let numbers = lines.iter().map(|(n, _)| *n);
    Ok(numbers.zip(text.split('\n').map(str::to_owned)).filter(|(_, text)| !text.trim().is_empty()).collect())
}

struct Reader {
    calendar: Calendar,
    /// The components that are open, the outermost first.
    within: Vec<String>,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, line: u64, says: impl Into<String>) {
        let file = self.calendar.file.clone();
        self.faults.push(Fault { file, line, column: None, code: None, says: says.into() });
    }

    /// Where nothing can be made of the rest.
    fn stop(&mut self, line: u64, says: impl Into<String>) -> ControlFlow<()> {
        self.fault(line, says);
        ControlFlow::Break(())
    }

    fn take(&mut self, line: u64, text: &str) -> ControlFlow<()> {
        let property = match ical::PropertyParser::from_reader(text.as_bytes()).next() {
            Some(Ok(read)) => Property {
                line,
                name: read.name.to_uppercase(),
                parameters: read.params.unwrap_or_default(),
                value: read.value.unwrap_or_default(),
            },
            Some(Err(_)) | None => {
                return self.stop(line, format!("{} is no line of a calendar (NAME:value)", repeated(text)));
            }
        };
        let component = property.value.trim().to_uppercase();
        match property.name.as_str() {
            "BEGIN" => self.begin(line, component),
            "END" if self.within.last() == Some(&component) => {
                self.within.pop();
                ControlFlow::Continue(())
            }
            "END" => {
                let open = self.within.last().map_or("nothing".to_owned(), Clone::clone);
                self.stop(line, format!("END:{} where {open} is open", repeated(&component)))
            }
            _ => self.keep(property),
        }
    }

    fn begin(&mut self, line: u64, component: String) -> ControlFlow<()> {
        match (self.within.len(), component.as_str()) {
            (0, "VCALENDAR") => self.calendar.about.push(Lines { line, ..Lines::default() }),
            (0, _) => return self.stop(line, "a calendar begins with BEGIN:VCALENDAR"),
            (1, "VEVENT") if self.calendar.events.len() == ROWS_MAX => {
                return self.stop(line, format!("{ROWS_MAX} events at most"));
            }
            (1, "VEVENT") => {
                let calendar = self.calendar.about.len() - 1;
                self.calendar.events.push(Event { calendar, lines: Lines { line, ..Lines::default() } });
            }
            (1, other) if other != "VTIMEZONE" => self.calendar.left_out += 1,
            (DEPTH_MAX, _) => return self.stop(line, format!("{DEPTH_MAX} components within each other at most")),
            _ => {}
        }
        self.within.push(component);
        ControlFlow::Continue(())
    }

    fn keep(&mut self, property: Property) -> ControlFlow<()> {
        let line = property.line;
        let of = match self.within.as_slice() {
            [] => return self.stop(line, "a calendar begins with BEGIN:VCALENDAR"),
            [_] => self.calendar.about.last_mut(),
            [_, component] if component == "VEVENT" => self.calendar.events.last_mut().map(|event| &mut event.lines),
            // an alarm, a zone, a task
            _ => None,
        };
        let Some(of) = of else { return ControlFlow::Continue(()) };
        if of.all.len() == LINES_MAX {
            return self.stop(line, format!("{LINES_MAX} lines of one event at most"));
        }
        let before = of.first(&property.name).filter(|_| ONCE.contains(&property.name.as_str())).map(|one| one.line);
        let name = property.name.clone();
        of.all.push(property);
        if let Some(before) = before {
            self.fault(line, format!("{name} stands in the event once (line {before} has one already)"));
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, line: u64) {
        if !self.faults.is_empty() {
            return;
        }
        if let Some(open) = self.within.last() {
            self.fault(line, format!("the file ends within {open}: it was cut short"));
        } else if self.calendar.events.is_empty() {
            self.fault(0, "there are no events in it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Calendar, String> {
        parse("c.ics", text.as_bytes()).map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn a_line_is_put_together_before_it_is_read() {
        // Folded within the three bytes of 李.
        let mut bytes = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:".to_vec();
        let name = "李明\\, 内科";
        bytes.extend_from_slice(&name.as_bytes()[..1]);
        bytes.extend_from_slice(b"\r\n ");
        bytes.extend_from_slice(&name.as_bytes()[1..]);
        bytes.extend_from_slice("\r\nDTSTART;TZID=\"Asia/Shanghai\":20261123T080000\r\nBEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".as_bytes());
        let calendar = parse("c.ics", &bytes).expect("a calendar");
        let event = &calendar.events[0].lines;
        assert_eq!(event.first("SUMMARY").expect("one").text(), "李明, 内科");
        let start = event.first("DTSTART").expect("one");
        assert_eq!((start.parameter("TZID"), start.line), (Some("Asia/Shanghai"), 5));
        assert_eq!(event.all.len(), 2, "an alarm's lines are not the event's");
        // The same from a program that writes GB 18030.
        let (gb, ..) =
            encoding_rs::GB18030.encode("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:门诊\nEND:VEVENT\nEND:VCALENDAR");
        let calendar = parse("c.ics", &gb).expect("a calendar");
        assert_eq!(calendar.events[0].lines.first("SUMMARY").expect("one").text(), "门诊");
    }

    #[test]
    fn what_is_no_calendar_is_told_with_its_line() {
        let event = "BEGIN:VEVENT\nUID:1\nEND:VEVENT\n";
        for (text, says) in [
            ("", "there are no events"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "there are no events"),
            ("UID:1\n", "line 1: a calendar begins"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "ends within VEVENT"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "line 3: END:\"VCALENDAR\" where VEVENT is open"),
            ("BEGIN:VCALENDAR\nno colon\n", "line 2: \"no colon\" is no line"),
            ("BEGIN:VCALENDAR\nX;A=\"b:c\n", "line 2"),
            (
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:1\nDTSTART:2\nEND:VEVENT\nEND:VCALENDAR\n",
                "line 4: DTSTART stands",
            ),
            (&format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(9)), "within each other"),
            (&format!("BEGIN:VCALENDAR\n{}", "X:1\n".repeat(501)), "500 lines"),
            (&format!("BEGIN:VCALENDAR\nX:{}\n", "\n 1".repeat(70_000)), "bytes at most"),
            (&format!("BEGIN:VCALENDAR\n{}", event.repeat(50_001)), "50000 events at most"),
        ] {
            let said = read(text).map(|_| ()).expect_err("it is wrong");
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn what_is_no_text_is_to_be_saved_as_a_calendar_is() {
        let told = parse("c.ics", b"BEGIN:VCALENDAR\nSUMMARY:\xFF\xFF\xFF\n").map(|_| ()).expect_err("no text");
        assert!(told[0].says.ends_with("save it as UTF-8 (另存为 UTF-8)"), "{}", told[0]);
    }

    #[test]
    fn no_bytes_at_all_bring_it_down() {
        use proptest::prelude::*;
        let pieces: Vec<&[u8]> = vec![
            b"BEGIN:",
            b"END:",
            b"VCALENDAR",
            b"VEVENT",
            b"\r\n",
            b"\n ",
            b";",
            b"=",
            b"\"",
            b":",
            b",",
            b"\\",
            b"\xE6",
            b"\x9D\x8E",
            b"\x81",
        ];
        let pieces = proptest::sample::select(pieces);
        proptest!(|(pieces in proptest::collection::vec(pieces, 0..60))| {
            drop(parse("c.ics", &pieces.concat()));
        });
    }
}
