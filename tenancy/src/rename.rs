//! A tenant gets another slug or name. Its id, and what is named by that (schema, role, files), stays.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, Value};

use crate::{Error, PlatformTransaction, Result, Slug, Tenant, Tenants, error::violated_constraint, provision::execute};

impl Tenants {
    /// Gives a tenant another slug and name, in every process at once with the commit; in this one as soon as the directory
    /// [forgets](crate::Directory::forget) it. Until `reserved_until` its former slug leads to it, and nobody
    /// else can have it.
    ///
    /// # Errors
    /// [`Error::SlugTaken`] when another tenant has the slug, or had it until lately.
    pub async fn rename(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        slug: &Slug,
        name: &str,
        reserved_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        // Another name may have come since the tenant was read; what was its slug then is remembered, whatever that was.
        let remember = "INSERT INTO platform.former_slugs AS former (slug, tenant_id, reserved_until, created_at) \
                        SELECT slug, id, $3, $4 FROM platform.tenants WHERE id = $1 AND slug <> $2 FOR UPDATE \
                        ON CONFLICT (slug) DO UPDATE SET tenant_id = excluded.tenant_id, \
                        reserved_until = excluded.reserved_until, created_at = excluded.created_at";
        let values: [Value; 4] = [tenant.id.0.into(), slug.as_str().into(), reserved_until.into(), now.into()];
        execute(transaction, remember, values).await?;
        let update = "UPDATE platform.tenants SET slug = $2, name = $3, updated_at = $4 WHERE id = $1 AND status <> 'deleting'";
        let values: [Value; 4] = [tenant.id.0.into(), slug.as_str().into(), name.into(), now.into()];
        let renamed = execute(transaction, update, values).await.map_err(|error| taken(error, slug))?;
        if renamed == 0 {
            return Err(Error::NotFound(tenant.slug.to_string()));
        }
        execute(
            transaction,
            "DELETE FROM platform.former_slugs WHERE slug = $1 AND tenant_id = $2",
            [slug.as_str().into(), tenant.id.0.into()],
        )
        .await?;
        refuse_reserved(transaction, slug, now).await
    }

    /// Gives former slugs free whose time is over; says how many.
    pub async fn release_former_slugs(&self, now: DateTime<Utc>) -> Result<u64> {
        Ok(execute(&self.platform(), "DELETE FROM platform.former_slugs WHERE reserved_until <= $1", [now.into()]).await?)
    }
}

/// Refuses a slug that another tenant had until lately. The tenant's row has the slug by now: whoever gives it up at the same time
/// was waited for, and what they have written is seen.
pub(crate) async fn refuse_reserved<C: ConnectionTrait>(connection: &C, slug: &Slug, now: DateTime<Utc>) -> Result<()> {
    let values: [Value; 2] = [slug.as_str().into(), now.into()];
    execute(connection, "DELETE FROM platform.former_slugs WHERE slug = $1 AND reserved_until <= $2", values).await?;
    let values: [Value; 1] = [slug.as_str().into()];
    let reserved = execute(connection, "SELECT FROM platform.former_slugs WHERE slug = $1", values).await?;
    if reserved > 0 { Err(Error::SlugTaken(slug.clone())) } else { Ok(()) }
}

pub(crate) fn taken(error: DbErr, slug: &Slug) -> Error {
    match violated_constraint(&error) {
        Some("tenants_slug_key") => Error::SlugTaken(slug.clone()),
        _ => Error::Database(error),
    }
}
