//! What became of each tenant.

use std::{io::IsTerminal as _, process::ExitCode, sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tenancy::{SqlOutcome, Tenant};

use super::super::{say, sentence};

/// What became of one tenant.
pub(super) struct Outcome {
    pub(super) tenant: Arc<Tenant>,
    pub(super) result: anyhow::Result<SqlOutcome>,
    pub(super) took: Duration,
}

/// Tells of each, and of all in the end.
pub(super) struct Report {
    bar: Option<ProgressBar>,
    json: Option<Vec<Value>>,
    done: usize,
    failed: usize,
}

impl Report {
    pub(super) fn new(tenants: usize, json: bool) -> anyhow::Result<Self> {
        let bar = if std::io::stderr().is_terminal() && tenants > 1 {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {eta}")?;
            Some(ProgressBar::new(u64::try_from(tenants)?).with_style(style))
        } else {
            None
        };
        Ok(Self { bar, json: json.then(Vec::new), done: 0, failed: 0 })
    }

    pub(super) fn tell(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        if outcome.result.is_ok() {
            self.done += 1;
        } else {
            self.failed += 1;
        }
        match &mut self.json {
            Some(all) => all.push(in_json(outcome)),
            None => match &self.bar {
                Some(bar) => bar.suspend(|| in_words(outcome))?,
                None => in_words(outcome)?,
            },
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        Ok(())
    }

    /// Fails where one has failed.
    pub(super) fn end(self) -> anyhow::Result<ExitCode> {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        let (done, failed) = (self.done, self.failed);
        match self.json {
            Some(mut all) => {
                all.sort_by_key(|outcome| outcome.get("slug").and_then(Value::as_str).map(str::to_owned));
                say(&json!({ "tenants": all, "done": done, "failed": failed }).to_string())?;
            }
            None => say(&format!("{done} done, {failed} failed."))?,
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn in_words(Outcome { tenant, result, took }: &Outcome) -> anyhow::Result<()> {
    let took = took.as_millis();
    match result {
        Ok(outcome) => {
            say(&format!("{}  ok  {} rows  {took} ms", tenant.slug, outcome.rows))?;
            if !outcome.columns.is_empty() {
                say(&format!("    {}", outcome.columns.join("\t")))?;
            }
            for row in &outcome.result {
                let values: Vec<&str> = row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect();
                say(&format!("    {}", values.join("\t")))?;
            }
            if outcome.is_cut { say("    …") } else { Ok(()) }
        }
        Err(error) => say(&format!("{}  failed  {took} ms  {}", tenant.slug, sentence(error))),
    }
}

fn in_json(Outcome { tenant, result, took }: &Outcome) -> Value {
    let mut value = json!({
        "id": tenant.id.to_string(),
        "slug": tenant.slug.as_str(),
        "ok": result.is_ok(),
        "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    });
    let more = match result {
        Ok(outcome) => {
            json!({ "rows": outcome.rows, "columns": outcome.columns, "result": outcome.result, "isCut": outcome.is_cut })
        }
        Err(error) => json!({ "error": sentence(error) }),
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}
