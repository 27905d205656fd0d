//! What a message looks like when it arrives.

use std::os::unix::fs::PermissionsExt as _;

use chrono::Utc;
use domain::Role;
use serde_json::json;
use tenancy::{NewTenant, Slug, TenantId};
use tests::{Company, Member, PostOffice, SmtpServer, run};
use uuid::Uuid;

use super::{invite, kept};

#[tokio::test]
async fn a_server_is_handed_text_and_html() {
    let smtp = SmtpServer::start().await;
    let flags = ["--smtp-url", &smtp.url(), "--mail-from", "Acme <people@acme.example>"];
    let office = PostOffice::open_with(&flags).await;
    let company = office.server.company().await;
    invite(&office, &company, "New@Example.test").await;
    assert!(!kept(&office, "new@example.test").await.has_body, "whoever reads the outbox cannot accept the invitation");
    assert_eq!(office.send().await, 1);
    assert_eq!(office.send().await, 0, "it is sent once");

    let received = smtp.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].recipients, ["new@example.test"]);
    let letter = &received[0].letter;
    assert_eq!(letter.header("From"), "Acme <people@acme.example>");
    assert_eq!(letter.header("To"), "new@example.test");
    assert_eq!(letter.header("Subject"), format!("Invitation to {}", company.tenant.name));
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert!(letter.header("Message-ID").ends_with("@acme.example>"));
    assert!(letter.header("Content-Type").starts_with("multipart/alternative"));
    let link = letter.link();
    assert!(link.starts_with(&format!("http://{}:8000/invitation#", company.host())), "{link}");
    assert!(letter.html.contains(&format!("href=\"{link}\"")), "{}", letter.html);
    for body in [&letter.text, &letter.html] {
        assert!(body.contains("the owner invites you") && body.contains("an employee"), "{body}");
    }
    // The token is nowhere in the database.
    let kept = kept(&office, "new@example.test").await;
    assert!(kept.is_sent && !kept.has_body, "{kept:?}");
    assert!(office.files().is_empty(), "a server takes the folder's place");
}

#[tokio::test]
async fn without_a_server_mail_is_written_to_a_folder_for_its_owner_alone() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    invite(&office, &company, "new@example.test").await;
    assert!(office.files().is_empty());
    let letter = office.last_mail_to("new@example.test").await;
    assert!(letter.link().contains("/invitation#"));
    assert_eq!(letter.header("From"), "Tenantry <no-reply@localhost>");
    let files = office.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0].extension().unwrap(), "eml");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(office.folder().metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

/// A tenant and an owner whose names hold what they should not.
async fn company_of_names<'a>(office: &'a PostOffice, tenant: &str, owner: &str) -> (Company<'a>, Member) {
    let id = Uuid::now_v7();
    let slug = Slug::parse(&format!("t{}", id.simple())).unwrap();
    let new = NewTenant { id: TenantId(id), slug, name: tenant.to_owned(), hostnames: Vec::new(), now: Utc::now() };
    let tenant = office.server.tenants().provision(&new).await.unwrap();
    let company = office.server.company_of(tenant).await;
    let member = company.member_with(Role::Owner).clone();
    let mut connection = office.database.connect().await;
    sqlx::query("UPDATE platform.accounts SET name = $2 WHERE id = $1")
        .bind(member.account.uuid())
        .bind(owner)
        .execute(&mut connection)
        .await
        .unwrap();
    (company, member)
}

#[tokio::test]
async fn names_cannot_add_headers_or_recipients() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let evil = "Acme\r\nBcc: victim@example.test\r\nX-Evil: yes\r\n\r\n<h1>Owned</h1>";
    let (company, _) =
        company_of_names(&office, evil, "Eve\nBcc: victim@example.test\r\n.\r\nRCPT TO:<victim@example.test>").await;
    invite(&office, &company, "new@example.test").await;
    office.send().await;
    let received = smtp.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].recipients, ["new@example.test"]);
    let names: Vec<&str> = received[0].letter.headers.iter().map(|line| line.split(':').next().unwrap()).collect();
    let expected = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    // What a line break stood for is gone, so it is one line of text.
    let letter = &received[0].letter;
    assert!(
        letter.text.contains("Eve Bcc: victim@example.test  .  RCPT TO:<victim@example.test> invites you"),
        "{}",
        letter.text
    );
    // A recipient with a line break is no address.
    let input = json!({ "email": "a@example.test\r\nBcc: victim@example.test", "role": "EMPLOYEE" });
    let answer = company.caller(Role::Owner).mutate("inviteMember", input, "__typename").await;
    assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("email")));
}

#[tokio::test]
async fn names_are_text_in_html() {
    let office = PostOffice::open().await;
    let (company, _) = company_of_names(
        &office,
        "<img src=x onerror=alert(1)> & \"Sons\"",
        "<script>alert('x')</script><a href=\"http://evil.test\">",
    )
    .await;
    invite(&office, &company, "new@example.test").await;
    let letter = office.last_mail_to("new@example.test").await;
    for markup in ["<img", "<script", "<a href=\"http://evil", "\"Sons\""] {
        assert!(!letter.html.contains(markup), "{markup} in {}", letter.html);
    }
    assert!(letter.html.contains("&#60;img src=x onerror=alert(1)&#62; &#38; &#34;Sons&#34;"), "{}", letter.html);
    // The text has no markup, so nothing is to be escaped there.
    assert!(letter.text.contains("<img src=x onerror=alert(1)> & \"Sons\""), "{}", letter.text);
}

#[tokio::test]
async fn names_of_every_language_arrive() {
    let office = PostOffice::open().await;
    let (company, _) = company_of_names(&office, "Bäckerei 🥐 שלום", "Zoë 用户").await;
    invite(&office, &company, "new@example.test").await;
    let letter = office.last_mail_to("new@example.test").await;
    for body in [&letter.text, &letter.html] {
        assert!(body.contains("Zoë 用户") && body.contains("Bäckerei 🥐 שלום"), "{body}");
    }
    assert!(letter.header("Subject").is_ascii());
}

#[tokio::test]
async fn a_link_leads_to_the_tenants_host_under_the_base_domain() {
    let office = PostOffice::open_with(&["--https", "--base-domain", "example.com"]).await;
    let company = office.server.company().await;
    invite(&office, &company, "one@example.test").await;
    let link = office.last_mail_to("one@example.test").await.link();
    assert!(link.starts_with(&format!("https://{}.example.com/invitation#", company.tenant.slug)), "{link}");

    // Also when it has a domain of its own: whoever has that could read there what makes an account.
    let host = tenancy::Hostname::parse(&format!("people-{}.test", company.tenant.slug)).unwrap();
    office.server.tenants().add_host(company.tenant.id, &host, true, Utc::now()).await.unwrap();
    invite(&office, &company, "two@example.test").await;
    let link = office.last_mail_to("two@example.test").await.link();
    assert!(link.starts_with(&format!("https://{}.example.com/invitation#", company.tenant.slug)), "{link}");
}

#[tokio::test]
async fn what_was_not_done_is_not_written() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    invite(&office, &company, "new@example.test").await;
    office.send().await;
    // Taken back by a conflict.
    let input = json!({ "email": "new@example.test", "role": "EMPLOYEE" });
    assert_eq!(company.caller(Role::Owner).mutate("inviteMember", input, "__typename").await.code(), "CONFLICT");
    assert_eq!(office.send().await, 0);
    // And an outbox that cannot be written to takes the invitation back.
    let mut connection = office.database.connect().await;
    run(&mut connection, "ALTER TABLE platform.outgoing_mail RENAME TO gone").await;
    let input = json!({ "email": "other@example.test", "role": "EMPLOYEE" });
    assert_eq!(company.caller(Role::Owner).mutate("inviteMember", input, "__typename").await.code(), "INTERNAL");
    let invited: i64 = tests::value(&mut connection, "SELECT count(*) FROM platform.invitations").await;
    assert_eq!(invited, 1);
}
