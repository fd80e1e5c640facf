//! What a token allows, as a list of words.

use media::{Source, Sources};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a token allows: on the wire a list of words, of which each allows one thing and none takes anything away. What
/// is not listed is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants {
    /// `join`: enter the room.
    pub join: bool,
    /// `create`: enter it although nobody is there yet.
    pub create: bool,
    /// `publish:camera` and so on; `publish` stands for all four sources.
    pub publish: Sources,
    /// `subscribe`: receive the tracks of others.
    pub subscribe: bool,
    /// `data`: send messages over data channels.
    pub data: bool,
    /// `hidden`: not to be seen by others, which excludes publishing and sending data.
    pub hidden: bool,
    /// `see_hidden`: see those who are hidden.
    pub see_hidden: bool,
    /// `admin`: act on others.
    pub admin: bool,
}

/// A word that is not a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a grant; known are: {known}", known = Grants::WORDS.join(", "))]
pub struct UnknownGrant(pub String);

impl Grants {
    /// Every word.
    pub const WORDS: [&'static str; 12] = [
        "join",
        "create",
        "publish",
        "publish:camera",
        "publish:microphone",
        "publish:screen",
        "publish:screen_audio",
        "subscribe",
        "data",
        "hidden",
        "see_hidden",
        "admin",
    ];

    /// What somebody in an ordinary call needs: join, create, publish, subscribe, data.
    pub const CALL: Self = Self {
        join: true,
        create: true,
        publish: Sources::ALL,
        subscribe: true,
        data: true,
        hidden: false,
        see_hidden: false,
        admin: false,
    };

    /// Adds what a word allows.
    ///
    /// # Errors
    /// The word is not one of [`WORDS`](Self::WORDS).
    pub fn add(&mut self, word: &str) -> Result<(), UnknownGrant> {
        match word {
            "join" => self.join = true,
            "create" => self.create = true,
            "publish" => self.publish = Sources::ALL,
            "subscribe" => self.subscribe = true,
            "data" => self.data = true,
            "hidden" => self.hidden = true,
            "see_hidden" => self.see_hidden = true,
            "admin" => self.admin = true,
            _ => {
                let source = word
                    .strip_prefix("publish:")
                    .and_then(|name| Source::ALL.into_iter().find(|source| source.name() == name))
                    .ok_or_else(|| UnknownGrant(word.chars().take(32).collect()))?;
                self.publish = self.publish.with(source);
            }
        }
        Ok(())
    }

    /// As words, the shortest way.
    pub fn words(self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |granted: bool, word: &str| {
            if granted {
                words.push(word.to_owned());
            }
        };
        add(self.join, "join");
        add(self.create, "create");
        if self.publish == Sources::ALL {
            add(true, "publish");
        } else {
            for source in self.publish.iter() {
                add(true, &format!("publish:{}", source.name()));
            }
        }
        add(self.subscribe, "subscribe");
        add(self.data, "data");
        add(self.hidden, "hidden");
        add(self.see_hidden, "see_hidden");
        add(self.admin, "admin");
        words
    }
}

impl Serialize for Grants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Grants {
    /// Words that this version does not know allow nothing here: a token may be made for a newer server as well.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        let mut grants = Self::default();
        for word in &words {
            let _ = grants.add(word);
        }
        Ok(grants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_allows_one_thing_and_is_written_again() {
        for word in Grants::WORDS {
            let mut grants = Grants::default();
            grants.add(word).expect("a known word");
            assert_ne!(grants, Grants::default(), "{word}");
            assert_eq!(grants.words(), [word]);
        }
    }

    #[test]
    fn a_word_that_is_not_known_allows_nothing() {
        for word in ["", "Join", "publish:", "publish:mic", "admin ", "all"] {
            assert_eq!(Grants::default().add(word), Err(UnknownGrant(word.into())));
        }
        let read: Grants = serde_json::from_str(r#"["join", "fly"]"#).expect("a list");
        assert_eq!(read.words(), ["join"]);
    }

    #[test]
    fn four_sources_are_all_of_them() {
        let read: Grants = serde_json::from_str(
            r#"["publish:camera", "publish:microphone", "publish:screen", "publish:screen_audio"]"#,
        )
        .expect("a list");
        assert_eq!(read.words(), ["publish"]);
    }
}
