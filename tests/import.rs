//! `jiaohao import` against the real server: the templates into an empty house, a second time, one cell changed, a file in
//! GB 18030, a faulty one.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

mod program;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use program::Program;
use serde_json::{Value, json};

/// A house with a site, an operator's token and the templates as files.
struct House {
    folder: tempfile::TempDir,
    program: Program,
    operator: String,
    files: Vec<PathBuf>,
}

fn jiaohao() -> Command {
    Command::new(env!("CARGO_BIN_EXE_jiaohao"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::on(folder.path());
        program.start_alive().await;
        let operator = program.token("operator", &["--may-issue"]);
        let site = json!({"id": "renmin", "name": "人民医院", "time_zone": "Asia/Shanghai"});
        program.door.insist("PUT", "/sites", Some(&operator), &site).await.unwrap();
        let tables = folder.path().join("tables");
        let written = jiaohao().args(["import", "--templates"]).arg(&tables).output().unwrap();
        assert!(written.status.success(), "{}", text(&written.stderr));
        let files: Vec<PathBuf> = text(&written.stdout).lines().rev().map(PathBuf::from).collect();
        assert_eq!(files.len(), 9);
        Self { folder, program, operator, files }
    }

    fn table(&self, name: &str) -> PathBuf {
        self.folder.path().join("tables").join(name)
    }

    fn import(&self, files: &[PathBuf], more: &[&str]) -> Output {
        let mut command = jiaohao();
        command.env("JIAOHAO_TOKEN", &self.operator).current_dir(self.folder.path());
        command.args(["import", "--json", "--url", &format!("http://{}", self.program.door.authority)]);
        command.args(more).args(files).output().unwrap()
    }

    /// How many rows were made, changed, and left as they were.
    fn counts(&self, files: &[PathBuf], more: &[&str]) -> [u64; 3] {
        let out = self.import(files, more);
        assert!(out.status.success(), "{} {}", text(&out.stdout), text(&out.stderr));
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        ["made", "changed", "as_they_were"].map(|field| report[field].as_u64().unwrap())
    }

    /// How many commands of operators the audit knows.
    async fn commands(&self) -> usize {
        let now = jiaohao_domain::Timestamp(jiaohao_actors::shell::clock::wall_ms());
        let today = jiaohao_domain::time::Zone::named("UTC").unwrap().date(now).0; // the audit's days
        let mut found = 0;
        let mut after = String::new();
        loop {
            let path = format!("/audit?day={today}{after}");
            let page = self.program.door.insist("GET", &path, Some(&self.operator), &Value::Null).await.unwrap();
            let lines = page["lines"].as_array().unwrap();
            let defines = |what: &str| what.starts_with("define_") || what == "except_days";
            found += lines.iter().filter(|line| line["what"].as_str().is_some_and(defines)).count();
            match page["next"].as_u64() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    }

    async fn directory(&self) -> Value {
        self.program.door.insist("GET", "/site/renmin", Some(&self.operator), &Value::Null).await.unwrap()
    }
}

fn change(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[tokio::test]
async fn the_templates_make_a_house_and_a_second_import_sends_nothing() {
    let house = House::open().await;
    assert_eq!(house.counts(&house.files, &["--dry-run"]), [24, 0, 0]);
    assert_eq!(house.commands().await, 1, "a dry run sends nothing: there is the site alone");
    assert_eq!(house.directory().await["departments"], json!([]));

    let out = house.import(&house.files, &[]);
    assert_eq!(out.status.code(), Some(2), "new accounts need a place for their passwords");
    assert_eq!(house.commands().await, 1);
    let more = &["--passwords", "passwords.csv"];
    let out = house.import(&house.files, more);
    assert_eq!(out.status.code(), Some(0), "{} {}", text(&out.stdout), text(&out.stderr));
    assert_eq!(house.commands().await, 1 + 24);
    let directory = house.directory().await;
    for (list, length) in [("departments", 2), ("service_points", 3), ("doctors", 2), ("queues", 3)] {
        assert_eq!(directory[list].as_array().unwrap().len(), length, "{list}");
    }
    let sessions = directory["sessions"].as_array().unwrap().iter().map(|one| one["session"].as_str().unwrap());
    let (of_templates, of_tables): (Vec<&str>, Vec<&str>) = sessions.partition(|id| id.contains("-am-d20"));
    assert!(of_tables.len() == 3 && of_templates.len() > 20, "{of_tables:?} {of_templates:?}");
    assert_eq!(directory["boards"][0]["queues"].as_array().unwrap().len(), 3);

    // The made passwords are good, and nowhere but in their file.
    let path = house.folder.path().join("passwords.csv");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let passwords = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<(&str, &str)> = passwords.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    assert_eq!(lines.len(), 5);
    for (name, password) in &lines {
        house.program.door.sign_in(name, password).await.unwrap();
        assert!(![&out.stdout, &out.stderr].iter().any(|said| text(said).contains(password)));
        assert!(!house.program.said().contains(password));
    }
    assert_eq!(house.import(&house.files, &[]).status.code(), Some(0), "nobody is new any more");

    let before = house.commands().await;
    assert_eq!(house.counts(&house.files, &[]), [0, 0, 24]);
    assert_eq!(house.commands().await, before, "what is as it was is not sent");
    change(&house.table("doctors.csv"), "李明,Li Ming,主任医师", "李明,Li Ming,副主任医师");
    assert_eq!(house.counts(&house.files, &["--dry-run"]), [0, 1, 23]);
    assert_eq!(house.counts(&house.files, &[]), [0, 1, 23]);
    assert_eq!(house.commands().await, before + 1, "one cell, one command");
    change(&house.table("sessions.csv"), "50.00,08:00-11:30", "50.00,08:00-12:00");
    assert_eq!(house.counts(&house.files, &[]), [0, 1, 23]);
    assert_eq!(house.counts(&house.files, &[]), [0, 0, 24]);
}

#[tokio::test]
async fn a_row_that_is_retired_goes_what_names_the_others_first() {
    let house = House::open().await;
    let out = house.import(&house.files, &["--passwords", "passwords.csv"]);
    assert_eq!(out.status.code(), Some(0), "{} {}", text(&out.stdout), text(&out.stderr));
    let departments = house.table("gone-departments.csv");
    std::fs::write(&departments, "# kind: departments\nid,name,停用\nmental,精神心理科,是\n").unwrap();
    let used = house.import(std::slice::from_ref(&departments), &["--dry-run"]);
    assert_eq!(used.status.code(), Some(1), "{}", text(&used.stdout));
    assert!(text(&used.stderr).contains("gone-departments.csv, line 3: in_use: "), "{}", text(&used.stderr));

    // The queue's session goes with it, and the account of a desk; what the row says beside is not looked at.
    let rest = house.table("gone.csv");
    let session = house.directory().await["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|at| at["session"].as_str().filter(|id| id.starts_with("renmin.mental.")).map(str::to_owned))
        .unwrap();
    let row = format!(
        "# kind: sessions\nid,date,period,queue,registration_class,hours,capacity,retired\n{session},,,mental.talk,,,,yes\n"
    );
    std::fs::write(&rest, row).unwrap();
    let queues = house.table("gone-queues.csv");
    std::fs::write(
        &queues,
        "# kind: queues\nid,name,prefix,retired\nmental.talk,,,yes\ninternal.li,李明,A,\nnever.there,,,yes\n",
    )
    .unwrap();
    let staff = house.table("gone-staff.csv");
    std::fs::write(&staff, "# kind: staff\nid,role,retired\nkiosk-3f,,yes\n").unwrap();
    let files = [departments, queues, staff, rest];
    let before = house.commands().await;
    let dry = house.import(&files, &["--dry-run"]);
    let report: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!((&report["retired"], &report["made"]), (&json!(4), &json!(0)), "{report}");
    let told: Vec<&str> = report["changes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for (line, what) in told.iter().zip(["kiosk-3f", session.as_str(), "renmin.mental.talk", "renmin.mental"]) {
        assert!(line.ends_with(&format!("{what}: retired")), "{told:?}");
    }
    assert_eq!(house.commands().await, before, "a dry run sends nothing");
    let out = house.import(&files, &[]);
    assert_eq!(out.status.code(), Some(0), "{} {}", text(&out.stdout), text(&out.stderr));
    let left = house.directory().await;
    assert_eq!(left["departments"].as_array().unwrap().len(), 1);
    assert!(left["queues"].as_array().unwrap().iter().all(|queue| queue["id"] != "renmin.mental.talk"));
    let again = house.import(&files, &[]);
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((again.status.code(), &report["retired"]), (Some(0), &json!(0)), "it is gone: {report}");
}

#[tokio::test]
async fn a_session_beyond_the_directory_is_known_to_the_next_import() {
    let house = House::open().await;
    let out = house.import(&house.files, &["--passwords", "passwords.csv"]);
    assert_eq!(out.status.code(), Some(0), "{} {}", text(&out.stdout), text(&out.stderr));
    let now = jiaohao_domain::Timestamp(jiaohao_actors::shell::clock::wall_ms());
    let day = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap().date(now).plus_days(70).0;
    let table = house.table("ahead.csv");
    let files = std::slice::from_ref(&table);
    let write = |columns: &str, row: &str| {
        let head = "date,period,queue,registration_class,hours,capacity";
        std::fs::write(&table, format!("{head}{columns}\n{day},morning,internal.general,普通,08:00-12:00,{row}\n"))
            .unwrap();
    };
    let id = format!("renmin.internal.s{}-general-morning", day.format("%Y%m%d"));
    let path = format!("/streams/session:{id}");
    let shown = async || {
        house.program.door.insist("GET", &path, Some(&house.operator), &Value::Null).await.unwrap()["snapshot"].clone()
    };
    write(",fee_yuan,online", "10,12.00,4");
    assert_eq!(house.counts(files, &[]), [1, 0, 0]);
    assert!(house.directory().await["sessions_left_out"].as_u64().unwrap() > 0);
    assert_eq!(house.counts(files, &[]), [0, 0, 1]);
    // What the table does not say stays.
    write("", "12");
    assert_eq!(house.counts(files, &[]), [0, 1, 0]);
    let slot = &shown().await["slots"][0];
    assert_eq!(
        (&slot["capacity"], &slot["quotas"]["online"], &shown().await["fee_fen"]),
        (&json!(12), &json!(4), &json!(1200))
    );
    write(",retired", "12,yes");
    let out = house.import(files, &[]);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&report["retired"], &report["as_they_were"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(shown().await["open"], false);
}

#[tokio::test]
async fn a_table_in_gb_18030_is_read_and_a_faulty_one_sends_nothing() {
    let house = House::open().await;
    let table = "科室编码,科室名称,英文名\r\nneike,内科,Internal medicine\r\nerke,儿科,Paediatrics\r\n";
    let path = house.table("excel.csv");
    std::fs::write(&path, encoding_rs::GB18030.encode(table).0).unwrap();
    assert_eq!(house.counts(std::slice::from_ref(&path), &[]), [2, 0, 0]);
    assert_eq!(house.directory().await["departments"][0]["name"], "儿科");

    let before = house.commands().await;
    let faulty = house.table("faulty.csv");
    let rows = "id,name,title,departments\nli,李明,主任医师,内科\nwang,=HYPERLINK(1),主治医师,内科\nzhao,赵六\u{202e},主治医师,内科\n";
    std::fs::write(&faulty, rows).unwrap();
    for more in [&[][..], &["--dry-run"]] {
        let out = house.import(std::slice::from_ref(&faulty), more);
        assert_eq!(out.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        let lines: Vec<u64> = report["faults"].as_array().unwrap().iter().filter_map(|f| f["line"].as_u64()).collect();
        assert_eq!(lines, [3, 4]);
        let said = text(&out.stderr);
        assert!(said.contains("faulty.csv, line 3, name: ") && said.contains("nothing was sent"), "{said}");
    }
    // What the domain would refuse is told with its code, and nothing of the file is sent.
    std::fs::write(&faulty, "id,department,name,prefix\na,内科,甲,A\nb,内科,乙,A\n").unwrap();
    let out = house.import(std::slice::from_ref(&faulty), &["--dry-run"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("faulty.csv, line 3: prefix_taken: "), "{}", text(&out.stderr));
    assert_eq!(house.commands().await, before);
    let out = jiaohao().args(["import", "--url", "ftp://nowhere", "x.csv"]).env("JIAOHAO_TOKEN", "x").output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
}

#[tokio::test]
async fn an_account_of_another_site_or_of_all_sites_is_taken_over_by_no_table() {
    let mut house = House::open().await;
    let put = async |path: &str, what: Value| {
        house.program.door.insist("PUT", path, Some(&house.operator), &what).await.unwrap();
    };
    let root = json!({"id": "root", "role": "operator", "password": "twelve characters", "may_issue": true});
    put("/staff", root).await;
    put("/sites", json!({"id": "east", "name": "东院", "time_zone": "Asia/Shanghai"})).await;
    put("/staff", json!({"id": "wu", "role": "desk", "password": "twelve characters", "site": "east"})).await;
    let table = house.table("staff.csv");
    std::fs::write(
        &table,
        "id,role,password\nroot,desk,another password\nwu,desk,another password\nnew,desk,another password\n",
    )
    .unwrap();
    let of_site = house.program.token("operator", &["--site", "renmin"]);
    let of_all = std::mem::take(&mut house.operator);
    for (token, code, column) in [(&of_all, "already_exists", Some("id")), (&of_site, "forbidden", None)] {
        house.operator.clone_from(token);
        let out = house.import(std::slice::from_ref(&table), &["--site", "renmin"]);
        assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
        let report: Value = serde_json::from_slice(&out.stdout).unwrap();
        let faults = report["faults"].as_array().unwrap();
        let told: Vec<_> = faults.iter().map(|fault| (fault["line"].as_u64().unwrap(), &fault["code"])).collect();
        assert_eq!(told, [(2, &json!(code)), (3, &json!(code))], "{report}");
        assert_eq!(faults[0]["column"].as_str(), column);
    }
    for name in ["root", "wu", "new"] {
        let is_new = name == "new";
        let sign_in = json!({"name": name, "password": if is_new { "another password" } else { "twelve characters" }});
        house.program.door.insist("POST", "/session", None, &sign_in).await.unwrap();
    }
}

#[tokio::test]
async fn what_only_the_server_knows_is_told_with_its_line() {
    let house = House::open().await;
    let departments = house.table("departments.csv");
    assert_eq!(house.counts(std::slice::from_ref(&departments), &[]), [2, 0, 0]);
    let retired = json!({"id": "renmin.mental"});
    let retire = house.program.door.insist("POST", "/departments/retire", Some(&house.operator), &retired).await;
    retire.unwrap();
    let out = house.import(std::slice::from_ref(&departments), &[]);
    assert_eq!(out.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&report["made"], &report["as_they_were"]), (&json!(0), &json!(1)));
    assert_eq!(report["faults"][0]["code"], "retired");
    let line = report["faults"][0]["line"].as_u64().unwrap() as usize;
    let file = std::fs::read_to_string(&departments).unwrap();
    assert!(file.lines().nth(line - 1).unwrap().starts_with("mental,"));
}
