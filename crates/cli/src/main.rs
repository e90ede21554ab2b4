//! The command `kinetoscope`: arguments, printing, exit codes.
//!
//! Everything that is true of a trace is worked out in the libraries; what is here talks to the person and the machine:
//! what was asked, where the result goes, how it ends. A run goes from [`args`] (as typed) through [`settings`] (what
//! that means here) to a [`command`], on a thread that [`interrupt`] can leave behind.

mod args;
mod byte_size;
mod command;
mod failure;
mod interrupt;
mod library;
mod open;
mod printer;
mod progress;
mod settings;
mod window;

use std::process::ExitCode;

use crate::command::Context;
use crate::failure::{conclude, explain_panics};
use crate::interrupt::{Interrupt, supervise};
use crate::settings::{Environment, MessageSettings, Settings};

/// Reading allocates on several threads at once, where it is faster than the system's allocator and keeps less memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args_os().collect()) {
        Ok(args) => args,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let environment = Environment::of_process();
    let printer = MessageSettings::resolve(&args.messages, &environment).printer;
    explain_panics(printer);
    let settings = match Settings::resolve(args, &environment) {
        Ok(settings) => settings,
        Err(error) => return conclude(Err(error.into()), printer).into(),
    };
    let interrupt = Interrupt::default();
    interrupt.raise_on_ctrl_c();
    let context = Context { messages: settings.messages, interrupt: interrupt.clone() };
    supervise(&interrupt, move || command::run(settings.command, &context)).into()
}
