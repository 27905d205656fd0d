//! How departments hang together.

use entities::id::DepartmentId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::{TenantScope, TenantTransaction};

use crate::{Context, Error, Permission};

/// A query for the ids of the department `$1` and of all below it. `UNION` drops what was seen already, so it would end
/// even if there were a cycle.
pub(crate) const SUBTREE: &str = "WITH RECURSIVE subtree (id) AS (\
    SELECT id FROM departments WHERE id = $1 \
    UNION SELECT departments.id FROM departments JOIN subtree ON departments.parent_id = subtree.id\
    ) SELECT id FROM subtree";

/// The ids of a department and of all below it.
pub async fn subdepartments(scope: &impl TenantScope, context: &Context, id: DepartmentId) -> Result<Vec<DepartmentId>, Error> {
    context.require(Permission::ReadDirectory)?;
    let ids = subtree(scope, id).await?;
    if ids.is_empty() { Err(Error::NotFound("department")) } else { Ok(ids) }
}

/// Whether a department is the other one or below it.
pub(super) async fn is_within(transaction: &TenantTransaction, id: DepartmentId, other: DepartmentId) -> Result<bool, Error> {
    Ok(subtree(transaction, other).await?.contains(&id))
}

async fn subtree(scope: &impl ConnectionTrait, id: DepartmentId) -> Result<Vec<DepartmentId>, Error> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, SUBTREE, [id.into()]);
    let rows = scope.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}
