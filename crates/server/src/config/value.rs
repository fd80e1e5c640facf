//! The types a configuration field can have: how each is read from TOML, from the text of an environment
//! variable or flag, and written back.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use toml::Value;

/// Whether passwords are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// As `********`.
    Masked,
    /// As they are.
    Shown,
}

/// What stands in for a password.
pub(crate) const MASK: &str = "********";

/// A type a field can have. Errors are sentences without the field's name, which the caller puts before them.
pub(crate) trait Setting: Sized {
    /// What limits a value: a range of numbers, or words.
    type Range;
    /// Type in words, for the documentation.
    const TYPE: &'static str;
    fn from_toml(value: &Value) -> Result<Self, String>;
    fn from_text(text: &str) -> Result<Self, String>;
    /// As TOML.
    fn show(&self, secrets: Secrets) -> String;
    fn check(&self, range: &Self::Range) -> Result<(), String>;
    fn describe(range: &Self::Range) -> String;
}

/// What was found, in words, for "expected …, found …".
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text {text:?}"),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(flag) => format!("{flag}"),
        Value::Datetime(_) => "a date".into(),
        Value::Array(_) => "a list".into(),
        Value::Table(_) => "a table".into(),
    }
}

fn expected<T: Setting>(value: &Value) -> String {
    format!("expected {}, found {}", T::TYPE, found(value))
}

macro_rules! number {
    ($($type:ty),+) => { $(
        impl Setting for $type {
            type Range = RangeInclusive<$type>;
            const TYPE: &'static str = "a whole number";

            fn from_toml(value: &Value) -> Result<Self, String> {
                let number = value.as_integer().ok_or_else(|| expected::<Self>(value))?;
                Self::try_from(number).map_err(|_| format!("{number} cannot be meant here: at most {}, at least 0", Self::MAX))
            }

            fn from_text(text: &str) -> Result<Self, String> {
                let number: i64 = text.trim().parse().map_err(|_| format!("expected {}, found {text:?}", Self::TYPE))?;
                Self::from_toml(&Value::Integer(number))
            }

            fn show(&self, _: Secrets) -> String {
                self.to_string()
            }

            fn check(&self, range: &Self::Range) -> Result<(), String> {
                if range.contains(self) {
                    return Ok(());
                }
                Err(format!("{self} is outside its range, {}", Self::describe(range)))
            }

            fn describe(range: &Self::Range) -> String {
                format!("{} to {}", range.start(), range.end())
            }
        }
    )+ };
}
number!(u16, u32);

/// Types whose every value that can be read is allowed; the range is words for the documentation.
macro_rules! described_range {
    () => {
        type Range = &'static str;

        fn check(&self, _: &Self::Range) -> Result<(), String> {
            Ok(())
        }

        fn describe(range: &Self::Range) -> String {
            (*range).to_owned()
        }
    };
}

impl Setting for bool {
    described_range!();
    const TYPE: &'static str = "true or false";

    fn from_toml(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| expected::<Self>(value))
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.trim()
            .parse()
            .map_err(|_| format!("expected {}, found {text:?}", Self::TYPE))
    }

    fn show(&self, _: Secrets) -> String {
        self.to_string()
    }
}

macro_rules! parsed {
    ($type:ty, $words:literal) => {
        impl Setting for $type {
            described_range!();
            const TYPE: &'static str = $words;

            fn from_toml(value: &Value) -> Result<Self, String> {
                Self::from_text(value.as_str().ok_or_else(|| expected::<Self>(value))?)
            }

            fn from_text(text: &str) -> Result<Self, String> {
                text.trim()
                    .parse()
                    .map_err(|_| format!("expected {}, found {text:?}", Self::TYPE))
            }

            fn show(&self, _: Secrets) -> String {
                quoted(&self.to_string())
            }
        }
    };
}
parsed!(
    SocketAddr,
    "an IP address and a port, like \"0.0.0.0:8080\" or \"[::]:8080\""
);
parsed!(IpAddr, "an IP address");

/// A file's path; empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextPath(pub String);

impl std::str::FromStr for TextPath {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for TextPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

parsed!(TextPath, "a path");

/// Members of a list, so that `Vec<T>` is one implementation for all.
pub(crate) trait Item: Sized {
    const LIST: &'static str;
    fn item_from_text(text: &str) -> Result<Self, String>;
    fn item_show(&self) -> String;
}

impl Item for IpAddr {
    const LIST: &'static str = "a list of IP addresses";

    fn item_from_text(text: &str) -> Result<Self, String> {
        Setting::from_text(text)
    }

    fn item_show(&self) -> String {
        self.show(Secrets::Shown)
    }
}

impl Item for String {
    const LIST: &'static str = "a list of texts";

    fn item_from_text(text: &str) -> Result<Self, String> {
        Ok(text.trim().to_owned())
    }

    fn item_show(&self) -> String {
        quoted(self)
    }
}

impl<T: Item> Setting for Vec<T> {
    described_range!();
    const TYPE: &'static str = T::LIST;

    fn from_toml(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or_else(|| expected::<Self>(value))?;
        let item = |item: &Value| T::item_from_text(item.as_str().ok_or_else(|| expected::<Self>(item))?);
        items.iter().map(item).collect()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('[') {
            return Self::from_toml(&inline(text)?);
        }
        text.split(',')
            .filter(|item| !item.trim().is_empty())
            .map(T::item_from_text)
            .collect()
    }

    fn show(&self, _: Secrets) -> String {
        format!(
            "[{}]",
            self.iter().map(T::item_show).collect::<Vec<_>>().join(", ")
        )
    }
}

/// A value written in TOML, outside a file.
pub(crate) fn inline(text: &str) -> Result<Value, String> {
    let mut table: toml::Table = toml::from_str(&format!("value = {text}"))
        .map_err(|_| format!("expected a value as in a TOML file, found {text:?}"))?;
    table.remove("value").ok_or_else(|| "expected a value".into())
}

/// A text as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// An enumeration whose values are words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word that stands for it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl $crate::config::value::Setting for $name {
            type Range = ();
            const TYPE: &'static str = "a word";

            fn from_toml(value: &toml::Value) -> Result<Self, String> {
                let text = value.as_str();
                Self::from_text(text.ok_or_else(|| {
                    format!("expected one of {}, found {}", Self::describe(&()), $crate::config::value::found(value))
                })?)
            }

            fn from_text(text: &str) -> Result<Self, String> {
                match text.trim() {
                    $($word => Ok(Self::$variant),)+
                    other => {
                        let hint = $crate::config::load::nearest(other, Self::WORDS.iter().copied());
                        let hint = hint.map(|word| format!("; did you mean {word:?}?")).unwrap_or_default();
                        Err(format!("expected one of {}, found {other:?}{hint}", Self::describe(&())))
                    }
                }
            }

            fn show(&self, _: $crate::config::value::Secrets) -> String {
                format!("{:?}", self.word())
            }

            fn check(&self, (): &()) -> Result<(), String> {
                Ok(())
            }

            fn describe((): &()) -> String {
                Self::WORDS.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
            }
        }
    };
}
pub(crate) use words;
