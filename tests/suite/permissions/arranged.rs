//! How each mutation is called, with an input that succeeds for those who may.

use domain::Role;
use entities::id::PasskeyId;
use serde_json::{Value, json};
use tests::{Caller, opaque};

use super::scene::{Scene, api_key, location};

impl Scene<'_> {
    /// Makes what a mutation needs, fresh for each request, and the mutation.
    pub(super) async fn arrange(&self, caller: &Caller, mutation: &str, on: &str, unique: &str) -> (String, Value) {
        if let Some(prepared) = self.arrange_own(caller, mutation, on).await {
            return prepared;
        }
        if let Some(prepared) = self.arrange_address_or_support(mutation, unique).await {
            return prepared;
        }
        let own = opaque(self.company.manager.id);
        let colleague = opaque(self.company.colleague.id);
        let input = match (mutation, on) {
            ("signIn", _) => json!({ "email": self.email, "password": self.password }),
            ("refresh", _) => {
                let session = self.company.anonymous().sign_in(&self.email, &self.password).await;
                let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken } }";
                return (query.to_owned(), json!({ "token": session.text("/signIn/refreshToken") }));
            }
            ("signOut", _) => return ("mutation { signOut { signedOut } }".to_owned(), json!({})),
            ("requestPasswordReset", _) => json!({ "email": self.email }),
            ("resetPassword", _) => json!({ "token": self.plant().await.password_reset(unique).await, "newPassword": unique }),
            ("changePassword", _) => {
                self.plant().await.passwords().await;
                json!({ "currentPassword": self.password, "newPassword": format!("{unique} and new") })
            }
            ("inviteMember", "an owner") => json!({ "email": self.address(unique), "role": "OWNER" }),
            ("inviteMember", _) => json!({ "email": self.address(unique), "role": "EMPLOYEE" }),
            ("acceptInvitation", _) => {
                let (_, token) = self.plant().await.invitation(&self.address(unique)).await;
                json!({ "token": token, "name": "New", "password": "a long password" })
            }
            ("resendInvitation", _) => {
                let (id, _) = self.plant().await.invitation(&self.address(unique)).await;
                let query = "mutation($id: ID!) { resendInvitation(id: $id) { __typename } }";
                return (query.to_owned(), json!({ "id": id }));
            }
            ("withdrawInvitation", _) => {
                return delete(mutation, &self.plant().await.invitation(&self.address(unique)).await.0);
            }
            ("changeMemberRole", "of an owner") => json!({ "accountId": self.member(Role::Owner).await, "role": "ADMIN" }),
            ("changeMemberRole", _) => json!({ "accountId": self.member(Role::Employee).await, "role": "HR" }),
            ("linkMember", _) => json!({ "accountId": self.member(Role::Employee).await, "employeeId": colleague }),
            ("removeMember", on) => {
                let role = if on == "an owner" { Role::Owner } else { Role::Employee };
                let query = "mutation($id: ID!) { removeMember(accountId: $id) { deletedId } }";
                return (query.to_owned(), json!({ "id": self.member(role).await }));
            }
            ("hireEmployee", _) => self.newcomer(unique),
            ("updateEmployee", "own contact details") => json!({ "id": own, "phone": "2" }),
            ("updateEmployee", "own name") => json!({ "id": own, "familyName": "Chosen" }),
            ("updateEmployee", "own salary") => json!({ "id": own, "salary": { "amount": "2", "currency": "EUR" } }),
            ("updateEmployee", "a report's contact details") => json!({ "id": self.report(unique).await, "phone": "2" }),
            ("updateEmployee", "a report's salary") => {
                json!({ "id": self.report(unique).await, "salary": { "amount": "2", "currency": "EUR" } })
            }
            ("updateEmployee", _) => json!({ "id": colleague, "phone": "2" }),
            ("transferEmployee" | "changeManager", _) => json!({ "id": self.report(unique).await, "managerId": colleague }),
            ("terminateEmployee", "oneself") => json!({ "id": own, "terminatedOn": "2025-06-30" }),
            ("terminateEmployee", "a report") => json!({ "id": self.report(unique).await, "terminatedOn": "2025-06-30" }),
            ("terminateEmployee", _) => {
                let id = self.made("hireEmployee", "employee", self.newcomer(unique)).await;
                json!({ "id": id, "terminatedOn": "2025-06-30" })
            }
            ("rehireEmployee", _) => {
                let id = self.report(unique).await;
                let leave = json!({ "id": id, "terminatedOn": "2025-06-30" });
                self.hr.mutate("terminateEmployee", leave, "__typename").await.data("");
                json!({ "id": id, "hiredOn": "2025-09-01" })
            }
            ("createDepartment" | "renameTenant", _) => json!({ "name": unique }),
            ("renameDepartment", _) => json!({ "id": self.department(unique).await, "name": format!("{unique} renamed") }),
            ("moveDepartment", _) => {
                json!({ "id": self.department(unique).await, "parentId": opaque(self.company.department.id) })
            }
            ("mergeDepartments", _) => {
                json!({ "sourceId": self.department(unique).await, "targetId": opaque(self.company.department.id) })
            }
            ("createPosition", _) => json!({ "title": unique }),
            ("renamePosition", _) => json!({ "id": self.position(unique).await, "title": format!("{unique} renamed") }),
            ("mergePositions", _) => {
                json!({ "sourceId": self.position(unique).await, "targetId": opaque(self.company.position.id) })
            }
            ("createLocation", _) => location(unique),
            ("renameLocation", _) => json!({ "id": self.location(unique).await, "name": format!("{unique} renamed") }),
            ("createApiKey", _) => api_key(unique),
            ("endApiKey", _) => {
                let admin = self.company.caller(Role::Admin);
                let made = admin.mutate("createApiKey", api_key(unique), "apiKey { id }").await;
                let query = "mutation($id: ID!) { endApiKey(id: $id) { __typename } }";
                return (query.to_owned(), json!({ "id": made.text("/createApiKey/apiKey/id") }));
            }
            ("setIdentityProvider", _) => {
                json!({ "name": unique, "issuer": self.provider.issuer, "clientId": "tenantry" })
            }
            ("removeIdentityProvider", _) => {
                return ("mutation { removeIdentityProvider { removed } }".to_owned(), json!({}));
            }
            (name, _) => return self.arrange_deletion(name, unique).await,
        };
        with_input(mutation, &input)
    }

    /// The same for mutations that delete something of the organisation.
    async fn arrange_deletion(&self, mutation: &str, unique: &str) -> (String, Value) {
        let id = match mutation {
            "deleteDepartment" => self.department(unique).await,
            "deletePosition" => self.position(unique).await,
            "deleteLocation" => self.location(unique).await,
            name => panic!("it is not known how to call {name}"),
        };
        delete(mutation, &id)
    }

    /// The same for mutations of the organisation's addresses, of which none asks DNS, and of support access.
    async fn arrange_address_or_support(&self, mutation: &str, unique: &str) -> Option<(String, Value)> {
        let host = format!("{}.example", unique.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-"));
        let of_host = |host: &str| {
            let query = format!("mutation($hostname: String!) {{ {mutation}(hostname: $hostname) {{ __typename }} }}");
            (query, json!({ "hostname": host }))
        };
        Some(match mutation {
            "addDomain" => with_input(mutation, &json!({ "hostname": host })),
            "checkDomain" | "makeDomainPrimary" => of_host(&self.company.host()),
            "removeDomain" => {
                let admin = self.company.caller(Role::Admin);
                admin.mutate("addDomain", json!({ "hostname": host }), "__typename").await.data("");
                of_host(&host)
            }
            "consentToSupport" | "refuseSupport" | "endSupport" => {
                let grant = self.company.support_grant(mutation == "endSupport").await;
                let query = format!("mutation($id: ID!) {{ {mutation}(id: $id) {{ __typename }} }}");
                (query, json!({ "id": opaque(grant.id) }))
            }
            "redirectToPrimaryDomain" => {
                ("mutation { redirectToPrimaryDomain(enabled: true) { __typename } }".to_owned(), json!({}))
            }
            _ => return None,
        })
    }

    /// The same for what is about one's own account. Those who ask here have no password.
    async fn arrange_own(&self, caller: &Caller, mutation: &str, on: &str) -> Option<(String, Value)> {
        let challenge = "AAAAAAAAAAAAAAAAAAAAAA";
        let input = match (mutation, on) {
            ("beginPasskeySignIn", _) => return Some(("mutation { beginPasskeySignIn { challenge } }".to_owned(), json!({}))),
            ("endOtherSessions", _) => return Some(("mutation { endOtherSessions { ended } }".to_owned(), json!({}))),
            ("endSession", "one's own") => {
                let answer = caller.ask("{ security { sessions { id current } } }").await.body;
                let sessions = answer.pointer("/data/security/sessions").and_then(Value::as_array);
                let own = sessions.into_iter().flatten().find(|session| session["current"] == true);
                let id = own.map_or("nobody's", |session| session["id"].as_str().unwrap());
                return Some(delete(mutation, id));
            }
            ("endSession", _) => return Some(delete(mutation, &opaque(self.company.members[0].session))),
            ("removePasskey", _) => return Some(delete(mutation, &opaque(PasskeyId::generate()))),
            ("enter", _) => json!({ "code": "nonsense", "nonce": "of nobody" }),
            ("completeSignIn", _) => json!({ "challenge": challenge, "code": "123456" }),
            ("completePasskeySignIn", _) => json!({ "challenge": challenge, "credential": {} }),
            ("completePasskeyRegistration", _) => json!({ "challenge": challenge, "name": "x", "credential": {} }),
            ("confirmAuthenticator", _) => json!({ "code": "123456" }),
            (
                "setUpAuthenticator" | "removeAuthenticator" | "replaceRecoveryCodes" | "beginPasskeyRegistration",
                "a wrong password",
            ) => json!({ "password": "wrong password" }),
            ("requestExport", _) => json!({}),
            ("downloadExport", _) => {
                let id = self.plant().await.export().await;
                let query = "mutation($id: ID!) { downloadExport(id: $id) { __typename } }";
                return Some((query.to_owned(), json!({ "id": id })));
            }
            ("requestTenantDeletion", _) => {
                json!({ "slug": self.company.tenant.slug.as_str(), "password": "wrong password" })
            }
            _ => return None,
        };
        Some(with_input(mutation, &input))
    }
}

fn with_input(mutation: &str, input: &Value) -> (String, Value) {
    let (first, rest) = mutation.split_at(1);
    let kind = [&first.to_uppercase(), rest, "Input"].concat();
    (format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}"), json!({ "input": input }))
}

fn delete(mutation: &str, id: &str) -> (String, Value) {
    (format!("mutation($id: ID!) {{ {mutation}(id: $id) {{ deletedId }} }}"), json!({ "id": id }))
}
