//! The tokens of a GraphQL text, found in one pass without parsing it.

use std::collections::HashSet;

use async_graphql::Pos;

/// What [`measure`] counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// Lexical tokens: names, numbers, strings and punctuators.
    pub tokens: usize,
    /// The most brackets of any kind that are open at once.
    pub nesting: usize,
}

/// Measures a text, whether or not it is well formed. An unterminated string reaches to the end.
pub fn measure(text: &str) -> Measure {
    let (mut measure, mut open) = (Measure::default(), 0_usize);
    for (_, token) in tokens(text) {
        measure.tokens += 1;
        match token {
            Token::Open(_) => {
                open += 1;
                measure.nesting = measure.nesting.max(open);
            }
            Token::Close => open = open.saturating_sub(1),
            Token::Word(_) | Token::Colon | Token::Other => {}
        }
    }
    measure
}

/// A lexical token, as far as it is told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A bracket of any kind.
    Open(u8),
    /// A bracket that closes one.
    Close,
    /// A name or a number.
    Word(&'a str),
    /// `:`
    Colon,
    /// Any other.
    Other,
}

/// The tokens of a text, and at which byte each begins.
pub fn tokens(text: &str) -> impl Iterator<Item = (usize, Token<'_>)> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        loop {
            let [byte, tail @ ..] = rest else {
                return None;
            };
            let start = rest;
            let (token, after) = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                    rest = tail;
                    continue;
                }
                b'#' => {
                    rest = skip_while(tail, |byte| byte != b'\n' && byte != b'\r');
                    continue;
                }
                b'{' | b'[' | b'(' => (Token::Open(*byte), tail),
                b'}' | b']' | b')' => (Token::Close, tail),
                b':' => (Token::Colon, tail),
                b'"' => match tail {
                    [b'"', b'"', tail @ ..] => (Token::Other, skip_block_string(tail)),
                    _ => (Token::Other, skip_string(tail)),
                },
                b'.' => (Token::Other, skip_while(tail, |byte| byte == b'.')),
                byte if is_word(*byte) => {
                    let after = skip_while(tail, is_word);
                    let word = start.get(..start.len() - after.len()).unwrap_or_default();
                    (Token::Word(std::str::from_utf8(word).unwrap_or_default()), after)
                }
                _ => (Token::Other, tail),
            };
            rest = after;
            return Some((text.len() - start.len(), token));
        }
    })
}

/// The first field that an input of a text gives twice, and where. Within parentheses, braces are inputs.
pub fn repeated_field(text: &str) -> Option<(&str, Pos)> {
    let mut open: Vec<(u8, HashSet<&str>)> = Vec::new();
    let mut last_word = None;
    for (offset, token) in tokens(text) {
        match token {
            Token::Open(bracket) => open.push((bracket, HashSet::new())),
            Token::Close => {
                open.pop();
            }
            Token::Colon => {
                let is_input = open.iter().any(|(bracket, _)| *bracket == b'(');
                if let (Some((b'{', names)), Some((offset, name))) = (open.last_mut(), last_word)
                    && is_input
                    && !names.insert(name)
                {
                    return Some((name, place_of(text, offset)));
                }
            }
            Token::Word(_) | Token::Other => {}
        }
        last_word = if let Token::Word(word) = token { Some((offset, word)) } else { None };
    }
    None
}

/// Line and column of a byte of a text.
fn place_of(text: &str, offset: usize) -> Pos {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Pos { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

/// Letters, digits, and what joins them in names and numbers.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+') || !byte.is_ascii()
}

fn skip_while(mut bytes: &[u8], wanted: impl Fn(u8) -> bool) -> &[u8] {
    while let [byte, tail @ ..] = bytes
        && wanted(*byte)
    {
        bytes = tail;
    }
    bytes
}

#[expect(clippy::match_same_arms, reason = "the order of the arms decides")]
fn skip_string(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = match bytes {
            [b'\\', _, tail @ ..] => tail,
            [b'"' | b'\n' | b'\r', tail @ ..] => return tail,
            [_, tail @ ..] => tail,
            [] => return bytes,
        }
    }
}

#[expect(clippy::match_same_arms, reason = "the order of the arms decides")]
fn skip_block_string(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = match bytes {
            [b'\\', b'"', b'"', b'"', tail @ ..] => tail,
            [b'"', b'"', b'"', tail @ ..] => return tail,
            [_, tail @ ..] => tail,
            [] => return bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn tokens_have_their_places() {
        let found: Vec<_> = tokens("{ é(a: \"{\") }").collect();
        let [open, close] = [Token::Open(b'{'), Token::Close];
        let inner = [(2, Token::Word("é")), (4, Token::Open(b'(')), (5, Token::Word("a")), (6, Token::Colon), (8, Token::Other)];
        assert_eq!(found, [&[(0, open)][..], &inner, &[(11, close), (13, close)]].concat());
    }

    #[rstest]
    #[case::empty("", 0, 0)]
    #[case::names("{ a bc }", 4, 1)]
    #[case::arguments("{ a(first: 10, after: \"x{[(\") { b } }", 14, 2)]
    #[case::comment("# {{{ \" \n{ a }", 3, 1)]
    #[case::escaped_quote(r#"{ a(b: "\"{{") }"#, 8, 2)]
    #[case::block_string("{ a(b: \"\"\"{ \\\"\"\" { \" }\"\"\") }", 8, 2)]
    #[case::spread("{ ...F @include(if: $x) }", 12, 2)]
    #[case::unterminated("{ a(b: \"{{{", 6, 2)]
    #[case::only_closing("}}}", 3, 0)]
    fn measures(#[case] text: &str, #[case] tokens: usize, #[case] nesting: usize) {
        assert_eq!(measure(text), Measure { tokens, nesting });
    }

    #[test]
    fn a_repeated_field_has_its_place() {
        assert_eq!(repeated_field("{ a(x: {\n  é: 1, b: 2,\n  ü: 1 b: 3 }) }"), Some(("b", Pos { line: 3, column: 8 })));
    }
}
