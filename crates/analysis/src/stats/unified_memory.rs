//! Unified memory: what moved between host and devices by itself, and the page faults that made it move.

use std::cmp::Reverse;

use super::Context;
use super::activity::{CopyKind, MemoryOp, PageFault};
use super::report_table::{Cell, Rows, Table, Unit};

type Outcome<'a> = Option<Box<dyn Table + 'a>>;

/// What happened at one address.
#[derive(Debug, Clone, Copy, Default)]
struct AddressRow {
    address: i64,
    to_device_bytes: Option<i64>,
    to_host_bytes: Option<i64>,
    num_cpu_faults: Option<i64>,
    num_gpu_faults: Option<i64>,
    bytes: i64,
    nanos: i64,
}

impl AddressRow {
    /// Bytes per second of what moved.
    fn throughput(&self) -> Option<f64> {
        const NANOS_PER_SEC: f64 = 1e9;
        (self.nanos > 0).then(|| self.bytes as f64 * NANOS_PER_SEC / self.nanos as f64)
    }
}

/// Copies of unified memory between host and device.
fn migrations<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a MemoryOp> {
    let is_migration =
        |op: &&MemoryOp| matches!(op.copy, Some(CopyKind::UnifiedHostToDevice | CopyKind::UnifiedDeviceToHost));
    context.activities.memcpys().unwrap_or_default().iter().filter(is_migration)
}

fn hex<'a>(address: i64) -> Cell<'a> {
    Cell::Text(format!("{:#x}", address as u64).into())
}

/// `um_sum`.
pub(super) fn by_address<'a>(context: &Context<'a>) -> Outcome<'a> {
    let activities = context.activities;
    if !activities.has_unified_memory() {
        return None;
    }
    let mut pieces: Vec<AddressRow> = Vec::new();
    for op in migrations(context) {
        let Some(address) = op.address else { continue };
        let bytes = op.bytes.unwrap_or_default();
        let is_to_device = op.copy == Some(CopyKind::UnifiedHostToDevice);
        pieces.push(AddressRow {
            address,
            to_device_bytes: is_to_device.then_some(bytes),
            to_host_bytes: (!is_to_device).then_some(bytes),
            bytes,
            nanos: op.place.dur(),
            ..AddressRow::default()
        });
    }
    let at = |fault: &PageFault| fault.address.map(|address| AddressRow { address, ..AddressRow::default() });
    let count = |fault: &PageFault| Some(fault.count);
    pieces.extend(
        activities
            .cpu_faults()
            .unwrap_or_default()
            .iter()
            .filter_map(|fault| Some(AddressRow { num_cpu_faults: count(fault), ..at(fault)? })),
    );
    pieces.extend(
        activities
            .gpu_faults()
            .unwrap_or_default()
            .iter()
            .filter_map(|fault| Some(AddressRow { num_gpu_faults: count(fault), ..at(fault)? })),
    );
    // Addresses are as many as the pieces, so they are sorted and not hashed.
    pieces.sort_by_key(|row| row.address as u64);
    let mut rows: Vec<AddressRow> = pieces
        .chunk_by(|a, b| a.address == b.address)
        .map(|pieces| {
            let sum = |value: fn(&AddressRow) -> Option<i64>| pieces.iter().filter_map(value).reduce(|a, b| a + b);
            AddressRow {
                address: pieces[0].address,
                to_device_bytes: sum(|row| row.to_device_bytes),
                to_host_bytes: sum(|row| row.to_host_bytes),
                num_cpu_faults: sum(|row| row.num_cpu_faults),
                num_gpu_faults: sum(|row| row.num_gpu_faults),
                bytes: pieces.iter().map(|row| row.bytes).sum(),
                nanos: pieces.iter().map(|row| row.nanos).sum(),
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &AddressRow| row.throughput().unwrap_or(-1.0);
        key(b).total_cmp(&key(a)).then_with(|| (a.address as u64).cmp(&(b.address as u64)))
    });
    let table = Rows::new(rows)
        .column("Virtual Address", Unit::Text, |row: &AddressRow| hex(row.address))
        .column("HtoD Migration Size", Unit::Bytes, |row| Cell::int(row.to_device_bytes))
        .column("DtoH Migration Size", Unit::Bytes, |row| Cell::int(row.to_host_bytes))
        .column("CPU Page Faults", Unit::None, |row| Cell::int(row.num_cpu_faults))
        .column("GPU Page Faults", Unit::None, |row| Cell::int(row.num_gpu_faults))
        .column("Migration Throughput", Unit::BytesPerSecond, |row| Cell::real(row.throughput()));
    Some(Box::new(table))
}

/// All of the trace.
struct TotalRow {
    to_device_bytes: Option<i64>,
    to_host_bytes: Option<i64>,
    num_cpu_faults: i64,
    num_gpu_faults: Option<i64>,
    lowest: Option<i64>,
    highest: Option<i64>,
}

/// `um_total_sum`: one row, also of nothing.
pub(super) fn totals<'a>(context: &Context<'a>) -> Outcome<'a> {
    let activities = context.activities;
    if !activities.has_unified_memory() {
        return None;
    }
    let bytes = |kind| {
        let of_kind = migrations(context).filter(|op| op.copy == Some(kind));
        of_kind.map(|op| op.bytes.unwrap_or_default()).reduce(|a, b| a + b)
    };
    let (cpu, gpu) = (activities.cpu_faults().unwrap_or_default(), activities.gpu_faults().unwrap_or_default());
    let addresses = || {
        let faults = cpu.iter().chain(gpu).filter_map(|fault| fault.address);
        migrations(context).filter_map(|op| op.address).chain(faults)
    };
    let row = TotalRow {
        to_device_bytes: bytes(CopyKind::UnifiedHostToDevice),
        to_host_bytes: bytes(CopyKind::UnifiedDeviceToHost),
        num_cpu_faults: cpu.iter().map(|fault| fault.count).sum(),
        num_gpu_faults: gpu.iter().map(|fault| fault.count).reduce(|a, b| a + b),
        lowest: addresses().min_by_key(|&address| address as u64),
        highest: addresses().max_by_key(|&address| address as u64),
    };
    let table = Rows::new(vec![row])
        .column("Total HtoD Migration Size", Unit::Bytes, |row: &TotalRow| Cell::int(row.to_device_bytes))
        .column("Total DtoH Migration Size", Unit::Bytes, |row| Cell::int(row.to_host_bytes))
        .column("Total CPU Page Faults", Unit::None, |row| Cell::Int(row.num_cpu_faults))
        .column("Total GPU PageFaults", Unit::None, |row| Cell::int(row.num_gpu_faults))
        .column("Minimum Virtual Address", Unit::Text, |row| row.lowest.map_or(Cell::Empty, hex))
        .column("Maximum Virtual Address", Unit::Text, |row| row.highest.map_or(Cell::Empty, hex));
    Some(Box::new(table))
}

/// `um_cpu_page_faults_sum`.
pub(super) fn cpu_faults<'a>(context: &Context<'a>) -> Outcome<'a> {
    let faults = context.activities.cpu_faults()?;
    let mut by_instruction: Vec<(i64, Option<i64>)> =
        faults.iter().map(|fault| (fault.count, fault.instruction)).collect();
    by_instruction.sort_by_key(|(_, instruction)| *instruction);
    let sums = by_instruction.chunk_by(|a, b| a.1 == b.1).map(|group| {
        let count: i64 = group.iter().map(|(count, _)| count).sum();
        (count, group[0].1)
    });
    let mut rows: Vec<(i64, Option<i64>)> = sums.collect();
    rows.sort_by_key(|(count, _)| Reverse(*count));
    let table = Rows::new(rows)
        .column("CPU Page Faults", Unit::None, |row: &(i64, Option<i64>)| Cell::Int(row.0))
        .column("CPU Instruction Address", Unit::Text, |row| row.1.map_or(Cell::Empty, hex));
    Some(Box::new(table))
}
