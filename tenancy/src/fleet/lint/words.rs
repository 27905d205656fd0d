//! Reading a statement word by word.

use super::token::Token;

/// The rest of a statement.
#[derive(Clone, Copy)]
pub(in crate::fleet) struct Words<'t>(pub(in crate::fleet) &'t [Token]);

pub(in crate::fleet) fn is_word(token: &Token, expected: &str) -> bool {
    matches!(token, Token::Word(word) if word == expected)
}

impl<'t> Words<'t> {
    pub(in crate::fleet) fn begins_with(&self, word: &str) -> bool {
        self.0.first().is_some_and(|token| is_word(token, word))
    }

    pub(in crate::fleet) fn take(&mut self, word: &str) -> bool {
        self.take_all(&[word])
    }

    pub(in crate::fleet) fn take_all(&mut self, words: &[&str]) -> bool {
        let Some((first, rest)) = self.0.split_at_checked(words.len()) else { return false };
        let taken = first.iter().zip(words).all(|(token, word)| is_word(token, word));
        if taken {
            self.0 = rest;
        }
        taken
    }

    /// Whether these words stand somewhere, one behind the other.
    pub(in crate::fleet) fn has_all(&self, words: &[&str]) -> bool {
        self.0.windows(words.len()).any(|window| window.iter().zip(words).all(|(token, word)| is_word(token, word)))
    }

    pub(in crate::fleet) fn position(&self, word: &str) -> Option<usize> {
        self.0.iter().position(|token| is_word(token, word))
    }

    /// Takes a name; of one with a schema before it, the last part.
    pub(in crate::fleet) fn name(&mut self) -> Option<String> {
        let (first, rest) = self.0.split_first()?;
        let (Token::Word(name) | Token::Name(name)) = first else { return None };
        self.0 = rest;
        match rest.split_first() {
            Some((Token::Symbol('.'), after)) => {
                self.0 = after;
                self.name()
            }
            _ => Some(name.clone()),
        }
    }

    /// The column of a check that says no more than that it is given.
    pub(in crate::fleet) fn is_not_null_check(&self) -> Option<String> {
        match self.0.get(..7)? {
            [check, Token::Symbol('('), Token::Word(name) | Token::Name(name), is, not, null, Token::Symbol(')')]
                if is_word(check, "check") && is_word(is, "is") && is_word(not, "not") && is_word(null, "null") =>
            {
                Some(name.clone())
            }
            _ => None,
        }
    }

    /// The parts between commas that no parenthesis encloses.
    pub(in crate::fleet) fn split_at_commas(self) -> Vec<Words<'t>> {
        let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
        for (index, token) in self.0.iter().enumerate() {
            match token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth -= 1,
                Token::Symbol(',') if depth == 0 => {
                    parts.push(Words(self.0.get(start..index).unwrap_or_default()));
                    start = index + 1;
                }
                _ => {}
            }
        }
        parts.push(Words(self.0.get(start..).unwrap_or_default()));
        parts
    }
}
