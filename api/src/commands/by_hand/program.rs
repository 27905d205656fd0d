//! Programs in the name of a tenant.

use std::{
    ffi::OsString,
    io,
    process::{ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chrono::Utc;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tenancy::{Guest, GuestOptions, SqlOutcome, Tenant, Tenants};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::Command,
};
use url::Url;

use super::super::say;

/// A program of the operator.
pub(super) struct Program {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

impl Program {
    /// Runs it to its end. What it writes is shown line by line, with the tenant in front.
    pub(super) async fn execute(
        &self,
        tenants: &Tenants,
        tenant: &Tenant,
        reads_only: bool,
        statement_timeout: Option<Duration>,
        to_errors: bool,
    ) -> anyhow::Result<SqlOutcome> {
        let guest = tenants.guest(tenant, GuestOptions { reads_only, statement_timeout }, Utc::now()).await?;
        let result = self.run(guest.options(), tenant, to_errors).await;
        end(guest, tenant).await;
        result?;
        Ok(SqlOutcome { rows: 0, columns: Vec::new(), result: Vec::new(), is_cut: false })
    }

    async fn run(&self, options: &PgConnectOptions, tenant: &Tenant, to_errors: bool) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = in_name_of(&mut command, options, tenant)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.program.display()))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (status, output, errors) = tokio::join!(child.wait(), show(tenant, output, to_errors), show(tenant, errors, true));
        output?;
        errors?;
        let status = status?;
        if !status.success() {
            bail!("the program ended with {status}");
        }
        Ok(())
    }
}

/// What was done is done: a role that is left is dropped with the next one.
async fn end(guest: Guest, tenant: &Tenant) {
    if let Err(error) = guest.end().await {
        tracing::warn!(%error, tenant = %tenant.slug, "a role that was made for a while could not be dropped");
    }
}

/// What a program finds in its environment. What the operator has there for this program is not for that one.
fn in_name_of<'a>(command: &'a mut Command, options: &PgConnectOptions, tenant: &Tenant) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("TENANTRY_")) {
            command.env_remove(name);
        }
    }
    let url = url_of(options);
    let password = url.password().map(str::to_owned).unwrap_or_default();
    let host = options.get_socket().map_or_else(|| OsString::from(options.get_host()), |socket| socket.clone().into_os_string());
    command
        .env("TENANTRY_TENANT_ID", tenant.id.to_string())
        .env("TENANTRY_TENANT_SLUG", tenant.slug.as_str())
        .env("TENANTRY_TENANT_SCHEMA", tenant.schema.as_str())
        .env("DATABASE_URL", url.as_str())
        .env("PGHOST", host)
        .env("PGPORT", options.get_port().to_string())
        .env("PGUSER", options.get_username())
        .env("PGPASSWORD", password)
        .env("PGDATABASE", options.get_database().unwrap_or_default())
        .env_remove("PGHOSTADDR")
        .env_remove("PGOPTIONS")
        .env_remove("PGSERVICE")
        .env_remove("PGPASSFILE");
    // As safe a connection as this program's own.
    for (parameter, variable) in
        [("sslmode", "PGSSLMODE"), ("sslrootcert", "PGSSLROOTCERT"), ("sslcert", "PGSSLCERT"), ("sslkey", "PGSSLKEY")]
    {
        match url.query_pairs().find(|(name, _)| name == parameter) {
            Some((_, value)) => command.env(variable, value.as_ref()),
            None => command.env_remove(variable),
        };
    }
    command
}

/// The address with what libpq knows: it refuses one that has anything else, as sqlx's own parameter.
fn url_of(options: &PgConnectOptions) -> Url {
    let mut url = options.to_url_lossy();
    let known: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "statement-cache-capacity")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(known);
    url
}

async fn show(tenant: &Tenant, from: Option<impl AsyncRead + Unpin>, to_errors: bool) -> anyhow::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8_lossy(&line);
        let text = format!("{} | {}", tenant.slug, text.trim_end_matches(['\n', '\r']));
        if to_errors {
            eprintln!("{text}");
        } else {
            say(&text)?;
        }
        line.clear();
    }
    Ok(())
}

/// Opens psql for a person.
pub(super) async fn psql(tenants: &Tenants, tenant: &Tenant, arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let guest = tenants.guest(tenant, GuestOptions { reads_only: false, statement_timeout: None }, Utc::now()).await?;
    let mut command = Command::new("psql");
    command.args(arguments);
    // Ctrl-C is psql's: it ends a statement there, and not this program, which has to clear up afterwards.
    let _kept = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let result = match in_name_of(&mut command, guest.options(), tenant).spawn() {
        Ok(mut child) => child.wait().await.context("psql cannot be waited for"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(anyhow::anyhow!("psql is not installed, or not on the PATH; install the client programs of Postgres"))
        }
        Err(error) => Err(error).context("psql cannot be started"),
    };
    end(guest, tenant).await;
    let status = result?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
