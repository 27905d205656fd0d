//! Telling every process what was changed, for those who watch.
//!
//! What is told is which deed was done to what, and nothing of the data: whoever hears it reads for themselves, with their own
//! rights. Postgres delivers it when the transaction commits, and never when it is rolled back.

use entities::id::DepartmentId;
use serde::{Deserialize, Serialize};
use tenancy::TenantTransaction;
use uuid::Uuid;

use crate::{Error, audit::Event};

/// The channel on which deeds are announced; the payload is the tenant's id, a space, and a JSON list of [`Announcement`].
pub const CHANGES_CHANNEL: &str = "tenantry_changes";

/// Postgres takes less than 8,000 bytes at once, the tenant's id included.
const LONGEST_PAYLOAD: usize = 7_900;

/// A deed, as it is announced. The names are short because the room is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The deed, as in the audit: `employee.hired`.
    #[serde(rename = "a")]
    pub action: String,
    /// What it was done to.
    #[serde(rename = "s")]
    pub subject_id: Uuid,
    /// The department that an employee has left by it: whoever watches that one has to hear of it, too.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub former_department_id: Option<DepartmentId>,
}

impl From<&Event> for Announcement {
    fn from(event: &Event) -> Self {
        let former_department = event.changes.before("departmentId").and_then(|id| id.as_str()?.parse().ok());
        Self {
            action: event.action.to_owned(),
            subject_id: event.subject_id,
            former_department_id: former_department.map(DepartmentId),
        }
    }
}

impl Announcement {
    /// Reads a payload, without the tenant's id; none when it is nothing of ours.
    pub fn parse(payload: &str) -> Option<Vec<Self>> {
        serde_json::from_str(payload).ok()
    }
}

/// Announces deeds when the transaction commits.
pub(crate) async fn announce(transaction: &TenantTransaction, announcements: &[Announcement]) -> Result<(), Error> {
    for payload in payloads(announcements) {
        transaction.notify(CHANGES_CHANNEL, &payload).await?;
    }
    Ok(())
}

/// As few texts as the room allows.
fn payloads(announcements: &[Announcement]) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for announcement in announcements {
        // A struct of texts and ids always becomes JSON.
        let text = serde_json::to_string(announcement).unwrap_or_default();
        match payloads.last_mut() {
            Some(payload) if payload.len() + text.len() + 2 <= LONGEST_PAYLOAD => payload.extend([",", &text]),
            _ => payloads.push(["[", &text].concat()),
        }
    }
    for payload in &mut payloads {
        payload.push(']');
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Changes;

    fn announcement(number: u128) -> Announcement {
        Announcement {
            action: "employee.manager_changed".to_owned(),
            subject_id: Uuid::from_u128(number),
            former_department_id: number.is_multiple_of(2).then(|| DepartmentId(Uuid::from_u128(number))),
        }
    }

    #[test]
    fn many_deeds_are_told_in_texts_that_postgres_takes() {
        let announcements: Vec<Announcement> = (0..1_000).map(announcement).collect();
        let payloads = payloads(&announcements);
        assert!(payloads.len() > 10 && payloads.iter().all(|payload| payload.len() <= LONGEST_PAYLOAD));
        let read: Vec<Announcement> = payloads.iter().flat_map(|payload| Announcement::parse(payload).unwrap()).collect();
        assert_eq!(read, announcements);
        assert!(super::payloads(&[]).is_empty());
    }

    #[test]
    fn the_department_that_was_left_is_told_and_no_other_value_is() {
        let (from, to) = (DepartmentId(Uuid::from_u128(1)), DepartmentId(Uuid::from_u128(2)));
        let changes = Changes::default().with("departmentId", from, to).with("phone", "+49 30", "+49 31");
        let event = Event { action: "employee.transferred", subject_type: "employee", subject_id: Uuid::nil(), changes };
        let announcement = Announcement::from(&event);
        assert_eq!(announcement.former_department_id, Some(from));
        assert!(!serde_json::to_string(&announcement).unwrap().contains("+49"));
    }

    #[test]
    fn what_is_nothing_of_ours_is_not_read() {
        for payload in ["", "{}", "[1]", "[{\"a\":\"x\"}]", "[{\"a\":\"x\",\"s\":\"no id\"}]"] {
            assert_eq!(Announcement::parse(payload), None, "{payload}");
        }
    }
}
