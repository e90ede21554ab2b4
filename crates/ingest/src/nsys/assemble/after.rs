//! After the pass: links, stacks, roles, and the tables that hold no slices.

use kinetoscope_model::TraceBuilder;
use kinetoscope_model::table::Role;

use super::{Assembly, CaptureDocument};
use crate::chrome::role;
use crate::error::IngestError;
use crate::progress::Progress;

/// How the names of the threads begin that the recorder and CUPTI run in the processes they record.
const RECORDER_THREADS: &[&str] = &["[NSys", "*2CommsProcesso", "CUPTI worker"];

impl Assembly {
    pub(super) fn finish(
        mut self,
        documents: &[CaptureDocument],
        progress: &Progress,
    ) -> Result<TraceBuilder, IngestError> {
        self.add_nvtx(documents, progress)?;
        self.add_launches();
        self.add_graph_events(documents, progress)?;
        self.add_cuda_events(documents, progress)?;
        self.add_contexts(documents);
        self.add_stacks(documents, progress)?;
        self.add_thread_states(documents, progress)?;
        self.add_memory_events(documents);
        self.add_page_faults(documents);
        self.add_counters(documents);
        self.add_diagnostics(documents);
        self.add_process_outputs(documents);
        self.add_roles();
        self.flush_args();
        Ok(self.trace)
    }

    /// What processes and threads are for, from their names. The system cuts the name of a process's first thread to 15
    /// characters and keeps it up to date, while the process keeps the path of its program.
    fn add_roles(&mut self) {
        let trace = &mut self.trace;
        let role_of = |strings: &kinetoscope_model::Interner, name: Option<kinetoscope_model::StringId>| match name {
            Some(name) => role::of_thread(strings.get(name)),
            None => Role::Unknown,
        };
        for row in &self.rows {
            let (utid, upid) = (row.utid.index(), row.upid.index());
            if row.stream.is_some() || !trace.threads.is_main_thread.get(utid) {
                continue;
            }
            let program = trace.processes.name.get(upid);
            let program = program.map(|name| trace.strings.get(name).rsplit('/').next().unwrap_or_default());
            let of_program = program.map_or(Role::Unknown, role::of_process);
            let of_thread = role_of(&trace.strings, trace.threads.name.get(utid));
            let role = match of_thread {
                Role::EngineCore | Role::Worker | Role::ApiServer => of_thread,
                _ => of_program,
            };
            trace.processes.role.set(upid, role);
        }
        for row in &self.rows {
            let utid = row.utid.index();
            if row.stream.is_some() {
                continue;
            }
            let name = trace.threads.name.get(utid).map_or("", |name| trace.strings.get(name));
            if RECORDER_THREADS.iter().any(|start| name.starts_with(start)) {
                trace.threads.role.set(utid, Role::Profiler);
                continue;
            }
            let is_main = trace.threads.is_main_thread.get(utid);
            let process_role = trace.processes.role.get(row.upid.index());
            let role = match role_of(&trace.strings, trace.threads.name.get(utid)) {
                // The first thread of an engine core or worker is its busy loop; others only carry its name.
                Role::Unknown | Role::EngineCore | Role::Worker | Role::ApiServer if is_main => {
                    if process_role == Role::Unknown { Role::Main } else { process_role }
                }
                Role::EngineCore | Role::Worker | Role::ApiServer => Role::Unknown,
                named => named,
            };
            trace.threads.role.set(utid, role);
        }
    }
}
