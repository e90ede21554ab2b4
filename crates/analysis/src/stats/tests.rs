//! Reports of drawn PyTorch traces, whose numbers can be counted in the drawing.

use kinetoscope_model::Trace;

use super::*;
use crate::drawing::Drawing;

/// Two kernels and a copy with their calls; `step` is around the launches of both kernels, `inner` around that of B.
///
/// ```text
/// time   0123456789012345
/// step   |-----|
/// inner     |--|
/// cpu    aa.b......m.....
/// s7     ..AAA.BB...MMMM.
/// ```
fn drawn() -> Trace {
    Drawing::lanes(
        "cpu aa.b......m.....
         s7  ..AAA.BB...MMMM.",
    )
    .slice("cpu", "user_annotation", "step, op_id = 7", 0..6)
    .slice("cpu", "user_annotation", "inner", 3..6)
    .build()
}

fn printed_with(trace: &Trace, report: &str, filter: &Filter, options: &Options, layout: &str) -> String {
    let activities = Activities::new(trace, filter).unwrap();
    let request: ReportRequest = report.parse().unwrap();
    let mut out = Vec::new();
    let mut writer = ReportWriter::new(layout.parse().unwrap(), TimeUnit::Nanos, &mut out);
    writer.write(request.report, &run(&activities, &request, options)).unwrap();
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

/// The rows without headings.
fn rows(report: &str) -> Vec<String> {
    let text = printed_with(&drawn(), report, &Filter::default(), &Options::default(), "csv:nohdr");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn summaries_add_up_what_is_drawn() {
    // The deviation of 2, 1, 1 around 4/3 is the root of 1/3.
    assert_eq!(rows("cuda_api_sum"), ["100.0,4,3,1.3,1.0,1,2,0.6,cudaLaunchKernel"]);
    assert_eq!(rows("cuda_gpu_kern_sum"), ["60.0,3,1,3.0,3.0,3,3,0.0,kernel_A", "40.0,2,1,2.0,2.0,2,2,0.0,kernel_B"]);
    assert_eq!(rows("cuda_gpu_mem_time_sum"), ["100.0,4,1,4.0,4.0,4,4,0.0,[CUDA memcpy Host-to-Device]"]);
    assert_eq!(rows("cuda_gpu_mem_size_sum"), ["0.001,1,0.001,0.001,0.001,0.001,0.000,[CUDA memcpy Host-to-Device]"]);
    assert_eq!(
        rows("cuda_gpu_sum"),
        [
            "44.4,4,1,4.0,4.0,4,4,0.0,MEMORY_OPER,[CUDA memcpy Host-to-Device]",
            "33.3,3,1,3.0,3.0,3,3,0.0,CUDA_KERNEL,kernel_A",
            "22.2,2,1,2.0,2.0,2,2,0.0,CUDA_KERNEL,kernel_B",
        ]
    );
    assert_eq!(
        rows("nvtx_sum"),
        ["66.7,6,1,6.0,6.0,6,6,0.0,PushPop,\"step, op_id = 7\"", "33.3,3,1,3.0,3.0,3,3,0.0,PushPop,inner",]
    );
}

#[test]
fn launches_are_timed_from_call_to_kernel() {
    assert_eq!(
        rows("cuda_kern_exec_trace"),
        ["0,2,2,0,2,3,5,100,100,0,cudaLaunchKernel,,,kernel_A", "3,1,4,2,6,2,5,100,100,0,cudaLaunchKernel,,,kernel_B",]
    );
    assert_eq!(
        rows("cuda_kern_exec_sum")[0],
        "100,100,0,1,1,5.0,5.0,5,5,0.0,2.0,2.0,2,2,0.0,0.0,0.0,0,0,0.0,3.0,3.0,3,3,0.0,cudaLaunchKernel,kernel_A"
    );
}

#[test]
fn kernels_are_in_the_ranges_of_their_launches() {
    assert_eq!(
        rows("cuda_gpu_kern_sum:nvtx-name"),
        ["60.0,3,1,3.0,3.0,3,3,0.0,\"step, op_id = 7/kernel_A\"", "40.0,2,1,2.0,2.0,2,2,0.0,inner/kernel_B",]
    );
    assert_eq!(
        rows("nvtx_kern_sum"),
        [
            "inner,PushPop,100,100,1,1,2,2.0,2.0,2,2,0.0,kernel_B",
            "\"step, op_id = 7\",PushPop,100,100,1,1,3,3.0,3.0,3,3,0.0,kernel_A",
            "\"step, op_id = 7\",PushPop,100,100,1,1,2,2.0,2.0,2,2,0.0,kernel_B",
        ]
    );
    let columns: Vec<String> = rows("nvtx_gpu_proj_trace")
        .iter()
        .map(|row| row.rsplit(',').skip(3).take(3).collect::<Vec<&str>>().join(" "))
        .collect();
    // Children with work, level, pieces of work: of the copy outside, of `step` and of `inner`.
    assert_eq!(columns, ["0  1", "1 0 2", "0 1 1"]);
    assert_eq!(
        rows("nvtx_gpu_proj_sum"),
        [
            "\"step, op_id = 7\",PushPop,6,6,1,6.0,6.0,6,6,0.0,2,2.0,0.0,1.0",
            "inner,PushPop,2,3,1,2.0,2.0,2,2,0.0,1,1.0,1.0,0.0",
        ]
    );
}

#[test]
fn additions_are_columns_and_names() {
    let options = Options { percentiles: true, wall: true, strip_suffixes: true, fold_ids: true };
    let text = printed_with(&drawn(), "nvtx_sum", &Filter::default(), &options, "csv");
    // The trace is 15 ns long.
    let expected = "Time (%),Wall (%),Total Time (ns),Instances,Avg (ns),Med (ns),P90 (ns),P99 (ns),Min (ns),Max (ns),\
                    StdDev (ns),Style,Range\n\
                    66.7,40.0,6,1,6.0,6.0,6,6,6,6,0.0,PushPop,step\n\
                    33.3,20.0,3,1,3.0,3.0,3,3,3,3,0.0,PushPop,inner\n\n";
    assert_eq!(text, expected);
}

#[test]
fn filters_keep_what_overlaps() {
    let in_range = Filter { nvtx: Some("inner".parse().unwrap()), ..Filter::default() };
    let none = Options::default();
    let text = printed_with(&drawn(), "cuda_api_trace", &in_range, &none, "csv:nohdr");
    assert_eq!(text, "3,1,cudaLaunchKernel,,66,100,100,,cpu\n\n");
    let mut late = Filter::default();
    late.set_times("6/9").unwrap();
    let text = printed_with(&drawn(), "cuda_gpu_kern_sum", &late, &none, "csv:nohdr");
    assert_eq!(text, "100.0,2,1,2.0,2.0,2,2,0.0,kernel_B\n\n");
    let missing = Filter { nvtx: Some("outer".parse().unwrap()), ..Filter::default() };
    let error = Activities::new(&drawn(), &missing).unwrap_err();
    assert_eq!(error.to_string(), "there is no range `outer`");
    let beyond = Filter { nvtx: Some("inner/2".parse().unwrap()), ..Filter::default() };
    let error = Activities::new(&drawn(), &beyond).unwrap_err();
    assert_eq!(error.to_string(), "there is no range `inner` with the index 2: the last one is 0");
}

#[test]
fn rules_find_what_is_slow() {
    let pageable = Drawing::lanes(
        "cpu p.........
         s7  ...PPPP...",
    )
    .build();
    let none = Options::default();
    // The drawing's call is no copy by its name, so the rule looks past it.
    let text = printed_with(&pageable, "cuda_memcpy_async", &Filter::default(), &none, "column");
    assert!(text.ends_with("pageable\nmemory.\n\n"), "{text}");
    let gap = printed_with(&drawn(), "gpu_gaps:gap=0.000002", &Filter::default(), &none, "csv");
    // From the end of B to the copy; the gap of 1 ns before B is none.
    assert_eq!(gap, "Row#,Duration (ns),Start (ns),PID,Device ID,Context ID\n1,3,8,100,0,\n\n");
    // Chunks of 5 ns from 2: 4 of [2, 7) are used, 2 of [7, 12), and all of [12, 15).
    let used = printed_with(&drawn(), "gpu_time_util:chunks=3", &Filter::default(), &none, "csv:nohdr");
    assert_eq!(used, "1,40.0,5,7,100,0,\n\n");
}

#[test]
fn calls_of_an_interface_are_added_up_by_name() {
    let trace = Drawing::lanes("cpu aa.b......m.....")
        .slice("cpu", "openmp", "Parallel", 0..6)
        .slice("cpu", "openmp", "Task", 1..2)
        .slice("cpu", "openmp", "Parallel", 8..10)
        .slice("cpu", "openacc", "Wait", 3..4)
        .build();
    let sum = |report: &str| printed_with(&trace, report, &Filter::default(), &Options::default(), "csv");
    assert_eq!(
        sum("openmp_sum"),
        "Time (%),Total Time (ns),Count,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Name\n\
         88.9,8,2,4.0,4.0,2,6,2.8,Parallel\n11.1,1,1,1.0,1.0,1,1,0.0,Task\n\n"
    );
    assert!(sum("openacc_sum").ends_with("100.0,1,1,1.0,1.0,1,1,0.0,Wait\n\n"));
    // As for all reports, the filter keeps what it touches.
    let filter = Filter { start: Some(0), end: Some(2), ..Filter::default() };
    let early = printed_with(&trace, "openmp_sum", &filter, &Options::default(), "csv:nohdr");
    assert!(early.contains(",6,1,6.0,6.0,6,6,0.0,Parallel"), "{early}");
}

#[test]
fn what_a_trace_has_not_is_skipped() {
    let trace = drawn();
    let activities = Activities::new(&trace, &Filter::default()).unwrap();
    for (report, words) in [
        ("osrt_sum", "OS Runtime trace data"),
        ("um_sum", "CUDA Unified Memory CPU page faults data"),
        ("openmp_sum", "OpenMP event data"),
    ] {
        let outcome = run(&activities, &report.parse().unwrap(), activities_options());
        assert!(matches!(outcome, Outcome::Skipped(data) if data.missing_words() == words), "{report}");
    }
    let text = printed_with(&trace, "osrt_sum", &Filter::default(), &Options::default(), "json");
    let expected = "[{\"report\": \"osrt_sum\", \"title\": \"OS Runtime Summary\", \
                    \"skipped\": \"does not contain OS Runtime trace data\", \"rows\": []}]\n";
    assert_eq!(text, expected);
    let text = printed_with(&trace, "nvtx_startend_sum", &Filter::default(), &Options::default(), "column");
    assert_eq!(text, format!("\n ** NVTX Start/End Range Summary (nvtx_startend_sum):\n\n{NO_ROWS}\n\n"));
}

#[test]
fn empty_tables_are_told_from_missing_and_unread_ones() {
    let trace = Drawing::lanes("cpu a.\n s7 .A")
        .metadata("nsys.empty_table", Err("OSRT_API"))
        .metadata("nsys.empty_table", Err("CUPTI_ACTIVITY_KIND_OPENACC_DATA"))
        .metadata("nsys.unread_table", Err("OPENMP_EVENT_KIND_TASK"))
        .build();
    let activities = Activities::new(&trace, &Filter::default()).unwrap();
    let outcome = |report: &str| run(&activities, &report.parse().unwrap(), activities_options());
    assert!(matches!(outcome("osrt_sum"), Outcome::Nothing { message } if message == NO_ROWS));
    assert!(matches!(outcome("openacc_sum"), Outcome::Nothing { message } if message == NO_ROWS));
    assert!(matches!(outcome("openmp_sum"), Outcome::Unread(Data::OpenMp)));
    assert!(matches!(outcome("mpi_event_trace"), Outcome::Skipped(Data::Mpi)));
}

fn activities_options() -> &'static Options {
    const NONE: &Options = &Options { percentiles: false, wall: false, strip_suffixes: false, fold_ids: false };
    NONE
}
