//! `export`: a trace, or a window of it, as a file for other programs and people.
//!
//! A page that opens without a server is the one thing to export to so far.

use std::fs;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use kinetoscope_server::export_html;

use super::{Context, query::refuse_to_overwrite, with_trace};
use crate::args::ExportTo;
use crate::failure::Exit;
use crate::open::since;
use crate::printer::{OutputError, bytes_text};
use crate::settings::ExportSettings;

pub(crate) fn run(settings: &ExportSettings, context: &Context) -> Result<Exit> {
    with_trace(&settings.paths, &settings.read, context, |opened| {
        refuse_to_overwrite(&settings.output, &opened.files)?;
        opened.warn_of_losses(&settings.paths, context.messages.printer);
        let start = Instant::now();
        let start_bound = settings.window.and_then(|window| window.start).map_or(Bound::Unbounded, Bound::Included);
        let end_bound = settings.window.and_then(|window| window.end).map_or(Bound::Unbounded, Bound::Excluded);
        let interrupt = context.interrupt.clone();
        let ExportTo::Html = settings.to;
        let html = export_html(&name_of(settings), Arc::clone(&opened.trace), (start_bound, end_bound), &|| {
            interrupt.is_raised()
        })?;
        let path = settings.output.clone();
        fs::write(&path, &html).map_err(|source| OutputError { path: Some(path), source })?;
        context.messages.printer.note(format_args!(
            "wrote `{}`, {}, in {}; a browser opens it as it is",
            settings.output.display(),
            bytes_text(html.len() as u64),
            since(start)
        ));
        Ok(())
    })
}

/// The last part of the first path: what the page is headed with.
fn name_of(settings: &ExportSettings) -> String {
    let path = settings.paths.first().map(String::as_str).unwrap_or_default();
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    if settings.paths.len() > 1 { format!("{name} and {} more", settings.paths.len() - 1) } else { name.to_owned() }
}
