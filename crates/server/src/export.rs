//! Export: a window of a trace as one HTML file that opens without a server.
//!
//! ```text
//! index.html                 the page's own, with style and script inside
//!   vendor.js                as a `data:` address that an import map gives to the script
//!   #kinetoscope-window      the answers of API v1 that the page asks for within the window
//! ```
//!
//! The page is the same one that a server serves; in such a file it finds its answers instead of asking for them. So the
//! file holds what these answers would be: every slice of the window with all its details. Details repeat each other,
//! names and arguments above all, so equal values are written once and referred to by number.
//!
//! What is in a file has to fit into a browser, which holds it several times over; a window that would not is refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use kinetoscope_analysis::area_flows::arrows_by_slice;
use kinetoscope_analysis::slice_details::{Arrows, slice_details};
use kinetoscope_analysis::track_tree::{Node, TrackContent, TrackTree, track_tree};
use kinetoscope_analysis::unit::{format_bytes, format_count, format_dur};
use kinetoscope_analysis::warnings::warnings;
use kinetoscope_model::{SliceId, StringId, Trace, TrackId};
use kinetoscope_store::Store;
use kinetoscope_store::timeline::{Blocks, FLAG_INSTANT, FLAG_NEVER_ENDED, Samples, Timeline};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::trace::overview_of;
use crate::api::viewport::{COUNTER, SLICES, TrackEntry, written};
use crate::collection::OpenTrace;
use crate::page;

/// Version of what stands in the file; page and data are always of one build, so it only says what a reader looks at.
const FORMAT: u32 = 1;

/// Slices that a file may hold: each takes about half a kilobyte there, and several in the browser.
pub const MAX_SLICES: usize = 100_000;

/// Bytes that a file may have: a browser parses that much in a second or two.
pub const MAX_BYTES: usize = 96 << 20;

/// The id that the trace has in the file.
const TRACE_ID: &str = "window";

/// Why a window cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ExportError {
    #[error("the window from {} to {} has no length", format_dur(window.start), format_dur(window.end))]
    EmptyWindow { window: Range<i64> },
    #[error("the window from {} to {} is outside of the trace, which goes from {} to {}",
        format_dur(window.start), format_dur(window.end), format_dur(bounds.start), format_dur(bounds.end))]
    OutsideOfTrace { window: Range<i64>, bounds: Range<i64> },
    #[error("the window holds {} slices, more than the {} that one file may have", format_count(*found), format_count(MAX_SLICES as u64))]
    TooManySlices { found: u64 },
    #[error("the file would have {}, more than the {} that a browser opens well",
        format_bytes(*found as i64), format_bytes(MAX_BYTES as i64))]
    TooLarge { found: usize },
    #[error("nobody waits for the file")]
    Cancelled,
    #[error("the built page has no place for {what}")]
    Page { what: &'static str },
    #[error("cannot write an answer: {0}")]
    Answer(#[from] serde_json::Error),
}

impl ExportError {
    /// What to do about it, if we know.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::EmptyWindow { .. } | Self::OutsideOfTrace { .. } => {
                Some("times count from the start of the trace, as in the page: `--window 1.5ms..2ms`")
            }
            Self::TooManySlices { .. } | Self::TooLarge { .. } => {
                Some("export a shorter window, such as `--window 10ms..12ms`")
            }
            _ => None,
        }
    }

    /// True when a page that was built wrongly is to blame, and not what was asked for.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Answer(_))
    }
}

/// A window of a trace as an HTML file, in nanoseconds since the trace start; `..` is the whole trace. `is_over` ends the
/// work.
pub fn export_html(
    name: &str,
    trace: Arc<Trace>,
    window: impl RangeBounds<i64>,
    is_over: &dyn Fn() -> bool,
) -> Result<String, ExportError> {
    html_of(&OpenTrace::new(name.to_owned(), trace), &window, is_over)
}

/// The same of an open trace.
pub(crate) fn html_of(
    open: &OpenTrace,
    window: &impl RangeBounds<i64>,
    is_over: &dyn Fn() -> bool,
) -> Result<String, ExportError> {
    let bounds = open.store.bounds().map_or(0..0, |bounds| bounds.start.min(0)..bounds.end.max(bounds.start + 1));
    let start = match window.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.saturating_add(1),
        Bound::Unbounded => bounds.start,
    };
    let end = match window.end_bound() {
        Bound::Included(&last) => last.saturating_add(1),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => bounds.end,
    };
    let window = start..end;
    if window.is_empty() {
        return Err(ExportError::EmptyWindow { window });
    }
    if window.start >= bounds.end || window.end <= bounds.start {
        return Err(ExportError::OutsideOfTrace { window, bounds });
    }
    let window = window.start.max(bounds.start)..window.end.min(bounds.end);
    // What happens in the moment in which a trace ends belongs to its end.
    let seen = window.start..window.end + i64::from(window.end == bounds.end);
    let data = data_of(open, &window, &seen, is_over)?;
    let html = assembled(&data)?;
    if html.len() > MAX_BYTES {
        return Err(ExportError::TooLarge { found: html.len() });
    }
    Ok(html)
}

/// What the page finds in the file, as JSON that may stand in a script element.
fn data_of(
    open: &OpenTrace,
    window: &Range<i64>,
    seen: &Range<i64>,
    is_over: &dyn Fn() -> bool,
) -> Result<String, ExportError> {
    let store = &open.store;
    let trace: &Trace = store.trace();
    let timeline = store.timeline();
    let tracks: Vec<TrackId> = (0..trace.tracks.len()).map(TrackId::from_index).collect();
    let of_tracks: Vec<Vec<SliceId>> = tracks.iter().map(|&track| timeline.slices_in(track, seen.clone())).collect();
    let found: usize = of_tracks.iter().map(Vec::len).sum();
    if found > MAX_SLICES {
        return Err(ExportError::TooManySlices { found: found as u64 });
    }
    let columns = Columns::new(open, seen, &tracks, &of_tracks);
    let slices: Vec<SliceId> = of_tracks.iter().flatten().copied().collect();
    let ids: BTreeSet<SliceId> = slices.iter().copied().collect();
    let mut flows = arrows_by_slice(store, &|slice| ids.contains(&slice));

    let mut pool = Pool::default();
    let mut details = Vec::with_capacity(slices.len());
    for (number, &slice) in slices.iter().enumerate() {
        if number % 1024 == 0 && is_over() {
            return Err(ExportError::Cancelled);
        }
        let told = slice_details(store, open.classes(), slice);
        let arrows = flows.remove(&slice).unwrap_or_default();
        let arrows = Arrows { arrows };
        details.push([slice.0, pool.add(serde_json::to_value(&told)?), pool.add(serde_json::to_value(&arrows)?)]);
    }
    let overview = overview_of(open).within(window, slices.len());
    let answers = json!({
        "info": { "version": env!("CARGO_PKG_VERSION"), "page_fingerprint": page::fingerprint(), "mode": "file",
            "traces": [{ "id": TRACE_ID, "name": open.name, "path": overview.paths(), "bytes": 0, "state": "open",
                "progress": null, "error": null, "hint": null }] },
        "overview": overview,
        "tracks": TrackTree { nodes: pruned(track_tree(store).nodes, &columns.counts) },
        "summary": kinetoscope_analysis::summary(trace),
        "warnings": warnings(trace),
    });
    let names: Map<String, Value> =
        columns.names.iter().map(|&id| (id.to_string(), Value::from(trace.strings.get(StringId(id))))).collect();
    let data = EmbeddedWindow {
        format: FORMAT,
        start: window.start,
        end: window.end,
        answers: pool.add(answers),
        slices: details,
        names: pool.add(Value::Object(names)),
        viewport: base64(&columns.bytes),
    };
    let head = serde_json::to_value(&data)?;
    Ok(format!(
        r#"{{"head":{},"pool":[{}],"shapes":{}}}"#,
        for_script(&head.to_string()),
        pool.values.join(","),
        for_script(&serde_json::to_string(&pool.shapes)?)
    ))
}

/// What a file holds beside the pool that its numbers refer to.
#[derive(Debug, Serialize)]
struct EmbeddedWindow {
    format: u32,
    start: i64,
    end: i64,
    /// An object of whole answers by their requests.
    answers: u32,
    /// Slice, its details, its arrows.
    slices: Vec<[u32; 3]>,
    /// Texts of the name ids in the viewport.
    names: u32,
    /// A viewport in which every slice and every value of a counter stands for itself.
    viewport: String,
}

/// What the timeline draws, unfolded.
struct Columns {
    bytes: Vec<u8>,
    /// Slices or values of each track.
    counts: BTreeMap<u32, u64>,
    names: BTreeSet<u32>,
}

impl Columns {
    fn new(open: &OpenTrace, window: &Range<i64>, tracks: &[TrackId], of_tracks: &[Vec<SliceId>]) -> Self {
        let store = &open.store;
        let (mut blocks, mut samples) = (Blocks::default(), Samples::default());
        let (mut entries, mut counts, mut names) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for (&track, slices) in tracks.iter().zip(of_tracks) {
            if !slices.is_empty() {
                let start = blocks.len();
                slices.iter().for_each(|&slice| push_block(&mut blocks, open, slice));
                entries.push(TrackEntry { track: track.0, holds: SLICES, rows: start..blocks.len() });
                counts.insert(track.0, slices.len() as u64);
            }
            let start = samples.len();
            push_samples(&mut samples, store, track, window);
            if samples.len() > start {
                entries.push(TrackEntry { track: track.0, holds: COUNTER, rows: start..samples.len() });
                counts.insert(track.0, (samples.len() - start) as u64);
            }
        }
        names.extend(blocks.name.iter().copied());
        Self { bytes: written(&entries, std::slice::from_ref(&blocks), &samples), counts, names }
    }
}

fn push_block(blocks: &mut Blocks, open: &OpenTrace, slice: SliceId) {
    let trace = open.store.trace();
    let row = slice.index();
    let (ts, dur) = (trace.slices.ts.get(row), trace.slices.dur.get(row));
    let end = open.store.bounds().map_or(ts, |bounds| bounds.end);
    let name = trace.slices.name.get(row);
    blocks.ts.push(ts);
    blocks.dur.push(if dur < 0 { end.saturating_sub(ts) } else { dur });
    blocks.slice.push(slice.0);
    blocks.count.push(1);
    blocks.name.push(name.0);
    blocks.name_hash.push(Timeline::name_hash(trace.text(name)));
    blocks.depth.push(u16::try_from(trace.slices.depth.get(row)).unwrap_or(u16::MAX));
    blocks.class.push(open.classes().of(&open.store, slice) as u8);
    blocks.flags.push(match dur {
        ..0 => FLAG_NEVER_ENDED,
        0 => FLAG_INSTANT,
        _ => 0,
    });
}

/// The values in the window, and before them the one that still holds where it begins.
fn push_samples(samples: &mut Samples, store: &Store, track: TrackId, window: &Range<i64>) {
    let counters = &store.trace().counters;
    let rows = store.counters_of_track(track);
    let ts_of = |row: &u32| counters.ts.get(*row as usize);
    let first = rows.partition_point(|row| ts_of(row) <= window.start).saturating_sub(1);
    let end = rows.partition_point(|row| ts_of(row) < window.end);
    for row in rows.get(first..end).unwrap_or_default() {
        let value = counters.value.get(*row as usize);
        samples.ts.push(ts_of(row));
        samples.min.push(value);
        samples.max.push(value);
        samples.last.push(value);
    }
}

/// Rows without events in the window are left out, and counts are those of the window.
fn pruned(nodes: Vec<Node>, counts: &BTreeMap<u32, u64>) -> Vec<Node> {
    let keep = |mut node: Node| {
        node.tracks.retain_mut(|track| {
            let count = counts.get(&track.id).copied();
            track.num_events = count.unwrap_or_default();
            count.is_some() || (track.kind == TrackContent::Counter && track.num_events > 0)
        });
        node.children = pruned(node.children, counts);
        (!node.tracks.is_empty() || !node.children.is_empty()).then_some(node)
    };
    nodes.into_iter().filter_map(keep).collect()
}

/// JSON values of which equal ones are kept once. A value is a number or text by itself, `[0, …]` for a list and
/// `[1 + shape, …]` for an object of the names in `shapes`; what is inside of these is numbers of other values.
#[derive(Debug, Default)]
struct Pool {
    values: Vec<String>,
    by_text: HashMap<String, u32>,
    shapes: Vec<Vec<String>>,
    by_shape: HashMap<Vec<String>, usize>,
}

impl Pool {
    /// The number of a value.
    fn add(&mut self, value: Value) -> u32 {
        let text = match value {
            Value::Array(list) => {
                let mut text = "[0".to_owned();
                for value in list {
                    let number = self.add(value);
                    let _ = write!(text, ",{number}");
                }
                text + "]"
            }
            Value::Object(object) => {
                let shape: Vec<String> = object.keys().cloned().collect();
                let number = self.shape(shape);
                let mut text = format!("[{}", number + 1);
                for (_, value) in object {
                    let number = self.add(value);
                    let _ = write!(text, ",{number}");
                }
                text + "]"
            }
            other => for_script(&other.to_string()),
        };
        if let Some(&number) = self.by_text.get(&text) {
            return number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(text.clone());
        self.by_text.insert(text, number);
        number
    }

    fn shape(&mut self, keys: Vec<String>) -> usize {
        if let Some(&number) = self.by_shape.get(&keys) {
            return number;
        }
        let number = self.shapes.len();
        self.shapes.push(keys.clone());
        self.by_shape.insert(keys, number);
        number
    }
}

/// JSON as it may stand in an element of HTML: a `<` is only ever in a text of JSON, and so can be written otherwise.
fn for_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// A script as it may stand in an element of HTML.
fn inline_script(script: &str) -> Result<&str, ExportError> {
    let lower = script.to_ascii_lowercase();
    let is_safe = !lower.contains("</script") && !lower.contains("<!--");
    is_safe.then_some(script).ok_or(ExportError::Page { what: "a script that ends its own element" })
}

/// The page with everything inside.
fn assembled(data: &str) -> Result<String, ExportError> {
    const SCRIPT: &str = r#"<script type="module" crossorigin src="./app.js"></script>"#;
    const STYLE: &str = r#"<link rel="stylesheet" crossorigin href="./app.css">"#;
    const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; \
                          img-src data: blob:; base-uri 'none'; form-action 'none'";
    let page = page::text("index.html");
    let (head, rest) = page.split_once(SCRIPT).ok_or(ExportError::Page { what: "the script" })?;
    let (between, body) = rest.split_once(STYLE).ok_or(ExportError::Page { what: "the style" })?;
    let (body, end) = body.split_once("</body>").ok_or(ExportError::Page { what: "the data" })?;
    let vendor = base64(page::text("vendor.js").as_bytes());
    let script = inline_script(page::text("app.js"))?;
    let style = page::text("app.css");
    if style.to_ascii_lowercase().contains("</style") {
        return Err(ExportError::Page { what: "a style that ends its own element" });
    }
    Ok(format!(
        "{head}<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\" />\n    <style>\n{style}</style>\n    \
         <script type=\"importmap\">{{\"imports\":{{\"./vendor.js\":\"data:text/javascript;base64,{vendor}\"}}}}</script>\
         {between}{body}<script type=\"application/json\" id=\"kinetoscope-window\">{data}</script>\n    \
         <script type=\"module\">\n{script}</script>\n  </body>{end}"
    ))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let is_there = digit <= chunk.len();
            let index = (word >> (18 - 6 * digit) & 63) as usize;
            text.push(if is_there { char::from(DIGITS[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinetoscope_testkit::draw::{Drawing, Glyph};

    fn trace(json: &str) -> Arc<Trace> {
        Arc::new(kinetoscope_ingest::read_bytes("drawn.json", json.as_bytes()).expect("a drawing is a trace"))
    }

    fn step() -> Arc<Trace> {
        let drawing = Drawing::new(&[
            "cpu main    ssssssssss....",
            "cpu main/1  .mmmmm........",
            "cpu main/2  ..l...........",
            "gpu 0/7     ....AAAA..BB..",
            "counter q   ..3....5......",
        ])
        .letter('m', Glyph::op("</script><b>aten::mm"))
        .letter('A', Glyph::kernel("gemm_kernel"))
        .launches('l', "A");
        trace(&drawing.to_json())
    }

    fn export(window: impl RangeBounds<i64>) -> Result<String, ExportError> {
        export_html("step", step(), window, &|| false)
    }

    /// What the page reads: the data of the file, with the pool's values put in.
    fn read(html: &str) -> (Value, Vec<Value>, Vec<Value>) {
        let (_, rest) = html.split_once("id=\"kinetoscope-window\">").expect("there is data");
        let (json, _) = rest.split_once("</script>").expect("it ends");
        let data: Value = serde_json::from_str(json).expect("it is JSON");
        let list = |key: &str| data[key].as_array().expect("a list").clone();
        (data["head"].clone(), list("pool"), list("shapes"))
    }

    fn value(pool: &[Value], shapes: &[Value], number: &Value) -> Value {
        let found = &pool[number.as_u64().expect("a number") as usize];
        let Some((kind, parts)) = found.as_array().and_then(|list| list.split_first()) else { return found.clone() };
        let parts = parts.iter().map(|part| value(pool, shapes, part));
        match kind.as_u64().expect("a kind") {
            0 => parts.collect(),
            shape => {
                let keys = shapes[shape as usize - 1].as_array().expect("names").iter();
                keys.map(|key| key.as_str().expect("a name").to_owned()).zip(parts).collect::<Map<_, _>>().into()
            }
        }
    }

    #[test]
    fn a_file_holds_what_a_server_would_answer_within_the_window() {
        let html = export(1_500..9_000).expect("it is small");
        let (head, pool, shapes) = read(&html);
        let answers = value(&pool, &shapes, &head["answers"]);
        assert_eq!((&head["start"], &head["end"]), (&json!(1_500), &json!(9_000)));
        assert_eq!((&answers["overview"]["start"], &answers["overview"]["end"]), (&json!(1_500), &json!(9_000)));
        assert_eq!(answers["info"]["mode"], "file");
        let store = Store::new(step());
        let open = OpenTrace::new("step".to_owned(), step());
        let slices = head["slices"].as_array().expect("slices");
        // The kernel that nobody launched begins at 10.
        assert_eq!((slices.len(), &answers["overview"]["num_slices"]), (4, &json!(4)));
        for entry in slices {
            let id = SliceId(entry[0].as_u64().expect("an id") as u32);
            let details = serde_json::to_value(slice_details(&store, open.classes(), id)).expect("JSON");
            assert_eq!(value(&pool, &shapes, &entry[1]), details);
            let arrows = kinetoscope_analysis::slice_details::arrows(&store, id);
            assert_eq!(value(&pool, &shapes, &entry[2]), serde_json::to_value(arrows).expect("JSON"));
        }
        let names = value(&pool, &shapes, &head["names"]);
        assert!(names.as_object().is_some_and(|names| names.values().any(|name| name == "gemm_kernel")));
        assert!(names.as_object().is_some_and(|names| names.values().all(|name| name != "cudaGraphLaunch")));
    }

    #[test]
    fn a_moment_at_the_end_of_the_trace_is_in_the_whole_of_it() {
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":5,"name":"a"},
            {"ph":"i","pid":1,"tid":1,"ts":7,"s":"t","name":"the end"}
        ]}"#;
        let slices = |window: (Bound<i64>, Bound<i64>)| {
            let html = export_html("end", trace(json), window, &|| false).expect("it is small");
            read(&html).0["slices"].as_array().map(Vec::len)
        };
        assert_eq!(slices((Bound::Unbounded, Bound::Unbounded)), Some(2));
        assert_eq!(slices((Bound::Unbounded, Bound::Excluded(6_999))), Some(1));
    }

    #[test]
    fn rows_without_events_in_the_window_are_left_out() {
        let (head, pool, shapes) = read(&export(..3_000).expect("it is small"));
        let tree = value(&pool, &shapes, &head["answers"])["tracks"].clone();
        let regions: Vec<&Value> = tree["nodes"].as_array().expect("nodes").iter().map(|node| &node["key"]).collect();
        assert_eq!(regions, ["cpu"], "the GPU begins later");
        let (head, pool, shapes) = read(&export(9_000..).expect("it is small"));
        let tree = value(&pool, &shapes, &head["answers"])["tracks"].clone();
        let counter = &tree["nodes"][0]["children"][0]["children"][1];
        assert_eq!(
            (&counter["kind"], &counter["tracks"][0]["num_events"]),
            (&json!("counter"), &json!(1)),
            "the value that still holds"
        );
    }

    #[test]
    fn nothing_in_a_trace_ends_an_element_of_the_file() {
        let html = export(..).expect("it is small");
        assert!(!html.contains("</script><b>"), "a name is data");
        // Import map, data, script.
        assert_eq!(html.matches("<script").count(), html.matches("</script>").count());
        assert_eq!(html.matches("</script>").count(), 3);
        assert!(!html.contains("src=\"./") && !html.contains("href=\"./"), "no other file is asked for");
    }

    #[test]
    fn windows_that_cannot_be_are_refused() {
        let told = |window: Range<i64>| export(window).expect_err("it cannot be").to_string();
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let reversed = told(5..3);
        assert!(reversed.contains("has no length"), "{reversed}");
        let outside = told(50_000..60_000);
        assert!(outside.contains("outside of the trace"), "{outside}");
        let cancelled = export_html("step", step(), .., &|| true);
        assert!(matches!(cancelled, Err(ExportError::Cancelled)));
        let too_many = "ab".repeat(MAX_SLICES / 2 + 1);
        let many = trace(&Drawing::new(&[&format!("cpu main {too_many}")]).to_json());
        let refused = export_html("many", Arc::clone(&many), .., &|| false).expect_err("it is too much");
        assert_eq!(
            refused.to_string(),
            "the window holds 100,002 slices, more than the 100,000 that one file may have"
        );
        assert!(refused.hint().is_some_and(|hint| hint.contains("--window")));
        assert!(export_html("many", many, 0..10_000, &|| false).is_ok(), "a part of it is not");
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        // The examples of RFC 4648.
        let examples = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, expected) in examples {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn equal_values_are_kept_once() {
        let mut pool = Pool::default();
        let first = pool.add(json!({ "a": [1, "x", null], "b": "x" }));
        let len = pool.values.len();
        assert_eq!(pool.add(json!({ "a": [1, "x", null], "b": "x" })), first);
        assert_eq!((pool.values.len(), len), (5, 5), "1, x, null, the list, the object");
        pool.add(json!({ "b": 1, "a": 2 }));
        assert_eq!(pool.shapes.len(), 1, "an object's names are in order");
    }
}
