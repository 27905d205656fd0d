//! An organisation gets another name or address.

use domain::{
    Context, Error, Permission,
    audit::{Changes, Event},
    value::{FromText as _, Title},
};
use sea_orm::{TransactionSession, TransactionTrait};
use tenancy::{Renaming, Slug, Tenant, TenantScope};

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
        let (slug, name) = parse(slug, name)?;
        let transaction = self.platform.begin().await?;
        let wanted = Renaming {
            slug: slug.as_ref(),
            name: name.as_deref(),
            reserved_until: context.now + self.options.former_address(),
            by_operator: false,
            now: context.now,
        };
        let renamed = self.tenants.rename(&transaction, tenant.id, &wanted).await.map_err(answer)?;
        let changes =
            Changes::default().with("slug", renamed.before.0, renamed.after.0).with("name", renamed.before.1, renamed.after.1);
        if changes.is_empty() {
            return Ok(());
        }
        let event = Event { action: "tenant.renamed", subject_type: "tenant", subject_id: tenant.id.0, changes };
        let entry = crate::auth::audit_outbox::put(&transaction, tenant.id, context, event).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        auth.deliver(scope, [entry]).await;
        Ok(())
    }
}

/// The slug and the name that a tenant is to have, where they are given.
pub(crate) fn parse(slug: Option<&str>, name: Option<&str>) -> Result<(Option<Slug>, Option<String>), Error> {
    let slug = slug.map(|slug| Slug::parse(slug.trim()).map_err(|error| Error::bad_input("slug", sentence(&error.to_string()))));
    let name = name.map(|name| Title::from_text("name", name).map(Title::into_text));
    Ok((slug.transpose()?, name.transpose()?))
}

/// The text of an error, as it stands in a sentence, as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}
