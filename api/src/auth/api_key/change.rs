//! Making a key, and ending one. What was done is written down for the tenant's audit in the transaction that does it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Context, Error, Permission, Permissions,
    audit::{Changes, Entry, Event},
    value::{FromText as _, Title},
};
use entities::{
    id::ApiKeyId,
    platform::api_key::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter, Set, TransactionSession, TransactionTrait, sea_query::Expr,
};
use serde_json::{Value, json};
use tenancy::TenantId;

use super::ApiKeys;
use crate::auth::{api_key_token, audit_outbox};

/// The latest end that a key may have, from now.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(36_525);

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKeys {
    /// Makes a key for the tenant. The text is shown to whoever asks, and cannot be had again. The entry is for the audit.
    pub async fn create(&self, context: &Context, tenant: TenantId, new: NewApiKey) -> Result<(Model, String, Entry), Error> {
        let actor = context.require(Permission::ManageApiKeys)?;
        let name = Title::from_text("name", &new.name)?.into_text();
        if new.permissions.is_empty() {
            return Err(Error::bad_input("permissions", "A key needs at least one permission."));
        }
        if new.permissions.iter().any(|permission| !permission.is_for_programs()) {
            return Err(Error::bad_input("permissions", "Deciding who gets in is for people alone, not for programs."));
        }
        if new.expires_at.is_some_and(|end| end <= context.now) {
            return Err(Error::bad_input("expiresAt", "This time has passed."));
        }
        // Postgres stores more years than can be read back.
        if new.expires_at.is_some_and(|end| end > context.now + LONGEST_LIFE) {
            return Err(Error::bad_input("expiresAt", "A key ends within a hundred years, or has no end."));
        }
        // A whole second, and none of the leap seconds, which no clock here has.
        let expires_at = new.expires_at.and_then(|end| DateTime::from_timestamp_secs(end.timestamp()));
        let token = api_key_token::make();
        let hash = api_key_token::hash(&token).ok_or_else(|| DbErr::Custom("an API key was made wrongly".to_owned()))?;
        let permissions: Permissions = new.permissions.into_iter().collect();
        let names: Vec<&str> = permissions.iter().map(Permission::as_str).collect();
        let row = ActiveModel {
            id: Set(ApiKeyId::generate()),
            tenant_id: Set(tenant.0),
            name: Set(name),
            token_hash: Set(hash.to_vec()),
            token_hint: Set(api_key_token::hint(&token)),
            permissions: Set(json!(names)),
            created_by: Set(actor.name.clone()),
            created_at: Set(context.now),
            expires_at: Set(expires_at),
            last_used_at: Set(None),
            ended_at: Set(None),
        };
        let transaction = self.platform.begin().await?;
        let row = row.insert(&transaction).await?;
        let changes = Changes::default()
            .with("name", None::<String>, &row.name)
            .with("permissions", Value::Null, &row.permissions)
            .with("expiresAt", None::<DateTime<Utc>>, row.expires_at);
        let entry = audit_outbox::put(&transaction, tenant, context, event("api_key.created", &row, changes)).await?;
        transaction.commit().await?;
        Ok((row, token, entry))
    }

    /// Ends a key. The entry is for the audit; there is none where the key had been ended before.
    pub async fn end(&self, context: &Context, tenant: TenantId, id: ApiKeyId) -> Result<(Model, Option<Entry>), Error> {
        context.require(Permission::ManageApiKeys)?;
        let transaction = self.platform.begin().await?;
        let ended = Entity::update_many()
            .col_expr(Column::EndedAt, Expr::value(Some(context.now)))
            .filter(Column::Id.eq(id))
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::EndedAt.is_null())
            .exec(&transaction)
            .await?;
        let row = Entity::find_by_id(id).filter(Column::TenantId.eq(tenant.0)).one(&transaction).await?;
        let row = row.ok_or(Error::NotFound("API key"))?;
        let mut entry = None;
        if ended.rows_affected > 0 {
            let changes = Changes::default().with("endedAt", None::<DateTime<Utc>>, row.ended_at);
            entry = Some(audit_outbox::put(&transaction, tenant, context, event("api_key.ended", &row, changes)).await?);
        }
        transaction.commit().await?;
        // Here at once; other processes hear of it.
        self.changes.note(id.uuid());
        Ok((row, entry))
    }
}

fn event(action: &'static str, key: &Model, changes: Changes) -> Event {
    Event { action, subject_type: "api_key", subject_id: key.id.uuid(), changes }
}
