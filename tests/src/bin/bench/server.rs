//! The program under load.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use chrono::Utc;
use migration::tenant::TenantMigrator;
use tenancy::{NewTenant, PoolOptions, Slug, TenantId, Tenants};
use tokio::process::{Child, Command};
use uuid::Uuid;

/// A running release build with its tenants.
pub(crate) struct Server {
    child: Child,
    directory: tempfile::TempDir,
    pub(crate) address: String,
    pub(crate) database_url: String,
    /// Host and token of each tenant.
    pub(crate) tokens: Vec<(String, String)>,
    pub(crate) start_milliseconds: f64,
    /// What the system counts as resident before the first request.
    pub(crate) idle_megabytes: f64,
}

impl Server {
    pub(crate) async fn start(tenants: usize, employees: u32, flags: &[&str]) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        let program = program()?;
        let filled = command(&program, &data)
            .args(["demo", "--tenants", &tenants.to_string(), "--employees", &employees.to_string()])
            .stdout(Stdio::null())
            .status()
            .await?;
        if !filled.success() {
            bail!("the tenants could not be made");
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let started = Instant::now();
        let child = command(&program, &data)
            // Nothing is made beside what is measured.
            .args(["serve", "--standby-tenants", "0", "--listen", &address])
            .args(flags)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let client = reqwest::Client::new();
        while client.get(format!("http://{address}/readyz")).send().await.is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                bail!("the program does not become ready");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let start_milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        let database_url = api::local_postgres::url_of_running(&data).await.context("the private Postgres does not run")?;
        let mut server =
            Self { child, directory, address, database_url, tokens: Vec::new(), start_milliseconds, idle_megabytes: 0.0 };
        server.idle_megabytes = server.resident_megabytes()?;
        for number in 1..=tenants {
            let host = format!("load-{number:04}.localhost");
            let token = server.sign_in(&client, &host, number).await?;
            server.tokens.push((host, token));
        }
        Ok(server)
    }

    async fn sign_in(&self, client: &reqwest::Client, host: &str, number: usize) -> anyhow::Result<String> {
        let query = format!(
            "mutation {{ signIn(input: {{ email: \"owner@load-{number:04}.test\", password: \"{}\" }}) {{ accessToken }} }}",
            api::demo::DEMO_PASSWORD
        );
        let answer: serde_json::Value = client
            .post(format!("http://{}/graphql", self.address))
            .header("host", host)
            .json(&serde_json::json!({ "query": query }))
            .send()
            .await?
            .json()
            .await?;
        let token = answer.pointer("/data/signIn/accessToken").and_then(serde_json::Value::as_str);
        Ok(token.with_context(|| format!("signing in failed: {answer}"))?.to_owned())
    }

    /// The schema of the tenant at a host.
    pub(crate) async fn schema_of(&self, host: &str) -> anyhow::Result<String> {
        let slug = host.split('.').next().unwrap_or_default();
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&self.database_url).await?;
        let sql = "SELECT schema_name FROM platform.tenants WHERE slug = $1";
        Ok(sqlx::query_scalar(sql).bind(slug).fetch_one(&mut connection).await?)
    }

    /// Milliseconds to make an empty tenant, on the average of twenty.
    pub(crate) async fn time_to_provision(&self) -> anyhow::Result<f64> {
        let tenants = Tenants::connect::<TenantMigrator>(&PoolOptions::new(self.database_url.as_str()))?;
        let started = Instant::now();
        for number in 0..20 {
            let slug = Slug::parse(&format!("provisioned-{number}"))?;
            let name = slug.to_string();
            let new = NewTenant { id: TenantId(Uuid::now_v7()), slug, name, hostnames: Vec::new(), now: Utc::now() };
            tenants.provision(&new).await?;
        }
        Ok(started.elapsed().as_secs_f64() * 1000.0 / 20.0)
    }

    /// What the system counts as resident, without Postgres.
    pub(crate) fn resident_megabytes(&self) -> anyhow::Result<f64> {
        let id = self.child.id().context("the program has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("the system does not say")?;
        let kilobytes: f64 = line.split_whitespace().nth(1).unwrap_or_default().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Stops the program and its Postgres, and removes the data.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("the program has ended")?;
        Command::new("kill").args(["-INT", &id.to_string()]).status().await?;
        self.child.wait().await?;
        // With root the files belong to another account, and closing says if they stay.
        self.directory.close().context("the data could not be removed")
    }
}

fn command(program: &Path, data: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--data-directory").arg(data).env("TENANTRY_LOG", "warn").env_remove("DATABASE_URL");
    command
}

/// The program stands beside this one.
fn program() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("tenantry");
    if path.exists() { Ok(path) } else { bail!("{} is not built; run `make bench`", path.display()) }
}
