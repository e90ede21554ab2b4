//! What a timeline asks for: levels of detail, the rows that slices are drawn in, what is innermost, drawings.

use kinetoscope_sql::Session;
use kinetoscope_sql::format::Format;

use super::drawn::{csv, print_as};
use super::views::session_of;

/// Two threads; times in microseconds.
///
/// ```text
/// 1  A ──────────────────────        C ─────     2       D ──────────────
///       B ────                                              E ───
///    0  10  20              100      200 250             50 60  70      120
/// ```
const TRACE: &str = r#"[
{"ph":"X","name":"A","pid":1,"tid":1,"ts":0,"dur":100},
{"ph":"X","name":"B","pid":1,"tid":1,"ts":10,"dur":10},
{"ph":"X","name":"D","pid":1,"tid":2,"ts":50,"dur":70},
{"ph":"X","name":"E","pid":1,"tid":2,"ts":60,"dur":10},
{"ph":"X","name":"C","pid":1,"tid":1,"ts":200,"dur":50}]"#;

fn session() -> Session {
    session_of(TRACE)
}

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

/// What a script is told is wrong.
fn message(script: &str) -> String {
    print_as(&session(), Format::Csv, script).expect_err("an error").to_string()
}

const SLICES: &str = "create perfetto table s as \
    with t(id, ts, dur, depth) as (values (3, 22, 4, 1), (0, 0, 10, 0), (1, 20, 15, 0), (2, 60, 5, 0), (4, -20, 30, 0), \
    (5, -20, 5, 0)) select * from t; ";

#[test]
fn a_bucket_shows_the_longest_slice_of_each_depth() {
    let shown = |window: &str| {
        rows(&format!(
            "{SLICES} create virtual table m using __intrinsic_slice_mipmap((select id, ts, dur, depth from s)); \
              select id, ts, dur, depth, count from m{window}"
        ))
    };
    assert_eq!(shown("(0, 100, 50)"), ["4,-20,30,0,3", "2,60,5,0,1", "3,22,4,1,1"]);
    // The window ends before what begins at its end, and what ended before it is not there.
    assert_eq!(shown("(0, 60, 50)"), ["4,-20,30,0,3", "3,22,4,1,1"]);
    assert_eq!(shown("(10, 60, 10)"), ["1,20,15,0,1", "3,22,4,1,1"]);
    assert_eq!(shown("(200, 300, 10)"), Vec::<String>::new());
    // A table by its name, and one without rows.
    assert_eq!(
        rows(&format!(
            "{SLICES} create virtual table m using __intrinsic_slice_mipmap(s); select count(*) from m(0, 9, 1)"
        )),
        ["1"]
    );
    assert_eq!(
        rows(
            "create virtual table m using __intrinsic_slice_mipmap((select id, ts, dur, depth from slice where id < 0)); \
              select count(*) from m(0, 9, 1)"
        ),
        ["0"]
    );
}

#[test]
fn a_bucket_of_a_counter_shows_its_lowest_highest_and_last_value() {
    const COUNTER: &str = "create virtual table c using __intrinsic_counter_mipmap((\
        with t(ts, value) as (values (60, 3), (-5, 7), (10, 1), (20, 5), (-9, 100)) select ts, value from t)); ";
    assert_eq!(
        rows(&format!("{COUNTER} select min_value, max_value, last_ts, last_value from c(0, 100, 50)")),
        ["1.000000,7.000000,20,5.000000", "3.000000,3.000000,60,3.000000"]
    );
    // Where nothing changes, the value before holds.
    assert_eq!(rows(&format!("{COUNTER} select * from c(30, 40, 5)")), ["5.000000,5.000000,20,5.000000"]);
    assert_eq!(rows(&format!("{COUNTER} select * from c(-100, -50, 5)")), Vec::<String>::new());
}

#[test]
fn wrong_mipmaps_say_what_is_wrong() {
    assert!(
        message(&format!(
            "{SLICES} create virtual table m using __intrinsic_slice_mipmap(s); select * from m(0, 9, 0)"
        ))
        .contains("buckets of length 0 are not above 0")
    );
    assert!(message("create virtual table m using __intrinsic_slice_mipmap((select 1 as id))").contains("ts"));
    assert!(message("create virtual table m using __intrinsic_slice_mipmap()").contains("expected"));
    assert!(
        message(&format!(
            "{SLICES} create virtual table m using __intrinsic_slice_mipmap(s); \
          create virtual table m using __intrinsic_slice_mipmap(s)"
        ))
        .contains("exists already")
    );
}

#[test]
fn trees_of_several_tracks_are_packed_into_rows() {
    let layout = |tracks: &str| {
        rows(&format!("select name, layout_depth from experimental_slice_layout('{tracks}') order by name"))
    };
    // D begins while A is there, so it and E go below A and B; C comes when the first row is free again.
    assert_eq!(layout("0,1"), ["\"A\",0", "\"B\",1", "\"C\",0", "\"D\",2", "\"E\",3"]);
    assert_eq!(layout("0, 1"), layout("0,1"));
    assert_eq!(layout("1"), ["\"D\",0", "\"E\",1"]);
    assert_eq!(layout(""), Vec::<String>::new());
    // A tree of one row fits between two that are two rows apart.
    let session = session_of(
        r#"[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":10},{"ph":"X","name":"b","pid":1,"tid":2,"ts":1,"dur":50},
        {"ph":"X","name":"c","pid":1,"tid":3,"ts":20,"dur":9},{"ph":"X","name":"d","pid":1,"tid":4,"ts":30,"dur":9},
        {"ph":"X","name":"e","pid":1,"tid":4,"ts":31,"dur":1}]"#,
    );
    assert_eq!(
        csv(&session, "select name, layout_depth from experimental_slice_layout('0,1,2,3') order by name"),
        "\"name\",\"layout_depth\"\n\"a\",0\n\"b\",1\n\"c\",0\n\"d\",2\n\"e\",3\n"
    );
}

#[test]
fn flat_slices_have_rows_for_what_is_between() {
    assert_eq!(
        rows("select track_id, ts, dur, name from experimental_flat_slice(5000, 110000)"),
        [
            "0,5000,5000,\"A\"",
            "0,10000,10000,\"B\"",
            "0,20000,80000,\"A\"",
            "0,100000,10000,\"[NULL]\"",
            "1,5000,45000,\"[NULL]\"",
            "1,50000,10000,\"D\"",
            "1,60000,10000,\"E\"",
            "1,70000,40000,\"D\"",
        ]
    );
}

#[test]
fn buckets_of_time_are_counted_from_zero() {
    const MODULE: &str = "include perfetto module intervals.mipmap; ";
    assert_eq!(
        rows(&format!(
            "{MODULE} select _mipmap_bucket!(25, 10), _mipmap_bucket!(30, 10), _mipmap_bucket!(-1, 10), _mipmap_bucket!(5 + 6, 10)"
        )),
        ["20,30,-10,10"]
    );
    assert_eq!(
        rows(&format!("{MODULE} select * from _mipmap_buckets!((select 7 as id, -5 as ts, 20 as dur), 10)")),
        ["7,-5,5,-10", "7,0,10,0", "7,10,5,10"]
    );
    assert_eq!(
        rows(&format!("{MODULE} select * from _mipmap_buckets!((select 7 as id, 12 as ts, 0 as dur), 10)")),
        ["7,12,0,10"]
    );
    assert_eq!(
        rows(&format!(
            "{MODULE} select * from _mipmap_bucket_durations!(\
              (select 1 as id, 0 as ts, 15 as dur union all select 2, 5, 10), 10) order by 1"
        )),
        ["0,15,2", "10,10,2"]
    );
}

#[test]
fn slices_are_added_up_along_their_ancestors() {
    assert_eq!(
        rows(
            "include perfetto module viz.slices; select name, parent_id, self_dur, self_count \
              from _viz_slice_ancestor_agg!((select id, 4000 as dur from slice where name in ('B', 'C')), slice) order by id"
        ),
        ["\"A\",\"[NULL]\",96000,0", "\"B\",0,4000,1", "\"C\",\"[NULL]\",4000,1"]
    );
    assert_eq!(
        rows(
            "include perfetto module viz.slices; include perfetto module viz.threads; \
              select name, tid, pid, depth from _viz_slices_for_ui_table where name in ('B', 'D') order by name"
        ),
        ["\"B\",1,1,1", "\"D\",2,1,0"]
    );
    assert_eq!(
        rows(
            "include perfetto module viz.threads; select tid, is_kernel_thread from _threads_with_kernel_flag order by tid"
        ),
        ["1,0", "2,0"]
    );
}

#[test]
fn drawings_are_svg() {
    const MODULE: &str = "include perfetto module export.to_svg; ";
    let slices = rows(&format!(
        "{MODULE} select svg from export_slices_to_svg!((\
          select 0 as ts, 20 as dur, 0 as depth, 'a<b' as name union all select 10, 5, 1, null))"
    ));
    let [svg] = slices.as_slice() else { panic!("one row: {slices:?}") };
    let svg = svg.trim_matches('"');
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 40\"") && svg.ends_with("</svg>")
    );
    for part in [
        "<title>a&lt;b (20 ns)</title><rect x=\"0.000\" y=\"0\" width=\"1000.000\" height=\"18\"",
        "y=\"13\">a&lt;b</text>",
        "<title> (5 ns)</title><rect x=\"500.000\" y=\"20\" width=\"250.000\"",
    ] {
        assert!(svg.contains(part), "{part} in {svg}");
    }
    assert_eq!(svg.matches("<g>").count(), 2);
    assert_eq!(svg.matches("</g>").count(), 2);
    let states = rows(&format!(
        "{MODULE} select svg from export_states_to_svg!((select 0 as ts, 30 as dur, 'Running' as state union all select 30, 10, 'S'))"
    ));
    assert!(states[0].contains("<title>S (10 ns)</title><rect x=\"750.000\" y=\"0\" width=\"250.000\""), "{states:?}");
    let counter = rows(&format!(
        "{MODULE} select svg from export_counter_to_svg!((select 0 as ts, 10 as dur, 4 as value union all select 10, 10, -1))"
    ));
    // The picture goes from -1 to 4: a bar of 4 begins at the top, one of -1 has no height.
    assert!(
        counter[0].contains("<title>4.0</title><rect x=\"0.000\" y=\"0.000\" width=\"500.000\" height=\"100.000\"")
    );
    assert!(
        counter[0].contains("<title>-1.0</title><rect x=\"500.000\" y=\"100.000\" width=\"500.000\" height=\"0.000\"")
    );
    let nothing = rows(&format!("{MODULE} select svg from export_slices_to_svg!((select * from slice where id < 0))"));
    assert!(nothing[0].contains("viewBox=\"0 0 1000 0\"") && !nothing[0].contains("<g>"), "{nothing:?}");
}
