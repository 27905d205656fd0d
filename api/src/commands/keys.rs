//! `tenantry keys`.

use chrono::{TimeDelta, Utc};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use tenancy::Tenants;

use super::{database::Database, say};
use crate::{auth, cli::KeysCommand, config::Config, secret};

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
        KeysCommand::Retire { id, at_once } => {
            let life = TimeDelta::minutes(config.access_token_minutes);
            auth::retire_key(&platform, &id, life, at_once, now).await?;
            say(&format!("Key {id} is retired."))
        }
    }
}
