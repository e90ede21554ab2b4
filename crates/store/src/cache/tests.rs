//! What a cache file promises: the same trace back, without a copy, and nothing else from a file that is not right.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_buffer::{Buffer, ScalarBuffer};
use kinetoscope_model::column::{ColumnData, NULL_I64};
use kinetoscope_model::id::NONE;
use kinetoscope_model::table::*;
use kinetoscope_model::trace::CACHE_MAGIC;
use kinetoscope_model::*;
use proptest::prelude::*;
use tempfile::TempDir;

use super::toc::{Segment, Toc};
use super::*;

const WARM: Duration = Duration::from_secs(3600);

/// A folder with an input, and one for the user's caches.
struct Place {
    folder: TempDir,
    input: PathBuf,
    location: CacheLocation,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = fs::canonicalize(folder.path()).expect("the folder exists");
        let input = root.join("traces").join("a.json");
        fs::create_dir(root.join("traces")).expect("the folder is ours");
        fs::write(&input, b"[]").expect("the folder is ours");
        let user_folder = Some(root.join("user").join("kinetoscope"));
        let location = CacheLocation { user_folder, ..CacheLocation::default() };
        Self { folder, input, location }
    }

    fn key(&self) -> Key {
        Key::of_files(std::slice::from_ref(&self.input), "").expect("the input exists")
    }

    /// Leaves the input where no file can be created: its folder is gone.
    fn make_unwritable(&self) {
        fs::rename(self.folder.path().join("traces"), self.folder.path().join("moved")).expect("the folder is ours");
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join(folder)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn reason(missed: Result<Hit, Miss>) -> Unusable {
    match missed {
        Err(Miss::Unusable { reason, .. }) => reason,
        Err(other) => panic!("another miss: {other}"),
        Ok(hit) => panic!("a hit: {}", hit.path.display()),
    }
}

fn bytes_of(column: &ColumnData) -> &[u8] {
    match column {
        ColumnData::I64(values) => values.inner().as_slice(),
        ColumnData::U32(values) => values.inner().as_slice(),
        ColumnData::F64(values) => values.inner().as_slice(),
    }
}

fn assert_same(found: &Trace, expected: &Trace) {
    assert_eq!(found.clock, expected.clock);
    assert_eq!(found.strings.as_array(), expected.strings.as_array());
    for (found, expected) in found.tables().into_iter().zip(expected.tables()) {
        assert_eq!((found.name(), found.len()), (expected.name(), expected.len()));
        for (spec, (found, expected)) in found.specs().iter().zip(found.columns().iter().zip(&expected.columns())) {
            assert_eq!(std::mem::discriminant(found), std::mem::discriminant(expected), "`{}`", spec.name);
            assert!(bytes_of(found) == bytes_of(expected), "`{}`", spec.name);
        }
    }
    let pages = |trace: &Trace| -> Vec<(usize, Vec<u8>)> {
        trace.args.pages().iter().map(|page| (page.num_sets(), page.as_buffer().to_vec())).collect()
    };
    assert!(pages(found) == pages(expected), "pages differ");
    assert_eq!(found.args.num_sets(), expected.args.num_sets());
    for set in 0..found.args.num_sets().min(100) {
        let set = ArgSetId::from_index(set);
        let (found, expected) = (found.args.set(set), expected.args.set(set));
        assert_eq!(format!("{:?}", found.collect::<Vec<_>>()), format!("{:?}", expected.collect::<Vec<_>>()));
    }
}

/// The whole cache file of a trace, in memory as aligned as a mapping.
fn file_of(trace: &Trace, key: &Key) -> Buffer {
    let mut file = tempfile::tempfile().expect("a temporary file");
    container::write(&mut file, key, 0, trace, &AtomicBool::new(false)).expect("the file can be written");
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).expect("the file is ours");
    io::Read::read_to_end(&mut file, &mut bytes).expect("the file is ours");
    Buffer::from_slice_ref(bytes)
}

/// A file with one byte changed, without a copy.
fn flipped(file: Buffer, at: usize, flip: u8) -> Buffer {
    let mut bytes = file.into_mutable().expect("nobody else holds the file");
    bytes.as_slice_mut()[at] ^= flip;
    bytes.into()
}

fn toc_of(file: &Buffer) -> (std::ops::Range<usize>, Toc) {
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes")) as usize;
    let range = number(24)..number(24) + number(32);
    (range.clone(), Toc::decode(&file[range]).expect("a good table of contents"))
}

/// The file with other contents at its end and checksums that agree with them.
fn resealed(file: &Buffer, toc: &[u8]) -> Buffer {
    let (range, _) = toc_of(file);
    let mut bytes = [&file[..range.start], toc].concat();
    bytes[32..40].copy_from_slice(&(toc.len() as u64).to_le_bytes());
    bytes[40..48].copy_from_slice(&twox_hash::XxHash3_64::oneshot(toc).to_le_bytes());
    let checksum = twox_hash::XxHash3_64::oneshot(&bytes[..56]);
    bytes[56..64].copy_from_slice(&checksum.to_le_bytes());
    Buffer::from_slice_ref(bytes)
}

/// A trace with something of most kinds: names, arguments, values and missing values, warnings, empty tables.
fn small_trace(num_slices: u32) -> Trace {
    let clock = TraceClock { start_unix_ns: Some(1_700_000_000_000_000_000), file_offset_ns: -5 };
    let mut builder = TraceBuilder { clock, ..TraceBuilder::default() };
    let names: Vec<_> = (0..7).map(|n| builder.strings.intern(&format!("kernel<{n}> ü"))).collect();
    let mut pages = [ArgPageBuilder::default(), ArgPageBuilder::default()];
    let half = num_slices / 2;
    for id in 0..num_slices {
        let page = &mut pages[usize::from(id >= half)];
        page.begin_set();
        page.push("External id", ArgValue::Int(i64::from(id)));
        page.push("grid", ArgValue::Json("[1, 2, 3]"));
        page.end_set();
        builder.slices.push(SliceRow {
            ts: i64::from(id) * 10,
            dur: if id % 5 == 4 { -1 } else { 7 },
            track_id: TrackId(id % 3),
            category: (id % 2 == 0).then_some(names[0]),
            name: names[id as usize % names.len()],
            depth: 0,
            parent_id: None,
            arg_set_id: Some(ArgSetId(id)),
            thread_ts: None,
            thread_dur: None,
            source_offset: i64::from(id) * 100,
        });
    }
    builder.arg_pages = pages.iter_mut().map(ArgPageBuilder::seal).collect();
    builder.counters.push(CounterRow { ts: 3, track_id: TrackId(1), value: f64::NAN, arg_set_id: None });
    builder.warnings.add(WarningKind::BadField, SourceId(0), Some(12), || "grid".to_owned());
    builder.seal()
}

/// Any trace that fits the schema, whatever it means.
fn any_trace() -> impl Strategy<Value = Trace> {
    let texts = prop::collection::vec(".{0,12}", 0..8);
    let clock = (any::<Option<i64>>(), any::<i64>())
        .prop_map(|(start_unix_ns, file_offset_ns)| TraceClock { start_unix_ns, file_offset_ns });
    let num_sets = prop::collection::vec(0usize..5, 0..4);
    let lens = prop::collection::vec(prop_oneof![Just(0usize), 1usize..200], 40);
    (clock, texts, num_sets, lens, any::<u64>()).prop_map(|(clock, texts, num_sets, lens, seed)| {
        let mut strings = Interner::default();
        for text in &texts {
            strings.intern(text);
        }
        let page = |sets: usize| {
            let mut page = ArgPageBuilder::default();
            for set in 0..sets {
                page.begin_set();
                (0..set).for_each(|n| page.push(&format!("key {n}"), ArgValue::Real(n as f64)));
                page.end_set();
            }
            page.seal()
        };
        let args = ArgStore::from_pages(num_sets.into_iter().map(page).collect());
        // SplitMix64: values only have to differ and to be the same for the same seed.
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed ^ (mixed >> 27)
        };
        let empty = TraceBuilder::default().seal();
        let mut lens = lens.into_iter().cycle();
        Trace::from_tables(clock, strings.seal(), args, |name, _| {
            let table = empty.tables().into_iter().find(|table| table.name() == name)?;
            let len = lens.next()?;
            let columns = table.columns().into_iter().zip(table.specs()).map(|(column, spec)| {
                let is_absent = spec.is_nullable && next() % 3 == 0;
                let mut value = || if spec.is_nullable && next() % 4 == 0 { None } else { Some(next()) };
                match column {
                    column if is_absent => column,
                    ColumnData::I64(_) => ColumnData::I64(ScalarBuffer::from_iter(
                        (0..len).map(|_| value().map_or(NULL_I64, u64::cast_signed)),
                    )),
                    ColumnData::U32(_) => ColumnData::U32(ScalarBuffer::from_iter(
                        (0..len).map(|_| value().map_or(NONE, |value| value as u32)),
                    )),
                    ColumnData::F64(_) => ColumnData::F64(ScalarBuffer::from_iter(
                        (0..len).map(|_| value().map_or(f64::NAN, f64::from_bits)),
                    )),
                }
            });
            Some((len, columns.collect()))
        })
        .expect("the columns fit the schema")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_trace_comes_back_as_it_was(trace in any_trace()) {
        let place = Place::new();
        let path = write(&place.key(), &place.location, &trace).expect("the folder is writable");
        let hit = open(&place.key(), &place.location).expect("nothing has changed");
        prop_assert_eq!(&hit.path, &path);
        assert_same(&hit.trace, &trace);
        // A copy of a copy: what was mapped can be written again.
        let again = container::read(&file_of(&hit.trace, &place.key()), Some(&place.key())).expect("it was just written");
        assert_same(&again, &trace);
    }
}

#[test]
fn a_trace_without_anything_comes_back() {
    let place = Place::new();
    let trace = TraceBuilder::default().seal();
    write(&place.key(), &place.location, &trace).expect("the folder is writable");
    assert_same(&open(&place.key(), &place.location).expect("nothing has changed").trace, &trace);
}

#[test]
fn nothing_is_copied_on_opening() {
    let place = Place::new();
    let file = file_of(&small_trace(1000), &place.key());
    let trace = container::read(&file, Some(&place.key())).expect("a good file");
    let within = |bytes: &[u8]| file.as_slice().as_ptr_range().contains(&bytes.as_ptr());
    for table in trace.tables() {
        for (column, spec) in table.columns().iter().zip(table.specs()).filter(|(column, _)| !column.is_empty()) {
            assert!(within(bytes_of(column)), "`{}.{}` was copied", table.name(), spec.name);
            assert_eq!(bytes_of(column).as_ptr() as usize % 64, 0);
        }
    }
    assert!(within(trace.strings.as_array().value_data()));
    assert!(within(trace.strings.as_array().offsets().inner().inner().as_slice()));
    assert!(trace.args.pages().iter().all(|page| within(page.as_buffer().as_slice())));
}

#[test]
fn each_table_is_an_arrow_file_that_others_can_read() {
    let place = Place::new();
    let trace = small_trace(50);
    let file = file_of(&trace, &place.key());
    let (_, toc) = toc_of(&file);
    let magic = b"ARROW1";
    for (table, segment) in trace.tables().into_iter().zip(&toc.segments) {
        let body_end = (segment.body_at + segment.body_len) as usize;
        let before = &file[..segment.body_at as usize];
        let start = before.windows(6).rposition(|window| window == magic).expect("it begins with the magic");
        let end = body_end + file[body_end..].windows(6).position(|window| window == magic).expect("it ends so") + 6;
        let cursor = io::Cursor::new(&file[start..end]);
        let mut reader = arrow_ipc::reader::FileReader::try_new(cursor, None).expect("an Arrow file");
        let batch = reader.next().expect("it has a batch").expect("the batch is whole");
        assert_eq!(batch.num_rows(), table.len(), "{}", table.name());
        for (field, spec) in batch.schema().fields().iter().zip(table.specs()) {
            assert_eq!(field.name(), spec.name);
        }
        if table.name() == "slice" {
            let ts = batch.column(0).as_primitive::<Int64Type>();
            assert_eq!(ts.values(), &trace.slices.ts.values());
        }
    }
}

#[test]
fn columns_without_values_take_no_space() {
    let place = Place::new();
    let num_slices = 20_000;
    let file = file_of(&small_trace(num_slices), &place.key());
    let args: usize = small_trace(num_slices).args.pages().iter().map(|page| page.as_buffer().len()).sum();
    // Five columns of 4 bytes and three of 8 have values; `parent_id`, `thread_ts` and `thread_dur` have none.
    let columns = num_slices as usize * (5 * 4 + 3 * 8);
    let overhead = file.len() - args - columns;
    assert!(overhead < 100_000, "{overhead} bytes beside {columns} of columns and {args} of arguments");
}

#[test]
fn opening_a_large_trace_does_not_look_at_its_columns() {
    let place = Place::new();
    let trace = small_trace(1_000_000);
    let path = write(&place.key(), &place.location, &trace).expect("the folder is writable");
    assert_same(&open(&place.key(), &place.location).expect("nothing has changed").trace, &trace);

    // All columns of all tables and all pages become zeros: whoever looked would notice.
    let bytes = Buffer::from_slice_ref(fs::read(&path).expect("the file exists"));
    let (_, toc) = toc_of(&bytes);
    let mut file = File::options().write(true).open(&path).expect("the file is ours");
    let mut erase = |at: u64, len: u64| {
        file.seek(SeekFrom::Start(at)).expect("the file is ours");
        file.write_all(&vec![0; len as usize]).expect("the file is ours");
    };
    let [tables @ .., _strings] = toc.segments.as_slice() else { panic!("there are tables") };
    tables.iter().for_each(|table| erase(table.body_at, table.body_len));
    toc.arg_pages.iter().for_each(|page| erase(page.at, page.len));
    let hit = open(&place.key(), &place.location).expect("only columns have changed");
    assert_eq!(hit.trace.slices.len(), 1_000_000);
    assert_eq!(hit.trace.slices.ts.values()[999_999], 0);
    assert_eq!(hit.trace.strings.as_array(), trace.strings.as_array());
    // Arguments that are not there any more are none.
    assert_eq!(hit.trace.args.num_sets(), 1_000_000);
    assert_eq!(hit.trace.args.set(ArgSetId(0)).count(), 0);
}

#[test]
fn a_file_that_ends_early_or_late_is_no_cache() {
    let place = Place::new();
    let key = place.key();
    let file = file_of(&small_trace(20), &key);
    container::read(&file, Some(&key)).expect("the whole file is good");
    for cut in 0..file.len() {
        let unusable = container::read(&file.slice_with_length(0, cut), Some(&key)).expect_err("it is cut");
        match unusable {
            Unusable::NotACache => assert!(cut < CACHE_MAGIC.len(), "cut at {cut}"),
            Unusable::Damaged { .. } => assert!(cut >= CACHE_MAGIC.len(), "cut at {cut}"),
            other => panic!("cut at {cut}: {other}"),
        }
    }
    let longer = Buffer::from_slice_ref([file.as_slice(), &[0]].concat());
    assert!(matches!(container::read(&longer, Some(&key)), Err(Unusable::Damaged { .. })));
}

#[test]
fn a_flipped_byte_is_noticed_wherever_opening_looks() {
    let place = Place::new();
    let key = place.key();
    let trace = small_trace(20);
    let mut file = file_of(&trace, &key);
    let (toc_range, toc) = toc_of(&file);
    let bodies = toc.segments.iter().map(|segment| (segment.body_at, segment.body_len));
    let pages = toc.arg_pages.iter().map(|page| (page.at, page.len));
    let contents: Vec<_> = bodies.chain(pages).map(|(at, len)| at as usize..(at + len) as usize).collect();
    for at in 0..file.len() {
        let is_checked = at < 64 || toc_range.contains(&at);
        let is_content = contents.iter().any(|range| range.contains(&at));
        // What nobody checks is most of the file and all alike: a sample of it will do.
        if !is_checked && at % 17 != 0 {
            continue;
        }
        let flip = if at % 2 == 0 { 0x01 } else { 0xff };
        file = flipped(file, at, flip);
        match container::read(&file, Some(&key)) {
            Ok(_) if is_checked => panic!("byte {at} was not noticed"),
            // What nobody checks is either content or for other readers of Arrow files.
            Ok(found) if !is_content => assert_same(&found, &trace),
            Ok(_) => {}
            Err(unusable) => assert!(is_checked || is_content, "byte {at}: {unusable}"),
        }
        file = flipped(file, at, flip);
    }
}

#[test]
fn names_that_are_not_text_are_noticed() {
    let place = Place::new();
    let key = place.key();
    let file = file_of(&small_trace(20), &key);
    let at = file.windows(9).position(|window| window == b"kernel<3>").expect("the name is in the file");
    let file = flipped(file, at, 0xff);
    assert_eq!(
        container::read(&file, Some(&key)).expect_err("the text is broken"),
        Unusable::Damaged { what: "its strings cannot be read".to_owned() }
    );
}

#[test]
fn contents_that_lie_with_right_checksums_do_not_panic() {
    let place = Place::new();
    let key = place.key();
    let file = file_of(&small_trace(20), &key);
    let (toc_range, toc) = toc_of(&file);
    // Lies in what it says, messages included, and about what it says.
    let good = file[toc_range].to_vec();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= [0x01, 0x80, 0xff][at % 3];
        let _ = container::read(&resealed(&file, &bytes), Some(&key));
    }
    for index in 0..toc.segments.len() {
        for change in [
            |segment: &mut Segment| segment.num_rows = u64::MAX,
            |segment: &mut Segment| segment.num_rows += 1,
            |segment: &mut Segment| segment.body_at += 1,
            |segment: &mut Segment| segment.body_at = u64::MAX - 63,
            |segment: &mut Segment| segment.body_len = 0,
            |segment: &mut Segment| segment.message.truncate(40),
            |segment: &mut Segment| segment.is_absent.push(false),
            |segment: &mut Segment| segment.is_absent.iter_mut().for_each(|is_absent| *is_absent ^= true),
        ] {
            let mut toc = toc.clone();
            change(&mut toc.segments[index]);
            let read = container::read(&resealed(&file, &toc.encode()), Some(&key));
            let has_rows = toc.segments[index].num_rows > 1;
            assert!(read.is_err() || !has_rows, "segment {index}");
        }
    }
}

#[test]
fn changed_inputs_and_options_are_not_served() {
    let place = Place::new();
    write(&place.key(), &place.location, &small_trace(3)).expect("the folder is writable");
    let other_options = Key::of_files(std::slice::from_ref(&place.input), "lossy").expect("the input exists");
    assert_eq!(reason(open(&other_options, &place.location)), Unusable::OtherOptions);
    open(&place.key(), &place.location).expect("nothing has changed");

    let file = File::options().write(true).open(&place.input).expect("the input is ours");
    file.set_modified(SystemTime::now() + WARM).expect("the input is ours");
    assert_eq!(reason(open(&place.key(), &place.location)), Unusable::OtherInputs, "touched");

    write(&place.key(), &place.location, &small_trace(3)).expect("the folder is writable");
    open(&place.key(), &place.location).expect("the cache was replaced");
    fs::write(&place.input, b"[ ]").expect("the input is ours");
    assert_eq!(reason(open(&place.key(), &place.location)), Unusable::OtherInputs, "written");
}

#[test]
fn several_inputs_share_a_cache_and_each_keeps_its_own() {
    let place = Place::new();
    let second = place.input.with_file_name("b.json");
    fs::write(&second, b"[]").expect("the folder is ours");
    let both = Key::of_files(&[place.input.clone(), second.clone()], "").expect("the inputs exist");
    let path = write(&both, &place.location, &small_trace(2)).expect("the folder is writable");
    assert_eq!(path, place.input.with_file_name("ranks.kinetoscope-cache"));
    write(&place.key(), &place.location, &small_trace(1)).expect("the folder is writable");
    assert_eq!(open(&both, &place.location).expect("nothing has changed").trace.slices.len(), 2);
    assert_eq!(open(&place.key(), &place.location).expect("nothing has changed").trace.slices.len(), 1);
    let swapped = Key::of_files(&[second, place.input.clone()], "").expect("the inputs exist");
    assert_eq!(reason(open(&swapped, &place.location)), Unusable::OtherInputs);
}

#[test]
fn a_file_of_another_version_or_kind_is_left_alone_and_replaced() {
    let place = Place::new();
    let path = write(&place.key(), &place.location, &small_trace(3)).expect("the folder is writable");
    let good = fs::read(&path).expect("the file exists");
    for (at, expected) in [(8, Unusable::OtherVersion), (16, Unusable::OtherVersion), (0, Unusable::NotACache)] {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        let checksum = twox_hash::XxHash3_64::oneshot(&bytes[..56]);
        bytes[56..64].copy_from_slice(&checksum.to_le_bytes());
        fs::write(&path, bytes).expect("the file is ours");
        assert_eq!(reason(open(&place.key(), &place.location)), expected);
    }
    fs::write(&path, b"").expect("the file is ours");
    assert_eq!(reason(open(&place.key(), &place.location)), Unusable::NotACache);
    write(&place.key(), &place.location, &small_trace(3)).expect("the folder is writable");
    open(&place.key(), &place.location).expect("the cache was replaced");
}

#[test]
fn the_users_folder_takes_over_where_the_input_cannot_have_a_neighbour() {
    let place = Place::new();
    let key = place.key();
    assert!(matches!(open(&key, &place.location), Err(Miss::Absent { .. })));
    place.make_unwritable();
    let nowhere = write(&key, &CacheLocation::default(), &small_trace(3)).expect_err("there is no place");
    assert!(matches!(nowhere, CacheError::Create { .. }), "{nowhere}");
    let path = write(&key, &place.location, &small_trace(3)).expect("the user's folder is writable");
    assert_eq!(Some(&path), key.path_in_user_folder(&place.location).as_ref());
    let hit = open(&key, &place.location).expect("nothing has changed");
    assert_eq!(hit.path, path);
    assert!(matches!(open(&key, &CacheLocation::default()), Err(Miss::Absent { .. })));
}

#[test]
fn the_users_folder_can_be_the_only_one() {
    let place = Place::new();
    let key = place.key();
    let only = CacheLocation { is_user_folder_only: true, ..place.location.clone() };
    write(&key, &place.location, &small_trace(3)).expect("the folder is ours");
    assert!(matches!(open(&key, &only), Err(Miss::Absent { .. })), "the neighbour does not count");
    let path = write(&key, &only, &small_trace(3)).expect("the user's folder is writable");
    assert_eq!(Some(&path), key.path_in_user_folder(&only).as_ref());
    assert_eq!(open(&key, &only).expect("nothing has changed").path, path);
    assert_eq!(place.names_in("traces"), ["a.json", "a.json.kinetoscope-cache"]);
}

#[test]
fn a_cancelled_write_leaves_nothing() {
    let place = Place::new();
    let cancelled = write_unless(&place.key(), &place.location, &small_trace(3), &AtomicBool::new(true));
    assert!(matches!(cancelled, Err(CacheError::Write { .. })), "{cancelled:?}");
    assert_eq!(place.names_in("traces"), ["a.json"]);
}

#[test]
fn a_useless_neighbour_does_not_hide_the_users_folder() {
    let place = Place::new();
    let key = place.key();
    let beside = key.path_beside();
    fs::create_dir(&beside).expect("the folder is ours");
    let path = write(&key, &place.location, &small_trace(3)).expect("the user's folder is writable");
    assert_eq!(Some(path), key.path_in_user_folder(&place.location));
    fs::remove_dir(&beside).expect("the folder is ours");
    fs::write(&beside, b"something else").expect("the folder is ours");
    open(&key, &place.location).expect("the user's folder has it");
    let miss = open(&key, &CacheLocation::default()).expect_err("it is no cache");
    assert_eq!(miss.to_string(), format!("the file has a cache's name and is none: `{}`", beside.display()));
}

#[test]
fn a_cache_file_can_be_opened_by_its_own_path() {
    let place = Place::new();
    let trace = small_trace(3);
    let path = write(&place.key(), &place.location, &trace).expect("the folder is writable");
    let elsewhere = place.folder.path().join("sent to a colleague");
    fs::rename(path, &elsewhere).expect("the folder is ours");
    fs::remove_file(&place.input).expect("the folder is ours");
    assert_same(&open_file(&elsewhere).expect("the file is whole"), &trace);
    assert!(matches!(open_file(&place.input), Err(Miss::Absent { .. })));
    assert!(matches!(open_file(place.folder.path()), Err(Miss::Unusable { .. })));
}

#[test]
fn a_writer_killed_half_way_leaves_nothing_wrong() {
    let place = Place::new();
    let key = place.key();
    // What a killed writer leaves: a partial file that nobody holds.
    let abandoned = place.input.with_file_name(".kinetoscope-dead.partial");
    let whole = file_of(&small_trace(3), &key);
    fs::write(&abandoned, &whole[..whole.len() / 2]).expect("the folder is ours");
    // What a writer at work has: one that is held.
    let held = partial::PartialFile::create(folder::folder_of(&place.input), 0o666).expect("the folder is writable");
    assert!(matches!(open(&key, &place.location), Err(Miss::Absent { .. })));
    assert_eq!(place.names_in("traces").len(), 3, "both partial files and the input");

    write(&key, &place.location, &small_trace(3)).expect("the folder is writable");
    assert!(!abandoned.exists(), "the next writer cleans up");
    let names = place.names_in("traces");
    assert_eq!(names.len(), 3, "{names:?}: the input, its cache, the file of the writer at work");
    held.publish(&place.input.with_file_name("held")).expect("the writer at work was left alone");
    open(&key, &place.location).expect("the cache is whole");
    assert_eq!(place.names_in("traces"), ["a.json", "a.json.kinetoscope-cache", "held"]);
}

#[test]
fn a_mapped_trace_outlives_its_file() {
    let place = Place::new();
    let trace = small_trace(1000);
    write(&place.key(), &place.location, &trace).expect("the folder is writable");
    let hit = open(&place.key(), &place.location).expect("nothing has changed");
    if cfg!(unix) {
        write(&place.key(), &place.location, &small_trace(5)).expect("the folder is writable");
        clear(&place.location, std::slice::from_ref(&place.input)).expect("the files are ours");
    }
    assert_same(&hit.trace, &trace);
}

#[cfg(unix)]
#[test]
fn a_cache_is_no_more_readable_than_its_input() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    fs::set_permissions(&place.input, fs::Permissions::from_mode(0o400)).expect("the input is ours");
    let path = write(&place.key(), &place.location, &small_trace(1)).expect("the folder is writable");
    let mode = fs::metadata(path).expect("the file exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Fills the user's folder with one cache per name, used in this order, and returns their paths.
fn fill(place: &Place, names: &[&str]) -> Vec<PathBuf> {
    let folder = place.folder.path().join("filled");
    let mut keys = Vec::new();
    fs::create_dir_all(&folder).expect("the folder is ours");
    for name in names {
        let input = folder.join(name);
        fs::write(&input, name).expect("the folder is ours");
        keys.push(Key::of_files(&[input], "").expect("the input exists"));
    }
    fs::remove_dir_all(&folder).expect("the folder is ours");
    let mut paths = Vec::new();
    for (age, key) in keys.iter().rev().enumerate() {
        let path = write(key, &place.location, &small_trace(10)).expect("the user's folder is writable");
        let file = File::open(&path).expect("the file exists");
        file.set_modified(SystemTime::now() - WARM * (age as u32 + 1)).expect("the file is ours");
        paths.insert(0, path);
    }
    paths
}

#[test]
fn the_limit_takes_the_longest_unused_first() {
    let place = Place::new();
    let paths = fill(&place, &["oldest", "middle", "newest"]);
    let size = |path: &PathBuf| fs::metadata(path).expect("the file exists").len();
    let (sizes, total) = (paths.iter().map(size).collect::<Vec<_>>(), paths.iter().map(size).sum::<u64>());

    assert_eq!(enforce_limit(&place.location, total).expect("the files are ours"), Removed::default());
    // Opening counts as use: now the middle one is the oldest.
    open_file(&paths[0]).expect("the file is whole");
    let removed = enforce_limit(&place.location, total - 1).expect("the files are ours");
    assert_eq!(removed, Removed { num_files: 1, num_bytes: sizes[1] });
    assert_eq!(paths.iter().map(|path| path.exists()).collect::<Vec<_>>(), [true, false, true]);
    let removed = enforce_limit(&place.location, sizes[0]).expect("the files are ours");
    assert_eq!(removed, Removed { num_files: 1, num_bytes: sizes[2] });
    assert_eq!(enforce_limit(&place.location, 0).expect("the files are ours").num_files, 1);
    assert_eq!(place.names_in("user/kinetoscope").len(), 0);
    assert_eq!(enforce_limit(&CacheLocation::default(), 0).expect("nothing to do"), Removed::default());
}

#[test]
fn the_list_tells_what_each_file_is() {
    let place = Place::new();
    assert!(list(&place.location, &[]).expect("no folder is no caches").is_empty());
    let paths = fill(&place, &["b", "c"]);
    let beside = write(&place.key(), &place.location, &small_trace(1)).expect("the folder is writable");
    fs::write(&paths[0], b"no cache").expect("the file is ours");
    fs::write(paths[1].with_file_name("notes.txt"), b"not ours").expect("the folder is ours");

    let in_user_folder = list(&place.location, &[]).expect("the folder can be read");
    assert_eq!(
        in_user_folder.iter().map(|entry| entry.path.clone()).collect::<Vec<_>>(),
        [paths[0].clone(), paths[1].clone()]
    );
    let folder = place.input.parent().expect("it has a parent").to_owned();
    for paths in [vec![place.input.clone()], vec![folder.clone()], vec![beside.clone()], vec![folder, beside.clone()]] {
        let all = list(&place.location, &paths).expect("the folders can be read");
        assert_eq!(all.len(), 3, "{paths:?}");
        let entry = all.iter().find(|entry| entry.path == beside).expect("the neighbour is listed");
        assert_eq!(entry.inputs, std::slice::from_ref(&place.input));
        assert_eq!(entry.num_bytes, fs::metadata(&beside).expect("the file exists").len());
        assert!(entry.created.is_some_and(|created| created.elapsed().is_ok_and(|age| age < WARM)));
        assert_eq!(entry.unusable, None);
        let broken = all.iter().find(|entry| entry.path != beside && entry.unusable.is_some());
        assert_eq!(broken.map(|entry| entry.inputs.len()), Some(0));
    }
}

#[test]
fn clearing_removes_caches_and_left_overs_and_nothing_else() {
    let place = Place::new();
    let paths = fill(&place, &["b", "c"]);
    let beside = write(&place.key(), &place.location, &small_trace(1)).expect("the folder is writable");
    let notes = paths[0].with_file_name("notes.txt");
    fs::write(&notes, b"not ours").expect("the folder is ours");
    fs::write(paths[0].with_file_name(".kinetoscope-dead.partial"), b"12345").expect("the folder is ours");
    let expected: u64 = paths.iter().map(|path| fs::metadata(path).expect("the file exists").len()).sum();

    let removed = clear(&place.location, &[]).expect("the files are ours");
    assert_eq!(removed, Removed { num_files: 3, num_bytes: expected + 5 });
    assert!(beside.exists() && notes.exists());
    let removed = clear(&place.location, std::slice::from_ref(&place.input)).expect("the files are ours");
    assert_eq!(removed.num_files, 1);
    assert_eq!(place.names_in("traces"), ["a.json"]);
    assert_eq!(clear(&place.location, &[]).expect("nothing to do"), Removed::default());
}
