//! Whose turn it is.
//!
//! Each tenant has its own moment within the interval, which follows from its id: however many there are, they are spread over it.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement, Value};
use tenancy::TenantId;
use uuid::Uuid;

use super::Backups;
use crate::claim::LEASE;

/// After what time a backup that failed is tried again; after twice that the next time.
const AGAIN: TimeDelta = TimeDelta::minutes(5);

/// A tenant's turn, which is this process's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    pub(super) tenant: TenantId,
    /// What tells this claim from those before and after it.
    claim: Uuid,
    failures: i32,
}

/// The first moment of a tenant after another one.
fn next_moment(tenant: TenantId, every: TimeDelta, after: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = every.num_seconds().max(1);
    // The last bits of an id are random.
    let phase = i64::try_from(tenant.0.as_u128() & u128::from(u32::MAX)).unwrap_or_default() % seconds;
    let past = (after.timestamp() - phase).rem_euclid(seconds);
    DateTime::from_timestamp(after.timestamp() - past + seconds, 0).unwrap_or(after + every)
}

/// Ids as one value.
fn list(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")
}

impl Backups {
    /// Gives those their turn who have none yet.
    pub(super) async fn plan(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        let sql = "SELECT t.id FROM platform.tenants t WHERE t.status <> 'deleting' \
                   AND NOT EXISTS (SELECT FROM platform.backup_turns b WHERE b.tenant_id = t.id)";
        let rows = self.platform.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let new = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<Uuid>, _>>()?;
        if !new.is_empty() {
            let moments: Vec<String> = new.iter().map(|id| next_moment(TenantId(*id), self.every(), now).to_rfc3339()).collect();
            // The row of the tenant is there still, or its turn would outlive it.
            let sql = "INSERT INTO platform.backup_turns (tenant_id, due_at) \
                       SELECT n.id, n.at FROM unnest(string_to_array($1, ',')::uuid[], string_to_array($2, ',')::timestamptz[]) AS n (id, at) \
                       JOIN platform.tenants t ON t.id = n.id AND t.status <> 'deleting' FOR SHARE OF t ON CONFLICT DO NOTHING";
            self.change(sql, [list(&new).into(), moments.join(",").into()]).await?;
        }
        // Who was planned by a longer interval.
        let sql = "UPDATE platform.backup_turns SET due_at = $1 WHERE due_at > $1";
        self.change(sql, [(now + self.every()).into()]).await.map(drop)
    }

    /// Makes it the turn of these tenants, or of all. Says whose turn it is.
    pub(super) async fn bring_forward(&self, only: Option<&[TenantId]>, now: DateTime<Utc>) -> Result<Vec<Uuid>, DbErr> {
        let only = only.map(|tenants| list(&tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>()));
        let sql = "UPDATE platform.backup_turns SET due_at = $2 WHERE ($1::text IS NULL OR tenant_id = ANY (string_to_array($1, ',')::uuid[])) \
                   AND (claimed_until IS NULL OR claimed_until <= $2) RETURNING tenant_id";
        let values: [Value; 2] = [only.into(), now.into()];
        let rows = self.platform.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        rows.iter().map(|row| row.try_get("", "tenant_id")).collect()
    }

    /// Takes the turn of one tenant that is due.
    pub(super) async fn claim(&self, only: Option<&[Uuid]>, now: DateTime<Utc>) -> Result<Option<Turn>, DbErr> {
        let claim = Uuid::now_v7();
        let sql = "WITH due AS MATERIALIZED (SELECT tenant_id FROM platform.backup_turns \
                   WHERE due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1) \
                   AND ($3::text IS NULL OR tenant_id = ANY (string_to_array($3, ',')::uuid[])) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) \
                   UPDATE platform.backup_turns t SET claimed_until = $2, claimed_by = $4 FROM due WHERE t.tenant_id = due.tenant_id \
                   RETURNING t.tenant_id, t.failures";
        let values: [Value; 4] = [now.into(), (now + LEASE).into(), only.map(list).into(), claim.into()];
        let row = self.platform.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Turn { tenant: TenantId(row.try_get("", "tenant_id")?), claim, failures: row.try_get("", "failures")? }))
    }

    /// Keeps a turn for longer. False: it is somebody else's by now, for it was not renewed in time.
    pub(super) async fn renew(&self, turn: Turn, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "UPDATE platform.backup_turns SET claimed_until = $3 WHERE tenant_id = $1 AND claimed_by = $2";
        self.change(sql, [turn.tenant.0.into(), turn.claim.into(), (now + LEASE).into()]).await.map(|changed| changed == 1)
    }

    /// Gives a turn back, unless it is somebody else's by now.
    pub(super) async fn give_back(&self, turn: Turn, succeeded: bool, now: DateTime<Utc>) -> Result<(), DbErr> {
        let next = next_moment(turn.tenant, self.every(), now);
        let (due, failures) = if succeeded {
            (next, 0)
        } else {
            let wait = AGAIN * 2_i32.saturating_pow(u32::try_from(turn.failures).unwrap_or(0).min(10));
            (next.min(now + wait), turn.failures.saturating_add(1))
        };
        let sql = "UPDATE platform.backup_turns SET due_at = $3, claimed_until = NULL, claimed_by = NULL, failures = $4 \
                   WHERE tenant_id = $1 AND claimed_by = $2";
        self.change(sql, [turn.tenant.0.into(), turn.claim.into(), due.into(), failures.into()]).await.map(drop)
    }

    /// Changes the control plane, and says how many rows.
    pub(super) async fn change<const N: usize>(&self, sql: &str, values: [Value; N]) -> Result<u64, DbErr> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        self.platform.execute_raw(statement).await.map(|result| result.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_its_moment_within_the_interval() {
        let every = TimeDelta::hours(24);
        let now = Utc::now();
        let mut hours = [0; 24];
        for number in 0..2_400_u32 {
            let tenant = TenantId(Uuid::from_u128(u128::from(number.wrapping_mul(2_654_435_761))));
            let next = next_moment(tenant, every, now);
            assert!(next > now && next <= now + every, "{next}");
            assert_eq!(next_moment(tenant, every, next), next + every, "the same moment a day later");
            let hour = usize::try_from((next - now).num_hours().min(23)).unwrap_or_default();
            hours.get_mut(hour).into_iter().for_each(|count| *count += 1);
        }
        assert!(hours.iter().all(|count| (50..=150).contains(count)), "{hours:?}");
    }
}
