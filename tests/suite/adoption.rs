//! A tenant from the database of another program: whole and by the rules, or not at all, and nothing is ever written there.

mod command;
mod guide;
mod maps;
mod refused;
mod rows;

use std::sync::Arc;

use domain::adoption::RULES;
use sqlx::{Connection as _, PgConnection};
use tenancy::{AdoptionMap, AdoptionReport, AdoptionSource, Error, NewTenant, Tenant, Tenants};
use tests::{TestDatabase, database_url, new_tenant, run, value};

/// A small database of another program, with a row or two in each table.
const SOURCE: &str = "
    CREATE TABLE unit (id integer PRIMARY KEY, title text, parent integer, head integer);
    CREATE TABLE site (code text PRIMARY KEY, city text, country text, zone text);
    CREATE TABLE person (
        id integer PRIMARY KEY, first text, last text, mail text, unit integer, job text, site text, boss integer,
        kind text, since date, until date, pay numeric, currency text, born date, active boolean, number text
    );
    INSERT INTO unit VALUES (1, 'All', NULL, 1), (2, 'Some', 1, 2);
    INSERT INTO site VALUES ('B', 'Berlin', 'DE', 'Europe/Berlin');
    INSERT INTO person VALUES
        (1, 'Ann', 'Lee', 'ann@old.example', 1, 'Chief', 'B', NULL, 'full_time', '2001-01-01', NULL, 90000, 'EUR', NULL, true, '7'),
        (2, 'Bob', 'May', 'bob@old.example', 2, 'Hand', NULL, 1, 'full_time', '2002-01-01', NULL, NULL, NULL, NULL, true, '9');
";

/// What becomes of it.
const MAP: &str = r#"[departments]
from = "unit"
key = "id"
[departments.columns]
name = "title"
parent_id = { column = "parent", reference = "departments" }
[positions]
query = "SELECT DISTINCT job FROM person;"
key = "job"
[positions.columns]
title = "job"
[locations]
from = "site"
key = "code"
[locations.columns]
name = "city"
country_code = "country"
time_zone = "zone"
[employees]
from = "person"
key = "id"
[employees.columns]
given_name = "first"
family_name = "last"
work_email = "mail"
department_id = { column = "unit", reference = "departments" }
position_id = { column = "job", reference = "positions" }
location_id = { column = "site", reference = "locations" }
manager_id = { column = "boss", reference = "employees" }
employment_type = "kind"
hired_on = "since"
terminated_on = "until"
salary_amount = "pay"
salary_currency = "currency"
birth_date = "born"
"#;

/// The database of another program, dropped at the end of the test.
struct Source(TestDatabase);

impl Source {
    async fn of(sql: &str) -> Self {
        let source = Self(TestDatabase::create().await);
        source.run(sql).await;
        source
    }

    /// The small one, and what is done to it.
    async fn and(sql: &str) -> Self {
        Self::of(&format!("{SOURCE}{sql}")).await
    }

    async fn run(&self, sql: &str) {
        run(&mut self.0.connect().await, sql).await;
    }

    async fn open(&self) -> AdoptionSource {
        AdoptionSource::open(&self.0.url(), "public").await.unwrap()
    }
}

/// Adopts a source, and gives the tenant where one was made.
async fn adopt(
    tenants: &Tenants,
    source: &Source,
    map: &str,
    new: &NewTenant,
) -> Result<(AdoptionReport, Option<Arc<Tenant>>), Error> {
    let map = AdoptionMap::parse(map)?;
    let mut source = source.open().await;
    let mut adoption = tenants.begin_adoption(new).await?;
    let report = adoption.load(&mut source, &map, &RULES, &mut |_| {}).await?;
    if report.refused() > 0 {
        adoption.roll_back().await?;
        return Ok((report, None));
    }
    adoption.commit().await?;
    Ok((report, tenants.directory().by_id(new.id).await?))
}

/// Adopts a source that must be accepted.
async fn adopted(tenants: &Tenants, source: &Source, map: &str) -> (AdoptionReport, Arc<Tenant>) {
    let (report, tenant) = adopt(tenants, source, map, &new_tenant()).await.unwrap();
    let tenant = tenant.unwrap_or_else(|| panic!("{report:?}"));
    (report, tenant)
}

/// Why rows were refused: table, column or constraint, sentence, keys.
fn reasons(report: &AdoptionReport) -> Vec<String> {
    let reasons = report.tables.iter().flat_map(|table| table.reasons.iter().map(move |reason| (&table.table, reason)));
    reasons.map(|(table, reason)| format!("{table} {}: {} {}", reason.what, reason.message, reason.keys.join(" "))).collect()
}

/// Schemas, roles and rows of the control plane that a tenant has.
async fn traces(new: &NewTenant) -> [i64; 3] {
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let name = format!("tenant_{}", new.id.0.simple());
    [
        value(&mut connection, &format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{name}'")).await,
        value(&mut connection, &format!("SELECT count(*) FROM pg_roles WHERE rolname = '{name}'")).await,
        value(&mut connection, &format!("SELECT count(*) FROM platform.tenants WHERE slug = '{}'", new.slug)).await,
    ]
}
