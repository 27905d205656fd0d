//! What a program may be allowed to do.

use async_graphql::Enum;

/// Something that an API key may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Permission")]
pub enum Permission {
    /// See active employees, departments, positions and locations.
    ReadDirectory,
    /// See employees who have left.
    ReadTerminatedEmployees,
    /// See birth date, personal e-mail address, phone, postal address and the reason of a termination.
    ReadPrivateDetails,
    /// See salaries.
    ReadSalaries,
    /// Hire someone.
    HireEmployees,
    /// Change any field of an employee that no other permission is about.
    UpdateEmployees,
    /// Change department, position, location and manager.
    TransferEmployees,
    /// Change the manager.
    ChangeManagers,
    /// End an employment.
    TerminateEmployees,
    /// Hire again who has left.
    RehireEmployees,
    /// Change preferred name, phone, personal e-mail address and postal address.
    UpdateContactDetails,
    /// Create, rename, move, merge and delete departments.
    ManageDepartments,
    /// Create, rename, merge and delete positions.
    ManagePositions,
    /// Create, rename and delete locations.
    ManageLocations,
    /// See what was done by whom.
    ReadAudit,
    /// Invite members, change their roles, and end memberships. For people alone.
    ManageMembers,
    /// Make and end API keys. For people alone.
    ManageApiKeys,
    /// Set up the organisation's own identity provider. For people alone.
    ManageSignIn,
    /// Add and remove addresses of the organisation, and choose the primary one. For people alone.
    ManageDomains,
    /// Rename the organisation, and ask for its deletion. For owners alone.
    ManageTenant,
}
