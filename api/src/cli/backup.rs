//! What can be done with the archives that are made by schedule.

use clap::Subcommand;
use tenancy::Slug;

/// What can be done with the archives that are made by schedule.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// List archives and failed tries, the latest first
    List {
        /// Those of one tenant; of all where none is given
        slug: Option<Slug>,
    },
    /// Back tenants up now, as `serve` does in their turn
    Run {
        /// Their slugs; all where none is given
        slugs: Vec<Slug>,
    },
    /// Remove the archives that --backup-keep does not keep
    Rotate {
        /// Only say which
        #[arg(long)]
        dry_run: bool,
    },
    /// Restore some tenant's latest archive for a test, into a schema that is gone afterwards
    Drill,
}
