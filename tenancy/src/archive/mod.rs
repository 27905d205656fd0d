//! Backup, restore, clone, verification, export and import of one tenant, and adoption of another program's database as one.
//!
//! An archive is one file with everything that a tenant's schema holds as of one moment, while the tenant is used. It has three layers:
//! `records` (a manifest and the rows of each table with their sums, compressed), in `seal` (pieces with checksums, or encrypted),
//! in `file` (complete, or not there), at a `place`. It holds no credentials, for a tenant's schema has none.
//!
//! What is restored goes into a schema that its own version's migrations make, and is then migrated to this program's version,
//! all in one transaction ([`workshop`]). A file is read to its end and found right before that begins.
//!
//! Data is on its way as pieces ([`piece`]): from a snapshot or a file, to a file or a schema. A tenant of any size takes the same
//! memory.

mod adoption;
mod backup;
mod backup_all;
mod bundle;
mod error;
mod exchange;
mod export;
mod file;
mod guard;
mod import;
mod key;
mod load;
mod manifest;
mod object;
mod partial_directory;
mod piece;
mod place;
mod records;
mod restore;
mod rows;
mod seal;
mod shape;
mod snapshot;
mod verify;
mod workshop;

pub use adoption::{
    AdoptedRow, AdoptedTable, Adoption, AdoptionError, AdoptionMap, AdoptionReport, AdoptionRules, AdoptionSource, AdoptionStep,
    MapFault, RefusalReason, RuleForAll, TableRules,
};
pub use backup_all::{BackupAllFailure, BackupAllReport};
pub use error::ArchiveError;
pub(crate) use error::is_wait;
pub use export::ExportFormat;
pub use key::ArchiveKey;
pub use manifest::{ColumnShape, Contents, Manifest, TableShape, Totals, Written};
pub use object::ObjectPlace;
pub use piece::archives_at_rest;
pub use place::ArchivePlace;

/// The format that is written, and the latest that is read.
const FORMAT: u16 = 1;
