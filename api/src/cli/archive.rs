//! What can be done with a tenant's data as a whole.

use std::path::PathBuf;

use clap::Subcommand;
use tenancy::{ArchivePlace, ExportFormat, Slug};

use super::AdoptArguments;

/// What can be done with a tenant's data as a whole.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Write everything that a tenant has into one file, while it is used
    Backup {
        /// Its slug
        slug: Slug,
        /// The file, or the object as s3://bucket/key, which must not exist yet
        #[arg(long, value_name = "FILE")]
        to: ArchivePlace,
        /// Encrypt it with the key in this file: 64 hexadecimal digits, as `openssl rand -hex 32` writes them
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// Back up every tenant, one after the other, into a directory for each
    BackupAll {
        /// The directory, or s3://bucket/prefix
        #[arg(long, value_name = "PLACE")]
        to: ArchivePlace,
        /// How many archives of each tenant to keep
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        keep: u32,
        /// Encrypt them with the key in this file
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// Make a tenant from an archive, or give its tenant back what it had then
    Restore {
        /// The archive: a file, or s3://bucket/key
        file: ArchivePlace,
        /// The slug of the new tenant; that of the archive where none is given
        #[arg(long = "as", value_name = "SLUG", conflicts_with = "in_place")]
        slug: Option<Slug>,
        /// Replace what the archive's own tenant has now. Asks first
        #[arg(long)]
        in_place: bool,
        /// Do not ask
        #[arg(long, requires = "in_place")]
        yes: bool,
        /// The file with the archive's key
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// Make a tenant with the data of another, while that is used. It has no members yet
    Clone {
        /// The slug of the tenant that is there
        slug: Slug,
        /// The slug of the new one
        new_slug: Slug,
        /// The name of the new one; that of the other where none is given
        #[arg(long)]
        name: Option<String>,
    },
    /// Prove that an archive can be restored: into a schema that is gone afterwards, row for row
    Verify {
        /// The archive: a file, or s3://bucket/key
        file: ArchivePlace,
        /// The file with the archive's key
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// Write a tenant's data into a directory, a file for each table and a manifest
    Export {
        /// Its slug
        slug: Slug,
        /// The directory, which must not exist yet
        #[arg(long, value_name = "DIRECTORY")]
        to: PathBuf,
        /// ndjson, a JSON object a line; or csv
        #[arg(long, default_value_t = ExportFormat::Ndjson)]
        format: ExportFormat,
    },
    /// Make a tenant from an export. It has no members yet
    Import {
        /// The directory of the export
        directory: PathBuf,
        /// The slug of the new tenant
        #[arg(long = "as", value_name = "SLUG")]
        slug: Slug,
    },
    /// Make a tenant from the Postgres database of another program, which is only read. Try it with --dry-run first
    Adopt(AdoptArguments),
}
