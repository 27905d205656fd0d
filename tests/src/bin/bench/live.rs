//! Many who watch: what each takes of the memory, and how long it takes from a commit until all are told.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures::{SinkExt as _, StreamExt as _, stream::SplitStream};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::{net::TcpStream, sync::mpsc, task::JoinSet};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue},
};

use crate::{server::Server, share};

const SUBSCRIPTION: &str =
    "subscription { employeesChanged { kind employeeId employee { id name workEmail department { id name } } } }";
/// Changes whose delivery is measured.
const CHANGES: usize = 20;

/// What was measured.
pub(crate) struct Measured {
    pub(crate) kilobytes_each: f64,
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
}

/// Opens so many WebSockets with a subscription each, spread over the first `tenants`, and changes somebody in one of those.
pub(crate) async fn run(server: &Server, subscriptions: usize, tenants: usize) -> anyhow::Result<Measured> {
    let tokens: Vec<&(String, String)> = server.tokens.iter().take(tenants).collect();
    let before = server.resident_megabytes()?;
    let (told, mut arrivals) = mpsc::unbounded_channel();
    let mut readers = JoinSet::new();
    let mut writers = Vec::new();
    for number in 0..subscriptions {
        let (host, token) = tokens.get(number % tokens.len()).context("there are no tenants")?;
        let (writer, reader) = open(&server.address, host, token).await?.split();
        writers.push(writer);
        readers.spawn(read(reader, told.clone()));
    }
    let after = server.resident_megabytes()?;

    let (host, _) = tokens.first().context("there are no tenants")?;
    let schema = server.schema_of(host).await?;
    let mut connection = PgConnection::connect(&server.database_url).await?;
    let tenant: uuid::Uuid = sqlx::query_scalar("SELECT id FROM platform.tenants WHERE schema_name = $1")
        .bind(&schema)
        .fetch_one(&mut connection)
        .await?;
    let employee: uuid::Uuid = sqlx::query_scalar(AssertSqlSafe(format!("SELECT id FROM {schema}.employees LIMIT 1")))
        .fetch_one(&mut connection)
        .await?;
    let payload = format!("{tenant} [{}]", json!({ "a": "employee.updated", "s": employee }));
    let expected = subscriptions.div_ceil(tokens.len());
    let mut times = Vec::new();
    for _ in 0..CHANGES {
        let mut transaction = connection.begin().await?;
        let update = format!("UPDATE {schema}.employees SET version = version + 1 WHERE id = $1");
        sqlx::query(AssertSqlSafe(update)).bind(employee).execute(&mut *transaction).await?;
        sqlx::query("SELECT pg_notify('tenantry_changes', $1)").bind(&payload).execute(&mut *transaction).await?;
        let committing = Instant::now();
        transaction.commit().await?;
        for _ in 0..expected {
            let arrival: Instant = tokio::time::timeout(Duration::from_mins(1), arrivals.recv())
                .await
                .context("not all were told")?
                .context("the connections were closed")?;
            times.push(arrival.duration_since(committing));
        }
    }
    times.sort_unstable();
    readers.shutdown().await;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let kilobytes_each = (after - before) * 1024.0 / subscriptions as f64;
    Ok(Measured { kilobytes_each, median: share(&times, 0.5), p99: share(&times, 0.99) })
}

async fn open(address: &str, host: &str, token: &str) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert("host", HeaderValue::from_str(host)?);
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(request, stream).await?;
    let messages = [
        json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } }),
        json!({ "type": "subscribe", "id": "a", "payload": { "query": SUBSCRIPTION } }),
        // Once that is answered, it hears what happens.
        json!({ "type": "ping" }),
    ];
    for (message, answer) in messages.into_iter().zip([Some("connection_ack"), None, Some("pong")]) {
        socket.send(Message::text(message.to_string())).await?;
        if let Some(answer) = answer {
            let Some(Ok(Message::Text(text))) = socket.next().await else {
                bail!("the server closed a WebSocket");
            };
            let message: Value = serde_json::from_str(&text)?;
            if message.get("type").and_then(Value::as_str) != Some(answer) {
                bail!("the server said {message}");
            }
        }
    }
    Ok(socket)
}

/// Notes when each answer arrives.
async fn read(mut reader: SplitStream<WebSocketStream<TcpStream>>, told: mpsc::UnboundedSender<Instant>) {
    while let Some(Ok(message)) = reader.next().await {
        if message.is_text() && told.send(Instant::now()).is_err() {
            return;
        }
    }
}
