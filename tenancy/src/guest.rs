//! A role that signs in to Postgres as one tenant, for as long as somebody works in its name: who writes SQL by hand, or a program of
//! the operator.
//!
//! The pool's connections switch from the program's own role to that of the tenant, and could switch back; whoever may send any text
//! would. A guest is a login role of its own that is a member of the tenant's role and of nothing else: there is nothing to go back to.
//!
//! A connection holds a lock of the guest's name meanwhile. Where the program is killed, the lock goes, and the next one drops the role.

use std::{num::NonZeroU32, time::Duration};

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

use crate::{Error, Result, Tenant, Tenants};

/// How long a guest may sign in, at the most.
const LONGEST: TimeDelta = TimeDelta::days(1);
/// How the names of guests begin. The number of the database follows: roles are the whole server's, locks are not.
const PREFIX: &str = "tenantry_guest_";

/// As many as Postgres takes by itself. The password is random, so guessing it is of no use anyhow.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);

/// How a guest works.
#[derive(Debug, Clone, Copy)]
pub struct GuestOptions {
    /// Whether its transactions only read, unless it says otherwise itself.
    pub reads_only: bool,
    /// After what time Postgres cancels its statements; none for never.
    pub statement_timeout: Option<Duration>,
}

/// A role that signs in as one tenant. It is gone once it [ends](Self::end); dropped without that, the next guest's maker drops it.
pub struct Guest {
    name: String,
    options: PgConnectOptions,
    /// Holds the lock.
    holder: PgConnection,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guest").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Tenants {
    /// Makes a role that signs in as a tenant.
    ///
    /// # Errors
    /// When the program's role may not make roles, or there is no such tenant any more.
    pub async fn guest(&self, tenant: &Tenant, options: GuestOptions, now: DateTime<Utc>) -> Result<Guest> {
        let mut holder = PgConnection::connect_with(&self.direct_options()).await?;
        // A restore in place may have changed the schema's name.
        let sql = "SELECT schema_name, (SELECT oid::int8 FROM pg_catalog.pg_database WHERE datname = current_database()), \
                   current_setting('server_version_num')::int FROM platform.tenants WHERE id = $1";
        let row: Option<(String, i64, i32)> = sqlx::query_as(sql).bind(tenant.id.0).fetch_optional(&mut holder).await?;
        let (schema, database, version) = row.ok_or_else(|| Error::NotFound(tenant.slug.to_string()))?;
        let schema = crate::SchemaName::parse(&schema)?;
        drop_left_over(&mut holder, database).await?;

        let (name, password) = (format!("{PREFIX}{database}_{}", random()?), random()?);
        let verifier = verifier_of(&password)?;
        sqlx::query("SELECT pg_advisory_lock(hashtextextended($1, 0))").bind(&name).execute(&mut holder).await?;
        let timeout = options.statement_timeout.map_or(0, |timeout| timeout.as_millis());
        let until = (now + LONGEST).to_rfc3339();
        let rights = if version >= 160_000 { " WITH INHERIT TRUE, SET TRUE" } else { "" };
        let reads_only = if options.reads_only { "on" } else { "off" };
        let sql = format!(
            "BEGIN; CREATE ROLE {name} LOGIN INHERIT PASSWORD '{verifier}' VALID UNTIL '{until}'; GRANT {schema} TO {name}{rights}; \
             ALTER ROLE {name} SET role = '{schema}'; ALTER ROLE {name} SET search_path = {schema}, pg_temp; \
             ALTER ROLE {name} SET statement_timeout = {timeout}; \
             ALTER ROLE {name} SET default_transaction_read_only = {reads_only}; COMMIT"
        );
        holder.execute(AssertSqlSafe(sql)).await?;
        // What the program's own connections ask for would have the last word over what the role is set to.
        let path = [("search_path", format!("{schema},pg_temp"))];
        let options = self.direct_options().username(&name).password(&password).options(path);
        Ok(Guest { name, options, holder })
    }
}

impl Guest {
    /// How it connects.
    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Drops the role, and ends the connections of what is still there in its name.
    pub async fn end(mut self) -> Result<()> {
        drop_role(&mut self.holder, &self.name).await?;
        self.holder.close().await?;
        Ok(())
    }
}

/// Sixteen bytes that nobody can guess, in hexadecimal.
fn random() -> Result<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Error::Corrupt("no random numbers can be had".to_owned()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// What Postgres checks the password against (RFC 5803). The password itself is in no statement, so it is in no log and in no list of
/// what connections are doing.
fn verifier_of(password: &str) -> Result<String> {
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| Error::Corrupt("no random numbers can be had".to_owned()))?;
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let [salt, stored, server] = [&salt[..], stored.as_ref(), server.as_ref()].map(|bytes| STANDARD.encode(bytes));
    Ok(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}"))
}

/// Drops the guests whose maker has gone.
async fn drop_left_over(connection: &mut PgConnection, database: i64) -> Result<()> {
    let sql = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname LIKE replace($1, '_', '\\_') || '%'";
    let roles: Vec<String> = sqlx::query_scalar(sql).bind(format!("{PREFIX}{database}_")).fetch_all(&mut *connection).await?;
    for role in roles {
        let lock = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
        if sqlx::query_scalar(lock).bind(&role).fetch_one(&mut *connection).await? {
            let dropped = drop_role(connection, &role).await;
            sqlx::query("SELECT pg_advisory_unlock(hashtextextended($1, 0))").bind(&role).execute(&mut *connection).await?;
            if let Err(error) = dropped {
                tracing::warn!(%error, role, "a role that was made for a while could not be dropped");
            }
        }
    }
    Ok(())
}

/// Drops a guest where it is there. Its connections are in the tenant's role, which lives on, so they are ended.
async fn drop_role(connection: &mut PgConnection, name: &str) -> Result<()> {
    let there = "SELECT to_regrole($1) IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(there).bind(name).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    // By itself, and first: from its commit on nobody signs in any more.
    connection.execute(AssertSqlSafe(format!("ALTER ROLE {name} NOLOGIN"))).await?;
    let sql = format!(
        "BEGIN; GRANT {name} TO CURRENT_USER; \
         SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = '{name}'; \
         DROP OWNED BY {name}; DROP ROLE {name}; COMMIT"
    );
    if let Err(error) = connection.execute(AssertSqlSafe(sql)).await {
        connection.execute("ROLLBACK").await?;
        return Err(error.into());
    }
    Ok(())
}
