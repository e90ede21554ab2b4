-- GPUs, with Perfetto's columns; `device` has more.
--
-- ugpu: The same as `id`.
-- gpu: Number of the device on its host.
-- vendor: Always null: sources do not say.
-- model: The same as `name`.
-- architecture: Compute capability.
-- uuid: Always null: sources do not say.
-- pci_bdf: Always null: sources do not say.
-- machine_id: Always null: sources do not name machines.
-- arg_set_id: Always null: what is known has columns of its own.
SELECT
  id,
  id AS ugpu,
  ordinal AS gpu,
  name,
  CAST(NULL AS TEXT) AS vendor,
  name AS model,
  compute_major || '.' || compute_minor AS architecture,
  CAST(NULL AS TEXT) AS uuid,
  CAST(NULL AS TEXT) AS pci_bdf,
  CAST(NULL AS BIGINT) AS machine_id,
  CAST(NULL AS BIGINT) AS arg_set_id
FROM device
