//! Exports that anyone can read, and imports of them.

use std::{fs, future::pending};

use chrono::Utc;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tenancy::{ArchiveError, ArchivePlace, Error, ExportFormat};
use tests::{Server, Step, TestDatabase, database_url, make_tenant, new_tenant, run, until, value, waiters_for};

use super::{FORMATS, Shelf, archive_error, contents, fill};

#[tokio::test]
async fn an_export_is_imported_row_for_row() {
    let server = Server::start().await;
    let company = server.company().await;
    fill(&company, 1_500).await;
    let before = company.contents().await;
    let shelf = Shelf::new();
    for format in FORMATS {
        let directory = shelf.path(&format.to_string());
        let exported = server.tenants().export(&company.tenant, &directory, format, Utc::now()).await.unwrap();
        let manifest: Value = serde_json::from_slice(&fs::read(directory.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["tenant"], company.tenant.id.to_string());
        assert_eq!(manifest["tables"].as_array().unwrap().len(), exported.manifest.tables.len());
        let new = new_tenant();
        let (tenant, imported) = server.tenants().import(&directory, &new).await.unwrap();
        assert_eq!(imported, exported);
        assert_eq!(contents(server.tenants(), &tenant).await, before, "{format}");
        assert_eq!(exported.rows(), imported.rows());
    }
    assert_eq!(shelf.names(), ["csv", "ndjson"]);
}

/// A program that lets Postgres number rows and takes no number from anybody, and whose rows have JSON that is null, and none.
struct Particular;

impl MigratorTrait for Particular {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let rows = r#"CREATE TABLE tickets (id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT tickets_pkey PRIMARY KEY, title text, extra jsonb);
            CREATE TABLE seats (id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT seats_pkey PRIMARY KEY, title text);
            INSERT INTO tickets (title, extra) VALUES ('first', '{}'), ('second', NULL), ('third', 'null');
            INSERT INTO seats (title) VALUES ('a'), ('b'), ('c'); DELETE FROM tickets WHERE id = 2; DELETE FROM seats WHERE id = 2;
            CREATE TABLE notes (id int CONSTRAINT notes_pkey PRIMARY KEY, a json, "b's" jsonb);
            INSERT INTO notes VALUES (1, 'null', NULL), (2, NULL, 'null'), (3, 'null', 'null'), (4, NULL, NULL),
                (5, '{"": ["a"]}', '[null]'), (6, '"null"', '"null"')"#;
        migrations.push(Step::boxed("m20990101_000001_particular", rows));
        migrations
    }
}

/// What is done in the schema of an imported tenant, what is asked of it then, and the answer.
const PARTICULARS: [(&str, &str, &str); 3] = [
    // The numbers that Postgres gave are kept, with their gap, and counted on; with JSON beside them and without.
    ("INSERT INTO tickets (title) VALUES ('next')", "SELECT string_agg(id::text, ' ' ORDER BY id) FROM tickets", "1 3 4"),
    ("INSERT INTO seats (title) VALUES ('next')", "SELECT string_agg(id::text, ' ' ORDER BY id) FROM seats", "1 3 4"),
    // A null of JSON is another thing than no value.
    (
        "",
        r#"SELECT string_agg(coalesce(a::text, '-') || ' ' || coalesce("b's"::text, '-'), ', ' ORDER BY id) FROM notes"#,
        r#"null -, - null, null null, - -, {"": ["a"]} [null], "null" "null""#,
    ),
];

#[tokio::test]
async fn numbers_of_postgres_and_nulls_of_json_are_imported_as_they_were() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenants = database.tenants::<Particular>();
    let tenant = make_tenant(&tenants).await;
    let mut operator = database.connect().await;
    let shelf = Shelf::new();
    for format in FORMATS {
        let directory = shelf.path(&format.to_string());
        tenants.export(&tenant, &directory, format, Utc::now()).await.unwrap();
        let (imported, _) = tenants.import(&directory, &new_tenant()).await.unwrap();
        run(&mut operator, &format!("SET search_path = {}", imported.schema)).await;
        for (deed, question, answer) in PARTICULARS {
            run(&mut operator, deed).await;
            let found: String = value(&mut operator, question).await;
            assert_eq!(found, answer, "{format}: {question}");
        }
    }
    let lines = fs::read_to_string(shelf.path("ndjson").join("notes.ndjson")).unwrap();
    assert_eq!(lines.lines().next(), Some(r#"{"id":1,"a":null,"b's":null,"":["a"]}"#));
    for tenants in [&tenants, server.tenants()] {
        tenants.close().await;
    }
}

#[tokio::test]
async fn every_line_of_an_export_is_json() {
    let server = Server::start().await;
    let company = server.company().await;
    fill(&company, 5).await;
    let shelf = Shelf::new();
    let directory = shelf.path("export");
    server.tenants().export(&company.tenant, &directory, ExportFormat::Ndjson, Utc::now()).await.unwrap();
    let before = company.contents().await;
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let Some(table) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".ndjson") else { continue };
        let text = fs::read_to_string(&path).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), before[table].as_array().unwrap().len(), "{table}");
    }
    let locations = fs::read_to_string(directory.join("locations.ndjson")).unwrap();
    assert!(locations.contains(r#"line\nbreak\ttab\\back\r\"quote\"',;ä€😀 \\N \\. "#), "{locations}");
}

#[tokio::test]
async fn two_exports_into_one_directory_do_not_mix() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let directory = shelf.path("export");
    // What a killed program has left.
    fs::create_dir(shelf.path("export.partial")).unwrap();
    fs::write(shelf.path("export.partial").join("former.ndjson"), "{}").unwrap();
    let schema = &company.tenant.schema;
    let mut holder = PgConnection::connect(&database_url()).await.unwrap();
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    run(&mut holder, &format!("BEGIN; LOCK TABLE {schema}.positions")).await;
    let export = || server.tenants().export(&company.tenant, &directory, ExportFormat::Ndjson, Utc::now());
    let meanwhile = async {
        until("the export waits", async || waiters_for(&mut operator, &format!("{schema}.positions")).await == 1).await;
        let refused = archive_error(export().await);
        run(&mut holder, "ROLLBACK").await;
        refused
    };
    let (first, refused) = tokio::join!(export(), meanwhile);
    assert!(matches!(&refused, ArchiveError::File { path, .. } if path.ends_with("export.partial")), "{refused}");
    first.unwrap();
    assert_eq!(shelf.names(), ["export"]);
    assert!(!directory.join("former.ndjson").exists());
    let (tenant, _) = server.tenants().import(&directory, &new_tenant()).await.unwrap();
    assert_eq!(contents(server.tenants(), &tenant).await, company.contents().await);

    // One that fails leaves nothing.
    let mut nobody = (*tenant).clone();
    nobody.id = tenancy::TenantId(uuid::Uuid::now_v7());
    let failed = server.tenants().export(&nobody, &shelf.path("none"), ExportFormat::Csv, Utc::now()).await;
    assert!(matches!(failed, Err(Error::NotFound(_))));
    assert_eq!(shelf.names(), ["export"]);
}

/// Broken off while it is written, as where another process has taken it over: nobody completes the file afterwards.
#[tokio::test]
async fn an_export_that_is_stopped_leaves_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let place = ArchivePlace::from(shelf.path("export.zip"));
    let schema = &company.tenant.schema;
    let mut holder = PgConnection::connect(&database_url()).await.unwrap();
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    run(&mut holder, &format!("BEGIN; LOCK TABLE {schema}.positions")).await;
    let stop = until("the export waits", async || waiters_for(&mut operator, &format!("{schema}.positions")).await == 1);
    let stopped = server.tenants().export_into(&company.tenant, &place, ExportFormat::Csv, Utc::now(), stop).await;
    assert!(matches!(archive_error(stopped), ArchiveError::Stopped));
    assert_eq!(shelf.names(), [""; 0]);
    run(&mut holder, "ROLLBACK").await;
    // What is never stopped is complete.
    let written = server.tenants().export_into(&company.tenant, &place, ExportFormat::Csv, Utc::now(), pending()).await.unwrap();
    assert_eq!(
        (written.bytes, shelf.names()),
        (fs::metadata(shelf.path("export.zip")).unwrap().len(), vec!["export.zip".to_owned()])
    );
}
