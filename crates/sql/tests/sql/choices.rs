//! Values of several kinds side by side, and comparisons of numbers of both kinds: what SQLite makes of each row.

use super::drawn::{csv, error, session};

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

const MIXED: &str = "with t(n, s, r) as (values (1, 'x', 1.5), (null, 'y', null), (3, null, 2.0))";

#[test]
fn a_choice_gives_numbers_and_texts() {
    assert_eq!(rows(&format!("{MIXED} select coalesce(n, s) from t")), ["1", "\"y\"", "3"]);
    assert_eq!(rows(&format!("{MIXED} select ifnull(n, 'none') from t")), ["1", "\"none\"", "3"]);
    assert_eq!(rows(&format!("{MIXED} select iif(n is null, s, n) from t")), ["1", "\"y\"", "3"]);
    assert_eq!(
        rows(&format!("{MIXED} select case n when 1 then 'one' when 3 then r else 0 end from t")),
        ["\"one\"", "0", "2.000000"]
    );
    assert_eq!(
        rows(&format!("{MIXED} select nullif(s, 5), nullif(n, '1') from t")),
        ["\"x\",\"[NULL]\"", "\"y\",\"[NULL]\"", "\"[NULL]\",3"]
    );
    // A number is one, and any text is greater.
    assert_eq!(rows(&format!("{MIXED} select r from t where coalesce(n, s) = 3")), ["2.000000"]);
    assert_eq!(rows(&format!("{MIXED} select count(*) from t where coalesce(n, s) > 0")), ["3"]);
}

#[test]
fn a_choice_of_numbers_stays_one() {
    assert_eq!(rows(&format!("{MIXED} select coalesce(n, r, 0) from t")), ["1.000000", "0.000000", "3.000000"]);
    assert_eq!(rows("select case when 1 then true else 3 end, iif(0, 5, 2 > 1), coalesce(null, false, 7)"), ["1,1,0"]);
    assert_eq!(rows("select case when null then 1 end, case when 0 then 1 when 1 then 2 end"), ["\"[NULL]\",2"]);
    assert_eq!(rows("select true as x union all select 5"), ["1", "5"]);
    assert_eq!(rows("select x + 1 from (select 1 = 1 as x union all select 5)"), ["2", "6"]);
    assert_eq!(
        rows(
            "create perfetto function is_odd(n LONG) returns BOOL as select iif($n = 0, false, $n % 2); select is_odd(3)"
        ),
        ["1"]
    );
}

#[test]
fn whole_and_real_numbers_compare_by_their_values() {
    // 2^53 + 1 is no real number, and 2^63 is no whole one.
    let large = "with t(a) as (values (9223372036854775807), (9007199254740993), (1), (null))";
    let found = |condition: &str| rows(&format!("{large} select a from t where {condition}"));
    let all = ["9223372036854775807", "9007199254740993", "1"];
    assert_eq!(found("a < 9223372036854775808.0"), all);
    assert_eq!(found("a <= 1e300 and a > -1e300"), all);
    assert_eq!(found("a = 9007199254740992.0"), Vec::<String>::new());
    assert_eq!(found("a > 9007199254740992.0"), all[..2]);
    assert_eq!(found("a in (9007199254740992.0, 1.0)"), ["1"]);
    assert_eq!(found("a in (select 9007199254740992.0 union all select 1.0)"), ["1"]);
    assert_eq!(found("a > 0.5 and a < 1.5"), ["1"]);
    assert_eq!(found("a between 0.5 and 1.5"), ["1"]);
    assert_eq!(
        rows(&format!("{large} select a = 1.5, a != 1.5, a is 1.5, a >= 1.5 from t where a = 1 or a is null")),
        ["0,1,0,0", "\"[NULL]\",\"[NULL]\",0,\"[NULL]\""]
    );
    // A real number that comes from a table is as exact.
    assert_eq!(
        rows(&format!("{large} select a > r, a < r, a is r from t, (select 9007199254740992.0 as r) where a > 1")),
        ["1,0,0", "1,0,0"]
    );
}

#[test]
fn only_a_column_offers_its_kind_to_what_is_looked_for_among_rows() {
    assert_eq!(rows("select '5' in (select 5), 5 in (select '5'), '5' in (select 5 union all select 6)"), ["0,0,0"]);
    assert_eq!(
        rows("with t(a) as (values (5)) select '5' in (select a from t), '5' in (select a + 0 from t)"),
        ["1,0"]
    );
}

#[test]
fn rows_are_looked_for_among_rows() {
    let t = "create perfetto table t as with d(a, b) as (values (1, 'x'), (2, 'y'), (3, null)) select * from d;";
    let found = |condition: &str| rows(&format!("{t} select a from t where {condition}"));
    assert_eq!(found("(a, b) in (select 1, 'x' union all select 2, 'z')"), ["1"]);
    assert_eq!(found("(a, b) not in (select 1, 'x')"), ["2", "3"]);
    // (3, null) may be (3, 'q'), so it is not surely outside.
    assert_eq!(found("(a, b) not in (select 1, 'x' union all select 3, 'q')"), ["2"]);
    assert_eq!(rows(&format!("{t} create perfetto table k as select 2 as a; select a from t where a in k")), ["2"]);
    assert_eq!(
        rows(&format!("{t} create perfetto table k as select 2 as a; select a from t where a not in k")),
        ["1", "3"]
    );
}

#[test]
fn any_value_is_searched_by_a_regular_expression() {
    assert_eq!(
        rows("select 123 regexp '^1', 1.5 regexp '\\.5$', null regexp 'x', 12 not regexp '3'"),
        ["1,1,\"[NULL]\",1"]
    );
}

#[test]
fn numbers_of_base_sixteen_are_whole() {
    assert_eq!(rows("select 0x1F, 0x10 + 1, 0xff, 0xFFFFFFFFFFFFFFFF, typeof(x'1F')"), ["31,17,255,-1,\"blob\""]);
}

#[test]
fn set_operations_go_from_left_to_right() {
    // ((1, 2) - (2)) and (1): the other way round it would be (1, 2) - ((2) and (1)).
    assert_eq!(rows("select 1 union select 2 except select 2 intersect select 1"), ["1"]);
    assert_eq!(rows("select 1 union select 2 intersect select 2"), ["2"]);
    assert_eq!(rows("select 1 union select * from (select 2 intersect select 2)"), ["1", "2"]);
}

#[test]
fn the_star_of_a_join_has_the_columns_in_the_order_of_the_tables() {
    let header = |script: &str| csv(&session(), script).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        header("select * from (select 1 as z, 2 as k) b join (select 2 as k, 3 as a) a using (k)"),
        "\"z\",\"k\",\"a\""
    );
    assert_eq!(
        rows(
            "select * from (select 1 as k, 2 as z) left join (select 1 as k, 3 as a) using (k) join (select 3 as a) using (a)"
        ),
        ["1,2,3"]
    );
}

#[test]
fn texts_are_joined_in_the_order_of_a_sub_query() {
    let t = "with t(id, s) as (values (1, 'a'), (2, 'b'), (3, 'a'), (4, 'c'))";
    assert_eq!(
        rows(&format!("{t} select group_concat(s, '|') from (select s from t order by id desc)")),
        ["\"c|a|b|a\""]
    );
    assert_eq!(
        rows(&format!("{t} select group_concat(distinct s) from (select s from t order by id desc)")),
        ["\"c,a,b\""]
    );
    assert_eq!(
        rows(&format!("{t} select json_group_array(s) from (select s from t order by id desc limit 2)")),
        ["\"[\"c\",\"a\"]\""]
    );
    assert_eq!(
        rows("select group_concat(name, '|') from (select name from slice where id in (2, 3) order by ts desc)"),
        ["\"Memcpy HtoD (Pageable -> Device)|sgemm\""]
    );
}

#[test]
fn several_definitions_may_stand_in_one_select() {
    assert_eq!(
        rows(
            "select create_function('f(x INT)', 'INT', 'select $x + 1'), experimental_memoize('f'), \
             create_function('g(x INT)', 'INT', 'select f($x) * 2') as done; select g(2)"
        ),
        ["6"]
    );
    assert_eq!(
        error("select run_metric('x.sql')").to_string(),
        "`RUN_METRIC` runs metrics that come with Perfetto, and there are none here"
    );
    assert_eq!(
        error("select create_function('f()', 'INT', 'select 1'), abs(1)").to_string(),
        "`abs` cannot stand beside functions that define something"
    );
}
