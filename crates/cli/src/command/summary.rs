//! `summary`: what the machine did, on one page.

use anyhow::Result;

use super::{Context, warnings, with_trace};
use crate::failure::Exit;
use crate::printer::print_result;
use crate::settings::{Form, SummarySettings, SummarySubject};

pub(crate) fn run(settings: &SummarySettings, context: &Context) -> Result<Exit> {
    with_trace(&settings.paths, &settings.read, context, |opened| {
        let text = match settings.subject {
            SummarySubject::Warnings => warnings::write(&opened.trace, settings.form)?,
            SummarySubject::Machine => {
                opened.warn_of_losses(&settings.paths, context.messages.printer);
                let summary = kinetoscope_analysis::summary(&opened.trace);
                match settings.form {
                    Form::Text(options) => kinetoscope_analysis::summary_text(&summary, options),
                    Form::Json => summary.to_json()?,
                }
            }
        };
        Ok(print_result(&text)?)
    })
}
