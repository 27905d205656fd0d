//! Migrations of the control plane: accounts, memberships, sessions and signing keys. The directory of tenants
//! in the same schema belongs to `tenancy`, which makes its tables itself.

use sea_orm_migration::prelude::*;

mod m20261121_000001_accounts;
mod m20261121_000002_front_door;
mod m20261121_000003_accounts_hardened;
mod m20261121_000004_standing;
mod m20261121_000005_sign_up;
mod m20261121_000006_domains;
mod m20261121_000007_operators;
mod m20261121_000008_plans;
mod m20261121_000009_backups;
mod m20261121_000010_exports;
mod m20261121_000011_support;
mod m20261121_000012_plan_offers;
mod m20261121_000013_backup_claims;
mod m20261121_000014_usage_batches;
mod m20261121_000015_support_visits;
mod m20261121_000016_unfit_backups;

/// Brings the control plane's schema up to date.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlatformMigrator;

impl MigratorTrait for PlatformMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_accounts::Migration),
            Box::new(m20261121_000002_front_door::Migration),
            Box::new(m20261121_000003_accounts_hardened::Migration),
            Box::new(m20261121_000004_standing::Migration),
            Box::new(m20261121_000005_sign_up::Migration),
            Box::new(m20261121_000006_domains::Migration),
            Box::new(m20261121_000007_operators::Migration),
            Box::new(m20261121_000008_plans::Migration),
            Box::new(m20261121_000009_backups::Migration),
            Box::new(m20261121_000010_exports::Migration),
            Box::new(m20261121_000011_support::Migration),
            Box::new(m20261121_000012_plan_offers::Migration),
            Box::new(m20261121_000013_backup_claims::Migration),
            Box::new(m20261121_000014_usage_batches::Migration),
            Box::new(m20261121_000015_support_visits::Migration),
            Box::new(m20261121_000016_unfit_backups::Migration),
        ]
    }
}
