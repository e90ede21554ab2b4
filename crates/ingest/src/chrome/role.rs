//! What a process or thread is for, from the names that vLLM, SGLang and PyTorch give them.

use kinetoscope_model::table::Role;

/// The role that a process name tells.
pub(crate) fn of_process(name: &str) -> Role {
    let name = name.to_ascii_lowercase();
    if name.contains("enginecor") {
        Role::EngineCore
    } else if name.contains("worker") || name.contains("scheduler_tp") {
        Role::Worker
    } else if name.contains("apiserver") || name.contains("api_server") {
        Role::ApiServer
    } else if matches!(name.as_str(), "spans" | "traces" | "overhead") {
        Role::Profiler
    } else {
        Role::Unknown
    }
}

/// The role that a thread name tells, before what else is known of the thread.
///
/// Kineto names threads `thread <tid> (<comm>)`, where the system cut `comm` to 15 characters.
pub(crate) fn of_thread(name: &str) -> Role {
    let name = name.to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    if has("stream ") {
        Role::GpuStream
    } else if has("zmq") {
        Role::ZmqIo
    } else if has("gloo") || has("nccl") {
        Role::Collective
    } else if has("autograd") {
        Role::Autograd
    } else if has("pytorch profiler") {
        Role::Profiler
    } else if has("omp") || has("pool") || has("asyncio") || has("executor") {
        Role::Pool
    } else {
        of_process(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roles() {
        assert_eq!(of_thread("thread 1 (VLLM::EngineCor)"), Role::EngineCore);
        assert_eq!(of_thread("thread 20772 (VLLM::Worker_TP)"), Role::Worker);
        assert_eq!(of_thread("thread 23049 (pt_gloo_runloop)"), Role::Collective);
        assert_eq!(of_thread("thread 7 (ZMQbg/IO/0)"), Role::ZmqIo);
        assert_eq!(of_thread("thread 7 (pt_autograd_0)"), Role::Autograd);
        assert_eq!(of_thread("stream 7 "), Role::GpuStream);
        assert_eq!(of_process("VLLM::Worker_TP1"), Role::Worker);
        assert_eq!(of_process("python"), Role::Unknown);
    }
}
