//! What the numbers of the other tables mean, as nsys's own tables of words have it.
//!
//! Report scripts join these tables for their labels. Of the event types and classes only those are listed that an export
//! can hold.

use super::Export;
use super::writer::{Cell, Table};
use crate::ExportError;

/// A number, its symbol and its label.
type Word = (i64, &'static str, &'static str);

const COLUMNS: [&str; 3] = ["id INTEGER NOT NULL PRIMARY KEY", "name TEXT", "label TEXT"];

const ENUMS: &[(Table<3>, &[Word])] = &[
    (
        Table::new("ENUM_CUDA_DEV_MEM_EVENT_OPER", COLUMNS),
        &[
            (0, "CUDA_DEV_MEM_EVENT_OPR_ALLOCATION", "Allocation"),
            (1, "CUDA_DEV_MEM_EVENT_OPR_DEALLOCATION", "Deallocation"),
        ],
    ),
    (
        Table::new("ENUM_CUDA_FUNC_CACHE_CONFIG", COLUMNS),
        &[
            (0, "CU_FUNC_CACHE_PREFER_NONE", "None"),
            (1, "CU_FUNC_CACHE_PREFER_SHARED", "Shared"),
            (2, "CU_FUNC_CACHE_PREFER_L1", "L1"),
            (3, "CU_FUNC_CACHE_PREFER_EQUAL", "Equal"),
        ],
    ),
    (
        Table::new("ENUM_CUDA_KERNEL_LAUNCH_TYPE", COLUMNS),
        &[
            (0, "CUDA_KERNEL_LAUNCH_TYPE_UNKNOWN", "Unknown"),
            (1, "CUDA_KERNEL_LAUNCH_TYPE_REGULAR", "Regular"),
            (2, "CUDA_KERNEL_LAUNCH_TYPE_COOPERATIVE_SINGLE_DEVICE", "Coop Single Device"),
            (3, "CUDA_KERNEL_LAUNCH_TYPE_COOPERATIVE_MULTI_DEVICE", "Coop Multi Device"),
        ],
    ),
    (
        Table::new("ENUM_CUDA_MEMCPY_OPER", COLUMNS),
        &[
            (0, "CUDA_MEMCPY_KIND_UNKNOWN", "Unknown"),
            (1, "CUDA_MEMCPY_KIND_HTOD", "Host-to-Device"),
            (2, "CUDA_MEMCPY_KIND_DTOH", "Device-to-Host"),
            (3, "CUDA_MEMCPY_KIND_HTOA", "Host-to-Array"),
            (4, "CUDA_MEMCPY_KIND_ATOH", "Array-to-Host"),
            (5, "CUDA_MEMCPY_KIND_ATOA", "Array-to-Array"),
            (6, "CUDA_MEMCPY_KIND_ATOD", "Array-to-Device"),
            (7, "CUDA_MEMCPY_KIND_DTOA", "Device-to-Array"),
            (8, "CUDA_MEMCPY_KIND_DTOD", "Device-to-Device"),
            (9, "CUDA_MEMCPY_KIND_HTOH", "Host-to-Host"),
            (10, "CUDA_MEMCPY_KIND_PTOP", "Peer-to-Peer"),
            (11, "CUDA_MEMCPY_KIND_UVM_HTOD", "Unified Host-to-Device"),
            (12, "CUDA_MEMCPY_KIND_UVM_DTOH", "Unified Device-to-Host"),
            (13, "CUDA_MEMCPY_KIND_UVM_DTOD", "Unified Device-to-Device"),
        ],
    ),
    (
        Table::new("ENUM_CUDA_MEM_KIND", COLUMNS),
        &[
            (0, "CUDA_MEMOPR_MEMORY_KIND_PAGEABLE", "Pageable"),
            (1, "CUDA_MEMOPR_MEMORY_KIND_PINNED", "Pinned"),
            (2, "CUDA_MEMOPR_MEMORY_KIND_DEVICE", "Device"),
            (3, "CUDA_MEMOPR_MEMORY_KIND_ARRAY", "Array"),
            (4, "CUDA_MEMOPR_MEMORY_KIND_MANAGED", "Managed"),
            (5, "CUDA_MEMOPR_MEMORY_KIND_DEVICE_STATIC", "Device Static"),
            (6, "CUDA_MEMOPR_MEMORY_KIND_MANAGED_STATIC", "Managed Static"),
            (7, "CUDA_MEMOPR_MEMORY_KIND_UNKNOWN", "Unknown"),
        ],
    ),
    (
        Table::new("ENUM_CUDA_SHARED_MEM_LIMIT_CONFIG", COLUMNS),
        &[(0, "CUDA_SHARED_MEM_LIMIT_DEFAULT", "Default"), (1, "CUDA_SHARED_MEM_LIMIT_OPTIN", "Opt in")],
    ),
    (
        Table::new("ENUM_CUDA_UNIF_MEM_ACCESS_TYPE", COLUMNS),
        &[
            (0, "CUDA_UNIFIED_MEMORY_ACCESS_TYPE_UNKNOWN", "Unknown"),
            (1, "CUDA_UNIFIED_MEMORY_ACCESS_TYPE_READ", "Read"),
            (2, "CUDA_UNIFIED_MEMORY_ACCESS_TYPE_WRITE", "Write"),
            (3, "CUDA_UNIFIED_MEMORY_ACCESS_TYPE_ATOMIC", "Atomic"),
            (4, "CUDA_UNIFIED_MEMORY_ACCESS_TYPE_PREFETCH", "Prefetch"),
        ],
    ),
    (
        Table::new("ENUM_CUDA_UNIF_MEM_MIGRATION", COLUMNS),
        &[
            (0, "CUDA_UNIFIED_MEMORY_MIGRATION_CAUSE_UNKNOWN", "Unknown"),
            (1, "CUDA_UNIFIED_MEMORY_MIGRATION_CAUSE_USER", "User prefetch"),
            (2, "CUDA_UNIFIED_MEMORY_MIGRATION_CAUSE_COHERENCE", "Page fault"),
            (3, "CUDA_UNIFIED_MEMORY_MIGRATION_CAUSE_PREFETCH", "Speculative prefecth"),
            (4, "CUDA_UNIFIED_MEMORY_MIGRATION_CAUSE_EVICTION", "Eviction"),
            (5, "CUDA_UNIFIED_MEMORY_MIGRATION_CAUSE_ACCESS_COUNTERS", "Access counters"),
        ],
    ),
    (
        Table::new("ENUM_CUPTI_OVERHEAD_TYPE", COLUMNS),
        &[
            (0, "OVERHEAD_UNDEFINED", "Undefined"),
            (1, "OVERHEAD_UNKNOWN", "Unknown"),
            (2, "OVERHEAD_DRIVER_COMPILER", "Driver JIT compiler (CUDA)"),
            (3, "OVERHEAD_CUPTI_BUFFER_FLUSH", "Buffer flush (Profiler)"),
            (4, "OVERHEAD_CUPTI_INSTRUMENTATION", "Instrumentation (Profiler)"),
            (5, "OVERHEAD_CUPTI_RESOURCE", "Resource creation/destruction (Profiler)"),
            (6, "OVERHEAD_RUNTIME_TRIGGERED_MODULE_LOADING", "Runtime module loading (CUDA)"),
            (7, "OVERHEAD_LAZY_FUNCTION_LOADING", "Lazy function loading (CUDA)"),
            (8, "OVERHEAD_COMMAND_BUFFER_FULL", "Command buffer full (CUDA)"),
        ],
    ),
    (
        Table::new("ENUM_CUPTI_STREAM_TYPE", COLUMNS),
        &[
            (0, "CUPTI_ACTIVITY_STREAM_CREATE_FLAG_UNKNOWN", "Unknown stream type"),
            (1, "CUPTI_ACTIVITY_STREAM_CREATE_FLAG_DEFAULT", "Default stream"),
            (2, "CUPTI_ACTIVITY_STREAM_CREATE_FLAG_NON_BLOCKING", "Non-blocking stream"),
            (3, "CUPTI_ACTIVITY_STREAM_CREATE_FLAG_NULL", "Null stream"),
        ],
    ),
    (
        Table::new("ENUM_CUPTI_SYNC_TYPE", COLUMNS),
        &[
            (0, "CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_UNKNOWN", "Unknown"),
            (1, "CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_EVENT_SYNCHRONIZE", "Event sync"),
            (2, "CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT", "Stream wait sync"),
            (3, "CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE", "Stream sync"),
            (4, "CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_CONTEXT_SYNCHRONIZE", "Context sync"),
        ],
    ),
    (
        Table::new("ENUM_DIAGNOSTIC_SEVERITY_LEVEL", COLUMNS),
        &[
            (0, "UnknownLevel", "Unknown"),
            (1, "Info", "Info"),
            (2, "Warning", "Warning"),
            (3, "Error", "Error"),
            (4, "Verbose", "Verbose"),
        ],
    ),
    (
        Table::new("ENUM_DIAGNOSTIC_SOURCE_TYPE", COLUMNS),
        &[
            (0, "UnknownSource", "Unknown source"),
            (1, "Injection", "Injection"),
            (2, "Daemon", "Daemon"),
            (3, "Analysis", "Analysis"),
        ],
    ),
    (
        Table::new("ENUM_DIAGNOSTIC_TIMESTAMP_SOURCE", COLUMNS),
        &[
            (0, "UnknownTimestamp", "Unknown timestamp"),
            (1, "TargetTimestamp", "Target timestamp"),
            (2, "HostTimestamp", "Host timestamp"),
        ],
    ),
    (
        Table::new("ENUM_NSYS_EVENT_CLASS", COLUMNS),
        &[
            (0, "TRACE_PROCESS_EVENT_CUDA_RUNTIME", "CUDA runtime"),
            (1, "TRACE_PROCESS_EVENT_CUDA_DRIVER", "CUDA driver"),
            (3, "TRACE_PROCESS_EVENT_TSP_OVERHEAD", "TSP overhead"),
            (27, "TRACE_PROCESS_EVENT_OS_RUNTIME", "OSRT runtime"),
            (28, "TRACE_PROCESS_EVENT_CUDNN", "cuDNN"),
            (29, "TRACE_PROCESS_EVENT_CUBLAS", "cuBLAS"),
            (31, "TRACE_PROCESS_EVENT_OS_RUNTIME_START", "OSRT start"),
            (32, "TRACE_PROCESS_EVENT_OS_RUNTIME_FINISH", "OSRT finish"),
            (77, "TRACE_PROCESS_EVENT_CUDA_GRAPH_NODE_CREATION", "CUDA graph node creation"),
            (94, "TRACE_PROCESS_EVENT_CUDA_GRAPHEXEC_CREATION", "CUDA graph exec creation"),
            (95, "TRACE_PROCESS_EVENT_CUDA_GRAPH_CREATION", "CUDA graph creation"),
            (96, "TRACE_PROCESS_EVENT_CUDA_GRAPH_CLONE", "CUDA graph clone"),
            (103, "TRACE_PROCESS_EVENT_CUDA_OVERHEAD", "CUDA overhead"),
        ],
    ),
    (
        Table::new("ENUM_NSYS_EVENT_TYPE", COLUMNS),
        &[
            (33, "NvtxCategory", "NvtxCategory"),
            (34, "NvtxMark", "NvtxMark"),
            (39, "NvtxThread", "NvtxThread"),
            (59, "NvtxPushPopRange", "NvtxPushPopRange"),
            (60, "NvtxStartEndRange", "NvtxStartEndRange"),
            (65, "NvtxtMark", "NvtxtMark"),
            (70, "NvtxtPushPopRange", "NvtxtPushPopRange"),
            (71, "NvtxtStartEndRange", "NvtxtStartEndRange"),
            (75, "NvtxDomainCreate", "NvtxDomainCreate"),
            (76, "NvtxDomainDestroy", "NvtxDomainDestroy"),
        ],
    ),
    (
        Table::new("ENUM_SAMPLING_THREAD_STATE", COLUMNS),
        &[
            (0, "Unknown", "Unknown"),
            (1, "Running", "Running"),
            (2, "Interruptible", "Interruptible"),
            (3, "Uninterruptible", "Uninterruptible"),
            (4, "Stopped", "Stopped"),
            (5, "Terminated", "Terminated"),
            (6, "Unscheduled", "Unscheduled"),
            (7, "Waiting", "Waiting"),
            (8, "OSRuntime", "OS runtime"),
            (9, "Initialized", "Initialized"),
            (10, "Transition", "Transition"),
        ],
    ),
    (
        Table::new("ENUM_STACK_UNWIND_METHOD", COLUMNS),
        &[
            (0, "Unknown", "Unknown"),
            (1, "FramePointer", "Frame pointer"),
            (2, "UnwindTable", "Unwind table"),
            (3, "LR_FramePointer", "LR frame pointer"),
            (4, "LR_UnwindTable", "LR unwind table"),
            (5, "KernelContext", "Kernel context"),
            (6, "DWARF_EH", "DWARF EH"),
            (7, "DWARF_DF", "DWARF DF"),
            (8, "LBR", "LBR"),
            (1000, "Undefined", "Undefined"),
        ],
    ),
];

impl Export<'_> {
    pub(super) fn write_enums(&mut self) -> Result<(), ExportError> {
        for (table, words) in ENUMS {
            let mut rows = self.writer.table(table)?;
            for &(id, name, label) in *words {
                rows.push(id, [Cell::Null, name.into(), label.into()])?;
            }
        }
        Ok(())
    }
}
