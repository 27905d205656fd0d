//! What a run costs that has nothing to do.

use migration::tenant::TenantMigrator;
use sqlx::PgConnection;
use tests::{until, value};

use super::{Fleet, migrate};

/// Trap 12: one query over the control plane, and none in any tenant's schema.
#[tokio::test]
async fn a_run_with_nothing_to_do_is_one_query() {
    let mut fleet = Fleet::of(12).await;
    // Counts are complete once the connections that did the work are gone.
    fleet.server.tenants().close().await;
    let before = scans(&mut fleet.operator).await;
    let tenants = fleet.database.tenants::<TenantMigrator>();
    let report = migrate(&tenants, 4).await;
    assert_eq!((report.behind, report.migrated, report.failed.len()), (0, 0, 0));
    tenants.close().await;
    let after = scans(&mut fleet.operator).await;
    assert_eq!(after.control_plane - before.control_plane, 1, "looks at the table of tenants");
    assert_eq!(after.tenants, before.tenants, "looks at tables of tenants");
    fleet.stop().await;
}

struct Scans {
    control_plane: i64,
    tenants: i64,
}

/// How many times Postgres has looked through tables of this database, once no other connection is left.
async fn scans(operator: &mut PgConnection) -> Scans {
    until("all connections are closed", async || {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                      AND backend_type = 'client backend'";
        value::<i64>(operator, others).await == 0
    })
    .await;
    let sum = "SELECT coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::bigint FROM pg_stat_user_tables WHERE";
    Scans {
        control_plane: value(operator, &format!("{sum} schemaname = 'platform' AND relname = 'tenants'")).await,
        tenants: value(operator, &format!("{sum} schemaname LIKE 'tenant\\_%'")).await,
    }
}
