//! Taking tenants back to an older version.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use anyhow::bail;
use tenancy::{FleetOptions, Tenants};
use tokio::sync::watch;

use super::{
    conclude,
    look::{say_migration, say_tenants},
    progress::Progress,
};
use crate::commands::{count, say};

/// Lists what a run would do.
pub(super) async fn plan(tenants: &Tenants, version: &str, options: &FleetOptions) -> anyhow::Result<ExitCode> {
    let way = tenants.recorded_way_back(version).await?;
    let plan = tenants.plan_back(version, options).await?;
    say_tenants(&plan)?;
    say(&format!("{} past {version}.", count(plan.len())))?;
    if !plan.is_empty() {
        way.iter().try_for_each(say_migration)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes the tenants back, after whoever asks for it has confirmed how many.
pub(super) async fn take_back(
    tenants: &Tenants,
    version: &str,
    options: &FleetOptions,
    is_confirmed: bool,
) -> anyhow::Result<ExitCode> {
    if !is_confirmed && !options.rehearse {
        // Nobody is asked about what cannot be done.
        tenants.recorded_way_back(version).await?;
        let plan = tenants.plan_back(version, options).await?;
        if !plan.is_empty() {
            confirm(plan.len(), version, options.stop.clone()).await?;
        }
    }
    let mut progress = Progress::new("taking tenants back")?;
    let report = tenants.take_fleet_back(version, options, |step| progress.tell(step)).await;
    progress.end();
    let report = report?;
    for failure in &report.failed {
        tracing::error!(
            tenant = %failure.tenant.slug, error = %failure.error, tries = failure.tries,
            "a tenant could not be taken back; it is as it was"
        );
    }
    let would = if options.rehearse { "would be " } else { "" };
    conclude(&report, &format!("{would}taken back to {version}"))
}

async fn confirm(tenants: usize, version: &str, stop: Option<watch::Receiver<bool>>) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("Taking {} back asks for a confirmation; without a terminal give --yes", count(tenants));
    }
    print!(
        "This takes {} back to {version}; newer programs do not serve them then. Type their number to go on: ",
        count(tenants)
    );
    std::io::stdout().flush()?;
    // Beside the runtime, so that Ctrl-C is heard meanwhile.
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let stopped = async {
        match stop {
            Some(mut stop) => stop.wait_for(|stop| *stop).await.map(drop),
            None => std::future::pending().await,
        }
    };
    let line = tokio::select! {
        line = answer => line??,
        _ = stopped => String::new(),
    };
    if line.trim() != tenants.to_string() {
        bail!("Nothing was changed");
    }
    Ok(())
}
