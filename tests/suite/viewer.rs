//! Who is signed in, and where.

use domain::Role;
use entities::id::EmployeeId;
use serde_json::{Value, json};
use tests::{Server, opaque};

const VIEWER: &str = "{ tenant { slug name } viewer { role account { email name } employee { id }
    permissions { manageEmployees manageOrganisation readAudit } } }";

#[tokio::test]
async fn the_organisation_is_readable_without_signing_in() {
    let server = Server::start().await;
    let company = server.company().await;
    let answer = company.anonymous().ask("{ tenant { id slug name } viewer { role } }").await.data("");
    assert_eq!(answer["tenant"]["slug"], company.tenant.slug.as_str());
    assert_eq!(answer["tenant"]["name"], company.tenant.name);
    assert_eq!(answer["viewer"], Value::Null);
}

#[tokio::test]
async fn the_viewer_is_who_the_token_says() {
    let server = Server::start().await;
    let company = server.company().await;
    for role in Role::ALL {
        let manages = matches!(role, Role::Owner | Role::Admin | Role::Hr);
        let viewer = company.caller(role).ask(VIEWER).await.data("/viewer");
        let expected = json!({
            "role": role.as_str().to_uppercase(),
            "account": { "email": company.member_with(role).email(), "name": format!("the {role}") },
            "employee": company.record_of(role).map(|id| json!({ "id": opaque(id) })),
            "permissions": { "manageEmployees": manages, "manageOrganisation": manages, "readAudit": manages },
        });
        assert_eq!(viewer, expected);
    }
}

#[tokio::test]
async fn a_record_that_is_not_there_is_none() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    for record in [EmployeeId::generate(), other.member.id] {
        let token = server.signer.token(company.tenant.id, Role::Employee, Some(record)).await;
        let caller = company.anonymous().with_token(Some(token));
        assert_eq!(caller.ask(VIEWER).await.data("/viewer/employee"), Value::Null);
        // And it gives no rights to a record here.
        let input = json!({ "id": opaque(company.member.id), "phone": "1" });
        company.refuses(&caller, "updateEmployee", input, "FORBIDDEN", None).await;
    }
}

#[tokio::test]
async fn a_viewer_of_one_tenant_is_none_of_another() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    for role in Role::ALL {
        let answer = company.caller(role).at(other.host()).ask(VIEWER).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "TENANT_MISMATCH"), "{role}");
        assert!(answer.body.get("data").is_none());
    }
    // The one that was refused left nothing behind for the next.
    let answer = other.anonymous().ask(VIEWER).await.data("");
    assert_eq!(answer["tenant"]["slug"], other.tenant.slug.as_str());
    assert_eq!(answer["viewer"], Value::Null);
}

#[tokio::test]
async fn permissions_on_an_employee_say_what_the_viewer_may_do() {
    let server = Server::start().await;
    let company = server.company().await;
    let permissions = async |role: Role, of: EmployeeId| {
        let query = format!(
            "{{ employee(id: \"{}\") {{ permissions {{ update updateOwnContact seePrivate seeSalary }} }} }}",
            opaque(of)
        );
        let answer = company.caller(role).ask(&query).await.data("/employee/permissions");
        ["update", "updateOwnContact", "seePrivate", "seeSalary"].map(|name| answer[name].as_bool().unwrap())
    };
    let (manager, member, colleague) = (company.manager.id, company.member.id, company.colleague.id);
    assert_eq!(permissions(Role::Hr, member).await, [true, false, true, true]);
    assert_eq!(permissions(Role::Owner, company.chief.id).await, [true, true, true, true]);
    assert_eq!(permissions(Role::Manager, manager).await, [false, true, true, true]);
    assert_eq!(permissions(Role::Manager, member).await, [false, false, false, true]);
    assert_eq!(permissions(Role::Manager, colleague).await, [false, false, false, false]);
    assert_eq!(permissions(Role::Employee, member).await, [false, true, true, true]);
    assert_eq!(permissions(Role::Employee, manager).await, [false, false, false, false]);
}
