//! `tenantry doctor`: looks at everything that the program depends on, and says what to do.

mod upkeep;

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, postgres::PgListener};

use super::{database::Database, say, sentence};
use crate::{
    config::{Config, Pooler},
    local_postgres, named_file, secret,
};

/// What a check found.
enum Finding {
    /// As it should be.
    Good(String),
    /// It works, but not as it should; what to do.
    Doubtful(String),
    /// It does not work; what to do.
    Bad(String),
}

use Finding::{Bad, Doubtful, Good};

impl Finding {
    /// The same, which is no better than doubtful where others than its owner may read the file of a secret.
    fn with_file(self, path: Option<&Path>) -> Self {
        let Some(path) = path.filter(|path| named_file::is_open_to_others(path)) else { return self };
        let open = |text: String| format!("{text}; others than its owner may read {0}, run: chmod 600 {0}", path.display());
        match self {
            Good(text) | Doubtful(text) => Doubtful(open(text)),
            Bad(text) => Bad(open(text)),
        }
    }
}

pub(super) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let mut report = Report { failed: false };
    if config.database.database_url.is_none() {
        let found = local_postgres::find_binaries(&config.data_directory);
        report.tell("binaries", found.map_or_else(|error| Bad(error.to_string()), |found| Good(found.to_string())));
    }
    if config.database.database_pooler == Pooler::Transaction && config.database.database_direct_url.is_none() {
        report
            .tell("pooler", Bad("migrations and notifications need a connection past it; give --database-direct-url".to_owned()));
        return Ok(ExitCode::FAILURE);
    }
    let database = match Database::open(config).await {
        Ok(database) => database,
        Err(error) => {
            report.tell("database", Bad(sentence(&error)));
            return Ok(ExitCode::FAILURE);
        }
    };
    let direct = config.database.database_direct_url.clone().unwrap_or_else(|| database.url.clone());
    match PgConnection::connect(&direct).await {
        Ok(mut connection) => {
            report.tell("version", version(&mut connection).await.unwrap_or_else(failed));
            report.tell("role", role(&mut connection).await.unwrap_or_else(failed));
            report.tell("clock", clock(&mut connection).await.unwrap_or_else(failed));
            report.tell("connections", connections(&mut connection, config).await.unwrap_or_else(failed));
            let installed: Option<String> = sqlx::query_scalar("SELECT to_regclass('platform.signing_keys')::text")
                .fetch_one(&mut connection)
                .await
                .unwrap_or_default();
            if installed.is_some() {
                report.tell("keys", keys(&mut connection).await.unwrap_or_else(failed));
                report.tell("secrets", secrets(&database, config).await.unwrap_or_else(failed));
                report.tell("public", public(&mut connection).await.unwrap_or_else(failed));
                report.tell("schemas", schemas(&mut connection).await.unwrap_or_else(failed));
                report.tell("migrations", upkeep::migrations(&database).await.unwrap_or_else(failed));
                report.tell("standby", upkeep::standby(&database).await.unwrap_or_else(failed));
                report.tell("left over", upkeep::left_over(&database).await.unwrap_or_else(failed));
                report.tell("backups", upkeep::backups(&database, config).await.unwrap_or_else(failed));
            } else {
                report.tell("control plane", Doubtful("there is none yet; run `tenantry migrate`".to_owned()));
            }
            report.tell("notifications", notifications(&direct).await.unwrap_or_else(failed));
            report.tell("pooler", pooler(&database.url, config.database.database_pooler).await.unwrap_or_else(failed));
        }
        Err(error) => report.tell("database", Bad(format!("it cannot be reached: {error}; check DATABASE_URL, and that a pooler has ignore_startup_parameters = extra_float_digits"))),
    }
    database.close().await?;
    Ok(if report.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Report {
    failed: bool,
}

impl Report {
    fn tell(&mut self, what: &str, finding: Finding) {
        let (mark, text) = match finding {
            Good(text) => ("ok", text),
            Doubtful(text) => ("warning", text),
            Bad(text) => {
                self.failed = true;
                ("failed", text)
            }
        };
        // Nothing is left to report to when standard output is gone.
        let _gone = say(&format!("{mark:<8} {what:<14} {text}"));
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it takes what a failed check hands over")]
fn failed(error: anyhow::Error) -> Finding {
    Bad(sentence(&error))
}

async fn version(connection: &mut PgConnection) -> anyhow::Result<Finding> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(&mut *connection).await?;
    let major = number / 10_000;
    Ok(if major < 14 { Bad(format!("Postgres {major}; 14 or later is needed")) } else { Good(format!("Postgres {major}")) })
}

async fn role(connection: &mut PgConnection) -> anyhow::Result<Finding> {
    let sql = "SELECT rolname, rolsuper, rolcreaterole, rolbypassrls, has_database_privilege(current_database(), 'CREATE') \
               FROM pg_roles WHERE rolname = current_user";
    let (name, superuser, create_role, bypasses, create): (String, bool, bool, bool, bool) =
        sqlx::query_as(sql).fetch_one(connection).await?;
    Ok(if !superuser && !create_role {
        Bad(format!("{name} cannot make the tenants' roles; run: ALTER ROLE {name} CREATEROLE"))
    } else if !superuser && !create {
        Bad(format!("{name} cannot make schemas; run: GRANT CREATE ON DATABASE … TO {name}"))
    } else if superuser || bypasses {
        Doubtful(format!("{name} is a superuser or bypasses row security; serve as a role that has LOGIN and CREATEROLE only"))
    } else {
        Good(format!("{name} may make roles and schemas, and is no superuser"))
    })
}

async fn clock(connection: &mut PgConnection) -> anyhow::Result<Finding> {
    let before = Utc::now();
    let there: DateTime<Utc> = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(connection).await?;
    let after = Utc::now();
    let difference = if there < before { before - there } else { (there - after).max(chrono::TimeDelta::zero()) };
    let milliseconds = difference.num_milliseconds();
    Ok(if milliseconds > 5_000 {
        Doubtful(format!("the database's clock differs by {milliseconds} ms; synchronise both"))
    } else {
        Good(format!("the database's clock differs by {milliseconds} ms"))
    })
}

async fn connections(connection: &mut PgConnection, config: &Config) -> anyhow::Result<Finding> {
    let most: i32 = sqlx::query_scalar("SELECT current_setting('max_connections')::int").fetch_one(connection).await?;
    // Migrations and notifications take up to nine more.
    let wanted = i64::from(config.database.database_connections) + 9;
    Ok(if wanted > i64::from(most) {
        Doubtful(format!("this process may open {wanted}, and Postgres takes {most}; lower --database-connections"))
    } else {
        Good(format!("up to {wanted} of the {most} that Postgres takes"))
    })
}

async fn keys(connection: &mut PgConnection) -> anyhow::Result<Finding> {
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM platform.signing_keys WHERE retired_at IS NULL").fetch_one(connection).await?;
    Ok(if count == 0 {
        Doubtful("there is no signing key yet; the first start makes one".to_owned())
    } else {
        Good(format!("{count} published"))
    })
}

/// What everyone may do, every tenant's role may.
async fn public(connection: &mut PgConnection) -> anyhow::Result<Finding> {
    let sql =
        "SELECT ARRAY(SELECT 'REVOKE ALL ON SCHEMA public FROM PUBLIC' FROM pg_namespace WHERE nspname = 'public' AND EXISTS (
                   SELECT FROM aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS acl WHERE acl.grantee = 0)
               UNION ALL SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', datname) FROM pg_database
                   WHERE datname = current_database() AND EXISTS (
                   SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl
                   WHERE acl.grantee = 0 AND acl.privilege_type = 'TEMPORARY'))";
    let open: Vec<String> = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(if open.is_empty() {
        Good("nobody but the program may use the schema public or make temporary tables".to_owned())
    } else {
        Doubtful(format!("tenants' roles have more rights than they need; run as the owner: {}", open.join("; ")))
    })
}

async fn schemas(connection: &mut PgConnection) -> anyhow::Result<Finding> {
    let sql = "SELECT t.slug FROM platform.tenants t LEFT JOIN pg_namespace n ON n.nspname = t.schema_name \
               LEFT JOIN pg_roles r ON r.rolname = t.schema_name \
               WHERE t.status <> 'deleting' \
               AND (n.oid IS NULL OR r.oid IS NULL OR NOT pg_has_role(current_user, r.oid, 'MEMBER')) ORDER BY t.slug LIMIT 10";
    let broken: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *connection).await?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM platform.tenants").fetch_one(connection).await?;
    Ok(if broken.is_empty() {
        let tenants = super::count(usize::try_from(count)?);
        Good(format!("{tenants}, each with its schema and a role that this program may switch to"))
    } else {
        Bad(format!(
            "no schema, or no role to switch to: {}; restore the schema, or grant the role of its name",
            broken.join(", ")
        ))
    })
}

async fn notifications(url: &str) -> anyhow::Result<Finding> {
    let mut listener = PgListener::connect(url).await.context("listening failed")?;
    listener.listen("tenantry_doctor").await?;
    let mut sender = PgConnection::connect(url).await?;
    sqlx::query("SELECT pg_notify('tenantry_doctor', '')").execute(&mut sender).await?;
    Ok(match tokio::time::timeout(std::time::Duration::from_secs(3), listener.recv()).await {
        Ok(Ok(_)) => Good("changes of the control plane reach every process".to_owned()),
        _ => Bad("none arrived; give a connection past the pooler with --database-direct-url".to_owned()),
    })
}

async fn secrets(database: &Database, config: &Config) -> anyhow::Result<Finding> {
    let keys = config.secret_keys()?;
    let platform = database.tenants.platform();
    secret::check_all_readable(&platform, &keys).await?;
    let found = secret::census(&platform, &keys).await?;
    let finding = match (keys.is_empty(), found.plain, found.other) {
        (true, plain, _) => Doubtful(format!(
            "{plain} rows are not encrypted; give --secret-key-file to every process, then run `tenantry keys encrypt`"
        )),
        (false, 0, 0) => Good(format!("{} rows, all encrypted with the first key", found.current)),
        (false, plain, other) => Doubtful(format!(
            "{plain} rows are not encrypted, and {other} with a key that is not the first; run `tenantry keys encrypt`"
        )),
    };
    Ok(finding.with_file(config.secret_keys_at().as_deref()))
}

const BACKEND: &str = "SELECT pg_backend_pid()::text";

/// Behind a transaction pooler a second connection is given the very server connection that the first one just used.
async fn pooler(url: &str, configured: Pooler) -> anyhow::Result<Finding> {
    let mut first = PgConnection::connect(url).await?;
    let mut second = PgConnection::connect(url).await?;
    let path: String = show(&mut first, "SHOW search_path").await?;
    let mut shared = false;
    for _ in 0..4 {
        // As plain text: a pooler of transactions need not know prepared statements.
        let one = show(&mut first, BACKEND).await?;
        let other = show(&mut second, BACKEND).await?;
        shared |= one == other;
    }
    Ok(match (shared, configured) {
        (true, Pooler::None) => {
            Bad("a transaction pooler is in the way; set --database-pooler transaction and --database-direct-url".to_owned())
        }
        (true, Pooler::Transaction) if !matches!(path.as_str(), "" | "\"\"") => Doubtful(format!(
            "the role's search path is {path}; run: ALTER ROLE … SET search_path = '', so that a statement without a tenant fails"
        )),
        (true, Pooler::Transaction) => Good("a transaction pooler, and the program knows".to_owned()),
        (false, Pooler::Transaction) => {
            Doubtful("none was noticed; without one, leave --database-pooler at none: it is faster".to_owned())
        }
        (false, Pooler::None) => Good("none".to_owned()),
    })
}

async fn show(connection: &mut PgConnection, sql: &'static str) -> anyhow::Result<String> {
    use sqlx::{Row as _, ValueRef as _};
    let row = sqlx::raw_sql(sql).fetch_one(connection).await?;
    let value = row.try_get_raw(0)?;
    Ok(if value.is_null() { String::new() } else { value.as_str().map_err(|error| anyhow::anyhow!(error))?.to_owned() })
}
