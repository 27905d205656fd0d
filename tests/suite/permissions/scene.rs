//! What mutations are about: people and things, made fresh for each request.

use domain::Role;
use serde_json::{Value, json};
use tests::{Caller, Company, FakeProvider, opaque};

use super::plant::Plant;

/// The organisation that is acted on, and what makes people and things in it.
pub(super) struct Scene<'a> {
    pub(super) company: &'a Company<'a>,
    pub(super) hr: Caller,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) provider: FakeProvider,
}

impl Scene<'_> {
    pub(super) fn address(&self, unique: &str) -> String {
        let local: String = unique.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{local}@{}.test", self.company.tenant.slug)
    }

    pub(super) async fn plant(&self) -> Plant<'_> {
        Plant::of(self.company, &self.email).await
    }

    pub(super) async fn member(&self, role: Role) -> String {
        opaque(self.company.server.signer.member(self.company.tenant.id, role, None).await.account)
    }

    pub(super) fn newcomer(&self, unique: &str) -> Value {
        let local: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
        json!({
            "givenName": "New", "familyName": "Comer", "workEmail": format!("{local}@example.test"),
            "departmentId": opaque(self.company.department.id), "positionId": opaque(self.company.position.id),
            "hiredOn": "2024-03-01",
        })
    }

    /// Somebody who reports to whoever asks.
    pub(super) async fn report(&self, unique: &str) -> String {
        let mut input = self.newcomer(unique);
        input["managerId"] = json!(opaque(self.company.manager.id));
        self.made("hireEmployee", "employee", input).await
    }

    pub(super) async fn department(&self, unique: &str) -> String {
        self.made("createDepartment", "department", json!({ "name": unique })).await
    }

    pub(super) async fn position(&self, unique: &str) -> String {
        self.made("createPosition", "position", json!({ "title": unique })).await
    }

    pub(super) async fn location(&self, unique: &str) -> String {
        self.made("createLocation", "location", location(unique)).await
    }

    pub(super) async fn made(&self, mutation: &str, noun: &str, input: Value) -> String {
        let answer = self.hr.mutate(mutation, input, &format!("{noun} {{ id }}")).await;
        answer.text(&format!("/{mutation}/{noun}/id"))
    }
}

pub(super) fn api_key(unique: &str) -> Value {
    json!({ "name": unique, "permissions": ["READ_DIRECTORY"] })
}

pub(super) fn location(unique: &str) -> Value {
    json!({ "name": unique, "countryCode": "CH", "timeZone": "Europe/Zurich" })
}
