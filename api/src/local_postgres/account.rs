//! The operating-system account that runs Postgres.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::error::Error;

/// Postgres refuses to run as root, so root hands it to another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// The program's own account, which is not root.
    Own {
        /// User id.
        uid: u32,
    },
    /// The program is root.
    Other {
        /// Name, or the number when `/etc/passwd` does not know it.
        name: String,
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

impl Account {
    /// Chooses the account: an existing cluster's owner, else (for root) `postgres`, else `nobody`.
    pub(super) fn choose(cluster: &Path) -> Result<Self, Error> {
        let user = rustix::process::geteuid().as_raw();
        let owner = fs::metadata(cluster).ok().map(|data| (data.uid(), data.gid()));
        if user != 0 {
            return match owner {
                Some((owner, _)) if owner != user => Err(Error::OtherOwner { directory: cluster.to_owned(), owner, user }),
                _ => Ok(Self::Own { uid: user }),
            };
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        match owner {
            // The files were copied by root, or were root's from the start: take them over as on a first start.
            None | Some((0, _)) => ["postgres", "nobody"]
                .into_iter()
                .find_map(|name| entry(&passwd, |entry| entry.name == name))
                .ok_or(Error::NoAccount),
            Some((uid, gid)) => Ok(entry(&passwd, |entry| entry.uid == uid).map_or_else(
                || Self::Other { name: uid.to_string(), uid, gid },
                |known| Self::Other { name: known.name().to_owned(), uid, gid },
            )),
        }
    }

    /// User id.
    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Own { uid } | Self::Other { uid, .. } => *uid,
        }
    }

    /// For messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Own { .. } => "you",
            Self::Other { name, .. } => name,
        }
    }

    /// Whether the account may enter `directory` and every directory above it. Supplementary groups do not count: the
    /// child gets none.
    pub(super) fn can_enter(&self, directory: &Path) -> bool {
        let Self::Other { uid, gid, .. } = self else {
            return true;
        };
        let Ok(directory) = directory.canonicalize() else {
            return false;
        };
        directory.ancestors().all(|ancestor| {
            fs::metadata(ancestor).is_ok_and(|data| {
                let bit = if data.uid() == *uid {
                    0o100
                } else if data.gid() == *gid {
                    0o010
                } else {
                    0o001
                };
                data.mode() & bit != 0
            })
        })
    }

    /// Gives `path`, and all that is in it, to the account.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        let Self::Other { uid, gid, .. } = self else {
            return Ok(());
        };
        lchown(path, Some(*uid), Some(*gid)).map_err(Error::unwritable(path))?;
        if fs::symlink_metadata(path).is_ok_and(|data| data.is_dir()) {
            for entry in fs::read_dir(path).map_err(Error::unwritable(path))?.flatten() {
                self.give(&entry.path())?;
            }
        }
        Ok(())
    }

    /// A command that runs as the account, without this program's configuration in its environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // The account need not be able to read the directory that this program was started in.
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if is_configuration(&name) {
                command.env_remove(name);
            }
        }
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }
}

/// PGPORT, PGDATA and their like would change what Postgres does; Tenantry's variables may hold secrets.
fn is_configuration(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b"PG") || name.starts_with(b"TENANTRY_") || name == b"DATABASE_URL"
}

/// One line of `/etc/passwd`.
struct Entry<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
}

/// The first account that fits.
fn entry(passwd: &str, fits: impl Fn(&Entry) -> bool) -> Option<Account> {
    passwd
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            Some(Entry { name: fields.next()?, uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
        })
        .find(fits)
        .map(|entry| Account::Other { name: entry.name.to_owned(), uid: entry.uid, gid: entry.gid })
}

#[cfg(test)]
mod tests {
    use super::{Account, entry};

    #[test]
    fn passwd_is_read_by_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbroken\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(
            entry(passwd, |entry| entry.name == "postgres"),
            Some(Account::Other { name: "postgres".to_owned(), uid: 101, gid: 104 })
        );
        assert_eq!(entry(passwd, |entry| entry.name == "nobody"), None);
    }
}
