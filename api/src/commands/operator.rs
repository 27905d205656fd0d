//! `tenantry operator`.

use chrono::Utc;
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use tenancy::Tenants;

use super::{database::Database, say};
use crate::{
    auth::{self, NewOperator, SetupLink},
    cli::OperatorCommand,
    config::Config,
    secret,
};

pub(super) async fn run(config: &Config, command: OperatorCommand) -> anyhow::Result<()> {
    Database::with(config, async |database| work(config, &database.tenants, command).await).await
}

async fn work(config: &Config, tenants: &Tenants, command: OperatorCommand) -> anyhow::Result<()> {
    let (platform, now) = (tenants.platform(), Utc::now());
    match command {
        OperatorCommand::Create { email, name, role } => {
            let new = NewOperator::parse(&email, name.as_deref(), role)?;
            let secret_keys = config.secret_keys()?;
            // Without their file a secret would be stored in plain beside those that are encrypted.
            secret::check_readable(&platform, &secret_keys).await?;
            show(config, &auth::create_operator(&platform, &secret_keys, &new, now).await?)
        }
        OperatorCommand::List => {
            let mut table = Table::new();
            table.load_style(UTF8_HORIZONTAL_ONLY);
            table.set_header(["e-mail", "name", "role", "state", "made"]);
            for operator in auth::list_operators(&platform).await? {
                let state = match (operator.disabled_at, &operator.password_hash) {
                    (Some(_), _) => "disabled",
                    (None, None) => "not set up",
                    (None, Some(_)) => "active",
                };
                let made = operator.created_at.format("%Y-%m-%d").to_string();
                table.add_row([operator.email.as_str(), &operator.name, operator.role.as_str(), state, &made]);
            }
            say(&table.to_string())
        }
        OperatorCommand::Disable { email } => {
            auth::disable_operator(&platform, &email, now).await?;
            say(&format!("{email} is disabled."))
        }
        OperatorCommand::Reset { email } => {
            let secret_keys = config.secret_keys()?;
            secret::check_readable(&platform, &secret_keys).await?;
            show(config, &auth::reset_operator(&platform, &secret_keys, &email, now).await?)
        }
    }
}

/// The token stands behind the `#`, so that it goes to no server's log.
fn show(config: &Config, link: &SetupLink) -> anyhow::Result<()> {
    let address = config.address_of(config.base_domain.as_str());
    say(&format!("{address}/operator/setup#{}", link.token))?;
    say(&format!("It is good once, until {}.", link.expires_at.format("%Y-%m-%d %H:%M UTC")))
}
