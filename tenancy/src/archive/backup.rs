//! Writing and reading archives.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::{
    ArchiveKey, Contents, Manifest, file,
    file::ArchiveFile,
    piece::{beside, both, pipe},
    snapshot::Snapshot,
};
use crate::{Result, Tenant, Tenants};

impl Tenants {
    /// Writes everything that a tenant's schema holds into a new file, as of one moment, while the tenant is used.
    ///
    /// The file is there complete or not at all.
    pub async fn backup(&self, tenant: &Tenant, target: &Path, key: Option<&ArchiveKey>, now: DateTime<Utc>) -> Result<Contents> {
        let snapshot = Snapshot::open(self, tenant, now).await?;
        let manifest = snapshot.manifest.clone();
        let (sink, mut source) = pipe();
        let (target, key) = (target.to_owned(), key.cloned());
        let write = beside(move || file::write(&target, key.as_ref(), manifest, &mut source));
        let (sent, written) = tokio::join!(snapshot.send(sink), write);
        both(sent, written).map(|((), contents)| contents)
    }

    /// Reads what an archive says of itself, and nothing further: what follows may be damaged.
    pub async fn manifest(&self, archive: &Path, key: Option<&ArchiveKey>) -> Result<Manifest> {
        let (archive, key) = (archive.to_owned(), key.cloned());
        beside(move || Ok(ArchiveFile::open(&archive, key.as_ref())?.manifest().clone())).await
    }

    /// Reads an archive to its end and finds everything right, without a database.
    pub async fn check_archive(&self, archive: &Path, key: Option<&ArchiveKey>) -> Result<Contents> {
        let (archive, key) = (archive.to_owned(), key.cloned());
        beside(move || ArchiveFile::open(&archive, key.as_ref())?.check()).await
    }
}
