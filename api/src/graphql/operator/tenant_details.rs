//! One tenant, with all that operators know of it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Error;
use tenancy::{Tenant as Found, Terms};

use super::{
    context::OperatorResolverContext as _,
    limit::{IntrospectionBy, TenantLimit},
    tenant::{Tenant, Wanted, objects},
};
use crate::{lifecycle::answer, operators::has_own_introspection};

/// When what happens to a tenant because of its dates. Days.
#[derive(Debug, SimpleObject)]
pub struct TenantTerms {
    /// Days before the date from which its people are warned.
    warning_days: u16,
    /// Days after the date from which nothing can be changed.
    read_only_after_days: u16,
    /// Days after the date from which it is not served.
    suspend_after_days: u16,
    /// Whether some of these are its own, and not the program's.
    is_own: bool,
    /// Those that are its own.
    own: OwnTerms,
    /// From when its people are warned; null where it has no date.
    warned_from: Option<DateTime<Utc>>,
    /// From when nothing can be changed.
    read_only_from: Option<DateTime<Utc>>,
    /// From when it is not served.
    suspended_from: Option<DateTime<Utc>>,
}

/// The days that are a tenant's own; null where the program's hold.
#[derive(Debug, SimpleObject)]
#[expect(clippy::struct_field_names, reason = "they are named as those that hold")]
pub struct OwnTerms {
    /// Days before the date from which its people are warned.
    warning_days: Option<u64>,
    /// Days after the date from which nothing can be changed.
    read_only_after_days: Option<u64>,
    /// Days after the date from which it is not served.
    suspend_after_days: Option<u64>,
}

impl OwnTerms {
    fn of(tenant: &Found) -> Self {
        let own = tenant.settings.get(Terms::SETTING);
        let [warning_days, read_only_after_days, suspend_after_days] =
            Terms::NAMES.map(|name| own.and_then(|own| own.get(name)).and_then(serde_json::Value::as_u64));
        Self { warning_days, read_only_after_days, suspend_after_days }
    }
}

/// The deletion of a tenant that was asked for.
#[derive(Debug, SimpleObject)]
pub struct TenantDeletion {
    /// Who asked: `owner` or `operator`.
    asked_by: String,
    /// When.
    asked_at: DateTime<Utc>,
    /// When it is carried out.
    delete_at: Option<DateTime<Utc>>,
    /// When its first step was made, after which it cannot be taken back.
    begun_at: Option<DateTime<Utc>>,
}

/// A slug that a tenant had until lately.
#[derive(Debug, SimpleObject)]
pub struct FormerSlug {
    /// The slug.
    slug: String,
    /// Until when it leads to the tenant, and is nobody else's.
    reserved_until: DateTime<Utc>,
}

/// One tenant, with all that operators know of it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct TenantDetails {
    /// The tenant.
    tenant: Tenant,
    /// The name of its schema, and of its role.
    schema_name: String,
    /// Since when an operator works on it; null when none does.
    maintenance_since: Option<DateTime<Utc>>,
    /// What its people are told meanwhile.
    maintenance_message: Option<String>,
    /// When what happens because of its dates.
    terms: TenantTerms,
    /// How much it may ask for.
    limits: Vec<TenantLimit>,
    /// Who may ask for its schema.
    introspection: IntrospectionBy,
    /// Whether that is the tenant's own, and not the program's.
    introspection_is_own: bool,
    /// When it would be deleted if an operator asked for that now.
    earliest_deletion_at: DateTime<Utc>,
    /// Its deletion, if that was asked for.
    deletion: Option<TenantDeletion>,
    /// The slugs that it had until lately.
    former_slugs: Vec<FormerSlug>,
    /// The tenant itself, for what is read only where it is asked for.
    #[graphql(skip)]
    pub(super) found: Arc<Found>,
}

/// The query of one tenant.
#[derive(Default)]
pub struct TenantDetailsQuery;

#[Object]
impl TenantDetailsQuery {
    /// One organisation, by its id or its slug; also by a slug that it had until lately.
    async fn tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The opaque id.")] id: Option<ID>,
        #[graphql(desc = "The slug, in place of the id.")] slug: Option<String>,
    ) -> Result<TenantDetails> {
        let request = ctx.reader()?;
        let missing = || Error::NotFound("organisation");
        let tenant = match (id, slug) {
            (Some(id), None) => request.tenant(&id).await?,
            (None, Some(slug)) => request.tenant_of_slug(&slug).await?,
            _ => return Err(Error::bad_input("id", "Give either the id or the slug.").into()),
        };
        let standing = request.lifecycle.standing(&tenant, request.now);
        let terms = request.lifecycle.terms().of(&tenant.settings);
        let deadlines = standing.deadlines;
        let (limits, introspection) = request.operators.limits_of(&tenant);
        let deletion = request.operators.deletion_request(tenant.id).await.map_err(Error::from)?;
        let former = request.tenants.former_slugs(tenant.id).await.map_err(answer)?;
        let wanted = Wanted::of(&[ctx.look_ahead().field("tenant")]);
        let object = objects(request, std::slice::from_ref(tenant.as_ref()), &wanted).await?.pop().ok_or_else(missing)?;
        Ok(TenantDetails {
            tenant: object,
            schema_name: tenant.schema.to_string(),
            maintenance_since: tenant.maintenance.as_ref().map(|maintenance| maintenance.since),
            maintenance_message: tenant.maintenance.as_ref().map(|maintenance| maintenance.message.to_string()),
            terms: TenantTerms {
                warning_days: terms.warning_days,
                read_only_after_days: terms.read_only_after_days,
                suspend_after_days: terms.suspend_after_days,
                is_own: tenant.settings.get(Terms::SETTING).is_some(),
                own: OwnTerms::of(&tenant),
                warned_from: deadlines.map(|deadlines| deadlines.warned_from),
                read_only_from: deadlines.map(|deadlines| deadlines.read_only_from),
                suspended_from: deadlines.map(|deadlines| deadlines.suspended_from),
            },
            limits: limits.into_iter().map(TenantLimit::from).collect(),
            introspection: introspection.into(),
            introspection_is_own: has_own_introspection(&tenant.settings),
            earliest_deletion_at: request.operators.deletion_at(request.now),
            deletion: deletion.map(|deletion| TenantDeletion {
                asked_by: deletion.asked_by,
                asked_at: deletion.asked_at,
                delete_at: tenant.delete_at,
                begun_at: deletion.begun_at,
            }),
            former_slugs: former.into_iter().map(|(slug, reserved_until)| FormerSlug { slug, reserved_until }).collect(),
            found: tenant,
        })
    }
}
