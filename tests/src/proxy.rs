//! A slow way to Postgres: what is sent and answered arrives in small pieces.

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, split},
    net::{TcpStream, UnixListener, UnixStream},
    task::JoinHandle,
};

/// Bytes that arrive at once.
const PIECE: usize = 48;

/// Stands between a test and Postgres, on the test's own thread. The answer to whatever the test sends is never there
/// already: work that waits for Postgres does wait, at every round trip and in the midst of messages.
pub struct Proxy {
    directory: TempDir,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// In front of the server of this URL.
    pub fn start(url: &str) -> Self {
        let target: PgConnectOptions = url.parse().expect("the URL cannot be read");
        let directory = tempfile::Builder::new().prefix("tenantry-proxy-").tempdir().expect("there is no temporary directory");
        let listener = UnixListener::bind(directory.path().join(".s.PGSQL.5432")).expect("the proxy cannot listen");
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target = target.clone();
                // Ends when either side closes.
                tokio::spawn(async move {
                    if let Some(socket) = target.get_socket() {
                        let path = socket.join(format!(".s.PGSQL.{}", target.get_port()));
                        if let Ok(server) = UnixStream::connect(path).await {
                            forward(client, server).await;
                        }
                    } else if let Ok(server) = TcpStream::connect((target.get_host(), target.get_port())).await {
                        forward(client, server).await;
                    }
                });
            }
        });
        Self { directory, listening }
    }

    /// The same URL, by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        use sqlx::ConnectOptions as _;
        let target: PgConnectOptions = url.parse().expect("the URL cannot be read");
        target.socket(self.directory.path()).port(5432).to_url_lossy().to_string()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn forward(client: UnixStream, server: impl AsyncReadExt + AsyncWriteExt) {
    let (from_client, to_client) = split(client);
    let (from_server, to_server) = split(server);
    tokio::select! {
        () = pass(from_client, to_server) => {}
        () = pass(from_server, to_client) => {}
    }
}

async fn pass(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin) {
    let mut piece = [0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let Some(bytes) = piece.get(..length) else { return };
        if to.write_all(bytes).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
}
