//! From the three states of an input field - left out, null, given - to what the domain takes.

use async_graphql::{ID, MaybeUndefined};
use domain::{Change, Error};

use super::id::{self, Key};

/// A field that null clears.
pub fn change<T, U>(value: MaybeUndefined<T>, turn: impl FnOnce(T) -> Result<U, Error>) -> Result<Change<U>, Error> {
    Ok(match value {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(value) => Change::Set(turn(value)?),
    })
}

/// A field that may be left out, but not cleared.
pub fn replace<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>, Error> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::required(field)),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// An id that may be left out, but not cleared.
pub fn replace_id<K: Key>(field: &str, value: MaybeUndefined<ID>) -> Result<Option<K>, Error> {
    id::decode_optional(replace(field, value)?.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_states() {
        assert!(matches!(change(MaybeUndefined::<i32>::Undefined, Ok), Ok(Change::Keep)));
        assert!(matches!(change(MaybeUndefined::<i32>::Null, Ok), Ok(Change::Clear)));
        assert!(matches!(change(MaybeUndefined::Value(1), |value| Ok(value + 1)), Ok(Change::Set(2))));
        assert!(matches!(replace("name", MaybeUndefined::<i32>::Undefined), Ok(None)));
        assert!(matches!(replace("name", MaybeUndefined::<i32>::Null), Err(Error::BadInput { field, .. }) if field == "name"));
        assert!(matches!(replace("name", MaybeUndefined::Value(1)), Ok(Some(1))));
    }
}
