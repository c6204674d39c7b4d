//! A commented template for each kind: its columns with what they are, and rows of a small clinic that can be imported as
//! they stand.

use chrono::Datelike as _;
use jiaohao_domain::BusinessDate;

use super::kinds::{KIND_LINE, Kind};

/// The template of a kind; its sessions are of `day`, what comes again begins on the Monday after that, so that nobody is in two
/// places at once, and its exceptions are of three days of the week after.
pub fn template(kind: Kind, day: BusinessDate) -> String {
    let mut text = format!("# {KIND_LINE} {}\n", kind.name());
    for column in kind.columns() {
        let aliases = column
            .aliases
            .iter()
            .find(|alias| !alias.is_ascii())
            .map(|alias| format!(" ({alias})"))
            .unwrap_or_default();
        let must = if column.required { "" } else { " [may be left out]" };
        text.push_str(&format!("# {}{aliases}{must}: {}\n", column.name, column.says));
    }
    if kind == Kind::Departments {
        text.push_str("# settings.… [may be left out]: a rule of the house, as settings.booking.hold_ttl_s: 600 (docs/install.md)\n");
    }
    if kind == Kind::Staff {
        text.push_str("# Delete the column password, or keep this file as safe as the passwords in it.\n");
    }
    text.push_str("# A column that is left out leaves what there is as it is; an empty cell empties it. Replace the rows below.\n");
    let names: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
    text.push_str(&format!("{}\n", names.join(",")));
    let monday = day.plus_days(14 - i64::from(day.0.weekday().num_days_from_monday()));
    // The longer words first: DAY is a part of them.
    let days = [
        ("SEASON", monday.plus_days(-7)),
        ("MONDAY", monday),
        ("WEDNESDAY", monday.plus_days(2)),
        ("SATURDAY", monday.plus_days(5)),
        ("DAY", day),
    ];
    for row in rows(kind) {
        let row = days.iter().fold((*row).to_owned(), |row, (word, day)| row.replace(word, &day.0.to_string()));
        text.push_str(&format!("{row}\n"));
    }
    text
}

/// No cell is one of which a spreadsheet makes something else: `1-5` would be the fifth of January.
fn rows(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Departments => &["internal,内科,Internal medicine,,no", "mental,精神心理科,Mental health,三楼门诊,yes"],
        Kind::Rooms => {
            &["r1,internal,1号诊室,Room 1,1,", "r2,internal,2号诊室,Room 2,2,", "r3,mental,3号诊室,Room 3,3,2"]
        }
        Kind::Doctors => {
            &["liming,李明,Li Ming,主任医师,主任,internal", "wangfang,王芳,Wang Fang,主治医师,普通,internal;mental"]
        }
        Kind::Queues => &[
            "li,internal,李明,Dr Li Ming,A,liming",
            "general,internal,内科普通,General,B,",
            "talk,mental,心理门诊,Consultation,C,wangfang",
        ],
        Kind::Areas => &["opd3f,3楼候诊区,Waiting area 3F,internal.li;internal.general;mental.talk,yes,no,no"],
        Kind::Sessions => &[
            ",DAY,morning,internal.li,liming,internal.r1,主任,50.00,08:00-11:30,30,6,0,1,1,no,",
            ",DAY,morning,internal.general,,,普通,12.00,08:00-12:00,30,10,,,,no,",
            ",DAY,afternoon,mental.talk,wangfang,mental.r3,普通,20,14:00-15:30;15:45-17:15,30,3,,,,no,",
        ],
        Kind::Templates => &[
            "li-am,李明上午,internal.li,liming,internal.r1,morning,主任,50.00,1;3;5,SEASON,,08:00-11:30,30,6,0,1,1,no,",
            "general-am,普通上午,internal.general,,,morning,普通,12.00,周一至周五,SEASON,,08:00-09:30;10:00-11:30,30,10,,,,no,",
        ],
        Kind::Exceptions => &[
            "instead,internal,MONDAY,,liming,,substitute,,wangfang,,",
            "holiday,internal,WEDNESDAY,WEDNESDAY,,,closed,院内活动,,,",
            "workday,internal,SATURDAY,,,internal.general-am,open,,,1,",
        ],
        Kind::Staff => &[
            "li-ming,doctor,,liming,no,",
            "wang-fang,doctor,,wangfang,no,",
            "desk-3f,desk,internal;mental,,no,",
            "kiosk-3f,kiosk,internal;mental,,no,",
            "it-1,operator,,,yes,",
        ],
    }
}
