//! Pages of tenants.

use chrono::{DateTime, Utc};
use domain::{Error, Page, Paging};
use serde::{Deserialize, Serialize};
use tenancy::{State, SurveyOrder, SurveyState, Tenant, TenantId, TenantSurvey};
use uuid::Uuid;

use super::{Operators, is_storable};
use crate::lifecycle::answer;

/// Page size when the request gives none.
const USUAL_ROWS: usize = 50;
/// So many tenants are read at a time while those of a state are looked for, and so often.
const AT_A_TIME: u64 = 200;
const MOST_READS: usize = 10;
/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 100;

/// Which tenants are listed.
#[derive(Debug, Clone, Default)]
pub struct ListTenants {
    /// Whose slug, name or host has this text in it.
    pub search: Option<String>,
    /// Those in this state.
    pub state: Option<State>,
    /// In which order.
    pub order: SurveyOrder,
}

/// A place in the list of tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantCursor {
    key: String,
    id: Uuid,
}

impl TenantCursor {
    /// The place of a tenant.
    pub fn of(order: SurveyOrder, tenant: &Tenant) -> Self {
        Self { key: order.key(tenant), id: tenant.id.0 }
    }

    fn place(&self, order: SurveyOrder) -> Result<(String, TenantId), Error> {
        // Somebody may have written it by hand, or taken it from a list in another order.
        let key = match order {
            SurveyOrder::Newest => {
                let instant = DateTime::parse_from_rfc3339(&self.key).ok().map(|instant| instant.to_utc());
                instant.filter(|instant| is_storable(*instant)).map(|instant| instant.to_rfc3339())
            }
            SurveyOrder::Slug | SurveyOrder::Name => (!self.key.contains('\0')).then(|| self.key.clone()),
        };
        Ok((key.ok_or_else(no_cursor)?, TenantId(self.id)))
    }
}

impl Operators {
    /// A page of tenants, with the place after which the next one begins.
    ///
    /// Which state a tenant is in follows from its own terms, so it is found out here. Where few of many are in the state that is
    /// looked for, a page may have fewer rows than it could, none even, with others after it.
    pub async fn list(
        &self,
        list: &ListTenants,
        paging: &Paging<TenantCursor>,
        now: DateTime<Utc>,
    ) -> Result<(Page<Tenant>, Option<TenantCursor>), Error> {
        let search = list.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if search.is_some_and(|text| text.chars().count() > LONGEST_SEARCH || text.contains('\0')) {
            return Err(Error::bad_input("search", format!("A search has at most {LONGEST_SEARCH} characters.")));
        }
        let size = paging.first.and_then(|first| usize::try_from(first).ok()).unwrap_or(USUAL_ROWS);
        let mut survey = TenantSurvey {
            search: search.map(str::to_owned),
            state: list.state.map(SurveyState),
            order: list.order,
            after: paging.after.as_ref().map(|cursor| cursor.place(list.order)).transpose()?,
        };
        let limit = if list.state.is_some() { AT_A_TIME } else { u64::try_from(size).unwrap_or(0) + 1 };
        let (mut rows, mut end, mut more) = (Vec::new(), None, true);
        for _ in 0..MOST_READS {
            let read = self.tenants.survey(&survey, limit).await.map_err(answer)?;
            more = u64::try_from(read.len()).unwrap_or(0) == limit;
            for tenant in read {
                if rows.len() == size {
                    more = true;
                    break;
                }
                end = Some(TenantCursor::of(list.order, &tenant));
                if list.state.is_none_or(|state| self.lifecycle.standing(&tenant, now).state == state) {
                    rows.push(tenant);
                }
            }
            if !more || rows.len() == size {
                break;
            }
            survey.after = end.as_ref().map(|end| end.place(list.order)).transpose()?;
        }
        let page = Page { rows, has_next_page: more, has_previous_page: paging.after.is_some() };
        Ok((page, end))
    }
}

pub(super) fn no_cursor() -> Error {
    Error::bad_input("after", "This is no cursor of this list; pass one as an earlier answer gave it.")
}
