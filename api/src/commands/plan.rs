//! `tenantry plan`.

use chrono::Utc;
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use domain::plan::{Quota, bytes};

use super::{database::Database, life, say};
use crate::{
    cli::{Amount, PlanArguments, PlanCommand, Switch},
    config::Config,
    operators::{Doer, Expected, Operators, PlanChange},
    plan::catalogue::{Offer, Offered},
};

pub(super) async fn run(config: &Config, command: PlanCommand) -> anyhow::Result<()> {
    Database::with(config, async |database| work(&life::operators(config, &database.tenants)?, command).await).await
}

async fn work(operators: &Operators, command: PlanCommand) -> anyhow::Result<()> {
    let doer = Doer::command_line();
    match command {
        PlanCommand::List => {
            let mut table = Table::new();
            table.load_style(UTF8_HORIZONTAL_ONLY);
            table.set_header(["id", "name", "seats", "storage", "requests a day", "features", "tenants", "new tenants"]);
            for Offered { offer: Offer { plan, for_new_tenants }, tenants } in operators.plans().await? {
                table.add_row([
                    plan.id,
                    plan.name,
                    amount(plan.seats),
                    plan.storage_bytes.map_or_else(|| amount(None), bytes),
                    amount(plan.requests_per_day),
                    plan.features.into_iter().collect::<Vec<_>>().join(", "),
                    tenants.to_string(),
                    if for_new_tenants { "get it" } else { "" }.to_owned(),
                ]);
            }
            say(&table.to_string())
        }
        PlanCommand::Set(given) => {
            // A slip of the pen makes a plan, too: that is said.
            let is_new = operators.plans().await?.iter().all(|known| known.offer.plan.id != given.id);
            let set = operators.set_plan(&doer, &given.id, &change(&given), Expected::Either, Utc::now()).await?;
            let tenants = super::count(usize::try_from(set.tenants)?);
            let new = if set.offer.for_new_tenants { " New tenants get it." } else { "" };
            let done = if is_new { "made" } else { "set" };
            say(&format!("The plan {} is {done}; it is that of {tenants}.{new}", given.id))
        }
        PlanCommand::Remove { id } => {
            operators.remove_plan(&doer, &id, Utc::now()).await?;
            say(&format!("The plan {id} is removed."))
        }
    }
}

fn change(given: &PlanArguments) -> PlanChange {
    let limits =
        [(Quota::Seats, given.seats), (Quota::StorageBytes, given.storage), (Quota::RequestsPerDay, given.requests_per_day)];
    PlanChange {
        name: given.name.clone(),
        limits: limits.into_iter().filter_map(|(quota, given)| given.map(|Amount(limit)| (quota, limit))).collect(),
        features: given.features.iter().map(|Switch(feature, is_on)| (*feature, *is_on)).collect(),
        for_new_tenants: given.for_new_tenants,
    }
}

pub(super) fn amount(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
}
