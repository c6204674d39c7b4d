//! TLS by the server itself; certificate and key are read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jiaohao_actors::shell::clock;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::Zone;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// With fewer days to go a certificate should have been renewed.
const DAYS_TO_RENEW: i64 = 14;

/// When the certificate in use ends, in UTC seconds; 0: there is none. As the gauge, of the process.
static ENDS_AT_S: AtomicI64 = AtomicI64::new(0);

const PRIVATE_KEY: &str = "private key";

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No certificate or no key in it.
    #[error("{}: there is no {} in it", .0.display(), .1)]
    Missing(PathBuf, &'static str),
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
            Self::Missing(_, what) => *what == PRIVATE_KEY,
            Self::Apart { .. } => true,
            _ => false,
        }
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
    let (_, until) = validity(&load(certificate, key).ok()?)?;
    of_end(until, clock::wall_ms() / 1_000)
}

/// The same of the pair in use.
pub fn doubt_in_use() -> Option<String> {
    match ENDS_AT_S.load(Ordering::Relaxed) {
        0 => None,
        until => of_end(until, clock::wall_ms() / 1_000),
    }
}

fn of_end(until: i64, now: i64) -> Option<String> {
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
    if clock::wall_ms() / 1_000 < from {
        tracing::warn!("the certificate is good only from {} on: browsers refuse it until then", said(from));
    }
    metrics::gauge!("certificate_expires_timestamp_seconds").set(until as f64);
    ENDS_AT_S.store(until, Ordering::Relaxed);
    if let Some(doubt) = of_end(until, clock::wall_ms() / 1_000) {
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
    let chain: Vec<_> = rustls_pemfile::certs(&mut read(certificate)?.as_slice())
        .collect::<Result<_, _>>()
        .map_err(unread(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::Missing(certificate.to_owned(), "certificate"));
    }
    let private = rustls_pemfile::private_key(&mut read(key)?.as_slice()).map_err(unread(key))?;
    let private = private.ok_or_else(|| TlsError::Missing(key.to_owned(), PRIVATE_KEY))?;
    CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|source| {
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        match source {
            rustls::Error::InconsistentKeys(_) => TlsError::Apart { certificate, key },
            source => TlsError::Unusable { certificate, key, source },
        }
    })
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
        let told = |until| of_end(until, now).unwrap_or_default();
        assert_eq!(told(now + 14 * day), "");
        assert!(told(now + 14 * day - 1).starts_with("the certificate ends in 13 days, on 20"));
        assert!(told(now).starts_with("the certificate ends in 0 days"));
        assert!(told(now - 1).starts_with("the certificate has ended on"), "an hour is enough");
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
