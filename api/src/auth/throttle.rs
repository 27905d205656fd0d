//! How often a sign-in may be tried.
//!
//! Failures are counted in the database, so by all processes together: for each account, known or not, and for each network
//! address. The first ones cost nothing; each further one doubles the wait. Whoever comes from a network where the account has signed
//! in before is counted apart, for this account and network alone: nobody can lock another out by failing in their name, nor
//! everybody behind the same address by failing in anybody's.

use std::{net::IpAddr, time::Duration};

use chrono::{DateTime, Utc};
use entities::{id::AccountId, platform::familiar_network};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Set, Statement, sea_query::OnConflict};
use sha2::{Digest as _, Sha256};
use tenancy::PlatformConnection;

use super::{AuthError, Visitor};

/// How failures of one kind are counted.
#[derive(Debug, Clone, Copy)]
struct Bound {
    /// So many cost nothing.
    free: i32,
    /// Seconds after which one failure is forgiven.
    forgiven_every: f64,
}

/// The failures for one account, known or not.
const ACCOUNT: Bound = Bound { free: 5, forgiven_every: 3600.0 };
/// The failures of one network address. An office may be behind it.
const ADDRESS: Bound = Bound { free: 20, forgiven_every: 30.0 };
/// The longest wait, in seconds. Longer ones would be a weapon against the account's owner.
const LONGEST_WAIT: f64 = 900.0;

/// What a failure is counted under.
type Key = Vec<u8>;

/// Bounds the tries to sign in.
#[derive(Debug)]
pub(super) struct Throttle {
    platform: PlatformConnection,
}

/// A try that is under way. It counts as failed until something else is said.
#[derive(Debug)]
#[must_use = "a try that is not ended counts as failed"]
pub(super) struct Attempt {
    account: Key,
    address: Option<Key>,
}

#[derive(Debug, FromQueryResult)]
struct Count {
    failures: i32,
    waits_since: f64,
}

impl Throttle {
    pub(super) fn new(platform: PlatformConnection) -> Self {
        Self { platform }
    }

    /// Begins a try, or says how long to wait. It counts as failed at once: otherwise many at the same time would pass together.
    pub(super) async fn begin(&self, email: &str, visitor: &Visitor, now: DateTime<Utc>) -> Result<Attempt, AuthError> {
        let network = visitor.address.map(network);
        if let Some(network) = &network
            && self.is_familiar(email, network).await?
        {
            let account = digest("account and address", &[email, network]);
            self.count(&account, ACCOUNT, now).await?;
            return Ok(Attempt { account, address: None });
        }
        let address = network.map(|network| digest("address", &[&network]));
        if let Some(key) = &address {
            self.count(key, ADDRESS, now).await?;
        }
        let account = digest("account", &[email]);
        self.count(&account, ACCOUNT, now).await?;
        Ok(Attempt { account, address })
    }

    /// The same for operators, who are counted apart from accounts, whichever the address is.
    pub(super) async fn begin_operator(&self, email: &str, visitor: &Visitor, now: DateTime<Utc>) -> Result<Attempt, AuthError> {
        let address = visitor.address.map(|address| digest("operator's address", &[&network(address)]));
        if let Some(key) = &address {
            self.count(key, ADDRESS, now).await?;
        }
        let account = digest("operator", &[email]);
        self.count(&account, ACCOUNT, now).await?;
        Ok(Attempt { account, address })
    }

    /// The try has succeeded: the account's failures are forgotten.
    pub(super) async fn succeeded(&self, attempt: Attempt) -> Result<(), DbErr> {
        self.execute("DELETE FROM platform.sign_in_attempts WHERE key = $1", attempt.account).await?;
        self.forgive(attempt.address).await
    }

    /// The try has neither failed nor succeeded.
    pub(super) async fn take_back(&self, attempt: Attempt) -> Result<(), DbErr> {
        self.forgive(Some(attempt.account)).await?;
        self.forgive(attempt.address).await
    }

    async fn forgive(&self, key: Option<Key>) -> Result<(), DbErr> {
        match key {
            Some(key) => {
                let sql = "UPDATE platform.sign_in_attempts SET failures = greatest(failures - 1, 0) WHERE key = $1";
                self.execute(sql, key).await
            }
            None => Ok(()),
        }
    }

    async fn execute(&self, sql: &str, key: Key) -> Result<(), DbErr> {
        self.platform.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [key.into()])).await.map(drop)
    }

    /// Whether the account has signed in from there before. Asked for unknown accounts too.
    async fn is_familiar(&self, email: &str, network: &str) -> Result<bool, DbErr> {
        let sql = "SELECT 1 FROM platform.familiar_networks n JOIN platform.accounts a ON a.id = n.account_id \
                   WHERE a.email = $1 AND n.network = $2";
        let values = [email.into(), network.into()];
        let row = self.platform.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        Ok(row.is_some())
    }

    /// Counts one failure more, unless there is still something to wait for. One statement: of two at once, the second sees
    /// what the first has counted.
    async fn count(&self, key: &Key, bound: Bound, now: DateTime<Utc>) -> Result<(), AuthError> {
        let left = "greatest(c.failures - floor(greatest(extract(epoch FROM $2 - c.last_failed_at)::float8, 0) / $4)::int, 0)";
        let sql = format!(
            "INSERT INTO platform.sign_in_attempts AS c (key, failures, last_failed_at) VALUES ($1, 1, $2) \
             ON CONFLICT (key) DO UPDATE SET failures = {left} + 1, last_failed_at = $2 \
             WHERE {left} < $3 OR c.last_failed_at + make_interval(secs => least(power(2::float8, {left} - $3), $5)) <= $2"
        );
        let values = [key.clone().into(), now.into(), bound.free.into(), bound.forgiven_every.into(), LONGEST_WAIT.into()];
        let counted = self.platform.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        if counted.rows_affected() == 1 {
            return Ok(());
        }
        let sql = "SELECT failures, extract(epoch FROM $2 - last_failed_at)::float8 AS waits_since \
                   FROM platform.sign_in_attempts WHERE key = $1";
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [key.clone().into(), now.into()]);
        let wait = Count::find_by_statement(statement).one(&self.platform).await?.map_or(0.0, |count| count.wait(bound));
        // Told in whole seconds, upwards: a retry that comes a moment too early would be refused again.
        Err(AuthError::RateLimited { retry_after: Duration::from_secs_f64(wait.ceil().clamp(1.0, LONGEST_WAIT)) })
    }
}

impl Count {
    /// Seconds that are still to be waited for.
    fn wait(&self, bound: Bound) -> f64 {
        let left = (f64::from(self.failures) - (self.waits_since.max(0.0) / bound.forgiven_every).floor()).max(0.0);
        (left - f64::from(bound.free)).exp2().min(LONGEST_WAIT) - self.waits_since
    }
}

/// Notes that an account has signed in from there.
pub(super) async fn note_familiar<C: ConnectionTrait>(
    connection: &C,
    account: AccountId,
    address: IpAddr,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = familiar_network::ActiveModel { account_id: Set(account), network: Set(network(address)), last_used_at: Set(now) };
    let same = OnConflict::columns([familiar_network::Column::AccountId, familiar_network::Column::Network])
        .update_column(familiar_network::Column::LastUsedAt)
        .to_owned();
    familiar_network::Entity::insert(row).on_conflict(same).exec_without_returning(connection).await?;
    Ok(())
}

/// What counts as one address: of IPv6, the network that one customer is given.
pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn digest(kind: &str, parts: &[&str]) -> Key {
    let mut hash = Sha256::new_with_prefix(kind);
    for part in parts {
        // Neither an e-mail address nor a network address has a NUL.
        hash.update([0]);
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_failure_and_has_an_end() {
        let wait = |failures, waits_since| Count { failures, waits_since }.wait(ACCOUNT);
        let waits = [5, 6, 7, 8, 14, 15, 1000].map(|failures| format!("{:.0}", wait(failures, 0.0)));
        assert_eq!(waits, ["1", "2", "4", "8", "512", "900", "900"]);
        assert!(wait(8, 7.5) < 1.0);
        assert!(wait(8, 9.0) < 0.0);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
