//! Where an archive is: a file, or an object in a store that speaks S3.

use std::{
    ffi::OsStr,
    fmt, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use futures::{
    StreamExt as _,
    stream::{BoxStream, try_unfold},
};
use tokio::io::AsyncReadExt as _;

use super::{
    ArchiveError,
    file::Partial,
    file::partial,
    object::{ObjectPlace, ObjectReader, ObjectWriter},
    piece::{PIECE, beside},
};
use crate::{Result, checksum::Checksum};

/// Where an archive is, or where archives are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchivePlace {
    /// A file or a directory.
    File(PathBuf),
    /// An object, or the beginning that the keys of several have.
    Object(ObjectPlace),
}

impl ArchivePlace {
    /// The place of this name within this one.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        match self {
            Self::File(path) => Self::File(path.join(name)),
            Self::Object(object) => Self::Object(object.join(name)),
        }
    }

    /// The same place for whoever works in another directory.
    pub fn absolute(&self) -> Result<Self, ArchiveError> {
        match self {
            Self::File(path) => Ok(Self::File(std::path::absolute(path).map_err(ArchiveError::of_file(path))?)),
            Self::Object(_) => Ok(self.clone()),
        }
    }

    /// The names of the archives, and of whatever else is directly in this place.
    pub(super) async fn names(&self) -> Result<Vec<String>> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                beside(move || {
                    let failed = |error| ArchiveError::of_file(&path)(error);
                    let mut names = Vec::new();
                    for entry in fs::read_dir(&path).map_err(failed)? {
                        // What is no text was named by somebody else.
                        if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
                            names.push(name);
                        }
                    }
                    Ok(names)
                })
                .await
            }
            Self::Object(object) => Ok(object.names().await?),
        }
    }

    /// Removes an archive, and what a program that was killed has left in its place. One that is not there is no failure.
    pub async fn remove(&self) -> Result<()> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                beside(move || {
                    for path in [&path, &partial(&path)] {
                        match fs::remove_file(path) {
                            // Nor is there anything where what should be a directory is a file.
                            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                                return Err(ArchiveError::of_file(path)(error));
                            }
                            _ => {}
                        }
                    }
                    // The directory of a tenant goes with its last archive; one with something in it stays.
                    let home = path.parent().filter(|home| home.file_name().is_some_and(is_id));
                    if let Some(home) = home {
                        let _stays = fs::remove_dir(home);
                    }
                    Ok(())
                })
                .await
            }
            Self::Object(object) => Ok(object.remove().await?),
        }
    }

    /// The SHA-256 of its bytes, in hexadecimal.
    pub async fn sha256(&self) -> Result<String> {
        let place = self.clone();
        beside(move || {
            let (mut reader, mut sum) = (place.read()?, Checksum::new());
            let mut buffer = vec![0_u8; PIECE];
            loop {
                let count = reader.read(&mut buffer).map_err(|error| place.failed(error))?;
                if count == 0 {
                    return Ok(sum.hexadecimal());
                }
                sum.add(buffer.get(..count).unwrap_or_default());
            }
        })
        .await
    }

    /// Makes what has to be there before an archive can be written.
    pub(super) fn prepare(&self) -> Result<(), ArchiveError> {
        match self {
            Self::File(path) => match path.parent() {
                Some(parent) => fs::create_dir_all(parent).map_err(ArchiveError::of_file(parent)),
                None => Ok(()),
            },
            Self::Object(_) => Ok(()),
        }
    }

    /// Its bytes, a piece at a time, for whoever hands them on. No thread waits while nobody takes them.
    pub async fn stream(&self) -> Result<BoxStream<'static, io::Result<Vec<u8>>>> {
        match self {
            Self::File(path) => {
                let file = tokio::fs::File::open(path).await.map_err(ArchiveError::of_file(path))?;
                let pieces = try_unfold(file, |mut file| async move {
                    let mut piece = Vec::with_capacity(PIECE);
                    (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
                    Ok((!piece.is_empty()).then_some((piece, file)))
                });
                Ok(pieces.boxed())
            }
            Self::Object(object) => Ok(object.stream().await?),
        }
    }

    /// Opens it. Blocks.
    pub(super) fn read(&self) -> Result<Box<dyn Read + Send>, ArchiveError> {
        match self {
            Self::File(path) => Ok(Box::new(fs::File::open(path).map_err(ArchiveError::of_file(path))?)),
            Self::Object(object) => Ok(Box::new(ObjectReader::open(object)?)),
        }
    }

    /// Begins to write it. Blocks.
    pub(super) fn create(&self) -> Result<NewArchive, ArchiveError> {
        match self {
            Self::File(path) => Partial::create(path).map(|(partial, file)| NewArchive::File(partial, file)),
            Self::Object(object) => ObjectWriter::create(object).map(|writer| NewArchive::Object(Box::new(writer))),
        }
    }

    /// For what goes wrong in reading or writing it.
    pub(super) fn failed(&self, error: io::Error) -> ArchiveError {
        ArchiveError::of_file(PathBuf::from(self.to_string()))(error)
    }
}

fn is_id(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| uuid::Uuid::parse_str(name).is_ok())
}

/// An archive that nobody sees until it is complete. Dropped before that, it is removed.
pub(super) enum NewArchive {
    File(Partial, fs::File),
    Object(Box<ObjectWriter>),
}

impl NewArchive {
    pub(super) fn complete(self) -> Result<(), ArchiveError> {
        match self {
            Self::File(partial, file) => partial.complete(&file),
            Self::Object(writer) => (*writer).complete(),
        }
    }
}

impl Write for NewArchive {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(_, file) => file.write(bytes),
            Self::Object(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for ArchivePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Object(object) => object.fmt(formatter),
        }
    }
}

impl FromStr for ArchivePlace {
    type Err = ArchiveError;

    fn from_str(text: &str) -> Result<Self, ArchiveError> {
        match text.strip_prefix("s3://") {
            Some(rest) => ObjectPlace::parse(rest).map(Self::Object),
            None if text.is_empty() || text.contains("://") => Err(ArchiveError::NoPlace(text.to_owned())),
            None => Ok(Self::File(text.into())),
        }
    }
}

impl From<&Path> for ArchivePlace {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for ArchivePlace {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<PathBuf> for ArchivePlace {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Self> for ArchivePlace {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::ArchivePlace;

    #[rstest]
    #[case("backups", "backups/a")]
    #[case("/var/backups/", "/var/backups/a")]
    #[case("s3://bucket", "s3://bucket/a")]
    #[case("s3://bucket/", "s3://bucket/a")]
    #[case("s3://bucket/prefix/of mine/", "s3://bucket/prefix/of mine/a")]
    fn places_are_files_or_objects(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<ArchivePlace>().unwrap().join("a").to_string(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("s3://")]
    #[case("s3:///key")]
    #[case("s3://bucket/a//b")]
    #[case("s3://bucket/../b")]
    #[case("https://bucket/key")]
    fn what_is_no_place_is_refused(#[case] text: &str) {
        text.parse::<ArchivePlace>().unwrap_err();
    }
}
