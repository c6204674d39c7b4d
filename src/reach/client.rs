//! The HTTP client of the outside channels: one request on a connection of its own, with time-outs and a bounded answer; no
//! redirects, no pool. Names are looked up here, so that the address that is spoken to is the one that was looked at.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::addresses;
use super::standing::Standing;

/// The longest answer that is read, in bytes.
const ANSWER_MAX_BYTES: usize = 64 << 10;
/// The longest address that is taken, in bytes: push services use a few hundred.
const URL_MAX_BYTES: usize = 2048;

/// How long an outside party may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Until the answer is there, connecting included.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(8) }
    }
}

/// Who may be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Whoever the operator has named in the configuration: a gateway may stand in the hospital's own network.
    Named,
    /// Whoever a stranger's browser has named: with TLS, on the usual port and outside every private network.
    Outside,
}

/// An address that was read and may be spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    secure: bool,
    host: String,
    port: u16,
    path: String,
    whom: Whom,
}

/// Addresses may be secrets (a push endpoint is one).
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Target {
    /// Whether it is spoken with without TLS: this machine, or a private network.
    pub fn is_plain(&self) -> bool {
        !self.secure
    }

    /// Reads `https://host/path`; `http://` only to this machine or a private network.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub fn read(url: &str, whom: Whom) -> Result<Self, &'static str> {
        if url.len() > URL_MAX_BYTES {
            return Err("it is too long");
        }
        let uri: Uri = url.parse().map_err(|_| "it is no address")?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("it begins with https://"),
        };
        let authority = uri.authority().ok_or("it has no host")?;
        if authority.as_str().contains('@') {
            return Err("it has a name or password in it");
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let literal = host.parse::<IpAddr>().ok();
        if whom != Whom::Named {
            if !secure {
                return Err("it begins with https://");
            }
            let is_public = literal.map_or_else(|| addresses::is_public_name(&host), addresses::is_public);
            if port != 443 || !is_public {
                return Err("it is not an address of the open network");
            }
        }
        let is_inner = host == "localhost" || literal.is_some_and(|ip| !addresses::is_public(ip));
        if !secure && !is_inner {
            return Err("http:// is only for addresses of this machine or a private network");
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { secure, host, port, path, whom })
    }

    /// The same party at another path.
    pub fn at(&self, path: &str) -> Self {
        Self { path: format!("{}{path}", self.path.trim_end_matches('/')), ..self.clone() }
    }

    /// Whether it lies under another address: the same party, at a path below its path, written plainly. What a stranger
    /// names reaches nothing else that may stand on that host.
    pub fn is_under(&self, named: &Self) -> bool {
        let below = self.path.strip_prefix(named.path.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
        let is_plain = |part: &str| {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '=');
            !part.is_empty() && part.chars().all(is_word) && !part.chars().all(|c| c == '.')
        };
        self.origin() == named.origin() && below.is_some_and(|rest| rest.split('/').all(is_plain))
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Scheme, host and port as a token for it names them (RFC 8292 `aud`).
    pub fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual {
            format!("{scheme}://{}", self.host)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }

    fn may_speak_to(&self, ip: IpAddr) -> bool {
        match self.whom {
            Whom::Named => true,
            Whom::Outside => addresses::is_public(ip),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body, whole.
    pub body: Bytes,
}

/// Why nothing came back. No address is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The name leads nowhere.
    #[error("no such address")]
    Nowhere,
    /// The name leads only where nobody may be spoken to.
    #[error("no address that may be spoken to")]
    Inner,
    /// No connection, or no TLS that this machine trusts.
    #[error("no connection")]
    NoConnection,
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// The connection ended, or what came was no answer, or too long a one.
    #[error("no whole answer")]
    NoAnswer,
}

/// The client.
#[derive(Clone)]
pub struct Client {
    tls: Option<TlsConnector>,
    patience: Patience,
    /// What has become of what was given to the parties lately.
    pub standing: Arc<Standing>,
}

impl Client {
    /// Trusts whom this machine trusts, or those that `SSL_CERT_FILE` names; who trusts nobody speaks without TLS only.
    pub fn new(patience: Patience) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = config.ok().filter(|_| !roots.is_empty()).map(|config| {
            let mut config = config.with_root_certificates(roots).with_no_client_auth();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            TlsConnector::from(Arc::new(config))
        });
        if tls.is_none() {
            tracing::warn!("this machine trusts no certificate: outside channels with TLS reach nobody");
        }
        Self { tls, patience, standing: Arc::default() }
    }

    /// Asks once and reads the whole answer.
    ///
    /// # Errors
    /// [`Fault`]; whether the request was taken is not known then.
    pub async fn ask(
        &self,
        method: Method,
        target: &Target,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answered, Fault> {
        let asking = self.exchange(request(method, target, headers, body)?, target);
        tokio::time::timeout(self.patience.total, asking).await.map_err(|_| Fault::TimedOut)?
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn post_json(&self, target: &Target, body: &serde_json::Value) -> Result<Answered, Fault> {
        let headers = [("content-type", "application/json".to_owned())];
        self.ask(Method::POST, target, &headers, body.to_string().into_bytes()).await
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, target: &Target) -> Result<Answered, Fault> {
        let connecting = self.connect(target);
        let stream = tokio::time::timeout(self.patience.connect, connecting).await.map_err(|_| Fault::TimedOut)??;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Fault::NoConnection)?;
        // ended when this future is dropped
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        let response = sender.send_request(request).await.map_err(|_| Fault::NoAnswer)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES).collect().await;
        Ok(Answered { status, body: body.map_err(|_| Fault::NoAnswer)?.to_bytes() })
    }

    async fn connect(&self, target: &Target) -> Result<Box<dyn Stream>, Fault> {
        let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await.map_err(|_| Fault::Nowhere)?;
        let found: Vec<SocketAddr> = found.collect();
        let allowed: Vec<SocketAddr> =
            found.iter().filter(|address| target.may_speak_to(address.ip())).copied().collect();
        if allowed.is_empty() {
            return Err(if found.is_empty() { Fault::Nowhere } else { Fault::Inner });
        }
        let stream = TcpStream::connect(allowed.as_slice()).await.map_err(|_| Fault::NoConnection)?;
        stream.set_nodelay(true).map_err(|_| Fault::NoConnection)?;
        if !target.secure {
            return Ok(Box::new(stream));
        }
        let tls = self.tls.as_ref().ok_or(Fault::NoConnection)?;
        let name = ServerName::try_from(target.host.clone()).map_err(|_| Fault::Nowhere)?;
        Ok(Box::new(tls.connect(name, stream).await.map_err(|_| Fault::NoConnection)?))
    }
}

/// A connection, with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn request(
    method: Method,
    target: &Target,
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Result<Request<Full<Bytes>>, Fault> {
    let origin = target.origin();
    let host = origin.split("://").nth(1).unwrap_or_default();
    let mut request = Request::builder().method(method).uri(target.path.as_str()).header(HOST, host);
    request = request.header(CONTENT_LENGTH, body.len());
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).map_err(|_| Fault::Nowhere)?;
        request = request.header(HeaderName::from_static(name), value);
    }
    request.body(Full::new(Bytes::from(body))).map_err(|_| Fault::Nowhere)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A party that answers with these bytes, then ends the connection; without them it never answers.
    async fn party(answer: Option<Vec<u8>>) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/x", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut bytes = vec![0; 4096];
            let _ = stream.read(&mut bytes).await;
            match answer {
                Some(answer) => drop(stream.write_all(&answer).await),
                None => std::future::pending().await,
            }
        });
        Target::read(&url, Whom::Named).expect("an address")
    }

    async fn ask(answer: Option<Vec<u8>>) -> Result<Answered, Fault> {
        let patience = Patience { connect: Duration::from_millis(500), total: Duration::from_millis(500) };
        Client::new(patience).post_json(&party(answer).await, &serde_json::json!({})).await
    }

    fn answer(head: &str, body: &[u8]) -> Option<Vec<u8>> {
        Some([format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat())
    }

    #[tokio::test]
    async fn an_answer_is_whole_short_and_in_time_or_none() {
        let whole = ask(answer("200 OK", b"{}")).await.expect("an answer");
        assert_eq!((whole.status, whole.body.as_ref()), (200, b"{}".as_slice()));
        assert_eq!(ask(None).await.expect_err("late"), Fault::TimedOut);
        assert_eq!(ask(answer("200 OK", &vec![b'x'; ANSWER_MAX_BYTES + 1])).await.expect_err("long"), Fault::NoAnswer);
        assert_eq!(
            ask(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".to_vec())).await.expect_err("cut"),
            Fault::NoAnswer
        );
        assert_eq!(ask(Some(b"garbage".to_vec())).await.expect_err("no HTTP"), Fault::NoAnswer);
        // another place is not gone to
        let moved = ask(answer("302 Found\r\nlocation: http://127.0.0.1:1/", b"")).await.expect("an answer");
        assert_eq!(moved.status, 302);
    }

    #[test]
    fn addresses_of_strangers_are_of_the_open_network_and_with_tls() {
        let outside = |url: &str| Target::read(url, Whom::Outside).is_ok();
        assert!(outside("https://fcm.googleapis.com/fcm/send/x") && outside("https://8.8.8.8/x"));
        for wrong in [
            "http://fcm.googleapis.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://10.1.2.3/x",
            "https://localhost/x",
            "https://127.1/x",
            "https://2130706433/x",
            "https://0x7f000001/x",
            "https://intranet/x",
            "https://169.254.169.254/x",
            "https://fcm.googleapis.com:8443/x",
            "https://me@fcm.googleapis.com/x",
            "ftp://x/y",
            "/x",
            "",
        ] {
            assert!(!outside(wrong), "{wrong}");
        }
        assert!(!outside(&format!("https://x/{}", "y".repeat(URL_MAX_BYTES))));
        let sandbox = Target::read("http://127.0.0.1:9321/push/1", Whom::Named).expect("the sandbox");
        assert_eq!((sandbox.origin(), sandbox.path()), ("http://127.0.0.1:9321".to_owned(), "/push/1"));
        assert!(Target::read("http://10.0.0.8/sms", Whom::Named).is_ok());
        assert!(Target::read("http://sms.example.org/", Whom::Named).is_err(), "phones in clear on the open network");
        assert_eq!(format!("{sandbox:?}"), "***");
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_house_is_not_spoken_to() {
        let named = Target::read("https://localhost/x", Whom::Named).expect("this machine");
        // as a name of the open network may lead here
        let target = Target { whom: Whom::Outside, ..named };
        let client = Client::new(Patience::default());
        let asked = client.post_json(&target, &serde_json::json!({})).await;
        assert_eq!(asked.expect_err("this machine"), Fault::Inner);
    }
}
