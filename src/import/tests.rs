//! From files to wishes: what is found by name, what is compared, what the domain says beforehand.

use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, SiteId};
use serde_json::json;

use super::events::{self, setting};
use super::file::{Sheet, parse};
use super::ics;
use super::known::Known;
use super::plan::{self, Change, Wish};
use super::{Kind, template};

fn day(text: &str) -> BusinessDate {
    BusinessDate(text.parse().expect("a date"))
}

fn nothing() -> Known {
    Known::nothing(SiteId::new("s"), Zone::named("Asia/Shanghai").expect("a zone"), day("2026-11-23"))
}

fn sheet(file: &str, text: &str) -> Sheet {
    parse(file, text.as_bytes()).map_err(|faults| faults[0].to_string()).expect("a sheet")
}

fn sheets(texts: &[(&str, &str)]) -> Vec<Sheet> {
    texts.iter().map(|(file, text)| sheet(file, text)).collect()
}

fn planned(texts: &[(&str, &str)], known: &Known) -> Result<Vec<Wish>, Vec<String>> {
    plan(&sheets(texts), known).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn plan(sheets: &[Sheet], known: &Known) -> Result<Vec<Wish>, Vec<super::Fault>> {
    plan::plan(sheets, known, |_, _| {})
}

/// The house as it is once everything was sent.
fn after(wishes: &[Wish]) -> Known {
    let mut known = nothing();
    for wish in wishes.iter().filter(|wish| wish.change != Change::Same) {
        let mut fields = super::known::in_full(wish.kind, &wish.fields).expect("a command");
        if let Some(ms) = fields["released_at"].as_i64() {
            fields["released_at"] = json!(known.zone.rfc3339(jiaohao_domain::Timestamp(ms)));
        }
        known.things.entry(wish.kind).or_default().insert(wish.id.clone(), fields);
    }
    known
}

fn house(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let departments = ("departments.csv", "科室编码,科室名称\ninternal,内科\nskin,皮肤科\n");
    let rooms = ("rooms.csv", "诊室编码,所属科室,诊室名称\nr1,内科,1号诊室\nr1,skin,1号诊室\n");
    let doctors = ("doctors.csv", "工号,姓名,职称,科室\n0042,李明,主任医师,内科;皮肤科\n");
    let queues = ("queues.csv", "队列编码,科室,队列名称,前缀,医生\nli,内科,李明,A,0042\npool,skin,皮肤普通,B,\n");
    let mut all: Vec<_> = more.to_vec();
    all.extend([queues, doctors, rooms, departments]);
    all
}

#[test]
fn the_templates_are_of_their_kind_and_fit_each_other() {
    let texts: Vec<(String, String)> =
        Kind::ALL.into_iter().rev().map(|kind| (kind.name().to_owned(), template(kind, day("2026-11-24")))).collect();
    let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    for sheet in sheets(&named) {
        assert_eq!(sheet.kind.name(), sheet.file);
        let columns = sheet.kind.columns().len();
        assert_eq!((sheet.headers.len(), sheet.ignored.len()), (columns, 0), "{}", sheet.file);
    }
    let wishes = planned(&named, &nothing()).expect("in order");
    let exceptions = wishes.iter().filter(|wish| wish.kind == Kind::Exceptions).map(|wish| &wish.fields["from"]);
    let days: Vec<&serde_json::Value> = exceptions.collect();
    assert_eq!(days, ["2026-12-07", "2026-12-09", "2026-12-12"], "each on a day of its own, after the sessions'");
    assert!(wishes.iter().all(|wish| wish.change == Change::Made) && wishes.len() == 24);
    assert!(wishes.is_sorted_by_key(|wish| wish.kind), "each after what it names");
    let again = planned(&named, &after(&wishes)).expect("in order");
    let other: Vec<&str> = again.iter().filter(|wish| wish.change != Change::Same).map(|w| w.id.as_str()).collect();
    assert_eq!(other, [""; 0]);
}

#[test]
fn the_templates_leave_no_doubt_whatever_day_they_are_of() {
    for ahead in 0..7 {
        let day = day("2026-11-23").plus_days(ahead);
        let texts: Vec<(String, String)> =
            Kind::ALL.into_iter().map(|kind| (kind.name().to_owned(), template(kind, day))).collect();
        let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let wishes = planned(&named, &nothing()).expect("in order");
        assert_eq!(super::doubts::of(&wishes, &nothing()), [""; 0], "{day:?}");
    }
}

#[test]
fn a_doctor_or_a_room_in_two_places_at_one_hour_is_told() {
    let sessions = (
        "sessions.csv",
        "date,period,queue,doctor,room,registration_class,hours,capacity\n2026-11-24,上午,internal.li,0042,r1,普通,08:00-10:00,6\n\
         2026-11-24,上午,skin.pool,0042,,普通,09:30-11:30,6\n2026-11-24,下午,internal.li,0042,r1,普通,14:00-16:00,6\n\
         2026-11-25,上午,internal.li,0042,r1,普通,08:00-10:00,6\n2026-11-26,上午,internal.li,0042,r1,普通,10:00-11:00,6\n",
    );
    let templates = (
        "templates.csv",
        "id,name,queue,doctor,room,period,registration_class,weekdays,from,until,hours,capacity\n\
         li-wed,李明周三,internal.li,0042,,上午,普通,周三,2026-11-23,,09:00-10:00,6\n\
         room-thu,周四,internal.li,,r1,上午,普通,4,2026-11-26,2026-12-31,08:00-10:30,6\n\
         later,周四,internal.li,,r1,上午,普通,3;4,2027-01-01,,08:00-10:30,6\n\
         other,周四,internal.li,,r1,上午,普通,4-5,2026-12-31,,10:00-11:00,6\n",
    );
    let wishes = planned(&house(&[sessions, templates]), &nothing()).expect("in order");
    let told = super::doubts::of(&wishes, &nothing());
    assert_eq!(
        told,
        [
            "sessions.csv, line 3: doctor: s.0042 is taken at the same hour by sessions.csv, line 2",
            "templates.csv, line 2: doctor: s.0042 is taken at the same hour by sessions.csv, line 5",
            "templates.csv, line 3: room: s.internal.r1 is taken at the same hour by sessions.csv, line 6",
            "templates.csv, line 5: room: s.internal.r1 is taken at the same hour by templates.csv, line 3",
        ]
    );
}

#[test]
fn a_doctor_or_a_room_that_the_house_or_an_unchanged_row_has_at_that_hour_is_told() {
    let header = "id,name,queue,doctor,room,period,registration_class,weekdays,from,until,hours,capacity\n";
    let mondays = "mon,李明周一,internal.li,0042,r1,上午,普通,1,2026-11-23,,08:00-10:00,6\n";
    let named = |text: String| -> &'static str { text.leak() };
    let before = named(format!("{header}{mondays}"));
    let mut known = after(&planned(&house(&[("templates.csv", before)]), &nothing()).expect("in order"));
    // what the department has made of it
    let template = &known.things[&Kind::Templates]["s.internal.mon"];
    let mut made = json!({"id": "s.internal.mon-d20261130", "date": "2026-11-30"});
    for field in ["period", "queue", "doctor", "service_point", "registration_class", "fee_fen", "high_demand", "slots"]
    {
        made[field] = template[field].clone();
    }
    known.things.entry(Kind::Sessions).or_default().insert("s.internal.mon-d20261130".to_owned(), made);
    let told = |files: &[(&'static str, &'static str)]| {
        super::doubts::of(&planned(&house(files), &known).expect("in order"), &known)
    };
    let sessions = "id,date,period,queue,doctor,room,registration_class,hours,capacity\n\
                    a,2026-11-30,上午,internal.li,0042,,普通,09:00-11:00,6\n\
                    b,2026-12-28,上午,internal.li,,r1,普通,09:00-11:00,6\n\
                    c,2026-12-29,上午,internal.li,0042,r1,普通,09:00-11:00,6\n";
    let doctor =
        "sessions.csv, line 2: doctor: s.0042 is taken at the same hour by the session s.internal.mon-d20261130";
    let room = |by: &str| format!("sessions.csv, line 3: room: s.internal.r1 is taken at the same hour by {by}");
    assert_eq!(told(&[("sessions.csv", sessions)]), [doctor.to_owned(), room("the template s.internal.mon")]);
    // a row that is as it was stands for what the house has
    let same = [("templates.csv", before), ("sessions.csv", sessions)];
    assert_eq!(told(&same), [doctor.to_owned(), room("templates.csv, line 2")]);
    // a template is no doubt of its own, nor of the sessions that were made of it
    let changed = named(before.replace("10:00,6", "10:00,8"));
    assert_eq!(told(&[("templates.csv", changed)]), [""; 0]);
    // one that goes takes nothing, and an exception may have closed it
    let retired = named(format!("{},retired\n{},yes\n", header.trim_end(), mondays.trim_end()));
    assert_eq!(told(&[("templates.csv", retired), ("sessions.csv", sessions)]), [""; 0]);
    let closed = "id,department,from,to,does,reason\nleave,内科,2026-12-28,2026-12-28,停诊,休假\n";
    assert_eq!(told(&[("exceptions.csv", closed), ("sessions.csv", sessions)]), [doctor]);
}

#[test]
fn a_hospitals_export_is_understood_by_codes_and_names() {
    let sessions = (
        "sessions.csv",
        "出诊日期,午别,队列,医生,诊室,号别,挂号费,出诊时间,每时段号数,放号时间\n\
         2026/11/24,上午,李明,李明,1号诊室,主任,50,08：00-09：00,6,2026/11/20 7:00\n",
    );
    let areas = ("areas.csv", "候诊区编码,候诊区名称,队列,语音播报\nA3,3楼,内科普通；skin.pool,是\n");
    let wrong = planned(&house(&[areas]), &nothing()).expect_err("there is no such queue");
    assert_eq!(wrong, ["areas.csv, line 2, 队列: \"内科普通\" is no queue of this site, by id or by name"]);
    let areas = ("areas.csv", "候诊区编码,候诊区名称,队列,语音播报\nA3,3楼,李明；skin.pool,是\n");
    let wishes = planned(&house(&[sessions, areas]), &nothing()).expect("in order");
    let fields = |id: &str| wishes.iter().find(|wish| wish.id == id).map(|wish| &wish.fields).expect("a wish");
    assert_eq!(fields("s.internal.r1")["name"], "1号诊室");
    assert_eq!(fields("s.0042")["departments"], json!(["s.internal", "s.skin"]));
    assert_eq!(fields("s.a3")["queues"], json!(["s.internal.li", "s.skin.pool"]));
    let session = fields("s.internal.s20261124-0042-morning");
    assert_eq!(
        *session,
        json!({
            "id": "s.internal.s20261124-0042-morning", "date": "2026-11-24", "period": "morning", "queue": "s.internal.li",
            "doctor": "s.0042", "service_point": "s.internal.r1", "registration_class": "主任", "fee_fen": 5000,
            "released_at": "2026-11-20T07:00:00.000+08:00",
            "slots": [{"start": "08:00", "minutes": 30, "capacity": 6}, {"start": "08:30", "minutes": 30, "capacity": 6}],
        })
    );
}

#[test]
fn a_server_that_is_not_reached_is_told_with_what_to_do() {
    let told = |cause: &str| super::next(cause);
    assert!(told("Connection refused (os error 111)").contains("--url its address"));
    assert!(told("received corrupt message of type InvalidContentType").ends_with("--url http://…"));
    assert!(told("the answer was cut short").ends_with("--url https://…"));
    assert!(told("invalid peer certificate: UnknownIssuer").contains("SSL_CERT_FILE"));
    assert!(told("Connection reset by peer (os error 104)").contains("run it again"));
    assert_eq!(told("no route to host"), "");
}

#[test]
fn two_sessions_of_a_doctor_in_a_period_are_told_apart_by_an_id() {
    let twice = (
        "sessions.csv",
        "date,period,queue,doctor,registration_class,hours,capacity\n\
         2026-11-24,morning,李明,李明,主任,08:00-09:00,6\n2026-11-24,morning,李明,李明,普通,09:00-10:00,6\n",
    );
    let wrong = planned(&house(&[twice]), &nothing()).expect_err("one id for two");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].ends_with("already: give one of the two sessions an id of its own"), "{wrong:?}");
}

#[test]
fn templates_and_exceptions_are_compared_with_the_plan_that_there_is() {
    let templates = (
        "templates.csv",
        "模板编码,模板名称,队列,医生,诊室,午别,号别,挂号费,星期,开始日期,结束日期,出诊时间,每时段号数\n\
         li-am,李明上午,李明,李明,1号诊室,上午,主任,50,周一至周三；周五,2026/11/23,,08：00-09：00,6\n",
    );
    let exceptions = (
        "exceptions.csv",
        "例外编码,所属科室,开始日期,结束日期,医生,模板,安排,原因,替诊医生,按周几\n\
         off,内科,2026-12-01,2026-12-03,,,放假,元旦,,\n\
         instead,内科,2026-12-04,,,li-am,替诊,,李明,\n\
         moved,内科,2026-12-05,,,,上班,,,周五\n\
         over,内科,2026-11-01,2026-11-22,,,停诊,过去了,,\n",
    );
    let wishes = planned(&house(&[templates, exceptions]), &nothing()).expect("in order");
    let wish = |id: &str| wishes.iter().find(|wish| wish.id == id).expect("a wish");
    let slot = |start: &str| json!({"start": start, "minutes": 30, "capacity": 6});
    assert_eq!(
        wish("s.internal.li-am").fields,
        json!({
            "id": "s.internal.li-am", "name": "李明上午", "queue": "s.internal.li", "doctor": "s.0042",
            "service_point": "s.internal.r1", "period": "morning", "registration_class": "主任", "fee_fen": 5000,
            "weekdays": [1, 2, 3, 5], "from": "2026-11-23", "slots": [slot("08:00"), slot("08:30")],
        })
    );
    let does = |id: &str| wish(id).fields["does"].clone();
    assert_eq!(does("s.internal.off"), json!({"closed": {"reason": "元旦"}}));
    assert_eq!(does("s.internal.instead"), json!({"substitute": {"doctor": "s.0042"}}));
    assert_eq!(wish("s.internal.instead").fields["template"], "s.internal.li-am");
    assert_eq!(wish("s.internal.instead").fields["to"], "2026-12-04", "of one day");
    assert_eq!(does("s.internal.moved"), json!({"open": {"as_weekday": 5}}));
    assert_eq!(wish("s.internal.over").change, Change::Over);

    // On the page it was defined from start to end: the same slots are the same template.
    let mut known = after(&wishes);
    let mut shown = super::known::in_full(Kind::Templates, &wish("s.internal.li-am").fields).expect("a command");
    (shown["slots"], shown["start"], shown["end"]) = (json!([]), json!("08:00"), json!("09:00"));
    (shown["capacity"], shown["retired"]) = (json!(6), json!(false));
    let read = super::known::planned(Kind::Templates, &shown).flatten().expect("one that lives");
    known.things.entry(Kind::Templates).or_default().insert("s.internal.li-am".to_owned(), read);
    let again = planned(&house(&[templates, exceptions]), &known).expect("in order");
    let other: Vec<&str> = again.iter().filter(|wish| wish.change != Change::Same).map(|w| w.id.as_str()).collect();
    assert_eq!(other, ["s.internal.over"]);
    shown["retired"] = json!(true);
    assert_eq!(super::known::planned(Kind::Templates, &shown), Some(None), "of one that is retired nothing is known");

    let wrong = (
        "wrong.csv",
        "# kind: exceptions\nid,department,from,does,substitute\nx,内科,2026-12-01,maybe,\ny,内科,2026-12-01,open,\n",
    );
    let faults = planned(&house(&[wrong]), &nothing()).expect_err("no such word");
    assert!(faults[0].starts_with("wrong.csv, line 3, does: \"maybe\" is not closed"), "{faults:?}");
    let alone =
        ("wrong.csv", "# kind: exceptions\nid,department,from,does,substitute\nx,内科,2026-12-01,substitute,李明\n");
    let faults = planned(&house(&[alone]), &nothing()).expect_err("whom?");
    assert!(faults[0].contains("a substitute is for a doctor or a template"), "{faults:?}");
}

#[test]
fn a_name_that_two_bear_is_asked_about() {
    let more = ("more.csv", "# kind: departments\nid,name\ninternal2,内科\n");
    let doctors = ("more-doctors.csv", "id,name,title,departments\nwang,王芳,主治医师,内科\n");
    let wrong = planned(&house(&[more, doctors]), &nothing()).expect_err("two of that name");
    assert!(
        wrong.contains(
            &"more-doctors.csv, line 2, departments: \"内科\" is the name of s.internal and s.internal2: write the id"
                .to_owned()
        ),
        "{wrong:?}"
    );
}

#[test]
fn what_would_be_refused_is_told_by_the_columns_of_the_file() {
    let sessions = (
        "sessions.csv",
        "date,午别,queue,doctor,room,registration_class,hours,capacity\n2026-11-24,上午,internal.li,0042,r1,普通,08:00-10:00,200000\n",
    );
    let wrong = planned(&house(&[sessions]), &nothing()).expect_err("too many places");
    assert!(wrong[0].starts_with("sessions.csv, line 2, hours, capacity: invalid_field: "), "{wrong:?}");
}

#[test]
fn what_is_left_out_stays_and_what_is_empty_goes() {
    let first = "# kind: departments\nid,name,name_en,number_only,settings.booking.hold_ttl_s\ninternal,内科,Internal,yes,300\n";
    let wishes = planned(&[("d.csv", first)], &nothing()).expect("in order");
    let known = after(&wishes);
    let change = |text: &str| planned(&[("d.csv", text)], &known).expect("in order").remove(0);
    assert_eq!(change("# kind: departments\nid,name\ninternal,内科\n").change, Change::Same);
    let emptied = change("# kind: departments\nid,name,number_only\ninternal,内科,\n");
    assert_eq!(emptied.change, Change::Changed(vec!["number_only true → false".to_owned()]));
    assert_eq!(emptied.fields["settings"]["booking"]["hold_ttl_s"], 300, "what is not in the file goes along");
    let renamed = change("# kind: departments\nid,name\ninternal,大内科\n");
    assert_eq!(renamed.change, Change::Changed(vec!["name \"内科\" → \"大内科\"".to_owned()]));
    let set = change(
        "# kind: departments\nid,name,settings.calling.recalls,settings.booking.hold_ttl_s\ninternal,内科,,600\n",
    );
    assert_eq!(set.change, Change::Changed(vec!["settings.booking.hold_ttl_s 300 → 600".to_owned()]));
}

#[test]
fn a_departments_name_says_whether_its_screens_show_numbers_only_where_no_cell_does() {
    let table = "# kind: departments\nid,name,name_en,number_only\n\
                 a,精神科,,\nb,皮肤性病科,,\nc,生殖医学中心,,\nd,慢性病科,,\ne,特需门诊,Psychology,\nf,心理科,,no\ng,内科,,\n";
    let wishes = planned(&[("d.csv", table)], &nothing()).expect("in order");
    let only = |wish: &Wish| super::known::in_full(wish.kind, &wish.fields).expect("a command")["number_only"] == true;
    let proposed: Vec<&str> = wishes.iter().filter(|wish| only(wish)).map(|wish| wish.id.as_str()).collect();
    assert_eq!(proposed, ["s.a", "s.b", "s.c", "s.e"]);
    assert!(wishes.iter().all(|wish| wish.note.is_some() == only(wish)), "and it is told");
    let without = planned(&[("d.csv", "# kind: departments\nid,name\na,精神科\n")], &nothing()).expect("in order");
    assert!(only(&without[0]), "also without the column");
    let mut known = after(&without);
    known.things.get_mut(&Kind::Departments).expect("departments").get_mut("s.a").expect("it")["number_only"] =
        json!(false);
    let kept = planned(&[("d.csv", "# kind: departments\nid,name\na,精神科\n")], &known).expect("in order");
    assert_eq!(kept[0].change, Change::Same, "what was decided stays");
}

#[test]
fn the_domain_is_asked_beforehand() {
    let twice = ("more.csv", "队列编码,科室,队列名称,前缀\nchen,内科,陈红,A\nlow,内科,陈红,a\n");
    let wrong = planned(&house(&[twice]), &nothing()).expect_err("refused");
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong.iter().any(|fault| fault.starts_with("queues.csv, line 2: prefix_taken")), "{wrong:?}");
    assert!(
        wrong.iter().any(|fault| fault.starts_with("more.csv, line 3") && fault.contains("invalid_field: a prefix is")),
        "{wrong:?}"
    );
    let staff = |row: &str| {
        let text = format!("id,role,doctor,departments,password\n{row}\n");
        planned(&[house(&[]), vec![("staff.csv", text.as_str())]].concat(), &nothing())
    };
    assert!(staff("li,doctor,李明,,").expect("in order").iter().any(Wish::needs_password));
    for (row, says) in [
        ("li,doctor,,,", "invalid_field: role doctor needs the doctor"),
        ("Li Ming,desk,,,", "invalid_field: a name is 1 to 48 of a-z, 0-9, - and _"),
        ("li,desk,,,short", "invalid_field: a password has at least 12 characters"),
        ("li,desk,,my-own-password,", "departments: the cell is no department of this site"),
        ("li,nurse,,,", "role: the cell is not doctor (医生), desk (分诊台, 护士)"),
    ] {
        let wrong = staff(row).expect_err(row);
        let told = wrong.len() == 1 && wrong[0].starts_with("staff.csv, line 2") && wrong[0].contains(says);
        assert!(told, "{wrong:?}");
        assert!(!wrong[0].contains("\"short"), "a password is repeated");
    }
    let long = format!("id,name\ninternal,{}\n", "长".repeat(201));
    let wrong = planned(&[("d.csv", &format!("# kind: departments\n{long}"))], &nothing()).expect_err("too long");
    assert!(wrong[0].starts_with("d.csv, line 3, name: invalid_field"), "{wrong:?}");
    let unknown = "# kind: departments\nid,name,settings.booking.no_such\ninternal,内科,1\n";
    let wrong = planned(&[("d.csv", unknown)], &nothing()).expect_err("unknown");
    assert!(wrong[0].starts_with("d.csv, line 3: malformed: unknown field `no_such`"), "{wrong:?}");
}

#[test]
fn what_stands_already_is_no_fault() {
    let wishes = planned(&house(&[]), &nothing()).expect("in order");
    let mut known = after(&wishes);
    let doctors = known.things.get_mut(&Kind::Doctors).expect("doctors");
    // The doctor has left the department since, and the queue still names the doctor.
    doctors.get_mut("s.0042").expect("the doctor")["departments"] = json!(["s.skin"]);
    let areas = ("areas.csv", "id,name,queues\na3,3楼,李明\n");
    let more = planned(&[areas], &known).expect("in order");
    assert_eq!((more.len(), more[0].change == Change::Made), (1, true));
    let queue = "id,name,prefix,doctors\ninternal.li,李明,D,李明\n";
    let wrong = planned(&[("queues.csv", queue)], &known).expect_err("it would not be taken today");
    assert!(wrong[0].contains("does not work in this department"), "{wrong:?}");
}

#[test]
fn places_kept_by_channel_are_columns_that_may_be_left_out() {
    let head = "id,date,period,queue,registration_class,hours,capacity";
    let row = "am,2026-11-24,上午,李明,普通,08:00-09:00,6";
    let planned_with = |head: &str, row: &str, known: &Known| {
        let text = format!("{head}\n{row}\n");
        let wishes = planned(&[house(&[]), vec![("sessions.csv", text.as_str())]].concat(), known)?;
        Ok::<_, Vec<String>>(wishes.into_iter().find(|wish| wish.kind == Kind::Sessions).expect("a session"))
    };
    let kept = format!("{row},,2,1");
    let head_of_kept = format!("{head},网络预留,窗口预留,转诊预留");
    let wish = planned_with(&head_of_kept, &kept, &nothing()).expect("in order");
    assert_eq!(wish.fields["slots"][1]["quotas"], json!({"online": 0, "desk": 2, "referral": 1}));
    // Left out, they stay as they are; empty, nothing is kept.
    let mut known = nothing();
    let there = super::known::in_full(Kind::Sessions, &wish.fields).expect("a command");
    known.things.entry(Kind::Sessions).or_default().insert("s.internal.am".to_owned(), there);
    assert_eq!(planned_with(head, row, &known).expect("in order").change, Change::Same);
    let emptied = planned_with(&head_of_kept, &format!("{row},,,"), &known).expect("in order");
    assert!(matches!(emptied.change, Change::Changed(_)), "{:?}", emptied.change);
    let too_many = planned_with(&head_of_kept, &format!("{row},3,3,1"), &nothing()).expect_err("seven of six");
    assert!(too_many[0].contains("a slot keeps no more places than it has (slot 08:00)"), "{too_many:?}");
}

#[test]
fn sessions_of_days_that_are_over_are_left_alone_and_twins_need_ids() {
    let head = "date,period,queue,registration_class,hours,capacity\n";
    let session = |rows: &str| {
        let text = format!("{head}{rows}");
        planned(&[house(&[]), vec![("sessions.csv", text.as_str())]].concat(), &nothing())
    };
    let wishes = session("2026-11-22,上午,李明,普通,08:00-12:00,3\n2026-11-23,上午,李明,普通,08:00-12:00,3\n");
    let changes: Vec<Change> =
        wishes.expect("in order").iter().filter(|w| w.kind == Kind::Sessions).map(|w| w.change.clone()).collect();
    assert_eq!(changes, [Change::Over, Change::Made]);
    let twins = session("2026-11-23,上午,李明,普通,08:00-09:00,3\n2026-11-23,上午,李明,主任,10:00-12:00,3\n");
    assert_eq!(
        twins.expect_err("twins"),
        [
            "sessions.csv, line 3: s.internal.s20261123-li-morning stands in sessions.csv, line 2 already: give one of the two sessions an id of its own"
        ]
    );
    let odd = session("2026-11-23,清晨,李明,普通,08:00-09:00,3\n").expect_err("no id can be made");
    assert_eq!(odd, ["sessions.csv, line 2, period: of another period the session needs an id"]);
    for (row, says) in [
        ("23.11.2026,上午,李明,普通,08:00-09:00,3", "date: \"23.11.2026\" is not a date"),
        ("2026-11-23,上午,李明,普通,8-9,3", "hours: \"8-9\" is not hours"),
        ("2026-11-23,上午,李明,普通,08:00-09:00,many", "capacity: \"many\" is not a whole number"),
        ("2026-11-23,上午,李明,普通,08:00-09:00,-1", "capacity: \"-1\" is not a whole number from 0"),
        ("2026-11-23,上午,李明,,08:00-09:00,3", "registration_class: it must not be empty"),
    ] {
        let wrong = session(&format!("{row}\n")).expect_err(row);
        assert!(wrong.len() == 1 && wrong[0].starts_with(&format!("sessions.csv, line 2, {says}")), "{wrong:?}");
    }
}

#[test]
fn ids_are_whole_and_well_formed() {
    let id = |id: &str| {
        let text = format!("# kind: departments\nid,name\n{id},内科\n");
        planned(&[("d.csv", text.as_str())], &nothing()).map(|mut wishes| wishes.remove(0).id)
    };
    for same in ["internal", "s.internal", "INTERNAL", "ｉｎｔｅｒｎａｌ"] {
        assert_eq!(id(same), Ok("s.internal".to_owned()), "{same}");
    }
    for wrong in ["内科", "a b", "a..b"] {
        assert!(id(wrong).expect_err(wrong)[0].contains("is no id: a-z, 0-9, - and _"), "{wrong}");
    }
    assert!(id("a.b").expect_err("two parts")[0].starts_with("d.csv, line 3: id_not_under_parent"));
}

/// A calendar's tables with those of the house, and what they come to.
fn of_calendar(text: &str, set: &[&str]) -> Result<Vec<Wish>, Vec<String>> {
    let told = |faults: Vec<super::Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    let calendar = ics::parse("c.ics", text.as_bytes()).map_err(told)?;
    let set: Vec<(String, String)> = set.iter().map(|text| setting(text).expect("a column")).collect();
    let mut sheets = sheets(&house(&[]));
    sheets.extend(events::sheets(&calendar, &set, nothing().zone).map_err(told)?);
    plan(&sheets, &nothing()).map_err(told)
}

fn calendar(events: &[&str]) -> String {
    let events: String = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-JIAOHAO-REGISTRATION-CLASS:普通\r\n{events}END:VCALENDAR\r\n")
}

const MONDAYS: &str = "UID:9A2-monday@clinic\nSUMMARY:李明上午\nLOCATION:1号诊室\nCATEGORIES:主任\n\
    DTSTART;TZID=Asia/Shanghai:20261130T080000\nDTEND;TZID=Asia/Shanghai:20261130T113000\n\
    RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270131T000000Z\nEXDATE;TZID=Asia/Shanghai:20261202T080000,20261207T080000";
const SET: [&str; 5] = ["doctor=李明", "队列=李明", "department=内科", "capacity=6", "registration_class=主任"];

#[test]
fn a_calendar_becomes_templates_sessions_and_exceptions() {
    let moved = "UID:9A2-monday@clinic\nRECURRENCE-ID;TZID=Asia/Shanghai:20261209T080000\nSUMMARY:李明\n\
        DTSTART;TZID=Asia/Shanghai:20261209T140000\nDURATION:PT2H\nX-JIAOHAO-CAPACITY:4";
    let gone = "UID:9A2-monday@clinic\nRECURRENCE-ID;TZID=Asia/Shanghai:20261214T080000\nSTATUS:CANCELLED\n\
        DTSTART;TZID=Asia/Shanghai:20261214T080000\nDURATION:PT3H";
    let once = "UID:once\nSUMMARY:专家会诊\nDTSTART:20261205T010000Z\nDTEND:20261205T030000Z\nX-JIAOHAO-FEE-YUAN:50";
    let wishes = of_calendar(&calendar(&[MONDAYS, moved, gone, once]), &SET).expect("in order");
    let of = |kind: Kind| wishes.iter().filter(|wish| wish.kind == kind).collect::<Vec<_>>();
    let [template] = of(Kind::Templates)[..] else { panic!("one template") };
    assert!(template.id.starts_with("s.internal.ics-9a2-monday-clinic-"), "{}", template.id);
    let is = |field: &str| &template.fields[field];
    assert_eq!(
        (is("name"), is("doctor"), is("queue")),
        (&json!("李明上午"), &json!("s.0042"), &json!("s.internal.li"))
    );
    assert_eq!((is("weekdays"), is("from"), is("until")), (&json!([1, 3]), &json!("2026-11-30"), &json!("2027-01-31")));
    assert_eq!((is("service_point"), is("registration_class")), (&json!("s.internal.r1"), &json!("主任")));
    assert_eq!((template.fields["slots"].as_array().map(Vec::len), is("period")), (Some(7), &json!("morning")));
    // Two days left out, one on which it is at another time, one on which it is not.
    let closed: Vec<&str> = of(Kind::Exceptions).iter().filter_map(|wish| wish.fields["from"].as_str()).collect();
    assert_eq!(closed, ["2026-12-02", "2026-12-07", "2026-12-09", "2026-12-14"]);
    assert!(of(Kind::Exceptions).iter().all(|wish| wish.fields["template"] == json!(template.id)));
    let mut sessions = of(Kind::Sessions);
    // Of the day on which it is not there is no session to take away.
    assert_eq!(sessions.iter().filter(|wish| wish.change == Change::Same).count(), 1);
    sessions.retain(|wish| wish.change != Change::Same);
    sessions.sort_by_key(|wish| wish.fields["date"].to_string());
    let told =
        |at: usize| (&sessions[at].fields["date"], &sessions[at].fields["slots"][0], &sessions[at].fields["period"]);
    let slot = |start: &str, capacity: u32| json!({"start": start, "minutes": 30, "capacity": capacity});
    assert_eq!(told(1), (&json!("2026-12-09"), &slot("14:00", 4), &json!("afternoon")));
    // In the site's own time.
    assert_eq!(told(0), (&json!("2026-12-05"), &slot("09:00", 6), &json!("morning")));
    assert_eq!((sessions.len(), &sessions[0].fields["fee_fen"]), (2, &json!(5000)));
    // Once more nothing differs.
    let known = after(&wishes);
    let calendar = ics::parse("c.ics", calendar(&[MONDAYS, moved, gone, once]).as_bytes()).expect("a calendar");
    let set: Vec<(String, String)> = SET.iter().map(|text| setting(text).expect("a column")).collect();
    let again = plan(&events::sheets(&calendar, &set, known.zone).map_err(|_| ()).expect("tables"), &known);
    assert!(
        again.map_err(|faults| faults[0].to_string()).expect("in order").iter().all(|wish| wish.change == Change::Same)
    );
}

/// So many series of every day.
fn daily(events: usize) -> String {
    let event = |n: usize| {
        format!(
            "UID:daily-{n}\nSUMMARY:门诊{n}\nDTSTART;TZID=Asia/Shanghai:20261124T080000\n\
            DTEND;TZID=Asia/Shanghai:20261124T090000\nRRULE:FREQ=DAILY"
        )
    };
    let events: Vec<String> = (0..events).map(event).collect();
    calendar(&events.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn more_series_than_a_department_may_have_are_refused_at_once() {
    let refused = of_calendar(&daily(600), &SET).expect_err("too many");
    let [told] = &refused[..] else { panic!("{} faults", refused.len()) };
    assert!(
        told.contains("limit_exceeded") && told.contains("s.internal would have more than 500 templates"),
        "{told}"
    );
}

/// A series that has ended for good, as calendars export it: with days left out, moved and cancelled.
fn cancelled(id: &str) -> Vec<String> {
    let series = MONDAYS.replace("SUMMARY", "STATUS:CANCELLED\nSUMMARY");
    let moved =
        "RECURRENCE-ID;TZID=Asia/Shanghai:20261209T080000\nDTSTART;TZID=Asia/Shanghai:20261209T140000\nDURATION:PT2H";
    // What is cancelled is often told by its day alone.
    let gone = "RECURRENCE-ID;TZID=Asia/Shanghai:20261214T080000\nSTATUS:CANCELLED";
    [series, format!("UID:{id}\n{moved}"), format!("UID:{id}\n{gone}")].to_vec()
}

#[test]
fn of_a_series_that_is_gone_no_day_is_otherwise_however_often_it_is_imported() {
    let id = "9A2-monday@clinic";
    let with = |events: &[String], known: &Known| {
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let calendar = ics::parse("c.ics", calendar(&events).as_bytes()).map_err(|_| ()).expect("a calendar");
        let set: Vec<(String, String)> = SET.iter().map(|text| setting(text).expect("a column")).collect();
        let mut all = sheets(&house(&[]));
        all.extend(events::sheets(&calendar, &set, known.zone).map_err(|faults| faults[0].to_string())?);
        plan(&all, known).map_err(|faults| faults[0].to_string())
    };
    let of_calendar = |wishes: &[Wish]| -> Vec<(Kind, Change)> {
        let of_it = wishes.iter().filter(|wish| wish.file == "c.ics");
        of_it.map(|wish| (wish.kind, wish.change.clone())).collect()
    };
    // It was never here: there is nothing to send, now and the next time.
    let empty = after(&planned(&house(&[]), &nothing()).expect("the house"));
    let never = with(&cancelled(id), &empty).expect("nothing is wrong with it");
    let same = |kind: Kind| (kind, Change::Same);
    assert_eq!(of_calendar(&never), [same(Kind::Sessions), same(Kind::Sessions), same(Kind::Templates)]);

    // It was here, with a day moved: both go, and the second time they are gone.
    let mut living = cancelled(id);
    living[0] = MONDAYS.to_owned();
    let mut known = after(&with(&living, &nothing()).expect("in order"));
    let gone = with(&cancelled(id), &known).expect("in order");
    let retired = |kind: Kind| (kind, Change::Retired);
    assert_eq!(of_calendar(&gone), [same(Kind::Sessions), retired(Kind::Templates), retired(Kind::Sessions)]);
    for kind in [Kind::Templates, Kind::Sessions] {
        known.things.insert(kind, std::collections::BTreeMap::new());
    }
    let again = with(&cancelled(id), &known).expect("the same file twice");
    assert!(again.iter().all(|wish| wish.change == Change::Same), "{again:?}");

    // A day that was moved and is cancelled since goes too, and the days of a series have ids of their own.
    let known = after(&with(&living, &nothing()).expect("in order"));
    living[0] = format!("{MONDAYS}\nX-JIAOHAO-ID:li-am");
    let named = with(&living, &nothing()).expect("in order");
    assert!(named.iter().any(|wish| wish.id == "s.internal.li-am"), "{named:?}");
    living[0] = MONDAYS.to_owned();
    living[1] = format!("UID:{id}\nRECURRENCE-ID;TZID=Asia/Shanghai:20261209T080000\nSTATUS:CANCELLED");
    let called_off = with(&living, &known).expect("in order");
    let retired: Vec<&str> =
        called_off.iter().filter(|wish| wish.change == Change::Retired).map(|wish| wish.id.as_str()).collect();
    assert!(matches!(retired[..], [id] if id.ends_with("-r20261209")), "{retired:?}");
}

#[test]
fn a_day_on_which_a_template_is_otherwise_is_of_the_department_of_its_queue() {
    let moved = "UID:9A2-monday@clinic\nRECURRENCE-ID;TZID=Asia/Shanghai:20261209T080000\nSUMMARY:李明\n\
        DTSTART;TZID=Asia/Shanghai:20261209T140000\nDURATION:PT2H";
    let leave = "UID:2\nSUMMARY:休假\nDTSTART;VALUE=DATE:20270201";
    let set = ["doctor=李明", "queue=李明", "capacity=6"];
    let wishes = of_calendar(&calendar(&[MONDAYS, moved, leave]), &set).expect("in order");
    let of = |kind: Kind| wishes.iter().filter(move |wish| wish.kind == kind);
    let template = of(Kind::Templates).next().expect("a template");
    let mut told: Vec<(&str, bool)> = of(Kind::Exceptions)
        .map(|wish| (wish.fields["from"].as_str().unwrap_or_default(), wish.fields["template"] == json!(template.id)))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("2026-12-02", true), ("2026-12-07", true), ("2026-12-09", true), ("2027-02-01", false)]);
    assert!(of(Kind::Exceptions).all(|wish| wish.id.starts_with("s.internal.ics-")));
    assert_eq!(of(Kind::Sessions).count(), 1);
    // A holiday is nobody's: whose it is has to be said.
    of_calendar(&calendar(&["UID:2\nSUMMARY:元旦\nDTSTART;VALUE=DATE:20270101"]), &set[1..])
        .expect_err("of no department");
}

#[test]
fn whole_days_are_holidays_working_days_and_leave() {
    let wishes = of_calendar(
        &calendar(&[
            "UID:1\nSUMMARY:元旦\nDTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270104",
            "UID:2\nSUMMARY:元旦(班)\nDTSTART;VALUE=DATE:20270110\nX-JIAOHAO-AS-WEEKDAY:5",
            "UID:3\nSUMMARY:休假\nDTSTART;VALUE=DATE:20270201\nDURATION:P1W\nX-JIAOHAO-DEPARTMENT:内科\nX-JIAOHAO-DOCTOR:李明",
        ]),
        &["department=内科;皮肤科"],
    )
    .expect("in order");
    let told: Vec<String> = wishes
        .iter()
        .filter(|wish| wish.kind == Kind::Exceptions)
        .map(|wish| {
            let (id, fields) = (wish.id.split('.').nth(1).unwrap_or_default(), &wish.fields);
            format!("{id} {} {} {} {}", fields["from"], fields["to"], fields["does"], fields["doctor"])
        })
        .collect();
    let closed = |department: &str| {
        format!("{department} \"2027-01-01\" \"2027-01-03\" {{\"closed\":{{\"reason\":\"元旦\"}}}} null")
    };
    let open =
        |department: &str| format!("{department} \"2027-01-10\" \"2027-01-10\" {{\"open\":{{\"as_weekday\":5}}}} null");
    let leave = "internal \"2027-02-01\" \"2027-02-07\" {\"closed\":{\"reason\":\"休假\"}} \"s.0042\"".to_owned();
    for expected in [closed("internal"), closed("skin"), open("internal"), open("skin"), leave] {
        assert!(told.contains(&expected), "{expected} is not in {told:?}");
    }
    assert_eq!(told.len(), 5);
}

#[test]
fn what_of_a_calendar_cannot_be_planned_is_told_with_its_line() {
    let event = |more: &str| calendar(&[&format!("UID:1\nSUMMARY:李明\n{more}")]);
    let hours = "DTSTART:20261130T080000\nDTEND:20261130T110000";
    for (text, set, says) in [
        (event(hours), &[][..], "line 4, queue: nothing says its queue"),
        (event(hours), &["queue=李明"][..], "line 4, capacity: nothing says its capacity"),
        (event(&format!("{hours}\nLOCATION:9号诊室")), &SET[..], "\"9号诊室\" is no room of this site"),
        (
            event(&format!("{hours}\nRRULE:FREQ=WEEKLY\nRRULE:FREQ=DAILY")),
            &SET[..],
            "line 10: RRULE stands in the event once (line 9 has one already)",
        ),
        (
            event("DTSTART:99991231T080000\nDURATION:PT3H\nRRULE:FREQ=DAILY;COUNT=5"),
            &SET[..],
            "line 7: 99991231: a date is of the years 2000 to 2999",
        ),
        (
            event("DTSTART:29991231T080000\nDURATION:PT3H\nRRULE:FREQ=DAILY;COUNT=5"),
            &SET[..],
            "line 9: 30000104: a date is of the years 2000 to 2999",
        ),
        (event("DTSTART:20261130T080000"), &SET[..], "no DTEND and no DURATION"),
        (event("DTSTART:20261130T220000\nDURATION:PT3H"), &SET[..], "it ends on the day on which it begins"),
        (event("DTSTART:20261130T080000\nDTEND:20261130T080000"), &SET[..], "it ends on the day on which it begins"),
        (event("DTSTART;VALUE=DATE:20261130\nRRULE:FREQ=YEARLY"), &SET[..], "each holiday is an event of its own"),
        (event(&format!("{hours}\nRRULE:FREQ=MONTHLY")), &SET[..], "line 9: a plan is of weeks"),
        (event(&format!("{hours}\nRDATE:20261201T080000")), &SET[..], "RDATE"),
        (
            event("DTSTART:20261130T000000Z\nDTEND:20261130T030000Z\nRRULE:FREQ=WEEKLY"),
            &SET[..],
            "is of the site's own zone",
        ),
        (
            calendar(&[
                &format!("UID:1\nSUMMARY:李明\n{hours}\nRRULE:FREQ=WEEKLY"),
                "UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261207T080000\nDTSTART:20261208T140000\nDTEND:20261208T170000",
            ]),
            &SET[..],
            "RANGE: what is otherwise from a day on",
        ),
        (event(&format!("{hours}\nX-JIAOHAO-QUEUE:=1+1")), &SET[1..1], "takes for a formula"),
        (calendar(&[hours]), &SET[..], "an event needs a UID"),
        (calendar(&["UID:1\nDTSTART:20261130T080000", "UID:1\nDTSTART:20261130T080000"]), &SET[..], "of one UID"),
    ] {
        let told = of_calendar(&text, set).expect_err("it cannot be planned");
        assert!(told.iter().any(|told| told.contains(says)), "{says}: {told:?}");
    }
    assert!(setting("beds=3").is_err() && setting("queue").is_err());
    assert_eq!(setting("医生=李明"), Ok(("doctor".to_owned(), "李明".to_owned())));
}

#[test]
fn passwords_of_an_import_before_are_not_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("passwords.csv");
    let begin = |path: &std::path::Path| super::send::Made::begin(path).map(drop);
    begin(&path).expect("a new one");
    let told = begin(&path).expect_err("it is there");
    assert!(told.starts_with(&path.display().to_string()) && told.ends_with("name another by --passwords"), "{told}");
    assert!(begin(&folder.path().join("no/passwords.csv")).expect_err("no folder").contains("(os error 2)"));
}

#[test]
fn slips_of_the_pen_are_told_with_their_lines() {
    let doctors = ("more.csv", "id,name,title,departments\n0043,李明,教授,内科\n0044,王芳,主治医师,内科\n");
    let sessions = (
        "sessions.csv",
        "date,period,queue,registration_class,hours,capacity\n2026-11-24,上午,李明,特级,18:00-20:00,0\n\
         2026-11-25,下午,李明,普通,13:00-17:00,9999\n2026-11-26,上午,李明,普通,08:00-12:00,6\n",
    );
    let staff = ("staff.csv", "id,role,departments\nx1,护士,\nx2,护士,内科\n");
    // 李明 is two doctors' name now: the queue says which.
    let mut texts = house(&[doctors, sessions, staff]);
    texts.retain(|(file, _)| *file != "queues.csv");
    texts.push(("queues.csv", "id,department,name,prefix,doctors\nli,内科,李明,A,0042\n"));
    let wishes = planned(&texts, &nothing()).expect("in order");
    let told = super::doubts::of(&wishes, &nothing());
    assert_eq!(
        told,
        [
            "more.csv, line 2: title: \"教授\" is none of this house yet",
            "doctors.csv, line 2: \"李明\" is the name of s.0043 too",
            "sessions.csv, line 2: registration_class: \"特级\" is none of this house yet",
            "sessions.csv, line 2: hours: 18:00 is not in the morning",
            "sessions.csv, line 2: capacity: 0, so that nobody can book",
            "sessions.csv, line 3: capacity: 9999 places, in each slot of its own",
            "staff.csv, line 2: x1: a desk of every department, as none is named",
        ]
    );
    assert_eq!(super::doubts::of(&wishes, &after(&wishes)).len(), 6, "words that the house has are its own");
}

/// What a stream shows of a session in spring.
fn in_spring(id: &str) -> serde_json::Value {
    let slot = json!({"start": "2027-04-01T08:00:00.000+08:00", "end": "2027-04-01T09:00:00.000+08:00", "capacity": 6,
        "quotas": {"online": 2, "desk": 0, "referral": 0}});
    json!({"snapshot": {"session": id, "date": "2027-04-01", "period": "morning", "queue": "s.internal.li", "doctor": "s.0042",
        "service_point": "s.internal.r1", "registration_class": "主任", "fee_fen": 5000, "high_demand": false,
        "released_at": null, "open": true, "slots": [slot]}})
}

const SPRING: &str = "date,period,queue,doctor,registration_class,hours,slot_minutes,capacity,retired\n\
    2027-04-01,morning,李明,李明,主任,08:00-09:00,60,6,\n2027-04-02,morning,李明,李明,主任,08:00-09:00,60,6,\n\
    2027-04-03,morning,李明,李明,主任,08:00-09:00,60,6,yes\n2026-11-01,morning,李明,李明,主任,08:00-09:00,60,6,\n";

/// What is planned of the sessions in spring, where the server is asked about each of them.
async fn of_spring(
    lacks_sessions: bool,
    read: impl AsyncFn(String) -> Result<serde_json::Value, crate::clients::Refusal>,
) -> Result<Vec<Wish>, Vec<String>> {
    let mut known = after(&planned(&house(&[]), &nothing()).expect("the house"));
    known.lacks_sessions = lacks_sessions;
    let spring = sheets(&[("sessions.csv", SPRING)]);
    let faults = super::ahead::learn(&spring, &mut known, read).await.map_err(|why| vec![why.to_string()])?;
    match faults.is_empty() {
        true => plan(&spring, &known),
        false => Err(faults),
    }
    .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn refused(code: &str) -> crate::clients::Refusal {
    crate::clients::Refusal { code: code.to_owned(), ..crate::clients::Refusal::door("why") }
}

#[tokio::test]
async fn sessions_that_the_directory_leaves_out_are_asked_for_one_by_one() {
    let asked = std::cell::RefCell::new(Vec::new());
    let wishes = of_spring(true, async |path: String| {
        asked.borrow_mut().push(path.clone());
        let id = path.trim_start_matches("/streams/session:");
        if id.contains("0402") { Err(refused("unknown_stream")) } else { Ok(in_spring(id)) }
    });
    let wishes = wishes.await.expect("in order");
    // As it was, with what the table does not say: its room and what is kept for phones. New. And one that goes.
    let told: Vec<(&str, Change)> = wishes.iter().map(|wish| (&wish.id[..], wish.change.clone())).collect();
    let id = |day: &str| format!("s.internal.s2027{day}-0042-morning");
    let ids = [id("0401"), id("0402"), id("0403")];
    assert_eq!(
        told,
        [
            (&ids[0][..], Change::Same),
            (&ids[1], Change::Made),
            ("s.internal.s20261101-0042-morning", Change::Over),
            (&ids[2], Change::Retired)
        ]
    );
    assert_eq!(asked.into_inner(), ids.map(|id| format!("/streams/session:{id}")), "what is over is not asked for");
    // Of what was retired there is no more: to be defined anew is for the house to refuse, to be retired again is nothing.
    let retired = of_spring(true, async |path: String| {
        let mut shown = in_spring(path.trim_start_matches("/streams/session:"));
        shown["snapshot"]["open"] = json!(false);
        Ok(shown)
    });
    let changes: Vec<Change> = retired.await.expect("in order").into_iter().map(|wish| wish.change).collect();
    assert_eq!(changes, [Change::Made, Change::Made, Change::Same, Change::Over]);
    let nobody = of_spring(false, async |_| panic!("the directory has them all")).await.expect("in order");
    assert_eq!(nobody.iter().filter(|wish| wish.change == Change::Made).count(), 2);
}

#[tokio::test]
async fn a_session_that_cannot_be_read_is_refused_with_its_line() {
    let asked = std::cell::Cell::new(0);
    let silent = of_spring(true, async |_| {
        asked.set(asked.get() + 1);
        Err(refused("timed_out"))
    });
    let faults = silent.await.expect_err("nothing is known of them");
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(
        faults[0].starts_with("sessions.csv, line 2: timed_out: what there is of s.internal.s20270401"),
        "{faults:?}"
    );
    assert!(faults[2].starts_with("sessions.csv, line 4: overloaded: "), "{faults:?}");
    assert_eq!(asked.get(), 1, "a department that does not answer is waited for once");
    let away = of_spring(true, async |_| Err(refused("door"))).await.expect_err("nobody is there");
    assert_eq!(away, ["door: why"]);
}
