//! What owners do: they let an operator in or not, and end it whenever they like.

use chrono::TimeDelta;
use domain::{Context, Error, Permission, audit::Entry};
use entities::{
    id::SupportGrantId,
    platform::{
        operator,
        support_grant::{ActiveModel, Model},
    },
};
use sea_orm::{ActiveModelTrait, EntityTrait, Set, TransactionSession, TransactionTrait};
use tenancy::{PlatformConnection, Tenant};

use super::{SupportState, conflict, event, let_go, locked, of_tenant, state};
use crate::auth::audit_outbox;

/// Support access to one tenant, for whoever asks there.
#[derive(Debug)]
pub struct OwnSupport<'a> {
    /// The control plane.
    pub platform: PlatformConnection,
    /// The tenant.
    pub tenant: &'a Tenant,
    /// Who asks, and when.
    pub context: &'a Context,
}

impl OwnSupport<'_> {
    /// The requests, the newest first.
    pub async fn list(&self) -> Result<Vec<Model>, Error> {
        self.context.require(Permission::ManageTenant)?;
        Ok(of_tenant(&self.platform, self.tenant.id).await?)
    }

    /// Lets the operator in, from now on, for as long as was asked for.
    pub async fn consent(&self, id: SupportGrantId) -> Result<(Model, Entry), Error> {
        self.answer(id, true).await
    }

    /// Does not let the operator in.
    pub async fn refuse(&self, id: SupportGrantId) -> Result<(Model, Entry), Error> {
        self.answer(id, false).await
    }

    /// Ends the access before its time. The operator's next request is refused, and what is watched ends.
    pub async fn end(&self, id: SupportGrantId) -> Result<(Model, Entry), Error> {
        let actor = self.context.require(Permission::ManageTenant)?;
        let transaction = self.platform.begin().await?;
        let grant = locked(&transaction, self.tenant.id, id).await?;
        if state(&grant, self.context.now) != SupportState::Open {
            return Err(conflict("There is no support access that could be ended."));
        }
        let now = Some(self.context.now);
        let ended = ActiveModel { ended_at: Set(now), ended_by: Set(Some(actor.name.clone())), ..grant.into() };
        let grant = ended.update(&transaction).await?;
        let entry = audit_outbox::put(&transaction, self.tenant.id, self.context, event(&grant, "support.ended")).await?;
        let_go(&transaction, grant.operator_id).await?;
        transaction.commit().await?;
        Ok((grant, entry))
    }

    async fn answer(&self, id: SupportGrantId, consents: bool) -> Result<(Model, Entry), Error> {
        let actor = self.context.require(Permission::ManageTenant)?;
        let (account, now) = (self.context.account_id()?, self.context.now);
        let transaction = self.platform.begin().await?;
        let grant = locked(&transaction, self.tenant.id, id).await?;
        if state(&grant, now) != SupportState::Asked {
            return Err(conflict("This request was answered or withdrawn, or has waited too long."));
        }
        let asker = operator::Entity::find_by_id(grant.operator_id).one(&transaction).await?;
        if consents && asker.is_none_or(|asker| asker.disabled_at.is_some()) {
            return Err(conflict("Whoever asked is no operator any more."));
        }
        let expires_at = consents.then(|| now + TimeDelta::hours(grant.hours.into()));
        let answered = ActiveModel {
            decided_at: Set(Some(now)),
            consented: Set(Some(consents)),
            decided_by: Set(Some(account)),
            decided_by_name: Set(Some(actor.name.clone())),
            expires_at: Set(expires_at),
            ..grant.into()
        };
        let grant = answered.update(&transaction).await?;
        let action = if consents { "support.consented" } else { "support.refused" };
        let entry = audit_outbox::put(&transaction, self.tenant.id, self.context, event(&grant, action)).await?;
        transaction.commit().await?;
        Ok((grant, entry))
    }
}
