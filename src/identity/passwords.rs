//! Passwords of the staff: argon2id, on a bounded number of threads, so that a flood of sign-ins never takes the
//! engine's own.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::{Code, Rejection};
use tokio::sync::Semaphore;

use super::chance;
use super::limits::{Counts, network};
use crate::config::IdentitySettings;

/// Shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_MAX_BYTES: usize = 256;

/// Whether that will do as a new password. `invalid_field` when it is too short or too long.
pub fn check(password: &str) -> Result<(), Rejection> {
    if password.chars().count() < PASSWORD_MIN_CHARS || password.len() > PASSWORD_MAX_BYTES {
        let allowed =
            format!("a password has at least {PASSWORD_MIN_CHARS} characters and at most {PASSWORD_MAX_BYTES} bytes");
        return Err(Rejection::field("password", allowed));
    }
    Ok(())
}

/// Makes and compares password hashes.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Compared with when there is no such account, so that a wrong name takes as long as a wrong password.
    nobody_phc: String,
    workers: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
    /// Checks that wait, by address.
    of_address: Counts<IpAddr>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Passwords {
    /// With the configured cost and number of workers. Errors when argon2 does not take the cost.
    pub fn new(settings: &IdentitySettings) -> Result<Self, String> {
        let params = Params::new(settings.argon2_memory_kib, settings.argon2_passes, settings.argon2_lanes, None)
            .map_err(|error| format!("identity.argon2_…: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(Self {
            nobody_phc: phc(&argon2, "nobody signs in with this"),
            argon2,
            workers: Arc::new(Semaphore::new(settings.password_workers)),
            waiting: Arc::new(AtomicUsize::new(0)),
            waiting_max: settings.password_waiting,
            of_address: Counts::of("password_checks"),
        })
    }

    /// The argon2id PHC string of a new password. `invalid_field` when it is too short or too long.
    pub async fn hash(&self, password: Redacted<String>) -> Result<String, Rejection> {
        check(password.reveal())?;
        let argon2 = self.argon2.clone();
        let place = WaitingPlace::take(&self.waiting, self.waiting_max)?;
        self.on_a_worker(place, move || phc(&argon2, password.reveal())).await
    }

    /// Whether the password is the one of that PHC string. Without one (no such account) it takes as long and says no.
    /// `overloaded` when too many wait: in all, or half of that behind this one address, so that a flood from one place
    /// leaves room for the others.
    pub async fn matches(
        &self,
        password: Redacted<String>,
        stored_phc: Option<String>,
        address: IpAddr,
    ) -> Result<bool, Rejection> {
        if password.reveal().len() > PASSWORD_MAX_BYTES {
            return Ok(false);
        }
        let most = self.waiting_max.div_ceil(2);
        let of_address = self.of_address.take(network(address), most).map_err(|_| Rejection::from(Code::Overloaded))?;
        let place = (of_address, WaitingPlace::take(&self.waiting, self.waiting_max)?);
        let known = stored_phc.is_some();
        let stored = stored_phc.unwrap_or_else(|| self.nobody_phc.clone());
        let argon2 = self.argon2.clone();
        self.on_a_worker(place, move || {
            let fits = PasswordHash::new(&stored)
                .is_ok_and(|stored| argon2.verify_password(password.reveal().as_bytes(), &stored).is_ok());
            fits && known
        })
        .await
    }

    /// Runs it when a worker is free; until then the place among those who wait is taken.
    async fn on_a_worker<T: Send + 'static>(
        &self,
        place: impl Send,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Rejection> {
        let permit =
            Arc::clone(&self.workers).acquire_owned().await.expect("invariant: the workers' semaphore is never closed");
        drop(place);
        let work = move || {
            let done = work();
            drop(permit);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Code::Internal.into())
    }
}

/// A place among those who wait, given back when dropped (also when the asker goes away).
struct WaitingPlace(Arc<AtomicUsize>);

impl WaitingPlace {
    fn take(waiting: &Arc<AtomicUsize>, most: usize) -> Result<Self, Rejection> {
        let place = Self(Arc::clone(waiting));
        if waiting.fetch_add(1, Ordering::AcqRel) >= most {
            return Err(Code::Overloaded.into());
        }
        Ok(place)
    }
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn phc(argon2: &Argon2<'_>, password: &str) -> String {
    let salt = SaltString::encode_b64(&chance::bytes::<16>()).expect("invariant: 16 bytes are a salt");
    argon2.hash_password(password.as_bytes(), &salt).expect("invariant: the parameters were checked").to_string()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::config::Settings;

    fn settings() -> IdentitySettings {
        IdentitySettings {
            argon2_memory_kib: 64,
            argon2_passes: 1,
            password_waiting: 3,
            ..Settings::default_values().identity
        }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9));

    fn password(text: &str) -> Redacted<String> {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new(&settings()).expect("in range");
        let stored = passwords.hash(password("correct horse battery")).await.expect("long enough");
        assert!(stored.starts_with("$argon2id$"));
        assert!(passwords.matches(password("correct horse battery"), Some(stored.clone()), HERE).await.expect("room"));
        assert!(!passwords.matches(password("correct horse batterx"), Some(stored.clone()), HERE).await.expect("room"));
        assert!(!passwords.matches(password("correct horse battery"), None, HERE).await.expect("room"));
        assert!(!passwords.matches(password("nobody signs in with this"), None, HERE).await.expect("room"));
        assert!(
            !passwords
                .matches(password("correct horse battery"), Some("damaged".to_owned()), HERE)
                .await
                .expect("room")
        );
        assert_ne!(stored, passwords.hash(password("correct horse battery")).await.expect("long enough"), "salted");
    }

    #[tokio::test]
    async fn short_and_endless_passwords_are_refused() {
        let passwords = Passwords::new(&settings()).expect("in range");
        assert_eq!(passwords.hash(password("elevenchars")).await.expect_err("short").code, Code::InvalidField);
        assert!(passwords.hash(password("十二个汉字也是十二个字符")).await.is_ok());
        assert!(passwords.hash(password(&"x".repeat(PASSWORD_MAX_BYTES + 1))).await.is_err());
        assert!(!passwords.matches(password(&"x".repeat(1_000_000)), None, HERE).await.expect("not even tried"));
    }

    #[tokio::test]
    async fn too_many_at_once_are_told_so_and_room_comes_back() {
        let passwords = Passwords::new(&settings()).expect("in range");
        let held = Arc::clone(&passwords.workers).acquire_many_owned(2).await.expect("open");
        let ask = |from| Box::pin(passwords.matches(password("correct horse battery"), None, from));
        let mut waiting = vec![ask(HERE), ask(HERE)];
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        assert_eq!(ask(HERE).await.expect_err("one address has its share").code, Code::Overloaded);
        let mut third = ask(THERE);
        assert!(third.as_mut().now_or_never().is_none(), "another address is not concerned");
        assert_eq!(ask(THERE).await.expect_err("full").code, Code::Overloaded);
        waiting.pop();
        let mut fourth = ask(HERE);
        assert!(fourth.as_mut().now_or_never().is_none(), "the place of one who went away");
        drop(held);
        for one in waiting.into_iter().chain([third, fourth]) {
            assert!(!one.await.expect("a worker"));
        }
    }
}
