//! The root of the mutations of operators.

use async_graphql::MergedObject;

use super::{
    session::OperatorSessionMutation, setup::SetupMutation, support::OperatorSupportMutation, tenant_change::TenantChangeMutation,
};

/// What operators can change: their sessions, tenants, and their own way into one.
#[derive(MergedObject, Default)]
pub struct Mutation(OperatorSessionMutation, SetupMutation, TenantChangeMutation, OperatorSupportMutation);
