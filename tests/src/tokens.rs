//! Tokens: good ones without a password, and forged ones.

use api::{app::App, auth::Claims};
use chrono::{DateTime, Utc};
use domain::Role;
use entities::{
    id::{AccountId, EmployeeId, SessionId},
    platform::{account, membership, session, signing_key},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::Expr};
use tenancy::{PlatformConnection, TenantId};

/// Signs tokens with the program's key, for sessions that are really there.
pub struct Signer {
    platform: PlatformConnection,
    key_id: String,
    private_key: Vec<u8>,
    issuer: String,
}

/// A member with a session.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The tenant.
    pub tenant: TenantId,
    /// The role.
    pub role: Role,
}

impl Member {
    /// The address of the account.
    pub fn email(&self) -> String {
        format!("{}.{}@example.test", self.role, self.account)
    }
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
        let platform = app.tenants.platform();
        let key = signing_key::Entity::find().one(&platform).await.unwrap().expect("there is no signing key");
        Self { platform, key_id: key.id, private_key: key.private_key, issuer: app.hosts.base().to_string() }
    }

    /// Makes members of a tenant, each with an account and a session of its own.
    pub async fn members(&self, tenant: TenantId, roles: &[(Role, Option<EmployeeId>)]) -> Vec<Member> {
        let now = Utc::now();
        let members: Vec<Member> = roles
            .iter()
            .map(|(role, _)| Member { account: AccountId::generate(), session: SessionId::generate(), tenant, role: *role })
            .collect();
        let accounts = members.iter().map(|member| account::ActiveModel {
            id: Set(member.account),
            email: Set(member.email()),
            name: Set(format!("the {}", member.role)),
            password_hash: Set(None),
            password_changed_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        });
        account::Entity::insert_many(accounts).exec_without_returning(&self.platform).await.unwrap();
        let memberships = members.iter().zip(roles).map(|(member, (role, employee))| membership::ActiveModel {
            account_id: Set(member.account),
            tenant_id: Set(tenant.0),
            role: Set(*role),
            employee_id: Set(*employee),
            created_at: Set(now),
        });
        membership::Entity::insert_many(memberships).exec_without_returning(&self.platform).await.unwrap();
        let sessions = members.iter().map(|member| session::ActiveModel {
            id: Set(member.session),
            account_id: Set(member.account),
            tenant_id: Set(Some(tenant.0)),
            refresh_secret: Set(Vec::new()),
            generation: Set(1),
            rotated_at: Set(None),
            created_at: Set(now),
            expires_at: Set(DateTime::from_timestamp_secs(4_102_444_800).unwrap()),
            ended_at: Set(None),
            method: Set("password".to_owned()),
            address: Set(None),
            host: Set(None),
            user_agent: Set(None),
        });
        session::Entity::insert_many(sessions).exec_without_returning(&self.platform).await.unwrap();
        members
    }

    /// Makes one member of a tenant.
    pub async fn member(&self, tenant: TenantId, role: Role, employee: Option<EmployeeId>) -> Member {
        self.members(tenant, &[(role, employee)]).await.remove(0)
    }

    /// The claims of a good token.
    pub fn claims(&self, member: &Member) -> Claims {
        let now = Utc::now().timestamp();
        Claims {
            iss: self.issuer.clone(),
            aud: member.tenant.to_string(),
            sub: member.account.uuid(),
            // A clock that a test holds still falls behind that of the machine.
            iat: now - 120,
            nbf: now - 120,
            exp: now + 600,
            sid: member.session.uuid(),
            name: format!("the {}", member.role),
            email: member.email(),
            role: Some(member.role.as_str().to_owned()),
            support: None,
        }
    }

    /// A good token of a new member.
    pub async fn token(&self, tenant: TenantId, role: Role, employee: Option<EmployeeId>) -> String {
        self.forgery(tenant, role, employee).await.sign()
    }

    /// A good token of a member's session on the apex.
    pub async fn platform_token(&self, tenant: TenantId) -> String {
        let member = self.member(tenant, Role::Owner, None).await;
        session::Entity::update_many()
            .col_expr(session::Column::TenantId, Expr::value(None::<uuid::Uuid>))
            .filter(session::Column::Id.eq(member.session))
            .exec(&self.platform)
            .await
            .unwrap();
        let mut forgery = self.forgery_of(&member);
        forgery.claims["aud"] = serde_json::json!("platform");
        forgery.sign()
    }

    /// A good token of a new member that can be spoilt before it is signed.
    pub async fn forgery(&self, tenant: TenantId, role: Role, employee: Option<EmployeeId>) -> Forgery {
        self.forgery_of(&self.member(tenant, role, employee).await)
    }

    /// A good token of a member that can be spoilt before it is signed.
    pub fn forgery_of(&self, member: &Member) -> Forgery {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        let claims = serde_json::to_value(self.claims(member)).unwrap();
        Forgery { header, claims, key: EncodingKey::from_ed_der(&self.private_key) }
    }
}
