//! Passwords: Argon2id, computed apart from the threads that answer requests.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// The shortest password that a person may choose, in characters.
pub const SHORTEST: usize = 10;
/// The longest, in bytes: hashing costs time in proportion.
pub const LONGEST: usize = 1024;

/// Verified in place of a hash that is not there, so that an unknown address takes as long as a wrong password. The parameters
/// are those of `hash`; salt and hash are random, and no password is known for them.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$6fcfEoxMl+Y1qvBH7s1u9Q$b6lqxgAzCkrj7nobkLudMBq0FjltaQ/rwSsSAoWGeW8";

/// How long somebody waits for a turn. Invented addresses are load that anyone can make: rather tell people to try again than
/// let all of them wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// There was no turn in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("too many passwords are being verified")]
pub struct Busy;

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Shorter than [`SHORTEST`].
    #[error("A password has at least {SHORTEST} characters.")]
    TooShort,
    /// Longer than [`LONGEST`].
    #[error("A password has at most {LONGEST} bytes.")]
    TooLong,
}

/// Hashes and verifies passwords. Each takes 19 MiB and some tens of milliseconds, so only a few run at a time.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// As many at a time as there are processors.
    pub fn new() -> Self {
        let parallel = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Arc::new(Semaphore::new(parallel)) }
    }

    /// Hashes a password that somebody chose.
    pub async fn hash(&self, password: SecretString) -> anyhow::Result<String> {
        self.apart(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| anyhow!("a password could not be hashed: {error}"))
        })
        .await?
    }

    /// Whether the password belongs to the hash. Without a hash it takes as long, and is false.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> anyhow::Result<bool> {
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let matches = self
            .apart(move || {
                let hash = PasswordHash::new(&hash).map_err(|error| anyhow!("a stored password hash cannot be read: {error}"))?;
                Ok::<_, anyhow::Error>(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
            })
            .await??;
        Ok(is_somebody && matches)
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turns).acquire_owned()).await.map_err(|_| Busy)??;
        let work = move || {
            let result = work();
            // Held by the work, not by the request: a cancelled request does not free the processor.
            drop(turn);
            result
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Refuses passwords that are too short or too long to be chosen.
pub fn check(password: &str) -> Result<(), PasswordRefusal> {
    if password.len() > LONGEST {
        return Err(PasswordRefusal::TooLong);
    }
    if password.chars().count() < SHORTEST { Err(PasswordRefusal::TooShort) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_against_its_own_hash_alone() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct house".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
    }

    /// Otherwise the time of an answer would tell whether an address is known.
    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody() {
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        let hash = Passwords::new().hash("correct horse".into()).await.unwrap();
        assert_eq!(parameters(&hash), parameters(NOBODY));
        assert_eq!(hash.len(), NOBODY.len());
    }

    #[test]
    fn passwords_have_a_least_and_a_greatest_length() {
        assert_eq!(check("123456789"), Err(PasswordRefusal::TooShort));
        assert_eq!(check("1234567890"), Ok(()));
        assert_eq!(check(&"x".repeat(LONGEST + 1)), Err(PasswordRefusal::TooLong));
    }
}
