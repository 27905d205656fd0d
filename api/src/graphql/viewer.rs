//! Who is signed in.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::{Actor, Permission};

use super::{
    context::{Caller, ResolverContext},
    employee::Employee,
    id,
    resolved::Resolved,
};

/// Who is signed in, and what they may do.
pub struct Viewer {
    domain: domain::Context,
    email: String,
}

impl Viewer {
    /// The viewer of a caller; none when nobody is signed in.
    pub fn of(caller: &Caller) -> Option<Self> {
        caller.domain.actor.as_ref()?;
        Some(Self { domain: caller.domain.clone(), email: caller.email.clone()? })
    }

    fn actor(&self) -> Result<&Actor, domain::Error> {
        self.domain.actor()
    }
}

/// Who is signed in, and what they may do.
#[Object]
impl Viewer {
    /// The account that is signed in.
    async fn account(&self) -> Result<Account> {
        let actor = self.actor()?;
        Ok(Account { id: id::encode(actor.account_id), email: self.email.clone(), name: actor.name.clone() })
    }

    /// The viewer's role in this organisation.
    async fn role(&self) -> Result<Role> {
        Ok(self.actor()?.role.into())
    }

    /// The viewer's own employee record, if there is one.
    async fn employee(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Employee>>> {
        let own = domain::employee::own(&ctx.request()?.scope, &self.domain).await?;
        Ok(own.map(|row| Resolved::made(row.into())))
    }

    /// What the viewer may do, for showing or hiding what leads to it.
    async fn permissions(&self) -> ViewerPermissions {
        ViewerPermissions {
            manage_employees: self.domain.may(Permission::HireEmployees),
            manage_organisation: self.domain.may(Permission::ManageDepartments),
            read_audit: self.domain.may(Permission::ReadAudit),
        }
    }
}

/// What the viewer may do in this organisation.
#[derive(Debug, SimpleObject)]
pub struct ViewerPermissions {
    /// Hire, change, transfer, terminate and rehire employees.
    manage_employees: bool,
    /// Create, change, merge and delete departments, positions and locations.
    manage_organisation: bool,
    /// Read what was changed, when and by whom.
    read_audit: bool,
}

/// What somebody signs in with.
#[derive(Debug, SimpleObject)]
pub struct Account {
    /// The account's opaque id.
    id: ID,
    /// The e-mail address that the account signs in with.
    email: String,
    /// The person's name.
    name: String,
}

/// What a member may do in the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Role")]
pub enum Role {
    /// Owns the organisation; may do everything.
    Owner,
    /// Administers the organisation; may do everything in it.
    Admin,
    /// Manages its people, and sees their private details and salaries.
    Hr,
    /// Leads a team, and sees the salaries of those who report to them.
    Manager,
    /// Sees the directory, and their own details.
    Employee,
}

/// The part of the queries that is about the viewer.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who is signed in; null for an anonymous request.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Resolved<'_, Viewer>> {
        let request = ctx.or_null(ctx.request())?;
        Viewer::of(&request.visit().caller).map(Resolved::made)
    }
}
