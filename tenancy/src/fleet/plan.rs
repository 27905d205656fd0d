//! Which tenants a run works on, and in which order.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value, sea_query::ArrayType};

use super::{Canaries, FleetOptions};
use crate::{
    Error, Result, Slug, Tenant, Tenants,
    directory::{SELECT_TENANT, tenant_from},
};

/// Which tenants a run would work on.
#[derive(Debug)]
pub struct FleetPlan {
    /// Those that go first.
    pub canaries: Vec<Tenant>,
    /// The others.
    pub others: Vec<Tenant>,
}

impl FleetPlan {
    /// How many tenants there are in it.
    pub fn len(&self) -> usize {
        self.canaries.len() + self.others.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Tenants {
    /// The tenants that a run with these options would work on: one query, two where tenants are named.
    pub async fn plan_fleet(&self, options: &FleetOptions) -> Result<FleetPlan> {
        let behind = "(t.schema_version IS NULL OR t.schema_version < $1)";
        self.plan_where(behind, vec![self.head().into()], options).await
    }

    /// The tenants for which the condition holds, as far as the options name them. The first of its values is a version.
    pub(super) async fn plan_where(&self, condition: &str, mut values: Vec<Value>, options: &FleetOptions) -> Result<FleetPlan> {
        let named = match &options.canaries {
            Canaries::Named(canaries) => [canaries.as_slice(), &options.only].concat(),
            _ => options.only.clone(),
        };
        self.refuse_unknown(&named).await?;
        let mut condition = format!("WHERE {condition} AND t.status <> 'deleting'");
        if !options.only.is_empty() {
            values.push(texts(&options.only));
            condition = format!("{condition} AND t.slug = ANY (${})", values.len());
        }
        if options.retry_failed {
            condition.push_str(
                " AND EXISTS (SELECT FROM platform.tenant_migrations m \
                 WHERE m.tenant_id = t.id AND m.version = $1 AND m.state = 'failed')",
            );
        }
        let read =
            Statement::from_sql_and_values(DbBackend::Postgres, format!("{SELECT_TENANT} {condition} ORDER BY t.slug"), values);
        let rows = self.platform().query_all_raw(read).await?;
        let planned = rows.iter().map(|row| tenant_from(row, self.inner.statement_timeout)).collect::<Result<Vec<Tenant>>>()?;
        Ok(first_the_canaries(planned, &options.canaries))
    }

    pub(super) async fn refuse_unknown(&self, named: &[Slug]) -> Result<()> {
        if named.is_empty() {
            return Ok(());
        }
        let sql = "SELECT wanted.slug FROM unnest($1) AS wanted (slug) \
                   WHERE NOT EXISTS (SELECT FROM platform.tenants t WHERE t.slug = wanted.slug) LIMIT 1";
        let read = Statement::from_sql_and_values(DbBackend::Postgres, sql, [texts(named)]);
        match self.platform().query_one_raw(read).await? {
            Some(row) => Err(Error::NotFound(row.try_get("", "slug")?)),
            None => Ok(()),
        }
    }
}

/// Slugs, or other names, as the value of a parameter.
pub(crate) fn texts<T: ToString>(names: &[T]) -> Value {
    let texts = names.iter().map(|name| Value::from(name.to_string())).collect();
    Value::Array(ArrayType::String, Some(Box::new(texts)))
}

fn first_the_canaries(behind: Vec<Tenant>, canaries: &Canaries) -> FleetPlan {
    let count = behind.len();
    let is_canary = |index: usize, tenant: &Tenant| match canaries {
        Canaries::None => false,
        Canaries::Named(slugs) => slugs.contains(&tenant.slug),
        Canaries::Count(wanted) => is_one_of(*wanted, index, count),
    };
    let mut plan = FleetPlan { canaries: Vec::new(), others: Vec::new() };
    for (index, tenant) in behind.into_iter().enumerate() {
        if is_canary(index, &tenant) { plan.canaries.push(tenant) } else { plan.others.push(tenant) }
    }
    plan
}

/// Whether the element at `index` of `count` is one of `wanted` that are spread evenly.
fn is_one_of(wanted: usize, index: usize, count: usize) -> bool {
    index * wanted / count != (index + 1) * wanted / count || wanted >= count
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::is_one_of;

    #[rstest]
    #[case(0, 10, 0)]
    #[case(1, 10, 1)]
    #[case(3, 10, 3)]
    #[case(10, 10, 10)]
    #[case(12, 10, 10)]
    #[case(5, 0, 0)]
    fn so_many_canaries_are_chosen(#[case] wanted: usize, #[case] count: usize, #[case] chosen: usize) {
        assert_eq!((0..count).filter(|index| is_one_of(wanted, *index, count)).count(), chosen);
    }
}
