//! Which tenants there are, remembered.
//!
//! A request finds its tenant here without touching the database, as a rule. What is remembered is fresh in every process:
//! triggers on the control plane notify each change, and an entry read before its tenant's last change counts as unread.
//! [`Freshness`] has the times.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use moka::future::Cache;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use tokio::sync::Semaphore;

use crate::{
    AskedBy, Error, Heard, Host, Hostname, Maintenance, PlatformConnection, Result, SchemaName, Slug, Tenant, TenantId,
    freshness::{Freshness, LIFETIME, Reading},
    tenant::Statements,
};

/// How long a name is remembered as unknown.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(10);
/// How many tenants, and how many unknown names, are remembered. They are apart, so that a flood of invented names
/// displaces no tenant.
const MOST_KNOWN: u64 = 100_000;
const MOST_UNKNOWN: u64 = 10_000;
/// How many look-ups may be at the database at once: invented hostnames are load that anyone can make.
const MOST_LOOKUPS: usize = 4;

/// How long a look-up waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Id(TenantId),
    Slug(Slug),
    Hostname(Hostname),
}

#[derive(Debug, Clone)]
struct Known {
    tenant: Arc<Tenant>,
    read: Reading,
}

/// The remembered control plane.
#[derive(Debug)]
pub struct Directory {
    platform: PlatformConnection,
    statement_timeout: Duration,
    known: Cache<Key, Known>,
    unknown: Cache<Key, Reading>,
    lookups: Semaphore,
    changes: Freshness<TenantId>,
}

impl Directory {
    pub(crate) fn new(platform: PlatformConnection, statement_timeout: Duration) -> Self {
        Self {
            platform,
            statement_timeout,
            known: Cache::builder().max_capacity(MOST_KNOWN).time_to_live(LIFETIME).build(),
            unknown: Cache::builder().max_capacity(MOST_UNKNOWN).time_to_live(UNKNOWN_LIFETIME).build(),
            lookups: Semaphore::new(MOST_LOOKUPS),
            changes: Freshness::default(),
        }
    }

    /// The tenant whose host this is, if there is one. A tenant that was renamed is found by its former slugs too, as long as they
    /// are kept for it: its slug then differs from that of the host.
    pub async fn by_host(&self, host: &Host) -> Result<Option<Arc<Tenant>>> {
        match host {
            Host::Slug(slug) => self.find(Key::Slug(slug.clone())).await,
            Host::Custom(hostname) => self.find(Key::Hostname(hostname.clone())).await,
            Host::Apex | Host::Api | Host::Impossible => Ok(None),
        }
    }

    /// The tenant with this id, if there is one.
    pub async fn by_id(&self, id: TenantId) -> Result<Option<Arc<Tenant>>> {
        self.find(Key::Id(id)).await
    }

    /// The tenant with this slug, if there is one.
    pub async fn by_slug(&self, slug: &Slug) -> Result<Option<Arc<Tenant>>> {
        let found = self.find(Key::Slug(slug.clone())).await?;
        Ok(found.filter(|tenant| tenant.slug == *slug))
    }

    /// Forgets what was read of a tenant before now. For a program that hears of a change by itself, and must not read what was
    /// remembered before it.
    pub fn forget(&self, tenant: TenantId) {
        self.changes.note(tenant);
    }

    /// Takes in what was heard of the control plane.
    pub(crate) fn hear(&self, heard: &Heard) {
        match heard {
            Heard::Connected => {
                self.changes.note_all();
                self.changes.set_heard(true);
            }
            Heard::Disconnected => self.changes.set_heard(false),
            Heard::Notification { payload, .. } => match payload.parse() {
                Ok(tenant) => self.changes.note(tenant),
                Err(_) => self.changes.note_all(),
            },
        }
    }

    async fn find(&self, key: Key) -> Result<Option<Arc<Tenant>>> {
        loop {
            if let Some(known) = self.known.get(&key).await {
                if self.changes.is_fresh(known.read, &[known.tenant.id]) {
                    return Ok(Some(known.tenant));
                }
                self.known.invalidate(&key).await;
            }
            // A name that was unknown may have come with any change.
            if let Some(read) = self.unknown.get(&key).await
                && self.changes.is_unchanged(read)
            {
                return Ok(None);
            }
            // Requests that ask for the same name at once wait for one look-up. What it found is taken from the cache by
            // the next turn of the loop, which also notices a change that came in the meantime.
            let found = self.known.try_get_with_by_ref(&key, self.look_up(&key)).await;
            match found {
                Ok(known) if self.changes.is_fresh(known.read, &[known.tenant.id]) => {
                    return Ok(Some(known.tenant));
                }
                Ok(_) => {}
                Err(failure) => match &*failure {
                    // The cache of unknown names may be too full to keep this one.
                    Failure::Unknown(read) if self.changes.is_unchanged(*read) => {
                        return Ok(None);
                    }
                    Failure::Unknown(_) => {}
                    Failure::Database(error) => return Err(Error::Database(error.clone())),
                    Failure::Corrupt(what) => return Err(Error::Corrupt(what.clone())),
                },
            }
        }
    }

    async fn look_up(&self, key: &Key) -> Result<Known, Failure> {
        let permit =
            tokio::time::timeout(LONGEST_WAIT, self.lookups.acquire()).await.map_err(|_| Failure::Database(overrun()))?;
        let read = self.changes.begin();
        let row = self.platform.query_one_raw(statement_for(key)).await.map_err(Failure::Database)?;
        drop(permit);
        let Some(row) = row else {
            self.unknown.insert(key.clone(), read).await;
            return Err(Failure::Unknown(read));
        };
        let tenant = tenant_from(&row, self.statement_timeout).map_err(|error| match error {
            Error::Database(error) => Failure::Database(error),
            other => Failure::Corrupt(other.to_string()),
        })?;
        Ok(Known { tenant: Arc::new(tenant), read })
    }
}

#[derive(Debug)]
enum Failure {
    Unknown(Reading),
    Database(sea_orm::DbErr),
    Corrupt(String),
}

fn overrun() -> sea_orm::DbErr {
    sea_orm::DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)
}

/// The columns of a tenant, to be followed by a condition.
pub(crate) const SELECT_TENANT: &str = "SELECT t.id, t.slug, t.name, t.schema_name, t.status, t.schema_version, t.created_at, t.settings, \
     coalesce(t.status_since, t.created_at) AS status_since, t.trial_ends_at, t.paid_until, t.delete_at, \
     (SELECT d.asked_by FROM platform.deletions d WHERE d.tenant_id = t.id AND t.delete_at IS NOT NULL) AS deletion_asked_by, \
     t.maintenance_since, t.maintenance_message, \
     (SELECT d.hostname FROM platform.domains d WHERE d.tenant_id = t.id AND d.is_primary) AS primary_host \
     FROM platform.tenants t";

fn statement_for(key: &Key) -> Statement {
    let (condition, value): (&str, Value) = match key {
        Key::Id(id) => ("WHERE t.id = $1", id.0.into()),
        Key::Slug(slug) => (
            "WHERE t.id = coalesce((SELECT n.id FROM platform.tenants n WHERE n.slug = $1), \
             (SELECT f.tenant_id FROM platform.former_slugs f WHERE f.slug = $1))",
            slug.as_str().into(),
        ),
        Key::Hostname(hostname) => {
            ("WHERE t.id = (SELECT d.tenant_id FROM platform.domains d WHERE d.hostname = $1)", hostname.as_str().into())
        }
    };
    Statement::from_sql_and_values(DbBackend::Postgres, format!("{SELECT_TENANT} {condition}"), [value])
}

/// Reads a row of [`SELECT_TENANT`].
pub(crate) fn tenant_from(row: &QueryResult, statement_timeout: Duration) -> Result<Tenant> {
    let corrupt = |what: &dyn std::fmt::Display| Error::Corrupt(format!("in platform.tenants: {what}"));
    let schema = SchemaName::parse(&row.try_get::<String>("", "schema_name")?)?;
    let primary_host: Option<String> = row.try_get("", "primary_host")?;
    let settings: serde_json::Value = row.try_get("", "settings")?;
    let maintenance_since: Option<DateTime<Utc>> = row.try_get("", "maintenance_since")?;
    let message: Option<String> = row.try_get("", "maintenance_message")?;
    // A tenant may have a shorter time of its own, never a longer one than the program allows.
    let own_timeout = settings.get("statementTimeoutMs").and_then(serde_json::Value::as_u64).filter(|timeout| *timeout > 0);
    let statement_timeout = own_timeout.map_or(statement_timeout, |own| statement_timeout.min(Duration::from_millis(own)));
    Ok(Tenant {
        id: TenantId(row.try_get("", "id")?),
        slug: Slug::parse(&row.try_get::<String>("", "slug")?).map_err(|error| corrupt(&error))?,
        name: row.try_get("", "name")?,
        status: row.try_get::<String>("", "status")?.parse()?,
        status_since: row.try_get("", "status_since")?,
        schema_version: row.try_get("", "schema_version")?,
        primary_host: primary_host.map(|host| Hostname::parse(&host)).transpose().map_err(|error| corrupt(&error))?,
        created_at: row.try_get("", "created_at")?,
        trial_ends_at: row.try_get("", "trial_ends_at")?,
        paid_until: row.try_get("", "paid_until")?,
        delete_at: row.try_get("", "delete_at")?,
        deletion_asked_by: row.try_get::<Option<String>>("", "deletion_asked_by")?.as_deref().map(AskedBy::of),
        maintenance: maintenance_since.map(|since| Maintenance { since, message: message.unwrap_or_default().into() }),
        settings: Arc::new(settings),
        statements: Statements::of(&schema, statement_timeout),
        schema,
    })
}
