//! Values of several kinds in one column: what SQLite gives, to the kind of each value.

use kinetoscope_sql::SqlError;
use kinetoscope_sql::format::{Format, ResultWriter};

use super::drawn::{csv, print_as, session};
use super::peer::assert_same;

const NUMBERS: &str = "create table t as select column1 as a, column2 as b, column3 as c from (values \
    (9223372036854775807, 1, 'x'), (1, 1, '2'), (-9223372036854775807, 2, '2.5'), (null, 3, null), \
    (4611686018427387904, 2, ' 7'), (3, -5, '9223372036854775807'))";

/// A table `d` of the ten digits.
const DIGITS: &str = "with d(x) as (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))";

#[test]
fn only_the_row_that_overflows_is_a_real_number() {
    assert_same(
        NUMBERS,
        &[
            "select a + b, a - b, a * b from t",
            "select b, a + b as s from t where s > 0 order by s, b",
            "select max(a + b), min(a + b), count(a + b) from t",
            "select a + b + 1 from t",
            "select typeof(a * b), (a * b) / 2, (a * b) % 7, -(a * b) from t",
            "select b, count(*), min(a * 2) from t group by b order by b",
            "select a + b as s, count(*) from t group by s order by s",
            "select cast(a + b as integer), cast(a + 1 as text) from t where b > 1",
            "select iif(a + b > 5, a + b, 'small') from t",
            "with s(v) as (select a * 2 from t) select v from s where v is not null order by v desc limit 3",
        ],
    );
}

#[test]
fn an_overflow_behind_rows_that_were_given_changes_only_its_own_row() {
    // More rows than one batch, with the overflow in the last one.
    let query = &format!(
        "{DIGITS} select i, 9223372036854675808 + i as grows from \
         (select 1 + a.x + b.x * 10 + c.x * 100 + d.x * 1000 + e.x * 10000 as i \
          from d a, d b, d c, d, d e order by i)"
    );
    let printed = csv(&session(), query);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 100_001);
    assert_eq!(lines[1], "1,9223372036854675809");
    assert_eq!(lines[99_999], "99999,9223372036854775807");
    assert_eq!(lines[100_000], "100000,9223372036854775808.000000");
    // Every number once and in order, whatever was given before.
    for (index, line) in lines[1..].iter().enumerate() {
        assert_eq!(line.split(',').next(), Some((index + 1).to_string().as_str()));
    }
    // A format whose columns have types says why it cannot go on.
    let mut out = Vec::new();
    let mut writer = ResultWriter::new(Format::Arrow, &mut out);
    match session().run(query, &mut |event| writer.write(event)) {
        Err(SqlError::Output(error)) => assert!(error.to_string().contains("integer overflow: `grows`"), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_are_the_numbers_that_they_begin_with() {
    assert_same(
        NUMBERS,
        &[
            "select c + 1, c * 2, c - b, c / 2, c % 2 from t",
            "select sum(c), avg(b), total(c) from t where b > 1",
            "select sum(c) from t where c = '2'",
            "select sum(b), sum(b * 1.0), sum(iif(b > 1, b, '1')) from t",
            "select max(c), min(c) from t",
        ],
    );
}

#[test]
fn sets_and_lists_keep_the_kind_of_each_value() {
    assert_same(
        NUMBERS,
        &[
            "select 1 as x union all select 'a' union all select null union all select x'01'",
            "select b as x from t union all select c from t",
            "select x + 1 from (select b as x from t union all select c from t)",
            "select x from (select b as x from t union all select c from t) order by x",
            "select x, count(*) from (select b as x from t union all select c from t) group by x order by x",
            "select max(x), min(x), count(distinct x) from (select 5 as x union all select 'b' union all select 1)",
            "select column1 from (values (1), ('a'), (null), (-2))",
            "with u(x) as (values (1), ('1'), ('b')) select x, typeof(x), x = 1, x = '1', x > 'a' from u",
            "with u(x) as (values (1), ('1'), ('b')) select count(*) from u u1 join u u2 on u1.x = u2.x",
            "with u(x) as (values (1), ('1'), ('b')) select x in (1, 'b'), x in (select 1), x not in ('1') from u",
            "with u(x) as (values (2), ('10')) select x, lag(x) over (order by x), sum(x) over (order by x) from u",
            "select coalesce(a, c, 'none'), ifnull(c, b), nullif(c, '2') from t",
            "select max(b, c), min(b, c) from t where c is not null",
            "select length(x), upper(x), x || 'y', x like '1%', substr(x, 1, 1) from (select 12 as x union all select 'ab')",
        ],
    );
}

#[test]
fn types_of_a_table_are_kept_in_it() {
    let session = session();
    let script = "create perfetto table m as select 1 as x union all select 'a' union all select 2.5; \
                  select x, typeof(x) from m order by x; select x from m where x > 1;";
    assert_eq!(
        csv(&session, script),
        "\"x\",\"typeof(x)\"\n1,\"integer\"\n2.500000,\"real\"\n\"a\",\"text\"\n\n\"x\"\n\"a\"\n2.500000\n"
    );
}

#[test]
fn other_formats_show_each_value_as_it_is() {
    let query = "select 1 as x union all select 'a' union all select 2.5 union all select null";
    let printed = |format| print_as(&session(), format, query).expect("it prints");
    assert_eq!(printed(Format::Ndjson), "{\"x\":1}\n{\"x\":\"a\"}\n{\"x\":2.5}\n{\"x\":null}\n");
    let table: Vec<String> = printed(Format::Markdown).lines().skip(2).map(str::to_owned).collect();
    assert_eq!(table.len(), 4, "{table:?}");
}

#[test]
fn joins_by_values_of_different_kinds_are_exact() {
    let tables =
        "create table w as select column1 as i from (values (9007199254740993), (9007199254740992), (3), (null));
                  create table r as select column1 as x from (values (9007199254740992.0), (3.0), (3.5), (null));
                  create table m as select column1 as v from (values (3), ('3'), (9007199254740993), ('a'), (null))";
    assert_same(
        tables,
        &[
            "select i, x from w join r on w.i = r.x order by i",
            "select i, x from w, r where x = i order by i",
            "select i, x from w left join r on w.i = r.x order by i",
            "select i, not (i = x), (i = x) is null from w, r where i = 3 order by x",
            "select a.v from m a join m b on a.v = b.v order by a.v",
            "select m.v, typeof(m.v) from m, r where m.v = r.x + 0.0 order by 1, 2",
            "select i from w where i in (select v from m) order by i",
            "select i from w where exists (select 1 from r where r.x = w.i) order by i",
        ],
    );
    // All pairs of these would take minutes.
    let numbers =
        format!("{DIGITS}, n(i) as (select 1 + a.x + b.x * 10 + c.x * 100 + d.x * 1000 from d a, d b, d c, d)");
    let query = format!(
        "{numbers} select count(*) from n a join (select i * 0.5 as x from n) b on a.i = b.x; \
         {numbers} select count(*) from n a join (select iif(i % 2, i, 'x' || i) as v from n) b on a.i + 0 = b.v"
    );
    assert_eq!(csv(&session(), &query), "\"count(*)\"\n5000\n\n\"count(*)\"\n5000\n");
}
