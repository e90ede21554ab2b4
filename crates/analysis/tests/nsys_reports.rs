//! Reports against the bytes that Nsight Systems' own tool printed for the same captures.
//!
//! The expected files lie beside the repository on some machines, `expected/CAPTURE/REPORT[.ARGUMENT][.head].{txt,csv}`:
//! what `nsys stats` and `nsys analyze` of version 2023.4 printed in the layouts `column` and `csv`. Files with `head` in
//! their names were cut to their first lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kinetoscope_analysis::stats::{
    self, Activities, Filter, Layout, LayoutKind, Options, Outcome, ReportRequest, ReportWriter, TimeUnit,
};
use kinetoscope_model::Trace;
use kinetoscope_testkit::fixture;

/// What an expected file's name says.
struct Expected {
    path: PathBuf,
    request: ReportRequest,
    kind: LayoutKind,
    is_cut: bool,
}

/// Files that are no report's output.
fn is_other_file(name: &str) -> bool {
    name.starts_with("profile-stats-console") || name.starts_with("export-json")
}

fn expected(path: PathBuf) -> Option<Expected> {
    let name = path.file_name()?.to_str()?.to_owned();
    if is_other_file(&name) {
        return None;
    }
    let (stem, extension) = name.rsplit_once('.').expect("an expected file has an extension");
    let kind = match extension {
        "txt" => LayoutKind::Column,
        "csv" => LayoutKind::Csv,
        _ => panic!("`{name}` is of no known layout"),
    };
    let is_cut = stem.ends_with(".head");
    let report = stem.trim_end_matches(".head").replace('.', ":");
    let report = report.strip_prefix("rule_").unwrap_or(&report);
    let request = report.parse().unwrap_or_else(|error| panic!("`{name}`: {error}"));
    Some(Expected { path, request, kind, is_cut })
}

fn printed(activities: &Activities<'_>, request: &ReportRequest, kind: LayoutKind) -> String {
    let options = Options::default();
    let outcome = stats::run(activities, request, &options);
    if let Outcome::Skipped(data) = &outcome {
        return format!("SKIPPED: does not contain {}", data.missing_words());
    }
    let mut out = Vec::new();
    let mut writer = ReportWriter::new(Layout::from(kind), TimeUnit::Nanos, &mut out);
    writer.write(request.report, &outcome).expect("a buffer takes everything");
    writer.finish().expect("a buffer takes everything");
    String::from_utf8(out).expect("reports are text")
}

/// The first lines that differ, or `None` when nothing does.
fn difference(expected: &str, printed: &str, is_cut: bool) -> Option<String> {
    let printed = if is_cut { &printed[..end_of_lines(printed, expected.lines().count())] } else { printed };
    if expected == printed {
        return None;
    }
    let num_lines = expected.lines().count().max(printed.lines().count());
    let line = |text: &str, at: usize| text.lines().nth(at).map_or("<end>".to_owned(), |line| format!("{line}|"));
    let differing = (0..num_lines).filter(|&at| line(expected, at) != line(printed, at));
    let (mut shown, mut num_differing) = (String::new(), 0);
    for at in differing {
        num_differing += 1;
        if num_differing <= 3 {
            let _ = write!(shown, "\n  line {}\n    - {}\n    + {}", at + 1, line(expected, at), line(printed, at));
        }
    }
    Some(format!("{num_differing} of {num_lines} lines differ{shown}"))
}

fn end_of_lines(text: &str, num_lines: usize) -> usize {
    text.match_indices('\n').nth(num_lines.saturating_sub(1)).map_or(text.len(), |(at, _)| at + 1)
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("the folder is there");
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_expected_file_is_printed_to_the_byte() {
    let Some(root) = fixture::shared_traces().map(|shared| shared.join("nsys")).filter(|root| root.exists()) else {
        eprintln!("skipped: no captures of Nsight Systems beside the repository");
        return;
    };
    let (mut num_all, mut differences) = (0, BTreeMap::new());
    for folder in folders(&root.join("expected")) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let trace: Trace = kinetoscope_ingest::read_path(&root.join(format!("{name}.sqlite"))).unwrap();
        let activities = Activities::new(&trace, &Filter::default()).unwrap();
        let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for expected in paths.into_iter().filter_map(expected) {
            num_all += 1;
            let text = std::fs::read_to_string(&expected.path).unwrap();
            let printed = printed(&activities, &expected.request, expected.kind);
            if let Some(difference) = difference(&text, &printed, expected.is_cut) {
                let file = expected.path.strip_prefix(&root).unwrap().display().to_string();
                differences.insert(file, difference);
            }
        }
    }
    eprintln!("{} of {num_all} expected files are equal", num_all - differences.len());
    for (file, difference) in &differences {
        eprintln!("{file}: {difference}");
    }
    assert!(num_all > 200, "{num_all} expected files");
    assert!(differences.is_empty(), "{} of {num_all} files differ", differences.len());
}

/// The sample trace is PyTorch's: its kernels, added up here by name, are those that the report lists.
#[test]
fn a_pytorch_trace_has_the_same_reports() {
    let trace = kinetoscope_ingest::read_path(&fixture::path(fixture::SAMPLE_NAME)).unwrap();
    let mut totals: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for op in trace.gpu_ops.rows().filter(|op| op.kind == kinetoscope_model::table::GpuOpKind::Kernel) {
        let slice = trace.slices.row(op.slice_id.index());
        let (total, count) = totals.entry(trace.text(slice.name)).or_default();
        (*total, *count) = (*total + slice.dur, *count + 1);
    }
    let mut expected: Vec<(i64, i64, &str)> =
        totals.iter().map(|(name, (total, count))| (*total, *count, *name)).collect();
    expected.sort_by(|a, b| (b.0, b.1, a.2).cmp(&(a.0, a.1, b.2)));
    let activities = Activities::new(&trace, &Filter::default()).unwrap();
    let json = printed(&activities, &"cuda_gpu_kern_sum".parse().unwrap(), LayoutKind::Json);
    let reports: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = reports[0]["rows"].as_array().unwrap();
    let listed: Vec<(i64, i64, &str)> = rows
        .iter()
        .map(|row| {
            let number = |name: &str| row[name].as_i64().unwrap();
            (number("Total Time (ns)"), number("Instances"), row["Name"].as_str().unwrap())
        })
        .collect();
    assert!(listed.len() > 20, "{} kernels", listed.len());
    assert_eq!(listed, expected);
    // Every launch of the trace is in the trace of launches, and every range and call in theirs.
    let num_rows = |report: &str| {
        let json = printed(&activities, &report.parse().unwrap(), LayoutKind::Json);
        let reports: serde_json::Value = serde_json::from_str(&json).unwrap();
        reports[0]["rows"].as_array().unwrap().len()
    };
    assert_eq!(num_rows("cuda_api_trace"), trace.api_calls.len());
    assert_eq!(num_rows("cuda_gpu_trace"), trace.gpu_ops.len());
    let is_annotation = |category| trace.text_or_empty(category) == "user_annotation";
    let num_annotations = trace.slices.rows().filter(|slice| is_annotation(slice.category)).count();
    assert!(num_annotations > 10, "{num_annotations} annotations");
    assert_eq!(num_rows("nvtx_pushpop_trace"), num_annotations);
}
