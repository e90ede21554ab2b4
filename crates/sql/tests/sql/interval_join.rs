//! Joins of intervals: planned without trying every pair, and the same rows as if every pair were tried.

use std::fmt::Write as _;

use rusqlite::Connection;

use super::drawn::{csv, session};

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

const OVERLAP: &str = "a.ts < b.ts + b.dur and b.ts < a.ts + a.dur";
const CONTAINMENT: &str = "a.ts <= b.ts and b.ts + b.dur <= a.ts + a.dur";
const POINT: &str = "b.ts between a.ts and a.ts + a.dur - 1";
const CONDITIONS: [&str; 8] = [
    OVERLAP,
    CONTAINMENT,
    POINT,
    "a.ts < b.ts + b.dur and b.ts < a.ts + a.dur and a.id != b.id",
    "a.id + 1 > b.id and b.id + 3 >= a.id",
    "a.k = b.k and a.ts < b.ts + b.dur and b.ts < a.ts + a.dur",
    "a.k = b.k and a.id % 2 = b.id % 2 and a.ts <= b.ts and b.ts + b.dur <= a.ts + a.dur",
    "a.k is b.k and a.ts < b.ts + b.dur and b.ts < a.ts + a.dur",
];

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn random_table(dice: &mut Dice, name: &str, num_rows: u64) -> String {
    let mut statement = format!("create table {name} as with x(id, ts, dur, k) as (values ");
    for id in 0..num_rows {
        let k = if dice.throw(8) == 0 { "NULL".to_owned() } else { dice.throw(2).to_string() };
        let dur = if dice.throw(12) == 0 { "NULL".to_owned() } else { (dice.throw(4) * dice.throw(6)).to_string() };
        let comma = if id == 0 { "" } else { ", " };
        write!(statement, "{comma}({id}, {}, {dur}, {k})", dice.throw(50)).expect("a String takes everything");
    }
    statement + ") select * from x;"
}

/// The rows that SQLite gives, all of whose values are numbers, as ours are printed.
pub(crate) fn sqlite_rows(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).expect("SQLite takes the query");
    let num_columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let text = |at| row.get::<_, Option<i64>>(at).map(|v| v.map_or("\"[NULL]\"".to_owned(), |v| v.to_string()));
        let values: Result<Vec<String>, _> = (0..num_columns).map(text).collect();
        values.map(|values| values.join(","))
    });
    rows.expect("SQLite runs it").collect::<Result<_, _>>().expect("all rows are numbers")
}

#[test]
fn joins_of_intervals_are_those_of_all_pairs() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        // Enough rows of one key for the tree, and few.
        let sizes = [dice.throw(90) + 1, dice.throw(90) + 1];
        let tables = random_table(&mut dice, "a", sizes[0]) + &random_table(&mut dice, "b", sizes[1]);
        let connection = Connection::open_in_memory().expect("SQLite opens");
        connection.execute_batch(&tables).expect("SQLite makes the tables");
        let session = session();
        csv(&session, &tables);
        for condition in CONDITIONS {
            for query in [
                format!("select a.id, b.id from a join b on {condition} order by a.id, b.id"),
                format!("select a.id, b.id from a, b where {condition} order by a.id, b.id"),
                format!("select a.id, b.id, a.dur from a left join b on {condition} order by a.id, b.id"),
                format!("select a.id, b.id, b.dur from b left join a on {condition} order by b.id, a.id"),
                format!("select id from a where exists (select 1 from b where {condition}) order by id"),
                format!("select id from a where not exists (select 1 from b where {condition}) order by id"),
                format!("select count(*) from a join b on {condition}"),
            ] {
                let found: Vec<String> = csv(&session, &query).lines().skip(1).map(str::to_owned).collect();
                assert_eq!(found, sqlite_rows(&connection, &query), "seed {seed}: {query}");
            }
        }
    }
}

#[test]
fn joins_of_intervals_try_few_pairs() {
    let plan_of = |condition: &str, kind: &str| {
        csv(&session(), &format!("explain select a.id, b.id from slice a {kind} slice b on {condition}"))
    };
    for condition in [OVERLAP, CONTAINMENT, POINT, "a.ts + a.dur > b.ts and b.ts + b.dur > a.ts"] {
        for kind in ["join", "left join"] {
            let plan = plan_of(condition, kind);
            assert!(plan.contains("IntervalJoinExec"), "{condition}: {plan}");
            assert!(!plan.contains("NestedLoopJoinExec"), "{condition}: {plan}");
        }
    }
    // Equal tracks are not enough: a track may have a million slices.
    let plan = plan_of(&format!("a.track_id = b.track_id and {OVERLAP}"), "join");
    assert!(plan.contains("IntervalJoinExec: join_type=Inner, on=track_id@"), "{plan}");
    // The times are searched and not the depth, which leaves half of the rows.
    let plan = csv(&session(), "explain select s.id, a.id from slice s join ancestor_slice(s.id) a");
    assert!(plan.contains("IntervalJoinExec") && plan.contains("sorted=ts@"), "{plan}");
    // A row number is enough.
    let plan = plan_of(&format!("a.id = b.id and {OVERLAP}"), "join");
    assert!(plan.contains("RowJoinExec"), "{plan}");
    // One bound alone gives most pairs anyway.
    assert!(!plan_of("a.ts < b.ts", "join").contains("IntervalJoinExec"));
    // All pairs of forty thousand rows would take minutes.
    assert_eq!(
        rows(
            "create table n as with recursive c(n) as (select 0 union all select n + 1 from c where n < 39999) select n from c; \
             create table a as select n as id, n * 10 as ts, 15 as dur from n; \
             create table b as select n as id, n * 10 + 5 as ts, 2 as dur from n; \
             select count(*), sum(a.id - b.id) from a join b on a.ts < b.ts + b.dur and b.ts < a.ts + a.dur"
        ),
        // Each of b lies in the one of a that begins before it; that of the next reaches to the middle only.
        ["40000,0"]
    );
    assert_eq!(
        rows(
            "create table n as with recursive c(n) as (select 0 union all select n + 1 from c where n < 39999) select n from c; \
             create table a as select n as id, n * 10 as ts, 15 as dur, n % 2 as k from n; \
             create table b as select n as id, n * 10 + 5 as ts, 2 as dur, n % 2 as k from n; \
             select count(*), sum(a.id - b.id) from a join b on a.k = b.k and a.ts < b.ts + b.dur and b.ts < a.ts + a.dur"
        ),
        ["40000,0"]
    );
}

#[test]
fn intervals_are_joined_by_a_table_function() {
    let tables = "
        create table a as with x(id, ts, dur, k) as (values (1, 0, 10, 'x'), (2, 20, 5, 'y')) select * from x;
        create table b as with x(id, ts, dur, k) as (values (7, 5, 17, 'x'), (8, 24, 9, 'y')) select * from x;";
    assert_eq!(rows(&format!("{tables} select * from interval_join(a, b)")), ["5,5,1,7", "20,2,2,7", "24,1,2,8"]);
    assert_eq!(
        rows(&format!("{tables} select * from interval_join(a, (select * from b where id > 0), '(k)') order by ts")),
        ["5,5,1,7,\"x\"", "24,1,2,8,\"y\""]
    );
    assert_eq!(
        rows(&format!(
            "{tables} select j.dur, a.k from interval_join(a, b) j join a on a.id = j.id_0 where j.id_1 = 7"
        )),
        ["5,\"x\"", "2,\"y\""]
    );
}
