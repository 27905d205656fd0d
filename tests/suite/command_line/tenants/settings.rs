//! What a tenant is given by an operator: members, hosts, limits, origins, and that it is written down.

use sqlx::{Connection as _, PgConnection};

use super::{
    super::{PASSWORD, assert_one_sentence, run},
    empty_database, succeed, tenant,
};

#[tokio::test]
async fn members_and_hosts_are_added() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    let join = ["join", "acme", "--email", "Hanna@acme.test", "--role"];
    succeed(&url, &[&join[..], &["hr", "--password", PASSWORD]].concat()).await;
    // Again, for another role, and without a password: the account is there.
    succeed(&url, &[&join[..], &["admin"]].concat()).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let members: Vec<(String, String)> = sqlx::query_as(
        "SELECT account.email, membership.role FROM platform.memberships membership
         JOIN platform.accounts account ON account.id = membership.account_id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(members, [("hanna@acme.test".to_owned(), "admin".to_owned())]);

    succeed(&url, &["domains", "acme", "add", "HR.acme.example", "--trusted"]).await;
    succeed(&url, &["domains", "acme", "add", "people.acme.example", "--trusted", "--primary"]).await;
    let shown = succeed(&url, &["show", "acme"]).await;
    let hosts: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("host      ")).collect();
    assert_eq!(hosts, ["people.acme.example", "hr.acme.example"], "the primary one first");
    succeed(&url, &["create", "globex"]).await;
    for (slug, reason) in [("acme", "is in the list already"), ("globex", "Another organisation is served at this address")] {
        let again = ["domains", slug, "add", "hr.acme.example", "--trusted"];
        assert_one_sentence(&run(&mut tenant(&url, &again)).await, reason);
    }
    // There is something left to do.
    succeed(&url, &["domains", "acme", "add", "hr.acme.example", "--trusted", "--primary"]).await;
    let shown = succeed(&url, &["show", "acme"]).await;
    assert_eq!(shown.lines().find_map(|line| line.strip_prefix("host      ")), Some("hr.acme.example"));
}

#[tokio::test]
async fn the_limits_of_a_tenant_are_changed_and_shown() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    let line = |shown: &str, name: &str| {
        let line = shown.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name} in {shown}"));
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    let shown = succeed(&url, &["limits", "acme"]).await;
    assert_eq!(line(&shown, "cost"), "5000 the program's");
    assert_eq!(line(&shown, "statement-timeout-ms"), "15000 the program's");
    let changes = ["--cost", "700", "--statement-timeout-ms", "900", "--requests-per-second", "0", "--depth", "9"];
    let shown = succeed(&url, &[&["limits", "acme"][..], &changes].concat()).await;
    assert_eq!(line(&shown, "cost"), "700 its own");
    assert_eq!(line(&shown, "statement-timeout-ms"), "900 its own");
    assert_eq!(line(&shown, "requests-per-second"), "any number its own");
    let shown = succeed(&url, &["limits", "acme", "--cost", "default", "--statement-timeout-ms", "default"]).await;
    assert_eq!(line(&shown, "cost"), "5000 the program's");
    assert_eq!(line(&shown, "depth"), "9 its own");
    assert_eq!(line(&shown, "tenant-introspection"), "on the program's");
    let shown = succeed(&url, &["limits", "acme", "--tenant-introspection", "members"]).await;
    assert_eq!(line(&shown, "tenant-introspection"), "members its own");
    let shown = succeed(&url, &["limits", "acme", "--tenant-introspection", "default"]).await;
    assert_eq!(line(&shown, "tenant-introspection"), "on the program's");
    assert_eq!(line(&shown, "statement-timeout-ms"), "15000 the program's");
    for words in [
        &["limits", "acme", "--cost", "much"][..],
        &["limits", "acme", "--depth", "41"],
        &["limits", "acme", "--root-fields", "0"],
        &["limits", "acme", "--tenant-introspection", "some"],
        &["limits", "nobody"],
    ] {
        assert!(!run(&mut tenant(&url, words)).await.status.success(), "{words:?}");
    }
}

#[tokio::test]
async fn the_origins_of_a_tenant_are_changed_and_shown() {
    let url = empty_database().await;
    succeed(&url, &["create", "acme"]).await;
    assert_eq!(succeed(&url, &["origins", "acme"]).await, "Only its own pages call its API.\n");
    let words = ["origins", "acme", "--allow", "https://one.example", "--allow", "https://two.example/"];
    assert_eq!(succeed(&url, &words).await, "https://one.example\nhttps://two.example\n");
    assert_eq!(succeed(&url, &["origins", "acme", "--forbid", "https://one.example"]).await, "https://two.example\n");
    for origin in ["*", "null", "two.example", "https://two.example/page"] {
        assert!(!run(&mut tenant(&url, &["origins", "acme", "--allow", origin])).await.status.success(), "{origin}");
    }
}

#[tokio::test]
async fn what_is_changed_at_the_command_line_is_written_down() {
    let url = empty_database().await;
    let join = ["join", "acme", "--email", "hr@acme.test", "--password", PASSWORD, "--role"];
    let words: [&[&str]; 13] = [
        &["create", "acme", "--owner-email", "owner@acme.test", "--owner-password", PASSWORD],
        &[&join[..], &["employee"]].concat(),
        &[&join[..], &["hr"]].concat(),
        // What changes nothing is no event.
        &[&join[..], &["hr"]].concat(),
        &["leave", "acme", "--email", "hr@acme.test"],
        &["origins", "acme", "--allow", "https://intranet.acme.test"],
        &["origins", "acme", "--allow", "https://intranet.acme.test"],
        &["domains", "acme", "add", "hr.acme.test", "--trusted"],
        &["domains", "acme", "redirect", "off"],
        &["domains", "acme", "primary", "hr.acme.test"],
        &["domains", "acme", "remove", "hr.acme.test"],
        &["plan", "acme", "--seats", "5"],
        &["clone", "acme", "copy"],
    ];
    for words in words {
        succeed(&url, words).await;
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let sql = "SELECT concat_ws(' ', subject_slug, replace(action, 'tenant.', ''), operator_name) \
               FROM platform.operator_events ORDER BY id";
    let events: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    let expected = [
        "acme created",
        "acme member_joined",
        "acme member_joined",
        "acme member_joined",
        "acme member_removed",
        "acme origins_set",
        "acme domain_trusted",
        "acme domain_redirect_set",
        "acme domain_made_primary",
        "acme domain_removed",
        "acme plan_set",
        "copy cloned",
    ];
    assert_eq!(events, expected.map(|event| format!("{event} command line")));
    let sql = "SELECT details -> 'role' FROM platform.operator_events WHERE action = 'tenant.member_joined' ORDER BY id";
    let roles: Vec<serde_json::Value> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    let role = |from: Option<&str>, to: &str| serde_json::json!({ "from": from, "to": to });
    assert_eq!(roles, [role(None, "owner"), role(None, "employee"), role(Some("employee"), "hr")]);
}
