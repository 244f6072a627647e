//! Whether a value is a `None`, whatever its type: asked through serde, which every value of a cache speaks.
//!
//! The question costs one call: whatever a value that is there wants to write is refused at its first word.

use std::fmt;

use serde::ser::{Error, Impossible, Serialize, Serializer};

/// Whether the value is `None` (also behind a reference, a `Box` or an `Arc`).
pub(crate) fn is_absent<V: Serialize>(value: &V) -> bool {
    value.serialize(Question).is_ok()
}

/// Accepts `None`, and nothing else.
struct Question;

/// It is there.
#[derive(Debug)]
struct Present;

impl fmt::Display for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is there")
    }
}

impl std::error::Error for Present {}

impl Error for Present {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Refused = Impossible<(), Present>;

macro_rules! present {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$ok, Present> {
            Err(Present)
        })*
    };
}

impl Serializer for Question {
    type Ok = ();
    type Error = Present;
    type SerializeSeq = Refused;
    type SerializeTuple = Refused;
    type SerializeTupleStruct = Refused;
    type SerializeTupleVariant = Refused;
    type SerializeMap = Refused;
    type SerializeStruct = Refused;
    type SerializeStructVariant = Refused;

    fn serialize_none(self) -> Result<(), Present> {
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, _: &T) -> Result<(), Present> {
        Err(Present)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), Present> {
        Err(Present)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Present> {
        Err(Present)
    }

    // Would be made into a text first.
    fn collect_str<T: ?Sized + fmt::Display>(self, _: &T) -> Result<(), Present> {
        Err(Present)
    }

    present! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_i128(i128) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_u128(u128) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Refused;
        serialize_tuple(usize) -> Refused;
        serialize_tuple_struct(&'static str, usize) -> Refused;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Refused;
        serialize_map(Option<usize>) -> Refused;
        serialize_struct(&'static str, usize) -> Refused;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Refused;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn only_none_is_absent() {
        assert!(is_absent(&None::<u8>));
        assert!(is_absent(&Arc::new(None::<String>)));
        assert!(is_absent(&Box::new(&None::<Vec<u8>>)));

        assert!(!is_absent(&Some(1)));
        assert!(!is_absent(&Some(None::<u8>)));
        assert!(!is_absent(&()));
        assert!(!is_absent(&""));
        assert!(!is_absent(&Vec::<u8>::new()));
        assert!(!is_absent(&(1, None::<u8>)));
        assert!(!is_absent(&std::collections::BTreeMap::from([(1, 2)])));
    }
}
