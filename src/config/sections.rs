//! The sections of the configuration. The docs here are what an operator reads in `jiaohao config default`; "Allowed:
//! A to B." is checked as it stands.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use confique::Config;
use serde::Deserialize;

/// Where the server listens.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ServerSettings {
    /// Address and port to listen on. Allowed: an address with a port, as 127.0.0.1:8080 or [::]:8443.
    #[config(default = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Certificate chain (PEM). With it and the key the server speaks TLS itself; both are read again when they change.
    pub tls_certificate_file: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    pub tls_key_file: Option<PathBuf>,
    /// Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
    /// Allowed: a list of IP addresses, as 10.0.0.1 or ::1.
    #[config(default = [])]
    pub trusted_proxies: Vec<IpAddr>,
    /// The address under which browsers reach the pages, e.g. "https://jiaohao.example.org". Sockets and cookies of
    /// other origins are refused. Absent: the address they asked for.
    /// Allowed: http:// or https://, a host and perhaps a port, nothing behind them.
    pub public_origin: Option<String>,
    /// Threads that serve sockets and requests. 0: one for each core. Allowed: 0 to 256.
    #[config(default = 0)]
    pub workers: usize,
    /// How long a graceful stop waits for what is under way, in seconds. Allowed: 0 to 300.
    #[config(default = 10)]
    pub stop_grace_s: u64,
}

/// What is on disk.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct DataSettings {
    /// The data folder: empty at the first start, and nobody else's. One process at a time. It belongs in every backup as a
    /// whole; its keys are never changed.
    #[config(default = "data")]
    pub dir: PathBuf,
    /// Size of a log segment in MiB; a full one is closed and gets a manifest. Allowed: 1 to 256.
    #[config(default = 128)]
    pub segment_mib: u64,
    /// Free space in MiB below which recordings, uploads and then bookings are refused; calling goes on.
    /// Allowed: 1 to 1048576.
    #[config(default = 1024)]
    pub reserve_mib: u64,
    /// Free space in MiB below which every write is refused and reading goes on. Allowed: 0 to 1048575.
    #[config(default = 64)]
    pub last_reserve_mib: u64,
    /// How many hours of events stay in the log's own files before they are left to the archive. Clients that come back are
    /// told what they missed from memory, see `PROTOCOL.md`. Allowed: 0 to 8760.
    #[config(default = 48)]
    pub prune_window_h: u64,
    /// Between two checkpoints (what has changed is saved to the store, so that a start replays less), in seconds.
    /// Allowed: 1 to 3600.
    #[config(default = 30)]
    pub checkpoint_every_s: u64,
    /// An owner that nobody has asked for this long leaves memory, in seconds. Allowed: 1 to 86400.
    #[config(default = 600)]
    pub idle_after_s: u64,
    /// Memory that the store may use as a cache, in MiB. Allowed: 1 to 65536.
    #[config(default = 64)]
    pub store_cache_mib: u64,
}

/// What nobody may exceed.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LimitSettings {
    /// Largest frame that a client may send, in bytes. Allowed: 4096 to 1048576.
    #[config(default = 65536)]
    pub frame_bytes: usize,
    /// Largest frame before hello has been answered, in bytes. Allowed: 512 to 65536.
    #[config(default = 4096)]
    pub hello_bytes: usize,
    /// How long a new connection may take to say hello, in seconds. Allowed: 1 to 60.
    #[config(default = 5)]
    pub hello_within_s: u64,
    /// Largest body of an HTTP request, in bytes. Allowed: 4096 to 67108864.
    #[config(default = 1048576)]
    pub body_bytes: usize,
    /// Subscriptions of one connection. Allowed: 1 to 10000.
    #[config(default = 64)]
    pub subscriptions: usize,
    /// Connections of one person or token. Allowed: 1 to 100000.
    #[config(default = 16)]
    pub connections_per_person: usize,
    /// Connections of one desk, kiosk, operator or hospital's system. Allowed: 1 to 100000.
    #[config(default = 1000)]
    pub house_connections: usize,
    /// Connections in all. Allowed: 1 to 1000000.
    #[config(default = 20000)]
    pub connections: usize,
    /// Connections of one address that have not said hello yet. Allowed: 1 to 100000.
    #[config(default = 1000)]
    pub unauthenticated_per_address: usize,
    /// Connections of one address on which nobody has signed in: neither by a token nor as a socket (a hospital is one
    /// address; a trusted proxy's are not counted). Allowed: 1 to 1000000.
    #[config(default = 2000)]
    pub connections_per_address: usize,
    /// How long a connection's peer may take nothing of what it is sent, in seconds. Allowed: 1 to 3600.
    #[config(default = 30)]
    pub unread_s: u64,
    /// How long a command may wait for its answer, in seconds; then it is `timed_out`. Allowed: 1 to 600.
    #[config(default = 15)]
    pub answer_within_s: u64,
    /// Commands of one person or token in a second. Allowed: 1 to 100000.
    #[config(default = 20)]
    pub commands_per_s: u32,
    /// Commands of one desk, kiosk, operator or hospital's system in a second. Allowed: 1 to 1000000.
    #[config(default = 2000)]
    pub house_commands_per_s: u32,
    /// Commands of one connection that have not been answered yet. Allowed: 1 to 10000.
    #[config(default = 64)]
    pub unanswered_commands: usize,
    /// What a connection may leave unread before it is told to start again, in bytes. Allowed: 65536 to 1073741824.
    #[config(default = 1048576)]
    pub outbox_bytes: usize,
    /// How old the oldest unread frame of a connection may become, in seconds. Allowed: 1 to 600.
    #[config(default = 10)]
    pub outbox_age_s: u64,
    /// Commands that may wait for one owner (a department, a patient …). Allowed: 1 to 1000000.
    #[config(default = 4096)]
    pub mailbox: usize,
    /// One-time codes asked for from one address in a minute (a hospital's Wi-Fi, or a carrier, is one address).
    /// Allowed: 1 to 100000.
    #[config(default = 120)]
    pub codes_per_address_per_min: u32,
    /// One-time codes in all in a minute. Allowed: 1 to 10000000.
    #[config(default = 6000)]
    pub codes_per_min: u32,
    /// Pairing codes that screens ask for from one address in a minute (a hospital that hangs up new ones is one address);
    /// ten times as many in all. Allowed: 1 to 100000.
    #[config(default = 60)]
    pub screens_per_address_per_min: u32,
    /// Failures of one address to sign in, in a minute; beyond it its sign-ins take up to three seconds longer, and none is
    /// refused because of the others. Allowed: 1 to 100000.
    #[config(default = 60)]
    pub sign_in_failures_per_min: u32,
    /// Persons of a new document, or of another name than the document's bearer, that a doctor makes known in a minute; who is
    /// known by that name is not counted. Allowed: 1 to 100000.
    #[config(default = 10)]
    pub persons_of_doctor_per_min: u32,
    /// The same of a hospital's system (role integrator), which sends a whole hospital's. Allowed: 1 to 100000.
    #[config(default = 600)]
    pub persons_of_integrator_per_min: u32,
    /// In the line of a release: so many at a time who are choosing a place, and so many more called in a second, of all
    /// departments that release just then. Allowed: 1 to 100000.
    #[config(default = 300)]
    pub release_at_once: usize,
    /// How long somebody who has been let in has to take a place, in seconds. Allowed: 10 to 3600.
    #[config(default = 120)]
    pub release_turn_s: u32,
}

/// Clinic time.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ClockSettings {
    /// How many times faster than the wall clock clinic time runs. Decided when the data folder is made: with more than 1
    /// it is a folder for test for ever, and a folder that was made with 1 is refused. Allowed: 1 to 600.
    #[config(default = 1)]
    pub speed: u32,
    /// A forward jump of the wall clock above this many seconds is not believed until an operator confirms it.
    /// Allowed: 1 to 86400.
    #[config(default = 60)]
    pub jump_s: u64,
    /// At a start, a wall clock more than this many hours ahead of the last thing on record (or `jump_s` behind it) is not
    /// believed until an operator confirms it. Allowed: 1 to 8760.
    #[config(default = 24)]
    pub away_h: u64,
    /// The time zone of what belongs to no site: a person's own days (the 18th birthday), and the day of /ops. Each site
    /// says its own on /setup. Allowed: an IANA name, as Asia/Shanghai or Asia/Urumqi.
    #[config(default = "Asia/Shanghai")]
    pub house_zone: String,
}

/// What is logged.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LogSettings {
    /// How much: "error", "warn", "info", "debug" or "trace".
    #[config(default = "info")]
    pub level: LogLevel,
    /// How: "text" or "json" (one object a line).
    #[config(default = "text")]
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Only what is broken.
    Error,
    /// Also what is unusual.
    Warn,
    /// Also what begins and ends.
    Info,
    /// Also what is decided.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// As the log filter has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The look of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Signing in.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct IdentitySettings {
    /// How long an access token holds, in seconds. Allowed: 30 to 86400.
    #[config(default = 600)]
    pub access_token_ttl_s: i64,
    /// How long a token for scripts holds at most, in seconds. Allowed: 60 to 31536000.
    #[config(default = 7776000)]
    pub script_token_ttl_s: i64,
    /// How long a browser keeps its refresh token, in seconds. A sign-in that nobody refreshes for 30 days ends anyway.
    /// Allowed: 600 to 2592000.
    #[config(default = 2592000)]
    pub refresh_token_ttl_s: i64,
    /// How long a one-time code holds, in seconds. Allowed: 30 to 3600.
    #[config(default = 300)]
    pub code_ttl_s: i64,
    /// Memory of one password check (argon2id), in KiB. Allowed: 8 to 4194304.
    #[config(default = 19456)]
    pub argon2_memory_kib: u32,
    /// Passes of one password check. Allowed: 1 to 100.
    #[config(default = 2)]
    pub argon2_passes: u32,
    /// Lanes of one password check. Allowed: 1 to 16.
    #[config(default = 1)]
    pub argon2_lanes: u32,
    /// Password checks at the same time. Allowed: 1 to 64.
    #[config(default = 2)]
    pub password_workers: usize,
    /// Password checks that may wait, half of them behind one address; beyond that signing in answers "overloaded".
    /// Allowed: 1 to 10000.
    #[config(default = 64)]
    pub password_waiting: usize,
}

/// Who saw and did what.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct AuditSettings {
    /// Lines that may wait for the disk. Beyond that looking at persons is refused until there is room.
    /// Allowed: 16 to 1000000.
    #[config(default = 65536)]
    pub waiting: usize,
}

/// Who comes.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ArrivalSettings {
    /// The desk sees at a ticket that its phone was farther than this from the hospital when it checked in or reported back, in
    /// metres: where the phone says where it is, and the hospital has its coordinates. Nobody is kept out for it.
    /// Allowed: 500 to 100000.
    #[config(default = 1000)]
    pub far_m: u32,
}

/// Screens.
#[derive(Clone, Debug, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ScreenSettings {
    /// How often a screen hears from the server, in seconds; twice that without a word and it shows itself offline.
    /// Allowed: 1 to 10.
    #[config(default = 2)]
    pub beat_s: u64,
    /// How often a console of the staff (doctor, desk, kiosk, operations) hears from the server, in seconds; twice that
    /// without a word and it says that nothing goes through. Allowed: 1 to 60.
    #[config(default = 5)]
    pub staff_beat_s: u64,
    /// How often every other client hears from the server, in seconds. Allowed: 1 to 120.
    #[config(default = 20)]
    pub other_beat_s: u64,
    /// Whether the house reads a voice pack by itself (espeak-ng, where it is installed) for a site whose boards are to speak and
    /// that has none. What somebody has made or recorded is never touched. Allowed: true or false.
    #[config(default = true)]
    pub make_voice: bool,
}
