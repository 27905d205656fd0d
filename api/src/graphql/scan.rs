//! The size of a GraphQL text, found in one pass without parsing it.

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
    let mut rest = text.as_bytes();
    let (mut measure, mut open) = (Measure::default(), 0_usize);
    while let [byte, tail @ ..] = rest {
        rest = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => tail,
            b'#' => skip_while(tail, |byte| byte != b'\n' && byte != b'\r'),
            _ => {
                measure.tokens += 1;
                match byte {
                    b'{' | b'[' | b'(' => {
                        open += 1;
                        measure.nesting = measure.nesting.max(open);
                        tail
                    }
                    b'}' | b']' | b')' => {
                        open = open.saturating_sub(1);
                        tail
                    }
                    b'"' => match tail {
                        [b'"', b'"', tail @ ..] => skip_block_string(tail),
                        _ => skip_string(tail),
                    },
                    byte if is_word(*byte) => skip_while(tail, is_word),
                    b'.' => skip_while(tail, |byte| byte == b'.'),
                    _ => tail,
                }
            }
        }
    }
    measure
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
}
