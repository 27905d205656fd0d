//! What people and programs get in by: second factors, passkeys, invitations, API keys, identity providers; and the mail that is
//! sent to them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("keys, invitations and second factors would be lost".to_owned()))
    }
}

/// The triggers tell every process at once that what somebody may do has changed: the payload is the id of the account, session,
/// key or tenant. Renewing a session changes nothing that anyone may do, so it is not told.
const UP: &str = "
ALTER TABLE accounts ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS password_changed_at timestamptz;

ALTER TABLE sessions ALTER COLUMN tenant_id DROP NOT NULL;
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS method text NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS address text;
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS user_agent text;

CREATE TABLE IF NOT EXISTS sign_in_attempts (
    key bytea NOT NULL,
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (key)
);
CREATE INDEX IF NOT EXISTS sign_in_attempts_last_failed_at_idx ON sign_in_attempts (last_failed_at);

CREATE TABLE IF NOT EXISTS sign_in_challenges (
    id uuid NOT NULL,
    kind text NOT NULL,
    account_id uuid,
    tenant_id uuid,
    state jsonb NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_challenges_pkey PRIMARY KEY (id),
    CONSTRAINT sign_in_challenges_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS sign_in_challenges_account_idx ON sign_in_challenges (account_id);
CREATE INDEX IF NOT EXISTS sign_in_challenges_expires_at_idx ON sign_in_challenges (expires_at);

CREATE TABLE IF NOT EXISTS entry_codes (
    code_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    session_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT entry_codes_pkey PRIMARY KEY (code_hash),
    CONSTRAINT entry_codes_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT entry_codes_session_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS entry_codes_account_idx ON entry_codes (account_id);
CREATE INDEX IF NOT EXISTS entry_codes_session_idx ON entry_codes (session_id);
CREATE INDEX IF NOT EXISTS entry_codes_expires_at_idx ON entry_codes (expires_at);

CREATE TABLE IF NOT EXISTS authenticators (
    account_id uuid NOT NULL,
    secret bytea NOT NULL,
    last_step bigint,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    CONSTRAINT authenticators_pkey PRIMARY KEY (account_id),
    CONSTRAINT authenticators_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS recovery_codes (
    account_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (account_id, code_hash),
    CONSTRAINT recovery_codes_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS passkeys (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    relying_party text NOT NULL,
    credential_id bytea NOT NULL,
    credential jsonb NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    CONSTRAINT passkeys_pkey PRIMARY KEY (id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS passkeys_account_idx ON passkeys (account_id);

CREATE TABLE IF NOT EXISTS password_resets (
    token_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT password_resets_pkey PRIMARY KEY (token_hash),
    CONSTRAINT password_resets_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS password_resets_account_idx ON password_resets (account_id);

CREATE TABLE IF NOT EXISTS invitations (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    employee_id uuid,
    token_hash bytea NOT NULL,
    invited_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT invitations_pkey PRIMARY KEY (id),
    CONSTRAINT invitations_token_hash_key UNIQUE (token_hash),
    CONSTRAINT invitations_tenant_email_key UNIQUE (tenant_id, email),
    CONSTRAINT invitations_role_check CHECK (role IN ('owner', 'admin', 'hr', 'manager', 'employee'))
);

CREATE TABLE IF NOT EXISTS api_keys (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    token_hint text NOT NULL,
    permissions jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX IF NOT EXISTS api_keys_tenant_idx ON api_keys (tenant_id, id);

CREATE TABLE IF NOT EXISTS identity_providers (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    client_secret text,
    audience text,
    role_claim text,
    roles jsonb NOT NULL,
    default_role text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT identity_providers_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT identity_providers_default_role_check CHECK (default_role IN ('admin', 'hr', 'manager', 'employee'))
);

CREATE TABLE IF NOT EXISTS external_identities (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT external_identities_pkey PRIMARY KEY (id),
    CONSTRAINT external_identities_subject_key UNIQUE (tenant_id, issuer, subject),
    CONSTRAINT external_identities_account_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS external_identities_account_idx ON external_identities (account_id);

CREATE TABLE IF NOT EXISTS outgoing_mail (
    id uuid NOT NULL,
    tenant_id uuid,
    kind text NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    text_body text NOT NULL,
    html_body text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    next_try_at timestamptz NOT NULL,
    sent_at timestamptz,
    failed_at timestamptz,
    last_error text,
    CONSTRAINT outgoing_mail_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS outgoing_mail_due_idx ON outgoing_mail (next_try_at) WHERE sent_at IS NULL AND failed_at IS NULL;

CREATE INDEX IF NOT EXISTS outgoing_mail_recipient_idx ON outgoing_mail (recipient, created_at);

CREATE OR REPLACE FUNCTION notify_of_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_access', OLD.id::text);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER sessions_notify AFTER UPDATE OF ended_at OR DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION notify_of_session();

CREATE OR REPLACE FUNCTION notify_of_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_access', coalesce(NEW.account_id, OLD.account_id)::text);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER memberships_notify AFTER INSERT OR UPDATE OR DELETE ON memberships
    FOR EACH ROW EXECUTE FUNCTION notify_of_membership();

CREATE OR REPLACE FUNCTION notify_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_access', OLD.id::text);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER accounts_notify AFTER UPDATE OF name, email OR DELETE ON accounts
    FOR EACH ROW EXECUTE FUNCTION notify_of_account();

CREATE OR REPLACE FUNCTION notify_of_api_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_access', OLD.id::text);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER api_keys_notify AFTER UPDATE OF permissions, expires_at, ended_at OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION notify_of_api_key();

CREATE OR REPLACE FUNCTION notify_of_identity_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_access', coalesce(NEW.tenant_id, OLD.tenant_id)::text);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER identity_providers_notify AFTER INSERT OR UPDATE OR DELETE ON identity_providers
    FOR EACH ROW EXECUTE FUNCTION notify_of_identity_provider();

CREATE OR REPLACE FUNCTION notify_of_external_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_access', OLD.id::text);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER external_identities_notify AFTER UPDATE OR DELETE ON external_identities
    FOR EACH ROW EXECUTE FUNCTION notify_of_external_identity();

ALTER TABLE signing_keys ADD COLUMN IF NOT EXISTS signs_from timestamptz;
UPDATE signing_keys SET signs_from = created_at WHERE signs_from IS NULL;
ALTER TABLE signing_keys ALTER COLUMN signs_from SET NOT NULL;
CREATE OR REPLACE FUNCTION notify_of_signing_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_keys', '');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER signing_keys_notify AFTER INSERT OR UPDATE OR DELETE ON signing_keys
    FOR EACH STATEMENT EXECUTE FUNCTION notify_of_signing_key();

CREATE OR REPLACE FUNCTION notify_of_mail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenantry_mail', '');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER outgoing_mail_notify AFTER INSERT ON outgoing_mail
    FOR EACH STATEMENT EXECUTE FUNCTION notify_of_mail();
";
