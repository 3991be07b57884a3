//! A walk over a serializable value that looks for numbers JSON cannot hold.
//!
//! `serde_json` writes not-a-number and infinities as `null` silently. A result that comes back as something
//! else than it was would break the promise that an interrupted sweep ends like an uninterrupted one, so such numbers
//! are found before anything is written. The walk allocates only when it refuses.

use std::fmt::Display;

use serde::ser::{self, Serialize};

/// Why the walk stopped.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A number that is not finite, and the path to it from the outermost value.
    NotFinite { field: String, value: f64 },
    /// The value refused to be serialized.
    Other(String),
}

impl Refusal {
    /// Puts the name of the enclosing field before the path to the number.
    fn within(self, step: impl FnOnce() -> String) -> Self {
        match self {
            Self::NotFinite { field, value } => Self::NotFinite { field: step() + &field, value },
            other @ Self::Other(_) => other,
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFinite { field, value } => write!(formatter, "'{field}' is {value}"),
            Self::Other(message) => formatter.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}

/// Passes if every number in the value is finite.
pub(super) fn check<T: Serialize + ?Sized>(value: &T) -> Result<(), Refusal> {
    value.serialize(Walk { position: 0 })
}

/// The walk, at some position of the sequence or map that it is in.
struct Walk {
    position: usize,
}

impl Walk {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let position = self.position;
        self.position += 1;
        check(value).map_err(|refusal| refusal.within(|| format!("[{position}]")))
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Refusal> {
        check(value).map_err(|refusal| refusal.within(|| format!(".{name}")))
    }
}

/// Values without numbers that could be infinite pass as they are.
macro_rules! pass {
    ($($method:ident: $kind:ty),* $(,)?) => {
        $(fn $method(self, _: $kind) -> Result<(), Refusal> { Ok(()) })*
    };
}

impl ser::Serializer for Walk {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    pass! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_char: char,
        serialize_str: &str, serialize_bytes: &[u8], serialize_unit_struct: &'static str,
    }

    fn serialize_f32(self, value: f32) -> Result<(), Refusal> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Refusal> {
        if value.is_finite() { Ok(()) } else { Err(Refusal::NotFinite { field: String::new(), value }) }
    }

    fn serialize_none(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Refusal> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.field(variant, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Refusal> {
        Ok(self)
    }
}

/// Sequences and tuples: elements are named by their position.
macro_rules! elements {
    ($($kind:ident::$method:ident),* $(,)?) => {
        $(impl ser::$kind for Walk {
            type Ok = ();
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.element(value)
            }

            fn end(self) -> Result<(), Refusal> {
                Ok(())
            }
        })*
    };
}

/// Structs: fields are named by their name.
macro_rules! fields {
    ($($kind:ident),* $(,)?) => {
        $(impl ser::$kind for Walk {
            type Ok = ();
            type Error = Refusal;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Refusal> {
                Ok(())
            }
        })*
    };
}

elements! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}
fields! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Walk {
    type Ok = ();
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        check(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.element(value)
    }

    fn end(self) -> Result<(), Refusal> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_where_and_what() {
        assert_eq!(check(&[0.5, f64::INFINITY]).unwrap_err().to_string(), "'[1]' is inf");
        assert_eq!(<Refusal as ser::Error>::custom("not today").to_string(), "not today");
    }
}
