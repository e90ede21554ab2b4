//! Cache files: written after the first answer, used by the second, found out when they are of no use.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::{SMALL_TRACE, Sandbox, names_in};

const COUNT: &str = "select count(*) as n from slice";

/// What `-v` says about cache files when counting the slices of `paths`.
#[track_caller]
fn count_verbosely(sandbox: &Sandbox, paths: &[&str], more: &[&str], expected: u32) -> String {
    let args = [&["query", "--format", "csv", "-v", "-e", COUNT], more, paths].concat();
    let ran = sandbox.run(&args);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), format!("\"n\"\n{expected}\n").as_str()), "{ran}");
    ran.stderr
}

#[track_caller]
fn assert_says(stderr: &str, beginnings: &[&str]) {
    for beginning in beginnings {
        assert!(stderr.lines().any(|line| line.starts_with(beginning)), "`{beginning}` is not in: {stderr}");
    }
}

const OPENED: &str = "opened the cache file `";
const WROTE: &str = "wrote the cache file `";
const READ: &str = "read ";

#[track_caller]
fn assert_opened_only(stderr: &str) {
    assert_says(stderr, &[OPENED]);
    assert!(!stderr.contains(WROTE) && !stderr.lines().any(|line| line.starts_with(READ)), "{stderr}");
}

#[test]
fn the_second_opening_uses_the_file_of_the_first() {
    let sandbox = Sandbox::with_small_trace();
    assert_says(&count_verbosely(&sandbox, &["small.json"], &[], 3), &["no cache file at ", READ, WROTE]);
    assert_eq!(sandbox.names(), ["small.json", "small.json.kinetoscope-cache"]);
    assert_opened_only(&count_verbosely(&sandbox, &["small.json"], &[], 3));
    let from_cache = sandbox.run(&["summary", "small.json", "--json"]).succeeded();
    assert_eq!(from_cache, sandbox.run(&["summary", "small.json", "--json", "--no-cache"]).succeeded());
}

#[test]
fn a_changed_input_is_read_again() {
    let sandbox = Sandbox::with_small_trace();
    count_verbosely(&sandbox, &["small.json"], &[], 3);
    let longer = SMALL_TRACE.replace(
        "\"traceEvents\": [",
        "\"traceEvents\": [{\"ph\": \"X\", \"name\": \"new\", \"ts\": 1, \"dur\": 1, \"pid\": 1, \"tid\": 1},",
    );
    sandbox.write("small.json", longer);
    let stderr = count_verbosely(&sandbox, &["small.json"], &[], 4);
    assert_says(&stderr, &["the inputs have changed since the cache file was written: ", READ, WROTE]);
    assert_opened_only(&count_verbosely(&sandbox, &["small.json"], &[], 4));
}

#[test]
fn another_way_of_reading_has_another_cache() {
    let sandbox = Sandbox::with_small_trace();
    count_verbosely(&sandbox, &["small.json"], &[], 3);
    let stderr = count_verbosely(&sandbox, &["small.json"], &["--max-unpacked-bytes", "1GB"], 3);
    assert_says(&stderr, &["the cache file was written with other options: ", READ, WROTE]);
}

#[test]
fn a_damaged_cache_is_replaced() {
    let sandbox = Sandbox::with_small_trace();
    count_verbosely(&sandbox, &["small.json"], &[], 3);
    let path = sandbox.path("small.json.kinetoscope-cache");
    let bytes = fs::read(&path).expect("it was written");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("the folder is ours");
    let stderr = count_verbosely(&sandbox, &["small.json"], &[], 3);
    assert_says(&stderr, &["the cache file is damaged, ", READ, WROTE]);
    assert_opened_only(&count_verbosely(&sandbox, &["small.json"], &[], 3));
}

#[test]
fn without_cache_nothing_is_written_or_used() {
    let sandbox = Sandbox::with_small_trace();
    let stderr = count_verbosely(&sandbox, &["small.json"], &["--no-cache"], 3);
    assert!(!stderr.contains("cache"), "{stderr}");
    assert_eq!(sandbox.names(), ["small.json"]);
    count_verbosely(&sandbox, &["small.json"], &[], 3);
    assert_says(&count_verbosely(&sandbox, &["small.json"], &["--no-cache"], 3), &[READ]);
}

#[test]
fn where_the_folder_cannot_be_written_the_users_folder_takes_over() {
    let sandbox = Sandbox::with_small_trace();
    // A folder of the cache's name keeps the file away from everyone, also from users who may write anywhere.
    fs::create_dir(sandbox.path("small.json.kinetoscope-cache")).expect("the folder is ours");
    assert_says(&count_verbosely(&sandbox, &["small.json"], &[], 3), &[READ, WROTE]);
    let names = names_in(&sandbox.user_cache_folder());
    assert!(matches!(names.as_slice(), [name] if name.ends_with("-small.json.kinetoscope-cache")), "{names:?}");
    assert_opened_only(&count_verbosely(&sandbox, &["small.json"], &[], 3));
}

#[test]
fn when_no_cache_can_be_written_the_answer_is_the_same() {
    let sandbox = Sandbox::with_small_trace();
    fs::create_dir(sandbox.path("small.json.kinetoscope-cache")).expect("the folder is ours");
    let mut command = sandbox.command(["query", "small.json", COUNT, "--format", "csv"]);
    command.env_remove("HOME");
    assert_eq!(crate::sandbox::Ran::of(command).succeeded(), "\"n\"\n3\n");
}

#[test]
fn a_cache_folder_of_ones_own_keeps_the_traces_folder_clean() {
    let sandbox = Sandbox::with_small_trace();
    for first in [true, false] {
        let stderr = count_verbosely(&sandbox, &["small.json"], &["--cache-dir", "../own"], 3);
        assert_says(&stderr, if first { &[READ, WROTE] } else { &[OPENED] });
    }
    assert_eq!(sandbox.names(), ["small.json"]);
    assert_eq!(names_in(&sandbox.path("../own")).len(), 1);
    let mut command = sandbox.command(["query", "small.json", COUNT, "-v"]);
    command.env("KINETOSCOPE_CACHE_DIR", sandbox.path("../own"));
    assert_opened_only(&crate::sandbox::Ran::of(command).stderr);
}

#[test]
fn the_users_folder_is_kept_below_its_limit() {
    let sandbox = Sandbox::with_small_trace();
    let options = ["--cache-dir", "../own", "--max-cache-bytes", "1kB"];
    let stderr = count_verbosely(&sandbox, &["small.json"], &options, 3);
    assert_says(&stderr, &[WROTE, "removed 1 file from the cache folder to keep it below its limit"]);
    assert_eq!(names_in(&sandbox.path("../own")), [""; 0]);
}

#[test]
fn cache_files_among_the_inputs_do_not_disturb() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("b.json", SMALL_TRACE);
    sandbox.run(&["summary", "small.json"]).succeeded();
    sandbox.run(&["summary", "."]).succeeded();
    let all = ["b.json", "ranks.kinetoscope-cache", "small.json", "small.json.kinetoscope-cache"];
    assert_eq!(sandbox.names(), all);
    assert_opened_only(&count_verbosely(&sandbox, &["."], &[], 6));
    // What a shell makes of `*` when the folder has cache files.
    assert_opened_only(&count_verbosely(&sandbox, &all, &[], 6));
    assert_opened_only(&count_verbosely(&sandbox, &["*"], &[], 6));
    let stderr = count_verbosely(&sandbox, &["b.json", "small.json.kinetoscope-cache"], &["--no-cache"], 3);
    assert_says(&stderr, &["note: left out `small.json.kinetoscope-cache`, a cache file of other traces"]);
}

#[test]
fn a_cache_file_is_opened_by_its_own_name() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.run(&["summary", "small.json"]).succeeded();
    fs::remove_file(sandbox.path("small.json")).expect("the folder is ours");
    fs::rename(sandbox.path("small.json.kinetoscope-cache"), sandbox.path("archived")).expect("the folder is ours");
    assert_opened_only(&count_verbosely(&sandbox, &["archived"], &[], 3));
    assert_eq!(sandbox.names(), ["archived"], "a cache of a cache would be too much");
}

#[test]
fn cache_files_alone_are_explained() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("b.json", SMALL_TRACE);
    for name in ["small.json", "b.json"] {
        sandbox.run(&["summary", name]).succeeded();
        fs::remove_file(sandbox.path(name)).expect("the folder is ours");
    }
    let error = sandbox.run(&["summary", "."]).failed_with(2);
    assert!(error.starts_with("error: no trace in folder `.`, only cache files\n"), "{error}");
    let error = sandbox.run(&["summary", "*"]).failed_with(2);
    assert!(error.starts_with("error: several cache files cannot be opened as one trace\n"), "{error}");
    sandbox.write("b.json.kinetoscope-cache", b"\x89KTRACE\n and then nothing");
    let error = sandbox.run(&["summary", "b.json.kinetoscope-cache"]).failed_with(2);
    assert!(error.starts_with("error: the cache file is damaged, "), "{error}");
    assert!(error.contains("\nhint: read the trace that it was made from"), "{error}");
}

#[test]
fn list_tells_what_there_is() {
    let sandbox = Sandbox::with_small_trace();
    let nothing = format!("No cache files; the user's cache folder is {}\n", sandbox.user_cache_folder().display());
    assert_eq!(sandbox.run(&["cache", "list"]).succeeded(), nothing);
    sandbox.run(&["summary", "small.json"]).succeeded();
    assert_eq!(sandbox.run(&["cache", "list"]).succeeded(), nothing, "the user's folder has none");
    for path in [".", "small.json", "small.json.kinetoscope-cache"] {
        let list = sandbox.run(&["cache", "list", path]).succeeded();
        let lines: Vec<&str> = list.lines().collect();
        assert!(lines[0].ends_with("small.json.kinetoscope-cache"), "{path}: {list}");
        assert!(lines[1].contains(" kB, last used 2"), "{path}: {list}");
        assert!(lines[2].starts_with("  made from /") && lines[2].ends_with("/small.json"), "{path}: {list}");
        assert!(lines[4].starts_with("1 file, "), "{path}: {list}");
        let json: Value =
            serde_json::from_str(&sandbox.run(&["cache", "list", path, "--json"]).succeeded()).expect("it is JSON");
        let size = fs::metadata(sandbox.path("small.json.kinetoscope-cache")).expect("it was written").len();
        assert_eq!((json.as_array().map(Vec::len), json[0]["num_bytes"].as_u64()), (Some(1), Some(size)));
        assert!(Path::new(json[0]["inputs"][0].as_str().expect("a path")).ends_with("traces/small.json"));
    }
    let error = sandbox.run(&["cache", "list", "smal.json"]).failed_with(2);
    assert_eq!(error, "error: there is no `smal.json` and no cache file of it\n");
}

#[test]
fn clear_removes_cache_files_and_nothing_else() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("own.kinetoscope-cache.txt", "notes");
    sandbox.run(&["summary", "small.json"]).succeeded();
    let mut command = sandbox.command(["summary", "small.json"]);
    command.env("KINETOSCOPE_CACHE_DIR", sandbox.user_cache_folder());
    crate::sandbox::Ran::of(command).succeeded();
    assert_eq!(names_in(&sandbox.user_cache_folder()).len(), 1);

    let ran = sandbox.run(&["cache", "clear"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(ran.stderr.starts_with("note: removed 1 file, "), "{ran}");
    assert_eq!(names_in(&sandbox.user_cache_folder()), [""; 0]);
    assert_eq!(sandbox.names(), ["own.kinetoscope-cache.txt", "small.json", "small.json.kinetoscope-cache"]);

    assert_eq!(sandbox.run(&["cache", "clear", ".", "-q"]).succeeded(), "");
    assert_eq!(sandbox.names(), ["own.kinetoscope-cache.txt", "small.json"]);
    assert_eq!(sandbox.run(&["cache", "clear", "."]).stderr, "note: removed 0 files, 0 B\n");
    let error = sandbox.run(&["cache", "clear", "nowhere"]).failed_with(2);
    assert!(error.starts_with("error: there is no `nowhere`"), "{error}");
}
