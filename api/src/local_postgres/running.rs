//! The private Postgres of another program, for commands that are run beside it.

use std::{fs, path::Path};

use super::{directory, owner, pid_file::PidFile};

/// The URL of the role `tenantry` at the private Postgres that another program has running in this data directory.
/// Nothing when none is.
pub async fn url_of_running(data_directory: &Path) -> Option<String> {
    let file = PidFile::path(&directory::cluster_of(&data_directory.canonicalize().ok()?));
    // The fifth line is the directory of the Unix socket, see "miscadmin.h" of Postgres.
    let text = fs::read_to_string(file).ok()?;
    let url = owner::url(Path::new(text.lines().nth(4)?.trim()));
    sqlx::Connection::close(<sqlx::PgConnection as sqlx::Connection>::connect(&url).await.ok()?).await.ok()?;
    Some(url)
}
