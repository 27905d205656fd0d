//! Members: who belongs to the organisation, and as what.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, NameCursor};
use entities::id::AccountId;
use serde::Serialize;

use super::{
    DeletePayload,
    connection::{Arguments, Connection, Listed},
    context::{RequestContext, ResolverContext},
    employee::Employee,
    id, loaders,
    resolved::Resolved,
    selected::selects_more_than_id,
    viewer::{Account, Role},
};
use crate::auth;

/// The most members on a page.
const MOST: i32 = 500;

/// Somebody who belongs to the organisation.
pub struct Member(pub auth::Member);

/// Somebody who belongs to the organisation.
#[Object]
impl Member {
    /// What the member signs in with.
    async fn account(&self) -> Account {
        Account::new(self.0.account_id, &self.0.email, &self.0.name)
    }

    /// What the member may do in the organisation.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The member's own employee record; null when there is none.
    async fn employee(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Employee>>> {
        match self.0.employee_id {
            None => Ok(None),
            Some(id) if !selects_more_than_id(ctx) => Ok(Some(Resolved::Id(id::encode(id)))),
            Some(id) => Ok(loaders::employee(ctx.request()?, id).await?.map(Resolved::Shared)),
        }
    }

    /// When the account became a member.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.joined_at
    }
}

impl Listed for Member {
    const CONNECTION: &'static str = "MemberConnection";
    const EDGE: &'static str = "MemberEdge";
    type List = ();

    fn cursor(&self, (): &()) -> impl Serialize {
        NameCursor { name: self.0.name.clone(), id: self.0.account_id.uuid() }
    }

    async fn count(request: &RequestContext, (): &()) -> Result<u64, Error> {
        request.front_door.auth.count_members(request.domain(), &request.tenant).await
    }
}

/// The queries about members.
#[derive(Default)]
pub struct MemberQuery;

#[Object]
impl MemberQuery {
    /// All members by name; at most 500 a page (default 100).
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<Member>>> {
        let request = ctx.member()?;
        let paging = Arguments::forward(first, after).paging(MOST)?;
        let page = request.front_door.auth.members(request.domain(), &request.tenant, &paging).await?;
        Ok(Connection::new(page, (), Member).resolved())
    }
}

/// A member's new role.
#[derive(Debug, InputObject)]
pub struct ChangeMemberRoleInput {
    /// The opaque id of the member's account.
    account_id: ID,
    /// What the member may do from now on.
    role: Role,
}

/// Which employee record is a member's own.
#[derive(Debug, InputObject)]
pub struct LinkMemberInput {
    /// The opaque id of the member's account.
    account_id: ID,
    /// The opaque id of the employee; null when no record is the member's own.
    employee_id: Option<ID>,
}

/// The member as it is after the change.
#[derive(SimpleObject)]
pub struct MemberPayload {
    /// The member as it is after the change.
    member: Resolved<'static, Member>,
}

impl MemberPayload {
    fn of(member: auth::Member) -> Resolved<'static, Self> {
        Resolved::made(Self { member: Resolved::made(Member(member)) })
    }
}

/// The mutations of members.
#[derive(Default)]
pub struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Gives a member another role. Only owners make and unmake owners, the last owner stays one, and nobody changes their own
    /// role.
    async fn change_member_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member and the new role.")] input: ChangeMemberRoleInput,
    ) -> Result<Resolved<'_, MemberPayload>> {
        let request = ctx.writer().await?;
        let (auth, account) = (&request.front_door.auth, account_id(&input.account_id)?);
        let role = input.role.into();
        Ok(MemberPayload::of(auth.change_role(request.scope(), request.domain(), &request.tenant, account, role).await?))
    }

    /// Says which employee record is a member's own.
    async fn link_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member and the employee.")] input: LinkMemberInput,
    ) -> Result<Resolved<'_, MemberPayload>> {
        let request = ctx.writer().await?;
        let (auth, account) = (&request.front_door.auth, account_id(&input.account_id)?);
        let employee = id::decode_optional(input.employee_id.as_ref())?;
        Ok(MemberPayload::of(auth.link(request.scope(), request.domain(), &request.tenant, account, employee).await?))
    }

    /// Ends a membership, and the member's sessions in this organisation. The account stays; the last owner does, too.
    async fn remove_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The opaque id of the member's account.")] account_id: ID,
    ) -> Result<DeletePayload> {
        let request = ctx.closer().await?;
        let account = self::account_id(&account_id)?;
        request.front_door.auth.remove_member(&request.auditor(), request.domain(), &request.tenant, account).await?;
        Ok(DeletePayload { deleted_id: account_id })
    }
}

/// An id that is no account's is no member's.
fn account_id(id: &ID) -> Result<AccountId, Error> {
    id::decode(id).map_err(|_| Error::NotFound("member"))
}
