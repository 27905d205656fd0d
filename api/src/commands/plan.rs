//! `tenantry plan`.

use chrono::Utc;
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use domain::plan::bytes;
use tenancy::Tenants;

use super::{database::Database, say};
use crate::{
    cli::{Amount, PlanArguments, PlanCommand, Switch},
    config::Config,
    plan::{
        Plan,
        catalogue::{self, Offered},
    },
};

pub(super) async fn run(config: &Config, command: PlanCommand) -> anyhow::Result<()> {
    let database = Database::open(config).await?;
    let result = async {
        database.install().await?;
        work(&database.tenants, command).await
    }
    .await;
    database.close().await?;
    result
}

async fn work(tenants: &Tenants, command: PlanCommand) -> anyhow::Result<()> {
    let platform = tenants.platform();
    match command {
        PlanCommand::List => {
            let mut table = Table::new();
            table.load_style(UTF8_HORIZONTAL_ONLY);
            table.set_header(["id", "name", "seats", "storage", "requests a day", "features", "tenants"]);
            for Offered { plan, tenants } in catalogue::list(&platform).await? {
                table.add_row([
                    plan.id,
                    plan.name,
                    amount(plan.seats),
                    plan.storage_bytes.map_or_else(|| amount(None), bytes),
                    amount(plan.requests_per_day),
                    plan.features.into_iter().collect::<Vec<_>>().join(", "),
                    tenants.to_string(),
                ]);
            }
            say(&table.to_string())
        }
        PlanCommand::Set(arguments) => {
            let before = catalogue::find(&platform, &arguments.id).await?;
            let plan = with(before, arguments);
            let tenants = catalogue::set(&platform, &plan, Utc::now()).await?;
            say(&format!("The plan {} is set; it is that of {}.", plan.id, super::count(usize::try_from(tenants)?)))
        }
        PlanCommand::Remove { id } => {
            catalogue::remove(&platform, &id).await?;
            say(&format!("The plan {id} is removed."))
        }
    }
}

/// The plan with what is given.
fn with(before: Option<Plan>, given: PlanArguments) -> Plan {
    let mut plan = before.unwrap_or_else(|| Plan {
        id: given.id.clone(),
        name: given.id,
        seats: None,
        storage_bytes: None,
        requests_per_day: None,
        features: std::collections::BTreeSet::new(),
    });
    if let Some(name) = given.name {
        name.trim().clone_into(&mut plan.name);
    }
    for (slot, given) in [
        (&mut plan.seats, given.seats),
        (&mut plan.storage_bytes, given.storage),
        (&mut plan.requests_per_day, given.requests_per_day),
    ] {
        if let Some(Amount(amount)) = given {
            *slot = amount;
        }
    }
    for Switch(feature, is_on) in given.features {
        if is_on {
            plan.features.insert(feature.as_str().to_owned());
        } else {
            plan.features.remove(feature.as_str());
        }
    }
    plan
}

pub(super) fn amount(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
}
