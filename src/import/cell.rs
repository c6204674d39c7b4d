//! What a cell says: text to the value of a command's field, or what is allowed instead. Only forms are read here; whether
//! the value will do is the domain's to say.

use chrono::{NaiveDate, NaiveDateTime};
use jiaohao_domain::time::Zone;
use serde_json::{Map, Value, json};

/// What divides several things in one cell.
const DIVIDERS: [char; 5] = [';', ',', '、', '|', '\u{ff1b}'];

/// A cell that is not understood: what is allowed.
pub type Unread = String;

/// Digits, letters and signs of a Chinese keyboard as those of any other.
pub fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '～' | '—' | '–' => '-',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).collect()
}

/// The things that a cell names.
pub fn several(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| DIVIDERS.contains(&c) || c == '，').map(str::trim).filter(|part| !part.is_empty())
}

/// Yes or no; empty: no.
pub fn yes_no(text: &str) -> Result<Value, Unread> {
    match narrow(text).to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "是" | "有" => Ok(json!(true)),
        "" | "no" | "n" | "false" | "0" | "否" | "无" => Ok(json!(false)),
        _ => Err("yes or no (是, 否)".to_owned()),
    }
}

/// A whole number.
pub fn whole(text: &str) -> Result<Value, Unread> {
    let number: Option<u32> = narrow(text).parse().ok();
    number.map(|number| json!(number)).ok_or_else(|| "a whole number from 0".to_owned())
}

/// Yuan as fen, without a detour through fractions.
pub fn yuan(text: &str) -> Result<Value, Unread> {
    let allowed = || "an amount in yuan: 50 or 50.00".to_owned();
    let text = narrow(text);
    let (yuan, fen) = text.trim_end_matches('元').split_once('.').unwrap_or((text.trim_end_matches('元'), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(yuan) || !digits(fen) || fen.len() > 2 {
        return Err(allowed());
    }
    let fen: u32 = format!("{fen:0<2}").parse().map_err(|_| allowed())?;
    let all = yuan.parse::<u32>().ok().and_then(|yuan| yuan.checked_mul(100)?.checked_add(fen));
    all.map(|all| json!(all)).ok_or_else(allowed)
}

/// A date as spreadsheets write it.
pub fn date(text: &str) -> Result<NaiveDate, Unread> {
    let text = narrow(text).replace(['/', '.', '年', '月'], "-");
    let read = |text: &str| NaiveDate::parse_from_str(text.trim_end_matches('日'), "%Y-%m-%d").ok();
    let with_time = || text.split_once(' ').is_some_and(|(date, time)| read(date).is_some() && time.contains(':'));
    read(&text).ok_or_else(|| match with_time() {
        true => "a date: 2026-11-23 (a spreadsheet has put a time behind it: give the cells the format of a date)"
            .to_owned(),
        false => "a date: 2026-11-23".to_owned(),
    })
}

/// A day of the week: 1 (Monday) to 7 (Sunday).
pub fn weekday(text: &str) -> Result<u8, Unread> {
    let narrow = narrow(text);
    let plain = narrow.trim_start_matches(['周', '星', '期', '礼', '拜']);
    let day = match plain {
        "一" => Some(1),
        "二" => Some(2),
        "三" => Some(3),
        "四" => Some(4),
        "五" => Some(5),
        "六" => Some(6),
        "日" | "天" => Some(7),
        number => number.parse().ok().filter(|day| (1..=7).contains(day)),
    };
    day.ok_or_else(|| "a day of the week: 1 (周一) to 7 (周日)".to_owned())
}

/// Whether a spreadsheet has taken days of the week for a date, in Chinese or in English.
fn is_made_a_date(text: &str) -> bool {
    let is_month = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_number = |part: &str| part.parse::<u32>().is_ok();
    let in_english = |(one, other)| is_month(one) && is_number(other) || is_number(one) && is_month(other);
    text.contains('月') || date(text).is_ok() || text.split_once('-').is_some_and(in_english)
}

/// Several of them, in order, each once; also from one to another.
pub fn weekdays(text: &str) -> Result<Value, Unread> {
    let mut days = std::collections::BTreeSet::new();
    for part in several(text) {
        let part = narrow(part).replace(['至', '到'], "-");
        if is_made_a_date(&part) {
            let says = "days of the week: 1;3;5 (a spreadsheet has made a date of 1-5: write 周一至周五)";
            return Err(says.to_owned());
        }
        let (first, last) = part.split_once('-').unwrap_or((&part, &part));
        let (first, last) = (weekday(first.trim())?, weekday(last.trim())?);
        if last < first {
            return Err("days of the week in their order: 周一至周五".to_owned());
        }
        days.extend(first..=last);
    }
    Ok(json!(days))
}

/// A moment of the site's wall clock (RFC 3339 with an offset is taken too).
pub fn moment(text: &str, zone: Zone) -> Result<Value, Unread> {
    let text = narrow(text);
    if chrono::DateTime::parse_from_rfc3339(&text).is_ok() {
        return Ok(json!(text));
    }
    let local = text.replace('/', "-").replace('T', " ");
    let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&local, form).ok());
    let local = local.ok_or_else(|| "a time of the clinic: 2026-11-16 07:00".to_owned())?;
    let at = zone.moment(jiaohao_domain::BusinessDate(local.date()), local.time());
    Ok(json!(zone.rfc3339(at)))
}

/// In which role: the wire's word.
pub fn role(text: &str) -> Result<Value, Unread> {
    let role = match text.to_lowercase().as_str() {
        "doctor" | "医生" => "doctor",
        "desk" | "分诊台" | "护士" | "分诊护士" => "desk",
        "kiosk" | "自助机" => "kiosk",
        "operator" | "管理员" => "operator",
        "integrator" | "接口" => "integrator",
        _ => {
            return Err(
                "doctor (医生), desk (分诊台, 护士), kiosk (自助机), operator (管理员) or integrator (接口)".to_owned()
            );
        }
    };
    Ok(json!(role))
}

/// Part of the day: the word that the pages have their own for, or any other as it is.
pub fn period(text: &str) -> Value {
    json!(match text {
        "上午" => "morning",
        "下午" => "afternoon",
        "晚上" | "晚间" => "evening",
        "夜间" | "夜班" => "night",
        "全天" => "day",
        other => other,
    })
}

/// Hours of consultation cut into slots of `minutes`; what is left at the end of a stretch is no slot.
pub fn slots(text: &str, minutes: u32, capacity: u32) -> Result<Value, Unread> {
    let allowed = || "hours: 08:00-11:30, with a break 08:00-09:30;10:00-11:30".to_owned();
    let minute_of = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60 && hours <= 24 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
    };
    if minutes == 0 {
        return Err("cut into slots of no minutes: a minute at least".to_owned());
    }
    let mut slots = Vec::new();
    for stretch in several(&narrow(text)) {
        let (from, to) = stretch.split_once('-').ok_or_else(allowed)?;
        let (mut from, to) = (minute_of(from).ok_or_else(allowed)?, minute_of(to).ok_or_else(allowed)?);
        while from + minutes <= to {
            let start = format!("{:02}:{:02}", from / 60, from % 60);
            slots.push(json!({"start": start, "minutes": minutes, "capacity": capacity}));
            from += minutes;
        }
    }
    if slots.is_empty() {
        Err(format!("{}; not one slot of {minutes} minutes fits", allowed()))
    } else {
        Ok(slots.into())
    }
}

/// One setting: a number, yes or no, JSON, or a word.
pub fn setting(text: &str) -> Value {
    let plain = narrow(text);
    match serde_json::from_str(&plain) {
        Ok(value) => value,
        Err(_) => match plain.as_str() {
            "是" | "yes" => json!(true),
            "否" | "no" => json!(false),
            _ => json!(text),
        },
    }
}

/// Sets one setting of a department by its path (`booking.hold_ttl_s`).
///
/// # Errors
/// There is no such setting.
pub fn set(fields: &mut Map<String, Value>, path: &str, value: Value) -> Result<(), String> {
    let mut at = fields.entry("settings").or_insert_with(|| json!({}));
    for part in path.split('.') {
        let object = at.as_object_mut().ok_or_else(|| format!("{path}: there is no such setting"))?;
        at = object.entry(part).or_insert_with(|| json!({}));
    }
    *at = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_spreadsheets_write_them() {
        for (text, fen) in [("50", 5000), ("50.5", 5050), ("50.05", 5005), ("0", 0), ("１２元", 1200)] {
            assert_eq!(yuan(text), Ok(json!(fen)), "{text}");
        }
        for wrong in ["", "50.005", "five", "5e3", ".5", "99999999999"] {
            assert!(yuan(wrong).is_err(), "{wrong}");
        }
        for text in ["2026-11-03", "2026/11/3", "2026年11月3日", "2026.11.03"] {
            assert_eq!(date(text).map(|date| date.to_string()), Ok("2026-11-03".to_owned()), "{text}");
        }
        assert!(date("3/11/2026").is_err() && date("46000").is_err());
        for text in ["2026/11/30 0:00", "2026-11-30 00:00:00"] {
            let says = date(text).expect_err("more than a date");
            assert!(says.contains("a spreadsheet has put a time behind it"), "{says}");
        }
        assert_eq!((yes_no("是"), yes_no(""), yes_no("Y")), (Ok(json!(true)), Ok(json!(false)), Ok(json!(true))));
        assert!(yes_no("maybe").is_err() && whole("1.5").is_err());
        assert_eq!(whole("１２"), Ok(json!(12)));
        assert_eq!(several("a；b, c、d").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!((role("分诊台"), role("DOCTOR")), (Ok(json!("desk")), Ok(json!("doctor"))));
        assert!(role("patient").is_err());
    }

    #[test]
    fn days_of_the_week_are_numbers_or_words() {
        for (text, days) in [
            ("1-5；7", json!([1, 2, 3, 4, 5, 7])),
            ("周一、周三", json!([1, 3])),
            ("星期日", json!([7])),
            ("周一至周五", json!([1, 2, 3, 4, 5])),
        ] {
            assert_eq!(weekdays(text), Ok(days), "{text}");
        }
        for wrong in ["0", "8", "5-1", "Mon", "1-"] {
            assert!(weekdays(wrong).is_err(), "{wrong}");
        }
        // What a spreadsheet makes of 1-5, as it is saved in China and elsewhere.
        for made in ["1月5日", "2026/1/5", "5-Jan", "Jan-05"] {
            let says = weekdays(made).expect_err("it is a date");
            assert!(says.ends_with("(a spreadsheet has made a date of 1-5: write 周一至周五)"), "{made}: {says}");
        }
    }

    #[test]
    fn moments_are_of_the_sites_clock() {
        let zone = Zone::named("Asia/Shanghai").expect("a zone");
        for text in ["2026-11-16 07:00", "2026/11/16 7:00", "2026-11-16T07:00", "2026-11-16 07:00:00"] {
            assert_eq!(moment(text, zone), Ok(json!("2026-11-16T07:00:00.000+08:00")), "{text}");
        }
        assert!(moment("07:00", zone).is_err());
    }

    #[test]
    fn hours_are_cut_into_slots() {
        let starts = |text: &str, minutes| {
            let slots = slots(text, minutes, 3)?;
            let starts = slots.as_array().map(|slots| slots.iter().map(|slot| slot["start"].to_string()).collect());
            Ok::<Vec<String>, Unread>(starts.unwrap_or_default())
        };
        assert_eq!(
            starts("08：00—09:10; 10:00-10:30", 30),
            Ok(["08:00", "08:30", "10:00"].map(|s| format!("\"{s}\"")).into())
        );
        assert_eq!(starts("23:30-24:00", 30), Ok(vec!["\"23:30\"".to_owned()]));
        for wrong in ["", "8-9", "09:00-08:00", "08:00-08:20", "08:00"] {
            assert!(starts(wrong, 30).is_err(), "{wrong}");
        }
        assert!(starts("08:00-09:00", 0).is_err());
    }
}
