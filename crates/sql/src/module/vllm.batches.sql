-- Engine steps of vLLM by the batch that they were given: how long a step of each size takes and how many tokens it makes.

INCLUDE PERFETTO MODULE vllm.steps;

-- Steps with the same numbers of requests in prefill and in decode. The last step of a thread has no length up to the next one and
-- is left out, and so are empty steps.
CREATE PERFETTO VIEW vllm_batch_summary(
  -- `prefill`, `decode` or `mixed`.
  kind STRING,
  -- Requests in prefill.
  context_requests LONG,
  -- Requests in decode.
  generation_requests LONG,
  -- Number of steps.
  count LONG,
  -- Tokens in prefill added up; null where names do not tell.
  context_tokens LONG,
  -- Tokens in decode added up; null where names do not tell.
  generation_tokens LONG,
  -- Mean time from the start of a step to the start of the next one.
  mean_step_dur DOUBLE,
  -- Median of it.
  median_step_dur DOUBLE,
  -- Shortest.
  min_step_dur DURATION,
  -- Longest.
  max_step_dur DURATION,
  -- Tokens of prefill and decode in a second of such steps; null where names do not tell.
  tokens_per_sec DOUBLE
) AS
SELECT
  kind,
  context_requests,
  generation_requests,
  count(*) AS count,
  sum(context_tokens) AS context_tokens,
  sum(generation_tokens) AS generation_tokens,
  avg(step_dur) AS mean_step_dur,
  median(step_dur) AS median_step_dur,
  min(step_dur) AS min_step_dur,
  max(step_dur) AS max_step_dur,
  1e9 * (sum(context_tokens) + sum(generation_tokens)) / nullif(sum(step_dur), 0) AS tokens_per_sec
FROM vllm_step
WHERE kind <> 'empty' AND step_dur IS NOT NULL
GROUP BY kind, context_requests, generation_requests;
