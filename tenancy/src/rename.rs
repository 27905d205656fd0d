//! A tenant gets another slug or name. Its id, and what is named by that (schema, role, files), stays.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::{
    Error, PlatformTransaction, Result, Slug, TenantId, Tenants,
    error::{violated_constraint, waited_for_key},
    provision::{LONGEST_WAIT, execute},
};

/// What keeps slugs apart.
const SLUG_KEY: &str = "tenants_slug_key";

/// How many former slugs lead to a tenant at a time: each is one that nobody else can have.
const MOST_FORMER_SLUGS: u64 = 3;

/// What a tenant is to be called. What is not given stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct Renaming<'a> {
    /// Its label under the base domain.
    pub slug: Option<&'a Slug>,
    /// The organisation's name.
    pub name: Option<&'a str>,
    /// Until when its former slug leads to it, and is nobody else's.
    pub reserved_until: DateTime<Utc>,
    /// Whether an operator asks: then it may have had any number of slugs lately, and gets that of a tenant that was deleted lately.
    pub by_operator: bool,
    /// When.
    pub now: DateTime<Utc>,
}

/// What a tenant was called, and is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// Its slug and name before.
    pub before: (String, String),
    /// Its slug and name now.
    pub after: (String, String),
}

impl Tenants {
    /// Gives a tenant another slug or name, in every process at once with the commit; in this one as soon as the directory
    /// [forgets](crate::Directory::forget) it.
    ///
    /// # Errors
    /// [`Error::SlugTaken`] when another tenant has the slug, or had it until lately; [`Error::TooManyFormerSlugs`].
    pub async fn rename(&self, transaction: &PlatformTransaction, tenant: TenantId, wanted: &Renaming<'_>) -> Result<Renamed> {
        // What it is called now, and not when somebody began to ask: another renaming may have come in between.
        let sql = "SELECT slug, name FROM platform.tenants WHERE id = $1 AND status <> 'deleting' FOR UPDATE";
        let present = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
        let row = transaction.query_one_raw(present).await?.ok_or_else(|| Error::NotFound(tenant.to_string()))?;
        let before: (String, String) = (row.try_get("", "slug")?, row.try_get("", "name")?);
        let after =
            (wanted.slug.map_or(before.0.as_str(), Slug::as_str).to_owned(), wanted.name.unwrap_or(before.1.as_str()).to_owned());
        if before == after {
            return Ok(Renamed { before, after });
        }
        // As long as somebody who makes a tenant waits for another of its slug.
        let update = format!(
            "UPDATE platform.tenants SET slug = $2, name = $3, updated_at = $4 \
             FROM set_config('lock_timeout', '{LONGEST_WAIT}', true) WHERE id = $1"
        );
        let values: [Value; 4] = [tenant.0.into(), after.0.as_str().into(), after.1.as_str().into(), wanted.now.into()];
        match wanted.slug {
            Some(slug) if before.0 != after.0 => {
                execute(transaction, &update, values).await.map_err(|error| taken(error, slug))?;
                change_reservations(transaction, tenant, &before.0, slug, wanted).await?;
            }
            _ => {
                execute(transaction, &update, values).await?;
            }
        }
        Ok(Renamed { before, after })
    }

    /// Gives former slugs free whose time is over; says how many.
    pub async fn release_former_slugs(&self, now: DateTime<Utc>) -> Result<u64> {
        Ok(execute(&self.platform(), "DELETE FROM platform.former_slugs WHERE reserved_until <= $1", [now.into()]).await?)
    }
}

/// Reserves the slug that the tenant had, and takes the new one out of what is reserved for it.
async fn change_reservations(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    former: &str,
    slug: &Slug,
    wanted: &Renaming<'_>,
) -> Result<()> {
    let remember = "INSERT INTO platform.former_slugs (slug, tenant_id, reserved_until, created_at) VALUES ($2, $1, $3, $4) \
                    ON CONFLICT (slug) DO UPDATE SET tenant_id = excluded.tenant_id, \
                    reserved_until = excluded.reserved_until, created_at = excluded.created_at";
    let values: [Value; 4] = [tenant.0.into(), former.into(), wanted.reserved_until.into(), wanted.now.into()];
    execute(transaction, remember, values).await?;
    let forget = "DELETE FROM platform.former_slugs WHERE slug = $1 AND tenant_id = $2";
    execute(transaction, forget, [slug.as_str().into(), tenant.0.into()]).await?;
    if !wanted.by_operator {
        let count = "SELECT FROM platform.former_slugs WHERE tenant_id = $1 AND reserved_until > $2";
        if execute(transaction, count, [tenant.0.into(), wanted.now.into()]).await? > MOST_FORMER_SLUGS {
            return Err(Error::TooManyFormerSlugs(slug.clone()));
        }
        refuse_lately_deleted(transaction, slug, wanted.now).await?;
    }
    refuse_reserved(transaction, slug, wanted.now).await
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

/// Refuses the slug of a tenant that was deleted lately: links to it and passwords that browsers keep for it are still out. Asked
/// where no operator decides, after the slug was written.
pub(crate) async fn refuse_lately_deleted<C: ConnectionTrait>(connection: &C, slug: &Slug, now: DateTime<Utc>) -> Result<()> {
    let sql = "SELECT FROM platform.deletion_certificates WHERE slug = $1 AND reserved_until > $2";
    let reserved = execute(connection, sql, [slug.as_str().into(), now.into()]).await?;
    if reserved > 0 { Err(Error::SlugTaken(slug.clone())) } else { Ok(()) }
}

/// What it means that a row with a slug could not be written: that another tenant has it, or is being made with it.
pub(crate) fn taken(error: DbErr, slug: &Slug) -> Error {
    if violated_constraint(&error) == Some(SLUG_KEY) || waited_for_key(&error, SLUG_KEY) {
        Error::SlugTaken(slug.clone())
    } else {
        Error::Database(error)
    }
}
