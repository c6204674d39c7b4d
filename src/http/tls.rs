//! TLS by the server itself; certificate and key are read again when their files change.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jiaohao_actors::log::user;
use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::Zone;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// With fewer days to go a certificate should have been renewed.
const DAYS_TO_RENEW: i64 = 14;

/// From when and until when the certificate in use is good, in UTC seconds; an end of 0: there is none. As the gauge, of the
/// process.
static BEGINS_AT_S: AtomicI64 = AtomicI64::new(0);
static ENDS_AT_S: AtomicI64 = AtomicI64::new(0);

const CERTIFICATE: &str = "certificate";
const PRIVATE_KEY: &str = "private key";
/// How ASN.1 begins, in which both are written when they are no PEM.
const SEQUENCE: u8 = 0x30;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {source}{}", .path.display(), next(.path, .source))]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No certificate or no key in it.
    #[error("{}: there is no {} in it: a PEM file has lines that say BEGIN and END", .0.display(), .1)]
    Missing(PathBuf, &'static str),
    /// It is there, and not as PEM.
    #[error("{}: it is binary, and a {what} in PEM is wanted: `{command}`", .path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// What it is read for.
        what: &'static str,
        /// What makes it PEM.
        command: String,
    },
    /// Nobody is there to type it.
    #[error(
        "{key}: the key has a passphrase, which nobody types at a start: `openssl pkey -in {key} -out NEW` takes it off; let \
         nobody but the service read what it writes",
        key = .0.display()
    )]
    Passphrase(PathBuf),
    /// The server's own certificate comes first.
    #[error(
        "{}: the server's own certificate, of which {} is the key, is number {place} in it: put it first, and what has signed \
         it behind",
        .certificate.display(),
        .key.display()
    )]
    Order {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's.
        key: PathBuf,
        /// Which of the certificates it is, from 1.
        place: usize,
    },
    /// They do not belong together.
    #[error("{} is not the key of {}: put the pair there", .key.display(), .certificate.display())]
    Apart {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's.
        key: PathBuf,
    },
    /// They are of a kind that is not supported.
    #[error("{} with the key of {} cannot be used: {source}", .certificate.display(), .key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// It has ended, and the one in use is good for longer.
    #[error("{}: the certificate has ended on {until}: browsers refuse it", .certificate.display())]
    Ended {
        /// The certificate's file.
        certificate: PathBuf,
        /// When.
        until: String,
    },
    /// It is not good yet, and the one in use is.
    #[error("{}: the certificate is good only from {from} on: browsers refuse it until then", .certificate.display())]
    NotYet {
        /// The certificate's file.
        certificate: PathBuf,
        /// When it begins.
        from: String,
    },
    /// No TLS can be spoken with these versions and ciphers.
    #[error("{0}")]
    Protocol(#[from] rustls::Error),
    /// The thread that looks at the files could not be started.
    #[error("{0}")]
    Thread(std::io::Error),
}

impl TlsError {
    /// Whether the key is to blame; both may be named as the same file, and the certificate is read first.
    pub fn is_of_key(&self, certificate: &Path) -> bool {
        match self {
            Self::Read { path, .. } => path != certificate,
            Self::Missing(_, what) | Self::Binary { what, .. } => *what == PRIVATE_KEY,
            Self::Apart { .. } | Self::Passphrase(_) => true,
            _ => false,
        }
    }
}

/// What to do about a file that this user may not read; nothing where the error says enough.
fn next(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => format!(": {}", user::unread(path)),
        _ => String::new(),
    }
}

/// The command that makes it PEM.
fn as_pem(path: &Path, what: &str, is_pkcs12: bool) -> String {
    let path = path.display();
    match (is_pkcs12, what) {
        (true, PRIVATE_KEY) => format!("openssl pkcs12 -in {path} -nocerts -nodes -out key.pem"),
        (true, _) => format!("openssl pkcs12 -in {path} -nokeys -out cert.pem"),
        (false, PRIVATE_KEY) => format!("openssl pkey -inform DER -in {path} -out key.pem"),
        (false, _) => format!("openssl x509 -inform DER -in {path} -out cert.pem"),
    }
}

/// Whether TLS can be spoken with these PEM files.
///
/// # Errors
/// See [`TlsError`].
pub fn check(certificate: &Path, key: &Path) -> Result<(), TlsError> {
    load(certificate, key).map(drop)
}

/// What browsers have, or will soon have, against the certificate of this pair.
pub fn doubt(certificate: &Path, key: &Path) -> Option<String> {
    of_validity(validity(&load(certificate, key).ok()?)?, clock::wall_ms() / 1_000)
}

/// The same of the pair in use.
pub fn doubt_in_use() -> Option<String> {
    match ENDS_AT_S.load(Ordering::Relaxed) {
        0 => None,
        until => of_validity((BEGINS_AT_S.load(Ordering::Relaxed), until), clock::wall_ms() / 1_000),
    }
}

fn of_validity((from, until): (i64, i64), now: i64) -> Option<String> {
    if now < from {
        let from = said(from);
        return Some(format!(
            "the certificate is good only from {from} on: browsers refuse it until then; is the machine's clock right?"
        ));
    }
    match (until - now).div_euclid(24 * 60 * 60) {
        ..0 => Some(format!("the certificate has ended on {}: browsers refuse it; renew it", said(until))),
        days @ 0..DAYS_TO_RENEW => {
            Some(format!("the certificate ends in {days} days, on {}: browsers refuse it then; renew it", said(until)))
        }
        _ => None,
    }
}

#[derive(Debug)]
struct Reloaded {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Reloaded {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The server's TLS with these PEM files, watched from now on.
///
/// # Errors
/// See [`TlsError`].
pub fn server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let current = load(certificate, key)?;
    note_end(&current);
    let reloaded = Arc::new(Reloaded {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        current: RwLock::new(Arc::new(current)),
    });
    let watched = Arc::downgrade(&reloaded);
    let mut look = Look { seen: stamps(&reloaded), unusable: None };
    std::thread::Builder::new()
        .name("certificate".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(LOOK_EVERY);
                let Some(reloaded) = watched.upgrade() else { return };
                match look.again(&reloaded) {
                    Ok(false) => {}
                    Ok(true) => tracing::info!("certificate and key were read again"),
                    Err(error) => {
                        metrics::counter!("certificate_reload_failures_total").increment(1);
                        let until = reloaded.good_until();
                        tracing::warn!(until, "{error}; the old pair goes on as long as it is good");
                    }
                }
            }
        })
        .map_err(TlsError::Thread)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(reloaded);
    // WebSockets need HTTP/1.1
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// When each of the files was last changed.
type Stamps = [Option<SystemTime>; 2];

/// What the looks at the files have come to.
struct Look {
    /// As they were when they were last read.
    seen: Stamps,
    /// As they were when they could not be used, and whether that has been told.
    unusable: Option<(Stamps, bool)>,
}

impl Look {
    /// Reads files that have changed: whether that was done. A change that cannot be used is told once, at the second look:
    /// two files do not change at once, and the next look finds the pair.
    fn again(&mut self, files: &Reloaded) -> Result<bool, TlsError> {
        let now = stamps(files);
        if now == self.seen {
            return Ok(false);
        }
        match files.reload() {
            Ok(()) => {
                (self.seen, self.unusable) = (now, None);
                Ok(true)
            }
            Err(error) => {
                let before = self.unusable.replace((now, true));
                match before {
                    Some((same, false)) if same == now => Err(error),
                    Some((same, true)) if same == now => Ok(false),
                    _ => {
                        self.unusable = Some((now, false));
                        Ok(false)
                    }
                }
            }
        }
    }
}

impl Reloaded {
    /// Until when the pair in use is good, UTC; empty where the certificate does not say it.
    fn good_until(&self) -> String {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        validity(&current).map(|(_, until)| said(until)).unwrap_or_default()
    }

    fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(load(&self.certificate, &self.key)?);
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some((from, until)), Some((_, current))) = (validity(&fresh), validity(&current)) {
            let (certificate, now) = (self.certificate.clone(), clock::wall_ms() / 1_000);
            if has_ended_before(until, current, now) {
                return Err(TlsError::Ended { certificate, until: said(until) });
            }
            // It is read again once it is good: the files are still others than those in use.
            if now < from.min(current) {
                return Err(TlsError::NotYet { certificate, from: said(from) });
            }
        }
        note_end(&fresh);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Whether a certificate has ended, and the one in use is good for longer.
fn has_ended_before(until: i64, current: i64, now: i64) -> bool {
    until < now && until < current
}

/// UTC seconds in words.
fn said(at_s: i64) -> String {
    Zone::utc().rfc3339(Timestamp(at_s.saturating_mul(1_000)))
}

/// From when and until when the certificate is good, in UTC seconds.
fn validity(pair: &CertifiedKey) -> Option<(i64, i64)> {
    let (_, leaf) = x509_parser::parse_x509_certificate(pair.cert.first()?).ok()?;
    Some((leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp()))
}

/// A renewal that did not happen is noticed by nobody until every page stays white.
fn note_end(pair: &CertifiedKey) {
    let Some((from, until)) = validity(pair) else { return };
    metrics::gauge!("certificate_expires_timestamp_seconds").set(until as f64);
    BEGINS_AT_S.store(from, Ordering::Relaxed);
    ENDS_AT_S.store(until, Ordering::Relaxed);
    if let Some(doubt) = of_validity((from, until), clock::wall_ms() / 1_000) {
        tracing::warn!("{doubt}");
    }
}

fn stamps(files: &Reloaded) -> Stamps {
    [&files.certificate, &files.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
}

fn load(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let read = |path: &Path| std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source });
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Read { path, source }
    };
    let text = pem(certificate, read(certificate)?, CERTIFICATE)?;
    let chain: Vec<_> =
        rustls_pemfile::certs(&mut text.as_slice()).collect::<Result<_, _>>().map_err(unread(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::Missing(certificate.to_owned(), CERTIFICATE));
    }
    let text = pem(key, read(key)?, PRIVATE_KEY)?;
    // "BEGIN ENCRYPTED PRIVATE KEY", and of older ones "Proc-Type: 4,ENCRYPTED"; base64 has neither.
    if [&b"BEGIN ENCRYPTED"[..], b",ENCRYPTED"].iter().any(|word| text.windows(word.len()).any(|at| at == *word)) {
        return Err(TlsError::Passphrase(key.to_owned()));
    }
    let private = rustls_pemfile::private_key(&mut text.as_slice()).map_err(unread(key))?;
    let private = private.ok_or_else(|| TlsError::Missing(key.to_owned(), PRIVATE_KEY))?;
    let pair = |chain, private| CertifiedKey::from_der(chain, private, &ring::default_provider());
    let fits = |of: &CertificateDer<'static>| pair(vec![of.clone()], private.clone_key()).is_ok();
    pair(chain.clone(), private.clone_key()).map_err(|source| {
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        match (source, chain.iter().position(fits)) {
            (rustls::Error::InconsistentKeys(_), Some(at)) => TlsError::Order { certificate, key, place: at + 1 },
            (rustls::Error::InconsistentKeys(_), None) => TlsError::Apart { certificate, key },
            (source, _) => TlsError::Unusable { certificate, key, source },
        }
    })
}

/// What was read, unless it is the binary form of what is looked for.
fn pem(path: &Path, read: Vec<u8>, what: &'static str) -> Result<Vec<u8>, TlsError> {
    if read.first() != Some(&SEQUENCE) || std::str::from_utf8(&read).is_ok() {
        return Ok(read);
    }
    // Behind tag and length of the whole a PKCS#12 has its version, 3.
    let is_pkcs12 = (2..6).any(|at| read.get(at..at + 3) == Some(&[0x02, 0x01, 0x03][..]));
    Err(TlsError::Binary { path: path.to_owned(), what, command: as_pem(path, what, is_pkcs12) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_takes_the_place_of_nothing_that_is_good_for_longer() {
        let now = 1_795_000_000;
        assert!(has_ended_before(now - 1, now + 86_400, now), "a good one goes on");
        assert!(has_ended_before(now - 60, now - 1, now), "of two that have ended the later one");
        assert!(!has_ended_before(now - 1, now - 60, now));
        assert!(!has_ended_before(now + 60, now + 86_400, now), "a renewal may be the shorter one");
    }

    #[test]
    fn the_last_two_weeks_of_a_certificate_are_told_and_its_end() {
        let (now, day) = (1_795_000_000, 86_400);
        let told = |until| of_validity((now, until), now).unwrap_or_default();
        assert_eq!(told(now + 14 * day), "");
        assert!(told(now + 14 * day - 1).starts_with("the certificate ends in 13 days, on 20"));
        assert!(told(now).starts_with("the certificate ends in 0 days"));
        assert!(told(now - 1).starts_with("the certificate has ended on"), "an hour is enough");
        let early = of_validity((now + 1, now + day), now).unwrap_or_default();
        assert!(early.starts_with("the certificate is good only from 20"), "before its end: {early}");
    }

    #[test]
    fn files_that_are_no_pair_of_pem_files_say_what_makes_them_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let run = |command: &str| {
            let words: Vec<&str> = command.split(' ').collect();
            let done = std::process::Command::new("openssl").args(words).current_dir(dir.path()).output();
            let done = done.expect("openssl");
            assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
        };
        for name in ["own", "root"] {
            run(&format!(
                "req -x509 -newkey rsa:2048 -nodes -days 30 -keyout {name}.key -out {name}.pem -subj /CN={name}"
            ));
        }
        run("x509 -in own.pem -outform DER -out own.der");
        run("pkey -in own.key -outform DER -out key.der");
        run("pkey -in own.key -aes256 -passout pass:x -out locked.key");
        run("rsa -in own.key -traditional -aes256 -passout pass:x -out old.key");
        run("pkcs12 -export -in own.pem -inkey own.key -passout pass:x -out own.pfx");
        let at = |name: &str| dir.path().join(name);
        let both =
            |first: &str, second: &str| [first, second].map(|name| std::fs::read(at(name)).expect("read")).concat();
        std::fs::write(at("chain.pem"), both("own.pem", "root.pem")).expect("written");
        std::fs::write(at("turned.pem"), both("root.pem", "own.pem")).expect("written");
        check(&at("chain.pem"), &at("own.key")).expect("a pair");
        for (certificate, key, is_of_key, says) in [
            ("own.der", "own.key", false, "openssl x509 -inform DER -in"),
            ("own.pfx", "own.key", false, "-nokeys -out cert.pem"),
            ("own.pem", "key.der", true, "openssl pkey -inform DER -in"),
            ("own.pem", "own.pfx", true, "-nocerts -nodes -out key.pem"),
            ("own.pem", "locked.key", true, "has a passphrase"),
            ("own.pem", "old.key", true, "has a passphrase"),
            ("turned.pem", "own.key", false, "is number 2 in it: put it first"),
            ("chain.pem", "root.key", false, "is number 2 in it: put it first"),
            ("root.pem", "own.key", true, "is not the key of"),
            ("own.pem", "own.pem", true, "there is no private key in it"),
        ] {
            let wrong = check(&at(certificate), &at(key)).expect_err("no pair");
            assert!(wrong.to_string().contains(says), "{certificate}, {key}: {wrong}");
            assert_eq!(wrong.is_of_key(&at(certificate)), is_of_key, "{wrong}");
        }
        let closed = std::io::Error::from(ErrorKind::PermissionDenied);
        let wrong = TlsError::Read { path: at("own.key"), source: closed };
        assert!(wrong.to_string().contains(&format!("{} && chmod g+r ", at("own.key").display())), "{wrong}");
    }

    #[test]
    fn a_pair_that_does_not_fit_is_told_once_by_its_files() {
        let dir = tempfile::tempdir().expect("a folder");
        let made = |name: &str| {
            let made = std::process::Command::new("openssl")
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "2",
                ])
                .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem"), "-subj", "/CN=x"])
                .current_dir(dir.path())
                .output();
            assert!(made.expect("openssl").status.success());
        };
        made("one");
        made("two");
        let at = |name: &str| dir.path().join(name);
        let (certificate, key) = (at("one.pem"), at("one.key"));
        let current = RwLock::new(Arc::new(load(&certificate, &key).expect("a pair")));
        let files = Reloaded { certificate: certificate.clone(), key: key.clone(), current };
        let mut look = Look { seen: stamps(&files), unusable: None };
        assert!(!look.again(&files).expect("nothing has changed"));
        let own = std::fs::read(&key).expect("a key");
        let exchange = |to: &[u8], at_s: u64| {
            std::fs::write(&key, to).expect("written");
            let written = std::fs::metadata(&key).and_then(|file| file.modified()).expect("stamped");
            let at = written + Duration::from_secs(at_s);
            std::fs::File::options().append(true).open(&key).and_then(|file| file.set_modified(at)).expect("stamped");
        };
        exchange(&std::fs::read(at("two.key")).expect("a key"), 60);
        assert!(!look.again(&files).expect("the certificate may follow"));
        let told = look.again(&files).expect_err("it does not").to_string();
        assert_eq!(told, format!("{} is not the key of {}: put the pair there", key.display(), certificate.display()));
        assert!((0..3).all(|_| matches!(look.again(&files), Ok(false))), "it is told once");
        assert!(files.good_until().starts_with("20"), "{}", files.good_until());
        exchange(&own, 120);
        assert!(look.again(&files).expect("the pair is back"));
        assert!(check(&certificate, &at("two.key")).expect_err("apart").is_of_key(&certificate));
    }
}
