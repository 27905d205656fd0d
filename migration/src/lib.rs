//! The migrations of Tenantry, in two lines of their own: [`platform`] for the control plane's schema, and
//! [`tenant`] for the schema of every tenant.
//!
//! A migrator is handed a transaction whose search path is the schema to migrate, so no name here carries one.
//! The rules that every migration keeps:
//! - it expands first and contracts in a later release; a column's type never changes in place, since that breaks
//!   the cached plans of programs that are still running;
//! - it can run again after a crash;
//! - `down` is there only where it loses nothing, and otherwise says what would be lost;
//! - every table has a primary key and every constraint a name of its own, because errors are told apart by them;
//!   what is added to an existing table is added with one subcommand an ALTER;
//! - no trigger, no sequence, no enum type, no default that the database computes: ids and times come from the program;
//! - nothing of a tenant refers to the control plane or to another tenant.

pub mod platform;
pub mod tenant;

#[cfg(test)]
mod tests {
    use sea_orm_migration::MigratorTrait;

    use super::*;

    /// Versions are compared as texts, in the ledger and by the directory.
    #[test]
    fn migrations_are_named_in_their_order() {
        for migrations in [platform::PlatformMigrator::migrations(), tenant::TenantMigrator::migrations()] {
            let names: Vec<_> = migrations.iter().map(|migration| migration.name().to_owned()).collect();
            assert!(names.is_sorted(), "{names:?}");
        }
    }
}
