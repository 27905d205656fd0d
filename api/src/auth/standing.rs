//! What the owner of a session may do now.
//!
//! A token lives for minutes; what it says of its owner can change within them. So a token only names its session, and what the
//! session is worth is read from the control plane, remembered, and forgotten in every process as soon as the session is ended,
//! the membership changes or the account is renamed.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Role;
use entities::id::{AccountId, EmployeeId, SessionId};
use moka::future::Cache;
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};
use tenancy::{Freshness, Heard, PlatformConnection, Reading, TenantId};
use uuid::Uuid;

use super::Method;

/// The channel that the control plane's triggers notify; the payload is the id of what has changed.
pub(crate) const ACCESS_CHANNEL: &str = "tenantry_access";

/// How many sessions are remembered.
const MOST_SESSIONS: u64 = 100_000;

/// A session that is not over, its owner, and the owner's membership.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Standing {
    pub(super) account_id: AccountId,
    pub(super) tenant_id: Option<Uuid>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) name: String,
    pub(super) email: String,
    /// How the session was begun.
    pub(super) method: String,
    /// None where the account is no member, as on the apex.
    pub(super) role: Option<Role>,
    pub(super) employee_id: Option<EmployeeId>,
}

impl Standing {
    /// Whether the session may not be: the tenant's identity provider vouches for no owner, also not for somebody who has become
    /// one since.
    pub(super) fn exceeds_provider(&self) -> bool {
        self.role == Some(Role::Owner) && self.method == Method::IdentityProvider.as_str()
    }

    /// Where the session is; none on the apex.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        self.tenant_id.map(TenantId)
    }
}

#[derive(Debug, Clone)]
struct Known {
    standing: Option<Arc<Standing>>,
    read: Reading,
}

/// The standing of sessions, remembered.
#[derive(Debug)]
pub(super) struct Standings {
    platform: PlatformConnection,
    known: Cache<SessionId, Known>,
    changes: Arc<Freshness<Uuid>>,
}

impl Standings {
    pub(super) fn new(platform: PlatformConnection, changes: Arc<Freshness<Uuid>>) -> Self {
        Self { platform, known: Cache::builder().max_capacity(MOST_SESSIONS).build(), changes }
    }

    /// The standing of a session; none when it is unknown, ended or expired.
    pub(super) async fn of(&self, session: SessionId, now: DateTime<Utc>) -> Result<Option<Arc<Standing>>, DbErr> {
        loop {
            if let Some(known) = self.known.get(&session).await {
                if self.is_fresh(session, &known) {
                    return Ok(known.standing.filter(|standing| now < standing.expires_at));
                }
                self.known.invalidate(&session).await;
            }
            let read = async {
                let reading = self.changes.begin();
                let standing = read(&self.platform, session).await?.map(Arc::new);
                Ok::<_, DbErr>(Known { standing, read: reading })
            };
            // Requests of one session that come at once wait for one look-up.
            let known = self.known.try_get_with(session, read).await.map_err(|error| (*error).clone())?;
            if self.is_fresh(session, &known) {
                return Ok(known.standing.filter(|standing| now < standing.expires_at));
            }
        }
    }

    fn is_fresh(&self, session: SessionId, known: &Known) -> bool {
        let account = known.standing.as_ref().map_or(session.uuid(), |standing| standing.account_id.uuid());
        self.changes.is_fresh(known.read, &[session.uuid(), account])
    }
}

async fn read(platform: &PlatformConnection, session: SessionId) -> Result<Option<Standing>, DbErr> {
    let sql = "SELECT s.account_id, s.tenant_id, s.expires_at, s.method, a.name, a.email, m.role, m.employee_id \
               FROM platform.sessions s JOIN platform.accounts a ON a.id = s.account_id \
               LEFT JOIN platform.memberships m ON m.account_id = s.account_id AND m.tenant_id = s.tenant_id \
               WHERE s.id = $1 AND s.ended_at IS NULL";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [session.uuid().into()]);
    Standing::find_by_statement(statement).one(platform).await
}

/// Takes in what was heard on [`ACCESS_CHANNEL`].
pub(super) fn hear(changes: &Freshness<Uuid>, heard: &Heard) {
    match heard {
        Heard::Connected => {
            changes.note_all();
            changes.set_heard(true);
        }
        Heard::Disconnected => changes.set_heard(false),
        Heard::Notification { payload, .. } => match payload.parse() {
            Ok(id) => changes.note(id),
            Err(_) => changes.note_all(),
        },
    }
}
