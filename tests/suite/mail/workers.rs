//! Workers that end in the middle, and workers that run side by side.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::future::join_all;
use tests::{PostOffice, SmtpMood, SmtpServer, until, within};

use super::{invite, kept};

/// The worst that may happen is that a message comes twice. It then comes with the same id, by which mail programs know it.
#[tokio::test]
async fn a_worker_that_is_killed_while_sending_loses_nothing() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    invite(&office, &company, "new@example.test").await;

    // The server has the whole message, and the worker is killed before it hears so.
    smtp.set(SmtpMood::Silent);
    let (mail, clock) = (Arc::clone(&office.server.app.mail), office.clock.clock());
    let worker = tokio::spawn(async move { mail.send_due(&clock).await });
    until("the server has the message", async || smtp.received().len() == 1).await;
    worker.abort();
    assert!(worker.await.unwrap_err().is_cancelled());

    // Nobody knows whether it was taken, so it stays; for some minutes it is left to the worker that had it.
    let state = kept(&office, "new@example.test").await;
    assert!(!state.is_sent && !state.is_given_up, "{state:?}");
    smtp.set(SmtpMood::Willing);
    let other = office.second(&["--smtp-url", &smtp.url()]).await;
    assert_eq!(other.app.mail.send_due(&office.clock.clock()).await.unwrap(), 0);
    office.clock.advance(TimeDelta::minutes(5));
    assert_eq!(other.app.mail.send_due(&office.clock.clock()).await.unwrap(), 1);

    let received = smtp.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].letter.header("Message-ID"), received[1].letter.header("Message-ID"));
    // Each has a token of its own, and either is good: whichever of the two somebody opens.
    for letter in received.iter().map(|received| &received.letter) {
        let query = format!("{{ invitation(token: \"{}\") {{ email }} }}", letter.token());
        assert_eq!(company.anonymous().ask(&query).await.text("/invitation/email"), "new@example.test");
    }
    assert!(kept(&office, "new@example.test").await.is_sent);
}

#[tokio::test]
async fn a_worker_that_is_killed_at_any_moment_loses_nothing() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    for polls in 1..12 {
        let email = format!("new{polls}@example.test");
        invite(&office, &company, &email).await;
        let clock = office.clock.clock();
        tests::cancelled_after(polls, office.server.app.mail.send_due(&clock)).await;
        office.clock.advance(TimeDelta::minutes(6));
        // The transaction that was broken off may hold the message for a moment longer.
        until("it is sent", async || {
            office.send().await;
            kept(&office, &email).await.is_sent
        })
        .await;
        let times = smtp.received().iter().filter(|received| received.recipients == [email.clone()]).count();
        assert!((1..=2).contains(&times), "{email} came {times} times");
        assert!(kept(&office, &email).await.is_sent, "{polls}");
    }
}

#[tokio::test]
async fn workers_side_by_side_send_each_message_once() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    for number in 0..30 {
        invite(&office, &company, &format!("new{number}@example.test")).await;
    }
    let second = office.second(&["--smtp-url", &smtp.url()]).await;
    let workers = [&office.server, &second, &office.server, &second];
    let clock = office.clock.clock();
    let tried: Vec<usize> = join_all(workers.map(|server| async { server.app.mail.send_due(&clock).await.unwrap() })).await;
    assert_eq!(tried.iter().sum::<usize>(), 30, "{tried:?}");
    let received = smtp.received();
    assert_eq!(received.len(), 30);
    let addresses: BTreeSet<&String> = received.iter().flat_map(|received| &received.recipients).collect();
    assert_eq!(addresses.len(), 30);
}

/// Far sooner than the worker looks by itself.
#[tokio::test]
async fn a_worker_hears_of_mail_that_another_process_has_written() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let second = office.second(&[]).await;
    let worker = tokio::spawn(Arc::clone(&second.app.mail).run(office.clock.clock()));
    invite(&office, &company, "first@example.test").await;
    until("the worker is at work", async || office.files().len() == 1).await;
    invite(&office, &company, "second@example.test").await;
    within(Duration::from_secs(5), "the worker is woken", async || office.files().len() == 2).await;
    worker.abort();
}
