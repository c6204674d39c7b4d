//! The load generator's side of a socket, and of an HTTP connection that stays open.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use uuid::Uuid;

use crate::Outcome;

/// A beat is shorter than this.
const BEAT_BYTES: usize = 128;

/// One WebSocket with a 4 KiB read buffer.
pub struct Socket(WebSocketStream<TcpStream>);

/// One of several addresses of this machine, so that many sockets find ports.
pub fn address_of(n: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1 + (n % 16) as u8))
}

impl Socket {
    /// Opens `ws://{to}{path}` from this address.
    pub async fn open(to: SocketAddr, path: &str, from: IpAddr) -> Outcome<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let (socket, _) = client_async_with_config(format!("ws://{to}{path}"), stream, Some(config)).await?;
        Ok(Self(socket))
    }

    /// Opens `/ws` and says hello.
    pub async fn signed_in(to: SocketAddr, from: IpAddr, token: &str) -> Outcome<Self> {
        let mut socket = Self::open(to, "/ws", from).await?;
        socket.send(json!({"type": "hello", "id": "0", "version": 1, "token": token}).to_string()).await?;
        socket.answer("welcome").await?;
        Ok(socket)
    }

    /// Sends one text frame.
    pub async fn send(&mut self, text: String) -> Outcome {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next text frame. A beat is answered and not shown.
    pub async fn next(&mut self) -> Outcome<Utf8Bytes> {
        loop {
            match self.0.next().await.ok_or("closed")?? {
                Message::Text(text) if text.len() < BEAT_BYTES && text.contains("\"type\":\"beat\"") => {
                    self.send("{\"type\":\"beat\"}".into()).await?;
                }
                Message::Text(text) => return Ok(text),
                Message::Close(_) => return Err("closed".into()),
                _ => {}
            }
        }
    }

    /// The next frame that is no event, which must be of this type.
    pub async fn answer(&mut self, expected: &str) -> Outcome<Value> {
        loop {
            let frame: Value = serde_json::from_str(&self.next().await?)?;
            match frame["type"].as_str() {
                Some("events" | "snapshot") => {}
                Some(kind) if kind == expected => return Ok(frame),
                _ => return Err(frame.to_string().into()),
            }
        }
    }

    /// Gives a command and waits for its result.
    pub async fn command(&mut self, command: Value) -> Outcome<Value> {
        self.send(json!({"type": "command", "id": "1", "command": command}).to_string()).await?;
        Ok(self.answer("done").await?["result"].take())
    }

    /// Follows a stream.
    pub async fn follow(&mut self, stream: &str) -> Outcome {
        self.send(json!({"type": "subscribe", "id": "2", "stream": stream}).to_string()).await?;
        self.answer("subscribed").await.map(drop)
    }
}

/// One HTTP/1.1 connection that stays open.
pub struct Http {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Http {
    /// Connects; every request carries this token.
    pub async fn connect(to: SocketAddr, token: Option<&str>) -> Outcome<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let bearer = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
        Ok(Self { stream: BufReader::new(stream), head: format!("host: {to}\r\n{bearer}") })
    }

    /// One request: the status and the body of the answer.
    pub async fn request(&mut self, method: &str, path: &str, body: &str) -> Outcome<(u16, String)> {
        self.ask(method, path, "", body).await
    }

    /// One command under a key of its own, as a page gives it.
    pub async fn give(&mut self, path: &str, key: Uuid, body: &str) -> Outcome<(u16, String)> {
        self.ask("POST", path, &format!("idempotency-key: {key}\r\n"), body).await
    }

    async fn ask(&mut self, method: &str, path: &str, more: &str, body: &str) -> Outcome<(u16, String)> {
        let head = &self.head;
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{head}{more}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let (mut line, mut length) = (String::new(), 0);
        self.stream.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("not HTTP")?;
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            match line.trim().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse()?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status, String::from_utf8(body)?))
    }

    /// One request that must be done; its answer as JSON.
    pub async fn done(&mut self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        let (status, answer) = self.request(method, path, &body.to_string()).await?;
        if !(200..300).contains(&status) {
            return Err(format!("{method} {path}: {status} {answer}").into());
        }
        Ok(serde_json::from_str(&answer).unwrap_or(Value::Null))
    }
}
