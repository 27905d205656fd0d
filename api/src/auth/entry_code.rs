//! Codes that carry a sign-in from the apex to a tenant's host, where it becomes a session of its own.
//!
//! A code is good in the browser alone that asked for it: the tenant's page makes a nonce and keeps it, the apex puts it into the code,
//! and the tenant's page gives both. Otherwise whoever opens a link with somebody else's code would be signed in as that person, and
//! leave there what they write. (`docs/decisions/0024-entry-by-nonce.md`)

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::{AccountId, SessionId},
    platform::{entry_code, session},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use sha2::{Digest as _, Sha256};
use tenancy::{Tenant, TenantId};

use super::{Auth, AuthError, Method, Session, Visitor};

/// A shorter nonce could be guessed; a longer one is nothing that a page makes.
const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 22..=128;

/// How long a code is good.
pub(super) const LIFETIME: TimeDelta = TimeDelta::seconds(60);

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
        check_nonce(nonce)?;
        let code = make_code();
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

    /// Begins a session by a code: a member's, or that of an operator who was let in. At another tenant, or with another nonce, it is
    /// nothing.
    pub async fn enter(
        &self,
        tenant: &Arc<Tenant>,
        code: &str,
        nonce: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        // Deleted by being read: of two who use it at once, one gets it.
        let spent = entry_code::Entity::delete_many()
            .filter(entry_code::Column::CodeHash.eq(digest(code)))
            .filter(entry_code::Column::TenantId.eq(tenant.id.0))
            .filter(entry_code::Column::NonceHash.eq(digest(nonce)))
            .filter(entry_code::Column::ExpiresAt.gt(now))
            .exec_with_returning(&self.platform)
            .await?;
        let Some(spent) = spent.into_iter().next() else {
            return self.enter_for_support(tenant, code, nonce, visitor, now).await;
        };
        // Before the session is looked at: a password that is changed after this ends what is begun, and one that was changed
        // before has ended the session.
        let account = self.account(spent.account_id).await?.ok_or(AuthError::InvalidEntryCode)?;
        session::Entity::find_by_id(spent.session_id)
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now))
            .one(&self.platform)
            .await?
            .ok_or(AuthError::InvalidEntryCode)?;
        match self.begin(Some(tenant.id), &account, Method::EntryCode, visitor, now).await {
            // The membership has ended since.
            Err(AuthError::InvalidCredentials) => Err(AuthError::InvalidEntryCode),
            other => other,
        }
    }
}

/// Refuses what could be guessed, and what no page makes.
pub(super) fn check_nonce(nonce: &str) -> Result<(), domain::Error> {
    if NONCE_LENGTH.contains(&nonce.len()) {
        return Ok(());
    }
    Err(domain::Error::bad_input("nonce", "A nonce has 22 to 128 characters, made by chance for this one entry."))
}

/// A code that nobody guesses.
pub(super) fn make_code() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a code, and of a nonce.
pub(super) fn digest(code: &str) -> Vec<u8> {
    Sha256::digest(code).to_vec()
}
