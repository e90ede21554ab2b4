//! Reads what `cargo test -- --show-output` prints: counts tests and collects what was skipped.
//!
//! The test harness knows no skipping at run time: a test that lacks its input prints one line that says so and
//! passes. Unseen, such a test looks like one that checked something, so these lines are shown again at the end and
//! their tests are not counted as passed. The output of all other passed tests is left out, as cargo does unasked.

use std::fmt::Write as _;

use crate::page::Totals;

/// How the line of a test that skips itself begins, after its file position or not.
const SKIPPED: &str = "skipped:";

/// What is known of the tests after the lines read so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestReport {
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Test and reason of those that skipped themselves.
    skipped: Vec<(String, String)>,
    /// True between the heading of the passed tests' output and the next that counts.
    is_in_successes: bool,
    /// Test whose output is being read.
    test: Option<String>,
}

impl TestReport {
    /// Takes the next line, and gives it back when it should be shown.
    pub(crate) fn read_line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if line == "successes:" {
            self.is_in_successes = true;
            self.test = None;
        } else if line == "failures:" || line.starts_with("test result: ") {
            self.is_in_successes = false;
            self.count(line);
        } else if self.is_in_successes {
            self.read_output_line(line);
        }
        (!self.is_in_successes).then_some(line)
    }

    fn read_output_line(&mut self, line: &str) {
        if let Some(test) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.test = Some(test.to_owned());
        } else if let Some(at) = line.find(SKIPPED)
            && let Some(test) = &self.test
        {
            self.skipped.push((test.clone(), line[at + SKIPPED.len()..].trim().to_owned()));
        }
    }

    /// Adds the numbers of `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn count(&mut self, line: &str) {
        let number = |unit: &str| -> usize {
            let before = line.split(';').find_map(|part| part.trim_end().strip_suffix(unit));
            before.and_then(|text| text.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
        };
        self.passed += number(" passed");
        self.failed += number(" failed");
        self.ignored += number(" ignored");
    }

    /// Adds tests that another harness ran.
    pub(crate) fn add(&mut self, totals: Totals) {
        self.passed += totals.passed;
        self.failed += totals.failed;
        self.ignored += totals.skipped;
    }

    /// Adds what could not run here, as one skipped test.
    pub(crate) fn skip(&mut self, what: &str, reason: &str) {
        self.passed += 1;
        self.skipped.push((what.to_owned(), reason.to_owned()));
    }

    fn num_skipped_tests(&self) -> usize {
        let mut tests: Vec<&str> = self.skipped.iter().map(|(test, _)| test.as_str()).collect();
        tests.dedup();
        tests.len()
    }

    /// What was skipped and why, a line each.
    pub(crate) fn skipped_listing(&self) -> String {
        let mut listing = String::new();
        if self.skipped.is_empty() && self.ignored == 0 {
            listing.push_str("Nothing was skipped.\n");
        }
        for (test, reason) in &self.skipped {
            let _ = writeln!(listing, "skipped {test}: {reason}");
        }
        if self.ignored > 0 {
            let _ = writeln!(listing, "ignored {} tests, marked so in their sources", self.ignored);
        }
        listing
    }

    /// `N passed, N failed, N skipped`.
    pub(crate) fn closing_line(&self) -> String {
        let skipped = self.num_skipped_tests();
        format!("{} passed, {} failed, {} skipped", self.passed - skipped, self.failed, skipped + self.ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 4 tests
test a::finds ... ok
test a::skips ... ok
test b::prints ... ok
test c ... ignored

successes:

---- a::skips stdout ----
skipped: no traces at `../shared`
skipped: nor there

---- b::prints stdout ----
hello

successes:
    a::finds
    a::skips
    b::prints

test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 2 tests
test d ... ok
test e ... FAILED

successes:

successes:
    d

failures:

---- e stdout ----
skipped: is not taken from a failed test
assertion failed

failures:
    e

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    fn read(output: &str) -> (TestReport, Vec<&str>) {
        let mut report = TestReport::default();
        let shown = output.lines().filter_map(|line| report.read_line(line)).collect();
        (report, shown)
    }

    #[test]
    fn tests_are_counted_and_skipped_ones_are_not_passed() {
        let (report, _) = read(OUTPUT);
        assert_eq!(report.closing_line(), "3 passed, 1 failed, 2 skipped");
        assert_eq!(
            report.skipped_listing(),
            "skipped a::skips: no traces at `../shared`\nskipped a::skips: nor there\n\
             ignored 1 tests, marked so in their sources\n"
        );
    }

    #[test]
    fn only_the_output_of_passed_tests_is_left_out() {
        let (_, shown) = read(OUTPUT);
        let expected: Vec<&str> = OUTPUT
            .lines()
            .filter(|line| {
                !["successes:", "hello", "skipped: no traces at `../shared`", "skipped: nor there"].contains(line)
            })
            .filter(|line| !line.starts_with("    ") || line.ends_with("    e"))
            .filter(|line| !line.starts_with("---- ") || line.starts_with("---- e"))
            .filter(|line| !line.is_empty())
            .collect();
        let shown: Vec<&str> = shown.into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn tests_of_another_harness_and_what_cannot_run_are_counted() {
        let (mut report, _) = read(OUTPUT);
        report.add(Totals { passed: 56, failed: 0, skipped: 1 });
        report.skip("journeys", "no browser");
        assert_eq!(report.closing_line(), "59 passed, 1 failed, 4 skipped");
        assert!(report.skipped_listing().contains("\nskipped journeys: no browser\n"), "{}", report.skipped_listing());
    }

    #[test]
    fn nothing_skipped_is_said() {
        assert_eq!(TestReport::default().skipped_listing(), "Nothing was skipped.\n");
        assert_eq!(TestReport::default().closing_line(), "0 passed, 0 failed, 0 skipped");
    }
}
