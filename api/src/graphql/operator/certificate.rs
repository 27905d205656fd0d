//! What went with tenants that were deleted.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenancy::{AskedBy, Certificate};

use super::context::OperatorResolverContext as _;
use crate::{
    graphql::{
        connection::{Arguments, PageInfo, write_cursor},
        id,
    },
    operators::CertificateCursor,
};

/// The most certificates on a page.
const MOST: i32 = 100;

/// How many of one kind were removed.
#[derive(SimpleObject)]
pub struct Removed {
    /// What: schemas, roles, tables, the rows in them, or the rows of a table of the control plane.
    what: String,
    /// How many.
    count: u64,
}

/// What went with an organisation. It names no person.
#[derive(SimpleObject)]
pub struct DeletionCertificate {
    /// The organisation's opaque id, which is never used again.
    tenant_id: ID,
    /// Its last slug.
    slug: String,
    /// Who asked for the deletion: `owner` or `operator`.
    asked_by: String,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// When its first step was made.
    begun_at: DateTime<Utc>,
    /// When all was gone.
    finished_at: DateTime<Utc>,
    /// What was removed.
    removed: Vec<Removed>,
    /// When its archives are removed, which are kept for a while; null where there were none.
    archives_removed_at: Option<DateTime<Utc>>,
}

impl From<Certificate> for DeletionCertificate {
    fn from(certificate: Certificate) -> Self {
        let asked_by = match certificate.asked_by {
            AskedBy::Owner => "owner",
            AskedBy::Operator => "operator",
        };
        Self {
            tenant_id: id::encode_tenant(certificate.tenant),
            slug: certificate.slug,
            asked_by: asked_by.to_owned(),
            asked_at: certificate.asked_at,
            begun_at: certificate.begun_at,
            finished_at: certificate.finished_at,
            removed: certificate.removed.into_iter().map(|(what, count)| Removed { what, count }).collect(),
            archives_removed_at: certificate.archives_removed_at,
        }
    }
}

/// One page of certificates.
#[derive(SimpleObject)]
pub struct DeletionCertificateConnection {
    /// The certificates of the page.
    nodes: Vec<DeletionCertificate>,
    /// Where the page begins and ends, and whether there are others.
    page_info: PageInfo,
}

/// The query of certificates.
#[derive(Default)]
pub struct CertificateQuery;

#[Object]
impl CertificateQuery {
    /// What went with organisations that were deleted, the last one first; at most 100 a page (default 50).
    async fn deletion_certificates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<DeletionCertificateConnection> {
        let request = ctx.reader()?;
        let paging = Arguments::forward(first, after).paging::<CertificateCursor>(MOST)?;
        let page = request.operators.certificates(&paging).await?;
        let cursor = |row: Option<&(Certificate, CertificateCursor)>| row.map(|(_, cursor)| write_cursor(cursor)).transpose();
        let page_info = PageInfo {
            has_next_page: page.has_next_page,
            has_previous_page: page.has_previous_page,
            start_cursor: cursor(page.rows.first())?,
            end_cursor: cursor(page.rows.last())?,
        };
        let nodes = page.rows.into_iter().map(|(certificate, _)| certificate.into()).collect();
        Ok(DeletionCertificateConnection { nodes, page_info })
    }
}
