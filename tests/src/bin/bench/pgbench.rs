//! The same statement without the program, by `pgbench`.

use std::{io::Write as _, path::PathBuf, process::Command};

use anyhow::{Context as _, bail};

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// The SELECT alone, prepared.
    Alone,
    /// The statements of a request.
    Transaction,
}

/// The SELECT of the employee list with department and position, as the program sends it.
const SELECT: &str = include_str!("employees.sql");

/// Transactions per second of 16 connections.
pub(crate) fn run(url: &str, schema: &str, form: Form, seconds: u64) -> anyhow::Result<f64> {
    let mut script = tempfile::NamedTempFile::new()?;
    match form {
        Form::Alone => writeln!(script, "{SELECT};")?,
        Form::Transaction => writeln!(
            script,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\nSELECT set_config('search_path', '{schema}', true), \
             set_config('role', '{schema}', true), set_config('statement_timeout', '15000', true);\n{SELECT};\nCOMMIT;"
        )?,
    }
    let output = Command::new(program()?)
        .args(["--no-vacuum", "--protocol=prepared", "--client=16", "--jobs=2", "--time"])
        .arg(seconds.to_string())
        .arg("--file")
        .arg(script.path())
        .arg(url)
        .env("PGOPTIONS", format!("-c search_path={schema}"))
        .output()
        .context("pgbench does not run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(rate) = text.lines().find_map(|line| line.strip_prefix("tps = ")) else {
        bail!("pgbench failed: {}{}", text, String::from_utf8_lossy(&output.stderr));
    };
    Ok(rate.split(' ').next().unwrap_or_default().parse()?)
}

/// `pgbench` stands beside `postgres`, or on the path.
fn program() -> anyhow::Result<PathBuf> {
    let found = api::local_postgres::find_binaries(std::path::Path::new("data"))?;
    let beside = found.directory.join("pgbench");
    Ok(if beside.exists() { beside } else { PathBuf::from("pgbench") })
}
