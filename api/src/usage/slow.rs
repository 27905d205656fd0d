//! Operations that took long, kept for each tenant: which documents, how often, and how long. Never what they were given or answered.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_graphql::parser::{
    parse_query,
    types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionSession, TransactionTrait};
use serde_json::{Value, json};
use tenancy::TenantId;

use super::Usage;
use crate::{graphql::documents::hash_of, http::log::shortened};

/// Operations that are kept of a tenant, in memory until they are written and in the database: the worst.
const MOST_OPERATIONS: usize = 100;
/// Tenants of which any are kept in memory until they are written.
const MOST_TENANTS: usize = 1_000;
/// Names of fields that are kept of an operation.
const MOST_FIELDS: usize = 20;

/// The document's hash and the operation's name.
type Key = (String, String);

#[derive(Debug, Clone)]
struct Slow {
    kind: &'static str,
    root_fields: BTreeSet<String>,
    count: u64,
    worst: Duration,
    total: Duration,
    statements: u32,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

/// Slow operations that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<TenantId, HashMap<Key, Slow>>>);

/// Where the slow operations of a request's tenant are kept.
#[derive(Debug, Clone)]
pub struct Recorder {
    usage: Arc<Usage>,
    tenant: TenantId,
    now: DateTime<Utc>,
}

impl Recorder {
    /// For the operations of a request that came at `now`.
    pub fn new(usage: &Arc<Usage>, tenant: TenantId, now: DateTime<Utc>) -> Self {
        Self { usage: Arc::clone(usage), tenant, now }
    }
}

/// An operation that is being executed. When this is dropped it is over, also when it was broken off.
#[derive(Debug)]
pub struct Watch<F: Fn() -> u32> {
    recorder: Option<Recorder>,
    text: String,
    operation: Option<String>,
    kind: OperationType,
    statements: F,
    began: Instant,
}

impl<F: Fn() -> u32> Watch<F> {
    /// Begins. `statements` says how many have been sent, as far as that is known.
    pub fn begin(recorder: Option<&Recorder>, text: String, operation: Option<&str>, kind: OperationType, statements: F) -> Self {
        let operation = operation.map(|name| shortened(name).to_owned());
        Self { recorder: recorder.cloned(), text, operation, kind, statements, began: Instant::now() }
    }
}

impl<F: Fn() -> u32> Drop for Watch<F> {
    fn drop(&mut self) {
        let elapsed = self.began.elapsed();
        if let Some(Recorder { usage, tenant, now }) = &self.recorder
            && elapsed >= Duration::from_millis(usage.options.slow_operation_ms.into())
        {
            let operation = self.operation.take().unwrap_or_default();
            usage.slow.note(*tenant, &self.text, operation, self.kind, elapsed, (self.statements)(), *now);
        }
    }
}

impl Pending {
    #[expect(clippy::too_many_arguments, reason = "each is a column")]
    fn note(
        &self,
        tenant: TenantId,
        text: &str,
        operation: String,
        kind: OperationType,
        elapsed: Duration,
        statements: u32,
        now: DateTime<Utc>,
    ) {
        let hash = hash_of(text);
        let root_fields = root_fields(text, &operation);
        let kind = if kind == OperationType::Mutation { "mutation" } else { "query" };
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= MOST_TENANTS && !pending.contains_key(&tenant) {
            return;
        }
        let of_tenant = pending.entry(tenant).or_default();
        let key = (hash, operation);
        if of_tenant.len() >= MOST_OPERATIONS && !of_tenant.contains_key(&key) {
            return;
        }
        let slow = of_tenant.entry(key).or_insert_with(|| Slow {
            kind,
            root_fields,
            count: 0,
            worst: Duration::ZERO,
            total: Duration::ZERO,
            statements: 0,
            first_seen_at: now,
            last_seen_at: now,
        });
        slow.count += 1;
        slow.worst = slow.worst.max(elapsed);
        slow.total += elapsed;
        slow.statements = slow.statements.max(statements);
        slow.last_seen_at = slow.last_seen_at.max(now);
    }
}

/// The names of the fields at the root of an operation, not the names that the client gave them.
fn root_fields(text: &str, operation: &str) -> BTreeSet<String> {
    // It was parsed before; this time is seldom, and nothing is kept for it.
    let Ok(document) = parse_query(text) else { return BTreeSet::new() };
    let mut names = BTreeSet::new();
    let mut operations = document.operations.iter();
    let chosen = operations.find(|(name, _)| name.is_none_or(|name| shortened(name.as_str()) == operation));
    if let Some((_, operation)) = chosen {
        collect(&document, &operation.node.selection_set.node, &mut names);
    }
    names.into_iter().take(MOST_FIELDS).collect()
}

/// `limits` has refused fragments that contain themselves.
fn collect(document: &ExecutableDocument, set: &SelectionSet, names: &mut BTreeSet<String>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => drop(names.insert(field.node.name.node.to_string())),
            Selection::InlineFragment(fragment) => collect(document, &fragment.node.selection_set.node, names),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, names);
                }
            }
        }
    }
}

/// Several processes add up; rows in one order, so that no two of them wait for each other.
const ADD: &str = "
    INSERT INTO platform.slow_operations AS s (tenant_id, document_hash, operation, kind, root_fields, count, worst_milliseconds,
        total_milliseconds, statements, first_seen_at, last_seen_at)
    SELECT n.tenant_id, n.document_hash, n.operation, n.kind, n.root_fields, n.count, n.worst, n.total, n.statements, n.first_seen_at,
        n.last_seen_at
    FROM jsonb_to_recordset($1) AS n(tenant_id uuid, document_hash text, operation text, kind text, root_fields jsonb, count bigint,
        worst bigint, total bigint, statements bigint, first_seen_at timestamptz, last_seen_at timestamptz)
    JOIN platform.tenants t ON t.id = n.tenant_id
    ORDER BY n.tenant_id, n.document_hash, n.operation
    ON CONFLICT ON CONSTRAINT slow_operations_pkey DO UPDATE SET count = s.count + excluded.count,
        worst_milliseconds = greatest(s.worst_milliseconds, excluded.worst_milliseconds),
        total_milliseconds = s.total_milliseconds + excluded.total_milliseconds,
        statements = greatest(s.statements, excluded.statements),
        last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at)";

/// Those of a tenant beyond the worst are forgotten.
const CUT: &str = "
    DELETE FROM platform.slow_operations s USING (
        SELECT tenant_id, document_hash, operation,
            row_number() OVER (PARTITION BY tenant_id ORDER BY worst_milliseconds DESC, document_hash, operation) AS place
        FROM platform.slow_operations
        WHERE tenant_id IN (SELECT n.tenant_id FROM jsonb_to_recordset($1) AS n(tenant_id uuid))
    ) ranked
    WHERE ranked.place > $2 AND s.tenant_id = ranked.tenant_id AND s.document_hash = ranked.document_hash
        AND s.operation = ranked.operation";

impl Usage {
    /// Writes the slow operations. Those that cannot be written are lost: they are not worth keeping for a database that fails.
    pub(super) async fn flush_slow(&self) -> anyhow::Result<()> {
        let pending = std::mem::take(&mut *self.slow.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (tenant, operations) in pending {
            let rows: Vec<Value> = operations.iter().map(|(key, slow)| row(tenant, key, slow)).collect();
            let most = i64::try_from(MOST_OPERATIONS)?;
            let transaction = self.platform.begin().await?;
            let rows = Value::Array(rows);
            transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, ADD, [rows.clone().into()])).await?;
            transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, CUT, [rows.into(), most.into()])).await?;
            TransactionSession::commit(transaction).await?;
        }
        Ok(())
    }
}

fn row(tenant: TenantId, (hash, operation): &Key, slow: &Slow) -> Value {
    json!({
        "tenant_id": tenant, "document_hash": hash, "operation": operation, "kind": slow.kind, "root_fields": slow.root_fields,
        "count": slow.count, "worst": milliseconds(slow.worst), "total": milliseconds(slow.total), "statements": slow.statements,
        "first_seen_at": slow.first_seen_at, "last_seen_at": slow.last_seen_at,
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_own_names() {
        let text = "query A { salary1000: employees { nodes { id } } ...F } query B { tenant { id } } fragment F on Query { viewer { id } }";
        let names = |operation| root_fields(text, operation).into_iter().collect::<Vec<_>>();
        assert_eq!(names("A"), ["employees", "viewer"]);
        assert_eq!(names("B"), ["tenant"]);
        assert_eq!(root_fields("{ a }", "").into_iter().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn memory_is_bounded() {
        let (pending, now) = (Pending::default(), Utc::now());
        let tenants: Vec<_> = (0..3).map(|_| TenantId(uuid::Uuid::now_v7())).collect();
        for number in 0..300 {
            for tenant in &tenants {
                let text = format!("{{ a{number} }}");
                pending.note(*tenant, &text, String::new(), OperationType::Query, Duration::from_secs(1), 1, now);
            }
        }
        let kept: Vec<_> = pending.0.lock().unwrap().values().map(HashMap::len).collect();
        assert_eq!(kept, [MOST_OPERATIONS; 3]);
    }
}
