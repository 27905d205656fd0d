//! Secrets at rest: those that the program has to know again, such as a signing key, are encrypted in the control plane.
//!
//! AES-256-GCM with keys from a file. The first key encrypts, all of them decrypt, so that a key can be replaced while the program
//! runs. The place of a secret (table, column, row) is authenticated with it: whoever can write to the database cannot make one row's
//! secret another's. Without a key, secrets are stored as they are.
//!
//! What is stored: `enc1`, the key's id (4 bytes of the SHA-256 of the key), the nonce (12 bytes), the ciphertext and its tag
//! (16 bytes). In columns of text: `enc1:`, the id in hexadecimal digits, `:`, and the rest in base64.

mod forget;
mod key_file;
mod place;
mod readable;
mod stored;

use std::{fmt, path::Path, sync::Arc};

use anyhow::{Context as _, anyhow, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use crate::named_file;

pub use forget::{Unreadable, count_unreadable, forget_unreadable};
pub use key_file::ensure_key_file;
pub use place::{Place, SecretColumn};
pub use readable::{check_all_readable, check_keys, check_readable};
pub use stored::{Census, census, encrypt_again};

/// Bytes of a key.
const KEY: usize = 32;
/// What every encrypted secret begins with.
const MARK: &[u8; 4] = b"enc1";
const MARK_OF_TEXT: &str = "enc1:";
const ID: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;

/// The keys that encrypt secrets, shared by all that store some.
#[derive(Clone, Default)]
pub struct SecretKeys {
    keys: Arc<[Key]>,
}

struct Key {
    id: [u8; ID],
    cipher: RandomizedNonceKey,
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.keys.iter().map(|key| hexadecimal(key.id)).collect();
        formatter.debug_struct("SecretKeys").field("ids", &ids).finish()
    }
}

impl SecretKeys {
    /// Reads the file of the keys; without one there are none.
    pub fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = named_file::read_text(path, named_file::LONGEST_KEYS).context("The secret keys cannot be read")?;
        let keys = Self::parse(&text).with_context(|| format!("The secret keys in {} cannot be used", path.display()))?;
        named_file::warn_of_others(path, "the secret keys");
        Ok(keys)
    }

    /// Reads keys: one a line, 32 bytes in base64. Empty lines and lines that begin with `#` are passed over.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in lines {
            let bytes = STANDARD.decode(line).ok().filter(|bytes| bytes.len() == KEY);
            // What the line says is a secret, so it is not repeated.
            let bytes = bytes.with_context(|| format!("line {} is not 32 bytes in base64", index + 1))?;
            let key = Key::new(&bytes)?;
            if keys.iter().any(|other| other.id == key.id) {
                bail!("line {} repeats a key", index + 1);
            }
            keys.push(key);
        }
        if keys.is_empty() {
            bail!("there is no key in it; make one by `openssl rand -base64 32`");
        }
        Ok(Self { keys: keys.into() })
    }

    /// Whether there is no key: then secrets are stored as they are.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What is to be stored of a secret.
    pub fn encrypt(&self, place: Place<'_>, secret: &[u8]) -> anyhow::Result<Vec<u8>> {
        let Some(key) = self.keys.first() else {
            return Ok(secret.to_vec());
        };
        Ok([MARK.as_slice(), &key.id, &key.seal(place, secret)?].concat())
    }

    /// The secret, from what is stored of it.
    pub fn decrypt(&self, place: Place<'_>, stored: &[u8]) -> anyhow::Result<Vec<u8>> {
        // No secret that is stored as it is looks like this: the shortest encrypted one is longer than the random ones, and a key
        // pair begins otherwise.
        let encrypted = stored.strip_prefix(MARK).filter(|rest| rest.len() >= ID + NONCE + TAG);
        let Some((id, sealed)) = encrypted.and_then(<[u8]>::split_first_chunk::<ID>) else {
            return Ok(stored.to_vec());
        };
        self.key(*id, place)?.open(place, sealed)
    }

    /// The same as [`encrypt`](Self::encrypt), in a column of text.
    pub fn encrypt_text(&self, place: Place<'_>, secret: &str) -> anyhow::Result<String> {
        let Some(key) = self.keys.first() else {
            return Ok(secret.to_owned());
        };
        let sealed = STANDARD.encode(key.seal(place, secret.as_bytes())?);
        Ok(format!("{MARK_OF_TEXT}{}:{sealed}", hexadecimal(key.id)))
    }

    /// The same as [`decrypt`](Self::decrypt), of a column of text.
    pub fn decrypt_text(&self, place: Place<'_>, stored: &str) -> anyhow::Result<String> {
        let Some(rest) = stored.strip_prefix(MARK_OF_TEXT) else {
            return Ok(stored.to_owned());
        };
        let malformed = || anyhow!("{place} holds no secret that can be read");
        let (id, sealed) = rest.split_once(':').ok_or_else(malformed)?;
        let id = u32::from_str_radix(id, 16).map_err(|_| malformed())?.to_be_bytes();
        let sealed = STANDARD.decode(sealed).map_err(|_| malformed())?;
        let secret = self.key(id, place)?.open(place, &sealed)?;
        String::from_utf8(secret).map_err(|_| malformed())
    }

    fn key(&self, id: [u8; ID], place: Place<'_>) -> anyhow::Result<&Key> {
        let key = self.keys.iter().find(|key| key.id == id);
        key.with_context(|| format!("{place} is encrypted with the secret key {}, which is not in the file", hexadecimal(id)))
    }
}

impl Key {
    fn new(bytes: &[u8]) -> anyhow::Result<Self> {
        let digest = Sha256::digest(bytes);
        let id = digest.first_chunk::<ID>().copied().unwrap_or_default();
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| anyhow!("a secret key cannot be used"))?;
        Ok(Self { id, cipher })
    }

    /// The nonce, the ciphertext and its tag.
    fn seal(&self, place: Place<'_>, secret: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut text = secret.to_vec();
        let nonce = self.cipher.seal_in_place_append_tag(Aad::from(place.to_string()), &mut text);
        let nonce = nonce.map_err(|_| anyhow!("{place} could not be encrypted"))?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    fn open(&self, place: Place<'_>, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let refused = || anyhow!("{place} was changed, or belongs to another row");
        let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let secret = self.cipher.open_in_place(nonce, Aad::from(place.to_string()), &mut text).map_err(|_| refused())?;
        Ok(secret.to_vec())
    }
}

/// Whether a secret that somebody gives would be taken for an encrypted one.
pub fn looks_encrypted(secret: &str) -> bool {
    secret.starts_with(MARK_OF_TEXT)
}

fn hexadecimal(id: [u8; ID]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> String {
        STANDARD.encode(rand::random::<[u8; KEY]>())
    }

    const PLACE: Place<'static> = Place { column: SecretColumn::Authenticator, row: "1" };

    #[test]
    fn what_was_encrypted_is_read_with_its_key_and_in_its_place_alone() {
        let keys = SecretKeys::parse(&line()).unwrap();
        let stored = keys.encrypt(PLACE, b"secret").unwrap();
        assert!(!stored.windows(6).any(|window| window == b"secret"));
        assert_ne!(keys.encrypt(PLACE, b"secret").unwrap(), stored, "each time with another nonce");
        assert_eq!(keys.decrypt(PLACE, &stored).unwrap(), b"secret");
        for place in [SecretColumn::Authenticator.of("2"), SecretColumn::Session.of("1")] {
            assert!(keys.decrypt(place, &stored).unwrap_err().to_string().contains("belongs to another row"));
        }
        let mut changed = stored.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(keys.decrypt(PLACE, &changed).is_err());
        let other = SecretKeys::parse(&line()).unwrap();
        assert!(other.decrypt(PLACE, &stored).unwrap_err().to_string().contains("not in the file"));
        assert!(SecretKeys::default().decrypt(PLACE, &stored).is_err());
    }

    #[test]
    fn the_same_in_a_column_of_text() {
        let keys = SecretKeys::parse(&line()).unwrap();
        let place = SecretColumn::IdentityProvider.of("1");
        let stored = keys.encrypt_text(place, "sëcret").unwrap();
        assert!(looks_encrypted(&stored) && !stored.contains("cret"));
        assert_eq!(keys.decrypt_text(place, &stored).unwrap(), "sëcret");
        assert!(keys.decrypt_text(SecretColumn::IdentityProvider.of("2"), &stored).is_err());
        for malformed in ["enc1:", "enc1:x:y", "enc1:00000000", "enc1:00000000:!", "enc1:00000000:AAAA"] {
            assert!(keys.decrypt_text(place, malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn the_first_key_encrypts_and_all_decrypt() {
        let (old, new) = (line(), line());
        let before = SecretKeys::parse(&old).unwrap();
        let both = SecretKeys::parse(&format!("# The new one\n{new}\n\n  {old}\r\n")).unwrap();
        let stored = before.encrypt(PLACE, b"secret").unwrap();
        assert_eq!(both.decrypt(PLACE, &stored).unwrap(), b"secret");
        let again = both.encrypt(PLACE, b"secret").unwrap();
        assert!(before.decrypt(PLACE, &again).is_err());
        assert_eq!(SecretKeys::parse(&new).unwrap().decrypt(PLACE, &again).unwrap(), b"secret");
    }

    #[test]
    fn what_was_stored_before_there_was_a_key_is_read_as_it_is() {
        let keys = SecretKeys::parse(&line()).unwrap();
        for stored in [&[][..], b"enc1", &[7; 20], &[9; 32], &[0x30; 48], b"enc1 is how these 32 bytes begin"] {
            assert_eq!(keys.decrypt(PLACE, stored).unwrap(), stored);
            assert_eq!(SecretKeys::default().encrypt(PLACE, stored).unwrap(), stored);
        }
        assert_eq!(keys.decrypt_text(PLACE, "a client's secret").unwrap(), "a client's secret");
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        let good = line();
        for text in ["", "# nothing\n", "secret", &good[1..], &format!("{good}\n{good}"), &format!("{good}AAAA")] {
            let error = format!("{:#}", SecretKeys::parse(text).unwrap_err());
            assert!(!error.contains("secret") && !error.contains(&good[..8]), "{error}");
        }
        assert!(!format!("{:?}", SecretKeys::parse(&good).unwrap()).contains(&good[..8]));
    }
}
