//! Lists as Relay has them: pages with opaque cursors.

use std::{borrow::Cow, future::Future};

use async_graphql::{Context, Object, ObjectType, Result, SimpleObject, TypeName};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Error, Page, Paging};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    context::{RequestContext, ResolverContext},
    resolved::{Resolved, ResolvedList},
};
use crate::telemetry::traces;

/// A cursor holds at most a name, an order and a key.
const LONGEST_CURSOR: usize = 2_000;

/// The arguments of a list, as the request gives them.
#[derive(Debug, Default)]
pub struct Arguments {
    /// At most this many, from the start.
    pub first: Option<i32>,
    /// Only what comes after this cursor.
    pub after: Option<String>,
    /// At most this many, from the end.
    pub last: Option<i32>,
    /// Only what comes before this cursor.
    pub before: Option<String>,
}

impl Arguments {
    /// The arguments of a list that is read from its start alone.
    pub fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, last: None, before: None }
    }

    /// Checks the arguments; a page has at most `most` rows. `BAD_USER_INPUT` names the argument that is wrong.
    pub fn paging<C: DeserializeOwned>(&self, most: i32) -> Result<Paging<C>, Error> {
        Ok(Paging {
            first: page_size("first", self.first, most)?,
            after: read_cursor("after", self.after.as_deref())?,
            last: page_size("last", self.last, most)?,
            before: read_cursor("before", self.before.as_deref())?,
        })
    }
}

fn page_size(field: &str, size: Option<i32>, most: i32) -> Result<Option<i32>, Error> {
    match size {
        Some(size) if !(1..=most).contains(&size) => {
            Err(Error::bad_input(field, format!("A page has 1 to {most} rows; {size} were asked for.")))
        }
        size => Ok(size),
    }
}

fn read_cursor<C: DeserializeOwned>(field: &str, cursor: Option<&str>) -> Result<Option<C>, Error> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let bytes = if cursor.len() <= LONGEST_CURSOR { URL_SAFE_NO_PAD.decode(cursor).ok() } else { None };
    match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(cursor) => Ok(Some(cursor)),
        None => Err(Error::bad_input(field, "This is no cursor of this list; pass one as an earlier answer gave it.")),
    }
}

/// The opaque form of a cursor.
pub fn write_cursor(cursor: &impl Serialize) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor)?))
}

/// Something that is listed in pages.
pub trait Listed: ObjectType + 'static {
    /// The name of the page's type.
    const CONNECTION: &'static str;
    /// The name of the type of one row of the page.
    const EDGE: &'static str;

    /// What the list is of, and in which order.
    type List: Send + Sync;

    /// The place of a row in the list.
    fn cursor(&self, list: &Self::List) -> impl Serialize;

    /// How many rows all pages have together.
    fn count(request: &RequestContext, list: &Self::List) -> impl Future<Output = Result<u64, Error>> + Send;
}

/// One page of a list.
pub struct Connection<T: Listed> {
    page: Page<T>,
    list: T::List,
}

impl<T: Listed> Connection<T> {
    /// A page whose rows are made into objects.
    pub fn new<R>(page: Page<R>, list: T::List, object: impl Fn(R) -> T) -> Self {
        let Page { rows, has_next_page, has_previous_page } = page;
        let rows = rows.into_iter().map(object).collect();
        Self { page: Page { rows, has_next_page, has_previous_page }, list }
    }

    /// The page as a resolver answers with it.
    pub fn resolved(self) -> Resolved<'static, Self> {
        Resolved::made(self)
    }
}

impl<T: Listed> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::CONNECTION)
    }
}

/// One page of a list.
#[Object(name_type)]
impl<T: Listed> Connection<T> {
    /// The rows of the page, each with its cursor.
    async fn edges(&self) -> ResolvedList<'_, Edge<'_, T>> {
        self.page.rows.iter().map(|node| Resolved::made(Edge { node, list: &self.list })).collect()
    }

    /// The rows of the page by themselves.
    async fn nodes(&self) -> ResolvedList<'_, T> {
        self.page.rows.iter().map(Resolved::Here).collect()
    }

    /// Where the page begins and ends, and whether there are others.
    async fn page_info(&self) -> Result<PageInfo> {
        let cursor = |row: Option<&T>| row.map(|row| write_cursor(&row.cursor(&self.list))).transpose();
        Ok(PageInfo {
            has_next_page: self.page.has_next_page,
            has_previous_page: self.page.has_previous_page,
            start_cursor: cursor(self.page.rows.first())?,
            end_cursor: cursor(self.page.rows.last())?,
        })
    }

    /// How many rows all pages have together; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(Box::pin(traces::field(T::CONNECTION, "totalCount", T::count(ctx.request()?, &self.list))).await?)
    }
}

/// One row of a page.
pub struct Edge<'a, T: Listed> {
    node: &'a T,
    list: &'a T::List,
}

impl<T: Listed> TypeName for Edge<'_, T> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(T::EDGE)
    }
}

/// One row of a page.
#[Object(name_type)]
impl<'a, T: Listed> Edge<'a, T> {
    /// The row itself.
    async fn node(&self) -> Resolved<'a, T> {
        Resolved::Here(self.node)
    }

    /// The place of the row in the list, for `after` and `before`.
    async fn cursor(&self) -> Result<String> {
        write_cursor(&self.node.cursor(self.list))
    }
}

/// Where a page begins and ends, and whether there are others.
#[derive(Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether rows follow the page.
    pub has_next_page: bool,
    /// Whether rows precede the page.
    pub has_previous_page: bool,
    /// The cursor of the first row; null when the page is empty.
    pub start_cursor: Option<String>,
    /// The cursor of the last row; null when the page is empty.
    pub end_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use domain::NameCursor;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    fn refused_field(arguments: &Arguments) -> Option<String> {
        match arguments.paging::<NameCursor>(100) {
            Err(Error::BadInput { field, .. }) => Some(field),
            _ => None,
        }
    }

    #[rstest]
    #[case(Some(1), None, None)]
    #[case(Some(100), None, None)]
    #[case(None, None, None)]
    #[case(Some(0), None, Some("first"))]
    #[case(Some(-1), None, Some("first"))]
    #[case(Some(101), None, Some("first"))]
    #[case(None, Some(i32::MAX), Some("last"))]
    fn sizes(#[case] first: Option<i32>, #[case] last: Option<i32>, #[case] refused: Option<&str>) {
        let arguments = Arguments { first, last, ..Arguments::default() };
        assert_eq!(refused_field(&arguments).as_deref(), refused);
    }

    #[test]
    fn a_cursor_comes_back() {
        let cursor = NameCursor { name: "Zoë \u{1f984}".to_owned(), id: Uuid::from_u128(7) };
        let arguments = Arguments::forward(None, write_cursor(&cursor).ok());
        assert_eq!(arguments.paging::<NameCursor>(100).unwrap().after, Some(cursor));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_base64("!!!")]
    #[case::padded("e30=")]
    #[case::other_json("e30")]
    #[case::no_json("AAAA")]
    fn a_broken_cursor_is_refused(#[case] cursor: &str) {
        let after = Arguments { after: Some(cursor.to_owned()), ..Arguments::default() };
        assert_eq!(refused_field(&after).as_deref(), Some("after"));
        let before = Arguments { before: Some(cursor.to_owned()), ..Arguments::default() };
        assert_eq!(refused_field(&before).as_deref(), Some("before"));
    }
}
