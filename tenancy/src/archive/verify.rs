//! Proof that an archive can be restored.

use std::future::ready;

use super::{
    ArchiveError, ArchiveKey, ArchivePlace, Contents,
    error::of_migration,
    snapshot::{copy_out, of_table, prepare},
    workshop::Workshop,
};
use crate::{Result, Tenants, schema::make_scratch};

impl Tenants {
    /// Restores an archive into a schema that is never committed, reads it out again, and holds rows and sums of each table against the
    /// archive; then migrates it to this program's version. Nothing of it remains, however it ends.
    pub async fn verify(&self, archive: impl Into<ArchivePlace>, key: Option<&ArchiveKey>) -> Result<Contents> {
        let archive = archive.into();
        let contents = self.check_restorable(&archive, key).await?;
        let workshop = Workshop::open(self).await?;
        let transaction = workshop.savepoint().await?;
        let schema = make_scratch(&transaction).await?;
        transaction.commit().await?;
        self.migrate_to(&workshop, &schema, &contents.manifest).await?;
        self.load_file(&workshop, &schema, &contents, &archive, key).await?;

        let mut connection = workshop.connection().await?;
        prepare(&mut connection, &schema).await?;
        for (table, expected) in contents.tables() {
            let found = copy_out(&mut connection, &of_table(table), |_| ready(Ok(()))).await?;
            if found != *expected {
                let (there, rows) = (expected.rows, found.rows);
                let what = format!("table {} has {rows} rows for {there}, or other values", table.name);
                return Err(ArchiveError::Differs(what).into());
            }
        }
        connection.give_back();
        let transaction = workshop.savepoint().await?;
        (self.inner.schema.migrate)(&transaction, None).await.map_err(of_migration)?;
        transaction.commit().await?;
        workshop.roll_back().await?;
        Ok(contents)
    }
}
