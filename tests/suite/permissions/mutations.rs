//! The part of the matrix that is written: every mutation.

use std::collections::BTreeSet;

use domain::Role;
use tests::{Company, FakeProvider, Introspection};

use super::{COLUMNS, Table, callers, outcome, scene::Scene};

/// Each mutation, and on what. Some differ by whose record it is.
const DEEDS: [(&str, &str); 71] = [
    ("signIn", ""),
    ("refresh", ""),
    ("signOut", ""),
    ("completeSignIn", "a challenge that is not known"),
    ("beginPasskeySignIn", ""),
    ("completePasskeySignIn", "a challenge that is not known"),
    ("enter", "a code that is not known"),
    ("endSession", "one's own"),
    ("endSession", "a colleague's"),
    ("endOtherSessions", ""),
    ("setUpAuthenticator", "a wrong password"),
    ("confirmAuthenticator", "none is set up"),
    ("removeAuthenticator", "a wrong password"),
    ("replaceRecoveryCodes", "a wrong password"),
    ("beginPasskeyRegistration", "a wrong password"),
    ("completePasskeyRegistration", "a challenge that is not known"),
    ("removePasskey", "a colleague's"),
    ("requestPasswordReset", ""),
    ("resetPassword", ""),
    ("changePassword", ""),
    ("inviteMember", "an employee"),
    ("inviteMember", "an owner"),
    ("resendInvitation", ""),
    ("withdrawInvitation", ""),
    ("acceptInvitation", ""),
    ("changeMemberRole", "of an employee"),
    ("changeMemberRole", "of an owner"),
    ("linkMember", ""),
    ("removeMember", "an employee"),
    ("removeMember", "an owner"),
    ("hireEmployee", ""),
    ("updateEmployee", "own contact details"),
    ("updateEmployee", "own name"),
    ("updateEmployee", "own salary"),
    ("updateEmployee", "a report's contact details"),
    ("updateEmployee", "a report's salary"),
    ("updateEmployee", "a colleague's contact details"),
    ("transferEmployee", "a report"),
    ("changeManager", "of a report"),
    ("terminateEmployee", "a report"),
    ("terminateEmployee", "somebody else"),
    ("terminateEmployee", "oneself"),
    ("rehireEmployee", ""),
    ("createDepartment", ""),
    ("renameDepartment", ""),
    ("moveDepartment", ""),
    ("mergeDepartments", ""),
    ("deleteDepartment", ""),
    ("createPosition", ""),
    ("renamePosition", ""),
    ("mergePositions", ""),
    ("deletePosition", ""),
    ("createLocation", ""),
    ("renameLocation", ""),
    ("deleteLocation", ""),
    ("createApiKey", ""),
    ("endApiKey", ""),
    ("setIdentityProvider", ""),
    ("removeIdentityProvider", ""),
    ("addDomain", ""),
    ("checkDomain", ""),
    ("makeDomainPrimary", ""),
    ("removeDomain", ""),
    ("redirectToPrimaryDomain", ""),
    ("requestExport", ""),
    ("downloadExport", ""),
    ("renameTenant", ""),
    ("requestTenantDeletion", "a wrong password"),
    ("consentToSupport", ""),
    ("refuseSupport", ""),
    ("endSupport", ""),
];

pub(super) async fn table(company: &Company<'_>, schema: &Introspection) -> Table {
    let known: BTreeSet<&str> = DEEDS.iter().map(|(mutation, _)| *mutation).collect();
    for field in schema.fields("Mutation") {
        let name = field.name;
        assert!(
            known.contains(name.as_str()),
            "the matrix of permissions has no entry for the mutation {name}; add one in tests/suite/permissions"
        );
    }
    let account = company.account(Role::Hr).await;
    let provider = FakeProvider::start().await;
    let scene = Scene { company, hr: company.caller(Role::Hr), email: account.email, password: account.password, provider };
    let mut table = Table::new("Mutations");
    for (mutation, on) in DEEDS {
        let mut cells = Vec::new();
        for (caller, column) in callers(company).await.iter().zip(COLUMNS) {
            let unique = format!("{mutation} {on} {column}");
            let (query, variables) = scene.arrange(caller, mutation, on, &unique).await;
            let answer = caller.ask_with(&query, variables).await;
            if column == "operator" && answer.first_code() == Some("FORBIDDEN") {
                // The API itself refuses it, and not only the domain for want of a permission.
                assert!(answer.message().starts_with("Support access is for looking"), "{mutation} {on}: {}", answer.body);
            }
            cells.push(outcome(&answer, &format!("/{mutation}")));
        }
        table.add(format!("{mutation} {on}").trim_end(), cells);
    }
    table
}
