//! Reading that is the same for every noun.

use std::{collections::HashMap, hash::Hash};

use sea_orm::{
    ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value, sea_query::Expr,
};
use tenancy::TenantScope;

use crate::{Error, NameCursor, Page, Paging, page::beyond};

/// Page size of these lists when the request gives none.
const USUAL_ROWS: usize = 100;

/// The rows of these ids, those that exist.
pub(crate) async fn by_ids<E, I>(
    scope: &impl TenantScope,
    column: E::Column,
    ids: &[I],
    id_of: impl Fn(&E::Model) -> I,
) -> Result<HashMap<I, E::Model>, Error>
where
    E: EntityTrait,
    I: Copy + Eq + Hash + Into<Value>,
{
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = E::find().filter(column.is_in(padded(ids))).all(scope).await?;
    Ok(rows.into_iter().map(|row| (id_of(&row), row)).collect())
}

/// A page of rows by name and id.
pub(crate) async fn page_by_name<E>(
    scope: &impl TenantScope,
    name: E::Column,
    id: E::Column,
    paging: &Paging<NameCursor>,
) -> Result<Page<E::Model>, Error>
where
    E: EntityTrait,
{
    let window = paging.window(USUAL_ROWS)?;
    let order = if window.backwards() { Order::Desc } else { Order::Asc };
    let mark = |cursor: &NameCursor, behind| {
        beyond(
            vec![Expr::col(name.as_column_ref()), Expr::col(id.as_column_ref())],
            vec![Expr::val(cursor.name.clone()), Expr::val(cursor.id)],
            behind,
        )
    };
    let rows = E::find()
        .apply_if(paging.after.as_ref(), |select, cursor| select.filter(mark(cursor, true)))
        .apply_if(paging.before.as_ref(), |select, cursor| select.filter(mark(cursor, false)))
        .order_by(name, order.clone())
        .order_by(id, order)
        .limit(window.limit())
        .all(scope)
        .await?;
    Ok(window.page(rows))
}

/// How many rows there are.
pub(crate) async fn count<E>(scope: &impl TenantScope) -> Result<u64, Error>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    Ok(E::find().count(scope).await?)
}

/// The ids, the last repeated until their number is a power of two. A statement's text depends on how many there are,
/// and connections keep plans by text: this way a dozen texts serve every number.
pub(crate) fn padded<I: Copy>(ids: &[I]) -> Vec<I> {
    let mut padded = ids.to_vec();
    if let Some(last) = ids.last() {
        padded.resize(ids.len().next_power_of_two(), *last);
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_padded_to_a_power_of_two() {
        assert_eq!(padded::<u8>(&[]), Vec::<u8>::new());
        assert_eq!(padded(&[1]), [1]);
        assert_eq!(padded(&[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5, 5, 5]);
    }
}
