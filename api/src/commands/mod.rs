//! The commands of `tenantry`, a file each.

mod adopt;
mod archive;
mod backup;
mod by_hand;
mod database;
mod demo;
mod doctor;
mod domains;
mod keys;
mod life;
mod limits;
mod migrate;
mod newcomer;
mod operator;
mod origins;
mod plan;
mod schema;
mod sentence;
mod serve;
mod tenant;
mod usage;

use std::{fmt::Display, io::Write as _, process::ExitCode, time::Duration};

use anyhow::Context as _;
use tokio::time::timeout;

pub use sentence::sentence;

use crate::{
    cli::{Cli, Command},
    local_postgres, telemetry,
};

/// How long archives that were broken off may take to remove what there is of them.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// Runs a command to its end. An error is a sentence for the person at the terminal.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let serves = matches!(cli.command, Command::Serve { .. });
    let telemetry = telemetry::install(&cli.config, serves)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("The runtime could not be started")?;
    let result = runtime.block_on(async {
        let result = dispatch(cli).await;
        let _late = timeout(LAST_MOMENT, tenancy::archives_at_rest()).await;
        result
    });
    if serves {
        // What was broken off ends with it, and has its place in a trace.
        drop(runtime);
    } else {
        // Whoever stops a command does not wait for a disk that does not answer.
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
    telemetry.end();
    result
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = cli.config;
    match cli.command {
        Command::Serve { demo, skip_migrations, standby_tenants } => {
            serve::run(config, demo, skip_migrations, standby_tenants).await?;
        }
        Command::Migrate { arguments, command } => return migrate::run(&config, &arguments, command).await,
        Command::Tenant { command } => return tenant::run(&config, command).await,
        Command::Operator { command } => operator::run(&config, command).await?,
        Command::Plan { command } => plan::run(&config, command).await?,
        Command::Backup { command } => return backup::run(&config, command).await,
        Command::Keys { command } => keys::run(&config, command).await?,
        Command::Demo { tenants, employees } => demo::run(&config, tenants, employees).await?,
        Command::Doctor => return doctor::run(&config).await,
        Command::Schema { platform, operator } => schema::run(platform, operator)?,
        Command::Postgres { command } => {
            let options = local_postgres::Options { data_directory: std::env::temp_dir(), durable: false, settings: Vec::new() };
            let status = local_postgres::run_with(&options, &command).await?;
            return Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a line to standard output. Whoever reads it may stop reading: `tenantry tenant list | head` is no failure.
fn say(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// So many tenants, in words.
fn count(tenants: usize) -> String {
    counted(&tenants, "tenant")
}

/// So many of something, in words: `1 row`, `2 rows`.
fn counted(count: &impl Display, what: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {what}{plural}")
}
