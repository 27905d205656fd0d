//! Hearing what other processes notify.

use std::time::Duration;

use futures::Stream;
use sqlx::{PgPool, postgres::PgListener};
use tokio::time::{sleep, timeout};

/// How long the connection may be silent before it is asked whether it still lives: a connection can die without a word.
const SILENCE: Duration = Duration::from_secs(10);
/// How long it may take to say so.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);
/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_secs(1);

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// From now on everything is heard. What came before may have been missed.
    Connected,
    /// From now on nothing is heard, until the next [`Connected`](Self::Connected).
    Disconnected,
    /// Somebody notified a channel.
    Notification {
        /// The channel.
        channel: String,
        /// What was said.
        payload: String,
    },
}

/// Hears the channels for ever, on a connection of its own.
pub(crate) fn listen(pool: PgPool, channels: &'static [&'static str]) -> impl Stream<Item = Heard> + Send + 'static {
    async_stream::stream! {
        loop {
            match connect(&pool, channels).await {
                Ok(mut listener) => {
                    yield Heard::Connected;
                    loop {
                        match next(&mut listener).await {
                            Ok(Some(heard)) => yield heard,
                            Ok(None) => {}
                            // The program ends.
                            Err(sqlx::Error::PoolClosed) => return,
                            Err(error) => {
                                tracing::warn!(%error, ?channels, "listening was interrupted; trying again");
                                break;
                            }
                        }
                    }
                    yield Heard::Disconnected;
                }
                Err(sqlx::Error::PoolClosed) => return,
                Err(error) => tracing::warn!(%error, ?channels, "listening failed; trying again"),
            }
            sleep(PAUSE).await;
        }
    }
}

async fn connect(pool: &PgPool, channels: &[&str]) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    // A connection made again by itself would hide that something may have been missed.
    listener.eager_reconnect(false);
    listener.listen_all(channels.iter().copied()).await?;
    Ok(listener)
}

async fn next(listener: &mut PgListener) -> Result<Option<Heard>, sqlx::Error> {
    match timeout(SILENCE, listener.try_recv()).await {
        Ok(Ok(Some(notification))) => Ok(Some(Heard::Notification {
            channel: notification.channel().to_owned(),
            payload: notification.payload().to_owned(),
        })),
        // The connection was lost.
        Ok(Ok(None)) => Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let question = sqlx::Executor::execute(&mut *listener, "SELECT 1");
            timeout(LONGEST_ANSWER, question).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
            Ok(None)
        }
    }
}
