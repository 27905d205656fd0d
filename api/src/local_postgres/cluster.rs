//! Making the cluster, and the settings its server runs with.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::account::Account;
use super::binaries::Binaries;
use super::directory::Directory;
use super::error::Error;

/// Name of the superuser, who is used for making the owner and by the doctor alone.
pub(super) const SUPERUSER: &str = "postgres";

/// Settings of every private server. They fit a small machine; `Options::settings` come after and win.
const SETTINGS: [(&str, &str); 12] = [
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "200"),
    ("shared_buffers", "128MB"),
    // Dropping or migrating a tenant locks every table of its schema in one transaction.
    ("max_locks_per_transaction", "256"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] "),
    ("log_checkpoints", "off"),
    // The log goes to a file of ours, whatever the cluster's own configuration says.
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
];

/// For tests: what is lost by a power failure is of no use to anybody.
const NOT_DURABLE: [(&str, &str); 3] = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];

/// The server's arguments.
pub(super) fn arguments(directory: &Directory, durable: bool, more: &[(String, String)]) -> Vec<OsString> {
    // A list of directories: quoted, since a comma may be part of a name.
    let socket = directory.socket().to_string_lossy().replace('"', "\"\"");
    let mut arguments = vec!["-D".into(), directory.cluster().into(), "-k".into(), format!("\"{socket}\"").into()];
    let not_durable: &[_] = if durable { &[] } else { &NOT_DURABLE };
    let settings = SETTINGS.iter().chain(not_durable).copied();
    for (name, value) in settings.chain(more.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
        arguments.push("-c".into());
        arguments.push(format!("{name}={value}").into());
    }
    arguments
}

/// Makes the cluster when there is none. A start that is interrupted half-way leaves none: it gets its name when whole.
pub(super) async fn ensure(directory: &Directory, binaries: &Binaries, durable: bool) -> Result<(), Error> {
    let cluster = directory.cluster();
    if let Ok(found) = fs::metadata(&cluster) {
        // Copied by root, for instance out of a backup.
        if found.uid() == 0 && matches!(directory.account, Account::Other { .. }) {
            directory.account.give(&cluster)?;
        }
        return Ok(());
    }
    let unfinished = directory.unfinished_cluster();
    directory.make_private(&unfinished)?;
    initialize(directory, binaries, &unfinished, durable).await?;
    fs::rename(&unfinished, &cluster).map_err(Error::unwritable(&cluster))?;
    let parent = cluster.parent().unwrap_or(&cluster);
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(Error::unwritable(parent))
}

/// Runs initdb with the first locale that this machine has.
async fn initialize(directory: &Directory, binaries: &Binaries, path: &Path, durable: bool) -> Result<(), Error> {
    let program = binaries.program("initdb");
    let mut log = String::new();
    for locale in locales(binaries.version.major) {
        let mut command = directory.account.command(&program);
        command.arg("-D").arg(path).arg("--username").arg(SUPERUSER).args([
            "--encoding=UTF8",
            // No password: the socket's directory decides who may connect.
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
        ]);
        command.args(*locale).kill_on_drop(true);
        if !durable {
            command.arg("--no-sync");
        }
        let output = command.output().await.map_err(|cause| Error::Run { program: program.clone(), cause })?;
        if output.status.success() {
            return Ok(());
        }
        log = String::from_utf8_lossy(&output.stderr).into_owned();
        if !log.contains("locale") {
            break;
        }
    }
    Err(Error::Initialize { directory: directory.cluster(), log: log.trim().to_owned() })
}

/// Order by code point, letters of every language. The system's C.UTF-8 serves `lower()` and extensions alike; some
/// systems have none, and before 17 Postgres has none of its own.
fn locales(major: u32) -> &'static [&'static [&'static str]] {
    if major >= 17 {
        &[
            &["--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
            &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        ]
    } else {
        &[&["--locale=C.UTF-8"], &["--locale=C", "--lc-ctype=en_US.UTF-8"], &["--locale=C"]]
    }
}
