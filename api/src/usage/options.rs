//! What the operator sets for what is counted.

use clap::Args;

/// What is counted of tenants, besides what they use.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Tenants")]
pub struct UsageOptions {
    /// Tenants that have series of their own among the metrics, those with the most requests lately; the others are one. 0 for no series
    #[arg(long, env = "TENANTRY_METRICS_TENANTS", global = true, default_value_t = 0, value_name = "COUNT",
        value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub metrics_tenants: u16,

    /// Milliseconds from which an operation is kept as slow, for `tenantry tenant slow`
    #[arg(long, env = "TENANTRY_SLOW_OPERATION_MS", global = true, default_value_t = 500, value_name = "MILLISECONDS")]
    pub slow_operation_ms: u32,
}
