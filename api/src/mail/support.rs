//! What owners are told of operators who ask to be let in.

use chrono::{DateTime, Utc};
use entities::platform::{account, support_grant};
use sea_orm::{ConnectionTrait, DbErr};
use tenancy::Tenant;

use super::{
    Mail,
    announcement::Announcement,
    letter::{moment, one_line},
    outbox::{self, Kind},
};

impl Mail {
    /// Asks an owner whether an operator is let in, in the transaction that asks for it.
    pub(crate) async fn write_support_request<C: ConnectionTrait>(
        &self,
        connection: &C,
        owner: &account::Model,
        tenant: &Tenant,
        grant: &support_grant::Model,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let organisation = one_line(&tenant.name);
        let operator = format!("{} ({})", one_line(&grant.operator_name), one_line(&grant.operator_email));
        let hours = if grant.hours == 1 { "an hour".to_owned() } else { format!("{} hours", grant.hours) };
        let letter = Announcement {
            subject: format!("An operator asks to look into {organisation}"),
            name: one_line(&owner.name),
            sentences: vec![
                format!("{operator}, who operates this service, asks to be let into {organisation} for {hours}."),
                format!("The reason: {}", one_line(&grant.reason)),
                "The operator would see people with their private details, salaries and history, and could change nothing. \
                 Every visit is written down at the address below, where you can end it at any time."
                    .to_owned(),
                format!("Nobody is let in unless an owner consents, here, until {}:", moment(grant.lapses_at)),
            ],
            link: format!("{}/settings/support", self.address_of(Some(tenant))),
        };
        outbox::put(connection, Kind::SupportRequest, Some(tenant.id), &owner.email, letter.letter()?, now).await
    }
}
