//! The program at a port of its own, for what cannot be tried without a connection.

use std::{net::SocketAddr, time::Duration};

use api::http::{Connections, serve};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinHandle,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::{Server, Socket};

/// The program at a port. It ends with this.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves at a free port.
    pub async fn listen(&self) -> Listening {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, (stop, stopped)) = (self.router.clone(), watch::channel(false));
        let connections =
            Connections { most: 1_000, header_timeout: Duration::from_secs(30), write_timeout: Duration::from_secs(30) };
        let task = tokio::spawn(async move {
            serve(listener, router, connections, stopped).await;
            drop(stop);
        });
        Listening { address, task }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listening {
    /// The address of the API.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Opens a WebSocket at a host, without a word yet.
    pub async fn open(&self, host: &str) -> Socket {
        self.open_with(host, &[]).await.expect("the WebSocket is refused")
    }

    /// Opens a WebSocket with these headers; the status, if it is refused.
    pub async fn open_with(&self, host: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        let own = [("host", host), ("sec-websocket-protocol", "graphql-transport-ws")];
        for (name, value) in own.iter().chain(headers) {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpSocket::new_v4().unwrap().connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Socket::new(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a WebSocket at a host and signs in by a token.
    pub async fn connect(&self, host: &str, token: &str) -> Socket {
        let mut socket = self.open(host).await;
        socket.initialise(token).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }
}
