//! What devices are called: the same wherever one is shown, in the tree of tracks, with a slice, and in an area.

use kinetoscope_model::{DeviceId, Trace};

/// Number and product of a device, such as `GPU 0 NVIDIA H100 80GB HBM3`; its row number where there is no such device.
pub(crate) fn device_name(trace: &Trace, device: DeviceId) -> String {
    if device.index() >= trace.devices.len() {
        return format!("device {}", device.0);
    }
    let row = trace.devices.row(device.index());
    format!("GPU {} {}", row.ordinal, trace.text_or_empty(row.name)).trim_end().to_owned()
}
