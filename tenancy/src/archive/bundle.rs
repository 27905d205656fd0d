//! An export as one file, for people: a zip of what [`Tenants::export`] makes a directory of, written as the rows come.

use std::{
    io::{self, BufWriter, Write as _},
    pin::pin,
};

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use tokio::sync::Notify;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    ArchiveError, ArchivePlace, Contents, ExportFormat, Manifest, TableShape, Totals, Written,
    export::{ExportFile, ExportManifest, GUARDED, MANIFEST, VERSION, copy_table, file_of, statement},
    file::Summing,
    guard::{Guard, MARK},
    piece::{Piece, Sink, Source, Sum, beside, both, pipe},
    snapshot::Snapshot,
};
use crate::{Error, Result, Tenant, Tenants};

impl Tenants {
    /// Writes a tenant's data into a new zip, as of one moment, while the tenant is used. Unpacked, it is what
    /// [`import`](Self::import) takes. CSV is for spreadsheets: it says that it is UTF-8, and no text in it is a formula. The file is there
    /// complete or not at all; directories that are missing are made.
    ///
    /// Once `stop` has ended, the work is broken off: there is no file when this returns, unless it was complete before.
    pub async fn export_into(
        &self,
        tenant: &Tenant,
        target: &ArchivePlace,
        format: ExportFormat,
        now: DateTime<Utc>,
        stop: impl Future<Output = ()>,
    ) -> Result<Written> {
        let broken_off = Notify::new();
        let work = async {
            let place = target.clone();
            beside(move || place.prepare()).await?;
            let snapshot = Snapshot::open(self, tenant, now).await?;
            let manifest = snapshot.manifest.clone();
            let (sink, mut source) = pipe();
            let target = target.clone();
            let write = beside(move || write(&target, format, manifest, &mut source));
            // Each is waited for, whatever becomes of the other: nobody completes a file after this has returned.
            let (sent, written) = tokio::join!(send(snapshot, format, sink, &broken_off), write);
            let (snapshot, written) = both(sent, written)?;
            // Until here the tenant's lock lets no deletion go past, which would not find a file that is not complete yet.
            snapshot.close().await?;
            Ok::<_, Error>(written)
        };
        let mut work = pin!(work);
        let mut stop = pin!(stop);
        tokio::select! {
            result = &mut work => result,
            () = &mut stop => {
                broken_off.notify_one();
                work.await
            }
        }
    }
}

/// Sends all tables, and gives the snapshot back with its lock.
async fn send(mut snapshot: Snapshot, format: ExportFormat, sink: Sink, broken_off: &Notify) -> Result<Snapshot> {
    let all = async {
        for table in snapshot.manifest.tables.clone() {
            let totals = match format {
                ExportFormat::Csv => copy_for_spreadsheets(&mut snapshot, &table, &sink).await?,
                ExportFormat::Ndjson => copy_table(&mut snapshot, &table, format, |rows| sink.send(Piece::Rows(rows))).await?,
            };
            sink.send(Piece::End(totals)).await?;
        }
        sink.send(Piece::Finish).await
    };
    tokio::select! {
        sent = all => sent?,
        () = broken_off.notified() => return Err(ArchiveError::Stopped.into()),
    }
    Ok(snapshot)
}

/// Copies the rows of a table as CSV that people may open, and says what they come to.
async fn copy_for_spreadsheets(snapshot: &mut Snapshot, table: &TableShape, sink: &Sink) -> Result<Totals> {
    let (mut sum, mut guard) = (Sum::new(), Guard::put(table));
    sum.add(MARK, 0);
    sink.send(Piece::Rows(MARK.to_vec())).await?;
    let sent = snapshot
        .copy(&statement(table, ExportFormat::Csv), |rows| {
            let rows = guard.pass(&rows);
            sum.add(&rows, 0);
            sink.send(Piece::Rows(rows))
        })
        .await?;
    // The names are a row, too.
    Ok(Totals { rows: sent.rows.saturating_sub(1), ..sum.totals() })
}

/// Writes what arrives. The manifest comes last, for it has the sums.
fn write(target: &ArchivePlace, format: ExportFormat, manifest: Manifest, source: &mut Source) -> Result<Written, ArchiveError> {
    let failed = |error: io::Error| target.failed(error);
    let mut zip = ZipWriter::new_stream(BufWriter::new(Summing::new(target.create()?)));
    // How long a table gets is not known when its file is begun.
    let options = options_at(manifest.made_at).large_file(true);
    let mut files = Vec::with_capacity(manifest.tables.len());
    for table in &manifest.tables {
        let file = file_of(table, format)?;
        zip.start_file(&file, options).map_err(|error| failed(error.into()))?;
        let totals = loop {
            match source.next_blocking()? {
                Piece::Rows(rows) => zip.write_all(&rows).map_err(failed)?,
                Piece::End(totals) => break totals,
                Piece::Finish => return Err(ArchiveError::Stopped),
            }
        };
        files.push(ExportFile { file, totals });
    }
    if !matches!(source.next_blocking()?, Piece::Finish) {
        return Err(ArchiveError::Stopped);
    }
    let totals = files.iter().map(|file| file.totals.clone()).collect();
    let guarded = format == ExportFormat::Csv;
    let export =
        ExportManifest { version: if guarded { GUARDED } else { VERSION }, format, guarded, manifest: manifest.clone(), files };
    zip.start_file(MANIFEST, options_at(manifest.made_at)).map_err(|error| failed(error.into()))?;
    serde_json::to_writer_pretty(&mut zip, &export).map_err(|error| failed(error.into()))?;
    let written = zip.finish().map_err(|error| failed(error.into()))?.into_inner();
    let written = written.into_inner().map_err(|error| failed(error.into_error()))?;
    let (archive, bytes, sha256) = written.into_parts();
    archive.complete()?;
    Ok(Written { contents: Contents { manifest, totals }, bytes, sha256 })
}

fn options_at(moment: DateTime<Utc>) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o600);
    match time_of(moment) {
        Some(time) => options.last_modified_time(time),
        None => options,
    }
}

/// A moment as a zip writes it: in two seconds, and from 1980 to 2107.
fn time_of(moment: DateTime<Utc>) -> Option<zip::DateTime> {
    let small = |number: u32| u8::try_from(number).ok();
    zip::DateTime::from_date_and_time(
        u16::try_from(moment.year()).ok()?,
        small(moment.month())?,
        small(moment.day())?,
        small(moment.hour())?,
        small(moment.minute())?,
        small(moment.second())?,
    )
    .ok()
}
