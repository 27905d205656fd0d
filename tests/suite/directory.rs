//! The directory: look-ups are few, and what is remembered is never out of date.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use futures::future::join_all;
use migration::tenant::TenantMigrator;
use sqlx::{Connection as _, PgConnection};
use tenancy::{Host, Hostname, Slug, State, Tenant, TenantStatus, Tenants, Terms, standing};
use tests::{TestDatabase, make_tenant, run, until, value, waiters, within};
use tokio::time::timeout;
use uuid::Uuid;

/// What "at once" is across processes.
const AT_ONCE: Duration = Duration::from_secs(1);

struct Processes {
    /// The process whose directory is looked at.
    here: Tenants,
    /// Another process.
    there: Tenants,
    observer: PgConnection,
    database: TestDatabase,
}

impl Processes {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let there = database.server().await.tenants().clone();
        let here = database.tenants::<TenantMigrator>();
        let mut observer = database.connect().await;
        until("both processes listen", async || value::<i64>(&mut observer, LISTENING).await == 2).await;
        Self { here, there, observer, database }
    }

    async fn find(&self, slug: &Slug) -> Option<Arc<Tenant>> {
        self.here.directory().by_slug(slug).await.unwrap()
    }

    /// How this process sees the tenant.
    async fn state(&self, slug: &Slug) -> Option<State> {
        let terms = Terms { warning_days: 14, read_only_after_days: 7, suspend_after_days: 30 };
        self.find(slug).await.map(|tenant| standing(&tenant, self.here.head(), Utc::now(), terms).state)
    }

    /// Makes every look-up wait until the transaction that is returned ends.
    async fn block_lookups(&self) -> PgConnection {
        let mut blocker = self.database.connect().await;
        run(&mut blocker, "BEGIN; LOCK TABLE platform.tenants IN ACCESS EXCLUSIVE MODE").await;
        blocker
    }

    /// How many look-ups wait in the database.
    async fn waiting(&mut self) -> i64 {
        waiters(&mut self.observer).await
    }

    async fn stop(self) {
        self.here.close().await;
        self.there.close().await;
    }
}

const LISTENING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'";

fn invented() -> Slug {
    Slug::parse(&format!("n{}", Uuid::now_v7().simple())).unwrap()
}

/// Trap 20.
#[tokio::test]
async fn many_at_once_who_ask_for_one_name_cost_one_query() {
    let mut processes = Processes::start().await;
    let known = make_tenant(&processes.there).await.slug.clone();
    for (slug, is_known) in [(known, true), (invented(), false)] {
        let blocker = processes.block_lookups().await;
        let here = processes.here.clone();
        let asked = slug.clone();
        let answers = tokio::spawn(async move {
            let directory = here.directory();
            join_all((0..100).map(|_| directory.by_slug(&asked))).await
        });
        until("a look-up is at the database", async || processes.waiting().await > 0).await;
        for _ in 0..20 {
            assert_eq!(processes.waiting().await, 1, "the pool would have let four through");
        }
        blocker.close().await.unwrap();
        let answers = answers.await.unwrap();
        assert!(answers.into_iter().all(|answer| answer.unwrap().is_some() == is_known));
        // All of them were answered by that query: what was found is remembered, or they would wait here.
        let blocker = processes.block_lookups().await;
        let again = timeout(AT_ONCE, processes.find(&slug)).await.expect("the name was asked for again");
        assert_eq!(again.is_some(), is_known);
        blocker.close().await.unwrap();
    }
    processes.stop().await;
}

/// Trap 20.
#[tokio::test]
async fn invented_names_hold_few_connections_and_displace_no_tenant() {
    let mut processes = Processes::start().await;
    let known = make_tenant(&processes.there).await.slug.clone();
    assert!(processes.find(&known).await.is_some());
    // More connections than invented names may have.
    let options = tests::pool_options(&processes.database.url());
    // A machine with other work may take long to connect; that is not what is tested.
    let options = tenancy::PoolOptions { max_connections: 12, acquire_timeout: Duration::from_mins(1), ..options };
    let attacked = Tenants::connect::<TenantMigrator>(&options).unwrap();
    until("the third process listens", async || value::<i64>(&mut processes.observer, LISTENING).await == 3).await;
    assert!(attacked.directory().by_slug(&known).await.unwrap().is_some());

    let blocker = processes.block_lookups().await;
    let attack = attacked.clone();
    let flood = tokio::spawn(async move {
        let names: Vec<_> = (0..400).map(|_| invented()).collect();
        join_all(names.iter().map(|name| attack.directory().by_slug(name))).await
    });
    until("look-ups are at the database", async || processes.waiting().await == 4).await;
    for _ in 0..20 {
        assert_eq!(processes.waiting().await, 4, "the pool would have let twelve through");
    }
    let found = timeout(AT_ONCE, attacked.directory().by_slug(&known)).await.expect("a known tenant waits for the flood");
    assert!(found.unwrap().is_some());
    blocker.close().await.unwrap();
    assert!(flood.await.unwrap().into_iter().all(|answer| answer.unwrap().is_none()));

    let blocker = processes.block_lookups().await;
    let found = timeout(AT_ONCE, attacked.directory().by_slug(&known)).await.expect("a known tenant was displaced");
    assert!(found.unwrap().is_some());
    blocker.close().await.unwrap();
    attacked.close().await;
    processes.stop().await;
}

/// Trap 20: being remembered as unknown must not keep a name from being taken.
#[tokio::test]
async fn a_new_tenant_is_found_at_once_though_its_name_was_unknown() {
    let processes = Processes::start().await;
    for maker in [&processes.here, &processes.there] {
        let id = Uuid::now_v7();
        let slug = Slug::parse(&format!("t{}", id.simple())).unwrap();
        let hostname = Hostname::parse(&format!("{}.example.test", id.simple())).unwrap();
        let own_host = Host::Custom(hostname.clone());
        assert!(processes.find(&slug).await.is_none());
        assert!(processes.here.directory().by_host(&own_host).await.unwrap().is_none());
        assert!(processes.here.directory().by_id(tenancy::TenantId(id)).await.unwrap().is_none());
        let new = tenancy::NewTenant {
            id: tenancy::TenantId(id),
            slug: slug.clone(),
            name: "New".to_owned(),
            hostnames: vec![hostname],
            now: Utc::now(),
        };
        maker.provision(&new).await.unwrap();
        within(AT_ONCE, "the new tenant is found by its slug", async || processes.find(&slug).await.is_some()).await;
        let directory = processes.here.directory();
        assert!(directory.by_host(&own_host).await.unwrap().is_some());
        assert!(directory.by_id(new.id).await.unwrap().is_some());
    }
    processes.stop().await;
}

#[tokio::test]
async fn a_suspension_by_another_process_is_seen_at_once() {
    let processes = Processes::start().await;
    let tenant = make_tenant(&processes.there).await;
    let slug = &tenant.slug;
    until("the tenant is found", async || processes.state(slug).await.is_some()).await;
    for (status, expected) in [
        (TenantStatus::Suspended, State::Suspended),
        (TenantStatus::Active, State::Active),
        (TenantStatus::Suspended, State::Suspended),
    ] {
        processes.there.set_status(tenant.id, status, Utc::now()).await.unwrap();
        within(AT_ONCE, "the status is seen", async || processes.state(slug).await == Some(expected)).await;
        assert_eq!(processes.there.directory().by_id(tenant.id).await.unwrap().unwrap().status, status);
    }
    processes.stop().await;
}

/// Trap 22: what is remembered of a name goes with the name.
#[tokio::test]
async fn hosts_and_names_that_another_process_changes_are_seen_at_once() {
    let mut processes = Processes::start().await;
    let (acme, globex) = (make_tenant(&processes.there).await, make_tenant(&processes.there).await);
    let hostname = Hostname::parse("people.acme.test").unwrap();
    let host = Host::Custom(hostname.clone());
    let owner = async |tenants: &Tenants| tenants.directory().by_host(&host).await.unwrap().map(|tenant| tenant.id);
    assert_eq!(owner(&processes.here).await, None);
    processes.there.add_host(acme.id, &hostname, true, Utc::now()).await.unwrap();
    assert_eq!(owner(&processes.there).await, Some(acme.id));
    within(AT_ONCE, "the host is found", async || owner(&processes.here).await == Some(acme.id)).await;
    let found = processes.find(&acme.slug).await.unwrap();
    assert_eq!(found.primary_host.as_ref(), Some(&hostname));

    // By an operator, past the program.
    run(&mut processes.observer, &format!("UPDATE platform.domains SET tenant_id = '{}'", globex.id)).await;
    within(AT_ONCE, "the host has moved", async || owner(&processes.here).await == Some(globex.id)).await;
    within(AT_ONCE, "it is nobody's primary host any more", async || {
        processes.find(&acme.slug).await.unwrap().primary_host.is_none()
    })
    .await;
    run(&mut processes.observer, "DELETE FROM platform.domains").await;
    within(AT_ONCE, "the host is gone", async || owner(&processes.here).await.is_none()).await;

    let new_name = invented();
    assert!(processes.find(&new_name).await.is_none());
    let rename = |slug: &Slug, id| format!("UPDATE platform.tenants SET slug = '{slug}' WHERE id = '{id}'");
    run(&mut processes.observer, &rename(&new_name, acme.id)).await;
    within(AT_ONCE, "the new name is found", async || processes.find(&new_name).await.is_some_and(|it| it.id == acme.id)).await;
    assert!(processes.find(&acme.slug).await.is_none(), "the former name still leads to the tenant");
    run(&mut processes.observer, &rename(&acme.slug, globex.id)).await;
    within(AT_ONCE, "the former name leads to its next owner", async || {
        processes.find(&acme.slug).await.is_some_and(|it| it.id == globex.id)
    })
    .await;

    processes.there.delete(&globex, Utc::now()).await.unwrap();
    within(AT_ONCE, "a deleted tenant is gone", async || processes.find(&acme.slug).await.is_none()).await;
    assert!(processes.here.directory().by_id(globex.id).await.unwrap().is_none());
    processes.stop().await;
}

#[tokio::test]
async fn a_lost_listening_connection_forgets_everything_and_recovers() {
    let mut processes = Processes::start().await;
    let tenant = make_tenant(&processes.there).await;
    let slug = tenant.slug.clone();
    until("the tenant is found", async || processes.state(&slug).await.is_some()).await;

    // A change that nobody hears of stands for one that is made while the connection is lost.
    let unheard = "ALTER TABLE platform.tenants DISABLE TRIGGER USER; UPDATE platform.tenants SET status = 'suspended'; \
                   ALTER TABLE platform.tenants ENABLE TRIGGER USER";
    run(&mut processes.observer, unheard).await;
    assert_eq!(processes.state(&slug).await, Some(State::Active), "nothing was remembered");
    let terminate = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid IN ({})",
        LISTENING.replace("count(*)", "pid")
    );
    assert_eq!(value::<i64>(&mut processes.observer, &terminate).await, 2);
    within(Duration::from_secs(5), "the change is seen", async || processes.state(&slug).await == Some(State::Suspended)).await;

    until("both listen again", async || value::<i64>(&mut processes.observer, LISTENING).await == 2).await;
    run(&mut processes.observer, "UPDATE platform.tenants SET status = 'active'").await;
    within(AT_ONCE, "changes are heard again", async || processes.state(&slug).await == Some(State::Active)).await;
    processes.stop().await;
}

/// A control plane that was written by hand, or by an attacker: such a name must not get into SQL text.
#[tokio::test]
async fn a_schema_name_that_no_program_writes_is_refused() {
    let mut processes = Processes::start().await;
    let tenant = make_tenant(&processes.there).await;
    for name in ["public", "platform", "pg_catalog", "Acme", "a\"; DROP SCHEMA platform CASCADE; --", "a''b", &"x".repeat(64)] {
        let damage = format!("UPDATE platform.tenants SET schema_name = '{name}'");
        run(&mut processes.observer, &damage).await;
        within(AT_ONCE, "the damage is seen", async || processes.here.directory().by_id(tenant.id).await.is_err()).await;
    }
    processes.stop().await;
}

#[tokio::test]
async fn a_look_up_that_fails_is_an_error_and_is_not_remembered() {
    let mut processes = Processes::start().await;
    let tenant = make_tenant(&processes.there).await;
    let (known, unknown) = (tenant.slug.clone(), invented());
    run(&mut processes.observer, "ALTER TABLE platform.tenants RENAME TO mislaid").await;
    for slug in [&known, &unknown] {
        assert!(processes.here.directory().by_slug(slug).await.is_err());
    }
    run(&mut processes.observer, "ALTER TABLE platform.mislaid RENAME TO tenants").await;
    assert!(processes.find(&known).await.is_some());
    assert!(processes.find(&unknown).await.is_none());
    processes.stop().await;
}
