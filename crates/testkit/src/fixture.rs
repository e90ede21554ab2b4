//! Where the repository's traces lie, and how its sample trace was made.
//!
//! The sample trace is shown to every new user, so it has to stay what its description says: the options here are the
//! only source of it, used by the command that writes it and by the test that compares.

use std::path::{Path, PathBuf};

use crate::generate::GenerateOptions;

/// The sample trace's file name within `fixtures/`.
pub const SAMPLE_NAME: &str = "vllm-h100-sample.pt.trace.json.gz";

/// The folder `fixtures/` of the repository.
pub fn folder() -> PathBuf {
    repository().join("fixtures")
}

/// A file or folder of `fixtures/`.
pub fn path(name: &str) -> PathBuf {
    folder().join(name)
}

/// A folder of public traces beside the repository, which only some machines have; never part of it.
///
/// A test that wants one says so in a line and passes when this is `None`.
pub fn shared_traces() -> Option<PathBuf> {
    let folder = repository().parent()?.join("shared/traces");
    folder.is_dir().then_some(folder)
}

fn repository() -> PathBuf {
    // `crates/testkit` of the repository this was built in.
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap_or(crate_folder).to_path_buf()
}

/// What the sample trace was generated with: rank 0 of a tensor-parallel job on eight H100s, with Python stacks.
pub fn sample_options() -> GenerateOptions {
    GenerateOptions {
        num_ranks: 8,
        seed: 20_260_447,
        num_layers: 16,
        with_stack: true,
        with_scopes: true,
        with_occupancy: true,
        ..GenerateOptions::new(24_000)
    }
}
