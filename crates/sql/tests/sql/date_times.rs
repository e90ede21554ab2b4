//! SQLite's functions of dates, with SQLite as the oracle over generated moments and modifiers.

use std::time::{SystemTime, UNIX_EPOCH};

use super::drawn::{csv, session};
use super::peer::{assert_same, sqlites};

const MOMENTS: [&str; 32] = [
    "'2023-02-28'",
    "'2024-02-29 23:59:59.999'",
    "'2023-02-31'",
    "'1970-01-01T00:00:00Z'",
    "'0000-01-01'",
    "'9999-12-31 23:59:59'",
    "'-4713-11-24 12:00:00'",
    "'2000-01-01 12:34'",
    "'12:34:56.789'",
    "'23:59'",
    "'2023-07-15 10:20:30 +02:30'",
    "'2023-07-15 10:20:30.5-11:00'",
    "'2023-13-01'",
    "'2023-1-1'",
    "'yesterday'",
    "''",
    "NULL",
    "0",
    "2460000.5",
    "1700000000",
    "1700000000.123",
    "'1700000000'",
    "-1",
    "5373484.5",
    "'2023-03-31'",
    "'2020-12-28'",
    "'2021-01-03'",
    "'2018-12-31'",
    "'24:00:00'",
    "'2023-06-30 24:00'",
    "' 2023-06-30'",
    "'2023-06-30 12:00:00 '",
];

const MODIFIERS: [&str; 48] = [
    "'+1 day'",
    "'-1 days'",
    "'1.5 days'",
    "'+36 hours'",
    "'-90 minutes'",
    "'+0.0004 seconds'",
    "'+86399.9996 seconds'",
    "'+1 month'",
    "'-1 month'",
    "'+13 months'",
    "'+1.5 months'",
    "'-25 months'",
    "'+1 year'",
    "'-4 years'",
    "'+0.25 years'",
    "'+10000 years'",
    "'start of month'",
    "'start of year'",
    "'start of day'",
    "'start of week'",
    "'weekday 0'",
    "'weekday 3'",
    "'weekday 7'",
    "'weekday 1.5'",
    "'unixepoch'",
    "'julianday'",
    "'auto'",
    "'subsec'",
    "'ceiling'",
    "'floor'",
    "'+12:30'",
    "'-00:00:01.25'",
    "'12:30'",
    "'25:00'",
    "'+0001-02-03'",
    "'-0001-02-03'",
    "'+0000-01-00'",
    "'+0001-02-03 04:05'",
    "'-0001-02-03 04:05:06.789'",
    "'+0001-12-03'",
    "'0001-02-03'",
    "NULL",
    "'nonsense'",
    "'+1 fortnight'",
    "'1 DAYS'",
    "'  1 day'",
    "'+5'",
    "'+1  day'",
];

fn functions(args: &str) -> String {
    let formats = "'%d|%e|%f|%F|%G|%g|%H|%I|%j|%k|%l|%m|%M|%p|%P|%R|%s|%S|%T|%u|%U|%V|%w|%W|%Y|%%'";
    format!(
        "date({args}), time({args}), datetime({args}), round(julianday({args}), 6), unixepoch({args}), \
         strftime({formats}, {args})"
    )
}

#[test]
fn moments_are_read_and_changed_as_in_sqlite() {
    let session = session();
    let mut num_texts = 0;
    let mut check = |args: &str| {
        let query = format!("select {}", functions(args));
        let values = |printed: &str| printed.lines().nth(1).map(str::to_owned).unwrap_or_default();
        let (ours, theirs) = (values(&csv(&session, &query)), values(&sqlites("", &query)));
        num_texts += usize::from(!theirs.contains("[NULL]"));
        assert_eq!(ours, theirs, "{args}");
    };
    for (index, moment) in MOMENTS.iter().enumerate() {
        check(moment);
        for modifier in MODIFIERS.iter().skip(index % 3).step_by(3) {
            check(&format!("{moment}, {modifier}"));
        }
        // Chains, drawn so that every modifier follows several others.
        for step in 0..6 {
            let first = MODIFIERS[(index * 7 + step * 11) % MODIFIERS.len()];
            let second = MODIFIERS[(index * 5 + step * 17 + 3) % MODIFIERS.len()];
            let third = MODIFIERS[(index * 3 + step * 23 + 7) % MODIFIERS.len()];
            check(&format!("{moment}, {first}, {second}"));
            check(&format!("{moment}, {first}, {second}, {third}"));
        }
    }
    assert!(num_texts > 200, "{num_texts}");
}

#[test]
fn differences_lead_from_one_moment_to_the_other() {
    let moments = [
        "'2023-02-28'",
        "'2024-02-29 23:59:59.999'",
        "'2023-03-31 10:00'",
        "'2023-01-31 09:00'",
        "'1969-12-31'",
        "'2000-06-15 12:00:00.5'",
        "'2023-12-30'",
        "NULL",
        "2460000.5",
    ];
    let pairs = moments.iter().flat_map(|a| moments.iter().map(move |b| format!("timediff({a}, {b})")));
    let query = format!("select {}", pairs.collect::<Vec<_>>().join(", "));
    let second = |printed: String| printed.lines().nth(1).map(str::to_owned);
    assert_eq!(second(csv(&session(), &query)), second(sqlites("", &query)));
}

#[test]
fn columns_are_moments_too() {
    let setup = "create table t as select column1 as s from (values (0), (1700000000), (null), (951782400))";
    assert_same(
        setup,
        &[
            "select datetime(s, 'unixepoch'), date(s, 'unixepoch', '+1 month') from t",
            "select strftime('%Y', s, 'unixepoch') as year, count(*) from t group by year order by year",
            "select unixepoch(datetime(s, 'unixepoch')) = s from t",
            "select unixepoch(s, 'unixepoch', 'subsec') from t",
            "select strftime('%Q', s) is null, strftime('%') is null, strftime('', s, 'unixepoch') from t",
        ],
    );
}

#[test]
fn now_is_one_moment_for_a_statement() {
    let session = session();
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970").as_secs();
    let before = seconds();
    let printed = csv(
        &session,
        "select unixepoch('now'), unixepoch(), datetime('now') = current_timestamp, date() = current_date, \
         time('now') = current_time, julianday('now') = julianday() ",
    );
    let after = seconds();
    let row = printed.lines().nth(1).expect("a row");
    let (now, rest) = row.split_once(',').expect("several values");
    let now: u64 = now.parse().expect("seconds");
    assert!((before..=after).contains(&now), "{before} {now} {after}");
    assert_eq!(rest, format!("{now},1,1,1,1"));
    // The same in the first and the last row of a long result.
    let query = "with d(x) as (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) \
                 select count(distinct strftime('%f', 'now', '+' || (a.x - a.x) || ' days')) from d a, d b, d c, d";
    assert_eq!(csv(&session, query).lines().nth(1), Some("1"));
}
