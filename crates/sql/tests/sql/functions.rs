//! Perfetto's functions: what each gives, by its definition, and what it says to arguments that it cannot take.

use std::sync::Arc;

use kinetoscope_model::table::MetadataRow;
use kinetoscope_model::{SourceId, TraceBuilder, TraceClock};

use super::drawn::{csv, error, session, session_over};

const NULL: &str = "\"[NULL]\"";

fn check(cases: &[(&str, &str)]) {
    let session = session();
    for (expression, expected) in cases {
        let printed = csv(&session, &format!("select {expression} as x"));
        assert_eq!(printed, format!("\"x\"\n{expected}\n"), "{expression}");
    }
}

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn regular_expressions_are_matched_and_taken_apart() {
    check(&[
        ("regexp('b+', 'abbc')", "1"),
        ("regexp('B+', 'abbc')", "0"),
        ("regexp('B+', 'abbc', 'i')", "1"),
        ("regexp('B+', 'abbc', 'c')", "0"),
        // The later flag wins.
        ("regexp('B+', 'abbc', 'ic')", "0"),
        ("regexp(null, 'a', 'i')", NULL),
        ("regexp('a', null, 'i')", NULL),
        ("regexp_extract('grid=(4, 1)', '\\d')", "\"4\""),
        ("regexp_extract('grid=(4, 1)', 'grid=\\((\\d+)')", "\"4\""),
        ("regexp_extract('abc', 'x')", NULL),
        ("regexp_extract('abc', 'a(x)?b')", NULL),
        ("regexp_extract(null, 'a')", NULL),
        ("regexp_replace_simple('a1b22c', '\\d+', '#')", "\"a#b#c\""),
        // What replaces means itself.
        ("regexp_replace_simple('ab', '(a)', '$1$1')", "\"$1$1b\""),
        ("regexp_replace_simple('ab', 'x', null)", NULL),
    ]);
    assert_eq!(rows("select regexp_extract(name, 'aten::(.*)') from slice where id < 2"), ["\"mm\"", NULL]);
    assert_eq!(rows("select id from slice where regexp('GEMM', name, 'i')"), ["2"]);
    assert_eq!(
        error("select regexp_extract('abc', '(a)(b)')").to_string(),
        "regexp_extract takes a pattern with at most one group, not 2"
    );
    assert_eq!(error("select regexp_extract('abc', '(')").to_string(), "`(` is no regular expression: unclosed group");
    assert_eq!(error("select regexp('a', 'b', 'x')").to_string(), "regexp knows the flags `i` and `c`, not `x`");
}

#[test]
fn texts_are_split_turned_and_coded() {
    check(&[
        ("str_split('a;b;;c', ';', 0)", "\"a\""),
        ("str_split('a;b;;c', ';', 2)", "\"\""),
        ("str_split('a;b;;c', ';', 4)", NULL),
        ("str_split('a--b', '--', 1)", "\"b\""),
        ("str_split(null, ';', 0)", NULL),
        ("reverse('aé1')", "\"1éa\""),
        ("unhex('0x1F')", "31"),
        ("unhex('ff')", "255"),
        // All 64 bits, as a number with a sign.
        ("unhex('0xffffffffffffffff')", "-1"),
        ("unhex('0x1ffffffffffffffff')", NULL),
        ("unhex('0x')", NULL),
        ("unhex('xyz')", NULL),
        ("unhex(null)", NULL),
        ("hex(unhex('61-62', '-'))", "\"6162\""),
        ("base64_encode('hello')", "\"aGVsbG8=\""),
        ("base64_encode(X'fbff')", "\"+/8=\""),
        ("hex(base64_decode('+/8='))", "\"FBFF\""),
        ("base64_decode('*')", NULL),
        ("__intrinsic_strip_hex('copy_1f3a at 12', 3)", "\"copy_<num> at 12\""),
        ("__intrinsic_strip_hex('copy_1f3a at 12', 1)", "\"copy_<num> at <num>\""),
    ]);
    assert_eq!(error("select str_split('a', '', 0)").to_string(), "str_split needs a delimiter that is not empty");
    assert_eq!(error("select str_split('a', ';', -1)").to_string(), "str_split counts parts from 0, and -1 is less");
}

#[test]
fn hashes_follow_fnv_1a() {
    // The published value of the text `a`, and one worked out by the definition: offset xor byte, times prime, for the
    // eight bytes of 1.
    let of_one = (1_i64.to_le_bytes().iter())
        .fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    check(&[
        ("hash('a')", &(0xaf63_dc4c_8601_ec8c_u64 as i64).to_string()),
        ("hash(1)", &(of_one as i64).to_string()),
        ("hash('a', 'b') = hash('ab')", "1"),
        ("hash(1, 2) = hash(2, 1)", "0"),
    ]);
    for (argument, kind) in [("null", "null"), ("1.5", "a real number"), ("X'00'", "a blob")] {
        assert_eq!(
            error(&format!("select hash('a', {argument})")).to_string(),
            format!("hash takes whole numbers and texts, and argument 2 is {kind}")
        );
    }
    assert_eq!(error("select hash()").to_string(), "hash takes at least 1 arguments, not 0");
}

#[test]
fn names_of_cplusplus_are_demangled() {
    check(&[
        ("demangle('_Z3fooid')", "\"foo(int, double)\""),
        ("demangle('_ZN2at6native4copyIfEEvPKT_')", "\"void at::native::copy<float>(float const*)\""),
        ("demangle('foo')", NULL),
        ("demangle('i')", NULL),
        ("demangle('_Z')", NULL),
        ("demangle(null)", NULL),
    ]);
}

#[test]
fn mathematics_gives_null_for_what_is_no_number() {
    check(&[
        ("ln(1)", "0.000000"),
        ("ln(-1)", NULL),
        ("ln('as')", NULL),
        ("ln('1')", "0.000000"),
        ("ln(null)", NULL),
        ("exp(0)", "1.000000"),
        ("exp('x')", NULL),
        ("sqrt(9)", "3.000000"),
        ("sqrt(-1)", NULL),
        ("ceil(1.2)", "2.000000"),
        ("ceil(3)", "3"),
        ("floor(-1.2)", "-2.000000"),
        ("trunc(-1.8)", "-1.000000"),
        ("mod(7.5, 2)", "1.500000"),
        ("mod(7, 0)", NULL),
        ("pow(2, 10)", "1024.000000"),
        ("power(-8, 0.5)", NULL),
        ("log(1000)", "3.000000"),
        ("log(2, 8)", "3.000000"),
        ("log2(0.5)", "-1.000000"),
        ("log10(0)", NULL),
        ("degrees(pi())", "180.000000"),
        ("radians(90) * 2", "3.141593"),
        ("atan2(0, -1)", "3.141593"),
        ("acos(2)", NULL),
    ]);
}

#[test]
fn times_are_converted_without_a_module() {
    check(&[
        ("time_from_ns(5)", "5"),
        ("time_from_us(5)", "5000"),
        ("time_from_min(2)", "120000000000"),
        ("time_from_days(1)", "86400000000000"),
        ("time_to_us(1999)", "1"),
        ("time_to_hours(7200000000000)", "2"),
        ("abs_time_str(5)", NULL),
        ("to_realtime(5)", NULL),
        ("to_monotonic(5)", NULL),
    ]);
    assert_eq!(rows("include perfetto module time.conversion; select time_to_s(time_from_s(3))"), ["3"]);
    // A second after a start in wall time, where the file's own clock begins at 1000.
    let clock = TraceClock { start_unix_ns: Some(1_000_000_000_000_000_000), file_offset_ns: 1000 };
    let session = session_over(Arc::new(TraceBuilder { clock, ..TraceBuilder::default() }.seal()));
    // 10^9 seconds after 1970 were over on the 9th of September 2001 at 1:46:40.
    assert_eq!(
        csv(&session, "select to_realtime(1000001000) as r, abs_time_str(1000001000) as t, to_monotonic(7) as m"),
        "\"r\",\"t\",\"m\"\n1000000001000000000,\"2001-09-09T01:46:41.000000000\",\"[NULL]\"\n"
    );
}

#[test]
fn metadata_is_looked_up_by_name() {
    let mut b = TraceBuilder::default();
    for (source, name, int, text) in
        [(0, "ranks", Some(8), None), (0, "host", None, Some("a")), (1, "host", None, Some("b"))]
    {
        let (name, str_value) = (b.strings.intern(name), text.map(|text| b.strings.intern(text)));
        b.metadata.push(MetadataRow { name, int_value: int, str_value, source_id: SourceId(source) });
    }
    let session = session_over(Arc::new(b.seal()));
    let row = |query: &str| csv(&session, query).lines().nth(1).map(str::to_owned);
    assert_eq!(
        row("select extract_metadata('ranks') + 1, extract_metadata('host'), extract_metadata('none')").as_deref(),
        Some("9,\"a\",\"[NULL]\"")
    );
    assert_eq!(
        row("select extract_metadata_for_trace(1, 'host'), extract_metadata_for_machine(0, 'host'), \
             extract_metadata_for_machine(3, 'host')")
        .as_deref(),
        Some("\"b\",\"a\",\"[NULL]\"")
    );
    assert_eq!(csv(&session, "select extract_metadata(name) as x from metadata"), "\"x\"\n\"8\"\n\"a\"\n\"a\"\n");
}

#[test]
fn an_argument_set_becomes_json() {
    assert_eq!(
        rows("select __intrinsic_arg_set_to_json(arg_set_id) from slice where id = 0"),
        ["\"{\"args\":{\"External id\":5,\"Input Dims\":[[2,3],[]]}}\""]
    );
    check(&[("__intrinsic_arg_set_to_json(null)", NULL), ("__intrinsic_arg_set_to_json(99999)", NULL)]);
}

#[test]
fn bytes_are_packed_so_that_zstd_reads_them() {
    let printed = csv(&session(), "select hex(__intrinsic_zstd_compress('abc')) as x");
    let digits = printed.lines().nth(1).expect("a row").trim_matches('"');
    let bytes: Vec<u8> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("two digits"))
        .collect();
    // The magic number of the format; three bytes are kept as they are.
    assert_eq!(&bytes[..4], [0x28, 0xb5, 0x2f, 0xfd]);
    assert!(bytes.ends_with(b"abc"));
    check(&[("__intrinsic_zstd_compress(null)", NULL)]);
}

/// Numbers in three groups.
const NUMBERS: &str = "with n(g, t, x) as (values ('a', 1, 4), ('a', 2, 1), ('a', 3, null), ('a', 4, 7), ('b', 9, 2))";

#[test]
fn percentiles_lie_between_the_values() {
    for (aggregate, expected) in [
        // 1, 4, 7 and 1, 2, 4, 7.
        ("median(x) filter (where g = 'a')", "4.000000"),
        ("median(x)", "3.000000"),
        ("percentile(x, 0)", "1.000000"),
        ("percentile(x, 100)", "7.000000"),
        // A tenth of the way over three steps: 0.3 of the first.
        ("percentile(x, 10)", "1.300000"),
        ("percentile(x, 5 + 5)", "1.300000"),
        ("median(x) filter (where 0)", NULL),
    ] {
        assert_eq!(rows(&format!("{NUMBERS} select {aggregate} from n")), [expected], "{aggregate}");
    }
    for wrong in ["101", "-1", "t"] {
        assert_eq!(
            error(&format!("{NUMBERS} select percentile(x, {wrong}) from n")).to_string(),
            "`percentile` takes a constant from 0 to 100, and `percentile_cont` one from 0 to 1"
        );
    }
    assert_eq!(rows(&format!("{NUMBERS} select g, median(x) from n group by g")), ["\"a\",4.000000", "\"b\",2.000000"]);
}

#[test]
fn the_last_value_that_is_not_null_is_carried_on() {
    assert_eq!(
        rows(&format!("{NUMBERS} select t, last_non_null(x) over (partition by g order by t) from n order by t")),
        ["1,4", "2,1", "3,1", "4,7", "9,2"]
    );
    assert_eq!(
        rows(&format!(
            "{NUMBERS} select t, last_non_null(x) over (order by t rows between 1 preceding and current row) from n"
        )),
        ["1,4", "2,1", "3,1", "4,7", "9,2"]
    );
    assert_eq!(
        rows("select last_non_null(x) over (order by t) from (select 1 as t, null as x union all select 2, 5)"),
        [NULL, "5"]
    );
}

#[test]
fn the_value_at_the_latest_time_is_found() {
    assert_eq!(rows(&format!("{NUMBERS} select g, value_at_max_ts(t, x) from n group by g")), ["\"a\",7", "\"b\",2"]);
    // Of two at the same time the first counts.
    assert_eq!(
        rows("select value_at_max_ts(ts, name) from (values (1, 'a'), (2, 'b'), (2, 'c')) t(ts, name)"),
        ["\"b\""]
    );
}

/// Spans and the rows they go to.
///
/// ```text
/// row 0   a───────  d──       f
/// row 1     b──  c────────
/// row 2          e────────────────→
/// ```
#[test]
fn spans_are_laid_out_in_the_lowest_free_rows() {
    let spans = "with s(name, ts, dur) as (values \
        ('a', 0, 8), ('b', 2, 3), ('c', 7, 9), ('e', 7, -1), ('d', 10, 3), ('f', 20, 0))";
    assert_eq!(
        rows(&format!(
            "{spans} select name, internal_layout(ts, dur) over (order by ts) as r from s order by ts, name"
        )),
        ["\"a\",0", "\"b\",1", "\"c\",1", "\"e\",2", "\"d\",0", "\"f\",0"]
    );
    assert_eq!(
        error(&format!("{spans} select internal_layout(ts, dur) over (order by ts desc) from s")).to_string(),
        "internal_layout needs its rows in the order of their starts: say `OVER (ORDER BY ts)`"
    );
    assert_eq!(
        error(&format!("{spans} select internal_layout(ts, dur - 9) over (order by ts) from s")).to_string(),
        "internal_layout: a length of -6 is negative"
    );
    assert_eq!(
        error(&format!("{spans} select internal_layout(ts, null) over (order by ts) from s")).to_string(),
        "internal_layout takes a start and a length, and one of them is null"
    );
}
