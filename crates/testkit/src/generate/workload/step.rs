//! What an engine step runs: the operators, launches and collectives of a Llama-like model, in vLLM's order.
//!
//! The three ways vLLM runs a model are here as it chooses them: one graph for a batch of running requests, graphs
//! around eager attention for small batches with new requests, everything eager for larger ones.

use super::super::catalog::{Call, Copy, Frame, Kernel, Op};
use super::super::event::*;
use super::gpu::Replay;
use super::{Moment, Workload};

/// Hidden size of the model, in elements.
const HIDDEN_SIZE: u64 = 8192;
/// Vocabulary of the model, in elements.
const VOCABULARY: u64 = 128_256;
/// vLLM captures graphs for batches up to this many tokens.
const LARGEST_GRAPH: u64 = 512;

impl<S: Sink> Workload<'_, S> {
    pub(super) fn execute_model(&mut self, shape: StepShape) {
        let tokens = shape.num_tokens();
        if tokens == 0 {
            self.pass(210_000);
            return;
        }
        self.scoped("gpu_model_runner: preprocess", |worker| {
            worker.framed(Frame::PrepareInputs, |worker| worker.prepare_inputs(shape));
        });
        self.scoped("gpu_model_runner: forward", |worker| {
            if shape.context_requests == 0 {
                worker.framed(Frame::GraphWrapperCall, |worker| {
                    worker.framed(Frame::GraphReplay, |worker| {
                        worker.framed(Frame::BuiltinReplay, |worker| worker.replay_full_graph(shape));
                    });
                });
            } else {
                let is_piecewise = tokens <= LARGEST_GRAPH;
                worker.framed_module(Frame::ModelModule, 0, |worker| {
                    worker.framed(Frame::CallImpl, |worker| {
                        worker.framed(Frame::ModelForward, |worker| {
                            if is_piecewise {
                                worker.forward_piecewise(shape);
                            } else {
                                worker.forward_eager(shape);
                            }
                        });
                    });
                });
            }
        });
        self.scoped("gpu_model_runner: postprocess", |worker| {
            worker.op(Op::IndexSelect, shape.num_requests(), |worker| {
                worker.allocate(shape.num_requests() * HIDDEN_SIZE * 2);
                worker.launch(Kernel::GatherRows, shape.num_requests());
            });
        });
    }

    fn prepare_inputs(&mut self, shape: StepShape) {
        let tokens = shape.num_tokens();
        // Token ids, positions, sequence lengths, query starts, block tables.
        for bytes in [4 * tokens, 8 * tokens, 4 * shape.num_requests(), 4 * shape.num_requests() + 4, 2_048] {
            self.framed(Frame::CopyToGpu, |worker| {
                for _ in 0..2 {
                    worker.framed(Frame::BuiltinGetItem, |worker| {
                        worker.op(Op::Slice, tokens, |worker| worker.op(Op::AsStrided, tokens, |_| {}));
                    });
                }
                worker.framed(Frame::BuiltinCopy, |worker| {
                    worker.op(Op::Copy, tokens, |worker| worker.copy(Copy::PinnedToDevice, bytes, Stream::Compute));
                });
            });
        }
        self.op(Op::SlotMapping, tokens, |worker| worker.launch(Kernel::SlotMapping, tokens));
        self.op(Op::Sub, shape.num_requests(), |worker| worker.launch(Kernel::AddScalar, shape.num_requests()));
        self.framed(Frame::BuildMetadata, |worker| {
            worker.op(Op::To, tokens, |worker| {
                worker.op(Op::ToCopy, tokens, |worker| {
                    worker.op(Op::EmptyStrided, tokens, |worker| worker.allocate(4 * tokens));
                    worker.op(Op::Copy, tokens, |worker| worker.launch(Kernel::DirectCopy, tokens));
                });
            });
            if shape.context_requests > 0 {
                worker.op(Op::Copy, tokens, |worker| {
                    worker.copy(Copy::PageableToDevice, 16 * shape.num_requests(), Stream::Compute);
                    worker.synchronize_stream(Stream::Compute);
                });
                worker.op(Op::Zero, tokens, |worker| {
                    worker.op(Op::Fill, tokens, |worker| worker.copy(Copy::Set, 4 * tokens, Stream::Compute));
                });
            }
            worker.op(Op::Select, tokens, |worker| worker.op(Op::AsStrided, tokens, |_| {}));
        });
    }

    fn replay_full_graph(&mut self, shape: StepShape) {
        let padded = padded_batch(shape.num_tokens());
        let mut replay = self.begin_graph(padded, 40 * self.num_layers);
        self.replay_kernel(&mut replay, Kernel::Embedding, padded);
        self.replay_kernel(&mut replay, Kernel::AttentionPlan, padded);
        for _ in 0..self.num_layers {
            self.replay_layer_before_attention(&mut replay, padded);
            self.replay_kernel(&mut replay, Kernel::AttentionDecode, padded);
            self.replay_kernel(&mut replay, Kernel::AttentionCombine, padded);
            self.replay_layer_after_attention(&mut replay, padded);
        }
        self.replay_kernel(&mut replay, Kernel::CompiledAddNorm, padded);
        self.end_graph(&replay);
    }

    fn replay_layer_before_attention(&mut self, replay: &mut Replay, tokens: u64) {
        self.replay_kernel(replay, Kernel::CompiledAddNorm, tokens);
        self.replay_kernel(replay, Kernel::QkvGemmSmall, tokens);
        self.replay_kernel(replay, Kernel::SplitKReduce, tokens);
        self.replay_kernel(replay, Kernel::CompiledRotary, tokens);
        self.replay_kernel(replay, Kernel::CacheWrite, tokens);
    }

    fn replay_layer_after_attention(&mut self, replay: &mut Replay, tokens: u64) {
        self.replay_kernel(replay, Kernel::OutputGemmSmall, tokens);
        if self.world_size > 1 {
            self.replay_kernel(replay, Kernel::CustomAllReduce, tokens);
        }
        self.replay_kernel(replay, Kernel::CompiledAddNorm, tokens);
        self.replay_kernel(replay, Kernel::GateUpGemm, tokens);
        self.replay_kernel(replay, Kernel::CompiledSiluQuantize, tokens);
        self.replay_kernel(replay, Kernel::DownGemm, tokens);
        if self.world_size > 1 {
            self.replay_kernel(replay, Kernel::CustomAllReduce, tokens);
        }
    }

    /// Graphs between the attention operators, which run eagerly.
    fn forward_piecewise(&mut self, shape: StepShape) {
        let padded = padded_batch(shape.num_tokens());
        for layer in 0..self.num_layers {
            let mut replay = self.begin_graph(1_000 + layer, 600);
            if layer == 0 {
                self.replay_kernel(&mut replay, Kernel::Embedding, padded);
            } else {
                self.replay_layer_after_attention(&mut replay, padded);
            }
            self.replay_layer_before_attention(&mut replay, padded);
            self.end_graph(&replay);
            self.framed(Frame::OpsCall, |worker| {
                worker.op(Op::Attention, shape.num_tokens(), |worker| worker.flash_attention(shape.num_tokens()));
            });
        }
        let mut replay = self.begin_graph(1_000 + self.num_layers, 600);
        self.replay_layer_after_attention(&mut replay, padded);
        self.replay_kernel(&mut replay, Kernel::CompiledAddNorm, padded);
        self.end_graph(&replay);
    }

    fn forward_eager(&mut self, shape: StepShape) {
        let tokens = shape.num_tokens();
        self.op(Op::Embedding, tokens, |worker| {
            worker.op(Op::IndexSelect, tokens, |worker| {
                worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * HIDDEN_SIZE * 2));
                worker.launch(Kernel::Embedding, tokens);
            });
        });
        self.all_reduce(tokens);
        for layer in 0..self.num_layers {
            self.free_memory(24);
            self.framed_module(Frame::LayerModule, layer, |worker| {
                worker.framed(Frame::CallImpl, |worker| {
                    worker.framed(Frame::LayerForward, |worker| worker.layer(layer, tokens));
                });
            });
        }
        self.norm(Op::FusedAddRmsNorm, Kernel::FusedAddRmsNorm, tokens);
    }

    fn layer(&mut self, layer: u64, tokens: u64) {
        self.framed(Frame::GetAttr, |_| {});
        if layer == 0 {
            self.norm(Op::RmsNorm, Kernel::RmsNorm, tokens);
        } else {
            self.norm(Op::FusedAddRmsNorm, Kernel::FusedAddRmsNorm, tokens);
        }
        self.framed(Frame::GetAttr, |_| {});
        self.framed_module(Frame::AttentionModule, layer, |worker| {
            worker.framed(Frame::CallImpl, |worker| {
                worker.framed(Frame::AttentionForward, |worker| worker.attention_block(layer, tokens));
            });
        });
        self.norm(Op::FusedAddRmsNorm, Kernel::FusedAddRmsNorm, tokens);
        self.framed(Frame::GetAttr, |_| {});
        self.framed_module(Frame::MlpModule, layer, |worker| {
            worker.framed(Frame::CallImpl, |worker| {
                worker.framed(Frame::MlpForward, |worker| worker.mlp_block(layer, tokens));
            });
        });
    }

    fn norm(&mut self, op: Op, kernel: Kernel, tokens: u64) {
        let number = self.modules.norm;
        self.modules.norm += 1;
        self.framed_module(Frame::NormModule, number, |worker| {
            worker.framed(Frame::CallImpl, |worker| {
                worker.framed(Frame::CustomOpForward, |worker| {
                    worker.framed(Frame::NormForward, |worker| {
                        worker.framed(Frame::OpsCall, |worker| {
                            worker.op(op, tokens, |worker| worker.launch(kernel, tokens));
                        });
                    });
                });
            });
        });
    }

    fn attention_block(&mut self, layer: u64, tokens: u64) {
        self.framed_module(Frame::ColumnLinear, layer, |worker| worker.linear(Kernel::QkvGemm, tokens));
        self.framed_module(Frame::RotaryModule, 0, |worker| {
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::Rotary, tokens, |worker| worker.launch(Kernel::Rotary, tokens));
            });
        });
        self.framed_module(Frame::AttentionLayerModule, layer, |worker| {
            worker.op(Op::View, tokens, |_| {});
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::KvCacheUpdate, tokens, |worker| {
                    worker.op(Op::CacheWrite, tokens, |worker| worker.launch(Kernel::CacheWrite, tokens));
                });
            });
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::Attention, tokens, |worker| {
                    worker.framed(Frame::FlashForward, |worker| {
                        worker.framed(Frame::FlashVarlen, |worker| worker.flash_attention(tokens));
                    });
                });
            });
        });
        let number = self.modules.row_linear;
        self.modules.row_linear += 1;
        self.framed_module(Frame::RowLinear, number, |worker| {
            worker.linear(Kernel::OutputGemm, tokens);
            worker.all_reduce(tokens);
        });
    }

    fn flash_attention(&mut self, tokens: u64) {
        self.op(Op::FlashForward, tokens, |worker| {
            worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * 1_024 * 2));
            worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * 8 * 4));
            worker.call_without_work(Call::DeviceGetAttribute);
            worker.launch(Kernel::AttentionPlan, tokens);
            worker.call_without_work(Call::FuncSetAttribute);
            worker.launch(Kernel::AttentionPrefill, tokens);
        });
    }

    fn mlp_block(&mut self, layer: u64, tokens: u64) {
        self.framed_module(Frame::ColumnLinear, layer, |worker| worker.fp8_linear(Kernel::GateUpGemm, tokens));
        self.framed_module(Frame::SiluModule, layer, |worker| {
            worker.framed(Frame::OpsCall, |worker| {
                worker.op(Op::SiluAndMul, tokens, |worker| worker.launch(Kernel::SiluAndMul, tokens));
            });
        });
        let number = self.modules.row_linear;
        self.modules.row_linear += 1;
        self.framed_module(Frame::RowLinear, number, |worker| {
            worker.fp8_linear(Kernel::DownGemm, tokens);
            worker.all_reduce(tokens);
        });
    }

    fn linear(&mut self, gemm: Kernel, tokens: u64) {
        self.framed(Frame::LinearForward, |worker| {
            worker.framed(Frame::LinearApply, |worker| {
                worker.framed(Frame::BuiltinLinear, |worker| worker.linear_op(gemm, tokens));
            });
        });
    }

    fn linear_op(&mut self, gemm: Kernel, tokens: u64) {
        self.op(Op::Linear, tokens, |worker| {
            worker.op(Op::Transpose, tokens, |worker| {
                worker.op(Op::TransposeDims, tokens, |worker| worker.op(Op::AsStrided, tokens, |_| {}));
            });
            worker.op(Op::MatMul, tokens, |worker| {
                worker.op(Op::Mm, tokens, |worker| {
                    worker.allocate(tokens * 1_280 * 2);
                    worker.launch(gemm, tokens);
                });
            });
        });
    }

    fn fp8_linear(&mut self, gemm: Kernel, tokens: u64) {
        self.framed(Frame::LinearForward, |worker| {
            worker.framed(Frame::Fp8Apply, |worker| {
                worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * HIDDEN_SIZE));
                worker.op(Op::Quantize, tokens, |worker| worker.launch(Kernel::Quantize, tokens));
                worker.op(Op::Empty, tokens, |worker| worker.allocate(tokens * 7_168 * 2));
                worker.op(Op::ScaledMm, tokens, |worker| worker.launch(gemm, tokens));
            });
        });
    }

    fn all_reduce(&mut self, tokens: u64) {
        if self.world_size == 1 {
            return;
        }
        let elements = tokens * HIDDEN_SIZE;
        self.framed(Frame::AllReduceCall, |worker| {
            worker.framed(Frame::GroupAllReduce, |worker| {
                worker.op(Op::AllReduce, tokens, |worker| {
                    worker.op(Op::DistributedAllReduce, tokens, |worker| {
                        worker.op(Op::RecordParamComms, tokens, |worker| {
                            let reduced = Collective {
                                name: "allreduce",
                                in_elements: elements,
                                out_elements: elements,
                                sequence: worker.next_sequence(),
                            };
                            worker.collective(Kernel::NcclAllReduce, tokens, reduced, |_| {});
                        });
                    });
                });
            });
        });
    }

    pub(super) fn sample_tokens(&mut self, shape: StepShape) {
        let requests = shape.num_requests();
        self.scoped("gpu_model_runner: sample", |worker| {
            worker.framed(Frame::ComputeLogits, |worker| {
                worker.linear_op(Kernel::LogitsGemm, requests);
                worker.gather_logits(requests);
            });
            worker.framed_module(Frame::SamplerModule, 0, |worker| {
                worker.framed(Frame::SamplerForward, |worker| worker.sampler(requests));
            });
        });
        self.scoped("gpu_model_runner: bookkeep", |worker| {
            worker.framed(Frame::Bookkeep, |worker| worker.hand_over(shape));
        });
        self.framed(Frame::EnqueueOutput, |_| {});
    }

    fn gather_logits(&mut self, requests: u64) {
        if self.world_size == 1 {
            return;
        }
        let out_elements = requests * VOCABULARY;
        let in_elements = out_elements / self.world_size;
        self.op(Op::AllGather, requests, |worker| {
            worker.op(Op::Empty, requests, |worker| worker.allocate(out_elements * 2));
            worker.op(Op::DistributedAllGather, requests, |worker| {
                worker.call_without_work(Call::StreamIsCapturing);
                worker.op(Op::RecordParamComms, requests, |worker| {
                    worker.annotated(Label::Scope("nccl:_all_gather_base"), |worker| {
                        let gathered = Collective {
                            name: "_allgather_base",
                            in_elements,
                            out_elements,
                            sequence: worker.next_sequence(),
                        };
                        // The sampler's noise does not need the logits and is made meanwhile.
                        worker.collective(Kernel::NcclAllGather, requests, gathered, |worker| {
                            worker.op(Op::Exponential, requests, |worker| worker.launch(Kernel::Exponential, requests));
                        });
                    });
                });
            });
        });
    }

    fn sampler(&mut self, requests: u64) {
        self.op(Op::To, requests, |worker| {
            worker.op(Op::ToCopy, requests, |worker| {
                worker.op(Op::EmptyStrided, requests, |worker| worker.allocate(requests * VOCABULARY * 4));
                worker.op(Op::Copy, requests, |worker| worker.launch(Kernel::LogitsCast, requests));
            });
        });
        self.op(Op::TopP, requests, |worker| worker.launch(Kernel::TopP, requests));
        self.op(Op::Softmax, requests, |worker| {
            worker.op(Op::SoftmaxForward, requests, |worker| worker.launch(Kernel::Softmax, requests));
        });
        if self.world_size == 1 {
            self.op(Op::Exponential, requests, |worker| worker.launch(Kernel::Exponential, requests));
        }
        self.op(Op::ArgMax, requests, |worker| worker.launch(Kernel::ArgMax, requests));
        self.op(Op::Copy, requests, |worker| worker.copy(Copy::DeviceToDevice, 8 * requests, Stream::Compute));
    }

    /// Sends the sampled tokens to the host on a stream and a thread of their own.
    fn hand_over(&mut self, shape: StepShape) {
        let requests = shape.num_requests();
        if shape.context_requests > 0 {
            // Some first tokens are looked at at once: logprobs, structured output.
            self.op(Op::Item, 1, |worker| {
                worker.op(Op::LocalScalarDense, 1, |worker| {
                    worker.copy(Copy::DeviceToPinned, 8, Stream::Compute);
                    worker.synchronize_stream(Stream::Compute);
                });
            });
        }
        let (event, record_correlation, recorded) = self.record_event(Stream::Compute);
        self.make_stream_wait(Stream::CopyOut, Stream::Compute, event, record_correlation, recorded);
        self.op(Op::To, requests, |worker| {
            worker.op(Op::ToCopy, requests, |worker| {
                worker.op(Op::Copy, requests, |worker| {
                    worker.copy(Copy::DeviceToPinned, 8 * requests, Stream::CopyOut);
                });
            });
        });
        let (event, record_correlation, copied) = self.record_event(Stream::CopyOut);
        self.await_output(requests, event, record_correlation, copied);
    }

    /// The output thread blocks until the copy is there.
    fn await_output(&mut self, requests: u64, event: u64, record_correlation: u64, copied: Moment) {
        let start = self.output.later_of(self.host).plus(9_000);
        let woken = self.draw(6_000);
        let end = start.later_of(copied).then(woken);
        let correlation = self.next_correlation();
        self.external_id += 1;
        let (external_id, parent_start) = (self.external_id, start.at - 3_000);
        self.sink.sync(&Sync {
            kind: SyncKind::Event { event, record_correlation },
            correlation,
            external_id,
            start: start.at + 400,
            dur: (end.at - start.at).saturating_sub(900).max(1),
        });
        self.sink.api_call(&ApiCall {
            call: Call::EventSynchronize,
            thread: Thread::Output,
            correlation,
            external_id,
            start: start.at,
            dur: end.at - start.at,
            has_flow: true,
        });
        let item = self.draw(2_700);
        self.output = end.then(item).plus(25_000);
        if S::TAKES_OPERATORS {
            self.output_operators.push(Operator {
                label: Label::Op(Op::Item),
                external_id,
                start: parent_start,
                dur: end.at + item.at - parent_start,
                tokens: requests,
            });
        }
    }
}

/// The captured batch size that a batch runs with.
fn padded_batch(tokens: u64) -> u64 {
    match tokens {
        0..=2 => tokens.max(1),
        3..=4 => 4,
        _ => tokens.next_multiple_of(8),
    }
}
