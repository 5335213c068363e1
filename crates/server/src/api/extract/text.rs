//! Typed values from the texts of a path or a query.
//!
//! Serde's usual form decoder knows neither `True` nor repeated keys nor which key was wrong; bots
//! send the first two and need the third.

use domain::{Reject, reject::FieldError};
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::StrDeserializer,
    },
    forward_to_deserialize_any,
};

/// A value of the path, or several as a tuple.
pub fn from_path<'a, T: DeserializeOwned>(
    params: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<T, Reject> {
    let pairs = params.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).collect();
    T::deserialize(PathValues(pairs)).map_err(Wrong::reject)
}

/// A struct with the keys of the query.
pub fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, Reject> {
    let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = percent_decoded(key.as_bytes(), true);
        let value = percent_decoded(value.as_bytes(), true);
        let (Some(key), Some(value)) = (key, value) else {
            return Err(Reject::field("query", "BASE_TYPE_BAD_TYPE", "Not valid UTF-8"));
        };
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => pairs.push((key, vec![value])),
        }
    }
    T::deserialize(QueryValues(pairs)).map_err(Wrong::reject)
}

/// A field of a form as browsers send it when there are no files.
pub fn form_field(form: &[u8], name: &str) -> Option<String> {
    let mut values = form
        .split(|byte| *byte == b'&')
        .filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    percent_decoded(values.next()?, true)
}

/// Percent-decoded; `None` if that is not UTF-8. Stray percent signs stay as they are.
pub fn percent_decoded(text: &[u8], plus_is_space: bool) -> Option<String> {
    let digit = |at: usize| text.get(at).and_then(|c| (*c as char).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let (byte, width) = match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            (b'+', ..) if plus_is_space => (b' ', 1),
            (other, ..) => (other, 1),
        };
        bytes.push(byte);
        at += width;
    }
    String::from_utf8(bytes).ok()
}

type Pairs = Vec<(String, Vec<String>)>;

struct PathValues(Pairs);

struct QueryValues(Pairs);

/// All values of one key.
struct Values {
    key: String,
    values: Vec<String>,
}

#[derive(Debug)]
struct Wrong {
    key: Option<String>,
    message: String,
}

impl Wrong {
    fn at(mut self, key: &str) -> Self {
        self.key.get_or_insert_with(|| key.to_owned());
        self
    }

    fn reject(self) -> Reject {
        let code = if self.message.starts_with("missing field") {
            "BASE_TYPE_REQUIRED"
        } else if self.message.starts_with("unknown variant") {
            "BASE_TYPE_CHOICES"
        } else {
            "NUMBER_TYPE_COERCE"
        };
        let path = self.key.unwrap_or_default();
        Reject::Invalid(vec![FieldError { path, code, message: self.message }])
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self { key: None, message: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { key: Some(field.to_owned()), message: "This field is required".to_owned() }
    }
}

struct Walk {
    pairs: std::vec::IntoIter<(String, Vec<String>)>,
    next: Option<Values>,
}

impl Walk {
    fn new(pairs: Pairs) -> Self {
        Self { pairs: pairs.into_iter(), next: None }
    }
}

impl<'de> MapAccess<'de> for Walk {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        let Some((key, values)) = self.pairs.next() else {
            return Ok(None);
        };
        let name: StrDeserializer<Wrong> = key.as_str().into_deserializer();
        let field = seed.deserialize(name)?;
        self.next = Some(Values { key, values });
        Ok(Some(field))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let values = self.next.take().expect("serde asks for the key first");
        let key = values.key.clone();
        seed.deserialize(values).map_err(|wrong| wrong.at(&key))
    }
}

impl<'de> SeqAccess<'de> for Walk {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Wrong> {
        let Some((key, values)) = self.pairs.next() else {
            return Ok(None);
        };
        let value = Values { key: key.clone(), values };
        seed.deserialize(value).map(Some).map_err(|wrong| wrong.at(&key))
    }
}

impl<'de> Deserializer<'de> for QueryValues {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(Walk::new(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// Whatever is not a tuple or a struct is the only value there is.
macro_rules! only_value {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let (key, values) = self.0.into_iter().next().unwrap_or_default();
            let only = Values { key: key.clone(), values };
            only.$method(visitor).map_err(|wrong| wrong.at(&key))
        }
    )*};
}

impl<'de> Deserializer<'de> for PathValues {
    type Error = Wrong;

    only_value! {
        deserialize_any deserialize_bool deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_i64 deserialize_str deserialize_string deserialize_option
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_seq(Walk::new(self.0))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_map(Walk::new(self.0))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let (key, values) = self.0.into_iter().next().unwrap_or_default();
        Values { key, values }.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple_struct map
        identifier ignored_any
    }
}

impl Values {
    /// The last one counts, as with equal keys of an object.
    fn last(self) -> String {
        self.values.into_iter().next_back().unwrap_or_default()
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let text = self.last();
            match text.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(de::Error::custom("Value is not a number of this range.")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Values {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.last())
    }

    /// COMPAT: libraries write booleans as `true`, `True` and `1`.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.last().as_str() {
            "true" | "True" | "1" | "" => visitor.visit_bool(true),
            "false" | "False" | "0" => visitor.visit_bool(false),
            _ => Err(de::Error::custom("Must be either true or false.")),
        }
    }

    numbers! {
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.values.iter().all(String::is_empty) {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let key = self.key;
        let pairs = self.values.into_iter().map(|value| (key.clone(), vec![value])).collect();
        visitor.visit_seq(Walk::new(pairs))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_enum(self.last().into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{Id, marker};
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Asked {
        limit: Option<u16>,
        with_counts: bool,
        before: Option<Id<marker::Message>>,
        user_ids: Vec<Id<marker::User>>,
        query: String,
    }

    #[test]
    fn queries_as_libraries_write_them() {
        let query = "&limit=50&with_counts=True&user_ids=1&user_ids=2&query=a+b%20%C3%BC&x=y";
        let asked: Asked = from_query(query).expect("is read");
        assert_eq!((asked.limit, asked.with_counts), (Some(50), true));
        assert_eq!(asked.user_ids.len(), 2);
        assert_eq!(asked.query, "a b ü");
        let empty: Asked = from_query("before=&limit=").expect("is read");
        assert_eq!(empty, Asked::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, path) in [
            ("limit=abc", "limit"),
            ("limit=-1", "limit"),
            ("limit=65536", "limit"),
            ("before=x", "before"),
            ("with_counts=maybe", "with_counts"),
        ] {
            let Err(Reject::Invalid(fields)) = from_query::<Asked>(query) else {
                panic!("{query} was read");
            };
            assert_eq!(fields[0].path, path, "{query}");
        }
        assert!(from_query::<Asked>("query=%ff").is_err(), "not UTF-8");
    }

    #[test]
    fn paths_hold_one_value_or_several() {
        let one: Id<marker::Channel> = from_path([("channel", "7")].into_iter()).expect("is read");
        assert_eq!(one.get(), 7);
        let two: (Id<marker::Channel>, String) =
            from_path([("channel", "7"), ("emoji", "🦀")].into_iter()).expect("is read");
        assert_eq!((two.0.get(), two.1.as_str()), (7, "🦀"));
        let wrong = from_path::<(Id<marker::Channel>, Id<marker::Message>)>(
            [("channel", "7"), ("message", "0")].into_iter(),
        );
        let Err(Reject::Invalid(fields)) = wrong else { panic!("0 is no id") };
        assert_eq!(fields[0].path, "message");
    }

    #[test]
    fn reasons_keep_their_spaces_and_signs() {
        let decoded = percent_decoded("kit %C3%BCn%C3%AF 100% + 1".as_bytes(), false);
        assert_eq!(decoded.as_deref(), Some("kit ünï 100% + 1"));
    }
}
