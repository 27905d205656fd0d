//! Looks at the hosts that are served, day by day.

use std::{ops::Range, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::domain_claim::{Entity, Model};
use futures::{StreamExt as _, stream};
use sea_orm::{DbBackend, DbErr, EntityTrait, Statement};

use super::Domains;
use crate::{app::Clock, background::every};

/// How long it is paused before it is looked whether a check is due.
const PAUSE: Range<Duration> = Duration::from_mins(1)..Duration::from_mins(2);
/// How many hosts are taken at a time.
const AT_A_TIME: i64 = 32;
/// How many of them are looked at together.
const TOGETHER: usize = 8;
/// For how long a check belongs to the process that took it. One that is killed gives it back.
const LEASE: TimeDelta = TimeDelta::minutes(15);

impl Domains {
    /// Looks after the hosts for as long as the program runs. Processes share the work.
    pub async fn run(self: Arc<Self>, clock: Clock) {
        every(PAUSE, || async {
            if let Err(error) = self.check_due(&clock).await {
                tracing::warn!(%error, "domains could not be checked for the database's sake; trying again");
            }
        })
        .await;
    }

    /// Checks all that are due. Says how many were checked.
    pub async fn check_due(&self, clock: &Clock) -> Result<usize, DbErr> {
        let mut checked = 0;
        loop {
            let claims = self.take(clock()).await?;
            if claims.is_empty() {
                return Ok(checked);
            }
            checked += claims.len();
            stream::iter(claims).for_each_concurrent(TOGETHER, |claim| self.check_one(claim, clock())).await;
        }
    }

    async fn check_one(&self, claim: Model, now: DateTime<Utc>) {
        let hostname = claim.hostname.clone();
        match self.look(claim, None, now).await {
            // Removed in the meantime: there is nothing to do.
            Ok(_) | Err(domain::Error::NotFound(_)) => {}
            Err(error) => tracing::warn!(hostname, ?error, "a domain could not be checked; trying again later"),
        }
    }

    async fn take(&self, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
        let sql = "WITH due AS MATERIALIZED (SELECT c.tenant_id, c.hostname FROM platform.domain_claims c \
                   JOIN platform.domains d ON d.hostname = c.hostname AND d.tenant_id = c.tenant_id \
                   WHERE c.next_check_at <= $1 ORDER BY c.next_check_at LIMIT $2 FOR UPDATE OF c SKIP LOCKED) \
                   UPDATE platform.domain_claims c SET next_check_at = $3 FROM due \
                   WHERE c.tenant_id = due.tenant_id AND c.hostname = due.hostname \
                   RETURNING c.tenant_id, c.hostname, c.token, c.created_at, c.checked_at, c.problem, c.failures, c.failed_at, \
                   c.next_check_at";
        let values = [now.into(), AT_A_TIME.into(), (now + LEASE).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        Entity::find().from_raw_sql(statement).all(&self.platform).await
    }
}
