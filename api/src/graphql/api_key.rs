//! API keys: what programs get in by.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, plan::Feature};
use entities::{id::ApiKeyId, platform::api_key::Model};
use serde::Serialize;

use super::{
    connection::{Arguments, Connection, Listed},
    context::{RequestContext, ResolverContext},
    id,
    permission::Permission,
    resolved::Resolved,
};
use crate::auth::{NewApiKey, permissions_of};

/// The most keys on a page.
const MOST: i32 = 100;
/// Page size when the request gives none.
const USUAL: u32 = 50;

/// What a program gets in by. It is good for this organisation alone, and for what its permissions name.
pub struct ApiKey(pub Model);

/// What a program gets in by. It is good for this organisation alone, and for what its permissions name.
#[Object]
impl ApiKey {
    /// The key's opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// What the key is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// A few characters of the key, to tell keys apart.
    async fn hint(&self) -> &str {
        &self.0.token_hint
    }

    /// What the key may do.
    async fn permissions(&self) -> Vec<Permission> {
        permissions_of(&self.0).iter().map(Permission::from).collect()
    }

    /// The name of whoever made the key.
    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    /// When the key was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the key ends by itself; null for never.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When the key was last used, to the minute; null for never.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }

    /// When the key was ended; null for a key that was not.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

impl Listed for ApiKey {
    const CONNECTION: &'static str = "ApiKeyConnection";
    const EDGE: &'static str = "ApiKeyEdge";
    type List = ();

    fn cursor(&self, (): &()) -> impl Serialize {
        self.0.id
    }

    async fn count(request: &RequestContext, (): &()) -> Result<u64, Error> {
        request.front_door.auth.api_keys().count(request.domain(), request.tenant.id).await
    }
}

/// The query of API keys.
#[derive(Default)]
pub struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The organisation's API keys, also those that have ended. Newest first; at most 100 a page (default 50).
    async fn api_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<ApiKey>>> {
        let request = ctx.member()?;
        let paging = Arguments::forward(first, after).paging::<ApiKeyId>(MOST)?;
        let first = paging.first.and_then(|first| u32::try_from(first).ok()).unwrap_or(USUAL);
        let keys = request.front_door.auth.api_keys();
        let page = keys.list(request.domain(), request.tenant.id, first, paging.after).await?;
        Ok(Connection::new(page, (), ApiKey).resolved())
    }
}

/// A new API key.
#[derive(Debug, InputObject)]
pub struct CreateApiKeyInput {
    /// What the key is for; at most 100 characters.
    name: String,
    /// What the key may do; at least one, and none that is for people alone.
    permissions: Vec<Permission>,
    /// When the key ends by itself; left out, it does not.
    expires_at: Option<DateTime<Utc>>,
}

/// A new API key, and its text.
#[derive(SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The key.
    api_key: Resolved<'static, ApiKey>,
    /// The text for the header `Authorization: Bearer`. It is shown this once, and cannot be had again.
    token: String,
}

/// The key as it is after the change.
#[derive(SimpleObject)]
pub struct EndApiKeyPayload {
    /// The key as it is after the change.
    api_key: Resolved<'static, ApiKey>,
}

/// The mutations of API keys.
#[derive(Default)]
pub struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Makes an API key.
    async fn create_api_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new key.")] input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let request = ctx.user_of(Feature::ApiKeys).await?;
        let permissions = input.permissions.into_iter().map(Into::into).collect();
        let new = NewApiKey { name: input.name, permissions, expires_at: input.expires_at };
        let keys = request.front_door.auth.api_keys();
        let (key, token, entry) = keys.create(request.domain(), request.tenant.id, new).await?;
        request.front_door.auth.deliver(&request.auditor(), [entry]).await;
        Ok(CreateApiKeyPayload { api_key: Resolved::made(ApiKey(key)), token })
    }

    /// Ends an API key, for good and at once.
    async fn end_api_key(&self, ctx: &Context<'_>, #[graphql(desc = "The key's opaque id.")] id: ID) -> Result<EndApiKeyPayload> {
        let request = ctx.closer().await?;
        let keys = request.front_door.auth.api_keys();
        let (key, entry) = keys.end(request.domain(), request.tenant.id, id::decode(&id)?).await?;
        // Past the request's own connection, which writes nothing where the organisation may only be read.
        request.front_door.auth.deliver(&request.auditor(), entry).await;
        Ok(EndApiKeyPayload { api_key: Resolved::made(ApiKey(key)) })
    }
}
