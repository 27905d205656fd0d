//! What a column may not bring along that is added to a table in use.

use super::{Rule, token::Token, words::Words};

/// Functions that give every row of a statement the same, or that Postgres works out once.
const ONCE: [&str; 12] = [
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "numeric",
    "decimal",
    "varchar",
    "char",
    "character",
    "varying",
    "timestamp",
    "timestamptz",
    "interval",
];

/// What a new column may not have.
pub(super) fn column_rules(words: &Words<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let default = words.position("default").and_then(|start| words.0.get(start + 1..));
    let serial = ["serial", "bigserial", "smallserial", "serial4", "serial8", "generated"];
    if serial.iter().any(|word| words.position(word).is_some()) {
        rules.push(Rule::Rewrite);
    } else if words.has_all(&["not", "null"]) && default.is_none() {
        rules.push(Rule::RequiredColumn);
    }
    if let Some(default) = default {
        let calls = default.windows(2).any(|pair| match pair {
            [Token::Word(name), Token::Symbol('(')] => !ONCE.contains(&name.as_str()),
            [Token::Name(_), Token::Symbol('(')] => true,
            _ => false,
        });
        if calls {
            rules.push(Rule::VolatileDefault);
        }
    }
    if words.position("unique").is_some() || words.position("primary").is_some() {
        rules.push(Rule::UniqueConstraint);
    }
    if words.position("check").is_some() || words.position("references").is_some() {
        rules.push(Rule::CheckedConstraint);
    }
    rules
}
