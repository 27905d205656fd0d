//! Organisations that sign up by themselves.

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
        Err(DbErr::Migration("sign-ups that wait for their confirmation would be lost".to_owned()))
    }
}

const UP: &str = "
CREATE TABLE IF NOT EXISTS sign_ups (
    id uuid NOT NULL,
    key_hash bytea NOT NULL,
    organisation text NOT NULL,
    slug text NOT NULL,
    owner_name text NOT NULL,
    email text NOT NULL,
    password_hash text,
    network text,
    invitation_hash bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    tenant_id uuid,
    CONSTRAINT sign_ups_pkey PRIMARY KEY (id),
    CONSTRAINT sign_ups_key_hash_key UNIQUE (key_hash)
);
CREATE INDEX IF NOT EXISTS sign_ups_created_at_idx ON sign_ups (created_at);
CREATE INDEX IF NOT EXISTS sign_ups_network_idx ON sign_ups (network, created_at);
CREATE INDEX IF NOT EXISTS sign_ups_email_idx ON sign_ups (email, created_at);
CREATE INDEX IF NOT EXISTS sign_ups_confirmed_at_idx ON sign_ups (confirmed_at) WHERE confirmed_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sign_ups_expires_at_idx ON sign_ups (expires_at) WHERE confirmed_at IS NULL;
CREATE INDEX IF NOT EXISTS sign_ups_tenant_idx ON sign_ups (tenant_id);

CREATE TABLE IF NOT EXISTS sign_up_tokens (
    token_hash bytea NOT NULL,
    sign_up_id uuid NOT NULL,
    CONSTRAINT sign_up_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT sign_up_tokens_sign_up_fkey FOREIGN KEY (sign_up_id) REFERENCES sign_ups (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS sign_up_tokens_sign_up_idx ON sign_up_tokens (sign_up_id);

CREATE TABLE IF NOT EXISTS sign_up_invitations (
    code_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_up_invitations_pkey PRIMARY KEY (code_hash)
);

ALTER TABLE outgoing_mail ADD COLUMN IF NOT EXISTS sign_up_id uuid;
";
