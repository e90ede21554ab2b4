//! `export`: files for people and for other tools.

use crate::sandbox::{SAMPLE, Sandbox};

const BASE: [&str; 6] = ["export", "small.json", "--to", "html", "-o", "page.html"];

#[test]
fn a_trace_becomes_a_page_with_everything_inside() {
    let sandbox = Sandbox::with_small_trace();
    let run = sandbox.run(&BASE);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("wrote `page.html`"), "{}", run.stderr);
    let page = std::fs::read_to_string(sandbox.folder().join("page.html")).expect("it was written");
    assert!(page.starts_with("<!doctype html>") && page.contains("id=\"kinetoscope-window\""));
    assert!(!page.contains("src=\"./") && !page.contains("href=\"./"), "it needs no other file");
    assert_eq!(run.stdout, "", "standard output has no part in it");
}

#[test]
fn what_cannot_be_exported_is_said_before_a_file_is_written() {
    let sandbox = Sandbox::with_small_trace();
    let refused = |more: &[&str]| sandbox.run(&[&BASE[..], more].concat()).failed_with(2);
    assert!(refused(&["--window", "100s..200s"]).contains("outside of the trace"));
    assert!(refused(&["--window", "5ms"]).contains("START..END"));
    assert!(refused(&["--window", "2ms..1ms"]).contains("after the start"));
    assert!(refused(&["--strip-environment"]).contains("`--strip-environment` does not go with `--to html`"));
    let other = sandbox.run(&["export", "small.json", "--to", "perfetto", "-o", "page.html"]).failed_with(2);
    assert!(other.contains("perfetto") && other.contains("[possible values: html, chrome, sqlite, folded]"), "{other}");
    assert!(sandbox.run(&["export", "small.json", "--to", "html"]).failed_with(2).contains("--output"));
    assert!(!sandbox.folder().join("page.html").exists());
    let own = sandbox.run(&["export", "small.json", "--to", "html", "-o", "small.json", "--force"]).failed_with(2);
    assert!(own.contains("cannot be the output too"), "{own}");
    let missing = sandbox.run(&["export", "small.json", "--to", "sqlite", "-o", "no/such/folder.sqlite"]);
    assert!(missing.failed_with(2).contains("cannot write `no/such/folder.sqlite`"));
    let piped = sandbox.run(&["export", "small.json", "--to", "sqlite", "-o", "-"]).failed_with(2);
    assert!(piped.contains("cannot go to standard output"), "{piped}");
    let folder = sandbox.run(&["export", "small.json", "--to", "chrome", "-o", ".", "--force"]).failed_with(2);
    assert!(folder.contains("`.` is a folder"), "{folder}");
    let device = sandbox.run(&["export", "small.json", "--to", "sqlite", "-o", "/dev/null", "--force"]).failed_with(2);
    assert!(device.contains("`/dev/null` is no file"), "{device}");
}

#[test]
fn a_file_that_is_there_is_written_over_only_when_asked() {
    let sandbox = Sandbox::with_small_trace();
    for format in ["html", "chrome", "sqlite", "folded"] {
        sandbox.write("out", "mine");
        let export = ["export", "small.json", "--no-cache", "--to", format, "-o", "out"];
        let refused = sandbox.run(&export).failed_with(2);
        assert!(refused.contains("`out` is there already") && refused.contains("--force"), "{format}: {refused}");
        assert_eq!(sandbox.read("out"), "mine");
        let run = sandbox.run(&[&export[..], &["-f"]].concat());
        assert_eq!(run.code, Some(0), "{format}: {}", run.stderr);
        assert_ne!(std::fs::read(sandbox.path("out")).expect("it is there"), b"mine", "{format}");
    }
    assert_eq!(sandbox.names(), ["out", "small.json"], "nothing unfinished is left");
}

#[cfg(unix)]
#[test]
fn pipes_take_text_and_links_stay_links() {
    let sandbox = Sandbox::with_small_trace();
    let run = sandbox.run(&["export", "small.json", "--no-cache", "--to", "chrome", "-o", "/dev/stdout", "-q"]);
    assert!(run.succeeded().contains("\"name\":\"gemm\""));
    sandbox.write("real.json", "mine");
    std::os::unix::fs::symlink("real.json", sandbox.path("link.json")).expect("the folder is ours");
    let export = ["export", "small.json", "--no-cache", "--to", "chrome", "-o", "link.json", "--force"];
    assert_eq!(sandbox.run(&export).code, Some(0));
    assert!(sandbox.read("real.json").contains("\"name\":\"gemm\""));
    assert!(std::fs::symlink_metadata(sandbox.path("link.json")).expect("it is there").is_symlink());
}

/// The export of the sample has the sample's kernels, whichever way it goes.
#[test]
fn what_is_exported_is_read_again() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    let sum = ["stats", "-r", "cuda_gpu_kern_sum,cuda_api_sum,nvtx_sum", "-f", "csv", "--no-cache"];
    let expected = sandbox.run(&[&sum[..], &["sample.json.gz"]].concat()).succeeded();
    for (format, file) in [("sqlite", "sample.sqlite"), ("chrome", "again.json"), ("chrome", "again.json.gz")] {
        let run = sandbox.run(&["export", "sample.json.gz", "--no-cache", "--to", format, "-o", file]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("wrote `{file}`")), "{}", run.stderr);
        // A database has no place for operators, and says so.
        assert_eq!(run.stderr.contains("slices of category `cpu_op`"), format == "sqlite", "{}", run.stderr);
        assert_eq!(sandbox.run(&[&sum[..], &[file]].concat()).succeeded(), expected, "{file}");
    }
    let packed = std::fs::read(sandbox.path("again.json.gz")).expect("it is there");
    assert_eq!(packed[..2], [0x1f, 0x8b], "a name that ends in .gz asks for gzip");
    let piped = sandbox.run(&["export", "sample.json.gz", "--no-cache", "--to", "chrome", "-o", "-"]).succeeded();
    assert!(piped == sandbox.read("again.json"));
}

#[test]
fn stacks_are_folded() {
    let sandbox = Sandbox::new();
    // Of `outer`, 20 µs long, `inner` takes 5 µs twice.
    let trace = r#"{"schemaVersion": 1, "traceEvents": [
        {"ph": "X", "cat": "cpu_op", "name": "outer", "pid": 5, "tid": 5, "ts": 0, "dur": 20},
        {"ph": "X", "cat": "cpu_op", "name": "inner", "pid": 5, "tid": 5, "ts": 2, "dur": 5},
        {"ph": "X", "cat": "cpu_op", "name": "inner", "pid": 5, "tid": 5, "ts": 9, "dur": 5},
        {"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 9, "dur": 5}]}"#;
    sandbox.write("a.json", trace);
    let folded = sandbox.run(&["export", "a.json", "--no-cache", "--to", "folded", "-o", "-"]).succeeded();
    assert_eq!(folded, "outer 10000\nouter;inner 10000\n");
}

#[test]
fn names_of_users_and_hosts_are_left_out_on_request() {
    let sandbox = Sandbox::new();
    let trace = r#"{"schemaVersion": 1, "host_name": "node7", "traceEvents": [
        {"ph": "X", "cat": "cpu_op", "name": "/home/ada/x.py on node7", "pid": 5, "tid": 5, "ts": 0, "dur": 20}]}"#;
    sandbox.write("a.json", trace);
    for (format, expected) in [("chrome", "/home/[left out]/x.py on [left out]"), ("folded", "[left out] 20000")] {
        let export = ["export", "a.json", "--no-cache", "--to", format, "-o", "-"];
        assert!(sandbox.run(&export).succeeded().contains("/home/ada/x.py on node7"));
        let stripped = sandbox.run(&[&export[..], &["--strip-environment"]].concat()).succeeded();
        assert!(stripped.contains(expected) && !stripped.contains("ada") && !stripped.contains("node7"), "{stripped}");
    }
    let both = ["export", "a.json", "--to", "chrome", "-o", "-", "--strip-environment", "--private-data"];
    assert!(sandbox.run(&both).failed_with(2).contains("cannot be used with"));
}
