//! SQLite's language: its functions, operators and rules between values of different kinds.
//!
//! What is expected here is what SQLite's own shell prints.

use super::drawn::{csv, session};

/// The only value of each expression.
fn check(cases: &[(&str, &str)]) {
    let session = session();
    for (expression, expected) in cases {
        let printed = csv(&session, &format!("select {expression} as x"));
        assert_eq!(printed, format!("\"x\"\n{expected}\n"), "{expression}");
    }
}

/// The values of a query's rows, without the header.
fn rows(query: &str) -> Vec<String> {
    csv(&session(), query).lines().skip(1).map(str::to_owned).collect()
}

const NULL: &str = "\"[NULL]\"";

#[test]
fn texts_are_made_and_taken_apart() {
    check(&[
        ("printf('%05.1f|%-4s|%,d', 3.14159, 'ab', 1234567)", "\"003.1|ab  |1,234,567\""),
        ("format('%s is %d', 'x', 5)", "\"x is 5\""),
        ("printf('%d%%', 50)", "\"50%\""),
        ("instr('kernel', 'rn')", "3"),
        ("instr('kernel', 'x')", "0"),
        ("substr('kernel', 2, 3)", "\"ern\""),
        ("substr('kernel', -3)", "\"nel\""),
        ("substr('kernel', -3, 2)", "\"ne\""),
        ("substr('kernel', 0, 3)", "\"ke\""),
        ("substr('kernel', 3, -2)", "\"ke\""),
        ("substring('kernel', 4)", "\"nel\""),
        ("substr(12345, 2, 2)", "\"23\""),
        ("hex('abc')", "\"616263\""),
        ("hex(12)", "\"3132\""),
        ("unicode('A')", "65"),
        ("char(72, 105)", "\"Hi\""),
        ("quote('it''s')", "\"'it''s'\""),
        ("quote(null)", "\"NULL\""),
        ("quote(1.5)", "\"1.5\""),
        ("length(12345)", "5"),
        ("upper('abc') || lower('DEF')", "\"ABCdef\""),
        ("trim('  a ')", "\"a\""),
        ("trim('xxaxx', 'x')", "\"a\""),
        ("replace('aXbX', 'X', '-')", "\"a-b-\""),
        ("1 || 2", "\"12\""),
        ("'a' || 1.0", "\"a1.0\""),
        ("'a' || null", NULL),
        ("'abc' regexp 'b.'", "1"),
        ("regexp('^b', 'abc')", "0"),
        ("like('a%', 'ABC')", "1"),
    ]);
}

#[test]
fn numbers_follow_the_rules_of_sqlite() {
    check(&[
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 / 0", NULL),
        ("7 % 0", NULL),
        ("7.0 / 0", NULL),
        ("7 / 2.0", "3.500000"),
        ("7.9 % 4", "3.000000"),
        ("-7 % 3", "-1"),
        ("5 & 3", "1"),
        ("5 | 3", "7"),
        ("~5", "-6"),
        ("1 << 10", "1024"),
        ("1024 >> 3", "128"),
        ("1 << 70", "0"),
        ("'5' + 1", "6"),
        ("'5abc' * 2", "10"),
        ("'1.5' + 1", "2.500000"),
        ("'abc' + 1", "1"),
        ("1 + (2 > 1)", "2"),
        ("abs(-5)", "5"),
        ("round(2.5)", "3.000000"),
        ("round(-2.5)", "-3.000000"),
        ("round(3.14159, 2)", "3.140000"),
        ("round(7)", "7.000000"),
        ("min(3, 1, 2)", "1"),
        ("max(3, 1.5)", "3.000000"),
        ("max(1, null)", NULL),
        ("max('a', 'b')", "\"b\""),
        ("sign(-3.5)", "-1"),
        ("likely(5) + unlikely(1) + likelihood(2, 0.5)", "8"),
    ]);
}

#[test]
fn values_are_cast_by_what_they_begin_with() {
    check(&[
        ("cast('12abc' as int)", "12"),
        ("cast('abc' as bigint)", "0"),
        ("cast(-1.9 as integer)", "-1"),
        ("cast(1e30 as integer)", "9223372036854775807"),
        ("cast('1.5e2x' as real)", "150.000000"),
        ("cast(1.0 as text)", "\"1.0\""),
        ("cast(0.1 + 0.2 as text)", "\"0.3\""),
        ("cast(15 as text)", "\"15\""),
        ("cast(null as int)", NULL),
        ("typeof(1)", "\"integer\""),
        ("typeof(1.0)", "\"real\""),
        ("typeof('1')", "\"text\""),
        ("typeof(null)", "\"null\""),
        ("typeof(x'00')", "\"blob\""),
        ("typeof(1 = 1)", "\"integer\""),
        ("typeof(cast('1' as real))", "\"real\""),
    ]);
    assert_eq!(
        rows("select typeof(dur), typeof(name), typeof(parent_id) from slice where id = 0"),
        ["\"integer\",\"text\",\"null\""]
    );
}

#[test]
fn values_of_different_kinds_are_compared() {
    check(&[
        ("1 = '1'", "0"),
        ("1 < 'a'", "1"),
        ("'a' > 5", "1"),
        ("cast('5' as int) = '5'", "1"),
        ("1 = 1.0", "1"),
        ("(1 = 1) = 1", "1"),
        ("true is 1", "1"),
        ("null is null", "1"),
        ("null is 1", "0"),
        ("1 is not 2", "1"),
        ("null is not 1", "1"),
        ("1 == 1", "1"),
        ("1 <> 2", "1"),
        ("1 isnull", "0"),
        ("1 notnull", "1"),
        ("null not null", "0"),
        ("1 between '0' and 2", "0"),
        ("'b' between 'a' and 'c'", "1"),
    ]);
    assert_eq!(rows("select id from slice where dur = '300'"), ["2"]);
    assert_eq!(rows("select id from slice where dur > '300' order by id"), ["0"]);
    assert_eq!(rows("select count(*) from slice where dur < 'abc'"), ["6"]);
    assert_eq!(rows("select count(*) from slice where name = 5"), ["0"]);
    assert_eq!(rows("select count(*) from slice where name > 5"), ["6"]);
    assert_eq!(rows("select id from slice where id in ('2', 3)"), ["2", "3"]);
    assert_eq!(rows("select id from slice where id || '' in ('2')"), ["2"]);
    assert_eq!(rows("select id from slice where substr(id || 'x', 1, 1) = '2'"), ["2"]);
}

#[test]
fn any_value_may_be_a_condition() {
    assert_eq!(rows("select id from slice where parent_id"), Vec::<String>::new());
    assert_eq!(rows("select count(*) from slice where dur and not id"), ["1"]);
    assert_eq!(rows("select count(*) from slice where 1"), ["6"]);
    assert_eq!(rows("select count(*) from slice where 'abc'"), ["0"]);
    assert_eq!(rows("select count(*) from slice where null"), ["0"]);
    assert_eq!(rows("select sum(dur > 60), avg(dur > 60) from slice"), ["3,0.500000"]);
    assert_eq!(rows("select count(*) filter (where id) from slice"), ["5"]);
    check(&[
        ("case when 2 then 'y' else 'n' end", "\"y\""),
        ("case when 0 then 'y' end", NULL),
        ("case 1 when '1' then 'a' when 1 then 'b' end", "\"b\""),
        ("iif(5, 'y', 'n')", "\"y\""),
        ("iif(null, 1, 2)", "2"),
        ("ifnull(null, 7)", "7"),
        ("not 5", "0"),
        ("not null", NULL),
        ("0 or 3", "1"),
        ("null and 0", "0"),
    ]);
}

#[test]
fn groups_are_named_and_summed_up() {
    assert_eq!(rows("select total(dur), total(null) from slice"), ["914.000000,0.000000"]);
    assert_eq!(
        rows("select group_concat(name) from (select name from slice where id in (0, 2))"),
        ["\"aten::mm,sgemm\""]
    );
    assert_eq!(rows("select group_concat(id, '-') from slice"), ["\"0-1-2-3-4-5\""]);
    assert_eq!(rows("select depth, count(*) from slice group by 1"), ["0,5", "1,1"]);
    assert_eq!(rows("select depth as d, count(*) as n from slice group by d having n > 1"), ["0,5"]);
    assert_eq!(rows("select dur * 2 as twice from slice where twice > 500"), ["1000", "600"]);
    assert_eq!(rows("select id from slice order by id limit 1, 2"), ["1", "2"]);
    assert_eq!(rows("select percentile(dur, 50) from slice where id < 3"), ["300.000000"]);
    assert_eq!(rows("select name from slice where name = 'SGEMM' collate nocase"), ["\"sgemm\""]);
}

#[test]
fn queries_call_themselves() {
    assert_eq!(
        rows("with recursive n(i) as (select 1 union all select i + 1 from n where i < 4) select i, i * i from n"),
        ["1,1", "2,4", "3,9", "4,16"]
    );
    assert_eq!(
        rows("with n(i) as (values (1) union select i % 3 + 1 from n) select i from n order by i"),
        ["1", "2", "3"]
    );
    assert_eq!(rows("values (1, 'a'), (2, 'b')"), ["1,\"a\"", "2,\"b\""]);
    assert_eq!(rows("select * from (values (1), (2)) where column1 > 1"), ["2"]);
}

#[test]
fn json_is_read_and_made() {
    let json = r#"'{"a":[1,2.5,"x",{"b":null}],"c":true}'"#;
    check(&[
        (&format!("json_extract({json}, '$.a[0]')"), "1"),
        (&format!("json_extract({json}, '$.a[1]')"), "2.500000"),
        (&format!("json_extract({json}, '$.a[2]')"), "\"x\""),
        (&format!("json_extract({json}, '$.a[3]')"), "\"{\"b\":null}\""),
        (&format!("json_extract({json}, '$.c')"), "1"),
        (&format!("json_extract({json}, '$.nope')"), NULL),
        (&format!("json_extract({json}, '$.a[#-2]', '$.c')"), "\"[\"x\",true]\""),
        (&format!("{json} -> 'c'"), "\"true\""),
        (&format!("{json} -> '$.a' -> 2"), "\"\"x\"\""),
        (&format!("{json} -> 'a' ->> 2"), "\"x\""),
        (&format!("json_array_length({json}, '$.a')"), "4"),
        (&format!("json_type({json}, '$.a[1]')"), "\"real\""),
        ("json_valid('{\"a\":1')", "0"),
        ("json(' { \"a\" : [ 1 ] } ')", "\"{\"a\":[1]}\""),
        ("json_array(1, 'a', null, json_array(2.5))", "\"[1,\"a\",null,[2.5]]\""),
        ("json_object('k', json('[1]'), 't', 'x')", "\"{\"k\":[1],\"t\":\"x\"}\""),
        ("json_quote('a\"b')", "\"\"a\\\"b\"\""),
    ]);
    assert_eq!(rows("select json_group_array(id) from slice where id < 3"), ["\"[0,1,2]\""]);
    assert_eq!(rows("select json_group_object(name, dur) from slice where id = 2"), ["\"{\"sgemm\":300}\""]);
    assert_eq!(
        rows("select json_extract(j, '$.a') > 4 from (select json_object('a', id) as j from slice where id > 3)"),
        ["0", "1"]
    );
}
