//! `stats`: what it prints where, and what it says when it cannot.

use crate::sandbox::Sandbox;

#[test]
fn a_report_is_printed_as_nsys_prints_it() {
    let sandbox = Sandbox::with_small_trace();
    let text = sandbox.run(&["stats", "small.json", "-r", "cuda_gpu_kern_sum", "--no-cache"]).succeeded();
    let expected = concat!(
        "\n ** CUDA GPU Kernel Summary (cuda_gpu_kern_sum):\n\n",
        " Time (%)  Total Time (ns)  Instances  Avg (ns)  Med (ns)  Min (ns)  Max (ns)  StdDev (ns)  Name\n",
        " --------  ---------------  ---------  --------  --------  --------  --------  -----------  ----\n",
        "     66.9            20250          1   20250.0   20250.0     20250     20250          0.0  gemm\n",
        "     33.1            10000          1   10000.0   10000.0     10000     10000          0.0  add \n\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn formats_units_and_filters_are_options() {
    let sandbox = Sandbox::with_small_trace();
    let run =
        |args: &[&str]| sandbox.run(&[&["stats", "small.json", "-r", "cuda_gpu_kern_sum"], args].concat()).succeeded();
    let csv = run(&["-f", "csv:nohdr", "--timeunit", "us"]);
    assert_eq!(
        csv,
        "66.9,20.250,1,20.250,20.250,20.250,20.250,0.000,gemm\n33.1,10.000,1,10.000,10.000,10.000,10.000,0.000,add\n\n"
    );
    let json: serde_json::Value = serde_json::from_str(&run(&["--format", "json", "--wall"])).expect("it is JSON");
    assert_eq!(json[0]["report"], "cuda_gpu_kern_sum");
    assert_eq!(json[0]["rows"][1]["Total Time (ns)"], 10_000);
    // 10 of 49.5 µs.
    assert_eq!(json[0]["rows"][1]["Wall (%)"], 1_000_000.0 / 49_500.0);
    assert_eq!(
        run(&["-f", "csv:nohdr", "--filter-time", "135us/"]),
        "100.0,10000,1,10000.0,10000.0,10000,10000,0.0,add\n\n"
    );
}

#[test]
fn what_is_skipped_is_said_beside_the_data() {
    let sandbox = Sandbox::with_small_trace();
    let ran = sandbox.run(&["stats", "small.json", "-r", "osrt_sum,cuda_api_sum", "-f", "csv:nohdr"]);
    assert!(
        ran.stderr.contains("SKIPPED osrt_sum: small.json does not contain OS Runtime trace data."),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stdout, "100.0,5000,1,5000.0,5000.0,5000,5000,0.0,cudaLaunchKernel\n\n");
    sandbox.run(&["stats", "small.json", "-r", "cuda_api_sum", "-o", "sum.csv", "-f", "csv"]).succeeded();
    assert!(sandbox.read("sum.csv").starts_with("Time (%),Total Time (ns),Num Calls,"));
}

#[test]
fn mistakes_are_named() {
    let sandbox = Sandbox::with_small_trace();
    for (args, message) in [
        (["-r", "kernels"], "there is no report `kernels`"),
        (["-r", "osrt_sum:base"], "`osrt_sum` has no argument `base`"),
        (["-f", "excel"], "there is no format `excel`"),
        (["--timeunit", "fortnight"], "expected `ns`, `us`, `ms` or `s`"),
        (["--filter-time", "now"], "`now` is no span of time"),
        (["--filter-nvtx", "step"], "there is no range `step`"),
    ] {
        let ran = sandbox.run(&[&["stats", "small.json"], &args[..]].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn all_reports_can_be_listed() {
    let list = Sandbox::new().run(&["stats", "--list"]).succeeded();
    for line in ["cuda_gpu_kern_sum[:nvtx-name][:base][:mangled]", "gpu_gaps[:rows=N]", "rule", "default"] {
        assert!(list.contains(line), "{line}: {list}");
    }
}
