//! A store of objects that speaks S3, on files of the test's own.

use std::{
    future::pending,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, copy, split},
    net::{TcpListener, TcpStream},
    process::Command,
    task::JoinHandle,
};

const KEY: &str = "a-key-of-the-tests";
const SECRET: &str = "a-secret-of-the-tests";
const BUCKET: &str = "archives";

/// A store of objects that speaks S3, with one bucket.
pub struct ObjectStore {
    root: TempDir,
    port: u16,
    cut_after: Arc<AtomicU64>,
    stall: Arc<AtomicBool>,
    stalled: Arc<AtomicU64>,
    tasks: [JoinHandle<()>; 2],
}

impl ObjectStore {
    /// Starts it.
    pub async fn start() -> Self {
        let root = TempDir::with_prefix("tenantry-objects-").expect("there is no temporary directory");
        std::fs::create_dir(root.path().join(BUCKET)).expect("the bucket cannot be made");
        let mut service = S3ServiceBuilder::new(FileSystem::new(root.path()).expect("the store cannot be made"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let inner = TcpListener::bind("127.0.0.1:0").await.expect("the store cannot listen");
        let inner_address = inner.local_addr().expect("the store has no address");
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = inner.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    // Ends with its connection.
                    let _ended = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        // In front of it: what can cut a connection.
        let outer = TcpListener::bind("127.0.0.1:0").await.expect("the store cannot listen");
        let port = outer.local_addr().expect("the store has no address").port();
        let cut_after = Arc::new(AtomicU64::new(u64::MAX));
        let limit = Arc::clone(&cut_after);
        let (stall, stalled) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stalls, count) = (Arc::clone(&stall), Arc::clone(&stalled));
        let forwarding = tokio::spawn(async move {
            while let Ok((client, _)) = outer.accept().await {
                let limit = limit.load(Ordering::SeqCst);
                let (stalls, count) = (Arc::clone(&stalls), Arc::clone(&count));
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(inner_address).await else { return };
                    let ((from_client, mut to_client), (from_server, mut to_server)) = (split(client), split(server));
                    let (mut from_client, mut from_server) = (from_client.take(limit), from_server.take(limit));
                    let copied = tokio::select! {
                        copied = copy(&mut from_client, &mut to_server) => copied,
                        copied = copy(&mut from_server, &mut to_client) => copied,
                    };
                    if stalls.load(Ordering::SeqCst) && copied.is_ok_and(|bytes| bytes == limit) {
                        count.fetch_add(1, Ordering::SeqCst);
                        pending::<()>().await;
                    }
                });
            }
        });
        Self { root, port, cut_after, stall, stalled, tasks: [serving, forwarding] }
    }

    /// Tells a program where the store is and who it is.
    pub fn known_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
    }

    /// The address of an object.
    pub fn address(&self, key: &str) -> String {
        format!("s3://{BUCKET}/{key}")
    }

    /// Cuts each connection from now on after so many bytes in one direction; `None` lets them be.
    pub fn cut_after(&self, bytes: Option<u64>) {
        self.cut_after.store(bytes.unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Stalls each connection from now on after so many bytes in one direction: it stays open, and nothing comes any more.
    pub fn stall_after(&self, bytes: u64) {
        self.stall.store(true, Ordering::SeqCst);
        self.cut_after(Some(bytes));
    }

    /// How many connections have stalled.
    pub fn stalled(&self) -> u64 {
        self.stalled.load(Ordering::SeqCst)
    }

    /// Uploads that are neither complete nor aborted.
    pub fn uploads(&self) -> usize {
        let entries = std::fs::read_dir(self.root.path()).expect("the store cannot be read");
        let names = entries.map(|entry| entry.expect("the store cannot be read").file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".upload")).count()
    }

    /// The file of an object.
    pub fn file(&self, key: &str) -> PathBuf {
        self.root.path().join(BUCKET).join(key)
    }

    /// The keys of all objects.
    pub fn keys(&self) -> Vec<String> {
        let bucket = self.root.path().join(BUCKET);
        let (mut keys, mut directories) = (Vec::new(), vec![bucket.clone()]);
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).expect("the bucket cannot be read") {
                let path = entry.expect("the bucket cannot be read").path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    keys.push(path.strip_prefix(&bucket).expect("a file elsewhere").to_str().expect("a name").to_owned());
                }
            }
        }
        keys.sort();
        keys
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
