//! The running server process: started, found again, stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::binaries::Binaries;
use super::cluster;
use super::directory::Directory;
use super::error::Error;
use super::owner;
use super::pid_file::{PidFile, Process, State};

/// Between two looks at a server that starts or stops.
const PAUSE: Duration = Duration::from_millis(5);
/// A server that was killed first replays what it had written: minutes at worst.
const LONGEST_START: Duration = Duration::from_mins(10);
/// A fast shutdown writes one checkpoint.
const LONGEST_STOP: Duration = Duration::from_mins(1);
/// A ready server answers in milliseconds.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);
/// At the next start a longer log becomes `postgres.log.old`. In bytes.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;
/// Of the log, in an error. In lines.
const TAIL: usize = 12;

/// The process that Postgres calls its postmaster.
#[derive(Debug)]
pub(super) struct Server {
    pid: Pid,
    /// None when a killed program left the server behind.
    child: Option<Child>,
}

impl Server {
    /// Finds a server that a killed program left behind, waiting for one that is on its way up or down.
    pub(super) async fn left_over(directory: &Directory) -> Result<Option<Self>, Error> {
        let cluster = directory.cluster();
        let mut ready_since = None;
        let begin = Instant::now();
        while let Some(file) = PidFile::read(&cluster) {
            let process = file.process(&cluster);
            match process {
                // Postgres itself sees that its old process is gone, and makes sure that none of its children is left.
                Process::Gone => break,
                // The number went to another program since: Postgres could not tell, and would refuse to start.
                Process::Another => {
                    let path = PidFile::path(&cluster);
                    fs::remove_file(&path).map_err(Error::unwritable(path))?;
                    break;
                }
                Process::Server | Process::Unknown => {}
            }
            let server = Self { pid: file.pid, child: None };
            if file.state == State::Ready {
                if owner::answers(directory).await {
                    return Ok(Some(server));
                }
                if ready_since.get_or_insert_with(Instant::now).elapsed() > LONGEST_ANSWER {
                    if process == Process::Server {
                        // Its socket was removed, or it hangs.
                        server.stop(directory).await?;
                    }
                    return Ok(None);
                }
            } else if begin.elapsed() > LONGEST_START {
                return Err(Error::DidNotStart { log: directory.log(), tail: tail(&directory.log(), 0) });
            }
            sleep(PAUSE).await;
        }
        directory.clear_socket()?;
        Ok(None)
    }

    /// Starts a server and waits until it accepts connections.
    pub(super) async fn start(
        directory: &Directory,
        binaries: &Binaries,
        durable: bool,
        settings: &[(String, String)],
    ) -> Result<Self, Error> {
        directory.make_private(&directory.socket())?;
        let begin = Instant::now();
        loop {
            let (log, offset) = open_log(&directory.log())?;
            directory.account.give(&directory.log())?;
            let program = binaries.program("postgres");
            let mut command = directory.account.command(&program);
            command.args(cluster::arguments(directory, durable, settings));
            // A group of its own: the terminal's Ctrl-C is for this program, which stops Postgres after its last request.
            command.process_group(0);
            command.stderr(log.try_clone().map_err(Error::unwritable(directory.log()))?).stdout(log);
            let mut child = command.spawn().map_err(|cause| Error::Run { program, cause })?;
            if let Some(pid) = wait_until_ready(&mut child, directory, begin).await {
                return Ok(Self { pid, child: Some(child) });
            }
            let tail = tail(&directory.log(), offset);
            // The last processes of a server that was killed end within a moment.
            if !tail.contains("pre-existing shared memory block") || begin.elapsed() > LONGEST_ANSWER {
                return Err(Error::DidNotStart { log: directory.log(), tail });
            }
            sleep(PAUSE * 20).await;
        }
    }

    /// Fast shutdown: open transactions are rolled back, a checkpoint is written. Returns when the process is gone.
    pub(super) async fn stop(mut self, directory: &Directory) -> Result<(), Error> {
        self.interrupt();
        let process = self.pid.as_raw_nonzero().get();
        let gone = self.ended(directory, PAUSE);
        timeout(LONGEST_STOP, gone).await.map_err(|_| Error::DidNotStop {
            process,
            seconds: LONGEST_STOP.as_secs(),
            log: directory.log(),
        })
    }

    /// Returns when the process is gone, whoever ended it.
    pub(super) async fn ended(&mut self, directory: &Directory, pause: Duration) {
        match &mut self.child {
            Some(child) => drop(child.wait().await),
            // Not a child of this program: the removal of its file is its last act.
            None => {
                while test_kill_process(self.pid).is_ok()
                    && PidFile::read(&directory.cluster()).is_some_and(|file| file.pid == self.pid)
                {
                    sleep(pause).await;
                }
            }
        }
    }

    /// Asks for a fast shutdown without waiting.
    pub(super) fn interrupt(&self) {
        // A child that was waited for has given its number back to the system.
        if self.child.as_ref().is_none_or(|child| child.id().is_some()) {
            // The only refusal is that the process is gone, which is what is wanted.
            let _gone = kill_process(self.pid, Signal::INT);
        }
    }
}

/// None when the server ended instead, or needs too long.
async fn wait_until_ready(child: &mut Child, directory: &Directory, begin: Instant) -> Option<Pid> {
    let pid = Pid::from_raw(i32::try_from(child.id()?).ok()?)?;
    let cluster = directory.cluster();
    let mut patience = Duration::from_secs(5);
    while matches!(child.try_wait(), Ok(None)) {
        if PidFile::read(&cluster).is_some_and(|file| file.pid == pid && file.state == State::Ready) {
            return Some(pid);
        }
        if begin.elapsed() > patience {
            tracing::info!(log = %directory.log().display(), "Postgres is still starting, probably after a crash");
            patience *= 4;
        }
        if begin.elapsed() > LONGEST_START {
            let _gone = kill_process(pid, Signal::INT);
            break;
        }
        sleep(PAUSE).await;
    }
    None
}

/// Opens the log for appending, and says how long it is.
fn open_log(path: &Path) -> Result<(File, u64), Error> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LONGEST_LOG) {
        fs::rename(path, path.with_extension("log.old")).map_err(Error::unwritable(path))?;
    }
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(Error::unwritable(path))?;
    let length = log.metadata().map_err(Error::unwritable(path))?.len();
    Ok((log, length))
}

/// The last lines of the log, from a position on.
fn tail(path: &Path, offset: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|mut log| {
        log.seek(SeekFrom::Start(offset))?;
        log.take(LONGEST_LOG).read_to_end(&mut text)
    });
    if let Err(cause) = read {
        return format!("(the log cannot be read: {cause})");
    }
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(TAIL)).copied().collect::<Vec<_>>().join("\n")
}
