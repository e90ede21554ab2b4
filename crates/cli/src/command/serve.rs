//! `open` and `serve`: the page in the browser.
//!
//! What cannot be found is said before anything listens. The address goes to standard output, for people and scripts
//! alike, and Ctrl-C is the usual way to end it.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Result;
use kinetoscope_server::{Server, ServerError, ServerOptions, StopHandle};

use super::Context;
use crate::failure::{Exit, RequestError};
use crate::library::DiskLibrary;
use crate::printer::print_result;
use crate::settings::{MessageSettings, STDIN, ServeSettings, ServedTraces};

pub(crate) fn run(settings: ServeSettings, context: &Context) -> Result<Exit> {
    let printer = context.messages.printer;
    match &settings.traces {
        ServedTraces::One(paths) if paths.iter().any(|path| path == STDIN) => {
            let hint = "write the trace to a file first, or see its `summary`";
            return Err(RequestError::new("standard input cannot be opened in the browser").with_hint(hint).into());
        }
        ServedTraces::Folder(folder) if !folder.is_dir() => {
            let message = format!("`{}` is no folder", folder.display());
            return Err(RequestError::new(message).with_hint("`kinetoscope open` shows a single trace").into());
        }
        ServedTraces::One(_) | ServedTraces::Folder(_) => {}
    }
    // What is under way is shown in the page.
    let messages = MessageSettings { shows_progress: false, ..context.messages };
    let quiet = Context { messages, interrupt: context.interrupt.clone() };
    let library = Arc::new(DiskLibrary::new(settings.traces, settings.read, quiet)?);
    let server = bind(&library, settings.options, settings.is_port_free)?;
    let url = server.url();
    print_result(&format!("{url}\n"))?;
    printer.note("the page asks no other host; Ctrl-C ends it");
    if let Some(browser) = &settings.browser
        && let Err(error) = show(browser, &url)
    {
        printer.note(format_args!("cannot start `{}`: {error}; open the address in a browser", browser.display()));
    }
    let stop = StopHandle::default();
    let caught = stop.clone();
    context.interrupt.while_caught(move || caught.stop(), || server.run(&stop))?;
    Ok(Exit::Done)
}

/// Listens where it was asked for, or where another port will do and that one is taken, on any.
fn bind(library: &Arc<DiskLibrary>, options: ServerOptions, is_port_free: bool) -> Result<Server, ServerError> {
    match Server::bind(Arc::clone(library) as Arc<_>, options.clone()) {
        Err(ServerError::Listen { .. }) if is_port_free => {
            Server::bind(Arc::clone(library) as Arc<_>, ServerOptions { port: 0, ..options })
        }
        bound => bound,
    }
}

/// Starts the program that opens an address, and does not wait for it.
fn show(browser: &OsStr, url: &str) -> std::io::Result<()> {
    let mut child =
        Command::new(browser).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // Somebody has to take note of its end.
    std::thread::spawn(move || child.wait());
    Ok(())
}
