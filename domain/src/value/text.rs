//! Texts with a limit.

use super::FromText;
use crate::Error;

/// One line of 1 to `MAX` characters, without control characters, spaces at the ends removed. Otherwise as given: any
/// script, any direction, emoji.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line<const MAX: usize>(String);

/// The same, of several lines, separated by `\n`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Paragraph<const MAX: usize>(String);

impl<const MAX: usize> FromText for Line<MAX> {
    fn from_text(field: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        refuse_control_characters(field, text, |_| false)?;
        limit(field, text, MAX)?;
        Ok(Self(text.to_owned()))
    }

    fn into_text(self) -> String {
        self.0
    }
}

impl<const MAX: usize> FromText for Paragraph<MAX> {
    fn from_text(field: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim().replace("\r\n", "\n");
        refuse_control_characters(field, &text, |character| character == '\n')?;
        limit(field, &text, MAX)?;
        Ok(Self(text))
    }

    fn into_text(self) -> String {
        self.0
    }
}

/// Refuses control characters, among them NUL, which the database cannot store.
pub(crate) fn refuse_control_characters(field: &str, text: &str, allowed: fn(char) -> bool) -> Result<(), Error> {
    if text.chars().any(|character| character.is_control() && !allowed(character)) {
        return Err(Error::bad_input(field, "This must not contain control characters."));
    }
    Ok(())
}

fn limit(field: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::bad_input(field, "This must not be empty."));
    }
    if text.chars().nth(most).is_some() {
        return Err(Error::bad_input(field, format!("This may have at most {most} characters.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<String> {
        Line::<5>::from_text("name", text).ok().map(Line::into_text)
    }

    #[test]
    fn a_line_is_trimmed_and_limited_in_characters() {
        assert_eq!(line("  Ann \t"), Some("Ann".to_owned()));
        assert_eq!(line("ÄÖÜ😀é"), Some("ÄÖÜ😀é".to_owned()));
        assert_eq!(line("שלום"), Some("שלום".to_owned()));
        assert_eq!(line("123456"), None);
        assert_eq!(line("     1     "), Some("1".to_owned()));
        assert_eq!(line(" \u{3000} "), None);
    }

    #[test]
    fn a_line_has_no_control_characters() {
        for text in ["a\0b", "a\nb", "a\tb", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(line(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_paragraph_has_lines() {
        let paragraph = |text| Paragraph::<9>::from_text("address", text).ok().map(Paragraph::into_text);
        assert_eq!(paragraph("a\r\nb\n"), Some("a\nb".to_owned()));
        assert_eq!(paragraph("a\rb"), None);
        assert_eq!(paragraph("a\0b"), None);
        assert_eq!(paragraph("1234567890"), None);
    }
}
