//! What a tenant's schema holds, to see whether something was written.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Map, Value};
use tenancy::TenantConnection;

use crate::{Caller, Company};

impl Company<'_> {
    /// Every row of every table of the tenant, the audit included.
    pub async fn contents(&self) -> Value {
        contents_of(&self.scope()).await
    }

    /// Calls a mutation that must be refused with this code, for this field, and must leave everything as it was.
    pub async fn refuses(&self, caller: &Caller, mutation: &str, input: Value, code: &str, field: Option<&str>) {
        let before = self.contents().await;
        let answer = caller.mutate(mutation, input.clone(), "__typename").await;
        let asked = format!("{mutation} {input} was answered with {}", answer.body);
        assert_eq!(answer.first_code(), Some(code), "{asked}");
        assert_eq!(answer.field(), field, "{asked}");
        assert!(!answer.message().is_empty(), "{asked}");
        assert_eq!(self.contents().await, before, "something was written: {asked}");
    }

    /// The values of a query on the tenant's schema that gives one column of text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.scope().query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The actions that the audit holds of something, the oldest first.
    pub async fn deeds(&self, subject: uuid::Uuid) -> Vec<String> {
        self.texts(&format!("SELECT action FROM audit_events WHERE subject_id = '{subject}' ORDER BY id")).await
    }
}

/// Every row of every table that a tenant's role may read.
pub async fn contents_of(scope: &TenantConnection) -> Value {
    let read = |sql: String| scope.query_all_raw(Statement::from_string(DbBackend::Postgres, sql));
    // The ledger of the migrations is not the tenant's to read.
    let tables = "SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = current_schema() \
                  AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') ORDER BY 1";
    let mut contents = Map::new();
    for row in read(tables.to_owned()).await.unwrap() {
        let table: String = row.try_get_by_index(0).unwrap();
        let rows = format!("SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]') FROM \"{table}\" t");
        let rows: Value = read(rows).await.unwrap().first().unwrap().try_get_by_index(0).unwrap();
        contents.insert(table, rows);
    }
    assert!(contents.contains_key("employees") && contents.contains_key("audit_events"), "the tables cannot be seen");
    Value::Object(contents)
}
