//! The root of the queries on the apex.

use async_graphql::{Context, MergedObject, Object, Result};

use super::{context::PlatformResolverContext as _, parting::PartingQuery, sign_up::SignUpQuery, workspace::WorkspaceQuery};
use crate::graphql::{security::SecurityQuery, viewer::Account};

/// What can be asked on the apex.
#[derive(MergedObject, Default)]
pub struct Query(AccountQuery, SignUpQuery, WorkspaceQuery, PartingQuery, SecurityQuery);

/// The queries about the one who asks.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The account that is signed in; null for an anonymous request.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        Ok(ctx.platform()?.identity().and_then(|identity| Account::of(identity)))
    }
}
