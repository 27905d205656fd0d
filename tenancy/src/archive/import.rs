//! A tenant from an export of this program.

use std::{io::Read as _, path::Path, sync::Arc};

use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::mpsc::{Receiver, channel};

use super::{
    ArchiveError, ColumnShape, Contents, Manifest, TableShape, Totals,
    export::{ExportFile, ExportFormat, ExportManifest, GUARDED, MANIFEST, VERSION, file_of},
    guard::Guard,
    load::{Scaffolding, refused},
    piece::beside,
    rows,
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
        let export = beside(move || check_files(&path, &export.files).map(|()| export)).await?;
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
    let file = rows::open(&path)?;
    file.take(LONGEST_MANIFEST).read_to_string(&mut text).map_err(ArchiveError::of_file(&path))?;
    let export: ExportManifest =
        serde_json::from_str(&text).map_err(|error| no_export(format!("{MANIFEST} cannot be read: {error}")))?;
    let (version, known) = (export.version, if export.guarded { GUARDED } else { VERSION });
    if version != known {
        return Err(no_export(format!("its manifest is of version {version}, and this program reads {VERSION} and {GUARDED}")));
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

fn check_files(directory: &Path, files: &[ExportFile]) -> Result<(), ArchiveError> {
    files.iter().try_for_each(|file| rows::check(directory, file))
}

async fn fill(workshop: &Workshop, schema: &SchemaName, directory: &Path, export: &ExportManifest) -> Result<Vec<Totals>> {
    let mut connection = workshop.connection().await?;
    let scaffolding = Scaffolding::put_up(&mut connection, schema, &export.manifest).await?;
    for (table, file) in export.manifest.tables.iter().zip(&export.files) {
        let (sender, receiver) = channel(4);
        let (path, format, shape) = (directory.join(&file.file), export.format, table.clone());
        let guard = (export.guarded && format == ExportFormat::Csv).then(|| Guard::take(table));
        let read = beside(move || rows::read(&path, format, &shape, guard, &|rows| sender.blocking_send(rows).is_ok()));
        let load = async {
            match format {
                ExportFormat::Csv => load_csv(&mut connection, table, receiver).await,
                ExportFormat::Ndjson => load_lines(&mut connection, table, receiver).await,
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
