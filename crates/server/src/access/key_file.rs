//! The file with keys: TOML, a table for each key, named by its id.
//!
//! ```toml
//! [app]
//! secret = "…"
//!
//! [partner]
//! public_key = "partner.pem"
//! ```

use serde::Deserialize;
use signaling::token::{KeyError, Keys, SigningKey};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Most bytes of a file with keys.
const FILE_BYTES_MAX: u64 = 256 * 1_024;
/// Random bytes of a new secret; written in hexadecimal.
const SECRET_BYTES: usize = 32;

/// Why a file with keys cannot be used. No text repeats anything of it but ids.
#[derive(Debug, thiserror::Error)]
#[error("key_file {}: {problem}", path.display())]
pub struct KeyFileError {
    path: PathBuf,
    problem: KeyFileProblem,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileProblem {
    /// It cannot be read or written.
    #[error("{0}. Name a file that this program may use.")]
    Io(#[from] io::Error),
    /// Others may read it.
    #[error("others than its owner may read or change it (mode {mode:04o}): run `chmod 600 {}`", path.display())]
    Readable {
        /// Its permissions.
        mode: u32,
        /// Itself.
        path: PathBuf,
    },
    /// It is too large to be one.
    #[error("it has more than {FILE_BYTES_MAX} bytes, so it is no file with keys")]
    TooLarge,
    /// It is not TOML of the right form.
    #[error(
        "line {line} is not as in\n\n    [app]\n    secret = \"…\"\n\nRun `plenum token keygen --key-file FILE` to make such a file."
    )]
    Form {
        /// Where.
        line: usize,
    },
    /// A key has neither of both, or both.
    #[error("key {id}: give it either a `secret` or a `public_key`")]
    Neither {
        /// Which.
        id: String,
    },
    /// A key cannot be used.
    #[error("key {id}: {source}")]
    Key {
        /// Which.
        id: String,
        /// Why.
        source: KeyError,
    },
    /// A public key's file cannot be read.
    #[error("key {id}: {}: {source}", path.display())]
    PublicKeyFile {
        /// Which.
        id: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no key in it.
    #[error("there is no key in it: run `plenum token keygen --key-file FILE` to add one")]
    Empty,
    /// The key that was asked for is not there.
    #[error("there is no key {id} in it; there are: {known}")]
    Unknown {
        /// Which.
        id: String,
        /// Those there are.
        known: String,
    },
    /// Which key is meant must be said.
    #[error("there are several keys in it: name one by `--key`; there are: {known}")]
    Which {
        /// Those there are.
        known: String,
    },
    /// The key only checks tokens.
    #[error(
        "key {id} is a public key, which only checks tokens: sign with its private half, by `--private-key FILE`"
    )]
    OnlyPublic {
        /// Which.
        id: String,
    },
}

/// One key, as it stands in the file.
pub(crate) enum Entry {
    /// HS256.
    Secret(String),
    /// EdDSA: the PEM text of the file that was named.
    PublicKey(String),
}

/// A file with keys, read. It has no `Debug`: secrets are in it.
pub(crate) struct KeyFile {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    secret: Option<String>,
    public_key: Option<PathBuf>,
}

impl KeyFile {
    /// Reads a file that nobody but its owner may read.
    ///
    /// # Errors
    /// All that [`KeyFileProblem`] names.
    pub(crate) fn read(path: &Path) -> Result<Self, KeyFileError> {
        let entries = read(path).map_err(|problem| at(path, problem))?;
        Ok(Self {
            path: path.to_owned(),
            entries,
        })
    }

    /// The keys, for checking tokens.
    pub(crate) fn keys(&self) -> Result<Keys, KeyFileError> {
        let mut keys = Keys::new();
        for (id, entry) in &self.entries {
            let added = match entry {
                Entry::Secret(secret) => keys.add_secret(id, secret),
                Entry::PublicKey(pem) => keys.add_public_key(id, pem),
            };
            added.map_err(|source| {
                let id = id.clone();
                at(&self.path, KeyFileProblem::Key { id, source })
            })?;
        }
        if keys.is_empty() {
            return Err(at(&self.path, KeyFileProblem::Empty));
        }
        Ok(keys)
    }

    /// The key of this id, or the only one, for making tokens.
    pub(crate) fn signing_key(&self, id: Option<&str>) -> Result<SigningKey, KeyFileError> {
        let problem = |problem| at(&self.path, problem);
        let known = || self.entries.keys().cloned().collect::<Vec<_>>().join(", ");
        let found = match (id, self.entries.len()) {
            (Some(id), _) => self
                .entries
                .get_key_value(id)
                .ok_or_else(|| KeyFileProblem::Unknown {
                    id: id.to_owned(),
                    known: known(),
                }),
            (None, 1) => self.entries.first_key_value().ok_or(KeyFileProblem::Empty),
            (None, 0) => Err(KeyFileProblem::Empty),
            (None, _) => Err(KeyFileProblem::Which { known: known() }),
        };
        let (id, entry) = found.map_err(problem)?;
        match entry {
            Entry::Secret(secret) => SigningKey::secret(id, secret).map_err(|source| {
                let id = id.clone();
                problem(KeyFileProblem::Key { id, source })
            }),
            Entry::PublicKey(_) => Err(problem(KeyFileProblem::OnlyPublic { id: id.clone() })),
        }
    }
}

/// Adds a key with a new secret to a file, which is made when it does not exist.
///
/// # Errors
/// The file cannot be written, may be read by others, is no file with keys, or has a key of this id.
pub(crate) fn write_new_secret(path: &Path, id: &str) -> Result<(), KeyFileError> {
    let secret: [u8; SECRET_BYTES] = rand::random();
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let wrong = |source| {
        let id = id.to_owned();
        at(path, KeyFileProblem::Key { id, source })
    };
    Keys::new().add_secret(id, &secret).map_err(wrong)?;
    let entry = format!("[{id}]\nsecret = \"{secret}\"\n");
    let written = match open_new(path) {
        Ok(mut file) => file.write_all(
            format!("# Keys of Plenum. Whoever reads them can enter every room.\n\n{entry}").as_bytes(),
        ),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if KeyFile::read(path)?.entries.contains_key(id) {
                return Err(wrong(KeyError::Twice));
            }
            let file = OpenOptions::new().append(true).open(path);
            file.and_then(|mut file| file.write_all(format!("\n{entry}").as_bytes()))
        }
        Err(error) => Err(error),
    };
    written.map_err(|error| at(path, error.into()))
}

fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn at(path: &Path, problem: KeyFileProblem) -> KeyFileError {
    KeyFileError {
        path: path.to_owned(),
        problem,
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, Entry>, KeyFileProblem> {
    let text = read_private(path)?;
    let raw: BTreeMap<String, toml::Spanned<RawEntry>> = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        // Not the error's own words: they may repeat a secret.
        KeyFileProblem::Form {
            line: 1 + before.matches('\n').count(),
        }
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    raw.into_iter()
        .map(|(id, entry)| {
            let entry = match entry.into_inner() {
                RawEntry {
                    secret: Some(secret),
                    public_key: None,
                } => Entry::Secret(secret),
                RawEntry {
                    secret: None,
                    public_key: Some(path),
                } => Entry::PublicKey(public_key(&id, folder.join(path))?),
                _ => return Err(KeyFileProblem::Neither { id }),
            };
            Ok((id, entry))
        })
        .collect()
}

/// The text of a public key's file, which is no secret.
fn public_key(id: &str, path: PathBuf) -> Result<String, KeyFileProblem> {
    std::fs::read_to_string(&path).map_err(|source| KeyFileProblem::PublicKeyFile {
        id: id.to_owned(),
        path,
        source,
    })
}

/// The text of a file that only its owner may read. Looked at and read through one handle, so that it cannot be another
/// in between.
pub(crate) fn read_private(path: &Path) -> Result<String, KeyFileProblem> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata()?.mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(KeyFileProblem::Readable { mode, path });
        }
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(KeyFileProblem::TooLarge);
    }
    Ok(text)
}
