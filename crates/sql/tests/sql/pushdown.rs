//! Conditions that scans take over: whatever they are, the answer is that of a look at every row.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use kinetoscope_sql::{Session, SessionOptions};
use proptest::prelude::*;

use super::drawn::csv;
use super::many::{self, Made, NAMES, made};

/// More than two partitions' worth of rows.
const NUM_SLICES: usize = 150_000;

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let options = SessionOptions { num_threads: NonZeroUsize::new(2), ..Default::default() };
    Session::new(many::trace(NUM_SLICES), options).expect("a session starts")
});

/// A condition as text and as a function of the row; `None` is SQL's unknown.
#[derive(Debug, Clone)]
enum Condition {
    Id(&'static str, i64),
    Ts(&'static str, i64),
    IdIn(Vec<i64>),
    TsBetween(i64, i64),
    Dur(&'static str, i64),
    NameIs(&'static str),
    NameIn(Vec<&'static str>),
    NameLike(&'static str),
    NameGlob(&'static str),
    CategoryIs(&'static str),
    CategoryIsNot(&'static str),
    CategoryIsNull,
    CategoryNotNull,
    NameOrCategory(&'static str, &'static str),
    NameLonger(usize),
}

/// What `many::trace` adds to times.
const OFFSET: i64 = -1000;

fn compare(operator: &str, a: i64, b: i64) -> bool {
    match operator {
        "<" => a < b,
        "<=" => a <= b,
        "=" => a == b,
        ">=" => a >= b,
        ">" => a > b,
        _ => a != b,
    }
}

impl Condition {
    fn text(&self) -> String {
        let list = |values: &[String]| values.join(", ");
        match self {
            Self::Id(operator, value) => format!("id {operator} {value}"),
            Self::Ts(operator, value) => format!("{value} {} ts", mirrored(operator)),
            Self::IdIn(values) => format!("id in ({})", list(&values.iter().map(i64::to_string).collect::<Vec<_>>())),
            Self::TsBetween(first, last) => format!("ts between {first} and {last}"),
            Self::Dur(operator, value) => format!("dur {operator} {value}"),
            Self::NameIs(name) => format!("name = '{name}'"),
            Self::NameIn(names) => {
                format!("name in ({})", list(&names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>()))
            }
            Self::NameLike(part) => format!("name like '%{part}%'"),
            Self::NameGlob(part) => format!("name glob '*{part}*'"),
            Self::CategoryIs(category) => format!("category = '{category}'"),
            Self::CategoryIsNot(category) => format!("not category = '{category}'"),
            Self::CategoryIsNull => "category is null".to_owned(),
            Self::CategoryNotNull => "category is not null".to_owned(),
            Self::NameOrCategory(name, category) => format!("(name = '{name}' or category = '{category}')"),
            Self::NameLonger(len) => format!("length(name) > {len}"),
        }
    }

    fn holds(&self, row: usize) -> bool {
        let Made { ts, dur, name, category, .. } = made(row);
        let (id, ts) = (row as i64, ts + OFFSET);
        match self {
            Self::Id(operator, value) => compare(operator, id, *value),
            Self::Ts(operator, value) => compare(operator, ts, *value),
            Self::IdIn(values) => values.contains(&id),
            Self::TsBetween(first, last) => (*first..=*last).contains(&ts),
            Self::Dur(operator, value) => compare(operator, dur, *value),
            Self::NameIs(expected) => name == *expected,
            Self::NameIn(names) => names.contains(&name),
            Self::NameLike(part) => name.to_lowercase().contains(&part.to_lowercase()),
            Self::NameGlob(part) => name.contains(part),
            Self::CategoryIs(expected) => category == Some(expected),
            Self::CategoryIsNot(other) => category.is_some_and(|category| category != *other),
            Self::CategoryIsNull => category.is_none(),
            Self::CategoryNotNull => category.is_some(),
            Self::NameOrCategory(expected, other) => name == *expected || category == Some(other),
            Self::NameLonger(len) => name.chars().count() > *len,
        }
    }
}

fn mirrored(operator: &str) -> &str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">=" => "<=",
        ">" => "<",
        same => same,
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    let operator = || prop::sample::select(vec!["<", "<=", "=", ">=", ">", "<>"]);
    let id = || prop_oneof![-5i64..NUM_SLICES as i64 + 5, Just(i64::MIN), Just(i64::MAX)];
    let ts = || prop_oneof![-1100i64..NUM_SLICES as i64 * 4, Just(i64::MIN), Just(i64::MAX)];
    let name = || prop::sample::select(NAMES.to_vec());
    let part = || prop::sample::select(vec!["mem", "CPY", "a", "::", "_", "zzz"]);
    let category = || prop::sample::select(vec!["cpu_op", "kernel", "none"]);
    prop_oneof![
        (operator(), id()).prop_map(|(operator, value)| Condition::Id(operator, value)),
        (operator(), ts()).prop_map(|(operator, value)| Condition::Ts(operator, value)),
        prop::collection::vec(id(), 1..40).prop_map(Condition::IdIn),
        (ts(), ts()).prop_map(|(first, last)| Condition::TsBetween(first, last)),
        (operator(), 0i64..1000).prop_map(|(operator, value)| Condition::Dur(operator, value)),
        name().prop_map(Condition::NameIs),
        prop::collection::vec(name(), 1..4).prop_map(Condition::NameIn),
        prop::sample::select(vec!["mem", "CPY", "a", "::", "zzz"]).prop_map(Condition::NameLike),
        part().prop_map(Condition::NameGlob),
        category().prop_map(Condition::CategoryIs),
        category().prop_map(Condition::CategoryIsNot),
        Just(Condition::CategoryIsNull),
        Just(Condition::CategoryNotNull),
        (name(), category()).prop_map(|(name, category)| Condition::NameOrCategory(name, category)),
        (3usize..15).prop_map(Condition::NameLonger),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_find_the_rows_for_which_they_hold(
        conditions in prop::collection::vec(condition(), 1..4),
        limit in prop::option::of(0usize..200),
        is_descending in any::<bool>(),
    ) {
        let texts: Vec<String> = conditions.iter().map(Condition::text).collect();
        let mut rows: Vec<usize> = (0..NUM_SLICES).filter(|&row| conditions.iter().all(|condition| condition.holds(row))).collect();
        let mut query = format!("select id, ts, name, category from slice where {}", texts.join(" and "));
        if is_descending {
            query += " order by id desc";
            rows.reverse();
        }
        if let Some(limit) = limit {
            query += &format!(" limit {limit}");
            rows.truncate(limit);
        }
        let expected: String = rows
            .into_iter()
            .map(|row| {
                let Made { ts, name, category, .. } = made(row);
                format!("{row},{},\"{name}\",\"{}\"\n", ts + OFFSET, category.unwrap_or("[NULL]"))
            })
            .collect();
        let printed = csv(&SESSION, &query);
        prop_assert_eq!(printed, format!("\"id\",\"ts\",\"name\",\"category\"\n{expected}"), "{}", query);
    }

    #[test]
    fn counting_agrees_with_listing(conditions in prop::collection::vec(condition(), 0..3)) {
        let texts: Vec<String> = conditions.iter().map(Condition::text).chain(["1 = 1".to_owned()]).collect();
        let expected = (0..NUM_SLICES).filter(|&row| conditions.iter().all(|condition| condition.holds(row))).count();
        let query = format!("select count(*) as n from slice where {}", texts.join(" and "));
        prop_assert_eq!(csv(&SESSION, &query), format!("\"n\"\n{expected}\n"), "{}", query);
    }
}

#[test]
fn conditions_on_names_and_times_are_decided_by_the_scan() {
    let plan = csv(
        &SESSION,
        "explain select id from slice where name like '%memcpy%' and ts > 5000 and id < 99000 order by ts limit 7",
    );
    assert!(!plan.contains("FilterExec") && !plan.contains("SortExec"), "{plan}");
    assert!(plan.contains("per_text=[name@0 ILIKE %memcpy%]") && plan.contains("fetch=7"), "{plan}");
}

#[test]
fn a_condition_that_fails_on_some_other_columns_text_does_not_fail() {
    // `made`, the process's name, is in the same pool of texts and is no number.
    let session = &*SESSION;
    assert_eq!(csv(session, "select count(*) as n from process where cast(length(name) as bigint) = 4"), "\"n\"\n1\n");
    assert_eq!(
        csv(session, "select count(*) as n from thread where cast(replace(name, 'thread ', '') as bigint) > 2"),
        "\"n\"\n2\n"
    );
}

#[test]
fn a_join_by_row_number_reads_only_the_rows_it_needs() {
    let query =
        "select s.id, a.key, a.int_value from slice s join args a using (arg_set_id) where s.id in (200, 5000, 5001)";
    let expected = "\"id\",\"key\",\"int_value\"\n\
        200,\"args.index\",200\n200,\"args.grid[0]\",1\n200,\"args.grid[1]\",2\n\
        5000,\"args.index\",5000\n5000,\"args.grid[0]\",1\n5000,\"args.grid[1]\",2\n";
    assert_eq!(csv(&SESSION, query), expected);
    let analyzed = csv(&SESSION, &format!("explain analyze {query}"));
    let args = analyzed.lines().find(|line| line.contains("ArgsExec")).expect("the arguments are scanned");
    assert!(args.contains("output_rows=6,"), "{analyzed}");
    assert!(!analyzed.contains("FilterExec"), "{analyzed}");

    let query = "select t.x, s.name from (values (7), (140000), (3)) as t(x) join slice s on s.id = t.x";
    let analyzed = csv(&SESSION, &format!("explain analyze {query}"));
    assert!(analyzed.contains("RowJoinExec") && !analyzed.contains("ScanExec"), "{analyzed}");
    let expected: String = [3, 7, 140_000].map(|row| format!("{row},\"{}\"\n", made(row).name)).concat();
    assert_eq!(csv(&SESSION, &format!("{query} order by s.id")), format!("\"x\",\"name\"\n{expected}"));
}
