//! What a Kineto category means for the model: GPU work, launching calls, or scopes whose rounding may be healed.

use kinetoscope_model::table::GpuOpKind;
use kinetoscope_model::time::Nanos;

/// The part an event's category plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CategoryRole {
    /// Work on a device.
    GpuOp(GpuOpKind),
    /// A call of a runtime or driver.
    ApiCall,
    /// A scope on a CPU thread that the PyTorch profiler writes.
    CpuScope,
    /// A CPU scope's shadow on a stream.
    GpuAnnotation,
    /// Anything else.
    Other,
}

impl CategoryRole {
    /// The role of a category, in today's spelling or that of files before 2022.
    pub(crate) fn of(category: &str) -> Self {
        match category {
            "kernel" | "Kernel" | "mtia_ccp_events" => Self::GpuOp(GpuOpKind::Kernel),
            "gpu_memcpy" | "Memcpy" => Self::GpuOp(GpuOpKind::Memcpy),
            "gpu_memset" | "Memset" => Self::GpuOp(GpuOpKind::Memset),
            "cuda_runtime"
            | "cuda_driver"
            | "Runtime"
            | "mtia_runtime"
            | "glow_runtime"
            | "xpu_runtime"
            | "xpu_driver"
            | "privateuse1_runtime"
            | "privateuse1_driver" => Self::ApiCall,
            "cpu_op" | "Operator" | "user_annotation" | "python_function" => Self::CpuScope,
            "gpu_user_annotation" => Self::GpuAnnotation,
            _ => Self::Other,
        }
    }

    /// How far slices of this role may cross their neighbours by rounding alone.
    pub(crate) fn rounding_tolerance(self) -> Nanos {
        match self {
            // Older profilers write whole microseconds, start and length rounded apart.
            Self::CpuScope | Self::ApiCall => 1_000,
            // Kineto widens these by 1 ns before and 1 ns after, so neighbours may cross by both.
            Self::GpuAnnotation => 4,
            Self::GpuOp(_) | Self::Other => 0,
        }
    }
}

/// Flow categories that lead from a launch to its GPU work. The two clocks may disagree on which comes first.
pub(crate) fn is_launch_flow(category: &str) -> bool {
    matches!(category, "ac2g" | "async_cpu_to_gpu" | "async_gpu")
}
