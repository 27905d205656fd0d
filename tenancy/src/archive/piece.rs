//! A tenant's data on its way: from a schema or a file, to a file or a schema.
//!
//! Whoever sends runs beside whoever receives, and a few pieces are between them: however large a tenant is, the memory that the
//! work takes is the same.

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{ArchiveError, Totals};
use crate::{Error, Result, checksum::Checksum};

/// How many pieces may be on their way.
const UNDER_WAY: usize = 4;
/// From how many bytes on rows are sent; they are kept together until then.
pub(super) const PIECE: usize = 128 * 1024;

/// A part of a tenant's data. Tables come in the order of the manifest, each whole before the next.
#[derive(Debug)]
pub(super) enum Piece {
    /// Whole rows of the present table, in the text format of COPY.
    Rows(Vec<u8>),
    /// The present table is complete.
    End(Totals),
    /// All tables are. Without it the data was broken off.
    Finish,
}

/// Where pieces are sent.
pub(super) struct Sink(Sender<Piece>);

/// Where they arrive.
pub(super) struct Source(Receiver<Piece>);

pub(super) fn pipe() -> (Sink, Source) {
    let (sender, receiver) = channel(UNDER_WAY);
    (Sink(sender), Source(receiver))
}

impl Sink {
    pub(super) async fn send(&self, piece: Piece) -> Result<()> {
        self.0.send(piece).await.map_err(|_| ArchiveError::Stopped.into())
    }

    pub(super) fn send_blocking(&self, piece: Piece) -> Result<(), ArchiveError> {
        self.0.blocking_send(piece).map_err(|_| ArchiveError::Stopped)
    }
}

impl Source {
    pub(super) async fn next(&mut self) -> Result<Piece> {
        self.0.recv().await.ok_or_else(|| ArchiveError::Stopped.into())
    }

    pub(super) fn next_blocking(&mut self) -> Result<Piece, ArchiveError> {
        self.0.blocking_recv().ok_or(ArchiveError::Stopped)
    }
}

/// What the two sides came to. Where both failed, the one that was broken off by the other is not the cause.
pub(super) fn both<A, B>(sent: Result<A>, received: Result<B>) -> Result<(A, B)> {
    match (sent, received) {
        (Ok(sent), Ok(received)) => Ok((sent, received)),
        (Ok(_) | Err(Error::Archive(ArchiveError::Stopped)), Err(error)) | (Err(error), _) => Err(error),
    }
}

/// Runs what reads or writes files beside the runtime.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(ArchiveError::Stopped.into()),
    }
}

/// Adds up a table.
pub(super) struct Sum {
    checksum: Checksum,
    rows: u64,
    bytes: u64,
}

impl Sum {
    pub(super) fn new() -> Self {
        Self { checksum: Checksum::new(), rows: 0, bytes: 0 }
    }

    pub(super) fn add(&mut self, bytes: &[u8], rows: u64) {
        self.checksum.add(bytes);
        self.bytes += bytes.len() as u64;
        self.rows += rows;
    }

    pub(super) fn totals(self) -> Totals {
        Totals { rows: self.rows, bytes: self.bytes, sha256: self.checksum.hexadecimal() }
    }
}
