//! The file that holds the secret keys of an installation with a Postgres of its own.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::KEY;

/// Makes the file with one key, readable by its owner alone, unless it is there.
pub fn ensure_key_file(path: &Path) -> anyhow::Result<()> {
    let failed = || format!("The secret key {} could not be made", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(failed)?;
    }
    if path.exists() {
        return Ok(());
    }
    // Under another name first: nobody finds half a key.
    let unfinished = path.with_extension("new");
    let key = STANDARD.encode(rand::random::<[u8; KEY]>());
    let text =
        format!("# Encrypts secrets in the database, which cannot be read without it. Keep a copy in another place.\n{key}\n");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished).with_context(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(failed)?;
    // A link, unlike a new name, takes the place of no file that somebody has made meanwhile.
    let linked = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished).with_context(failed)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error).with_context(failed),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{super::SecretKeys, *};

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let directory = std::env::temp_dir().join(format!("tenantry-key-{}", uuid::Uuid::now_v7().simple()));
        let path = directory.join("secret-key");
        ensure_key_file(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!SecretKeys::load(Some(&path)).unwrap().is_empty());
        ensure_key_file(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }
}
