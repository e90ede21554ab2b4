//! What a bench is asked to do.

use anyhow::{Context as _, Result, bail, ensure};

/// Size of the trace as JSON.
const DEFAULT_BYTES: u64 = 1_000_000_000;
const QUICK_BYTES: u64 = 100_000_000;

/// How often each subject runs: the middle of three is not moved by one bad run.
const DEFAULT_REPEAT: usize = 3;

/// The arguments of `cargo xtask bench`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    /// Bytes of JSON in the larger trace; the smaller has a tenth.
    pub(super) num_bytes: u64,
    /// Runs of each subject.
    pub(super) repeat: usize,
    /// Also build the command and time a query.
    pub(super) with_sql: bool,
    /// Also run the readers in other languages and libraries.
    pub(super) with_others: bool,
    /// Commands of others that take the trace as their last argument.
    pub(super) peers: Vec<String>,
    /// Print JSON in place of tables.
    pub(super) as_json: bool,
}

impl Options {
    /// Reads the arguments.
    pub(super) fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            num_bytes: DEFAULT_BYTES,
            repeat: DEFAULT_REPEAT,
            with_sql: false,
            with_others: true,
            peers: Vec::new(),
            as_json: false,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("`{arg}` takes a value"));
            match arg.as_str() {
                "--quick" => options.num_bytes = QUICK_BYTES,
                "--bytes" => options.num_bytes = parse_bytes(value()?)?,
                "--repeat" => options.repeat = value()?.parse().context("`--repeat` takes a number")?,
                "--with-sql" => options.with_sql = true,
                "--ours-only" => options.with_others = false,
                "--peer" => options.peers.push(value()?.clone()),
                "--json" => options.as_json = true,
                _ => bail!("unknown option `{arg}`"),
            }
        }
        ensure!(options.repeat > 0, "`--repeat` takes a number above 0");
        ensure!(
            options.num_bytes >= 1_000_000,
            "`--bytes` takes 1MB or more: less measures only the start of a process"
        );
        Ok(options)
    }
}

/// `5000000`, `5MB`, `1.5GB`, `5 MB`.
pub(super) fn parse_bytes(text: &str) -> Result<u64> {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let (number, unit) =
        units.into_iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit))).unwrap_or((text, 1.0));
    let number: f64 =
        number.trim().parse().with_context(|| format!("`{text}` is no size; write it as 100MB or 1GB"))?;
    ensure!(number >= 0.0 && number * unit < 1e15, "`{text}` is no size that can be made");
    Ok((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options> {
        Options::parse(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read() {
        let options = parse(&[
            "--bytes",
            "1.5GB",
            "--repeat",
            "5",
            "--with-sql",
            "--ours-only",
            "--peer",
            "a -b",
            "--peer",
            "c",
            "--json",
        ]);
        let expected = Options {
            num_bytes: 1_500_000_000,
            repeat: 5,
            with_sql: true,
            with_others: false,
            peers: vec!["a -b".to_owned(), "c".to_owned()],
            as_json: true,
        };
        assert_eq!(options.expect("is right"), expected);
        assert_eq!(parse(&[]).expect("is right").num_bytes, DEFAULT_BYTES);
        assert_eq!(parse(&["--quick"]).expect("is right").num_bytes, QUICK_BYTES);
        assert_eq!(parse(&["--bytes", "2000000"]).expect("is right").num_bytes, 2_000_000);
    }

    #[test]
    fn wrong_options_are_refused() {
        for args in [
            &["--fast"][..],
            &["--bytes"],
            &["--bytes", "1TB"],
            &["--bytes", "-1GB"],
            &["--bytes", "1kB"],
            &["--repeat", "0"],
        ] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }
}
