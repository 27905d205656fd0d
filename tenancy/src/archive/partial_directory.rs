//! The directory of an export while it is written.

use std::{
    fs::{self, File, OpenOptions},
    future::ready,
    io::{self, BufWriter, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{
    ArchiveError, TableShape, Totals,
    export::{ExportFormat, ExportManifest, MANIFEST, copy_table},
    file::{partial, sync_directory},
    snapshot::Snapshot,
};
use crate::Result;

/// How often it is tried to get hold of a directory that others are done with in the same moment.
const TRIES: usize = 10;

/// A directory under another name until it is complete. Dropped before that, it is removed.
pub(super) struct PartialDirectory {
    path: PathBuf,
    target: PathBuf,
    /// The file of the manifest: the first one that is there, and the last one that is filled. Who has its lock has the directory.
    manifest: File,
    complete: bool,
}

impl PartialDirectory {
    /// Makes the directory. What a killed program has left is removed; another program that writes it is left alone.
    pub(super) fn create(target: &Path) -> Result<Self, ArchiveError> {
        let (path, name) = (partial(target), partial(target).join(MANIFEST));
        for _ in 0..TRIES {
            if target.exists() {
                return Err(ArchiveError::Exists(target.to_owned()));
            }
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(ArchiveError::of_file(&path)(error)),
                _ => {}
            }
            let manifest = match OpenOptions::new().write(true).create(true).truncate(false).open(&name) {
                // Whose it was has completed or removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(ArchiveError::of_file(&name))?,
            };
            manifest.try_lock().map_err(|error| ArchiveError::of_file(&path)(error.into()))?;
            // The same between opening and locking.
            if is_at(&manifest, &name).map_err(ArchiveError::of_file(&name))? {
                let directory = Self { path, target: target.to_owned(), manifest, complete: false };
                directory.clear()?;
                return Ok(directory);
            }
        }
        Err(ArchiveError::of_file(&path)(io::ErrorKind::WouldBlock.into()))
    }

    /// Removes all files but the manifest's.
    fn clear(&self) -> Result<(), ArchiveError> {
        let failed = |error| ArchiveError::of_file(&self.path)(error);
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name() != MANIFEST {
                fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Removes everything, the file with the lock last: as long as it has its name, nobody else begins.
    fn remove(&self) -> Result<(), ArchiveError> {
        self.clear()?;
        let failed = |error| ArchiveError::of_file(&self.path)(error);
        fs::remove_file(self.path.join(MANIFEST)).map_err(failed)?;
        fs::remove_dir(&self.path).map_err(failed)
    }

    /// Writes the rows of a table into the file of this name, and says what they come to.
    pub(super) async fn write(
        &self,
        snapshot: &mut Snapshot,
        table: &TableShape,
        name: &str,
        format: ExportFormat,
    ) -> Result<Totals> {
        let path = self.path.join(name);
        let failed = |error| ArchiveError::of_file(&path)(error);
        let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
        let write = |rows: Vec<u8>| ready(file.write_all(&rows).map_err(failed).map_err(Into::into));
        let totals = copy_table(snapshot, table, format, write).await?;
        file.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
        Ok(totals)
    }

    /// Fills the manifest, and gives the directory its name, once everything is on the disk.
    pub(super) fn complete(mut self, export: &ExportManifest) -> Result<(), ArchiveError> {
        let path = self.path.join(MANIFEST);
        let failed = |error| ArchiveError::of_file(&path)(error);
        let text = serde_json::to_vec_pretty(export).map_err(|error| failed(error.into()))?;
        self.manifest.set_len(0).map_err(failed)?;
        self.manifest.write_all(&text).map_err(failed)?;
        self.manifest.sync_all().map_err(failed)?;
        sync_directory(&path)?;
        // An empty directory would be replaced, and nothing is lost by it.
        fs::rename(&self.path, &self.target).map_err(ArchiveError::of_file(&self.target))?;
        self.complete = true;
        sync_directory(&self.target)
    }
}

impl Drop for PartialDirectory {
    fn drop(&mut self) {
        if !self.complete {
            // What cannot be removed is by the next try.
            let _left = self.remove();
        }
    }
}

/// Whether a file that was opened by this name still has it.
fn is_at(file: &File, name: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    match fs::metadata(name) {
        Ok(there) => Ok((there.dev(), there.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
