//! The root of the queries.

use async_graphql::MergedObject;

use super::{
    api_key::ApiKeyQuery, audit_event::AuditEventQuery, department::DepartmentQuery, domain::DomainQuery,
    employee::EmployeeQuery, export::ExportQuery, identity_provider::IdentityProviderQuery, invitation::InvitationQuery,
    location::LocationQuery, member::MemberQuery, node::NodeQuery, position::PositionQuery, security::SecurityQuery,
    support::SupportQuery, tenant::TenantQuery, viewer::ViewerQuery,
};

/// What can be asked. All fields of a request are answered from one snapshot of the data.
#[derive(MergedObject, Default)]
pub struct Query(
    TenantQuery,
    ViewerQuery,
    SecurityQuery,
    EmployeeQuery,
    DepartmentQuery,
    PositionQuery,
    LocationQuery,
    MemberQuery,
    InvitationQuery,
    AuditEventQuery,
    ApiKeyQuery,
    IdentityProviderQuery,
    DomainQuery,
    ExportQuery,
    SupportQuery,
    NodeQuery,
);
