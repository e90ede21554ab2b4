//! Leaves out what tells who recorded a trace and where: environments, command lines, names of users and hosts.
//!
//! Two things are done, since neither is enough. What is an environment, a command line or such a name is left out
//! together with its key. And every name that the trace gives for a user or host is looked for in all texts that are
//! written, because paths, messages and outputs repeat it; so does the folder of a home, whoever's it is.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kinetoscope_model::{StringId, Trace};

/// Whether an export may tell who recorded it and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrivateNames {
    /// What the trace has is written.
    #[default]
    Kept,
    /// Environments, command lines, names of users and hosts are left out.
    Stripped,
}

/// What stands for a name that is left out.
pub(crate) const LEFT_OUT: &str = "[left out]";

/// Fewer letters are no name to look for: they stand in too many words.
const MIN_NAME_LEN: usize = 3;

/// Names of nobody and of no machine in particular.
const NAMES_OF_NOBODY: [&str; 5] = ["root", "localhost", "localdomain", "unknown", "nobody"];

/// Folders that hold the homes of users.
const HOME_FOLDERS: [&str; 2] = ["/home/", "/Users/"];

/// Keys of metadata that name a user or host.
const NAME_KEYS: [&str; 10] = [
    "export_host",
    "export_user",
    "device_display_name",
    "user_name",
    "username",
    "user",
    "hostname",
    "host_name",
    "host",
    "logname",
];

/// Beginnings of keys of metadata that hold an environment, a command line or a path to somebody's files.
const PRIVATE_KEYS: [&str; 16] = [
    "environment",
    "deviceenvironment",
    "environ",
    "env",
    "argument",
    "argv",
    "command",
    "cmdline",
    "working_dir",
    "export_param_input",
    "export_param_output",
    "export_param_outupt",
    "export_input",
    "export_output",
    "export_outupt",
    "export_path",
];

/// Variables of an environment whose values are names.
const NAME_VARIABLES: [&str; 5] = ["USER", "LOGNAME", "USERNAME", "HOSTNAME", "HOST"];

/// What is left out of an export.
#[derive(Debug, Default)]
pub(crate) struct Privacy {
    is_stripped: bool,
    /// The longer before the shorter: a name may be the beginning of another.
    names: Vec<String>,
}

impl Privacy {
    pub(crate) fn new(trace: &Trace, wish: PrivateNames) -> Self {
        if wish == PrivateNames::Kept {
            return Self::default();
        }
        let mut names = BTreeSet::new();
        for row in trace.metadata.rows() {
            let Some(value) = row.str_value.map(|value| trace.text(value)) else { continue };
            let field = field_of(trace.text(row.name));
            if is_name_key(&field) {
                add_names(&mut names, value);
            }
            if is_private_key(&field) {
                add_variables(&mut names, value);
            }
        }
        for host in trace.ranks.host.iter().flatten() {
            add_names(&mut names, trace.text(host));
        }
        for name in homes_of(trace) {
            add_names(&mut names, &name);
        }
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self { is_stripped: true, names }
    }

    /// True for an entry of metadata that is left out as a whole.
    pub(crate) fn leaves_out(&self, key: &str) -> bool {
        let field = field_of(key);
        self.is_stripped && (is_name_key(&field) || is_private_key(&field))
    }

    /// The text without names.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.is_stripped {
            return Cow::Borrowed(text);
        }
        let mut text = Cow::Borrowed(text);
        for folder in HOME_FOLDERS {
            if text.contains(folder) {
                text = Cow::Owned(without_homes(&text, folder));
            }
        }
        for name in &self.names {
            if text.contains(name.as_str()) {
                text = Cow::Owned(without_name(&text, name));
            }
        }
        text
    }
}

/// A key of metadata without what stands before its own name, in small letters.
fn field_of(key: &str) -> String {
    let key = ["nsys.capture.", "nsys.export.", "nsys.system.", "json_metadata."]
        .iter()
        .find_map(|start| key.strip_prefix(start))
        .unwrap_or(key);
    let key = key.strip_prefix("PROCESS_").and_then(|rest| rest.split_once(':')).map_or(key, |(_, field)| field);
    key.to_ascii_lowercase()
}

fn is_name_key(field: &str) -> bool {
    NAME_KEYS.contains(&field)
}

fn is_private_key(field: &str) -> bool {
    PRIVATE_KEYS.iter().any(|start| field.starts_with(start))
}

/// Adds a name, and of a host's full name its first part.
fn add_names(names: &mut BTreeSet<String>, name: &str) {
    let mut add = |name: &str| {
        let is_name = name.len() >= MIN_NAME_LEN
            && !NAMES_OF_NOBODY.contains(&name)
            && name.bytes().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
        if is_name {
            names.insert(name.to_owned());
        }
    };
    let name = name.trim();
    add(name);
    if let Some((first, _)) = name.split_once('.') {
        add(first);
    }
}

/// Adds the names in an environment: `USER="x"`, or `A=1;USER=x;B=2`.
fn add_variables(names: &mut BTreeSet<String>, text: &str) {
    for part in text.split([';', '\n']) {
        if let Some((variable, value)) = part.split_once('=')
            && NAME_VARIABLES.contains(&variable.trim())
        {
            add_names(names, value.trim().trim_matches('"'));
        }
    }
}

/// Users whose homes are in the trace's texts.
fn homes_of(trace: &Trace) -> BTreeSet<String> {
    let mut homes = BTreeSet::new();
    for index in 0..trace.strings.len() {
        let text = trace.text(StringId::from_index(index));
        for folder in HOME_FOLDERS {
            for (at, _) in text.match_indices(folder) {
                homes.insert(name_at_start(&text[at + folder.len()..]).to_owned());
            }
        }
    }
    homes
}

/// Letters of which names in paths are made.
fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn name_at_start(text: &str) -> &str {
    let end = text.find(|character| !is_of_name(character)).unwrap_or(text.len());
    &text[..end]
}

/// The text with the names of homes in `folder` left out.
fn without_homes(text: &str, folder: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(folder) {
        let (before, from) = rest.split_at(at + folder.len());
        cleaned.push_str(before);
        let name = name_at_start(from);
        if !name.is_empty() {
            cleaned.push_str(LEFT_OUT);
        }
        rest = &from[name.len()..];
    }
    cleaned.push_str(rest);
    cleaned
}

/// The text with a name left out where it stands as a word of its own.
fn without_name(text: &str, name: &str) -> String {
    let is_of_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut cleaned = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(name) {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        if before.is_some_and(is_of_word) || after.is_some_and(is_of_word) {
            continue;
        }
        cleaned.push_str(&text[done..at]);
        cleaned.push_str(LEFT_OUT);
        done = at + name.len();
    }
    cleaned.push_str(&text[done..]);
    cleaned
}

#[cfg(test)]
mod tests {
    use kinetoscope_model::table::MetadataRow;
    use kinetoscope_model::{SourceId, TraceBuilder};

    use super::*;

    fn privacy(metadata: &[(&str, &str)], texts: &[&str]) -> Privacy {
        let mut builder = TraceBuilder::default();
        for (name, value) in metadata {
            let (name, value) = (builder.strings.intern(name), builder.strings.intern(value));
            builder.metadata.push(MetadataRow {
                name,
                int_value: None,
                str_value: Some(value),
                source_id: SourceId(0),
            });
        }
        for text in texts {
            builder.strings.intern(text);
        }
        Privacy::new(&builder.seal(), PrivateNames::Stripped)
    }

    #[test]
    fn names_are_learned_and_left_out_as_words() {
        let privacy = privacy(
            &[
                ("nsys.export.EXPORT_USER", "ada"),
                ("nsys.system.Hostname", "node7.cluster.example"),
                ("nsys.capture.PROCESS_0:ENVIRONMENT_VARIABLE", "LOGNAME=\"grace\""),
                ("nsys.system.DeviceEnvironment", "A=1;HOSTNAME=login03;B=2"),
                ("host_name", "localhost"),
            ],
            &["/Users/alan/x.py(3): f"],
        );
        assert_eq!(privacy.clean("node7.cluster.example: ok"), "[left out]: ok");
        assert_eq!(privacy.clean("at node7, by ada@login03"), "at [left out], by [left out]@[left out]");
        assert_eq!(privacy.clean("adam and node77 on localhost"), "adam and node77 on localhost");
        assert_eq!(privacy.clean("/scratch/grace/alan/run"), "/scratch/[left out]/[left out]/run");
        assert_eq!(privacy.clean("open /home/mary-ann/a.txt, /home/"), "open /home/[left out]/a.txt, /home/");
    }

    #[test]
    fn keys_are_private_by_what_they_hold() {
        let privacy = privacy(&[], &[]);
        for key in [
            "nsys.capture.PROCESS_0:ENVIRONMENT_VARIABLE",
            "nsys.capture.PROCESS_12:ARGUMENT_3",
            "nsys.capture.PROCESS_0:COMMAND",
            "nsys.capture.PROCESS_0:WORKING_DIR",
            "nsys.capture.PROCESS_0:USER_NAME",
            "nsys.capture.DEVICE_DISPLAY_NAME",
            "nsys.export.EXPORT_HOST",
            "nsys.export.EXPORT_PARAM_OUTUPT_PATH_ABS",
            "nsys.system.DeviceEnvironment",
            "nsys.system.Hostname",
            "host_name",
        ] {
            assert!(privacy.leaves_out(key), "{key}");
            assert!(!Privacy::default().leaves_out(key), "{key}");
        }
        for key in ["nsys.capture.PROCESS_0:PID", "nsys.system.CpuCores", "schemaVersion", "nsys.capture.RATE_HZ"] {
            assert!(!privacy.leaves_out(key), "{key}");
        }
    }

    #[test]
    fn names_of_nobody_are_not_looked_for() {
        let privacy = privacy(&[("user", "root"), ("host", "10"), ("username", "ab")], &[]);
        assert_eq!(privacy.clean("root of ab on 10"), "root of ab on 10");
    }
}
