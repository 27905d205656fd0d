//! What is done over SQL: the owner, its database, and whether it is this cluster that answers.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;

use super::cluster::SUPERUSER;
use super::directory::Directory;
use super::error::Error;

/// Login role of the program, and name of its database.
const OWNER: &str = "tenantry";
/// A server that hangs counts as one that does not answer.
const LONGEST_CONNECT: Duration = Duration::from_secs(2);

/// Makes the role and the database on the first start. A start that was interrupted between the two is completed.
pub(super) async fn ensure(directory: &Directory) -> Result<(), Error> {
    let mut connection = connect(directory).await?;
    // CREATEROLE for the role of each tenant; no superuser, whom no permission would stop.
    sqlx::raw_sql(
        "DO $$ BEGIN
             IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenantry') THEN
                 CREATE ROLE tenantry LOGIN CREATEROLE;
             END IF;
         END $$",
    )
    .execute(&mut connection)
    .await?;
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'tenantry')")
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        sqlx::raw_sql("CREATE DATABASE tenantry OWNER tenantry").execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}

/// Whether the server of this very cluster answers on its socket.
pub(super) async fn answers(directory: &Directory) -> bool {
    let ask = async {
        let mut connection = connect(directory).await?;
        let path: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok::<_, Error>(Path::new(&path) == directory.cluster())
    };
    matches!(timeout(LONGEST_CONNECT, ask).await, Ok(Ok(true)))
}

/// Connects as superuser. Everything that the environment's PG* variables could change is set.
async fn connect(directory: &Directory) -> Result<PgConnection, Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(directory.socket())
        .port(5432)
        .username(SUPERUSER)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable)
        .disable_statement_logging();
    Ok(PgConnection::connect_with(&options).await?)
}

/// Connection URL of the program's role.
pub(super) fn url(socket: &Path) -> String {
    url_of(OWNER, socket)
}

/// Connection URL of the superuser, for the same database.
pub(super) fn superuser_url(socket: &Path) -> String {
    url_of(SUPERUSER, socket)
}

fn url_of(user: &str, socket: &Path) -> String {
    // The port names the socket's file; PGPORT would otherwise count.
    format!("postgres://{user}@localhost:5432/{OWNER}?host={}&sslmode=disable", encoded(&socket.to_string_lossy()))
}

/// Percent-encodes all but what may stand in a path.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_url_keeps_any_path() {
        assert_eq!(
            super::url(Path::new("/home/zoë/a b+c&d/socket")),
            "postgres://tenantry@localhost:5432/tenantry?host=/home/zo%c3%ab/a%20b%2bc%26d/socket&sslmode=disable"
        );
    }
}
