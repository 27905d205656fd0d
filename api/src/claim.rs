//! Work that belongs to one process for a while: its row in the control plane says until when. The claim is renewed while the work goes
//! on; where the process is killed, another one takes over.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::DbErr;
use tokio::time::sleep;

/// For how long work belongs to the process that took it, unless the claim is renewed.
pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How often a claim is renewed.
const RENEWAL: Duration = Duration::from_mins(1);

/// Renews a claim, and ends when it is lost: `renew` says whether it still holds. A failure to renew it may be over the next time.
pub(crate) async fn until_lost<F: Future<Output = Result<bool, DbErr>>>(mut renew: impl FnMut() -> F) {
    loop {
        sleep(RENEWAL).await;
        match renew().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::debug!(%error, "a claim was not renewed"),
        }
    }
}
