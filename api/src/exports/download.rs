//! How an owner gets the file: by leave that is good once, for a minute, in one browser.
//!
//! The file is got by a click, and a browser sends no token with that. So the page asks for leave by the API, and gets it in a cookie
//! for this one address: nothing of it stands in an address, in a log or in the history.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, Context, Error, Permission, Role, audit::Changes};
use entities::{
    id::{AccountId, EmployeeId, ExportId, SessionId},
    platform::export::{Column, Entity, Model},
};
use futures::stream::BoxStream;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _, FromQueryResult, QueryFilter as _, Statement,
    TransactionSession as _, TransactionTrait as _, Value,
};
use sha2::{Digest as _, Sha256};
use tenancy::{ArchivePlace, Tenant, TenantId};
use uuid::Uuid;

use super::{
    Exports,
    ask::{event, refused},
};
use crate::auth::{Auth, audit_outbox};

/// How long leave is good.
const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// Leave to download an export.
pub struct Leave {
    /// What is given back for the file.
    pub token: String,
    /// How long it is good.
    pub lifetime: TimeDelta,
}

/// A file on its way.
pub struct Download {
    /// What the file is called.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The bytes.
    pub pieces: BoxStream<'static, std::io::Result<Vec<u8>>>,
}

/// Who has been given leave.
#[derive(Debug, FromQueryResult)]
struct Bearer {
    tenant_id: Uuid,
    account_id: AccountId,
    name: String,
    employee_id: Option<EmployeeId>,
}

impl Exports {
    /// Gives an owner leave to download an export: once, soon, and while their session lasts.
    pub async fn permit(&self, context: &Context, tenant: &Tenant, session: SessionId, id: ExportId) -> Result<Leave, Error> {
        context.require(Permission::ManageTenant)?;
        let (account, now) = (context.account_id()?, context.now);
        let export = self.find(tenant, id).await?.ok_or(Error::NotFound("export"))?;
        if !export.is_available(now) {
            return Err(refused("There is no file of this export, or not any more. Please ask for another one.".to_owned()));
        }
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let sql = "INSERT INTO platform.export_downloads (token_hash, export_id, tenant_id, account_id, session_id, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let expires_at = now + LIFETIME;
        let values = [digest(&token).into(), id.into(), tenant.id.0.into(), account.into(), session.into(), expires_at.into()];
        Self::change(&self.platform, sql, values).await?;
        Ok(Leave { token, lifetime: LIFETIME })
    }

    /// The file, for whoever has leave and is an owner still. None: there is no such leave, or it is over or was used; or the file is
    /// gone, which the log says. Leave of a tenant's host is good there, and leave of the apex on the apex, where `host` is none.
    ///
    /// # Errors
    /// When the database fails, or the file cannot be opened.
    pub async fn open(
        &self,
        auth: &Auth,
        host: Option<&Arc<Tenant>>,
        id: ExportId,
        token: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Download>> {
        let transaction = self.platform.begin().await?;
        // Deleted by being read: of two who use it at once, one gets the file.
        let sql = "DELETE FROM platform.export_downloads d USING platform.sessions s, platform.memberships m, platform.accounts a \
                   WHERE d.token_hash = $1 AND d.export_id = $2 AND d.expires_at > $4 AND ($3::uuid IS NULL OR d.tenant_id = $3) \
                   AND s.id = d.session_id AND s.tenant_id IS NOT DISTINCT FROM $3 AND s.ended_at IS NULL AND s.expires_at > $4 AND a.id = d.account_id \
                   AND m.account_id = d.account_id AND m.tenant_id = d.tenant_id AND m.role = 'owner' \
                   RETURNING d.tenant_id, a.id AS account_id, a.name, m.employee_id";
        let values: [Value; 4] = [digest(token).into(), id.into(), host.map(|tenant| tenant.id.0).into(), now.into()];
        let spent = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        let Some(bearer) = spent.map(|row| Bearer::from_query_result(&row, "")).transpose()? else { return Ok(None) };
        let tenant = match host {
            Some(tenant) => Some(Arc::clone(tenant)),
            None => self.tenants.directory().by_id(TenantId(bearer.tenant_id)).await?,
        };
        let may_be_had = |tenant: &Arc<Tenant>| host.is_some() || self.lifecycle.parting(tenant, now).export;
        let Some(tenant) = tenant.filter(may_be_had) else { return Ok(None) };
        let export = self.find(&tenant, id).await?.filter(|export| export.is_available(now));
        let Some((export, place)) = export.and_then(|export| export.place.clone().map(|place| (export, place))) else {
            return Ok(None);
        };
        let pieces = match place.parse::<ArchivePlace>()?.stream().await {
            Ok(pieces) => pieces,
            Err(tenancy::Error::Archive(error)) if error.is_missing() => {
                tracing::error!(%error, tenant = %tenant.slug, place, "an export that is to be there is not");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let actor = Actor::person(bearer.account_id, bearer.name, Role::Owner, bearer.employee_id);
        let context = Context { actor: Some(actor), now };
        let downloaded = event(&export, "export.downloaded", Changes::default());
        let entry = audit_outbox::put(&transaction, tenant.id, &context, downloaded).await?;
        transaction.commit().await?;
        auth.deliver(&self.tenants.read_write(&tenant), [entry]).await;
        Ok(Some(Download {
            name: format!("{}-{}.zip", tenant.slug, export.asked_at.format("%Y-%m-%d")),
            bytes: export.bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            sha256: export.sha256.unwrap_or_default(),
            pieces,
        }))
    }

    async fn find(&self, tenant: &Tenant, id: ExportId) -> Result<Option<Model>, DbErr> {
        Entity::find_by_id(id).filter(Column::TenantId.eq(tenant.id.0)).one(&self.platform).await
    }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
