//! Who may sign up, and how often.

use chrono::{TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use serde_json::json;
use tests::{PostOffice, Server, until};

use super::{Wish, confirm, confirm_with, count, open};

#[tokio::test]
async fn where_it_is_closed_nobody_signs_up() {
    for flags in [&[][..], &["--sign-up", "closed"]] {
        let office = PostOffice::open_with(flags).await;
        let apex = office.server.apex();
        assert_eq!(apex.ask("{ signUpMode }").await.text("/signUpMode"), "CLOSED");
        assert_eq!(Wish::of("acme").ask(&apex).await.code(), "FORBIDDEN");
        assert_eq!(apex.ask("{ slugAvailability(slug: \"acme\") { available } }").await.code(), "FORBIDDEN");
        assert_eq!(confirm(&apex, "token", &Wish::of("acme")).await.code(), "FORBIDDEN");
        assert_eq!(count(&office, "sign_ups").await, 0);
    }
}

#[tokio::test]
async fn an_invitation_is_good_for_one_organisation() {
    let office = PostOffice::open_with(&["--sign-up", "invited"]).await;
    let apex = office.server.apex();
    assert_eq!(apex.ask("{ signUpMode }").await.text("/signUpMode"), "INVITED");
    let platform = office.server.tenants().platform();
    let code = api::auth::make_sign_up_invitation(&platform, TimeDelta::days(2), office.clock.now()).await.unwrap();
    let ask = async |wish: &Wish, invitation: &str| {
        let mut input = wish.input();
        input["invitation"] = json!(invitation);
        apex.mutate("signUp", input, "email").await
    };
    let refused = Wish::of("acme").ask(&apex).await;
    assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("invitation")));
    assert_eq!(ask(&Wish::of("acme"), "no invitation").await.field(), Some("invitation"));

    let wishes = [Wish::of("first"), Wish::of("second")];
    for wish in &wishes {
        ask(wish, &code).await.data("");
    }
    let tokens = [office.last_mail_to(&wishes[0].email).await.token(), office.last_mail_to(&wishes[1].email).await.token()];
    let both = tokio::join!(confirm(&apex, &tokens[0], &wishes[0]), confirm(&apex, &tokens[1], &wishes[1]));
    let codes = [both.0.first_code(), both.1.first_code()];
    assert!(codes == [None, Some("FORBIDDEN")] || codes == [Some("FORBIDDEN"), None], "{codes:?}");
    assert_eq!(count(&office, "tenants").await, 1);
    assert_eq!(ask(&Wish::of("third"), &code).await.field(), Some("invitation"));

    let late = api::auth::make_sign_up_invitation(&platform, TimeDelta::days(2), office.clock.now()).await.unwrap();
    office.clock.advance(TimeDelta::days(2));
    assert_eq!(ask(&Wish::of("late"), &late).await.field(), Some("invitation"));
    office.server.app.auth.tidy(office.clock.now() + TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(count(&office, "sign_up_invitations").await, 0);
}

#[tokio::test]
async fn a_thousand_sign_ups_from_one_address_come_to_little() {
    let office = PostOffice::open_with(&["--sign-up", "open", "--actor-requests-per-second", "0"]).await;
    let from = office.server.apex().from_address("192.0.2.7");
    let answers: Vec<_> = stream::iter(0..1000)
        .map(|number| {
            let from = from.clone();
            async move { Wish::of(&format!("flood-{number}")).ask(&from).await }
        })
        .buffer_unordered(8)
        .collect()
        .await;
    let accepted = answers.iter().filter(|answer| answer.first_code().is_none()).count();
    let others: Vec<_> = answers.iter().filter(|answer| ![None, Some("RATE_LIMITED")].contains(&answer.first_code())).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!((1..=20).contains(&accepted), "{accepted}");
    assert_eq!(count(&office, "sign_ups").await, i64::try_from(accepted).unwrap());
    assert_eq!(count(&office, "outgoing_mail").await, i64::try_from(accepted).unwrap());
    assert_eq!(count(&office, "tenants").await, 0);
    // Nobody else is concerned.
    Wish::of("quiet").ask(&office.server.apex().from_address("192.0.2.8")).await.data("");
}

#[tokio::test]
async fn a_network_is_counted_by_all_processes_together() {
    let flags = ["--sign-up", "open", "--sign-ups-per-network", "3"];
    let office = PostOffice::open_with(&flags).await;
    let second = office.second(&flags).await;
    // One network of IPv6, whatever the address in it.
    let ask = async |server: &Server, number: u32| {
        let from = server.apex().from_address(&format!("2001:db8:1:2::{number}"));
        Wish::of(&format!("many-{number}")).ask(&from).await
    };
    for number in 0..3 {
        ask(if number == 0 { &office.server } else { &second }, number).await.data("");
    }
    assert_eq!(ask(&office.server, 3).await.code(), "RATE_LIMITED");
    assert_eq!(ask(&second, 4).await.code(), "RATE_LIMITED");
    office.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    ask(&second, 5).await.data("");
}

#[tokio::test]
async fn an_address_gets_few_mails_in_a_while() {
    let office = open().await;
    let apex = office.server.apex();
    for number in 0..3 {
        Wish::by(&format!("wish-{number}"), "victim@example.test").ask(&apex).await.data("");
    }
    assert_eq!(Wish::by("wish-3", "Victim@Example.test").ask(&apex).await.code(), "RATE_LIMITED");
    Wish::by("wish-4", "other@example.test").ask(&apex).await.data("");
    office.clock.advance(TimeDelta::minutes(15) + TimeDelta::seconds(1));
    Wish::by("wish-5", "victim@example.test").ask(&apex).await.data("");
}

#[tokio::test]
async fn a_day_brings_no_more_organisations_than_the_operator_allows() {
    let office = PostOffice::open_with(&["--sign-up", "open", "--sign-ups-per-day", "1"]).await;
    office.server.tenants().refill_standby(1, Utc::now()).await.unwrap();
    let apex = office.server.apex();
    let wishes = [Wish::of("first"), Wish::of("second")];
    let tokens = [wishes[0].token(&office).await, wishes[1].token(&office).await];
    confirm(&apex, &tokens[0], &wishes[0]).await.data("");
    assert_eq!(confirm(&apex, &tokens[1], &wishes[1]).await.code(), "RATE_LIMITED");
    // What was made is still found, and ten times as many may ask.
    confirm_with(&apex, json!({ "token": tokens[0] })).await.data("");
    for number in 2..10 {
        Wish::of(&format!("more-{number}")).ask(&apex).await.data("");
    }
    assert_eq!(Wish::of("too-many").ask(&apex).await.code(), "RATE_LIMITED");
}

#[tokio::test]
async fn a_network_looks_at_so_many_addresses_and_no_more() {
    let office = PostOffice::open_with(&["--sign-up", "open", "--actor-requests-per-second", "0"]).await;
    let from = office.server.apex().from_address("192.0.2.9");
    let look = async |number: u32| from.ask(&format!("{{ slugAvailability(slug: \"guess-{number}\") {{ available }} }}")).await;
    let answers: Vec<_> = stream::iter(0..1000).map(look).buffer_unordered(8).collect().await;
    let refused = answers.iter().filter(|answer| answer.first_code() == Some("RATE_LIMITED")).count();
    assert!(refused > 500, "{refused} of 1000 were refused");
    // Nobody else is concerned, once the second is over in which all together asked for much.
    until("another may look", async || {
        let other = office.server.apex().from_address("192.0.2.10");
        other.ask("{ slugAvailability(slug: \"acme\") { available } }").await.first_code().is_none()
    })
    .await;
}
