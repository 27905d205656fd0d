//! `tenantry keys`.

use std::io::{IsTerminal as _, Write as _};

use anyhow::bail;
use chrono::{TimeDelta, Utc};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use tenancy::{PlatformConnection, Tenants};

use super::{database::Database, say};
use crate::{
    auth,
    cli::KeysCommand,
    config::Config,
    secret::{self, Unreadable},
};

const TIME: &str = "%Y-%m-%d %H:%M:%S UTC";

pub(super) async fn run(config: &Config, command: KeysCommand) -> anyhow::Result<()> {
    Database::with(config, async |database| work(config, &database.tenants, command).await).await
}

async fn work(config: &Config, tenants: &Tenants, command: KeysCommand) -> anyhow::Result<()> {
    let (platform, now) = (tenants.platform(), Utc::now());
    match command {
        KeysCommand::List => {
            let mut table = Table::new();
            table.load_style(UTF8_HORIZONTAL_ONLY);
            table.set_header(["id", "state", "made", "signs from", "retired"]);
            for (key, state) in auth::list_keys(&platform, now).await? {
                let retired = key.retired_at.map_or_else(|| "-".to_owned(), |at| at.format(TIME).to_string());
                table.add_row([
                    key.id,
                    state.as_str().to_owned(),
                    key.created_at.format(TIME).to_string(),
                    key.signs_from.format(TIME).to_string(),
                    retired,
                ]);
            }
            say(&table.to_string())
        }
        KeysCommand::Rotate { key_lead } => {
            let secret_keys = config.secret_keys()?;
            // Without their file a key would be stored in plain beside those that are encrypted.
            secret::check_readable(&platform, &secret_keys).await?;
            let key = auth::rotate_keys(&platform, &secret_keys, TimeDelta::seconds(key_lead), now).await?;
            say(&format!("Key {} is published, and signs from {}.", key.id, key.signs_from.format(TIME)))
        }
        KeysCommand::Encrypt => {
            let count = secret::encrypt_again(&platform, &config.secret_keys()?).await?;
            say(&format!("Secrets that were encrypted with the first key: {count}. No other key is needed any more."))
        }
        KeysCommand::Forget { yes } => forget(config, &platform, yes).await,
        KeysCommand::Retire { id, at_once } => {
            let life = TimeDelta::minutes(config.access_token_minutes);
            auth::retire_key(&platform, &id, life, at_once, now).await?;
            say(&format!("Key {id} is retired."))
        }
    }
}

async fn forget(config: &Config, platform: &PlatformConnection, yes: bool) -> anyhow::Result<()> {
    let secret_keys = config.secret_keys()?;
    // Whoever did not think of the file would lose all that it has encrypted.
    if secret_keys.is_empty() && config.own_secret_key_file().is_none() {
        bail!("Name the file of the keys that stay in use by --secret-key-file: what none of them reads is forgotten");
    }
    let found = secret::count_unreadable(platform, &secret_keys).await?;
    if found.is_empty() {
        return say("There is no secret that is encrypted with another key.");
    }
    if !yes {
        confirm(&found, secret_keys.is_empty())?;
    }
    let forgotten = secret::forget_unreadable(platform, &secret_keys).await?;
    say("Forgotten:")?;
    forgotten.iter().try_for_each(tell)
}

fn tell(table: &Unreadable) -> anyhow::Result<()> {
    say(&format!("{} {}", table.place, table.count))
}

/// What cannot be undone: how many there are has to be typed.
fn confirm(found: &[Unreadable], without_keys: bool) -> anyhow::Result<()> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("Forgetting secrets asks for a confirmation; without a terminal give --yes");
    }
    say(if without_keys {
        "There is no file of keys. Encrypted are:"
    } else {
        "Encrypted with a key that is not in the file are:"
    })?;
    found.iter().try_for_each(tell)?;
    let sum: u64 = found.iter().map(|table| table.count).sum();
    print!("This forgets these secrets, for good. Type how many they are together to go on: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    if line.trim() != sum.to_string() {
        bail!("Nothing was forgotten");
    }
    Ok(())
}
