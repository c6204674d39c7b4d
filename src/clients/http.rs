//! The HTTP door, one request on a connection of its own: small, without a pool that a `kill -9` could poison.

use std::sync::Arc;

use jiaohao_domain::SiteId;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

use super::{Refusal, command_key};

/// The longest answer that is read, in bytes.
const ANSWER_MAX_BYTES: u64 = 16 << 20;

/// Where both doors are.
#[derive(Clone)]
pub struct Door {
    /// `127.0.0.1:8080`.
    pub authority: String,
    /// With TLS: whom the certificate has to name, and whom this machine trusts.
    secure: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", if self.secure.is_some() { "https" } else { "http" }, self.authority)
    }
}

/// The site that is meant where none is named.
///
/// # Errors
/// What to do: there is none, or there are several.
pub fn the_site(sites: &[SiteId]) -> Result<SiteId, String> {
    match sites {
        [one] => Ok(one.clone()),
        [] => Err("the server has no site yet: make it on /setup".to_owned()),
        several => {
            let named: Vec<&str> = several.iter().map(SiteId::as_str).collect();
            Err(format!("there are {}: name one by --site", named.join(", ")))
        }
    }
}

/// Status, the header that marks a test folder, body.
struct Answered {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Door {
    /// The door at this address, without TLS.
    pub fn plain(authority: impl Into<String>) -> Self {
        Self { authority: authority.into(), secure: None }
    }

    /// The door at `http://host:port`.
    ///
    /// # Errors
    /// It is not such an address. TLS ends at a proxy: load belongs beside it, not on the other side.
    pub fn at(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: give http://host:port"))?;
        authority(url, rest, 80).map(Self::plain)
    }

    /// The door at `http://host:port` or `https://host:port`; with TLS this machine's certificates are trusted, or those
    /// that `SSL_CERT_FILE` names.
    ///
    /// # Errors
    /// It is not such an address, or no certificate is trusted.
    pub fn with_or_without_tls(url: &str) -> Result<Self, String> {
        let Some(rest) = url.strip_prefix("https://") else { return Self::at(url) };
        let authority = authority(url, rest, 443)?;
        let host = authority.rsplit_once(':').map_or("", |(host, _)| host.trim_matches(['[', ']']));
        let name = ServerName::try_from(host.to_owned()).map_err(|error| format!("{url}: {error}"))?;
        let mut roots = rustls::RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(format!("{url}: this machine trusts no certificate; SSL_CERT_FILE may name a file of them"));
        }
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { authority, secure: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    async fn exchange(&self, request: &[u8]) -> std::io::Result<Answered> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        match &self.secure {
            None => talk(stream, request).await,
            Some((tls, name)) => talk(tls.connect(name.clone(), stream).await?, request).await,
        }
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
        self.ask_keyed(method, path, token, (method != "GET").then(command_key), body).await
    }

    /// The server's sites.
    ///
    /// # Errors
    /// See [`Door::ask`].
    pub async fn sites(&self, token: &str) -> Result<Vec<SiteId>, Refusal> {
        let answer = self.ask("GET", "/sites", Some(token), None).await?;
        let sites = answer["sites"].as_array().into_iter().flatten();
        Ok(sites.filter_map(|at| at["site"].as_str()).map(SiteId::from).collect())
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
        let key = (method != "GET").then(command_key);
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

    /// What `/readyz` says: ready or why not, then what an operator should look at, a line each.
    ///
    /// # Errors
    /// The door does not answer.
    pub async fn readyz(&self) -> Result<String, Refusal> {
        let request = self.request("GET", "/readyz", None, None, None);
        let answered = self.exchange(&request).await.map_err(Refusal::door)?;
        Ok(String::from_utf8_lossy(&answered.body).into_owned())
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

/// Host and port of an address without a path.
fn authority(url: &str, rest: &str, port: u16) -> Result<String, String> {
    let authority = rest.trim_end_matches('/');
    if authority.is_empty() || authority.contains('/') {
        return Err(format!("{url}: give http://host:port without a path"));
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(if has_port { authority.to_owned() } else { format!("{authority}:{port}") })
}

/// Sends a request and reads the answer until the connection ends.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> std::io::Result<Answered> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut bytes = Vec::new();
    match stream.take(ANSWER_MAX_BYTES).read_to_end(&mut bytes).await {
        // TLS that ends without a word: whether all has come is seen by the length.
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
        read => drop(read?),
    }
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

/// The access token of an answer.
///
/// # Errors
/// There is none in it.
pub fn token_of(answer: &Value) -> Result<String, Refusal> {
    answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| Refusal::door("no access token in the answer"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_again_has_the_same_key() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let door = Door::plain(listener.local_addr().expect("an address").to_string());
        let server = tokio::spawn(async move {
            let mut keys = Vec::new();
            for answers in [false, true] {
                let (mut stream, _) = listener.accept().await.expect("a client");
                let mut bytes = vec![0; 4096];
                let length = stream.read(&mut bytes).await.expect("a request");
                let request = String::from_utf8_lossy(&bytes[..length]).into_owned();
                keys.extend(request.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned)));
                // The first time the connection ends before the answer.
                if answers {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("written");
                }
            }
            keys
        });
        let done = door.insist("PUT", "/sites", None, &serde_json::json!({"id": "s"})).await;
        assert_eq!(done, Ok(serde_json::json!({})));
        let keys = server.await.expect("it served");
        assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    }

    #[test]
    fn a_site_need_be_named_only_where_there_are_several() {
        let sites = ["renmin", "xiehe"].map(SiteId::new);
        assert_eq!(the_site(&sites[..1]), Ok(sites[0].clone()));
        assert!(the_site(&[]).is_err_and(|says| says.contains("/setup")));
        assert!(the_site(&sites).is_err_and(|says| says.contains("renmin, xiehe") && says.contains("--site")));
    }

    #[test]
    fn addresses_are_read() {
        let plain = |url: &str| Door::at(url).map(|door| door.authority);
        assert_eq!(plain("http://house:8080/"), Ok("house:8080".to_owned()));
        assert_eq!(plain("http://house"), Ok("house:80".to_owned()));
        assert_eq!(plain("http://[::1]:8080"), Ok("[::1]:8080".to_owned()));
        for wrong in ["house:8080", "http://", "http://house/path", "https://house"] {
            assert!(plain(wrong).is_err(), "{wrong}");
        }
    }
}
