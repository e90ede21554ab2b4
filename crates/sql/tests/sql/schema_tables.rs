//! What SQLite tells of its tables, its other names of a row's number, and pragmas.

use super::drawn::{csv, error, session};
use super::peer::assert_same;

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn columns_are_listed_as_sqlite_lists_them() {
    let made = "create perfetto table t as select 1 as a, 'x' as b, 0.5 as c, x'00' as d;";
    let expected = [
        "0,\"a\",\"INTEGER\",0,\"[NULL]\",0",
        "1,\"b\",\"TEXT\",0,\"[NULL]\",0",
        "2,\"c\",\"REAL\",0,\"[NULL]\",0",
        "3,\"d\",\"BLOB\",0,\"[NULL]\",0",
    ];
    assert_eq!(rows(&format!("{made} PRAGMA table_info(t)")), expected);
    assert_eq!(rows(&format!("{made} pragma table_info('T');")), expected);
    assert_eq!(rows(&format!("{made} pragma main.table_info = t")), expected);
    assert_eq!(rows(&format!("{made} select name from pragma_table_info('t') where type = 'REAL'")), ["\"c\""]);
    assert_eq!(rows(&format!("{made} pragma table_xinfo(t)"))[0], "0,\"a\",\"INTEGER\",0,\"[NULL]\",0,0");
    assert_eq!(
        csv(&session(), "pragma table_info(nothing)"),
        "\"cid\",\"name\",\"type\",\"notnull\",\"dflt_value\",\"pk\"\n"
    );
    assert_eq!(
        rows("select i.name from sqlite_schema s, pragma_table_info('slice') i where s.name = 'slice' and i.pk"),
        ["\"id\""]
    );
    assert_eq!(
        error("select * from pragma_table_info(1 + 1)").to_string(),
        "`pragma_table_info` takes the name of a table as a text"
    );
}

#[test]
fn tables_are_listed() {
    let made = "create perfetto table made as select 1 as a; create perfetto view seen as select 2 as b;";
    assert_eq!(
        rows(&format!("{made} select type, name, tbl_name from sqlite_schema where name in ('made', 'seen', 'slice')")),
        ["\"table\",\"made\",\"made\"", "\"view\",\"seen\",\"seen\"", "\"view\",\"slice\",\"slice\""]
    );
    assert_eq!(rows(&format!("{made} select count(*) from sqlite_master where name = 'made'")), ["1"]);
    assert_eq!(rows("select count(*) from sqlite_master where name like '\\_\\_%' escape '\\'"), ["0"]);
}

#[test]
fn pragmas_are_accepted() {
    for script in ["pragma nonsense", "PRAGMA cache_size = -2000;", "pragma journal_mode = off", "pragma optimize"] {
        assert_eq!(csv(&session(), script), "", "{script}");
    }
    assert_eq!(csv(&session(), "pragma user_version; select 1 as x"), "\"user_version\"\n0\n\n\"x\"\n1\n");
    assert_same("", &["pragma encoding", "pragma user_version"]);
    assert_eq!(error("pragma").to_string(), "expected a name, found the end of the text");
}

#[test]
fn a_rows_number_has_other_names() {
    assert_eq!(rows("select rowid, name from slice where rowid = 2"), ["2,\"sgemm\""]);
    assert_eq!(rows("select s._rowid_ from slice s where s.oid < 2 order by 1 desc"), ["1", "0"]);
    assert_eq!(rows("select max(rowid) from slice"), rows("select max(id) from slice"));
    // A column of the name is itself.
    assert_eq!(rows("select rowid from (select 7 as rowid, 1 as id)"), ["7"]);
    assert_eq!(error("select rowid from (select 1 as x)").to_string(), "no such column: `rowid`");
}

#[test]
fn a_window_is_cut_into_steps() {
    let window = "create virtual table w using window;";
    assert_eq!(
        csv(&session(), &format!("{window} select * from w")),
        "\"ts\",\"dur\",\"quantum_ts\"\n0,9223372036854775807,0\n"
    );
    let set = "update w set window_start = 100, window_dur = 25, quantum = 10 where rowid = 0;";
    assert_eq!(rows(&format!("{window} {set} select * from w")), ["100,10,0", "110,10,1", "120,5,2"]);
    let set = "update w set window_start = (select min(ts) from slice), window_dur = 2 * 5; update w set quantum = 5;";
    assert_eq!(rows(&format!("{window} {set} select ts, dur from w")), ["1000000,5", "1000005,5"]);
    // It is a side of a span join like any other table.
    let joined = "create virtual table j using span_join(w, s); select ts, dur, quantum_ts, name from j;";
    let spans = "create perfetto view s as select ts, dur, name from slice where name = 'aten::mm';";
    let set = "update w set window_start = 1000000, window_dur = 500, quantum = 250;";
    assert_eq!(
        rows(&format!("{window} {set} {spans} {joined}")),
        ["1000000,250,0,\"aten::mm\"", "1000250,250,1,\"aten::mm\""]
    );
    assert_eq!(
        error("update slice set window_start = 1").to_string(),
        "`UPDATE` is not possible: a trace is read-only"
    );
    assert!(error(&format!("{window} update w set quantum = 1")).to_string().contains("is too long"));
    assert_eq!(
        error(&format!("{window} update w set quantum = 'x'")).to_string(),
        "`quantum` takes a whole number, and `'x'` gives none"
    );
}

#[test]
fn columns_that_joins_are_made_by_have_the_value_of_the_side_that_is_there() {
    let tables =
        "create table a as select column1 as x, column2 as k, column3 as p from (values (1, 10, 'a'), (2, 20, 'b'));
                  create table b as select column1 as q, column2 as k from (values ('r', 20), ('s', 30));
                  create table c as select column1 as k, column2 as w from (values (30, 1.5), (40, 2.5))";
    assert_same(
        tables,
        &[
            "select * from a full join b using (k) order by k",
            "select * from a right join b using (k) order by k",
            "select k, p, q from a full join b using (k) order by k",
            "select a.k, b.k, k + 1 from a full join b using (k) order by 3",
            "select * from a full join b using (k) full join c using (k) order by k",
            "select count(*), k from a full join b using (k) where k > 10 group by k order by k",
            "select * from a left join b using (k) order by k",
            "select a.*, b.* from a full join b using (k) order by a.k, b.k",
            "select 0XFF, 0x10, 0Xab + 1",
        ],
    );
}
