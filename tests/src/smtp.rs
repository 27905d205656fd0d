//! A small SMTP server, which takes mail or refuses it as a test wants.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer},
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

/// How the server's connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// From the first byte on.
    Tls,
    /// After the client has asked for it by STARTTLS; nothing is taken before.
    StartTls,
}

/// Who may send mail, and how. Of a server on `localhost`.
struct Door {
    security: SmtpSecurity,
    acceptor: TlsAcceptor,
    /// The answer to `AUTH PLAIN`.
    credentials: String,
}

/// A server on a port of its own, until the end of the test.
pub struct SmtpServer {
    port: u16,
    certificate: Option<String>,
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
    /// Starts it: without encryption, and without passwords.
    pub async fn start() -> Self {
        Self::start_with(None, None).await
    }

    /// Starts it behind TLS and a password.
    pub async fn start_behind(security: SmtpSecurity, user: &str, password: &str) -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certified.cert.der().clone()], key.into()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let credentials = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        Self::start_with(Some(Door { security, acceptor, credentials }), Some(certified.cert.pem())).await
    }

    async fn start_with(door: Option<Door>, certificate: Option<String>) -> Self {
        let door = Arc::new(door);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mood: SmtpMood::Willing, received: Vec::new() }));
        let shared = Arc::clone(&state);
        let serve = async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&door), Arc::clone(&shared)));
            }
        };
        Self { port, certificate, state, task: tokio::spawn(serve).abort_handle() }
    }

    /// Its address, as the program's flag takes it.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that a client has to trust, in PEM.
    pub fn certificate(&self) -> &str {
        self.certificate.as_deref().unwrap_or_default()
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
async fn receive(stream: TcpStream, door: Arc<Option<Door>>, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let Some(door) = door.as_ref() else {
        return Conversation { state, credentials: None, offers: None }.hold(BufReader::new(stream), true).await.map(drop);
    };
    let stream = match door.security {
        SmtpSecurity::Tls => stream,
        SmtpSecurity::StartTls => {
            let conversation = Conversation { state: Arc::clone(&state), credentials: None, offers: Some("STARTTLS") };
            match conversation.hold(BufReader::new(stream), true).await? {
                Some(stream) => stream.into_inner(),
                None => return Ok(()),
            }
        }
    };
    let greets = door.security == SmtpSecurity::Tls;
    let stream = BufReader::new(door.acceptor.accept(stream).await?);
    let conversation = Conversation { state, credentials: Some(&door.credentials), offers: Some("AUTH PLAIN") };
    conversation.hold(stream, greets).await.map(drop)
}

struct Conversation<'a> {
    state: Arc<Mutex<State>>,
    /// What has to be said before mail is taken.
    credentials: Option<&'a str>,
    /// What has to come first.
    offers: Option<&'static str>,
}

impl Conversation<'_> {
    /// Gives the stream back when the client wants to go on encrypted.
    async fn hold<S>(self, mut stream: BufReader<S>, greets: bool) -> std::io::Result<Option<BufReader<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greets {
            stream.write_all(b"220 ready\r\n").await?;
            stream.flush().await?;
        }
        let mut is_open = self.offers.is_none();
        let mut recipients = Vec::new();
        while let Some(line) = next_line(&mut stream).await? {
            let mood = lock(&self.state).mood;
            let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let answer = match (command.as_str(), mood) {
                ("EHLO", _) => {
                    let offers = self.offers.map(|offer| format!("250-{offer}\r\n")).unwrap_or_default();
                    stream.write_all(format!("250-here\r\n{offers}").as_bytes()).await?;
                    "250 8BITMIME\r\n"
                }
                ("STARTTLS", _) if self.credentials.is_none() => {
                    stream.write_all(b"220 go on\r\n").await?;
                    stream.flush().await?;
                    return Ok(Some(stream));
                }
                ("AUTH", _) if line.strip_prefix("AUTH PLAIN ") == self.credentials => {
                    is_open = true;
                    "235 welcome\r\n"
                }
                ("AUTH", _) => "535 no\r\n",
                ("MAIL", SmtpMood::Locked) => "530 sign in first\r\n",
                ("MAIL" | "RCPT" | "DATA", _) if !is_open => "530 not so\r\n",
                ("RCPT", SmtpMood::NoSuchMailbox) => "550 no such mailbox\r\n",
                ("RCPT", _) => {
                    recipients.push(line.trim_start_matches("RCPT TO:").trim_matches(['<', '>', ' ']).to_owned());
                    "250 fine\r\n"
                }
                ("DATA", SmtpMood::Busy) => "451 later\r\n",
                ("DATA", _) => {
                    stream.write_all(b"354 go on\r\n").await?;
                    stream.flush().await?;
                    let mut raw = String::new();
                    while let Some(line) = next_line(&mut stream).await?
                        && line != "."
                    {
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push_str("\r\n");
                    }
                    let letter = Letter::parse(&raw);
                    lock(&self.state).received.push(Received { recipients: std::mem::take(&mut recipients), letter });
                    if mood == SmtpMood::Silent {
                        // Until the client goes.
                        while next_line(&mut stream).await?.is_some() {}
                        return Ok(None);
                    }
                    "250 taken\r\n"
                }
                ("QUIT", _) => {
                    stream.write_all(b"221 bye\r\n").await?;
                    stream.flush().await?;
                    return Ok(None);
                }
                _ => "250 fine\r\n",
            };
            stream.write_all(answer.as_bytes()).await?;
            stream.flush().await?;
        }
        Ok(None)
    }
}

/// A line without its end; none when the client has gone.
async fn next_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await?;
    Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}
