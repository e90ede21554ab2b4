//! Why no trace could be made at all. Anything less is a counted warning in the trace.

use std::io;

/// A reading that gave no trace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The input cannot be opened or read.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// Path as given.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing at this path or pattern.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// Path or pattern as given.
        pattern: String,
    },
    /// The folder holds nothing that is a trace.
    #[error("no trace in folder `{path}` ({num_files} files looked at{})", among(found))]
    NoTraceInFolder {
        /// Path as given.
        path: String,
        /// Number of files that were looked at.
        num_files: usize,
        /// What they look like instead, each with an article, as far as there is something to do about them.
        found: Vec<String>,
        /// What to do about those.
        hint: Option<String>,
    },
    /// The input has no bytes.
    #[error("`{path}` is empty")]
    Empty {
        /// Path as given.
        path: String,
    },
    /// The content is of a format that is not read.
    #[error("`{path}` is not a trace: it looks like {looks_like}")]
    WrongFormat {
        /// Path as given.
        path: String,
        /// What the first bytes say, with an article.
        looks_like: String,
        /// What to do instead, when there is something.
        hint: Option<String>,
    },
    /// The format is right and nothing in it could be read.
    #[error("`{path}` holds no readable event: {reason}")]
    NothingReadable {
        /// Path as given.
        path: String,
        /// What stood in the way first, with its byte offset.
        reason: String,
    },
    /// A capture and a trace of PyTorch that do not go onto one clock.
    #[error("`{capture}` is a capture of Nsight Systems and cannot be put into one trace with `{trace}`: {reason}")]
    MixedFormats {
        /// Path of the capture.
        capture: String,
        /// Path of the other trace.
        trace: String,
        /// What of them stands in the way.
        reason: String,
    },
    /// More events than row ids can count.
    #[error("`{path}` holds more events than one trace can ({limit})")]
    TooManyEvents {
        /// Path as given.
        path: String,
        /// The most events of a trace.
        limit: u64,
    },
    /// The reading was stopped on request.
    #[error("reading was cancelled")]
    Cancelled,
}

impl IngestError {
    /// True when the input could be read and holds no trace: what a folder or an archive may well hold.
    pub fn is_about_content(&self) -> bool {
        matches!(
            self,
            Self::WrongFormat { .. }
                | Self::Empty { .. }
                | Self::NothingReadable { .. }
                | Self::NoTraceInFolder { .. }
                | Self::MixedFormats { .. }
        )
    }

    /// What the user can do about it, when there is something to say beyond the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::WrongFormat { hint, .. } => hint.clone(),
            Self::NoTraceInFolder { hint: Some(hint), .. } => Some(hint.clone()),
            Self::NoTraceInFolder { .. } => Some(
                "traces are recognised by content: Chrome/Kineto JSON, reports and sqlite exports of Nsight Systems, also \
                 packed with gzip, zstd, zip or tar"
                    .to_owned(),
            ),
            Self::MixedFormats { .. } => Some("open them one after the other".to_owned()),
            _ => None,
        }
    }
}

fn among(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(", among them {}", found.join(", ")) }
}
