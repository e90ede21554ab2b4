//! The strings, and the messages behind them: names of threads, devices, contexts, streams.

use super::container::{elements, text};
use super::unknown::{Message, Unknowns};
use super::wire::{Field, Fields, Malformed, Value};
use crate::nsys::capture::{
    Capture, ContextRecord, CudaDeviceRecord, GlobalId, GpuRecord, ProcessStreamRecord, StreamRecord, TextId,
    ThreadNameRecord,
};

/// Reads the unpacked block of strings, and gives how many of them are not UTF-8. The id of a string is its place.
pub(super) fn read_strings(
    unpacked: &[u8],
    capture: &mut Capture,
    unknowns: &mut Unknowns,
) -> (u64, Result<(), Malformed>) {
    let (mut id, mut num_bad) = (capture.strings.len() as i64, 0);
    for field in Fields::new(elements(unpacked)) {
        match field {
            Ok(Field { number: 1, value: Value::Bytes(bytes) }) => {
                let string = text(bytes);
                num_bad += u64::from(matches!(string, std::borrow::Cow::Owned(_)));
                capture.strings.insert(TextId(id), &string);
                id += 1;
            }
            Ok(Field { number: 2, value: Value::Bytes(stream) }) => match process_stream(stream, unknowns) {
                Ok(record) => {
                    let row = capture.process_streams.len() as i64 + 1;
                    capture.process_streams.push(ProcessStreamRecord { row, ..record });
                }
                Err(bad) => return (num_bad, Err(bad)),
            },
            Ok(field) => unknowns.add_field(Message::Block, field.number),
            Err(bad) => return (num_bad, Err(bad)),
        }
    }
    (num_bad, Ok(()))
}

fn process_stream(stream: &[u8], unknowns: &mut Unknowns) -> Result<ProcessStreamRecord, Malformed> {
    let mut record = ProcessStreamRecord::default();
    for field in Fields::new(stream) {
        match field? {
            Field { number: 1, value: Value::Varint(value) } => record.process = Some(GlobalId(value.cast_signed())),
            Field { number: 2, value: Value::Varint(value) } => record.file_name = Some(TextId(value.cast_signed())),
            Field { number: 3, value: Value::Varint(value) } => record.content = Some(TextId(value.cast_signed())),
            field => unknowns.add_field(Message::ProcessStream, field.number),
        }
    }
    Ok(record)
}

/// Reads the message with the names of threads.
pub(super) fn read_thread_names(
    message: &[u8],
    capture: &mut Capture,
    unknowns: &mut Unknowns,
) -> Result<(), Malformed> {
    for field in Fields::new(message) {
        let Field { number: 1, value: Value::Bytes(name) } = field? else { continue };
        let mut record = ThreadNameRecord { row: capture.thread_names.len() as i64 + 1, ..Default::default() };
        for field in Fields::new(name) {
            match field? {
                Field { number: 2, value: Value::Varint(value) } => record.name = TextId(value.cast_signed()),
                Field { number: 3, value: Value::Varint(value) } => {
                    record.priority = i32::try_from(value.cast_signed()).ok();
                }
                Field { number: 4, value: Value::Varint(value) } => record.thread = GlobalId(value.cast_signed()),
                field => unknowns.add_field(Message::ThreadName, field.number),
            }
        }
        capture.thread_names.push(record);
    }
    Ok(())
}

/// Reads the message with devices, contexts and streams.
pub(super) fn read_target(message: &[u8], capture: &mut Capture, unknowns: &mut Unknowns) -> Result<(), Malformed> {
    for field in Fields::new(message) {
        match field? {
            Field { number: 1, value: Value::Bytes(machine) } => read_machine(machine, capture, unknowns)?,
            Field { number: 14, value: Value::Bytes(context) } => {
                let record = read_context(context, unknowns)?;
                let row = capture.contexts.len() as i64 + 1;
                capture.contexts.push(ContextRecord { row, ..record });
            }
            Field { number: 15, value: Value::Bytes(stream) } => {
                let record = read_stream(stream, unknowns)?;
                let row = capture.streams.len() as i64 + 1;
                capture.streams.push(StreamRecord { row, ..record });
            }
            // A number that was 3 wherever it was seen, and all threads by pid and tid: in no table.
            Field { number: 10 | 24, .. } => {}
            field => unknowns.add_field(Message::Target, field.number),
        }
    }
    Ok(())
}

fn read_machine(machine: &[u8], capture: &mut Capture, unknowns: &mut Unknowns) -> Result<(), Malformed> {
    let mut vm_id = None;
    let first = capture.gpus.len();
    for field in Fields::new(machine) {
        match field? {
            Field { number: 1, value: Value::Varint(value) } => vm_id = Some(value.cast_signed()),
            Field { number: 2, value: Value::Bytes(devices) } => {
                for field in Fields::new(devices) {
                    match field? {
                        Field { number: 7, value: Value::Bytes(gpu) } => {
                            let record = read_gpu(gpu, unknowns)?;
                            let row = capture.gpus.len() as i64 + 1;
                            capture.gpus.push(GpuRecord { row, ..record });
                        }
                        Field { number: 9, value: Value::Bytes(device) } => {
                            let record = read_cuda_device(device, unknowns)?;
                            let row = capture.cuda_devices.len() as i64 + 1;
                            capture.cuda_devices.push(CudaDeviceRecord { row, ..record });
                        }
                        field => unknowns.add_field(Message::Gpus, field.number),
                    }
                }
            }
            field => unknowns.add_field(Message::Target, field.number),
        }
    }
    for gpu in &mut capture.gpus[first..] {
        gpu.vm_id = vm_id;
    }
    Ok(())
}

fn read_gpu(gpu: &[u8], unknowns: &mut Unknowns) -> Result<GpuRecord, Malformed> {
    let mut record = GpuRecord::default();
    for field in Fields::new(gpu) {
        let Field { number, value } = field?;
        let (int, bytes) = (value.int(), value.bytes().map(|bytes| text(bytes).into()));
        match number {
            1 => record.id = int.unwrap_or_default(),
            2 => record.name = bytes,
            3 => record.bus_location = bytes,
            4 => record.is_discrete = int.map(|value| value != 0),
            5 => record.uuid = bytes,
            7 => record.chip_name = bytes,
            10 => record.l2_cache_bytes = int,
            11 => record.total_memory = int,
            12 => record.memory_bandwidth = int,
            13 => record.clock_rate = int,
            14 => record.num_sms = int,
            15 => record.cuda_device = int,
            23 => record.constant_memory = int,
            24 => record.max_ipc = int,
            25 => record.max_registers_per_block = int,
            26 => record.max_shared_memory_per_block = int,
            27 => record.max_shared_memory_per_block_optin = int,
            28 => record.max_shared_memory_per_sm = int,
            29 => record.max_registers_per_sm = int,
            30 => record.threads_per_warp = int,
            31 => record.num_async_engines = int,
            32 => record.max_warps_per_sm = int,
            33 => record.max_blocks_per_sm = int,
            34 => record.max_threads_per_block = int,
            35..=37 => record.max_block_dim[number as usize - 35] = int,
            38..=40 => record.max_grid_dim[number as usize - 38] = int,
            41 => record.compute_major = int,
            42 => record.compute_minor = int,
            43 => record.sm_major = int,
            44 => record.sm_minor = int,
            // Other numbers of the same card, paths of its devices, its revision, its modes, its architecture's name,
            // and the version of its firmware: known, and not kept.
            6 | 9 | 16..=22 | 45 | 47..=50 => {}
            _ => unknowns.add_field(Message::GpuInfo, number),
        }
    }
    Ok(record)
}

fn read_cuda_device(device: &[u8], unknowns: &mut Unknowns) -> Result<CudaDeviceRecord, Malformed> {
    let mut record = CudaDeviceRecord::default();
    for field in Fields::new(device) {
        match field? {
            Field { number: 1, value: Value::Varint(value) } => record.gpu_id = Some(value.cast_signed()),
            Field { number: 2, value: Value::Varint(value) } => record.cuda_id = value.cast_signed(),
            Field { number: 3, value: Value::Varint(value) } => record.pid = Some(value.cast_signed()),
            field => unknowns.add_field(Message::CudaDevice, field.number),
        }
    }
    Ok(record)
}

fn read_context(context: &[u8], unknowns: &mut Unknowns) -> Result<ContextRecord, Malformed> {
    let mut record = ContextRecord::default();
    for field in Fields::new(context) {
        let Field { number, value: Value::Varint(value) } = field? else {
            unknowns.add_field(Message::Context, field?.number);
            continue;
        };
        let int = value.cast_signed();
        match number {
            1 => record.null_stream = Some(int),
            2 => record.hw_id = Some(int),
            3 => record.vm_id = Some(int),
            4 => record.pid = Some(int),
            5 => record.device = Some(int),
            6 => record.context = int,
            7 => record.parent_context = Some(int),
            8 => record.is_green = Some(int != 0),
            _ => unknowns.add_field(Message::Context, number),
        }
    }
    Ok(record)
}

fn read_stream(stream: &[u8], unknowns: &mut Unknowns) -> Result<StreamRecord, Malformed> {
    let mut record = StreamRecord::default();
    for field in Fields::new(stream) {
        let Field { number, value: Value::Varint(value) } = field? else {
            unknowns.add_field(Message::Stream, field?.number);
            continue;
        };
        let int = value.cast_signed();
        match number {
            1 => record.stream = int,
            2 => record.hw_id = Some(int),
            3 => record.vm_id = Some(int),
            4 => record.pid = Some(int),
            5 => record.context = Some(int),
            6 => record.priority = Some(int),
            7 => record.flag = Some(int),
            _ => unknowns.add_field(Message::Stream, number),
        }
    }
    Ok(record)
}
