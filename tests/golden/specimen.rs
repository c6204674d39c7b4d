//! Values of any stored type, made from the type alone: a deserializer that invents what it is asked for. Every variant
//! of every enum comes up in turn, every option is there, every list and map holds one thing.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// An enum, told from another of the same name by its variants.
type EnumId = (&'static str, &'static [&'static str]);

/// What has been invented so far.
#[derive(Default)]
pub struct Inventor {
    /// How often each variant of each enum has come up.
    seen: BTreeMap<EnumId, Vec<u32>>,
    serial: u64,
}

impl Inventor {
    /// The next value.
    pub fn invent<T: DeserializeOwned>(&mut self) -> T {
        T::deserialize(Inventing(self)).expect("every stored type can be invented")
    }

    /// How many variants have come up at all: grows when a value shows something new.
    pub fn variants_shown(&self) -> usize {
        self.seen.values().flatten().filter(|times| **times > 0).count()
    }

    /// Whether every variant of every enum that came up has come up.
    pub fn has_shown_all(&self) -> bool {
        self.seen.values().flatten().all(|times| *times > 0)
    }

    /// The enums of which some variant has not come up, with the variants.
    pub fn not_shown(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let missing = |((name, variants), times): (&EnumId, &Vec<u32>)| {
            let not: Vec<_> =
                variants.iter().zip(times).filter(|(_, times)| **times == 0).map(|(name, _)| *name).collect();
            (!not.is_empty()).then_some((*name, not))
        };
        self.seen.iter().filter_map(missing).collect()
    }

    fn number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The variant that came up least.
    fn variant(&mut self, id: EnumId) -> u32 {
        let times = self.seen.entry(id).or_insert_with(|| vec![0; id.1.len()]);
        let least = (0..times.len()).min_by_key(|at| times[*at]).expect("an enum has variants");
        times[least] += 1;
        least as u32
    }
}

/// Why a value cannot be invented.
#[derive(Debug)]
pub struct CannotInvent(String);

impl fmt::Display for CannotInvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotInvent {}

impl serde::de::Error for CannotInvent {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self(what.to_string())
    }
}

struct Inventing<'a>(&'a mut Inventor);

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
            visitor.$visit((self.0.number() % 100) as $number)
        }
    )+};
}

impl<'de> Deserializer<'de> for Inventing<'_> {
    type Error = CannotInvent;

    numbers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    );

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, CannotInvent> {
        Err(CannotInvent::custom("a stored type says what it is"))
    }
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_bool(self.0.number().is_multiple_of(2))
    }
    // Longer numbers take more bytes than one: their way of being stored shows.
    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_u32(1_000 + self.0.number() as u32)
    }
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_u64(100_000 + self.0.number())
    }
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_i64(1_795_400_000_000 + self.0.number() as i64)
    }
    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_u128((1 << 100) + u128::from(self.0.number()))
    }
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_char('号')
    }
    /// A text that is also a date and an id, as some types ask.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_string(format!("2026-11-{:02}", 1 + self.0.number() % 30))
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        self.deserialize_string(visitor)
    }
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_byte_buf(self.0.number().to_be_bytes().to_vec())
    }
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        self.deserialize_byte_buf(visitor)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_some(self)
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_unit()
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &str, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_unit()
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &str, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        self.deserialize_tuple(1, visitor)
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_seq(Parts { inventor: self.0, left: length })
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, CannotInvent> {
        self.deserialize_tuple(length, visitor)
    }
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_map(Parts { inventor: self.0, left: 1 })
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CannotInvent> {
        self.deserialize_tuple(fields.len(), visitor)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CannotInvent> {
        let variant = self.0.variant((name, variants));
        visitor.visit_enum(OneOf { inventor: self.0, variant })
    }
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        self.deserialize_any(visitor)
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CannotInvent> {
        visitor.visit_unit()
    }
    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Parts<'a> {
    inventor: &'a mut Inventor,
    left: usize,
}

impl Parts<'_> {
    fn next<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, CannotInvent> {
        seed.deserialize(Inventing(self.inventor))
    }
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = CannotInvent;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, CannotInvent> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.next(seed).map(Some)
    }
}

impl<'de> MapAccess<'de> for Parts<'_> {
    type Error = CannotInvent;
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, CannotInvent> {
        self.next_element_seed(seed)
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, CannotInvent> {
        self.next(seed)
    }
}

struct OneOf<'a> {
    inventor: &'a mut Inventor,
    variant: u32,
}

impl<'de, 'a> EnumAccess<'de> for OneOf<'a> {
    type Error = CannotInvent;
    type Variant = Inventing<'a>;
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Inventing<'a>), CannotInvent> {
        let variant: U32Deserializer<CannotInvent> = self.variant.into_deserializer();
        Ok((seed.deserialize(variant)?, Inventing(self.inventor)))
    }
}

impl<'de> VariantAccess<'de> for Inventing<'_> {
    type Error = CannotInvent;
    fn unit_variant(self) -> Result<(), CannotInvent> {
        Ok(())
    }
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, CannotInvent> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, CannotInvent> {
        self.deserialize_tuple(length, visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CannotInvent> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
