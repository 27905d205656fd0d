//! API keys as text: `tnt_`, 32 random bytes in base62, and a checksum, by which a mistyped key is refused without a look-up and
//! a key that got into a repository is recognised by scanners.

use sha2::{Digest as _, Sha256};

/// What every key begins with.
const PREFIX: &str = "tnt_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of 32 bytes, and of the 4 bytes of the checksum.
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
/// How many characters of a key may be shown.
const HINT: usize = 4;

/// A new key. It is shown once; [`hash`] is what is stored.
pub(super) fn make() -> String {
    let secret = base62(&rand::random::<[u8; 32]>(), SECRET);
    let checksum = checksum(&secret);
    format!("{PREFIX}{secret}{checksum}")
}

/// Whether a bearer token is meant as an API key.
pub(super) fn is_key(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// The hash of a key that is well-formed, by which it is looked up; none for anything else.
pub(super) fn hash(token: &str) -> Option<[u8; 32]> {
    let rest = token.strip_prefix(PREFIX).filter(|rest| rest.len() == SECRET + CHECKSUM)?;
    let (secret, sum) = rest.split_at_checked(SECRET)?;
    (checksum(secret) == sum).then(|| Sha256::digest(token.as_bytes()).into())
}

/// The last characters of the secret part, to tell keys apart.
pub(super) fn hint(token: &str) -> String {
    let end = token.len().saturating_sub(CHECKSUM);
    token.get(end.saturating_sub(HINT)..end).unwrap_or_default().to_owned()
}

fn checksum(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    base62(digest.first_chunk::<4>().map_or(&[], <[u8; 4]>::as_slice), CHECKSUM)
}

/// A number in base 62, with so many digits.
fn base62(bytes: &[u8], length: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = Vec::with_capacity(length);
    for _ in 0..length {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            // The quotient of a number below 62 * 256 by 62 is a byte.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        let digit = usize::try_from(remainder).ok().and_then(|index| DIGITS.get(index)).copied().unwrap_or(b'0');
        digits.push(char::from(digit));
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_is_a_positional_system() {
        assert_eq!(base62(&[0], 2), "00");
        assert_eq!(base62(&[61], 1), "z");
        assert_eq!(base62(&[62], 2), "10");
        assert_eq!(base62(&[0xff; 4], 6), "4gfFC3");
        assert_eq!(base62(&[0xff; 32], SECRET).len(), SECRET);
        assert!(base62(&[0xff; 32], SECRET) > base62(&[0xfe; 32], SECRET));
    }

    #[test]
    fn a_key_is_well_formed_and_each_is_another() {
        let (one, two) = (make(), make());
        assert_ne!(one, two);
        assert_eq!(one.len(), PREFIX.len() + SECRET + CHECKSUM);
        assert!(hash(&one).is_some() && hash(&one) != hash(&two));
        assert_eq!(hint(&one), one[PREFIX.len() + SECRET - HINT..PREFIX.len() + SECRET]);
    }

    #[test]
    fn what_is_no_key_has_no_hash() {
        let key = make();
        let mut mistyped = key.clone().into_bytes();
        mistyped[10] = if mistyped[10] == b'a' { b'b' } else { b'a' };
        let mistyped = String::from_utf8(mistyped).unwrap();
        for text in ["", "tnt_", "tnt_abc", &key[1..], &key[..key.len() - 1], &format!("{key}0"), &mistyped, "tnt_é"] {
            assert_eq!(hash(text), None, "{text}");
        }
        assert_eq!(hash(&format!("tnt_{}", "é".repeat(25))), None);
    }
}
