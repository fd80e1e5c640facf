//! Embeds the conference page: writes a table of the files in web/app/dist, as far as it was built.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("../../web/app/dist");
    // An empty folder, because Cargo runs this script on every build when it watches one that does not exist.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    files.sort();
    // Without its index the page is not whole: better none.
    if !files.iter().any(|(name, _)| name == "index.html") {
        files.clear();
    }
    let mut table = String::from("&[\n");
    for (name, path) in &files {
        let hash = fnv1a(&fs::read(path)?);
        let _ = writeln!(
            table,
            "    PageFile {{ path: {name:?}, etag: \"\\\"{hash:016x}\\\"\", body: include_bytes!({path:?}) }},"
        );
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("page.rs"), table)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.to_string_lossy().replace('\\', "/"), path.canonicalize()?));
        }
    }
    Ok(())
}

/// FNV-1a, 64 bits: enough to tell one version of a file from the next.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
