//! Who may do what: one table of roles and permissions.

use entities::platform::membership::Role;

/// Something that a role may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Change any field of an employee that no other verb changes.
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
    /// Invite members, change their roles, and end memberships.
    ManageMembers,
    /// Make and end API keys.
    ManageApiKeys,
    /// Set up the organisation's own identity provider, and how members have to sign in.
    ManageSignIn,
    /// Add and remove addresses of the organisation, and choose the primary one.
    ManageDomains,
    /// Rename the organisation, export it, ask for its deletion, and let operators in who help.
    ManageTenant,
}

/// Whose data a permission covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Nobody's: it may not be done at all.
    Nobody,
    /// One's own.
    Own,
    /// One's own, and that of direct and indirect reports.
    Reports,
    /// Everyone's.
    Everyone,
}

impl Permission {
    /// Every permission, in the order of the table.
    pub const ALL: [Self; 20] = [
        Self::ReadDirectory,
        Self::ReadTerminatedEmployees,
        Self::ReadPrivateDetails,
        Self::ReadSalaries,
        Self::HireEmployees,
        Self::UpdateEmployees,
        Self::TransferEmployees,
        Self::ChangeManagers,
        Self::TerminateEmployees,
        Self::RehireEmployees,
        Self::UpdateContactDetails,
        Self::ManageDepartments,
        Self::ManagePositions,
        Self::ManageLocations,
        Self::ReadAudit,
        Self::ManageMembers,
        Self::ManageApiKeys,
        Self::ManageSignIn,
        Self::ManageDomains,
        Self::ManageTenant,
    ];

    /// The name, as it is stored with an API key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadDirectory => "read_directory",
            Self::ReadTerminatedEmployees => "read_terminated_employees",
            Self::ReadPrivateDetails => "read_private_details",
            Self::ReadSalaries => "read_salaries",
            Self::HireEmployees => "hire_employees",
            Self::UpdateEmployees => "update_employees",
            Self::TransferEmployees => "transfer_employees",
            Self::ChangeManagers => "change_managers",
            Self::TerminateEmployees => "terminate_employees",
            Self::RehireEmployees => "rehire_employees",
            Self::UpdateContactDetails => "update_contact_details",
            Self::ManageDepartments => "manage_departments",
            Self::ManagePositions => "manage_positions",
            Self::ManageLocations => "manage_locations",
            Self::ReadAudit => "read_audit",
            Self::ManageMembers => "manage_members",
            Self::ManageApiKeys => "manage_api_keys",
            Self::ManageSignIn => "manage_sign_in",
            Self::ManageDomains => "manage_domains",
            Self::ManageTenant => "manage_tenant",
        }
    }

    /// Whether a program may have it. Those that decide who gets in are for people alone.
    pub const fn is_for_programs(self) -> bool {
        !matches!(self, Self::ManageMembers | Self::ManageApiKeys | Self::ManageSignIn | Self::ManageDomains | Self::ManageTenant)
    }

    /// Whether an operator who was let in has it: those that see something and change nothing. What one sees only by a permission that
    /// changes it, such as members and keys, an operator does not see.
    pub const fn is_for_support(self) -> bool {
        matches!(
            self,
            Self::ReadDirectory | Self::ReadTerminatedEmployees | Self::ReadPrivateDetails | Self::ReadSalaries | Self::ReadAudit
        )
    }

    /// Whose data the permission covers for a member of this role.
    pub const fn reach(self, role: Role) -> Reach {
        let decides_who_gets_in = !self.is_for_programs();
        match role {
            Role::Owner => return Reach::Everyone,
            // Whether the organisation is there at all is for its owners to say.
            Role::Admin if !matches!(self, Self::ManageTenant) => return Reach::Everyone,
            Role::Hr if !decides_who_gets_in => return Reach::Everyone,
            Role::Admin | Role::Hr | Role::Manager | Role::Employee => {}
        }
        let manages = matches!(role, Role::Manager);
        match self {
            Self::ReadDirectory => Reach::Everyone,
            Self::ReadTerminatedEmployees if manages => Reach::Nobody,
            Self::ReadSalaries if manages => Reach::Reports,
            Self::ReadTerminatedEmployees | Self::ReadPrivateDetails | Self::ReadSalaries | Self::UpdateContactDetails => {
                Reach::Own
            }
            Self::HireEmployees
            | Self::UpdateEmployees
            | Self::TransferEmployees
            | Self::ChangeManagers
            | Self::TerminateEmployees
            | Self::RehireEmployees
            | Self::ManageDepartments
            | Self::ManagePositions
            | Self::ManageLocations
            | Self::ReadAudit
            | Self::ManageMembers
            | Self::ManageApiKeys
            | Self::ManageSignIn
            | Self::ManageDomains
            | Self::ManageTenant => Reach::Nobody,
        }
    }

    /// The sentence for those who lack it.
    pub(crate) const fn refusal(self) -> &'static str {
        match self {
            Self::ReadDirectory => "You may not see the directory.",
            Self::ReadTerminatedEmployees => "You may not see former employees.",
            Self::ReadPrivateDetails => "You may not see private details.",
            Self::ReadSalaries => "You may not see salaries.",
            Self::HireEmployees => "You may not hire employees.",
            Self::UpdateEmployees | Self::UpdateContactDetails => "You may only change your own contact details.",
            Self::TransferEmployees => "You may not transfer employees.",
            Self::ChangeManagers => "You may not change managers.",
            Self::TerminateEmployees => "You may not end an employment.",
            Self::RehireEmployees => "You may not rehire employees.",
            Self::ManageDepartments => "You may not change departments.",
            Self::ManagePositions => "You may not change positions.",
            Self::ManageLocations => "You may not change locations.",
            Self::ReadAudit => "You may not see the audit.",
            Self::ManageMembers => "You may not decide who is a member.",
            Self::ManageApiKeys => "You may not manage API keys.",
            Self::ManageSignIn => "You may not change how members sign in.",
            Self::ManageDomains => "You may not manage the addresses of the organisation.",
            Self::ManageTenant => "Only owners rename, export or delete the organisation, and let operators in.",
        }
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// Whether the permission is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The permissions of the set, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |set, permission| set | 1 << permission as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        for permission in Permission::ALL {
            let set = Permissions::from_iter([permission, Permission::ReadAudit]);
            let expected = |other: &Permission| *other == permission || *other == Permission::ReadAudit;
            assert!(set.iter().eq(Permission::ALL.into_iter().filter(expected)));
        }
    }

    /// Columns as in [`Role::ALL`]: owner, admin, hr, manager, employee.
    const TABLE: &str = "
        ReadDirectory            everyone everyone everyone everyone everyone
        ReadTerminatedEmployees  everyone everyone everyone nobody   own
        ReadPrivateDetails       everyone everyone everyone own      own
        ReadSalaries             everyone everyone everyone reports  own
        HireEmployees            everyone everyone everyone nobody   nobody
        UpdateEmployees          everyone everyone everyone nobody   nobody
        TransferEmployees        everyone everyone everyone nobody   nobody
        ChangeManagers           everyone everyone everyone nobody   nobody
        TerminateEmployees       everyone everyone everyone nobody   nobody
        RehireEmployees          everyone everyone everyone nobody   nobody
        UpdateContactDetails     everyone everyone everyone own      own
        ManageDepartments        everyone everyone everyone nobody   nobody
        ManagePositions          everyone everyone everyone nobody   nobody
        ManageLocations          everyone everyone everyone nobody   nobody
        ReadAudit                everyone everyone everyone nobody   nobody
        ManageMembers            everyone everyone nobody   nobody   nobody
        ManageApiKeys            everyone everyone nobody   nobody   nobody
        ManageSignIn             everyone everyone nobody   nobody   nobody
        ManageDomains            everyone everyone nobody   nobody   nobody
        ManageTenant             everyone nobody   nobody   nobody   nobody";

    #[test]
    fn every_role_and_permission_is_as_the_table_says() {
        let expected: Vec<Vec<String>> =
            TABLE.trim().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        let actual: Vec<Vec<String>> = Permission::ALL
            .iter()
            .map(|permission| {
                let reaches = Role::ALL.map(|role| format!("{:?}", permission.reach(role)).to_lowercase());
                std::iter::once(format!("{permission:?}")).chain(reaches).collect()
            })
            .collect();
        assert_eq!(actual, expected);
    }
}
