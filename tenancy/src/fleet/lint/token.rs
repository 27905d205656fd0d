//! SQL in words: as much of its grammar as is needed to tell statements apart and to see what they change.

use std::fmt;

/// A piece of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A keyword or a name that is not quoted, in lower case; or a number.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A string, without its quotes.
    Text(String),
    /// A string between dollars: the body of a function or a block.
    Body(String),
    /// Any other character.
    Symbol(char),
}

/// A statement: its tokens, without the semicolon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatementText(pub(crate) Vec<Token>);

/// A text of SQL.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    /// Its statements; none is empty.
    pub(crate) statements: Vec<StatementText>,
    /// The comments to the end of a line, without the dashes.
    pub(crate) comments: Vec<String>,
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) => formatter.write_str(text),
            Self::Name(name) => write!(formatter, "\"{name}\""),
            Self::Text(text) => write!(formatter, "'{text}'"),
            Self::Body(text) => write!(formatter, "$${text}$$"),
            Self::Symbol(symbol) => write!(formatter, "{symbol}"),
        }
    }
}

impl fmt::Display for StatementText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            token.fmt(formatter)?;
        }
        Ok(())
    }
}

impl Sql {
    /// Reads a text. There is no text that cannot be read: what is left open goes to the end.
    pub(crate) fn read(text: &str) -> Self {
        let mut sql = Self::default();
        let mut statement = StatementText::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (token, after) = if let Some(comment) = rest.strip_prefix("--") {
                let (comment, after) = comment.split_once('\n').unwrap_or((comment, ""));
                sql.comments.push(comment.trim().to_owned());
                (None, after)
            } else if rest.starts_with("/*") {
                (None, after_block_comment(rest))
            } else if first.is_whitespace() {
                (None, rest.trim_start())
            } else if first == ';' {
                if !statement.0.is_empty() {
                    sql.statements.push(std::mem::take(&mut statement));
                }
                (None, after_first(rest))
            } else {
                let (token, after) = token(rest, first);
                (Some(token), after)
            };
            statement.0.extend(token);
            rest = after;
        }
        if !statement.0.is_empty() {
            sql.statements.push(statement);
        }
        sql
    }
}

fn token(rest: &str, first: char) -> (Token, &str) {
    match first {
        '\'' => {
            let (text, after) = quoted(after_first(rest), '\'', false);
            (Token::Text(text), after)
        }
        'e' | 'E' if rest.get(1..2) == Some("'") => {
            let (text, after) = quoted(rest.get(2..).unwrap_or_default(), '\'', true);
            (Token::Text(text), after)
        }
        '"' => {
            let (name, after) = quoted(after_first(rest), '"', false);
            (Token::Name(name), after)
        }
        '$' => dollar_quoted(rest).unwrap_or((Token::Symbol('$'), after_first(rest))),
        _ if is_of_word(first) => {
            let end = rest.find(|character: char| !is_of_word(character) && character != '$').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            (Token::Word(word.to_lowercase()), after)
        }
        symbol => (Token::Symbol(symbol), after_first(rest)),
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn after_first(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}

/// The text up to the closing quote, of which two stand for one.
fn quoted(rest: &str, quote: char, escapes: bool) -> (String, &str) {
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        if escapes && character == '\\' {
            text.extend(characters.next());
        } else if character != quote {
            text.push(character);
        } else if characters.as_str().starts_with(quote) {
            characters.next();
            text.push(quote);
        } else {
            break;
        }
    }
    (text, characters.as_str())
}

fn dollar_quoted(rest: &str) -> Option<(Token, &str)> {
    let end = after_first(rest).find('$')? + 2;
    let (tag, after) = rest.split_at_checked(end)?;
    let label = tag.trim_matches('$');
    if !label.chars().all(is_of_word) || label.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (body, after) = after.split_once(tag).unwrap_or((after, ""));
    Some((Token::Body(body.to_owned()), after))
}

/// Comments of this kind are nested.
fn after_block_comment(text: &str) -> &str {
    let (mut depth, mut rest) = (0_usize, text);
    loop {
        if let Some(after) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, after);
        } else if let Some(after) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, after);
            if depth == 0 {
                return rest;
            }
        } else if rest.is_empty() {
            return rest;
        } else {
            rest = after_first(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Sql;

    #[rstest]
    #[case("SELECT 1; ;select  2", &["select 1", "select 2"])]
    #[case("a -- b; c\n d", &["a d"])]
    #[case("a /* b; /* c */ ; */ d", &["a d"])]
    #[case("a ';' \"B;\" 'it''s'", &["a ';' \"B;\" 'it's'"])]
    #[case("DO $$ a; b $$; c", &["do $$ a; b $$", "c"])]
    #[case("DO $x$ a $$ b $x$", &["do $$ a $$ b $$"])]
    #[case("x = $1 AND y = $2", &["x = $ 1 and y = $ 2"])]
    #[case("E'a\\'; b'", &["'a'; b'"])]
    #[case("über 'offen", &["über 'offen'"])]
    #[case("/* open", &[])]
    #[case("$", &["$"])]
    #[case("", &[])]
    fn statements_are_told_apart(#[case] text: &str, #[case] expected: &[&str]) {
        let statements: Vec<_> = Sql::read(text).statements.iter().map(ToString::to_string).collect();
        assert_eq!(statements, expected);
    }
}
