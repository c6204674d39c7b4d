//! TLS by the server itself; certificate and key are read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jiaohao_actors::shell::clock;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// With fewer days to go a certificate should have been renewed.
const DAYS_TO_RENEW: i64 = 14;

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
    /// They do not belong together, or are of a kind that is not supported.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The thread that looks at the files could not be started.
    #[error("{0}")]
    Thread(std::io::Error),
}

impl TlsError {
    /// Whether it is about this file.
    pub fn is_about(&self, file: &Path) -> bool {
        matches!(self, Self::Read { path, .. } | Self::Missing(path, _) if path == file)
    }
}

/// Whether TLS can be spoken with these PEM files.
///
/// # Errors
/// See [`TlsError`].
pub fn check(certificate: &Path, key: &Path) -> Result<(), TlsError> {
    load(certificate, key).map(drop)
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
    let mut seen = stamps(&reloaded);
    std::thread::Builder::new()
        .name("certificate".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(LOOK_EVERY);
                let Some(reloaded) = watched.upgrade() else { return };
                let now = stamps(&reloaded);
                if now == seen {
                    continue;
                }
                match reloaded.reload() {
                    Ok(()) => {
                        seen = now;
                        tracing::info!("certificate and key were read again");
                    }
                    // two files do not change at once: the old pair goes on, the next look tries again
                    Err(error) => {
                        metrics::counter!("certificate_reload_failures_total").increment(1);
                        tracing::warn!(%error, "certificate or key changed and cannot be used yet");
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

impl Reloaded {
    fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(load(&self.certificate, &self.key)?);
        note_end(&fresh);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Until when the certificate is good, in UTC seconds.
fn good_until(pair: &CertifiedKey) -> Option<i64> {
    let (_, leaf) = x509_parser::parse_x509_certificate(pair.cert.first()?).ok()?;
    Some(leaf.validity().not_after.timestamp())
}

/// A renewal that did not happen is noticed by nobody until every page stays white.
fn note_end(pair: &CertifiedKey) {
    let Some(until) = good_until(pair) else { return };
    metrics::gauge!("certificate_expires_timestamp_seconds").set(until as f64);
    let days = (until - clock::wall_ms() / 1_000) / (24 * 60 * 60);
    if days < DAYS_TO_RENEW {
        tracing::warn!(days, "the certificate ends in so many days (below 0: it has ended): browsers refuse it then");
    }
}

fn stamps(files: &Reloaded) -> [Option<SystemTime>; 2] {
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
    let private = private.ok_or_else(|| TlsError::Missing(key.to_owned(), "private key"))?;
    Ok(CertifiedKey::from_der(chain, private, &ring::default_provider())?)
}
