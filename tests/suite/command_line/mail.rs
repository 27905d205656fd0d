//! Mail over connections that are encrypted, with a password: what an operator's server asks for.

use std::fs;

use rstest::rstest;
use serde_json::json;
use tests::{SmtpSecurity, SmtpServer, until};

use super::{Home, Serving, free_port};

const USER: &str = "tenantry@mail.test";
const SECRET: &str = "p@ss:w/rd%";

/// The program with the server's address; `password` as it stands in a URL.
async fn serve(home: &Home, smtp: &SmtpServer, security: SmtpSecurity, password: &str, trusts: bool) -> Serving {
    let (port, mail) = (free_port(), smtp.port());
    let url = match security {
        SmtpSecurity::Tls => format!("smtps://tenantry%40mail.test:{password}@localhost:{mail}"),
        SmtpSecurity::StartTls => format!("smtp://tenantry%40mail.test:{password}@localhost:{mail}?tls=required"),
    };
    let mut command = home.command(&["serve", "--listen", &format!("127.0.0.1:{port}"), "--smtp-url", &url]);
    if trusts {
        let file = home.0.path().join("certificate.pem");
        fs::write(&file, smtp.certificate()).unwrap();
        command.env("SSL_CERT_FILE", file);
    }
    Serving::start(&mut command, port).await
}

async fn ask_for_a_password(serving: &Serving) {
    let query = "mutation { requestPasswordReset(input: { email: \"owner@acme.test\" }) { sent } }";
    serving.ask("acme", None, query, json!({})).await;
}

#[rstest]
#[case::from_the_first_byte(SmtpSecurity::Tls)]
#[case::by_starttls(SmtpSecurity::StartTls)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_is_handed_over_encrypted_and_signed_in(#[case] security: SmtpSecurity) {
    let (home, smtp) = (Home::new(), SmtpServer::start_behind(security, USER, SECRET).await);
    home.create_tenant("acme").await;
    let serving = serve(&home, &smtp, security, "p%40ss%3Aw%2Frd%25", true).await;
    ask_for_a_password(&serving).await;
    until("the mail arrives", async || smtp.received().len() == 1).await;
    assert_eq!(smtp.received()[0].recipients, ["owner@acme.test"]);
    serving.stop("INT").await;
}

/// Whoever stands between must not get the password, nor the way to a new one.
#[rstest]
#[case::another_certificate("p%40ss%3Aw%2Frd%25", false, "certificate")]
#[case::another_password("wr0ng%25", true, "535")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_waits_and_the_log_says_why(#[case] password: &str, #[case] trusts: bool, #[case] reason: &str) {
    let (home, smtp) = (Home::new(), SmtpServer::start_behind(SmtpSecurity::StartTls, USER, SECRET).await);
    home.create_tenant("acme").await;
    let serving = serve(&home, &smtp, SmtpSecurity::StartTls, password, trusts).await;
    ask_for_a_password(&serving).await;
    let url = api::local_postgres::url_of_running(&home.data()).await.expect("the private Postgres is not found");
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let mut why = None;
    until("the failure is noted", async || {
        let sql = "SELECT last_error FROM platform.outgoing_mail";
        why = sqlx::query_scalar::<_, Option<String>>(sql).fetch_optional(&mut connection).await.unwrap().flatten();
        why.is_some()
    })
    .await;
    let why = why.unwrap();
    assert!(why.to_lowercase().contains(reason), "{why}");
    assert!(smtp.received().is_empty());
    let log = serving.stop("INT").await;
    for secret in [SECRET, password, "wr0ng"] {
        assert!(!log.contains(secret) && !why.contains(secret), "{log}");
    }
}
