//! What a provider says of somebody.

use domain::{
    Role,
    value::{EmailAddress, FromText as _, PersonName},
};
use entities::platform::identity_provider::Model;
use serde_json::{Map, Value};

use super::settings::roles_of;

/// The role that the provider's claims give: the mightiest of those that the tenant maps, else the default. Never that of an
/// owner, whatever is stored.
pub(super) fn role(provider: &Model, claims: &Map<String, Value>) -> Option<Role> {
    let values = provider.role_claim.as_deref().and_then(|name| find(claims, name));
    let values: Vec<&str> = match values {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mapped = roles_of(provider).into_iter().filter(|(value, _)| values.contains(&value.as_str())).map(|(_, role)| role);
    // The mightiest role is the least.
    mapped.filter(|role| *role != Role::Owner).min().or(provider.default_role).filter(|role| *role != Role::Owner)
}

/// Whether the provider decides about the roles of those who are members already. Where the tenant maps no claim to roles, it leaves
/// them to its administrators, and the default is for those alone who come for the first time.
pub(super) fn decides_roles(provider: &Model) -> bool {
    provider.role_claim.is_some() && !roles_of(provider).is_empty()
}

/// A claim by its name, or by its path, as in `realm_access.roles`.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })
}

/// The e-mail address, if the provider has verified it.
pub(super) fn verified_email(claims: &Map<String, Value>) -> Option<String> {
    let is_verified = match claims.get("email_verified")? {
        Value::Bool(verified) => *verified,
        Value::String(text) => text == "true",
        _ => false,
    };
    let email = claims.get("email")?.as_str().filter(|_| is_verified)?;
    Some(EmailAddress::from_text("email", email).ok()?.into_text().to_lowercase())
}

/// The name, for people; none where the provider says none that can be shown.
pub(super) fn name(claims: &Map<String, Value>) -> Option<String> {
    ["name", "preferred_username", "client_id"]
        .into_iter()
        .filter_map(|claim| claims.get(claim)?.as_str())
        .find_map(|text| PersonName::from_text("name", text).ok())
        .map(PersonName::into_text)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rstest::rstest;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn provider(claim: &str, default_role: Option<Role>) -> Model {
        Model {
            tenant_id: Uuid::nil(),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            audience: None,
            role_claim: Some(claim.to_owned()),
            roles: json!({ "people": "hr", "leads": "manager", "kings": "owner", "odd": "emperor" }),
            default_role,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn claims(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    #[rstest]
    #[case(json!({ "groups": "people" }), Some(Role::Hr))]
    #[case(json!({ "groups": ["leads", "people"] }), Some(Role::Hr))]
    #[case(json!({ "groups": ["leads", 7, null] }), Some(Role::Manager))]
    #[case(json!({ "groups": ["kings", "odd"] }), None)]
    #[case(json!({ "groups": { "people": true } }), None)]
    #[case(json!({ "groups": ["People"] }), None)]
    #[case(json!({}), None)]
    fn roles(#[case] value: Value, #[case] expected: Option<Role>) {
        assert_eq!(role(&provider("groups", None), &claims(value.clone())), expected);
        let usual = role(&provider("groups", Some(Role::Employee)), &claims(value));
        assert_eq!(usual, expected.or(Some(Role::Employee)));
    }

    #[test]
    fn the_roles_of_members_follow_a_claim_that_is_mapped_and_nothing_else() {
        let usual = || provider("groups", Some(Role::Employee));
        assert!(decides_roles(&usual()));
        assert!(!decides_roles(&Model { role_claim: None, ..usual() }));
        assert!(!decides_roles(&Model { roles: json!({}), ..usual() }));
    }

    #[test]
    fn a_default_is_never_an_owner() {
        assert_eq!(role(&provider("groups", Some(Role::Owner)), &Map::new()), None);
    }

    #[test]
    fn a_claim_has_a_name_or_a_path() {
        let nested = claims(json!({ "realm": { "roles": ["leads"] }, "https://acme.example/roles": "people" }));
        assert_eq!(role(&provider("realm.roles", None), &nested), Some(Role::Manager));
        assert_eq!(role(&provider("https://acme.example/roles", None), &nested), Some(Role::Hr));
    }

    #[rstest]
    #[case(json!({ "email": "Ann@Example.test", "email_verified": true }), Some("ann@example.test"))]
    #[case(json!({ "email": "ann@example.test", "email_verified": "true" }), Some("ann@example.test"))]
    #[case(json!({ "email": "ann@example.test", "email_verified": false }), None)]
    #[case(json!({ "email": "ann@example.test", "email_verified": 1 }), None)]
    #[case(json!({ "email": "ann@example.test" }), None)]
    #[case(json!({ "email_verified": true }), None)]
    #[case(json!({ "email": "nobody", "email_verified": true }), None)]
    fn an_address_counts_when_it_is_verified(#[case] value: Value, #[case] expected: Option<&str>) {
        assert_eq!(verified_email(&claims(value)).as_deref(), expected);
    }
}
