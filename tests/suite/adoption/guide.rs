//! The worked example of `docs/guides/adoption.md`, word for word.

use std::{fs, process::Stdio};

use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tempfile::TempDir;
use tests::{TestDatabase, run as execute, value};
use tokio::process::Command;
use uuid::Uuid;

use super::{Source, rows::superuser_at};
use crate::command_line::{program, run, stdout};

const GUIDE: &str = include_str!("../../../docs/guides/adoption.md");
/// The address that the guide has.
const ADDRESS: &str = "postgres://adopter@db.internal/harbour";

/// The blocks of the guide in a language.
fn blocks(language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    GUIDE.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What is in the database and what belongs to it elsewhere.
async fn catalogue(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM (
        SELECT 'schema ' || nspname AS name FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%temp%'
        UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%'
        UNION ALL SELECT 'tenant ' || slug FROM platform.tenants
        UNION ALL SELECT 'mail ' || id FROM platform.outgoing_mail
        UNION ALL SELECT 'invitation ' || email FROM platform.invitations
        UNION ALL SELECT 'event ' || action FROM platform.operator_events) things";
    value(&mut database.connect().await, sql).await
}

#[tokio::test]
async fn the_guide_says_what_happens() {
    let [schema, rights, mend] = blocks("sql").try_into().unwrap();
    let [map] = blocks("toml").try_into().unwrap();
    let [rehearse, adopt] = blocks("sh").try_into().unwrap();
    let [refused, accepted, made] = blocks("text").try_into().unwrap();
    let (target, source) = (TestDatabase::create().await, Source::of(&schema).await);
    let role = format!("adopter_{}", Uuid::now_v7().simple());
    let mut superuser = superuser_at(&source).await;
    execute(&mut superuser, &rights.replace("adopter", &role)).await;
    let directory = TempDir::with_prefix("tenantry-adoption-").unwrap();
    fs::write(directory.path().join("harbour.toml"), map).unwrap();
    let options: PgConnectOptions = source.0.url().parse().unwrap();
    let address = options.username(&role).to_url_lossy().to_string();
    let shell = async |script: &str| {
        assert!(script.contains(ADDRESS), "{script}");
        let script =
            format!("tenantry() {{ \"{}\" \"$@\"; }}; {}", program().display(), script.replace(ADDRESS, &format!("'{address}'")));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(directory.path()).env("DATABASE_URL", target.url());
        let output = run(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())).await;
        // Standard error is the log's, too; it is shown where the command did not do as expected.
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        (output.status.code(), stdout(&output))
    };
    let server = target.server().await;
    let before = catalogue(&target).await;
    assert_eq!(shell(&rehearse).await, (Some(1), refused));
    assert_eq!(catalogue(&target).await, before);
    source.run(&mend).await;
    assert_eq!(shell(&rehearse).await, (Some(0), accepted));
    assert_eq!(catalogue(&target).await, before);
    assert_eq!(shell(&adopt).await, (Some(0), made));

    let tenant = server.tenants().directory().by_slug(&"harbour".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(tenant.name, "Harbour Works");
    let mut connection = target.connect().await;
    let people = format!(
        "SELECT string_agg(concat_ws(' ', e.employee_number, e.given_name, e.status, e.salary_amount, e.salary_currency, l.time_zone, \
         m.given_name), '\n' ORDER BY e.employee_number) FROM {0}.employees e LEFT JOIN {0}.employees m ON m.id = e.manager_id \
         LEFT JOIN {0}.locations l ON l.id = e.location_id",
        tenant.schema
    );
    let people: String = value(&mut connection, &people).await;
    assert_eq!(
        people,
        "1 Inês active 109200.00 EUR Europe/Lisbon\n2 Jan active 76806.00 EUR Europe/Berlin Inês\n\
         3 Olaf terminated 46800.00 EUR Europe/Berlin Jan\n4 Rui active 25200.00 EUR Europe/Lisbon Jan\n\
         5 Svenja active 45600.00 EUR Europe/Berlin Jan\n6 Marta active Europe/Lisbon Inês\n7 Kai active 11400.00 EUR Marta"
    );
    let invited = "SELECT email || ' ' || role FROM platform.invitations";
    assert_eq!(value::<String>(&mut connection, invited).await, "ines@harbour.example owner");
    let event =
        "SELECT concat_ws(' ', action, details -> 'rows' ->> 'employees', details - 'rows') FROM platform.operator_events";
    // It outlives the tenant, and so names nobody of its people.
    let expected = "tenant.adopted 7 {\"name\": \"Harbour Works\", \"plan\": null, \"ownerInvited\": true}";
    assert_eq!(value::<String>(&mut connection, event).await, expected);
    execute(&mut superuser, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}
