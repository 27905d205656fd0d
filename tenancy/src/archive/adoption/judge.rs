//! What all rows together have to keep, found out about the staged ones by one statement each.
//!
//! The tenant's own tables would refuse the same, but one row at a time and without the key that it has in the source.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{
    plan::TablePlan,
    report::{AdoptedTable, AdoptionStep, EXAMPLES, RefusalReason, shown},
    stage::{KEY, REFUSED},
    target::Demand,
};
use crate::{Result, name::quoted};

/// Something to be kept, and a query for the rows that do not: their key and their place in the table.
struct Judgement {
    what: String,
    message: String,
    broken: String,
}

/// Adds to the reports what is wrong with the staged rows. The search path leads to them.
pub(super) async fn judge(
    connection: &mut PgConnection,
    plans: &[TablePlan],
    reports: &mut [AdoptedTable],
    told: &mut (dyn FnMut(AdoptionStep<'_>) + Send),
) -> Result<()> {
    connection.execute("CREATE TABLE \"adoption verdicts\" (reason integer, key text, place text)").await?;
    for plan in plans {
        connection.execute(AssertSqlSafe(format!("ANALYZE {}", quoted(&plan.target.name)))).await?;
    }
    for (plan, report) in plans.iter().zip(reports) {
        told(AdoptionStep::Judging { table: &plan.target.name });
        connection.execute("TRUNCATE \"adoption verdicts\"").await?;
        let judgements = judgements(plan);
        for (reason, judgement) in judgements.iter().enumerate() {
            let note =
                format!("INSERT INTO \"adoption verdicts\" SELECT {reason}, key, place FROM ({}) broken", judgement.broken);
            connection.execute(AssertSqlSafe(note)).await?;
        }
        // However many keys there are, no more than the examples are collected.
        let reasons = format!(
            "SELECT v.reason, v.number, ARRAY(SELECT DISTINCT k.key FROM \"adoption verdicts\" k WHERE k.reason = v.reason \
                 ORDER BY k.key LIMIT {EXAMPLES}) \
             FROM (SELECT reason, count(*) AS number FROM \"adoption verdicts\" GROUP BY reason) v ORDER BY v.reason"
        );
        let reasons: Vec<(i32, i64, Vec<String>)> = sqlx::query_as(AssertSqlSafe(reasons)).fetch_all(&mut *connection).await?;
        for (reason, rows, keys) in reasons {
            let Some(judgement) = usize::try_from(reason).ok().and_then(|reason| judgements.get(reason)) else { continue };
            let (what, message) = (judgement.what.clone(), judgement.message.clone());
            let keys = keys.iter().map(|key| shown(key)).collect();
            report.reasons.push(RefusalReason { what, message, rows: rows.unsigned_abs(), keys });
        }
        let refused = "SELECT count(DISTINCT place) FROM \"adoption verdicts\"";
        let refused: i64 = sqlx::query_scalar(refused).fetch_one(&mut *connection).await?;
        report.refused += refused.unsigned_abs();
    }
    Ok(())
}

fn judgements(plan: &TablePlan) -> Vec<Judgement> {
    let table = quoted(&plan.target.name);
    // Of a row that was refused by itself nothing else is said.
    let rows = format!("SELECT t.{KEY} AS key, t.ctid::text AS place FROM {table} t WHERE NOT {REFUSED}");
    let mut judgements = Vec::new();
    for constraint in &plan.target.constraints {
        let (what, message, broken) = match &constraint.demand {
            Demand::Unique { parts, predicate } => {
                let (listed, is_key) = (parts.join(", "), *parts == ["id"]);
                let there = parts.iter().map(|part| format!(" AND ({part}) IS NOT NULL")).collect::<Vec<_>>().concat();
                let predicate = predicate.as_ref().map(|predicate| format!(" AND ({predicate})")).unwrap_or_default();
                let broken = format!(
                    "SELECT key, place FROM (SELECT {KEY} AS key, ctid::text AS place, count(*) OVER (PARTITION BY {listed}) AS same \
                     FROM {table} WHERE NOT {REFUSED}{there}{predicate}) counted WHERE same > 1"
                );
                let (what, same) = if is_key { ("key", "key") } else { (constraint.name.as_str(), listed.as_str()) };
                (what.to_owned(), format!("Several rows have the same {same}."), broken)
            }
            Demand::Check(expression) => {
                (constraint.name.clone(), format!("This does not hold: {expression}."), format!("{rows} AND NOT ({expression})"))
            }
            Demand::Reference { column, .. } if !plan.columns.contains(column) => continue,
            Demand::Reference { column, table, of } => {
                let (name, other, of) = (quoted(column), quoted(table), quoted(of));
                let broken = format!(
                    "{rows} AND t.{name} IS NOT NULL AND NOT EXISTS (SELECT FROM {other} other WHERE other.{of} = t.{name})"
                );
                (constraint.name.clone(), format!("{column} names a row of {table} that is not there."), broken)
            }
        };
        judgements.push(Judgement { what, message, broken });
    }
    let rules = plan.rules.together.iter().map(|rule| Judgement {
        what: rule.column.to_owned(),
        message: rule.message.to_owned(),
        broken: format!("{rows} AND id IN ({})", rule.broken),
    });
    judgements.extend(rules);
    judgements
}
