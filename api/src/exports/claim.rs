//! Whose work an export is.

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::export::{Entity, Failure, Model};
use sea_orm::{ActiveEnum as _, DbBackend, DbErr, EntityTrait as _, Statement, Value};
use tenancy::ArchivePlace;

use super::Exports;
use crate::claim::LEASE;

/// How often an export is begun before it is given up.
pub(super) const TRIES: i32 = 3;

/// After what time it is tried again, by how often it was begun.
fn wait_after(tries: i32) -> TimeDelta {
    TimeDelta::minutes(if tries < 2 { 1 } else { 10 })
}

impl Exports {
    /// Takes an export that is due: one that waits, or one whose process has not renewed its claim. Its tries name the claim: a later
    /// one has others.
    pub(super) async fn claim(&self, now: DateTime<Utc>) -> Result<Option<Model>, DbErr> {
        let sql = "WITH due AS MATERIALIZED (SELECT e.id FROM platform.exports e \
                   WHERE ((e.state = 'waiting' AND e.due_at <= $1) OR (e.state = 'running' AND e.claimed_until <= $1)) \
                   AND EXISTS (SELECT FROM platform.tenants t WHERE t.id = e.tenant_id AND t.status <> 'deleting') \
                   ORDER BY e.due_at LIMIT 1 FOR UPDATE OF e SKIP LOCKED) \
                   UPDATE platform.exports e SET failure = CASE WHEN e.state = 'running' THEN 'interrupted' ELSE e.failure END, \
                   state = 'running', claimed_until = $2, tries = e.tries + 1, begun_at = $1 FROM due WHERE e.id = due.id RETURNING e.id, e.tenant_id, e.asked_by, e.format, \
                   e.state, e.asked_at, e.due_at, e.claimed_until, e.tries, e.begun_at, e.finished_at, e.failure, e.place, e.bytes, e.sha256, \
                   e.expires_at";
        let values: [Value; 2] = [now.into(), (now + LEASE).into()];
        Entity::find().from_raw_sql(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).one(&self.platform).await
    }

    /// Keeps a claim for longer. False: it is another process's by now, or its tenant is gone.
    pub(super) async fn renew(&self, export: &Model, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "UPDATE platform.exports SET claimed_until = $3 WHERE id = $1 AND tries = $2 AND state = 'running'";
        let renewed = [export.id.into(), export.tries.into(), (now + LEASE).into()];
        Self::change(&self.platform, sql, renewed).await.map(|changed| changed == 1)
    }

    /// Notes where the file of this try will be. False as above.
    pub(super) async fn note_place(&self, export: &Model, place: &ArchivePlace) -> Result<bool, DbErr> {
        let sql = "UPDATE platform.exports SET place = $3 WHERE id = $1 AND tries = $2 AND state = 'running'";
        let noted = [export.id.into(), export.tries.into(), place.to_string().into()];
        Self::change(&self.platform, sql, noted).await.map(|changed| changed == 1)
    }

    /// Gives a claim back after a failure, to be tried again. False as above.
    pub(super) async fn give_back(&self, export: &Model, failure: Failure, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "UPDATE platform.exports SET state = 'waiting', claimed_until = NULL, due_at = $3, failure = $4 \
                   WHERE id = $1 AND tries = $2 AND state = 'running'";
        let due_at = now + wait_after(export.tries);
        let values = [export.id.into(), export.tries.into(), due_at.into(), failure.to_value().into()];
        Self::change(&self.platform, sql, values).await.map(|changed| changed == 1)
    }
}
