//! Exports of the organisation, for its owners.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Error;
use entities::{
    id::SessionId,
    platform::export::{self, Model},
};
use tenancy::{Tenant, TenantId};

use super::{context::ResolverContext, front_door::FrontDoor, id};
use crate::mail::export_failure;

/// The cookie in which a browser keeps leave to download an export.
pub const LEAVE: &str = "tenantry_export";

/// The organisation's data as one file: a zip of a file for each table and a manifest.
#[derive(Debug, SimpleObject)]
pub struct Export {
    /// The export's opaque id.
    id: ID,
    /// How rows are written.
    format: ExportFormat,
    /// How far it is.
    state: ExportState,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// When it was complete, or given up.
    finished_at: Option<DateTime<Utc>>,
    /// When its file is removed; null where there is no file.
    expires_at: Option<DateTime<Utc>>,
    /// The size of its file in bytes, a whole number; null where there is no file.
    bytes: Option<f64>,
    /// The SHA-256 of its file, in hexadecimal; null where there is no file.
    sha256: Option<String>,
    /// Why the last try failed, as a sentence; null when it did not.
    problem: Option<String>,
}

impl Export {
    fn of(row: Model, now: DateTime<Utc>) -> Self {
        let available = row.is_available(now);
        let state = match row.state {
            // Its file may be there for a moment more.
            export::State::Done if !available => ExportState::Expired,
            state => state.into(),
        };
        Self {
            id: id::encode(row.id),
            format: row.format.into(),
            state,
            asked_at: row.asked_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at.filter(|_| available),
            bytes: row.bytes.filter(|_| available).map(number),
            sha256: row.sha256.filter(|_| available),
            problem: row.failure.map(|failure| export_failure(failure).to_owned()),
        }
    }
}

/// GraphQL's own whole numbers end at two thousand million.
#[expect(clippy::cast_precision_loss, reason = "a float has as many whole numbers as anybody has bytes")]
fn number(count: i64) -> f64 {
    count as f64
}

/// How the rows of an export are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "export::Format")]
pub enum ExportFormat {
    /// Tables that spreadsheets read. A text that would be a formula there has an apostrophe before it.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "export::State")]
pub enum ExportState {
    /// It waits to be made, or to be tried again.
    Waiting,
    /// It is being made.
    Running,
    /// It can be downloaded.
    Done,
    /// It was given up.
    Failed,
    /// Its file was removed.
    Expired,
}

/// The exports of the organisation.
#[derive(Debug, SimpleObject)]
pub struct ExportList {
    /// The latest ones, the newest first.
    nodes: Vec<Export>,
    /// Days for which one can be downloaded.
    days_kept: i32,
}

impl ExportList {
    /// Those of an organisation, for an owner.
    pub(super) async fn of(door: &FrontDoor, context: &domain::Context, tenant: TenantId) -> Result<Self, Error> {
        let rows = door.exports.list(context, tenant).await?;
        let nodes = rows.into_iter().map(|row| Export::of(row, context.now)).collect();
        Ok(Self { nodes, days_kept: door.exports.days_kept().into() })
    }
}

/// How to export.
#[derive(Debug, InputObject)]
pub struct RequestExportInput {
    /// How rows are written.
    #[graphql(default_with = "ExportFormat::Csv")]
    format: ExportFormat,
}

/// An export that was asked for.
#[derive(Debug, SimpleObject)]
pub struct RequestExportPayload {
    /// The export, which is made by and by.
    export: Export,
}

impl RequestExportPayload {
    /// Asks for an export of an organisation, for an owner.
    pub(super) async fn ask(
        door: &FrontDoor,
        context: &domain::Context,
        tenant: &Arc<Tenant>,
        format: ExportFormat,
    ) -> Result<Self> {
        let row = door.exports.ask(&door.auth, context, tenant, format.into()).await?;
        Ok(Self { export: Export::of(row, context.now) })
    }
}

/// Leave to download an export.
#[derive(Debug, SimpleObject)]
pub struct DownloadExportPayload {
    /// Where its file is got, once and within a minute, by the browser that this answer has set a cookie in.
    url: String,
}

impl DownloadExportPayload {
    /// Gives an owner leave, in a cookie that is sent to the export's own path alone.
    pub(super) async fn permit(
        ctx: &Context<'_>,
        door: &FrontDoor,
        context: &domain::Context,
        tenant: &Tenant,
        session: SessionId,
        id: &ID,
    ) -> Result<Self> {
        let export = id::decode(id)?;
        let leave = door.exports.permit(context, tenant, session, export).await?;
        let path = format!("/exports/{}", id::encode(export).as_str());
        let secure = if door.secure { "; Secure" } else { "" };
        let (token, seconds) = (leave.token, leave.lifetime.num_seconds());
        let cookie = format!("{LEAVE}={token}; Path={path}; HttpOnly; SameSite=Strict{secure}; Max-Age={seconds}");
        ctx.append_http_header("set-cookie", cookie);
        Ok(Self { url: format!("{}{path}", door.address) })
    }
}

/// The query of exports.
#[derive(Default)]
pub struct ExportQuery;

#[Object]
impl ExportQuery {
    /// The organisation's exports, for its owners.
    async fn exports(&self, ctx: &Context<'_>) -> Option<ExportList> {
        let read = async {
            let request = ctx.request()?;
            Ok(ExportList::of(&request.front_door, request.domain(), request.tenant.id).await?)
        };
        ctx.or_null(read.await)
    }
}

/// The mutations of exports.
#[derive(Default)]
pub struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Asks for an export of the organisation, for its owners. It is made beside the requests; whoever asks gets a mail when it can be
    /// downloaded. Also possible while the organisation can only be read.
    async fn request_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How to export.")] input: RequestExportInput,
    ) -> Result<RequestExportPayload> {
        let request = ctx.closer().await?;
        RequestExportPayload::ask(&request.front_door, request.domain(), &request.tenant, input.format).await
    }

    /// Gives the browser of an owner leave to download an export.
    async fn download_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The export's opaque id.")] id: ID,
    ) -> Result<DownloadExportPayload> {
        let request = ctx.closer().await?;
        let session = ctx.identity().and_then(|identity| identity.session_id);
        let session = session.ok_or(Error::Forbidden("Only people can do this, not programs."))?;
        DownloadExportPayload::permit(ctx, &request.front_door, request.domain(), &request.tenant, session, &id).await
    }
}
