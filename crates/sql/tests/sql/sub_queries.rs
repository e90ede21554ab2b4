//! Sub-queries as values, and whole numbers that do not fit: where the engine alone would answer differently.

use super::drawn::{csv, error, session};

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn membership_is_a_value() {
    assert_eq!(
        rows("select id, id in (select parent_id from slice where parent_id notnull) from slice where id < 2"),
        ["0,1", "1,0"]
    );
    assert_eq!(rows("select 1 in (select 1), 2 in (select 1), 2 not in (select 1)"), ["1,0,1"]);
    // A null among the rows, a null that is looked for, and no rows at all.
    let null = "\"[NULL]\"";
    assert_eq!(
        rows("select 2 in (select 1 union all select null), 1 in (select 1 union all select null)"),
        [format!("{null},1")]
    );
    assert_eq!(
        rows("select null in (select 1), null in (select 1 where 0), 1 in (select 1 where 0)"),
        [format!("{null},0,0")]
    );
    assert_eq!(
        rows("select sum(id in (select 1 union select 4)), count(*) filter (where id in (select 3)) from slice"),
        ["2,1"]
    );
    assert_eq!(rows("select case when 'b' in (select 'b') then 'yes' else 'no' end"), ["\"yes\""]);
    assert_eq!(rows("select id from slice order by id in (select 4) desc, id limit 2"), ["4", "0"]);
    // The rows depend on the row outside.
    assert_eq!(
        rows("select id, id in (select b.parent_id from slice b where b.track_id = a.track_id) from slice a"),
        ["0,1", "1,\"[NULL]\"", "2,\"[NULL]\"", "3,\"[NULL]\"", "4,\"[NULL]\"", "5,\"[NULL]\""]
    );
}

#[test]
fn membership_compares_as_an_equation_does() {
    assert_eq!(rows("select id from slice where id in (select '3') order by id"), ["3"]);
    assert_eq!(rows("select id from slice where id in (select '3') or id in (select 2.0) order by id"), ["2", "3"]);
    assert_eq!(rows("select x in (select 5) from (select cast('5' as text) as x)"), ["1"]);
}

#[test]
fn nulls_count_in_not_in_beside_or() {
    // `parent_id` is null in most rows.
    assert_eq!(rows("select id from slice where id = 3 or id not in (select parent_id from slice)"), ["3"]);
    assert_eq!(
        rows("select id from slice where id = 0 or id not in (select parent_id from slice where parent_id notnull)"),
        ["0", "1", "2", "3", "4", "5"]
    );
    assert_eq!(
        rows("select id from slice where not (id in (select parent_id from slice) and id >= 0)"),
        Vec::<String>::new()
    );
    assert_eq!(
        rows(
            "select a.id from slice a where a.id = 5 or a.id not in (select b.parent_id from slice b where b.id = a.id) order by 1"
        ),
        ["1", "5"]
    );
}

#[test]
fn existence_is_a_value() {
    assert_eq!(
        rows(
            "select exists (select 1 from slice where id > 4), exists (select 1 from slice where id > 5), not exists (select 1 where 0)"
        ),
        ["1,0,1"]
    );
    assert_eq!(
        rows(
            "select a.id, exists (select * from slice b where b.parent_id = a.id limit 1) from slice a where a.id < 2"
        ),
        ["0,1", "1,0"]
    );
    assert_eq!(rows("select count(*) from slice where exists (select 1 from slice where id = 5) + id > 5"), ["1"]);
}

#[test]
fn a_query_that_stands_for_a_value_gives_its_first() {
    assert_eq!(rows("select (select id from slice where id > 1 order by id)"), ["2"]);
    assert_eq!(rows("select id from slice where dur = (select dur from slice where id > 1 order by dur desc)"), ["2"]);
    assert_eq!(rows("select (select id from slice where 0)"), ["\"[NULL]\""]);
}

/// Starts, in the drawn trace: 0 at 0, 1 at 100, 2 at 200, 3 at 600, 4 at 700, 5 at 900; lengths 500, 50, 300, 64, 0, 0.
#[test]
fn queries_may_depend_on_the_row_outside_in_any_way() {
    assert_eq!(
        rows("select id, (select count(*) from slice b where b.ts > a.ts and b.ts < a.ts + a.dur) from slice a"),
        ["0,2", "1,0", "2,0", "3,0", "4,0", "5,0"]
    );
    assert_eq!(
        rows("select id, (select id from slice b where b.ts > a.ts order by b.ts limit 1) as next from slice a"),
        ["0,1", "1,2", "2,3", "3,4", "4,5", "5,\"[NULL]\""]
    );
    assert_eq!(
        rows("select id from slice a where (select count(*) from slice b where b.ts < a.ts and b.dur > a.dur) = 2"),
        ["3"]
    );
    assert_eq!(
        rows("select id, exists (select 1 from slice b where b.ts > a.ts and b.dur > a.dur) as e from slice a where e"),
        ["1,1"]
    );
    // Two rows outside: the starts between that of the first slice and that of the row.
    assert_eq!(
        rows(
            "select id, (select (select count(*) from slice c where c.ts > b.ts and c.ts < a.ts) from slice b \
              where b.id < a.id order by b.id limit 1) from slice a"
        ),
        ["0,\"[NULL]\"", "1,0", "2,1", "3,2", "4,3", "5,4"]
    );
    assert_eq!(
        rows(
            "select id, (select max(id) from slice b where b.id < a.id and exists (select 1 from slice c where c.ts > b.ts and c.ts < a.ts)) \
              from slice a where id > 1"
        ),
        ["2,0", "3,1", "4,2", "5,3"]
    );
    assert_eq!(
        error("select nope, (select count(*) from slice b where b.ts > a.ts) from slice a").to_string(),
        "no such column: `nope`"
    );
}

#[test]
fn whole_numbers_go_on_as_real_ones() {
    // 2^63 - 1 and its neighbours.
    assert_eq!(rows("select 9223372036854775807 + 1"), ["9223372036854775808.000000"]);
    assert_eq!(rows("select -9223372036854775807 - 2"), ["-9223372036854775808.000000"]);
    assert_eq!(
        rows("select 4611686018427387904 * 2, 4611686018427387903 * 2"),
        ["9223372036854775808.000000,9223372036854775806"]
    );
    // Only the row that does not fit has a real number.
    assert_eq!(
        rows("select x + 1, x - 1 from (values (9223372036854775807), (1)) t(x)"),
        ["9223372036854775808.000000,9223372036854775806", "2,0"]
    );
    assert_eq!(rows("select id from slice where ts * ts * ts > 9223372036854775807 and id < 2"), Vec::<String>::new());
    // 10^6 to the fourth power has 25 digits.
    assert_eq!(rows("select count(*) from slice where ts * ts * ts * ts > 9e23"), ["6"]);
    assert_eq!(
        rows("create table t as select 9223372036854775807 + id as x from slice where id < 2; select typeof(x) from t"),
        ["\"integer\"", "\"real\""]
    );
}

#[test]
fn sums_of_whole_numbers_do_not_go_on() {
    let large = "(values ('a', 9223372036854775807), ('a', 1), ('b', 5), ('b', null)) t(g, x)";
    for query in [
        format!("select sum(x) from {large}"),
        format!("select g, sum(x) from {large} group by g"),
        format!("select sum(x) over (order by g) from {large}"),
    ] {
        assert_eq!(error(&query).to_string(), "integer overflow", "{query}");
    }
    assert_eq!(
        rows(&format!("select g, sum(x) from {large} where x < 10 or x is null group by g")),
        ["\"a\",1", "\"b\",5"]
    );
    assert_eq!(rows(&format!("select sum(x), total(x) > 9e18 from {large} where x is null")), ["\"[NULL]\",0"]);
    assert_eq!(rows(&format!("select total(x) from {large} where g = 'a'")), ["9223372036854775808.000000"]);
    // What a window leaves behind does not count.
    assert_eq!(
        rows(
            "select sum(x) over (order by i rows 0 preceding) from (values (1, 9223372036854775807), (2, 9223372036854775806)) t(i, x)"
        ),
        ["9223372036854775807", "9223372036854775806"]
    );
    assert_eq!(rows("select sum(distinct x) from (values (2), (2), (3)) t(x)"), ["5"]);
    assert_eq!(rows("select sum(dur) filter (where id > 1) from slice"), ["364"]);
}
