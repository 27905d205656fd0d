//! What the operator sets for exports that owners ask for.

use clap::Args;
use tenancy::ArchivePlace;

/// What the operator sets for exports that owners ask for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Exports")]
pub struct ExportOptions {
    /// Where exports that owners ask for are put: a directory, or s3://bucket/prefix with the usual AWS_ variables. `exports` of the
    /// data directory where none is given; processes on several machines need one that all of them reach
    #[arg(long, env = "TENANTRY_EXPORT_TO", global = true, value_name = "PLACE")]
    pub export_to: Option<ArchivePlace>,

    /// Days for which an export can be downloaded, after which it is removed
    #[arg(long, env = "TENANTRY_EXPORT_DAYS", global = true, default_value_t = 7, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(1..=365))]
    pub export_days: u16,

    /// Exports that an organisation may ask for within a day
    #[arg(long, env = "TENANTRY_EXPORTS_PER_DAY", global = true, default_value_t = 5, value_name = "COUNT",
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub exports_per_day: u16,

    /// Exports that are kept of an organisation; each further one takes the place of the oldest
    #[arg(long, env = "TENANTRY_EXPORTS_KEPT", global = true, default_value_t = 3, value_name = "COUNT",
        value_parser = clap::value_parser!(u16).range(1..=100))]
    pub exports_kept: u16,
}
