//! The root of the mutations of operators.

use async_graphql::MergedObject;

use super::{plan::PlanMutation, session::OperatorSessionMutation, setup::SetupMutation, tenant_change::TenantChangeMutation};

/// What operators can change: their sessions, tenants, and plans.
#[derive(MergedObject, Default)]
pub struct Mutation(OperatorSessionMutation, SetupMutation, TenantChangeMutation, PlanMutation);
