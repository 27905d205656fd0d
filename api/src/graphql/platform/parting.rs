//! What owners do on the apex with an organisation that lets nobody in at its own address: its deletion, and its data as a file.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::Error;
use entities::id::SessionId;
use tenancy::Tenant;

use super::{
    context::{PlatformContext, PlatformResolverContext as _},
    workspace::{Workspace, asker, tenant_id, workspace},
};
use crate::{
    graphql::{
        authenticator::OwnerProof,
        context::ResolverContext as _,
        export::{DownloadExportPayload, ExportFormat, ExportList, RequestExportPayload},
        viewer::Role,
    },
    lifecycle::{Lifecycle, Parting},
};

/// Which organisation to delete, and proof that the account's owner asks.
#[derive(InputObject)]
pub struct RequestWorkspaceDeletionInput {
    /// The workspace's id.
    id: ID,
    /// The organisation's label under the base domain, typed.
    slug: String,
    /// The proof.
    #[graphql(flatten)]
    proof: OwnerProof,
}

/// A deletion that was asked for.
#[derive(Debug, SimpleObject)]
pub struct RequestWorkspaceDeletionPayload {
    /// The organisation, which can be kept for a while.
    workspace: Workspace,
}

/// Which organisation to export, and how.
#[derive(Debug, InputObject)]
pub struct RequestWorkspaceExportInput {
    /// The workspace's id.
    id: ID,
    /// How rows are written.
    #[graphql(default_with = "ExportFormat::Csv")]
    format: ExportFormat,
}

/// The query of what is left of an organisation for its owners.
#[derive(Default)]
pub struct PartingQuery;

#[Object]
impl PartingQuery {
    /// The exports of an organisation that can be exported here (`canBeExported`), for its owners.
    async fn workspace_exports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The workspace's opaque id.")] id: ID,
    ) -> Option<ExportList> {
        let read = async {
            let request = ctx.platform()?;
            let owner = Owner::of(request, &id, |parting| parting.export).await?;
            Ok(ExportList::of(&request.front_door, &owner.context, owner.tenant.id).await?)
        };
        ctx.or_null(read.await)
    }
}

/// The mutations of what is left of an organisation for its owners.
#[derive(Default)]
pub struct PartingMutation;

#[Object]
impl PartingMutation {
    /// Asks for the deletion of an organisation that has not paid (`canBeDeleted`), for its owners. It can be kept for a while.
    async fn request_workspace_deletion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, and proof that the account's owner asks.")] input: RequestWorkspaceDeletionInput,
    ) -> Result<RequestWorkspaceDeletionPayload> {
        let request = ctx.platform()?;
        let door = &request.front_door;
        let owner = Owner::of(request, &input.id, |parting| parting.deletion).await?;
        door.owner_by_proof(ctx.identity(), &input.proof).await?;
        door.lifecycle.request_deletion(&door.auth, &owner.context, &owner.tenant, &input.slug).await?;
        let tenant = door.tenants.directory().by_id(owner.tenant.id).await?.ok_or(Error::NotFound("workspace"))?;
        Ok(RequestWorkspaceDeletionPayload { workspace: workspace(request, &tenant, Role::Owner) })
    }

    /// Asks for an export of an organisation (`canBeExported`), for its owners.
    async fn request_workspace_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, and how.")] input: RequestWorkspaceExportInput,
    ) -> Result<RequestExportPayload> {
        let request = ctx.platform()?;
        let owner = Owner::of(request, &input.id, |parting| parting.export).await?;
        RequestExportPayload::ask(&request.front_door, &owner.context, &owner.tenant, input.format).await
    }

    /// Gives the browser of an owner leave to download an export here.
    async fn download_workspace_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The workspace's opaque id.")] id: ID,
        #[graphql(desc = "The export's opaque id.")] export_id: ID,
    ) -> Result<DownloadExportPayload> {
        let request = ctx.platform()?;
        let owner = Owner::of(request, &id, |parting| parting.export).await?;
        let door = &request.front_door;
        DownloadExportPayload::permit(ctx, door, &owner.context, &owner.tenant, owner.session, &export_id).await
    }
}

/// Somebody who owns an organisation and may do something with it here.
struct Owner {
    context: domain::Context,
    tenant: Arc<Tenant>,
    session: SessionId,
}

impl Owner {
    async fn of(request: &PlatformContext, id: &ID, may: fn(Parting) -> bool) -> Result<Self> {
        let (account, session) = asker(request)?;
        let (door, id) = (&request.front_door, tenant_id(id)?);
        let name = request.identity().map(|identity| identity.name.as_str()).unwrap_or_default();
        let context = Lifecycle::owner_from_apex(&door.tenants.platform(), account, name, id, door.now).await?;
        let tenant = door.tenants.directory().by_id(id).await?.ok_or(Error::NotFound("workspace"))?;
        if !may(door.lifecycle.parting(&tenant, door.now)) {
            let message =
                "This is not possible here now: at the organisation's own address, or not until its operator has decided.";
            return Err(Error::Conflict { field: None, message: message.to_owned() }.into());
        }
        Ok(Self { context, tenant, session })
    }
}
