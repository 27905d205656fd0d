//! Those who watch are sent away at the moment.

use api::operators::Deed;
use chrono::{TimeDelta, Utc};
use domain::Role;
use tenancy::TenantStatus;
use tests::{Company, Listening, Server, Socket, until};

use super::{SUSPENDED_AFTER, paid_until};

async fn watching(company: &Company<'_>, listening: &Listening) -> Socket {
    let mut socket = listening.connect(&company.host(), &company.token(Role::Hr)).await;
    socket.subscribe("a", "subscription { employeesChanged { kind } }").await;
    socket
}

#[tokio::test]
async fn a_date_ends_what_is_watched_though_nothing_is_said_of_it() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let listening = other_process.listen().await;
    let mut socket = watching(&company, &listening).await;
    // It is over in a moment, long before the connection would look by itself.
    let now = Utc::now();
    paid_until(&company, Some(now - TimeDelta::days(SUSPENDED_AFTER) + TimeDelta::seconds(2)), now).await;
    assert_eq!(socket.closed().await, (4403, "TENANT_PAST_DUE".to_owned()));
    assert!(Utc::now() >= now + TimeDelta::seconds(2), "it was ended too early");
    until("nothing is left", async || other_process.app.live.counts() == api::live::Counts::default()).await;
}

#[tokio::test]
async fn what_is_decided_ends_what_is_watched_with_its_code() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let listening = other_process.listen().await;
    let (tenants, id) = (server.tenants(), company.tenant.id);

    let mut socket = watching(&company, &listening).await;
    tenants.set_maintenance(id, Some(""), Utc::now()).await.unwrap();
    // To be tried again later.
    assert_eq!(socket.closed().await, (1013, "TENANT_MAINTENANCE".to_owned()));
    tenants.set_maintenance(id, None, Utc::now()).await.unwrap();
    let caller = super::through(&other_process, &company, None);
    until("it is served", async || caller.ask("{ tenant { slug } }").await.first_code().is_none()).await;

    let mut socket = watching(&company, &listening).await;
    server.act(&company.tenant, Deed::Delete(Utc::now() + TimeDelta::days(1)), Utc::now()).await.unwrap();
    assert_eq!(socket.closed().await, (4403, "TENANT_DELETING".to_owned()));
    server.act(&company.tenant, Deed::Keep, Utc::now()).await.unwrap();
    until("it is served", async || caller.ask("{ tenant { slug } }").await.first_code().is_none()).await;

    let mut socket = watching(&company, &listening).await;
    tenants.set_status(id, TenantStatus::Suspended, Utc::now()).await.unwrap();
    assert_eq!(socket.closed().await, (4403, "TENANT_SUSPENDED".to_owned()));
}
