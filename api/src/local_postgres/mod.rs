//! A private Postgres for one program: found, made, started and stopped without any preparation by the person.
//!
//! [`LocalPostgres::start`] makes a cluster in the data directory on the first start and serves it on a Unix socket in a
//! directory of mode 0700: no port is open and no password exists, since only the program's own account (and root)
//! reaches the socket. The files are described at `directory::Directory`.
//!
//! Postgres refuses to run as root. For root its programs are run by the user `postgres`, else `nobody`, who then owns the
//! cluster.
//!
//! The server is not tied to this process's life: a program that is killed leaves it running, and the next start takes
//! it over. So that it cannot be taken over twice, the data directory is locked.

mod account;
mod binaries;
mod cluster;
mod directory;
mod error;
mod exec;
mod owner;
mod pid_file;
mod running;
mod server;
#[cfg(test)]
mod tests;
mod version;

use std::{path::PathBuf, time::Duration};

pub use binaries::{Binaries, find_binaries};
pub use error::Error;
pub use exec::run_with;
pub use running::url_of_running;
pub use version::{OLDEST_MAJOR, Version};

use binaries::Search;
use directory::Directory;
use server::Server;

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Made when it is missing. Holds the cluster, the socket, the log and the lock.
    pub data_directory: PathBuf,
    /// Whether what is committed survives a power failure. False in tests only.
    pub durable: bool,
    /// More server settings (`name`, `value`), which win over the ones of this module.
    pub settings: Vec<(String, String)>,
}

/// A running private Postgres, locked for this program. Dropping it without [`LocalPostgres::stop`] asks the server to
/// stop without waiting for it.
#[derive(Debug)]
pub struct LocalPostgres {
    directory: Directory,
    /// None once it was stopped.
    server: Option<Server>,
}

impl LocalPostgres {
    /// Starts the private Postgres, or takes over one that a killed program left running; makes the cluster, the role
    /// `tenantry` (LOGIN CREATEROLE) and its database on the first start.
    pub async fn start(options: &Options) -> Result<Self, Error> {
        Self::start_with(options, &Search::from_environment(&options.data_directory)).await
    }

    async fn start_with(options: &Options, search: &Search) -> Result<Self, Error> {
        let directory = Directory::open(&options.data_directory)?;
        let mut server = Server::left_over(&directory).await?;
        if server.is_none() {
            let binaries = search.run(&directory.account, &directory.cluster())?;
            cluster::ensure(&directory, &binaries, options.durable).await?;
            server = Some(Server::start(&directory, &binaries, options.durable, &options.settings).await?);
        }
        let postgres = Self { directory, server };
        owner::ensure(&postgres.directory).await?;
        Ok(postgres)
    }

    /// Connection URL for the role `tenantry`, who owns the database `tenantry` and is no superuser.
    pub fn url(&self) -> String {
        owner::url(&self.directory.socket())
    }

    /// Connection URL for the superuser: for diagnosis and tests, never for requests.
    pub fn superuser_url(&self) -> String {
        owner::superuser_url(&self.directory.socket())
    }

    /// Returns when the server has ended without having been asked to by this program.
    pub async fn ended(&mut self) {
        match &mut self.server {
            Some(server) => server.ended(&self.directory, Duration::from_secs(1)).await,
            None => std::future::pending().await,
        }
    }

    /// Stops the server and waits until it is gone. Open transactions are rolled back.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.stop_server().await
    }

    /// Stops the server and removes everything it had.
    async fn destroy(mut self) -> Result<(), Error> {
        self.stop_server().await?;
        self.directory.remove()
    }

    async fn stop_server(&mut self) -> Result<(), Error> {
        match self.server.take() {
            Some(server) => server.stop(&self.directory).await,
            None => Ok(()),
        }
    }
}

impl Drop for LocalPostgres {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.interrupt();
        }
    }
}
