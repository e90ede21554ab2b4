//! Small databases as an exporter would write them, with a table for every record there is.

use std::path::PathBuf;
use std::sync::LazyLock;

use rusqlite::Connection;
use tempfile::TempDir;

/// Process 100 and its threads, as a capture of the machine itself numbers them.
pub(crate) const PROCESS: i64 = 0x0001_0000_6400_0000;
pub(crate) const MAIN: i64 = PROCESS | 100;
pub(crate) const WORKER: i64 = PROCESS | 101;
/// Another process, whose correlation ids are the same.
pub(crate) const OTHER: i64 = 0x0001_0000_c800_0000;
pub(crate) const OTHER_MAIN: i64 = OTHER | 200;

/// A database that is being drawn.
pub(crate) struct Drawing {
    folder: TempDir,
    database: Connection,
}

impl Drawing {
    /// A database without tables.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open(folder)
    }

    fn open(folder: TempDir) -> Self {
        let database = Connection::open(folder.path().join("drawn.sqlite")).expect("a new database");
        let drawing = Self { folder, database };
        // Nobody minds when the machine stops in the middle of a test.
        drawing.sql("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
        drawing
    }

    /// A database with a few rows in every table that is read.
    pub(crate) fn full() -> Self {
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let drawing = Drawing::empty();
            drawing.sql(EVERY_TABLE);
            drawing.bytes()
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("drawn.sqlite"), &*BYTES).expect("the folder is ours");
        Self::open(folder)
    }

    /// What it takes to name something, and tables of interfaces that have no columns of their own in a trace.
    ///
    /// ```text
    /// thread 100  [parallel 1000.......................2000]            OpenMP
    ///                [MPI_Send 1100..1200]   [launch 1300..1400]        MPI, OpenACC
    ///                                 [read 1500..1600]                 OS runtime, of a file
    /// thread 101  [write 1700..1800]                                    a file, without a call
    /// process 100    | 1050 memory pool created
    /// ```
    pub(crate) fn of_other_interfaces() -> Self {
        let drawing = Self::empty();
        drawing.sql(OTHER_INTERFACES);
        drawing
    }

    pub(crate) fn sql(&self, sql: &str) -> &Self {
        self.database.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        self
    }

    /// Names of all tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        let mut statement = self.database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").expect("SQL");
        let names = statement.query_map([], |row| row.get(0)).expect("it runs");
        names.map(|name| name.expect("a name")).collect()
    }

    /// Names of a table's columns.
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        let mut statement = self.database.prepare(&format!("PRAGMA table_info({table})")).expect("SQL");
        let names = statement.query_map([], |row| row.get(1)).expect("it runs");
        names.map(|name| name.expect("a name")).collect()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("drawn.sqlite")
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).expect("it is there")
    }
}

/// The columns are those of schema 3.24 and 3.7. Times are small, and everything has one of a kind.
///
/// ```text
/// thread 100  [step 1000..9000              ]       push/pop, domain 1, category 3
///               [launch 1100..1200]                 correlation 7, launches two pieces of work
///                                  [graph 1300..1400]  correlation 8, one whole graph
///               [read 2000..2500] (with a stack)    OS runtime
/// thread 101        [range 5000...........8000]     start/end, ended by thread 100
/// stream 7          [kernel 1500..2500][copy 2500..2600]   [graph 3000..4000]
/// process 200   [launch 1150..1250]                 correlation 7 too
/// stream 7 (of process 200)  [fill 1600..1700]
/// ```
const EVERY_TABLE: &str = "
CREATE TABLE StringIds (id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO StringIds VALUES (1, 'void scale<float>(float*)'), (2, 'scale'), (3, '_Z5scaleIfEvPT_'),
  (10, 'cudaLaunchKernel_v7000'), (11, 'cudaGraphLaunch_v10000'), (12, 'cuLaunchKernel'), (20, 'read'),
  (21, 'libc.so.6'), (22, '__read'), (23, 'main'), (24, 'program'), (30, 'step'), (40, 'python3'),
  (41, 'worker'), (42, '[NSys Comms]'), (50, 'Lazy function loading'), (51, 'Chunk Allocation'), (60, 'stdout.log'), (61, 'hello'),
  (1000000000000, 'far id'), (70, 'OS runtime libraries profiling started'), (80, 'cublasGemmEx');
CREATE TABLE META_DATA_EXPORT (name TEXT NOT NULL, value TEXT);
INSERT INTO META_DATA_EXPORT VALUES ('EXPORT_PRODUCT_VERSION', '2025.5.2.266'), ('EXPORT_SCHEMA_VERSION', '3.24.0');
CREATE TABLE META_DATA_CAPTURE (name TEXT NOT NULL, value TEXT);
INSERT INTO META_DATA_CAPTURE VALUES ('PROCESS_0:COMMAND', 'python3'), ('PROCESS_0:ARGUMENT_0', '--password=hunter2'),
  ('PROCESS_0:ENVIRONMENT_VARIABLE', 'TOKEN=secret'), ('CAPTURE_EVENT_TYPE', 'CUDA');
CREATE TABLE TARGET_INFO_SESSION_START_TIME (utcEpochNs INTEGER, utcTime TEXT, localTime TEXT, systemClockNs INTEGER);
INSERT INTO TARGET_INFO_SESSION_START_TIME VALUES (1700000000000000000, '2023-11-14T22:13:20', '2023-11-14T23:13:20', 5);
CREATE TABLE TARGET_INFO_SYSTEM_ENV (globalVid INTEGER, devStateName TEXT NOT NULL, name TEXT NOT NULL,
  nameEnum INTEGER NOT NULL, value TEXT NOT NULL);
INSERT INTO TARGET_INFO_SYSTEM_ENV VALUES (281474976710656, 's', 'Hostname', 1, 'box'),
  (281474976710656, 's', 'DeviceEnvironment', 2, 'KEY=secret');
CREATE TABLE ANALYSIS_DETAILS (globalVid INTEGER NOT NULL, duration INTEGER NOT NULL, startTime INTEGER NOT NULL,
  stopTime INTEGER NOT NULL);
INSERT INTO ANALYSIS_DETAILS VALUES (281474976710656, 10000, 3, 10003);
CREATE TABLE PROCESSES (globalPid INTEGER, pid INTEGER, name TEXT);
INSERT INTO PROCESSES VALUES (0x0001000064000000, 100, '/usr/bin/python3'), (0x00010000c8000000, 200, 'VLLM::Worker_TP1'),
  (0x0001000001000000, 1, 'init');
CREATE TABLE ThreadNames (nameId INTEGER NOT NULL, priority INTEGER, globalTid INTEGER);
INSERT INTO ThreadNames VALUES (40, 20, 0x0001000064000064), (41, 10, 0x0001000064000065), (42, 10, 0x0001000064000066);
CREATE TABLE ProcessStreams (globalPid INTEGER NOT NULL, filenameId INTEGER NOT NULL, contentId INTEGER NOT NULL);
INSERT INTO ProcessStreams VALUES (0x0001000064000000, 60, 61);
CREATE TABLE DIAGNOSTIC_EVENT (timestamp INTEGER NOT NULL, timestampType INTEGER NOT NULL, source INTEGER NOT NULL,
  severity INTEGER NOT NULL, text TEXT NOT NULL, globalPid INTEGER);
INSERT INTO DIAGNOSTIC_EVENT VALUES (5, 1, 3, 1, 'Profiling has started.', -144115188075855872),
  (6, 1, 1, 2, 'Not all CUDA events might have been collected.', 0x0001000064000000);
CREATE TABLE TARGET_INFO_GPU (vmId INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT, busLocation TEXT, totalMemory INTEGER,
  clockRate INTEGER, smCount INTEGER, uuid TEXT, maxWarpsPerSm INTEGER, threadsPerWarp INTEGER, maxBlockDimX INTEGER,
  computeMajor INTEGER, computeMinor INTEGER);
INSERT INTO TARGET_INFO_GPU VALUES (281474976710656, 0, 'NVIDIA H100', '0000:01:00.0', 85899345920, 1777000000, 132, 'u-1',
  64, 32, 1024, 9, 0);
CREATE TABLE TARGET_INFO_CUDA_DEVICE (gpuId INTEGER, cudaId INTEGER NOT NULL, pid INTEGER NOT NULL);
INSERT INTO TARGET_INFO_CUDA_DEVICE VALUES (0, 0, 100);
CREATE TABLE TARGET_INFO_CUDA_CONTEXT_INFO (nullStreamId INTEGER NOT NULL, hwId INTEGER NOT NULL, vmId INTEGER NOT NULL,
  processId INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, parentContextId INTEGER,
  isGreenContext INTEGER);
INSERT INTO TARGET_INFO_CUDA_CONTEXT_INFO VALUES (7, 0, 1, 100, 0, 1, 0, 0);
CREATE TABLE TARGET_INFO_CUDA_STREAM (streamId INTEGER NOT NULL, hwId INTEGER NOT NULL, vmId INTEGER NOT NULL,
  processId INTEGER NOT NULL, contextId INTEGER NOT NULL, priority INTEGER NOT NULL, flag INTEGER NOT NULL);
INSERT INTO TARGET_INFO_CUDA_STREAM VALUES (7, 0, 1, 100, 1, 4294967291, 3), (9, 0, 1, 100, 1, 0, 1);
CREATE TABLE TARGET_INFO_NVTX_CUDA_STREAM (name TEXT NOT NULL, hwId INTEGER NOT NULL, vmId INTEGER NOT NULL,
  processId INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL, streamId INTEGER NOT NULL);
INSERT INTO TARGET_INFO_NVTX_CUDA_STREAM VALUES ('compute', 0, 1, 100, 0, 1, 7);
CREATE TABLE TARGET_INFO_NVTX_CUDA_DEVICE (name TEXT NOT NULL, hwId INTEGER NOT NULL, vmId INTEGER NOT NULL,
  deviceId INTEGER NOT NULL);
INSERT INTO TARGET_INFO_NVTX_CUDA_DEVICE VALUES ('first', 0, 1, 0);
CREATE TABLE TARGET_INFO_NVTX_CUDA_CONTEXT (name TEXT NOT NULL, hwId INTEGER NOT NULL, vmId INTEGER NOT NULL,
  processId INTEGER NOT NULL, deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL);
INSERT INTO TARGET_INFO_NVTX_CUDA_CONTEXT VALUES ('ctx', 0, 1, 100, 0, 1);
CREATE TABLE TARGET_INFO_GPU_METRICS (typeId INTEGER NOT NULL, sourceId INTEGER NOT NULL, typeName TEXT NOT NULL,
  metricId INTEGER NOT NULL, metricName TEXT NOT NULL);
INSERT INTO TARGET_INFO_GPU_METRICS VALUES (0x12300, 1, 'ga100', 2, 'SMs Active [Throughput %]');
CREATE TABLE GPU_METRICS (timestamp INTEGER, typeId INTEGER NOT NULL, metricId INTEGER NOT NULL, value INTEGER NOT NULL);
INSERT INTO GPU_METRICS VALUES (2000, 0x12300, 2, 80), (1000, 0x12300, 2, 10);
CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL,
  contextId INTEGER NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
  demangledName INTEGER NOT NULL, shortName INTEGER NOT NULL, mangledName INTEGER, launchType INTEGER, cacheConfig INTEGER,
  registersPerThread INTEGER NOT NULL, gridX INTEGER NOT NULL, gridY INTEGER NOT NULL, gridZ INTEGER NOT NULL,
  blockX INTEGER NOT NULL, blockY INTEGER NOT NULL, blockZ INTEGER NOT NULL, staticSharedMemory INTEGER NOT NULL,
  dynamicSharedMemory INTEGER NOT NULL, localMemoryPerThread INTEGER NOT NULL, localMemoryTotal INTEGER NOT NULL,
  gridId INTEGER NOT NULL, sharedMemoryExecuted INTEGER, graphNodeId INTEGER, sharedMemoryLimitConfig INTEGER,
  graphId INTEGER, clusterX INTEGER, clusterY INTEGER, clusterZ INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1500, 2500, 0, 1, 4, 7, 7, 0x0001000064000000, 1, 2, 3, 1, 0, 40,
  8, 2, 1, 128, 1, 1, 16, 48, 0, 65536, 5, 32768, NULL, 0, NULL, 2, 1, 1);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL,
  contextId INTEGER NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
  bytes INTEGER NOT NULL, copyKind INTEGER NOT NULL, srcKind INTEGER, dstKind INTEGER, srcDeviceId INTEGER,
  srcContextId INTEGER, dstDeviceId INTEGER, dstContextId INTEGER, migrationCause INTEGER, graphNodeId INTEGER,
  virtualAddress INTEGER, copyCount INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (2500, 2600, 0, 1, NULL, 7, 7, 0x0001000064000000, 4096, 1, 0, 2,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1);
CREATE TABLE CUPTI_ACTIVITY_KIND_MEMSET (start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL,
  contextId INTEGER NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
  value INTEGER NOT NULL, bytes INTEGER NOT NULL, graphNodeId INTEGER, memKind INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_MEMSET VALUES (1600, 1700, 0, 1, NULL, 7, 7, 0x00010000c8000000, 255, 64, NULL, 2);
CREATE TABLE CUPTI_ACTIVITY_KIND_SYNCHRONIZATION (start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL,
  contextId INTEGER NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
  syncType INTEGER NOT NULL, eventId INTEGER NOT NULL, eventSyncId INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_SYNCHRONIZATION VALUES (1450, 2550, 0, 1, NULL, 7, 9, 0x0001000064000000, 3, 0, 1),
  (2650, 2660, 0, 1, NULL, 4294967295, 10, 0x0001000064000000, 4, 0, 1);
CREATE TABLE CUPTI_ACTIVITY_KIND_GRAPH_TRACE (start INTEGER NOT NULL, end INTEGER NOT NULL, deviceId INTEGER NOT NULL,
  contextId INTEGER NOT NULL, greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER,
  graphId INTEGER NOT NULL, graphExecId INTEGER NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_GRAPH_TRACE VALUES (3000, 4000, 0, 1, NULL, 7, 8, 0x0001000064000000, 1, 2);
CREATE TABLE CUDA_GRAPH_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL,
  globalTid INTEGER, nameId INTEGER, graphId INTEGER, originalGraphId INTEGER, graphExecId INTEGER);
INSERT INTO CUDA_GRAPH_EVENTS VALUES (800, 810, 95, 0x0001000064000064, 1000000000000, 1, NULL, NULL),
  (820, 820, 94, 0x0001000064000064, 1000000000000, 1, NULL, 2);
CREATE TABLE CUDA_GRAPH_NODE_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL,
  globalTid INTEGER, nameId INTEGER, graphNodeId INTEGER NOT NULL, originalGraphNodeId INTEGER);
INSERT INTO CUDA_GRAPH_NODE_EVENTS VALUES (805, 806, 77, 0x0001000064000064, 12, 33, 22);
CREATE TABLE CUPTI_ACTIVITY_KIND_CUDA_EVENT (timestamp INTEGER, deviceId INTEGER NOT NULL, contextId INTEGER NOT NULL,
  greenContextId INTEGER, streamId INTEGER NOT NULL, correlationId INTEGER, globalPid INTEGER, eventId INTEGER NOT NULL,
  eventSyncId INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_CUDA_EVENT VALUES (2700, 0, 1, NULL, 7, 11, 0x0001000064000000, 5, 6);
CREATE TABLE CUDA_GPU_MEMORY_USAGE_EVENTS (start INTEGER NOT NULL, globalPid INTEGER NOT NULL, deviceId INTEGER NOT NULL,
  contextId INTEGER NOT NULL, address INTEGER NOT NULL, pc INTEGER NOT NULL, bytes INTEGER NOT NULL,
  memKind INTEGER NOT NULL, memoryOperationType INTEGER NOT NULL, name TEXT, correlationId INTEGER);
INSERT INTO CUDA_GPU_MEMORY_USAGE_EVENTS VALUES (1200, 0x0001000064000000, 0, 1, 4096, 0, 1000, 2, 0, NULL, 3),
  (1800, 0x0001000064000000, 0, 1, 8192, 0, 500, 2, 0, 'table', 4), (1900, 0x0001000064000000, 0, 1, 4096, 0, 1000, 2, 1, NULL, 5),
  (1950, 0x0001000064000000, 0, 1, 16384, 0, 7, 1, 0, NULL, 6);
CREATE TABLE CUDA_UM_CPU_PAGE_FAULT_EVENTS (start INTEGER NOT NULL, globalPid INTEGER NOT NULL, address INTEGER NOT NULL,
  originalFaultPc INTEGER, CpuInstruction INTEGER NOT NULL, module INTEGER, unresolvedFaultPc INTEGER);
INSERT INTO CUDA_UM_CPU_PAGE_FAULT_EVENTS VALUES (1300, 0x0001000064000000, 65536, 99, 23, 24, NULL);
CREATE TABLE CUDA_UM_GPU_PAGE_FAULT_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, globalPid INTEGER NOT NULL,
  deviceId INTEGER NOT NULL, address INTEGER NOT NULL, numberOfPageFaults INTEGER NOT NULL, faultAccessType INTEGER NOT NULL);
INSERT INTO CUDA_UM_GPU_PAGE_FAULT_EVENTS VALUES (1400, 1450, 0x0001000064000000, 0, 65536, 3, 2);
CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL,
  globalTid INTEGER, correlationId INTEGER, nameId INTEGER NOT NULL, returnValue INTEGER NOT NULL, callchainId INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (1100, 1200, 0, 0x0001000064000064, 7, 10, 0, 1),
  (1300, 1400, 0, 0x0001000064000064, 8, 11, 1, NULL), (1150, 1250, 1, 0x00010000c80000c8, 7, 12, 0, NULL);
CREATE TABLE CUBLAS_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL, globalTid INTEGER,
  nameId INTEGER NOT NULL);
INSERT INTO CUBLAS_EVENTS VALUES (1050, 1250, 29, 0x0001000064000064, 80);
CREATE TABLE CUPTI_ACTIVITY_KIND_OVERHEAD (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL,
  globalTid INTEGER, correlationId INTEGER, nameId INTEGER, overheadType INTEGER NOT NULL);
INSERT INTO CUPTI_ACTIVITY_KIND_OVERHEAD VALUES (1110, 1120, 0, 0x0001000064000064, 7, 50, 7);
CREATE TABLE PROFILER_OVERHEAD (start INTEGER NOT NULL, end INTEGER NOT NULL, globalTid INTEGER, nameId INTEGER NOT NULL,
  returnValue INTEGER NOT NULL);
INSERT INTO PROFILER_OVERHEAD VALUES (600, 700, 0x0001000064000066, 51, 0);
CREATE TABLE NVTX_EVENTS (start INTEGER NOT NULL, end INTEGER, eventType INTEGER NOT NULL, rangeId INTEGER,
  category INTEGER, color INTEGER, text TEXT, globalTid INTEGER, endGlobalTid INTEGER, textId INTEGER, domainId INTEGER,
  uint64Value INTEGER, int64Value INTEGER, doubleValue REAL, uint32Value INTEGER, int32Value INTEGER, floatValue REAL,
  jsonTextId INTEGER, jsonText TEXT, binaryData TEXT);
INSERT INTO NVTX_EVENTS (start, end, eventType, category, color, text, globalTid, textId, domainId, int64Value) VALUES
  (900, NULL, 75, NULL, NULL, 'engine', 0x0001000064000064, NULL, 1, NULL),
  (910, NULL, 33, 3, NULL, 'scheduler', 0x0001000064000064, NULL, 1, NULL),
  (1000, 9000, 59, 3, 4278190335, NULL, 0x0001000064000064, 30, 1, -5);
INSERT INTO NVTX_EVENTS (start, end, eventType, rangeId, text, globalTid, endGlobalTid, domainId) VALUES
  (5000, 8000, 60, 77, 'range', 0x0001000064000065, 0x0001000064000064, 0),
  (6000, 9500, 60, 78, 'crossing', 0x0001000064000065, NULL, 0);
INSERT INTO NVTX_EVENTS (start, eventType, text, globalTid, domainId, doubleValue) VALUES
  (7000, 34, 'mark', 0x0001000064000065, 0, 2.5);
CREATE TABLE OSRT_API (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL, globalTid INTEGER,
  correlationId INTEGER, nameId INTEGER NOT NULL, returnValue INTEGER NOT NULL, nestingLevel INTEGER,
  callchainId INTEGER NOT NULL);
INSERT INTO OSRT_API VALUES (500, 500, 31, 0x0001000064000000, NULL, 70, 0, NULL, 0),
  (2000, 2500, 27, 0x0001000064000064, NULL, 20, -1, 0, 4);
CREATE TABLE OSRT_CALLCHAINS (id INTEGER NOT NULL, symbol INTEGER NOT NULL, module INTEGER NOT NULL, kernelMode INTEGER,
  thumbCode INTEGER, unresolved INTEGER, specialEntry INTEGER, originalIP INTEGER, unwindMethod INTEGER,
  stackDepth INTEGER NOT NULL);
INSERT INTO OSRT_CALLCHAINS VALUES (4, 22, 21, NULL, NULL, NULL, NULL, 4097, 6, 0), (4, 23, 24, NULL, NULL, NULL, NULL, 8193, 6, 1);
CREATE TABLE CUDA_CALLCHAINS (id INTEGER NOT NULL, symbol INTEGER NOT NULL, module INTEGER NOT NULL, unresolved INTEGER,
  originalIP INTEGER, stackDepth INTEGER NOT NULL);
INSERT INTO CUDA_CALLCHAINS VALUES (1, 23, 24, NULL, 8200, 0);
CREATE TABLE SAMPLING_CALLCHAINS (id INTEGER NOT NULL, symbol INTEGER NOT NULL, module INTEGER NOT NULL, kernelMode INTEGER,
  thumbCode INTEGER, unresolved INTEGER, specialEntry INTEGER, originalIP INTEGER, unwindMethod INTEGER,
  stackDepth INTEGER NOT NULL);
INSERT INTO SAMPLING_CALLCHAINS VALUES (1, 22, 21, NULL, NULL, NULL, NULL, 4100, 6, 0), (1, 23, 24, NULL, NULL, NULL, NULL, 8200, 6, 1);
CREATE TABLE COMPOSITE_EVENTS (id INTEGER NOT NULL PRIMARY KEY, start INTEGER NOT NULL, cpu INTEGER, threadState INTEGER,
  globalTid INTEGER, cpuCycles INTEGER NOT NULL);
INSERT INTO COMPOSITE_EVENTS VALUES (1, 2100, 3, 1, 0x0001000064000064, 1000), (2, 2050, 3, 1, 0x0001000064000064, 900);
CREATE TABLE SCHED_EVENTS (start INTEGER NOT NULL, cpu INTEGER NOT NULL, isSchedIn INTEGER NOT NULL, globalTid INTEGER,
  threadState INTEGER, threadBlock INTEGER);
INSERT INTO SCHED_EVENTS VALUES (1000, 3, 1, 0x0001000064000064, NULL, NULL), (2200, 3, 0, 0x0001000064000064, 2, NULL),
  (2400, 4, 1, 0x0001000064000064, NULL, NULL);
CREATE TABLE PMU_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, globalVid INTEGER, cpu INTEGER);
INSERT INTO PMU_EVENTS VALUES (1, 2, 0, 0), (3, 4, 0, 0);
CREATE TABLE MPI_COMMUNICATORS (commHandle INTEGER, localRank INTEGER);
INSERT INTO MPI_COMMUNICATORS VALUES (1, 2), (3, 4), (5, 6);
CREATE TABLE ENUM_CUDA_MEMCPY_OPER (id INTEGER, name TEXT, label TEXT);
INSERT INTO ENUM_CUDA_MEMCPY_OPER VALUES (0, 'CUDA_MEMCPY_KIND_UNKNOWN', 'Unknown');
";

/// The columns of OpenMP and OpenACC are those of schema 2.9, those of files those of 3.24, the others as documented.
const OTHER_INTERFACES: &str = "
CREATE TABLE StringIds (id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO StringIds VALUES (1, 'MPI_Send'), (2, 'Parallel'), (3, 'acc_enqueue_launch'), (4, 'solve_42_gpu'), (5, 'solve.f90'),
  (6, 'read'), (7, 'write');
CREATE TABLE MPI_RANKS (globalPid INTEGER, rank INTEGER);
INSERT INTO MPI_RANKS VALUES (0x0001000064000000, 3);
CREATE TABLE MPI_P2P_EVENTS (start INTEGER NOT NULL, end INTEGER NOT NULL, globalTid INTEGER, textId INTEGER,
  commHandle INTEGER, tag INTEGER, remoteRank INTEGER, size INTEGER, requestHandle INTEGER);
INSERT INTO MPI_P2P_EVENTS VALUES (1100, 1200, 0x0001000064000064, 1, 11, 17, 2, 4096, NULL);
CREATE TABLE OPENMP_EVENT_KIND_PARALLEL (start INTEGER NOT NULL, end INTEGER, eventClass INTEGER NOT NULL,
  globalTid INTEGER, correlationId INTEGER, nameId INTEGER, eventKind INTEGER, parallelId INTEGER, parentTaskId INTEGER);
INSERT INTO OPENMP_EVENT_KIND_PARALLEL VALUES (1000, 2000, 78, 0x0001000064000064, 5, 2, 28, 9, 8);
CREATE TABLE CUPTI_ACTIVITY_KIND_OPENACC_LAUNCH (start INTEGER NOT NULL, end INTEGER NOT NULL, nameId INTEGER,
  globalTid INTEGER, eventKind INTEGER NOT NULL, DeviceType INTEGER NOT NULL, lineNo INTEGER NOT NULL,
  cuDeviceId INTEGER NOT NULL, cuContextId INTEGER NOT NULL, cuStreamId INTEGER NOT NULL, srcFile INTEGER,
  funcName INTEGER, numGangs INTEGER, numWorkers INTEGER, vectorLength INTEGER, kernelName INTEGER);
INSERT INTO CUPTI_ACTIVITY_KIND_OPENACC_LAUNCH VALUES (1300, 1400, 3, 0x0001000064000064, 4, 4, 42, 0, 1, 13, 5, NULL,
  80, 4, 32, 4);
CREATE TABLE CUDA_GPU_MEMORY_POOL_EVENTS (start INTEGER NOT NULL, globalPid INTEGER, deviceId INTEGER,
  address INTEGER, operationType INTEGER, poolType INTEGER, correlationId INTEGER, minBytesToKeep INTEGER);
INSERT INTO CUDA_GPU_MEMORY_POOL_EVENTS VALUES (1050, 0x0001000064000000, 0, 4096, 1, 1, 7, NULL);
CREATE TABLE OSRT_API (start INTEGER NOT NULL, end INTEGER NOT NULL, eventClass INTEGER NOT NULL, globalTid INTEGER,
  nameId INTEGER NOT NULL, returnValue INTEGER NOT NULL, nestingLevel INTEGER, callchainId INTEGER NOT NULL,
  argumentsId INTEGER);
INSERT INTO OSRT_API VALUES (1500, 1600, 27, 0x0001000064000064, 6, 512, 0, 0, 12);
CREATE TABLE OSRT_FILE_ACCESS_EVENTS (fileAccessId INTEGER NOT NULL, threadId INTEGER NOT NULL,
  startedAt INTEGER NOT NULL, endedAt INTEGER NOT NULL, eventType INTEGER NOT NULL, apiCallId INTEGER NOT NULL,
  bytesProcessed INTEGER NOT NULL);
INSERT INTO OSRT_FILE_ACCESS_EVENTS VALUES (0, 100, 1500, 1600, 3, 6, 512), (1, 101, 1700, 1800, 4, 7, 64);
CREATE TABLE OSRT_FILE_ACCESS_DESCRIPTORS (fileAccessId INTEGER NOT NULL, processId INTEGER NOT NULL,
  openedAt INTEGER NOT NULL, closedAt INTEGER NOT NULL, filePath TEXT NOT NULL);
INSERT INTO OSRT_FILE_ACCESS_DESCRIPTORS VALUES (0, 100, 900, 0, '/data/weights'), (1, 100, 900, 0, '/tmp/log');
CREATE TABLE TARGET_INFO_NIC_INFO (GUID INTEGER, stateName TEXT, nicId INTEGER, name TEXT);
INSERT INTO TARGET_INFO_NIC_INFO VALUES (77, 'Local (CLI)', 0, 'mlx5_0');
CREATE TABLE TARGET_INFO_NETWORK_METRICS (metricsListId INTEGER, metricsIdx INTEGER, name TEXT, description TEXT, unit TEXT);
INSERT INTO TARGET_INFO_NETWORK_METRICS VALUES (0, 1, 'Bytes sent', 'sent', 'bytes');
CREATE TABLE NET_NIC_METRIC (start INTEGER, end INTEGER, nicId INTEGER, portId INTEGER, metricsListId INTEGER,
  metricsIdx INTEGER, value INTEGER);
INSERT INTO NET_NIC_METRIC VALUES (1000, 1100, 77, 1, 0, 1, 800), (1100, 1200, 77, 1, 0, 1, 900);
";
