//! The tables, with their columns in nsys's order and the types that it declares.
//!
//! A column is `NOT NULL` only where every source knows its value. Columns that later schemas added stand at the end.

use super::writer::{AnyTable, Table};

/// What stands behind the columns of a table of stacks.
const STACK_KEY: &str = ", PRIMARY KEY (id, stackDepth)";

pub(super) const ANALYSIS_DETAILS: Table<4> = Table::new(
    "ANALYSIS_DETAILS",
    [
        "globalVid INTEGER NOT NULL",
        "duration INTEGER NOT NULL",
        "startTime INTEGER NOT NULL",
        "stopTime INTEGER NOT NULL",
    ],
);

pub(super) const COMPOSITE_EVENTS: Table<6> = Table::new(
    "COMPOSITE_EVENTS",
    [
        "id INTEGER NOT NULL PRIMARY KEY",
        "start INTEGER NOT NULL",
        "cpu INTEGER",
        "threadState INTEGER",
        "globalTid INTEGER",
        "cpuCycles INTEGER",
    ],
);

pub(super) const CUBLAS_EVENTS: Table<5> = Table::new(
    "CUBLAS_EVENTS",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "eventClass INTEGER NOT NULL",
        "globalTid INTEGER",
        "nameId INTEGER NOT NULL",
    ],
);

pub(super) const CUDA_CALLCHAINS: Table<10> = Table {
    name: "CUDA_CALLCHAINS",
    columns: [
        "id INTEGER NOT NULL",
        "symbol INTEGER",
        "module INTEGER",
        "kernelMode INTEGER",
        "thumbCode INTEGER",
        "unresolved INTEGER",
        "specialEntry INTEGER",
        "originalIP INTEGER",
        "unwindMethod INTEGER",
        "stackDepth INTEGER NOT NULL",
    ],
    constraint: STACK_KEY,
};

pub(super) const CUDA_GPU_MEMORY_USAGE_EVENTS: Table<15> = Table::new(
    "CUDA_GPU_MEMORY_USAGE_EVENTS",
    [
        "start INTEGER NOT NULL",
        "globalPid INTEGER",
        "deviceId INTEGER",
        "contextId INTEGER",
        "address INTEGER",
        "pc INTEGER",
        "bytes INTEGER",
        "memKind INTEGER",
        "memoryOperationType INTEGER",
        "name TEXT",
        "correlationId INTEGER",
        "streamId INTEGER",
        "localMemoryPoolAddress INTEGER",
        "localMemoryPoolSize INTEGER",
        "localMemoryPoolUtilizedSize INTEGER",
    ],
);

pub(super) const CUDA_GRAPH_EVENTS: Table<10> = Table::new(
    "CUDA_GRAPH_EVENTS",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "eventClass INTEGER",
        "globalTid INTEGER",
        "nameId INTEGER",
        "graphNodeId INTEGER",
        "originalGraphNodeId INTEGER",
        "graphId INTEGER",
        "originalGraphId INTEGER",
        "graphExecId INTEGER",
    ],
);

pub(super) const CUDA_UM_CPU_PAGE_FAULT_EVENTS: Table<7> = Table::new(
    "CUDA_UM_CPU_PAGE_FAULT_EVENTS",
    [
        "start INTEGER NOT NULL",
        "globalPid INTEGER",
        "address INTEGER",
        "originalFaultPc INTEGER",
        "CpuInstruction INTEGER",
        "module INTEGER",
        "unresolvedFaultPc INTEGER",
    ],
);

pub(super) const CUDA_UM_GPU_PAGE_FAULT_EVENTS: Table<7> = Table::new(
    "CUDA_UM_GPU_PAGE_FAULT_EVENTS",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "globalPid INTEGER",
        "deviceId INTEGER",
        "address INTEGER",
        "numberOfPageFaults INTEGER",
        "faultAccessType INTEGER",
    ],
);

pub(super) const CUDNN_EVENTS: Table<5> = Table::new(
    "CUDNN_EVENTS",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "eventClass INTEGER NOT NULL",
        "globalTid INTEGER",
        "nameId INTEGER NOT NULL",
    ],
);

pub(super) const CUDA_EVENT: Table<9> = Table::new(
    "CUPTI_ACTIVITY_KIND_CUDA_EVENT",
    [
        "timestamp INTEGER",
        "deviceId INTEGER",
        "contextId INTEGER",
        "greenContextId INTEGER",
        "streamId INTEGER",
        "correlationId INTEGER",
        "globalPid INTEGER",
        "eventId INTEGER",
        "eventSyncId INTEGER",
    ],
);

pub(super) const GRAPH_TRACE: Table<10> = Table::new(
    "CUPTI_ACTIVITY_KIND_GRAPH_TRACE",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "deviceId INTEGER NOT NULL",
        "contextId INTEGER NOT NULL",
        "greenContextId INTEGER",
        "streamId INTEGER NOT NULL",
        "correlationId INTEGER",
        "globalPid INTEGER",
        "graphId INTEGER",
        "graphExecId INTEGER",
    ],
);

pub(super) const KERNEL: Table<29> = Table::new(
    "CUPTI_ACTIVITY_KIND_KERNEL",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "deviceId INTEGER NOT NULL",
        "contextId INTEGER NOT NULL",
        "greenContextId INTEGER",
        "streamId INTEGER NOT NULL",
        "correlationId INTEGER",
        "globalPid INTEGER",
        "demangledName INTEGER NOT NULL",
        "shortName INTEGER NOT NULL",
        "mangledName INTEGER",
        "launchType INTEGER",
        "cacheConfig INTEGER",
        "registersPerThread INTEGER",
        "gridX INTEGER",
        "gridY INTEGER",
        "gridZ INTEGER",
        "blockX INTEGER",
        "blockY INTEGER",
        "blockZ INTEGER",
        "staticSharedMemory INTEGER",
        "dynamicSharedMemory INTEGER",
        "localMemoryPerThread INTEGER",
        "localMemoryTotal INTEGER",
        "gridId INTEGER",
        "sharedMemoryExecuted INTEGER",
        "graphNodeId INTEGER",
        "sharedMemoryLimitConfig INTEGER",
        "graphId INTEGER",
    ],
);

pub(super) const MEMCPY: Table<21> = Table::new(
    "CUPTI_ACTIVITY_KIND_MEMCPY",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "deviceId INTEGER NOT NULL",
        "contextId INTEGER NOT NULL",
        "greenContextId INTEGER",
        "streamId INTEGER NOT NULL",
        "correlationId INTEGER",
        "globalPid INTEGER",
        "bytes INTEGER",
        "copyKind INTEGER NOT NULL",
        "deprecatedSrcId INTEGER",
        "srcKind INTEGER",
        "dstKind INTEGER",
        "srcDeviceId INTEGER",
        "srcContextId INTEGER",
        "dstDeviceId INTEGER",
        "dstContextId INTEGER",
        "migrationCause INTEGER",
        "graphNodeId INTEGER",
        "virtualAddress INTEGER",
        "copyCount INTEGER",
    ],
);

pub(super) const MEMSET: Table<12> = Table::new(
    "CUPTI_ACTIVITY_KIND_MEMSET",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "deviceId INTEGER NOT NULL",
        "contextId INTEGER NOT NULL",
        "greenContextId INTEGER",
        "streamId INTEGER NOT NULL",
        "correlationId INTEGER",
        "globalPid INTEGER",
        "value INTEGER",
        "bytes INTEGER",
        "graphNodeId INTEGER",
        "memKind INTEGER",
    ],
);

pub(super) const OVERHEAD: Table<7> = Table::new(
    "CUPTI_ACTIVITY_KIND_OVERHEAD",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "eventClass INTEGER NOT NULL",
        "globalTid INTEGER",
        "correlationId INTEGER",
        "nameId INTEGER",
        "overheadType INTEGER",
    ],
);

pub(super) const RUNTIME: Table<8> = Table::new(
    "CUPTI_ACTIVITY_KIND_RUNTIME",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "eventClass INTEGER NOT NULL",
        "globalTid INTEGER",
        "correlationId INTEGER",
        "nameId INTEGER NOT NULL",
        "returnValue INTEGER",
        "callchainId INTEGER",
    ],
);

pub(super) const SYNCHRONIZATION: Table<11> = Table::new(
    "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "deviceId INTEGER NOT NULL",
        "contextId INTEGER NOT NULL",
        "greenContextId INTEGER",
        "streamId INTEGER NOT NULL",
        "correlationId INTEGER",
        "globalPid INTEGER",
        "syncType INTEGER",
        "eventId INTEGER",
        "eventSyncId INTEGER",
    ],
);

pub(super) const DIAGNOSTIC_EVENT: Table<6> = Table::new(
    "DIAGNOSTIC_EVENT",
    [
        "timestamp INTEGER NOT NULL",
        "timestampType INTEGER NOT NULL",
        "source INTEGER",
        "severity INTEGER",
        "text TEXT NOT NULL",
        "globalPid INTEGER",
    ],
);

pub(super) const GPU_METRICS: Table<4> = Table::new(
    "GPU_METRICS",
    ["timestamp INTEGER NOT NULL", "typeId INTEGER NOT NULL", "metricId INTEGER NOT NULL", "value INTEGER NOT NULL"],
);

pub(super) const META_DATA_CAPTURE: Table<2> = Table::new("META_DATA_CAPTURE", ["name TEXT NOT NULL", "value TEXT"]);

pub(super) const META_DATA_EXPORT: Table<2> = Table::new("META_DATA_EXPORT", ["name TEXT NOT NULL", "value TEXT"]);

pub(super) const NVTX_EVENTS: Table<20> = Table::new(
    "NVTX_EVENTS",
    [
        "start INTEGER NOT NULL",
        "end INTEGER",
        "eventType INTEGER NOT NULL",
        "rangeId INTEGER",
        "category INTEGER",
        "color INTEGER",
        "text TEXT",
        "globalTid INTEGER",
        "endGlobalTid INTEGER",
        "textId INTEGER",
        "domainId INTEGER",
        "uint64Value INTEGER",
        "int64Value INTEGER",
        "doubleValue REAL",
        "uint32Value INTEGER",
        "int32Value INTEGER",
        "floatValue REAL",
        "jsonTextId INTEGER",
        "jsonText TEXT",
        "binaryData TEXT",
    ],
);

pub(super) const OSRT_API: Table<8> = Table::new(
    "OSRT_API",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "eventClass INTEGER",
        "globalTid INTEGER",
        "nameId INTEGER NOT NULL",
        "returnValue INTEGER",
        "nestingLevel INTEGER",
        "callchainId INTEGER NOT NULL",
    ],
);

pub(super) const OSRT_CALLCHAINS: Table<10> = Table {
    name: "OSRT_CALLCHAINS",
    columns: [
        "id INTEGER NOT NULL",
        "symbol INTEGER",
        "module INTEGER",
        "kernelMode INTEGER",
        "thumbCode INTEGER",
        "unresolved INTEGER",
        "specialEntry INTEGER",
        "originalIP INTEGER",
        "unwindMethod INTEGER",
        "stackDepth INTEGER NOT NULL",
    ],
    constraint: STACK_KEY,
};

pub(super) const PROCESSES: Table<3> = Table::new("PROCESSES", ["globalPid INTEGER", "pid INTEGER", "name TEXT"]);

pub(super) const PROCESS_STREAMS: Table<3> =
    Table::new("ProcessStreams", ["globalPid INTEGER", "filenameId INTEGER", "contentId INTEGER"]);

pub(super) const PROFILER_OVERHEAD: Table<6> = Table::new(
    "PROFILER_OVERHEAD",
    [
        "start INTEGER NOT NULL",
        "end INTEGER NOT NULL",
        "globalTid INTEGER",
        "nameId INTEGER NOT NULL",
        "returnValue INTEGER",
        "overheadType INTEGER",
    ],
);

pub(super) const SAMPLING_CALLCHAINS: Table<10> = Table {
    name: "SAMPLING_CALLCHAINS",
    columns: [
        "id INTEGER NOT NULL",
        "symbol INTEGER",
        "module INTEGER",
        "kernelMode INTEGER",
        "thumbCode INTEGER",
        "unresolved INTEGER",
        "specialEntry INTEGER",
        "originalIP INTEGER",
        "unwindMethod INTEGER",
        "stackDepth INTEGER NOT NULL",
    ],
    constraint: STACK_KEY,
};

pub(super) const SCHED_EVENTS: Table<5> = Table::new(
    "SCHED_EVENTS",
    ["start INTEGER NOT NULL", "cpu INTEGER", "isSchedIn INTEGER NOT NULL", "globalTid INTEGER", "threadState INTEGER"],
);

pub(super) const STRING_IDS: Table<2> =
    Table::new("StringIds", ["id INTEGER NOT NULL PRIMARY KEY", "value TEXT NOT NULL"]);

pub(super) const TARGET_CUDA_CONTEXT_INFO: Table<8> = Table::new(
    "TARGET_INFO_CUDA_CONTEXT_INFO",
    [
        "nullStreamId INTEGER",
        "hwId INTEGER NOT NULL",
        "vmId INTEGER NOT NULL",
        "processId INTEGER NOT NULL",
        "deviceId INTEGER",
        "contextId INTEGER NOT NULL",
        "parentContextId INTEGER",
        "isGreenContext INTEGER",
    ],
);

pub(super) const TARGET_CUDA_STREAM: Table<7> = Table::new(
    "TARGET_INFO_CUDA_STREAM",
    [
        "streamId INTEGER NOT NULL",
        "hwId INTEGER NOT NULL",
        "vmId INTEGER NOT NULL",
        "processId INTEGER NOT NULL",
        "contextId INTEGER",
        "priority INTEGER",
        "flag INTEGER",
    ],
);

pub(super) const TARGET_GPU: Table<41> = Table::new(
    "TARGET_INFO_GPU",
    [
        "vmId INTEGER NOT NULL",
        "id INTEGER NOT NULL",
        "name TEXT",
        "busLocation TEXT",
        "isDiscrete INTEGER",
        "l2CacheSize INTEGER",
        "totalMemory INTEGER",
        "memoryBandwidth INTEGER",
        "clockRate INTEGER",
        "smCount INTEGER",
        "pwGpuId INTEGER",
        "uuid TEXT",
        "luid INTEGER",
        "chipName TEXT",
        "cuDevice INTEGER",
        "ctxswDevPath TEXT",
        "ctrlDevPath TEXT",
        "revision INTEGER",
        "nodeMask INTEGER",
        "constantMemory INTEGER",
        "maxIPC INTEGER",
        "maxRegistersPerBlock INTEGER",
        "maxShmemPerBlock INTEGER",
        "maxShmemPerBlockOptin INTEGER",
        "maxShmemPerSm INTEGER",
        "maxRegistersPerSm INTEGER",
        "threadsPerWarp INTEGER",
        "asyncEngines INTEGER",
        "maxWarpsPerSm INTEGER",
        "maxBlocksPerSm INTEGER",
        "maxThreadsPerBlock INTEGER",
        "maxBlockDimX INTEGER",
        "maxBlockDimY INTEGER",
        "maxBlockDimZ INTEGER",
        "maxGridDimX INTEGER",
        "maxGridDimY INTEGER",
        "maxGridDimZ INTEGER",
        "computeMajor INTEGER",
        "computeMinor INTEGER",
        "smMajor INTEGER",
        "smMinor INTEGER",
    ],
);

pub(super) const TARGET_CUDA_DEVICE: Table<3> = Table::new(
    "TARGET_INFO_CUDA_DEVICE",
    ["gpuId INTEGER NOT NULL", "cudaId INTEGER NOT NULL", "pid INTEGER NOT NULL"],
);

pub(super) const TARGET_GPU_METRICS: Table<5> = Table::new(
    "TARGET_INFO_GPU_METRICS",
    [
        "typeId INTEGER NOT NULL",
        "sourceId INTEGER NOT NULL",
        "typeName TEXT NOT NULL",
        "metricId INTEGER NOT NULL",
        "metricName TEXT NOT NULL",
    ],
);

pub(super) const TARGET_NVTX_CUDA_STREAM: Table<7> = Table::new(
    "TARGET_INFO_NVTX_CUDA_STREAM",
    [
        "name TEXT NOT NULL",
        "hwId INTEGER NOT NULL",
        "vmId INTEGER NOT NULL",
        "processId INTEGER NOT NULL",
        "deviceId INTEGER NOT NULL",
        "contextId INTEGER NOT NULL",
        "streamId INTEGER NOT NULL",
    ],
);

pub(super) const TARGET_SESSION_START_TIME: Table<3> =
    Table::new("TARGET_INFO_SESSION_START_TIME", ["utcEpochNs INTEGER", "utcTime TEXT", "localTime TEXT"]);

pub(super) const TARGET_SYSTEM_ENV: Table<5> = Table::new(
    "TARGET_INFO_SYSTEM_ENV",
    [
        "globalVid INTEGER",
        "devStateName TEXT NOT NULL",
        "name TEXT NOT NULL",
        "nameEnum INTEGER",
        "value TEXT NOT NULL",
    ],
);

pub(super) const THREAD_NAMES: Table<3> =
    Table::new("ThreadNames", ["nameId INTEGER NOT NULL", "priority INTEGER", "globalTid INTEGER"]);

/// Tables for events, which a capture may have without rows.
pub(super) const EVENT_TABLES: &[&dyn AnyTable] = &[
    &COMPOSITE_EVENTS,
    &CUBLAS_EVENTS,
    &CUDA_CALLCHAINS,
    &CUDA_GPU_MEMORY_USAGE_EVENTS,
    &CUDA_GRAPH_EVENTS,
    &CUDA_UM_CPU_PAGE_FAULT_EVENTS,
    &CUDA_UM_GPU_PAGE_FAULT_EVENTS,
    &CUDNN_EVENTS,
    &CUDA_EVENT,
    &GRAPH_TRACE,
    &KERNEL,
    &MEMCPY,
    &MEMSET,
    &OVERHEAD,
    &RUNTIME,
    &SYNCHRONIZATION,
    &DIAGNOSTIC_EVENT,
    &GPU_METRICS,
    &NVTX_EVENTS,
    &OSRT_API,
    &OSRT_CALLCHAINS,
    &PROCESS_STREAMS,
    &PROFILER_OVERHEAD,
    &SAMPLING_CALLCHAINS,
    &SCHED_EVENTS,
];
