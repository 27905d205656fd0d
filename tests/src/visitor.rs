//! Operators in a tenant by an owner's leave, without the way there.

use api::auth::SupportClaim;
use chrono::{TimeDelta, Utc};
use domain::Role;
use entities::{
    id::{OperatorId, SessionId, SupportGrantId},
    platform::{operator, operator_session, support_grant, support_session},
};
use sea_orm::{ActiveModelTrait as _, Set};
use serde_json::json;

use crate::{Caller, Company};

impl Company<'_> {
    /// What an operator who is made for it has asked for; an owner has consented, or not answered yet.
    pub async fn support_grant(&self, has_consented: bool) -> support_grant::Model {
        let (platform, now) = (self.server.tenants().platform(), Utc::now());
        let id = OperatorId::generate();
        let operator = operator::ActiveModel {
            id: Set(id),
            email: Set(format!("{id}@operators.test")),
            name: Set("Olga Operator".to_owned()),
            role: Set(operator::OperatorRole::Admin),
            password_hash: Set(None),
            authenticator_secret: Set(Vec::new()),
            authenticator_last_step: Set(None),
            setup_hash: Set(None),
            setup_expires_at: Set(None),
            created_at: Set(now),
            disabled_at: Set(None),
        };
        let operator = operator.insert(&platform).await.unwrap();
        let grant = support_grant::ActiveModel {
            id: Set(SupportGrantId::generate()),
            tenant_id: Set(self.tenant.id.0),
            operator_id: Set(operator.id),
            operator_name: Set(operator.name),
            operator_email: Set(operator.email),
            reason: Set("To look".to_owned()),
            hours: Set(1),
            asked_at: Set(now),
            lapses_at: Set(now + TimeDelta::hours(72)),
            decided_at: Set(has_consented.then_some(now)),
            consented: Set(has_consented.then_some(true)),
            decided_by: Set(has_consented.then(|| self.member_with(Role::Owner).account)),
            decided_by_name: Set(has_consented.then(|| "the owner".to_owned())),
            expires_at: Set(has_consented.then_some(now + TimeDelta::hours(1))),
            last_entered_at: Set(None),
            ended_at: Set(None),
            ended_by: Set(None),
            expiry_noted_at: Set(None),
        };
        grant.insert(&platform).await.unwrap()
    }

    /// An operator whom an owner has let in.
    pub async fn visitor(&self) -> Caller {
        let grant = self.support_grant(true).await;
        let platform = self.server.tenants().platform();
        let console = operator_session::ActiveModel {
            id: Set(SessionId::generate()),
            operator_id: Set(grant.operator_id),
            refresh_secret: Set(Vec::new()),
            generation: Set(1),
            rotated_at: Set(None),
            created_at: Set(grant.asked_at),
            expires_at: Set(grant.expires_at.unwrap()),
            ended_at: Set(None),
            address: Set(None),
            user_agent: Set(None),
        };
        let console = console.insert(&platform).await.unwrap();
        let session = support_session::ActiveModel {
            id: Set(SessionId::generate()),
            grant_id: Set(grant.id),
            tenant_id: Set(grant.tenant_id),
            operator_id: Set(grant.operator_id),
            operator_session_id: Set(Some(console.id)),
            refresh_secret: Set(Vec::new()),
            generation: Set(1),
            rotated_at: Set(None),
            created_at: Set(grant.asked_at),
            expires_at: Set(grant.expires_at.unwrap()),
            ended_at: Set(None),
            address: Set(None),
            user_agent: Set(None),
        };
        let session = session.insert(&platform).await.unwrap();
        let mut forgery = self.server.signer.forgery_of(self.member_with(Role::Owner));
        let support = SupportClaim { grant: grant.id.uuid(), consented_by: grant.decided_by.unwrap().uuid() };
        forgery.claims["sub"] = json!(grant.operator_id.uuid());
        forgery.claims["sid"] = json!(session.id.uuid());
        forgery.claims["support"] = json!(support);
        self.anonymous().with_token(Some(forgery.sign()))
    }
}
