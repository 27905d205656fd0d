//! What can go wrong with the private Postgres.

use std::io;
use std::path::PathBuf;

use super::version::{OLDEST_MAJOR, Version};

/// Each message is meant for the person at the terminal: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was found in any of the usual places.
    #[error(
        "no Postgres was found (searched: {searched}); install Postgres {OLDEST_MAJOR} or newer, set PG_BIN_DIR to the \
         directory that holds its initdb and postgres, or set DATABASE_URL to use a running one"
    )]
    NoBinaries {
        /// The places, separated by commas.
        searched: String,
    },
    /// `PG_BIN_DIR` is a person's explicit wish, so nothing else is tried.
    #[error(
        "PG_BIN_DIR is {}, but that directory does not hold working initdb and postgres programs; correct it or unset it",
        directory.display()
    )]
    WrongBinDir {
        /// The value of `PG_BIN_DIR`.
        directory: PathBuf,
    },
    /// Only versions below the supported ones were found.
    #[error(
        "the Postgres in {} is version {version}, and Tenantry needs {OLDEST_MAJOR} or newer; install a newer one or set \
         PG_BIN_DIR to it",
        directory.display()
    )]
    TooOld {
        /// Where the programs are.
        directory: PathBuf,
        /// Their version.
        version: Version,
    },
    /// The program is root, and the account that has to run Postgres cannot reach the programs.
    #[error(
        "the Postgres in {} cannot be run by the user `{account}`, and Postgres refuses to run as root; install Postgres \
         where every user can read it or set PG_BIN_DIR",
        directory.display()
    )]
    UnreachableBinaries {
        /// Where the programs are.
        directory: PathBuf,
        /// The account that would run them.
        account: String,
    },
    /// The cluster was made by a major version that is not installed.
    #[error(
        "the data directory {} was made by Postgres {found}, and only Postgres {available} was found; install Postgres \
         {found} or set PG_BIN_DIR to it, or name another data directory",
        directory.display()
    )]
    OtherVersion {
        /// The cluster's directory.
        directory: PathBuf,
        /// Its `PG_VERSION`.
        found: String,
        /// The version of the programs that were found.
        available: Version,
    },
    /// Somebody else's Postgres data is where Tenantry's would go.
    #[error(
        "{} is itself a Postgres data directory that Tenantry did not make; name an empty directory, or start that Postgres \
         and set DATABASE_URL",
        directory.display()
    )]
    NotOurs {
        /// The configured data directory.
        directory: PathBuf,
    },
    /// A file or directory could not be made.
    #[error("{} cannot be written: {cause}; correct its owner and permissions or name another data directory", path.display())]
    Unwritable {
        /// What could not be written.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The cluster belongs to another user of this machine.
    #[error(
        "the data directory {} belongs to user {owner}, and this program runs as user {user}; start it as user {owner} or \
         name another data directory",
        directory.display()
    )]
    OtherOwner {
        /// The cluster's directory.
        directory: PathBuf,
        /// User id of its owner.
        owner: u32,
        /// User id of this program.
        user: u32,
    },
    /// An existing cluster lies below a directory that the account running Postgres may not enter.
    #[error(
        "the data directory {} cannot be reached by the user `{account}` who has to run Postgres, because a directory above \
         it is closed; open that one with `chmod o+x` or move the data directory",
        directory.display()
    )]
    UnreachableData {
        /// The cluster's directory.
        directory: PathBuf,
        /// The account.
        account: String,
    },
    /// Another program holds the lock.
    #[error(
        "another Tenantry{} already uses the data directory {}; stop it or name another data directory",
        process.map(|id| format!(" (process {id})")).unwrap_or_default(),
        directory.display()
    )]
    InUse {
        /// The configured data directory.
        directory: PathBuf,
        /// Process id of the other program, when it is known.
        process: Option<i32>,
    },
    /// No account can run Postgres for root.
    #[error(
        "Postgres refuses to run as root, and this machine has neither a user `postgres` nor a user `nobody` to run it; \
         start Tenantry as an ordinary user or set DATABASE_URL"
    )]
    NoAccount,
    /// The directory for the Unix socket exists and is not private.
    #[error("{} exists and is not a directory of the user who runs Postgres; remove it and start again", path.display())]
    UnsafeDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A program of Postgres could not be run at all.
    #[error("{} could not be run: {cause}; check the installation of Postgres", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The cluster could not be made.
    #[error("Postgres could not make its data directory {}; initdb says:\n{log}", directory.display())]
    Initialize {
        /// The cluster's directory.
        directory: PathBuf,
        /// The last lines that initdb wrote.
        log: String,
    },
    /// The server stopped before it was ready, or never became ready.
    #[error("Postgres did not start; the last lines of its log {} are:\n{tail}", log.display())]
    DidNotStart {
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server did not end in time.
    #[error(
        "Postgres (process {process}) did not stop within {seconds} seconds; see its log {}, or end it with `kill -QUIT {process}`",
        log.display()
    )]
    DidNotStop {
        /// Process id of the server.
        process: i32,
        /// How long it was given.
        seconds: u64,
        /// The log file.
        log: PathBuf,
    },
    /// The server runs, but refuses the owner's work.
    #[error("the private Postgres did not answer as expected: {0}; see its log in the data directory")]
    Sql(#[from] sqlx::Error),
    /// `run_with` could not start the person's command.
    #[error("the command `{command}` could not be run: {cause}; check its name and the PATH")]
    Command {
        /// The command's first word, or nothing.
        command: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Error {
    /// For `map_err`: the path that could not be written.
    pub(super) fn unwritable(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Unwritable { path, cause }
    }
}
