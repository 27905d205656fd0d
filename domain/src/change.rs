//! What an update does to one field.

/// What an update does to a field that may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field becomes empty.
    Clear,
    /// The field becomes this.
    Set(T),
}

impl<T> Change<T> {
    /// Whether the field stays as it is.
    pub const fn keeps(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Does the change to a field.
    pub(crate) fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    /// The same change of what the value is turned into; turned into nothing, it clears the field.
    pub(crate) fn try_map<U, E>(self, turn: impl FnOnce(T) -> Result<Option<U>, E>) -> Result<Change<U>, E> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => turn(value)?.map_or(Change::Clear, Change::Set),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_clears_or_sets() {
        let mut field = Some(1);
        Change::Keep.apply(&mut field);
        assert_eq!(field, Some(1));
        Change::Set(2).apply(&mut field);
        assert_eq!(field, Some(2));
        Change::Clear.apply(&mut field);
        assert_eq!(field, None);
    }

    #[test]
    fn a_value_turned_into_nothing_clears() {
        assert_eq!(Change::Set(" ").try_map(|_| Ok::<Option<i32>, ()>(None)), Ok(Change::Clear));
        assert_eq!(Change::Set("1").try_map(|text| text.parse().map(Some)), Ok::<_, std::num::ParseIntError>(Change::Set(1)));
    }
}
