//! Where the fleet stands: in SQL, for the command line, and as metrics.

use tenancy::FleetCounts;
use tests::{run, value};

use super::{Fleet, Next, migrate};

#[tokio::test]
async fn the_state_of_each_tenant_is_told_in_sql_and_counted() {
    let mut fleet = Fleet::of(4).await;
    let next = fleet.next::<Next>();
    // Never asked before: counts are remembered for a moment.
    assert_eq!(next.fleet_counts().await.unwrap(), FleetCounts { current: 0, behind: 4, failed: 0 });
    let failing = fleet.tenants[2].clone();
    run(&mut fleet.operator, &format!("ALTER TABLE {}.employees ADD COLUMN nickname text", failing.schema)).await;
    assert_eq!(migrate(&next, 2).await.failed.len(), 1);

    let states: Vec<String> =
        value(&mut fleet.operator, "SELECT array_agg(state || ' ' || tries ORDER BY slug) FROM platform.fleet").await;
    assert_eq!(states, ["current 1", "current 1", "failed 1", "current 1"]);
    let done = "SELECT bool_and(started_at IS NOT NULL AND finished_at >= started_at AND duration_ms >= 0 AND error IS NULL) \
                FROM platform.fleet WHERE state = 'current'";
    assert!(value::<bool>(&mut fleet.operator, done).await);
    let code: String = value(&mut fleet.operator, "SELECT error_code FROM platform.fleet WHERE state = 'failed'").await;
    assert_eq!(code, "42701");

    let whole = next.fleet_status(10).await.unwrap();
    assert_eq!(whole.counts, FleetCounts { current: 3, behind: 0, failed: 1 });
    assert_eq!(whole.under_way, 0);
    assert_eq!(whole.versions.iter().map(|(_, tenants)| *tenants).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(whole.problems.len(), 1);
    assert_eq!(whole.problems[0].slug, failing.slug);
    assert!(whole.problems[0].error.as_ref().unwrap().contains("nickname"));
    assert!(whole.durations.is_some());
    next.close().await;
    fleet.stop().await;
}
