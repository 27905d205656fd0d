//! The root of the queries of operators.

use async_graphql::{Context, Enum, ID, MergedObject, Object, Result, SimpleObject};

use super::{
    certificate::CertificateQuery, context::OperatorResolverContext as _, event::OperatorEventQuery, fleet::FleetQuery,
    list::TenantListQuery, plan::PlanQuery, setup::SetupQuery, support::OperatorSupportQuery, tenant_details::TenantDetailsQuery,
};
use crate::{auth::OperatorIdentity, graphql::id};

/// What operators can ask.
#[derive(MergedObject, Default)]
pub struct Query(
    ViewerQuery,
    SetupQuery,
    TenantListQuery,
    TenantDetailsQuery,
    FleetQuery,
    CertificateQuery,
    OperatorEventQuery,
    PlanQuery,
    OperatorSupportQuery,
);

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "entities::platform::operator::OperatorRole")]
pub enum OperatorRole {
    /// Reads and changes everything.
    Admin,
    /// Reads everything.
    Viewer,
}

/// Somebody who operates the platform.
#[derive(Debug, SimpleObject)]
pub struct Operator {
    /// The operator's opaque id.
    id: ID,
    /// The name.
    name: String,
    /// The e-mail address.
    email: String,
    /// What the operator may do.
    role: OperatorRole,
}

impl From<&OperatorIdentity> for Operator {
    fn from(identity: &OperatorIdentity) -> Self {
        Self {
            id: id::encode(identity.id),
            name: identity.name.clone(),
            email: identity.email.clone(),
            role: identity.role.into(),
        }
    }
}

/// The queries about the one who asks.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The operator who is signed in; null for an anonymous request.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Operator>> {
        Ok(ctx.operator_request()?.identity().map(|identity| Operator::from(identity.as_ref())))
    }
}
