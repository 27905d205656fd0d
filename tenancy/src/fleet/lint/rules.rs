//! What statements do to tables that are in use.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Rule,
    column::column_rules,
    token::{Sql, StatementText, Token},
    words::{Words, is_word},
};

/// Reads the statements of migrations in their order. What a migration does to a table that it made itself concerns nobody.
pub(super) struct Reader<'a> {
    big_tables: &'a BTreeSet<String>,
    /// Tables that this migration made.
    made: BTreeSet<String>,
    /// Tables that this one and those before made.
    known: BTreeSet<String>,
    /// Constraints that this migration added without checking the rows.
    unchecked: BTreeSet<String>,
    /// Checks that a column is given, by their names; and whether they hold for all rows.
    not_null_checks: BTreeMap<String, (String, String, bool)>,
}

type Found = Vec<(Rule, String)>;

impl<'a> Reader<'a> {
    pub(super) fn new(big_tables: &'a BTreeSet<String>) -> Self {
        Self {
            big_tables,
            made: BTreeSet::new(),
            known: BTreeSet::new(),
            unchecked: BTreeSet::new(),
            not_null_checks: BTreeMap::new(),
        }
    }

    /// Begins with the next migration.
    pub(super) fn begin(&mut self) {
        self.made.clear();
        self.unchecked.clear();
    }

    /// What a statement does that it may not.
    pub(super) fn read(&mut self, statement: &StatementText) -> Found {
        let mut words = Words(&statement.0);
        if words.take("create") {
            self.create(words, statement)
        } else if words.take("drop") {
            self.drop(words, statement)
        } else if words.take("truncate") {
            words.take("table");
            self.on_tables(words, Rule::DropTable, statement)
        } else if words.take("alter") {
            self.alter(words, statement)
        } else if words.take("do") {
            self.block(statement)
        } else if ["lock", "cluster", "reindex", "refresh"].iter().any(|word| words.begins_with(word)) {
            self.whole_table(words, statement)
        } else if words.take("execute") {
            vec![(Rule::DynamicSql, statement.to_string())]
        } else {
            Vec::new()
        }
    }

    /// The body of a block: statements between words of its language.
    fn block(&mut self, statement: &StatementText) -> Found {
        let bodies = statement.0.iter().filter_map(|token| match token {
            Token::Body(text) | Token::Text(text) => Some(text),
            _ => None,
        });
        let mut found = Vec::new();
        for inner in bodies.flat_map(|body| Sql::read(body).statements) {
            let starts = |token: &Token| matches!(token, Token::Word(word) if STARTS.contains(&word.as_str()));
            let leads = |token: Option<&Token>| match token {
                None => true,
                Some(Token::Word(word)) => LEADS.contains(&word.as_str()),
                Some(_) => false,
            };
            for (index, token) in inner.0.iter().enumerate() {
                let before = index.checked_sub(1).and_then(|before| inner.0.get(before));
                if starts(token) && leads(before) {
                    found.extend(self.read(&StatementText(inner.0.get(index..).unwrap_or_default().to_vec())));
                }
            }
        }
        found
    }

    fn create(&mut self, mut words: Words<'_>, statement: &StatementText) -> Found {
        for word in ["or", "replace", "unlogged", "global", "local", "temporary", "temp"] {
            words.take(word);
        }
        if words.take("table") {
            let may_be_there = words.take_all(&["if", "not", "exists"]);
            if let Some(table) = words.name()
                && (self.known.insert(table.clone()) || !may_be_there)
            {
                self.made.insert(table);
            }
            return Vec::new();
        }
        words.take("unique");
        if !words.take("index") {
            return Vec::new();
        }
        let Some(on) = words.0.iter().position(|token| is_word(token, "on")) else { return Vec::new() };
        let mut target = Words(words.0.get(on + 1..).unwrap_or_default());
        target.take("only");
        match target.name() {
            Some(table) if self.big_tables.contains(&table) => self.on_table(Some(&table), Rule::BlockingIndex, statement),
            _ => Vec::new(),
        }
    }

    fn drop(&mut self, mut words: Words<'_>, statement: &StatementText) -> Found {
        words.take("materialized");
        words.take("foreign");
        let used = ["table", "view", "schema", "sequence", "type", "domain", "function", "procedure"];
        if !used.iter().any(|kind| words.take(kind)) {
            return Vec::new();
        }
        words.take_all(&["if", "exists"]);
        self.on_tables(words, Rule::DropTable, statement)
    }

    fn alter(&mut self, mut words: Words<'_>, statement: &StatementText) -> Found {
        words.take("materialized");
        words.take("foreign");
        let is_table = words.take("table");
        if !is_table && !["view", "type", "sequence", "schema", "domain", "function"].iter().any(|kind| words.take(kind)) {
            return Vec::new();
        }
        words.take_all(&["if", "exists"]);
        words.take("only");
        let Some(table) = words.name() else { return Vec::new() };
        if self.made.contains(&table) {
            return Vec::new();
        }
        let actions = words.split_at_commas();
        let text = statement.to_string();
        let mut found = Vec::new();
        for action in actions {
            let rules = if is_table { self.action(&table, action) } else { other_action(action) };
            found.extend(rules.into_iter().map(|rule| (rule, text.clone())));
        }
        found
    }

    /// One subcommand of an ALTER TABLE.
    fn action(&mut self, table: &str, mut words: Words<'_>) -> Vec<Rule> {
        if words.take("rename") {
            return match () {
                () if words.take("constraint") => Vec::new(),
                () if words.take("to") => vec![Rule::RenameTable],
                () => vec![Rule::RenameColumn],
            };
        }
        if words.take("drop") {
            return if words.take("constraint") { Vec::new() } else { vec![Rule::DropColumn] };
        }
        if words.take("validate") {
            words.take("constraint");
            return self.validate(words.name());
        }
        if words.take("alter") {
            words.take("column");
            let column = words.name().unwrap_or_default();
            let changes_type = words.take("type") || words.take_all(&["set", "data", "type"]);
            let sets_not_null = !changes_type && words.take_all(&["set", "not", "null"]);
            // Programs that do not know the column give no value.
            let loses_default = words.take_all(&["drop", "default"]);
            return match () {
                () if changes_type => vec![Rule::AlterType],
                () if sets_not_null && !self.is_checked(table, &column) => vec![Rule::SetNotNull],
                () if loses_default => vec![Rule::RequiredColumn],
                () => Vec::new(),
            };
        }
        if words.take("add") {
            return self.add(table, words);
        }
        let rewrites = [&["set", "unlogged"][..], &["set", "logged"], &["set", "tablespace"], &["set", "access", "method"]];
        if rewrites.iter().any(|change| words.take_all(change)) { vec![Rule::Rewrite] } else { Vec::new() }
    }

    fn add(&mut self, table: &str, mut words: Words<'_>) -> Vec<Rule> {
        let name = if words.take("constraint") { words.name() } else { None };
        if words.begins_with("check") || words.begins_with("foreign") {
            let unchecked = words.has_all(&["not", "valid"]);
            if let Some(name) = &name {
                if let Some(column) = words.is_not_null_check() {
                    self.not_null_checks.insert(name.clone(), (table.to_owned(), column, !unchecked));
                }
                if unchecked {
                    self.unchecked.insert(name.clone());
                }
            }
            return if unchecked { Vec::new() } else { vec![Rule::CheckedConstraint] };
        }
        if ["unique", "primary", "exclude"].iter().any(|kind| words.begins_with(kind)) {
            return if words.has_all(&["using", "index"]) { Vec::new() } else { vec![Rule::UniqueConstraint] };
        }
        if name.is_some() {
            return Vec::new();
        }
        words.take("column");
        words.take_all(&["if", "not", "exists"]);
        words.name();
        column_rules(&words)
    }

    fn validate(&mut self, name: Option<String>) -> Vec<Rule> {
        let Some(name) = name else { return Vec::new() };
        if let Some((.., holds)) = self.not_null_checks.get_mut(&name) {
            *holds = true;
        }
        if self.unchecked.contains(&name) { vec![Rule::ValidateAtOnce] } else { Vec::new() }
    }

    fn is_checked(&self, table: &str, column: &str) -> bool {
        self.not_null_checks.values().any(|(of, checked, holds)| *holds && of == table && checked == column)
    }

    /// A statement that names one or several tables.
    fn on_tables(&self, words: Words<'_>, rule: Rule, statement: &StatementText) -> Found {
        let concerns_nobody = words.split_at_commas().into_iter().all(|mut part| {
            part.take("only");
            part.name().is_some_and(|table| self.made.contains(&table))
        });
        if concerns_nobody { Vec::new() } else { vec![(rule, statement.to_string())] }
    }

    /// A statement that keeps everybody from a table, or writes it anew: LOCK, CLUSTER, REINDEX, REFRESH.
    fn whole_table(&self, mut words: Words<'_>, statement: &StatementText) -> Found {
        for word in ["lock", "cluster", "reindex", "refresh", "materialized", "view", "table", "index", "concurrently"] {
            words.take(word);
        }
        self.on_tables(words, Rule::Rewrite, statement)
    }

    fn on_table(&self, table: Option<&str>, rule: Rule, statement: &StatementText) -> Found {
        if table.is_some_and(|table| self.made.contains(table)) { Vec::new() } else { vec![(rule, statement.to_string())] }
    }
}

/// The words that begin a statement which changes a schema, and those of a block before which it may stand.
const STARTS: [&str; 9] = ["create", "drop", "truncate", "alter", "execute", "lock", "cluster", "reindex", "refresh"];
const LEADS: [&str; 5] = ["begin", "then", "else", "loop", "declare"];

/// Changes of views, types, sequences, domains, functions and schemas.
fn other_action(mut words: Words<'_>) -> Vec<Rule> {
    if words.take_all(&["rename", "to"]) || words.take_all(&["set", "schema"]) {
        vec![Rule::RenameTable]
    } else if words.take_all(&["rename", "value"]) || words.take_all(&["rename", "attribute"]) {
        vec![Rule::AlterType]
    } else {
        Vec::new()
    }
}
