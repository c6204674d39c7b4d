//! The WebSocket door: one connection that comes back by itself, resumes its streams where they were, and sends commands
//! without an answer again by the same key.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use jiaohao_actors::shell::clock::monotonic;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use uuid::Uuid;

use super::clock::ClinicClock;
use super::http::Door;
use super::{Refusal, command_key};

/// Commands that may wait here for the connection; who has more waits.
const WISHES: usize = 256;
/// Between two attempts to come back, on average.
const AGAIN: Duration = Duration::from_millis(150);
/// How often a passing refusal is asked again.
const PATIENCE: u32 = 20;
/// How long hello may take.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// What a stream's subscriber hears.
pub enum Heard<'a> {
    /// All of it: the answer to `subscribe`, or a frame that replaces everything before it.
    Snapshot {
        /// Which stream.
        stream: &'a str,
        /// What it shows.
        snapshot: &'a Value,
    },
    /// What was missed or has just happened, in order.
    Events {
        /// Which stream.
        stream: &'a str,
        /// `{"offset":…,"at":…,"event":{…}}`.
        events: &'a [Value],
        /// Whether they follow what was heard before without a gap or repeat.
        chained: bool,
        /// Told again after a connection was lost.
        missed: bool,
    },
    /// The right to it has gone, or it was refused.
    Ended {
        /// Which stream.
        stream: &'a str,
        /// The error's code.
        code: &'a str,
    },
    /// The server says good-bye.
    Bye {
        /// Why.
        code: &'a str,
    },
}

/// Whoever follows streams over a connection. `text` is the frame as it came.
pub type Listener = Box<dyn FnMut(Heard<'_>, &str, Instant) + Send>;

/// What a command came to.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub result: Result<Value, Refusal>,
    /// When it was first sent.
    pub sent_at: Instant,
    /// When it was answered.
    pub answered_at: Instant,
    /// Whether the connection was lost in between, and it was sent again.
    pub resent: bool,
}

struct Wish {
    key: Uuid,
    command: Value,
    answer: oneshot::Sender<Answered>,
}

struct Pending {
    wish: Wish,
    sent_at: Instant,
    resent: bool,
}

/// A connection that comes back. Dropping it closes the connection.
pub struct LiveClient {
    wishes: mpsc::Sender<Wish>,
    tokens: mpsc::Sender<String>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for LiveClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LiveClient {
    /// Connects, says hello with `token` and follows `streams`, again and again until it is dropped.
    pub fn open(
        door: Arc<Door>,
        clock: Arc<ClinicClock>,
        token: String,
        streams: Vec<String>,
        listener: Listener,
    ) -> Self {
        let (wishes, asked) = mpsc::channel(WISHES);
        let (tokens, renewed) = mpsc::channel(1);
        let streams = streams.into_iter().map(|stream| (stream, None)).collect();
        let connection = Connection {
            door,
            clock,
            token,
            streams,
            listener,
            pending: BTreeMap::new(),
            asked,
            renewed,
            last_id: 0,
            refused: Vec::new(),
        };
        Self { wishes, tokens, task: tokio::spawn(connection.run()) }
    }

    /// Gives a command and waits for its answer, asking again by the same key while a refusal is a passing one.
    ///
    /// # Errors
    /// What the server said instead.
    pub async fn give(&self, command: &str, fields: Value) -> Result<Value, Refusal> {
        let (key, body) = (command_key(), json!({ command: fields }));
        for _ in 0..PATIENCE {
            match self.send(key, body.clone()).await.result {
                Err(why) if why.is_passing() => tokio::time::sleep(Duration::from_millis(500)).await,
                answer => return answer,
            }
        }
        Err(Refusal::door("no answer"))
    }

    /// Goes on with another token of the same account, on the open connection and after the next loss of it.
    pub async fn renew(&self, token: String) {
        // a connection that has ended needs none
        let _ = self.tokens.send(token).await;
    }

    /// Sends a command under a key and waits for its answer, over lost connections too.
    pub async fn send(&self, key: Uuid, command: Value) -> Answered {
        let (answer, answered) = oneshot::channel();
        let asked_at = monotonic();
        let gone = || Answered {
            result: Err(Refusal::door("the connection was closed")),
            sent_at: asked_at,
            answered_at: monotonic(),
            resent: false,
        };
        if self.wishes.send(Wish { key, command, answer }).await.is_err() {
            return gone();
        }
        answered.await.unwrap_or_else(|_| gone())
    }
}

/// A connection as it is.
pub type Socket = WebSocketStream<TcpStream>;
type Position = Option<(String, u64)>;

struct Connection {
    door: Arc<Door>,
    clock: Arc<ClinicClock>,
    token: String,
    streams: BTreeMap<String, Position>,
    listener: Listener,
    pending: BTreeMap<u64, Pending>,
    asked: mpsc::Receiver<Wish>,
    renewed: mpsc::Receiver<String>,
    last_id: u64,
    /// Streams that could not be followed just now.
    refused: Vec<String>,
}

impl Connection {
    async fn run(mut self) {
        loop {
            if let Ok(Ok(socket)) = tokio::time::timeout(HELLO_WITHIN, connect(&self.door, &self.token)).await
                && self.follow(socket).await.is_none()
            {
                return;
            }
            for pending in self.pending.values_mut() {
                pending.resent = true;
            }
            let jitter_ms = u64::try_from(AGAIN.as_millis()).unwrap_or(100);
            #[expect(clippy::disallowed_methods, reason = "a client's own chance")]
            let more_ms = rand::random::<u64>() % jitter_ms;
            tokio::time::sleep(Duration::from_millis(jitter_ms / 2 + more_ms)).await;
        }
    }

    /// One connection's life. None when nobody wants it any more.
    async fn follow(&mut self, mut socket: Socket) -> Option<()> {
        self.refused.clear();
        let mut asked_again = tokio::time::interval(AGAIN);
        asked_again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for frame in self.first_frames() {
            if socket.send(frame).await.is_err() {
                return Some(());
            }
        }
        loop {
            tokio::select! {
                frame = socket.next() => {
                    let Some(Ok(frame)) = frame else { return Some(()) };
                    if let Message::Text(text) = frame {
                        let answer = self.take(text.as_str(), monotonic());
                        if let Some(answer) = answer && socket.send(answer).await.is_err() {
                            return Some(());
                        }
                    }
                }
                _ = asked_again.tick(), if !self.refused.is_empty() => {
                    for stream in std::mem::take(&mut self.refused) {
                        if socket.send(self.subscribe(&stream)).await.is_err() {
                            return Some(());
                        }
                    }
                }
                Some(token) = self.renewed.recv() => {
                    let frame = json!({ "type": "refresh_token", "id": "token", "token": token });
                    self.token = token;
                    if socket.send(Message::text(frame.to_string())).await.is_err() {
                        return Some(());
                    }
                }
                wish = self.asked.recv() => {
                    let pending = Pending { wish: wish?, sent_at: monotonic(), resent: false };
                    self.last_id += 1;
                    let frame = command_frame(self.last_id, &pending.wish);
                    self.pending.insert(self.last_id, pending);
                    if socket.send(frame).await.is_err() {
                        return Some(());
                    }
                }
            }
        }
    }

    fn first_frames(&self) -> Vec<Message> {
        let mut frames: Vec<Message> = self.streams.keys().map(|stream| self.subscribe(stream)).collect();
        frames.extend(self.pending.iter().map(|(id, pending)| command_frame(*id, &pending.wish)));
        frames
    }

    fn subscribe(&self, stream: &str) -> Message {
        let mut frame = json!({ "type": "subscribe", "id": format!("s:{stream}"), "stream": stream });
        if let Some(Some((epoch, offset))) = self.streams.get(stream) {
            frame["since"] = json!({ "epoch": epoch, "offset": offset });
        }
        Message::text(frame.to_string())
    }

    /// Takes a frame; perhaps something is to be said at once.
    fn take(&mut self, text: &str, at: Instant) -> Option<Message> {
        let frame: Value = serde_json::from_str(text).ok()?;
        match frame["type"].as_str()? {
            "events" => {
                let stream = frame["stream"].as_str()?;
                let events = frame["events"].as_array()?;
                let after = frame["after"].as_u64()?;
                let position = self.streams.get_mut(stream)?.as_mut();
                let chained = position.is_some_and(|(_, at)| follows(at, Some(after), events));
                (self.listener)(Heard::Events { stream, events, chained, missed: false }, text, at);
            }
            "snapshot" => self.snapshot(&frame, text, at)?,
            "subscribed" if frame.get("missed").is_some() => {
                let stream = frame["stream"].as_str()?;
                let events = frame["missed"].as_array()?;
                let (known, now) = (self.streams.get_mut(stream)?, position(&frame["position"])?);
                let chained = known
                    .as_mut()
                    .is_some_and(|(epoch, at)| *epoch == now.0 && follows(at, None, events) && *at <= now.1);
                *known = Some(now);
                (self.listener)(Heard::Events { stream, events, chained, missed: true }, text, at);
            }
            "subscribed" => self.snapshot(&frame, text, at)?,
            "done" => self.answered(&frame, Ok(frame["result"].clone()), at)?,
            "rejected" => {
                let refusal: Refusal = serde_json::from_value(frame["error"].clone()).unwrap_or_else(Refusal::door);
                match frame["reply_to"].as_str()?.strip_prefix("s:") {
                    // Asked again, as a page asks.
                    Some(stream) if refusal.is_passing() => self.refused.push(stream.to_owned()),
                    Some(stream) => (self.listener)(Heard::Ended { stream, code: &refusal.code }, text, at),
                    None => self.answered(&frame, Err(refusal), at)?,
                }
            }
            "ended" => {
                let stream = frame["stream"].as_str()?;
                self.streams.remove(stream);
                let code = frame["error"]["code"].as_str().unwrap_or_default();
                (self.listener)(Heard::Ended { stream, code }, text, at);
            }
            "beat" => {
                self.clock.told(frame["now"].as_str()?);
                return Some(Message::text(r#"{"type":"beat"}"#));
            }
            "welcome" => self.clock.told(frame["now"].as_str()?),
            "bye" => (self.listener)(Heard::Bye { code: frame["code"].as_str().unwrap_or_default() }, text, at),
            _ => {}
        }
        None
    }

    fn snapshot(&mut self, frame: &Value, text: &str, at: Instant) -> Option<()> {
        let stream = frame["stream"].as_str()?;
        *self.streams.get_mut(stream)? = Some(position(&frame["position"])?);
        (self.listener)(Heard::Snapshot { stream, snapshot: &frame["snapshot"] }, text, at);
        Some(())
    }

    fn answered(&mut self, frame: &Value, result: Result<Value, Refusal>, at: Instant) -> Option<()> {
        let id: u64 = frame["reply_to"].as_str()?.parse().ok()?;
        let Pending { wish, sent_at, resent } = self.pending.remove(&id)?;
        // who asked may have gone
        let _ = wish.answer.send(Answered { result, sent_at, answered_at: at, resent });
        Some(())
    }
}

fn command_frame(id: u64, wish: &Wish) -> Message {
    let frame = json!({ "type": "command", "id": id.to_string(), "key": wish.key, "command": wish.command });
    Message::text(frame.to_string())
}

fn position(value: &Value) -> Option<(String, u64)> {
    Some((value["epoch"].as_str()?.to_owned(), value["offset"].as_u64()?))
}

/// Whether events follow the offset `at` (which moves on to the last of them): `after` is where one was, and offsets rise.
fn follows(at: &mut u64, after: Option<u64>, events: &[Value]) -> bool {
    let mut chained = after.is_none_or(|after| after == *at);
    for (n, event) in events.iter().enumerate() {
        let offset = event["offset"].as_u64().unwrap_or_default();
        // events of one moment share an offset only within one frame
        chained &= offset > *at || (offset == *at && after.is_some() && n > 0);
        *at = offset;
    }
    chained
}

/// Connects and says hello; what the server says to it comes as the first frame.
///
/// # Errors
/// The door is closed, or it does not speak WebSocket.
pub async fn connect(door: &Door, token: &str) -> Result<Socket, String> {
    let stream = TcpStream::connect(&door.authority).await.map_err(|e| e.to_string())?;
    greet(door, token, stream).await
}

/// As [`connect`], from this address of this machine.
///
/// # Errors
/// As [`connect`].
pub async fn connect_from(door: &Door, token: &str, from: IpAddr) -> Result<Socket, String> {
    let to: SocketAddr = door.authority.parse().map_err(|e| format!("{}: {e}", door.authority))?;
    let socket = TcpSocket::new_v4().map_err(|e| e.to_string())?;
    socket.bind((from, 0).into()).map_err(|e| e.to_string())?;
    greet(door, token, socket.connect(to).await.map_err(|e| e.to_string())?).await
}

async fn greet(door: &Door, token: &str, stream: TcpStream) -> Result<Socket, String> {
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let config = WebSocketConfig::default().read_buffer_size(4096);
    let url = format!("ws://{}/ws", door.authority);
    let (mut socket, _) = client_async_with_config(url, stream, Some(config)).await.map_err(|e| e.to_string())?;
    let hello = json!({ "type": "hello", "id": "hello", "version": 1, "token": token });
    socket.send(Message::text(hello.to_string())).await.map_err(|e| e.to_string())?;
    Ok(socket)
}

/// Asks one by one on a fresh connection, for what is expected to be refused: frames out, the answers to them in.
///
/// # Errors
/// The door is closed.
pub async fn exchange(door: &Door, token: &str, frames: &[Value]) -> Result<Vec<Value>, String> {
    let mut socket = connect(door, token).await?;
    let mut wanted: VecDeque<&Value> = frames.iter().collect();
    for frame in frames {
        socket.send(Message::text(frame.to_string())).await.map_err(|e| e.to_string())?;
    }
    let mut answers = Vec::new();
    while !wanted.is_empty() {
        let frame = socket.next().await.ok_or("closed")?.map_err(|e| e.to_string())?;
        let Message::Text(text) = frame else { continue };
        let value: Value = serde_json::from_str(text.as_str()).map_err(|e| e.to_string())?;
        if wanted.iter().any(|frame| frame["id"] == value["reply_to"]) {
            wanted.retain(|frame| frame["id"] != value["reply_to"]);
            answers.push(value);
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_sees_gaps_and_repeats() {
        let events = |offsets: &[u64]| offsets.iter().map(|o| json!({ "offset": o })).collect::<Vec<_>>();
        let mut at = 5;
        assert!(follows(&mut at, Some(5), &events(&[7, 9])));
        assert_eq!(at, 9);
        assert!(!follows(&mut at, Some(8), &events(&[10])), "a gap or repeat before");
        assert!(!follows(&mut at, Some(10), &events(&[9])), "back");
        let mut at = 9;
        assert!(!follows(&mut at, Some(9), &events(&[9])), "once more");
        let mut at = 9;
        assert!(follows(&mut at, Some(9), &events(&[10, 10])), "of one moment");
        let mut at = 5;
        assert!(!follows(&mut at, None, &events(&[5])), "told again");
    }
}
