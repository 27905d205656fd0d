//! A tenant gets another slug or name: what leads to it, and who may have what it had.

use api::operators::Deed;
use chrono::{TimeDelta, Utc};
use domain::Role;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy::{Error, NewTenant, SchemaName, Slug};
use tests::{Caller, Company, PostOffice, Server, TestClock, database_url, new_tenant, run, until};

async fn renamed(company: &Company<'_>) -> String {
    let slug = format!("{}-new", company.tenant.slug.as_str());
    let answer =
        company.caller(Role::Owner).mutate("renameTenant", json!({ "slug": slug, "name": "New Name" }), "name slug url").await;
    assert_eq!(
        answer.data("/renameTenant"),
        json!({ "name": "New Name", "slug": slug, "url": format!("http://{slug}.localhost:8000") })
    );
    format!("{slug}.localhost")
}

#[tokio::test]
async fn a_renamed_tenant_is_at_its_new_address_at_once_in_every_process() {
    let (here, there) = (Server::start().await, Server::start().await);
    let company = here.company().await;
    let listening = there.listen().await;
    let mut socket = listening.connect(&company.host(), &company.token(Role::Hr)).await;
    socket.subscribe("a", "subscription { employeesChanged { kind } }").await;
    let token = company.token(Role::Hr);
    let at = |server: &Server, host: &str| Caller::new(server.router.clone(), host, Some(token.clone()));
    at(&there, &company.host()).ask("{ tenant { slug } }").await.data("");

    let host = renamed(&company).await;
    assert_eq!(socket.closed().await, (4403, "TENANT_MOVED".to_owned()));
    for server in [&here, &there] {
        let (new, old) = (at(server, &host), at(server, &company.host()));
        until("the new address is known", async || new.ask("{ tenant { name } }").await.first_code().is_none()).await;
        assert_eq!(new.ask("{ tenant { name } employees { totalCount } }").await.text("/tenant/name"), "New Name");
        // The former one says where it is, to anyone, and nothing else.
        for caller in [&old, &old.with_token(None), &old.with_token(Some("nonsense".to_owned()))] {
            let answer = caller.ask("{ tenant { name } employees { totalCount } }").await;
            assert_eq!((answer.status.as_u16(), answer.code()), (410, "TENANT_MOVED"));
            assert_eq!(answer.body["errors"][0]["extensions"]["url"], format!("http://{host}:8000"));
            assert!(answer.body.get("data").is_none());
        }
        let page = old.get("/employees/abc?tab=history").await;
        let same = format!("http://{host}:8000/employees/abc?tab=history");
        assert_eq!((page.status.as_u16(), page.headers["location"].to_str().unwrap()), (308, same.as_str()));
        // The address may be somebody else's one day.
        assert_eq!(page.headers["cache-control"], "no-store");
        // So is what else a browser goes to by itself.
        for path in ["/auth/sign-in", "/auth/callback?state=a&code=b", "/exports/abc"] {
            let led = old.get(path).await;
            let same = format!("http://{host}:8000{path}");
            assert_eq!((led.status.as_u16(), led.headers["location"].to_str().unwrap()), (308, same.as_str()));
            assert_eq!(led.headers["cache-control"], "no-store");
        }
        let back = new.get("/auth/callback?state=a&code=b").await;
        assert!(back.headers["location"].to_str().unwrap().starts_with("/sign-in?problem="), "{:?}", back.headers);
        assert_eq!(new.get("/employees/abc").await.status, 200);
    }
    // What is named by the id stays, and the deed is in the audit.
    let tenant = here.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
    assert_eq!(tenant.schema, company.tenant.schema);
    let owner = Caller::new(here.router.clone(), host, Some(company.token(Role::Owner)));
    let events = owner.ask("{ auditEvents(first: 1) { nodes { action } } }").await;
    assert_eq!(events.text("/auditEvents/nodes/0/action"), "tenant.renamed");
}

#[tokio::test]
async fn a_former_slug_is_nobody_elses_for_a_while() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--former-address-days", "90"], clock.clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let host = renamed(&company).await;
    let former = company.tenant.slug.clone();

    let take = |now| NewTenant { slug: former.clone(), now, ..new_tenant() };
    let refused = server.tenants().provision(&take(clock.now())).await.unwrap_err();
    assert!(matches!(refused, Error::SlugTaken(_)), "{refused}");
    let wanted = json!({ "slug": former.as_str() });
    let refused = other.caller(Role::Owner).mutate("renameTenant", wanted.clone(), "slug").await;
    assert_eq!((refused.code(), refused.field()), ("CONFLICT", Some("slug")));
    // A slug that is in use is not to be had either.
    let in_use = json!({ "slug": other.tenant.slug.as_str() });
    let owner = Caller::new(server.router.clone(), host.clone(), Some(company.token(Role::Owner)));
    assert_eq!(owner.mutate("renameTenant", in_use, "slug").await.code(), "CONFLICT");
    // Its own is: there and back again.
    owner.mutate("renameTenant", wanted.clone(), "slug").await.data("");
    company.anonymous().ask("{ tenant { slug } }").await.data("");
    assert_eq!(owner.ask("{ tenant { slug } }").await.code(), "TENANT_MOVED");
    company.caller(Role::Owner).mutate("renameTenant", json!({ "slug": host.split('.').next().unwrap() }), "slug").await.data("");

    // After that time it is anyone's, and leads to them.
    let later = clock.now() + TimeDelta::days(90);
    let taker = server.tenants().provision(&take(later)).await.unwrap();
    let answer = company.anonymous().ask("{ tenant { id } }").await;
    assert_eq!(answer.text("/tenant/id"), api::graphql::id::encode_tenant(taker.id).to_string());
}

#[tokio::test]
async fn former_slugs_are_given_free_in_time() {
    let office = PostOffice::open_with(&["--former-address-days", "5"]).await;
    let (server, clock) = (&office.server, &office.clock);
    let company = server.company().await;
    renamed(&company).await;
    server.app.lifecycle.do_due(|| clock.now() + TimeDelta::days(4)).await;
    assert_eq!(company.anonymous().ask("{ tenant { id } }").await.code(), "TENANT_MOVED");
    server.app.lifecycle.do_due(|| clock.now() + TimeDelta::days(5)).await;
    until("nobody is there", async || company.anonymous().ask("{ __typename }").await.code() == "TENANT_NOT_FOUND").await;
}

/// One takes what the other gives up, at the same moment: the reservation holds whoever comes first.
#[tokio::test]
async fn a_slug_that_is_given_up_at_the_same_moment_is_reserved() {
    let server = Server::start().await;
    for _ in 0..5 {
        let company = server.company().await;
        let former = company.tenant.slug.clone();
        let slug = Slug::parse(&format!("{former}-new")).unwrap();
        let take = NewTenant { slug: former, ..new_tenant() };
        let (renamed, taken) = tokio::join!(
            server.act(&company.tenant, Deed::Rename { slug: Some(slug.to_string()), name: None }, Utc::now()),
            server.tenants().provision(&take)
        );
        renamed.unwrap();
        assert!(matches!(taken, Err(Error::SlugTaken(_))), "{taken:?}");
    }
}

/// Who makes the other tenant may take hours over it, as an adoption does: that is not waited for, and is no fault.
#[tokio::test]
async fn a_slug_of_a_tenant_that_is_being_made_is_taken() {
    let server = Server::start().await;
    let company = server.company().await;
    let new = new_tenant();
    let mut maker = PgConnection::connect(&database_url()).await.unwrap();
    let insert = format!(
        "BEGIN; INSERT INTO platform.tenants (id, slug, name, schema_name, status, schema_version, created_at, updated_at) \
         VALUES ('{}', '{}', 'Made', '{}', 'active', 'none', now(), now())",
        new.id.0,
        new.slug,
        SchemaName::of(new.id)
    );
    run(&mut maker, &insert).await;
    let owner = company.caller(Role::Owner);
    let wanted = json!({ "slug": new.slug.as_str() });
    let refused = owner.mutate("renameTenant", wanted.clone(), "slug").await;
    assert_eq!((refused.code(), refused.field()), ("CONFLICT", Some("slug")), "{}", refused.body);
    let rename = Deed::Rename { slug: Some(new.slug.to_string()), name: None };
    let refused = server.act(&company.tenant, rename, Utc::now()).await.unwrap_err();
    assert!(refused.to_string().contains("taken"), "{refused}");
    run(&mut maker, "ROLLBACK").await;
    owner.mutate("renameTenant", wanted, "slug").await.data("");
}

#[tokio::test]
async fn only_owners_rename_and_only_to_what_can_be_an_address() {
    let server = Server::start().await;
    let company = server.company().await;
    for role in [Role::Admin, Role::Hr, Role::Manager, Role::Employee] {
        assert_eq!(company.caller(role).mutate("renameTenant", json!({ "name": "x" }), "name").await.code(), "FORBIDDEN");
    }
    let owner = company.caller(Role::Owner);
    for (input, field) in [
        (json!({ "slug": "Not A Slug" }), "slug"),
        (json!({ "slug": "www" }), "slug"),
        (json!({ "slug": "" }), "slug"),
        (json!({ "name": "  " }), "name"),
    ] {
        let answer = owner.mutate("renameTenant", input.clone(), "name").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)), "{input}");
        assert!(answer.message().ends_with('.'), "{}", answer.message());
    }
    // Nothing new is nothing done.
    owner.mutate("renameTenant", json!({}), "name").await.data("");
    let same = json!({ "slug": company.tenant.slug.as_str(), "name": company.tenant.name });
    owner.mutate("renameTenant", same, "name").await.data("");
    assert_eq!(owner.ask("{ auditEvents { nodes { action } } }").await.body.to_string().matches("tenant.renamed").count(), 0);
}

/// Each renaming starts from what the tenant is called by then, not from what it was called when the request began.
#[tokio::test]
async fn what_is_not_given_stays_as_another_renaming_has_made_it() {
    let server = Server::start().await;
    let company = server.company().await;
    let slug = format!("{}-new", company.tenant.slug.as_str());
    let both = format!(
        "mutation {{ a: renameTenant(input: {{ slug: \"{slug}\" }}) {{ slug }} b: renameTenant(input: {{ name: \"Other\" }}) {{ slug name }} }}"
    );
    let answer = company.caller(Role::Owner).ask(&both).await;
    assert_eq!(answer.data("/b"), json!({ "slug": slug, "name": "Other" }));
}

#[tokio::test]
async fn an_owner_cannot_reserve_one_slug_after_another() {
    let server = Server::start().await;
    let company = server.company().await;
    let slug = |number: u32| format!("{}-{number}", company.tenant.slug.as_str());
    let mut host = company.host();
    let rename = async |host: &str, number| {
        let owner = Caller::new(server.router.clone(), host, Some(company.token(Role::Owner)));
        owner.mutate("renameTenant", json!({ "slug": slug(number) }), "slug").await
    };
    for number in 0..3 {
        rename(&host, number).await.data("");
        host = format!("{}.localhost", slug(number));
    }
    let refused = rename(&host, 3).await;
    assert_eq!((refused.code(), refused.field()), ("CONFLICT", Some("slug")));
    // Back to one that it has already, and on where an operator says so.
    rename(&host, 1).await.data("");
    let tenant = server.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
    server.act(&tenant, Deed::Rename { slug: Some(slug(3)), name: None }, Utc::now()).await.unwrap();
}
