//! Migrations expand first and contract in a later release: programs of the version before go on working with the schema, and no
//! statement keeps a table for longer than a moment.
//!
//! The linter reads the statements that migrations issue. What it refuses may be allowed by a comment in the SQL of the
//! migration that says why:
//!
//! ```sql
//! -- allow drop-column: no program since 0.4 reads it
//! ALTER TABLE employees DROP COLUMN nickname;
//! ```
//!
//! It holds for that rule in that migration. One without a reason, of an unknown rule, or that nothing needs, is refused itself.
//!
//! A run over the tenants may be given a linter, and then refuses what that refuses, unless some tenant has it already.

mod column;
mod rules;
#[cfg(test)]
mod tests;
mod token;
mod words;

use std::{collections::BTreeSet, fmt};

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::RecordedMigration;
use crate::{Error, Result, Tenants};
use rules::Reader;
pub(super) use token::StatementText;
pub(crate) use token::{Sql, Token};
pub(super) use words::Words;

/// What a migration may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Drop a table, or empty it.
    DropTable,
    /// Rename a table.
    RenameTable,
    /// Drop a column.
    DropColumn,
    /// Rename a column.
    RenameColumn,
    /// Change a column's type.
    AlterType,
    /// Make a column required without a check that says so and is validated.
    SetNotNull,
    /// Add a required column without a default, or take a default away.
    RequiredColumn,
    /// Add a constraint that is checked at once.
    CheckedConstraint,
    /// Validate a constraint in the migration that added it.
    ValidateAtOnce,
    /// Add a unique constraint, or one that excludes, without an index that is there already.
    UniqueConstraint,
    /// Build an index on a big table.
    BlockingIndex,
    /// Add a column with a default that is computed for each row.
    VolatileDefault,
    /// Rewrite a table, or keep everybody from it.
    Rewrite,
    /// Run a text that the linter cannot read.
    DynamicSql,
    /// Allow something without need, without a reason or without a rule of that name.
    Exemption,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::DropTable,
        Self::RenameTable,
        Self::DropColumn,
        Self::RenameColumn,
        Self::AlterType,
        Self::SetNotNull,
        Self::RequiredColumn,
        Self::CheckedConstraint,
        Self::ValidateAtOnce,
        Self::UniqueConstraint,
        Self::BlockingIndex,
        Self::VolatileDefault,
        Self::Rewrite,
        Self::DynamicSql,
        Self::Exemption,
    ];

    /// Its name in exemptions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DropTable => "drop-table",
            Self::RenameTable => "rename-table",
            Self::DropColumn => "drop-column",
            Self::RenameColumn => "rename-column",
            Self::AlterType => "alter-type",
            Self::SetNotNull => "set-not-null",
            Self::RequiredColumn => "required-column",
            Self::CheckedConstraint => "checked-constraint",
            Self::ValidateAtOnce => "validate-at-once",
            Self::UniqueConstraint => "unique-constraint",
            Self::BlockingIndex => "blocking-index",
            Self::VolatileDefault => "volatile-default",
            Self::Rewrite => "rewrite",
            Self::DynamicSql => "dynamic-sql",
            Self::Exemption => "exemption",
        }
    }

    /// What to do instead.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DropTable | Self::DropColumn => {
                "programs of the version before still use it; stop using it in one release and drop it in a later one"
            }
            Self::RenameTable | Self::RenameColumn => {
                "programs of the version before know the old name; add the new one, write both, and drop the old one later"
            }
            Self::AlterType => {
                "plans of running programs break; add a column of the new type, write both, and drop the old one later"
            }
            Self::SetNotNull => {
                "the whole table is read under a lock; add CHECK (… IS NOT NULL) NOT VALID, validate it in a later migration, then set it"
            }
            Self::RequiredColumn => {
                "rows that are there, and programs of the version before, have no value; give a constant default, or add it without NOT NULL"
            }
            Self::CheckedConstraint => "every row is checked under a lock; add it NOT VALID and validate it in a later migration",
            Self::ValidateAtOnce => "the lock of adding it is held while every row is checked; validate it in a later migration",
            Self::UniqueConstraint => "an index is built under a lock; build it first and add the constraint USING INDEX",
            Self::BlockingIndex => "nobody can write to the table while it is built; say in an exemption why that is short",
            Self::VolatileDefault => {
                "every row is rewritten under a lock; add the column without it and let the program give the value"
            }
            Self::Rewrite => "every row is rewritten under a lock; add what is new beside the old",
            Self::DynamicSql => "what it does cannot be read; write the statements out",
            Self::Exemption => "write `-- allow <rule>: <reason>` in the migration that needs it, and nowhere else",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Something that a migration may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The migration.
    pub version: String,
    /// What it may not do.
    pub rule: Rule,
    /// The statement, or the comment.
    pub statement: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {} ({})", self.version, self.rule, self.statement, self.rule.advice())
    }
}

/// Reads migrations and says what they may not do.
#[derive(Debug, Clone, Default)]
pub struct Linter {
    big_tables: BTreeSet<String>,
}

impl Linter {
    /// A linter that knows in which tables building an index takes long.
    pub fn new(big_tables: &[&str]) -> Self {
        Self { big_tables: big_tables.iter().map(|table| (*table).to_owned()).collect() }
    }

    /// What these migrations may not do, which are all that there are and in their order.
    pub fn lint(&self, migrations: &[RecordedMigration]) -> Vec<Finding> {
        let mut reader = Reader::new(&self.big_tables);
        migrations.iter().flat_map(|migration| lint_one(&mut reader, migration)).collect()
    }
}

impl Tenants {
    /// What the migrations may not do that no tenant has yet, in their order. What any tenant has was decided by whoever gave it to
    /// that one. The tenants themselves are asked: a checksum is kept of what a prepared schema has, too, which nobody decided about.
    pub async fn new_findings(&self, linter: &Linter) -> Result<Vec<Finding>> {
        let mut findings = linter.lint(self.recorded_migrations().await?);
        if findings.is_empty() {
            return Ok(findings);
        }
        // Compared as this program compares them, whatever the database's order of texts is.
        let sql = "SELECT max(schema_version COLLATE \"C\") AS version FROM platform.tenants";
        let row = self.platform().query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let newest: Option<String> = row.map_or(Ok(None), |row| row.try_get("", "version"))?;
        findings.retain(|finding| newest.as_ref().is_none_or(|newest| finding.version > *newest));
        Ok(findings)
    }

    /// Refuses to go on with a migration that may not be as it is.
    pub(super) async fn refuse_findings(&self, linter: &Linter) -> Result<()> {
        match self.new_findings(linter).await?.into_iter().next() {
            Some(finding) => Err(Error::BreaksRules(finding)),
            None => Ok(()),
        }
    }
}

fn lint_one(reader: &mut Reader<'_>, migration: &RecordedMigration) -> Vec<Finding> {
    let finding =
        |rule: Rule, statement: String| Finding { version: migration.version.clone(), rule, statement: shorten(&statement) };
    let texts: Vec<Sql> = migration.statements.iter().map(|text| Sql::read(text)).collect();
    let mut findings = Vec::new();
    let mut allowed: Vec<(Rule, &str, bool)> = Vec::new();
    for comment in texts.iter().flat_map(|sql| &sql.comments) {
        let Some(exemption) = comment.strip_prefix("allow ") else { continue };
        let (name, reason) = exemption.split_once(':').unwrap_or((exemption, ""));
        match Rule::ALL.into_iter().find(|rule| rule.as_str() == name.trim() && *rule != Rule::Exemption) {
            Some(rule) if !reason.trim().is_empty() => allowed.push((rule, comment, false)),
            _ => findings.push(finding(Rule::Exemption, format!("-- {comment}"))),
        }
    }
    reader.begin();
    for statement in texts.iter().flat_map(|sql| &sql.statements) {
        for (rule, part) in reader.read(statement) {
            match allowed.iter_mut().find(|(allowed, ..)| *allowed == rule) {
                Some((_, _, needed)) => *needed = true,
                None => findings.push(finding(rule, part)),
            }
        }
    }
    findings.extend(
        allowed.iter().filter(|(.., needed)| !needed).map(|(_, comment, _)| finding(Rule::Exemption, format!("-- {comment}"))),
    );
    findings
}

/// The beginning of a statement, as much as a sentence bears.
pub(super) fn shorten(statement: &str) -> String {
    match statement.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", statement.get(..end).unwrap_or(statement)),
        None => statement.to_owned(),
    }
}
