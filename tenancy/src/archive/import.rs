//! A tenant from an export of this program.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    sync::Arc,
};

use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc::{Receiver, channel};

use super::{
    ArchiveError, ColumnShape, Contents, Manifest, TableShape, Totals,
    export::{ExportFormat, ExportManifest, MANIFEST, VERSION, file_of},
    guard::Guard,
    load::{Scaffolding, refused},
    piece::{PIECE, Sum, beside},
    workshop::Workshop,
};
use crate::{NewTenant, Result, SchemaName, Tenant, Tenants};

/// The longest manifest that is read.
const LONGEST_MANIFEST: u64 = 16 << 20;

impl Tenants {
    /// What an export says of itself.
    pub async fn export_manifest(&self, directory: &Path) -> Result<Manifest> {
        let directory = directory.to_owned();
        Ok(beside(move || read_manifest(&directory)).await?.manifest)
    }

    /// Makes a tenant from an export. Manifest and files are checked first; a failure leaves nothing.
    pub async fn import(&self, directory: &Path, new: &NewTenant) -> Result<(Arc<Tenant>, Contents)> {
        self.check_slug(new).await?;
        let path = directory.to_owned();
        let export = beside(move || read_manifest(&path)).await?;
        self.check_migrations(&export.manifest).await?;
        let path = directory.to_owned();
        let export = beside(move || check_files(&path, &export).map(|()| export)).await?;
        let (tenant, totals) = self
            .populate(new, &export.manifest, async |workshop, schema| fill(workshop, schema, directory, &export).await)
            .await?;
        Ok((tenant, Contents { manifest: export.manifest, totals }))
    }
}

fn read_manifest(directory: &Path) -> Result<ExportManifest, ArchiveError> {
    let no_export = |what: String| ArchiveError::NotAnExport(what);
    let path = directory.join(MANIFEST);
    let mut text = String::new();
    let file = File::open(&path).map_err(ArchiveError::of_file(&path))?;
    file.take(LONGEST_MANIFEST).read_to_string(&mut text).map_err(ArchiveError::of_file(&path))?;
    let export: ExportManifest =
        serde_json::from_str(&text).map_err(|error| no_export(format!("{MANIFEST} cannot be read: {error}")))?;
    if export.version != VERSION {
        return Err(no_export(format!("its manifest is of version {}, and this program reads {VERSION}", export.version)));
    }
    if export.files.len() != export.manifest.tables.len() {
        return Err(no_export("it has not a file for each table".to_owned()));
    }
    for (table, file) in export.manifest.tables.iter().zip(&export.files) {
        if file.file != file_of(table, export.format)? {
            return Err(no_export(format!("{} is not the file of table {}", file.file, table.name)));
        }
    }
    Ok(export)
}

/// Holds every file against its sum.
fn check_files(directory: &Path, export: &ExportManifest) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; PIECE];
    for file in &export.files {
        let path = directory.join(&file.file);
        let mut reader = File::open(&path).map_err(ArchiveError::of_file(&path))?;
        let mut sum = Sum::new();
        loop {
            let count = reader.read(&mut buffer).map_err(ArchiveError::of_file(&path))?;
            if count == 0 {
                break;
            }
            sum.add(buffer.get(..count).unwrap_or_default(), 0);
        }
        if (Totals { rows: file.totals.rows, ..sum.totals() }) != file.totals {
            return Err(ArchiveError::NotAnExport(format!("{} was altered or is incomplete", file.file)));
        }
    }
    Ok(())
}

async fn fill(workshop: &Workshop, schema: &SchemaName, directory: &Path, export: &ExportManifest) -> Result<Vec<Totals>> {
    let mut connection = workshop.connection().await?;
    let scaffolding = Scaffolding::put_up(&mut connection, schema, &export.manifest).await?;
    for (table, file) in export.manifest.tables.iter().zip(&export.files) {
        let (sender, rows) = channel(4);
        let (path, format) = (directory.join(&file.file), export.format);
        let guard = (export.guarded && format == ExportFormat::Csv).then(|| Guard::take(table));
        let read = beside(move || read_rows(&path, format, guard, &|rows| sender.blocking_send(rows).is_ok()));
        let load = async {
            match format {
                ExportFormat::Csv => load_csv(&mut connection, table, rows).await,
                ExportFormat::Ndjson => load_lines(&mut connection, table, rows).await,
            }
        };
        let (read, loaded) = tokio::join!(read, load);
        let loaded = loaded?;
        read?;
        if loaded != file.totals.rows {
            let rows = file.totals.rows;
            return Err(ArchiveError::Differs(format!("table {} has {loaded} rows instead of {rows}", table.name)).into());
        }
    }
    scaffolding.take_down(&mut connection).await?;
    connection.give_back();
    Ok(export.files.iter().map(|file| file.totals.clone()).collect())
}

/// Reads a file in handfuls: whole lines of JSON, or any part of CSV, without its guards.
fn read_rows(
    path: &Path,
    format: ExportFormat,
    mut guard: Option<Guard>,
    send: &dyn Fn(Vec<u8>) -> bool,
) -> Result<(), ArchiveError> {
    let mut reader = BufReader::new(File::open(path).map_err(ArchiveError::of_file(path))?);
    let mut rows = Vec::with_capacity(PIECE);
    loop {
        let read = match format {
            ExportFormat::Csv => (&mut reader).take(PIECE as u64).read_to_end(&mut rows),
            ExportFormat::Ndjson => reader.read_until(b'\n', &mut rows),
        };
        let ended = read.map_err(ArchiveError::of_file(path))? == 0;
        if rows.len() >= PIECE || (ended && !rows.is_empty()) {
            let piece = std::mem::take(&mut rows);
            let piece = match &mut guard {
                Some(guard) => guard.pass(&piece),
                None => piece,
            };
            if !send(piece) {
                return Err(ArchiveError::Stopped);
            }
        }
        if ended {
            return Ok(());
        }
    }
}

async fn load_csv(connection: &mut PgConnection, table: &TableShape, mut rows: Receiver<Vec<u8>>) -> Result<u64> {
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER true)", table.quoted(), table.quoted_columns());
    let mut copy = connection.copy_in_raw(&sql).await?;
    while let Some(rows) = rows.recv().await {
        copy.send(rows).await?;
    }
    copy.finish().await.map_err(|error| refused(&table.name, error))
}

async fn load_lines(connection: &mut PgConnection, table: &TableShape, mut rows: Receiver<Vec<u8>>) -> Result<u64> {
    let sql = insertion(table);
    let mut count = 0;
    while let Some(rows) = rows.recv().await {
        let array = array_of(&rows).ok_or_else(|| ArchiveError::NotAnExport(format!("{} is not UTF-8", table.name)))?;
        let done = sqlx::query(AssertSqlSafe(sql.clone())).bind(array).execute(&mut *connection).await;
        count += done.map_err(|error| refused(&table.name, error))?.rows_affected();
    }
    Ok(count)
}

/// The statement that stores an array of rows, numbers that Postgres gives by itself (GENERATED ALWAYS) included, as COPY does.
fn insertion(table: &TableShape) -> String {
    let (name, columns) = (table.quoted(), table.quoted_columns());
    if !table.columns.iter().any(ColumnShape::is_json) {
        return format!(
            "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM json_populate_recordset(NULL::{name}, $1::json)"
        );
    }
    // Postgres takes a JSON null for no value. Where it is one, the row says so; those of older exports never do.
    let values = table.columns.iter().map(|column| {
        let (kind, quoted, literal) = (&column.kind, column.quoted(), column.literal());
        if column.is_json() {
            format!("CASE WHEN (l.line -> '')::jsonb ? {literal} THEN 'null'::{kind} ELSE r.{quoted} END")
        } else {
            format!("r.{quoted}")
        }
    });
    let values = values.collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} FROM json_array_elements($1::json) AS l (line) \
         CROSS JOIN LATERAL json_populate_record(NULL::{name}, l.line) AS r"
    )
}

fn array_of(lines: &[u8]) -> Option<String> {
    let lines = std::str::from_utf8(lines).ok()?;
    Some(format!("[{}]", lines.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(",")))
}
