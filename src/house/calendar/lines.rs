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

    fn fold(&mut self, line: &str) {
        let mut left = OCTETS_MAX;
        for c in line.chars() {
            if c.len_utf8() > left {
                // The space that a continued line begins with is one of its octets.
                self.0.push_str("\r\n ");
                left = OCTETS_MAX - 1;
            }
            self.0.push(c);
            left -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}
