//! `tenantry operator`.

use clap::Subcommand;
use entities::platform::operator::OperatorRole;

/// What can be done with those who operate the platform. Their accounts are apart from those of tenants' people.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Make an operator. Prints a link, good once and for a day, by which they choose a password and set up their authenticator app
    Create {
        /// The e-mail address
        email: String,
        /// The name; the e-mail address where none is given
        #[arg(long)]
        name: Option<String>,
        /// What they may do: a viewer reads everything and changes nothing
        #[arg(long, value_parser = role, default_value = "viewer", value_name = "admin|viewer")]
        role: OperatorRole,
    },
    /// List the operators
    List,
    /// End what an operator may do, and every session, at once
    Disable {
        /// The e-mail address
        email: String,
    },
    /// Let an operator begin anew, who has lost password or app or was disabled: sessions end, and a new link is printed
    Reset {
        /// The e-mail address
        email: String,
    },
}

fn role(text: &str) -> Result<OperatorRole, &'static str> {
    match text {
        "admin" => Ok(OperatorRole::Admin),
        "viewer" => Ok(OperatorRole::Viewer),
        _ => Err("the roles are admin and viewer"),
    }
}
