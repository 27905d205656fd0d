//! Tokens that are sent by mail. The mail has the token, the database its hash: who reads the database cannot use it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

const BYTES: usize = 32;

/// A new token.
pub(super) struct MailedToken {
    /// What goes into the link.
    pub(super) text: String,
    /// What is stored.
    pub(super) hash: Vec<u8>,
}

impl MailedToken {
    /// A token that nobody can guess.
    pub(super) fn make() -> Self {
        let bytes = rand::random::<[u8; BYTES]>();
        Self { text: URL_SAFE_NO_PAD.encode(bytes), hash: Sha256::digest(bytes).to_vec() }
    }

    /// What is stored of the token in this text; nothing when it is none.
    pub(super) fn hash_of(text: &str) -> Option<Vec<u8>> {
        // Longer ones are not worth decoding.
        if text.len() > 2 * BYTES {
            return None;
        }
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(Sha256::digest(bytes).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_hash() {
        let token = MailedToken::make();
        assert_eq!(MailedToken::hash_of(&token.text), Some(token.hash.clone()));
        assert_ne!(MailedToken::make().hash, token.hash);
        for text in ["", "a", "not a token", &token.text[1..], &format!("{}AA", token.text), &"A".repeat(10_000)] {
            assert_eq!(MailedToken::hash_of(text), None, "{text}");
        }
    }
}
