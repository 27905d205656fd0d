//! Operators of the platform: their accounts, their sessions, and what they have done.

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
        Err(DbErr::Migration("what operators have done would be forgotten".to_owned()))
    }
}

/// What was done to a tenant is kept when the tenant is gone, so the column is not called `tenant_id`.
const UP: &str = "
CREATE TABLE IF NOT EXISTS operators (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    password_hash text,
    authenticator_secret bytea NOT NULL,
    authenticator_last_step bigint,
    setup_hash bytea,
    setup_expires_at timestamptz,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT operators_pkey PRIMARY KEY (id),
    CONSTRAINT operators_email_key UNIQUE (email),
    CONSTRAINT operators_setup_hash_key UNIQUE (setup_hash),
    CONSTRAINT operators_role_check CHECK (role IN ('admin', 'viewer'))
);

CREATE TABLE IF NOT EXISTS operator_sessions (
    id uuid NOT NULL,
    operator_id uuid NOT NULL,
    refresh_secret bytea NOT NULL,
    generation integer NOT NULL,
    rotated_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    address text,
    user_agent text,
    CONSTRAINT operator_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT operator_sessions_operator_fkey FOREIGN KEY (operator_id) REFERENCES operators (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS operator_sessions_operator_idx ON operator_sessions (operator_id);

CREATE TABLE IF NOT EXISTS operator_events (
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    operator_id uuid,
    operator_name text NOT NULL,
    action text NOT NULL,
    subject_tenant uuid,
    subject_slug text,
    details jsonb NOT NULL,
    address text,
    CONSTRAINT operator_events_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS operator_events_subject_idx ON operator_events (subject_tenant, id);
";
