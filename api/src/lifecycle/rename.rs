//! An organisation gets another name or address.

use chrono::{DateTime, Utc};
use domain::{
    Context, Error, Permission,
    audit::{Changes, Event},
    value::{FromText as _, Title},
};
use sea_orm::{TransactionSession, TransactionTrait};
use tenancy::{Slug, Tenant, TenantScope};

use super::{Lifecycle, answer};
use crate::auth::Auth;

impl Lifecycle {
    /// Renames an organisation, for an owner. What is not given stays as it is. The former address leads to the new one for a while.
    pub async fn rename(
        &self,
        auth: &Auth,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        slug: Option<&str>,
        name: Option<&str>,
    ) -> Result<(), Error> {
        context.require(Permission::ManageTenant)?;
        let (slug, name) = parse(tenant, slug, name)?;
        let changes = Changes::default().with("slug", tenant.slug.as_str(), slug.as_str()).with("name", &tenant.name, &name);
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.platform.begin().await?;
        let reserved_until = context.now + self.options.former_address();
        self.tenants.rename(&transaction, tenant, &slug, &name, reserved_until, context.now).await.map_err(answer)?;
        let event = Event { action: "tenant.renamed", subject_type: "tenant", subject_id: tenant.id.0, changes };
        let entry = crate::auth::audit_outbox::put(&transaction, tenant.id, context, event).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        auth.deliver(scope, [entry]).await;
        Ok(())
    }

    /// The same, for an operator.
    pub async fn rename_as_operator(
        &self,
        tenant: &Tenant,
        slug: Option<&str>,
        name: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (slug, name) = parse(tenant, slug, name)?;
        let transaction = self.platform.begin().await?;
        let reserved_until = now + self.options.former_address();
        self.tenants.rename(&transaction, tenant, &slug, &name, reserved_until, now).await.map_err(answer)?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        Ok(())
    }
}

fn parse(tenant: &Tenant, slug: Option<&str>, name: Option<&str>) -> Result<(Slug, String), Error> {
    let slug = match slug {
        Some(slug) => Slug::parse(slug.trim()).map_err(|error| Error::bad_input("slug", sentence(&error.to_string())))?,
        None => tenant.slug.clone(),
    };
    let name = match name {
        Some(name) => Title::from_text("name", name)?.into_text(),
        None => tenant.name.clone(),
    };
    Ok((slug, name))
}

/// The text of an error, as it stands in a sentence, as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}
