//! Codes that carry a sign-in from the apex to a tenant's host, where it becomes a session of its own.
//!
//! A code is good in the browser alone that asked for it: the tenant's page makes a nonce and keeps it, the apex puts it into the code,
//! and the tenant's page gives both. Otherwise whoever opens a link with somebody else's code would be signed in as that person, and
//! leave there what they write. (`docs/decisions/0024-entry-by-nonce.md`)

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::{AccountId, SessionId},
    platform::{entry_code, session},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use sha2::{Digest as _, Sha256};
use tenancy::TenantId;

use super::{Auth, AuthError, Method, Session, Visitor};

/// A shorter nonce could be guessed; a longer one is nothing that a page makes.
const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 22..=128;

/// How long a code is good.
const LIFETIME: TimeDelta = TimeDelta::seconds(60);

impl Auth {
    /// Makes a code that is good once, for a minute, in one tenant, with the nonce, and as long as the session on the apex is.
    pub async fn make_entry_code(
        &self,
        account: AccountId,
        session: SessionId,
        tenant: TenantId,
        nonce: &str,
        now: DateTime<Utc>,
    ) -> Result<String, AuthError> {
        if !NONCE_LENGTH.contains(&nonce.len()) {
            let message = "A nonce has 22 to 128 characters, made by chance for this one entry.";
            return Err(domain::Error::bad_input("nonce", message).into());
        }
        let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let row = entry_code::ActiveModel {
            code_hash: Set(digest(&code)),
            account_id: Set(account),
            session_id: Set(session),
            tenant_id: Set(tenant.0),
            nonce_hash: Set(Some(digest(nonce))),
            created_at: Set(now),
            expires_at: Set(now + LIFETIME),
        };
        entry_code::Entity::insert(row).exec_without_returning(&self.platform).await?;
        Ok(code)
    }

    /// Begins a session by a code. At another tenant, or with another nonce, it is nothing.
    pub async fn enter(
        &self,
        tenant: TenantId,
        code: &str,
        nonce: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        // Deleted by being read: of two who use it at once, one gets it.
        let spent = entry_code::Entity::delete_many()
            .filter(entry_code::Column::CodeHash.eq(digest(code)))
            .filter(entry_code::Column::TenantId.eq(tenant.0))
            .filter(entry_code::Column::NonceHash.eq(digest(nonce)))
            .filter(entry_code::Column::ExpiresAt.gt(now))
            .exec_with_returning(&self.platform)
            .await?;
        let spent = spent.into_iter().next().ok_or(AuthError::InvalidEntryCode)?;
        // Before the session is looked at: a password that is changed after this ends what is begun, and one that was changed
        // before has ended the session.
        let account = self.account(spent.account_id).await?.ok_or(AuthError::InvalidEntryCode)?;
        session::Entity::find_by_id(spent.session_id)
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now))
            .one(&self.platform)
            .await?
            .ok_or(AuthError::InvalidEntryCode)?;
        match self.begin(Some(tenant), &account, Method::EntryCode, visitor, now).await {
            // The membership has ended since.
            Err(AuthError::InvalidCredentials) => Err(AuthError::InvalidEntryCode),
            other => other,
        }
    }
}

fn digest(code: &str) -> Vec<u8> {
    Sha256::digest(code).to_vec()
}
