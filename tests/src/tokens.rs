//! Tokens: good ones without a password, and forged ones.

use api::{app::App, auth::Claims};
use chrono::Utc;
use domain::Role;
use entities::{id::EmployeeId, platform::signing_key};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sea_orm::EntityTrait;
use tenancy::TenantId;
use uuid::Uuid;

/// Signs tokens with the program's key.
pub struct Signer {
    key_id: String,
    private_key: Vec<u8>,
    issuer: String,
}

/// A token that deviates from a good one.
pub struct Forgery {
    /// The header.
    pub header: Header,
    /// The claims, as JSON, so that any of them can be left out.
    pub claims: serde_json::Value,
    /// What it is signed with.
    pub key: EncodingKey,
}

impl Forgery {
    /// The token as text.
    pub fn sign(&self) -> String {
        encode(&self.header, &self.claims, &self.key).expect("a token cannot be signed")
    }
}

impl Signer {
    pub(crate) async fn load(app: &App) -> Self {
        let key = signing_key::Entity::find().one(&app.tenants.platform()).await.unwrap().expect("there is no signing key");
        Self { key_id: key.id, private_key: key.private_key, issuer: app.hosts.base().to_string() }
    }

    /// The claims of a good token.
    pub fn claims(&self, tenant: TenantId, role: Role, employee: Option<EmployeeId>) -> Claims {
        let now = Utc::now().timestamp();
        Claims {
            iss: self.issuer.clone(),
            aud: tenant.to_string(),
            sub: Uuid::now_v7(),
            iat: now,
            nbf: now,
            exp: now + 600,
            sid: Uuid::now_v7(),
            name: format!("the {role}"),
            email: format!("{role}@example.test"),
            role: role.as_str().to_owned(),
            employee: employee.map(EmployeeId::uuid),
        }
    }

    /// A good token.
    pub fn token(&self, tenant: TenantId, role: Role, employee: Option<EmployeeId>) -> String {
        self.forgery(tenant, role, employee).sign()
    }

    /// A good token that can be spoilt before it is signed.
    pub fn forgery(&self, tenant: TenantId, role: Role, employee: Option<EmployeeId>) -> Forgery {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let claims = serde_json::to_value(self.claims(tenant, role, employee)).unwrap();
        Forgery { header, claims, key: EncodingKey::from_ed_der(&self.private_key) }
    }
}
