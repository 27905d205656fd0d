//! Exports that somebody has changed: imports take nothing on trust.

use std::{fs, path::Path};

use chrono::Utc;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tenancy::{ArchiveError, Error, ExportFormat};
use tests::{Server, hexadecimal, new_tenant};

use super::{FORMATS, Shelf, archive_error, contents, traces};

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
