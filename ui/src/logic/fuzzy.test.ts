import { expect, it } from "vitest";
import { fuzzyRank } from "./fuzzy.ts";

const texts = ["CPU › VLLM::EngineCore › python3", "GPU › NVIDIA H100 › stream 7", "GPU › NVIDIA H100 › stream 13"];

it("puts what is called so before what has it in its name", () => {
  const rows = [
    "GPU › H100 › Annotations of stream 7",
    "GPU › H100 › stream 7 (sync)",
    "GPU › H100 › stream 7  tid 7",
    "stream 7",
  ];
  expect(fuzzyRank(rows, "Stream 7").slice(0, 2).sort()).toEqual([2, 3]);
  expect(fuzzyRank(rows, "stream 7")).toHaveLength(4);
});

it("finds by scattered letters and by words in any order", () => {
  expect(fuzzyRank(texts, "stream 13")).toEqual([2]);
  expect(fuzzyRank(texts, "7 h100")).toEqual([1]);
  expect(fuzzyRank(texts, "engcore")).toEqual([0]);
  expect(fuzzyRank(texts, "zzz")).toEqual([]);
  expect(fuzzyRank(texts, "")).toEqual([0, 1, 2]);
});
