//! The documents: what they show of the command is what it does.
//!
//! Each block of `README.md` and `docs/` that is marked `console` and begins with `$ kinetoscope` runs as it stands, by
//! a shell in the root of the repository, and has to print what the document shows. Where the document shows an error,
//! the command has to fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::console_block::{ConsoleCommand, commands_of, matches};
use crate::sandbox::{BINARY, Ran, Sandbox, repository};

#[test]
fn documents_show_what_the_command_prints() {
    let root = repository();
    let sandbox = Sandbox::new();
    let mut failures = Vec::new();
    for path in documents(&root) {
        let document = fs::read_to_string(&path).expect("it was listed");
        for shown in commands_of(&document, "kinetoscope") {
            if let Err(failure) = check(&sandbox, &root, &shown) {
                failures.push(format!("{}:{}: {failure}", path.display(), shown.line));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn documents(root: &Path) -> Vec<PathBuf> {
    let mut documents = Vec::new();
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path);
            }
        }
    }
    documents.extend(Some(root.join("README.md")).filter(|path| path.exists()));
    documents.sort();
    documents
}

fn check(sandbox: &Sandbox, root: &Path, shown: &ConsoleCommand) -> Result<(), String> {
    let mut shell = Command::new("sh");
    sandbox.prepare(&mut shell);
    let folder = Path::new(BINARY).parent().expect("a binary lies in a folder");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([folder.to_owned()].into_iter().chain(std::env::split_paths(&others)));
    shell.env("PATH", path.expect("these paths come from such a list"));
    // The repository is left as it is.
    shell.env("KINETOSCOPE_CACHE_DIR", sandbox.path("caches"));
    // What a terminal shows is both outputs in one.
    shell.current_dir(root).arg("-c").arg(format!("{{ {}\n}} 2>&1", shown.command));
    let ran = Ran::of(shell);
    let expected_code = if shown.output.lines().any(|line| line.starts_with("error:")) { 2 } else { 0 };
    if ran.code != Some(expected_code) {
        return Err(format!("`{}` ended with {:?}, not {expected_code}:\n{}", shown.command, ran.code, ran.stdout));
    }
    if !matches(&shown.output, &ran.stdout) {
        let Ran { stdout, .. } = ran;
        return Err(format!("`{}` printed\n{stdout}--- and the document shows\n{}", shown.command, shown.output));
    }
    Ok(())
}
