//! What is left out on request is in no byte of what is written.

use kinetoscope_export::{Options, PrivateNames, Progress, chrome, sqlite};
use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_ingest::{ReadOptions, read, read_bytes};
use kinetoscope_model::Trace;
use kinetoscope_testkit::draw::{Drawing, Glyph};
use kinetoscope_testkit::fixture;
use rusqlite::Connection;

fn database(trace: &Trace, private_names: PrivateNames) -> (tempfile::NamedTempFile, Vec<u8>) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    sqlite::write(trace, file.path(), &Options { private_names }, &Progress::default()).expect("it can be written");
    let bytes = std::fs::read(file.path()).expect("it is there");
    (file, bytes)
}

fn json(trace: &Trace, private_names: PrivateNames) -> Vec<u8> {
    let mut json = Vec::new();
    chrome::write(trace, &mut json, &Options { private_names }, &Progress::default()).expect("memory takes all");
    json
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn read_private(path: &std::path::Path) -> Trace {
    let input = FoundInput { input: Input::File(path.to_owned()), folder: None };
    let options = ReadOptions { private_data: PrivateData::Kept, ..ReadOptions::default() };
    read(&[input], &options, &kinetoscope_ingest::Progress::default()).expect("a trace")
}

/// A PyTorch trace that names its user and host in every place that one knows.
fn drawn() -> Trace {
    let json = Drawing::new(&["cpu main    pppp.....", "cpu main/1  .l.......", "gpu 0/7     ...AAAA.."])
        .letter('p', Glyph::python("/home/ada/serve.py(12): step on node7").arg("cwd", "/scratch/ada"))
        .letter('A', Glyph::kernel("gemm").arg("file", serde_json::json!({"path": "/home/ada/k.cu"})))
        .launches('l', "A")
        .rank(0, 2)
        .metadata("host_name", "node7.cluster.example")
        .metadata("username", "ada")
        .metadata("traceName", "/home/ada/rank0.json")
        .to_json();
    read_bytes("rank0.json", json.into_bytes()).expect("a trace")
}

#[test]
fn names_are_in_no_byte_of_a_pytorch_traces_exports() {
    let trace = drawn();
    for name in ["ada", "node7"] {
        assert!(has(&json(&trace, PrivateNames::Kept), name), "{name} is there to be left out");
        assert!(!has(&json(&trace, PrivateNames::Stripped), name), "{name}");
        assert!(!has(&database(&trace, PrivateNames::Stripped).1, name), "{name}");
    }
    let stripped = json(&trace, PrivateNames::Stripped);
    assert!(has(&stripped, "/home/[left out]/serve.py(12): step on [left out]"), "the rest of a text stays");
    assert_eq!(read_bytes("export.json", stripped).expect("a trace").slices.len(), trace.slices.len());
}

#[test]
fn environments_are_in_no_byte_of_a_captures_exports() {
    // A capture as nsys makes it, of what a program wrote and what its process was given.
    let (file, _) = database(&drawn(), PrivateNames::Kept);
    let connection = Connection::open(file.path()).expect("a database");
    let script = r#"
        CREATE TABLE META_DATA_CAPTURE (name TEXT NOT NULL, value TEXT);
        INSERT INTO META_DATA_CAPTURE VALUES
            ('RATE_HZ', '1000'),
            ('PROCESS_0:COMMAND', '/opt/secret-tool'),
            ('PROCESS_0:ARGUMENT_0', '--token=hunter2'),
            ('PROCESS_0:WORKING_DIR', '/data/wd17'),
            ('PROCESS_0:USER_NAME', 'grace'),
            ('PROCESS_0:ENVIRONMENT_VARIABLE', 'API_KEY="k-4711"'),
            ('PROCESS_0:ENVIRONMENT_VARIABLE', 'LOGNAME="mary"'),
            ('DEVICE_DISPLAY_NAME', 'login03');
        CREATE TABLE TARGET_INFO_SYSTEM_ENV (globalVid INTEGER, devStateName TEXT, name TEXT, nameEnum INTEGER, value TEXT);
        INSERT INTO TARGET_INFO_SYSTEM_ENV VALUES
            (1, 'x', 'Hostname', 619, 'node9'),
            (1, 'x', 'CpuCores', 1, '64'),
            (1, 'x', 'DeviceEnvironment', 610, 'HOME=/scratch/alan;USER=alan');
        CREATE TABLE ProcessStreams (globalPid INTEGER, filenameId INTEGER, contentId INTEGER);
        INSERT INTO StringIds VALUES (9001, '/tmp/stdout.log'), (9002, 'hello alan, grace and mary on node9 behind login03');
        INSERT INTO ProcessStreams SELECT globalPid, 9001, 9002 FROM PROCESSES LIMIT 1;
        UPDATE PROCESSES SET name = '/home/grace/bin/python3';
    "#;
    connection.execute_batch(script).expect("it is changed");
    connection.close().expect("it is closed");
    let trace = read_private(file.path());
    let private =
        ["secret-tool", "hunter2", "wd17", "grace", "k-4711", "API_KEY", "mary", "login03", "node9", "alan", "LOGNAME"];
    let kept = [database(&trace, PrivateNames::Kept).1, json(&trace, PrivateNames::Kept)];
    let stripped = [database(&trace, PrivateNames::Stripped).1, json(&trace, PrivateNames::Stripped)];
    for text in private {
        assert!(has(&kept[0], text), "{text} is there to be left out");
        for (bytes, format) in stripped.iter().zip(["sqlite", "chrome"]) {
            assert!(!has(bytes, text), "{text} in {format}");
        }
    }
    for text in ["RATE_HZ", "CpuCores"] {
        assert!(stripped.iter().all(|bytes| has(bytes, text)), "{text} is nobody's");
    }
    assert!(has(&stripped[0], "hello [left out], [left out] and [left out] on [left out] behind [left out]"));
    assert!(has(&stripped[0], "/home/[left out]/bin/python3"));
}

#[test]
fn names_are_in_no_byte_of_a_real_captures_exports() {
    let Some(path) = fixture::shared_traces().map(|folder| folder.join("nsys/pipit-saxpy-legacy-schema.sqlite")) else {
        println!("skipped: names in a real capture's exports (there are no captures beside the repository)");
        return;
    };
    let trace = read_private(&path);
    for name in ["ocankur", "login03"] {
        assert!(has(&std::fs::read(&path).expect("it is there"), name), "{name} is in the capture");
        assert!(!has(&database(&trace, PrivateNames::Stripped).1, name), "{name}");
        assert!(!has(&json(&trace, PrivateNames::Stripped), name), "{name}");
    }
}
