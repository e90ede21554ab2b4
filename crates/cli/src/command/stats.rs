//! `stats`: the reports of Nsight Systems, from any trace.
//!
//! Standard output gets what `nsys stats` prints, so that scripts which parse it go on working; that a report was skipped
//! is no data, and is said on standard error.

use std::io;
use std::time::Instant;

use anyhow::Result;
use kinetoscope_analysis::stats::{self, Activities, Outcome, Report, ReportWriter};

use super::query::{Destination, refuse_to_overwrite};
use super::{Context, with_trace};
use crate::failure::{Exit, RequestError};
use crate::open::since;
use crate::printer::{OutputError, print_result};
use crate::settings::StatsSettings;

pub(crate) fn run(settings: &StatsSettings, context: &Context) -> Result<Exit> {
    let printer = context.messages.printer;
    with_trace(&settings.paths, &settings.read, context, |opened| {
        if let Some(output) = &settings.output {
            refuse_to_overwrite(output, &opened.files)?;
        }
        opened.warn_of_losses(&settings.paths, printer);
        let start = Instant::now();
        let unusable = |error: stats::FilterError| RequestError::new(error.to_string());
        let shared = Activities::new(&opened.trace, &settings.filter).map_err(unusable)?;
        let failed = |source: io::Error| OutputError { path: settings.output.clone(), source };
        let mut destination = match &settings.output {
            Some(path) => Destination::file(path.clone()),
            None => Destination::standard_output(settings.is_stdout_terminal),
        };
        let mut writer = ReportWriter::new(settings.layout, settings.time_unit, &mut destination);
        let name = settings.paths.join(", ");
        for request in &settings.reports {
            let own = match request.own_filter(&settings.filter).map_err(unusable)? {
                Some(filter) => Some(Activities::new(&opened.trace, &filter).map_err(unusable)?),
                None => None,
            };
            let outcome = stats::run(own.as_ref().unwrap_or(&shared), request, &settings.options);
            let report = request.report;
            writer.write(report, &outcome).map_err(failed)?;
            match &outcome {
                Outcome::Skipped(data) => {
                    printer.note(format_args!(
                        "SKIPPED {}: {name} does not contain {}.",
                        report.name(),
                        data.missing_words()
                    ));
                }
                Outcome::Unread(data) => {
                    printer.warning(format_args!(
                        "{}: {name} has {}, of which no report is made",
                        report.name(),
                        data.missing_words()
                    ));
                }
                Outcome::Nothing { message } if !settings.layout.kind.is_for_people() => {
                    printer.note(format_args!("{}: {}", report.name(), message.replace('\n', " ")));
                }
                Outcome::Nothing { .. } | Outcome::Rows(_) => {}
            }
        }
        writer.finish().map_err(failed)?;
        printer.detail(format_args!("computed in {}", since(start)));
        Ok(())
    })
}

/// Prints all reports with what they take.
pub(crate) fn list() -> Result<()> {
    let mut text = String::new();
    let default: Vec<Report> = Report::default_set().collect();
    for &report in Report::ALL {
        let mut name = report.name().to_owned();
        for argument in report.arguments() {
            let value = if argument.ends_with('=') { "N" } else { "" };
            name.push_str(&format!("[:{argument}{value}]"));
        }
        let kind = match (report.is_rule(), default.contains(&report)) {
            (true, _) => "rule",
            (false, true) => "default",
            (false, false) => "",
        };
        text.push_str(&format!("{:<44} {kind:<8} {name}\n", report.title()));
    }
    Ok(print_result(&text)?)
}
