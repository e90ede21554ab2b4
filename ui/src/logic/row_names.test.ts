import { expect, it } from "vitest";
import { chipsOf, shownName, trackTitle } from "./row_names.ts";
import { madeNode as node } from "./made_node.ts";

it("takes the number out of a name, unless nothing else is left", () => {
  expect(shownName(node("thread", "thread 12 (VLLM::Worker)", [], 0, { tid: 12 }))).toBe("VLLM::Worker");
  expect(shownName(node("thread", "thread 12 (pool)", [], 0, { tid: 7 }))).toBe("thread 12 (pool)");
  expect(shownName(node("thread", "loop 5", [], 0, { tid: 5, pid: 9 }))).toBe("loop");
  expect(shownName(node("thread", "thread -1", [], 0, { tid: -1 }))).toBe("thread -1");
  expect(shownName(node("process", "VLLM::Worker_TP0 20772", [], 0, { pid: 20772 }))).toBe("VLLM::Worker_TP0");
  expect(shownName(node("process", "process 251", [], 0, { pid: 251 }))).toBe("process 251");
  expect(shownName(node("stream", "stream 7", [], 0, { tid: 7, stream: 7 }))).toBe("stream 7");
});

it("shows a number once, and a role where no row above has it", () => {
  const process = node("process", "worker 9", [], 0, { pid: 9, role: "worker" });
  expect(chipsOf(process, [])).toEqual(["worker", "pid 9"]);
  expect(chipsOf(node("thread", "thread 12 (a)", [], 0, { tid: 12, role: "worker" }), [process])).toEqual(["12"]);
  expect(chipsOf(node("thread", "thread 12", [], 0, { tid: 12, role: "zmq_io" }), [process])).toEqual(["zmq io"]);
  expect(chipsOf(node("stream", "stream 7", [], 0, { tid: 7, role: "gpu_stream" }), [])).toEqual([]);
});

it("calls a track by its row, its lane, and what it stands in, so that equal names are told apart", () => {
  const thread = node("thread", "thread 12 (python3)", [], 1, { tid: 12 });
  const process = node("process", "python3 9", [thread], 0, { pid: 9 });
  const [track] = thread.tracks;
  expect(trackTitle({ node: thread, path: [node("region", "CPU"), process], track: track! })).toBe(
    "python3 12, python3 pid 9",
  );
  const lanes = node("stream", "stream 7", [], 1, { stream: 7, tid: 7 });
  const second = { ...lanes.tracks[0]!, id: 999 };
  lanes.tracks.push(second);
  const path = [node("rank", "rank 1"), node("region", "GPU"), node("device", "GPU 0", [lanes])];
  expect(trackTitle({ node: lanes, path, track: second })).toBe("stream 7 lane 2, GPU 0, rank 1");
});
