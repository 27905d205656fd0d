//! What becomes of rows.

use domain::adoption::RULES;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use tenancy::{AdoptionMap, AdoptionReport, AdoptionSource, AdoptionStep, Error, TenantConnection};
use tests::{Server, contents_of, new_tenant, run, value};
use uuid::Uuid;

use super::{MAP, Source, adopt, adopted, reasons};

/// A role that may read some tables of a source and nothing else.
pub(super) struct Reader {
    address: String,
    name: String,
}

impl Reader {
    pub(super) async fn of(source: &Source, tables: &str) -> Self {
        let name = format!("reader_{}", Uuid::now_v7().simple());
        let password = Uuid::now_v7().simple();
        let mut connection = superuser_at(source).await;
        let grant = format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{password}'; GRANT USAGE ON SCHEMA public TO {name}; GRANT SELECT ON {tables} TO {name}"
        );
        run(&mut connection, &grant).await;
        let options: PgConnectOptions = source.0.url().parse().unwrap();
        let address = options.username(&name).password(&password.to_string()).to_url_lossy().to_string();
        Self { address, name }
    }

    pub(super) async fn adopt(&self, server: &Server, map: &str) -> Result<AdoptionReport, Error> {
        let mut source = AdoptionSource::open(&self.address, "public").await?;
        let mut adoption = server.tenants().begin_adoption(&new_tenant()).await?;
        let report = adoption.load(&mut source, &AdoptionMap::parse(map)?, &RULES, &mut |_| {}).await?;
        adoption.roll_back().await?;
        Ok(report)
    }
}

pub(super) async fn superuser_at(source: &Source) -> PgConnection {
    let superuser: PgConnectOptions = std::env::var("TENANTRY_TEST_SUPERUSER_URL").unwrap().parse().unwrap();
    let name: String = value(&mut source.0.connect().await, "SELECT current_database()::text").await;
    superuser.database(&name).connect().await.unwrap()
}

async fn query(scope: &TenantConnection, sql: &str) -> Value {
    let sql = format!("SELECT coalesce(jsonb_agg(to_jsonb(rows)), '[]') FROM ({sql}) rows");
    scope.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn rows_and_what_they_refer_to_are_found_again() {
    let server = Server::start().await;
    let other = server.company().await;
    let before = other.contents().await;
    let source = Source::and(
        "INSERT INTO person VALUES (3, ' Cid ', E'O\\'\\t\\\\N', 'CID@old.example', 2, 'Hand', 'B', 2, 'intern', \
         '2003-01-01', '2004-01-01', 12.5, 'usd', '1980-01-01')",
    )
    .await;
    // A tab is refused in a name, so it goes where lines may be.
    source.run("UPDATE person SET last = E'O\\'Neil \\\\N'").await;
    let (report, tenant) = adopted(server.tenants(), &source, MAP).await;
    assert_eq!(report.rows(), 2 + 2 + 1 + 3);
    let scope = server.tenants().read_only(&tenant);
    let found = query(
        &scope,
        "SELECT e.employee_number, e.given_name, e.family_name, e.work_email, d.name AS department, p.title, l.name AS location, \
         m.given_name AS manager, e.employment_type, e.status, e.terminated_on, e.salary_amount::text, e.salary_currency, e.version \
         FROM employees e JOIN departments d ON d.id = e.department_id JOIN positions p ON p.id = e.position_id \
         LEFT JOIN locations l ON l.id = e.location_id LEFT JOIN employees m ON m.id = e.manager_id ORDER BY e.employee_number",
    )
    .await;
    assert_eq!(found[0]["manager"], Value::Null);
    assert_eq!(
        found[2],
        json!({
            "employee_number": 3, "given_name": "Cid", "family_name": "O'Neil \\N", "work_email": "CID@old.example",
            "department": "Some", "title": "Hand", "location": "Berlin", "manager": "Bob", "employment_type": "intern",
            "status": "terminated", "terminated_on": "2004-01-01", "salary_amount": "12.50", "salary_currency": "USD", "version": 1
        })
    );
    let tops = query(
        &scope,
        "SELECT c.name, p.name AS parent FROM departments c LEFT JOIN departments p ON p.id = c.parent_id ORDER BY 1",
    )
    .await;
    assert_eq!(tops, json!([{ "name": "All", "parent": null }, { "name": "Some", "parent": "All" }]));
    // The schema is as every other one, and the next number is the one after the greatest.
    assert_eq!(query(&scope, "SELECT next_value FROM number_sequences").await, json!([{ "next_value": 4 }]));
    let drift = server.tenants().find_drift(std::slice::from_ref(&tenant.slug), 1, |drift| panic!("{drift:?}")).await.unwrap();
    assert_eq!((drift.checked, drift.drifted), (1, 0));
    assert_eq!(other.contents().await, before);
}

#[tokio::test]
async fn keys_of_any_type_become_ids_and_uuids_stay() {
    let server = Server::start().await;
    let source = Source::and(
        "ALTER TABLE unit ADD COLUMN guid uuid; UPDATE unit SET guid = format('00000000-0000-4000-8000-%s', lpad(id::text, 12, '0'))::uuid; \
         ALTER TABLE person ADD COLUMN unit_guid text; UPDATE person p SET unit_guid = upper(u.guid::text) FROM unit u WHERE u.id = p.unit; \
         ALTER TABLE unit ADD COLUMN parent_guid uuid; UPDATE unit u SET parent_guid = p.guid FROM unit p WHERE p.id = u.parent",
    )
    .await;
    let map = MAP
        .replacen("key = \"id\"", "key = \"guid\"", 1)
        .replace("column = \"parent\"", "column = \"parent_guid\"")
        .replace("column = \"unit\"", "column = \"unit_guid\"");
    let (_, first) = adopted(server.tenants(), &source, &map).await;
    let (_, second) = adopted(server.tenants(), &source, &map).await;
    let ids = async |tenant: &std::sync::Arc<tenancy::Tenant>, table: &str| {
        query(&server.tenants().read_only(tenant), &format!("SELECT id FROM {table} ORDER BY id")).await
    };
    let kept = json!([{ "id": "00000000-0000-4000-8000-000000000001" }, { "id": "00000000-0000-4000-8000-000000000002" }]);
    assert_eq!(ids(&first, "departments").await, kept);
    assert_eq!(ids(&second, "departments").await, kept);
    // Those that are made are of one tenant alone.
    assert_ne!(ids(&first, "employees").await, ids(&second, "employees").await);
    source.run("UPDATE person SET unit_guid = 'nonsense' WHERE id = 2").await;
    let (report, _) = adopt(server.tenants(), &source, &map, &new_tenant()).await.unwrap();
    assert_eq!(reasons(&report), ["employees department_id: This is no UUID, as the keys of departments are. 2"]);
}

#[tokio::test]
async fn values_constants_order_and_numbers_are_as_the_map_says() {
    let server = Server::start().await;
    let source = Source::and("UPDATE person SET kind = CASE id WHEN 1 THEN 'F' ELSE 'P' END").await;
    let map = MAP
        .replace(
            "employment_type = \"kind\"",
            "employment_type = { column = \"kind\", values = { F = \"full_time\", P = \"part_time\" } }",
        )
        .replace("birth_date = \"born\"", "employee_number = \"number\"\nphone = { constant = 110 }\ncreated_at = \"since\"");
    let (_, tenant) = adopted(server.tenants(), &source, &map).await;
    let scope = server.tenants().read_only(&tenant);
    let found =
        query(&scope, "SELECT employee_number AS n, employment_type AS t, phone AS p, created_at AS c FROM employees ORDER BY 1")
            .await;
    assert_eq!(
        found,
        json!([
            { "n": 7, "t": "full_time", "p": "110", "c": "2001-01-01T00:00:00+00:00" },
            { "n": 9, "t": "part_time", "p": "110", "c": "2002-01-01T00:00:00+00:00" }
        ])
    );
    assert_eq!(query(&scope, "SELECT next_value AS n FROM number_sequences").await, json!([{ "n": 10 }]));
    let reversed = map.replace("employee_number = \"number\"\n", "").replace(
        "from = \"person\"\nkey = \"id\"",
        "query = \"SELECT *, -id AS place FROM person -- all\"\nkey = \"id\"\norder = [\"place\"]",
    );
    let (_, tenant) = adopted(server.tenants(), &source, &reversed).await;
    let found =
        query(&server.tenants().read_only(&tenant), "SELECT given_name AS g FROM employees ORDER BY employee_number").await;
    assert_eq!(found, json!([{ "g": "Bob" }, { "g": "Ann" }]));
}

#[tokio::test]
async fn a_source_is_read_in_one_snapshot_by_a_role_that_may_do_nothing_else() {
    let server = Server::start().await;
    let source =
        Source::and("CREATE FUNCTION write() RETURNS integer LANGUAGE sql AS 'UPDATE unit SET title = title RETURNING 1'").await;
    let reader = Reader::of(&source, "unit, site, person").await;
    assert_eq!(reader.adopt(&server, MAP).await.unwrap().refused(), 0);
    // Whoever may write does not either.
    let writing = MAP.replace("SELECT DISTINCT job FROM person;", "SELECT DISTINCT job, write() FROM person");
    let error = adopt(server.tenants(), &source, &writing, &new_tenant()).await.unwrap_err();
    assert!(error.to_string().contains("read-only"), "{error}");
    // What is written after the snapshot was taken is not seen, whichever table it is in.
    let mut opened = source.open().await;
    source.run("DELETE FROM person WHERE id = 2; UPDATE unit SET title = 'Later'").await;
    let new = new_tenant();
    let mut adoption = server.tenants().begin_adoption(&new).await.unwrap();
    let map = AdoptionMap::parse(MAP).unwrap();
    assert_eq!(adoption.load(&mut opened, &map, &RULES, &mut |_| {}).await.unwrap().rows(), 7);
    adoption.commit().await.unwrap();
    let tenant = server.tenants().directory().by_id(new.id).await.unwrap().unwrap();
    let contents = contents_of(&server.tenants().read_only(&tenant)).await;
    assert!(!contents["departments"].to_string().contains("Later"), "{contents}");
    let mut connection = superuser_at(&source).await;
    run(&mut connection, &format!("DROP OWNED BY {0}; DROP ROLE {0}", reader.name)).await;
}

/// What comes after the reading takes as long again: it is told, too.
#[tokio::test]
async fn every_step_is_told() {
    let server = Server::start().await;
    let (source, new) = (Source::and("").await, new_tenant());
    let mut adoption = server.tenants().begin_adoption(&new).await.unwrap();
    let mut steps = Vec::new();
    let map = AdoptionMap::parse(MAP).unwrap();
    let mut note = |step: AdoptionStep<'_>| {
        steps.push(match step {
            AdoptionStep::Reading { table, rows } => format!("reading {table} {rows}"),
            AdoptionStep::Judging { table } => format!("judging {table}"),
            AdoptionStep::Storing { table } => format!("storing {table}"),
            AdoptionStep::Finishing => "finishing".to_owned(),
        });
    };
    adoption.load(&mut source.open().await, &map, &RULES, &mut note).await.unwrap();
    adoption.roll_back().await.unwrap();
    let each = |step: &str, counts: [&str; 4]| {
        let tables = ["departments", "positions", "locations", "employees"];
        tables.iter().zip(counts).map(|(table, count)| format!("{step} {table}{count}")).collect::<Vec<_>>()
    };
    let expected = [
        each("reading", [" 2", " 2", " 1", " 2"]),
        each("judging", [""; 4]),
        each("storing", [""; 4]),
        vec!["finishing".to_owned()],
    ];
    assert_eq!(steps, expected.concat());
}

/// A tenant without them would pass for a whole one.
#[tokio::test]
async fn rows_that_a_policy_hides_are_not_left_out() {
    let server = Server::start().await;
    let source = Source::and("ALTER TABLE unit ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON unit USING (id = 1)").await;
    let reader = Reader::of(&source, "unit, site, person").await;
    let refused = reader.adopt(&server, MAP).await.unwrap_err().to_string();
    assert!(refused.contains("line 2: ") && refused.contains("row-level security"), "{refused}");
    // Whoever sees all of them may read.
    let mut connection = superuser_at(&source).await;
    run(&mut connection, &format!("ALTER ROLE {} BYPASSRLS", reader.name)).await;
    assert_eq!(reader.adopt(&server, MAP).await.unwrap().rows(), 7);
    run(&mut connection, &format!("DROP OWNED BY {0}; DROP ROLE {0}", reader.name)).await;
}

/// Every column that a tenant's tables have is either for a map to give or known to be the program's own.
#[tokio::test]
async fn the_rules_know_every_column() {
    let server = Server::start().await;
    let tenant = server.tenant().await;
    let scope = server.tenants().read_only(&tenant);
    for rules in RULES.tables {
        let sql = format!(
            "SELECT attname AS name FROM pg_attribute WHERE attrelid = '{}.{}'::regclass AND attnum > 0 AND NOT attisdropped",
            tenant.schema, rules.table
        );
        let columns = query(&scope, &sql).await;
        let names: Vec<&str> = columns.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        for name in rules.columns.iter().chain(rules.completed) {
            assert!(names.contains(name), "{}.{name} is unknown", rules.table);
        }
        for name in names {
            assert!(rules.columns.contains(&name) || ["id", "version"].contains(&name), "{}.{name} is left out", rules.table);
        }
    }
}
