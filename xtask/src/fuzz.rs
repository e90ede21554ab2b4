//! Runs the fuzz targets, each for a while, starting from the committed seeds.

use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use kinetoscope_ingest::read_path;

use crate::repository;

/// How long a target runs when nobody says.
const DEFAULT_SECS: u64 = 60;

/// Largest input that the engine makes. Readers work in blocks much smaller than a trace, and what goes wrong in a
/// long input does so in a short one, found sooner.
const MAX_INPUT_BYTES: u64 = 16 * 1024;

/// An input that takes longer is a finding: a reading must not hang.
const INPUT_TIMEOUT_SECS: u64 = 10;

/// Memory beyond which an input is a finding. The address checks take several times what the code under test does, and
/// keep freed memory for a while.
const MEMORY_LIMIT_MB: u64 = 2048;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    secs: u64,
    targets: Vec<String>,
}

impl Plan {
    /// `[SECONDS] [TARGET]`, one or both, in this order.
    fn parse(args: &[String], targets: Vec<String>) -> Result<Self> {
        let (secs, rest) = match args.split_first() {
            Some((first, rest)) if first.bytes().all(|byte| byte.is_ascii_digit()) => {
                (first.parse().with_context(|| format!("`{first}` is no number of seconds"))?, rest)
            }
            _ => (DEFAULT_SECS, args),
        };
        ensure!(secs > 0, "0 seconds would be without end for the fuzzing engine");
        match rest {
            [] => Ok(Self { secs, targets }),
            [target] if targets.contains(target) => Ok(Self { secs, targets: vec![target.clone()] }),
            [target] => bail!("no target `{target}`, only {}", targets.join(", ")),
            [_, surplus, ..] => bail!("`fuzz` takes seconds and a target, and was given `{surplus}` too"),
        }
    }
}

/// `cargo xtask fuzz [SECONDS] [TARGET]`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let plan = Plan::parse(args, targets()?)?;
    let has_tool = repository::cargo().args(["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !has_tool.is_ok_and(|status| status.success()) {
        bail!("cargo-fuzz is not installed; `cargo install cargo-fuzz --locked` installs it");
    }
    plant_arg_pages()?;
    let mut failed = Vec::new();
    for target in &plan.targets {
        println!("\n=== {target}, {} s ===", plan.secs);
        if !run_target(target, plan.secs)? {
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("findings in {}; the inputs are below `fuzz/artifacts`", failed.join(", "));
    }
    println!("\nno finding in {} targets", plan.targets.len());
    Ok(())
}

/// The targets are the files in their folder.
fn targets() -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(repository::root().join("fuzz/fuzz_targets")).context("cannot list the fuzz targets")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(stem) = path.file_stem()
        {
            targets.push(stem.to_string_lossy().into_owned());
        }
    }
    targets.sort();
    Ok(targets)
}

/// Adds the argument pages of the JSON seeds to the corpus of their target: a page is bytes without a version, so that
/// a committed one would be out of date unseen.
fn plant_arg_pages() -> Result<()> {
    let folder = repository::root().join("fuzz/corpus/arg_page");
    fs::create_dir_all(&folder).context("cannot create the corpus folder")?;
    for entry in
        fs::read_dir(repository::root().join("fuzz/seeds/chrome_json")).context("cannot list the JSON seeds")?
    {
        let path = entry?.path();
        let trace = read_path(&path)?;
        for (index, page) in trace.args.pages().iter().enumerate() {
            // The target takes the number of sets first.
            let mut bytes = vec![u8::try_from(page.num_sets()).unwrap_or(u8::MAX)];
            bytes.extend_from_slice(page.as_buffer().as_slice());
            let name = format!("{}-{index}", path.file_stem().unwrap_or_default().to_string_lossy());
            fs::write(folder.join(name), bytes).context("cannot write a seed")?;
        }
    }
    Ok(())
}

/// False when the engine reports a finding.
fn run_target(target: &str, secs: u64) -> Result<bool> {
    let folder = |name: &str| format!("fuzz/{name}/{target}");
    let mut command = repository::cargo();
    command
        // Coverage and address checks are unstable flags of the compiler, which a stable one takes only when told so.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["fuzz", "run", target]);
    // The first folder takes what is found on the way, and all are read.
    fs::create_dir_all(repository::root().join(folder("corpus"))).context("cannot create the corpus folder")?;
    command.args(["corpus", "seeds"].map(folder).iter().filter(|path| repository::root().join(path).is_dir()));
    command.args([
        "--".to_owned(),
        format!("-max_total_time={secs}"),
        format!("-max_len={MAX_INPUT_BYTES}"),
        format!("-timeout={INPUT_TIMEOUT_SECS}"),
        format!("-rss_limit_mb={MEMORY_LIMIT_MB}"),
        // A scope's threads are over for it before their thread-locals are freed, which the check takes for a leak.
        "-detect_leaks=0".to_owned(),
        "-print_final_stats=1".to_owned(),
    ]);
    let dictionary = format!("fuzz/{target}.dict");
    if repository::root().join(&dictionary).is_file() {
        command.arg(format!("-dict={dictionary}"));
    }
    Ok(command.status().context("cannot run `cargo fuzz`")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(args: &[&str]) -> Result<Plan> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Plan::parse(&args, vec!["a".to_owned(), "b".to_owned()])
    }

    fn expected(secs: u64, targets: &[&str]) -> Plan {
        Plan { secs, targets: targets.iter().map(|&target| target.to_owned()).collect() }
    }

    #[test]
    fn seconds_and_target_are_optional() {
        assert_eq!(plan(&[]).expect("is right"), expected(DEFAULT_SECS, &["a", "b"]));
        assert_eq!(plan(&["5"]).expect("is right"), expected(5, &["a", "b"]));
        assert_eq!(plan(&["b"]).expect("is right"), expected(DEFAULT_SECS, &["b"]));
        assert_eq!(plan(&["5", "b"]).expect("is right"), expected(5, &["b"]));
    }

    #[test]
    fn a_wrong_plan_says_what_is_wrong() {
        let message = |args: &[&str]| plan(args).expect_err("is wrong").to_string();
        assert_eq!(message(&["c"]), "no target `c`, only a, b");
        assert_eq!(message(&["0"]), "0 seconds would be without end for the fuzzing engine");
        assert_eq!(message(&["b", "5"]), "`fuzz` takes seconds and a target, and was given `5` too");
        assert_eq!(message(&["99999999999999999999"]), "`99999999999999999999` is no number of seconds");
    }

    #[test]
    fn every_target_is_declared() {
        let manifest = fs::read_to_string(repository::root().join("fuzz/Cargo.toml")).expect("is there");
        for target in targets().expect("are there") {
            let declared = format!("name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\"");
            assert!(manifest.contains(&declared), "`{target}` is not in the manifest");
        }
    }
}
