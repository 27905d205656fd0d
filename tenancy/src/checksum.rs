//! SHA-256 of what comes bit by bit.

use aws_lc_rs::digest::{Context, SHA256};

/// Sums up what it is given.
pub(crate) struct Checksum(Context);

impl Checksum {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum, as 64 hexadecimal digits.
    pub(crate) fn hexadecimal(self) -> String {
        let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default());
        self.0.finish().as_ref().iter().flat_map(digits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_does_not_depend_on_the_bits() {
        let mut sum = Checksum::new();
        sum.add(b"a");
        sum.add(b"bc");
        assert_eq!(sum.hexadecimal(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
