//! Keys of encrypted archives.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, LessSafeKey, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};

use super::ArchiveError;

/// The key of an archive: 32 bytes that nobody can guess. It encrypts nothing itself; each archive has a key made from it.
#[derive(Clone)]
pub struct ArchiveKey([u8; 32]);

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ArchiveKey")
    }
}

impl ArchiveKey {
    /// Reads a key: 32 bytes, or 64 hexadecimal digits such as `openssl rand -hex 32` writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ArchiveError> {
        if let Ok(key) = bytes.try_into() {
            return Ok(Self(key));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ArchiveError::BadKey)?.trim();
        if text.len() != 64 {
            return Err(ArchiveError::BadKey);
        }
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| ArchiveError::BadKey)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ArchiveError::BadKey)?;
        }
        Ok(Self(key))
    }

    /// What encrypts one archive, and what tells in its header that a key is the right one.
    pub(super) fn of_archive(&self, salt: &[u8]) -> Result<(LessSafeKey, [u8; CHECK]), ArchiveError> {
        let wrong = |_| ArchiveError::WrongKey;
        let secret = Salt::new(HKDF_SHA256, salt).extract(&self.0);
        let key = secret.expand(&[b"tenantry archive: data"], &AES_256_GCM).map_err(wrong)?;
        let mut check = [0; CHECK];
        secret.expand(&[b"tenantry archive: check"], Check).and_then(|key| key.fill(&mut check)).map_err(wrong)?;
        Ok((LessSafeKey::new(UnboundKey::from(key)), check))
    }
}

/// Bytes of the check in an archive's header.
pub(super) const CHECK: usize = 16;

struct Check;

impl KeyType for Check {
    fn len(&self) -> usize {
        CHECK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_bytes_or_digits() {
        assert!(ArchiveKey::parse(&[7; 32]).is_ok());
        let digits = ArchiveKey::parse(format!("{}\n", "07".repeat(32)).as_bytes()).unwrap();
        assert_eq!(digits.0, [7; 32]);
        for bad in [&b""[..], &[7; 31], &[7; 33], "0".repeat(63).as_bytes(), "zz".repeat(32).as_bytes(), &[0xff; 64]] {
            assert!(matches!(ArchiveKey::parse(bad), Err(ArchiveError::BadKey)), "{bad:?}");
        }
        assert_eq!(format!("{digits:?}"), "ArchiveKey");
    }
}
