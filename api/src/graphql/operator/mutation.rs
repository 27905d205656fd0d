//! The root of the mutations of operators.

use async_graphql::MergedObject;

use super::{
    plan::PlanMutation, session::OperatorSessionMutation, setup::SetupMutation, support::OperatorSupportMutation,
    tenant_change::TenantChangeMutation,
};

/// What operators can change: their sessions, tenants, plans, and their own way into a tenant.
#[derive(MergedObject, Default)]
pub struct Mutation(OperatorSessionMutation, SetupMutation, TenantChangeMutation, PlanMutation, OperatorSupportMutation);
