//! The house rules as tests: what is pure stays pure, files stay short and say what they are, crates keep their
//! direction, everything that leaves the program is in PROTOCOL.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiaohao_domain::Code;
use jiaohao_domain::vocabulary::ClientCommand;

const LINES_MAX: usize = 500;

/// One file of the project, by its path from the root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        let path = Path::new(&self.path);
        path.components().any(|part| part.as_os_str() == "tests")
            || path.file_stem().is_some_and(|stem| stem == "tests")
    }

    /// The lines before the file's own tests.
    fn own_lines(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines
            .windows(2)
            .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
        tests.unwrap_or(lines.len())
    }

    /// The code with its line numbers: no comments, no tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take(self.own_lines()).enumerate().map(|(n, line)| (n + 1, line));
        lines
            .map(|(n, line)| (n, line.split("//").next().unwrap_or_default()))
            .filter(|(_, line)| !line.trim().is_empty())
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(extension: &str) -> Vec<Source> {
    fn walk(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().expect("a name").to_string_lossy();
            if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
                walk(&path, extension, found);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root(), extension, &mut paths);
    let name = |path: &Path| path.strip_prefix(root()).expect("under the root").to_string_lossy().into_owned();
    paths.into_iter().map(|path| Source { path: name(&path), text: fs::read_to_string(&path).expect("text") }).collect()
}

fn manifest(folder: &str) -> toml::Table {
    fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest").parse().expect("TOML")
}

fn dependencies(manifest: &toml::Table, section: &str) -> BTreeSet<String> {
    manifest
        .get(section)
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

fn nothing(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Whether a line uses `word` as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part_of_a_word) && !line[at + word.len()..].starts_with(part_of_a_word))
}

/// Rules beside the domain that are computed from what is given to them alone: the line of announcements, what a board shows, what a voice says.
const PURE: [&str; 5] = [
    "queue-display/src/announce/",
    "queue-display/src/board/",
    "queue-display/src/voice/",
    "signaling/src/room/",
    "signaling/src/call/",
];

#[test]
fn pure_parts_import_nothing_impure() {
    let impure = [
        "actix",
        "tokio",
        "sled",
        "redis",
        "rand",
        "flume",
        "crossbeam",
        "SystemTime",
        "Instant",
        "Utc",
        "Local",
        "unsafe",
    ];
    let impure_std =
        ["std::fs", "std::net", "std::io", "std::time", "std::thread", "std::env", "std::process", "std::sync::Mutex"];
    let mut faults = Vec::new();
    let mut seen = 0;
    for source in sources("rs") {
        let in_domain = source.path.starts_with("actors/domain/src/");
        let is_of_rules = source.path.ends_with("/rules.rs") || PURE.iter().any(|part| source.path.contains(part));
        if !(in_domain || is_of_rules) || source.is_test() {
            continue;
        }
        seen += 1;
        for (n, line) in source.code() {
            let clock = (line.contains("::shell") || line.contains("jiaohao_actors")) && !in_domain;
            if clock
                || impure.iter().any(|word| has_word(line, word))
                || impure_std.iter().any(|path| line.contains(path))
            {
                faults.push(format!("{}:{n}: not pure: {}", source.path, line.trim()));
            }
        }
    }
    assert!(seen > 10, "only {seen} pure files were found");
    nothing(&faults);
}

#[test]
fn the_domains_manifest_is_pure() {
    let allowed = ["serde", "serde_json", "schemars", "chrono", "chrono-tz", "thiserror", "itoa", "foldhash", "sha2"];
    let allowed: BTreeSet<String> = allowed.map(str::to_owned).into();
    let domain = manifest("actors/domain");
    let there = dependencies(&domain, "dependencies");
    nothing(&there.difference(&allowed).map(|name| format!("jiaohao-domain depends on {name}")).collect::<Vec<_>>());
    assert!(!domain.contains_key("build-dependencies") && !domain.contains_key("features"));
    let chrono = &manifest("")["workspace"]["dependencies"]["chrono"];
    let features = chrono["features"].as_array().expect("a list").iter().filter_map(toml::Value::as_str);
    assert_eq!(chrono["default-features"].as_bool(), Some(false));
    nothing(
        &features
            .filter(|feature| ["clock", "now", "std", "wasmbind"].contains(feature))
            .map(|feature| format!("chrono has {feature}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn crates_depend_one_way_only() {
    let ours = |folder: &str| {
        let manifest = manifest(folder);
        let all =
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|section| dependencies(&manifest, section));
        all.into_iter().flatten().filter(|name| name.starts_with("jiaohao")).collect::<BTreeSet<_>>()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let may = [
        ("actors/domain", set(&[])),
        ("actors", set(&["jiaohao-domain"])),
        ("signaling", set(&["jiaohao-domain", "jiaohao-actors"])),
        ("queue-display", set(&["jiaohao-domain", "jiaohao-actors"])),
    ];
    for (folder, may) in may {
        nothing(&ours(folder).difference(&may).map(|name| format!("{folder} depends on {name}")).collect::<Vec<_>>());
    }
}

#[test]
fn versions_stand_in_one_table() {
    let mut faults = Vec::new();
    for folder in ["", "actors", "actors/domain", "signaling", "queue-display"] {
        let manifest = manifest(folder);
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
            for (name, value) in table {
                let from_the_table = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                if !from_the_table && value.get("path").is_none() {
                    faults.push(format!("{folder}/Cargo.toml: {name} has a version of its own"));
                }
            }
        }
    }
    nothing(&faults);
}

#[test]
fn files_are_short() {
    let long = |source: &Source, lines: usize| {
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines, {LINES_MAX} at most", source.path))
    };
    let rust = sources("rs")
        .into_iter()
        .filter(|source| !source.is_test())
        .filter_map(|source| long(&source, source.own_lines()));
    let script = sources("js")
        .into_iter()
        .filter(|source| !source.is_test())
        .filter_map(|source| long(&source, source.text.lines().count()));
    nothing(&rust.chain(script).collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_lives_there() {
    let silent = |sources: Vec<Source>, beginnings: &'static [&'static str]| {
        let without =
            move |source: &Source| !beginnings.iter().any(|beginning| source.text.trim_start().starts_with(beginning));
        sources
            .into_iter()
            .filter(without)
            .map(|source| format!("{}: no comment at its top", source.path))
            .collect::<Vec<_>>()
    };
    let mut faults = silent(sources("rs"), &["//! "]);
    faults.extend(silent(sources("js"), &["// ", "/* ", "/** ", "/**\n"]));
    faults.extend(silent(sources("css"), &["/* ", "/** "]));
    nothing(&faults);
}

#[test]
fn nothing_is_sent_past_a_full_mailbox() {
    let send = concat!("do_", "send");
    let mut faults = Vec::new();
    for source in sources("rs") {
        faults.extend(
            source
                .code()
                .filter(|(_, line)| line.contains(send))
                .map(|(n, _)| format!("{}:{n}: {send}: use try_send and name what happens when full", source.path)),
        );
    }
    nothing(&faults);
}

#[test]
fn no_test_is_ignored() {
    let mark = concat!("#[", "ignore");
    let ignored = sources("rs").into_iter().filter(|source| source.text.contains(mark));
    nothing(&ignored.map(|source| format!("{}: a test that does not run", source.path)).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
        concat!("un", "implemented!("),
        concat!("X", "XX"),
    ];
    let mut faults = Vec::new();
    for source in sources("rs").into_iter().chain(sources("js")).chain(sources("md")) {
        for (n, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                faults.push(format!("{}:{}: {}", source.path, n + 1, line.trim()));
            }
        }
    }
    nothing(&faults);
}

/// Where code may know that it is a demo or made for test, and why.
const DEMO_MAY: &[(&str, &str)] = &[
    ("src/demo/", "the demo itself: a client of the public doors"),
    ("src/cli/demo.rs", "its subcommand"),
    ("src/cli/mod.rs", "names the subcommand"),
    ("src/cli/serve.rs", "clock speed and local outbox of a folder made for test"),
    ("src/lib.rs", "names the module"),
    ("src/simulate/", "starts its own server on a folder made for test, and puts load on no other"),
    ("src/clients/http.rs", "asks whether a folder is made for test, and how fast its clock is"),
    ("src/engine.rs", "how fast the clock is, for `GET /healthz`"),
    ("src/house/engine.rs", "how fast the clock is"),
    ("src/house/folder.rs", "the mark in the folder"),
    ("src/house/mod.rs", "the mark, as long as the house is open"),
    ("src/house/serve.rs", "clock speed, and refuses it on a folder that is not made for test"),
    ("src/http/server.rs", "says the clock's speed at `GET /healthz`"),
    ("src/http/starting.rs", "says the clock's speed at `GET /healthz`"),
    ("src/web/lib/session.js", "one-click sign-in: a link signs in by itself"),
];

/// Words by which code knows it.
fn knows_a_demo(line: &str) -> bool {
    let line = line.to_ascii_lowercase().replace('-', "_");
    let words = ["for_test", "test_speed", "x_jiaohao_test_speed", "test_clock", "test_outbox"];
    line.contains("demo") || words.iter().any(|word| has_word(&line, word))
}

#[test]
fn only_clock_local_outbox_and_one_click_sign_in_know_a_demo() {
    let mut faults = Vec::new();
    let mut unused: BTreeMap<&str, &str> = DEMO_MAY.iter().copied().collect();
    for source in sources("rs").into_iter().chain(sources("js")).filter(|source| !source.is_test()) {
        let may = DEMO_MAY.iter().find(|(path, _)| source.path.starts_with(path));
        for (n, line) in source.code().filter(|(_, line)| knows_a_demo(line)) {
            match may {
                Some((path, _)) => drop(unused.remove(path)),
                None => faults.push(format!("{}:{n}: {}", source.path, line.trim())),
            }
        }
    }
    faults.extend(unused.keys().map(|path| format!("{path} may, and does not")));
    nothing(&faults);
}

/// The kinds of events in the sources of the owners: number → stem, as `(250, "session_defined")`.
fn event_kinds() -> Vec<(u16, String, String)> {
    let mut kinds = Vec::new();
    let homes = ["actors/domain/src/", "queue-display/src/", "signaling/src/"];
    for source in sources("rs").into_iter().filter(|source| homes.iter().any(|home| source.path.starts_with(home))) {
        for (_, line) in source.code() {
            for (at, _) in line.match_indices('(') {
                let Some((inside, _)) = line[at + 1..].split_once(')') else { continue };
                let Some((number, stem)) = inside.split_once(", ") else { continue };
                let stem = stem.strip_prefix('"').and_then(|stem| stem.strip_suffix('"'));
                if let (Ok(number @ 100..=999), Some(stem)) = (number.parse::<u16>(), stem) {
                    kinds.push((number, stem.to_owned(), source.path.clone()));
                }
            }
        }
    }
    kinds
}

#[test]
fn event_kinds_are_numbered_once() {
    let mut numbers: BTreeMap<u16, String> = BTreeMap::new();
    let mut faults = Vec::new();
    let kinds = event_kinds();
    assert!(kinds.len() > 10, "only {} event kinds were found", kinds.len());
    for (number, stem, path) in kinds {
        if let Some(before) = numbers.insert(number, stem.clone()).filter(|before| *before != stem) {
            faults.push(format!("{path}: {number} is {before} and {stem}"));
        }
    }
    nothing(&faults);
}

#[test]
fn every_event_kind_has_a_golden_file() {
    let stored = root().join("tests/fixtures/stored");
    let owners: Vec<PathBuf> =
        fs::read_dir(&stored).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    let has_file =
        |number: u16, stem: &str| owners.iter().any(|owner| owner.join(format!("{number}-{stem}.v1")).exists());
    let missing = event_kinds().into_iter().filter(|(number, stem, _)| !has_file(*number, stem));
    nothing(
        &missing.map(|(number, stem, path)| format!("{path}: {number}, {stem}: no golden file")).collect::<Vec<_>>(),
    );
}

#[test]
fn everything_that_leaves_is_in_the_protocol() {
    let protocol = fs::read_to_string(root().join("PROTOCOL.md")).expect("PROTOCOL.md");
    let codes = Code::ALL.iter().map(|code| ("error code", code.wire().to_owned()));
    let commands = ClientCommand::NAMES.iter().map(|name| ("command", (*name).to_owned()));
    let events = event_kinds().into_iter().map(|(_, stem, _)| ("event", stem));
    let missing = codes.chain(commands).chain(events).filter(|(_, name)| !has_word(&protocol, name));
    nothing(&missing.map(|(what, name)| format!("PROTOCOL.md: the {what} {name} is missing")).collect::<Vec<_>>());
}

/// The figures of a department's rules as the operations page has them: path, default, least, most.
type Figure = (String, Option<i64>, i64, Option<i64>);

fn figures_on_the_page() -> Vec<Figure> {
    let page = fs::read_to_string(root().join("src/web/ops/rules.js")).expect("the page's rules");
    let list = page.split("const FIGURES = [").nth(1).and_then(|rest| rest.split("];").next()).expect("figures");
    let figure = |line: &str| -> Figure {
        let inside = line.trim().trim_start_matches('[').trim_end_matches("],");
        let parts: Vec<&str> = inside.split(", ").collect();
        let number = |text: &str| (text != "null").then(|| text.parse().expect("a number"));
        (parts[0].trim_matches('\'').to_owned(), number(parts[1]), number(parts[2]).expect("a least"), number(parts[3]))
    };
    list.lines().filter(|line| line.contains("['")).map(figure).collect()
}

#[test]
fn the_rules_on_the_page_have_the_domains_defaults_and_ranges() {
    use jiaohao_domain::settings::DepartmentSettings;
    let figures = figures_on_the_page();
    assert_eq!(figures.len(), 15, "a rule that the page does not have, or has and the domain not");
    let defaults = serde_json::to_value(DepartmentSettings::default()).expect("JSON");
    let with = |path: &str, value: i64| {
        let mut changed = defaults.clone();
        *changed.pointer_mut(&format!("/{}", path.replace('.', "/"))).expect("a setting of that name") = value.into();
        // what a field cannot even hold is refused before anybody decides
        serde_json::from_value::<DepartmentSettings>(changed).ok().and_then(|settings| match settings.problem() {
            None => Some(()),
            Some(problem) => {
                assert_eq!(problem.field, path, "another field is named");
                None
            }
        })
    };
    for (path, usual, least, most) in figures {
        assert_eq!(
            defaults.pointer(&format!("/{}", path.replace('.', "/"))),
            Some(&serde_json::json!(usual)),
            "{path}"
        );
        assert!(with(&path, least).is_some() && with(&path, least - 1).is_none(), "{path}: {least} is not the least");
        if let Some(most) = most {
            assert!(with(&path, most).is_some() && with(&path, most + 1).is_none(), "{path}: {most} is not the most");
        }
    }
    let words = ["zh", "en"].map(|language| {
        fs::read_to_string(root().join(format!("src/web/i18n/rules_{language}.js"))).expect("the words")
    });
    for class in &DepartmentSettings::default().queue.classes {
        for (words, name) in words.iter().zip([&class.zh, &class.en]) {
            let line = format!("'ops.usual_class.{}': '{name}',", class.name);
            assert!(words.contains(&line), "{line}");
        }
    }
}

/// A list of the page's rules, as JSON.
fn list_on_the_page(name: &str) -> serde_json::Value {
    let page = fs::read_to_string(root().join("src/web/ops/rules.js")).expect("the page's rules");
    let list = page.split(&format!("const {name} = ")).nth(1).and_then(|rest| rest.split(';').next());
    let list = list.unwrap_or_else(|| panic!("no list {name}"));
    serde_json::from_str(&list.replace('\'', "\"")).unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn what_else_the_form_of_rules_takes_for_usual_is_the_domains_default() {
    use jiaohao_domain::settings::DepartmentSettings;
    let defaults = serde_json::to_value(DepartmentSettings::default()).expect("JSON");
    let usual = |path: &str| defaults.pointer(&format!("/{}", path.replace('.', "/"))).expect("a setting").clone();
    for one in list_on_the_page("INSERTIONS").as_array().expect("a list") {
        assert_eq!(usual(one[0].as_str().expect("a path")), serde_json::json!({ "one_per": one[1] }), "{one}");
    }
    for one in list_on_the_page("SWITCHES").as_array().expect("a list") {
        assert_eq!(usual(one[0].as_str().expect("a path")), one[1], "{one}");
    }
    for (list, path) in [("ORDINARY", "queue.ordinary"), ("SEVERAL", "queue.several_queues")] {
        assert_eq!(list_on_the_page(list)[0], usual(path), "the first of {list} is the usual one");
    }
    let classes = usual("queue.classes");
    let classes = classes.as_array().expect("classes");
    let names: Vec<&serde_json::Value> = classes.iter().map(|class| &class["name"]).collect();
    assert_eq!(serde_json::json!(names), list_on_the_page("CLASSES"));
    let page = fs::read_to_string(root().join("src/web/ops/rules.js")).expect("the page's rules");
    assert!(page.contains("treatment: { moved_up: 3 } }"), "the usual treatment");
    assert!(classes.iter().all(|class| class["treatment"] == serde_json::json!({ "moved_up": 3 })), "{classes:?}");
}

#[test]
fn the_names_that_propose_numbers_only_are_the_same_on_the_page() {
    let page = fs::read_to_string(root().join("src/web/i18n/number-only.js")).expect("the page's names");
    let list = page.split("const NAMES = [").nth(1).and_then(|rest| rest.split("];").next()).expect("names");
    let names: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
    assert_eq!(names, jiaohao_domain::vocabulary::NUMBER_ONLY_NAMES);
}

/// Metrics in the sources: name, kind, labels.
fn metrics_recorded() -> BTreeMap<String, (String, Vec<String>)> {
    let mut found = BTreeMap::new();
    for source in sources("rs").into_iter().filter(|source| !source.is_test()) {
        let code: String = source.code().map(|(_, line)| format!("{line}\n")).collect();
        for kind in ["counter", "gauge", "histogram"] {
            let start = format!("metrics::{kind}!(");
            for (at, _) in code.match_indices(&start) {
                let call = code[at + start.len()..].split(';').next().unwrap_or_default();
                let arguments = call.split(").").next().unwrap_or_default();
                let Some(name) = arguments.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
                else {
                    panic!("{}: a metric without a literal name: {call}", source.path);
                };
                let parts: Vec<&str> = arguments.split("=>").collect();
                let label = |part: &&str| part.trim_end().trim_end_matches('"').rsplit('"').next().map(str::to_owned);
                let labels = parts[..parts.len() - 1].iter().filter_map(label).collect();
                let one = (kind.to_owned(), labels);
                if let Some(known) = found.insert(name.to_owned(), one.clone()) {
                    assert_eq!(known, one, "{name} is recorded in two ways");
                }
            }
        }
    }
    found
}

#[test]
fn every_metric_is_documented_and_every_documented_metric_recorded() {
    let text = fs::read_to_string(root().join("docs/metrics.md")).expect("docs/metrics.md");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.trim_end_matches('|').split('|').map(str::trim).collect();
        let kind = ["counter", "gauge", "histogram"].into_iter().find(|kind| *kind == cells[1])?;
        let labels = cells[2].split_whitespace().map(|label| label.trim_matches('`').to_owned()).collect();
        Some((cells[0].trim_matches('`').to_owned(), (kind.to_owned(), labels)))
    });
    let documented: BTreeMap<String, (String, Vec<String>)> = rows.collect();
    assert_eq!(documented, metrics_recorded(), "docs/metrics.md and the code differ");
}

/// The alarms for Prometheus: name, expression, for how long; the expression without the job that all of them are of.
fn alarms() -> Vec<(String, String, String)> {
    let text = fs::read_to_string(root().join("packaging/alerts.yml")).expect("packaging/alerts.yml");
    let rules = text.split("- alert: ").skip(1).map(|rule| {
        let field = |name: &str| {
            let line = rule.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let expression = field("expr:").replace("{job=\"jiaohao\"}", "").replace("job=\"jiaohao\",", "");
        (rule.lines().next().unwrap_or_default().to_owned(), expression, field("for:"))
    });
    rules.collect()
}

#[test]
fn every_alarm_is_of_metrics_that_there_are_and_stands_in_operations_as_it_is() {
    let others = [
        "max_over_time",
        "min_over_time",
        "predict_linear",
        "probe_success",
        "probe_ssl_earliest_cert_expiry",
        "node_systemd_unit_state",
        "node_systemd_timer_last_trigger_seconds",
    ];
    let (alarms, recorded) = (alarms(), metrics_recorded());
    assert!(alarms.len() > 20, "only {} alarms were found", alarms.len());
    let mut faults = Vec::new();
    for (name, expression, _) in &alarms {
        let outside_quotes: String = expression.split('"').step_by(2).collect::<Vec<_>>().join(" ");
        let words = outside_quotes.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let metrics = words.filter(|word| word.contains('_') && !others.contains(word));
        faults.extend(
            metrics.filter(|word| !recorded.contains_key(*word)).map(|word| format!("{name}: there is no {word}")),
        );
    }
    let text = fs::read_to_string(root().join("docs/operations.md")).expect("docs/operations.md");
    let rows: BTreeSet<String> = text
        .lines()
        .filter(|line| line.starts_with("| `Jiaohao"))
        .map(|line| line.rsplit_once(" | ").expect("a row").0.replace("\\|", "|"))
        .collect();
    let rules: BTreeSet<String> = alarms
        .iter()
        .map(|(name, expression, within)| {
            let within = if within.is_empty() { String::new() } else { format!(", for {within}") };
            format!("| `{name}` | `{expression}`{within}")
        })
        .collect();
    faults.extend(rules.difference(&rows).map(|rule| format!("not in docs/operations.md: {rule}")));
    faults.extend(rows.difference(&rules).map(|row| format!("not in packaging/alerts.yml: {row}")));
    nothing(&faults);
}

#[test]
fn every_limit_that_is_counted_is_documented() {
    let text = fs::read_to_string(root().join("docs/metrics.md")).expect("docs/metrics.md");
    let limits = text.split("## Limits").nth(1).expect("the limits");
    let cells = limits.lines().filter_map(|row| row.trim_end_matches([' ', '|']).rsplit("| ").next());
    let documented: BTreeSet<&str> = cells
        .filter(|cell| cell.starts_with('`') && *cell != "`limit`")
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    let mut faults = Vec::new();
    let mut counted = BTreeSet::new();
    for source in sources("rs").into_iter().filter(|source| !source.is_test() && source.path.starts_with("src/")) {
        let is_limits = source.path == "src/identity/limits.rs";
        for (n, line) in source.code() {
            // whose names come from elsewhere is the one place that all others call
            if line.contains("\"limit_refusals_total\", \"limit\" => limit)") && !is_limits {
                faults.push(format!("{}:{n}: which limit is it", source.path));
            }
            for start in
                ["\"limit\" => \"", "too_many(\"", "Counts::of(\"", "limits::count(\"", "count(\"", "self.check(\""]
            {
                let of_limits = is_limits || !["count(\"", "self.check(\""].contains(&start);
                let named = line.split(start).nth(1).filter(|_| of_limits).and_then(|rest| rest.split('"').next());
                counted.extend(named.map(str::to_owned));
            }
        }
    }
    let counted: BTreeSet<&str> = counted.iter().map(String::as_str).collect();
    faults.extend(counted.difference(&documented).map(|name| format!("the limit {name} is not in docs/metrics.md")));
    faults.extend(documented.difference(&counted).map(|name| format!("docs/metrics.md: nothing counts {name}")));
    nothing(&faults);
}
