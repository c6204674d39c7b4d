//! A voice pack is recorded over HTTP: what is refused, who may, and that what screens load is what was recorded.

use jiaohao_queue_display::voice::wav;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::clinic::Clinic;

/// Somebody says something, with silence before and after.
fn recording(ms: usize) -> Vec<u8> {
    let silence = vec![0; 4_000];
    let voice = (0..ms * 22).map(|n| ((n as f64 * 0.2).sin() * 9_000.0) as i16);
    wav::write(&silence.iter().copied().chain(voice).chain(silence.clone()).collect::<Vec<i16>>())
}

fn path_of(line: &Value) -> String {
    let bytes = line["clip"].as_str().unwrap().bytes();
    let clip: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
    format!("/voice/s/clip?language={}&clip={clip}", line["language"].as_str().unwrap())
}

/// Status, head and body of one request as it stands.
async fn raw(clinic: &Clinic, method: &str, path: &str, more: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let to = &clinic.door.authority;
    let mut socket = TcpStream::connect(to).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n"
    );
    socket.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut bytes = Vec::new();
    // a server that refuses a long body may close before it has taken it all
    let _ = socket.read_to_end(&mut bytes).await;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head, bytes.split_off(end + 4))
}

impl Clinic {
    async fn put_clip(&self, token: &str, path: &str, file: &[u8]) -> (u16, Value) {
        let bearer = format!("authorization: Bearer {token}\r\n");
        let (status, _, body) = raw(self, "PUT", &format!("/api/v1{path}"), &bearer, file).await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The operator records what no call can do without, listens to it and puts it to use.
    pub async fn voice(&self, operator: &str) {
        let voice = self.ask("GET", "/voice/s", Some(operator), None).await;
        let wanted = voice["clips"].as_array().unwrap().iter().filter(|line| line["needed"] == true);
        let wanted: Vec<&Value> = wanted.filter(|line| line["language"] == "zh").collect();
        assert_eq!(voice["needed_left"], wanted.len(), "English is not begun");
        for (n, line) in wanted.iter().enumerate() {
            let (status, answer) = self.put_clip(operator, &path_of(line), &recording(300)).await;
            assert_eq!(status, 200, "{line}: {answer}");
            assert_eq!(answer["needed_left"], wanted.len() - n - 1, "{line}");
            self.seen.lock().unwrap().answers.push((format!("PUT {}", path_of(line)), answer));
        }
        self.ask("GET", &path_of(&json!({"language": "zh", "clip": "请"})), Some(operator), None).await;
        self.post("/voice/s/use", Some(operator), json!({})).await;
        self.until_event("board:s.b", "voice_changed").await;
        self.ask("GET", "/voice/s", Some(operator), None).await;
    }
}

#[actix_web::test]
async fn a_clip_is_checked_and_only_operators_of_the_site_record() {
    let clinic = Clinic::open().await;
    let operator = clinic.operator.clone();
    let please = path_of(&json!({"language": "zh", "clip": "请"}));
    let put = async |path: &str, file: &[u8]| clinic.put_clip(&operator, path, file).await;
    let mut stereo = recording(300);
    stereo[22] = 2;
    for (path, file, status, code) in [
        (please.as_str(), b"OggS".to_vec(), 422, "invalid_field"),
        (&please, stereo, 422, "invalid_field"),
        (&please, wav::write(&vec![0; 22_050]), 422, "invalid_field"),
        (&please, wav::write(&vec![9_000; 10 * 22_050 + 100]), 422, "invalid_field"),
        (&please, vec![0; wav::LARGEST + 1], 413, "too_large"),
        ("/voice/s/clip?language=zh&clip=x", recording(300), 422, "invalid_field"),
        ("/voice/s/clip?language=zh", recording(300), 400, "malformed"),
        ("/voice/other/clip?language=zh&clip=a", recording(300), 403, "forbidden"),
    ] {
        let (was, answer) = put(path, &file).await;
        assert_eq!((was, answer["code"].as_str()), (status, Some(code)), "{path}: {answer}");
    }
    let desk = clinic.staff("wu").await;
    for token in [desk.as_str(), ""] {
        let (status, _) = clinic.put_clip(token, &please, &recording(300)).await;
        assert!([401, 403].contains(&status), "{status}");
    }
    let refused = clinic.door.ask("POST", "/voice/s/use", Some(&operator), Some(&json!({}))).await.unwrap_err();
    assert_eq!(refused.code, "invalid_field", "nothing has been recorded");
    clinic.close().await;
}

#[actix_web::test]
async fn english_that_is_not_complete_is_left_out_and_keeps_no_recording_from_being_used() {
    let clinic = Clinic::open().await;
    let operator = clinic.operator.clone();
    let voice = clinic.ask("GET", "/voice/s", Some(&operator), None).await;
    let lines = voice["clips"].as_array().unwrap().clone();
    let needed = |language| lines.iter().filter(move |line| line["needed"] == true && line["language"] == language);
    let (zh, en): (Vec<&Value>, Vec<&Value>) = (needed("zh").collect(), needed("en").collect());
    assert_eq!(voice["english_left"], 0, "it is not begun");
    let mut left = Value::Null;
    for line in zh.iter().chain(&en[..1]) {
        left = clinic.put_clip(&operator, &path_of(line), &recording(300)).await.1;
    }
    assert_eq!((&left["needed_left"], &left["english_left"]), (&json!(0), &json!(en.len() - 1)));
    let languages = async |used: &Value| {
        let path = format!("/voice/s/{}/manifest.json", used["version"].as_str().unwrap());
        let manifest: Value = serde_json::from_slice(&raw(&clinic, "GET", &path, "", b"").await.2).unwrap();
        let clips = manifest["clips"].as_array().unwrap();
        ["zh", "en"].map(|language| clips.iter().filter(|clip| clip["language"] == language).count())
    };
    let used = clinic.post("/voice/s/use", Some(&operator), json!({})).await;
    assert_eq!(languages(&used).await, [zh.len(), 0]);
    let left_out = used["left_out"].as_array().unwrap();
    assert!(left_out.contains(&json!("号诊室")), "where to go is not said: {left_out:?}");
    for nobodys in ["number", "Z", "z", "幺"] {
        assert!(!left_out.contains(&json!(nobodys)), "{nobodys} is not missed: {left_out:?}");
    }
    for line in &en[1..] {
        left = clinic.put_clip(&operator, &path_of(line), &recording(300)).await.1;
    }
    assert_eq!(left["english_left"], 0);
    let used = clinic.post("/voice/s/use", Some(&operator), json!({})).await;
    assert_eq!(languages(&used).await, [zh.len(), en.len()]);
    clinic.close().await;
}

#[actix_web::test]
async fn screens_load_what_was_recorded_and_keep_it() {
    let clinic = Clinic::open().await;
    let operator = clinic.operator.clone();
    let voice = clinic.ask("GET", "/voice/s", Some(&operator), None).await;
    for line in voice["clips"].as_array().unwrap().iter().filter(|line| line["language"] == "zh") {
        assert_eq!(clinic.put_clip(&operator, &path_of(line), &recording(300)).await.0, 200);
    }
    let used = clinic.post("/voice/s/use", Some(&operator), json!({})).await;
    assert_eq!(used["left_out"], json!([]), "English was not read: that is no clip that is missing");
    let pack = format!("/voice/s/{}", used["version"].as_str().unwrap());
    let (status, head, manifest) = raw(&clinic, "GET", &format!("{pack}/manifest.json"), "", b"").await;
    assert!(status == 200 && head.contains("immutable") && head.contains("application/json"), "{head}");
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!((&manifest["made_by"], &manifest["sample_rate"]), (&json!("recorded"), &json!(22_050)));
    let clips = manifest["clips"].as_array().unwrap();
    assert_eq!(clips.len(), used["clips"].as_u64().unwrap() as usize);
    assert!(clips.iter().any(|clip| clip["clip"] == "号诊室"), "the words of the site's rooms");
    let file = format!("{pack}/{}", clips[0]["file"].as_str().unwrap());
    let (status, head, bytes) = raw(&clinic, "GET", &file, "", b"").await;
    assert!(status == 200 && head.contains("audio/wav"), "{head}");
    let ms = wav::length_ms(wav::read(&bytes).unwrap().len());
    assert!((290..=400).contains(&ms) && clips[0]["ms"] == ms, "{ms} ms: the silence is cut");
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    assert_eq!(raw(&clinic, "GET", &file, &format!("if-none-match: {tag}\r\n"), b"").await.0, 304);
    assert_eq!(raw(&clinic, "GET", &format!("{pack}/..%2Fcurrent"), "", b"").await.0, 404);
    let snapshot = clinic.door.ask("GET", "/streams/board:s.b", Some(&operator), None).await.unwrap();
    assert_eq!(snapshot["snapshot"]["voice"], used["version"]);
    // A board that is hung up later knows it too.
    clinic
        .define("define_board", &json!({"id": "s.b2", "name": "候诊区", "name_en": "Area", "queues": ["s.d.q"]}))
        .await;
    let later = clinic.door.ask("GET", "/streams/board:s.b2", Some(&operator), None).await.unwrap();
    assert_eq!(later["snapshot"]["voice"], used["version"]);
    clinic.close().await;
}
