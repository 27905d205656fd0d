//! What an owner is told of the export that they have asked for.

use chrono::{DateTime, Utc};
use entities::platform::{account, export::Failure};
use sea_orm::{ConnectionTrait, DbErr};
use tenancy::Tenant;

use super::{
    Mail,
    announcement::Announcement,
    letter::{moment, one_line},
    outbox::{self, Kind},
};

/// What has become of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExportNews {
    /// It can be downloaded.
    Ready {
        /// Bytes of its file.
        bytes: u64,
        /// When it is removed.
        until: DateTime<Utc>,
    },
    /// It was given up.
    Failed(Failure),
}

impl Mail {
    /// Tells an owner what has become of an export, in the transaction that notes it. The link leads to the page, where they sign in:
    /// of the organisation, or of the apex where that lets nobody in.
    pub(crate) async fn write_export_news<C: ConnectionTrait>(
        &self,
        connection: &C,
        owner: &account::Model,
        tenant: &Tenant,
        is_served: bool,
        news: ExportNews,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let link =
            if is_served { format!("{}/settings/organisation", self.address_of(Some(tenant))) } else { self.address_of(None) };
        let letter = announcement(&owner.name, &tenant.name, news, link).letter()?;
        outbox::put(connection, Kind::Export, Some(tenant.id), &owner.email, letter, now).await
    }
}

fn announcement(owner: &str, tenant: &str, news: ExportNews, link: String) -> Announcement {
    let organisation = one_line(tenant);
    let (subject, sentences) = match news {
        ExportNews::Ready { bytes, until } => {
            let (size, until) = (size(bytes), moment(until));
            let ready = format!("the export of {organisation} that you have asked for is ready ({size}).");
            let how = format!("Owners who are signed in can download it until {until}, here:");
            (format!("The export of {organisation} is ready"), vec![ready, how])
        }
        ExportNews::Failed(failure) => {
            let failed = format!("the export of {organisation} that you have asked for could not be made.");
            let again = "You can ask for it again, here:".to_owned();
            (format!("The export of {organisation} failed"), vec![failed, sentence(failure).to_owned(), again])
        }
    };
    Announcement { subject, name: one_line(owner), sentences, link }
}

/// Why there is no export, for people.
pub(crate) const fn sentence(failure: Failure) -> &'static str {
    match failure {
        Failure::Storage => "The file could not be written. The operator of this service finds the reason in the log.",
        Failure::Busy => "The organisation was being restored or updated for too long.",
        Failure::Interrupted => "The server was stopped while the export was being made.",
        Failure::Internal => "The server failed. The operator of this service finds the reason in the log.",
    }
}

/// So many bytes, in the largest unit of which there is one.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0 bytes")]
    #[case(999, "999 bytes")]
    #[case(1_050, "1.0 kB")]
    #[case(15_960_000, "15.9 MB")]
    #[case(u64::MAX, "18446744073.7 GB")]
    fn sizes_are_written_for_people(#[case] bytes: u64, #[case] expected: &str) {
        assert_eq!(size(bytes), expected);
    }

    #[test]
    fn a_mail_leads_to_the_page_and_keeps_names_to_a_line() {
        for news in [ExportNews::Ready { bytes: 1, until: DateTime::UNIX_EPOCH }, ExportNews::Failed(Failure::Storage)] {
            let letter = announcement("Ann", "Acme\r\nBcc: x", news, "http://acme.localhost/page".to_owned()).letter().unwrap();
            assert!(letter.subject.starts_with("The export of Acme  Bcc: x "), "{}", letter.subject);
            assert!(letter.text.contains("http://acme.localhost/page") && letter.html.contains("http://acme.localhost/page"));
        }
    }
}
