//! Traces are opened when somebody asks, by nobody's own request, and closed when there is no room.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kinetoscope_server::{Limits, Mode};
use serde_json::{Value, json};

use super::client::connect;
use super::site::{Counts, Opening, Site, TRACE_BYTES, step};

#[test]
fn a_trace_is_closed_until_it_is_opened() {
    let site = Site::of(&[("step", Opening::Trace(Arc::new(step())))]);
    let entry = site.entry("step");
    let expected = json!({
        "id": entry["id"], "name": "step", "path": "/traces/step.json", "bytes": TRACE_BYTES,
        "state": "closed", "progress": null, "error": null, "hint": null,
    });
    assert_eq!(entry, expected);
    assert_eq!(site.get(&site.about("step", "")).json(), expected);
    for what in ["/overview", "/tracks", "/schema", "/summary", "/warnings", "/slices/0"] {
        let refused = site.get(&site.about("step", what));
        assert_eq!((refused.status, refused.error()), (409, "the trace is not open".to_owned()), "{what}");
    }
    let refused = site.post(&site.about("step", "/query"), &json!({ "sql": "select 1" }));
    assert_eq!(refused.status, 409);
    site.open("step");
    assert_eq!(site.get(&site.about("step", "/overview")).status, 200);
    // Once more is no harm, and reads nothing again.
    site.open("step");
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 0 });
    assert_eq!(site.post("traces/0123/open", &Value::Null).status, 404);
    assert_eq!(site.send("DELETE", &site.api("traces/0123/open"), "", "").status, 404);
}

#[test]
fn an_opening_is_cancelled_and_begun_anew() {
    let site = Site::of(&[("endless", Opening::Endless)]);
    let open = site.about("endless", "/open");
    assert_eq!(site.post(&open, &Value::Null).status, 202);
    let entry = site.entry("endless");
    assert_eq!(entry["state"], "opening");
    let expected = json!({ "bytes": 0, "total_bytes": null, "events": 0, "seconds_left": null, "step": "reading" });
    assert_eq!(entry["progress"], expected);
    let refused = site.get(&site.about("endless", "/overview"));
    assert_eq!((refused.status, refused.error()), (409, "the trace is being opened".to_owned()));
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 0 });
    assert_eq!(site.send("DELETE", &site.api(&open), "", "").status, 204);
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 1 });
    site.wait_for("endless", "closed");
    // The end of the first opening is none of the second.
    assert_eq!(site.post(&open, &Value::Null).status, 202);
    site.library.wait_until(|counts| counts == Counts { started: 2, cancelled: 1 });
    assert_eq!(site.entry("endless")["state"], "opening");
}

#[test]
fn an_opening_outlives_the_client_that_began_it() {
    let site = Site::of(&[("endless", Opening::Endless)]);
    let open = site.about("endless", "/open");
    let clients = [(); 10].map(|()| {
        let mut client = connect(site.address);
        client.write_all(site.request("POST", &site.api(&open), "", "").as_bytes()).expect("the request is sent");
        client
    });
    site.wait_for("endless", "opening");
    // None of them reads the answer.
    drop(clients);
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 0 });
    assert_eq!(site.entry("endless")["state"], "opening");
    assert_eq!(site.send("DELETE", &site.api(&open), "", "").status, 204);
    site.library.wait_until(|counts| counts.cancelled == 1);
}

#[test]
fn an_opening_that_nobody_asks_about_is_cancelled() {
    let limits = |patience| Limits { opening_patience: patience, ..Limits::default() };
    let patience = Duration::from_secs(1);
    let site = Site::with(Mode::Serve, limits(patience), &[("endless", Opening::Endless)]);
    assert_eq!(site.post(&site.about("endless", "/open"), &Value::Null).status, 202);
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 0 });
    // Somebody who asks keeps it going for longer than that.
    let start = Instant::now();
    while start.elapsed() < 2 * patience {
        assert_eq!(site.entry("endless")["state"], "opening");
    }
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 1 });
    assert_eq!(site.entry("endless")["state"], "closed");
    // What was named on the command line is opened whether a page asks or not.
    let patience = Duration::from_millis(50);
    let site = Site::with(Mode::Open, limits(patience), &[("endless", Opening::Endless)]);
    site.library.wait_until(|counts| counts.started == 1);
    let start = Instant::now();
    while start.elapsed() < 10 * patience {
        // Nobody asks about the trace.
        assert_eq!(site.get("nothing").status, 404);
    }
    assert_eq!(site.entry("endless")["state"], "opening");
}

#[test]
fn a_server_that_stops_cancels_its_openings() {
    let mut site = Site::with(Mode::Open, Limits::default(), &[("endless", Opening::Endless)]);
    // In this mode it opens what it has without being asked.
    site.library.wait_until(|counts| counts == Counts { started: 1, cancelled: 0 });
    assert_eq!(site.get("info").json()["mode"], "open");
    site.stop().expect("it ends in peace");
    site.library.wait_until(|counts| counts.cancelled == 1);
}

#[test]
fn why_a_trace_does_not_open_is_told() {
    let site = Site::of(&[("cut", Opening::Fails)]);
    assert_eq!(site.post(&site.about("cut", "/open"), &Value::Null).status, 202);
    site.wait_for("cut", "failed");
    let entry = site.entry("cut");
    assert_eq!((&entry["error"], &entry["hint"]), (&json!("the file is cut"), &json!("record it again")));
    let refused = site.get(&site.about("cut", "/overview"));
    assert_eq!((refused.status, refused.error()), (409, "the trace was not opened: the file is cut".to_owned()));
    assert_eq!(refused.json()["error"]["hint"], "record it again");
    // Somebody may have mended it.
    assert_eq!(site.post(&site.about("cut", "/open"), &Value::Null).status, 202);
    site.library.wait_until(|counts| counts.started == 2);
}

#[test]
fn what_nobody_looks_at_makes_room() {
    let trace = Opening::Trace(Arc::new(step()));
    let limits = Limits { max_open_bytes: 2 * TRACE_BYTES, ..Limits::default() };
    let site = Site::with(Mode::Serve, limits, &[("a", trace.clone()), ("b", trace.clone()), ("c", trace.clone())]);
    let states = || ["a", "b", "c"].map(|name| site.entry(name)["state"].as_str().expect("a state").to_owned());
    site.open("a");
    site.open("b");
    assert_eq!(states(), ["open", "open", "closed"], "both fit");
    assert_eq!(site.get(&site.about("a", "/overview")).status, 200);
    site.open("c");
    site.wait_for("b", "closed");
    assert_eq!(states(), ["open", "closed", "open"], "`b` was not asked for longest");
    site.open("b");
    site.wait_for("a", "closed");
    assert_eq!(states(), ["closed", "open", "open"]);
    // One that is larger than all room is open by itself.
    let limits = Limits { max_open_bytes: TRACE_BYTES - 1, ..Limits::default() };
    let site = Site::with(Mode::Serve, limits, &[("a", trace.clone()), ("b", trace)]);
    site.open("a");
    site.open("b");
    site.wait_for("a", "closed");
    assert_eq!(site.entry("b")["state"], "open");
}
