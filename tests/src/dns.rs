//! A small DNS server, which tells the truth, lies or says nothing as a test wants.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{CNAME, NS, TXT},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    task::AbortHandle,
};

/// The largest answer that goes into one datagram.
const LARGEST_DATAGRAM: usize = 1_232;
const TTL: u32 = 300;

/// What the server says of a name.
#[derive(Debug, Clone)]
pub enum DnsMood {
    /// TXT records, each of these parts. What does not fit into a datagram is only answered over TCP.
    Texts(Vec<Vec<String>>),
    /// That it is an alias of another name, and what it knows of that.
    Alias(String),
    /// That there is no such name.
    NoName,
    /// That the name has no TXT record.
    NoData,
    /// That others know.
    Referral,
    /// An answer with this code.
    Failure(ResponseCode),
    /// A TXT record of another name.
    OfAnotherName(String, String),
    /// The right record, in answer to a question that nobody has asked.
    OfAnotherQuestion(String),
    /// Bytes that are no message.
    Noise,
    /// Nothing.
    Silence,
}

impl DnsMood {
    /// One TXT record.
    pub fn text(text: impl Into<String>) -> Self {
        Self::texts([text.into()])
    }

    /// Several TXT records.
    pub fn texts(texts: impl IntoIterator<Item = String>) -> Self {
        Self::Texts(texts.into_iter().map(|text| vec![text]).collect())
    }
}

/// A server on a port of its own, over UDP and TCP, until the end of the test. It knows no names until it is told.
pub struct FakeDns {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    tasks: [AbortHandle; 2],
}

#[derive(Default)]
struct State {
    moods: HashMap<String, DnsMood>,
    datagrams: usize,
    streams: usize,
}

impl FakeDns {
    /// Starts it.
    pub async fn start() -> Self {
        let (listener, socket) = bind().await;
        let address = socket.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let udp = tokio::spawn(serve_datagrams(socket, Arc::clone(&state))).abort_handle();
        let tcp = tokio::spawn(serve_streams(listener, Arc::clone(&state))).abort_handle();
        Self { address, state, tasks: [udp, tcp] }
    }

    /// The address, for `--dns-server`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Says from now on this of a name.
    pub fn say(&self, name: &str, mood: DnsMood) {
        self.state().moods.insert(name.to_owned(), mood);
    }

    /// How many questions came over UDP and over TCP.
    pub fn asked(&self) -> (usize, usize) {
        let state = self.state();
        (state.datagrams, state.streams)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeDns {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The same port for both.
async fn bind() -> (TcpListener, UdpSocket) {
    for _ in 0..100 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()).await {
            return (listener, socket);
        }
    }
    panic!("there is no port that is free for UDP and TCP");
}

async fn serve_datagrams(socket: UdpSocket, state: Arc<Mutex<State>>) {
    let mut buffer = [0; 4_096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.datagrams += 1;
            answer(&buffer[..length], &state.moods)
        };
        let Some(mut bytes) = answer else { continue };
        if bytes.len() > LARGEST_DATAGRAM {
            let mut cut = Message::from_vec(&bytes).unwrap();
            cut.answers.clear();
            cut.metadata.truncation = true;
            bytes = cut.to_vec().unwrap();
        }
        let _sent = socket.send_to(&bytes, from).await;
    }
}

async fn serve_streams(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&state)));
    }
}

async fn converse(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    while let Ok(length) = stream.read_u16().await {
        let mut question = vec![0; usize::from(length)];
        if stream.read_exact(&mut question).await.is_err() {
            return;
        }
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.streams += 1;
            answer(&question, &state.moods)
        };
        let Some(bytes) = answer else { continue };
        let length = u16::try_from(bytes.len()).expect("the answer is longer than DNS allows");
        if stream.write_all(&[&length.to_be_bytes()[..], &bytes].concat()).await.is_err() {
            return;
        }
    }
}

fn answer(question: &[u8], moods: &HashMap<String, DnsMood>) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).unwrap();
    let query = question.queries[0].clone();
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.message_type = MessageType::Response;
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let mut name = query.name().clone();
    // An alias is answered together with what it leads to, as resolvers do.
    for _ in 0..4 {
        let spelt = name.to_lowercase().to_string().trim_end_matches('.').to_owned();
        match moods.get(&spelt).cloned().unwrap_or(DnsMood::NoName) {
            DnsMood::Texts(texts) => {
                answer.add_answers(texts.into_iter().map(|parts| text(name.clone(), parts)));
            }
            DnsMood::Alias(target) => {
                let target = Name::from_ascii(format!("{target}.")).unwrap();
                answer.add_answer(Record::from_rdata(name, TTL, RData::CNAME(CNAME(target.clone()))));
                name = target;
                continue;
            }
            DnsMood::NoName => answer.metadata.response_code = ResponseCode::NXDomain,
            DnsMood::NoData => {}
            DnsMood::Referral => {
                let server = RData::NS(NS(Name::from_ascii("ns.elsewhere.test.").unwrap()));
                answer.add_authority(Record::from_rdata(name.base_name(), TTL, server));
            }
            DnsMood::Failure(code) => answer.metadata.response_code = code,
            DnsMood::OfAnotherName(other, says) => {
                answer.add_answer(text(Name::from_ascii(format!("{other}.")).unwrap(), vec![says]));
            }
            DnsMood::OfAnotherQuestion(says) => {
                answer.metadata.id = answer.metadata.id.wrapping_add(1);
                answer.add_answer(text(name.clone(), vec![says]));
            }
            DnsMood::Noise => return Some(b"no message of DNS".to_vec()),
            DnsMood::Silence => return None,
        }
        break;
    }
    Some(answer.to_vec().unwrap())
}

fn text(name: Name, parts: Vec<String>) -> Record {
    Record::from_rdata(name, TTL, RData::TXT(TXT::new(parts)))
}
