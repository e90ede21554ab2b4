-- Kernels grouped by name and by what they compute.

-- What a kernel computes, as far as its name tells: `communication`, `attention`, `gemm`, `norm`, `softmax`, `moe`,
-- `reduce`, `sort`, `copy`, `elementwise` or `other`. The first that fits counts, in this order.
CREATE PERFETTO FUNCTION gpu_kernel_class(
  -- Name of the kernel.
  name STRING
) RETURNS STRING AS
SELECT CASE
  WHEN $name LIKE '%nccl%' OR $name LIKE '%all\_reduce%' ESCAPE '\' OR $name LIKE '%allreduce%' THEN 'communication'
  WHEN $name LIKE '%flash%' OR $name LIKE '%fmha%' OR $name LIKE '%attention%' OR $name LIKE '%paged%' THEN 'attention'
  WHEN $name LIKE '%moe%' OR $name LIKE '%expert%' THEN 'moe'
  WHEN $name LIKE '%gemm%' OR $name LIKE '%gemv%' OR $name LIKE '%cutlass%' OR $name LIKE '%matmul%' OR $name LIKE 'nvjet%' THEN 'gemm'
  WHEN $name LIKE '%norm%' THEN 'norm'
  WHEN $name LIKE '%softmax%' THEN 'softmax'
  WHEN $name LIKE '%reduce%' THEN 'reduce'
  WHEN $name LIKE '%sort%' OR $name LIKE '%topk%' THEN 'sort'
  WHEN $name LIKE '%copy%' OR $name LIKE '%cat%' OR $name LIKE '%transpose%' OR $name LIKE '%permute%' THEN 'copy'
  WHEN $name LIKE '%elementwise%' OR $name LIKE '%pointwise%' OR $name LIKE 'triton\_poi%' ESCAPE '\' THEN 'elementwise'
  ELSE 'other'
END;

-- Every kernel by name on each device.
CREATE PERFETTO VIEW gpu_kernel_summary(
  -- Number of the device on its host.
  device LONG,
  -- Name of the kernel.
  name STRING,
  -- What it computes, see `gpu_kernel_class`.
  class STRING,
  -- How often it ran.
  count LONG,
  -- Durations added up.
  sum_dur DURATION,
  -- Mean duration.
  mean_dur DOUBLE,
  -- Median duration.
  median_dur DOUBLE,
  -- Shortest.
  min_dur DURATION,
  -- Longest.
  max_dur DURATION,
  -- Share of the durations of all kernels of the device, in percent.
  percent DOUBLE
) AS
SELECT
  device,
  name,
  gpu_kernel_class(name) AS class,
  count(*) AS count,
  sum(dur) AS sum_dur,
  avg(dur) AS mean_dur,
  median(dur) AS median_dur,
  min(dur) AS min_dur,
  max(dur) AS max_dur,
  100.0 * sum(dur) / sum(sum(dur)) OVER (PARTITION BY device) AS percent
FROM kernel
GROUP BY device, name;

-- The same by class.
CREATE PERFETTO VIEW gpu_kernel_class_summary(
  -- Number of the device on its host.
  device LONG,
  -- What the kernels compute, see `gpu_kernel_class`.
  class STRING,
  -- How many ran.
  count LONG,
  -- Durations added up.
  sum_dur DURATION,
  -- Share of the durations of all kernels of the device, in percent.
  percent DOUBLE
) AS
SELECT
  device,
  class,
  count(*) AS count,
  sum(dur) AS sum_dur,
  100.0 * sum(dur) / sum(sum(dur)) OVER (PARTITION BY device) AS percent
FROM (SELECT device, dur, gpu_kernel_class(name) AS class FROM kernel)
GROUP BY device, class;
