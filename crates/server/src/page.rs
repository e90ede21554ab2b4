//! The page: what the browser loads, as bytes.
//!
//! The files are built from `ui/` and committed, so that the program builds without Node. A test of this crate fails when
//! they are not those that the sources of today give.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A file of the page.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset { path: $name, content_type: $content_type, bytes: include_bytes!(concat!("../page/", $name)) }
    };
}

const ASSETS: [Asset; 4] = [
    asset!("index.html", "text/html; charset=utf-8"),
    asset!("app.js", "text/javascript; charset=utf-8"),
    asset!("vendor.js", "text/javascript; charset=utf-8"),
    asset!("app.css", "text/css; charset=utf-8"),
];

/// What the page was built from: a line for each source and each built file, with its SHA-256.
pub(crate) const INPUTS: &str = include_str!("../page/inputs.sha256");

/// Tells one build of the page from another: the SHA-256 of its own script.
pub fn fingerprint() -> &'static str {
    let of_script = INPUTS.lines().find_map(|line| line.strip_suffix("  crates/server/page/app.js"));
    of_script.unwrap_or_default()
}

/// A file of the page as text, by its name; empty for one that there is not.
pub(crate) fn text(name: &str) -> &'static str {
    let asset = ASSETS.iter().find(|asset| asset.path == name);
    asset.and_then(|asset| std::str::from_utf8(asset.bytes).ok()).unwrap_or_default()
}

/// The file at `path`, which begins with a slash.
pub(crate) fn asset(path: &str) -> Option<Response> {
    let name = match path.strip_prefix('/')? {
        "" => "index.html",
        name => name,
    };
    let asset = ASSETS.iter().find(|asset| asset.path == name)?;
    Some(([(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_names_only() {
        for path in ["/", "/index.html", "/app.js", "/vendor.js", "/app.css"] {
            assert!(asset(path).is_some(), "{path}");
        }
        for path in ["", "app.js", "/../Cargo.toml", "/page/app.js", "/inputs.sha256", "/app.js/", "//app.js"] {
            assert!(asset(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_fingerprint_is_a_sum() {
        let sum = fingerprint();
        assert!(sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()), "{sum}");
    }
}
