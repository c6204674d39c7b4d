//! The socket of a terminal display: hello, subscription with resume, beats, coming back. On tokio-tungstenite with a
//! small read buffer and no write buffer: a display costs kilobytes, not its defaults of 128.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::draw::{self, Style};
use super::model::{Action, Display, backoff_ms};

/// What this program says it is.
const CLIENT: &str = concat!("terminal ", env!("CARGO_PKG_VERSION"));
const READ_BUFFER_BYTES: usize = 4 * 1024;
const MESSAGE_MAX_BYTES: usize = 1 << 20;
/// Connecting, and the first answer, take no longer than this: a screen says within 5 s that it is not current.
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// No announcement is confirmed twice; this many are remembered.
const REPORTED_MAX: usize = 512;

/// What a display is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// `http://host:port`, `https://…`, `ws://…` or `wss://…`, with or without `/ws`.
    pub url: String,
    /// The board's id.
    pub board: String,
    /// The bearer token.
    pub token: String,
    /// How it is drawn.
    pub style: Style,
    /// Show the first complete picture and end.
    pub once: bool,
}

/// Why a display ended.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The address is none that can be connected to.
    #[error("{0}")]
    Address(String),
    /// The server refuses, and coming back would not change that.
    #[error("the server refuses: {0}")]
    Refused(String),
    /// One picture was wanted, and there is no connection.
    #[error("cannot reach {0}")]
    Unreachable(String),
    /// The terminal cannot be written to.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Shows the board on stdout until the server refuses (or, with `once`, one picture). To be dropped at Ctrl-C.
pub async fn run(options: Options) -> Result<(), TerminalError> {
    run_on(options, &mut std::io::stdout()).await
}

/// The same on any output.
pub async fn run_on(options: Options, output: &mut (impl Write + Send)) -> Result<(), TerminalError> {
    let address = socket_address(&options.url)?;
    let mut client = Client {
        options,
        address,
        display: Display::new(),
        reported: BTreeSet::new(),
        next_id: 0,
        shown: Vec::new(),
        output,
    };
    if client.options.style.colours {
        write!(client.output, "{BEGIN}")?;
    }
    let mut attempt = 0;
    loop {
        let ended = client.connection().await?;
        match ended {
            Ended::Shown => return Ok(()),
            Ended::Lost if client.options.once => return Err(TerminalError::Unreachable(client.address.clone())),
            Ended::Lost | Ended::ComeBack { .. } => {}
        }
        if client.display.lost() {
            attempt = 0;
        }
        client.draw()?;
        let after_ms = if let Ended::ComeBack { after_ms } = ended { after_ms } else { 0 };
        tokio::time::sleep(Duration::from_millis(backoff_ms(attempt, after_ms, chance()))).await;
        attempt = attempt.saturating_add(1);
    }
}

/// How a connection ended.
enum Ended {
    /// Lost, or never made.
    Lost,
    /// The server said when to come back.
    ComeBack { after_ms: u64 },
    /// One picture was wanted, and it has been shown.
    Shown,
}

struct Client<'a, W: Write> {
    options: Options,
    address: String,
    display: Display,
    /// Announcements that this display has confirmed as shown, as far as remembered.
    reported: BTreeSet<String>,
    next_id: u64,
    /// The lines on the terminal.
    shown: Vec<String>,
    output: &'a mut W,
}

/// Clears the terminal and hides its cursor; shows it again.
const BEGIN: &str = "\x1b[2J\x1b[?25l";
const END: &str = "\x1b[0m\x1b[?25h";

impl<W: Write> Drop for Client<'_, W> {
    fn drop(&mut self) {
        if self.options.style.colours {
            // A terminal that has gone away needs no cursor.
            let _ = writeln!(self.output, "{END}").and_then(|()| self.output.flush());
        }
    }
}

impl<W: Write + Send> Client<'_, W> {
    /// One connection from its beginning to its end.
    async fn connection(&mut self) -> Result<Ended, TerminalError> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MESSAGE_MAX_BYTES))
            .max_frame_size(Some(MESSAGE_MAX_BYTES));
        let connecting = connect_async_with_config(self.address.clone(), Some(config), true);
        let Ok(Ok((mut socket, _))) = timeout(CONNECT_WITHIN, connecting).await else { return Ok(Ended::Lost) };
        let id = self.id();
        let hello = json!({"type": "hello", "id": id, "version": 1, "token": self.options.token});
        if !say(&mut socket, &hello).await {
            return Ok(Ended::Lost);
        }
        let mut silent_at = Instant::now() + CONNECT_WITHIN;
        let mut beat_at = silent_at;
        loop {
            let frame = tokio::select! {
                frame = socket.next() => frame,
                () = tokio::time::sleep_until(silent_at) => return Ok(Ended::Lost),
                () = tokio::time::sleep_until(beat_at) => {
                    beat_at = Instant::now() + Duration::from_millis(self.display.beat_ms);
                    if say(&mut socket, &json!({"type": "beat", "client": CLIENT})).await { continue } else { return Ok(Ended::Lost) }
                }
            };
            let Some(Ok(message)) = frame else { return Ok(Ended::Lost) };
            let Message::Text(text) = message else { continue };
            let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
            if is_answer_to_a_report(&frame) {
                continue;
            }
            let was_greeted = frame["type"] == "welcome";
            let action = self.display.take(&frame);
            if was_greeted {
                beat_at = Instant::now() + Duration::from_millis(self.display.beat_ms);
            }
            silent_at = Instant::now() + Duration::from_millis(2 * self.display.beat_ms).max(Duration::from_secs(1));
            match action {
                Action::None => {}
                Action::Subscribe => {
                    let subscribe = self.subscribe();
                    if !say(&mut socket, &subscribe).await {
                        return Ok(Ended::Lost);
                    }
                }
                Action::Redraw => {
                    self.draw()?;
                    if self.options.once && self.display.is_live {
                        return Ok(Ended::Shown);
                    }
                    if !self.report_shown(&mut socket).await {
                        return Ok(Ended::Lost);
                    }
                }
                Action::Reconnect { after_ms } => return Ok(Ended::ComeBack { after_ms }),
                Action::GiveUp { code } => return Err(TerminalError::Refused(code)),
            }
        }
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    fn subscribe(&mut self) -> Value {
        let id = self.id();
        let mut subscribe = json!({"type": "subscribe", "id": id, "stream": format!("board:{}", self.options.board)});
        if let Some(position) = self.display.position.as_ref().filter(|_| self.display.value.is_some()) {
            subscribe["since"] = json!({"epoch": position.epoch, "offset": position.offset});
        }
        subscribe
    }

    fn draw(&mut self) -> Result<(), TerminalError> {
        let style = self.options.style;
        if self.options.once && !self.display.is_live {
            return Ok(());
        }
        let lines = draw::lines(&self.display, style);
        if lines == self.shown {
            return Ok(());
        }
        // Home, every line to its end, then what is left below: no flicker and nothing old left over.
        let (home, end_of_line, below) = if style.colours { ("\x1b[H", "\x1b[K\n", "\x1b[J") } else { ("", "\n", "") };
        let picture: String = lines.iter().flat_map(|line| [line.as_str(), end_of_line]).collect();
        self.shown = lines;
        write!(self.output, "{home}{picture}{below}")?;
        Ok(self.output.flush()?)
    }

    /// Confirms what is on the glass. A display whose token is no screen's is refused and goes on showing.
    async fn report_shown(&mut self, socket: &mut Socket) -> bool {
        let shown = self.display.announcements().filter(|one| draw::is_shown(&self.display, one));
        let ids = shown.filter_map(|one| one["announcement"].as_str());
        let new: Vec<String> = ids.filter(|id| !self.reported.contains(*id)).map(str::to_owned).collect();
        for announcement in new {
            let id = format!("{REPORT}{}", self.id());
            let now_ms = self.display.last_data_at.map_or(0, |at| at.timestamp_millis());
            let command = json!({"report_shown": {"announcement": announcement}});
            let report = json!({"type": "command", "id": id, "key": key(now_ms), "command": command});
            if !say(socket, &report).await {
                return false;
            }
            self.reported.insert(announcement);
        }
        while self.reported.len() > REPORTED_MAX {
            self.reported.pop_first();
        }
        true
    }
}

const REPORT: &str = "report-";

fn is_answer_to_a_report(frame: &Value) -> bool {
    frame["reply_to"].as_str().is_some_and(|reply_to| reply_to.starts_with(REPORT))
}

async fn say(socket: &mut Socket, frame: &Value) -> bool {
    let sending = socket.send(Message::Text(Utf8Bytes::from(frame.to_string())));
    matches!(timeout(CONNECT_WITHIN, sending).await, Ok(Ok(())))
}

/// The WebSocket's address of a server given by its page's or its socket's.
fn socket_address(url: &str) -> Result<String, TerminalError> {
    let url = url.trim_end_matches('/');
    let schemes = [("http://", "ws"), ("ws://", "ws"), ("https://", "wss"), ("wss://", "wss")];
    let found = schemes.iter().find_map(|(given, scheme)| Some((*scheme, url.strip_prefix(given)?)));
    let (scheme, bare) = found
        .ok_or_else(|| TerminalError::Address(format!("{url}: begins with http://, https://, ws:// or wss://")))?;
    if bare.is_empty() || bare.contains(char::is_whitespace) {
        return Err(TerminalError::Address(format!("{url}: no host")));
    }
    let path = if bare.ends_with("/ws") { "" } else { "/ws" };
    Ok(format!("{scheme}://{bare}{path}"))
}

/// Chance without a generator: the standard library keys each hasher anew.
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a client's own chance")]
fn chance() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// A UUIDv7 with the server's time: an idempotency key.
fn key(now_ms: i64) -> String {
    let (a, b) = (chance(), chance());
    let (high, low) = ((now_ms as u64) >> 16 & 0xFFFF_FFFF, now_ms as u64 & 0xFFFF);
    format!("{high:08x}-{low:04x}-7{:03x}-{:04x}-{:012x}", a & 0xFFF, 0x8000 | (a >> 12 & 0x3FFF), b & 0xFFFF_FFFF_FFFF)
}
