//! Files that somebody names by a flag. What is named by mistake may be large, or a device without an end: each kind is read up to a
//! length of its own, and refused beyond it.

use std::{fs::File, io::Read as _, os::unix::fs::MetadataExt as _, path::Path};

use anyhow::{Context as _, bail};

/// Bytes of a file of keys.
pub(crate) const LONGEST_KEYS: u64 = 64 * 1024;
/// Bytes of a map of an adoption.
pub(crate) const LONGEST_MAP: u64 = 1024 * 1024;
/// Bytes of a list of trusted documents.
pub(crate) const LONGEST_DOCUMENTS: u64 = 64 * 1024 * 1024;
/// Bytes of a file of SQL.
pub(crate) const LONGEST_SQL: u64 = 64 * 1024 * 1024;

/// Reads a file of at most so many bytes.
pub(crate) fn read(path: &Path, longest: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(longest.saturating_add(1)).read_to_end(&mut bytes));
    let length = read.with_context(|| format!("{} cannot be read", path.display()))?;
    if u64::try_from(length).unwrap_or(u64::MAX) > longest {
        bail!("{} is longer than {longest} bytes, and is not read", path.display());
    }
    Ok(bytes)
}

/// The same of text.
pub(crate) fn read_text(path: &Path, longest: u64) -> anyhow::Result<String> {
    String::from_utf8(read(path, longest)?).with_context(|| format!("{} is no text", path.display()))
}

/// Whether others than its owner may read a file. One that cannot be looked at is none of these.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    path.metadata().is_ok_and(|file| file.is_file() && lets_others_read(file.mode(), file.uid() == user))
}

/// Whether a mode lets others in. The group of a file that is not this process's own is how the process reads it: so a secret is given to
/// a container.
const fn lets_others_read(mode: u32, is_own: bool) -> bool {
    let others = if is_own { 0o077 } else { 0o007 };
    mode & others != 0
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    };

    use super::*;

    #[test]
    fn a_file_without_an_end_is_refused_at_once() {
        let refused = read_text(Path::new("/dev/zero"), LONGEST_KEYS).unwrap_err().to_string();
        assert_eq!(refused, "/dev/zero is longer than 65536 bytes, and is not read");
    }

    #[test]
    fn a_file_is_read_whole_up_to_its_bound() {
        let path = std::env::temp_dir().join(format!("tenantry-named-{}", uuid::Uuid::now_v7().simple()));
        fs::write(&path, "abc").unwrap();
        assert_eq!(read_text(&path, 3).unwrap(), "abc");
        assert!(read_text(&path, 2).is_err());
        fs::write(&path, [0xff]).unwrap();
        assert!(read_text(&path, 3).unwrap_err().to_string().ends_with("is no text"));
        fs::remove_file(&path).unwrap();
        assert!(read(&path, 3).unwrap_err().to_string().ends_with("cannot be read"));
    }

    #[test]
    fn who_may_read_a_file_is_seen() {
        let path = std::env::temp_dir().join(format!("tenantry-named-{}", uuid::Uuid::now_v7().simple()));
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
        assert!(!is_open_to_others(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(is_open_to_others(&path));
        fs::remove_file(&path).unwrap();
        assert!(!is_open_to_others(&path));
    }

    #[test]
    fn the_group_of_somebody_elses_file_is_how_it_is_read() {
        for (mode, of_own, of_another) in
            [(0o600, false, false), (0o440, true, false), (0o640, true, false), (0o644, true, true), (0o604, true, true)]
        {
            let found = (lets_others_read(mode, true), lets_others_read(mode, false));
            assert_eq!(found, (of_own, of_another), "{mode:o}");
        }
    }
}
