//! What a connection may reach.

use std::{fmt::Debug, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, StreamTrait, TransactionTrait};

use super::{Access, TenantTransaction};
use crate::{PLATFORM_SCHEMA, Tenant, TenantId};

/// What code of the application takes in place of a database: a connection or a transaction of one tenant.
///
/// Only [`TenantConnection`](super::TenantConnection) and [`TenantTransaction`] implement it, so a query without a tenant
/// does not compile:
///
/// ```compile_fail
/// async fn count(scope: &impl tenancy::TenantScope) {}
/// async fn forgot_the_tenant(database: &sea_orm::DatabaseConnection) {
///     count(database).await;
/// }
/// ```
pub trait TenantScope:
    ConnectionTrait + StreamTrait + TransactionTrait<Transaction = TenantTransaction> + sealed::Sealed
{
    /// The tenant that every statement of this scope reaches.
    fn tenant_id(&self) -> TenantId;
}

/// The texts that put a transaction into a scope.
pub trait Scope: sealed::Scope + Clone + Debug + Send + Sync + 'static {
    /// The text that opens a transaction and sets its search path and role.
    fn begin(&self, access: Access) -> Arc<str>;
    /// A comment appended to every statement; empty for none.
    fn tag(&self) -> &str;
    /// The schema that statements reach, for traces.
    fn schema(&self) -> &str;
    /// Whether statements are prepared under a name and kept. Not behind a transaction pooler.
    fn keeps_statements(&self) -> bool;
}

/// The scope of a tenant's schema.
#[derive(Debug, Clone)]
pub struct TenantData {
    tenant: Arc<Tenant>,
    keeps_statements: bool,
}

impl TenantData {
    pub(crate) fn new(tenant: Arc<Tenant>, keeps_statements: bool) -> Self {
        Self { tenant, keeps_statements }
    }

    pub(crate) fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }
}

impl Scope for TenantData {
    fn begin(&self, access: Access) -> Arc<str> {
        let statements = &self.tenant.statements;
        Arc::clone(match access {
            Access::Snapshot => &statements.begin_read_only,
            Access::ReadWrite => &statements.begin_read_write,
            Access::WriteProtected => &statements.begin_write_protected,
        })
    }

    fn tag(&self) -> &str {
        &self.tenant.statements.tag
    }

    fn schema(&self) -> &str {
        self.tenant.schema.as_str()
    }

    fn keeps_statements(&self) -> bool {
        self.keeps_statements
    }
}

/// The scope of the control plane.
#[derive(Debug, Clone)]
pub struct Platform {
    begin: Arc<str>,
    keeps_statements: bool,
}

impl Platform {
    pub(crate) fn new(keeps_statements: bool, statement_timeout: Duration) -> Self {
        let timeout = statement_timeout.as_millis();
        let begin = format!(
            "BEGIN; SELECT set_config('search_path', '{PLATFORM_SCHEMA}, pg_temp', true), set_config('statement_timeout', '{timeout}', true)"
        );
        Self { begin: begin.into(), keeps_statements }
    }
}

impl Scope for Platform {
    fn begin(&self, _access: Access) -> Arc<str> {
        Arc::clone(&self.begin)
    }

    fn tag(&self) -> &'static str {
        ""
    }

    fn schema(&self) -> &'static str {
        PLATFORM_SCHEMA
    }

    fn keeps_statements(&self) -> bool {
        self.keeps_statements
    }
}

mod sealed {
    /// Keeps other crates from making a scope of something that has none.
    pub trait Sealed {}
    impl Sealed for super::super::TenantConnection {}
    impl Sealed for super::super::TenantTransaction {}

    pub trait Scope {}
    impl Scope for super::TenantData {}
    impl Scope for super::Platform {}
}
