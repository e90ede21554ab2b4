//! `export`: a page that stands alone.

use crate::sandbox::Sandbox;

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
    let other = sandbox.run(&["export", "small.json", "--to", "perfetto", "-o", "page.html"]).failed_with(2);
    assert!(other.contains("perfetto") && other.contains("[possible values: html]"), "{other}");
    assert!(sandbox.run(&["export", "small.json", "--to", "html"]).failed_with(2).contains("--output"));
    assert!(!sandbox.folder().join("page.html").exists());
    let own = sandbox.run(&["export", "small.json", "--to", "html", "-o", "small.json"]).failed_with(2);
    assert!(own.contains("cannot be the output too"), "{own}");
}
