//! Files: out of reach unless whoever starts the session says otherwise.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use kinetoscope_sql::format::Format;
use kinetoscope_sql::{FileAccess, Session, SessionOptions};

use super::drawn::{csv, print_as, trace};

/// Files in memory.
#[derive(Debug, Default)]
struct Shelf(Mutex<BTreeMap<String, Vec<u8>>>);

impl FileAccess for Shelf {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let files = self.0.lock().expect("no test panics with it");
        files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("no test panics with it").insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }
}

fn session_with_files() -> (Session, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    let files: Arc<dyn FileAccess> = Arc::clone(&shelf) as Arc<dyn FileAccess>;
    let options = SessionOptions { files: Some(files), ..SessionOptions::default() };
    (Session::new(trace(), options).expect("a session starts"), shelf)
}

#[test]
fn without_leave_no_function_reaches_files() {
    let session = super::drawn::session();
    for call in ["readfile('a')", "read_file('a')", "writefile('a', 'x')", "write_file('a', 'x')"] {
        let error = print_as(&session, Format::Csv, &format!("select {call}")).expect_err("files are out of reach");
        let name = call.split('(').next().expect("a name");
        assert!(error.to_string().contains(&format!("`{name}` reaches files")), "{error}");
        assert!(error.to_string().contains("--allow-files"), "{error}");
    }
}

#[test]
fn files_are_written_and_read() {
    let (session, shelf) = session_with_files();
    assert_eq!(csv(&session, "select writefile('a.txt', 'héllo') as n"), "\"n\"\n6\n");
    assert_eq!(shelf.0.lock().expect("the files")["a.txt"], "héllo".as_bytes());
    assert_eq!(
        csv(&session, "select cast(readfile('a.txt') as text) as t, typeof(readfile('a.txt')) as y"),
        "\"t\",\"y\"\n\"héllo\",\"blob\"\n"
    );
    assert_eq!(csv(&session, "select write_file('b', x'00ff') as n"), "\"n\"\n2\n");
    assert_eq!(shelf.0.lock().expect("the files")["b"], [0, 255]);
    // One file for each row, nothing for null.
    assert_eq!(
        csv(
            &session,
            "select writefile('s' || id, name) as n from slice where id < 2 union all select writefile(null, 'x')"
        ),
        "\"n\"\n8\n16\n\"[NULL]\"\n"
    );
    assert_eq!(shelf.0.lock().expect("the files").keys().collect::<Vec<_>>(), ["a.txt", "b", "s0", "s1"]);
    assert_eq!(csv(&session, "select writefile('e', null) as n, readfile(null) as r"), "\"n\",\"r\"\n0,\"[NULL]\"\n");
}

#[test]
fn what_cannot_be_read_is_named() {
    let (session, _) = session_with_files();
    let error = print_as(&session, Format::Csv, "select readfile('nowhere')").expect_err("there is no such file");
    assert!(error.to_string().contains("cannot read `nowhere`"), "{error}");
    let error = print_as(&session, Format::Csv, "select readfile()").expect_err("it takes a path");
    assert!(error.to_string().contains("1 arguments, not 0"), "{error}");
}
