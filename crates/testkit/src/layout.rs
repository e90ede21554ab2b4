//! The text layout of Kineto's exporter, byte for byte.
//!
//! Readers are fast on the text that exists, not on JSON in general, so what the tests and benches feed them must look
//! the way PyTorch writes it: a blank before the first brace, one field a line, the comma before `args` on its own line,
//! blank lines where an optional part is empty, all of an event's own arguments on one line with the exporter's runs of
//! blanks. The layout is that of PyTorch 2.13 (`libkineto/src/output_json.cpp`), seen in `fixtures/vllm-cpu`.

/// Text under construction.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
}

/// Two digits for every number below a hundred: halves the divisions of number writing.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

impl Text {
    #[inline]
    pub(crate) fn raw(&mut self, text: &str) -> &mut Self {
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    #[inline]
    pub(crate) fn raw_bytes(&mut self, text: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(text);
        self
    }

    #[inline]
    pub(crate) fn uint(&mut self, mut value: u64) -> &mut Self {
        // u64::MAX has 20 digits.
        let mut digits = [0; 20];
        let mut at = digits.len();
        while value >= 100 {
            let pair = (value % 100) as usize;
            value /= 100;
            at -= 2;
            digits[at..at + 2].copy_from_slice(&PAIRS[2 * pair..2 * pair + 2]);
        }
        if value >= 10 {
            let pair = value as usize;
            at -= 2;
            digits[at..at + 2].copy_from_slice(&PAIRS[2 * pair..2 * pair + 2]);
        } else {
            at -= 1;
            digits[at] = b'0' + value as u8;
        }
        self.bytes.extend_from_slice(&digits[at..]);
        self
    }

    #[inline]
    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        if value < 0 {
            self.bytes.push(b'-');
        }
        self.uint(value.unsigned_abs())
    }

    /// Nanoseconds as microseconds with three decimals, the way every time of a Kineto file is written.
    #[inline]
    pub(crate) fn micros(&mut self, nanos: u64) -> &mut Self {
        self.uint(nanos / 1000);
        let rest = (nanos % 1000) as usize;
        let pair = 2 * (rest % 100);
        self.bytes.extend_from_slice(&[b'.', b'0' + (rest / 100) as u8, PAIRS[pair], PAIRS[pair + 1]]);
        self
    }

    /// A ratio with six decimals, as C++'s `std::to_string` writes a `double`.
    #[inline]
    pub(crate) fn ratio(&mut self, numerator: u64, denominator: u64) -> &mut Self {
        let millionths = (numerator * 1_000_000 + denominator / 2) / denominator;
        self.uint(millionths / 1_000_000);
        let rest = millionths % 1_000_000;
        let (high, middle, low) = ((rest / 10_000) as usize, (rest / 100 % 100) as usize, (rest % 100) as usize);
        self.bytes.push(b'.');
        for pair in [high, middle, low] {
            self.bytes.extend_from_slice(&PAIRS[2 * pair..2 * pair + 2]);
        }
        self
    }

    /// A JSON string with everything escaped that JSON wants escaped.
    pub(crate) fn quoted(&mut self, text: &str) -> &mut Self {
        let json = serde_json::Value::from(text).to_string();
        self.raw(&json)
    }

    /// An `X` event up to its start time; [`Text::slice_times`] comes next. `pid` and `tid` are JSON values.
    pub(crate) fn slice_head(&mut self, cat: &str, name: &str, pid: &str, tid: &str) -> &mut Self {
        self.raw("\n  {\n    \"ph\": \"X\",\n    \"cat\": ").quoted(cat).raw(",\n    \"name\": ").quoted(name);
        self.raw(",\n    \"pid\": ").raw(pid).raw(",\n    \"tid\": ").raw(tid).raw(",\n    \"ts\": ")
    }

    /// Start and duration of an `X` event, up to the line that [`ARGS_OPEN`] or [`NO_ARGS`] goes on from.
    #[inline]
    pub(crate) fn slice_times(&mut self, start_nanos: u64, dur_nanos: u64) -> &mut Self {
        self.micros(start_nanos).raw(",\n    \"dur\": ").micros(dur_nanos)
    }

    /// An event that names a process, a thread or its place among the others. `pid`, `tid` and `value` are JSON values.
    pub(crate) fn metadata(&mut self, name: &str, ts: u64, pid: &str, tid: &str, key: &str, value: &str) -> &mut Self {
        self.raw("\n  {\n    \"ph\": \"M\",\n    \"name\": \"").raw(name).raw("\",\n    \"ts\": ").micros(ts);
        self.raw(",\n    \"pid\": ").raw(pid).raw(",\n    \"tid\": ").raw(tid);
        self.raw(",\n    \"args\": {\n      \"").raw(key).raw("\": ").raw(value).raw("\n    }\n  },")
    }

    /// One end of a launch arrow: `s` at the call, `f` at the GPU work.
    #[inline]
    pub(crate) fn launch_flow(&mut self, end: FlowEnd, id: u64, pid: &str, tid: &str, ts: u64) -> &mut Self {
        self.raw(match end {
            FlowEnd::Call => "\n  {\n    \"ph\": \"s\",\n    \"id\": ",
            FlowEnd::GpuWork => "\n  {\n    \"ph\": \"f\",\n    \"id\": ",
        });
        self.uint(id)
            .raw(",\n    \"pid\": ")
            .raw(pid)
            .raw(",\n    \"tid\": ")
            .raw(tid)
            .raw(",\n    \"ts\": ")
            .micros(ts);
        self.raw(match end {
            FlowEnd::Call => ",\n    \"cat\": \"ac2g\",\n    \"name\": \"ac2g\"\n    \n  },",
            FlowEnd::GpuWork => ",\n    \"cat\": \"ac2g\",\n    \"name\": \"ac2g\"\n    , \"bp\": \"e\"\n  },",
        })
    }

    /// An instant up to its arguments; `category_line` is empty or `"cat": "…",`.
    pub(crate) fn instant_head(
        &mut self,
        category_line: &str,
        scope: &str,
        name: &str,
        pid: &str,
        tid: &str,
        ts: u64,
    ) -> &mut Self {
        self.raw("\n  {\n    \"ph\": \"i\",\n    ").raw(category_line).raw("\n    \"s\": \"").raw(scope);
        self.raw("\",\n    \"name\": ").quoted(name).raw(",\n    \"pid\": ").raw(pid);
        self.raw(",\n    \"tid\": ").raw(tid).raw(",\n    \"ts\": ").micros(ts)
    }

    /// A counter value; `pid` and `tid` are JSON values, `values` is the inside of `args`.
    pub(crate) fn counter(
        &mut self,
        cat: &str,
        name: &str,
        pid: &str,
        tid: &str,
        ts: u64,
        values: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.raw("\n  {\n    \"ph\": \"C\",\n    \"cat\": ").quoted(cat).raw(",\n    \"name\": ").quoted(name);
        self.raw(",\n    \"pid\": ").raw(pid).raw(",\n    \"tid\": ").raw(tid).raw(",\n    \"ts\": ").micros(ts);
        self.raw(",\n    \"args\": {\n      ");
        values(self);
        self.raw("\n    }\n  },")
    }
}

/// The end of a launch arrow.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FlowEnd {
    Call,
    GpuWork,
}

/// From the last time of an event to its first argument.
pub(crate) const ARGS_OPEN: &str = "\n    ,\n    \"args\": {\n      ";
/// From the last argument to the next event.
pub(crate) const ARGS_CLOSE: &str = "\n    }\n  },";
/// From the last time of an event without arguments to the next event.
pub(crate) const NO_ARGS: &str = "\n    \n  },";
/// The device properties of one GPU of an HGX H100 machine, after its `"id": n`.
pub(crate) const H100_PROPERTIES: &str = ", \"name\": \"NVIDIA H100 80GB HBM3\", \"totalGlobalMem\": 84929347584,\n      \
    \"computeMajor\": 9, \"computeMinor\": 0,\n      \
    \"maxThreadsPerBlock\": 1024, \"maxThreadsPerMultiprocessor\": 2048,\n      \
    \"regsPerBlock\": 65536, \"warpSize\": 32,\n      \
    \"sharedMemPerBlock\": 49152, \"numSms\": 132\n    \
    , \"regsPerMultiprocessor\": 65536, \"sharedMemPerBlockOptin\": 232448, \"sharedMemPerMultiprocessor\": 233472\n    }";
/// What Kineto adds to a GPU's number to get its place among the processes.
pub(crate) const GPU_SORT_INDEX: u64 = 5_000_000;
/// Place of the row that holds the whole recording.
pub(crate) const SPANS_SORT_INDEX: u64 = 536_870_912;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_their_display() {
        for value in [0, 7, 9, 10, 99, 100, 101, 12_345, 999_999, 4_633_453_126_987_620, u64::MAX] {
            let mut text = Text::default();
            text.uint(value);
            assert_eq!(String::from_utf8_lossy(&text.bytes), value.to_string());
        }
        let mut text = Text::default();
        text.int(-160).raw(" ").int(i64::MIN);
        assert_eq!(text.bytes, b"-160 -9223372036854775808");
    }

    #[test]
    fn times_have_three_decimals_and_ratios_six() {
        let mut text = Text::default();
        text.micros(4_633_453_126_987_620).raw(" ").micros(5).raw(" ").micros(1_050);
        assert_eq!(text.bytes, b"4633453126987.620 0.005 1.050");
        let mut text = Text::default();
        text.ratio(8, 108).raw(" ").ratio(132, 132).raw(" ").ratio(17_888, 132);
        assert_eq!(text.bytes, b"0.074074 1.000000 135.515152");
    }
}
