//! Refresh tokens: the session's id, a number that grows with each renewal, and a code that only this program can make.
//!
//! A token is computed, not stored, so that the same one can be handed out again: when two tabs renew at once, or an answer is
//! lost, both get the same successor. And any token of the past still names its session, so that its return is noticed.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entities::id::SessionId;
use uuid::Uuid;

/// The number of a session's first refresh token.
pub(super) const FIRST_GENERATION: i32 = 1;

/// For how long the refresh token before the current one is still taken: two tabs may renew at once, and an answer may
/// get lost. After that, its use means that somebody has a copy, and ends the session.
const OVERLAP: TimeDelta = TimeDelta::seconds(20);

/// Bytes of the id, of the number, and of the code.
const ID: usize = 16;
const NUMBER: usize = 4;
const CODE: usize = 32;

/// A refresh token as somebody sent it. Only [`is_genuine`](Self::is_genuine) says whether to believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session_id: SessionId,
    pub(super) generation: i32,
    code: [u8; CODE],
}

/// What it means that a genuine token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenUse {
    /// It is the session's present one.
    Current,
    /// It is the one before, which somebody has just used as well: both get the same successor.
    Repeated,
    /// It was used up long ago: somebody has a copy.
    Stolen,
}

impl RefreshToken {
    /// What its use means in a session whose present number this is, since a moment.
    pub(super) fn use_in(&self, generation: i32, rotated_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> TokenUse {
        if self.generation == generation {
            TokenUse::Current
        } else if self.generation + 1 == generation && rotated_at.is_some_and(|at| now - at <= OVERLAP) {
            TokenUse::Repeated
        } else {
            TokenUse::Stolen
        }
    }

    /// The token of a session with this number.
    pub(super) fn make(session_id: SessionId, generation: i32, secret: &[u8]) -> String {
        let mut bytes = signed_part(session_id, generation);
        let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &bytes);
        bytes.extend_from_slice(code.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Takes a token apart; nothing when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // Longer ones are not worth decoding.
        if text.len() > 2 * (ID + NUMBER + CODE) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = bytes.split_first_chunk::<ID>()?;
        let (number, code) = rest.split_first_chunk::<NUMBER>()?;
        let session_id = SessionId(Uuid::from_bytes(*id));
        Some(Self { session_id, generation: i32::from_be_bytes(*number), code: code.try_into().ok()? })
    }

    /// Whether this program made the token, with this session's secret. Takes the same time for every wrong code.
    pub(super) fn is_genuine(&self, secret: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, &signed_part(self.session_id, self.generation), &self.code).is_ok()
    }
}

fn signed_part(session_id: SessionId, generation: i32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ID + NUMBER + CODE);
    bytes.extend_from_slice(session_id.0.as_bytes());
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_genuine_with_its_own_secret_and_number_alone() {
        let id = SessionId::generate();
        let token = RefreshToken::parse(&RefreshToken::make(id, 7, b"secret")).unwrap();
        assert_eq!((token.session_id, token.generation), (id, 7));
        assert!(token.is_genuine(b"secret"));
        assert!(!token.is_genuine(b"another"));
        assert!(!RefreshToken { generation: 8, ..token.clone() }.is_genuine(b"secret"));
        assert!(!RefreshToken { session_id: SessionId::generate(), ..token }.is_genuine(b"secret"));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let token = RefreshToken::make(SessionId::generate(), 1, b"secret");
        for text in ["", "a", "not a token", &token[1..], &format!("{token}AA"), &"A".repeat(10_000)] {
            assert_eq!(RefreshToken::parse(text), None, "{text}");
        }
    }
}
