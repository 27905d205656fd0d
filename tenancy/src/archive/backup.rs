//! Writing and reading archives.

use chrono::{DateTime, Utc};

use super::{
    ArchiveKey, ArchivePlace, Contents, Manifest, Written, file,
    file::ArchiveFile,
    piece::{beside, both, pipe},
    snapshot::Snapshot,
};
use crate::{Result, Tenant, Tenants};

impl Tenants {
    /// Writes everything that a tenant's schema holds into a new archive, as of one moment, while the tenant is used.
    ///
    /// The archive is there complete or not at all.
    pub async fn backup(
        &self,
        tenant: &Tenant,
        target: impl Into<ArchivePlace>,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
    ) -> Result<Contents> {
        Ok(self.write_archive(tenant, target.into(), key, now).await?.contents)
    }

    /// The same, for whoever wants to know what the archive itself comes to. Directories that are missing are made.
    pub async fn backup_into(
        &self,
        tenant: &Tenant,
        target: &ArchivePlace,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
    ) -> Result<Written> {
        let place = target.clone();
        beside(move || place.prepare()).await?;
        self.write_archive(tenant, target.clone(), key, now).await
    }

    async fn write_archive(
        &self,
        tenant: &Tenant,
        target: ArchivePlace,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
    ) -> Result<Written> {
        let snapshot = Snapshot::open(self, tenant, now).await?;
        let manifest = snapshot.manifest.clone();
        let (sink, mut source) = pipe();
        let key = key.cloned();
        let write = beside(move || file::write(&target, key.as_ref(), manifest, &mut source));
        let (sent, written) = tokio::join!(snapshot.send(sink), write);
        both(sent, written).map(|((), written)| written)
    }

    /// Reads what an archive says of itself, and nothing further: what follows may be damaged.
    pub async fn manifest(&self, archive: impl Into<ArchivePlace>, key: Option<&ArchiveKey>) -> Result<Manifest> {
        let (archive, key) = (archive.into(), key.cloned());
        beside(move || Ok(ArchiveFile::open(&archive, key.as_ref())?.manifest().clone())).await
    }

    /// Reads an archive to its end and finds everything right, without a database.
    pub async fn check_archive(&self, archive: impl Into<ArchivePlace>, key: Option<&ArchiveKey>) -> Result<Contents> {
        let (archive, key) = (archive.into(), key.cloned());
        beside(move || ArchiveFile::open(&archive, key.as_ref())?.check()).await
    }
}
