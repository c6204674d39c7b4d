//! docs/install.md from its first command to its last, on paths and ports of a test: a real server in the service's place,
//! a real nginx in front of it, a second box from a copy. So the text cannot say what does not work.
#![allow(clippy::unwrap_used, reason = "what fails, fails the test")]

use std::path::Path;
use std::process::{Command, Stdio};

/// It takes about ten seconds; a wait that does not end ends here.
const WITHIN_S: &str = "150";

/// What a test cannot or must not do: other users, the machine's own services. `systemctl` runs what the unit says.
const PRELUDE: &str = r#"
set -eu
sudo() { if [ "$1" = -u ]; then shift 2; fi; "$@"; }
useradd() { :; }
install() {
  args=""
  while [ $# -gt 0 ]; do
    case "$1" in -o|-g) shift ;; *) args="$args '$1'" ;; esac
    shift
  done
  eval "command install $args"
}
journalctl() { cat "$ROOT/journal"; }
nginx() { command nginx -p "$ROOT" -c "$ROOT/nginx.conf" "$@"; }
start() {
  $(sed -n 's/^ExecStart=//p' "$ROOT/etc/systemd/system/jiaohao.service") >>"$ROOT/journal" 2>&1 &
  echo $! >"$ROOT/service.pid"
}
stop() { kill "$(cat "$ROOT/service.pid")"; wait "$(cat "$ROOT/service.pid")"; }
systemctl() {
  case "$*" in
    daemon-reload) ;;
    "enable --now jiaohao"|"start jiaohao") start ;;
    "stop jiaohao") stop ;;
    "restart jiaohao") stop; start ;;
    "reload nginx") (exec nginx -p "$ROOT" -c "$ROOT/nginx.conf" -g 'daemon off;') & echo $! >"$ROOT/nginx.pid" ;;
    *) echo "systemctl $*: not known to the test" >&2; exit 1 ;;
  esac
}
ended() { for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done; wait; }
trap ended EXIT
set -x
"#;

fn port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

/// The end of what was said.
fn tail(said: &str) -> &str {
    &said[said.ceil_char_boundary(said.len().saturating_sub(4_000))..]
}

/// Runs a script in a folder to its end, which is a good one; what it has said.
fn run(script: &str, folder: &Path, settings: &[(&str, &str)]) -> String {
    let path = folder.join("out");
    let out = std::fs::File::create(&path).unwrap();
    let status = Command::new("timeout")
        .args(["--kill-after=10", WITHIN_S, "bash", "-c", script])
        .current_dir(folder)
        .envs(settings.iter().copied())
        .env("JIAOHAO_DATA__RESERVE_MIB", "2")
        .env("JIAOHAO_DATA__LAST_RESERVE_MIB", "1")
        .env("JIAOHAO_LOG__LEVEL", "warn")
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out)
        .status()
        .unwrap();
    let said = std::fs::read_to_string(path).unwrap();
    assert!(status.success(), "{}", tail(&said));
    said
}

/// The insides of the fenced blocks of this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.match_indices(&fence).map(|(at, _)| text[at + fence.len()..].split("\n```").next().unwrap()).collect()
}

#[test]
fn the_commands_of_the_installation_guide_work_in_their_order() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(project.join("docs/install.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap().to_owned();
    let (plain, secure, second, front) = (port(), port(), port(), port());
    let here = |text: &str| {
        text.replace("/etc/", &format!("{root}/etc/"))
            .replace("/var/lib/jiaohao", &format!("{root}/var/lib/jiaohao"))
            .replace("/usr/local/bin/", &format!("{root}/bin/"))
            .replace("/srv/", &format!("{root}/srv/"))
            .replace("/var/log/nginx/", &format!("{root}/"))
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{plain}"))
            // before the other one, whose port may begin with these digits
            .replace("https://localhost:443", &format!("https://localhost:{front}"))
            .replace(":8443", &format!(":{secure}"))
            .replace("127.0.0.1:8081", &format!("127.0.0.1:{second}"))
            .replace("https://localhost/", &format!("https://localhost:{front}/"))
            .replace("listen 443 ssl", &format!("listen {front} ssl"))
    };
    for made in ["bin", "etc/systemd/system", "etc/nginx/conf.d", "packaging", "target/release"] {
        std::fs::create_dir_all(folder.path().join(made)).unwrap();
    }
    for file in ["jiaohao.service", "nginx.conf"] {
        let text = std::fs::read_to_string(project.join("packaging").join(file)).unwrap();
        std::fs::write(folder.path().join("packaging").join(file), here(&text)).unwrap();
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jiaohao"), folder.path().join("target/release/jiaohao")).unwrap();
    let around = format!(
        "pid {root}/nginx-own.pid; error_log {root}/nginx.log;\nevents {{}}\n\
         http {{ access_log off; include {root}/etc/nginx/conf.d/*.conf;\n\
         client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;\n\
         uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5; }}\n"
    );
    std::fs::write(folder.path().join("nginx.conf"), around).unwrap();

    let commands = blocks(&guide, "sh");
    assert!(commands.len() > 15, "only {} blocks were found", commands.len());
    let script = format!("{PRELUDE}{}", here(&commands.join("\n")));
    // Its own port, as the unit has no other way to be told: the built-in one is the test machine's.
    let script = script.replace(
        "jiaohao config check",
        &format!("sed -i 's|^#listen = .*|listen = \"127.0.0.1:{plain}\"|' {root}/etc/jiaohao/jiaohao.toml\njiaohao config check"),
    );
    let script =
        script.replace("jiaohao import --dry-run", &format!("jiaohao import --url http://127.0.0.1:{plain} --dry-run"));
    let script =
        script.replace("jiaohao import tables", &format!("jiaohao import --url http://127.0.0.1:{plain} tables"));
    let path = format!("{root}/bin:{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    let said = run(&script, folder.path(), &[("ROOT", &root), ("PATH", &path)]);
    let end = tail(&said);
    let nothing_differs = said.matches("0 made, 0 changed, 23 as they were").count();
    assert_eq!(nothing_differs, 3, "a second time, by TLS, on the second box: {end}");
    let board = said.split("jiaohao board --url").nth(1).unwrap_or_default();
    assert!(board.contains("● 实时 Live"), "a board through nginx and its socket: {board:.600}");
}

/// A part of a document from its heading to the next.
fn part<'a>(text: &'a str, heading: &str) -> &'a str {
    let from = text.find(&format!("\n## {heading}\n")).unwrap() + 1;
    let rest = &text[from..];
    rest.find("\n## ").map_or(rest, |to| &rest[..to])
}

#[test]
fn the_commands_for_backup_and_restore_bring_back_what_was_there() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jiaohao"), folder.path().join("bin/jiaohao")).unwrap();
    let port = port();
    let only = |heading: &str| blocks(part(&text, heading), "sh").join("\n");
    let (backup, mend) = (only("Backup, while it runs"), only("Keys of persons"));
    let restore = blocks(part(&text, "Restore"), "sh");
    let [copy] = restore[..] else { panic!("{restore:?}") };
    // Copied while it runs; lost without a word, and with what came after the copy.
    let script = format!(
        r#"set -eux
trap 'kill -9 $server || true' EXIT
at=http://127.0.0.1:{port}
up() {{ until curl -s $at/readyz | grep ready; do kill -0 $server; sleep 0.1; done; }}
site() {{
  t=$(printf %012x "$(date +%s%3N)")
  curl --fail-with-body -sS -X PUT $at/api/v1/sites -H "authorization: Bearer $token" -H 'content-type: application/json' \
    -H "idempotency-key: ${{t:0:8}}-${{t:8:4}}-7000-8000-00000000000$1" -d "{{\"id\":\"$2\",\"name\":\"$2\",\"name_en\":\"\",\"time_zone\":\"Asia/Shanghai\"}}"
}}
jiaohao serve >said 2>&1 & server=$!
up
until grep eyJ said; do sleep 0.1; done
token=$(grep -o 'eyJ[A-Za-z0-9._-]*' said | head -n 1)
site 1 before
{backup}
site 2 after
kill -9 $server; wait $server || true
{copy}
{mend}
jiaohao serve >said 2>&1 & server=$!
up
curl -fsS -H "authorization: Bearer $token" $at/api/v1/sites >sites
grep before sites
if grep after sites; then exit 1; fi
"#
    );
    let path = format!("{}/bin:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let listen = format!("127.0.0.1:{port}");
    let settings = [("PATH", &*path), ("JIAOHAO_SERVER__LISTEN", &*listen), ("JIAOHAO_DATA__DIR", "data")];
    run(&script, folder.path(), &settings);
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let folder = tempfile::tempdir().unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let unit = std::fs::read_to_string(project.join("packaging/jiaohao.service")).unwrap();
    let unit = unit.replace("/usr/local/bin/jiaohao", env!("CARGO_BIN_EXE_jiaohao"));
    let file = folder.path().join("jiaohao.service");
    std::fs::write(&file, unit).unwrap();
    let looked = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&looked.stderr).into_owned();
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("jiaohao")).collect();
    assert!(about_it.is_empty(), "{about_it:?}");
}
