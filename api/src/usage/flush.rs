//! Writing what was counted.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value as Parameter};
use serde_json::{Value, json};
use tenancy::TenantId;
use uuid::Uuid;

use super::{Day, Usage};

/// Rows that are written by one statement.
const AT_A_TIME: usize = 1_000;

/// Several processes add up. A batch that its process has written already adds nothing. A tenant that is gone gets no row; rows in one
/// order, so that no two processes wait for each other.
const ADD: &str = "
    WITH turn AS (
        INSERT INTO platform.usage_batches AS b (process_id, batch, written_at) VALUES ($2, $3, $4)
        ON CONFLICT ON CONSTRAINT usage_batches_pkey DO UPDATE SET batch = excluded.batch, written_at = excluded.written_at
        WHERE b.batch < excluded.batch
        RETURNING b.batch
    )
    INSERT INTO platform.usage_days AS u (tenant_id, day, requests, anonymous_requests, errors, operations, milliseconds)
    SELECT n.tenant_id, n.day, n.requests, n.anonymous, n.errors, n.operations, n.milliseconds
    FROM jsonb_to_recordset($1) AS n(tenant_id uuid, day date, requests bigint, anonymous bigint, errors bigint,
        operations bigint, milliseconds bigint)
    JOIN platform.tenants t ON t.id = n.tenant_id
    WHERE EXISTS (SELECT FROM turn)
    ORDER BY n.tenant_id, n.day
    ON CONFLICT ON CONSTRAINT usage_days_pkey DO UPDATE SET requests = u.requests + excluded.requests,
        anonymous_requests = u.anonymous_requests + excluded.anonymous_requests, errors = u.errors + excluded.errors,
        operations = u.operations + excluded.operations,
        milliseconds = u.milliseconds + excluded.milliseconds
    RETURNING u.tenant_id, u.day, u.requests";

/// What was taken from the book and is to be written. A batch keeps its rows and its number until it is known to be written: where the
/// answer was lost, it may be written already.
#[derive(Debug)]
pub(super) struct Outgoing {
    process: Uuid,
    written: i64,
    batches: VecDeque<Vec<Day>>,
}

impl Outgoing {
    /// Nothing, of a process that has just begun.
    pub(super) fn new() -> Self {
        Self { process: Uuid::now_v7(), written: 0, batches: VecDeque::new() }
    }
}

impl Usage {
    /// Writes what was counted since the last time, and learns what other processes have written. What fails is kept for the next time.
    pub(super) async fn flush(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut outgoing = self.outgoing.lock().await;
        // What is left of the last time, as it was then. Nothing is taken before, for what the database has is learnt with each batch.
        self.send(&mut outgoing, now).await?;
        outgoing.batches.extend(self.book.take(now.date_naive()).chunks(AT_A_TIME).map(<[Day]>::to_vec));
        self.send(&mut outgoing, now).await
    }

    async fn send(&self, outgoing: &mut Outgoing, now: DateTime<Utc>) -> anyhow::Result<()> {
        while let Some(batch) = outgoing.batches.front() {
            self.add(batch, outgoing.process, outgoing.written + 1, now).await?;
            outgoing.written += 1;
            outgoing.batches.pop_front();
        }
        Ok(())
    }

    async fn add(&self, days: &[Day], process: Uuid, batch: i64, now: DateTime<Utc>) -> anyhow::Result<()> {
        let rows: Vec<Value> = days.iter().map(row).collect();
        let values: [Parameter; 4] = [Value::Array(rows).into(), process.into(), batch.into(), now.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, ADD, values);
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
