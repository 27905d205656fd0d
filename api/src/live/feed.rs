//! What one subscription hears.

use std::sync::Arc;

use tokio::sync::{
    SemaphorePermit,
    broadcast::{self, error::RecvError},
};

use super::{
    ending::Ending,
    hub::{Channel, Happenings, Hub, MOST_WAITING},
    quota::Counted,
};

/// What one subscription hears of its tenant, for as long as it is held.
#[derive(Debug)]
pub(super) struct Feed {
    hub: Arc<Hub>,
    counted: Counted,
    channel: Arc<Channel>,
    /// Given back before the hub is asked whether anybody is left.
    happenings: Option<broadcast::Receiver<Happenings>>,
}

impl Feed {
    pub(super) fn new(
        hub: Arc<Hub>,
        counted: Counted,
        channel: Arc<Channel>,
        happenings: broadcast::Receiver<Happenings>,
    ) -> Self {
        Self { hub, counted, channel, happenings: Some(happenings) }
    }

    /// What happens next.
    pub(super) async fn next(&mut self) -> Result<Happenings, Ending> {
        let Some(happenings) = &mut self.happenings else {
            return Err(Ending::Interrupted);
        };
        happenings.recv().await.map_err(|error| match error {
            RecvError::Lagged(_) => Ending::TooSlow,
            RecvError::Closed => Ending::Interrupted,
        })
    }

    /// Waits until it is this subscription's turn to use the database.
    pub(super) async fn turn(&self) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        let of_tenant = self.channel.turns.acquire().await.ok()?;
        Some((of_tenant, self.hub.turns.acquire().await.ok()?))
    }

    /// Whether more waits than there is room for, so that something is lost.
    pub(super) fn overflows(&self) -> bool {
        self.happenings.as_ref().is_some_and(|happenings| happenings.len() > MOST_WAITING)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.happenings.as_ref().is_none_or(broadcast::Receiver::is_empty)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.happenings = None;
        self.hub.leave(self.counted.tenant());
    }
}
