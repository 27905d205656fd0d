//! API keys: what programs get in by. A key belongs to one tenant, and may do what its permissions name.

mod change;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use domain::{Actor, Context, Error, Page, Permission, Permissions, Principal, Role};
use entities::{
    id::ApiKeyId,
    platform::api_key::{Column, Entity, Model},
};
use moka::future::Cache;
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use tenancy::{Audience, Freshness, PlatformConnection, Reading, TenantId};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Identity, TokenError, api_key_token};

pub use change::NewApiKey;

/// How many keys are remembered.
const MOST_KEYS: u64 = 100_000;
/// For how long uses are collected before they are written together.
const COLLECTING: Duration = Duration::from_secs(1);

/// The keys of all tenants.
#[derive(Debug)]
pub struct ApiKeys {
    platform: PlatformConnection,
    known: Cache<[u8; 32], Known>,
    changes: Arc<Freshness<Uuid>>,
    used: Mutex<HashMap<ApiKeyId, DateTime<Utc>>>,
    used_now: Notify,
}

/// A key that was looked up by its hash, or that there is none.
#[derive(Debug, Clone)]
struct Known {
    key: Option<Arc<GoodKey>>,
    read: Reading,
}

#[derive(Debug)]
struct GoodKey {
    id: ApiKeyId,
    identity: Arc<Identity>,
    /// The minute of the last use that was noted.
    last_use: AtomicI64,
}

impl ApiKeys {
    pub(super) fn new(platform: PlatformConnection, changes: Arc<Freshness<Uuid>>) -> Self {
        let known = Cache::builder().max_capacity(MOST_KEYS).build();
        Self { platform, known, changes, used: Mutex::default(), used_now: Notify::new() }
    }

    /// A page of the tenant's keys, the newest first, those that have ended included.
    pub async fn list(
        &self,
        context: &Context,
        tenant: TenantId,
        first: u32,
        after: Option<ApiKeyId>,
    ) -> Result<Page<Model>, Error> {
        context.require(Permission::ManageApiKeys)?;
        let mut rows = Entity::find()
            .filter(Column::TenantId.eq(tenant.0))
            .apply_if(after, |select, id| select.filter(Column::Id.lt(id)))
            .order_by_desc(Column::Id)
            .limit(u64::from(first) + 1)
            .all(&self.platform)
            .await?;
        let most = usize::try_from(first).unwrap_or(usize::MAX);
        let has_next_page = rows.len() > most;
        rows.truncate(most);
        Ok(Page { rows, has_next_page, has_previous_page: after.is_some() })
    }

    /// How many keys the tenant has.
    pub async fn count(&self, context: &Context, tenant: TenantId) -> Result<u64, Error> {
        context.require(Permission::ManageApiKeys)?;
        Ok(Entity::find().filter(Column::TenantId.eq(tenant.0)).count(&self.platform).await?)
    }

    /// Finds out which program a key speaks for.
    pub(super) async fn identify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Identity>, TokenError> {
        let invalid = |reason: &'static str| TokenError::Invalid(anyhow::anyhow!(reason));
        let hash = api_key_token::hash(token).ok_or_else(|| invalid("the API key is malformed"))?;
        let key = self.find(hash).await.map_err(|error| TokenError::Internal(error.into()))?;
        let key = key.ok_or_else(|| invalid("the API key is unknown or was ended"))?;
        if key.identity.expires_at.is_some_and(|end| end <= now) {
            return Err(invalid("the API key has expired"));
        }
        self.note_use(&key, now);
        Ok(Arc::clone(&key.identity))
    }

    async fn find(&self, hash: [u8; 32]) -> Result<Option<Arc<GoodKey>>, DbErr> {
        loop {
            if let Some(known) = self.known.get(&hash).await {
                if self.is_fresh(&known) {
                    return Ok(known.key);
                }
                self.known.invalidate(&hash).await;
            }
            let read = async {
                let read = self.changes.begin();
                let row = Entity::find()
                    .filter(Column::TokenHash.eq(hash.to_vec()))
                    .filter(Column::EndedAt.is_null())
                    .one(&self.platform)
                    .await?;
                Ok::<_, DbErr>(Known { key: row.map(|row| Arc::new(GoodKey::of(&row))), read })
            };
            // Requests with one key that come at once wait for one look-up.
            let known = self.known.try_get_with(hash, read).await.map_err(|error| (*error).clone())?;
            if self.is_fresh(&known) {
                return Ok(known.key);
            }
        }
    }

    fn is_fresh(&self, known: &Known) -> bool {
        match &known.key {
            Some(key) => self.changes.is_fresh(known.read, &[key.id.uuid()]),
            // That there is no such key stays true: a key is made with a hash that nobody had before.
            None => self.changes.is_fresh(known.read, &[]),
        }
    }

    /// Notes the use of a key, once a minute. It is written apart from the request.
    fn note_use(&self, key: &GoodKey, now: DateTime<Utc>) {
        let minute = now.timestamp().div_euclid(60);
        if key.last_use.fetch_max(minute, Ordering::Relaxed) < minute {
            let at = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
            self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(key.id, at);
            self.used_now.notify_one();
        }
    }

    /// Writes down when keys were used, for as long as the program runs.
    pub(super) async fn keep_uses(&self) {
        loop {
            self.used_now.notified().await;
            tokio::time::sleep(COLLECTING).await;
            let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
            if let Err(error) = self.write_uses(used).await {
                tracing::warn!(%error, "when API keys were last used could not be written");
            }
        }
    }

    async fn write_uses(&self, used: HashMap<ApiKeyId, DateTime<Utc>>) -> Result<(), DbErr> {
        let mut by_time: HashMap<DateTime<Utc>, Vec<ApiKeyId>> = HashMap::new();
        for (id, at) in used {
            by_time.entry(at).or_default().push(id);
        }
        for (at, ids) in by_time {
            // Another process may have seen a later use.
            let earlier = Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lt(at));
            Entity::update_many()
                .col_expr(Column::LastUsedAt, Expr::value(Some(at)))
                .filter(Column::Id.is_in(ids))
                .filter(earlier)
                .exec(&self.platform)
                .await?;
        }
        Ok(())
    }
}

impl GoodKey {
    fn of(row: &Model) -> Self {
        let actor = Actor {
            principal: Principal::ApiKey(row.id),
            name: row.name.clone(),
            role: Role::Admin,
            confined_to: Some(permissions_of(row)),
            employee_id: None,
        };
        let identity = Identity {
            principal: actor.principal,
            name: row.name.clone(),
            email: None,
            session_id: None,
            audience: Audience::Tenant(TenantId(row.tenant_id)),
            expires_at: row.expires_at,
            actor: Some(actor),
            support: None,
        };
        let last_use = row.last_used_at.map_or(i64::MIN, |at| at.timestamp().div_euclid(60));
        Self { id: row.id, identity: Arc::new(identity), last_use: AtomicI64::new(last_use) }
    }
}

/// What a key may do. Whatever is stored, it is nothing that is for people alone.
pub fn permissions_of(key: &Model) -> Permissions {
    let names = key.permissions.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_named = |permission: &Permission| names.iter().any(|name| name.as_str() == Some(permission.as_str()));
    Permission::ALL.into_iter().filter(|permission| permission.is_for_programs() && is_named(permission)).collect()
}
