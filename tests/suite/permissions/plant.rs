//! What usually comes by mail, put into the control plane with a token that the test knows.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use domain::Role;
use entities::{
    id::{ExportId, InvitationId},
    platform::{account, export, invitation, membership, password_reset},
};
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set, sea_query::Expr};
use sha2::{Digest as _, Sha256};
use tenancy::PlatformConnection;
use tests::{Company, opaque};

/// Puts things into the control plane.
pub(super) struct Plant<'a> {
    company: &'a Company<'a>,
    platform: PlatformConnection,
    /// Somebody with a password.
    account: account::Model,
}

impl<'a> Plant<'a> {
    pub(super) async fn of(company: &'a Company<'a>, email: &str) -> Self {
        let platform = company.server.tenants().platform();
        let account = account::Entity::find().filter(account::Column::Email.eq(email)).one(&platform).await.unwrap().unwrap();
        Self { company, platform, account }
    }

    /// An invitation that was sent a while ago: its id and its token.
    pub(super) async fn invitation(&self, email: &str) -> (String, String) {
        let (token, hash) = token();
        let (id, now) = (InvitationId::generate(), Utc::now());
        let row = invitation::ActiveModel {
            id: Set(id),
            tenant_id: Set(self.company.tenant.id.0),
            email: Set(email.to_owned()),
            role: Set(Role::Employee),
            employee_id: Set(None),
            token_hash: Set(Some(hash)),
            invited_by: Set("the owner".to_owned()),
            created_at: Set(now - TimeDelta::hours(1)),
            expires_at: Set(now + TimeDelta::days(1)),
        };
        row.insert(&self.platform).await.unwrap();
        (opaque(id), token)
    }

    /// An export that can be downloaded.
    pub(super) async fn export(&self) -> String {
        let (id, now) = (ExportId::generate(), Utc::now());
        let row = export::ActiveModel {
            id: Set(id),
            tenant_id: Set(self.company.tenant.id.0),
            asked_by: Set(self.account.id),
            format: Set(export::Format::Csv),
            state: Set(export::State::Done),
            asked_at: Set(now),
            due_at: Set(now),
            tries: Set(1),
            expires_at: Set(Some(now + TimeDelta::days(1))),
            ..Default::default()
        };
        row.insert(&self.platform).await.unwrap();
        opaque(id)
    }

    /// A way to a new password for an account that nobody uses otherwise.
    pub(super) async fn password_reset(&self, unique: &str) -> String {
        let (token, hash) = token();
        let now = Utc::now();
        let name = unique.replace(' ', "");
        let email = format!("{name}@{}.test", self.company.tenant.slug).to_lowercase();
        let new = api::auth::NewAccount::parse(&email, None, Some("a password before")).unwrap();
        let account = api::auth::join(&self.platform, &new, self.company.tenant.id, Role::Employee, None, now).await.unwrap();
        let row = password_reset::ActiveModel {
            token_hash: Set(hash),
            account_id: Set(account),
            created_at: Set(now),
            expires_at: Set(now + TimeDelta::hours(1)),
        };
        row.insert(&self.platform).await.unwrap();
        token
    }

    /// Gives everybody who has no password the one of the account.
    pub(super) async fn passwords(&self) {
        let members = membership::Entity::find().filter(membership::Column::TenantId.eq(self.company.tenant.id.0));
        let members = members.all(&self.platform).await.unwrap().into_iter().map(|member| member.account_id);
        account::Entity::update_many()
            .col_expr(account::Column::PasswordHash, Expr::value(self.account.password_hash.clone()))
            .filter(account::Column::PasswordHash.is_null())
            .filter(account::Column::Id.is_in(members))
            .exec(&self.platform)
            .await
            .unwrap();
    }
}

fn token() -> (String, Vec<u8>) {
    let bytes = rand::random::<[u8; 32]>();
    (URL_SAFE_NO_PAD.encode(bytes), Sha256::digest(bytes).to_vec())
}
