//! What owners are told of their organisation's standing: each state once for each date, whichever process finds it first.

use chrono::{DateTime, Utc};
use entities::platform::tenant_notice;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, TransactionSession, TransactionTrait, sea_query::OnConflict};
use tenancy::{Standing, State, Tenant, TenantId, TenantStatus};

use super::{Lifecycle, owners};

/// How many tenants are looked at together.
const PAGE: u64 = 200;

/// What is to be told, and by which date it is known that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Notice {
    state: State,
    date: DateTime<Utc>,
}

impl Notice {
    fn of(tenant: &Tenant, standing: Standing) -> Option<Self> {
        let date = match standing.state {
            // Nothing is to be told of these. What is being deleted already is told by the certificate.
            State::Active | State::Trial | State::Migrating => None,
            State::Deleting if tenant.status == TenantStatus::Deleting => None,
            State::Warned | State::ReadOnly | State::PastDue => standing.deadlines.map(|deadlines| deadlines.due_at),
            State::Suspended => Some(tenant.status_since),
            State::Maintenance => tenant.maintenance.as_ref().map(|maintenance| maintenance.since),
            State::Deleting => tenant.delete_at,
        };
        date.map(|date| Self { state: standing.state, date })
    }
}

impl Lifecycle {
    /// Writes the mail that has become due. Says for how many tenants.
    pub async fn tell_owners(&self, now: DateTime<Utc>) -> anyhow::Result<usize> {
        let (mut after, mut told) = (None, 0);
        loop {
            let page = self.tenants.list_concerned(self.options.terms(), after, PAGE, now).await?;
            let Some(last) = page.last() else { return Ok(told) };
            after = Some(last.id);
            let due: Vec<(Tenant, Standing, Notice)> = page
                .into_iter()
                .filter_map(|tenant| {
                    let standing = self.standing(&tenant, now);
                    let notice = Notice::of(&tenant, standing)?;
                    Some((tenant, standing, notice))
                })
                .collect();
            let known = self.known(due.iter().map(|(tenant, ..)| tenant.id)).await?;
            for (tenant, standing, notice) in due {
                if !known.contains(&(tenant.id, notice)) && self.tell(&tenant, standing, notice, now).await? {
                    told += 1;
                }
            }
        }
    }

    async fn known(&self, tenants: impl Iterator<Item = TenantId>) -> anyhow::Result<Vec<(TenantId, Notice)>> {
        let rows = tenant_notice::Entity::find()
            .filter(tenant_notice::Column::TenantId.is_in(tenants.map(|tenant| tenant.0)))
            .all(&self.platform)
            .await?;
        let state = |name: &str| STATES.into_iter().find(|state| state.as_str() == name);
        let known = rows
            .into_iter()
            .filter_map(|row| Some((TenantId(row.tenant_id), Notice { state: state(&row.state)?, date: row.date })));
        Ok(known.collect())
    }

    /// Tells the owners, unless another process has: who writes the row first, writes the mail.
    async fn tell(&self, tenant: &Tenant, standing: Standing, notice: Notice, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let transaction = self.platform.begin().await?;
        let row = tenant_notice::ActiveModel {
            tenant_id: Set(tenant.id.0),
            state: Set(notice.state.as_str().to_owned()),
            date: Set(notice.date),
            created_at: Set(now),
        };
        let first = tenant_notice::Entity::insert(row)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        if first == 0 {
            return Ok(false);
        }
        for owner in owners(&transaction, tenant.id).await? {
            self.mail.write_standing(&transaction, &owner, tenant, standing, self.billing_contact(), now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

/// The states that are told of.
const STATES: [State; 6] =
    [State::Warned, State::ReadOnly, State::PastDue, State::Suspended, State::Maintenance, State::Deleting];
