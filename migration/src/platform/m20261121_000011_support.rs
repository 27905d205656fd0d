//! Support access of operators to tenants: requests with what owners have said, ways in, and sessions.

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
        Err(DbErr::Migration("what owners have consented to would be forgotten".to_owned()))
    }
}

/// Codes and sessions do not refer to their grant by a constraint: of a tenant that is deleted each table loses its rows by itself, and they
/// are counted. One that has lost its grant is good for nothing.
const UP: &str = "
CREATE TABLE IF NOT EXISTS support_grants (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    operator_name text NOT NULL,
    operator_email text NOT NULL,
    reason text NOT NULL,
    hours smallint NOT NULL,
    asked_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    decided_at timestamptz,
    consented boolean,
    decided_by uuid,
    decided_by_name text,
    expires_at timestamptz,
    last_entered_at timestamptz,
    ended_at timestamptz,
    ended_by text,
    expiry_noted_at timestamptz,
    CONSTRAINT support_grants_pkey PRIMARY KEY (id),
    CONSTRAINT support_grants_operator_fkey FOREIGN KEY (operator_id) REFERENCES operators (id) ON DELETE CASCADE,
    CONSTRAINT support_grants_hours_check CHECK (hours BETWEEN 1 AND 8),
    CONSTRAINT support_grants_decided_check CHECK (
        (decided_at IS NULL) = (consented IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)
        AND (decided_at IS NULL) = (decided_by_name IS NULL)
        AND (coalesce(consented, false)) = (expires_at IS NOT NULL)
    ),
    CONSTRAINT support_grants_ended_check CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX IF NOT EXISTS support_grants_tenant_idx ON support_grants (tenant_id, id);
CREATE INDEX IF NOT EXISTS support_grants_operator_idx ON support_grants (operator_id);
CREATE INDEX IF NOT EXISTS support_grants_unnoted_idx ON support_grants (expires_at)
    WHERE ended_at IS NULL AND expiry_noted_at IS NULL;

CREATE TABLE IF NOT EXISTS support_entry_codes (
    code_hash bytea NOT NULL,
    grant_id uuid NOT NULL,
    operator_session_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    nonce_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT support_entry_codes_pkey PRIMARY KEY (code_hash),
    CONSTRAINT support_entry_codes_session_fkey
        FOREIGN KEY (operator_session_id) REFERENCES operator_sessions (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS support_entry_codes_tenant_idx ON support_entry_codes (tenant_id);
CREATE INDEX IF NOT EXISTS support_entry_codes_session_idx ON support_entry_codes (operator_session_id);
CREATE INDEX IF NOT EXISTS support_entry_codes_expires_at_idx ON support_entry_codes (expires_at);

CREATE TABLE IF NOT EXISTS support_sessions (
    id uuid NOT NULL,
    grant_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    refresh_secret bytea NOT NULL,
    generation integer NOT NULL,
    rotated_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    address text,
    user_agent text,
    CONSTRAINT support_sessions_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS support_sessions_tenant_idx ON support_sessions (tenant_id);
CREATE INDEX IF NOT EXISTS support_sessions_operator_idx ON support_sessions (operator_id);
CREATE INDEX IF NOT EXISTS support_sessions_expires_at_idx ON support_sessions (expires_at);
";
