//! A command that runs beside a throw-away Postgres: `tenantry postgres -- COMMAND...`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::time::timeout;
use uuid::Uuid;

use super::directory::{self, Directory};
use super::error::Error;
use super::server::Server;
use super::{LocalPostgres, Options};

/// Start of the name of every throw-away data directory.
const PREFIX: &str = "tenantry-throw-away-";
/// The terminal's Ctrl-C reached the command as well: the time it has to end by itself.
const AFTER_INTERRUPT: Duration = Duration::from_secs(3);
/// After SIGTERM, before SIGKILL.
const AFTER_TERMINATE: Duration = Duration::from_secs(10);

/// Runs a command with a private Postgres that is empty at its start and removed at its end, whatever ends it.
///
/// The command finds the URL of the role `tenantry` in `DATABASE_URL`, and the superuser's in
/// `TENANTRY_TEST_SUPERUSER_URL`. Here `options.data_directory` is the directory (say, the system's temporary one) in which
/// a new data directory is made; what runs that were killed left behind in it is removed first.
pub async fn run_with(options: &Options, command: &[OsString]) -> Result<ExitStatus, Error> {
    // From here on a signal no longer ends this program, so that Postgres is never left behind.
    let mut signals = Signals::listen()?;
    let parent = std::path::absolute(&options.data_directory).map_err(Error::unwritable(&options.data_directory))?;
    remove_abandoned(&parent).await;
    let options = Options { data_directory: parent.join(format!("{PREFIX}{}", Uuid::now_v7().simple())), ..options.clone() };
    let postgres = match LocalPostgres::start(&options).await {
        Ok(postgres) => postgres,
        Err(error) => {
            // Its reason is in the error; nothing in the directory is of use any more.
            remove_one(&options.data_directory).await?;
            return Err(error);
        }
    };
    let status = run(command, &postgres, &mut signals).await;
    postgres.destroy().await?;
    status
}

/// Runs the command to its end.
async fn run(command: &[OsString], postgres: &LocalPostgres, signals: &mut Signals) -> Result<ExitStatus, Error> {
    let (program, arguments) = command.split_first().ok_or_else(|| {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "it is empty");
        Error::Command { command: String::new(), cause }
    })?;
    let failed = |cause| Error::Command { command: program.to_string_lossy().into_owned(), cause };
    let mut child = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", postgres.url())
        .env("TENANTRY_TEST_SUPERUSER_URL", postgres.superuser_url())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let patience = tokio::select! {
        status = child.wait() => return status.map_err(failed),
        patience = signals.next() => patience,
    };
    end(&mut child, patience).await.map_err(failed)
}

/// Ends the command, gently at first.
async fn end(child: &mut Child, patience: Duration) -> io::Result<ExitStatus> {
    if let Ok(status) = timeout(patience, child.wait()).await {
        return status;
    }
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
        // The only refusal is that it is gone.
        let _gone = kill_process(pid, Signal::TERM);
    }
    if let Ok(status) = timeout(AFTER_TERMINATE, child.wait()).await {
        return status;
    }
    child.start_kill()?;
    child.wait().await
}

/// The signals that ask this program to end.
struct Signals {
    interrupt: Listener,
    terminate: Listener,
    hangup: Listener,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(|cause| Error::Command { command: "signal".to_owned(), cause });
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal; how long the command has to end by itself.
    async fn next(&mut self) -> Duration {
        tokio::select! {
            _ = self.interrupt.recv() => AFTER_INTERRUPT,
            _ = self.terminate.recv() => Duration::ZERO,
            _ = self.hangup.recv() => Duration::ZERO,
        }
    }
}

/// Removes the throw-away data directories whose program is gone, and ends their servers.
async fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    let user = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        let path = entry.path();
        // Anybody may write to a temporary directory: only what this account made is touched.
        let is_own = entry.metadata().is_ok_and(|data| data.is_dir() && data.uid() == user);
        let is_throw_away = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // One without a lock is only just being made.
        let holder = directory::holder_of(&path).and_then(Pid::from_raw);
        let is_abandoned = holder.is_some_and(|pid| test_kill_process(pid).is_err());
        if is_own
            && is_throw_away
            && is_abandoned
            && let Err(error) = remove_one(&path).await
        {
            tracing::debug!(%error, "a throw-away Postgres could not be removed");
        }
    }
}

/// Ends the server of a throw-away data directory, if it has one, and removes the directory.
async fn remove_one(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    let directory = Directory::open(path)?;
    if let Some(server) = Server::left_over(&directory).await? {
        server.stop(&directory).await?;
    }
    directory.remove()
}
