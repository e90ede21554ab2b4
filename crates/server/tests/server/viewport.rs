//! Viewports: the columns that a page draws from, taken apart byte by byte and held against the drawing.

use serde_json::{Value, json};

use super::site::{NUM_MANY, Opening, Site, many};

/// A track's entry: id, whether it is a counter, its first row and how many it has.
type Entry = (u32, u32, usize, usize);

#[derive(Debug, Default)]
struct Viewport {
    entries: Vec<Entry>,
    ts: Vec<f64>,
    dur: Vec<f64>,
    slice: Vec<u32>,
    count: Vec<u32>,
    name: Vec<u32>,
    name_hash: Vec<u32>,
    depth: Vec<u16>,
    class: Vec<u8>,
    flags: Vec<u8>,
    /// Time, least, greatest, last.
    samples: Vec<[f64; 4]>,
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn next<const N: usize>(&mut self) -> [u8; N] {
        let (value, rest) = self.0.split_first_chunk::<N>().expect("the answer is long enough");
        self.0 = rest;
        *value
    }

    /// So many values, and the zeros up to the next multiple of eight bytes.
    fn column<const N: usize, T>(&mut self, len: usize, read: impl Fn([u8; N]) -> T) -> Vec<T> {
        let values = (0..len).map(|_| read(self.next())).collect();
        for _ in len * N..(len * N).next_multiple_of(8) {
            assert_eq!(self.next::<1>(), [0], "padding");
        }
        values
    }
}

fn decode(body: &[u8]) -> Viewport {
    let mut reader = Reader(body);
    let head: [u32; 4] = [(); 4].map(|()| u32::from_le_bytes(reader.next()));
    assert_eq!(head[0], 0x3156_534B, "the magic number");
    let [_, num_tracks, num_blocks, num_samples] = head.map(|value| value as usize);
    let entry = |reader: &mut Reader<'_>| [(); 4].map(|()| u32::from_le_bytes(reader.next()));
    let entries = (0..num_tracks).map(|_| entry(&mut reader));
    let entries = entries.map(|[id, kind, first, count]| (id, kind, first as usize, count as usize)).collect();
    let mut viewport = Viewport {
        entries,
        ts: reader.column(num_blocks, f64::from_le_bytes),
        dur: reader.column(num_blocks, f64::from_le_bytes),
        slice: reader.column(num_blocks, u32::from_le_bytes),
        count: reader.column(num_blocks, u32::from_le_bytes),
        name: reader.column(num_blocks, u32::from_le_bytes),
        name_hash: reader.column(num_blocks, u32::from_le_bytes),
        depth: reader.column(num_blocks, u16::from_le_bytes),
        class: reader.column(num_blocks, |[byte]| byte),
        flags: reader.column(num_blocks, |[byte]| byte),
        samples: Vec::new(),
    };
    let samples: [Vec<f64>; 4] = [(); 4].map(|()| reader.column(num_samples, f64::from_le_bytes));
    viewport.samples = (0..num_samples).map(|row| samples.each_ref().map(|column| column[row])).collect();
    assert!(reader.0.is_empty(), "{} bytes are left", reader.0.len());
    viewport
}

fn ask(site: &Site, name: &str, body: &Value) -> Viewport {
    let answer = site.post(&site.about(name, "/viewport"), body);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/octet-stream")));
    decode(&answer.body)
}

/// The tracks of every row, as the tree lists them.
fn tracks(nodes: &Value, found: &mut Vec<Value>) {
    for node in nodes.as_array().expect("nodes") {
        found.extend(node["tracks"].as_array().expect("tracks").iter().cloned());
        tracks(&node["children"], found);
    }
}

#[test]
fn a_viewport_holds_the_slices_as_they_are() {
    let site = Site::of_step();
    let (main, gpu) = (site.slice("step")["track_id"].clone(), site.slice("vector_add")["track_id"].clone());
    let mut all = Vec::new();
    tracks(&site.step_get("/tracks")["nodes"], &mut all);
    let counter = all.iter().find(|track| track["kind"] == "counter").expect("the counter")["id"].clone();
    // Half a microsecond a pixel, so that no two slices share one; the tracks in an order that is not theirs.
    let request = json!({ "start": 0, "end": 12_000, "px": 24, "tracks": [gpu, counter, main] });
    let viewport = ask(&site, "step", &request);
    let id = |value: &Value| value.as_u64().expect("an id") as u32;
    assert_eq!(viewport.entries, [(id(&gpu), 0, 0, 2), (id(&counter), 1, 0, 2), (id(&main), 0, 2, 3)]);
    assert_eq!(viewport.ts, [4_000.0, 10_000.0, 0.0, 1_000.0, 2_000.0]);
    assert_eq!(viewport.dur, [4_000.0, 2_000.0, 10_000.0, 5_000.0, 1_000.0]);
    assert_eq!(viewport.depth, [0, 0, 0, 1, 2]);
    assert_eq!((&*viewport.count, &*viewport.flags), (&[1; 5][..], &[0; 5][..]));
    // A matrix product and another kernel; what the CPU does has no class.
    assert_eq!(viewport.class, [1, 8, 0, 0, 0]);
    let names = site.step_post("/names", &json!({ "ids": viewport.name }));
    let expected = ["gemm_kernel", "vector_add", "step", "aten::mm", "cudaLaunchKernel"];
    assert_eq!(names["names"], json!(expected));
    for (&slice, name) in viewport.slice.iter().zip(expected) {
        assert_eq!(site.step_get(&format!("/slices/{slice}"))["name"], name);
    }
    let mut hashes = viewport.name_hash.clone();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 5, "different names have different colours");
    assert_eq!(viewport.samples, [[2_000.0, 3.0, 3.0, 3.0], [7_000.0, 5.0, 5.0, 5.0]]);
}

#[test]
fn a_viewport_of_many_slices_drops_none() {
    const PX: usize = 10;
    let site = Site::of(&[("many", Opening::Trace(std::sync::Arc::new(many())))]);
    site.open("many");
    let end = NUM_MANY as i64 * 1_000;
    let mut all = Vec::new();
    tracks(&site.get(&site.about("many", "/tracks")).json()["nodes"], &mut all);
    let viewport = ask(&site, "many", &json!({ "start": 0, "end": end, "px": PX, "tracks": [all[0]["id"]] }));
    assert_eq!(viewport.count.iter().sum::<u32>() as usize, NUM_MANY);
    // Buckets are of a width that does not depend on the window, so there may be up to twice as many as pixels.
    assert!(viewport.ts.len() <= 2 * PX + 1, "{viewport:?}");
    // The slices stand side by side, so what they are folded into does as well.
    let mut reached = 0.0;
    for (&ts, &dur) in viewport.ts.iter().zip(&viewport.dur) {
        assert_eq!(ts, reached);
        reached = ts + dur;
    }
    assert_eq!(reached, end as f64);
}

#[test]
fn a_viewport_of_nothing_is_empty() {
    let site = Site::of_step();
    let main = &site.slice("step")["track_id"];
    for request in [
        json!({ "start": 0, "end": 12_000, "px": 24, "tracks": [] }),
        json!({ "start": 0, "end": 12_000, "px": 24, "tracks": [4_294_967_295_u32] }),
        json!({ "start": 20_000, "end": 30_000, "px": 24, "tracks": [main] }),
        json!({ "start": 12_000, "end": 0, "px": 24, "tracks": [main] }),
        json!({ "start": 0, "end": 12_000, "px": 0, "tracks": [main] }),
        json!({ "start": i64::MIN, "end": i64::MIN, "px": 24, "tracks": [main] }),
    ] {
        let viewport = ask(&site, "step", &request);
        assert_eq!(viewport.entries.len(), request["tracks"].as_array().map_or(0, Vec::len), "{request}");
        assert!(viewport.ts.is_empty() && viewport.entries.iter().all(|entry| entry.3 == 0), "{request}");
    }
    let whole = json!({ "start": i64::MIN, "end": i64::MAX, "px": u32::MAX, "tracks": [main] });
    assert_eq!(ask(&site, "step", &whole).count.iter().sum::<u32>(), 3);
}
