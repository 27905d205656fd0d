//! The program with a database and a mailbox of its own: nobody else's worker takes the mail, and the clock can be moved.

use std::{fs, path::PathBuf};

use domain::Role;
use migration::tenant::TenantMigrator;
use tempfile::TempDir;

use crate::{Caller, Company, Letter, Server, TestClock, TestDatabase};

/// The program, and where its mail goes.
pub struct PostOffice {
    /// The program. It sends mail when it is told to.
    pub server: Server,
    /// The program's clock.
    pub clock: TestClock,
    /// The database.
    pub database: TestDatabase,
    home: TempDir,
}

impl PostOffice {
    /// The program with a folder for its mail.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The program with these flags.
    pub async fn open_with(flags: &[&str]) -> Self {
        let (database, clock, home) = (TestDatabase::create().await, TestClock::start(), tempfile::tempdir().unwrap());
        let server = Self::another(&database, &clock, &home, flags).await;
        Self { server, clock, database, home }
    }

    /// Another process of the same installation.
    pub async fn second(&self, flags: &[&str]) -> Server {
        Self::another(&self.database, &self.clock, &self.home, flags).await
    }

    async fn another(database: &TestDatabase, clock: &TestClock, home: &TempDir, flags: &[&str]) -> Server {
        let flags = [&["--data-directory", home.path().to_str().unwrap()], flags].concat();
        Server::start_on(database.tenants::<TenantMigrator>(), &flags, clock.clock()).await
    }

    /// Someone with this role in a company of this installation, whose token does not expire when the clock is moved.
    pub fn caller(&self, company: &Company<'_>, role: Role) -> Caller {
        let mut forgery = self.server.signer.forgery_of(company.member_with(role));
        forgery.claims["exp"] = serde_json::json!(4_102_444_800_i64);
        company.anonymous().with_token(Some(forgery.sign()))
    }

    /// Sends what is due. Says how many messages were tried.
    pub async fn send(&self) -> usize {
        self.server.app.mail.send_due(&self.clock.clock()).await.unwrap()
    }

    /// Where the mail is written to.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("mailbox")
    }

    /// The files of the mailbox, the oldest first.
    pub fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder()) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Sends what is due, and reads all mail to an address, the oldest first.
    pub async fn mail_to(&self, email: &str) -> Vec<Letter> {
        self.send().await;
        let letters = self.files().into_iter().map(|file| Letter::parse(&fs::read_to_string(file).unwrap()));
        letters.filter(|letter| letter.header("To") == email).collect()
    }

    /// Sends what is due, and reads the last mail to an address.
    pub async fn last_mail_to(&self, email: &str) -> Letter {
        self.mail_to(email).await.pop().unwrap_or_else(|| panic!("there is no mail to {email}"))
    }
}
