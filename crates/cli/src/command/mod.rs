//! Commands: each takes its settings and does what they say.
//!
//! An error before there is a trace ends a command. From then on the trace is kept whatever becomes of the answer, so
//! commands say how they ended instead of returning an error.

use anyhow::Result;

use crate::failure::{Exit, conclude};
use crate::interrupt::Interrupt;
use crate::open::{Opened, open};
use crate::settings::{CommandSettings, MessageSettings, ReadSettings};

mod cache_files;
mod export;
mod host_files;
mod prompt;
mod query;
mod schema;
mod serve;
mod stats;
mod summary;
mod warnings;

/// What every command has at hand.
pub(crate) struct Context {
    pub(crate) messages: MessageSettings,
    pub(crate) interrupt: Interrupt,
}

impl Context {
    pub(crate) fn shows_progress(&self) -> bool {
        self.messages.shows_progress
    }
}

/// Does what `settings` say, and says what went wrong.
pub(crate) fn run(settings: CommandSettings, context: &Context) -> Exit {
    let ended = match settings {
        CommandSettings::Serve(settings) => serve::run(settings, context),
        CommandSettings::Summary(settings) => summary::run(&settings, context),
        CommandSettings::Stats(settings) => stats::run(&settings, context),
        CommandSettings::StatsList => stats::list().map(|()| Exit::Done),
        CommandSettings::Query(settings) => query::run(&settings, context),
        CommandSettings::Export(settings) => export::run(&settings, context),
        CommandSettings::Schema(settings) => schema::run(&settings).map(|()| Exit::Done),
        CommandSettings::CacheList(settings) => cache_files::list(&settings).map(|()| Exit::Done),
        CommandSettings::CacheClear(settings) => cache_files::clear(&settings, context).map(|()| Exit::Done),
    };
    ended.unwrap_or_else(|error| conclude(Err(error), context.messages.printer))
}

/// Opens `paths`, lets `answer` ask them, and keeps the trace for the next time.
fn with_trace(
    paths: &[String],
    settings: &ReadSettings,
    context: &Context,
    answer: impl FnOnce(&Opened) -> Result<()>,
) -> Result<Exit> {
    let opened = open(paths, settings, context)?;
    let exit = conclude(answer(&opened), context.messages.printer);
    opened.keep(settings, context);
    Ok(exit)
}
