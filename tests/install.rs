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
    "enable --now jiaohao-backup.timer") ;;
    "stop jiaohao") stop ;;
    "restart jiaohao") stop; start ;;
    "is-active -q jiaohao") kill -0 "$(cat "$ROOT/service.pid")" ;;
    "reload-or-restart nginx") (exec nginx -p "$ROOT" -c "$ROOT/nginx.conf" -g 'daemon off;') & echo $! >"$ROOT/nginx.pid" ;;
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
    let (plain, secure, second, front, redirect) = (port(), port(), port(), port(), port());
    let here = |text: &str| {
        text.replace("/etc/", &format!("{root}/etc/"))
            .replace("/var/lib/jiaohao", &format!("{root}/var/lib/jiaohao"))
            .replace("/usr/local/bin/", &format!("{root}/bin/"))
            .replace("/srv/", &format!("{root}/srv/"))
            .replace("/var/backups/", &format!("{root}/var/backups/"))
            .replace("/var/log/nginx/", &format!("{root}/"))
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{plain}"))
            // before the other one, whose port may begin with these digits
            .replace("https://localhost:443", &format!("https://localhost:{front}"))
            .replace(":8443", &format!(":{secure}"))
            .replace("127.0.0.1:8081", &format!("127.0.0.1:{second}"))
            .replace("https://localhost/", &format!("https://localhost:{front}/"))
            .replace("listen 443 ssl", &format!("listen {front} ssl"))
            .replace("listen 80;", &format!("listen {redirect};"))
    };
    for made in ["bin", "etc/systemd/system", "etc/nginx/conf.d", "packaging", "target/release"] {
        std::fs::create_dir_all(folder.path().join(made)).unwrap();
    }
    for file in std::fs::read_dir(project.join("packaging")).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        std::fs::write(folder.path().join("packaging").join(file.file_name()), here(&text)).unwrap();
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
    // The service is stopped by now: what a browser sees of that, and one that comes without TLS.
    let script = format!(
        "{script}\ncurl -sS --cacert ca.pem -i https://localhost:{front}/patient >away\n\
         grep '^HTTP/1.1 503' away && grep -i '^retry-after: 5' away && grep 请稍候 away && grep 'One moment' away\n\
         curl -sS -i http://localhost:{redirect}/desk | grep -i '^location: https://jiaohao.example.org/desk'\n"
    );
    let path = format!("{root}/bin:{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap());
    let said = run(&script, folder.path(), &[("ROOT", &root), ("PATH", &path)]);
    let end = tail(&said);
    let nothing_differs = said.matches("0 made, 0 changed, 24 as they were").count();
    assert_eq!(nothing_differs, 3, "a second time, by TLS, on the second box: {end}");
    let board = said.split("jiaohao board --url").nth(1).unwrap_or_default();
    assert!(board.contains("● 实时 Live"), "a board through nginx and its socket: {board:.600}");
}

#[test]
fn waiting_for_a_service_that_does_not_come_up_ends_with_what_it_said() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md")).unwrap();
    let waits: Vec<&str> = guide.match_indices("\nuntil curl").map(|(at, _)| &guide[at + 1..]).collect();
    let ends = |wait: &&&str| wait.lines().nth(1).is_some_and(|line| line.contains("is-active"));
    assert!(waits.iter().filter(ends).count() >= 4, "waits that end");
    let wait = waits[0].split("\ndone").next().unwrap();
    let stubs = "set -eu; sudo() { \"$@\"; }; systemctl() { [ \"$*\" != 'is-active -q jiaohao' ]; }\n\
                 journalctl() { echo why it refused; }\n";
    let folder = tempfile::tempdir().unwrap();
    let said = run(&format!("{stubs}{}\ndone", wait.replace(":8080", &format!(":{}", port()))), folder.path(), &[]);
    assert!(said.contains("why it refused"), "{said}");
}

/// A part of a document from its heading to the next.
fn part<'a>(text: &'a str, heading: &str) -> &'a str {
    let from = text.find(&format!("\n## {heading}\n")).unwrap() + 1;
    let rest = &text[from..];
    rest.find("\n## ").map_or(rest, |to| &rest[..to])
}

/// A server on a folder of the test's, by the commands of the documents: `serve FOLDER`, `site NAME FOLDER`, `down`.
const SERVED: &str = r#"
set -eux
at=http://$JIAOHAO_SERVER__LISTEN
server=
trap 'kill -9 $server || true' EXIT
sudo() { if [ "$1" = -u ]; then shift 2; fi; "$@"; }
serve() {
  JIAOHAO_DATA__DIR=$1 jiaohao serve >said 2>&1 & server=$!
  until curl -s $at/readyz | grep ready; do kill -0 $server; sleep 0.1; done
}
down() { kill "$1" $server; wait $server || true; }
systemctl() { [ "$*" = "stop jiaohao" ]; down -TERM; }
site() {
  token=$(jiaohao token issue --role operator --data "$2")
  curl --fail-with-body -sS -X PUT $at/api/v1/sites -H "authorization: Bearer $token" -H 'content-type: application/json' \
    -d "{\"id\":\"$1\",\"name\":\"$1\",\"name_en\":\"\",\"time_zone\":\"Asia/Shanghai\"}"
  # until the log's mark has caught up
  sleep 0.7
}
refused() { if out=$(jiaohao-copy "${@:2}" 2>&1); then echo "not refused: $out"; exit 1; fi; grep -F "$1" <<<"$out"; }
"#;

/// Runs it with the program and its script for copies at hand.
fn run_served(script: &str) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap().to_owned();
    std::fs::create_dir_all(folder.path().join("bin")).unwrap();
    std::fs::create_dir_all(folder.path().join("var/backups/jiaohao")).unwrap();
    std::fs::create_dir_all(folder.path().join("var/lib/jiaohao")).unwrap();
    let copies = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/jiaohao-copy");
    for (name, program) in [("jiaohao", Path::new(env!("CARGO_BIN_EXE_jiaohao"))), ("jiaohao-copy", &*copies)] {
        std::os::unix::fs::symlink(program, folder.path().join("bin").join(name)).unwrap();
    }
    let script = script
        .replace("/var/lib/jiaohao", &format!("{root}/var/lib/jiaohao"))
        .replace("/var/backups/", &format!("{root}/var/backups/"));
    let path = format!("{root}/bin:{}", std::env::var("PATH").unwrap());
    let listen = format!("127.0.0.1:{}", port());
    run(&format!("{SERVED}{script}"), folder.path(), &[("PATH", &path), ("JIAOHAO_SERVER__LISTEN", &listen)]);
}

#[test]
fn the_commands_for_backup_and_restore_bring_back_what_was_there() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    let only = |heading: &str| blocks(part(&text, heading), "sh").join("\n");
    let (backup, mend) = (only("Backup, while it runs"), only("Keys of persons"));
    let restore = blocks(part(&text, "Restore"), "sh");
    let [copy] = restore[..] else { panic!("{restore:?}") };
    // Copied while it runs; lost without a word, and with what came after the copy.
    run_served(&format!(
        r#"
serve /var/lib/jiaohao/data
site before /var/lib/jiaohao/data
{backup}
site after /var/lib/jiaohao/data
{copy}
{mend}
serve /var/lib/jiaohao/data
curl -fsS -H "authorization: Bearer $token" $at/api/v1/sites >sites
grep before sites
if grep after sites; then exit 1; fi
"#
    ));
}

#[test]
fn a_backup_is_not_replaced_by_an_empty_house_or_an_older_one() {
    run_served(
        r#"
data=/var/lib/jiaohao/data backups=/var/backups/jiaohao
refused "no data folder" backup $data $backups
serve $data
refused "nothing has been decided" backup $data $backups
site one $data
refused "is its disk mounted" backup $data $backups/away
jiaohao-copy backup $data $backups
one=$(readlink -f $backups/latest)
cp -a $one $data.one
site two $data
sleep 1
JIAOHAO_COPY_KEEP=1 jiaohao-copy backup $data $backups
[ ! -e $one ] && [ "$(ls $backups | wc -l)" = 2 ]
kept=$(readlink -f $backups/latest)
down -TERM
# the disk is away, and a new house is begun where it was mounted
mv $data $data.away
serve $data
site new $data
refused "of another house" backup $data $backups
down -TERM
rm -r $data
mv $data.one $data
refused "is further (commit 2)" backup $data $backups
rm -r $data
cp -a $data.away $data
truncate -s 100 $data/log/0000000001.seg
refused "is no backup" backup $data $backups
[ "$(readlink -f $backups/latest)" = $kept ]
jiaohao journal verify --data $kept
"#,
    );
}

#[test]
fn a_copy_for_the_second_box_overwrites_nothing_that_was_decided_there() {
    run_served(
        r#"
first=/var/lib/jiaohao/first second=/var/lib/jiaohao/second
# another box, as far as the script sees
bin=$(dirname "$(command -v jiaohao-copy)")
cat >$bin/ssh <<'END'
#!/bin/sh
while [ "$1" != box ]; do shift; done
shift
exec sh -c "$*"
END
printf '#!/bin/sh\necho "$STATE"\n' >$bin/systemctl
chmod 755 $bin/ssh $bin/systemctl
export STATE=inactive
serve $first
site one $first
jiaohao-copy second $first box:$second
site two $first
mkdir -p $second/store
STATE=activating refused "the service on box is activating" second $first box:$second
jiaohao-copy second $first box:$second
[ ! -e $second/store ]
down -KILL
jiaohao journal verify --full --data $second | grep '"last_commit":2'
# the second box takes over, and the first one comes back with its timer
serve $second
refused "is in use" second $first box:$second
down -TERM
refused "have been served apart" second $first box:$second
serve $second
site three $second
down -TERM
refused "is further (commit 3)" second $first $second
# and the way back: the first box's folder is of the past
refused "have been served apart" second $second $first
mv $first $first.past
jiaohao-copy second $second $first
jiaohao journal verify --full --data $first | grep '"last_commit":3'
mkdir $first.other
touch $first.other/theirs
refused "no data folder" second $second $first.other
serve $first.house
site other $first.house
down -TERM
refused "of another house" second $first.house $second
[ "$(jiaohao journal verify --data $second | grep -c '"last_commit":3')" = 1 ]
"#,
    );
}

#[test]
fn a_copy_for_the_second_box_that_is_cut_short_leaves_the_one_of_before() {
    run_served(
        r#"
first=/var/lib/jiaohao/first second=/var/lib/jiaohao/second
bin=$(dirname "$(command -v jiaohao-copy)")
# a program whose run number $CUT_AT kills all of the copy, before or after its own work
for cut in rsync mv; do
  real=$(command -v $cut)
  cat >$bin/$cut <<END
#!/bin/sh
[ "\${CUT:-}" = $cut ] || exec $real "\$@"
echo >>$bin/runs
if [ "\$(wc -l <$bin/runs)" = "\$CUT_AT" ]; then
  [ "\$CUT_WHEN" = before ] || $real "\$@"
  touch $bin/cut
  kill -9 0
fi
exec $real "\$@"
END
  chmod 755 $bin/$cut
done
cut_short() { rm -f $bin/runs; ! CUT=$1 CUT_AT=$2 CUT_WHEN=$3 setsid jiaohao-copy second $first $second; [ -e $bin/cut ]; rm $bin/cut; }
whole() { jiaohao journal verify --full --data $second >found && grep "\"last_commit\":$1" found && diff -r $second/persons $2/persons; }
serve $first
site one $first
jiaohao-copy second $first $second
cp -a $second $second.good
site two $first
for run in 1 2 3; do
  for when in before after; do
    cut_short rsync $run $when
    whole 1 $second.good
  done
done
# of the two renames: the folder of before is there, or a whole one lies beside its name, and the next copy finds its way
cut_short mv 1 before
whole 1 $second.good
cut_short mv 1 after
[ ! -e $second ]
jiaohao journal verify --full --data $second.copying | grep '"last_commit":2'
jiaohao-copy second $first $second
whole 2 $first
site three $first
cut_short mv 2 before
[ ! -e $second ]
cut_short rsync 1 before
whole 2 $first
cut_short mv 2 after
whole 3 $first
jiaohao-copy second $first $second
whole 3 $first
[ "$(ls /var/lib/jiaohao | grep -c second)" = 2 ]
# a full disk, and a copy that came out damaged
site four $first
mv $bin/rsync $bin/rsync.real
printf '#!/bin/sh\n%s/rsync.real "$@"; echo "write failed: No space left on device (28)" >&2; exit 11\n' $bin >$bin/rsync
chmod 755 $bin/rsync
refused "what was there is as it was" second $first $second
[ ! -e $second.copying ]
mkdir -p /var/backups/jiaohao
refused "lower JIAOHAO_COPY_KEEP" backup $first /var/backups/jiaohao
[ ! -e /var/backups/jiaohao/.new ]
printf '#!/bin/sh\n%s/rsync.real "$@" && if [ -e %s/log/0000000001.seg ]; then truncate -s 100 %s/log/0000000001.seg; fi\n' \
  $bin $second.copying $second.copying >$bin/rsync
refused "is not sound" second $first $second
whole 3 $first
mv $bin/rsync.real $bin/rsync
# written once more in the second of the copy before: as long, and as old but for a part of a second
jiaohao-copy second $first $second
down -TERM
touch -d @1700000000.25 $second/log/0000000001.seg
serve $first
site five $first
down -TERM
touch -d @1700000000.75 $first/log/0000000001.seg
jiaohao-copy second $first $second
whole 5 $first
"#,
    );
}

#[test]
fn the_units_are_ones_that_systemd_takes() {
    let folder = tempfile::tempdir().unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let copies = project.join("jiaohao-copy");
    let mut units = Vec::new();
    for file in std::fs::read_dir(&project).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|kind| kind != "service" && kind != "timer") {
            continue;
        }
        let unit = std::fs::read_to_string(&file).unwrap();
        let unit = unit.replace("/usr/local/bin/jiaohao-copy", copies.to_str().unwrap());
        let unit = unit.replace("/usr/local/bin/jiaohao ", concat!(env!("CARGO_BIN_EXE_jiaohao"), " "));
        let here = folder.path().join(file.file_name().unwrap());
        std::fs::write(&here, unit).unwrap();
        units.push(here);
    }
    assert_eq!(units.len(), 5, "{units:?}");
    let looked = Command::new("systemd-analyze").arg("verify").args(&units).output().unwrap();
    let said = String::from_utf8_lossy(&looked.stderr).into_owned();
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("jiaohao")).collect();
    assert!(about_it.is_empty(), "{about_it:?}");
}
