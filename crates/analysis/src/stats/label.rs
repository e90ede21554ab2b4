//! The texts that rows are grouped by and called: names of calls, kernels and ranges as a report prints them.
//!
//! A report groups millions of rows by a text that is made of a name and some rule (a version suffix goes, a range comes
//! before a kernel). Each distinct text is made once and has a number, so that grouping compares numbers.

use std::rc::Rc;

use hashbrown::HashMap;
use kinetoscope_model::{StringId, Trace};

use super::activity::{Kernel, NvtxRange};
use super::request::{KernelName, Options};

/// The number of a text in [`Labels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct LabelId(u32);

/// What a text is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Text(Option<StringId>),
    Short(StringId),
    Api(StringId),
    Range { domain: Option<StringId>, name: Option<StringId> },
    Prefixed { prefix: LabelId, name: LabelId },
}

/// All texts of one report.
#[derive(Debug)]
pub(super) struct Labels<'a> {
    trace: &'a Trace,
    options: Options,
    texts: Vec<Rc<str>>,
    by_text: HashMap<Rc<str>, LabelId>,
    by_source: HashMap<Source, LabelId>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(trace: &'a Trace, options: &Options) -> Self {
        Self { trace, options: options.clone(), texts: Vec::new(), by_text: HashMap::new(), by_source: HashMap::new() }
    }

    /// The text of a label.
    pub(super) fn text(&self, label: LabelId) -> Rc<str> {
        Rc::clone(&self.texts[label.0 as usize])
    }

    /// The label of a text that no trace holds.
    pub(super) fn of_static(&mut self, text: &'static str) -> LabelId {
        self.intern(text)
    }

    /// The label of a name as it is.
    pub(super) fn of_name(&mut self, name: StringId) -> LabelId {
        self.get(Source::Text(Some(name)))
    }

    /// The label of a call: its name without what the ABI adds to it.
    pub(super) fn of_api(&mut self, name: StringId) -> LabelId {
        self.get(Source::Api(name))
    }

    /// The label of a kernel.
    pub(super) fn of_kernel(&mut self, kernel: &Kernel, form: KernelName) -> LabelId {
        match (form, kernel.short_name, kernel.mangled_name) {
            (KernelName::Short, Some(short), _) => self.get(Source::Text(Some(short))),
            (KernelName::Short, None, _) => self.get(Source::Short(kernel.name)),
            (KernelName::Mangled, _, Some(mangled)) => self.get(Source::Text(Some(mangled))),
            _ => self.get(Source::Text(Some(kernel.name))),
        }
    }

    /// The label of a range: `domain:name`, or the name alone in the default domain.
    pub(super) fn of_range(&mut self, range: &NvtxRange) -> LabelId {
        self.get(Source::Range { domain: range.domain, name: range.name })
    }

    /// `range/kernel`.
    pub(super) fn prefixed(&mut self, prefix: LabelId, name: LabelId) -> LabelId {
        self.get(Source::Prefixed { prefix, name })
    }

    fn get(&mut self, source: Source) -> LabelId {
        if let Some(&label) = self.by_source.get(&source) {
            return label;
        }
        let trace = self.trace;
        let label = match source {
            Source::Text(name) => self.intern(trace.text_or_empty(name)),
            Source::Short(name) => self.intern(base_name(trace.text(name))),
            Source::Api(name) => {
                let name = trace.text(name);
                self.intern(if self.options.strip_suffixes { without_versions(name) } else { without_version(name) })
            }
            Source::Range { domain, name } => {
                let name = trace.text_or_empty(name);
                let name = if self.options.fold_ids { without_ids(name) } else { name };
                match domain {
                    Some(domain) => self.intern(&format!("{}:{name}", trace.text(domain))),
                    None => self.intern(name),
                }
            }
            Source::Prefixed { prefix, name } => self.intern(&format!("{}/{}", self.text(prefix), self.text(name))),
        };
        self.by_source.insert(source, label);
        label
    }

    fn intern(&mut self, text: &str) -> LabelId {
        if let Some(&label) = self.by_text.get(text) {
            return label;
        }
        let label = LabelId(self.texts.len() as u32);
        let text: Rc<str> = text.into();
        self.texts.push(Rc::clone(&text));
        self.by_text.insert(text, label);
        label
    }
}

/// The name of a call without the version that the ABI adds: `_v` and four digits, which is what nsys drops; it keeps a
/// version of five.
fn without_version(name: &str) -> &str {
    match name.len().checked_sub(6).and_then(|at| name.split_at_checked(at)) {
        Some((rest, suffix)) if is_version(suffix) => rest,
        _ => name,
    }
}

/// The name of a call without any version.
fn without_versions(name: &str) -> &str {
    let mut name = name;
    while let Some(at) = name.rfind("_v").filter(|&at| at > 0 && is_version(&name[at..])) {
        name = &name[..at];
    }
    name
}

fn is_version(suffix: &str) -> bool {
    suffix.strip_prefix("_v").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// What PyTorch writes behind an operator's name into each range, and what differs in each.
const RANGE_DETAILS: [&str; 4] = [", seq = ", ", op_id = ", ", sizes = ", ", input_op_ids = "];

/// The name of a range without what PyTorch adds to it.
fn without_ids(name: &str) -> &str {
    let end = RANGE_DETAILS.iter().filter_map(|detail| name.find(detail)).min();
    end.map_or(name, |end| &name[..end])
}

/// The name of a function without its type, its arguments and those of its templates, and without what it is inside of:
/// `add` for `void at::add<float>(int)::{lambda()#1}`. What is no such name stays as it is.
pub fn base_name(name: &str) -> &str {
    // The parameter list is the first bracket outside of template arguments; `(anonymous namespace)` is none, and neither
    // is the bracket of `operator()`.
    let bytes = name.as_bytes();
    let (mut depth, mut start, mut end) = (0_i32, 0, name.len());
    let mut template_at = None;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &name[at..];
        if depth == 0
            && let Some(skipped) = ["(anonymous namespace)", "<unnamed>"].iter().find(|skip| rest.starts_with(**skip))
        {
            at += skipped.len();
            continue;
        }
        match bytes[at] {
            b'<' => {
                if depth == 0 {
                    template_at = Some(at);
                }
                depth += 1;
            }
            b'>' => depth -= 1,
            b'(' if depth == 0 => {
                end = at;
                break;
            }
            b':' | b' ' if depth == 0 => {
                start = at + 1;
                template_at = None;
            }
            _ => {}
        }
        at += 1;
    }
    let end = template_at.filter(|at| (start..end).contains(at)).unwrap_or(end);
    match name.get(start..end) {
        Some(base) if !base.is_empty() => base,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nsys_drops_versions_of_four_digits_only() {
        assert_eq!(without_version("cudaLaunchKernel_v7000"), "cudaLaunchKernel");
        assert_eq!(without_version("cudaLaunchKernelExC_v11060"), "cudaLaunchKernelExC_v11060");
        assert_eq!(without_version("cuGetProcAddress_v2"), "cuGetProcAddress_v2");
        assert_eq!(without_version("read"), "read");
        assert_eq!(without_version("µµ_v70"), "µµ_v70");
    }

    #[test]
    fn all_versions_can_go() {
        assert_eq!(without_versions("cudaLaunchKernelExC_v11060"), "cudaLaunchKernelExC");
        assert_eq!(without_versions("cudaGetDeviceProperties_v2_v12000"), "cudaGetDeviceProperties");
        assert_eq!(without_versions("cuMemcpyHtoDAsync_v2"), "cuMemcpyHtoDAsync");
        assert_eq!(without_versions("cuda_vector"), "cuda_vector");
        assert_eq!(without_versions("_v2"), "_v2");
    }

    #[test]
    fn ids_of_operators_can_go() {
        assert_eq!(without_ids("aten::mm, seq = 0, op_id = 6, sizes = [[4, 4], [4, 4]]"), "aten::mm");
        assert_eq!(without_ids("aten::mul, op_id = 322567"), "aten::mul");
        assert_eq!(without_ids("FSDP::pre_forward (shared), op_id = 3"), "FSDP::pre_forward (shared)");
        assert_eq!(without_ids("f(a, b)"), "f(a, b)");
    }

    #[test]
    fn the_base_of_a_name_is_the_function() {
        for (name, base) in [
            ("saxpy(double *, double *, int)", "saxpy"),
            (
                "void clover::par_ranged2d_kernel<f(int)::[lambda(int) (instance 1)]>(clover::Range2d, T1)",
                "par_ranged2d_kernel",
            ),
            ("void at::native::(anonymous namespace)::fill<float, (int)4>(T1)", "fill"),
            ("<unnamed>::nvfuser_none_f0_c0_r0_g0(<unnamed>::Tensor<int>)", "nvfuser_none_f0_c0_r0_g0"),
            ("std::enable_if<!(true), void>::type gemv<int>(T)", "gemv"),
            ("sm80_xmma_gemm_f32f32", "sm80_xmma_gemm_f32f32"),
            ("nvjet_hsh_256x128_64x4_1x2_h_bz_coopA_NTT", "nvjet_hsh_256x128_64x4_1x2_h_bz_coopA_NTT"),
            ("", ""),
            ("(", "("),
        ] {
            assert_eq!(base_name(name), base, "{name}");
        }
    }
}
