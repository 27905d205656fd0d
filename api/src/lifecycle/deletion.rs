//! The end of an organisation: asked for, taken back within the grace, or carried out.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Context, Error, Permission,
    audit::{Changes, Event},
};
use entities::id::AccountId;
use sea_orm::{TransactionSession, TransactionTrait};
use tenancy::{AskedBy, Certificate, Tenant, TenantId};

use super::{Lifecycle, answer, owners};
use crate::{
    auth::{Auth, audit_outbox},
    backup::hand_over,
    exports,
};

impl Lifecycle {
    /// Asks for the deletion of an organisation, for an owner who has typed its slug. It is not served from now on; until the moment
    /// that is returned it can be taken back.
    pub async fn request_deletion(
        &self,
        auth: &Auth,
        context: &Context,
        tenant: &std::sync::Arc<Tenant>,
        typed_slug: &str,
    ) -> Result<DateTime<Utc>, Error> {
        context.require(Permission::ManageTenant)?;
        if typed_slug.trim() != tenant.slug.as_str() {
            return Err(Error::bad_input("slug", "This is not the organisation's address."));
        }
        let transaction = self.platform.begin().await?;
        let wanted = context.now + self.options.deletion_grace();
        let at = self.tenants.schedule_deletion(&transaction, tenant.id, AskedBy::Owner, wanted, context.now).await;
        let at = at.map_err(answer)?;
        let changes = Changes::default().with("deleteAt", tenant.delete_at, Some(at));
        let entry =
            audit_outbox::put(&transaction, tenant.id, context, event(tenant, "tenant.deletion_requested", changes)).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        // Past the request's own connection, which writes nothing where the organisation may only be read.
        auth.deliver(&self.tenants.read_write(tenant), [entry]).await;
        Ok(at)
    }

    /// Takes a deletion back, for an owner.
    pub async fn keep(
        &self,
        auth: &Auth,
        account: AccountId,
        name: &str,
        tenant: &std::sync::Arc<Tenant>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let transaction = self.platform.begin().await?;
        let context = Self::owner_from_apex(&transaction, account, name, tenant.id, now).await?;
        if !self.tenants.keep(&transaction, tenant.id, AskedBy::Owner, now).await.map_err(answer)? {
            let message = "There is no deletion of this organisation that an owner could take back.".to_owned();
            return Err(Error::Conflict { field: None, message });
        }
        let changes = Changes::default().with("deleteAt", tenant.delete_at, None::<DateTime<Utc>>);
        let entry =
            audit_outbox::put(&transaction, tenant.id, &context, event(tenant, "tenant.deletion_withdrawn", changes)).await?;
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        if tenant.is_current(self.tenants.head()) {
            auth.deliver(&self.tenants.read_write(tenant), [entry]).await;
        }
        Ok(())
    }

    /// Deletes a tenant whose time has come, with all that is kept of it, and sends its owners the certificate. None: its time has not
    /// come, or another process was faster. After a failure the next call goes on. The certificate says by `clock` when it was begun and
    /// when it was finished, for large tenants take their time.
    pub async fn carry_out_deletion(
        &self,
        tenant: TenantId,
        clock: impl Fn() -> DateTime<Utc> + Send + Sync,
    ) -> anyhow::Result<Option<Certificate>> {
        // Memberships say whom the certificate is sent to, hosts what is bound to them, and backups and exports where the files are.
        if !self.tenants.erase(tenant, &["memberships", "domains", "backups", "exports"], clock()).await? {
            return Ok(None);
        }
        let now = clock();
        let transaction = self.platform.begin().await?;
        let owners = owners(&transaction, tenant).await?;
        crate::domains::forget_hosts(&transaction, tenant, now).await?;
        exports::remove_all(&transaction, tenant).await?;
        let archives_until = now + TimeDelta::days(self.archives_kept_days.into());
        let archives = hand_over(&transaction, tenant, archives_until).await?;
        let archives_until = (archives > 0).then_some(archives_until);
        let reserved_until = now + self.options.former_address();
        let certificate = self.tenants.finish_deletion(&transaction, tenant, reserved_until, archives_until, clock).await?;
        let Some(certificate) = certificate else {
            return Ok(None);
        };
        for owner in &owners {
            self.mail.write_certificate(&transaction, owner, &certificate, certificate.finished_at).await?;
        }
        transaction.commit().await?;
        self.tenants.directory().forget(tenant);
        tracing::info!(%tenant, slug = certificate.slug, removed = ?certificate.removed, "a tenant is deleted");
        Ok(Some(certificate))
    }
}

fn event(tenant: &Tenant, action: &'static str, changes: Changes) -> Event {
    Event { action, subject_type: "tenant", subject_id: tenant.id.0, changes }
}
