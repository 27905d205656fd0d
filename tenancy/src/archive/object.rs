//! Archives as objects in a store that speaks S3. Where it is and who is asking is said by the usual environment variables (`AWS_…`).
//!
//! An archive of any size goes through a few parts of memory: it is uploaded in parts and is an object from the last request on, not
//! before. An upload that is given up is aborted; one whose program was killed is left to the store's own rule for such uploads.

use std::{
    fmt,
    io::{self, Read, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    BackoffConfig, GetOptions, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig, aws::AmazonS3Builder,
    path::Path,
};
use tokio::{runtime::Handle, task::JoinSet, time::timeout};

use super::{ArchiveError, piece::wait};

/// Bytes of a part. A store takes ten thousand of them for an object.
const PART: usize = 16 << 20;
/// How many parts are under way.
const UNDER_WAY: usize = 2;
/// Bytes that are downloaded by one request: few for who wants to know what an archive says of itself, more and more for who reads on,
/// and so many at the most that they come within [`LONGEST`] on a slow line.
const SHORTEST_RANGE: u64 = 256 << 10;
const LONGEST_RANGE: u64 = 4 << 20;
/// How often a request is tried again, and for how long.
const TRIES: usize = 5;
const LONGEST: Duration = Duration::from_mins(1);
/// How long a store may take to forget an upload that was given up.
const LAST_MOMENT: Duration = Duration::from_secs(3);

/// A bucket, and a key or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPlace {
    bucket: String,
    key: Path,
}

impl ObjectPlace {
    /// Reads `bucket/key`.
    pub(super) fn parse(text: &str) -> Result<Self, ArchiveError> {
        let no_place = || ArchiveError::NoPlace(format!("s3://{text}"));
        let (bucket, key) = text.split_once('/').unwrap_or((text, ""));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(is_plain) {
            return Err(no_place());
        }
        let key = Path::parse(key.trim_end_matches('/')).map_err(|_| no_place())?;
        Ok(Self { bucket: bucket.to_owned(), key })
    }

    pub(super) fn join(&self, name: &str) -> Self {
        Self { bucket: self.bucket.clone(), key: self.key.clone().join(name) }
    }

    /// The names of the objects whose keys are this one, a slash and a name.
    pub(super) async fn names(&self) -> Result<Vec<String>, ArchiveError> {
        let listed = self.store()?.list_with_delimiter(Some(&self.key)).await.map_err(|error| self.failed(error))?;
        Ok(listed.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }

    pub(super) async fn remove(&self) -> Result<(), ArchiveError> {
        match self.store()?.delete(&self.key).await {
            Err(error) if !matches!(error, object_store::Error::NotFound { .. }) => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// The object, piece by piece.
    pub(super) async fn stream(&self) -> Result<BoxStream<'static, io::Result<Vec<u8>>>, ArchiveError> {
        let ranges = Ranges::open(self).await?;
        Ok(stream::try_unfold(ranges, |mut ranges| async {
            let piece = ranges.next().await?;
            Ok((!piece.is_empty()).then_some((piece, ranges)))
        })
        .boxed())
    }

    fn store(&self) -> Result<Arc<dyn ObjectStore>, ArchiveError> {
        let backoff = BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(5), base: 2.0 };
        let retry = RetryConfig { backoff, max_retries: TRIES, retry_timeout: LONGEST };
        let store = AmazonS3Builder::from_env().with_bucket_name(&self.bucket).with_retry(retry).build();
        Ok(Arc::new(store.map_err(|error| self.failed(error))?))
    }

    fn failed(&self, source: object_store::Error) -> ArchiveError {
        ArchiveError::Object { place: self.to_string(), source: Box::new(source) }
    }
}

impl fmt::Display for ObjectPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

/// An object that is being uploaded. Used on a thread [`beside`](super::piece::beside) the runtime.
pub(super) struct ObjectWriter {
    place: ObjectPlace,
    runtime: Handle,
    upload: Box<dyn MultipartUpload>,
    /// What comes into the next part.
    part: Vec<u8>,
    under_way: JoinSet<object_store::Result<()>>,
    complete: bool,
}

impl ObjectWriter {
    pub(super) fn create(place: &ObjectPlace) -> Result<Self, ArchiveError> {
        let (store, runtime) = (place.store()?, Handle::current());
        match wait(&runtime, store.head(&place.key))? {
            Ok(_) => return Err(ArchiveError::Exists(PathBuf::from(place.to_string()))),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(place.failed(error)),
        }
        let upload = wait(&runtime, store.put_multipart(&place.key))?.map_err(|error| place.failed(error))?;
        let under_way = JoinSet::new();
        Ok(Self { place: place.clone(), runtime, upload, part: Vec::new(), under_way, complete: false })
    }

    /// Makes an object of what was uploaded.
    pub(super) fn complete(mut self) -> Result<(), ArchiveError> {
        if !self.part.is_empty() {
            self.send()?;
        }
        self.wait_for_all_but(0)?;
        wait(&self.runtime, self.upload.complete())?.map_err(|error| self.place.failed(error))?;
        self.complete = true;
        Ok(())
    }

    /// Sends the next part.
    fn send(&mut self) -> Result<(), ArchiveError> {
        self.wait_for_all_but(UNDER_WAY - 1)?;
        let part = self.upload.put_part(std::mem::take(&mut self.part).into());
        self.under_way.spawn_on(part, &self.runtime);
        Ok(())
    }

    fn wait_for_all_but(&mut self, parts: usize) -> Result<(), ArchiveError> {
        while self.under_way.len() > parts {
            match wait(&self.runtime, self.under_way.join_next())? {
                Some(Ok(sent)) => sent.map_err(|error| self.place.failed(error))?,
                Some(Err(_)) => return Err(ArchiveError::Stopped),
                None => break,
            }
        }
        Ok(())
    }
}

impl Write for ObjectWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART - self.part.len());
        self.part.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        if self.part.len() == PART {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        if self.complete {
            return;
        }
        // Nobody sees what is not complete, but whose store it is pays for its parts.
        let Self { runtime, under_way, upload, .. } = self;
        let abort = async {
            under_way.shutdown().await;
            upload.abort().await
        };
        let aborted = runtime.block_on(async { timeout(LAST_MOMENT, abort).await });
        if !matches!(aborted, Ok(Ok(()))) {
            tracing::debug!(?aborted, place = %self.place, "an upload that was given up is left to the store");
        }
    }
}

/// An object that is being downloaded, range by range.
///
/// Each range is a request of its own, with its own time and tries. One request for all would have to end within the time for a request,
/// however large the object is, and however long whoever reads it takes.
struct Ranges {
    place: ObjectPlace,
    store: Arc<dyn ObjectStore>,
    object: ObjectMeta,
    fetched: u64,
}

impl Ranges {
    async fn open(place: &ObjectPlace) -> Result<Self, ArchiveError> {
        let store = place.store()?;
        let object = store.head(&place.key).await.map_err(|error| place.failed(error))?;
        Ok(Self { place: place.clone(), store, object, fetched: 0 })
    }

    /// The next range of the object, which has to be the same object still; nothing at its end.
    async fn next(&mut self) -> Result<Vec<u8>, ArchiveError> {
        if self.fetched >= self.object.size {
            return Ok(Vec::new());
        }
        let length = self.fetched.clamp(SHORTEST_RANGE, LONGEST_RANGE);
        let range = self.fetched..self.object.size.min(self.fetched + length);
        // A weak tag never matches.
        let tag = self.object.e_tag.clone().filter(|tag| !tag.starts_with("W/"));
        let options = GetOptions::new().with_range(Some(range)).with_if_match(tag);
        let bytes = async { self.store.get_opts(&self.place.key, options).await?.bytes().await };
        let bytes = bytes.await.map_err(|error| self.place.failed(error))?;
        self.fetched += bytes.len() as u64;
        Ok(Vec::from(bytes))
    }
}

/// An object that is being downloaded. Used on a thread [`beside`](super::piece::beside) the runtime.
pub(super) struct ObjectReader {
    runtime: Handle,
    ranges: Ranges,
    piece: io::Cursor<Vec<u8>>,
}

impl ObjectReader {
    pub(super) fn open(place: &ObjectPlace) -> Result<Self, ArchiveError> {
        let runtime = Handle::current();
        let ranges = wait(&runtime, Ranges::open(place))??;
        Ok(Self { runtime, ranges, piece: io::Cursor::default() })
    }
}

impl Read for ObjectReader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.read(target)?;
        if count > 0 || target.is_empty() {
            return Ok(count);
        }
        self.piece = io::Cursor::new(wait(&self.runtime, self.ranges.next())??);
        self.piece.read(target)
    }
}
