//! The organisations that the one who asks belongs to, and the way to them.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, Principal};
use entities::id::{AccountId, SessionId};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tenancy::{State, Tenant, TenantId};

use super::context::{PlatformContext, PlatformResolverContext as _};
use crate::{
    graphql::{
        id::{self, Kind},
        standing::TenantState,
        viewer::Role,
    },
    http::standing,
};

/// So many tenants are looked up at a time.
const AT_A_TIME: usize = 4;

/// An organisation that the account belongs to.
#[derive(Debug, SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own for whoever asks")]
pub struct Workspace {
    /// The organisation's opaque id.
    id: ID,
    /// The organisation's name, for people.
    name: String,
    /// The organisation's label under the base domain: `acme`.
    slug: String,
    /// The account's role there.
    role: Role,
    /// The organisation's address: `https://acme.example.com`.
    url: String,
    /// Whether it can be entered now; not while it is suspended or being updated.
    available: bool,
    /// What holds for it now.
    state: TenantState,
    /// When it is deleted, if that was asked for.
    delete_at: Option<DateTime<Utc>>,
    /// Whether whoever asks can take its deletion back, by `keepWorkspace`.
    can_be_kept: bool,
    /// Whether whoever asks can ask for its deletion here, by `requestWorkspaceDeletion`: where it is not served, but theirs.
    can_be_deleted: bool,
    /// Whether whoever asks can export it here, by `requestWorkspaceExport`.
    can_be_exported: bool,
    /// Where to pay, or to ask about it: an address of the web or of mail, for owners.
    billing_contact: Option<String>,
    /// Days within which an owner takes the deletion of the organisation back.
    deletion_grace_days: u16,
}

/// Which organisation to enter.
#[derive(InputObject)]
pub struct EnterWorkspaceInput {
    /// The workspace's id.
    id: ID,
    /// A text that the page at the organisation's address has made by chance and keeps: 22 to 128 characters. `enter` asks for it, so
    /// that the code is good in that browser alone.
    #[graphql(secret)]
    nonce: String,
}

/// The way into an organisation.
#[derive(Debug, SimpleObject)]
pub struct EnterWorkspacePayload {
    /// An address in the organisation that begins a session there. It is good once, for a minute; the code behind the `#` goes to no
    /// server's log.
    url: String,
}

/// An organisation that is not deleted after all.
#[derive(Debug, SimpleObject)]
pub struct KeepWorkspacePayload {
    /// The organisation.
    workspace: Workspace,
}

/// The part of the queries that is about one's own organisations.
#[derive(Default)]
pub struct WorkspaceQuery;

#[Object]
impl WorkspaceQuery {
    /// The organisations that the account belongs to, by name. Others are not told, nor how many there are.
    async fn workspaces(&self, ctx: &Context<'_>) -> Result<Vec<Workspace>> {
        let request = ctx.platform()?;
        let (account, _) = asker(request)?;
        let own = request.front_door.auth.own_tenants(account).await?;
        let tenants = &request.front_door.tenants;
        let found: Vec<Option<Workspace>> = stream::iter(own)
            .map(|own| async move {
                let tenant = tenants.directory().by_id(own.tenant).await?;
                Ok::<_, tenancy::Error>(tenant.map(|tenant| workspace(request, &tenant, own.role.into())))
            })
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        let mut workspaces: Vec<Workspace> = found.into_iter().flatten().collect();
        workspaces.sort_by_cached_key(|workspace| (workspace.name.to_lowercase(), workspace.slug.clone()));
        Ok(workspaces)
    }
}

/// The mutations that lead to one's own organisations.
#[derive(Default)]
pub struct WorkspaceMutation;

#[Object]
impl WorkspaceMutation {
    /// Makes a way into an organisation that the account belongs to: a code that `enter` takes there, once, within a minute,
    /// together with the nonce.
    async fn enter_workspace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation.")] input: EnterWorkspaceInput,
    ) -> Result<EnterWorkspacePayload> {
        let request = ctx.platform()?;
        let (account, session) = asker(request)?;
        let door = &request.front_door;
        let not_found = || Error::NotFound("workspace");
        let id = tenant_id(&input.id)?;
        // Asked first: whoever is no member does not even learn that it is there.
        if !door.auth.is_member(account, id).await? {
            return Err(not_found().into());
        }
        let tenant = door.tenants.directory().by_id(id).await?.ok_or_else(not_found)?;
        if let Some(refusal) = standing::refusal(&door.lifecycle, &tenant, state_of(request, &tenant)) {
            let refusal = refusal.into_error();
            return Err(async_graphql::Error { message: refusal.message, source: None, extensions: refusal.extensions });
        }
        let code = door.auth.make_entry_code(account, session, id, &input.nonce, door.now).await?;
        Ok(EnterWorkspacePayload { url: format!("{}/enter#{code}", address(request, &tenant)) })
    }

    /// Takes the deletion of an organisation back, for its owners. It is served again at once.
    async fn keep_workspace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The workspace's opaque id.")] id: ID,
    ) -> Result<KeepWorkspacePayload> {
        let request = ctx.platform()?;
        let (account, _) = asker(request)?;
        let door = &request.front_door;
        let (not_found, id) = (|| Error::NotFound("workspace"), tenant_id(&id)?);
        if !door.auth.is_member(account, id).await? {
            return Err(not_found().into());
        }
        let tenant = door.tenants.directory().by_id(id).await?.ok_or_else(not_found)?;
        let name = request.identity().map(|identity| identity.name.as_str()).unwrap_or_default();
        door.lifecycle.keep(&door.auth, account, name, &tenant, door.now).await?;
        let kept = door.tenants.directory().by_id(id).await?.ok_or_else(not_found)?;
        Ok(KeepWorkspacePayload { workspace: workspace(request, &kept, Role::Owner) })
    }
}

/// Who asks, and in which session.
pub(super) fn asker(request: &PlatformContext) -> Result<(AccountId, SessionId), Error> {
    let identity = request.identity().ok_or(Error::Unauthenticated)?;
    match (identity.principal, identity.session_id) {
        (Principal::Account(account), Some(session)) => Ok((account, session)),
        _ => Err(Error::Forbidden("Only people can do this, not programs.")),
    }
}

pub(super) fn workspace(request: &PlatformContext, tenant: &Tenant, role: Role) -> Workspace {
    let state = state_of(request, tenant);
    let parting = request.front_door.lifecycle.parting(tenant, request.front_door.now);
    Workspace {
        id: id::encode_tenant(tenant.id),
        name: tenant.name.clone(),
        slug: tenant.slug.to_string(),
        role,
        url: address(request, tenant),
        available: state.is_served(),
        state: state.into(),
        delete_at: tenant.delete_at,
        can_be_kept: role == Role::Owner && tenant.can_be_kept(),
        can_be_deleted: role == Role::Owner && parting.deletion,
        can_be_exported: role == Role::Owner && parting.export,
        billing_contact: request.front_door.lifecycle.billing_contact().filter(|_| role == Role::Owner).map(str::to_owned),
        deletion_grace_days: request.front_door.lifecycle.deletion_grace_days(),
    }
}

/// Under the base domain, also where the tenant has a domain of its own: a code is a way into the account's session, and whoever
/// has that domain could read it there.
pub(super) fn address(request: &PlatformContext, tenant: &Tenant) -> String {
    request.front_door.lifecycle.address_of(tenant)
}

fn state_of(request: &PlatformContext, tenant: &Tenant) -> State {
    request.front_door.lifecycle.standing(tenant, request.front_door.now).state
}

pub(super) fn tenant_id(id: &ID) -> Result<TenantId, Error> {
    match id::parse(id) {
        Some((Kind::Tenant, key)) => Ok(TenantId(key)),
        _ => Err(Error::NotFound("workspace")),
    }
}
