//! The parameters of a matched path, and how they become values.

use std::borrow::Cow;
use std::sync::Arc;

use rustboot_core::Result;
use serde::de::DeserializeOwned;

use super::parameter::{ParameterError, Parameters};

/// So many cost one allocation together, that of the path.
const FEW: usize = 4;

/// The path of a request, and where its parameters are, in the order of the template. Decoded only when somebody reads them.
#[derive(Debug, Clone)]
pub(crate) struct PathParameters {
    names: Arc<[&'static str]>,
    path: Box<str>,
    /// Begin and end of the first ones, and of the others.
    few: [(u32, u32); FEW],
    more: Vec<(u32, u32)>,
}

impl PathParameters {
    /// `values` are parts of `path`, one for each name.
    pub(crate) fn new<'a>(
        names: &Arc<[&'static str]>,
        path: &'a str,
        values: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut parameters = Self {
            names: Arc::clone(names),
            path: path.into(),
            few: [(0, 0); FEW],
            more: Vec::new(),
        };
        for (number, value) in values.enumerate() {
            let place = place(path, value);
            match parameters.few.get_mut(number) {
                Some(few) => *few = place,
                None => parameters.more.push(place),
            }
        }
        parameters
    }

    /// The names, in the order of the template.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.names.iter().copied()
    }

    /// The path that they are in.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let places = self.few.iter().chain(&self.more);
        self.names.iter().zip(places).map(|(name, (begin, end))| {
            let value = self.path.get(*begin as usize..*end as usize);
            (*name, value.unwrap_or_default())
        })
    }

    /// The parameters as a value. A route without any has `None`.
    pub(crate) fn deserialize<T: DeserializeOwned>(parameters: Option<&Self>) -> Result<T> {
        let mut few = [const { ("", Cow::Borrowed("")) }; FEW];
        let mut many = Vec::new();
        let decoded = match parameters {
            None => &[][..],
            Some(parameters) => {
                let count = parameters.names.len();
                if count > FEW {
                    many.resize(count, ("", Cow::Borrowed("")));
                }
                let decoded = match many.is_empty() {
                    true => &mut few[..count],
                    false => &mut many,
                };
                for (decoded, (name, raw)) in decoded.iter_mut().zip(parameters.values()) {
                    *decoded = (name, decode(name, raw)?);
                }
                decoded
            }
        };
        T::deserialize(Parameters::all(decoded)).map_err(ParameterError::refused)
    }
}

/// Where `part` is in `path`, which it was cut out of.
fn place(path: &str, part: &str) -> (u32, u32) {
    let begin = part.as_ptr().addr().wrapping_sub(path.as_ptr().addr());
    // A path is shorter than 64 KiB.
    (begin as u32, (begin + part.len()) as u32)
}

fn decode<'a>(name: &'static str, raw: &'a str) -> Result<Cow<'a, str>> {
    if !raw.as_bytes().contains(&b'%') {
        return Ok(Cow::Borrowed(raw));
    }
    percent_encoding::percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| ParameterError::of(name, "is not valid UTF-8").refused())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// In a path of just their values.
    struct InPath(PathParameters);

    impl InPath {
        fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
            PathParameters::deserialize(Some(&self.0))
        }
    }

    fn parameters(pairs: &[(&'static str, &str)]) -> InPath {
        let names = pairs.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = pairs.iter().map(|(_, value)| *value).collect();
        let path = format!("/{}", values.join("/"));
        let values = path[1..].split('/');
        InPath(PathParameters::new(&names, &path, values))
    }

    #[test]
    fn there_may_be_none_or_many() {
        let none: Result<u8> = PathParameters::deserialize(None);
        assert_eq!(
            none.unwrap_err().detail(),
            "the path has 0 parameters, and the handler takes one value"
        );
        let six = parameters(&[
            ("a", "1"),
            ("b", "%32"),
            ("c", "3"),
            ("d", "4"),
            ("e", "5"),
            ("f", "%36"),
        ]);
        assert_eq!(six.deserialize::<[u8; 6]>().unwrap(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(six.0.path(), "/1/%32/3/4/5/%36");
    }

    #[test]
    fn one_value_a_tuple_or_a_struct() {
        #[derive(Deserialize, PartialEq, Debug)]
        struct Item {
            shop: String,
            id: u32,
        }
        #[derive(Deserialize, PartialEq, Debug)]
        #[serde(rename_all = "lowercase")]
        enum Kind {
            Book,
        }
        #[derive(Deserialize, PartialEq, Debug)]
        struct Id(i64);

        let one = parameters(&[("id", "42")]);
        assert_eq!(one.deserialize::<i64>().unwrap(), 42);
        assert_eq!(one.deserialize::<String>().unwrap(), "42");
        assert_eq!(one.deserialize::<Id>().unwrap(), Id(42));
        assert_eq!(one.deserialize::<(u8,)>().unwrap(), (42,));
        assert_eq!(
            parameters(&[("k", "book")]).deserialize::<Kind>().unwrap(),
            Kind::Book
        );

        let two = parameters(&[("shop", "a%20b"), ("id", "7")]);
        let item = Item {
            shop: "a b".into(),
            id: 7,
        };
        assert_eq!(
            two.deserialize::<(String, u32)>().unwrap(),
            ("a b".into(), 7)
        );
        assert_eq!(two.deserialize::<Item>().unwrap(), item);
    }

    #[test]
    fn many_values_of_one_type() {
        type Map = std::collections::BTreeMap<String, u8>;
        let two = parameters(&[("b", "1"), ("a", "2")]);
        assert_eq!(two.deserialize::<Vec<u8>>().unwrap(), [1, 2]);
        let map = two.deserialize::<Map>().unwrap();
        assert_eq!(map, Map::from([("a".to_owned(), 2), ("b".to_owned(), 1)]));
        let pairs = two.deserialize::<Vec<(String, u8)>>().unwrap();
        assert_eq!(pairs, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
        two.deserialize::<()>().unwrap();
        let one = parameters(&[("a", "7")]);
        assert_eq!(one.deserialize::<Option<u8>>().unwrap(), Some(7));
        assert_eq!(one.deserialize::<Vec<u8>>().unwrap(), [7]);
    }

    /// A parameter is one text. A type that has itself inside would otherwise never end.
    #[test]
    fn there_is_nothing_inside_of_a_parameter() {
        #[derive(Deserialize, Debug)]
        struct Endless {
            #[allow(dead_code, reason = "read by Debug only")]
            a: Box<Endless>,
        }
        let one = parameters(&[("a", "1")]);
        let error = one.deserialize::<Endless>().unwrap_err();
        assert_eq!(
            error.detail(),
            "the path parameter `a` is not valid: invalid type: string \"1\", expected struct Endless"
        );
        let error = one.deserialize::<Vec<Vec<u8>>>().unwrap_err();
        assert_eq!(error.fields()[0].place.as_str(), "a");
        assert!(one.deserialize::<(Vec<u8>,)>().is_err());
        assert!(one.deserialize::<((),)>().is_err());
        assert!(
            one.deserialize::<Vec<(u8, u8)>>().is_err(),
            "names are no numbers"
        );
    }

    #[test]
    fn mistakes_name_the_parameter() {
        for (error, text) in [
            (
                parameters(&[("id", "x")]).deserialize::<i64>().unwrap_err(),
                "the path parameter `id` is not a whole number in range",
            ),
            (
                parameters(&[("id", "%ff")])
                    .deserialize::<String>()
                    .unwrap_err(),
                "the path parameter `id` is not valid UTF-8",
            ),
            (
                parameters(&[("a", "1"), ("b", "2")])
                    .deserialize::<u8>()
                    .unwrap_err(),
                "the path has 2 parameters, and the handler takes one value",
            ),
            (
                parameters(&[("a", "1")])
                    .deserialize::<(u8, u8)>()
                    .unwrap_err(),
                "the path has 1 parameters, and the handler takes 2",
            ),
            (
                parameters(&[("ip", "x")])
                    .deserialize::<std::net::IpAddr>()
                    .unwrap_err(),
                "the path parameter `ip` is not valid: invalid IP address syntax",
            ),
        ] {
            assert_eq!(error.detail(), text);
            // The handler does not fit its path: nothing that a client could mend.
            let status = if text.contains("the handler takes") {
                500
            } else {
                400
            };
            assert_eq!(error.kind().status(), status, "{text}");
        }
    }
}
