//! The files of a private cluster: who may see them, where they are, and that one program uses them at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::account::Account;
use super::error::Error;

/// Where root keeps what another account must reach, when the configured place is closed to it.
pub(super) const SHARED_DIRECTORY: &str = "/var/lib/tenantry";

/// Link in the data directory to a cluster that is kept elsewhere.
const ELSEWHERE: &str = "elsewhere";

/// Postgres names its socket after the port, whether or not it listens there.
const SOCKET: &str = ".s.PGSQL.5432";
const SOCKET_LOCK: &str = ".s.PGSQL.5432.lock";

/// A path to a Unix socket has to fit into 108 bytes on Linux and 104 elsewhere, each with a closing zero.
const LONGEST_SOCKET_PATH: usize = 103;

/// The data directory, locked for the life of this value:
///
/// ```text
/// lock           held by the running program; holds its process id
/// cluster/       what Postgres calls its data directory; mode 0700
/// socket/        the Unix socket; mode 0700, because whoever reaches the socket may connect
/// postgres.log   what the server wrote
/// elsewhere      instead of the three above: a link to the directory that holds them
/// ```
///
/// Root's clusters are run by another account, which must be able to enter every directory above them. A clone below
/// `/root` is closed to it; rather than opening root's home, the three are then kept in a directory of their own in
/// `/var/lib/tenantry`, and a link leads there. A removed data directory leaves that directory behind.
#[derive(Debug)]
pub(super) struct Directory {
    /// As configured, absolute, without links.
    data: PathBuf,
    /// Holds cluster, socket and log: `data`, or where `elsewhere` leads.
    home: PathBuf,
    /// Runs Postgres and owns the cluster.
    pub(super) account: Account,
    /// Unlocked by the system when the program ends, however it ends.
    _lock: File,
}

/// The cluster of a data directory that may not exist yet.
pub(super) fn cluster_of(data: &Path) -> PathBuf {
    fs::read_link(data.join(ELSEWHERE)).unwrap_or_else(|_| data.to_owned()).join("cluster")
}

/// Process id of the program that holds, or last held, the data directory.
pub(super) fn holder_of(data: &Path) -> Option<i32> {
    fs::read_to_string(data.join("lock")).ok()?.trim().parse().ok()
}

impl Directory {
    /// Makes what is missing and takes the lock.
    pub(super) fn open(data: &Path) -> Result<Self, Error> {
        if data.join("PG_VERSION").exists() {
            return Err(Error::NotOurs { directory: data.to_owned() });
        }
        let is_new = !data.exists();
        fs::create_dir_all(data).map_err(Error::unwritable(data))?;
        let data = data.canonicalize().map_err(Error::unwritable(data))?;
        let lock = lock(&data)?;
        let account = Account::choose(&cluster_of(&data))?;
        if is_new {
            // Nobody else's business; another account that runs Postgres passes through without seeing what is there.
            let mode = if matches!(account, Account::Own { .. }) { 0o700 } else { 0o711 };
            fs::set_permissions(&data, Permissions::from_mode(mode)).map_err(Error::unwritable(&data))?;
        }
        let home = home(&data, &account)?;
        Ok(Self { data, home, account, _lock: lock })
    }

    /// What Postgres calls its data directory.
    pub(super) fn cluster(&self) -> PathBuf {
        self.home.join("cluster")
    }

    /// A new name for a cluster in the making, which gets its real name when it is whole. What starts that were killed
    /// left of theirs is removed; an initdb that outlived its program may still be writing, so never the same name twice.
    pub(super) fn unfinished_cluster(&self) -> PathBuf {
        const PREFIX: &str = "cluster.unfinished-";
        for entry in fs::read_dir(&self.home).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                // The next start tries again.
                let _busy = fs::remove_dir_all(entry.path());
            }
        }
        self.home.join(format!("{PREFIX}{}", Uuid::now_v7().simple()))
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// The directory of the Unix socket: in the home, or under a short path when that one is too long for a socket or
    /// cannot stand in a URL.
    pub(super) fn socket(&self) -> PathBuf {
        let socket = self.home.join("socket");
        let longest = socket.join(SOCKET);
        let fits = longest.as_os_str().len() <= LONGEST_SOCKET_PATH;
        if fits && socket.to_str().is_some_and(|text| !text.contains(char::is_control)) {
            return socket;
        }
        let hash = Sha256::digest(self.home.as_os_str().as_bytes());
        let name = hash.first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
        Path::new("/tmp").join(format!("tenantry-{name:016x}"))
    }

    /// Removes the files of a socket whose server is known to be gone. Postgres does so too, unless the server's number
    /// went to another process.
    pub(super) fn clear_socket(&self) -> Result<(), Error> {
        for name in [SOCKET, SOCKET_LOCK] {
            let path = self.socket().join(name);
            match fs::remove_file(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(Error::unwritable(path)(cause)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes a directory that only Postgres' account (and root) can enter. Under `/tmp` someone else may have been
    /// there first, so an existing one has to be that account's.
    pub(super) fn make_private(&self, path: &Path) -> Result<(), Error> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(Error::unwritable(path)(cause)),
            _ => {}
        }
        let found = fs::symlink_metadata(path).map_err(Error::unwritable(path))?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_dir() || ![self.account.uid(), own].contains(&found.uid()) {
            return Err(Error::UnsafeDirectory { path: path.to_owned() });
        }
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(Error::unwritable(path))?;
        if let Account::Other { uid, gid, .. } = self.account {
            lchown(path, Some(uid), Some(gid)).map_err(Error::unwritable(path))?;
        }
        Ok(())
    }

    /// Removes everything; for throw-away clusters whose server has stopped.
    pub(super) fn remove(&self) -> Result<(), Error> {
        for path in [self.socket(), self.home.clone(), self.data.clone()] {
            match fs::remove_dir_all(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(Error::unwritable(path)(cause)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Takes the lock, or says who holds it.
fn lock(data: &Path) -> Result<File, Error> {
    let path = data.join("lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(Error::unwritable(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Error::InUse { directory: data.to_owned(), process: holder_of(data) });
        }
        Err(TryLockError::Error(cause)) => return Err(Error::unwritable(path)(cause)),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(Error::unwritable(path))?;
    Ok(file)
}

/// The directory of cluster, socket and log.
fn home(data: &Path, account: &Account) -> Result<PathBuf, Error> {
    let link = data.join(ELSEWHERE);
    let home = fs::read_link(&link).unwrap_or_else(|_| data.to_owned());
    if account.can_enter(&home) {
        return Ok(home);
    }
    if home.join("cluster").exists() {
        return Err(Error::UnreachableData { directory: home, account: account.name().to_owned() });
    }
    let home = Path::new(SHARED_DIRECTORY).join(Uuid::now_v7().simple().to_string());
    DirBuilder::new().recursive(true).mode(0o711).create(&home).map_err(Error::unwritable(&home))?;
    for path in [Path::new(SHARED_DIRECTORY), &home] {
        fs::set_permissions(path, Permissions::from_mode(0o711)).map_err(Error::unwritable(path))?;
    }
    if link.is_symlink() {
        fs::remove_file(&link).map_err(Error::unwritable(&link))?;
    }
    symlink(&home, &link).map_err(Error::unwritable(&link))?;
    tracing::info!(
        directory = %home.display(),
        "the user {} cannot enter {}, so the database is kept elsewhere",
        account.name(),
        data.display(),
    );
    Ok(home)
}
