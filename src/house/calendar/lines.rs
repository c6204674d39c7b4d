//! The lines of an iCalendar file (RFC 5545): what stands in a text is escaped, and a line is folded at 75 octets, between
//! characters, because one of Chinese has three.

/// Longest line in octets, without its end (RFC 5545, 3.1).
pub const OCTETS_MAX: usize = 75;

/// A file that grows by lines.
#[derive(Default)]
pub struct Lines(String);

impl Lines {
    /// A line of which nothing has to be escaped: a moment, a word, a figure.
    pub fn put(&mut self, name: &str, value: &str) -> &mut Self {
        self.fold(&format!("{name}:{value}"));
        self
    }

    /// A line of text (RFC 5545, 3.3.11). A line break in it is kept, any other control character is not.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let mut line = format!("{name}:");
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                '\n' => line.push_str("\\n"),
                c if c.is_control() => {}
                c => line.push(c),
            }
        }
        self.fold(&line);
        self
    }

    /// The whole file.
    pub fn done(self) -> String {
        self.0
    }

    fn fold(&mut self, mut line: &str) {
        let mut room = OCTETS_MAX;
        while line.len() > room {
            let (piece, rest) = line.split_at(cut(line, room));
            self.0.push_str(piece);
            // The space that a continued line begins with is one of its octets.
            self.0.push_str("\r\n ");
            (line, room) = (rest, OCTETS_MAX - 1);
        }
        self.0.push_str(line);
        self.0.push_str("\r\n");
    }
}

/// Where a line that is longer than so many octets is folded: between characters, and not beside a space, which some readers
/// take for a part of the fold.
fn cut(line: &str, room: usize) -> usize {
    let is_space = |c: Option<char>| c.is_some_and(char::is_whitespace);
    let is_beside = |at: &usize| is_space(line[..*at].chars().next_back()) || is_space(line[*at..].chars().next());
    let last = line.floor_char_boundary(room);
    let mut places = (1..=last).rev().filter(|at| line.is_char_boundary(*at));
    places.find(|at| !is_beside(at)).unwrap_or(last)
}
