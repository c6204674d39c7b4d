//! What a user would take instead, as Debian installs it, each on a fresh folder of the same disk.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiaohao_actors::shell::clock;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::Outcome;
use crate::client::Http;
use crate::generator::CLIENTS;
use crate::measure::{children, cpu, folder};
use crate::server::free_port;

const POSTGRES: &str = "/usr/lib/postgresql/15/bin";
const POSTGRES_S: u32 = 6;
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// A place taken and the booking written, as somebody would with tables; that somebody has one at a time is the index's. Of
/// `pgbench`, whose own numbers are beyond those of the load generator.
const CONTENDED: &str = "BEGIN;
UPDATE slots SET taken = taken + 1 WHERE id = 1 AND taken < capacity;
INSERT INTO bookings (slot, patient) VALUES (1, nextval('someone'));
COMMIT;
";
/// Slots with room, and one without.
const TABLES: &str = "CREATE TABLE slots (id int PRIMARY KEY, capacity int NOT NULL, taken int NOT NULL);
CREATE TABLE bookings (id bigserial PRIMARY KEY, slot int NOT NULL, patient int NOT NULL UNIQUE);
CREATE SEQUENCE someone START 1000000000;
INSERT INTO slots SELECT id, 100000000, 0 FROM generate_series(1, 1000) AS id;
INSERT INTO slots VALUES (0, 1, 1);
";
/// The same in Redis: one script, one round trip.
const SCRIPT: &str = "if redis.call('SADD', KEYS[3], ARGV[1]) == 0 then return -1 end \
    if redis.call('INCR', KEYS[1]) > 100000000 then return 0 end \
    redis.call('RPUSH', KEYS[2], ARGV[1]) return 1";

fn ran(output: Output) -> Outcome<String> {
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)).into())
}

/// A folder that another user of this machine may use.
fn open_folder(prefix: &str) -> Outcome<TempDir> {
    let made = tempfile::Builder::new().prefix(prefix).tempdir_in(std::env::temp_dir())?;
    std::fs::set_permissions(made.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
    Ok(made)
}

/// PostgreSQL 15 with its own defaults (fsync on), reached over TCP like the others.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    /// So many persons have booked.
    persons: Arc<AtomicUsize>,
}

impl Postgres {
    /// Makes a cluster as user `postgres` and starts it; none when it is not installed.
    pub fn start() -> Outcome<Option<Self>> {
        if !Path::new(POSTGRES).exists() {
            println!("PostgreSQL 15 is not installed: left out");
            return Ok(None);
        }
        let this = Self { folder: open_folder("bench-postgres")?, port: free_port()?, persons: Arc::default() };
        let data = this.path("data");
        this.run("initdb", &["-D", &data, "-A", "trust", "-E", "UTF8"])?;
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -k {}", this.port, this.folder.path().display());
        this.run("pg_ctl", &["-D", &data, "-w", "-l", &this.path("log"), "-o", &options, "start"])?;
        std::fs::write(this.path("tables.sql"), TABLES)?;
        std::fs::write(this.path("contended.sql"), CONTENDED)?;
        let port = this.port.to_string();
        this.run("psql", &["-h", "127.0.0.1", "-p", &port, "-q", "-f", &this.path("tables.sql"), "postgres"])?;
        Ok(Some(this))
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Outcome<String> {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(format!("{POSTGRES}/{program}"));
        // A server that stays must not hold our pipes open.
        let quiet = program == "pg_ctl";
        let stdout = if quiet { Stdio::null() } else { Stdio::piped() };
        let child = command.args(arguments).current_dir(self.folder.path()).stdout(stdout);
        ran(child.stderr(if quiet { Stdio::null() } else { Stdio::piped() }).spawn()?.wait_with_output()?)
    }

    /// Its processes as they are now, those of its clients with them.
    pub fn pids(&self) -> Outcome<Vec<u32>> {
        let file = std::fs::read_to_string(self.path("data/postmaster.pid"))?;
        let master = file.lines().next().unwrap_or_default().trim().parse()?;
        Ok(std::iter::once(master).chain(children(master)).collect())
    }

    async fn clients(&self) -> Outcome<Vec<Client>> {
        let mut clients = Vec::with_capacity(CLIENTS);
        for _ in 0..CLIENTS {
            clients.push(Client::connect(self.port).await?);
        }
        Ok(clients)
    }

    /// Bookings a second of so many slots in turn, of the load generator that the house has: as many connections, one booking
    /// at a time each, on the same threads.
    pub async fn booked(&self, slots: usize, count: usize) -> Outcome<f64> {
        let until = self.persons.load(Ordering::Relaxed) + count;
        let clients = self.clients().await?;
        let began = clock::monotonic();
        let tasks: Vec<_> = clients
            .into_iter()
            .map(|client| tokio::spawn(client.book_until(self.persons.clone(), until, slots)))
            .collect();
        for task in tasks {
            task.await??;
        }
        let took = began.elapsed();
        self.persons.store(until, Ordering::Relaxed);
        Ok(count as f64 / took.as_secs_f64())
    }

    /// Answers a second that the full slot is full, by reading; and the processors' time that each took, of the clients'
    /// processes.
    pub async fn full(&self, count: usize) -> Outcome<(f64, Duration)> {
        let (next, clients) = (Arc::new(AtomicUsize::new(0)), self.clients().await?);
        let pids = self.pids()?;
        let (before, began) = (cpu(&pids), clock::monotonic());
        let tasks: Vec<_> =
            clients.into_iter().map(|client| tokio::spawn(client.ask_until(next.clone(), count))).collect();
        let mut clients = Vec::with_capacity(CLIENTS);
        for task in tasks {
            clients.push(task.await??);
        }
        let took = began.elapsed();
        // while they are there: who has ended is asked no more
        let used = cpu(&pids) - before;
        drop(clients);
        Ok((count as f64 / took.as_secs_f64(), used / u32::try_from(count)?))
    }

    /// Bookings a second of the first slot, of PostgreSQL's own `pgbench`, in C.
    pub fn benchmark(&self) -> Outcome<f64> {
        let (port, clients, seconds) = (self.port.to_string(), CLIENTS.to_string(), POSTGRES_S.to_string());
        let script = self.path("contended.sql");
        let arguments = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-n",
            "-M",
            "prepared",
            "-c",
            &clients,
            "-j",
            "2",
            "-T",
            &seconds,
            "-f",
            &script,
            "postgres",
        ];
        let report = self.run("pgbench", &arguments)?;
        let line = report.lines().find(|line| line.starts_with("tps =")).ok_or("no tps in pgbench's report")?;
        Ok(line.split_whitespace().nth(2).unwrap_or_default().parse()?)
    }
}

/// One client of PostgreSQL with its statements prepared.
struct Client {
    client: tokio_postgres::Client,
    take: tokio_postgres::Statement,
    write: tokio_postgres::Statement,
    look: tokio_postgres::Statement,
}

impl Client {
    async fn connect(port: u16) -> Outcome<Self> {
        let address = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
        let (client, connection) = tokio_postgres::connect(&address, tokio_postgres::NoTls).await?;
        // what it has to say is said to the client as well
        tokio::spawn(async { drop(connection.await) });
        let take = client.prepare("UPDATE slots SET taken = taken + 1 WHERE id = $1 AND taken < capacity").await?;
        let write = client.prepare("INSERT INTO bookings (slot, patient) VALUES ($1, $2)").await?;
        let look = client.prepare("SELECT taken < capacity FROM slots WHERE id = $1").await?;
        Ok(Self { client, take, write, look })
    }

    /// A booking for a fresh person at a time, until all are done: the statements of [`CONTENDED`], each a round trip.
    async fn book_until(self, persons: Arc<AtomicUsize>, until: usize, slots: usize) -> Outcome {
        loop {
            let n = persons.fetch_add(1, Ordering::Relaxed);
            if n >= until {
                return Ok(());
            }
            let slot = i32::try_from(1 + n % slots)?;
            self.client.batch_execute("BEGIN").await?;
            if self.client.execute(&self.take, &[&slot]).await? != 1 {
                return Err("the slot is full".into());
            }
            self.client.execute(&self.write, &[&slot, &i32::try_from(n)?]).await?;
            self.client.batch_execute("COMMIT").await?;
        }
    }

    /// Looks whether the full slot has a place, until it was asked so often; the connection stays.
    async fn ask_until(self, next: Arc<AtomicUsize>, count: usize) -> Outcome<Self> {
        while next.fetch_add(1, Ordering::Relaxed) < count {
            if self.client.query_one(&self.look, &[&0_i32]).await?.try_get::<_, bool>(0)? {
                return Err("the full slot has a place".into());
            }
        }
        Ok(self)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.run("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "stop"]) {
            eprintln!("PostgreSQL could not be stopped: {error}");
        }
    }
}

/// A peer that runs in the foreground; dropping it ends it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // nginx ends its workers on SIGTERM only
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

/// Redis 7 with `appendfsync always` and nothing else on disk.
pub struct Redis {
    port: u16,
    persons: Arc<AtomicUsize>,
    _process: Running,
    _folder: TempDir,
}

impl Redis {
    /// Starts it; none when it is not installed.
    pub async fn start() -> Outcome<Option<Self>> {
        let (folder, port) = (tempfile::Builder::new().prefix("redis").tempdir_in(folder())?, free_port()?);
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
        command.args(["--bind", "127.0.0.1", "--loglevel", "warning"]).arg("--dir").arg(folder.path());
        let Ok(process) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            println!("redis-server is not installed: left out");
            return Ok(None);
        };
        let redis = Self { port, persons: Arc::default(), _process: Running(process), _folder: folder };
        until_open(([127, 0, 0, 1], port).into()).await?;
        Ok(Some(redis))
    }

    /// Bookings a second of so many slots in turn, of the load generator that the house has: as many connections, one script
    /// at a time each, on the same threads.
    pub async fn booked(&self, slots: usize, count: usize) -> Outcome<f64> {
        let until = self.persons.load(Ordering::Relaxed) + count;
        let mut clients = Vec::with_capacity(CLIENTS);
        for _ in 0..CLIENTS {
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.set_nodelay(true)?;
            clients.push(BufReader::new(stream));
        }
        let began = clock::monotonic();
        let tasks: Vec<_> = clients
            .into_iter()
            .map(|stream| tokio::spawn(eval_until(stream, self.persons.clone(), until, slots)))
            .collect();
        for task in tasks {
            task.await??;
        }
        let took = began.elapsed();
        self.persons.store(until, Ordering::Relaxed);
        Ok(count as f64 / took.as_secs_f64())
    }

    /// Scripts a second for the first slot, of Redis's own `redis-benchmark`, in C.
    pub fn benchmark(&self, count: usize) -> Outcome<f64> {
        let (port, clients, count) = (self.port.to_string(), CLIENTS.to_string(), count.to_string());
        let arguments = ["-p", &port, "-c", &clients, "-n", &count, "-r", "100000000", "--csv"];
        let script = ["EVAL", SCRIPT, "3", "taken:0", "bookings:0", "patients", "p-__rand_int__"];
        let report = ran(Command::new("redis-benchmark").args(arguments).args(script).output()?)?;
        // "test","rps",… : the script itself may hold commas inside its quotes
        let line = report.lines().last().ok_or("no report of redis-benchmark")?;
        let rate = line.split("\",\"").nth(1).ok_or("no rate in redis-benchmark's report")?;
        Ok(rate.trim_matches('"').parse()?)
    }
}

/// One client of Redis: a booking for a fresh person at a time, until all are done.
async fn eval_until(
    mut stream: BufReader<tokio::net::TcpStream>,
    persons: Arc<AtomicUsize>,
    until: usize,
    slots: usize,
) -> Outcome {
    let mut line = String::new();
    loop {
        let n = persons.fetch_add(1, Ordering::Relaxed);
        if n >= until {
            return Ok(());
        }
        let (taken, bookings) = (format!("taken:{}", n % slots), format!("bookings:{}", n % slots));
        let patient = format!("p-{n:016x}");
        let words = ["EVAL", SCRIPT, "3", &taken, &bookings, "patients", &patient];
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.get_mut().write_all(request.as_bytes()).await?;
        line.clear();
        stream.read_line(&mut line).await?;
        if !line.starts_with(":1\r") {
            return Err(line.into());
        }
    }
}

/// nchan in nginx: one channel, published to by HTTP, followed by WebSockets.
pub struct Nchan {
    /// Where it listens.
    pub address: SocketAddr,
    process: Running,
    _folder: TempDir,
}

impl Nchan {
    /// Starts it with so many workers; none when it is not installed.
    pub async fn start(workers: usize) -> Outcome<Option<Self>> {
        if !Path::new(NCHAN).exists() {
            println!("libnginx-mod-nchan is not installed: left out");
            return Ok(None);
        }
        let (folder, port) = (open_folder("bench-nchan")?, free_port()?);
        let configuration = format!(
            "load_module {NCHAN};
daemon off;
worker_processes {workers};
error_log stderr crit;
pid {0}/nginx.pid;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location = /sub {{ nchan_subscriber websocket; nchan_channel_id board; nchan_subscriber_first_message newest; }}
    location = /pub {{ nchan_publisher; nchan_channel_id board; nchan_message_buffer_length 1; }}
  }}
}}
",
            folder.path().display()
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let mut command = Command::new("/usr/sbin/nginx");
        let process = command.arg("-c").arg(&file).stdout(Stdio::null()).spawn()?;
        let address = ([127, 0, 0, 1], port).into();
        let nchan = Self { address, process: Running(process), _folder: folder };
        until_open(address).await?;
        // It listens before it has its workers, whose time and memory are to be counted.
        while nchan.pids().len() <= workers {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(Some(nchan))
    }

    /// Master and workers.
    pub fn pids(&self) -> Vec<u32> {
        let master = self.process.0.id();
        std::iter::once(master).chain(children(master)).collect()
    }

    /// A connection to publish by.
    pub async fn publisher(&self) -> Outcome<Http> {
        Http::connect(self.address, None).await
    }
}

async fn until_open(address: SocketAddr) -> Outcome {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("nobody listens on {address}").into())
}
