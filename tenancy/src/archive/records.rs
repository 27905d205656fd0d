//! The inner layer of an archive: the manifest, then the rows and the sums of each table, then the end; compressed by zstd.
//!
//! ```text
//! record  u8 kind, u32 length, the bytes
//! M       the manifest, in JSON: the first record
//! R       rows of the present table, in the text format of COPY
//! E       what the table comes to, in JSON; the next one follows
//! Z       the end, empty
//! ```

use std::io::{self, BufReader, Read, Write};

use zstd::{Decoder, Encoder};

use super::{
    ArchiveError, Manifest, Totals,
    piece::{Piece, Sum},
    seal::{SealedReader, SealedWriter},
};

/// Level of the compression: where zstd is about as fast as a disk.
const LEVEL: i32 = 3;
/// The longest record of rows, and the longest other one; longer ones are refused before memory is taken for them.
const LONGEST_ROWS: u32 = 1 << 30;
const LONGEST_OTHER: u32 = 16 << 20;

/// Writes an archive, record by record.
pub(super) struct RecordWriter<W: Write> {
    encoder: Encoder<'static, SealedWriter<W>>,
}

impl<W: Write> RecordWriter<W> {
    pub(super) fn new(inner: SealedWriter<W>, manifest: &Manifest) -> io::Result<Self> {
        let mut writer = Self { encoder: Encoder::new(inner, LEVEL)? };
        writer.record(b'M', &serde_json::to_vec(manifest)?)?;
        Ok(writer)
    }

    pub(super) fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        match piece {
            Piece::Rows(rows) => self.record(b'R', rows),
            Piece::End(totals) => self.record(b'E', &serde_json::to_vec(totals)?),
            Piece::Finish => self.record(b'Z', &[]),
        }
    }

    fn record(&mut self, kind: u8, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.encoder.write_all(&[kind])?;
        self.encoder.write_all(&length.to_be_bytes())?;
        self.encoder.write_all(bytes)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.encoder.finish()?.finish()
    }
}

/// Reads an archive, and adds up what it reads.
pub(super) struct RecordReader<R: Read> {
    decoder: Decoder<'static, BufReader<SealedReader<R>>>,
    manifest: Manifest,
    totals: Vec<Totals>,
    sum: Sum,
}

impl<R: Read> RecordReader<R> {
    pub(super) fn new(inner: SealedReader<R>) -> io::Result<Self> {
        let mut decoder = Decoder::new(inner)?;
        let (b'M', manifest) = record(&mut decoder)? else { return Err(unreadable()) };
        let manifest = serde_json::from_slice(&manifest).map_err(|_| unreadable())?;
        Ok(Self { decoder, manifest, totals: Vec::new(), sum: Sum::new() })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The next piece; after [`Piece::Finish`] there is none.
    pub(super) fn next(&mut self) -> io::Result<Piece> {
        let (kind, bytes) = record(&mut self.decoder)?;
        match kind {
            b'R' => {
                // A line end within a value is written as a backslash and an n.
                let rows = bytes.split(|byte| *byte == b'\n').count() - 1;
                self.sum.add(&bytes, rows as u64);
                Ok(Piece::Rows(bytes))
            }
            b'E' => {
                let totals: Totals = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
                if std::mem::replace(&mut self.sum, Sum::new()).totals() != totals {
                    return Err(ArchiveError::Altered("the rows of a table do not come to their sum").into());
                }
                self.totals.push(totals.clone());
                Ok(Piece::End(totals))
            }
            b'Z' if self.totals.len() == self.manifest.tables.len() => {
                // Whatever is left, the last seal included, has to be right too.
                if self.decoder.read(&mut [0])? > 0 {
                    return Err(ArchiveError::Altered("something follows its end").into());
                }
                Ok(Piece::Finish)
            }
            _ => Err(unreadable()),
        }
    }

    /// What was read, after the end.
    pub(super) fn into_parts(self) -> (Manifest, Vec<Totals>) {
        (self.manifest, self.totals)
    }
}

fn record(from: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length);
    if length > if kind == b'R' { LONGEST_ROWS } else { LONGEST_OTHER } {
        return Err(unreadable());
    }
    let mut bytes = Vec::new();
    // Memory is taken as bytes arrive, not for what a length claims.
    if from.take(length.into()).read_to_end(&mut bytes)? < usize::try_from(length).map_err(io::Error::other)? {
        return Err(ArchiveError::Truncated.into());
    }
    Ok((kind, bytes))
}

fn unreadable() -> io::Error {
    ArchiveError::Altered("its records cannot be read").into()
}
