//! A tenant from an archive, or from another tenant.

use std::sync::Arc;

use super::{
    ArchiveError, ArchiveKey, ArchivePlace, Contents, Manifest, Totals,
    error::of_migration,
    file::ArchiveFile,
    load::load,
    piece::{Source, beside, both, pipe},
    snapshot::Snapshot,
    workshop::Workshop,
};
use crate::{
    Error, NewTenant, Result, SchemaName, Tenant, Tenants,
    schema::{grant_tables, make_schema, set_search_path},
};

impl Tenants {
    /// Makes a tenant from an archive: another tenant than the one that was archived, with the same rows. `new.name` and
    /// `new.slug` are the caller's to choose.
    ///
    /// The archive is read to its end first. A failure leaves nothing.
    pub async fn restore(
        &self,
        archive: impl Into<ArchivePlace>,
        key: Option<&ArchiveKey>,
        new: &NewTenant,
    ) -> Result<(Arc<Tenant>, Contents)> {
        let archive = archive.into();
        self.check_slug(new).await?;
        let contents = self.check_restorable(&archive, key).await?;
        let (tenant, totals) = self
            .populate(new, &contents.manifest, async |workshop, schema| {
                self.load_file(workshop, schema, &contents, &archive, key).await
            })
            .await?;
        Ok((tenant, Contents { manifest: contents.manifest, totals }))
    }

    /// Makes a tenant with the data of another, as of one moment, while that is used. No tokens, sessions or members of the one
    /// are any of the other's.
    pub async fn clone_tenant(&self, tenant: &Tenant, new: &NewTenant) -> Result<(Arc<Tenant>, Contents)> {
        self.check_slug(new).await?;
        let snapshot = Snapshot::open(self, tenant, new.now).await?;
        let manifest = snapshot.manifest.clone();
        self.check_migrations(&manifest).await?;
        let (tenant, totals) = self
            .populate(new, &manifest, async |workshop, schema| {
                let (sink, source) = pipe();
                let (sent, loaded) = tokio::join!(snapshot.send(sink), load(workshop, schema, &manifest, source));
                both(sent, loaded).map(|((), totals)| totals)
            })
            .await?;
        Ok((tenant, Contents { manifest, totals }))
    }

    /// Reads an archive to its end, and finds that this program can restore it.
    pub(super) async fn check_restorable(&self, archive: &ArchivePlace, key: Option<&ArchiveKey>) -> Result<Contents> {
        self.check_migrations(&self.manifest(archive, key).await?).await?;
        self.check_archive(archive, key).await
    }

    /// Finds that this program has the migrations that the data was made with, and that none of its own was changed after a tenant
    /// had got it: the tenant would not be like the others of its version.
    pub(super) async fn check_migrations(&self, manifest: &Manifest) -> Result<()> {
        manifest.steps(&self.inner.schema.versions())?;
        self.refuse_changed().await
    }

    /// Says early that a slug is taken; what decides is the row that is written later.
    pub(super) async fn check_slug(&self, new: &NewTenant) -> Result<()> {
        match self.directory().by_slug(&new.slug).await? {
            Some(_) => Err(Error::SlugTaken(new.slug.clone())),
            None => Ok(()),
        }
    }

    /// Makes a tenant whose rows `fill` loads, in one transaction.
    pub(super) async fn populate(
        &self,
        new: &NewTenant,
        manifest: &Manifest,
        fill: impl AsyncFnOnce(&Workshop, &SchemaName) -> Result<Vec<Totals>>,
    ) -> Result<(Arc<Tenant>, Vec<Totals>)> {
        let schema = SchemaName::of(new.id);
        let workshop = Workshop::open(self).await?;
        let transaction = workshop.savepoint().await?;
        self.register(&transaction, new, &schema, self.head()).await?;
        make_schema(&transaction, &schema).await?;
        transaction.commit().await?;
        self.migrate_to(&workshop, &schema, manifest).await?;
        let totals = fill(&workshop, &schema).await?;
        self.migrate_to_head(&workshop, &schema).await?;
        workshop.commit().await?;
        self.freeze(new.now).await;
        self.inner.directory.forget(new.id);
        let tenant = self.directory().by_id(new.id).await?.ok_or_else(|| Error::NotFound(new.slug.to_string()))?;
        Ok((tenant, totals))
    }

    /// Runs the migrations that the data was made with, in a new schema.
    pub(super) async fn migrate_to(&self, workshop: &Workshop, schema: &SchemaName, manifest: &Manifest) -> Result<()> {
        let steps = manifest.steps(&self.inner.schema.versions())?;
        let transaction = workshop.savepoint().await?;
        set_search_path(&transaction, schema.as_str()).await?;
        (self.inner.schema.migrate)(&transaction, Some(steps)).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Runs the migrations that have come since, and grants the rights that the role of a tenant has.
    pub(super) async fn migrate_to_head(&self, workshop: &Workshop, schema: &SchemaName) -> Result<()> {
        let transaction = workshop.savepoint().await?;
        set_search_path(&transaction, schema.as_str()).await?;
        (self.inner.schema.migrate)(&transaction, None).await.map_err(of_migration)?;
        grant_tables(&transaction, schema).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Loads an archive that was found right. Should it have changed since, it is refused.
    pub(super) async fn load_file(
        &self,
        workshop: &Workshop,
        schema: &SchemaName,
        contents: &Contents,
        archive: &ArchivePlace,
        key: Option<&ArchiveKey>,
    ) -> Result<Vec<Totals>> {
        let (sink, source): (_, Source) = pipe();
        let (archive, key, manifest) = (archive.clone(), key.cloned(), contents.manifest.clone());
        let read = beside(move || {
            let file = ArchiveFile::open(&archive, key.as_ref())?;
            if *file.manifest() != manifest {
                return Err(ArchiveError::Altered("it has changed since it was checked"));
            }
            file.send(&sink)
        });
        let (sent, loaded) = tokio::join!(read, load(workshop, schema, &contents.manifest, source));
        let ((), totals) = both(sent, loaded)?;
        if totals != contents.totals {
            return Err(ArchiveError::Altered("it has changed since it was checked").into());
        }
        Ok(totals)
    }
}
