//! Flame graphs: `__intrinsic_flamegraph`.

use super::drawn::{csv, error, session};

/// ```text
/// main ─ run ─ mm 5
///      │     └ copy 2
///      └ run ─ mm 3      (another call of run)
/// main ─ copy 4          (another call of main)
/// ```
const FRAMES: &str = "create perfetto table frames as with x(id, parent_id, name, value, line) as (values \
    (0, null, 'main', 0, 1), (1, 0, 'run', 0, 2), (2, 1, 'mm', 5, 3), (3, 1, 'copy', 2, 4), \
    (4, 0, 'run', 1, 5), (5, 4, 'mm', 3, 6), (6, null, 'main', 0, 7), (7, 6, 'copy', 4, 8)) select * from x;";

/// Depth, name and values of the graph with these settings.
fn graph(settings: &str) -> Vec<String> {
    let config =
        if settings.is_empty() { String::new() } else { format!(", __intrinsic_flamegraph_config({settings})") };
    let script = format!(
        "{FRAMES} select depth || ' ' || name || ' ' || self_value || ' ' || cumulative_value || ' ' || \
         parent_cumulative_value || ' ' || x_start || '-' || x_end from __intrinsic_flamegraph(frames{config})"
    );
    csv(&session(), &script).lines().skip(1).map(|line| line.trim_matches('"').to_owned()).collect()
}

#[test]
fn frames_are_merged_from_the_top_down() {
    let expected =
        ["1 main 0 15 15 0-15", "2 run 1 11 15 0-11", "3 mm 8 8 11 0-8", "3 copy 2 2 11 8-10", "2 copy 4 4 15 11-15"];
    assert_eq!(graph(""), expected);
    assert_eq!(graph("'view', 'TOP_DOWN'"), expected);
    let script = format!("{FRAMES} select * from __intrinsic_flamegraph((select * from frames where id < 2))");
    assert_eq!(
        csv(&session(), &script),
        "\"id\",\"parent_id\",\"depth\",\"name\",\"self_value\",\"cumulative_value\",\"parent_cumulative_value\",\
         \"x_start\",\"x_end\"\n0,\"[NULL]\",1,\"main\",0,0,0,0,0\n1,0,2,\"run\",0,0,0,0,0\n"
    );
}

#[test]
fn frames_are_merged_from_the_bottom_up() {
    assert_eq!(
        graph("'view', 'BOTTOM_UP'"),
        [
            "1 mm 0 8 15 0-8",
            "2 run 0 8 8 0-8",
            "3 main 8 8 8 0-8",
            "1 copy 0 6 15 8-14",
            "2 main 4 4 6 8-12",
            "2 run 0 2 6 12-14",
            "3 main 2 2 2 12-14",
            "1 run 0 1 15 14-15",
            "2 main 1 1 1 14-15",
        ]
    );
}

#[test]
fn a_pivot_has_callees_below_and_callers_above() {
    assert_eq!(
        graph("'pivot', '^run$'"),
        ["1 run 1 11 11 0-11", "2 mm 8 8 11 0-8", "2 copy 2 2 11 8-10", "-1 main 11 11 11 0-11"]
    );
    assert_eq!(
        graph("'pivot', 'copy'"),
        ["1 copy 6 6 6 0-6", "-1 main 4 4 6 0-4", "-1 run 0 2 6 4-6", "-2 main 2 2 2 4-6",]
    );
}

#[test]
fn stacks_and_frames_are_filtered() {
    // Only what goes through run.
    assert_eq!(
        graph("'show_stack', '^run$'"),
        ["1 main 0 11 11 0-11", "2 run 1 11 11 0-11", "3 mm 8 8 11 0-8", "3 copy 2 2 11 8-10"]
    );
    // Two patterns are both wanted.
    assert_eq!(
        graph("'show_stack', '^run$', 'show_stack', 'copy'"),
        ["1 main 0 2 2 0-2", "2 run 0 2 2 0-2", "3 copy 2 2 2 0-2"]
    );
    assert_eq!(graph("'hide_stack', 'run'"), ["1 main 0 4 4 0-4", "2 copy 4 4 4 0-4"]);
    // What is above goes, and stacks that never come there.
    assert_eq!(graph("'show_from_frame', 'run'"), ["1 run 1 11 11 0-11", "2 mm 8 8 11 0-8", "2 copy 2 2 11 8-10"]);
    // What it is worth goes to the frame above.
    assert_eq!(graph("'hide_frame', 'run'"), ["1 main 1 15 15 0-15", "2 mm 8 8 15 0-8", "2 copy 6 6 15 8-14"]);
    assert_eq!(graph("'hide_stack', ''"), Vec::<String>::new());
}

#[test]
fn frames_are_kept_apart_and_columns_summed_up() {
    let with = |settings: &str, columns: &str| {
        let script = format!(
            "{FRAMES} select {columns} from __intrinsic_flamegraph((select *, line % 2 as odd from frames where name != 'copy'), \
             __intrinsic_flamegraph_config({settings})) order by id"
        );
        csv(&session(), &script).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        with("'group_by', '(odd)'", "name, odd, cumulative_value"),
        ["\"main\",1,9", "\"run\",0,5", "\"mm\",1,5", "\"run\",1,4", "\"mm\",0,3"]
    );
    assert_eq!(
        with("'sum', '(line)', 'concat_with_comma', '(value)', 'one_or_summary', '(odd)'", "name, line, value, odd"),
        [
            "\"main\",8.000000,\"0\",\"1\"",
            "\"run\",7.000000,\"0,1\",\"0 and 1 others\"",
            "\"mm\",9.000000,\"3,5\",\"0 and 1 others\""
        ]
    );
}

#[test]
fn a_table_may_be_given_as_a_text() {
    let graph = |table: &str| {
        csv(
            &session(),
            &format!("{FRAMES} select name, cumulative_value from __intrinsic_flamegraph({table}) where depth = 2"),
        )
    };
    let expected = "\"name\",\"cumulative_value\"\n\"run\",11\n\"copy\",4\n";
    for table in [
        "frames",
        "'frames'",
        "'SELECT id, parent_id, name, value FROM frames'",
        "'select * from frames', __intrinsic_flamegraph_config('view', 'TOP_DOWN')",
    ] {
        assert_eq!(graph(table), expected, "{table}");
    }
    assert!(
        error("select * from __intrinsic_flamegraph('select from from')")
            .to_string()
            .contains("__intrinsic_flamegraph")
    );
    assert!(error("select * from __intrinsic_flamegraph('nowhere')").to_string().contains("no such table: `nowhere`"));
}

#[test]
fn slices_are_frames() {
    assert_eq!(
        csv(
            &session(),
            "include perfetto module slices.self_dur; \
             select name, self_value, cumulative_value from __intrinsic_flamegraph((select s.id, s.parent_id, s.name, d.self_dur as value \
             from slice s join slice_self_dur d on d.id = s.id where s.track_id = 0)) where cumulative_value > 0"
        ),
        "\"name\",\"self_value\",\"cumulative_value\"\n\"aten::mm\",450,500\n\"cudaLaunchKernel\",50,50\n"
    );
    // Real values are laid out too.
    assert_eq!(
        csv(
            &session(),
            "select x_end from __intrinsic_flamegraph((select 0 as id, null as parent_id, 'a' as name, 1.5 as value))"
        ),
        "\"x_end\"\n1.500000\n"
    );
}

#[test]
fn wrong_settings_are_named() {
    let with = |settings: &str| {
        error(&format!(
            "{FRAMES}\nselect * from __intrinsic_flamegraph(frames, __intrinsic_flamegraph_config({settings}))"
        ))
    };
    assert!(with("'colour', 'red'").to_string().starts_with("a flame graph has no setting `colour`: it has view,"));
    assert!(with("'view', 'SIDEWAYS'").to_string().contains("`SIDEWAYS`"));
    assert!(with("'pivot', '('").to_string().starts_with("`(` is no pattern"), "{}", with("'pivot', '('"));
    let report = error(&format!("{FRAMES}\nselect * from __intrinsic_flamegraph((select 1 as id))")).report();
    assert_eq!(
        report,
        "no such column: `the frames.value`\nline 2: select * from __intrinsic_flamegraph((select 1 as id))\n                      ^^^^^^^^^^^^^^^^^^^^^^"
    );
}
