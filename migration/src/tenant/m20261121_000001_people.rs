//! Departments, positions, locations, employees, the audit and the counters.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await?;
        Ok(())
    }
}

const UP: &str = "
CREATE TABLE IF NOT EXISTS departments (
    id uuid NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT departments_pkey PRIMARY KEY (id),
    CONSTRAINT departments_parent_fkey FOREIGN KEY (parent_id) REFERENCES departments (id),
    CONSTRAINT departments_parent_check CHECK (parent_id <> id)
);
-- Two departments at the top are siblings too, hence the stand-in for their missing parent.
CREATE UNIQUE INDEX IF NOT EXISTS departments_sibling_name_key
    ON departments (coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid), lower(name));
CREATE INDEX IF NOT EXISTS departments_parent_idx ON departments (parent_id);

CREATE TABLE IF NOT EXISTS positions (
    id uuid NOT NULL,
    title text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT positions_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX IF NOT EXISTS positions_title_key ON positions (lower(title));

CREATE TABLE IF NOT EXISTS locations (
    id uuid NOT NULL,
    name text NOT NULL,
    country_code text NOT NULL,
    time_zone text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT locations_pkey PRIMARY KEY (id),
    CONSTRAINT locations_country_code_check CHECK (country_code ~ '^[A-Z]{2}$')
);
CREATE UNIQUE INDEX IF NOT EXISTS locations_name_key ON locations (lower(name));

CREATE TABLE IF NOT EXISTS employees (
    id uuid NOT NULL,
    employee_number bigint NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    preferred_name text,
    work_email text NOT NULL,
    department_id uuid NOT NULL,
    position_id uuid NOT NULL,
    location_id uuid,
    manager_id uuid,
    employment_type text NOT NULL,
    status text NOT NULL,
    hired_on date NOT NULL,
    terminated_on date,
    termination_reason text,
    birth_date date,
    personal_email text,
    phone text,
    address text,
    salary_amount numeric(14, 2),
    salary_currency text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT employees_pkey PRIMARY KEY (id),
    CONSTRAINT employees_number_key UNIQUE (employee_number),
    CONSTRAINT employees_department_fkey FOREIGN KEY (department_id) REFERENCES departments (id),
    CONSTRAINT employees_position_fkey FOREIGN KEY (position_id) REFERENCES positions (id),
    CONSTRAINT employees_location_fkey FOREIGN KEY (location_id) REFERENCES locations (id),
    CONSTRAINT employees_manager_fkey FOREIGN KEY (manager_id) REFERENCES employees (id),
    CONSTRAINT employees_manager_check CHECK (manager_id <> id),
    CONSTRAINT employees_employment_type_check
        CHECK (employment_type IN ('full_time', 'part_time', 'contract', 'intern')),
    CONSTRAINT employees_status_check CHECK (status IN ('active', 'terminated')),
    CONSTRAINT employees_terminated_on_check CHECK ((status = 'terminated') = (terminated_on IS NOT NULL)),
    CONSTRAINT employees_termination_order_check CHECK (terminated_on >= hired_on),
    CONSTRAINT employees_salary_check CHECK ((salary_amount IS NULL) = (salary_currency IS NULL))
);
CREATE UNIQUE INDEX IF NOT EXISTS employees_work_email_key ON employees (lower(work_email));
CREATE INDEX IF NOT EXISTS employees_name_idx ON employees (family_name, given_name, id);
CREATE INDEX IF NOT EXISTS employees_hired_on_idx ON employees (hired_on, id);
CREATE INDEX IF NOT EXISTS employees_department_idx ON employees (department_id);
CREATE INDEX IF NOT EXISTS employees_position_idx ON employees (position_id);
CREATE INDEX IF NOT EXISTS employees_location_idx ON employees (location_id);
CREATE INDEX IF NOT EXISTS employees_manager_idx ON employees (manager_id);

CREATE TABLE IF NOT EXISTS audit_events (
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    actor_account_id uuid NOT NULL,
    actor_name text NOT NULL,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    changes jsonb NOT NULL,
    CONSTRAINT audit_events_pkey PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS audit_events_subject_idx ON audit_events (subject_id, id);

CREATE TABLE IF NOT EXISTS number_sequences (
    name text NOT NULL,
    next_value bigint NOT NULL,
    CONSTRAINT number_sequences_pkey PRIMARY KEY (name)
);
INSERT INTO number_sequences (name, next_value) VALUES ('employee', 1) ON CONFLICT (name) DO NOTHING;
";

const DOWN: &str = "
DROP TABLE IF EXISTS number_sequences;
DROP TABLE IF EXISTS audit_events;
DROP TABLE IF EXISTS employees;
DROP TABLE IF EXISTS locations;
DROP TABLE IF EXISTS positions;
DROP TABLE IF EXISTS departments;
";
