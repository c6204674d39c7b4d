//! The HTTP door, one request on a connection of its own: small, without a pool that a `kill -9` could poison.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::Refusal;

/// The longest answer that is read, in bytes.
const ANSWER_MAX_BYTES: u64 = 16 << 20;

/// Where both doors are.
#[derive(Clone, Debug)]
pub struct Door {
    /// `127.0.0.1:8080`.
    pub authority: String,
}

/// Status, the header that marks a test folder, body.
struct Answered {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Door {
    /// The door at `http://host:port`.
    ///
    /// # Errors
    /// It is not such an address. TLS ends at a proxy: load belongs beside it, not on the other side.
    pub fn at(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: give http://host:port"))?;
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() || authority.contains('/') {
            return Err(format!("{url}: give http://host:port without a path"));
        }
        let with_port = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority: with_port })
    }

    async fn exchange(&self, request: &[u8]) -> std::io::Result<Answered> {
        let mut stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        stream.write_all(request).await?;
        let mut bytes = Vec::new();
        stream.take(ANSWER_MAX_BYTES).read_to_end(&mut bytes).await?;
        let cut = || std::io::Error::other("the answer was cut short");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(cut)?;
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
        let body = bytes.split_off(end + 4);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if length.is_some_and(|length| body.len() < length) {
            return Err(cut());
        }
        Ok(Answered { status, head, body })
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        key: Option<Uuid>,
        body: Option<&Value>,
    ) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.authority);
        if let Some(token) = token {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        if let Some(key) = key {
            head.push_str(&format!("idempotency-key: {key}\r\n"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if method != "GET" {
            head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
        }
        format!("{head}\r\n{body}").into_bytes()
    }

    /// Asks under `/api/v1`, once.
    ///
    /// # Errors
    /// What the server said instead; code `door` when it could not be reached.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        self.ask_keyed(method, path, token, (method != "GET").then(Uuid::now_v7), body).await
    }

    /// Asks under `/api/v1`, once, with this idempotency key.
    ///
    /// # Errors
    /// See [`Door::ask`].
    pub async fn ask_keyed(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        key: Option<Uuid>,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        let request = self.request(method, &format!("/api/v1{path}"), token, key, body);
        let answered = self.exchange(&request).await.map_err(Refusal::door)?;
        let value = match answered.body.as_slice() {
            [] => Value::Null,
            body => serde_json::from_slice(body).map_err(Refusal::door)?,
        };
        if (200..300).contains(&answered.status) {
            return Ok(value);
        }
        Err(serde_json::from_value(value).unwrap_or_else(|_| Refusal::door(format!("status {}", answered.status))))
    }

    /// Asks again with the same key while the refusal is a passing one (a second apart, ten times): what was done before a
    /// connection broke is answered and not done twice.
    ///
    /// # Errors
    /// See [`Door::ask`].
    pub async fn insist(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Value, Refusal> {
        let mut last = Refusal::door("not asked");
        let key = (method != "GET").then(Uuid::now_v7);
        for _ in 0..10 {
            match self.ask_keyed(method, path, token, key, (method != "GET").then_some(body)).await {
                Err(why) if why.is_passing() => last = why,
                answered => return answered,
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        Err(last)
    }

    /// Signs in with name and password.
    ///
    /// # Errors
    /// See [`Door::ask`].
    pub async fn sign_in(&self, name: &str, password: &str) -> Result<String, Refusal> {
        let body = serde_json::json!({ "name": name, "password": password });
        token_of(&self.insist("POST", "/session", None, &body).await?)
    }

    /// How fast clinic time runs there, if the folder is marked for test. None: it is a hospital's own.
    ///
    /// # Errors
    /// The door cannot be reached.
    pub async fn test_speed(&self) -> Result<Option<f64>, Refusal> {
        let request = self.request("GET", "/healthz", None, None, None);
        let answered = self.exchange(&request).await.map_err(Refusal::door)?;
        let speed = answered.head.lines().find_map(|line| line.strip_prefix("x-jiaohao-test-speed:"));
        Ok(speed.and_then(|speed| speed.trim().parse().ok()))
    }

    /// Whether it is ready to take commands.
    pub async fn is_ready(&self) -> bool {
        let request = self.request("GET", "/readyz", None, None, None);
        self.exchange(&request).await.is_ok_and(|answered| answered.status == 200)
    }

    /// Whether the house behind the door is up, ready or not.
    pub async fn is_up(&self) -> bool {
        let request = self.request("GET", "/readyz", None, None, None);
        let answered = self.exchange(&request).await;
        let says_recovering = |body: &[u8]| String::from_utf8_lossy(body).contains("\"recovering\"");
        answered.is_ok_and(|answered| !says_recovering(&answered.body))
    }

    /// What `/metrics` says.
    ///
    /// # Errors
    /// The door could not be reached.
    pub async fn metrics(&self) -> Result<String, Refusal> {
        let request = self.request("GET", "/metrics", None, None, None);
        let answered = self.exchange(&request).await.map_err(Refusal::door)?;
        Ok(String::from_utf8_lossy(&answered.body).into_owned())
    }
}

/// The access token of an answer.
///
/// # Errors
/// There is none in it.
pub fn token_of(answer: &Value) -> Result<String, Refusal> {
    answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| Refusal::door("no access token in the answer"))
}
