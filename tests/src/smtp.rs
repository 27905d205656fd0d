//! A small SMTP server, which takes mail or refuses it as a test wants.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use crate::Letter;

/// What the server does with mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpMood {
    /// Takes it.
    Willing,
    /// Says that it cannot now.
    Busy,
    /// Says that there is no such mailbox.
    NoSuchMailbox,
    /// Wants a password first.
    Locked,
    /// Takes the whole message, and never says so.
    Silent,
}

/// A server on a port of its own, until the end of the test.
pub struct SmtpServer {
    port: u16,
    state: Arc<Mutex<State>>,
    task: AbortHandle,
}

struct State {
    mood: SmtpMood,
    received: Vec<Received>,
}

/// A message as it came, with its envelope.
#[derive(Debug, Clone)]
pub struct Received {
    /// To whom it is to be delivered, whatever its headers say.
    pub recipients: Vec<String>,
    /// The message.
    pub letter: Letter,
}

impl SmtpServer {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mood: SmtpMood::Willing, received: Vec::new() }));
        let shared = Arc::clone(&state);
        let serve = async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        };
        Self { port, state, task: tokio::spawn(serve).abort_handle() }
    }

    /// Its address, as the program's flag takes it.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// From now on it does this.
    pub fn set(&self, mood: SmtpMood) {
        lock(&self.state).mood = mood;
    }

    /// What it was handed whole, whether it said so or not.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.state).received.clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whatever goes wrong here, the client notices: the conversation ends.
async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 ready\r\n").await?;
    let mut recipients = Vec::new();
    while let Some(line) = lines.next_line().await? {
        let mood = lock(&state).mood;
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match (command.as_str(), mood) {
            ("EHLO", _) => "250-here\r\n250 8BITMIME\r\n",
            ("MAIL", SmtpMood::Locked) => "530 sign in first\r\n",
            ("RCPT", SmtpMood::NoSuchMailbox) => "550 no such mailbox\r\n",
            ("RCPT", _) => {
                recipients.push(line.trim_start_matches("RCPT TO:").trim_matches(['<', '>', ' ']).to_owned());
                "250 fine\r\n"
            }
            ("DATA", SmtpMood::Busy) => "451 later\r\n",
            ("DATA", _) => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await?
                    && line != "."
                {
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                let letter = Letter::parse(&raw);
                lock(&state).received.push(Received { recipients: std::mem::take(&mut recipients), letter });
                if mood == SmtpMood::Silent {
                    // Until the client goes.
                    while lines.next_line().await?.is_some() {}
                    return Ok(());
                }
                "250 taken\r\n"
            }
            ("QUIT", _) => {
                writer.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 fine\r\n",
        };
        writer.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
