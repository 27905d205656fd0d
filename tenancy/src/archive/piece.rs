//! A tenant's data on its way: from a schema or a file, to a file or a schema.
//!
//! Whoever sends runs beside whoever receives, and a few pieces are between them: however large a tenant is, the memory that the
//! work takes is the same.

use std::{future::pending, sync::LazyLock};

use tokio::{
    runtime::Handle,
    sync::{
        mpsc::{Receiver, Sender, channel},
        watch,
    },
};

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

tokio::task_local! {
    /// Closes with whoever waits for what this thread does.
    static AWAITED: watch::Receiver<()>;
}

/// How many threads are at work beside the runtime.
static AT_WORK: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// One of them.
struct AtWork;

impl AtWork {
    fn begin() -> Self {
        AT_WORK.send_modify(|threads| *threads += 1);
        Self
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.send_modify(|threads| *threads -= 1);
    }
}

/// Runs what reads or writes files beside the runtime.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T, ArchiveError> + Send + 'static) -> Result<T> {
    // Nothing is sent: it goes when this is done, or given up.
    let (_awaits, awaited) = watch::channel(());
    let at_work = AtWork::begin();
    let work = move || {
        let _at_work = at_work;
        AWAITED.sync_scope(awaited, work)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(ArchiveError::Stopped.into()),
    }
}

/// Waits for the network on a thread [`beside`] the runtime, for as long as somebody waits for what the thread does. Otherwise a store
/// that does not answer would be waited for after its program was asked to end.
pub(super) fn wait<T>(runtime: &Handle, answer: impl Future<Output = T>) -> Result<T, ArchiveError> {
    let awaited = AWAITED.try_with(Clone::clone).ok();
    runtime.block_on(async {
        let given_up = async {
            match awaited {
                Some(mut awaited) => {
                    let _closed = awaited.changed().await;
                }
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = given_up => Err(ArchiveError::Stopped),
            answer = answer => Ok(answer),
        }
    })
}

/// Waits until nothing reads or writes archives beside the runtime any more. What was given up removes what it has made so far, from
/// disks and stores, and needs the runtime to be there for that.
pub async fn archives_at_rest() {
    let mut threads = AT_WORK.subscribe();
    // Cannot fail: what is sent by lives as long as the program.
    let _at_rest = threads.wait_for(|threads| *threads == 0).await;
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
