//! Exports that anyone can read, and imports that take nothing on trust.

use std::{fs, future::pending, path::Path};

use chrono::Utc;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};
use tenancy::{ArchiveError, ArchivePlace, Error, ExportFormat};
use tests::{Server, Step, TestDatabase, database_url, hexadecimal, make_tenant, new_tenant, run, until, value};

use super::{Shelf, archive_error, contents, fill, traces};

const FORMATS: [ExportFormat; 2] = [ExportFormat::Ndjson, ExportFormat::Csv];

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

/// A program that lets Postgres number rows and takes no number from anybody.
struct Numbered;

impl MigratorTrait for Numbered {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let rows = "CREATE TABLE tickets (id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT tickets_pkey PRIMARY KEY, title text, extra jsonb);
            CREATE TABLE seats (id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT seats_pkey PRIMARY KEY, title text);
            INSERT INTO tickets (title, extra) VALUES ('first', '{}'), ('second', NULL), ('third', 'null');
            INSERT INTO seats (title) VALUES ('a'), ('b'), ('c'); DELETE FROM tickets WHERE id = 2; DELETE FROM seats WHERE id = 2";
        migrations.push(Step::boxed("m20990101_000001_tickets", rows));
        migrations
    }
}

#[tokio::test]
async fn numbers_that_postgres_gives_are_imported_and_counted_on() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenants = database.tenants::<Numbered>();
    let tenant = make_tenant(&tenants).await;
    let mut operator = database.connect().await;
    let shelf = Shelf::new();
    for format in FORMATS {
        let directory = shelf.path(&format.to_string());
        tenants.export(&tenant, &directory, format, Utc::now()).await.unwrap();
        let (imported, _) = tenants.import(&directory, &new_tenant()).await.unwrap();
        for table in ["tickets", "seats"] {
            let name = format!("{}.{table}", imported.schema);
            run(&mut operator, &format!("INSERT INTO {name} (title) VALUES ('next')")).await;
            let ids: String = value(&mut operator, &format!("SELECT string_agg(id::text, ' ' ORDER BY id) FROM {name}")).await;
            assert_eq!(ids, "1 3 4", "{format} {table}");
        }
    }
    for tenants in [&tenants, server.tenants()] {
        tenants.close().await;
    }
}

/// A program whose rows have JSON that is null, and none.
struct Nulls;

impl MigratorTrait for Nulls {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let rows = r#"CREATE TABLE notes (id int CONSTRAINT notes_pkey PRIMARY KEY, a json, "b's" jsonb);
            INSERT INTO notes VALUES (1, 'null', NULL), (2, NULL, 'null'), (3, 'null', 'null'), (4, NULL, NULL),
                (5, '{"": ["a"]}', '[null]'), (6, '"null"', '"null"')"#;
        migrations.push(Step::boxed("m20990101_000001_notes", rows));
        migrations
    }
}

#[tokio::test]
async fn a_null_of_json_is_another_thing_than_no_value() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenants = database.tenants::<Nulls>();
    let tenant = make_tenant(&tenants).await;
    let mut operator = database.connect().await;
    let shelf = Shelf::new();
    for format in FORMATS {
        let directory = shelf.path(&format.to_string());
        tenants.export(&tenant, &directory, format, Utc::now()).await.unwrap();
        let (imported, _) = tenants.import(&directory, &new_tenant()).await.unwrap();
        let rows = format!(
            r#"SELECT string_agg(coalesce(a::text, '-') || ' ' || coalesce("b's"::text, '-'), ', ' ORDER BY id) FROM {}.notes"#,
            imported.schema
        );
        let rows: String = value(&mut operator, &rows).await;
        assert_eq!(rows, r#"null -, - null, null null, - -, {"": ["a"]} [null], "null" "null""#, "{format}");
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
async fn an_altered_export_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let import = async |directory: &Path| {
        let new = new_tenant();
        let refused = archive_error(server.tenants().import(directory, &new).await);
        assert_eq!(traces(new.id).await, [0, 0, 0]);
        refused
    };
    for format in FORMATS {
        let directory = shelf.path(&format.to_string());
        server.tenants().export(&company.tenant, &directory, format, Utc::now()).await.unwrap();
        let file = directory.join(format!("employees.{format}"));
        let good = fs::read(&file).unwrap();
        let text = String::from_utf8(good.clone()).unwrap();
        for bad in [text.replace("Mia", "Eve"), text[..text.len() - 10].to_owned(), String::new(), format!("{text}\n")] {
            fs::write(&file, bad).unwrap();
            let refused = import(&directory).await;
            assert!(matches!(&refused, ArchiveError::NotAnExport(what) if what.contains("employees")), "{refused}");
        }
        fs::remove_file(&file).unwrap();
        assert!(matches!(import(&directory).await, ArchiveError::File { .. }));
        fs::write(&file, good).unwrap();

        let path = directory.join("manifest.json");
        let manifest = fs::read_to_string(&path).unwrap();
        let rows = manifest.replacen("\"rows\": 4", "\"rows\": 5", 1);
        assert_ne!(rows, manifest);
        for (altered, part) in [
            (rows, "rows instead of"),
            (manifest.replace("\"family_name\"", "\"surname\""), "employees.surname"),
            (manifest.replace("m20261121_000001_people", "m20991231_000001_future"), "newer program"),
            (manifest.replace("\"version\": 1", "\"version\": 2"), "version 2"),
            (manifest.replace(&format!("\"employees.{format}\""), "\"../employees\""), "../employees"),
            (manifest.replace("\"employees\"", "\"../employees\""), "../employees"),
            (manifest[..manifest.len() / 2].to_owned(), "manifest.json"),
            ("[]".to_owned(), "manifest.json"),
        ] {
            fs::write(&path, &altered).unwrap();
            let refused = import(&directory).await.to_string();
            assert!(refused.contains(part), "{part:?} is not in {refused}");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(import(&directory).await, ArchiveError::File { .. }));
        fs::write(&path, &manifest).unwrap();
        server.tenants().import(&directory, &new_tenant()).await.unwrap();
    }
    assert!(matches!(import(&shelf.path("missing")).await, ArchiveError::File { .. }));
    let again = server.tenants().export(&company.tenant, &shelf.path("csv"), ExportFormat::Csv, Utc::now()).await;
    assert!(matches!(archive_error(again), ArchiveError::Exists(_)));
    let taken = tenancy::NewTenant { slug: company.tenant.slug.clone(), ..new_tenant() };
    assert!(matches!(server.tenants().import(&shelf.path("csv"), &taken).await, Err(Error::SlugTaken(_))));
}

/// Writes a file of an export anew, as another program would, with its sum in the manifest.
fn rewrite(directory: &Path, file: &str, text: &str) {
    fs::write(directory.join(file), text).unwrap();
    let path = directory.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let entry = files.iter_mut().find(|entry| entry["file"] == file).unwrap();
    entry["bytes"] = text.len().into();
    entry["sha256"] = hexadecimal(&Sha256::digest(text)).into();
    fs::write(&path, manifest.to_string()).unwrap();
}

/// Postgres itself passes over the names of CSV, and over keys of JSON that it does not know.
#[tokio::test]
async fn values_never_come_into_columns_that_they_do_not_name() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    for format in FORMATS {
        let directory = shelf.path(&format.to_string());
        server.tenants().export(&company.tenant, &directory, format, Utc::now()).await.unwrap();
        let file = format!("employees.{format}");
        let good = fs::read_to_string(directory.join(&file)).unwrap();
        let (names, rows) = good.split_once('\n').unwrap();
        let bad = match format {
            ExportFormat::Csv => vec![
                format!("{}\n{rows}", names.replace("given", "x").replace("family", "given").replace('x', "family")),
                good.replacen("given_name", "first_name", 1),
                rows.to_owned(),
                String::new(),
            ],
            ExportFormat::Ndjson => vec![
                good.replacen("\"personal_email\"", "\"personal_mail\"", 1),
                good.replacen('{', "{\"zzz\":1,", 1),
                good.replacen('{', "[{", 1),
            ],
        };
        for bad in bad {
            assert_ne!(bad, good);
            rewrite(&directory, &file, &bad);
            let new = new_tenant();
            let refused = archive_error(server.tenants().import(&directory, &new).await);
            assert!(matches!(&refused, ArchiveError::NotAnExport(what) if what.contains("of table employees")), "{refused}");
            assert_eq!(traces(new.id).await, [0, 0, 0]);
        }
        // What says the same in other words is taken.
        let same = match format {
            ExportFormat::Csv => format!("\u{feff}\"{}\"\n{rows}", names.replace('"', "").replace(',', "\",\"")),
            ExportFormat::Ndjson => good.replacen("\"personal_email\"", " \"personal\\u005femail\" ", 1),
        };
        rewrite(&directory, &file, &same);
        let (imported, _) = server.tenants().import(&directory, &new_tenant()).await.unwrap();
        assert_eq!(contents(server.tenants(), &imported).await, company.contents().await, "{format}");
    }
}

/// A pipe or a device has no end that could be waited for.
#[tokio::test]
async fn what_is_no_file_is_not_read() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    for name in ["manifest.json", "employees.ndjson"] {
        let directory = shelf.path(name);
        server.tenants().export(&company.tenant, &directory, ExportFormat::Ndjson, Utc::now()).await.unwrap();
        fs::remove_file(directory.join(name)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", directory.join(name)).unwrap();
        let refused = archive_error(server.tenants().import(&directory, &new_tenant()).await);
        assert!(matches!(&refused, ArchiveError::NotAnExport(what) if what.contains(name)), "{refused}");
    }
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
    let waiting = format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{schema}.positions'::regclass");
    let export = || server.tenants().export(&company.tenant, &directory, ExportFormat::Ndjson, Utc::now());
    let meanwhile = async {
        until("the export waits", async || value::<i64>(&mut operator, &waiting).await == 1).await;
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
    let waiting = format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{schema}.positions'::regclass");
    let stop = until("the export waits", async || value::<i64>(&mut operator, &waiting).await == 1);
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
