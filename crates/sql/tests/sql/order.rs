//! Order of rows: SQLite's where it matters, and the same on any number of threads everywhere.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use kinetoscope_sql::{ResultEvent, Session, SessionOptions};

use super::drawn::csv;
use super::many::{self, made};

/// More than two partitions' worth of rows.
const NUM_SLICES: usize = 140_000;

fn sessions() -> Vec<Session> {
    let trace = many::trace(NUM_SLICES);
    let with = |num_threads| {
        let options = SessionOptions { num_threads: NonZeroUsize::new(num_threads), ..Default::default() };
        Session::new(Arc::clone(&trace), options).expect("a session starts")
    };
    [1, 2, 4].map(with).into()
}

#[test]
fn the_number_of_threads_does_not_show() {
    let sessions = sessions();
    for query in [
        "select id, name from slice where dur > 990",
        "select id from slice where dur > 990 limit 1000",
        "select name, category, count(*), sum(dur) from slice group by name, category",
        "select distinct name, category from slice",
        "select id, ts, dur from slice order by dur desc limit 50",
        "select id, category from slice where dur < 3 order by category",
        "select id, ts from slice order by ts desc limit 100",
        "select s.id, t.name from slice s join thread_track tt on s.track_id = tt.id join thread t using (utid) where s.dur = 7",
        "select s.id, a.int_value from slice s join args a using (arg_set_id) where a.key = 'args.index' and s.dur = 7",
        "select * from (select id, id - lag(id) over (partition by track_id order by ts) as gap from slice) where gap > 20",
        "select id, row_number() over (partition by track_id order by dur) as n from slice where dur < 2",
        "select category, dur, count(*) as n from slice group by category, dur order by n desc limit 20",
        "select id from slice where name like '%memcpy%' limit 20 offset 30000",
        "select args.id, key from args join slice using (arg_set_id) where int_value > 139900",
        "select a.id, b.id from slice a join slice b on a.id = b.id + 1 where a.dur = 3 and b.dur < 900",
        "select id from slice where dur = 4 union all select dur from slice where dur = 5",
        "select id from slice where dur < 100 except select id from slice where id > 1000",
        "select dur from slice intersect select id from slice where id < 50",
        "select x.id from (select id, dur from slice order by dur desc limit 5) x join thread t on true order by x.dur",
        "select id from slice where track_id = 1 union all select id from slice where dur = 5 order by 1 limit 500",
    ] {
        let expected = csv(&sessions[0], query);
        assert!(expected.lines().count() > 5, "{query} gives too little to tell: {expected}");
        for session in &sessions[1..] {
            assert_eq!(csv(session, query), expected, "{query}");
        }
    }
}

#[test]
fn rows_of_a_plain_query_come_in_the_order_of_the_table() {
    let expected: String = (0..NUM_SLICES).filter(|&row| made(row).dur > 995).map(|row| format!("{row}\n")).collect();
    for session in sessions() {
        assert_eq!(csv(&session, "select id from slice where dur > 995"), format!("\"id\"\n{expected}"));
    }
}

#[test]
fn rows_that_compare_equal_keep_the_order_of_the_table() {
    let mut rows: Vec<usize> = (0..NUM_SLICES).filter(|&row| made(row).dur < 20).collect();
    rows.sort_by_key(|&row| std::cmp::Reverse(made(row).dur));
    let expected: String = rows.into_iter().map(|row| format!("{row}\n")).collect();
    for session in sessions() {
        assert_eq!(
            csv(&session, "select id from slice where dur < 20 order by dur desc"),
            format!("\"id\"\n{expected}")
        );
    }
}

#[test]
fn groups_come_in_the_order_of_their_keys() {
    let mut sums: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
    for row in 0..NUM_SLICES {
        let sum = sums.entry(made(row).name).or_default();
        *sum = (sum.0 + 1, sum.1 + made(row).dur);
    }
    let expected: String = sums.iter().map(|(name, (count, sum))| format!("\"{name}\",{count},{sum}\n")).collect();
    for session in sessions() {
        let printed = csv(&session, "select name, count(*) as n, sum(dur) as s from slice group by name");
        assert_eq!(printed, format!("\"name\",\"n\",\"s\"\n{expected}"));
    }
}

#[test]
fn positional_functions_see_rows_of_one_time_in_the_order_of_the_table() {
    let mut last = [None; many::NUM_TRACKS as usize];
    let mut gaps = BTreeMap::new();
    for row in 0..NUM_SLICES {
        if let Some(before) = last[made(row).track as usize].replace(row) {
            *gaps.entry(row - before).or_insert(0) += 1;
        }
    }
    let expected: String = gaps.iter().map(|(gap, count)| format!("{gap},{count}\n")).collect();
    let query = "select gap, count(*) as n from (select id - lag(id) over (partition by track_id order by ts) as gap from slice)
        where gap is not null group by gap";
    for session in sessions() {
        assert_eq!(csv(&session, query), format!("\"gap\",\"n\"\n{expected}"));
    }
}

#[test]
fn rows_that_a_row_number_tells_break_no_ties() {
    // A kernel's slice, stream and device are one each, so only the kernel itself and the call are of use.
    for (query, num_keys) in [
        ("select id, lag(ts) over (partition by stream order by ts) as before from kernel", 3),
        ("select id from kernel order by dur", 2),
        ("select kernel.id from kernel join cuda_api using (correlation) order by kernel.dur", 3),
        // Each track has many slices, and both places count.
        ("select slice.id from thread_track as t join slice on slice.track_id = t.id order by utid", 3),
    ] {
        for session in sessions() {
            let plan = csv(&session, &format!("explain {query}"));
            let keys = plan.lines().find_map(|line| line.split_once("CodedSortExec: expr=["));
            let keys = keys.and_then(|(_, keys)| keys.split_once(']')).unwrap_or_else(|| panic!("no sort in {plan}"));
            assert_eq!(keys.0.split(", ").count(), num_keys, "{query}: {plan}");
        }
    }
}

#[test]
fn first_rows_are_given_before_many_are_read() {
    for session in sessions() {
        for query in ["select id, name from slice", "select id, name from slice where dur > 100"] {
            let mut batches: Vec<usize> = Vec::new();
            session
                .run(query, &mut |event| {
                    if let ResultEvent::Batch(batch) = event {
                        batches.push(batch.num_rows());
                    }
                    Ok(())
                })
                .expect("the query runs");
            let found = (0..NUM_SLICES).filter(|&row| query.ends_with("slice") || made(row).dur > 100).count();
            assert_eq!(batches.iter().sum::<usize>(), found, "{query}");
            assert!(batches[0] <= 8192, "{query}: the first batch has {} rows", batches[0]);
            assert!(batches.len() < 40, "{query}: {batches:?}");
        }
    }
}
