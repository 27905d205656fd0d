//! Members that an operator puts into a tenant and takes out of it.

use chrono::{DateTime, Utc};
use domain::{Role, audit::Changes};
use sea_orm::{TransactionSession, TransactionTrait};
use serde_json::{Value, json};
use tenancy::Tenant;

use super::{Doer, Event, Operators, write_event};
use crate::auth::{NewAccount, join_within, leave};

impl Operators {
    /// Makes somebody a member of a tenant, or gives a member another role; with an account, where the address has none.
    pub async fn join(
        &self,
        doer: &Doer,
        tenant: &Tenant,
        new: &NewAccount,
        role: Role,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let transaction = self.platform.begin().await?;
        let joined = join_within(&transaction, new, tenant.id, role, None, now).await?;
        let changes = Changes::default().with("role", joined.before, role);
        if !changes.is_empty() {
            let mut details = changes.into_json();
            if let Value::Object(fields) = &mut details {
                fields.insert("account".to_owned(), json!(joined.account));
            }
            write_event(&transaction, doer, Event::of_tenant("tenant.member_joined", tenant, details), now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a membership, and with it the sessions in the tenant. Says whether there was one.
    pub async fn leave(&self, doer: &Doer, tenant: &Tenant, email: &str, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let transaction = self.platform.begin().await?;
        let Some(account) = leave(&transaction, email, tenant.id).await? else { return Ok(false) };
        let details = json!({ "account": account });
        write_event(&transaction, doer, Event::of_tenant("tenant.member_removed", tenant, details), now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
