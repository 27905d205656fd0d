//! Claiming a host, registering one on an operator's word, choosing the primary one, and letting one go.
//!
//! What members do, too, is there twice: as a transaction of its own, and in one of the caller, who writes down what was done.

use chrono::{DateTime, Utc};
use domain::Error;
use entities::platform::domain_claim::{ActiveModel, Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter, Set, Statement,
    TransactionSession, TransactionTrait,
};
use serde_json::{Map, Value};
use tenancy::{
    Host, Hostname, PlatformTransaction, Tenant, TenantId, change::change_settings, register_host, release_host, set_primary_host,
};

use super::{
    Domains, REDIRECT_TO_PRIMARY, conflict, farewell,
    list::{Domain, NO_DOMAIN},
    name, of_tenancy, record, redirects,
};

/// The most hosts that a tenant may claim.
const MOST: u64 = 20;

impl Domains {
    /// Claims a host for a tenant. It is served once it is proved; another tenant's claim to it is no hindrance.
    pub async fn add(&self, tenant: &Tenant, text: &str, now: DateTime<Utc>) -> Result<Domain, Error> {
        let transaction = self.platform.begin().await?;
        let hostname = self.add_in(&transaction, tenant, text, now).await?;
        transaction.commit().await?;
        self.one(tenant, &hostname).await
    }

    /// Gives the host's name.
    pub(super) async fn add_in(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<String, Error> {
        let hostname = name::parse(&self.hosts, text)?.to_string();
        lock(transaction, tenant.id).await?;
        let is_claimed = Entity::find_by_id((tenant.id.0, hostname.clone())).one(transaction).await?.is_some();
        if is_claimed || is_served(transaction, tenant.id, &hostname).await? {
            return Err(conflict("This address is in the list already."));
        }
        if Entity::find().filter(Column::TenantId.eq(tenant.id.0)).count(transaction).await? >= MOST {
            return Err(conflict(format!("There are {MOST} addresses already. Remove one first.")));
        }
        let claim = ActiveModel {
            tenant_id: Set(tenant.id.0),
            hostname: Set(hostname.clone()),
            token: Set(record::make_token()),
            created_at: Set(now),
            checked_at: Set(None),
            problem: Set(None),
            failures: Set(0),
            failed_at: Set(None),
            next_check_at: Set(now),
        };
        Entity::insert(claim).exec_without_returning(transaction).await?;
        Ok(hostname)
    }

    /// Registers a host for a tenant on an operator's word. No proof is asked for, now or later.
    pub async fn trust(&self, tenant: &Tenant, hostname: &Hostname, primary: bool, now: DateTime<Utc>) -> Result<(), Error> {
        name::check_registrable(&self.hosts, hostname).map_err(|message| Error::bad_input("hostname", message))?;
        let transaction = self.platform.begin().await?;
        lock(&transaction, tenant.id).await?;
        let claims = Entity::delete_by_id((tenant.id.0, hostname.to_string())).exec(&transaction).await?;
        if !is_served(&transaction, tenant.id, hostname.as_str()).await? {
            register_host(&transaction, tenant.id, hostname, primary, now).await.map_err(of_tenancy)?;
        } else if primary {
            // It may have been served by a proof, and is from now on without one.
            set_primary_host(&transaction, tenant.id, Some(hostname.as_str())).await.map_err(of_tenancy)?;
        } else if claims.rows_affected == 0 {
            return Err(conflict("This address is in the list already, and asks for no proof."));
        }
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        Ok(())
    }

    /// Makes a host that is served the one that pages at the others lead to.
    pub async fn make_primary(&self, tenant: &Tenant, text: &str) -> Result<(), Error> {
        let transaction = self.platform.begin().await?;
        self.make_primary_in(&transaction, tenant, text).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        Ok(())
    }

    /// Gives the names of the primary host before and after.
    pub(super) async fn make_primary_in(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        text: &str,
    ) -> Result<(String, String), Error> {
        let hostname = read(text)?;
        let own = (!self.is_of_slug(tenant, &hostname)).then_some(hostname.as_str());
        lock(transaction, tenant.id).await?;
        let before = primary(transaction, tenant.id).await?.unwrap_or_else(|| self.hosts.of_slug(&tenant.slug));
        if !set_primary_host(transaction, tenant.id, own).await.map_err(of_tenancy)? {
            // Nothing is committed: the primary host stays what it was.
            let is_claimed = Entity::find_by_id((tenant.id.0, hostname.to_string())).one(transaction).await?.is_some();
            return Err(if is_claimed { conflict("This address is not proved yet.") } else { NO_DOMAIN });
        }
        Ok((before, hostname.to_string()))
    }

    /// Lets a host go, at once and in every process, with what is bound to it.
    pub async fn remove(&self, tenant: &Tenant, text: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let transaction = self.platform.begin().await?;
        self.remove_in(&transaction, tenant, text, now).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        Ok(())
    }

    /// Gives the host's name, and whether it was served.
    pub(super) async fn remove_in(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<(String, bool), Error> {
        let hostname = read(text)?;
        if self.is_of_slug(tenant, &hostname) {
            return Err(conflict("Every organisation keeps its address under the base domain."));
        }
        lock(transaction, tenant.id).await?;
        let claims = Entity::delete_by_id((tenant.id.0, hostname.to_string())).exec(transaction).await?;
        let was_served = release_host(transaction, tenant.id, hostname.as_str()).await.map_err(of_tenancy)?;
        if was_served {
            farewell::forget(transaction, tenant.id, hostname.as_str(), now).await?;
        } else if claims.rows_affected == 0 {
            return Err(NO_DOMAIN);
        }
        Ok((hostname.to_string(), was_served))
    }

    /// Says whether pages at the other hosts lead to the primary one.
    pub async fn redirect(&self, tenant: &Tenant, enabled: bool, now: DateTime<Utc>) -> Result<(), Error> {
        let transaction = self.platform.begin().await?;
        redirect_in(&transaction, tenant.id, enabled, now).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        Ok(())
    }

    fn is_of_slug(&self, tenant: &Tenant, hostname: &Hostname) -> bool {
        self.hosts.sort(hostname) == Host::Slug(tenant.slug.clone())
    }
}

/// Says whether they did before.
pub(super) async fn redirect_in(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    enabled: bool,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut before = None;
    let change = |settings: &mut Map<String, Value>| before = settings.insert(REDIRECT_TO_PRIMARY.to_owned(), enabled.into());
    change_settings(transaction, tenant, now, change).await.map_err(of_tenancy)?;
    Ok(redirects(before.as_ref()))
}

/// The primary host of a tenant, unless it is that of the slug.
async fn primary(transaction: &PlatformTransaction, tenant: TenantId) -> Result<Option<String>, DbErr> {
    let sql = "SELECT hostname FROM platform.domains WHERE tenant_id = $1 AND is_primary";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
    transaction.query_one_raw(statement).await?.map(|row| row.try_get("", "hostname")).transpose()
}

/// Reads a host that is to be in the list. Whatever cannot be in it is not there.
pub(super) fn read(text: &str) -> Result<Hostname, Error> {
    Hostname::parse(text.trim()).map_err(|_| NO_DOMAIN)
}

/// Whether a host is registered for the tenant.
pub(super) async fn is_served(transaction: &PlatformTransaction, tenant: TenantId, hostname: &str) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM platform.domains WHERE tenant_id = $1 AND hostname = $2";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), hostname.into()]);
    Ok(transaction.query_one_raw(statement).await?.is_some())
}

/// Has changes of one tenant's hosts wait for one another, and refuses those of a tenant that is gone.
pub(super) async fn lock(transaction: &PlatformTransaction, tenant: TenantId) -> Result<(), Error> {
    let sql = "SELECT 1 FROM platform.tenants WHERE id = $1 FOR NO KEY UPDATE";
    let row = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()])).await?;
    row.map(drop).ok_or(Error::NotFound("organisation"))
}
