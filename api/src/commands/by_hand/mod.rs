//! `tenantry tenant run` and `tenantry tenant psql`.

mod program;
mod report;

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::bail;
use chrono::Utc;
use futures::{StreamExt as _, stream};
use tenancy::{OwnSql, Tenant, TenantStatus, Tenants};
use tokio::signal::unix::{SignalKind, signal};

use super::{count, tenant::find};
use crate::{
    cli::{ByHandCommand, RunArguments, TransactionAccess},
    named_file,
};
use report::{Outcome, Report};

/// How many tenants are read at a time.
const PAGE: u64 = 500;

/// What is executed.
enum Work {
    Sql(OwnSql),
    Program(program::Program),
}

pub(super) async fn run(tenants: &Tenants, command: ByHandCommand) -> anyhow::Result<ExitCode> {
    match command {
        ByHandCommand::Psql { slug, arguments } => program::psql(tenants, &*find(tenants, &slug).await?, &arguments).await,
        ByHandCommand::Run(arguments) => {
            let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            tokio::select! {
                result = execute(tenants, &arguments) => result,
                // What was begun is dropped: a transaction is rolled back, a program killed.
                _ = interrupt.recv() => bail!("Stopped"),
                _ = terminate.recv() => bail!("Stopped"),
            }
        }
    }
}

async fn execute(tenants: &Tenants, arguments: &RunArguments) -> anyhow::Result<ExitCode> {
    let work = work(arguments).await?;
    let wanted = wanted(tenants, arguments).await?;
    let writes = arguments.transaction == TransactionAccess::ReadWrite;
    if writes && arguments.tenant.is_empty() && !arguments.yes {
        confirm(wanted.len())?;
    }
    let mut report = Report::new(wanted.len(), arguments.json)?;
    let all = wanted.into_iter().map(|tenant| execute_one(tenants, tenant, &work, arguments));
    let mut all = stream::iter(all).buffer_unordered(arguments.parallel.into());
    while let Some(outcome) = all.next().await {
        report.tell(&outcome)?;
    }
    report.end()
}

async fn execute_one(tenants: &Tenants, tenant: Arc<Tenant>, work: &Work, arguments: &RunArguments) -> Outcome {
    let began = Instant::now();
    let reads_only = arguments.transaction == TransactionAccess::ReadOnly;
    let timeout = (arguments.timeout > 0).then(|| Duration::from_secs(arguments.timeout.into()));
    let result = match work {
        Work::Sql(sql) => tenants.execute_own(&tenant, sql, reads_only, timeout, Utc::now()).await.map_err(Into::into),
        Work::Program(program) => program.execute(tenants, &tenant, reads_only, timeout, arguments.json).await,
    };
    Outcome { tenant, result, took: began.elapsed() }
}

async fn work(arguments: &RunArguments) -> anyhow::Result<Work> {
    if let Some((program, rest)) = arguments.program.split_first() {
        return Ok(Work::Program(program::Program { program: program.clone(), arguments: rest.to_vec() }));
    }
    let text = match (&arguments.sql, &arguments.command) {
        // Beside the runtime: a pipe may take its time, and whoever stops the program is heard meanwhile.
        (Some(file), _) => {
            let file = file.clone();
            tokio::task::spawn_blocking(move || named_file::read_text(&file, named_file::LONGEST_SQL)).await??
        }
        (None, command) => command.clone().unwrap_or_default(),
    };
    Ok(Work::Sql(OwnSql::parse(&text)?))
}

async fn wanted(tenants: &Tenants, arguments: &RunArguments) -> anyhow::Result<Vec<Arc<Tenant>>> {
    let mut wanted: Vec<Arc<Tenant>> = Vec::new();
    for slug in &arguments.tenant {
        let tenant = find(tenants, slug).await?;
        if wanted.iter().all(|other| other.id != tenant.id) {
            wanted.push(tenant);
        }
    }
    if !arguments.tenant.is_empty() {
        return Ok(wanted);
    }
    let mut after = None;
    loop {
        let page = tenants.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.slug.clone());
        let is_wanted = |tenant: &Tenant| {
            tenant.status != TenantStatus::Deleting
                && arguments.matching.as_deref().is_none_or(|pattern| matches(pattern, tenant.slug.as_str()))
        };
        wanted.extend(page.into_iter().filter(is_wanted).map(Arc::new));
    }
    if wanted.is_empty() {
        match &arguments.matching {
            Some(pattern) => bail!("There is no tenant like {pattern}"),
            None => bail!("There is no tenant yet"),
        }
    }
    Ok(wanted)
}

/// Whether a slug is like a pattern.
fn matches(pattern: &str, slug: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => slug.is_empty(),
        Some('*') => {
            slug.char_indices().map(|(at, _)| at).chain([slug.len()]).any(|at| matches(rest.as_str(), slug.split_at(at).1))
        }
        Some(wanted) => {
            let mut there = slug.chars();
            there.next().is_some_and(|first| wanted == '?' || wanted == first) && matches(rest.as_str(), there.as_str())
        }
    }
}

fn confirm(tenants: usize) -> anyhow::Result<()> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("Changing {} asks for a confirmation; without a terminal give --yes", count(tenants));
    }
    print!("This may change the data of {}. Type their number to go on: ", count(tenants));
    std::io::stdout().flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    if line.trim() != tenants.to_string() {
        bail!("Nothing was changed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::matches;

    #[rstest]
    #[case("*", "acme", true)]
    #[case("acme", "acme", true)]
    #[case("acme", "acme-2", false)]
    #[case("acme*", "acme-2", true)]
    #[case("*-2", "acme-2", true)]
    #[case("a*m*", "acme", true)]
    #[case("a?me", "acme", true)]
    #[case("a?e", "acme", false)]
    #[case("", "acme", false)]
    #[case("%", "acme", false)]
    fn slugs_are_matched(#[case] pattern: &str, #[case] slug: &str, #[case] expected: bool) {
        assert_eq!(matches(pattern, slug), expected);
    }
}
