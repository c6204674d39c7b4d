//! Tests of the configuration: the template is the defaults, ranges hold as documented, faults are named.

use super::*;
use confique::meta::FieldKind;

fn load(text: &str) -> Result<Settings, Problems> {
    Settings::from_parts("jiaohao.toml", text, [])
}

fn under(name: &str, value: &str) -> Result<Settings, Problems> {
    Settings::from_parts("jiaohao.toml", "", [(name.to_owned(), value.to_owned())])
}

/// The one thing that is wrong.
fn only(problems: Problems) -> Problem {
    let [problem] = problems.0.try_into().unwrap_or_else(|all| panic!("not one: {all:?}"));
    problem
}

/// Every `section.key` there is.
fn fields() -> Vec<String> {
    let mut all = Vec::new();
    for section in Settings::META.fields {
        let FieldKind::Nested { meta } = section.kind else { panic!("{} is not a section", section.name) };
        all.extend(meta.fields.iter().map(|field| format!("{}.{}", section.name, field.name)));
    }
    all
}

#[test]
fn what_stands_twice_is_named_with_the_line_of_the_first() {
    let said = |text: &str| Settings::from_parts("f.toml", text, []).expect_err("twice").to_string();
    assert_eq!(
        said("[server]\n\n[sms]\n# url = \"x\"\n[log]\n[sms]\nurl = \"http://127.0.0.1:1\"\n"),
        "f.toml, line 6: the section [sms] stands twice (line 3 has it): put its settings under the first one"
    );
    let twice = said("[server]\nlisten = \"127.0.0.1:1\"\n[data]\ndir = \"a\"\ndir = \"b\"\n");
    assert!(twice.starts_with("f.toml, line 5"), "{twice}");
    assert!(twice.contains("dir stands twice (line 4 has it): keep one of the two"), "{twice}");
}

#[test]
fn the_template_is_the_defaults() {
    let settings = load(&Settings::template()).expect("the template loads");
    assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default_values()));
}

#[test]
fn what_is_in_order_and_hardly_meant_is_named() {
    let odd = |text: &str| load(text).expect("in order").odd();
    assert_eq!(odd(""), [""; 0]);
    assert_eq!(odd("[server]\nlisten = \"0.0.0.0:8080\"\ntrusted_proxies = [\"10.0.0.1\"]\n"), [""; 0]);
    for (text, says) in [
        ("[server]\nlisten = \"0.0.0.0:8080\"\n", "server.listen: 0.0.0.0:8080 is heard by other machines"),
        ("[clock]\nspeed = 60\n", "clock.speed: 60 times as fast is for tests"),
        ("[data]\ndir = \"~/data\"\n", "data.dir: nobody puts a home folder in place of ~ here, ~/data is"),
    ] {
        let odd = odd(text);
        assert!(odd.len() == 1 && odd[0].starts_with(says), "{odd:?}");
    }
}

#[test]
fn the_template_uncommented_is_the_defaults_too() {
    let text: String = Settings::template()
        .lines()
        .filter_map(|line| {
            line.strip_prefix('#')
                .filter(|rest| rest.contains(" = ") && !rest.starts_with(' '))
                .or(line.starts_with('[').then_some(line))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(text.contains("listen = "), "{text}");
    let settings = load(&text).expect("the uncommented template loads");
    assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default_values()));
}

#[test]
fn every_documented_range_is_checked_at_both_ends() {
    let mut ranges = 0;
    for field in fields() {
        let Some((low, high)) = problem::range_of(&field) else { continue };
        ranges += 1;
        let (section, key) = field.split_once('.').expect("section.key");
        let with = |value: i64| problem::read::<SettingsLayer>("t", &format!("[{section}]\n{key} = {value}\n"));
        with(low).unwrap_or_else(|wrong| panic!("{field} = {low}: {wrong}"));
        with(high).unwrap_or_else(|wrong| panic!("{field} = {high}: {wrong}"));
        for value in [low - 1, high + 1] {
            let wrong = only(with(value).err().unwrap_or_else(|| panic!("{field} = {value} is accepted")));
            assert_eq!((wrong.line, wrong.field.as_deref()), (Some(2), Some(field.as_str())), "{wrong}");
            assert!(wrong.to_string().contains(&format!("allowed: {low} to {high}")), "{wrong}");
        }
    }
    assert!(ranges > 25, "only {ranges} fields have a range");
}

#[test]
fn every_number_has_a_range() {
    for section in Settings::META.fields {
        let FieldKind::Nested { meta } = section.kind else { continue };
        for field in meta.fields {
            let FieldKind::Leaf {
                kind: confique::meta::LeafKind::Required { default: Some(confique::meta::Expr::Integer(_)) },
                ..
            } = field.kind
            else {
                continue;
            };
            let name = format!("{}.{}", section.name, field.name);
            assert!(problem::range_of(&name).is_some(), "{name} has no \"Allowed: A to B.\"");
        }
    }
}

#[test]
fn an_unknown_key_is_named_with_line_and_what_there_is() {
    let wrong = only(load("[server]\nlisten = \"0.0.0.0:1\"\nlisen = 3\n").expect_err("unknown key"));
    assert_eq!((wrong.line, wrong.field.as_deref()), (Some(3), Some("server.lisen")));
    assert!(wrong.to_string().contains("listen"), "{wrong}");
    let wrong = only(load("\n[sever]\n").expect_err("unknown section"));
    assert_eq!(wrong.line, Some(2), "{wrong}");
    assert!(wrong.to_string().contains("server"), "{wrong}");
}

#[test]
fn a_wrong_type_is_named_with_line_and_field() {
    let wrong = only(load("# c\n[limits]\n\ncommands_per_s = \"many\"\n").expect_err("wrong type"));
    assert_eq!((wrong.line, wrong.field.as_deref()), (Some(4), Some("limits.commands_per_s")));
    assert_eq!(wrong.allowed.as_deref(), Some("1 to 100000"));
    let wrong = only(load("[log]\nlevel = \"loud\"\n").expect_err("unknown level"));
    assert!(wrong.to_string().contains("line 2, log.level") && wrong.to_string().contains("debug"), "{wrong}");
}

#[test]
fn broken_toml_is_named_with_its_line() {
    let wrong = only(load("[server]\nlisten = \n").expect_err("no value"));
    assert_eq!(wrong.line, Some(2), "{wrong}");
    for value in ["127.0.0.1:8080", "jiaohao.example.org # the house", "/etc/x"] {
        let wrong = only(load(&format!("[server]\nlisten = {value}\n")).expect_err("no quotes"));
        assert_eq!(wrong.to_string(), "jiaohao.toml, line 2: text stands in quotes: listen = \"…\"");
    }
    let wrong = only(load("listen = \"127.0.0.1:8080\"\n").expect_err("no section"));
    assert!(
        wrong
            .to_string()
            .starts_with("jiaohao.toml, line 1, listen: this setting stands in no section: put it under [server]")
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let settings = Settings::from_parts(
        "t",
        "[server]\nlisten = \"0.0.0.0:1\"\n[limits]\ncommands_per_s = 3\n",
        [
            ("JIAOHAO_SERVER__LISTEN".to_owned(), "0.0.0.0:2".to_owned()),
            ("JIAOHAO_TOKEN".to_owned(), "x".to_owned()),
            ("HOME".to_owned(), "/".to_owned()),
        ],
    )
    .expect("loads");
    assert_eq!((settings.server.listen.port(), settings.limits.commands_per_s), (2, 3));
}

#[test]
fn a_variable_is_text_number_or_list_as_its_setting_asks() {
    assert_eq!(under("JIAOHAO_DATA__DIR", "12").expect("text").data.dir, PathBuf::from("12"));
    assert_eq!(
        under("JIAOHAO_DATA__DIR", "/var/lib/jiaohao").expect("path").data.dir,
        PathBuf::from("/var/lib/jiaohao")
    );
    assert_eq!(under("JIAOHAO_LIMITS__COMMANDS_PER_S", "7").expect("number").limits.commands_per_s, 7);
    assert_eq!(
        under("JIAOHAO_SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1").expect("list").server.trusted_proxies.len(),
        2
    );
}

#[test]
fn a_wrong_variable_is_named() {
    let wrong = only(under("JIAOHAO_LIMITS__COMMANDS_PER_S", "0").expect_err("out of range"));
    assert_eq!((wrong.source_name.as_str(), wrong.line), ("JIAOHAO_LIMITS__COMMANDS_PER_S", None));
    assert!(wrong.to_string().contains("allowed: 1 to 100000"), "{wrong}");
    assert!(under("JIAOHAO_LIMITS__NO_SUCH", "0").is_err());
    assert!(under("JIAOHAO_NO_SUCH__KEY", "0").is_err());
    // A value cannot smuggle in another setting.
    assert!(under("JIAOHAO_LIMITS__COMMANDS_PER_S", "5\nframe_bytes = 9999").is_err());
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for text in [
        "[server]\ntls_key_file = \"k\"\n",
        "[data]\nreserve_mib = 10\nlast_reserve_mib = 10\n",
        "[limits]\nframe_bytes = 4096\nhello_bytes = 8192\n",
        "[limits]\noutbox_bytes = 65536\nframe_bytes = 131072\n",
    ] {
        assert!(load(text).is_err(), "{text}");
    }
}

#[test]
fn all_faults_are_named_at_once() {
    let text = "[server]\nlisten = \"nowhere\"\nlisen = 1\n[limits]\nsubscriptions = 0\n[no]\na = 1\n";
    let wrong = Settings::from_parts("t", text, [("JIAOHAO_LOG__LEVEL".to_owned(), "loud".to_owned())])
        .expect_err("five faults");
    let named: Vec<_> =
        wrong.0.iter().map(|problem| (problem.line, problem.field.clone().unwrap_or_default())).collect();
    let expected = [
        (None, "log.level"),
        (Some(4 + 1), "limits.subscriptions"),
        (Some(6), "no"),
        (Some(3), "server.lisen"),
        (Some(2), "server.listen"),
    ];
    assert_eq!(named.len(), expected.len(), "{wrong}");
    for (line, field) in expected {
        assert!(named.contains(&(line, field.to_owned())), "{field}: {wrong}");
    }
    assert_eq!(wrong.to_string().lines().count(), 5, "one a line: {wrong}");
    let allowed = wrong.0.iter().find(|problem| problem.line == Some(2)).and_then(|problem| problem.allowed.clone());
    assert!(allowed.expect("says what is allowed").contains("127.0.0.1:8080"));
    assert_eq!(wrong.to_string().matches("trusted_proxies").count(), 1, "a list is printed once: {wrong}");
}

#[test]
fn values_that_can_be_read_and_not_used_are_refused_by_line_and_field() {
    for (text, field) in [
        ("[server]\npublic_origin = \"foo bar\"\n", "server.public_origin"),
        ("[server]\npublic_origin = \"https://a.example/path\"\n", "server.public_origin"),
        ("[data]\ndir = \"\"\n", "data.dir"),
        ("[clock]\nhouse_zone = \"Mars/Olympus\"\n", "clock.house_zone"),
        ("[server]\ntls_certificate_file = \"no.pem\"\ntls_key_file = \"no.key\"\n", "server.tls_certificate_file"),
    ] {
        let wrong = only(load(text).expect_err(field));
        assert_eq!((wrong.line, wrong.field.as_deref()), (Some(2), Some(field)), "{wrong}");
    }
    for sound in ["https://jiaohao.example.org", "http://10.0.0.1:8080", "http://[::1]:80"] {
        assert!(load(&format!("[server]\npublic_origin = \"{sound}\"\n")).is_ok(), "{sound}");
    }
    let wrong = only(under("JIAOHAO_DATA__LAST_RESERVE_MIB", "4096").expect_err("above the reserve"));
    assert_eq!((wrong.source_name.as_str(), wrong.line), ("JIAOHAO_DATA__LAST_RESERVE_MIB", None));
}

#[test]
fn what_is_out_of_range_hides_nothing_else() {
    let wrong = load(
        "[server]\nstop_grace_s = 999999\n[clock]\nhouse_zone = \"Mars/Olympus\"\n[data]\nlast_reserve_mib = 500\n\
         reserve_mib = 300\n[nothing]\nx = 1\n",
    );
    let mut fields: Vec<_> = wrong.expect_err("wrong").0.into_iter().filter_map(|problem| problem.field).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["clock.house_zone", "data.last_reserve_mib", "nothing", "server.stop_grace_s"]);
    // Of what cannot be read itself nothing more is said.
    assert_eq!(load("[data]\nreserve_mib = 0\nlast_reserve_mib = 99\n").expect_err("wrong").0.len(), 1);
}

#[test]
fn a_file_that_is_not_utf_8_is_told_its_line_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("jiaohao.toml");
    std::fs::write(&file, b"[data]\n# \xb2\xe2\xca\xd4\ndir = \"data\"\n").expect("written");
    let wrong = only(Settings::load(Some(&file)).expect_err("GBK"));
    assert_eq!(wrong.line, Some(2));
    assert!(wrong.what.ends_with("save it as UTF-8"), "{wrong}");
}

#[test]
fn certificate_and_key_are_told_by_their_own_setting_and_when_they_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "5"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem", "-subj", "/CN=x"])
        .current_dir(folder.path())
        .output();
    assert!(made.expect("openssl").status.success());
    let of = |certificate: &str, key: &str| {
        let [certificate, key] = [certificate, key].map(|name| folder.path().join(name).display().to_string());
        load(&format!("[server]\ntls_certificate_file = \"{certificate}\"\ntls_key_file = \"{key}\"\n"))
    };
    for (certificate, key, field) in [
        ("key.pem", "key.pem", CERTIFICATE),
        ("certificate.pem", "certificate.pem", KEY),
        ("no.pem", "no.pem", CERTIFICATE),
        ("certificate.pem", "no.pem", KEY),
    ] {
        let wrong = only(of(certificate, key).expect_err("no pair"));
        assert_eq!(wrong.field.as_deref(), Some(field), "{wrong}");
    }
    let settings = of("certificate.pem", "key.pem").expect("a pair");
    let [told] = &settings.of_the_machine()[..] else { panic!("{:?}", settings.of_the_machine()) };
    assert!(told.starts_with("server.tls_certificate_file: the certificate ends in "), "{told}");
    // One that begins in 2049: its first time, of two digits a year. Who has signed it is asked by browsers alone.
    let pem = std::fs::read(folder.path().join("certificate.pem")).expect("read");
    let mut der = rustls_pemfile::certs(&mut pem.as_slice()).next().expect("one").expect("a certificate").to_vec();
    let begins = der.windows(4).position(|at| at == [0x30, 30, 0x17, 13]).expect("two times") + 4;
    der[begins..begins + 2].copy_from_slice(b"49");
    let der = data_encoding::BASE64.encode(&der);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
    std::fs::write(folder.path().join("early.pem"), pem).expect("written");
    let settings = of("early.pem", "key.pem").expect("a pair");
    let [told] = &settings.of_the_machine()[..] else { panic!("{:?}", settings.of_the_machine()) };
    assert!(told.starts_with("server.tls_certificate_file: the certificate is good only from 2049-"), "{told}");
}

#[test]
fn a_folder_that_a_start_would_refuse_is_told_beforehand_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |dir: &Path| load(&format!("[data]\ndir = \"{}\"\n", dir.display())).expect("in order").refused();
    assert_eq!(told(&folder.path().join("data")), None, "it is made");
    assert_eq!(told(Path::new("data")), None);
    let says = |dir: &str, what: &str| {
        let refused = told(&folder.path().join(dir)).expect("something is said");
        assert!(refused.starts_with("data.dir: ") && refused.contains(what), "{refused}");
    };
    says("no/data", "cannot be made, because");
    std::fs::write(folder.path().join("file"), "").expect("written");
    says("file", "a folder is expected there");
    std::os::unix::fs::symlink(folder.path().join("disk"), folder.path().join("link")).expect("made");
    says("link", "which is not there: is the disk mounted?");
    let others = folder.path().join("others");
    std::fs::create_dir(&others).expect("made");
    assert_eq!(told(&others), None, "an empty one is taken");
    std::fs::write(others.join("letter.txt"), "").expect("written");
    says("others", "holds what is not Jiaohao's (letter.txt)");
    std::fs::remove_file(others.join("letter.txt")).expect("removed");
    // Root may write everywhere, and is refused where the folder is another's.
    if std::os::unix::fs::chown(&others, Some(65534), None).is_ok() {
        says("others", "and this is root");
    } else {
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o500);
        std::fs::set_permissions(&others, closed).expect("closed");
        says("others", "Permission denied");
    }
    assert_eq!(std::fs::read_dir(&others).expect("read").count(), 0, "nothing is written");
}

#[test]
fn every_setting_does_something() {
    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() && !entry.ends_with("config") {
                sources(&entry, all);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&std::fs::read_to_string(&entry).expect("text"));
            }
        }
    }
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    for field in fields() {
        let key = field.split_once('.').expect("section.key").1;
        let read_by = match field.as_str() {
            "clock.jump_s" => "clock.jump_ms()".to_owned(),
            "clock.away_h" => "clock.away_ms()".to_owned(),
            "clock.house_zone" => "clock.zone()".to_owned(),
            "sms.secret" | "sms.secret_file" | "payment.secret" | "payment.secret_file" => "settings.key()".to_owned(),
            "wechat.secret" | "wechat.secret_file" => "settings.app_secret()".to_owned(),
            "wechat.callback_token" => "settings.token()".to_owned(),
            _ => format!(".{key}"),
        };
        assert!(text.contains(&read_by), "nobody reads {field}");
    }
}

const SMS: &str = "[sms]\nurl = \"https://sms.example.org\"\nkey_id = \"k\"\nsecret = \"s3cret\"\nsign = \"仁民医院\"\n\
                   template_code = \"1\"\ntemplate_consent = \"2\"\ntemplate_three_before = \"3\"\ntemplate_called = \"4\"\n";
const WECHAT: &str = "[wechat]\napp_id = \"wx1\"\nsecret = \"s3cret\"\ncallback_token = \"t0ken\"\n\
                      template_three_before = \"T1 thing1={place}\"\ntemplate_called = \"T2 thing1={place}\"\n";

#[test]
fn a_channel_that_is_on_has_all_that_it_needs() {
    assert!(load(SMS).is_ok() && load(WECHAT).is_ok());
    for (whole, on) in [(SMS, "url"), (WECHAT, "app_id")] {
        let section = &whole[1..whole.find(']').expect("a section")];
        for line in whole.lines().skip(1).filter(|line| !line.starts_with(on)) {
            let field = format!("{section}.{}", line.split(" = ").next().expect("a name"));
            let wrong = only(load(&whole.replace(line, "")).expect_err(line));
            assert_eq!(wrong.field.as_deref(), Some(field.as_str()), "{wrong}");
        }
        // off, whatever else is there
        assert!(load(&whole.lines().filter(|line| !line.starts_with(on)).collect::<Vec<_>>().join("\n")).is_ok());
    }
    for (text, field) in [
        (SMS.replace("https://", "http://"), "sms.url"),
        (SMS.replace("https://sms", "https://me:you@sms"), "sms.url"),
        (WECHAT.replace("T1 thing1={place}", "T1 thing1={name}"), "wechat.template_three_before"),
        (format!("{WECHAT}url = \"ftp://x\"\n"), "wechat.url"),
        (format!("{WECHAT}authorize_url = \"open.weixin.qq.com\"\n"), "wechat.authorize_url"),
        ("[push]\ncontact = \"it\"\n".to_owned(), "push.contact"),
        ("[push]\ncontact = \"http://it.example.org\"\n".to_owned(), "push.contact"),
        ("[push]\ncontact = \"mailto:a@b.cn\"\nurl = \"http://push.example.org\"\n".to_owned(), "push.url"),
    ] {
        let wrong = load(&text).expect_err(field);
        assert!(
            wrong.0.iter().all(|problem| problem.field.as_deref().is_some_and(|known| known.starts_with(field))),
            "{wrong}"
        );
    }
    assert!(load(&SMS.replace("https://sms.example.org", "http://10.0.0.8:9000/gateway")).is_ok(), "in the house");
    assert!(load("[push]\ncontact = \"mailto:it@example.org\"\n").is_ok());
}

#[test]
fn a_secret_comes_from_its_file_or_the_environment_and_is_in_no_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    std::fs::write(&file, "from-a-file\n").expect("written");
    let from_file = SMS.replace("secret = \"s3cret\"", &format!("secret_file = \"{}\"", file.display()));
    let key = |settings: Settings| settings.sms.key().map(|key| key.reveal().clone());
    assert_eq!(key(load(&from_file).expect("in order")).as_deref(), Ok("from-a-file"));
    let variable = [("JIAOHAO_SMS__SECRET".to_owned(), "12345678".to_owned())];
    let from_variable = Settings::from_parts("t", &SMS.replace("secret = \"s3cret\"\n", ""), variable.clone());
    assert_eq!(key(from_variable.expect("in order")).as_deref(), Ok("12345678"));
    let twice = Settings::from_parts("t", &from_file, variable).expect_err("twice");
    assert_eq!(only(twice).field.as_deref(), Some("sms.secret_file"));
    for content in ["", " \n", "two\nlines"] {
        std::fs::write(&file, content).expect("written");
        assert!(load(&from_file).is_err(), "{content:?}");
    }
    std::fs::write(&file, "x".repeat(5000)).expect("written");
    assert!(load(&from_file).is_err() && load(&from_file.replace("/key", "/no-key")).is_err());
    let as_number = load(&SMS.replace("\"s3cret\"", "87654321")).expect_err("no text");
    assert!(!as_number.to_string().contains("87654321"), "{as_number}");
    let settings = load(&format!("{SMS}{WECHAT}")).expect("in order");
    assert!(!format!("{settings:?}").contains("s3cret") && !format!("{settings:?}").contains("t0ken"));
}

#[test]
fn a_variable_that_is_meant_as_a_setting_and_is_none_is_named() {
    for name in ["JIAOHAO_SERVER_LISTEN", "JIAOHAO_LISTEN"] {
        let wrong = only(under(name, "127.0.0.1:1").expect_err("no setting"));
        assert_eq!(wrong.source_name, name);
        assert!(wrong.what.contains("did you mean JIAOHAO_SERVER__LISTEN?"), "{wrong}");
    }
    let secrets = only(under("JIAOHAO_SECRET", "x").expect_err("no setting"));
    assert!(secrets.what.contains("JIAOHAO_SMS__SECRET or JIAOHAO_WECHAT__SECRET") && !secrets.what.contains(": x"));
    assert!(under("JIAOHAO_TOKEN", "eyJ").is_ok());
    assert!(is_unheeded("JIAOHAO_HOME") && !is_unheeded("JIAOHAO_TOKEN") && !is_unheeded("JIAOHAO_LOG__LEVEL"));
}

#[test]
fn the_bad_entry_of_a_list_and_the_file_of_a_secret_are_named() {
    let wrong = only(under("JIAOHAO_SERVER__TRUSTED_PROXIES", "10.0.0.1, 10.0.0.999").expect_err("no address"));
    assert!(wrong.what.starts_with("\"10.0.0.999\": ") && !wrong.what.contains("sequence"), "{wrong}");
    assert_eq!(wrong.field.as_deref(), Some("server.trusted_proxies"));
    let text = SMS.replace("secret = \"s3cret\"\n", "secret_file = \"/nope\"\n");
    let wrong = load(&text).expect_err("no file").0;
    let of_file = wrong.iter().find(|problem| problem.what.contains("/nope")).expect("named");
    assert_eq!(of_file.field.as_deref(), Some("sms.secret_file"));
    assert!(of_file.line.is_some(), "{of_file}");
}
