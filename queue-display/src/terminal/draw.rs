//! The lines of a terminal display, made from what it knows. Pure. Chinese signs are two columns wide.

use std::fmt::Write;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::Value;

use super::model::Display;

/// How the lines are put on the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// With ANSI colours; without for pipes and files.
    pub colours: bool,
}

/// Rows of calls and numbers of a room that fit.
const CALL_ROWS: usize = 8;
const NUMBERS_A_ROOM: usize = 8;

const BOLD: &str = "1";
const DIM: &str = "2";
const ACCENT: &str = "1;97;46";
const ALARM: &str = "1;97;41";
const AMBER: &str = "33";

/// The whole picture, one line per entry.
pub fn lines(display: &Display, style: Style) -> Vec<String> {
    let mut page = Page { style, is_current: display.is_live, now: display.last_data_at, lines: Vec::new() };
    let Some(value) = &display.value else {
        page.line(BOLD, &never(display));
        return page.lines;
    };
    let board = &value["board"];
    let clock = display.last_data_at.map(|at| at.format("%m-%d %H:%M").to_string()).unwrap_or_default();
    page.spread(BOLD, &format!("{}  {}", text(&board["name"]), text(&board["name_en"])), &clock);
    if !display.is_live {
        page.line(ALARM, &offline(display));
    }
    page.rule();
    page.calls(array(&value["calls"]));
    page.rule();
    array(&value["rooms"]).iter().for_each(|room| page.room(room));
    page.missed(array(&value["missed"]));
    array(&value["notices"])
        .iter()
        .for_each(|notice| page.line(AMBER, &format!("{} · {}", text(&notice["zh"]), text(&notice["en"]))));
    page.rule();
    page.line(DIM, if display.is_live { "● 实时 Live" } else { "○ 离线 Offline" });
    page.lines
}

/// Whether an announcement's call stands in one of the rows: those below have no room.
pub fn is_shown(display: &Display, announcement: &Value) -> bool {
    let calls = display.value.as_ref().map_or(&[][..], |value| array(&value["calls"]));
    !calls.iter().skip(CALL_ROWS).any(|call| call["call"] == announcement["call"])
}

/// What stands on a screen that is not current: since when, and what to do.
pub fn offline(display: &Display) -> String {
    match display.last_data_at {
        Some(at) => format!("屏幕暂停更新({}起),请听护士叫号", at.format("%H:%M")),
        None => "屏幕暂停更新,请听护士叫号".to_owned(),
    }
}

fn never(display: &Display) -> String {
    if display.last_data_at.is_some() { offline(display) } else { "正在连接… Connecting…".to_owned() }
}

struct Page {
    style: Style,
    is_current: bool,
    now: Option<DateTime<FixedOffset>>,
    lines: Vec<String>,
}

impl Page {
    fn line(&mut self, look: &str, text: &str) {
        let text = cut(text, self.style.width);
        // What is not current is grey, whatever it would be otherwise; only the word about that stands out.
        let look = if self.is_current || look == ALARM { look } else { DIM };
        let line = if self.style.colours && !look.is_empty() { format!("\x1b[{look}m{text}\x1b[0m") } else { text };
        self.lines.push(line);
    }

    fn rule(&mut self) {
        self.line(DIM, &"─".repeat(self.style.width));
    }

    fn spread(&mut self, look: &str, left: &str, right: &str) {
        let gap = self.style.width.saturating_sub(columns(left) + columns(right)).max(1);
        self.line(look, &format!("{left}{}{right}", " ".repeat(gap)));
    }

    fn calls(&mut self, calls: &[Value]) {
        if calls.is_empty() {
            self.line(DIM, "现在没有叫号 Nobody is being called");
        }
        // An old call is never shown as current: on a screen that is not, no row stands out.
        let newest = calls.iter().position(|call| self.is_current && call["state"] == "called");
        for (at, call) in calls.iter().take(CALL_ROWS).enumerate() {
            let is_newest = newest == Some(at);
            let look = match (call["emergency"] == true, is_newest) {
                (true, _) => ALARM,
                (false, true) => ACCENT,
                (false, false) => "",
            };
            self.line(look, &call_row(call, is_newest));
        }
    }

    fn room(&mut self, room: &Value) {
        let who = [&room["place"], &room["doctor"], &room["title"]].map(text).join(" ");
        let when = match time(&room["opens"]) {
            Some(opens) if self.now.is_none_or(|now| now < opens) => format!("约 {} 开诊 Opens", clock(opens)),
            Some(_) => "医生还没到 Not here yet".to_owned(),
            None if room["paused"] == true => "暂停 Paused".to_owned(),
            None => expected(&room["expected"], self.now),
        };
        self.spread(BOLD, who.trim(), &when);
        let door: Vec<&str> = array(&room["at_door"]).iter().map(text).collect();
        let waiting: Vec<&str> = array(&room["waiting"]).iter().map(text).collect();
        let mut row = String::from("  ");
        if !door.is_empty() {
            let _ = write!(row, "[门口 {}] ", door.join(" "));
        }
        row.push_str(&waiting.iter().take(NUMBERS_A_ROOM).copied().collect::<Vec<_>>().join(" "));
        if waiting.len() > NUMBERS_A_ROOM {
            let _ = write!(row, " 还有{}人", waiting.len() - NUMBERS_A_ROOM);
        }
        if door.is_empty() && waiting.is_empty() {
            row.push_str("无人候诊 Nobody waiting");
        }
        self.line("", &row);
    }

    fn missed(&mut self, missed: &[Value]) {
        if !missed.is_empty() {
            let numbers = missed.iter().map(text).collect::<Vec<_>>().join(" ");
            self.line(AMBER, &format!("过号 Missed  {numbers}  请到分诊台"));
        }
    }
}

fn call_row(call: &Value, is_newest: bool) -> String {
    let state = match text(&call["state"]) {
        "called" => "请就诊",
        "summoned" => "请到门口候诊",
        _ => "就诊中",
    };
    let mark = if is_newest { "▶" } else { " " };
    let urgent = if call["emergency"] == true { "急诊 " } else { "" };
    let (number, name) = (pad(text(&call["number"]), 8), pad(text(&call["name"]), 10));
    format!("{mark} {number}{name}→ {} {urgent}{state}", pad(text(&call["place"]), 16))
}

/// `大约 10:20–10:45`, `10:45前` once it has begun or does within the minute; nothing when it has passed or is unknown.
fn expected(range: &Value, now: Option<DateTime<FixedOffset>>) -> String {
    match (time(&range["from"]), time(&range["to"])) {
        (Some(_), Some(to)) if now.is_some_and(|now| to <= now) => String::new(),
        (Some(from), Some(to)) if now.is_some_and(|now| from - now < TimeDelta::minutes(1)) => {
            format!("{}前", clock(to))
        }
        (Some(from), Some(to)) => format!("大约 {}–{}", clock(from), clock(to)),
        _ => String::new(),
    }
}

fn time(at: &Value) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(at.as_str()?).ok()
}

fn clock(at: DateTime<FixedOffset>) -> String {
    at.format("%H:%M").to_string()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Columns of a text.
pub fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// East Asian wide signs take two columns; control signs none, so that nothing from outside moves the cursor.
fn columns_of(c: char) -> usize {
    match c {
        c if c.is_control() => 0,
        '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' => 2,
        '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}' | '\u{1F300}'..='\u{3FFFD}' => 2,
        _ => 1,
    }
}

fn pad(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let gap = width.saturating_sub(columns(&text));
    text + &" ".repeat(gap)
}

/// The text without control signs, to at most `width` columns.
fn cut(text: &str, width: usize) -> String {
    let mut taken = 0;
    let fits = |c: &char| {
        taken += columns_of(*c);
        taken <= width
    };
    text.chars().filter(|c| !c.is_control()).take_while(fits).collect()
}
