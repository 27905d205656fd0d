//! One subscription, from its check to its end.

use std::{sync::Arc, time::Duration};

use async_graphql::ServerError;
use tokio::{
    sync::mpsc::{self, error::SendTimeoutError},
    time::timeout,
};

use super::{
    client::Client,
    ending::Ending,
    feed::Feed,
    operation::{Operation, refusal},
};
use crate::{
    graphql::{
        context::RequestContext,
        error::{Code, request_error},
        subscription::Happening,
    },
    http::refusal::Refusal,
    telemetry::traces,
};

/// How long a client may take to take an answer.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How often it is looked at meanwhile how much has come to wait behind the answer.
const LOOK: Duration = Duration::from_millis(500);

/// What is said to a client of one operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// An answer, as JSON.
    Next(String),
    /// It was not executed: the answer with the errors, as JSON, and the errors alone.
    Refused {
        /// `{"errors":[...]}`
        answer: String,
        /// `[...]`
        errors: String,
    },
    /// There is no more.
    Complete,
}

impl Said {
    /// An operation that was not executed.
    pub(super) fn refused(errors: &[ServerError]) -> Self {
        Self::Refused { answer: refusal(errors), errors: serde_json::to_string(errors).unwrap_or_default() }
    }
}

/// The way to the client for one operation.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    /// Tells the operation from earlier ones that had the same name.
    pub(super) number: u64,
    /// Has little room: it is the queue of a client that takes its time.
    pub(super) says: mpsc::Sender<(u64, Said)>,
    /// The end of the whole connection does not wait behind anything.
    pub(super) endings: mpsc::UnboundedSender<Ending>,
}

impl Speaker {
    /// Says something, and waits for the client as long as that is allowed.
    async fn say(&self, said: Said, feed: Option<&Feed>) -> Result<(), Ending> {
        let (mut waited, mut message) = (Duration::ZERO, (self.number, said));
        loop {
            match self.says.send_timeout(message, LOOK).await {
                // Nobody is there to hear more.
                Ok(()) | Err(SendTimeoutError::Closed(_)) => return Ok(()),
                Err(SendTimeoutError::Timeout(again)) => message = again,
            }
            waited += LOOK;
            if waited >= LONGEST_SILENCE || feed.is_some_and(Feed::overflows) {
                return Err(Ending::TooSlow);
            }
        }
    }
}

/// Serves one operation to its end. `feed` is there for a subscription.
pub(super) async fn serve(client: Arc<Client>, operation: Operation, feed: Option<Feed>, speaker: Speaker) {
    metrics::counter!("graphql_operations_total", "type" => operation.kind().to_string(), "outcome" => "begun").increment(1);
    let result = match feed {
        Some(feed) => watch(&client, &operation, feed, &speaker).await,
        None => answer(&client, &operation, &speaker).await,
    };
    if let Err(ending) = result {
        // Fails when the connection has ended already.
        let _gone = speaker.endings.send(ending);
    }
}

async fn answer(client: &Client, operation: &Operation, speaker: &Speaker) -> Result<(), Ending> {
    let turn = match client.turn().await {
        Ok(turn) => turn,
        Err(refused) => return speaker.say(Said::refused(&[refused]), None).await,
    };
    let answering = async {
        let context = client.context(None).await?;
        let answering = operation.answer_once(&client.app.schema, context);
        Ok::<_, Refusal>(in_time(client, answering).await)
    };
    let answered = traces::event(operation.kind(), operation.title(), &client.request_id, answering).await?;
    // Saying it may take as long as the client likes; the tenant's other operations need not wait for that.
    drop(turn);
    match answered {
        Some(Ok(answer)) => speaker.say(Said::Next(answer), None).await?,
        Some(Err(errors)) => return speaker.say(Said::refused(&errors), None).await,
        None => return speaker.say(Said::refused(&[overrun(client)]), None).await,
    }
    speaker.say(Said::Complete, None).await
}

async fn watch(client: &Client, operation: &Operation, mut feed: Feed, speaker: &Speaker) -> Result<(), Ending> {
    // What happens meanwhile waits in the feed.
    let checked = in_turn(client, operation, &feed, None, |context| operation.check(&client.app.schema, context)).await?;
    let errors = match checked {
        Some(Ok(())) => None,
        Some(Err(errors)) => Some(errors),
        None => Some(vec![overrun(client)]),
    };
    if let Some(errors) = errors {
        return speaker.say(Said::refused(&errors), None).await;
    }
    loop {
        let happenings = feed.next().await?;
        for happening in happenings.iter().filter(|happening| operation.watches(happening)) {
            let happening = Some(happening.clone());
            // Boxed, because a subscription waits most of its life, and this is what is large about it.
            let telling = in_turn(client, operation, &feed, happening, |context| operation.tell(&client.app.schema, context));
            let told = Box::pin(telling).await?;
            match told {
                Some(None) => {}
                Some(Some(answer)) => speaker.say(Said::Next(answer), Some(&feed)).await?,
                // Something was missed by that.
                None => return Err(Ending::Interrupted),
            }
        }
    }
}

/// Does something when it is the subscription's turn, with the rights of that moment, in the time that a request may take; none
/// when it took longer.
async fn in_turn<T>(
    client: &Client,
    operation: &Operation,
    feed: &Feed,
    happening: Option<Happening>,
    work: impl AsyncFnOnce(RequestContext) -> T,
) -> Result<Option<T>, Ending> {
    let Some(_turn) = feed.turn().await else {
        return Err(Ending::Interrupted);
    };
    let working = async {
        let context = client.context(happening).await?;
        Ok(in_time(client, work(context)).await)
    };
    traces::event(operation.kind(), operation.title(), &client.request_id, working).await
}

/// Does something in the time that a request may take; none when it took longer.
async fn in_time<F: Future>(client: &Client, work: F) -> Option<F::Output> {
    let done = timeout(client.app.options.request_timeout, work).await.ok();
    if done.is_none() {
        traces::failed(Some(Code::Internal));
    }
    done
}

fn overrun(client: &Client) -> ServerError {
    let message = Refusal::Overrun(client.app.options.request_timeout.as_secs()).to_string();
    request_error(Code::Internal, message)
}
