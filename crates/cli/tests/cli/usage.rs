//! Help, version, and command lines that make no sense.

use crate::sandbox::Sandbox;

#[track_caller]
fn refused(args: &[&str]) -> String {
    Sandbox::new().run(args).failed_with(2)
}

#[test]
fn version_names_program_and_version() {
    let version = format!("kinetoscope {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Sandbox::new().run(&["--version"]).succeeded(), version);
    assert_eq!(Sandbox::new().run(&["-V"]).succeeded(), version);
}

#[test]
fn every_command_has_help_with_examples() {
    let sandbox = Sandbox::new();
    for command in [
        &[][..],
        &["summary"],
        &["stats"],
        &["query"],
        &["export"],
        &["cache"],
        &["cache", "list"],
        &["cache", "clear"],
    ] {
        for switch in ["-h", "--help"] {
            let help = sandbox.run(&[command, &[switch]].concat()).succeeded();
            let usage = format!("Usage: kinetoscope {}", command.join(" "));
            assert!(help.contains(usage.trim_end()), "{command:?} {switch}: {help}");
            assert!(help.contains("Examples:\n  kinetoscope "), "{command:?} {switch}: {help}");
            let too_wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 115).collect();
            assert!(too_wide.is_empty(), "{command:?} {switch}: {too_wide:#?}");
        }
    }
}

#[test]
fn help_tells_the_exit_codes_and_the_environment() {
    let help = Sandbox::new().run(&["--help"]).succeeded();
    for word in ["Exit codes:", "130", "KINETOSCOPE_CACHE_DIR", "XDG_CACHE_HOME", "NO_COLOR"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn the_name_alone_shows_how_to_go_on() {
    let help = refused(&[]);
    assert!(help.contains("Usage: kinetoscope") && help.contains("summary"), "{help}");
}

#[test]
fn wrong_command_lines_end_with_2() {
    assert!(refused(&["sumary", "a.json"]).contains("unrecognized subcommand 'sumary'"));
    assert!(refused(&["summary"]).contains("<PATH>"));
    assert!(refused(&["summary", "--bogus", "a.json"]).contains("--bogus"));
    assert!(refused(&["summary", "a.json", "--top", "many"]).contains("many"));
    assert!(refused(&["summary", "a.json", "--width", "7"]).contains("40"));
    assert!(refused(&["summary", "a.json", "--json", "--top", "3"]).contains("cannot be used with"));
    assert!(refused(&["summary", "a.json", "-q", "-v"]).contains("cannot be used with"));
    assert!(refused(&["summary", "a.json", "--threads", "0"]).contains("--threads"));
    assert!(refused(&["query", "a.json", "select 1", "--format", "xml"]).contains("ndjson"));
    assert!(refused(&["query", "a.json", "-e", "select 1", "-f", "q.sql"]).contains("cannot be used with"));
    assert!(refused(&["cache"]).contains("Usage: kinetoscope cache"));
}

#[test]
fn a_wrong_size_says_what_a_size_is() {
    let message = refused(&["summary", "a.json", "--max-unpacked-bytes", "lots"]);
    assert!(message.contains("'lots'") && message.contains("`64GiB`"), "{message}");
}

#[test]
fn what_later_versions_will_do_is_not_promised() {
    for command in ["diff", "record", "vllm"] {
        assert!(refused(&[command]).contains("unrecognized subcommand"), "{command}");
    }
}
