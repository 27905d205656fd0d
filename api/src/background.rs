//! What runs beside the requests: tasks that end with the program, and what they do again and again.
//!
//! Each pause is drawn from a range, so that processes that were started together do not stay in step.

use std::{ops::Range, time::Duration};

use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{sleep, timeout},
};

/// Tasks that end with the program.
#[derive(Debug, Default)]
pub(crate) struct Background(Vec<AbortHandle>);

impl Background {
    /// Runs a task until the program ends.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.push(tokio::spawn(task).abort_handle());
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Pauses and works, for as long as it is polled.
pub(crate) async fn every<F: Future<Output = ()>>(pause: Range<Duration>, mut work: impl FnMut() -> F) {
    loop {
        sleep(rand::random_range(pause.clone())).await;
        work().await;
    }
}

/// Works and pauses, for as long as it is polled. The pause ends at once when `due` is notified.
pub(crate) async fn every_or_due<F: Future<Output = ()>>(pause: Range<Duration>, due: &Notify, mut work: impl FnMut() -> F) {
    loop {
        work().await;
        let _too_long = timeout(rand::random_range(pause.clone()), due.notified()).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_is_done_again_and_again() {
        let (done, mut seen) = mpsc::unbounded_channel();
        let pause = Duration::from_millis(1)..Duration::from_millis(2);
        let look = async {
            for _ in 0..3 {
                seen.recv().await.unwrap();
            }
        };
        tokio::select! {
            () = every(pause, || async { done.send(()).unwrap() }) => panic!("there is no end to it"),
            () = look => {}
        }
    }

    #[tokio::test]
    async fn the_first_time_and_what_is_due_wait_for_no_pause() {
        let (done, mut seen) = mpsc::unbounded_channel();
        let (pause, due) = (Duration::from_hours(1)..Duration::from_hours(2), Notify::new());
        let notify = async {
            seen.recv().await.unwrap();
            due.notify_one();
            seen.recv().await.unwrap();
        };
        tokio::select! {
            () = every_or_due(pause, &due, || async { done.send(()).unwrap() }) => panic!("there is no end to it"),
            () = notify => {}
        }
    }
}
