//! Who is signed in.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::{Actor, Permission, Principal};
use entities::id::AccountId;

use super::{context::ResolverContext, employee::Employee, id, resolved::Resolved, support::SupportVisit, visit::Caller};
use crate::auth::Identity;

/// Who is signed in, and what they may do.
pub struct Viewer {
    domain: domain::Context,
    identity: Arc<Identity>,
}

impl Viewer {
    /// The viewer of a caller; none when nobody is signed in.
    pub fn of(caller: &Caller) -> Option<Self> {
        caller.domain.actor.as_ref()?;
        Some(Self { domain: caller.domain.clone(), identity: caller.identity.clone()? })
    }

    fn actor(&self) -> Result<&Actor, domain::Error> {
        self.domain.actor()
    }
}

/// Who is signed in, and what they may do.
#[Object]
impl Viewer {
    /// The account that is signed in; null for a program, and for an operator.
    async fn account(&self) -> Option<Account> {
        Account::of(&self.identity)
    }

    /// The name of the person or program.
    async fn name(&self) -> &str {
        &self.identity.name
    }

    /// The viewer's role in this organisation; null for a program with an API key, which has no role but the permissions that its key
    /// names, and for an operator who was let in.
    async fn role(&self) -> Result<Option<Role>> {
        let actor = self.actor()?;
        Ok(match actor.principal {
            Principal::ApiKey(_) | Principal::Operator(_) => None,
            Principal::Account(_) | Principal::ExternalIdentity(_) => Some(actor.role.into()),
        })
    }

    /// The viewer's own employee record, if there is one.
    async fn employee(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Employee>>> {
        let own = domain::employee::own(ctx.request()?.scope(), &self.domain).await?;
        Ok(own.map(|row| Resolved::made(row.into())))
    }

    /// By whose leave an operator is here to look; null for everybody else.
    async fn support(&self) -> Option<SupportVisit> {
        SupportVisit::of(&self.identity)
    }

    /// What the viewer may do, for showing or hiding what leads to it.
    async fn permissions(&self) -> ViewerPermissions {
        ViewerPermissions {
            manage_employees: self.domain.may(Permission::HireEmployees),
            manage_organisation: self.domain.may(Permission::ManageDepartments),
            read_audit: self.domain.may(Permission::ReadAudit),
            manage_members: self.domain.may(Permission::ManageMembers),
            manage_api_keys: self.domain.may(Permission::ManageApiKeys),
            manage_sign_in: self.domain.may(Permission::ManageSignIn),
            manage_domains: self.domain.may(Permission::ManageDomains),
            manage_tenant: self.domain.may(Permission::ManageTenant),
        }
    }
}

/// What the viewer may do in this organisation.
#[derive(Debug, SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field that a page asks for by name")]
pub struct ViewerPermissions {
    /// Hire, change, transfer, terminate and rehire employees.
    manage_employees: bool,
    /// Create, change, merge and delete departments, positions and locations.
    manage_organisation: bool,
    /// Read what was changed, when and by whom.
    read_audit: bool,
    /// Invite members, change their roles, and end memberships.
    manage_members: bool,
    /// Make and end API keys.
    manage_api_keys: bool,
    /// Set up the organisation's own identity provider, and how members have to sign in.
    manage_sign_in: bool,
    /// Add and remove addresses of the organisation, and choose the primary one.
    manage_domains: bool,
    /// Rename the organisation, and ask for its deletion.
    manage_tenant: bool,
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

impl Account {
    /// The account of a person; none for a program.
    pub fn of(identity: &Identity) -> Option<Self> {
        let Principal::Account(id) = identity.principal else {
            return None;
        };
        Some(Self { id: id::encode(id), email: identity.email.clone()?, name: identity.name.clone() })
    }

    /// The account of a member.
    pub fn new(id: AccountId, email: &str, name: &str) -> Self {
        Self { id: id::encode(id), email: email.to_owned(), name: name.to_owned() }
    }
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
