//! Writing what was counted.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tenancy::TenantId;

use super::{Day, Usage};

/// Rows that are written by one statement.
const AT_A_TIME: usize = 1_000;

/// Several processes add up. A tenant that is gone gets no row; rows in one order, so that no two processes wait for each other.
const ADD: &str = "
    INSERT INTO platform.usage_days AS u (tenant_id, day, requests, anonymous_requests, errors, operations, milliseconds)
    SELECT n.tenant_id, n.day, n.requests, n.anonymous, n.errors, n.operations, n.milliseconds
    FROM jsonb_to_recordset($1) AS n(tenant_id uuid, day date, requests bigint, anonymous bigint, errors bigint,
        operations bigint, milliseconds bigint)
    JOIN platform.tenants t ON t.id = n.tenant_id
    ORDER BY n.tenant_id, n.day
    ON CONFLICT ON CONSTRAINT usage_days_pkey DO UPDATE SET requests = u.requests + excluded.requests,
        anonymous_requests = u.anonymous_requests + excluded.anonymous_requests, errors = u.errors + excluded.errors,
        operations = u.operations + excluded.operations,
        milliseconds = u.milliseconds + excluded.milliseconds
    RETURNING u.tenant_id, u.day, u.requests";

impl Usage {
    /// Writes what was counted since the last time, and learns what other processes have written. What fails is put back.
    pub(super) async fn flush(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let taken = self.book.take(now.date_naive());
        for (index, rows) in taken.chunks(AT_A_TIME).enumerate() {
            if let Err(error) = self.add(rows).await {
                self.book.put_back(taken.get(index * AT_A_TIME..).unwrap_or_default());
                return Err(error);
            }
        }
        Ok(())
    }

    async fn add(&self, days: &[Day]) -> anyhow::Result<()> {
        let rows: Vec<Value> = days.iter().map(row).collect();
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, ADD, [Value::Array(rows).into()]);
        for row in self.platform.query_all_raw(statement).await? {
            let day: NaiveDate = row.try_get("", "day")?;
            let requests: i64 = row.try_get("", "requests")?;
            self.book.learn(TenantId(row.try_get("", "tenant_id")?), day, requests.try_into()?);
        }
        Ok(())
    }
}

fn row(Day { tenant, day, tally }: &Day) -> Value {
    json!({
        "tenant_id": tenant, "day": day, "requests": tally.requests, "anonymous": tally.anonymous, "errors": tally.errors,
        "operations": tally.operations, "milliseconds": tally.milliseconds,
    })
}
