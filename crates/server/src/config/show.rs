//! The table of fields as text: the effective configuration, the example file, the documentation.

use super::{Config, FIELDS, Field, Secrets};
use std::fmt::Write;

/// The effective configuration as TOML. With masked secrets it is for reading; without, it can be used again.
pub fn print(config: &Config, secrets: Secrets) -> String {
    FIELDS
        .iter()
        .map(|field| format!("{} = {}\n", field.name, (field.show)(config, secrets)))
        .collect()
}

/// Sections with their fields, in order.
fn sections() -> Vec<(&'static str, Vec<&'static Field>)> {
    let mut sections: Vec<(&str, Vec<&Field>)> = Vec::new();
    for field in FIELDS {
        match sections.last_mut() {
            Some((name, fields)) if *name == field.section => fields.push(field),
            _ => sections.push((field.section, vec![field])),
        }
    }
    sections
}

/// plenum.example.toml: every field with its default, commented out.
pub fn example_file() -> String {
    let mut text = String::from(
        "# Configuration of Plenum. Every line shows a default; remove the `#` before a key to change it.\n\
         # The same fields can be given as PLENUM_… variables and as flags; flags win over variables, variables over\n\
         # this file. `plenum config check` reports everything that is wrong, `plenum config print` what is in force.\n",
    );
    for (section, fields) in sections() {
        let _ = write!(text, "\n# ---- {section} ----\n");
        for field in fields {
            text.push('\n');
            for line in field.doc.lines() {
                let _ = writeln!(text, "#{line}");
            }
            let _ = writeln!(text, "# {}", limits(field));
            let _ = writeln!(text, "#{} = {}", field.name, (field.default)());
        }
    }
    text.push_str(
        "\n# An ICE server:\n#[[ice_servers]]\n#urls = [\"turn:turn.example.org:3478?transport=udp\"]\n\
         #username = \"plenum\"\n#credential = \"secret\"\n",
    );
    text
}

fn limits(field: &Field) -> String {
    let range = (field.range)();
    let unit = if field.unit.is_empty() {
        String::new()
    } else {
        format!("Unit: {}. ", field.unit)
    };
    format!("{unit}Range: {range}.")
}

/// docs/configuration.md.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Values come from four layers; a later one wins: the defaults below, a TOML file, environment variables, flags.\n\n\
         - The file is the one `--config` or `PLENUM_CONFIG` names, or `plenum.toml` in the working directory when it \
         exists. `plenum.example.toml` has every field.\n\
         - The variable of a field is `PLENUM_` and its name in capitals, the flag its name with dashes: `max_rooms`, \
         `PLENUM_MAX_ROOMS`, `--max-rooms`. Lists are written with commas, or as in the file.\n\
         - `plenum config check` reports everything that is wrong at once and exits with 64. `plenum config print` shows \
         what is in force, with secrets masked.\n\n\
         A field that is not known is an error, with the nearest known name. (Variables are an exception: one that is not \
         close to any of ours is left alone, because orchestrators set variables of their own.)\n",
    );
    for (section, fields) in sections() {
        let _ = write!(
            text,
            "\n## {section}\n\n| field | default | unit | range | |\n|---|---|---|---|---|\n"
        );
        for field in fields {
            let doc = field.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                text,
                "| `{}` | `{}` | {} | {} | {} |",
                field.name,
                (field.default)(),
                field.unit,
                (field.range)(),
                doc.trim()
            );
        }
    }
    text.push_str(
        "\n## ICE servers\n\n```toml\n[[ice_servers]]\nurls = [\"turn:turn.example.org:3478?transport=udp\"]\n\
         username = \"plenum\"\ncredential = \"secret\"\n```\n\nAs a variable: \
         `PLENUM_ICE_SERVERS='[{ urls = [\"stun:stun.example.org\"] }]'`.\n\n\
         <!-- Written from the table in crates/server/src/config/mod.rs; `PLENUM_WRITE_DOCS=1 cargo test -p server --test \
         documents` writes it anew. -->\n",
    );
    text
}
