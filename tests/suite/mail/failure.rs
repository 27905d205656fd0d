//! Servers that do not take mail.

use chrono::TimeDelta;
use tests::{PostOffice, SmtpMood, SmtpServer};

use super::{Kept, invite, kept};

#[tokio::test]
async fn what_a_server_cannot_take_now_is_tried_again_later_and_later() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    invite(&office, &company, "new@example.test").await;
    smtp.set(SmtpMood::Busy);
    assert_eq!(office.send().await, 1);
    let state = kept(&office, "new@example.test").await;
    assert!(!state.is_sent && !state.is_given_up, "{state:?}");
    assert!(state.last_error.unwrap().contains("451"));
    // Half a minute, then a minute, then two.
    for seconds in [30, 60, 120] {
        clock_by(&office, seconds - 1);
        assert_eq!(office.send().await, 0, "not yet");
        clock_by(&office, 1);
        assert_eq!(office.send().await, 1);
    }
    smtp.set(SmtpMood::Willing);
    clock_by(&office, 240);
    assert_eq!(office.send().await, 1);
    assert_eq!(smtp.received().len(), 1);
    let expected = Kept { tries: 5, is_sent: true, is_given_up: false, has_body: false, last_error: None };
    assert_eq!(kept(&office, "new@example.test").await, expected);
}

fn clock_by(office: &PostOffice, seconds: i64) {
    office.clock.advance(TimeDelta::seconds(seconds));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for_a_day() {
    // A port where nobody listens.
    let url = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("smtp://{}", listener.local_addr().unwrap())
    };
    let office = PostOffice::open_with(&["--smtp-url", &url]).await;
    let company = office.server.company().await;
    invite(&office, &company, "new@example.test").await;
    let mut tries = 0;
    let mut minutes = 0;
    while minutes <= 24 * 60 {
        tries += office.send().await;
        office.clock.advance(TimeDelta::minutes(10));
        minutes += 10;
    }
    assert!((10..=25).contains(&tries), "{tries}");
    let state = kept(&office, "new@example.test").await;
    assert!(state.is_given_up && !state.is_sent && !state.has_body, "{state:?}");
    assert!(state.last_error.unwrap().to_lowercase().contains("connect"));
    office.clock.advance(TimeDelta::days(1));
    assert_eq!(office.send().await, 0, "it is given up for good");
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_is_given_up_at_once_and_stops_nobody_else() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    smtp.set(SmtpMood::NoSuchMailbox);
    invite(&office, &company, "wrong@example.test").await;
    assert_eq!(office.send().await, 1);
    let state = kept(&office, "wrong@example.test").await;
    assert!(state.is_given_up && !state.has_body, "{state:?}");
    assert!(state.last_error.unwrap().contains("550"));
    smtp.set(SmtpMood::Willing);
    invite(&office, &company, "right@example.test").await;
    assert_eq!(office.send().await, 1);
    assert_eq!(smtp.received()[0].recipients, ["right@example.test"]);
}

#[tokio::test]
async fn a_password_that_the_operator_has_to_set_right_loses_no_mail() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    smtp.set(SmtpMood::Locked);
    invite(&office, &company, "new@example.test").await;
    office.send().await;
    let state = kept(&office, "new@example.test").await;
    assert!(!state.is_given_up && !state.is_sent, "{state:?}");
    smtp.set(SmtpMood::Willing);
    clock_by(&office, 30);
    assert_eq!(office.send().await, 1);
    assert_eq!(smtp.received().len(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_loses_no_mail() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    std::fs::write(office.folder(), "a file where the folder should be").unwrap();
    invite(&office, &company, "new@example.test").await;
    office.send().await;
    assert!(!kept(&office, "new@example.test").await.is_given_up);
    std::fs::remove_file(office.folder()).unwrap();
    clock_by(&office, 30);
    office.last_mail_to("new@example.test").await;
}

#[tokio::test]
async fn an_address_of_a_server_that_cannot_be_read_is_said_without_its_password() {
    let tenants = tenancy::Tenants::connect::<migration::tenant::TenantMigrator>(&tests::pool_options(&tests::database_url()));
    let config = tests::config(&["--smtp-url", "nonsense://user:secret@host"]);
    let error = api::mail::Mail::start(&config, &tenants.unwrap()).unwrap_err();
    let text = format!("{error:#} {error:?}");
    assert!(text.contains("--smtp-url") && !text.contains("secret"), "{text}");
}
