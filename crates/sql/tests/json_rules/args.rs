//! Arguments: one row per value, whatever they are nested in.

use super::{STATS, check};

/// Everything the `args` table says.
const ARGS: &str = "
    select flat_key, key, int_value, string_value, real_value, value_type, display_value from args order by id";

/// A slice with these arguments.
fn slice_with(args: &str) -> String {
    format!(r#"[{{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": {args}}}]"#)
}

#[test]
fn every_type_of_value_has_its_column() {
    check(
        &slice_with(r#"{"i": -7, "s": "text", "r": 2.5, "t": true, "f": false}"#),
        ARGS,
        r#"
        "flat_key","key","int_value","string_value","real_value","value_type","display_value"
        "args.i","args.i",-7,"[NULL]","[NULL]","int","-7"
        "args.s","args.s","[NULL]","text","[NULL]","string","text"
        "args.r","args.r","[NULL]","[NULL]",2.500000,"real","2.5"
        "args.t","args.t",1,"[NULL]","[NULL]","bool","true"
        "args.f","args.f",0,"[NULL]","[NULL]","bool","false"
        "#,
    );
}

#[test]
fn objects_are_flattened_with_dots() {
    check(
        &slice_with(r#"{"a": {"b": {"c": 1}, "d": "x"}}"#),
        "select flat_key, key, display_value from args order by id",
        r#"
        "flat_key","key","display_value"
        "args.a.b.c","args.a.b.c","1"
        "args.a.d","args.a.d","x"
        "#,
    );
}

#[test]
fn arrays_are_flattened_with_places_in_the_key_only() {
    check(
        &slice_with(r#"{"grid": [4, 1, 2], "Input Dims": [[2, 3], [5]], "o": [{"x": 1}, {"x": 2}]}"#),
        "select flat_key, key, int_value from args order by id",
        r#"
        "flat_key","key","int_value"
        "args.grid","args.grid[0]",4
        "args.grid","args.grid[1]",1
        "args.grid","args.grid[2]",2
        "args.Input Dims","args.Input Dims[0][0]",2
        "args.Input Dims","args.Input Dims[0][1]",3
        "args.Input Dims","args.Input Dims[1][0]",5
        "args.o.x","args.o[0].x",1
        "args.o.x","args.o[1].x",2
        "#,
    );
}

#[test]
fn nulls_and_empty_containers_give_no_row_and_keep_their_place() {
    check(
        &slice_with(r#"{"n": null, "o": {}, "l": [], "dims": [[], [7], null, 8], "deep": {"x": {}, "y": [[], {}]}}"#),
        &format!("select key, int_value from args order by id; {STATS}"),
        r#"
        "key","int_value"
        "args.dims[1][0]",7
        "args.dims[3]",8

        "name","severity","value"
        "#,
    );
}

#[test]
fn blanks_dots_and_signs_in_names_stay() {
    check(
        &slice_with(
            r#"{"External id": 1, "Collective name": "allreduce", "est. achieved occupancy %": 50, "a.b": 2, "": 3}"#,
        ),
        "select key, display_value from args order by id;
        select extract_arg(arg_set_id, 'args.External id') as external_id,
            extract_arg(arg_set_id, 'args.est. achieved occupancy %') as occupancy,
            extract_arg(arg_set_id, 'args.a.b') as dotted
        from slice",
        r#"
        "key","display_value"
        "args.External id","1"
        "args.Collective name","allreduce"
        "args.est. achieved occupancy %","50"
        "args.a.b","2"
        "args.","3"

        "external_id","occupancy","dotted"
        1,50,2
        "#,
    );
}

#[test]
fn values_are_found_by_their_key() {
    check(
        &slice_with(r#"{"a": {"b": [10, {"c": "x"}]}, "n": 1.5, "t": true}"#),
        "select extract_arg(arg_set_id, 'args.a.b[0]') as a, extract_arg(arg_set_id, 'args.a.b[1].c') as c,
            extract_arg(arg_set_id, 'args.n') as n, extract_arg(arg_set_id, 'args.t') as t,
            extract_arg(arg_set_id, 'args.none') as none
        from slice",
        r#"
        "a","c","n","t","none"
        10,"x",1.500000,1,"[NULL]"
        "#,
    );
}

#[test]
fn args_keep_the_order_of_the_file() {
    check(
        &slice_with(r#"{"z": 1, "a": 2, "m": {"y": 3, "b": 4}, "c": 5}"#),
        "select key from args order by id",
        r#"
        "key"
        "args.z"
        "args.a"
        "args.m.y"
        "args.m.b"
        "args.c"
        "#,
    );
}

/// In Perfetto the largest of these comes out as -1.0.
#[test]
fn whole_numbers_of_64_bits_are_exact() {
    check(
        &slice_with(
            r#"{"min": -9223372036854775808, "max": 9223372036854775807, "odd": 9007199254740993,
                "above": 9223372036854775808, "unsigned": 18446744073709551615}"#,
        ),
        "select key, value_type, display_value from args order by id;
        select key, int_value from args where value_type = 'int' order by id",
        r#"
        "key","value_type","display_value"
        "args.min","int","-9223372036854775808"
        "args.max","int","9223372036854775807"
        "args.odd","int","9007199254740993"
        "args.above","uint","9223372036854775808"
        "args.unsigned","uint","18446744073709551615"

        "key","int_value"
        "args.min",-9223372036854775808
        "args.max",9223372036854775807
        "args.odd",9007199254740993
        "#,
    );
}

#[test]
fn numbers_beyond_64_bits_and_with_fractions_are_real() {
    check(
        &slice_with(r#"{"big": 100000000000000000000, "exponent": 1e3, "negative": -0.125, "whole": 2.0}"#),
        "select key, real_value, value_type from args order by id",
        r#"
        "key","real_value","value_type"
        "args.big",100000000000000000000.000000,"real"
        "args.exponent",1000.000000,"real"
        "args.negative",-0.125000,"real"
        "args.whole",2.000000,"real"
        "#,
    );
}

/// Perfetto drops such an arg and all that follow it.
#[test]
fn numbers_that_json_does_not_know_are_kept_and_counted() {
    check(
        &slice_with(r#"{"nan": NaN, "inf": Infinity, "minus": -Infinity, "after": 1}"#),
        &format!("select key, value_type, display_value from args order by id; {STATS}"),
        r#"
        "key","value_type","display_value"
        "args.nan","real","NaN"
        "args.inf","real","inf"
        "args.minus","real","-inf"
        "args.after","int","1"

        "name","severity","value"
        "json_non_finite_number","notice",1
        "#,
    );
}

#[test]
fn texts_in_args_are_unescaped() {
    check(
        &slice_with(r#"{"k\"ey": "a\nb\u00e9", "list": ["x\\y", "\ud83d\ude00"]}"#),
        "select key, string_value from args order by id",
        "
        \"key\",\"string_value\"
        \"args.k\"ey\",\"a
        bé\"
        \"args.list[0]\",\"x\\y\"
        \"args.list[1]\",\"😀\"
        ",
    );
}

#[test]
fn args_of_another_type_are_counted() {
    check(
        r#"[
            {"ph": "X", "name": "text", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": "text"},
            {"ph": "X", "name": "list", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": [1, 2]},
            {"ph": "X", "name": "null", "pid": 1, "tid": 1, "ts": 5, "dur": 1, "args": null},
            {"ph": "X", "name": "empty", "pid": 1, "tid": 1, "ts": 7, "dur": 1, "args": {}}
        ]"#,
        &format!("select name from slice order by id; select count(*) as args from args; {STATS}"),
        r#"
        "name"
        "text"
        "list"
        "null"
        "empty"

        "args"
        0

        "name","severity","value"
        "json_bad_field","error",2
        "#,
    );
}

/// Perfetto drops the rest of the args and says nothing of it.
#[test]
fn an_event_with_damaged_args_keeps_what_stands_before_the_damage_and_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": {"ok": 1, "bad": oops, "lost": 2}},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": {"ok": 3}}
        ]"#,
        &format!("select name from slice order by id; select key, int_value from args order by id; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "key","int_value"
        "args.ok",1
        "args.ok",3

        "name","severity","value"
        "json_bad_field","error",1
        "#,
    );
}

#[test]
fn deeply_nested_args_are_kept() {
    let depth = 2_000;
    let args = format!(r#"{{"deep": {}1{}, "after": 2}}"#, "[".repeat(depth), "]".repeat(depth));
    check(
        &slice_with(&args),
        "select count(*) as rows from args; select int_value from args where key = 'args.after'",
        r#"
        "rows"
        2

        "int_value"
        2
        "#,
    );
}

#[test]
fn args_of_instants_counters_and_async_events_are_kept_with_their_slices() {
    check(
        r#"[
            {"ph": "i", "name": "i", "pid": 1, "tid": 1, "ts": 1, "args": {"k": 1}},
            {"ph": "i", "name": "p", "pid": 1, "tid": 1, "ts": 2, "s": "p", "args": {"k": 2}},
            {"ph": "i", "name": "g", "pid": 1, "tid": 1, "ts": 3, "s": "g", "args": {"k": 3}},
            {"ph": "n", "name": "n", "cat": "c", "id": 1, "pid": 1, "tid": 1, "ts": 4, "args": {"k": 4}}
        ]"#,
        "select name, extract_arg(arg_set_id, 'args.k') as k from slice order by id",
        r#"
        "name","k"
        "i",1
        "p",2
        "g",3
        "n",4
        "#,
    );
}
