//! New schemas in the place of those that were taken.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait, Value};
use tokio::time::sleep;
use uuid::{NoContext, Timestamp, Uuid};

use super::{MARK, give_up, try_lock};
use crate::{Result, SchemaName, TenantId, Tenants};

/// How often it is looked whether another process has taken one.
const INTERVAL: Duration = Duration::from_secs(15);
/// How long to wait after the first failure; twice as long after each further one.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const LONGEST_DELAY: Duration = Duration::from_mins(5);

impl Tenants {
    /// Keeps so many schemas prepared, for as long as it is polled. Processes share the work: one makes them at a time. A failure is
    /// logged and tried again, after longer and longer waits.
    pub async fn keep_standby(&self, wanted: usize, clock: impl Fn() -> DateTime<Utc> + Send) {
        let (mut failures, mut is_tidy) = (0_u32, false);
        loop {
            let result = async {
                // One that cannot be dropped is no reason to have none.
                let tidied = if is_tidy { Ok(()) } else { self.tidy_standby().await.map(drop) };
                is_tidy = tidied.is_ok();
                let made = self.refill_standby(wanted, clock()).await?;
                tidied.map(|()| made)
            }
            .await;
            match result {
                Ok(_) => {
                    failures = 0;
                    tokio::select! {
                        () = self.inner.standby.taken.notified() => {}
                        () = sleep(INTERVAL) => {}
                    }
                }
                Err(error) => {
                    let delay = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_DELAY);
                    tracing::warn!(%error, again_in = ?delay, "the schemas for tenants to come are not all as they should be");
                    failures = failures.saturating_add(1);
                    sleep(delay).await;
                }
            }
        }
    }

    /// Makes schemas until there are so many, or until another process is at it. Says how many it made.
    pub async fn refill_standby(&self, wanted: usize, now: DateTime<Utc>) -> Result<usize> {
        // Looked at before the migrations are: as a rule there is nothing to do.
        if self.ready_standby(&self.inner.direct).await? >= wanted {
            return Ok(0);
        }
        self.refuse_changed().await?;
        let mut made = 0;
        while self.make_standby(wanted, now).await? {
            made += 1;
        }
        if made > 0 {
            self.freeze(now).await;
            tracing::debug!(made, "schemas are prepared for tenants to come");
        }
        Ok(made)
    }

    /// Makes one schema, its role and its row in one transaction, unless there are enough. Says whether it did.
    async fn make_standby(&self, wanted: usize, now: DateTime<Utc>) -> Result<bool> {
        let transaction = self.inner.direct.begin().await?;
        if !try_lock(&transaction).await? || self.ready_standby(&transaction).await? >= wanted {
            return give_up(transaction).await;
        }
        let id = TenantId(id_at(now));
        let schema = SchemaName::of(id);
        self.make_at_head(&transaction, id, &schema).await?;
        transaction.execute_unprepared(&format!("COMMENT ON SCHEMA {schema} IS '{MARK}'")).await?;
        self.write_standby(&transaction, id, &schema, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn write_standby(
        &self,
        transaction: &DatabaseTransaction,
        id: TenantId,
        schema: &SchemaName,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "INSERT INTO platform.standby_schemas (id, schema_name, schema_version, made_at) VALUES ($1, $2, $3, $4)";
        let values: [Value; 4] = [id.0.into(), schema.as_str().into(), self.head().into(), now.into()];
        transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        Ok(())
    }

    /// How many this program need not make: it takes those of newer ones, too. So an older program, which runs on for a while beside a
    /// newer one, makes none that the newer one would drop.
    async fn ready_standby(&self, connection: &impl ConnectionTrait) -> Result<usize> {
        let sql = "SELECT count(*) AS count FROM platform.standby_schemas \
                   WHERE schema_version >= $1 AND to_regnamespace(schema_name) IS NOT NULL AND to_regrole(schema_name) IS NOT NULL";
        let count = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.head().into()]);
        let row = connection.query_one_raw(count).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get("", "count"))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}

/// A new id, of this moment.
fn id_at(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}
