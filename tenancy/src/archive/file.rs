//! Archives as files.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    ArchiveError, ArchiveKey, ArchivePlace, Contents, Manifest, Written,
    piece::{Piece, Sink, Source},
    records::{RecordReader, RecordWriter},
    seal::{SealedReader, SealedWriter},
};
use crate::checksum::Checksum;

/// A file under another name until it is complete. Dropped before that, it is removed.
pub(super) struct Partial {
    path: PathBuf,
    target: PathBuf,
    complete: bool,
}

impl Partial {
    /// Makes the file, which only its owner may read. One that a killed program has left is overwritten.
    pub(super) fn create(target: &Path) -> Result<(Self, File), ArchiveError> {
        refuse_existing(target)?;
        Self::take(target, open(&partial(target))?)
    }

    /// Makes an opened file this program's, and empties it.
    fn take(target: &Path, file: File) -> Result<(Self, File), ArchiveError> {
        let path = partial(target);
        let failed = |error| ArchiveError::of_file(&path)(error);
        // Two programs that write the same archive would spoil it for each other.
        file.try_lock().map_err(|error| failed(error.into()))?;
        let partial = Self { path: path.clone(), target: target.to_owned(), complete: false };
        // Who had the lock before may have completed the archive, which is this very file then.
        refuse_existing(target)?;
        file.set_len(0).map_err(failed)?;
        Ok((partial, file))
    }

    /// Gives the file its name, once it is on the disk.
    pub(super) fn complete(mut self, file: &File) -> Result<(), ArchiveError> {
        file.sync_all().map_err(ArchiveError::of_file(&self.path))?;
        // A link refuses where a rename would replace: somebody else may have been faster.
        match fs::hard_link(&self.path, &self.target) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(ArchiveError::Exists(self.target.clone()));
            }
            // A file system without links.
            Err(_) => {
                fs::rename(&self.path, &self.target).map_err(ArchiveError::of_file(&self.target))?;
                self.complete = true;
            }
        }
        sync_directory(&self.target)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.complete {
            // What cannot be removed is overwritten by the next try.
            let _left = fs::remove_file(&self.path);
        }
    }
}

fn refuse_existing(target: &Path) -> Result<(), ArchiveError> {
    if target.exists() { Err(ArchiveError::Exists(target.to_owned())) } else { Ok(()) }
}

/// Opens a file without emptying it, and makes it where it is not there.
fn open(path: &Path) -> Result<File, ArchiveError> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    file.map_err(ArchiveError::of_file(path))
}

/// The name that a file or directory has until it is complete.
pub(super) fn partial(target: &Path) -> PathBuf {
    let mut name = target.file_name().map(OsString::from).unwrap_or_default();
    name.push(".partial");
    target.with_file_name(name)
}

/// Makes the name of a file as lasting as the file.
pub(super) fn sync_directory(of: &Path) -> Result<(), ArchiveError> {
    let directory = match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(ArchiveError::of_file(directory))
}

/// Adds up what is written.
pub(super) struct Summing<W> {
    inner: W,
    bytes: u64,
    sum: Checksum,
}

impl<W> Summing<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, bytes: 0, sum: Checksum::new() }
    }

    /// What was written, and the SHA-256 of it in hexadecimal.
    pub(super) fn into_parts(self) -> (W, u64, String) {
        (self.inner, self.bytes, self.sum.hexadecimal())
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.add(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes what arrives into a new archive.
pub(super) fn write(
    target: &ArchivePlace,
    key: Option<&ArchiveKey>,
    manifest: Manifest,
    source: &mut Source,
) -> Result<Written, ArchiveError> {
    let failed = |error| target.failed(error);
    let summing = Summing::new(target.create()?);
    let sealed = SealedWriter::new(BufWriter::new(summing), key).map_err(failed)?;
    let mut writer = RecordWriter::new(sealed, &manifest).map_err(failed)?;
    let mut totals = Vec::new();
    loop {
        let piece = source.next_blocking()?;
        writer.piece(&piece).map_err(failed)?;
        match piece {
            Piece::Rows(_) => {}
            Piece::End(table) => totals.push(table),
            Piece::Finish => break,
        }
    }
    let written = writer.finish().map_err(failed)?.into_inner().map_err(|error| failed(error.into_error()))?;
    let (archive, bytes, sha256) = written.into_parts();
    archive.complete()?;
    Ok(Written { contents: Contents { manifest, totals }, bytes, sha256 })
}

/// An archive that is being read.
pub(super) struct ArchiveFile {
    place: ArchivePlace,
    reader: RecordReader<BufReader>,
}

type BufReader = io::BufReader<Box<dyn Read + Send>>;

impl ArchiveFile {
    /// Opens an archive and reads its manifest.
    pub(super) fn open(place: &ArchivePlace, key: Option<&ArchiveKey>) -> Result<Self, ArchiveError> {
        let reader = SealedReader::new(io::BufReader::new(place.read()?), key).and_then(RecordReader::new);
        Ok(Self { reader: reader.map_err(|error| of_reading(place, error))?, place: place.clone() })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.reader.manifest()
    }

    fn next(&mut self) -> Result<Piece, ArchiveError> {
        self.reader.next().map_err(|error| of_reading(&self.place, error))
    }

    /// Reads to the end and finds everything right, or says what is not.
    pub(super) fn check(mut self) -> Result<Contents, ArchiveError> {
        while !matches!(self.next()?, Piece::Finish) {}
        let (manifest, totals) = self.reader.into_parts();
        Ok(Contents { manifest, totals })
    }

    /// Sends what it reads.
    pub(super) fn send(mut self, sink: &Sink) -> Result<(), ArchiveError> {
        loop {
            let piece = self.next()?;
            let last = matches!(piece, Piece::Finish);
            sink.send_blocking(piece)?;
            if last {
                return Ok(());
            }
        }
    }
}

/// What the decompressor refuses had its seals right: it was made so.
fn of_reading(place: &ArchivePlace, error: io::Error) -> ArchiveError {
    if error.kind() == io::ErrorKind::Other && error.get_ref().is_none_or(|within| !within.is::<ArchiveError>()) {
        return ArchiveError::Altered("it cannot be decompressed");
    }
    place.failed(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_was_completed_meanwhile_is_not_emptied() {
        let directory = std::env::temp_dir().join(format!("tenantry-file-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&directory).unwrap();
        let target = directory.join("archive");
        let (first, mut file) = Partial::create(&target).unwrap();
        assert!(matches!(Partial::create(&target), Err(ArchiveError::File { .. })), "somebody is at it");
        // Opened before it is complete, and locked after that.
        let second = open(&partial(&target)).unwrap();
        file.write_all(b"whole").unwrap();
        first.complete(&file).unwrap();
        drop(file);
        assert!(matches!(Partial::take(&target, second), Err(ArchiveError::Exists(_))));
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }
}
