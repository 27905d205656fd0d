//! A client of HTTP/2 that says and hears every frame itself, for what no well-meaning client does.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long to wait for a frame that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_STREAM: u8 = 1;
const ACKNOWLEDGED: u8 = 1;
const END_HEADERS: u8 = 4;
/// The setting that says how much of each answer may be sent unasked.
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection of HTTP/2.
pub struct Http2 {
    stream: TcpStream,
    next_stream: u32,
}

impl Http2 {
    /// Begins to speak HTTP/2. So many bytes of each answer are taken before more is asked for, which does not happen.
    pub async fn begin(mut stream: TcpStream, window: u32) -> Self {
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut http2 = Self { stream, next_stream: 1 };
        let setting = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &window.to_be_bytes()].concat();
        http2.send(SETTINGS, 0, 0, &setting).await.unwrap();
        http2
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat()).await
    }

    /// Gets a path, with further headers. Returns the number of the stream.
    pub async fn get(&mut self, host: &str, path: &str, headers: &[(&str, &str)]) -> u32 {
        let own = [(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", path)];
        let block: Vec<u8> =
            own.iter().chain(headers).flat_map(|(name, value)| [vec![0], literal(name), literal(value)].concat()).collect();
        let stream = self.next_stream;
        self.next_stream += 2;
        self.send(HEADERS, END_STREAM | END_HEADERS, stream, &block).await.unwrap();
        stream
    }

    /// Asks whether the other side is there. False at the end of the connection.
    pub async fn ping(&mut self) -> bool {
        if self.send(PING, 0, 0, &[7; 8]).await.is_err() {
            return false;
        }
        while let Some((kind, flags, _)) = self.frame().await {
            if kind == PING && flags & ACKNOWLEDGED != 0 {
                return true;
            }
        }
        false
    }

    /// The next frame, as its type, its flags and its stream; none at the end of the connection. Questions of the server are answered.
    pub async fn frame(&mut self) -> Option<(u8, u8, u32)> {
        let mut head = [0; 9];
        let read = tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut head)).await.expect("no frame comes");
        read.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        if matches!(kind, SETTINGS | PING) && flags & ACKNOWLEDGED == 0 {
            let answer = if kind == PING { payload } else { Vec::new() };
            self.send(kind, ACKNOWLEDGED, 0, &answer).await.ok()?;
        }
        Some((kind, flags, u32::from_be_bytes(stream)))
    }

    /// Waits until the head of an answer has come.
    pub async fn answered(&mut self, stream: u32) {
        while let Some((kind, _, of)) = self.frame().await {
            if (kind, of) == (HEADERS, stream) {
                return;
            }
        }
        panic!("the connection ended without an answer");
    }

    /// Waits until the whole of an answer has come.
    pub async fn answered_to_the_end(&mut self, stream: u32) {
        while let Some((kind, flags, of)) = self.frame().await {
            if of == stream && matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                return;
            }
        }
        panic!("the connection ended without an answer");
    }

    /// Waits for the end of the connection.
    pub async fn closed(&mut self) {
        while self.frame().await.is_some() {}
    }
}

/// A text of a header, not compressed.
fn literal(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    match text.len() {
        short @ 0..127 => bytes.push(u8::try_from(short).unwrap()),
        long => {
            bytes.push(127);
            let mut rest = long - 127;
            while rest >= 128 {
                bytes.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).unwrap());
        }
    }
    bytes.extend(text.bytes());
    bytes
}
