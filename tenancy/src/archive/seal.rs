//! The outermost layer of an archive: a header, and pieces that each carry a seal.
//!
//! ```text
//! header  "TNTRYARC", u16 format, u8 flags (1: encrypted), u8 zero, 32 bytes of salt, 16 bytes that tell the right key
//! piece   u32 length (its highest bit: the last piece), the bytes, 16 bytes of seal
//! ```
//!
//! The seal of an encrypted archive is the tag of AES-256-GCM, else the beginning of a SHA-256. Both cover header, number and
//! place of the piece: what is altered, left out, moved or added is noticed. Only the first keeps somebody out who alters with
//! intent. Numbers are big-endian.

use std::io::{self, Read, Write};

use aws_lc_rs::{
    aead::{Aad, LessSafeKey, Nonce},
    digest::{Context, SHA256},
    rand,
};

use super::{ArchiveError, ArchiveKey, FORMAT, key::CHECK};

const MAGIC: &[u8; 8] = b"TNTRYARC";
const SALT: usize = 32;
const HEADER: usize = MAGIC.len() + 4 + SALT + CHECK;
const SEAL: usize = 16;
/// Bytes of a full piece; a longer one is refused before memory is taken for it.
const PIECE: usize = 256 * 1024;
const LAST: u32 = 1 << 31;

struct Sealer {
    header: [u8; HEADER],
    key: Option<LessSafeKey>,
    number: u64,
}

impl Sealer {
    /// Counts pieces, so that none is sealed or opened under the number of another.
    fn place(&mut self, last: bool) -> [u8; 12] {
        let mut place = [0; 12];
        for (byte, value) in place.iter_mut().zip(self.number.to_be_bytes().into_iter().chain([u8::from(last)])) {
            *byte = value;
        }
        self.number += 1;
        place
    }

    fn digest(&self, place: &[u8], piece: &[u8]) -> [u8; SEAL] {
        let mut context = Context::new(&SHA256);
        context.update(&self.header);
        context.update(place);
        context.update(piece);
        let mut seal = [0; SEAL];
        for (byte, value) in seal.iter_mut().zip(context.finish().as_ref()) {
            *byte = *value;
        }
        seal
    }

    fn seal(&mut self, piece: &mut [u8], last: bool) -> io::Result<[u8; SEAL]> {
        let place = self.place(last);
        let Some(key) = &self.key else { return Ok(self.digest(&place, piece)) };
        let nonce = Nonce::assume_unique_for_key(place);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&self.header), piece).map_err(io::Error::other)?;
        tag.as_ref().try_into().map_err(io::Error::other)
    }

    /// `piece` ends with its seal, which is cut off.
    fn open(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), ArchiveError> {
        const ALTERED: ArchiveError = ArchiveError::Altered("a piece of it does not fit its seal");
        let place = self.place(last);
        let Some(length) = piece.len().checked_sub(SEAL) else { return Err(ArchiveError::Truncated) };
        match &self.key {
            Some(key) => {
                let nonce = Nonce::assume_unique_for_key(place);
                key.open_in_place(nonce, Aad::from(&self.header), piece).map_err(|_| ALTERED)?;
            }
            None => {
                let (bytes, seal) = piece.split_at(length);
                if self.digest(&place, bytes) != seal {
                    return Err(ALTERED);
                }
            }
        }
        piece.truncate(length);
        Ok(())
    }
}

/// Writes pieces.
pub(super) struct SealedWriter<W> {
    inner: W,
    sealer: Sealer,
    buffer: Vec<u8>,
}

impl<W: Write> SealedWriter<W> {
    /// Writes the header.
    pub(super) fn new(mut inner: W, key: Option<&ArchiveKey>) -> io::Result<Self> {
        let mut salt = [0; SALT];
        rand::fill(&mut salt).map_err(io::Error::other)?;
        let (key, check) = key.map(|key| key.of_archive(&salt)).transpose()?.unzip();
        let parts = [MAGIC, &FORMAT.to_be_bytes()[..], &[u8::from(key.is_some()), 0], &salt, &check.unwrap_or_default()];
        let header: [u8; HEADER] = parts.concat().try_into().map_err(|_| io::Error::other("the header has another length"))?;
        inner.write_all(&header)?;
        Ok(Self { inner, sealer: Sealer { header, key, number: 0 }, buffer: Vec::with_capacity(PIECE) })
    }

    fn write_piece(&mut self, last: bool) -> io::Result<()> {
        let seal = self.sealer.seal(&mut self.buffer, last)?;
        let length = u32::try_from(self.buffer.len()).map_err(io::Error::other)?;
        self.inner.write_all(&(length | if last { LAST } else { 0 }).to_be_bytes())?;
        self.inner.write_all(&self.buffer)?;
        self.inner.write_all(&seal)?;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the last piece, without which an archive is incomplete.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_piece(true)?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == PIECE {
            self.write_piece(false)?;
        }
        let taken = bytes.len().min(PIECE - self.buffer.len());
        self.buffer.extend_from_slice(bytes.split_at(taken).0);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads pieces, each after its seal was found right.
pub(super) struct SealedReader<R> {
    inner: R,
    sealer: Sealer,
    piece: Vec<u8>,
    read: usize,
    ended: bool,
}

impl<R: Read> SealedReader<R> {
    /// Reads the header and holds the key against it.
    pub(super) fn new(mut inner: R, key: Option<&ArchiveKey>) -> io::Result<Self> {
        let mut header = [0; HEADER];
        let read = read_fully(&mut inner, &mut header)?;
        let (magic, rest) = header.split_at(MAGIC.len());
        if read < MAGIC.len() || magic != MAGIC {
            return Err(ArchiveError::NotAnArchive.into());
        }
        if read < HEADER {
            return Err(ArchiveError::Truncated.into());
        }
        let [high, low, flags, zero, rest @ ..] = rest else { return Err(ArchiveError::Truncated.into()) };
        let format = u16::from_be_bytes([*high, *low]);
        if format != FORMAT {
            return Err(ArchiveError::Format(format).into());
        }
        let (salt, expected) = rest.split_at(SALT);
        let key = match (flags, zero, key) {
            (1, 0, None) => return Err(ArchiveError::KeyNeeded.into()),
            (1, 0, Some(key)) => {
                let (key, check) = key.of_archive(salt)?;
                if check != expected {
                    return Err(ArchiveError::WrongKey.into());
                }
                Some(key)
            }
            (0, 0, None) => None,
            (0, 0, Some(_)) => return Err(ArchiveError::NotEncrypted.into()),
            _ => return Err(ArchiveError::Altered("its header has flags that no program writes").into()),
        };
        Ok(Self { inner, sealer: Sealer { header, key, number: 0 }, piece: Vec::new(), read: 0, ended: false })
    }

    fn next_piece(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        self.inner.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        let last = length & LAST != 0;
        let length = usize::try_from(length & !LAST).map_err(io::Error::other)?;
        if length > PIECE {
            return Err(ArchiveError::Altered("a piece of it is longer than any that is written").into());
        }
        self.piece.resize(length + SEAL, 0);
        self.inner.read_exact(&mut self.piece)?;
        self.sealer.open(&mut self.piece, last)?;
        self.read = 0;
        self.ended = last;
        if last && self.inner.read(&mut [0])? > 0 {
            return Err(ArchiveError::Altered("something follows its end").into());
        }
        Ok(())
    }
}

impl<R: Read> Read for SealedReader<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() && !self.ended {
            self.next_piece()?;
        }
        let count = Read::read(&mut self.piece.get(self.read..).unwrap_or_default(), target)?;
        self.read += count;
        Ok(count)
    }
}

fn read_fully(from: &mut impl Read, target: &mut [u8]) -> io::Result<usize> {
    let mut bytes = Vec::with_capacity(target.len());
    from.take(target.len() as u64).read_to_end(&mut bytes)?;
    for (target, byte) in target.iter_mut().zip(&bytes) {
        *target = *byte;
    }
    Ok(bytes.len())
}
