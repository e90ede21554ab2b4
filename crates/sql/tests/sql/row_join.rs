//! Joins on a row number: the row is fetched and not searched for, and the rows are those of a plain join.

use std::fmt::Write as _;

use rusqlite::Connection;

use super::drawn::{csv, session_over};
use super::interval_join::{Dice, sqlite_rows};
use super::many;

const NUM_SLICES: u64 = 700;

/// Rows that name a slice, some of them one that there is not.
fn picks(dice: &mut Dice) -> String {
    let mut statement = "create table pick as with x(n, row) as (values ".to_owned();
    for n in 0..150 {
        let row = match dice.throw(8) {
            0 => "NULL".to_owned(),
            1 => "-1".to_owned(),
            2 => (NUM_SLICES + dice.throw(3)).to_string(),
            // Far beyond what a row number can be.
            3 => (i64::MAX - 1).to_string(),
            _ => dice.throw(NUM_SLICES).to_string(),
        };
        let comma = if n == 0 { "" } else { ", " };
        write!(statement, "{comma}({n}, {row})").expect("a String takes everything");
    }
    statement + ") select * from x;"
}

#[test]
fn joins_on_row_numbers_are_those_of_sqlite() {
    let session = session_over(many::trace(NUM_SLICES as usize));
    let connection = Connection::open_in_memory().expect("SQLite opens");
    connection.execute_batch("create table slice (id, ts, dur, track_id, category, name)").expect("SQLite makes it");
    for row in 0..NUM_SLICES {
        let made = many::made(row as usize);
        connection
            .execute(
                "insert into slice values (?, ?, ?, ?, ?, ?)",
                (row as i64, ts_of(row), made.dur, made.track, made.category, made.name),
            )
            .expect("SQLite takes the row");
    }
    let tables = picks(&mut Dice(1));
    connection.execute_batch(&tables).expect("SQLite makes the table");
    csv(&session, &tables);
    for query in [
        "select p.n, s.id, s.ts, s.dur from pick p join slice s on s.id = p.row order by 1",
        "select p.n, s.id, s.ts from slice s join pick p on p.row = s.id order by 1",
        "select p.n, s.id, s.ts, length(s.name) from pick p left join slice s on s.id = p.row order by 1",
        "select p.n, s.id from slice s right join pick p on p.row = s.id order by 1",
        "select s.id, count(p.n) from slice s left join pick p on p.row = s.id group by 1 order by 1",
        "select p.n, s.dur from pick p join slice s on s.id = p.row where s.dur > 300 order by 1",
        "select p.n, s.dur from pick p join slice s on s.id = p.row and s.dur > p.n order by 1",
        "select p.n, s.dur from pick p left join slice s on s.id = p.row and s.dur > p.n order by 1",
        "select p.n, s.dur from pick p left join slice s on s.id = p.row and s.dur > 300 order by 1",
        "select p.n, s.dur from pick p join slice s on s.id = p.row where s.name like '%mem%' order by 1",
        "select p.n, s.dur from pick p left join slice s on s.id = p.row and s.name like '%mem%' order by 1",
        "select p.n, s.dur from pick p left join slice s on s.id = p.row and s.category is null order by 1",
        "select p.n, s.id from pick p join slice s on s.id = p.row where s.id between 100 and 400 order by 1",
        "select p.n, s.id from pick p join slice s on s.id = p.row where s.id in (3, 5, 600) or s.id < 90 order by 1",
        "select p.n, x.one, x.two from pick p join (select dur + 1 as one, id as two, ts from slice) x on x.two = p.row
         order by 1",
        "select p.n, x.two from pick p left join (select dur + 1 as one, id as two from slice where dur % 2 = 0) x
         on x.two = p.row order by 1",
        "select a.id, b.id from slice a join slice b on a.id = b.id where a.dur < 100 order by 1",
        "select a.id, b.id from slice a join slice b on a.id = b.id where b.id < 5 order by 1",
        "select a.id, b.id from slice a join slice b on b.id = a.id + 1 where a.dur < b.dur order by 1",
        "select p.n, a.dur, b.dur from pick p join slice a on a.id = p.row left join slice b on b.id = a.dur order by 1",
        "select n from pick p where exists (select 1 from slice s where s.id = p.row and s.dur > 500) order by 1",
        "select n from pick where row not in (select id from slice where dur > 500) order by 1",
        "select count(*), sum(s.dur) from pick p join slice s on s.id = p.row",
        "select s.track_id, count(*) from pick p join slice s on s.id = p.row group by 1 order by 1",
    ] {
        let found: Vec<String> = csv(&session, query).lines().skip(1).map(str::to_owned).collect();
        assert_eq!(found, sqlite_rows(&connection, query), "{query}");
    }
}

/// The time that SQL gives for this row of [`many::trace`].
fn ts_of(row: u64) -> i64 {
    many::made(row as usize).ts - 1000
}

#[test]
fn rows_are_fetched_and_not_searched_for() {
    let session = session_over(many::trace(NUM_SLICES as usize));
    csv(&session, &picks(&mut Dice(2)));
    for (query, num_fetches) in [
        ("select p.n, s.ts from pick p join slice s on s.id = p.row", 1),
        ("select p.n, s.ts from slice s join pick p on s.id = p.row", 1),
        ("select p.n, s.ts from pick p left join slice s on s.id = p.row", 1),
        ("select s.ts, t.name from slice s join track t on t.id = s.track_id", 1),
        (
            "select thread.utid, count(*) from slice join thread_track on slice.track_id = thread_track.id
          join thread on thread_track.utid = thread.utid group by 1",
            2,
        ),
        ("select ts, dur, name from kernel", 3),
    ] {
        let plan = csv(&session, &format!("explain {query}"));
        assert_eq!(plan.matches("RowJoinExec").count(), num_fetches, "{query}: {plan}");
        assert!(!plan.contains("HashJoinExec"), "{query}: {plan}");
    }
    // Every row of the fetched side is asked for, so there is something to search.
    let plan = csv(&session, "explain select s.id, p.n from slice s left join pick p on p.row = s.id");
    assert!(plan.contains("HashJoinExec"), "{plan}");
    // The rows come in the order of the side that is read.
    let plain: Vec<String> =
        csv(&session, "select n from pick where row >= 0 and row < 700").lines().map(str::to_owned).collect();
    let joined = csv(&session, "select p.n from pick p join slice s on s.id = p.row");
    assert_eq!(joined.lines().collect::<Vec<_>>(), plain);
}
