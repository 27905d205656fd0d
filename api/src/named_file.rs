//! Files that somebody names by a flag. What is named by mistake may be large, or a device without an end: each kind is read up to a
//! length of its own, and refused beyond it. A pipe is read as well, such as `<(pass show key)` of a shell, where somebody writes into it.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use tenancy::ArchiveKey;

/// Bytes of a file of keys.
pub(crate) const LONGEST_KEYS: u64 = 64 * 1024;
/// Bytes of the file of an archive's key: the key, and blanks around it.
const LONGEST_ARCHIVE_KEY: u64 = 1024;
/// Bytes of a map of an adoption.
pub(crate) const LONGEST_MAP: u64 = 1024 * 1024;
/// Bytes of a list of trusted documents.
pub(crate) const LONGEST_DOCUMENTS: u64 = 64 * 1024 * 1024;
/// Bytes of a file of SQL.
pub(crate) const LONGEST_SQL: u64 = 64 * 1024 * 1024;

/// Reads a file of at most so many bytes.
pub(crate) fn read(path: &Path, longest: u64) -> anyhow::Result<Vec<u8>> {
    let (bytes, is_pipe) =
        beginning(path, longest.saturating_add(1)).with_context(|| format!("{} cannot be read", path.display()))?;
    let length = bytes.len();
    if is_pipe && length == 0 {
        bail!("{} is a pipe that nothing was written into", path.display());
    }
    if u64::try_from(length).unwrap_or(u64::MAX) > longest {
        bail!("{} is longer than {longest} bytes, and is not read", path.display());
    }
    Ok(bytes)
}

/// What a file begins with, up to so many bytes, and whether it is a pipe. A pipe that nobody has open to write into is not waited for:
/// nobody might ever open it.
fn beginning(path: &Path, longest: u64) -> io::Result<(Vec<u8>, bool)> {
    let file = File::from(open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?);
    // Those who have it open may take their time.
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    let is_pipe = file.metadata()?.file_type().is_fifo();
    let mut bytes = Vec::new();
    file.take(longest).read_to_end(&mut bytes)?;
    Ok((bytes, is_pipe))
}

/// The same of text.
pub(crate) fn read_text(path: &Path, longest: u64) -> anyhow::Result<String> {
    String::from_utf8(read(path, longest)?).with_context(|| format!("{} is no text", path.display()))
}

/// Reads the key of archives, and warns of a file that others may read.
pub(crate) fn read_archive_key(path: &Path) -> anyhow::Result<ArchiveKey> {
    let key = ArchiveKey::parse(&read(path, LONGEST_ARCHIVE_KEY)?)
        .with_context(|| format!("The key in {} cannot be used", path.display()))?;
    warn_of_others(path, "the key of archives");
    Ok(key)
}

/// Warns in the log where others than its owner may read the file of a secret.
pub(crate) fn warn_of_others(path: &Path, what: &str) {
    if is_open_to_others(path) {
        tracing::warn!(
            path = %path.display(),
            "others than its owner may read the file of {what}; let nobody but this program's user read it"
        );
    }
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
        io::{Write as _, pipe},
        os::{
            fd::AsRawFd as _,
            unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
        },
        process::Command,
        thread::spawn,
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
    fn a_pipe_without_a_writer_is_refused_at_once() {
        let path = std::env::temp_dir().join(format!("tenantry-named-{}", uuid::Uuid::now_v7().simple()));
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let refused = read_text(&path, LONGEST_KEYS).unwrap_err().to_string();
        assert_eq!(refused, format!("{} is a pipe that nothing was written into", path.display()));
        assert!(read_archive_key(&path).is_err());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_writer_that_takes_its_time_is_waited_for() {
        let (reader, mut writer) = pipe().unwrap();
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let reading = spawn(move || read_text(Path::new(&path), 6));
        writer.write_all(b"abc").unwrap();
        writer.write_all(b"def").unwrap();
        drop(writer);
        assert_eq!(reading.join().unwrap().unwrap(), "abcdef");
        drop(reader);
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
