//! What can be done with keys.

use clap::Subcommand;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys and what each does
    List,
    /// Make a key that takes over signing; the one before goes on verifying until it is retired
    Rotate {
        /// Seconds that the key is published before it signs; whoever keeps the published keys does so for 300
        #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=604_800))]
        key_lead: i64,
    },
    /// Encrypt all secrets in the database with the first key of --secret-key-file: those that are not encrypted, and those of an older
    /// key. Add a key on top of the file in every process first
    Encrypt,
    /// Forget the secrets in the database that no key in --secret-key-file reads, for good. Asks first
    Forget {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// End a key that does not sign any more, and erase its private half
    Retire {
        /// Its id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Also while tokens that it signed are good: they are refused at once, and people renew or sign in again
        #[arg(long = "now")]
        at_once: bool,
    },
}
