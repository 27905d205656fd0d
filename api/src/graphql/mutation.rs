//! The root of the mutations.

use async_graphql::MergedObject;

use super::{
    api_key::ApiKeyMutation, authenticator::AuthenticatorMutation, department::DepartmentMutation, domain::DomainMutation,
    employee::EmployeeMutation, export::ExportMutation, identity_provider::IdentityProviderMutation,
    invitation::InvitationMutation, location::LocationMutation, member::MemberMutation, passkey::PasskeyMutation,
    password::PasswordMutation, position::PositionMutation, security::SecurityMutation, session::SessionMutation,
    support::SupportMutation, tenant_change::TenantMutation,
};

/// What can be changed. The fields of a request run one after another, each in a transaction of its own: one that fails undoes
/// nothing of the others.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    SecurityMutation,
    AuthenticatorMutation,
    PasskeyMutation,
    PasswordMutation,
    InvitationMutation,
    MemberMutation,
    EmployeeMutation,
    DepartmentMutation,
    PositionMutation,
    LocationMutation,
    ApiKeyMutation,
    IdentityProviderMutation,
    DomainMutation,
    ExportMutation,
    TenantMutation,
    SupportMutation,
);
