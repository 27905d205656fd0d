//! The way of a message out of the program: to an SMTP server, or into a folder.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::{
    fs,
    io::AsyncWriteExt as _,
    time::{error::Elapsed, timeout},
};

use crate::config::Config;

/// How long a server may take over a step, and over all of them. Shorter than the worker's lease on a message.
const LONGEST_STEP: Duration = Duration::from_secs(20);
const LONGEST: Duration = Duration::from_mins(1);

/// Where mail goes.
pub(super) enum Transport {
    /// To a server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    /// Into a folder, a file each.
    Folder(PathBuf),
}

/// Why a message was not taken. The text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another try may succeed.
    Temporary(String),
    /// No other try will.
    Permanent(String),
}

impl From<Elapsed> for Failure {
    fn from(_: Elapsed) -> Self {
        Self::Temporary(format!("the server has not answered within {} seconds", LONGEST.as_secs()))
    }
}

/// The folder that mail is written to when no server is configured.
pub fn mailbox_folder(config: &Config) -> PathBuf {
    config.data_directory.join("mailbox")
}

impl Transport {
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        let Some(url) = &config.smtp_url else {
            return Ok(Self::Folder(mailbox_folder(config)));
        };
        // Without the URL itself: it may hold a password.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .context("--smtp-url cannot be read; it looks like smtps://user:password@mail.example.com")?;
        Ok(Self::Smtp(Box::new(builder.timeout(Some(LONGEST_STEP)).build())))
    }

    /// Sends a message, on a connection of its own: lettre's pool would hand a connection on that was left in the middle of a
    /// message, and what follows would become part of that message. The name is that of its file, where it becomes one.
    pub(super) async fn send(&self, message: Message, name: &str) -> Result<(), Failure> {
        match self {
            Self::Smtp(server) => match timeout(LONGEST, server.send(message)).await? {
                Ok(_) => Ok(()),
                Err(error) if refuses_for_good(error.status().map(u16::from)) => Err(Failure::Permanent(reason(&error))),
                Err(error) => Err(Failure::Temporary(reason(&error))),
            },
            Self::Folder(folder) => {
                write(folder, name, &message.formatted()).await.map_err(|error| Failure::Temporary(error.to_string()))
            }
        }
    }
}

/// Whether a server's answer is about the message or its recipient. The other answers in the five hundreds are about the
/// connection or the sign-in, which the operator can set right while the message waits.
fn refuses_for_good(code: Option<u16>) -> bool {
    code.is_some_and(|code| (550..=556).contains(&code))
}

/// The whole chain of an error in a line, not without end.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(deeper) = source {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        source = deeper.source();
    }
    let end = text.floor_char_boundary(500);
    text.truncate(end);
    // Postgres takes no NUL in a text, and a server may answer anything.
    text.replace(char::is_control, " ")
}

/// Written under another name first, so that whoever looks into the folder finds whole messages. For the owner's eyes only: a
/// message may lead to a new password.
async fn write(folder: &std::path::Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).await?;
    let part = folder.join(format!("{name}.part"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    drop(file);
    fs::rename(&part, folder.join(format!("{name}.eml"))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_about_the_message_are_for_good() {
        for code in [550, 551, 552, 553, 554] {
            assert!(refuses_for_good(Some(code)), "{code}");
        }
        for code in [None, Some(421), Some(450), Some(451), Some(452), Some(500), Some(530), Some(535)] {
            assert!(!refuses_for_good(code), "{code:?}");
        }
    }
}
