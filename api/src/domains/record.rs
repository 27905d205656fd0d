//! The record in DNS that proves whose a host is, and how an answer is read.

/// What stands before the host in the name of its record.
pub(super) const RECORD_LABEL: &str = "_tenantry";
/// What stands before the token in the record.
const KEY: &str = "tenantry-domain=";
/// How many aliases are followed within one answer.
const MOST_ALIASES: usize = 8;

/// A TXT record that somebody has to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name: `_tenantry.hr.acme.com`.
    pub name: String,
    /// What it says: `tenantry-domain=` and the token.
    pub value: String,
}

impl Record {
    /// The record of a claim.
    pub(super) fn of(hostname: &str, token: &str) -> Self {
        Self { name: format!("{RECORD_LABEL}.{hostname}"), value: format!("{KEY}{token}") }
    }
}

/// A new token: 160 random bits. One tenant's says nothing of another's.
pub(super) fn make_token() -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 20]>())
}

/// A record of an answer, as far as it is of use here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer<Name> {
    /// A name is another name for this one.
    Alias { of: Name, to: Name },
    /// A text at a name.
    Text { of: Name, text: Vec<u8> },
}

/// The texts that an answer has of a name, or of the name that it is an alias of. What a server adds of other names is nobody's word.
pub(super) fn texts_of<Name: Clone + PartialEq>(name: &Name, answers: &[Answer<Name>]) -> Vec<Vec<u8>> {
    let mut name = name.clone();
    for _ in 0..MOST_ALIASES {
        let target = answers.iter().find_map(|answer| match answer {
            Answer::Alias { of, to } if *of == name => Some(to.clone()),
            _ => None,
        });
        match target {
            Some(target) => name = target,
            None => break,
        }
    }
    let texts = answers.iter().filter_map(|answer| match answer {
        Answer::Text { of, text } if *of == name => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

/// Whether one of the texts is the record that is looked for. Blanks around it are a slip of the hand.
pub(super) fn says(texts: &[Vec<u8>], expected: &str) -> bool {
    texts.iter().any(|text| text.trim_ascii() == expected.as_bytes())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn text(of: &'static str, text: &str) -> Answer<&'static str> {
        Answer::Text { of, text: text.into() }
    }

    fn alias(of: &'static str, to: &'static str) -> Answer<&'static str> {
        Answer::Alias { of, to }
    }

    #[rstest]
    #[case(&[text("a", "it")], true)]
    #[case(&[text("a", "other"), text("a", " it\t")], true)]
    #[case(&[], false)]
    #[case(&[text("a", "it or not")], false)]
    #[case(&[text("a", "IT")], false)]
    #[case(&[text("b", "it")], false)]
    #[case(&[alias("a", "b"), text("b", "it")], true)]
    #[case(&[text("c", "it"), alias("b", "c"), alias("a", "b")], true)]
    #[case(&[alias("a", "b"), text("c", "it")], false)]
    #[case(&[alias("a", "b"), text("a", "it")], false)]
    #[case(&[alias("b", "a"), text("b", "it")], false)]
    #[case(&[alias("a", "b"), alias("b", "a"), text("c", "it")], false)]
    fn only_what_is_said_of_the_name_counts(#[case] answers: &[Answer<&'static str>], #[case] expected: bool) {
        assert_eq!(says(&texts_of(&"a", answers), "it"), expected);
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(make_token(), make_token());
        assert_eq!(make_token().len(), 27);
    }
}
