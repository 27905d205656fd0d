//! `postmaster.pid`, which a server keeps in its cluster while it runs.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// What the file says. A crash leaves a file behind that is no longer true.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// Of the server that wrote it.
    pub(super) pid: Pid,
    /// How far it was.
    pub(super) state: State,
}

/// Last line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Accepts connections.
    Ready,
    /// Starting or stopping.
    Between,
}

/// What the process with the file's number is today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// There is none, and the system says so to Postgres as well.
    Gone,
    /// The server of this cluster.
    Server,
    /// A program that is certainly no Postgres, or a dead process that nobody has collected.
    Another,
    /// Perhaps the server.
    Unknown,
}

impl PidFile {
    /// Where the file is.
    pub(super) fn path(cluster: &Path) -> PathBuf {
        cluster.join("postmaster.pid")
    }

    /// Reads it; nothing when there is none or it is not whole yet.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(Self::path(cluster)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = Pid::from_raw(lines.next()?.trim().parse::<i32>().ok()?.checked_abs()?)?;
        let state = match lines.nth(6).map(str::trim) {
            Some("ready") => State::Ready,
            _ => State::Between,
        };
        Some(Self { pid, state })
    }

    /// Looks at the process.
    pub(super) fn process(&self, cluster: &Path) -> Process {
        if test_kill_process(self.pid) == Err(Errno::SRCH) {
            return Process::Gone;
        }
        // The arguments are readable by everybody, other than the working directory of a process of another account.
        match fs::read(format!("/proc/{}/cmdline", self.pid.as_raw_nonzero())) {
            Ok(arguments) if arguments.split(|byte| *byte == 0).any(|argument| argument == cluster.as_os_str().as_bytes()) => {
                Process::Server
            }
            // Perhaps the directory was renamed under a running server: Postgres has the last word.
            Ok(arguments) if arguments.windows(8).any(|window| window == b"postgres") => Process::Unknown,
            Ok(_) => Process::Another,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && Path::new("/proc/self/cmdline").exists() => Process::Gone,
            Err(_) => Process::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PidFile, State};

    #[test]
    fn the_eighth_line_is_the_state() {
        let running = "12756\n/data/cluster\n1795232000\n5432\n/data/socket\n\n   524     98304\nready   \n";
        let file = PidFile::parse(running).expect("a whole file");
        assert_eq!((file.pid.as_raw_nonzero().get(), file.state), (12756, State::Ready));
        let starting = running.replace("ready   ", "starting");
        assert_eq!(PidFile::parse(&starting).map(|file| file.state), Some(State::Between));
        assert_eq!(PidFile::parse("12756\n").map(|file| file.state), Some(State::Between));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("x\n"), None);
    }
}
