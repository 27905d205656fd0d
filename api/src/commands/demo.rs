//! `tenantry demo`.

use std::time::Instant;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use tenancy::Slug;

use super::database::Database;
use crate::{config::Config, demo};

pub(super) async fn run(config: &Config, count: Option<u32>, employees: u32) -> anyhow::Result<()> {
    Database::with(config, async |database| {
        super::migrate::migrate_all(&database.tenants, 4, None).await?;
        match count {
            None => demo::ensure_demo_tenants(&database.tenants).await,
            Some(count) => make_for_load(database, count, employees).await,
        }
    })
    .await
}

async fn make_for_load(database: &Database, count: u32, employees: u32) -> anyhow::Result<()> {
    let started = Instant::now();
    let style = ProgressStyle::with_template("making tenants {bar:30} {pos}/{len} {msg}")?;
    let bar = ProgressBar::new(u64::from(count)).with_style(style);
    let mut made = 0_u32;
    for number in 1..=count {
        let slug = Slug::parse(&format!("load-{number:04}")).context("a slug could not be made")?;
        if demo::ensure_tenant(&database.tenants, &slug, &format!("Load {number:04}"), u64::from(number), employees).await? {
            made += 1;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "{made} tenants of {employees} employees made in {:.1} s, {} were there.",
        started.elapsed().as_secs_f64(),
        count - made
    );
    Ok(())
}
