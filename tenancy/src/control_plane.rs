//! The tables of this crate in the control plane: tenants, their hosts and former slugs, the ledger of their migrations, and what is
//! known of deletions.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

/// The schema of the control plane.
pub const PLATFORM_SCHEMA: &str = "platform";

/// Makes the schema and the tables; a second run changes nothing and waits for nobody. The caller holds the lock and the transaction.
pub(crate) async fn install(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    transaction.execute_unprepared(TABLES).await?;
    transaction.execute_unprepared(crate::fleet::TABLES).await?;
    transaction.execute_unprepared(crate::standby::TABLES).await?;
    transaction.execute_unprepared(CLOSE_PUBLIC).await.map(drop)
}

/// Takes from everyone what a new database gives to everyone, and so to each tenant's role: its schema `public`, and temporary
/// tables. What is not this role's to take stays, and `tenantry doctor` says so. A second run writes nothing.
const CLOSE_PUBLIC: &str = "
    DO $$
    BEGIN
        IF EXISTS (SELECT FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS acl
                   WHERE nspname = 'public' AND acl.grantee = 0 AND pg_has_role(nspowner, 'USAGE')) THEN
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
        END IF;
        IF EXISTS (SELECT FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl
                   WHERE datname = current_database() AND acl.grantee = 0 AND acl.privilege_type = 'TEMPORARY'
                   AND pg_has_role(datdba, 'USAGE')) THEN
            EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
        END IF;
    END $$;
";

/// The triggers are on the control plane, never in a tenant's schema. They tell every process at once of a change, whoever
/// made it, also an operator in psql.
///
/// Where all of it is there, as the comment of the table says, nothing is locked: every command begins with this, and every look-up
/// of every process would wait behind one that waits for a restore or a migration to end. Whoever changes this text counts it on; a newer program's is
/// left as it is.
///
/// The first line keeps Citus from distributing the control plane as if it were a tenant; plain Postgres ignores it.
const TABLES: &str = "
    SELECT set_config('citus.enable_schema_based_sharding', 'off', true);
    CREATE SCHEMA IF NOT EXISTS platform;

    DO $install$ BEGIN
        IF coalesce(substring(obj_description(to_regclass('platform.tenants'), 'pg_class') FROM '[(]([0-9]+)[)]$')::integer, 0) >= 1 THEN
            RETURN;
        END IF;

        CREATE TABLE IF NOT EXISTS platform.tenants (
            id uuid PRIMARY KEY,
            slug text NOT NULL CONSTRAINT tenants_slug_key UNIQUE,
            name text NOT NULL,
            schema_name text NOT NULL CONSTRAINT tenants_schema_name_key UNIQUE,
            status text NOT NULL CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'deleting')),
            schema_version text,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        );
        ALTER TABLE platform.tenants ADD COLUMN IF NOT EXISTS settings jsonb NOT NULL DEFAULT '{}';
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'platform.tenants'::regclass AND attname = 'delete_at') THEN
            ALTER TABLE platform.tenants
                DROP CONSTRAINT tenants_status_check,
                ADD CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended', 'deleting')),
                ADD COLUMN status_since timestamptz,
                ADD COLUMN trial_ends_at timestamptz,
                ADD COLUMN paid_until timestamptz,
                ADD COLUMN delete_at timestamptz,
                ADD COLUMN maintenance_since timestamptz,
                ADD COLUMN maintenance_message text;
        END IF;
        CREATE INDEX IF NOT EXISTS tenants_delete_at_index ON platform.tenants (delete_at) WHERE delete_at IS NOT NULL;
        CREATE INDEX IF NOT EXISTS tenants_schema_version_index ON platform.tenants (schema_version);
        CREATE INDEX IF NOT EXISTS tenants_name_index ON platform.tenants (lower(name), id);
        CREATE INDEX IF NOT EXISTS tenants_created_at_index ON platform.tenants (created_at, id);

        CREATE TABLE IF NOT EXISTS platform.domains (
            hostname text PRIMARY KEY,
            tenant_id uuid NOT NULL CONSTRAINT domains_tenant_id_fkey REFERENCES platform.tenants ON DELETE CASCADE,
            is_primary boolean NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE INDEX IF NOT EXISTS domains_tenant_id_index ON platform.domains (tenant_id);
        CREATE UNIQUE INDEX IF NOT EXISTS domains_primary_key ON platform.domains (tenant_id) WHERE is_primary;

        CREATE TABLE IF NOT EXISTS platform.former_slugs (
            slug text PRIMARY KEY,
            tenant_id uuid NOT NULL CONSTRAINT former_slugs_tenant_id_fkey REFERENCES platform.tenants ON DELETE CASCADE,
            reserved_until timestamptz NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE INDEX IF NOT EXISTS former_slugs_tenant_id_index ON platform.former_slugs (tenant_id);

        CREATE TABLE IF NOT EXISTS platform.deletions (
            tenant_id uuid PRIMARY KEY CONSTRAINT deletions_tenant_id_fkey REFERENCES platform.tenants ON DELETE CASCADE,
            asked_by text NOT NULL CONSTRAINT deletions_asked_by_check CHECK (asked_by IN ('owner', 'operator')),
            asked_at timestamptz NOT NULL,
            begun_at timestamptz,
            removed jsonb NOT NULL DEFAULT '{}'
        );
        CREATE TABLE IF NOT EXISTS platform.deletion_certificates (
            tenant_id uuid PRIMARY KEY,
            certificate jsonb NOT NULL,
            slug text NOT NULL,
            reserved_until timestamptz NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE INDEX IF NOT EXISTS deletion_certificates_slug_index ON platform.deletion_certificates (slug, reserved_until);
        CREATE INDEX IF NOT EXISTS deletion_certificates_created_at_index ON platform.deletion_certificates (created_at);

        CREATE TABLE IF NOT EXISTS platform.tenant_migrations (
            tenant_id uuid NOT NULL CONSTRAINT tenant_migrations_tenant_id_fkey REFERENCES platform.tenants ON DELETE CASCADE,
            version text NOT NULL,
            state text NOT NULL CONSTRAINT tenant_migrations_state_check CHECK (state IN ('done', 'failed')),
            error text,
            finished_at timestamptz NOT NULL,
            PRIMARY KEY (tenant_id, version)
        );

        CREATE OR REPLACE FUNCTION platform.notify_of_tenant() RETURNS trigger LANGUAGE plpgsql AS $function$
        BEGIN
            PERFORM pg_notify('tenantry_directory', coalesce(NEW.id, OLD.id)::text);
            RETURN NULL;
        END $function$;
        CREATE OR REPLACE FUNCTION platform.notify_of_domain() RETURNS trigger LANGUAGE plpgsql AS $function$
        BEGIN
            PERFORM pg_notify('tenantry_directory', coalesce(NEW.tenant_id, OLD.tenant_id)::text);
            IF NEW.tenant_id <> OLD.tenant_id THEN
                PERFORM pg_notify('tenantry_directory', OLD.tenant_id::text);
            END IF;
            RETURN NULL;
        END $function$;
        CREATE OR REPLACE TRIGGER tenants_notify AFTER INSERT OR UPDATE OR DELETE ON platform.tenants
            FOR EACH ROW EXECUTE FUNCTION platform.notify_of_tenant();
        CREATE OR REPLACE TRIGGER former_slugs_notify AFTER INSERT OR UPDATE OR DELETE ON platform.former_slugs
            FOR EACH ROW EXECUTE FUNCTION platform.notify_of_domain();
        CREATE OR REPLACE TRIGGER domains_notify AFTER INSERT OR UPDATE OR DELETE ON platform.domains
            FOR EACH ROW EXECUTE FUNCTION platform.notify_of_domain();

        COMMENT ON TABLE platform.tenants IS 'The tenants (1)';
    END $install$;
";

/// The channel that the triggers notify; the payload is the tenant's id.
pub const DIRECTORY_CHANNEL: &str = "tenantry_directory";
