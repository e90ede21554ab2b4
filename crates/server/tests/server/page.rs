//! The page: its files are served, and they are those that the sources of today give.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::site::{Site, TOKEN};

/// Files of `ui/` besides those under `src` that decide what is built.
const INPUTS: [&str; 5] = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"];

fn page_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("page")
}

fn sum_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_under(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn sums_are_those_of_sha_256() {
    // The second example of FIPS 180-2, and the empty text.
    let example = sum_of(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    assert_eq!(example, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_eq!(sum_of(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn the_page_is_built_from_the_sources_of_today() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ui = root.join("ui");
    if !ui.is_dir() {
        println!("skipped: no sources of the page beside the crate");
        return;
    }
    let mut files: Vec<PathBuf> = INPUTS.iter().map(|name| ui.join(name)).collect();
    files_under(&ui.join("src"), &mut files);
    files_under(&root.join("crates/server/page"), &mut files);
    let today: BTreeSet<String> = files
        .iter()
        .filter(|path| !path.ends_with("inputs.sha256"))
        .map(|path| {
            let bytes = fs::read(path).expect("the file is readable");
            let path = path.strip_prefix(&root).expect("it is below the root").to_str().expect("a plain name");
            format!("{}  {path}", sum_of(&bytes))
        })
        .collect();
    let list = fs::read_to_string(page_folder().join("inputs.sha256")).expect("the list of the build");
    let built: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    let (new, old): (Vec<_>, Vec<_>) = (today.difference(&built).collect(), built.difference(&today).collect());
    assert!(new.is_empty() && old.is_empty(), "the page is stale, build it anew\nnow: {new:#?}\nbuilt: {old:#?}");
}

#[test]
fn files_of_the_page_come_as_they_are() {
    let site = Site::of(&[]);
    for (path, file, content_type) in [
        ("", "index.html", "text/html; charset=utf-8"),
        ("index.html", "index.html", "text/html; charset=utf-8"),
        ("app.js", "app.js", "text/javascript; charset=utf-8"),
        ("vendor.js", "vendor.js", "text/javascript; charset=utf-8"),
        ("app.css", "app.css", "text/css; charset=utf-8"),
    ] {
        let answer = site.send("GET", &format!("/{TOKEN}/{path}"), "", "");
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{path}");
        assert!(answer.body == fs::read(page_folder().join(file)).expect("the file"), "{path}");
    }
    let moved = site.send("GET", &format!("/{TOKEN}"), "", "");
    assert_eq!((moved.status, moved.header("location")), (308, Some(&*format!("/{TOKEN}/"))));
    let script = fs::read(page_folder().join("app.js")).expect("the file");
    assert_eq!(site.get("info").json()["page_fingerprint"], sum_of(&script));
}
