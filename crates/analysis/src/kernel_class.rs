//! Kernel classes: what a piece of GPU work is for, from its name.
//!
//! A kernel's name is a C++ function with its template arguments and parameters, kilobytes of them, in which other
//! kernels' words occur: a matrix product whose epilogue is a softmax, an elementwise kernel over a functor called
//! `norm`. So a name is read as the compiler wrote it: namespaces and the function's own name count, arguments do not.
//! Only functions that exist to start the kernel they are given (`cutlass::device_kernel<K>`) are looked through, to
//! the first type they are given.
//!
//! | class | what |
//! | --- | --- |
//! | gemm | products of matrices and vectors, convolutions that are computed so, their split-k reductions |
//! | attention | attention itself, its preparation and the combining of its parts; not the writing of the KV cache |
//! | softmax_norm | softmax and normalisations, fused with what is around them |
//! | moe | routing to experts, and kernels that are named for experts, their products included |
//! | communication | collectives of a library or of an engine |
//! | copy, set | what the runtime calls a copy or a fill, not kernels that do the like |
//! | other | every other kernel |
//!
//! Communication is wider here than [`crate::gpu_timeline::OpClass`] has it, which follows the reference's sums and
//! takes nothing but NCCL: here all-reduce kernels of engines belong to it.

use kinetoscope_model::table::GpuOpKind;
use kinetoscope_model::{SliceId, StringId};
use kinetoscope_store::Store;
use kinetoscope_store::timeline::Label;
use serde::Serialize;

/// What a slice is for. The numbers are those of the viewport's `class` column, the words those of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[expect(missing_docs, reason = "the module says what each class is")]
pub enum SliceClass {
    /// Neither GPU work nor its annotation.
    None = 0,
    Gemm = 1,
    Attention = 2,
    SoftmaxNorm = 3,
    Moe = 4,
    Communication = 5,
    Copy = 6,
    Set = 7,
    /// A kernel of none of these classes.
    Other = 8,
    /// A range of annotated code as the GPU saw it.
    Annotation = 9,
}

impl SliceClass {
    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::Gemm,
        Self::Attention,
        Self::SoftmaxNorm,
        Self::Moe,
        Self::Communication,
        Self::Copy,
        Self::Set,
        Self::Other,
        Self::Annotation,
    ];

    /// The word that JSON has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gemm => "gemm",
            Self::Attention => "attention",
            Self::SoftmaxNorm => "softmax_norm",
            Self::Moe => "moe",
            Self::Communication => "communication",
            Self::Copy => "copy",
            Self::Set => "set",
            Self::Other => "other",
            Self::Annotation => "annotation",
        }
    }
}

/// The category of annotations on the GPU.
pub(crate) const GPU_ANNOTATION_CATEGORY: &str = "gpu_user_annotation";

/// The classes of a trace's slices.
///
/// A viewport asks for a hundred thousand of them. What most slices of a category are is the same for all of them, so
/// that a look at category and name is enough; only slices of a category that is not so are looked up among GPU work.
#[derive(Debug, Clone)]
pub struct SliceClasses {
    /// Class of each string that names a kernel; [`SliceClass::None`] for all others.
    class_of_name: Vec<SliceClass>,
    /// What the slices of each string that is a category are.
    content_of_category: Vec<Content>,
    annotation_category: Option<StringId>,
}

/// What the slices of a category are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// All of this class.
    All(SliceClass),
    /// All kernels.
    Kernels,
    /// Of several kinds.
    Several,
}

impl SliceClasses {
    /// Reads the name of every kernel once, in O(slices + bytes of distinct names).
    pub fn new(store: &Store) -> Self {
        let trace = store.trace();
        let annotation_category = trace.strings.find(GPU_ANNOTATION_CATEGORY);
        let mut class_of_name = vec![SliceClass::None; trace.strings.len()];
        // For each category the number of its slices that are not yet known to be GPU work, and the kind of that work.
        let mut num_others = vec![0u32; trace.strings.len()];
        let mut kinds: Vec<Option<Content>> = vec![None; trace.strings.len()];
        for category in trace.slices.category.iter().flatten() {
            num_others[category.index()] += 1;
        }
        for (slice, kind) in trace.gpu_ops.slice_id.iter().zip(trace.gpu_ops.kind.iter()) {
            let content = match kind {
                GpuOpKind::Memcpy => Content::All(SliceClass::Copy),
                GpuOpKind::Memset => Content::All(SliceClass::Set),
                GpuOpKind::Kernel | GpuOpKind::Graph => {
                    let name = trace.slices.name.get(slice.index());
                    let class = &mut class_of_name[name.index()];
                    if *class == SliceClass::None {
                        *class = kernel_class(trace.text(name));
                    }
                    Content::Kernels
                }
            };
            if let Some(category) = trace.slices.category.get(slice.index()) {
                num_others[category.index()] = num_others[category.index()].saturating_sub(1);
                let known = kinds[category.index()].get_or_insert(content);
                if *known != content {
                    *known = Content::Several;
                }
            }
        }
        let contents = kinds.into_iter().zip(num_others).map(|(kind, num_others)| match (kind, num_others) {
            (None, _) => Content::All(SliceClass::None),
            (Some(content), 0) => content,
            (Some(_), _) => Content::Several,
        });
        let mut content_of_category: Vec<Content> = contents.collect();
        if let Some(annotation) = annotation_category {
            let content = &mut content_of_category[annotation.index()];
            *content = match *content {
                Content::All(SliceClass::None) => Content::All(SliceClass::Annotation),
                _ => Content::Several,
            };
        }
        Self { class_of_name, content_of_category, annotation_category }
    }

    /// The class of a slice of the store that this was made of.
    pub fn of(&self, store: &Store, slice: SliceId) -> SliceClass {
        self.of_labelled(store, slice, Label::of(store, slice))
    }

    /// As [`Self::of`], for those who know the label of the slice, which is most of the work.
    pub fn of_labelled(&self, store: &Store, slice: SliceId, label: Label) -> SliceClass {
        match label.category.map(|category| self.content_of_category[category.index()]) {
            Some(Content::All(class)) => class,
            Some(Content::Kernels) => self.class_of_name[label.name.index()],
            Some(Content::Several) | None => self.look_up(store, slice),
        }
    }

    fn look_up(&self, store: &Store, slice: SliceId) -> SliceClass {
        let trace = store.trace();
        let Some(op) = store.gpu_op_of_slice(slice) else {
            let category = trace.slices.category.get(slice.index());
            let is_annotation = category.is_some() && category == self.annotation_category;
            return if is_annotation { SliceClass::Annotation } else { SliceClass::None };
        };
        match trace.gpu_ops.kind.get(op as usize) {
            GpuOpKind::Memcpy => SliceClass::Copy,
            GpuOpKind::Memset => SliceClass::Set,
            GpuOpKind::Kernel | GpuOpKind::Graph => self.class_of_name[trace.slices.name.get(slice.index()).index()],
        }
    }
}

/// The class of a kernel by its name, as the profiler writes it: demangled, mangled, or a plain word.
pub fn kernel_class(name: &str) -> SliceClass {
    let name = name.split_once(" [clone").map_or(name, |(name, _)| name);
    let class = match name.strip_prefix("_Z") {
        Some(mangled) => class_of_mangled(mangled),
        None => class_of_demangled(name, MAX_STARTERS),
    };
    class.unwrap_or(SliceClass::Other)
}

/// How many functions around a kernel are looked through: names of any depth may come.
const MAX_STARTERS: usize = 4;

/// Whether a function starts the kernel that it is given and does nothing itself.
fn is_starter(function: &str) -> bool {
    matches!(function, "Kernel" | "Kernel2" | "device_kernel" | "kentry") || function.starts_with("enable_")
}

fn class_of_demangled(name: &str, num_starters_left: usize) -> Option<SliceClass> {
    let (path, args) = own_name(name);
    let path: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    class_of_path(&path).or_else(|| {
        let is_starter = path.last().is_some_and(|function| is_starter(function));
        let inner = args.filter(|_| is_starter && num_starters_left > 0).and_then(first_type)?;
        class_of_demangled(inner, num_starters_left - 1)
    })
}

/// The qualified name of the function itself, and its template arguments.
///
/// ```text
/// std::enable_if<(((8)>(0))), void>::type vllm::norm_kernel<float, 8>(float*, int)
///                                         ^^^^^^^^^^^^^^^^^ ^^^^^^^^
/// ```
fn own_name(name: &str) -> (String, Option<&str>) {
    const ANONYMOUS: &str = "(anonymous namespace)";
    let mut path = String::new();
    let mut args = None;
    let mut open: Vec<(u8, usize)> = Vec::new();
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let byte = bytes[index];
        match byte {
            b'(' if open.is_empty() && name[index..].starts_with(ANONYMOUS) => index += ANONYMOUS.len() - 1,
            // Parameters: the name is over.
            b'(' if open.is_empty() => break,
            b'(' | b'<' => open.push((byte, index)),
            b')' => while open.pop().is_some_and(|(opened_by, _)| opened_by != b'(') {},
            b'>' if open.last().is_some_and(|(opened_by, _)| *opened_by == b'<') => {
                let start = open.pop().map_or(0, |(_, start)| start);
                if open.is_empty() {
                    args = Some(&name[start + 1..index]);
                }
            }
            // Among parentheses it compares.
            b'>' => {}
            // What came was a return type.
            b' ' if open.is_empty() => {
                path.clear();
                args = None;
            }
            // Bytes above ASCII are no part of a word that matters.
            _ if open.is_empty() && byte.is_ascii() => path.push(char::from(byte)),
            _ => {}
        }
        index += 1;
    }
    (path, args)
}

/// The first of some template arguments that is a type and no number.
fn first_type(args: &str) -> Option<&str> {
    let mut depth = 0usize;
    let parts = args.split(|c| {
        match c {
            '(' | '<' => depth += 1,
            ')' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let mut types = parts.map(str::trim).filter(|part| {
        let is_name = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        is_name && !matches!(*part, "true" | "false")
    });
    types.next()
}

/// Reads what follows `_Z`: nested names as `N` and lengths, as the Itanium ABI writes them.
fn class_of_mangled(mangled: &str) -> Option<SliceClass> {
    let mut rest = mangled;
    for _ in 0..=MAX_STARTERS {
        let (path, after) = mangled_path(rest);
        if let Some(class) = class_of_path(&path) {
            return Some(class);
        }
        if !path.last().is_some_and(|function| is_starter(function)) {
            return None;
        }
        // Literals, as `Li1E`, come before the type.
        rest = after.strip_prefix('I')?;
        while let Some((_, after)) = rest.strip_prefix('L').and_then(|literal| literal.split_once('E')) {
            rest = after;
        }
    }
    None
}

/// The parts of a mangled name, and what follows them.
fn mangled_path(mangled: &str) -> (Vec<&str>, &str) {
    let mut rest = mangled.strip_prefix('N').unwrap_or(mangled);
    let mut path = Vec::new();
    loop {
        // A substitution stands for namespaces that were written out before.
        if let Some(after) = rest.strip_prefix('S') {
            let standard = after.strip_prefix('t');
            let numbered = || after.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).strip_prefix('_');
            let Some(after) = standard.or_else(numbered) else { break };
            rest = after;
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(length) = rest[..digits].parse::<usize>() else { break };
        let Some((part, after)) = rest[digits..].split_at_checked(length) else { break };
        path.push(part);
        rest = after;
    }
    (path, rest)
}

/// The class that namespaces and function tell; `None` when they tell none.
fn class_of_path(path: &[&str]) -> Option<SliceClass> {
    let (function, namespaces) = path.split_last()?;
    let name = Words::of(function);
    if let Some(kind) = function.strip_prefix("triton_") {
        return Some(class_of_inductor_kernel(kind));
    }
    // The library's kernels start with its name.
    let is_of = |words: &[&str]| namespaces.iter().any(|namespace| words.contains(namespace));
    let is_communication = name.holds(&[
        "nccl",
        "rccl",
        "allreduce",
        "allgather",
        "reducescatter",
        "alltoall",
        "crossdevicereduce",
        "multimem",
        "nvshmem",
    ]) || is_of(&["deep_ep", "nccl", "rccl"]);
    // Writing keys and values into the cache, and listing where they are, is no attention, whose words it has.
    let is_cache_keeping = name.holds(&["andcache", "storekv", "kvindices", "pageindices"]);
    let is_attention = name.has(&["attention", "attn", "fmha", "mha", "mla", "sdpa"])
        || name.holds(&["flashfwd", "flashbwd", "withpagedkvcache", "withraggedkvcache", "fwdgroupedkernelstage"])
        || is_of(&["flash", "pytorch_flash", "fmha", "attention"]);
    let is_moe = name.has(&["moe", "experts", "expert"])
        // The expert products and the routing of Triton's kernels, which name no expert.
        || name.holds(&["matmulogs", "combinedrouting", "bitmatrix", "topkgating", "groupedtopk"])
        || namespaces.iter().any(|namespace| Words::of(namespace).has(&["moe"]));
    let is_softmax_norm = name.has(&["norm", "rmsnorm", "layernorm", "batchnorm", "groupnorm"])
        || name.holds(&["softmax", "layernorm", "rmsnorm", "gammabetabackward", "rowwisemoments"])
        // cuDNN's batch normalisation, forward and backward.
        || name.flat.starts_with("bnfw")
        || name.flat.starts_with("bnbw");
    // `tensorop` is how CUTLASS names products and convolutions on tensor cores.
    let is_gemm = name.has(&["matmul", "bmm", "mm", "tensorop"])
        || name.holds(&[
            "gemm",
            "gemv",
            "splitkreduce",
            "reducesplitk",
            "wvsplitk",
            "marlin",
            "machete",
            "winograd",
            "scudnn",
        ])
        // Products of AMD's Tensile and of cuBLAS from 12 on, which are named for their shapes.
        || name.flat.starts_with("cijk")
        || name.flat.starts_with("nvjet")
        || namespaces.iter().any(|namespace| Words::of(namespace).has(&["gemm", "gemv", "gemvx"]));
    if is_communication {
        Some(SliceClass::Communication)
    } else if is_cache_keeping {
        Some(SliceClass::Other)
    } else if is_attention {
        Some(SliceClass::Attention)
    } else if is_moe {
        Some(SliceClass::Moe)
    } else if is_softmax_norm {
        Some(SliceClass::SoftmaxNorm)
    } else if is_gemm {
        Some(SliceClass::Gemm)
    } else {
        None
    }
}

/// The class of a kernel that PyTorch's compiler made; `kind` is its name after `triton_`.
///
/// Such a name lists the operators that were fused, and the kind says what the kernel does with them: a pointwise kernel
/// (`poi`) with `moe_forward` in its name pads the input of one. Only reductions (`red`, `per`) can normalise, and only
/// templates (`tem`) multiply.
fn class_of_inductor_kernel(kind: &str) -> SliceClass {
    let words = Words::of(kind);
    let holds_all = |wanted: &[&str]| wanted.iter().all(|word| words.has(&[word]));
    let is_template = words.has(&["tem"]);
    if is_template && (words.has(&["attention", "attn", "sdpa"]) || words.holds(&["flexattention"])) {
        SliceClass::Attention
    } else if is_template && words.has(&["mm", "bmm", "addmm", "baddbmm", "matmul"]) {
        SliceClass::Gemm
    } else if words.has(&["red", "per"])
        && (words.holds(&["softmax", "layernorm", "batchnorm", "groupnorm", "rmsnorm"])
            // A mean of squares under a root is an RMS norm; mean and variance under one, a layer norm.
            || holds_all(&["mean", "rsqrt"])
            || holds_all(&["var", "rsqrt"]))
    {
        SliceClass::SoftmaxNorm
    } else {
        SliceClass::Other
    }
}

/// An identifier in lower case, as words and as one.
struct Words {
    words: Vec<String>,
    /// All words without anything between them.
    flat: String,
}

impl Words {
    /// Words end at underscores and where capitals begin: `FlashAttnFwd`, `FMHAKernel`, `paged_attention`.
    fn of(identifier: &str) -> Self {
        // Written so, it is one word.
        let identifier = identifier.replace("MoE", "Moe");
        let chars: Vec<char> = identifier.chars().collect();
        let mut words: Vec<String> = vec![String::new()];
        for (index, &c) in chars.iter().enumerate() {
            let previous = index.checked_sub(1).map(|before| chars[before]);
            let starts_word = c.is_ascii_uppercase()
                && (previous.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
                    || chars.get(index + 1).is_some_and(char::is_ascii_lowercase));
            if starts_word || !c.is_ascii_alphanumeric() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
                word.push(c.to_ascii_lowercase());
            }
        }
        words.retain(|word| !word.is_empty());
        Self { flat: words.concat(), words }
    }

    /// True when one of these is a word of the identifier.
    fn has(&self, wanted: &[&str]) -> bool {
        self.words.iter().any(|word| wanted.contains(&word.as_str()))
    }

    /// True when one of these stands anywhere in it, across words.
    fn holds(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|text| self.flat.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::SliceClass::*;
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn real_names_have_the_class_of_what_the_kernel_does() {
        for (name, class, reason) in [
            // cuBLAS, cuDNN, Tensile, CUTLASS.
            ("nvjet_tst_64x8_64x16_4x1_v_bz_splitK_TNT", Gemm, "cuBLAS 12's products"),
            ("ampere_sgemm_32x32_sliced1x4_nn", Gemm, "cuBLAS"),
            ("ampere_gcgemm_64x64_nt", Gemm, "complex product"),
            (
                "sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize64x64x64_warpgroupsize1x1x1_execute_segment_k_off_kernel__5x_cublas",
                Gemm,
                "cuBLAS",
            ),
            (
                "sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32_nhwckrsc_nhwc_tilesize64x128x32_stage5",
                Gemm,
                "convolution",
            ),
            ("igemm_fwd_gtcx2_nhwc_bf16_bx0_ex1_bt64x64x64_wt16x16x16_ws1x1_wr2x2", Gemm, "MIOpen's convolution"),
            ("cudnn_ampere_scudnn_128x64_relu_xregs_large_nn_v1", Gemm, "cuDNN's convolution in one precision"),
            ("Cijk_Alik_Bljk_BBS_BH_Bias_HAS_SAV_UserArgs_MT32x32x64_MI16x16x1_SN", Gemm, "Tensile"),
            (
                "void cublasLt::splitKreduce_kernel<32, 16, int, float, float>(cublasLt::cublasSplitKParams<float>, float const*)",
                Gemm,
                "the end of a split-k product",
            ),
            (
                "std::enable_if<!(false), void>::type internal::gemvx::kernel<int, int, float, float, false, 7, cublasGemvParams<float> >(cublasGemvParams<float>)",
                Gemm,
                "its namespace says what `kernel` is",
            ),
            (
                "void cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_bf16_256x128_64x3_tn_align2>(cutlass_80_tensorop_bf16_s16816gemm_bf16_256x128_64x3_tn_align2::Params)",
                Gemm,
                "the kernel is the argument",
            ),
            (
                "void cutlass::device_kernel<vllm::enable_sm90_or_later<cutlass::gemm::kernel::GemmUniversal<cute::tuple<int, int, int, int>, cutlass::epilogue::SoftmaxEpilogue<float>, vllm::moe::Sum> > >(cutlass::Params)",
                Gemm,
                "the epilogue is none of its class",
            ),
            (
                "_ZN19cutlass_cudnn_train6KernelINS_4conv6kernel23ImplicitGemmConvolutionINS1_11threadblock22ImplicitGemmMultistage",
                Gemm,
                "mangled, the kernel is the argument",
            ),
            (
                "bmm_Bfloat16_MxE2m1MxE4m3_Fp32_t128x16x256u2_s3_et128x16_m128x16x32_cga1x1x1_16dp256b_rM_TN_transOut",
                Gemm,
                "TensorRT-LLM's batched product",
            ),
            (
                "void cutlass_cudnn_infer::Kernel<cutlass_tensorop_s1688fprop_optimized_tf32_128x128_16x4_nhwc_align4>(cutlass_tensorop_s1688fprop_optimized_tf32_128x128_16x4_nhwc_align4::Params)",
                Gemm,
                "convolution on tensor cores",
            ),
            (
                "void fbgemm_gpu::permute_2D_data_kernel<false, int, int>(int, int)",
                Other,
                "the library is named for products and has others",
            ),
            ("SubTensorOpWithScalar1d", Other, "an operation on a tensor, not on tensor cores"),
            // Attention.
            (
                "void cutlass::device_kernel<flash::enable_sm90_or_later<flash::FlashAttnFwdSm90<flash::CollectiveMainloopFwdSm90<2, cute::tuple<cute::C<1> > > > > >(flash::Params)",
                Attention,
                "FlashAttention 3",
            ),
            (
                "void cutlass::device_kernel<flash::enable_sm80_or_later<flash::FlashAttnFwdCombine<cute::tuple<cute::C<8>, cute::C<128> >, 5> > >(flash::Params)",
                Attention,
                "combines its parts",
            ),
            (
                "void flash::prepare_varlen_num_blocks_kernel<1, true>(int, int, int, int const*)",
                Attention,
                "prepares it",
            ),
            (
                "void pytorch_flash::flash_fwd_kernel<pytorch_flash::Flash_fwd_kernel_traits<64, 128, 128, 4, false> >(pytorch_flash::Flash_fwd_params)",
                Attention,
                "FlashAttention 2",
            ),
            (
                "fmhaSm100aKernel_QkvE4m3OBfloat16H64PagedKvCausalP16VarSeqQ128Kv128PersistentContext",
                Attention,
                "TensorRT-LLM",
            ),
            (
                "fmha_cutlassF_f16_aligned_64x64_rf_sm80(PyTorchMemEffAttention::AttentionKernel<cutlass::half_t>::Params)",
                Attention,
                "memory-efficient attention",
            ),
            (
                "_ZN7ck_tile6kentryILi2ENS_38FmhaBatchPrefillWithPagedKVCacheKernelINS_40BlockFmhaBatchPrefillPipelineQRKSVSAsync",
                Attention,
                "after a number, the kernel",
            ),
            ("kernel_unified_attention_2d", Attention, "vLLM's Triton kernel"),
            ("attn_fwd", Attention, "AOTriton"),
            (
                "void flashinfer::BatchDecodeWithPagedKVCacheKernel<(flashinfer::PosEncodingMode)0, 2u>(flashinfer::Params)",
                Attention,
                "FlashInfer",
            ),
            // What stands near attention and is none.
            (
                "void vllm::reshape_and_cache_flash_kernel<__nv_bfloat16, unsigned char, (vllm::Fp8KVCacheDataType)1>(__nv_bfloat16 const*)",
                Other,
                "writes the cache",
            ),
            (
                "void (anonymous namespace)::store_kvcache<2048l, 4, false, long>((anonymous namespace)::StoreKVCacheParams)",
                Other,
                "writes the cache",
            ),
            ("create_flashinfer_kv_indices_triton", Other, "lists pages"),
            ("_copy_page_indices_kernel", Other, "lists pages"),
            (
                "void flashinfer::norm::FusedAddRMSNormKernel<8u, __nv_bfloat16>(__nv_bfloat16*)",
                SoftmaxNorm,
                "FlashInfer has more than attention",
            ),
            // Softmax and norms.
            (
                "void (anonymous namespace)::softmax_warp_forward<float, float, float, 10, true, false>(float*, float const*, int)",
                SoftmaxNorm,
                "softmax",
            ),
            (
                "void at::native::(anonymous namespace)::cunn_SoftMaxForward<4, float, float, float, at::native::(anonymous namespace)::SoftMaxForwardEpilogue>(float*)",
                SoftmaxNorm,
                "softmax",
            ),
            (
                "std::enable_if<(((8)>(0)))&&vllm::_typeConvert<c10::BFloat16>::exists, void>::type vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*, long)",
                SoftmaxNorm,
                "after a return type that compares",
            ),
            (
                "void at::native::(anonymous namespace)::vectorized_layer_norm_kernel<float, float>(int, float)",
                SoftmaxNorm,
                "layer norm",
            ),
            (
                "void at::native::(anonymous namespace)::RowwiseMomentsCUDAKernel<float, float>(long, float)",
                SoftmaxNorm,
                "the means of a group norm",
            ),
            (
                "void at::native::batch_norm_transform_input_kernel<c10::BFloat16, float, true, int>(at::GenericPackedTensorAccessor<float>)",
                SoftmaxNorm,
                "batch norm",
            ),
            (
                "void cudnn::bn_fw_tr_1C11_kernel_NCHW<float, float, int, 128, true, 1, true>(cudnnTensorStruct)",
                SoftmaxNorm,
                "cuDNN's batch norm",
            ),
            (
                "_ZN5aiter24add_rmsnorm_quant_kernelIDF16bDF16bLi256ELi16ELb0ELb0ELb1ELi1EEEvPT0_PT_PfS4_S4_S4_diiiiiiib",
                SoftmaxNorm,
                "mangled",
            ),
            (
                "_ZN7ck_tile6kentryILi1ENS_12Rmsnorm2dFwdINS_27Rmsnorm2dFwdPipelineOnePassINS_27Rmsnorm2dFwdPipelineProblem",
                SoftmaxNorm,
                "mangled, the kernel is the argument",
            ),
            ("triton_red_fused__to_copy_add_mean_mul_pow_rsqrt_2", SoftmaxNorm, "compiled RMS norm"),
            (
                "void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::NormTwoOps<float, float, float>, unsigned int, float, 4> >(at::native::ReduceOp<float>)",
                Other,
                "a reduction; what it sums is an argument",
            ),
            ("triton_red_fused__to_copy_abs_amax_clamp_div_mul_reciprocal_silu_slice_5", Other, "quantises"),
            // Experts.
            (
                "void moe::dev::routing::routingIndicesHistogramKernel<moe::dev::routing::routingRenormalize::KernelParams<__nv_bfloat16> >(moe::dev::routing::Params)",
                Moe,
                "routing",
            ),
            (
                "void moe::dev::finalize::finalizeKernelVecLoad<moe::dev::finalize::KernelParams<cutlass::bfloat16_t> >(moe::dev::finalize::KernelParams)",
                Moe,
                "adds experts up",
            ),
            ("void vllm::moe::topkGatingSoftmax<4, 128, 4, 16>(float const*)", Moe, "the softmax of the router"),
            ("fused_moe_kernel", Moe, "the experts' products"),
            ("_matmul_ogs_NNT_bf16xbf16xmxfp4_16x128x256x1_swiglu", Moe, "the experts' products"),
            ("_combined_routing_compute", Moe, "routing"),
            ("triton_poi_fused_constant_pad_nd_moe_forward_0", Other, "pads the input, pointwise"),
            // Communication.
            ("ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)", Communication, "NCCL"),
            ("ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclWorkElem)", Communication, "NCCL"),
            (
                "void vllm::cross_device_reduce_1stage<__nv_bfloat16, 8>(vllm::RankData*)",
                Communication,
                "vLLM's all-reduce",
            ),
            (
                "void (anonymous namespace)::multimem_all_reduce_kernel<c10::BFloat16, 16>(c10::BFloat16*)",
                Communication,
                "PyTorch's all-reduce",
            ),
            ("void deep_ep::intranode::dispatch<8, 768>(int4*)", Communication, "sends tokens to experts"),
            // Others.
            (
                "void vllm::act_and_mul_kernel<c10::BFloat16, &(c10::BFloat16 vllm::silu_kernel<c10::BFloat16>(c10::BFloat16 const&)), true>(c10::BFloat16*, int)",
                Other,
                "activation",
            ),
            (
                "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>, std::array<char*, 1ul> >(int, at::native::FillFunctor<float>)",
                Other,
                "a kernel that fills is no memset",
            ),
            (
                "void at::native::vectorized_elementwise_kernel<8, at::native::gemm_softmax_attention_moe>(int)",
                Other,
                "whatever the functor is called",
            ),
            ("void vllm::rotary_embedding_kernel<c10::BFloat16, true>(long const*)", Other, "rotary embedding"),
            (
                "void at::native::(anonymous namespace)::distribution_elementwise_grid_stride_kernel<float, 4, at::native::normal>(long)",
                Other,
                "random numbers",
            ),
            ("_topk_topp_kernel", Other, "sampling"),
            ("triton_poi_fused_cat_index_select_mul_slice_split_sub_unsqueeze_3", Other, "pointwise"),
            ("triton_tem_fused_addmm_relu_0", Gemm, "a compiled product"),
            ("", Other, "no name"),
        ] {
            assert_eq!(kernel_class(name), class, "{reason}: {name}");
        }
    }

    #[test]
    fn names_that_are_cut_or_no_names_are_read_to_their_end() {
        for name in [
            "_Z",
            "_ZN",
            "_ZN99999999999999999999a",
            "_ZN7ck_tile6kentryI",
            "_ZNS",
            "_ZN5é",
            "cutlass::Kernel<",
            "a<b>(c",
            "((((",
            ">>>)",
            "é<ü>::ö(",
            "void ",
        ] {
            assert_eq!(kernel_class(name), Other, "{name}");
        }
        let nested = "cutlass::Kernel<".repeat(10_000);
        assert_eq!(kernel_class(&nested), Other);
    }

    #[test]
    fn copies_and_fills_go_by_their_table_and_annotations_by_their_category() {
        let store = Store::from(
            Drawing::lanes(
                "cpu  a
                 s7   ..AA.MM.SS.NN",
            )
            .slice("gpu", "gpu_user_annotation", "gemm step", 2..20)
            .slice("main", "cpu_op", "aten::softmax", 0..5)
            // A slice of a CPU thread that calls itself a kernel.
            .slice("main", "kernel", "softmax", 7..9)
            .build(),
        );
        let classes = SliceClasses::new(&store);
        let trace = store.trace();
        let mut found: Vec<(&str, SliceClass)> = (0..trace.slices.len())
            .map(|row| (trace.text(trace.slices.name.get(row)), classes.of(&store, SliceId::from_index(row))))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("Memcpy HtoD (Pinned -> Device)", Copy),
                ("Memset (Device)", Set),
                ("aten::softmax", None),
                ("cudaLaunchKernel", None),
                ("gemm step", Annotation),
                ("kernel_A", Other),
                ("ncclDevKernel_AllReduce", Communication),
                ("softmax", None),
            ]
        );
    }

    #[test]
    fn words_and_numbers_are_those_of_the_contract() {
        for (number, class) in SliceClass::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, number);
            assert_eq!(serde_json::to_value(class).expect("a word"), class.word());
        }
    }
}
