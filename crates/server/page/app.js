import { A as useComputed, B as $, C as EditorState, D as observeElementRect, E as observeElementOffset, F as x, I as y, L as A, M as O, N as f, O as a, P as r, R as F, S as Compartment, T as elementScroll, V as Q, _ as tags, a as sql, b as lineNumbers, c as historyKeymap, d as closeBrackets, f as closeBracketsKeymap, g as syntaxHighlighting, h as bracketMatching, i as keywordCompletionSource, j as useSignal, k as tableFromIPC, l as indentWithTab, m as HighlightStyle, n as searchKeymap, o as defaultKeymap, p as completionKeymap, r as SQLite, s as history$2, t as uFuzzy, u as autocompletion, v as EditorView, w as Virtualizer, x as placeholder, y as keymap, z as T } from "./vendor.js";
// \0rolldown/runtime.js
var __defProp = Object.defineProperty;
var __exportAll = (all, no_symbols) => {
	let target = {};
	for (var name in all) __defProp(target, name, {
		get: all[name],
		enumerable: true
	});
	if (!no_symbols) __defProp(target, Symbol.toStringTag, { value: "Module" });
	return target;
};
// src/base/idle.ts
var pending = 0;
var labels = /* @__PURE__ */ new Map();
var nextKey = 0;
/** Marks something as under way until the returned function is called. */
function beginPending(label) {
	const key = nextKey++;
	pending++;
	labels.set(key, label);
	return () => {
		if (labels.delete(key)) pending--;
	};
}
var isIdle = () => pending === 0;
var pendingLabels = () => [...labels.values()];
/** Resolves when nothing is pending and stays so for two frames: the answer to a request may ask for more. */
function whenIdle() {
	return new Promise((resolve) => {
		let quiet = 0;
		const look = () => {
			quiet = isIdle() ? quiet + 1 : 0;
			if (quiet >= 3) resolve();
			else requestAnimationFrame(look);
		};
		requestAnimationFrame(look);
	});
}
// src/api/query_stream.ts
var emptyResult = () => ({
	sets: [],
	notes: [],
	error: null,
	ms: null
});
function cellAt(set, row, column) {
	let low = 0;
	let high = set.batches.length - 1;
	while (low < high) {
		const middle = low + high + 1 >>> 1;
		if (set.batches[middle].start <= row) low = middle;
		else high = middle - 1;
	}
	const batch = set.batches[low];
	return batch === void 0 ? null : batch.columns[column]?.[row - batch.start] ?? null;
}
var isExact = (value) => value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
/** 64-bit integers as numbers where these are exact; others, such as Unix times in nanoseconds, stay big. */
function plainNumbers(values) {
	const convert = (value) => typeof value === "bigint" && isExact(value) ? Number(value) : value;
	for (let i = 0; i < values.length; i++) if (typeof values[i] === "bigint") return Array.from(values, convert);
	return values;
}
function addArrow(set, payload) {
	const table = tableFromIPC(payload, { useBigInt: true });
	if (table.numRows === 0) return;
	const columns = table.names.map((_, i) => plainNumbers(table.getChildAt(i).toArray()));
	set.batches.push({
		start: set.num_rows,
		length: table.numRows,
		columns
	});
	set.num_rows += table.numRows;
}
/** Applies one frame to the result under construction. */
function applyFrame(result, kind, payload) {
	const json = () => JSON.parse(new TextDecoder().decode(payload));
	const current = result.sets[result.sets.length - 1];
	switch (kind) {
		case "S":
			result.sets.push({
				columns: json().columns,
				batches: [],
				num_rows: 0,
				ms: null
			});
			break;
		case "A":
			if (current === void 0) throw new Error("rows came before a result set");
			addArrow(current, payload);
			break;
		case "N":
			result.notes.push(json().message);
			break;
		case "E": {
			const body = json();
			result.error = body.error ?? body;
			break;
		}
		case "D":
			if (current !== void 0) current.ms = json().ms;
			break;
		case "Z":
			result.ms = json().ms;
			break;
		default: throw new Error(`unknown frame \`${kind}\``);
	}
}
/** Cuts a byte stream into frames, whatever the pieces in which it arrives. */
var FrameReader = class {
	pending = /* @__PURE__ */ new Uint8Array(0);
	push(chunk, onFrame) {
		const bytes = new Uint8Array(this.pending.length + chunk.length);
		bytes.set(this.pending);
		bytes.set(chunk, this.pending.length);
		let at = 0;
		const view = new DataView(bytes.buffer);
		while (bytes.length - at >= 5) {
			const length = view.getUint32(at + 1, true);
			if (bytes.length - at - 5 < length) break;
			onFrame(String.fromCharCode(bytes[at]), bytes.slice(at + 5, at + 5 + length));
			at += 5 + length;
		}
		this.pending = bytes.slice(at);
	}
	finish() {
		if (this.pending.length > 0) throw new Error("the answer ended within a frame");
	}
};
function indexDepths(depth) {
	const depths = depth.length === 0 ? 0 : depth[depth.length - 1] + 1;
	const first = new Uint32Array(depths + 1).fill(depth.length);
	for (let i = depth.length - 1; i >= 0; i--) first[depth[i]] = i;
	for (let d = depths - 1; d >= 0; d--) if (first[d] > first[d + 1]) first[d] = first[d + 1];
	return first;
}
/** The columns of every track, in the order asked for. Throws when the bytes are no viewport. */
function decodeViewport(buffer) {
	if (buffer.byteLength < 16) throw new Error(`a viewport of ${buffer.byteLength} bytes has no header`);
	const [magic, numTracks, numBlocks, numSamples] = new Uint32Array(buffer, 0, 4);
	if (magic !== 827741003) throw new Error(`not a viewport: it begins with 0x${magic.toString(16)}`);
	let offset = 16;
	const take = (bytes) => {
		const at = offset;
		offset += Math.ceil(bytes / 8) * 8;
		if (at + bytes > buffer.byteLength) throw new Error(`a viewport is cut at byte ${buffer.byteLength}`);
		return at;
	};
	const f64 = (n) => new Float64Array(buffer, take(n * 8), n);
	const u32 = (n) => new Uint32Array(buffer, take(n * 4), n);
	const u16 = (n) => new Uint16Array(buffer, take(n * 2), n);
	const u8 = (n) => new Uint8Array(buffer, take(n), n);
	const directory = u32(numTracks * 4);
	const ts = f64(numBlocks);
	const dur = f64(numBlocks);
	const slice = u32(numBlocks);
	const count = u32(numBlocks);
	const name = u32(numBlocks);
	const nameHash = u32(numBlocks);
	const depth = u16(numBlocks);
	const kernelClass = u8(numBlocks);
	const flags = u8(numBlocks);
	const sampleTs = f64(numSamples);
	const min = f64(numSamples);
	const max = f64(numSamples);
	const last = f64(numSamples);
	const tracks = [];
	for (let t = 0; t < numTracks; t++) {
		const trackId = directory[t * 4];
		const from = directory[t * 4 + 2];
		const to = from + directory[t * 4 + 3];
		if (directory[t * 4 + 1] === 1) tracks.push({
			trackId,
			columns: {
				kind: "counter",
				ts: sampleTs.subarray(from, to),
				min: min.subarray(from, to),
				max: max.subarray(from, to),
				last: last.subarray(from, to)
			}
		});
		else {
			const depths = depth.subarray(from, to);
			tracks.push({
				trackId,
				columns: {
					kind: "slice",
					ts: ts.subarray(from, to),
					dur: dur.subarray(from, to),
					slice: slice.subarray(from, to),
					count: count.subarray(from, to),
					name: name.subarray(from, to),
					nameHash: nameHash.subarray(from, to),
					depth: depths,
					class: kernelClass.subarray(from, to),
					flags: flags.subarray(from, to),
					depthFirst: indexDepths(depths)
				}
			});
		}
	}
	return tracks;
}
/** The first index of `[from, to)` whose block ends after `nanos`; blocks of one depth do not overlap. */
function firstEndingAfter(columns, from, to, nanos) {
	let low = from;
	let high = to;
	while (low < high) {
		const middle = low + high >>> 1;
		if (columns.ts[middle] + columns.dur[middle] <= nanos && columns.ts[middle] < nanos) low = middle + 1;
		else high = middle;
	}
	return low;
}
/** The last index of `ts` that is not after `nanos`, or -1. */
function lastNotAfter(ts, nanos) {
	let low = 0;
	let high = ts.length;
	while (low < high) {
		const middle = low + high >>> 1;
		if (ts[middle] <= nanos) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
// src/api/client.ts
var ApiError = class extends Error {
	status;
	hint;
	place;
	constructor(status, body) {
		super(body.message);
		this.status = status;
		this.hint = body.hint;
		this.place = body.place;
	}
};
var isAbort = (error) => error instanceof Error && error.name === "AbortError";
async function errorOf(response) {
	const text = await response.text();
	try {
		const body = JSON.parse(text);
		if (typeof body.error?.message === "string") return new ApiError(response.status, { ...body.error });
	} catch {}
	return new ApiError(response.status, {
		message: `the server answered ${response.status}`,
		hint: text || null,
		place: null
	});
}
var Client = class {
	base;
	constructor(base = "api/v1/") {
		this.base = base;
	}
	async send(label, path, init) {
		let response;
		try {
			response = await fetch(this.base + path, init);
		} catch (error) {
			if (isAbort(error)) throw error;
			throw new ApiError(0, {
				message: `the server does not answer (${label})`,
				hint: "it may have been stopped: start `kinetoscope open` again and reload",
				place: null
			});
		}
		if (!response.ok) throw await errorOf(response);
		return response;
	}
	async json(path, body, signal, method) {
		const end = beginPending(path);
		try {
			const init = { method: method ?? (body === void 0 ? "GET" : "POST") };
			if (signal !== void 0) init.signal = signal;
			if (body !== void 0) {
				init.body = JSON.stringify(body);
				init.headers = { "content-type": "application/json" };
			}
			const text = await (await this.send(path, path, init)).text();
			return text === "" ? void 0 : JSON.parse(text);
		} finally {
			end();
		}
	}
	info = (signal) => this.json("info", void 0, signal);
	trace(id) {
		return new TraceClient(`traces/${encodeURIComponent(String(id))}`, this);
	}
	request(path, body, signal, method) {
		return this.json(path, body, signal, method);
	}
	async binary(path, body, signal) {
		const end = beginPending(path);
		try {
			return await (await this.send(path, path, {
				method: "POST",
				body: JSON.stringify(body),
				headers: { "content-type": "application/json" },
				signal
			})).arrayBuffer();
		} finally {
			end();
		}
	}
	async stream(path, body, signal, onChunk) {
		const end = beginPending(path);
		try {
			const reader = (await this.send(path, path, {
				method: "POST",
				body: JSON.stringify(body),
				headers: { "content-type": "application/json" },
				signal
			})).body.getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done) break;
				onChunk(value);
			}
		} finally {
			end();
		}
	}
};
var TraceClient = class {
	path;
	client;
	constructor(path, client) {
		this.path = path;
		this.client = client;
	}
	entry = (signal) => this.client.request(this.path, void 0, signal);
	open = () => this.client.request(`${this.path}/open`, {}, void 0, "POST");
	cancelOpening = () => this.client.request(`${this.path}/open`, void 0, void 0, "DELETE");
	overview = () => this.client.request(`${this.path}/overview`);
	tracks = () => this.client.request(`${this.path}/tracks`);
	async viewport(body, signal) {
		return decodeViewport(await this.client.binary(`${this.path}/viewport`, body, signal));
	}
	names = (ids) => this.client.request(`${this.path}/names`, { ids });
	slice = (id, signal) => this.client.request(`${this.path}/slices/${id}`, void 0, signal);
	sameName = (id, signal) => this.client.request(`${this.path}/slices/${id}/same-name`, void 0, signal);
	flows = (id, signal) => this.client.request(`${this.path}/slices/${id}/flows`, void 0, signal);
	neighbour = (id, direction) => this.client.request(`${this.path}/slices/${id}/neighbour?direction=${direction}`);
	search = (body, signal) => this.client.request(`${this.path}/search`, body, signal);
	area = (body, signal) => this.client.request(`${this.path}/area`, body, signal);
	areaFlows = (body, signal) => this.client.request(`${this.path}/area-flows`, body, signal);
	flamegraph = (body, signal) => this.client.request(`${this.path}/flamegraph`, body, signal);
	/** The file that shows this window without a server. */
	exportHtml = (body, signal) => this.client.binary(`${this.path}/export`, body, signal);
	schema = () => this.client.request(`${this.path}/schema`);
	summary = () => this.client.request(`${this.path}/summary`);
	warnings = () => this.client.request(`${this.path}/warnings`);
	/** Names of slices, by their ids. */
	async namesOfSlices(ids, signal) {
		const names = /* @__PURE__ */ new Map();
		if (ids.length === 0) return names;
		const answer = await this.query(`select id, name from slice where id in (${ids.join(",")})`, "search", signal);
		if (answer.error !== null) throw new ApiError(0, answer.error);
		for (const { length, columns } of answer.sets[0]?.batches ?? []) for (let i = 0; i < length; i++) names.set(Number(columns[0][i]), String(columns[1][i]));
		return names;
	}
	/** Runs SQL; `onProgress` is called as result sets and rows arrive. */
	async query(sql, session, signal, onProgress) {
		const result = emptyResult();
		const reader = new FrameReader();
		try {
			await this.client.stream(`${this.path}/query`, {
				sql,
				session
			}, signal, (bytes) => {
				reader.push(bytes, (kind, payload) => applyFrame(result, kind, payload));
				onProgress?.(result);
			});
			reader.finish();
			if (result.ms === null && result.error === null) throw new ApiError(0, {
				message: "the answer ended before the script did",
				hint: "the server may have been stopped; what is shown is what arrived",
				place: null
			});
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			result.error = {
				message: error.message,
				hint: error.hint,
				place: error.place
			};
		}
		return result;
	}
};
// src/api/embedded_answers.ts
function emptyColumns(none) {
	const times = /* @__PURE__ */ new Float64Array(0);
	const numbers = /* @__PURE__ */ new Uint32Array(0);
	const bytes = /* @__PURE__ */ new Uint8Array(0);
	return {
		kind: "slice",
		ts: times,
		dur: times,
		slice: numbers,
		count: numbers,
		name: numbers,
		nameHash: numbers,
		depth: none,
		class: bytes,
		flags: bytes,
		depthFirst: Uint32Array.of(0)
	};
}
/** The value of the rank nearest to the share `p`, of sorted values. */
var percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(p * (sorted.length - 1) + .5))] ?? 0;
var sum = (values) => values.reduce((total, value) => total + value, 0);
var ascending = (a, b) => a - b;
function within(slices, { start, end, tracks }) {
	const wanted = new Set(tracks);
	if (start >= end) return [];
	return slices.filter((each) => wanted.has(each.track) && each.ts < end && (each.end > start || each.ts >= start));
}
var clipped = (slice, { start, end }) => Math.max(0, Math.min(slice.end, end) - Math.max(slice.ts, start));
function sameName(slices, details) {
	const durs = slices.flatMap((each) => each.name === details.name && each.dur !== null ? [each.dur] : []);
	durs.sort(ascending);
	const { dur } = details;
	const [min, max] = [durs[0] ?? 0, durs[durs.length - 1] ?? 0];
	const numBuckets = max > min ? 40 : 1;
	const width = Math.max(1, Math.ceil((max - min + 1) / numBuckets));
	const buckets = [];
	for (let from = min; from <= max && durs.length > 0; from += width) buckets.push({
		from,
		to: from + width,
		count: durs.filter((each) => each >= from && each < from + width).length
	});
	const at = (p) => percentile(durs, p);
	return {
		name: details.name,
		count: durs.length,
		total: sum(durs),
		min,
		max,
		mean: durs.length > 0 ? sum(durs) / durs.length : 0,
		p50: at(.5),
		p75: at(.75),
		p90: at(.9),
		p95: at(.95),
		p99: at(.99),
		p999: at(.999),
		rank_of_this: dur === null ? durs.length : durs.filter((each) => each < dur).length,
		buckets
	};
}
function neighbour(slices, details, isNext) {
	const row = slices.filter((each) => each.track === details.track_id).sort((a, b) => a.ts - b.ts || a.id - b.id);
	return row[row.findIndex((each) => each.id === details.id) + (isNext ? 1 : -1)]?.id ?? null;
}
/** Whether a text has what is looked for: anywhere, without case; with `*` or `?`, as a whole. */
function matcher$1(text) {
	const wanted = text.toLowerCase();
	if (!/[*?]/.test(wanted)) return (candidate) => candidate.toLowerCase().includes(wanted);
	const escaped = wanted.replace(/[.+^${}()|[\]\\]/g, "\\$&");
	const pattern = new RegExp(`^${escaped.replace(/\*/g, "[^]*").replace(/\?/g, "[^]")}$`);
	return (candidate) => pattern.test(candidate.toLowerCase());
}
var NUM_TICKS = 1024;
function search$1(slices, request, bounds, argsOf) {
	const matches = matcher$1(request.text);
	const places = new Set(request.in);
	const inArgs = (args) => args.some((arg) => places.has("arg_key") && matches(arg.key) || places.has("arg_value") && arg.children.length === 0 && matches(String(arg.value)) || inArgs(arg.children));
	const looksIntoArgs = places.has("arg_key") || places.has("arg_value");
	const hits = slices.filter((each) => {
		if (request.text === "" || each.ts >= (request.end ?? Infinity) || each.end < (request.start ?? -Infinity)) return false;
		if (places.has("name") && matches(each.name)) return true;
		if (places.has("category") && each.category !== null && matches(each.category)) return true;
		return looksIntoArgs && inArgs(argsOf(each.id));
	});
	hits.sort((a, b) => a.ts - b.ts || a.id - b.id);
	const ticks = new Array(NUM_TICKS).fill(0);
	for (const { ts } of hits) {
		const share = (Math.max(ts, bounds.start) - bounds.start) / (bounds.end - bounds.start);
		ticks[Math.min(1023, Math.floor(share * NUM_TICKS))]++;
	}
	const listed = hits.slice(0, request.limit);
	return {
		total: hits.length,
		ids: listed.map((each) => each.id),
		ts: listed.map((each) => each.ts),
		dur: listed.map((each) => each.dur),
		tracks: listed.map((each) => each.track),
		ticks
	};
}
/** The time that any of the intervals covers. */
function unionOf(intervals) {
	let covered = 0;
	let until = -Infinity;
	for (const [start, end] of [...intervals].sort((a, b) => a[0] - b[0])) {
		covered += Math.max(0, end - Math.max(start, until));
		until = Math.max(until, end);
	}
	return covered;
}
var common = (values) => values.every((each) => each === values[0]) ? values[0] : null;
function area(slices, request, trackName) {
	const some = within(slices, request);
	const selfs = new Map(some.map((each) => [each.id, clipped(each, request)]));
	for (const each of some) {
		const own = each.parent === null ? void 0 : selfs.get(each.parent);
		if (own !== void 0) selfs.set(each.parent, own - clipped(each, request));
	}
	const labelOf = (each) => ({
		name: each.name,
		category: each.category ?? "no category",
		class: each.class,
		track: String(each.track)
	})[request.by];
	const groups = /* @__PURE__ */ new Map();
	for (const each of some) {
		const label = labelOf(each);
		const list = groups.get(label);
		if (list === void 0) groups.set(label, [each]);
		else list.push(each);
	}
	const timeOf = (list) => sum(list.map((each) => clipped(each, request)));
	const gpuTime = timeOf(some.filter((each) => each.device !== null));
	const window = request.end - request.start;
	const rows = [...groups].map(([label, list]) => {
		const durs = list.map((each) => clipped(each, request)).sort(ascending);
		const total = sum(durs);
		const gpu = list.filter((each) => each.device !== null);
		return {
			label: request.by === "track" ? trackName(Number(label)) : label,
			name: common(list.map((each) => each.name)),
			category: common(list.map((each) => each.category)),
			class: common(list.map((each) => each.class)),
			track_id: common(list.map((each) => each.track)),
			count: list.length,
			total,
			self: sum(list.map((each) => selfs.get(each.id))),
			mean: total / list.length,
			min: durs[0],
			max: durs[durs.length - 1],
			p50: percentile(durs, .5),
			p99: percentile(durs, .99),
			percent_of_window: 100 * total / window,
			percent_of_gpu_time: gpu.length === 0 ? null : gpuTime === 0 ? 0 : 100 * timeOf(gpu) / gpuTime
		};
	});
	rows.sort((a, b) => b.total - a.total || a.label.localeCompare(b.label));
	const devices = /* @__PURE__ */ new Map();
	for (const each of some) {
		if (each.device === null) continue;
		const known = devices.get(each.device.id) ?? {
			name: each.device.name,
			intervals: []
		};
		known.intervals.push([Math.max(each.ts, request.start), Math.min(each.end, request.end)]);
		devices.set(each.device.id, known);
	}
	const gpu = [...devices].map(([device, { name, intervals }]) => {
		const busy = unionOf(intervals);
		return {
			device,
			name,
			busy,
			idle: window - busy,
			percent_busy: 100 * busy / window
		};
	});
	return {
		start: request.start,
		end: request.end,
		rows,
		num_slices: some.length,
		total: timeOf(some),
		gpu
	};
}
function areaFlows(slices, request, arrowsOf) {
	const inside = new Set(within(slices, request).map((each) => each.id));
	const arrows = [...inside].flatMap((id) => arrowsOf(id).filter((arrow) => arrow.from.slice === id && inside.has(arrow.to.slice)));
	arrows.sort((a, b) => a.from.ts - b.from.ts || a.from.slice - b.from.slice || a.to.slice - b.to.slice);
	const groups = /* @__PURE__ */ new Map();
	for (const arrow of arrows) {
		const key = [
			arrow.kind,
			arrow.name,
			arrow.from.track_id,
			arrow.to.track_id
		].join("\n");
		const list = groups.get(key);
		if (list === void 0) groups.set(key, [arrow]);
		else list.push(arrow);
	}
	const delay = (arrow) => arrow.to.ts - arrow.from.ts;
	const told = [...groups.values()].map((list) => {
		const delays = list.map(delay).sort(ascending);
		const max = delays[delays.length - 1];
		const [first] = list;
		return {
			kind: first.kind,
			name: first.name,
			from_track: first.from.track_id,
			to_track: first.to.track_id,
			count: list.length,
			min: delays[0],
			mean: sum(delays) / delays.length,
			p50: percentile(delays, .5),
			p99: percentile(delays, .99),
			max,
			first,
			longest: list.find((arrow) => delay(arrow) === max) ?? first
		};
	});
	told.sort((a, b) => b.count - a.count || a.from_track - b.from_track || a.to_track - b.to_track);
	return {
		total: arrows.length,
		groups: told,
		arrows: arrows.slice(0, request.limit)
	};
}
function flamegraph(slices, request) {
	const some = within(slices, request);
	const byId = new Map(some.map((each) => [each.id, each]));
	const selfs = new Map(some.map((each) => [each.id, clipped(each, request)]));
	for (const each of some) {
		const own = each.parent === null ? void 0 : selfs.get(each.parent);
		if (own !== void 0) selfs.set(each.parent, own - clipped(each, request));
	}
	const nodes = {
		parent: [],
		name: [],
		total: [],
		self: [],
		count: []
	};
	const index = /* @__PURE__ */ new Map();
	const nodeOf = (parent, name) => {
		const key = `${parent}/${name}`;
		const known = index.get(key);
		if (known !== void 0) return known;
		nodes.parent.push(parent);
		nodes.name.push(name);
		nodes.total.push(0);
		nodes.self.push(0);
		nodes.count.push(0);
		index.set(key, nodes.parent.length - 1);
		return nodes.parent.length - 1;
	};
	/** The slice and those around it within the area, from the inside out. */
	const stackOf = (slice) => {
		const stack = [slice];
		for (let up = slice.parent; up !== null;) {
			const parent = byId.get(up);
			if (parent === void 0) break;
			stack.push(parent);
			up = parent.parent;
		}
		return stack;
	};
	for (const each of some) {
		const self = selfs.get(each.id);
		const stack = stackOf(each);
		if (request.direction === "top_down") {
			const node = stack.reduceRight((parent, { name }) => nodeOf(parent, name), -1);
			nodes.total[node] += clipped(each, request);
			nodes.self[node] += self;
			nodes.count[node]++;
			continue;
		}
		let parent = -1;
		for (const { name } of stack) {
			parent = nodeOf(parent, name);
			nodes.total[parent] += self;
			nodes.count[parent]++;
		}
		nodes.self[nodeOf(-1, each.name)] += self;
	}
	return {
		total: sum(nodes.total.filter((_, i) => nodes.parent[i] === -1)),
		nodes
	};
}
/** Puts a value of the pool together. */
function valueAt(data, place) {
	const found = data.pool[place];
	if (!Array.isArray(found)) return found;
	const parts = found.slice(1).map((part) => valueAt(data, part));
	if (found[0] === 0) return parts;
	return Object.fromEntries(data.shapes[found[0] - 1].map((key, i) => [key, parts[i]]));
}
/** One field of an object of the pool, without the rest of it. */
function fieldAt(data, place, key) {
	const found = data.pool[place];
	if (!Array.isArray(found) || found[0] === 0) return void 0;
	const at = data.shapes[found[0] - 1].indexOf(key);
	return at < 0 ? void 0 : valueAt(data, found[at + 1]);
}
function bytesOfBase64(text) {
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
	return bytes.buffer;
}
var NEEDS_THE_TRACE = {
	message: "this file holds a window of a trace, and not the trace itself",
	hint: "open the trace with `kinetoscope open` to ask for more",
	place: null
};
var EmbeddedClient = class extends Client {
	data;
	whole;
	names;
	places = /* @__PURE__ */ new Map();
	columns;
	known = null;
	constructor(data) {
		super();
		if (data.head.format !== 1) throw new Error(`a file of format ${data.head.format}, not 1`);
		this.data = data;
		this.whole = valueAt(data, data.head.answers);
		this.names = valueAt(data, data.head.names);
		for (const [slice, details, arrows] of data.head.slices) this.places.set(slice, {
			details,
			arrows
		});
		this.columns = decodeViewport(bytesOfBase64(data.head.viewport));
	}
	info = () => Promise.resolve(this.whole.info);
	trace(id) {
		return new EmbeddedTraceClient(`traces/${id}`, this);
	}
	async request(path, body, signal) {
		const end = beginPending(path);
		try {
			await Promise.resolve();
			signal?.throwIfAborted();
			return this.answer(path, body);
		} finally {
			end();
		}
	}
	binary() {
		return Promise.reject(new ApiError(404, NEEDS_THE_TRACE));
	}
	stream() {
		return Promise.reject(new ApiError(404, NEEDS_THE_TRACE));
	}
	/** The columns of tracks, whole: what is in a file is little enough to be drawn unfolded. */
	viewport(tracks) {
		const empty = /* @__PURE__ */ new Uint16Array(0);
		return tracks.map((trackId) => {
			return this.columns.find((each) => each.trackId === trackId) ?? {
				trackId,
				columns: emptyColumns(empty)
			};
		});
	}
	nameOf(slice) {
		const place = this.places.get(slice);
		return place === void 0 ? void 0 : fieldAt(this.data, place.details, "name");
	}
	detailsOf(slice) {
		const place = this.places.get(slice);
		if (place === void 0) throw new ApiError(404, {
			...NEEDS_THE_TRACE,
			message: `slice ${slice} is outside of this file's window`
		});
		return valueAt(this.data, place.details);
	}
	arrowsOf(slice) {
		const place = this.places.get(slice);
		return place === void 0 ? [] : valueAt(this.data, place.arrows).arrows;
	}
	/** What sums need of every slice, once it is needed. */
	slices() {
		if (this.known !== null) return this.known;
		const { end } = this.data.head;
		const overview = this.whole.overview;
		this.known = this.data.head.slices.map(([id, place]) => {
			const field = (key) => fieldAt(this.data, place, key);
			const dur = field("dur");
			const device = field("gpu") === null ? null : field("device");
			const ts = field("ts");
			return {
				id,
				name: field("name"),
				category: field("category"),
				ts,
				end: dur === null ? Math.max(end, overview.end) : ts + dur,
				dur,
				track: field("track_id"),
				parent: field("parent_id"),
				class: String(field("class") ?? "none"),
				device
			};
		});
		return this.known;
	}
	answer(path, body) {
		const [, , what, id, more] = path.split(/[/?]/);
		switch (what) {
			case void 0: return this.whole.info.traces[0];
			case "open": return;
			case "overview":
			case "tracks":
			case "summary":
			case "warnings": return this.whole[what];
			case "names": return { names: body.ids.map((name) => this.names[name] ?? "") };
			case "slices": {
				const slice = Number(id);
				if (more === void 0) return this.detailsOf(slice);
				if (more === "flows") return { arrows: this.arrowsOf(slice) };
				if (more === "same-name") return sameName(this.slices(), this.detailsOf(slice));
				if (more === "neighbour") return { slice: neighbour(this.slices(), this.detailsOf(slice), /next$/.test(path)) };
				break;
			}
			case "search": return search$1(this.slices(), body, this.data.head, (slice) => this.detailsOf(slice).args);
			case "area": return area(this.slices(), body, this.trackName);
			case "area-flows": return areaFlows(this.slices(), body, (slice) => this.arrowsOf(slice));
			case "flamegraph": return flamegraph(this.slices(), body);
		}
		throw new ApiError(404, NEEDS_THE_TRACE);
	}
	trackName = (track) => {
		const find = (nodes) => {
			for (const node of nodes) {
				const name = node.tracks.some((each) => each.id === track) ? node.name : find(node.children);
				if (name !== void 0) return name;
			}
		};
		return find(this.whole.tracks.nodes) ?? `track ${track}`;
	};
};
var EmbeddedTraceClient = class extends TraceClient {
	file;
	constructor(path, file) {
		super(path, file);
		this.file = file;
	}
	viewport(body) {
		return Promise.resolve(this.file.viewport(body.tracks));
	}
	namesOfSlices(ids) {
		return Promise.resolve(new Map(ids.map((id) => [id, this.file.nameOf(id) ?? `slice ${id}`])));
	}
};
/** The client of the data in this document; null when there is none, and a server has to be asked. */
function embeddedClient() {
	const text = document.querySelector("#kinetoscope-window")?.textContent;
	return text == null ? null : new EmbeddedClient(JSON.parse(text));
}
// src/logic/counter_mode.ts
var MODES = [
	"value",
	"delta",
	"rate"
];
var SCALES = [
	"zero",
	"fit",
	"log"
];
var PLAIN = {
	shows: "value",
	scale: "zero",
	height: 44
};
/** The heights that a button offers, one after another. */
var HEIGHTS = [
	44,
	88,
	176
];
/** The next higher of them; after the highest, the plain one. */
var nextHeight = (height) => HEIGHTS.find((each) => each > height) ?? 44;
var clampHeight = (height) => Math.round(Math.min(400, Math.max(22, height)));
var modeText = ({ shows, scale, height }) => `${shows}-${scale}${height === 44 ? "" : `-${height}`}`;
function modeOfText(text) {
	const [shows, scale, height] = text.split("-");
	if (!(MODES.includes(shows) && SCALES.includes(scale)) || height !== void 0 && !/^\d+$/.test(height)) return null;
	return {
		shows,
		scale,
		height: height === void 0 ? 44 : clampHeight(Number(height))
	};
}
function unitOf(unit, mode) {
	return mode.shows === "rate" ? `${unit ?? ""}/s` : unit;
}
/** The columns as the mode shows them. A change is drawn where it has happened; before the first value there is none. */
function shownColumns(columns, mode) {
	if (mode.shows === "value") return columns;
	const values = new Float64Array(columns.ts.length);
	for (let i = 0; i < values.length; i++) {
		const next = mode.shows === "rate" ? i + 1 : i;
		const before = next - 1;
		if (before < 0 || next >= values.length) continue;
		const change = columns.last[next] - columns.last[before];
		const seconds = (columns.ts[next] - columns.ts[before]) / 1e9;
		values[i] = mode.shows === "delta" ? change : seconds > 0 ? change / seconds : 0;
	}
	return {
		kind: "counter",
		ts: columns.ts,
		min: values,
		max: values,
		last: values
	};
}
/** The least and greatest value that is seen in a window; null when there is none. */
function seenRange(columns, window) {
	let low = Infinity;
	let high = -Infinity;
	for (let i = Math.max(0, lastNotAfter(columns.ts, window.start)); i < columns.ts.length; i++) {
		if (columns.ts[i] > window.end) break;
		low = Math.min(low, columns.min[i]);
		high = Math.max(high, columns.max[i]);
	}
	return low > high ? null : [low, high];
}
/** A logarithm that also has a place for zero and for what is below it. */
var symlog = (value) => Math.sign(value) * Math.log10(1 + Math.abs(value));
function scaleFor(range, mode) {
	let [low, high] = range ?? [0, 1];
	if (mode.scale !== "fit") [low, high] = [Math.min(0, low), Math.max(0, high)];
	if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
	const of = mode.scale === "log" ? symlog : (value) => value;
	const [bottom, top] = [of(low), of(high)];
	return {
		low,
		high,
		shareOf: (value) => (of(value) - bottom) / (top - bottom)
	};
}
// src/logic/url_state.ts
var emptyUrlState = () => ({
	trace: null,
	view: null,
	slice: null,
	area: null,
	pins: [],
	marks: [],
	folded: [],
	scroll: null,
	filter: "",
	sliceFilter: "",
	thin: null,
	workspaces: [],
	workspace: null,
	counters: [],
	recipes: [],
	sqlTabs: [],
	sqlTab: null,
	panel: null
});
function encodeUrlState(state) {
	const params = new URLSearchParams();
	if (state.trace !== null) params.set("t", state.trace);
	if (state.view !== null) params.set("v", `${Math.round(state.view.start)}-${Math.round(state.view.end)}`);
	if (state.slice !== null) params.set("s", String(state.slice));
	if (state.area !== null) {
		const { start, end, tracks } = state.area;
		params.set("a", `${Math.round(start)}-${Math.round(end)}${tracks === null ? "" : `-${tracks.join(".")}`}`);
	}
	for (const pin of state.pins) params.append("p", pin);
	for (const [key, folded] of state.folded) params.append("f", `${folded ? "-" : "+"}${key}`);
	for (const mark of state.marks) {
		const times = `${Math.round(mark.start)}-${mark.end === null ? "" : Math.round(mark.end)}`;
		params.append("m", `${times}-${mark.isTemporary ? "t" : "k"}-${mark.text}`);
	}
	if (state.scroll !== null && state.scroll > 0) params.set("y", String(Math.round(state.scroll)));
	if (state.filter !== "") params.set("q", state.filter);
	if (state.sliceFilter !== "") params.set("h", state.sliceFilter);
	if (state.thin !== null) params.set("z", state.thin.join("\n"));
	for (const { name, keys } of state.workspaces) params.append("w", [name, ...keys].join("\n"));
	if (state.workspace !== null) params.set("x", state.workspace);
	for (const [key, mode] of state.counters) params.append("c", `${modeText(mode)}\n${key}`);
	for (const recipe of state.recipes) params.append("d", JSON.stringify(recipe));
	for (const { title, sql } of state.sqlTabs) params.append("n", `${title}\n${sql}`);
	if (state.sqlTab !== null) params.set("k", String(state.sqlTab));
	if (state.panel !== null) params.set("o", state.panel);
	return params.toString();
}
/** The first line, and the rest. */
function cut(text) {
	const at = text.indexOf("\n");
	return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
function recipeOf(text) {
	try {
		const read = JSON.parse(text);
		const word = (value) => typeof value === "string" ? value : null;
		if (typeof read?.sql !== "string" || typeof read.ts !== "string") return null;
		return {
			before: Array.isArray(read.before) ? read.before.filter((each) => typeof each === "string") : [],
			sql: read.sql,
			set: typeof read.set === "number" && read.set >= 0 ? Math.floor(read.set) : 0,
			ts: read.ts,
			dur: word(read.dur),
			name: word(read.name),
			value: word(read.value),
			title: word(read.title) ?? ""
		};
	} catch {
		return null;
	}
}
function decodeUrlState(fragment) {
	const params = new URLSearchParams(fragment.replace(/^#/, ""));
	const state = emptyUrlState();
	state.trace = params.get("t");
	const view = /^(\d+)-(\d+)$/.exec(params.get("v") ?? "");
	if (view !== null && Number(view[2]) > Number(view[1])) state.view = {
		start: Number(view[1]),
		end: Number(view[2])
	};
	if (/^\d+$/.test(params.get("s") ?? "")) state.slice = Number(params.get("s"));
	const area = /^(\d+)-(\d+)(?:-([\d.]*))?$/.exec(params.get("a") ?? "");
	if (area !== null) {
		const tracks = area[3] === void 0 ? null : area[3].split(".").filter(Boolean).map(Number);
		state.area = {
			start: Number(area[1]),
			end: Number(area[2]),
			tracks
		};
	}
	state.pins = params.getAll("p");
	for (const text of params.getAll("f")) if (/^[+-]./.test(text)) state.folded.push([text.slice(1), text.startsWith("-")]);
	for (const text of params.getAll("m")) {
		const mark = /^(\d+)-(\d*)-([tk])-(.*)$/s.exec(text);
		if (mark === null) continue;
		const end = mark[2] === "" ? null : Number(mark[2]);
		state.marks.push({
			start: Number(mark[1]),
			end,
			text: mark[4],
			isTemporary: mark[3] === "t"
		});
	}
	if (/^\d+$/.test(params.get("y") ?? "")) state.scroll = Number(params.get("y"));
	state.filter = params.get("q") ?? "";
	state.sliceFilter = params.get("h") ?? "";
	state.thin = params.get("z")?.split("\n").filter(Boolean) ?? null;
	for (const text of params.getAll("w")) {
		const [name, ...keys] = text.split("\n");
		if (name !== void 0 && name !== "") state.workspaces.push({
			name,
			keys: keys.filter(Boolean)
		});
	}
	state.workspace = params.get("x");
	for (const text of params.getAll("c")) {
		const [first, key] = cut(text);
		const mode = modeOfText(first);
		if (mode !== null && key !== "") state.counters.push([key, mode]);
	}
	for (const text of params.getAll("d")) {
		const recipe = recipeOf(text);
		if (recipe !== null) state.recipes.push(recipe);
	}
	for (const text of params.getAll("n")) {
		const [title, sql] = cut(text);
		if (title !== "") state.sqlTabs.push({
			title,
			sql
		});
	}
	if (/^\d+$/.test(params.get("k") ?? "")) state.sqlTab = Number(params.get("k"));
	state.panel = params.get("o");
	return state;
}
var spanOf = (window) => window.end - window.start;
var cssFromTrace = (window, width, nanos) => (nanos - window.start) * width / (window.end - window.start);
var traceFromCss = (window, width, x) => window.start + x * (window.end - window.start) / Math.max(width, 1);
/** Keeps a window inside `bounds`, moving it before it shrinks it. */
function clampWindow(window, bounds) {
	const full = Math.max(spanOf(bounds), 10);
	const span = Math.min(Math.max(spanOf(window), 10), full);
	const middle = (window.start + window.end) / 2;
	const start = Math.min(Math.max(middle - span / 2, bounds.start), bounds.start + full - span);
	return {
		start,
		end: start + span
	};
}
/** Zooms by `factor` (above 1: in), keeping the time under `anchor` where it is on the screen. */
function zoomWindow(window, bounds, factor, anchor) {
	const full = Math.max(spanOf(bounds), 10);
	const span = Math.min(Math.max(spanOf(window) / factor, 10), full);
	const start = anchor - (anchor - window.start) / spanOf(window) * span;
	return clampWindow({
		start,
		end: start + span
	}, bounds);
}
function panWindow(window, bounds, nanos) {
	return clampWindow({
		start: window.start + nanos,
		end: window.end + nanos
	}, bounds);
}
function centerWindow(window, bounds, nanos) {
	const half = spanOf(window) / 2;
	return clampWindow({
		start: nanos - half,
		end: nanos + half
	}, bounds);
}
/** A window that shows `target` with a margin on both sides. */
function fitWindow(target, bounds, margin = .1) {
	const span = Math.max(spanOf(target), 1);
	return clampWindow({
		start: target.start - span * margin,
		end: target.end + span * margin
	}, bounds);
}
/** Distance between axis ticks: 1, 2 or 5 times a power of ten, at least `minPx` apart. */
function tickStep(window, width, minPx) {
	const raw = Math.max(spanOf(window) * minPx / Math.max(width, 1), 1);
	const power = 10 ** Math.floor(Math.log10(raw));
	for (const multiple of [
		1,
		2,
		5
	]) if (power * multiple >= raw) return power * multiple;
	return power * 10;
}
// src/logic/debug_track.ts
/** The lane of each row; rows are sorted by ts first. Zero-long rows take room, so that two do not coincide. */
function layLanes(rows) {
	const order = rows.map((_, i) => i).sort((a, b) => rows[a].ts - rows[b].ts || rows[b].dur - rows[a].dur);
	const ends = [];
	const lanes = new Array(rows.length).fill(0);
	for (const i of order) {
		const { ts, dur } = rows[i];
		let lane = ends.findIndex((end) => end <= ts);
		if (lane < 0) lane = ends.length;
		ends[lane] = ts + Math.max(dur, 1);
		lanes[i] = lane;
	}
	return {
		order,
		lanes,
		count: Math.max(1, ends.length)
	};
}
function hashOf$1(text) {
	let hash = 2166136261;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0;
	return hash;
}
/** Columns as a viewport would give them; `slice` holds the row's number in the result. */
function debugColumns(rows, nameId) {
	const { lanes } = layLanes(rows);
	const order = rows.map((_, i) => i).sort((a, b) => lanes[a] - lanes[b] || rows[a].ts - rows[b].ts);
	const depth = Uint16Array.from(order, (i) => lanes[i]);
	return {
		kind: "slice",
		ts: Float64Array.from(order, (i) => rows[i].ts),
		dur: Float64Array.from(order, (i) => rows[i].dur),
		slice: Uint32Array.from(order),
		count: new Uint32Array(order.length).fill(1),
		name: Uint32Array.from(order, (i) => nameId(rows[i].name)),
		nameHash: Uint32Array.from(order, (i) => hashOf$1(rows[i].name.replace(/\d+$/, ""))),
		depth,
		class: new Uint8Array(order.length),
		flags: Uint8Array.from(order, (i) => rows[i].dur === 0 ? 2 : 0),
		depthFirst: indexDepths(depth)
	};
}
/** The samples of a counter, by time. */
function debugCounter(rows) {
	const sorted = [...rows].sort((a, b) => a.ts - b.ts);
	const values = Float64Array.from(sorted, (row) => row.value);
	return {
		kind: "counter",
		ts: Float64Array.from(sorted, (row) => row.ts),
		min: values,
		max: values,
		last: values
	};
}
var TRACK_PADDING_PX = 4;
var HEADER_PX = {
	region: 26,
	rank: 28,
	process: 24,
	device: 24
};
/** What a person calls a row, from the outside in. */
var pathText = (path, node) => [...path, node].map((each) => each.name).join(" › ");
/** A term matches a name, a pid, a tid, a role or a rank; terms are apart by commas, any of them is enough. */
function matchesFilter(node, filter) {
	const terms = filter.toLowerCase().split(",").map((term) => term.trim()).filter((term) => term !== "");
	if (terms.length === 0) return true;
	const text = [
		node.name,
		node.role ?? "",
		node.pid === null ? "" : `pid ${node.pid}`,
		node.tid === null ? "" : `tid ${node.tid}`,
		node.rank === null ? "" : `rank ${node.rank}`
	].join("\n").toLowerCase();
	return terms.some((term) => text.includes(term));
}
function allTracks(node, into = []) {
	into.push(...node.tracks);
	for (const child of node.children) allTracks(child, into);
	return into;
}
/** The first slice track of every node beneath. */
function summaryTracks(node, into = []) {
	const first = node.tracks.find((track) => track.kind === "slice");
	if (first !== void 0) into.push(first);
	for (const child of node.children) summaryTracks(child, into);
	return into;
}
function placeTracks(node, isCompact, counterPx) {
	const tracks = [];
	let y = TRACK_PADDING_PX / 2;
	for (const track of node.tracks) {
		const depthPx = isCompact ? 4 : 18;
		const height = track.kind === "counter" ? counterPx - TRACK_PADDING_PX : Math.max(1, track.num_rows) * depthPx;
		tracks.push({
			track,
			y,
			depthPx,
			height
		});
		y += height;
	}
	return {
		tracks,
		height: y + TRACK_PADDING_PX / 2
	};
}
function makeRow(node, path, y, collapsed, compact, counterPx) {
	const isGroup = node.children.length > 0;
	const { tracks, height } = placeTracks(node, compact, counterPx);
	const header = HEADER_PX[node.kind] ?? 22;
	return {
		node,
		path,
		level: path.length,
		y,
		height: node.tracks.length === 0 ? header : Math.max(22, height),
		isGroup,
		isCollapsed: isGroup && collapsed,
		isCompact: compact,
		isApart: false,
		tracks,
		summary: isGroup && collapsed ? node.children.flatMap((child) => summaryTracks(child)) : []
	};
}
function layoutRows(input) {
	const rows = [];
	const byKey = /* @__PURE__ */ new Map();
	const filtering = input.filter.trim() !== "";
	const counterPx = (node) => input.counterModes?.get(node.key)?.height ?? 44;
	let y = 0;
	const hasMatch = (node) => matchesFilter(node, input.filter) || node.children.some((child) => hasMatch(child));
	const index = (node, path) => {
		byKey.set(node.key, {
			node,
			path
		});
		const below = [...path, node];
		for (const child of node.children) index(child, below);
	};
	if (input.pins.length > 0) for (const node of input.nodes) index(node, []);
	const visit = (node, path, isShown, aboveMatches) => {
		const matches = aboveMatches || filtering && matchesFilter(node, input.filter);
		const shown = isShown && (!filtering || matches || hasMatch(node));
		const folded = input.collapsed.get(node.key) ?? node.collapsed;
		const isCollapsed = filtering ? input.collapsed.get(node.key) ?? false : folded;
		if (shown) {
			const row = makeRow(node, path, y, isCollapsed, input.compact.has(node.key), counterPx(node));
			rows.push(row);
			y += row.height;
		}
		const below = [...path, node];
		for (const child of node.children) visit(child, below, shown && !isCollapsed, matches);
	};
	const roots = input.roots ?? null;
	if (roots === null) for (const node of input.nodes) visit(node, [], true, false);
	for (const { node, path } of roots ?? []) {
		const own = rows.length;
		visit(node, [], true, false);
		const row = rows[own];
		if (row?.node === node) rows[own] = {
			...row,
			isApart: path.length > 0,
			path
		};
	}
	const pin = (areThin) => {
		const pinned = [];
		let pinnedHeight = 0;
		for (const key of input.pins) {
			const found = byKey.get(key);
			if (found === void 0) continue;
			const isThin = areThin || input.compact.has(key);
			const counter = areThin ? Math.min(44, counterPx(found.node)) : counterPx(found.node);
			const row = makeRow(found.node, found.path, pinnedHeight, true, isThin, counter);
			pinned.push({
				...row,
				isApart: found.path.length > 0
			});
			pinnedHeight += row.height;
		}
		return {
			pinned,
			pinnedHeight
		};
	};
	const full = pin(false);
	const isTooHigh = full.pinnedHeight > (input.maxPinnedHeight ?? Infinity);
	return {
		rows,
		height: y,
		...isTooHigh ? pin(true) : full
	};
}
/** The index of the row at `y`, by bisection; -1 above the first, the last row below the end. */
function rowIndexAt(rows, y) {
	let low = 0;
	let high = rows.length;
	while (low < high) {
		const middle = low + high >>> 1;
		if (rows[middle].y <= y) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
/** The groups whose headers have scrolled out above `top` while their rows still show, outermost first. */
function stickyHeaders(rows, top) {
	const headers = [];
	let covered = 0;
	for (;;) {
		const row = rows[rowIndexAt(rows, top + covered)];
		if (row === void 0) return headers;
		const level = headers.length;
		const owner = row.level > level ? row.path[level] : void 0;
		const header = owner === void 0 ? void 0 : rows.find((each) => each.node === owner);
		if (header === void 0 || header.y >= top + covered) return headers;
		headers.push(header);
		covered += header.height;
	}
}
// src/logic/snapping.ts
/** The start or end of a block of `depth` that is nearest to `nanos`, within `reach`; else `nanos`. */
function snapToEdge(columns, depth, nanos, reach) {
	let best = nanos;
	let distance = reach;
	const from = columns.depthFirst[depth];
	const to = columns.depthFirst[depth + 1];
	if (from === void 0 || to === void 0) return nanos;
	let low = from;
	let high = to;
	while (low < high) {
		const middle = low + high >>> 1;
		if (columns.ts[middle] < nanos) low = middle + 1;
		else high = middle;
	}
	for (let i = Math.max(from, low - 2); i < Math.min(to, low + 2); i++) for (const edge of [columns.ts[i], columns.ts[i] + columns.dur[i]]) if (Math.abs(edge - nanos) < distance) {
		distance = Math.abs(edge - nanos);
		best = edge;
	}
	return best;
}
// src/render/palette.ts
/** A colour as a pixel of an image has it: red in the lowest byte, and how opaque it is in the highest. */
function bitsOf(hex) {
	const [red, green, blue] = rgbOf(hex);
	return ((hex.length > 7 ? parseInt(hex.slice(7), 16) : 255) << 24 | blue << 16 | green << 8 | red) >>> 0;
}
var withAlpha = (bits, alpha) => (bits & 16777215 | Math.round(alpha * 255) << 24) >>> 0;
/** Red, green and blue of `#rrggbb` or `#rrggbbaa`, from 0 to 255. */
function rgbOf(hex) {
	const value = parseInt(hex.slice(1, 7), 16);
	return [
		value >> 16,
		value >> 8 & 255,
		value & 255
	];
}
function hexOf(rgb) {
	return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}
/** A hue in degrees, saturation and lightness in percent, as `#rrggbb`. */
function hexOfHsl(hue, saturation, lightness) {
	const light = lightness / 100;
	const chroma = saturation / 100 * Math.min(light, 1 - light);
	const part = (n) => {
		const k = (n + hue / 30) % 12;
		return 255 * (light - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
	};
	return hexOf([
		part(0),
		part(8),
		part(4)
	]);
}
function withBits(theme) {
	return {
		...theme,
		classBits: theme.classes.map(bitsOf),
		nameBits: theme.names.map(bitsOf)
	};
}
var HUES = [
	210,
	28,
	145,
	268,
	52,
	190,
	340,
	95,
	232,
	12,
	168,
	300,
	40,
	118,
	250,
	78,
	320,
	180
];
var LIGHT = withBits({
	background: "#ffffff",
	rowLine: "#eceef1",
	regionBackground: "#e4e9f0",
	groupBackground: "#f3f5f8",
	grid: "#eef0f3",
	text: "#1d2530",
	faintText: "#5b6572",
	onBlock: "#161c24",
	onMerged: "#161c24",
	selection: "#111827",
	selectionFill: "rgba(38, 110, 220, 0.13)",
	hover: "rgba(20, 30, 50, 0.55)",
	arrowOut: "#c2410c",
	arrowIn: "#0f766e",
	mark: "#b45309",
	counterFill: "#4078c840",
	counterLine: "#3f74bd",
	hit: "#d97706",
	classes: [
		"#b9c2cd",
		"#7fb0f0",
		"#f5a860",
		"#6cc7b3",
		"#b897ec",
		"#ef8585",
		"#e6c84f",
		"#cbb196",
		"#aab4c0",
		"#c3dba6"
	],
	names: HUES.map((hue, i) => hexOfHsl(hue, i % 2 === 0 ? 46 : 38, i % 3 === 0 ? 80 : 84))
});
var DARK = withBits({
	background: "#14181e",
	rowLine: "#20262e",
	regionBackground: "#262e39",
	groupBackground: "#1b2129",
	grid: "#1e242c",
	text: "#dce3ea",
	faintText: "#8b96a3",
	onBlock: "#0b0e12",
	onMerged: "#ffffff",
	selection: "#ffffff",
	selectionFill: "rgba(96, 160, 255, 0.17)",
	hover: "rgba(255, 255, 255, 0.7)",
	arrowOut: "#fb923c",
	arrowIn: "#2dd4bf",
	mark: "#fbbf24",
	counterFill: "#64a0f047",
	counterLine: "#6ea5ec",
	hit: "#fbbf24",
	classes: [
		"#66717e",
		"#6a9fe6",
		"#e5954d",
		"#57b39f",
		"#a483dd",
		"#de7070",
		"#d2b440",
		"#b39a80",
		"#8a96a4",
		"#97b574"
	],
	names: HUES.map((hue, i) => hexOfHsl(hue, i % 2 === 0 ? 30 : 25, i % 3 === 0 ? 58 : 63))
});
var CLASS_NAMES = [
	"none",
	"GEMM",
	"attention",
	"softmax / norm",
	"MoE",
	"communication",
	"copy",
	"memset",
	"other kernel",
	"annotation"
];
var isWorkClass = (kernelClass) => kernelClass > 0 && kernelClass < 9;
function blockColor(theme, kernelClass, nameHash) {
	if (isWorkClass(kernelClass)) return theme.classes[kernelClass];
	return theme.names[nameHash % theme.names.length];
}
/** The same as bits of a pixel. */
function blockBits(theme, kernelClass, nameHash) {
	if (isWorkClass(kernelClass)) return theme.classBits[kernelClass];
	return theme.nameBits[nameHash % theme.nameBits.length];
}
// src/render/renderer.ts
/** The image that bands of a canvas are written into, below each other; it grows with them and serves every frame. */
var BandSheet = class {
	canvas = document.createElement("canvas");
	context = this.canvas.getContext("2d", { willReadFrequently: true });
	image = new ImageData(1, 1);
	pixels = new Uint32Array(this.image.data.buffer);
	lines = 0;
	places = [];
	/** Forgets bands that were not painted. */
	clear() {
		this.places = [];
		this.lines = 0;
	}
	/** One line is enough for what is the same over the whole height. */
	band(y, width, height, lines, density) {
		const across = Math.max(1, Math.round(width * density));
		const first = this.lines;
		this.places.push({
			y,
			height,
			first,
			lines
		});
		this.lines += lines;
		this.grow(across);
		this.pixels.fill(0, first * across, this.lines * across);
		const fill = (left, right, top, bottom, bits) => {
			const from = Math.max(0, left);
			const to = Math.min(across, right);
			for (let line = Math.max(0, top); line < Math.min(lines, bottom); line++) {
				const start = (first + line) * across;
				for (let x = from; x < to; x++) this.pixels[start + x] = bits;
			}
		};
		return {
			density,
			lines,
			fill
		};
	}
	grow(across) {
		if (this.image.width === across && this.image.height >= this.lines) return;
		const image = new ImageData(across, 2 ** Math.ceil(Math.log2(Math.max(64, this.lines))));
		const pixels = new Uint32Array(image.data.buffer);
		if (this.image.width === across) pixels.set(this.pixels);
		[this.image, this.pixels] = [image, pixels];
		this.canvas.width = image.width;
		this.canvas.height = image.height;
	}
	paint(onto, density) {
		if (this.places.length === 0) return;
		const { width } = this.image;
		this.context.putImageData(this.image, 0, 0, 0, 0, width, this.lines);
		onto.imageSmoothingEnabled = false;
		for (const { y, height, first, lines } of this.places) onto.drawImage(this.canvas, 0, first, width, lines, 0, y, width / density, height);
		this.clear();
	}
};
var CANVAS_FONT = "11px \"Inter\", system-ui, -apple-system, \"Segoe UI\", \"DejaVu Sans\", sans-serif";
var CanvasRenderer = class {
	context;
	widths = /* @__PURE__ */ new Map();
	canvas;
	sheet = new BandSheet();
	density = 1;
	/** What the canvas fills with: reading a colour costs more than many a rectangle. */
	fill = "";
	constructor(canvas) {
		this.canvas = canvas;
		this.context = canvas.getContext("2d");
	}
	/** Starts a frame of the given size in CSS pixels; the backing store follows the screen's density. */
	begin(width, height, background) {
		const density = window.devicePixelRatio || 1;
		const deviceWidth = Math.max(1, Math.round(width * density));
		const deviceHeight = Math.max(1, Math.round(height * density));
		if (this.canvas.width !== deviceWidth || this.canvas.height !== deviceHeight) {
			this.canvas.width = deviceWidth;
			this.canvas.height = deviceHeight;
		}
		this.density = density;
		this.sheet.clear();
		const c = this.context;
		c.setTransform(density, 0, 0, density, 0, 0);
		c.globalAlpha = 1;
		this.fill = "";
		this.fillWith(background);
		c.fillRect(0, 0, width, height);
		c.font = CANVAS_FONT;
		c.textRendering = "optimizeSpeed";
		c.textBaseline = "middle";
		c.textAlign = "left";
	}
	fillWith(color) {
		if (color === this.fill) return;
		this.fill = color;
		this.context.fillStyle = color;
	}
	fillRect(x, y, width, height, color) {
		this.fillWith(color);
		this.context.fillRect(x, y, width, height);
	}
	strokeRect(x, y, width, height, color, lineWidth) {
		this.context.strokeStyle = color;
		this.context.lineWidth = lineWidth;
		this.context.strokeRect(x, y, width, height);
	}
	text(x, y, text, color, align = "left") {
		this.fillWith(color);
		this.context.textAlign = align;
		this.context.fillText(text, x, y);
	}
	path(points) {
		this.context.beginPath();
		points.forEach(([x, y], i) => i === 0 ? this.context.moveTo(x, y) : this.context.lineTo(x, y));
	}
	line(points, color, lineWidth) {
		this.path(points);
		this.context.strokeStyle = color;
		this.context.lineWidth = lineWidth;
		this.context.stroke();
	}
	polygon(points, color) {
		this.path(points);
		this.context.closePath();
		this.fillWith(color);
		this.context.fill();
	}
	curve(x1, y1, x2, y2, color, lineWidth) {
		const bend = Math.max(24, Math.min(120, Math.abs(x2 - x1) / 2));
		const c = this.context;
		c.beginPath();
		c.moveTo(x1, y1);
		c.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
		c.strokeStyle = color;
		c.lineWidth = lineWidth;
		c.stroke();
	}
	clipped(x, y, width, height, body) {
		this.context.save();
		this.context.beginPath();
		this.context.rect(x, y, width, height);
		this.context.clip();
		body();
		this.context.restore();
		this.fill = "";
	}
	alpha(value, body) {
		const before = this.context.globalAlpha;
		this.context.globalAlpha = before * value;
		body();
		this.context.globalAlpha = before;
	}
	band(y, width, height, kind) {
		const lines = kind === "flat" ? 1 : Math.max(1, Math.round(height * this.density));
		return this.sheet.band(y, width, height, lines, this.density);
	}
	paintBands() {
		this.sheet.paint(this.context, this.density);
	}
	measure(text) {
		let width = this.widths.get(text);
		if (width === void 0) {
			if (this.widths.size > 2e4) this.widths.clear();
			width = this.context.measureText(text).width;
			this.widths.set(text, width);
		}
		return width;
	}
};
// src/logic/row_names.ts
/** The number of a process or thread, when its row shows it apart from the name. */
function numberOf(node) {
	if (node.kind === "process") return node.pid;
	return node.kind === "thread" ? node.tid : null;
}
/** The name without its number: `worker 12` and `thread 12 (worker)` become `worker`; `thread 12` stays. */
function shownName(node) {
	const number = numberOf(node);
	if (number === null) return node.name;
	const inBrackets = /^thread (-?\d+) \((.+)\)$/.exec(node.name);
	if (inBrackets !== null && Number(inBrackets[1]) === number) return inBrackets[2];
	const own = ` ${number}`;
	const stem = node.name.slice(0, -own.length);
	return node.name.endsWith(own) && stem !== "thread" && stem !== "process" ? stem : node.name;
}
/** What stands beside the name: a role that the rows above do not tell already, and the number. */
function chipsOf(node, path) {
	const chips = [];
	const isTold = path.some((above) => above.role === node.role);
	if (node.role !== null && node.kind !== "stream" && !isTold) chips.push(node.role.replace(/_/g, " "));
	const number = numberOf(node);
	const name = shownName(node);
	if (number !== null && !name.endsWith(` ${number}`)) chips.push(node.kind === "process" ? `pid ${number}` : String(number));
	return chips;
}
/** A name with its number, for where nothing stands beside it. */
function nameWithNumber(node) {
	const number = numberOf(node);
	const name = shownName(node);
	if (number === null || name.endsWith(` ${number}`)) return name;
	return node.kind === "process" ? `${name} pid ${number}` : `${name} ${number}`;
}
/** A track in a table: its row, its lane where that has several, and what the row stands in. */
function trackTitle(place) {
	const above = place.path[place.path.length - 1];
	const rank = place.path.find((each) => each.kind === "rank");
	const lane = place.node.tracks.indexOf(place.track);
	return [nameWithNumber(place.node) + (lane > 0 ? ` lane ${lane + 1}` : ""), ...[above, rank === above ? void 0 : rank].filter((each) => each !== void 0).map(nameWithNumber)].join(", ");
}
// src/logic/workspaces.ts
/** Every node of the tree with what is above it, by key. */
function indexNodes(nodes) {
	const found = /* @__PURE__ */ new Map();
	const visit = (node, path) => {
		found.set(node.key, {
			node,
			path
		});
		const below = [...path, node];
		for (const child of node.children) visit(child, below);
	};
	for (const node of nodes) visit(node, []);
	return found;
}
/** The list with more rows at its end; what is in it already, or below a row of it, is not added again. */
function withRows(workspace, keys, index) {
	const result = [...workspace.keys];
	for (const key of keys) {
		const path = index.get(key)?.path ?? [];
		if (!result.includes(key) && !path.some((above) => result.includes(above.key))) result.push(key);
	}
	return {
		...workspace,
		keys: result
	};
}
var withoutRow = (workspace, key) => ({
	...workspace,
	keys: workspace.keys.filter((each) => each !== key)
});
/** The list with a row one place further up (-1) or down (1). */
function withRowMoved(workspace, key, by) {
	const from = workspace.keys.indexOf(key);
	const to = from + by;
	if (from < 0 || to < 0 || to >= workspace.keys.length) return workspace;
	const keys = [...workspace.keys];
	keys.splice(from, 1);
	keys.splice(to, 0, key);
	return {
		...workspace,
		keys
	};
}
/** The outermost rows that a filter finds. */
function filteredKeys(nodes, filter) {
	if (filter.trim() === "") return [];
	return nodes.flatMap((node) => matchesFilter(node, filter) ? [node.key] : filteredKeys(node.children, filter));
}
/** The rows that draw any of these tracks, in the order of the tree. */
function keysOfTracks(nodes, tracks) {
	return nodes.flatMap((node) => [...node.tracks.some((track) => tracks.has(track.id)) ? [node.key] : [], ...keysOfTracks(node.children, tracks)]);
}
/** A name that none of the workspaces has: the wanted one, or with a number behind it. */
function freeName(workspaces, wanted) {
	const taken = new Set(workspaces.map((each) => each.name));
	const base = wanted.trim() === "" ? "Workspace" : wanted.trim();
	if (!taken.has(base)) return base;
	let number = 2;
	while (taken.has(`${base} ${number}`)) number++;
	return `${base} ${number}`;
}
/** What a link brings replaces what the browser keeps under the same name; the rest stays. */
function merged(kept, linked) {
	const names = new Set(linked.map((each) => each.name));
	return [...kept.filter((each) => !names.has(each.name)), ...linked];
}
// src/state/store.ts
var store_exports = /* @__PURE__ */ __exportAll({
	ALL_PLACES: () => ALL_PLACES,
	DRAWER_TABS: () => DRAWER_TABS,
	USUAL_DRAWER_PX: () => 300,
	USUAL_SHELL_PX: () => 290,
	addMark: () => addMark,
	areaArrows: () => areaArrows,
	areaBefore: () => areaBefore,
	areaTracks: () => areaTracks,
	arrows: () => arrows,
	bounds: () => bounds,
	changeSettings: () => changeSettings,
	changeWorkspace: () => changeWorkspace,
	client: () => client,
	collapsed: () => collapsed,
	compact: () => compact,
	counterModes: () => counterModes,
	debugTracks: () => debugTracks,
	dialog: () => dialog,
	drawer: () => drawer,
	focusedArrow: () => focusedArrow,
	followSelection: () => followSelection,
	info: () => info,
	isDark: () => isDark,
	isFile: () => isFile,
	isPageOld: () => isPageOld,
	keptWorkspaces: () => keptWorkspaces,
	layout: () => layout,
	marks: () => marks,
	modeOf: () => modeOf,
	mouse: () => mouse,
	nodeIndex: () => nodeIndex,
	nodes: () => nodes,
	notices: () => notices,
	notify: () => notify,
	openDrawer: () => openDrawer,
	opening: () => opening,
	pendingRecipes: () => pendingRecipes,
	pins: () => pins,
	removeMark: () => removeMark$1,
	reportError: () => reportError,
	scrollTop: () => scrollTop,
	search: () => search,
	select: () => select,
	selection: () => selection,
	setCollapsed: () => setCollapsed,
	setMode: () => setMode,
	setScroll: () => setScroll,
	setView: () => setView,
	setWorkspaces: () => setWorkspaces,
	settings: () => settings,
	sliceDetails: () => sliceDetails,
	sliceFilter: () => sliceFilter,
	sqlTimeOf: () => sqlTimeOf,
	store: () => store,
	stored: () => stored,
	toggleCompact: () => toggleCompact,
	togglePin: () => togglePin,
	trace: () => trace,
	traceTimeOfSql: () => traceTimeOfSql,
	trackFilter: () => trackFilter,
	trackName: () => trackName,
	trackPlaces: () => trackPlaces,
	view: () => view,
	viewport: () => viewport,
	workspace: () => workspace,
	workspaceName: () => workspaceName,
	workspaces: () => workspaces
});
var DRAWER_TABS = [
	"selection",
	"summary",
	"search",
	"sql",
	"warnings",
	"info",
	"marks"
];
var client = y(null);
var info = y(null);
var trace = y(null);
/** The trace that is being opened, with its progress. */
var opening = y(null);
var view = y({
	start: 0,
	end: 1
});
var scrollTop = y(0);
var viewport = y({
	width: 800,
	height: 400
});
var selection = y({ kind: "none" });
var sliceDetails = y(null);
var arrows = y([]);
/** Which of several arrows out of (and into) the selected slice the keys follow. */
var focusedArrow = y({
	outgoing: 0,
	incoming: 0
});
var marks = y([]);
var pins = y([]);
var collapsed = y(/* @__PURE__ */ new Map());
/** Rows that are thin, whoever made them so. */
var compact = y(/* @__PURE__ */ new Set());
var trackFilter = y("");
var sliceFilter = y("");
var debugTracks = y([]);
/** Tracks of a link whose queries have not answered yet; they are in the address all the same. */
var pendingRecipes = y([]);
var drawer = y({
	isOpen: false,
	tab: "selection",
	height: 300
});
var dialog = y("none");
var workspaces = y([]);
/** Name of the workspace that is shown; null for the whole tree. */
var workspaceName = y(null);
var counterModes = y(/* @__PURE__ */ new Map());
/** Flows of the selected area that are drawn. */
var areaArrows = y([]);
/** The area that a link in its panel led away from. */
var areaBefore = y(null);
/** True once the server serves another build of this page. */
var isPageOld = y(false);
var notices = y([]);
var mouse = y({
	x: 0,
	y: 0,
	isOver: false
});
var ALL_PLACES = [
	"name",
	"category",
	"arg_key",
	"arg_value"
];
var search = y({
	text: "",
	result: null,
	index: -1,
	places: ALL_PLACES,
	isRunning: false
});
/** Whether this page is an exported file, with all its answers inside. */
var isFile = O(() => info.value?.mode === "file");
var bounds = O(() => {
	const loaded = trace.value;
	if (loaded === null) return {
		start: 0,
		end: 1
	};
	const start = isFile.value ? loaded.overview.start : Math.min(0, loaded.overview.start);
	return {
		start,
		end: Math.max(loaded.overview.end, start + 10)
	};
});
var nodes = O(() => trace.value?.nodes ?? []);
var nodeIndex = O(() => indexNodes(nodes.value));
var workspace = O(() => workspaces.value.find((each) => each.name === workspaceName.value) ?? null);
var workspaceRoots = O(() => {
	if (workspace.value === null) return null;
	const found = workspace.value.keys.map((key) => nodeIndex.value.get(key)).filter((root) => root !== void 0);
	return [...debugTracks.value.map(({ node }) => ({
		node,
		path: []
	})), ...found];
});
var layout = O(() => layoutRows({
	roots: workspaceRoots.value,
	nodes: [...debugTracks.value.map((each) => each.node), ...nodes.value],
	collapsed: collapsed.value,
	compact: compact.value,
	counterModes: counterModes.value,
	pins: pins.value,
	maxPinnedHeight: viewport.value.height * .6,
	filter: trackFilter.value
}));
/** Trace time of a time as SQL gives it; null for what is no whole number. */
function traceTimeOfSql(value) {
	const offset = trace.value?.overview.sql_offset_ns ?? "0";
	if (typeof value === "bigint") return Number(value - BigInt(offset));
	if (typeof value !== "number" || !Number.isFinite(value)) return null;
	if (offset === "0") return value;
	return Number.isInteger(value) ? Number(BigInt(value) - BigInt(offset)) : value - Number(offset);
}
/** A trace time as SQL has it, written out. */
var sqlTimeOf = (nanos) => String(BigInt(Math.round(nanos)) + BigInt(trace.value?.overview.sql_offset_ns ?? "0"));
var trackPlaces = O(() => {
	const places = /* @__PURE__ */ new Map();
	const visit = (node, path) => {
		for (const track of node.tracks) places.set(track.id, {
			node,
			path,
			track
		});
		for (const child of node.children) visit(child, [...path, node]);
	};
	for (const node of nodes.value) visit(node, []);
	return places;
});
/** A track as tables call it. */
function trackName(id) {
	const place = trackPlaces.value.get(id);
	return place === void 0 ? `track ${id}` : trackTitle(place);
}
var SETTINGS_KEY = "kinetoscope.settings";
function storedSettings() {
	const defaults = {
		theme: "system",
		timeFormat: "auto",
		keys: {},
		shellWidth: 290
	};
	try {
		return {
			...defaults,
			...JSON.parse(localStorage.getItem(SETTINGS_KEY) ?? "{}")
		};
	} catch {
		return defaults;
	}
}
var settings = y(storedSettings());
function changeSettings(change) {
	settings.value = {
		...settings.value,
		...change
	};
	store(SETTINGS_KEY, settings.value);
}
function store(key, value) {
	try {
		localStorage.setItem(key, JSON.stringify(value));
	} catch {}
}
function stored(key, otherwise) {
	try {
		const text = localStorage.getItem(key);
		return text === null ? otherwise : JSON.parse(text);
	} catch {
		return otherwise;
	}
}
var prefersDark = typeof matchMedia === "undefined" ? null : matchMedia("(prefers-color-scheme: dark)");
var systemIsDark = y(prefersDark?.matches ?? false);
prefersDark?.addEventListener("change", (event) => systemIsDark.value = event.matches);
var isDark = O(() => settings.value.theme === "system" ? systemIsDark.value : settings.value.theme === "dark");
var nextNotice = 1;
function notify(text, hint = null, isError = false) {
	const notice = {
		id: nextNotice++,
		text,
		hint,
		isError
	};
	notices.value = [...notices.value.slice(-3), notice];
}
function reportError(error) {
	if (error instanceof Error && error.name === "AbortError") return;
	const hint = error.hint ?? null;
	notify(error instanceof Error ? error.message : String(error), hint, true);
}
function setView(window) {
	const next = clampWindow(window, bounds.value);
	if (next.start !== view.value.start || next.end !== view.value.end) view.value = next;
}
function setScroll(y) {
	const { height, pinnedHeight } = layout.value;
	const most = Math.max(0, height - (viewport.value.height - pinnedHeight) + 24);
	scrollTop.value = Math.min(Math.max(0, y), most);
}
function openDrawer(tab) {
	drawer.value = {
		...drawer.value,
		isOpen: true,
		tab: tab ?? drawer.value.tab
	};
}
/** Tabs whose links are followed one after another: they stay open while that is done. */
var TABS_OF_LINKS = [
	"sql",
	"search",
	"summary"
];
/** Selects; `by` tells a click in the timeline, which shows the details, from a link in a panel, which keeps the panel. */
function select(next, by = "timeline") {
	r(() => {
		const before = selection.value;
		if (by === "timeline" || next.kind === "none") areaBefore.value = null;
		else if (before.kind === "area") areaBefore.value = before;
		selection.value = next;
		focusedArrow.value = {
			outgoing: 0,
			incoming: 0
		};
		areaArrows.value = [];
		if (next.kind !== "slice") {
			sliceDetails.value = null;
			arrows.value = [];
		}
		if (next.kind === "none") return;
		const { isOpen, tab } = drawer.value;
		if (!isOpen || by === "timeline" || !TABS_OF_LINKS.includes(tab)) openDrawer("selection");
	});
}
function setCollapsed(keys, isCollapsed) {
	const next = new Map(collapsed.value);
	for (const key of keys) next.set(key, isCollapsed);
	collapsed.value = next;
}
function togglePin(key) {
	pins.value = pins.value.includes(key) ? pins.value.filter((each) => each !== key) : [...pins.value, key];
}
function toggleCompact(key) {
	const next = new Set(compact.value);
	if (!next.delete(key)) next.add(key);
	compact.value = next;
}
var WORKSPACES_KEY = "kinetoscope.workspaces";
/** Traces whose workspaces the browser keeps, the latest first. */
var MAX_KEPT_TRACES = 50;
function keptWorkspaces(traceId) {
	const kept = stored(WORKSPACES_KEY, []);
	const found = Array.isArray(kept) ? kept.find((each) => each.trace === traceId)?.workspaces : void 0;
	return Array.isArray(found) ? found : [];
}
/** Changes the workspaces of the trace, in the browser's storage too; one that is gone is shown no more. */
function setWorkspaces(next, shown = workspaceName.value) {
	r(() => {
		workspaces.value = next;
		workspaceName.value = next.some((each) => each.name === shown) ? shown : null;
	});
	const id = trace.value === null ? null : String(trace.value.entry.id);
	if (id === null) return;
	const kept = stored(WORKSPACES_KEY, []);
	const others = Array.isArray(kept) ? kept.filter((each) => each.trace !== id) : [];
	store(WORKSPACES_KEY, [{
		trace: id,
		workspaces: next
	}, ...others].slice(0, MAX_KEPT_TRACES));
}
function changeWorkspace(change) {
	const current = workspace.value;
	if (current === null) return;
	setWorkspaces(workspaces.value.map((each) => each === current ? change(each) : each));
}
var modeOf = (key) => counterModes.value.get(key) ?? PLAIN;
function setMode(key, mode) {
	counterModes.value = new Map(counterModes.value).set(key, mode);
}
var nextMark = 1;
function addMark(mark) {
	const id = nextMark++;
	marks.value = [...mark.isTemporary ? marks.value.filter((each) => !each.isTemporary) : marks.value, {
		...mark,
		id
	}];
	return id;
}
function removeMark$1(id) {
	marks.value = marks.value.filter((mark) => mark.id !== id);
	if (selection.value.kind === "mark" && selection.value.id === id) select({ kind: "none" });
}
/** Fetches details and arrows of the selected slice; an outdated fetch is aborted. */
function followSelection() {
	return x(() => {
		const selected = selection.value;
		const loaded = trace.value;
		if (selected.kind !== "slice" || loaded === null) return;
		const abort = new AbortController();
		const id = selected.id;
		loaded.client.slice(id, abort.signal).then((details) => {
			if (!abort.signal.aborted) sliceDetails.value = details;
		}, reportError);
		loaded.client.flows(id, abort.signal).then((answer) => {
			if (!abort.signal.aborted) arrows.value = answer.arrows;
		}, reportError);
		return () => abort.abort();
	});
}
/** The track ids of an area; null stands for all. */
function areaTracks(tracks) {
	return tracks === null ? [...trackPlaces.value.keys()] : [...tracks];
}
// src/base/format.ts
var UNITS = [
	{
		name: "s",
		nanos: 1e9,
		digits: 9
	},
	{
		name: "ms",
		nanos: 1e6,
		digits: 6
	},
	{
		name: "µs",
		nanos: 1e3,
		digits: 3
	},
	{
		name: "ns",
		nanos: 1,
		digits: 0
	}
];
var UNIT_OF_FORMAT = {
	seconds: 0,
	milliseconds: 1,
	microseconds: 2,
	nanoseconds: 3
};
/** Thin space between digit groups of long integers. */
var GROUP = " ";
function groupDigits(digits) {
	return digits.replace(/\B(?=(\d{3})+(?!\d))/g, GROUP);
}
/** A count, every digit, in groups of three. */
function formatCount(count) {
	return count < 0 ? `-${groupDigits(String(-count))}` : groupDigits(String(count));
}
/** A count with its noun, which takes an s for all numbers but one. */
var formatNumberOf = (count, noun) => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
/** All digits of an integer nanosecond value in one unit; trailing zeros of the fraction are left out. */
function exactInUnit(nanos, unitIndex) {
	const unit = UNITS[unitIndex];
	const sign = nanos < 0 ? "-" : "";
	const abs = Math.abs(nanos);
	const whole = Math.floor(abs / unit.nanos);
	const rest = abs - whole * unit.nanos;
	const fraction = unit.digits === 0 ? "" : String(rest).padStart(unit.digits, "0").replace(/0+$/, "");
	return `${sign}${groupDigits(String(whole))}${fraction === "" ? "" : `.${fraction}`} ${unit.name}`;
}
function unitFor(nanos, format) {
	if (format !== "auto") return UNIT_OF_FORMAT[format];
	const abs = Math.abs(nanos);
	const index = UNITS.findIndex((unit) => abs >= unit.nanos);
	return index < 0 ? 3 : index;
}
/** Exact to the nanosecond, in the largest unit that leaves a whole part (or in the one asked for). */
function formatNanos(nanos, format = "auto") {
	if (nanos === 0) return `0 ${format === "auto" ? "s" : UNITS[UNIT_OF_FORMAT[format]].name}`;
	const whole = Math.round(nanos);
	return exactInUnit(whole, unitFor(whole, format));
}
/** Three or four significant digits, for places where width matters more than the last digit. */
function formatNanosShort(nanos) {
	if (nanos === 0) return "0 s";
	const unit = UNITS[unitFor(nanos, "auto")];
	const value = nanos / unit.nanos;
	const abs = Math.abs(value);
	const digits = unit.nanos === 1 ? Number.isInteger(value) ? 0 : 1 : abs >= 100 ? 1 : abs >= 10 ? 2 : 3;
	return `${value.toFixed(digits)} ${unit.name}`;
}
/** The label of an axis tick: enough digits to tell it from its neighbours, `step` apart. */
function formatTick(nanos, step) {
	const unitIndex = unitFor(Math.max(Math.abs(step), 1), "auto");
	const unit = UNITS[nanos === 0 ? unitIndex : Math.min(unitIndex, unitFor(nanos, "auto"))];
	const stepInUnit = step / unit.nanos;
	const digits = stepInUnit >= 1 ? 0 : Math.min(9, Math.ceil(-Math.log10(stepInUnit) - 1e-9));
	const [whole, fraction] = (nanos / unit.nanos).toFixed(digits).split(".");
	return `${groupDigits(whole)}${fraction === void 0 ? "" : `.${fraction}`} ${unit.name}`;
}
var SIZES = [
	"B",
	"KiB",
	"MiB",
	"GiB",
	"TiB"
];
function formatBytes(bytes) {
	let value = bytes;
	let index = 0;
	while (Math.abs(value) >= 1024 && index < SIZES.length - 1) {
		value /= 1024;
		index++;
	}
	return index === 0 ? `${value} B` : `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${SIZES[index]}`;
}
function formatPercent(percent) {
	if (percent === 0) return "0 %";
	if (Math.abs(percent) < .01) return "< 0.01 %";
	return `${percent.toFixed(Math.abs(percent) >= 99.995 || Math.abs(percent) >= 10 ? 1 : 2)} %`;
}
/** A value of a counter: integers in full, others with six significant digits. */
function formatValue(value, unit) {
	const bytes = unit === null ? null : /^bytes?(\/s)?$/i.exec(unit);
	if (bytes !== null) return formatBytes(value) + (bytes[1] ?? "");
	const text = Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(6)));
	if (unit === null || unit === "") return text;
	return unit.startsWith("/") ? text + unit : `${text} ${unit}`;
}
/** Absolute wall time with nanoseconds, in UTC, from decimal Unix nanoseconds and an offset. */
function formatWallTime(unixStartNanos, offsetNanos) {
	const nanos = BigInt(unixStartNanos) + BigInt(Math.round(offsetNanos));
	const seconds = nanos / 1000000000n;
	const fraction = String(nanos % 1000000000n).padStart(9, "0");
	return `${(/* @__PURE__ */ new Date(Number(seconds) * 1e3)).toISOString().slice(0, 19).replace("T", " ")}.${fraction} UTC`;
}
/** Cuts the middle out of a long text, since both ends of a kernel's name tell kernels apart. */
function ellipsizeMiddle(text, maxChars) {
	if (text.length <= maxChars) return text;
	if (maxChars <= 1) return "…";
	const head = Math.ceil((maxChars - 1) * .6);
	return `${text.slice(0, head)}…${text.slice(text.length - (maxChars - 1 - head))}`;
}
// src/timeline/draw.ts
/** Below this width a block has no room for a letter and its ellipsis. */
var MIN_TEXT_PX = 22;
/** Up to this width a block has no gap to its neighbour. */
var THIN_PX = 3;
/** Up to this width a block is written into the band of its row, on whole pixels of the screen. */
var BAND_PX = 8;
var MERGED_ALPHA = .58;
var SUMMARY_ALPHA = .5;
var HIDDEN_ALPHA = .1;
/** The longest beginning that fits, with an ellipsis; empty when not even one letter does. */
function fitText(renderer, text, width) {
	if (renderer.measure(text) <= width) return text;
	let low = 0;
	let high = Math.min(text.length, Math.ceil(width / 2));
	while (low < high) {
		const middle = low + high + 1 >>> 1;
		if (renderer.measure(`${text.slice(0, middle)}…`) <= width) low = middle;
		else high = middle - 1;
	}
	return low === 0 ? "" : `${text.slice(0, low)}…`;
}
/** What a name that has no room says first: the return type of a kernel tells nothing. */
var shortened = (name) => name.replace(/^void /, "");
function drawBody(renderer, theme, columns, i, x, width, y, height) {
	const color = blockColor(theme, columns.class[i], columns.nameHash[i]);
	if ((columns.flags[i] & 2) !== 0 && columns.count[i] === 1) {
		const middle = y + height / 2;
		const points = [
			[x - 4, y],
			[x + 3, middle],
			[x - 4, y + height],
			[x - 1, middle]
		];
		renderer.polygon(points, color);
		return;
	}
	renderer.fillRect(x, y, width > THIN_PX ? width - .75 : width, height, color);
	if ((columns.flags[i] & 1) !== 0 && width > 12) {
		const right = x + width - .75;
		for (let at = 0; at < height; at += 4) renderer.polygon([
			[right, y + at],
			[right - 3, y + at + 2],
			[right, y + at + 4]
		], theme.background);
	}
}
function drawName(renderer, scene, columns, i, x, width, y, height) {
	if (width < MIN_TEXT_PX || height < 12) return;
	const left = Math.max(x, 0) + 4;
	const room = Math.min(x + width, scene.width) - left - 4;
	const name = room > 12 ? scene.nameOf(columns.name[i]) : void 0;
	if (name === void 0) return;
	const isMerged = columns.count[i] > 1;
	const whole = isMerged ? `${name} +${columns.count[i] - 1}` : name;
	const text = fitText(renderer, renderer.measure(whole) > room ? shortened(whole) : whole, room);
	const color = isMerged ? scene.theme.onMerged : scene.theme.onBlock;
	if (text !== "") renderer.text(left, y + height / 2 + .5, text, color);
}
/** Calls `draw`, with less than full opacity where that is wanted. */
function withOpacity(renderer, opacity, draw) {
	if (opacity < 1) renderer.alpha(opacity, draw);
	else draw();
}
function drawSlices(renderer, scene, columns, y0, depthPx, depths, alpha) {
	const { window, width } = scene;
	const pxPerNano = width / spanOf(window);
	const height = depthPx > 6 ? depthPx - 1 : Math.max(1, depthPx - .5);
	for (let depth = 0; depth < Math.min(depths, columns.depthFirst.length - 1); depth++) {
		const y = y0 + depth * depthPx;
		const to = columns.depthFirst[depth + 1];
		let drawnUpTo = -1;
		let band = null;
		for (let i = firstEndingAfter(columns, columns.depthFirst[depth], to, window.start); i < to; i++) {
			const exact = (columns.ts[i] - window.start) * pxPerNano;
			if (exact > width) break;
			const exactRight = exact + columns.dur[i] * pxPerNano;
			const x = exactRight - exact < 1 ? Math.floor(exact) : exact;
			const right = exactRight - exact < 1 ? x + 1 : exactRight;
			const slice = columns.slice[i];
			const isSpecial = slice === scene.selectedSlice || slice === scene.hoveredSlice;
			if (right <= drawnUpTo && !isSpecial) continue;
			const free = drawnUpTo;
			drawnUpTo = Math.max(drawnUpTo, right);
			const left = Math.max(x, -4);
			const shown = Math.min(right, width + 4) - left;
			const isHidden = scene.isNameShown !== null && !scene.isNameShown(scene.nameOf(columns.name[i]));
			const opacity = alpha * (columns.count[i] > 1 ? MERGED_ALPHA : 1) * (isHidden ? HIDDEN_ALPHA : 1);
			const isMarked = isSpecial || scene.hoveredHash !== null && columns.nameHash[i] === scene.hoveredHash;
			if (right - x <= BAND_PX && !isMarked && columns.flags[i] === 0) {
				band ??= renderer.band(y, width, height, "flat");
				const { density } = band;
				const from = Math.round(Math.max(x, free) * density);
				const until = Math.round(right * density);
				const gap = right - x > THIN_PX && until - from > 1 ? 1 : 0;
				const bits = blockBits(scene.theme, columns.class[i], columns.nameHash[i]);
				band.fill(from, Math.max(from + 1, until) - gap, 0, 1, withAlpha(bits, opacity));
				continue;
			}
			withOpacity(renderer, opacity, () => drawBody(renderer, scene.theme, columns, i, left, shown, y, height));
			withOpacity(renderer, isHidden ? HIDDEN_ALPHA : 1, () => drawName(renderer, scene, columns, i, left, shown, y, height));
			if (slice === scene.selectedSlice) renderer.strokeRect(left, y, shown - .5, height, scene.theme.selection, 2);
			else if (slice === scene.hoveredSlice) renderer.strokeRect(left + .5, y + .5, shown - 1, height - 1, scene.theme.hover, 1);
			else if (scene.hoveredHash !== null && columns.nameHash[i] === scene.hoveredHash && shown > 2) renderer.fillRect(left, y + height - 2, shown - .75, 2, scene.theme.hover);
		}
	}
}
/** How much the ground of a label hides of what is beneath it. */
var LABEL_ALPHA = .78;
/** Text that stays readable over whatever is beneath it. */
function label(renderer, theme, x, y, text, color) {
	const width = renderer.measure(text);
	renderer.alpha(LABEL_ALPHA, () => renderer.fillRect(x - 2, y - 7, width + 4, 14, theme.background));
	renderer.text(x, y, text, color);
}
/** A counter as steps, with the ends of its scale at the left and the value at the mouse. */
function drawCounter(renderer, scene, row, place, own, y0) {
	const { window, width, theme } = scene;
	const mode = scene.modeOf(row.node.key);
	const columns = shownColumns(own, mode);
	const unit = unitOf(place.track.unit, mode);
	const scale = scaleFor(seenRange(columns, window), mode);
	const height = place.height - 4;
	const yOf = (value) => y0 + 2 + height - scale.shareOf(value) * height;
	const base = yOf(Math.max(scale.low, Math.min(scale.high, 0)));
	const { ts } = columns;
	const xOf = (i) => Math.max(0, Math.round(cssFromTrace(window, width, ts[i])));
	const first = Math.max(0, lastNotAfter(ts, window.start));
	if (first >= ts.length || ts[first] > window.end) return;
	const [fillBits, lineBits] = [bitsOf(theme.counterFill), bitsOf(theme.counterLine)];
	let band = null;
	let held = null;
	for (let i = first; i < ts.length && ts[i] <= window.end;) {
		const x = xOf(i);
		let [low, high] = [held ?? columns.last[i], held ?? columns.last[i]];
		for (; i < ts.length && ts[i] <= window.end && xOf(i) === x; i++) {
			low = Math.min(low, columns.min[i]);
			high = Math.max(high, columns.max[i]);
			held = columns.last[i];
		}
		const right = i < ts.length ? Math.min(width, Math.round(cssFromTrace(window, width, ts[i]))) : width;
		const y = yOf(held);
		if (right - x <= THIN_PX) {
			band ??= renderer.band(y0, width, place.height, "fine");
			const { density } = band;
			const line = (at) => Math.round((at - y0) * density);
			const until = right * density;
			band.fill(x * density, until, line(Math.min(y, base)), line(Math.max(y, base)), fillBits);
			if (high === low || right - x > 1) band.fill(x * density, until, line(y - .5), line(y - .5) + Math.round(density), lineBits);
			if (high > low) band.fill(x * density, (x + 1) * density, line(yOf(high)), line(yOf(low)), lineBits);
			continue;
		}
		renderer.fillRect(x, Math.min(y, base), right - x, Math.abs(base - y), theme.counterFill);
		if (high > low) renderer.fillRect(x, yOf(high), 1, yOf(low) - yOf(high), theme.counterLine);
		renderer.fillRect(x, y - .5, right - x, 1, theme.counterLine);
	}
	if (band !== null) renderer.paintBands();
	label(renderer, theme, 6, y0 + 9, formatValue(scale.high, unit), theme.faintText);
	if (place.height >= 32) label(renderer, theme, 6, y0 + place.height - 8, formatValue(scale.low, unit), theme.faintText);
	if (scene.pointer === null || scene.pointer.trackId !== place.track.id) return;
	const at = lastNotAfter(columns.ts, scene.pointer.nanos);
	if (at < 0) return;
	const x = cssFromTrace(window, width, scene.pointer.nanos);
	const value = columns.last[at];
	renderer.fillRect(x - .5, y0, 1, place.height, theme.hover);
	renderer.fillRect(x - 2.5, yOf(value) - 2.5, 5, 5, theme.selection);
	const text = formatValue(value, unit);
	label(renderer, theme, x + 8 + renderer.measure(text) > width ? x - 8 - renderer.measure(text) : x + 8, y0 + place.height / 2, text, theme.text);
}
/** Draws rows at `y - scroll + offset`; rows outside of `[0, height)` of the region are left out. */
function drawRows(renderer, scene, rows, scroll, top, height) {
	const { theme, width } = scene;
	renderer.clipped(0, top, width, height, () => {
		for (const row of rows) {
			const y = top + row.y - scroll;
			if (y + row.height < top) continue;
			if (y > top + height) break;
			if (row.node.kind === "region" || row.node.kind === "rank") renderer.fillRect(0, y, width, row.height, theme.regionBackground);
			else if (row.isGroup && row.tracks.length === 0) renderer.fillRect(0, y, width, row.height, theme.groupBackground);
			renderer.fillRect(0, y + row.height - 1, width, 1, theme.rowLine);
			for (const track of row.summary) {
				const columns = scene.columnsOf(track.id);
				if (columns?.kind === "slice") drawSlices(renderer, {
					...scene,
					nameOf: () => void 0
				}, columns, y + 4, row.height - 8, 1, SUMMARY_ALPHA);
			}
			for (const place of row.tracks) {
				const columns = scene.columnsOf(place.track.id);
				if (columns === void 0) continue;
				if (columns.kind === "slice") drawSlices(renderer, scene, columns, y + place.y, place.depthPx, Infinity, 1);
				else drawCounter(renderer, scene, row, place, columns, y + place.y);
			}
		}
		renderer.paintBands();
	});
}
function drawGrid(renderer, scene, height) {
	const step = tickStep(scene.window, scene.width, 120);
	for (let at = Math.ceil(scene.window.start / step) * step; at <= scene.window.end; at += step) renderer.fillRect(Math.round(cssFromTrace(scene.window, scene.width, at)), 0, 1, height, scene.theme.grid);
}
function drawAxis(renderer, scene, marks, area) {
	const { window, width, theme } = scene;
	const step = tickStep(window, width, 120);
	for (let at = Math.ceil(window.start / step) * step; at <= window.end; at += step) {
		const x = Math.round(cssFromTrace(window, width, at));
		renderer.fillRect(x, 16, 1, 6, theme.faintText);
		renderer.text(x + 4, 11, formatTick(at, step), theme.faintText);
	}
	renderer.fillRect(0, 22, width, 1, theme.rowLine);
	if (area !== null) {
		const left = cssFromTrace(window, width, area.start);
		const right = cssFromTrace(window, width, area.end);
		renderer.fillRect(left, 0, Math.max(1, right - left), 38, theme.selectionFill);
		const text = formatNanosShort(area.end - area.start);
		const half = renderer.measure(text) / 2;
		const middle = (Math.max(left, 0) + Math.min(right, width)) / 2;
		if (right > 0 && left < width) label(renderer, theme, Math.min(Math.max(middle - half, 4), width - 2 * half - 4), 30, text, theme.text);
	}
	for (const mark of marks) {
		const x = cssFromTrace(window, width, mark.start);
		if (mark.end === null) {
			renderer.polygon([
				[x, 24],
				[x + 9, 27],
				[x, 30]
			], theme.mark);
			renderer.fillRect(x, 24, 1.5, 14, theme.mark);
		} else {
			const right = cssFromTrace(window, width, mark.end);
			renderer.fillRect(x, 32, Math.max(2, right - x), 4, theme.mark);
		}
		if (mark.text !== "") renderer.text(x + 12, 29, mark.text, theme.text);
	}
}
function drawMarkLines(renderer, scene, marks, height) {
	for (const mark of marks) for (const at of mark.end === null ? [mark.start] : [mark.start, mark.end]) {
		const x = cssFromTrace(scene.window, scene.width, at);
		if (x >= 0 && x <= scene.width) renderer.fillRect(x, 0, 1, height, scene.theme.mark);
	}
}
/** With more arrows than this, each is fainter: where many go the same way, they add up. */
var FULL_ARROWS = 40;
var MIN_ARROW_ALPHA = .05;
function drawArrows(renderer, scene, placed) {
	const opacity = Math.max(MIN_ARROW_ALPHA, Math.min(1, FULL_ARROWS / placed.length));
	for (const { arrow, fromY, toY, isOutgoing, isFocused } of placed) {
		if (fromY === null || toY === null) continue;
		const { from, to } = arrow;
		const end = from.ts + (from.dur ?? 0);
		const leaves = to.ts < end ? from.ts : end;
		const x1 = cssFromTrace(scene.window, scene.width, leaves);
		const x2 = cssFromTrace(scene.window, scene.width, to.ts);
		if (Math.max(x1, x2) < -200 || Math.min(x1, x2) > scene.width + 200) continue;
		const color = isOutgoing ? scene.theme.arrowOut : scene.theme.arrowIn;
		withOpacity(renderer, opacity, () => {
			renderer.curve(x1, fromY, x2, toY, color, isFocused ? 2.5 : 1.25);
			renderer.polygon([
				[x2, toY],
				[x2 - 7, toY - 4],
				[x2 - 7, toY + 4]
			], color);
		});
	}
}
// src/timeline/names.ts
/** Ids from here on are made in the page, for debug tracks. */
var FIRST_LOCAL_NAME = 4026531840;
var MAX_IDS = 5e3;
var NameCache = class {
	texts = /* @__PURE__ */ new Map();
	asked = /* @__PURE__ */ new Set();
	queue = [];
	nextLocal = FIRST_LOCAL_NAME;
	local = /* @__PURE__ */ new Map();
	client;
	onLoaded;
	onError;
	constructor(client, onLoaded, onError) {
		this.client = client;
		this.onLoaded = onLoaded;
		this.onError = onError;
	}
	/** The text, if it is known; asks for it otherwise. */
	get(id) {
		const text = this.texts.get(id);
		if (text === void 0 && !this.asked.has(id)) {
			this.asked.add(id);
			this.queue.push(id);
		}
		return text;
	}
	idOfLocal(text) {
		let id = this.local.get(text);
		if (id === void 0) {
			id = this.nextLocal++;
			this.local.set(text, id);
			this.texts.set(id, text);
		}
		return id;
	}
	/** Sends what was missed since the last flush; called after each frame. */
	flush() {
		while (this.queue.length > 0) {
			const ids = this.queue.splice(0, MAX_IDS);
			this.client.names(ids).then(({ names }) => {
				ids.forEach((id, i) => this.texts.set(id, names[i]));
				this.onLoaded();
			}, (error) => {
				this.onError(error);
			});
		}
	}
};
// src/timeline/viewport_loader.ts
/** Pixels per block edge: blocks as fine as a pixel are asked for. Steps are powers of two, so small zooms reuse. */
var stepFor = (window, width) => Math.max(1, 2 ** Math.floor(Math.log2(spanOf(window) / Math.max(width, 1))));
/** The window with a margin of its own width on each side, on multiples of the step and inside the trace. */
function rangeFor(window, width, bounds) {
	const step = stepFor(window, width);
	const grid = step * 256;
	const start = Math.max(Math.floor((window.start - spanOf(window)) / grid) * grid, Math.floor(bounds.start));
	const end = Math.min(Math.ceil((window.end + spanOf(window)) / grid) * grid, Math.ceil(bounds.end));
	return {
		start,
		end: Math.max(end, start + 1),
		step
	};
}
var covers = (range, window, step, bounds) => range.step === step && range.start <= Math.max(window.start, bounds.start) && range.end >= Math.min(window.end, bounds.end);
/** Tracks in memory beyond this many are forgotten, the longest unseen first. */
var MAX_ENTRIES = 2e3;
/** The most tracks in one request; the rest follows in the next one. */
var MAX_TRACKS = 300;
var ViewportLoader = class {
	entries = /* @__PURE__ */ new Map();
	client;
	bounds;
	onLoaded;
	onError;
	inFlight = null;
	last = null;
	/** After an error, the same wish is not asked for again at once; a changed one is. */
	failedWish = "";
	constructor(client, bounds, onLoaded, onError) {
		this.client = client;
		this.bounds = bounds;
		this.onLoaded = onLoaded;
		this.onError = onError;
	}
	columnsOf(trackId) {
		return this.entries.get(trackId)?.columns;
	}
	want(wanted) {
		this.last = wanted;
		const { window, width } = wanted;
		const step = stepFor(window, width);
		const lacks = (id) => {
			const entry = this.entries.get(id);
			return entry === void 0 || !covers(entry, window, step, this.bounds);
		};
		const missing = wanted.visible.filter(lacks);
		if (this.inFlight !== null) {
			const { range, tracks } = this.inFlight;
			if (range.start < window.end && range.end > window.start && range.step <= step * 4 && range.step >= step / 4 && (missing.length === 0 || missing.some((id) => tracks.has(id)))) return;
			this.inFlight.abort.abort();
			this.inFlight = null;
		}
		if (missing.length === 0) return;
		const tracks = [...missing, ...wanted.nearby.filter(lacks)].slice(0, MAX_TRACKS);
		const range = rangeFor(window, width, this.bounds);
		const wish = `${range.start}-${range.end}-${step}-${tracks.join(".")}`;
		if (wish === this.failedWish) return;
		this.load(range, tracks, wish);
	}
	async load(range, tracks, wish) {
		const flight = {
			abort: new AbortController(),
			range,
			tracks: new Set(tracks)
		};
		this.inFlight = flight;
		try {
			const px = Math.max(1, Math.ceil((range.end - range.start) / range.step));
			const answer = await this.client.viewport({
				start: range.start,
				end: range.end,
				px,
				tracks
			}, flight.abort.signal);
			for (const { trackId, columns } of answer) {
				this.entries.delete(trackId);
				this.entries.set(trackId, {
					...range,
					columns
				});
			}
			this.forgetOld();
			this.failedWish = "";
		} catch (error) {
			if (isAbort(error)) return;
			this.failedWish = wish;
			this.onError(error);
		}
		if (this.inFlight !== flight) return;
		this.inFlight = null;
		this.onLoaded();
		if (this.last !== null) this.want(this.last);
	}
	forgetOld() {
		const wanted = new Set(this.last === null ? [] : [...this.last.visible, ...this.last.nearby]);
		for (const id of this.entries.keys()) {
			if (this.entries.size <= MAX_ENTRIES) return;
			if (!wanted.has(id)) this.entries.delete(id);
		}
	}
	stop() {
		this.inFlight?.abort.abort();
		this.inFlight = null;
		this.last = null;
	}
};
var reducedMotion = () => typeof matchMedia !== "undefined" && matchMedia("(prefers-reduced-motion: reduce)").matches;
/** Every row in which a track is drawn. */
var placedTracks = O(() => {
	const { rows, pinned } = layout.value;
	const placed = /* @__PURE__ */ new Map();
	const put = (id, place) => {
		const known = placed.get(id);
		if (known === void 0) placed.set(id, [place]);
		else known.push(place);
	};
	const add = (row, isPinned) => {
		for (const place of row.tracks) put(place.track.id, {
			row,
			place,
			isPinned
		});
		if (row.isCollapsed) for (const child of row.node.children) for (const track of allTracks(child)) put(track.id, {
			row,
			place: null,
			isPinned
		});
	};
	for (const row of rows) add(row, false);
	for (const row of pinned) add(row, true);
	return placed;
});
var controller = y(null);
/** What is under the mouse, for the tooltip and the highlighting of equal names. */
var hovered = y(null);
var loads = y([]);
/** The area while it is dragged, before it becomes the selection. */
var draggedArea = y(null);
var framesDrawn = {
	count: 0,
	millis: []
};
var TimelineController = class {
	loader;
	names;
	trace;
	tracks = null;
	axis = null;
	stopEffects = [];
	frame = null;
	motion = null;
	held = /* @__PURE__ */ new Map();
	velocity = {
		zoom: 0,
		pan: 0
	};
	/** Rises when columns or names have come. */
	loaded = y(0);
	lastHeight = 0;
	debug = /* @__PURE__ */ new Map();
	constructor(trace) {
		this.trace = trace;
		const redraw = () => {
			this.loaded.value++;
		};
		this.loader = new ViewportLoader(trace.client, bounds.value, redraw, reportError);
		this.names = new NameCache(trace.client, redraw, reportError);
		loads.value = [];
		this.loadOverview();
	}
	attach(tracks, axis) {
		this.tracks = new CanvasRenderer(tracks);
		this.axis = new CanvasRenderer(axis);
		this.stopEffects.push(x(() => {
			view.value, scrollTop.value, viewport.value, layout.value, this.loaded.value;
			selection.value, sliceDetails.value, arrows.value, focusedArrow.value;
			marks.value, isDark.value, sliceFilter.value, hovered.value, draggedArea.value;
			debugTracks.value, counterModes.value, areaArrows.value;
			if (hovered.value?.sample != null) mouse.value;
			this.schedule();
		}), x(() => {
			layout.value, viewport.value;
			setScroll(scrollTop.peek());
		}), x(() => {
			const { height } = viewport.value;
			const details = sliceDetails.peek();
			if (details === null || height >= this.lastHeight) {
				this.lastHeight = height;
				return;
			}
			const y = this.yOf(details.track_id, details.depth);
			if (y !== null && y < this.lastHeight && y > height - 20) setScroll(scrollTop.peek() + y - height + 40);
			this.lastHeight = height;
		}));
	}
	detach() {
		for (const stop of this.stopEffects) stop();
		this.stopEffects = [];
		this.loader.stop();
		if (this.frame !== null) {
			cancelAnimationFrame(this.frame.id);
			this.frame.end();
			this.frame = null;
		}
		this.stopMotion();
	}
	schedule() {
		if (this.frame !== null) return;
		const end = beginPending("frame");
		const id = requestAnimationFrame(() => {
			this.frame = null;
			const before = performance.now();
			try {
				this.draw();
			} finally {
				framesDrawn.count++;
				framesDrawn.millis.push(performance.now() - before);
				if (framesDrawn.millis.length > 2e3) framesDrawn.millis.shift();
				end();
			}
		});
		this.frame = {
			id,
			end
		};
	}
	columnsOf = (trackId) => this.debugColumnsOf(trackId) ?? this.loader.columnsOf(trackId);
	debugColumnsOf(trackId) {
		const known = this.debug.get(trackId);
		if (known !== void 0) return known;
		const track = debugTracks.value.find((each) => each.node.tracks[0].id === trackId);
		if (track === void 0) return void 0;
		const columns = track.isCounter ? debugCounter(track.rows) : debugColumns(track.rows, (text) => this.names.idOfLocal(text));
		this.debug.set(trackId, columns);
		return columns;
	}
	isDebug = (trackId) => this.debug.has(trackId);
	visibleRows(marginPx) {
		const { rows, pinnedHeight } = layout.value;
		const top = scrollTop.value - marginPx;
		const bottom = scrollTop.value + viewport.value.height - pinnedHeight + marginPx;
		const result = [];
		for (let i = Math.max(0, rowIndexAt(rows, top)); i < rows.length && rows[i].y < bottom; i++) result.push(rows[i]);
		return result;
	}
	scene() {
		const hit = hovered.value;
		const filter = sliceFilter.value.trim().toLowerCase();
		const block = hit?.block ?? null;
		return {
			window: view.value,
			width: viewport.value.width,
			theme: isDark.value ? DARK : LIGHT,
			columnsOf: this.columnsOf,
			nameOf: (id) => this.names.get(id),
			selectedSlice: selection.value.kind === "slice" ? selection.value.id : null,
			hoveredHash: block === null ? null : block.columns.nameHash[block.index],
			hoveredSlice: block === null ? null : block.columns.slice[block.index],
			modeOf,
			pointer: hit?.sample == null || hit.place === null ? null : {
				trackId: hit.place.track.id,
				nanos: traceFromCss(view.value, viewport.value.width, mouse.value.x)
			},
			isNameShown: filter === "" ? null : (name) => name === void 0 || name.toLowerCase().includes(filter)
		};
	}
	/** The middle of a slice's row on the canvas, or null when its track is not laid out. */
	yOf(trackId, depth) {
		const { pinnedHeight } = layout.value;
		let first = null;
		for (const { row, place, isPinned } of placedTracks.value.get(trackId) ?? []) {
			const y = (isPinned ? 0 : pinnedHeight - scrollTop.value) + row.y + (place === null ? row.height / 2 : place.y + (depth + .5) * place.depthPx);
			if (isPinned || y >= pinnedHeight && y <= viewport.value.height) return y;
			first ??= y;
		}
		return first;
	}
	placedArrows() {
		const selected = selection.value;
		if (selected.kind === "area") return areaArrows.value.map((arrow) => ({
			arrow,
			isOutgoing: true,
			isFocused: false,
			fromY: this.yOf(arrow.from.track_id, arrow.from.depth),
			toY: this.yOf(arrow.to.track_id, arrow.to.depth)
		}));
		if (selected.kind !== "slice") return [];
		let outgoing = 0;
		let incoming = 0;
		const focus = focusedArrow.value;
		return arrows.value.map((arrow) => {
			const isOutgoing = arrow.from.slice === selected.id;
			return {
				arrow,
				isOutgoing,
				isFocused: isOutgoing ? outgoing++ === focus.outgoing : incoming++ === focus.incoming,
				fromY: this.yOf(arrow.from.track_id, arrow.from.depth),
				toY: this.yOf(arrow.to.track_id, arrow.to.depth)
			};
		});
	}
	draw() {
		if (this.tracks === null || this.axis === null) return;
		const { width, height } = viewport.value;
		const { pinned, pinnedHeight } = layout.value;
		const scene = this.scene();
		const visible = this.visibleRows(0);
		const tracksOf = (rows) => [...new Set(rows.flatMap((row) => [...row.summary, ...row.tracks.map((place) => place.track)]).map((t) => t.id))];
		const isReal = (id) => this.debugColumnsOf(id) === void 0;
		this.loader.want({
			window: scene.window,
			width,
			visible: tracksOf([...pinned, ...visible]).filter(isReal),
			nearby: tracksOf(this.visibleRows(height)).filter(isReal)
		});
		const area = draggedArea.value ?? (selection.value.kind === "area" ? selection.value : null);
		const c = this.tracks;
		c.begin(width, height, scene.theme.background);
		drawGrid(c, scene, height);
		drawRows(c, scene, visible, scrollTop.value, pinnedHeight, height - pinnedHeight);
		if (area !== null) this.drawArea(c, scene, area, visible, pinnedHeight - scrollTop.value, pinnedHeight, height);
		c.clipped(0, pinnedHeight, width, height - pinnedHeight, () => {
			let top = pinnedHeight;
			for (const header of this.stickyRows()) {
				const color = header.node.kind === "region" ? scene.theme.regionBackground : scene.theme.groupBackground;
				c.fillRect(0, top, width, header.height, color);
				top += header.height;
			}
		});
		if (pinnedHeight > 0) {
			c.fillRect(0, 0, width, pinnedHeight, scene.theme.background);
			drawRows(c, scene, pinned, 0, 0, pinnedHeight);
			if (area !== null) this.drawArea(c, scene, area, pinned, 0, 0, pinnedHeight);
			c.fillRect(0, pinnedHeight - 2, width, 2, scene.theme.faintText);
		}
		drawMarkLines(c, scene, marks.value, height);
		drawArrows(c, scene, this.placedArrows());
		this.axis.begin(width, 38, scene.theme.background);
		drawAxis(this.axis, scene, marks.value, area);
		this.names.flush();
	}
	drawArea(c, scene, area, rows, offset, top, bottom) {
		const left = (area.start - scene.window.start) * scene.width / spanOf(scene.window);
		const right = (area.end - scene.window.start) * scene.width / spanOf(scene.window);
		const chosen = area.tracks === null ? null : new Set(area.tracks);
		c.clipped(0, top, scene.width, bottom - top, () => {
			for (const row of rows) if (chosen === null || [...row.tracks.map((p) => p.track), ...row.summary].some((t) => chosen.has(t.id))) c.fillRect(left, row.y + offset, Math.max(1, right - left), row.height, scene.theme.selectionFill);
			c.fillRect(left - .5, top, 1, bottom - top, scene.theme.selection);
			c.fillRect(right - .5, top, 1, bottom - top, scene.theme.selection);
		});
	}
	stickyRows() {
		return stickyHeaders(layout.value.rows, scrollTop.value);
	}
	/** The row at a height of the canvas, pinned rows first, and the y inside the row. */
	rowAt(y) {
		const { rows, pinned, pinnedHeight } = layout.value;
		const isPinned = y < pinnedHeight;
		if (!isPinned) {
			let top = pinnedHeight;
			for (const header of this.stickyRows()) {
				if (y < top + header.height) return {
					row: header,
					inRow: -1
				};
				top += header.height;
			}
		}
		const list = isPinned ? pinned : rows;
		const at = isPinned ? y : y - pinnedHeight + scrollTop.value;
		const row = list[rowIndexAt(list, at)];
		return row === void 0 || at >= row.y + row.height ? null : {
			row,
			inRow: at - row.y
		};
	}
	hitTest(x, y) {
		const found = this.rowAt(y);
		if (found === null) return null;
		const { row, inRow } = found;
		const { width } = viewport.value;
		const nanos = traceFromCss(view.value, width, x);
		const place = row.tracks.find((each) => inRow >= each.y && inRow < each.y + each.height) ?? null;
		const none = {
			row,
			place,
			block: null,
			sample: null
		};
		const columns = place === null ? void 0 : this.columnsOf(place.track.id);
		if (place === null || columns === void 0) return none;
		if (columns.kind === "counter") {
			const index = lastNotAfter(columns.ts, nanos);
			return index < 0 ? none : {
				...none,
				sample: {
					columns,
					index
				}
			};
		}
		const depth = Math.floor((inRow - place.y) / place.depthPx);
		const from = columns.depthFirst[depth];
		const to = columns.depthFirst[depth + 1];
		if (from === void 0 || to === void 0) return none;
		const slack = spanOf(view.value) * 2 / width;
		const first = firstEndingAfter(columns, from, to, nanos - slack);
		let best = -1;
		let nearest = slack;
		for (let i = first; i < to && columns.ts[i] <= nanos + slack; i++) {
			const end = columns.ts[i] + columns.dur[i];
			const away = columns.ts[i] > nanos ? columns.ts[i] - nanos : end < nanos ? nanos - end : -1;
			if (away < nearest || away === nearest && best < 0) {
				nearest = away;
				best = i;
			}
			if (away === -1) break;
		}
		return best < 0 ? none : {
			...none,
			block: {
				columns,
				index: best,
				isDebug: this.isDebug(place.track.id)
			}
		};
	}
	/**
	* The slice that begins first or last in an area, of the topmost depth of its uppermost track that has any: where the
	* keyboard goes on from an area. What shares a pixel with a longer one is not told apart.
	*/
	sliceIn(area, which) {
		const wanted = area.tracks === null ? null : new Set(area.tracks);
		for (const row of layout.value.rows) for (const { track } of row.tracks) {
			const columns = wanted === null || wanted.has(track.id) ? this.loader.columnsOf(track.id) : void 0;
			if (columns?.kind !== "slice") continue;
			for (let depth = 0; depth + 1 < columns.depthFirst.length; depth++) {
				const ts = columns.ts.subarray(columns.depthFirst[depth], columns.depthFirst[depth + 1]);
				const from = lastNotAfter(ts, area.start - 1) + 1;
				const to = lastNotAfter(ts, area.end - 1);
				if (from <= to) return columns.slice[columns.depthFirst[depth] + (which === "first" ? from : to)];
			}
		}
		return null;
	}
	/** The time at a pixel, pulled to an end of a slice near the mouse. */
	snappedTime(x, y, isFree) {
		const { width } = viewport.value;
		const nanos = traceFromCss(view.value, width, x);
		const { start, end } = bounds.value;
		const inside = Math.min(Math.max(nanos, start), end);
		if (isFree) return Math.round(inside);
		const found = this.rowAt(y);
		const place = found?.row.tracks.find((each) => found.inRow >= each.y && found.inRow < each.y + each.height);
		const columns = place === void 0 ? void 0 : this.columnsOf(place.track.id);
		if (place === void 0 || columns?.kind !== "slice") return Math.round(inside);
		const depth = Math.floor((found.inRow - place.y) / place.depthPx);
		return Math.round(snapToEdge(columns, depth, inside, spanOf(view.value) * 8 / width));
	}
	/** All tracks of the rows between two heights of the canvas; a folded group gives all it hides. */
	tracksBetween(y1, y2) {
		const { rows, pinned, pinnedHeight } = layout.value;
		const [low, high] = [Math.min(y1, y2), Math.max(y1, y2)];
		const tracks = /* @__PURE__ */ new Set();
		const take = (row, top) => {
			if (top >= high || top + row.height <= low) return;
			const below = row.isCollapsed ? row.node.children.flatMap((child) => allTracks(child)) : [];
			for (const track of [...row.node.tracks, ...below]) if (!this.isDebug(track.id)) tracks.add(track.id);
		};
		for (const row of pinned) take(row, row.y);
		for (const row of rows) {
			const top = row.y - scrollTop.value + pinnedHeight;
			if (top + row.height > pinnedHeight) take(row, top);
		}
		return [...tracks];
	}
	hold(key, zoom, pan) {
		this.held.set(key, 0);
		this.held.set(`${key}/zoom`, zoom);
		this.held.set(`${key}/pan`, pan);
		this.startMotion();
	}
	release(key) {
		for (const each of [
			key,
			`${key}/zoom`,
			`${key}/pan`
		]) this.held.delete(each);
	}
	releaseAll() {
		this.held.clear();
	}
	startMotion() {
		if (this.motion !== null) return;
		const end = beginPending("motion");
		let last = performance.now();
		this.velocity = {
			zoom: 0,
			pan: 0
		};
		let first = true;
		const tick = (now) => {
			const seconds = Math.min(.05, Math.max(.001, (now - last) / 1e3));
			last = now;
			let zoom = 0;
			let pan = 0;
			for (const [key, value] of this.held) if (key.endsWith("/zoom")) zoom += value;
			else if (key.endsWith("/pan")) pan += value;
			if (first) this.velocity = {
				zoom: this.lastTap.zoom * 1.2,
				pan: this.lastTap.pan * .4
			};
			first = false;
			const ease = 1 - Math.exp(-seconds * 9);
			this.velocity.zoom += (zoom * 3.2 - this.velocity.zoom) * ease;
			this.velocity.pan += (pan * 1.3 - this.velocity.pan) * ease;
			const window = view.value;
			const anchor = this.anchor();
			const zoomed = zoomWindow(window, bounds.value, Math.exp(this.velocity.zoom * seconds), anchor);
			setView(panWindow(zoomed, bounds.value, this.velocity.pan * seconds * spanOf(zoomed)));
			if (this.held.size > 0 || Math.abs(this.velocity.zoom) > .02 || Math.abs(this.velocity.pan) > .01) this.motion = {
				id: requestAnimationFrame(tick),
				end
			};
			else {
				this.motion = null;
				end();
			}
		};
		for (const [key, value] of this.held) if (key.endsWith("/zoom")) this.lastTap.zoom = value;
		else if (key.endsWith("/pan")) this.lastTap.pan = value;
		this.motion = {
			id: requestAnimationFrame(tick),
			end
		};
	}
	lastTap = {
		zoom: 0,
		pan: 0
	};
	stopMotion() {
		if (this.motion === null) return;
		cancelAnimationFrame(this.motion.id);
		this.motion.end();
		this.motion = null;
		this.held.clear();
	}
	/** The time under the mouse, or the middle when the mouse is elsewhere. */
	anchor() {
		const { width } = viewport.value;
		return traceFromCss(view.value, width, mouse.value.isOver ? mouse.value.x : width / 2);
	}
	/** Moves the view there in a short glide. */
	glideTo(target) {
		this.stopMotion();
		const to = clampWindow(target, bounds.value);
		const from = view.value;
		if (reducedMotion()) {
			setView(to);
			return;
		}
		const end = beginPending("glide");
		const startedAt = performance.now();
		const ratio = Math.log(spanOf(to) / spanOf(from));
		const tick = (now) => {
			const t = Math.min(1, Math.max(0, (now - startedAt) / 180));
			const eased = 1 - (1 - t) ** 3;
			if (t >= 1) {
				setView(to);
				this.motion = null;
				end();
				return;
			}
			const span = spanOf(from) * Math.exp(ratio * eased);
			const share = Math.abs(spanOf(to) - spanOf(from)) < 1 ? eased : (span - spanOf(from)) / (spanOf(to) - spanOf(from));
			const start = from.start + (to.start - from.start) * share;
			setView({
				start,
				end: start + span
			});
			this.motion = {
				id: requestAnimationFrame(tick),
				end
			};
		};
		this.motion = {
			id: requestAnimationFrame(tick),
			end
		};
	}
	zoomAt(factor, x) {
		const anchor = traceFromCss(view.value, viewport.value.width, x);
		setView(zoomWindow(view.value, bounds.value, factor, anchor));
	}
	panBy(px) {
		const nanos = px * spanOf(view.value) / viewport.value.width;
		setView(panWindow(view.value, bounds.value, nanos));
	}
	centerAt(nanos) {
		this.glideTo(centerWindow(view.value, bounds.value, nanos));
	}
	/** Unfolds what hides the track and scrolls its row into view. */
	revealTrack(trackId, depth = 0) {
		const place = trackPlaces.value.get(trackId);
		if (place === void 0) return;
		if (trackFilter.value !== "" && !placedTracks.value.has(trackId)) trackFilter.value = "";
		const { workspace } = store_exports;
		if (workspace.value !== null && !placedTracks.value.has(trackId)) {
			notify(`“${workspace.value.name}” does not have this track: all tracks are shown.`);
			workspaceName.value = null;
		}
		this.unfold(place.path.map((node) => node.key));
		const y = this.yOf(trackId, depth);
		const placed = placedTracks.value.get(trackId)?.[0];
		if (y === null || placed === void 0) return;
		const { pinnedHeight } = layout.value;
		const { height } = viewport.value;
		const sticky = 26 * Math.min(3, placed.row.level) + 12;
		if (y < pinnedHeight && pins.value.length > 0 && placedTracks.value.get(trackId).some((each) => each.isPinned)) return;
		if (y < pinnedHeight + sticky) setScroll(scrollTop.value + y - pinnedHeight - sticky - 20);
		else if (y > height - 24) setScroll(scrollTop.value + y - height * .6);
	}
	revealNode(key) {
		const row = layout.value.rows.find((each) => each.node.key === key);
		if (row !== void 0) {
			const sticky = row.path.length * 26;
			setScroll(row.y - sticky - 8);
		}
	}
	/** What is fitted is to be read: a thin row gets its full height. */
	makeFull(trackId) {
		const key = trackPlaces.value.get(trackId)?.node.key;
		if (key !== void 0 && compact.value.has(key)) toggleCompact(key);
	}
	unfold(keys) {
		const folded = keys.filter((key) => {
			const row = layout.value.rows.find((each) => each.node.key === key);
			return row === void 0 || row.isCollapsed;
		});
		if (folded.length > 0) setCollapsed(folded, false);
	}
	/** Shows a time range and a track: moves only as far as needed, and fits when asked to or when it is too long. */
	revealSlice(slice, mode) {
		if (mode === "fit") this.makeFull(slice.track_id);
		this.revealTrack(slice.track_id, slice.depth);
		const end = slice.ts + (slice.dur ?? bounds.value.end - slice.ts);
		const target = {
			start: slice.ts,
			end: Math.max(end, slice.ts + 1)
		};
		const window = view.value;
		const span = spanOf(target);
		if (mode === "fit") this.glideTo(fitWindow(target, bounds.value, .25));
		else if (span > spanOf(window) * .9) this.glideTo(fitWindow(target, bounds.value, .1));
		else if (target.start < window.start || target.end > window.end) this.glideTo(centerWindow(window, bounds.value, (target.start + target.end) / 2));
		else if (span < spanOf(window) / viewport.value.width * 1.5) {
			const half = Math.max(span * 5, 500);
			const middle = (target.start + target.end) / 2;
			this.glideTo(clampWindow({
				start: middle - half,
				end: middle + half
			}, bounds.value));
		}
	}
	/** How busy CPU and GPU are over the whole trace, from one viewport of all main tracks. */
	async loadOverview() {
		const bounds$2 = bounds.value;
		const regions = [];
		const visit = (node, prefix) => {
			if (node.kind === "rank") for (const child of node.children) visit(child, `${node.name} `);
			else if (node.kind === "region" && node.key !== "profiler" && !/profiler/i.test(node.name)) {
				const tracks = node.children.filter((child) => child.kind !== "instants").flatMap((child) => allTracks(child)).filter((track) => track.kind === "slice" && track.num_events > 0);
				tracks.sort((a, b) => b.num_events - a.num_events);
				regions.push({
					label: prefix + node.name,
					tracks: tracks.slice(0, 24).map((track) => track.id)
				});
			}
		};
		for (const node of this.trace.nodes) visit(node, "");
		const some = regions.filter((region) => region.tracks.length > 0);
		const gpus = some.filter((region) => /GPU/.test(region.label));
		const wanted = some.length > 4 && gpus.length > 0 ? gpus : some;
		try {
			const tracks = wanted.flatMap((region) => region.tracks);
			if (tracks.length === 0) return;
			const abort = new AbortController();
			this.stopEffects.push(() => abort.abort());
			const body = {
				start: bounds$2.start,
				end: Math.ceil(bounds$2.end),
				px: 512,
				tracks
			};
			const answer = await this.trace.client.viewport(body, abort.signal);
			const byId = new Map(answer.map((each) => [each.trackId, each.columns]));
			loads.value = wanted.map(({ label, tracks: ids }) => {
				const share = /* @__PURE__ */ new Float64Array(512);
				for (const id of ids) {
					const columns = byId.get(id);
					if (columns?.kind === "slice") addLoad(share, columns, bounds$2);
				}
				return {
					label,
					share: share.map((value) => Math.min(1, value))
				};
			});
		} catch (error) {
			reportError(error);
		}
	}
};
/** Adds the share of each bucket that the topmost depth covers, keeping the larger of the tracks. */
function addLoad(share, columns, bounds) {
	const bucket = spanOf(bounds) / share.length;
	const own = new Float64Array(share.length);
	const to = columns.depthFirst[1] ?? 0;
	for (let i = 0; i < to; i++) {
		const start = columns.ts[i] - bounds.start;
		const end = start + columns.dur[i];
		for (let b = Math.max(0, Math.floor(start / bucket)); b < share.length && b * bucket < end; b++) own[b] += (Math.min(end, (b + 1) * bucket) - Math.max(start, b * bucket)) / bucket;
	}
	for (let b = 0; b < share.length; b++) share[b] = Math.max(share[b], own[b]);
}
// src/panels/jump.ts
async function goToSlice(id, mode = "see") {
	const trace$16 = trace.value;
	if (trace$16 === null) return;
	try {
		const details = await trace$16.client.slice(id);
		select({
			kind: "slice",
			id
		}, "link");
		sliceDetails.value = details;
		controller.value?.revealSlice(details, mode);
	} catch (error) {
		reportError(error);
	}
}
async function goToNeighbour(direction) {
	const trace$17 = trace.value;
	const selected = selection.value;
	if (trace$17 === null) return;
	if (selected.kind === "area") {
		const slice = controller.value?.sliceIn(selected, direction === "next" ? "first" : "last") ?? null;
		if (slice === null) notify("No event begins in this area on a track that is shown.");
		else await goToSlice(slice);
		return;
	}
	if (selected.kind !== "slice") return;
	try {
		const { slice } = await trace$17.client.neighbour(selected.id, direction);
		if (slice === null) notify(`This is the ${direction === "next" ? "last" : "first"} event of its track.`);
		else await goToSlice(slice);
	} catch (error) {
		reportError(error);
	}
}
var arrowsIn = (direction) => {
	const selected = selection.value;
	if (selected.kind !== "slice") return [];
	return arrows.value.filter((arrow) => arrow.from.slice === selected.id === (direction === "outgoing"));
};
function followArrow(direction) {
	const arrow = arrowsIn(direction)[focusedArrow.value[direction]];
	if (arrow === void 0) {
		if (selection.value.kind === "slice") notify(`No flow ${direction === "outgoing" ? "leaves" : "enters"} this slice.`);
		return;
	}
	goToSlice(direction === "outgoing" ? arrow.to.slice : arrow.from.slice);
}
/** Chooses which of several arrows the keys follow. */
function cycleArrow(direction) {
	const count = arrowsIn(direction).length;
	if (count > 0) {
		const focus = focusedArrow.value;
		focusedArrow.value = {
			...focus,
			[direction]: (focus[direction] + 1) % count
		};
	}
}
var lastFocus = null;
/** Brings the selection into view; a second time fits it. */
function focusSelection() {
	const selected = selection.value;
	const c = controller.value;
	if (c === null || selected.kind === "none") return;
	const isAgain = lastFocus?.selection === selected && performance.now() - lastFocus.at < 4e3;
	lastFocus = {
		selection: selected,
		at: performance.now()
	};
	if (selected.kind === "slice") {
		const details = sliceDetails.value;
		if (details?.id === selected.id) c.revealSlice(details, isAgain ? "fit" : "see");
		else goToSlice(selected.id, isAgain ? "fit" : "see");
		return;
	}
	const range = selectedRange();
	if (range === null) return;
	const span = Math.max(range.end - range.start, 10);
	const { start, end } = view.value;
	const isInView = range.start >= start && range.end <= end;
	if (isAgain || span > end - start) c.glideTo({
		start: range.start - span * .1,
		end: range.end + span * .1
	});
	else if (!isInView) c.centerAt((range.start + range.end) / 2);
}
/** The time range of whatever is selected. */
function selectedRange() {
	const selected = selection.value;
	if (selected.kind === "area") return {
		start: selected.start,
		end: selected.end
	};
	if (selected.kind === "slice") {
		const details = sliceDetails.value;
		if (details === null || details.id !== selected.id) return null;
		return {
			start: details.ts,
			end: details.dur === null ? bounds.value.end : details.ts + details.dur
		};
	}
	if (selected.kind === "mark") {
		const mark = marks.value.find((each) => each.id === selected.id);
		return mark === void 0 ? null : {
			start: mark.start,
			end: mark.end ?? mark.start
		};
	}
	return null;
}
function convertToArea() {
	const range = selectedRange();
	const details = sliceDetails.value;
	if (range === null || selection.value.kind === "area") return;
	const tracks = selection.value.kind === "slice" && details !== null ? [details.track_id] : null;
	select({
		kind: "area",
		...range,
		end: Math.max(range.end, range.start + 1),
		tracks
	});
}
/** First the whole track of the selected slice, then everything. */
function selectAll() {
	const selected = selection.value;
	const details = sliceDetails.value;
	const tracks = selected.kind === "slice" && details !== null ? [details.track_id] : null;
	const { start, end } = bounds.value;
	select({
		kind: "area",
		start,
		end,
		tracks
	});
}
function markSelection(isTemporary) {
	const range = selectedRange();
	if (range === null) {
		notify("Select a slice or an area first, then mark it.");
		return;
	}
	const name = selection.value.kind === "slice" ? sliceDetails.value?.name ?? "" : "";
	addMark({
		start: range.start,
		end: range.end,
		text: isTemporary ? "" : name.slice(0, 60),
		isTemporary
	});
}
// src/timeline/handle.tsx
var STEP_PX = 10;
function Handle(props) {
	const { label, orientation, size, min, max } = props;
	const sign = props.grows === "forward" ? 1 : -1;
	const isFlat = orientation === "horizontal";
	const set = (wanted) => props.onSize(Math.round(Math.min(max, Math.max(min, wanted))));
	const drag = (event) => {
		const handle = event.currentTarget;
		handle.setPointerCapture(event.pointerId);
		event.preventDefault();
		const at = (each) => sign * (isFlat ? each.clientY : each.clientX);
		const from = size - at(event);
		const move = (next) => set(from + at(next));
		const end = () => {
			handle.removeEventListener("pointermove", move);
			handle.removeEventListener("pointerup", end);
			handle.removeEventListener("pointercancel", end);
		};
		handle.addEventListener("pointermove", move);
		handle.addEventListener("pointerup", end);
		handle.addEventListener("pointercancel", end);
	};
	const press = (event) => {
		const [back, forward] = isFlat ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
		const wanted = {
			[back]: size - sign * STEP_PX,
			[forward]: size + sign * STEP_PX,
			Home: min,
			End: max,
			Enter: props.usual
		};
		if (wanted[event.key] === void 0 || event.ctrlKey || event.metaKey || event.altKey) return;
		event.preventDefault();
		set(wanted[event.key]);
	};
	return /* @__PURE__ */ a("div", {
		class: props.class,
		role: "separator",
		tabIndex: 0,
		"aria-label": label,
		"aria-orientation": orientation,
		"aria-valuenow": Math.round(size),
		"aria-valuemin": min,
		"aria-valuemax": Math.round(max),
		onPointerDown: drag,
		onKeyDown: press,
		onDblClick: () => set(props.usual)
	});
}
// src/logic/counter_sums.ts
/** Null where no sample is in the area. Every sample of the columns stands for itself. */
function counterSums(columns, area) {
	const { ts, last: values } = columns;
	const from = lastNotAfter(ts, area.start - 1) + 1;
	const to = lastNotAfter(ts, area.end - 1) + 1;
	if (from >= to) return null;
	let [held, sum, min, max] = [
		0,
		0,
		Infinity,
		-Infinity
	];
	for (let i = from; i < to; i++) {
		const nanos = (i + 1 < to ? ts[i + 1] : area.end) - ts[i];
		held += nanos;
		sum += nanos * values[i];
		min = Math.min(min, values[i]);
		max = Math.max(max, values[i]);
	}
	const [first, last] = [values[from], values[to - 1]];
	const nanos = ts[to - 1] - ts[from];
	return {
		count: to - from,
		delta: last - first,
		rate: nanos > 0 ? (last - first) / nanos * 1e9 : null,
		mean: sum / held,
		first,
		last,
		min,
		max
	};
}
// src/logic/flame_layout.ts
/** Boxes beneath `root` (-1: all roots), and the ancestors of `root` above it at full width. */
function layoutFlames(graph, root = -1) {
	const { parent, total } = graph.nodes;
	const children = /* @__PURE__ */ new Map();
	parent.forEach((up, node) => {
		const list = children.get(up);
		if (list === void 0) children.set(up, [node]);
		else list.push(node);
	});
	for (const list of children.values()) list.sort((a, b) => total[b] - total[a] || a - b);
	const boxes = [];
	const above = [];
	for (let node = root; node >= 0; node = parent[node]) above.unshift(node);
	above.forEach((node, depth) => boxes.push({
		node,
		depth,
		start: 0,
		width: 1
	}));
	const whole = root < 0 ? graph.total : total[root];
	if (whole <= 0) return boxes;
	const queue = [{
		node: root,
		depth: above.length,
		start: 0
	}];
	for (let at = 0; at < queue.length; at++) {
		const { node, depth, start } = queue[at];
		let left = start;
		for (const child of children.get(node) ?? []) {
			const width = total[child] / whole;
			boxes.push({
				node: child,
				depth,
				start: left,
				width
			});
			queue.push({
				node: child,
				depth: depth + 1,
				start: left
			});
			left += width;
		}
	}
	return boxes;
}
// src/panels/search.ts
/** Hits whose times and ids are fetched; all are counted and drawn as ticks. */
var HIT_LIMIT = 1e4;
var abort = null;
async function runSearch(text, places = search.value.places) {
	abort?.abort();
	const trace$15 = trace.value;
	if (text.trim() === "" || trace$15 === null) {
		search.value = {
			text,
			result: null,
			index: -1,
			places,
			isRunning: false
		};
		return;
	}
	abort = new AbortController();
	const mine = abort;
	search.value = {
		...search.value,
		text,
		places,
		isRunning: true
	};
	try {
		const result = await trace$15.client.search({
			text,
			in: places,
			limit: HIT_LIMIT
		}, mine.signal);
		if (mine.signal.aborted) return;
		search.value = {
			text,
			result,
			index: -1,
			places,
			isRunning: false
		};
	} catch (error) {
		if (mine.signal.aborted) return;
		search.value = {
			text,
			result: null,
			index: -1,
			places,
			isRunning: false
		};
		reportError(error);
	}
}
function showHit(index) {
	const { result } = search.value;
	if (result === null || result.ids[index] === void 0) return;
	search.value = {
		...search.value,
		index
	};
	const slice = {
		ts: result.ts[index],
		dur: result.dur[index],
		track_id: result.tracks[index],
		depth: 0
	};
	select({
		kind: "slice",
		id: result.ids[index]
	}, "link");
	controller.value?.revealSlice(slice, "see");
}
/** The next or previous hit; the first step begins at what the window shows. */
function stepHit(direction) {
	const { result, index } = search.value;
	if (result === null || result.ids.length === 0) return;
	if (index >= 0) {
		const count = result.ids.length;
		showHit((index + direction + count) % count);
		return;
	}
	const { start, end } = view.value;
	const inView = result.ts.findIndex((ts) => ts >= start);
	if (direction === 1) showHit(inView < 0 ? 0 : inView);
	else {
		const after = result.ts.findIndex((ts) => ts > end);
		showHit(((after < 0 ? result.ids.length : after) - 1 + result.ids.length) % result.ids.length);
	}
}
// src/logic/export_table.ts
var plain = (value) => value === null || value === void 0 ? "" : value instanceof Uint8Array ? `0x${[...value].map((byte) => byte.toString(16).padStart(2, "0")).join("")}` : String(value);
var csvField = (text) => /[",\n\r]/.test(text) ? `"${text.replace(/"/g, "\"\"")}"` : text;
function exportTable(table, format) {
	const rows = Array.from({ length: table.numRows }, (_, row) => table.columns.map((_, column) => table.cell(row, column)));
	switch (format) {
		case "csv": return [table.columns, ...rows].map((row) => row.map((value) => csvField(plain(value))).join(",") + "\n").join("");
		case "tsv": return [table.columns, ...rows].map((row) => row.map((value) => plain(value).replace(/[\t\n]/g, " ")).join("	") + "\n").join("");
		case "json": {
			const value = (cell) => typeof cell === "bigint" || cell instanceof Uint8Array ? plain(cell) : cell ?? null;
			return `${JSON.stringify(rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, value(row[i])]))), null, 1)}\n`;
		}
		case "markdown": {
			const line = (cells) => `| ${cells.map((cell) => plain(cell).replace(/\|/g, "\\|").replace(/\n/g, " ")).join(" | ")} |\n`;
			const rule = rows[0] ?? [];
			return line(table.columns) + line(table.columns.map((_, i) => typeof rule[i] === "number" ? "---:" : "---")) + rows.map(line).join("");
		}
	}
}
// src/panels/widgets.tsx
function SliceLink({ id, children }) {
	return /* @__PURE__ */ a("button", {
		class: "link",
		onClick: () => void goToSlice(id),
		title: `Go to slice ${id}`,
		children
	});
}
function Time({ nanos }) {
	if (nanos === null) return /* @__PURE__ */ a("span", {
		class: "faint",
		children: "never ended"
	});
	return /* @__PURE__ */ a("span", {
		class: "num",
		children: formatNanos(nanos, settings.value.timeFormat)
	});
}
function saveAs(name, content, type) {
	const url = URL.createObjectURL(new Blob([content], { type }));
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	URL.revokeObjectURL(url);
}
var EXPORTS = [
	{
		format: "csv",
		label: "CSV",
		type: "text/csv",
		extension: "csv"
	},
	{
		format: "json",
		label: "JSON",
		type: "application/json",
		extension: "json"
	},
	{
		format: "markdown",
		label: "Markdown",
		type: "text/markdown",
		extension: "md"
	}
];
function ExportButtons({ name, table }) {
	return /* @__PURE__ */ a("span", {
		class: "buttons",
		role: "group",
		"aria-label": "Export",
		children: [EXPORTS.map(({ format, label, type, extension }) => /* @__PURE__ */ a("button", {
			class: "small",
			onClick: () => saveAs(`${name}.${extension}`, exportTable(table(), format), type),
			children: label
		}, format)), /* @__PURE__ */ a("button", {
			class: "small",
			onClick: () => {
				const data = table();
				const done = () => notify(`${data.numRows} rows copied.`);
				navigator.clipboard.writeText(exportTable(data, "tsv")).then(done, reportError);
			},
			children: "Copy"
		})]
	});
}
var ROW_PX = 22;
/** A table of any length: only the rows on the screen exist. */
function Grid(props) {
	const { columns, numRows, cell, label, sort, onSort } = props;
	const scroller = T(null);
	const version = useSignal(0);
	const virtualizer = T(null);
	const options = {
		count: numRows,
		getScrollElement: () => scroller.current,
		estimateSize: () => ROW_PX,
		overscan: 8,
		scrollToFn: elementScroll,
		observeElementRect,
		observeElementOffset,
		onChange: () => {
			version.value++;
		}
	};
	if (virtualizer.current === null) virtualizer.current = new Virtualizer(options);
	virtualizer.current.setOptions(options);
	A(() => {
		const cleanup = virtualizer.current._didMount();
		virtualizer.current._willUpdate();
		return cleanup;
	}, []);
	A(() => virtualizer.current._willUpdate());
	version.value;
	const items = virtualizer.current.getVirtualItems();
	const trackOf = (column) => column.grows === true ? `minmax(${column.width}px, 1fr)` : `${column.width}px`;
	const style = { gridTemplateColumns: columns.map(trackOf).join(" ") };
	const width = columns.reduce((sum, column) => sum + column.width, 0);
	return /* @__PURE__ */ a("div", {
		class: "grid",
		ref: scroller,
		role: "table",
		"aria-label": label,
		"aria-rowcount": numRows + 1,
		tabIndex: 0,
		children: [/* @__PURE__ */ a("div", {
			class: "grid-head",
			role: "row",
			style: {
				...style,
				minWidth: `${width}px`
			},
			children: columns.map((column, i) => /* @__PURE__ */ a("div", {
				role: "columnheader",
				class: column.isNumber ? "num" : "",
				"aria-sort": sort?.column === i ? sort.isDescending ? "descending" : "ascending" : void 0,
				children: onSort === void 0 ? column.name : /* @__PURE__ */ a("button", {
					onClick: () => onSort(i),
					children: [column.name, sort?.column === i ? sort.isDescending ? " ↓" : " ↑" : ""]
				})
			}, i))
		}), /* @__PURE__ */ a("div", {
			style: {
				height: `${numRows * ROW_PX}px`,
				position: "relative",
				minWidth: `${width}px`
			},
			children: items.map((item) => /* @__PURE__ */ a("div", {
				role: "row",
				class: "grid-row",
				"aria-rowindex": item.index + 2,
				style: {
					...style,
					transform: `translateY(${item.start}px)`
				},
				onDblClick: () => props.onRow?.(item.index),
				children: columns.map((column, i) => /* @__PURE__ */ a("div", {
					role: "cell",
					class: column.isNumber ? "num" : "",
					children: cell(item.index, i)
				}, i))
			}, item.index))
		})]
	});
}
// src/panels/area_flows.tsx
/** Arrows that are drawn: more would only cover each other. All flows are counted. */
var DRAWN = 1e3;
var DELAYS = [
	"min",
	"mean",
	"p50",
	"p99",
	"max"
];
var COLUMNS$1 = [
	"flow",
	"from",
	"to",
	"count",
	...DELAYS,
	"first",
	"longest"
];
function ArrowLink({ arrow }) {
	return /* @__PURE__ */ a("button", {
		class: "link",
		title: `${arrow.from.name} → ${arrow.to.name}`,
		onClick: () => void goToSlice(arrow.to.slice),
		"aria-label": `Go to ${arrow.to.name}, which ${arrow.from.name} leads to`,
		children: arrow.to.name
	});
}
function AreaFlowsPanel({ area }) {
	const flows = useSignal(null);
	const sort = useSignal({
		column: 3,
		isDescending: true
	});
	A(() => {
		flows.value = null;
		const abort = new AbortController();
		const body = {
			start: area.start,
			end: area.end,
			tracks: areaTracks(area.tracks),
			limit: DRAWN
		};
		trace.value?.client.areaFlows(body, abort.signal).then((answer) => {
			flows.value = answer;
			areaArrows.value = answer.arrows;
		}, reportError);
		return () => {
			abort.abort();
			areaArrows.value = [];
		};
	}, [area]);
	const textOf = (group, column) => [
		group.name,
		trackName(group.from_track),
		trackName(group.to_track),
		group.count,
		...DELAYS.map((each) => group[each]),
		group.first.to.name,
		group.longest.to.name
	][column];
	const rows = useComputed(() => {
		const { column, isDescending } = sort.value;
		const sign = isDescending ? -1 : 1;
		return [...flows.value?.groups ?? []].sort((a, b) => {
			const [x, y] = [textOf(a, column), textOf(b, column)];
			return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
		});
	});
	const data = flows.value;
	if (data === null) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "Following flows…"
	});
	if (data.total === 0) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "No flow leads from one of these tracks to another in this window. Select the rows at both ends, such as a thread and a stream."
	});
	return /* @__PURE__ */ a("div", {
		class: "area-table",
		children: [/* @__PURE__ */ a("div", {
			class: "bar-line",
			children: [
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: [
						formatNumberOf(data.total, "flow"),
						" in ",
						formatNumberOf(data.groups.length, "group"),
						"; times are from start to start",
						data.total > data.arrows.length && `; the first ${formatCount(data.arrows.length)} are drawn`
					]
				}),
				/* @__PURE__ */ a("span", { class: "spacer" }),
				/* @__PURE__ */ a(ExportButtons, {
					name: "flows",
					table: () => ({
						columns: COLUMNS$1,
						numRows: rows.value.length,
						cell: (row, column) => textOf(rows.value[row], column)
					})
				})
			]
		}), /* @__PURE__ */ a(Grid, {
			label: "Flows of the area",
			columns: [
				{
					name: "flow",
					isNumber: false,
					width: 110
				},
				{
					name: "from",
					isNumber: false,
					width: 200,
					grows: true
				},
				{
					name: "to",
					isNumber: false,
					width: 200,
					grows: true
				},
				{
					name: "count",
					isNumber: true,
					width: 80
				},
				...DELAYS.map((name) => ({
					name,
					isNumber: true,
					width: 92
				})),
				{
					name: "first",
					isNumber: false,
					width: 180
				},
				{
					name: "longest",
					isNumber: false,
					width: 180
				}
			],
			numRows: rows.value.length,
			sort: sort.value,
			onSort: (column) => {
				const isSame = sort.value.column === column;
				sort.value = {
					column,
					isDescending: isSame ? !sort.value.isDescending : column >= 3 && column <= 8
				};
			},
			cell: (row, column) => {
				const group = rows.value[row];
				if (column === 9) return /* @__PURE__ */ a(ArrowLink, { arrow: group.first });
				if (column === 10) return /* @__PURE__ */ a(ArrowLink, { arrow: group.longest });
				const value = textOf(group, column);
				if (column === 3) return formatCount(group.count);
				if (typeof value === "number") return /* @__PURE__ */ a("span", {
					title: formatNanos(Math.round(value)),
					children: formatNanosShort(value)
				});
				return /* @__PURE__ */ a("span", {
					title: value,
					children: value
				});
			}
		})]
	});
}
// src/panels/area_gaps.tsx
/** Words for the causes of `gpu_idle`, with what they mean. */
var WORDS = {
	host: ["host late", "the call that launched the next work began after the gap did"],
	short: ["short", "below 30 µs, with the next work launched already: what passes between two kernels"],
	other: ["other", "waits for another stream, an event or a copy, or the launch is not known"]
};
function gapsQuery(area) {
	const [start, end] = [sqlTimeOf(area.start), sqlTimeOf(area.end)];
	const within = `from gpu_idle where ts < ${end} and ts + dur > ${start}`;
	const clipped = `min(ts + dur, ${end}) - max(ts, ${start})`;
	return `include perfetto module gpu.utilization; select device_id, cause, count(*) as count, sum(${clipped}) as dur ${within} group by device_id, cause order by device_id, dur desc; select device_id, ${clipped} as dur, next_slice_id, next_name ${within} order by dur desc limit 20`;
}
function gapsByDevice(result) {
	const found = /* @__PURE__ */ new Map();
	const [causes, longest] = result.sets;
	for (let row = 0; row < (causes?.num_rows ?? 0); row++) {
		const device = Number(cellAt(causes, row, 0));
		const gaps = found.get(device) ?? {
			causes: [],
			longest: null
		};
		found.set(device, gaps);
		const [cause, count, nanos] = [
			1,
			2,
			3
		].map((column) => cellAt(causes, row, column));
		gaps.causes.push({
			cause: String(cause),
			count: Number(count),
			nanos: Number(nanos)
		});
	}
	for (let row = 0; row < (longest?.num_rows ?? 0); row++) {
		const gaps = found.get(Number(cellAt(longest, row, 0)));
		const [nanos, slice, name] = [
			1,
			2,
			3
		].map((column) => cellAt(longest, row, column));
		if (gaps !== void 0) gaps.longest ??= {
			nanos: Number(nanos),
			slice: Number(slice),
			name: String(name)
		};
	}
	return found;
}
/** Gaps of the GPUs in an area, by the rows of their devices; empty until they are known. */
function useGaps(area, hasGpu) {
	const gaps = useSignal(/* @__PURE__ */ new Map());
	A(() => {
		gaps.value = /* @__PURE__ */ new Map();
		const trace$14 = trace.value;
		if (trace$14 === null || !hasGpu || isFile.value) return;
		const abort = new AbortController();
		trace$14.client.query(gapsQuery(area), "area", abort.signal).then((result) => {
			if (result.error !== null) notify(result.error.message, result.error.hint, true);
			else gaps.value = gapsByDevice(result);
		}, reportError);
		return () => abort.abort();
	}, [area, hasGpu]);
	return gaps.value;
}
function GapsLine({ gaps }) {
	return /* @__PURE__ */ a("div", {
		class: "gap-line",
		children: [
			/* @__PURE__ */ a("span", {
				class: "faint",
				children: "gaps of the whole GPU:"
			}),
			gaps.causes.map(({ cause, count, nanos }) => /* @__PURE__ */ a("span", {
				title: WORDS[cause]?.[1],
				children: [
					WORDS[cause]?.[0] ?? cause,
					" ",
					/* @__PURE__ */ a("b", {
						class: "num",
						children: formatNanosShort(nanos)
					}),
					" ",
					/* @__PURE__ */ a("span", {
						class: "faint num",
						children: ["in ", formatCount(count)]
					})
				]
			}, cause)),
			gaps.longest !== null && /* @__PURE__ */ a("span", { children: [
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: "longest"
				}),
				" ",
				/* @__PURE__ */ a("b", {
					class: "num",
					children: formatNanosShort(gaps.longest.nanos)
				}),
				" ",
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: "before"
				}),
				" ",
				/* @__PURE__ */ a(SliceLink, {
					id: gaps.longest.slice,
					children: ellipsizeMiddle(gaps.longest.name, 60)
				})
			] })
		]
	});
}
// src/panels/area_panel.tsx
var COLUMNS = [
	{
		key: "count",
		name: "count",
		width: 80,
		show: formatCount
	},
	{
		key: "total",
		name: "total",
		width: 100,
		show: formatNanosShort
	},
	{
		key: "percent_of_window",
		name: "% window",
		width: 84,
		show: formatPercent
	},
	{
		key: "percent_of_gpu_time",
		name: "% GPU time",
		width: 94,
		show: formatPercent
	},
	{
		key: "self",
		name: "self",
		width: 100,
		show: formatNanosShort
	},
	{
		key: "mean",
		name: "mean",
		width: 96,
		show: formatNanosShort
	},
	{
		key: "min",
		name: "min",
		width: 96,
		show: formatNanosShort
	},
	{
		key: "p50",
		name: "p50",
		width: 96,
		show: formatNanosShort
	},
	{
		key: "p99",
		name: "p99",
		width: 96,
		show: formatNanosShort
	},
	{
		key: "max",
		name: "max",
		width: 96,
		show: formatNanosShort
	}
];
var GROUPINGS = [
	"name",
	"category",
	"class",
	"track"
];
function Table({ area }) {
	const by = useSignal("name");
	const table = useSignal(null);
	const filter = useSignal("");
	const sort = useSignal({
		column: 2,
		isDescending: true
	});
	A(() => {
		table.value = null;
		const abort = new AbortController();
		const body = {
			start: area.start,
			end: area.end,
			tracks: areaTracks(area.tracks),
			by: by.value
		};
		trace.value?.client.area(body, abort.signal).then((answer) => table.value = answer, reportError);
		return () => abort.abort();
	}, [area, by.value]);
	const rows = useComputed(() => {
		const text = filter.value.toLowerCase();
		const list = (table.value?.rows ?? []).map((row) => by.value === "track" && row.track_id !== null ? {
			...row,
			label: trackName(row.track_id)
		} : row).filter((row) => row.label.toLowerCase().includes(text));
		const { column, isDescending } = sort.value;
		const sign = isDescending ? -1 : 1;
		if (column === 0) return list.sort((a, b) => sign * a.label.localeCompare(b.label));
		const { key } = COLUMNS[column - 1];
		return list.sort((a, b) => sign * ((a[key] ?? -1) - (b[key] ?? -1)));
	});
	const data = table.value;
	const gaps = useGaps(area, (data?.gpu.length ?? 0) > 0);
	const hasGpu = data?.rows.some((row) => row.percent_of_gpu_time !== null) ?? false;
	const shown = COLUMNS.filter((column) => hasGpu || column.key !== "percent_of_gpu_time");
	return /* @__PURE__ */ a("div", {
		class: "area-table",
		children: [
			/* @__PURE__ */ a("div", {
				class: "bar-line",
				children: [
					/* @__PURE__ */ a("span", {
						class: "segments",
						role: "group",
						"aria-label": "Group by",
						children: GROUPINGS.map((each) => /* @__PURE__ */ a("button", {
							"aria-pressed": by.value === each,
							class: by.value === each ? "active" : "",
							onClick: () => by.value = each,
							children: each
						}, each))
					}),
					/* @__PURE__ */ a("input", {
						type: "search",
						placeholder: "Filter rows",
						"aria-label": "Filter rows of the table",
						value: filter.value,
						onInput: (event) => filter.value = event.currentTarget.value
					}),
					data !== null && /* @__PURE__ */ a("span", {
						class: "faint",
						children: [
							formatCount(rows.value.length),
							" of ",
							formatCount(data.rows.length),
							" rows, ",
							formatCount(data.num_slices),
							" ",
							"slices"
						]
					}),
					/* @__PURE__ */ a("span", { class: "spacer" }),
					/* @__PURE__ */ a(ExportButtons, {
						name: "area",
						table: () => ({
							columns: [by.value, ...shown.map((column) => column.key)],
							numRows: rows.value.length,
							cell: (row, column) => column === 0 ? rows.value[row].label : rows.value[row][shown[column - 1].key]
						})
					})
				]
			}),
			data !== null && data.gpu.length > 0 && /* @__PURE__ */ a("div", {
				class: "gpu-lines",
				children: data.gpu.map((gpu) => /* @__PURE__ */ a($, { children: [/* @__PURE__ */ a("div", {
					class: "gpu-line",
					children: [
						/* @__PURE__ */ a("span", { children: gpu.name ?? `GPU ${gpu.device}` }),
						/* @__PURE__ */ a("span", {
							class: "meter",
							role: "img",
							"aria-label": `${formatPercent(gpu.percent_busy)} busy`,
							children: /* @__PURE__ */ a("span", { style: { width: `${Math.min(100, gpu.percent_busy)}%` } })
						}),
						/* @__PURE__ */ a("b", {
							class: "num",
							children: [formatPercent(gpu.percent_busy), " busy"]
						}),
						/* @__PURE__ */ a("span", {
							class: "faint num",
							children: [
								formatNanosShort(gpu.busy),
								" busy, ",
								formatNanosShort(gpu.idle),
								" idle"
							]
						})
					]
				}), gaps.has(gpu.device) && /* @__PURE__ */ a(GapsLine, { gaps: gaps.get(gpu.device) })] }, gpu.device))
			}),
			data === null ? /* @__PURE__ */ a("p", {
				class: "faint pad",
				children: "Adding up…"
			}) : /* @__PURE__ */ a(Grid, {
				label: "Slices of the area",
				columns: [{
					name: by.value,
					isNumber: false,
					width: 320,
					grows: true
				}, ...shown.map((each) => ({
					name: each.name,
					isNumber: true,
					width: each.width
				}))],
				numRows: rows.value.length,
				sort: {
					...sort.value,
					column: sort.value.column === 0 ? 0 : 1 + shown.indexOf(COLUMNS[sort.value.column - 1])
				},
				onSort: (shownColumn) => {
					const column = shownColumn === 0 ? 0 : 1 + COLUMNS.indexOf(shown[shownColumn - 1]);
					sort.value = {
						column,
						isDescending: sort.value.column === column ? !sort.value.isDescending : column !== 0
					};
				},
				cell: (row, column) => {
					const each = rows.value[row];
					if (column === 0) return by.value === "name" ? /* @__PURE__ */ a("button", {
						class: "link",
						title: `${each.label}\nSearch for it`,
						onClick: () => void runSearch(each.label, ["name"]).then(() => openDrawer("search")),
						children: each.label
					}) : /* @__PURE__ */ a("span", {
						title: each.label,
						children: each.label
					});
					const { key, show } = shown[column - 1];
					const value = each[key];
					return value === null ? "" : /* @__PURE__ */ a("span", {
						title: key === "count" || key.startsWith("percent") ? void 0 : formatNanos(Math.round(value)),
						children: show(value)
					});
				}
			})
		]
	});
}
var FLAME_ROW_PX = 18;
function hashOf(text) {
	let hash = 0;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash, 31) + text.charCodeAt(i) >>> 0;
	return hash;
}
function Flames({ area }) {
	const direction = useSignal("top_down");
	const graph = useSignal(null);
	const root = useSignal(-1);
	const hover = useSignal(null);
	const canvas = T(null);
	const boxes = T([]);
	A(() => {
		graph.value = null;
		root.value = -1;
		const abort = new AbortController();
		const body = {
			start: area.start,
			end: area.end,
			tracks: areaTracks(area.tracks),
			direction: direction.value
		};
		trace.value?.client.flamegraph(body, abort.signal).then((answer) => graph.value = answer, reportError);
		return () => abort.abort();
	}, [area, direction.value]);
	const data = graph.value;
	const dark = isDark.value;
	A(() => {
		const element = canvas.current;
		if (data === null || element === null) return;
		const draw = () => {
			boxes.current = layoutFlames(data, root.value);
			const theme = dark ? DARK : LIGHT;
			const width = element.parentElement.clientWidth;
			const height = boxes.current.reduce((most, box) => Math.max(most, box.depth + 1), 1) * FLAME_ROW_PX + 4;
			element.style.height = `${height}px`;
			const renderer = new CanvasRenderer(element);
			renderer.begin(width, height, theme.background);
			for (const box of boxes.current) {
				const w = box.width * width;
				if (w < .3) continue;
				const name = data.nodes.name[box.node];
				const color = theme.names[hashOf(name) % theme.names.length];
				renderer.fillRect(box.start * width, box.depth * FLAME_ROW_PX, Math.max(.5, w - .75), 17, color);
				if (w > 24) {
					const text = fitText(renderer, name, w - 8);
					renderer.text(box.start * width + 4, box.depth * FLAME_ROW_PX + FLAME_ROW_PX / 2, text, theme.onBlock);
				}
			}
		};
		draw();
		const observer = new ResizeObserver(draw);
		observer.observe(element.parentElement);
		return () => observer.disconnect();
	}, [
		data,
		root.value,
		dark
	]);
	const boxAt = (event) => {
		const box = canvas.current.getBoundingClientRect();
		const at = (event.clientX - box.left) / box.width;
		const depth = Math.floor((event.clientY - box.top) / FLAME_ROW_PX);
		return boxes.current.find((each) => each.depth === depth && at >= each.start && at < each.start + each.width);
	};
	const over = hover.value;
	return /* @__PURE__ */ a("div", {
		class: "flames",
		children: [
			/* @__PURE__ */ a("div", {
				class: "bar-line",
				children: [
					/* @__PURE__ */ a("span", {
						class: "segments",
						role: "group",
						"aria-label": "Direction",
						children: ["top_down", "bottom_up"].map((each) => /* @__PURE__ */ a("button", {
							"aria-pressed": direction.value === each,
							class: direction.value === each ? "active" : "",
							onClick: () => direction.value = each,
							children: each.replace("_", "-")
						}, each))
					}),
					root.value >= 0 && /* @__PURE__ */ a("button", {
						class: "small",
						onClick: () => root.value = -1,
						children: "Show all"
					}),
					data !== null && /* @__PURE__ */ a("span", {
						class: "faint",
						children: [formatNanosShort(data.total), " in total; click a frame to zoom into it"]
					})
				]
			}),
			/* @__PURE__ */ a("div", {
				class: "flame-scroll",
				children: [
					data === null && /* @__PURE__ */ a("p", {
						class: "faint pad",
						children: "Putting stacks together…"
					}),
					data !== null && data.nodes.parent.length === 0 && /* @__PURE__ */ a("p", {
						class: "faint pad",
						children: "No slices in this area."
					}),
					/* @__PURE__ */ a("canvas", {
						ref: canvas,
						role: "img",
						"aria-label": "Flame graph of the area",
						onClick: (event) => {
							const box = boxAt(event);
							if (box !== void 0) root.value = box.node;
						},
						onMouseMove: (event) => {
							const box = boxAt(event);
							hover.value = box === void 0 ? null : {
								node: box.node,
								x: event.clientX,
								y: event.clientY
							};
						},
						onMouseLeave: () => hover.value = null
					})
				]
			}),
			over !== null && data !== null && data.nodes.name[over.node] !== void 0 && /* @__PURE__ */ a("div", {
				class: "tooltip fixed",
				style: {
					left: `${Math.min(over.x + 12, window.innerWidth - 380)}px`,
					top: `${Math.max(4, over.y - 90)}px`
				},
				children: [
					/* @__PURE__ */ a("div", {
						class: "tooltip-name",
						children: ellipsizeMiddle(data.nodes.name[over.node], 200)
					}),
					/* @__PURE__ */ a("div", { children: [
						/* @__PURE__ */ a("b", { children: formatNanosShort(data.nodes.total[over.node]) }),
						" total,",
						" ",
						formatPercent(100 * data.nodes.total[over.node] / Math.max(1, data.total))
					] }),
					/* @__PURE__ */ a("div", { children: [
						formatNanosShort(data.nodes.self[over.node]),
						" self, ",
						formatCount(data.nodes.count[over.node]),
						" slices"
					] })
				]
			})
		]
	});
}
var COUNTER_NUMBERS = [
	{
		key: "delta",
		name: "delta"
	},
	{
		key: "rate",
		name: "rate"
	},
	{
		key: "mean",
		name: "mean over time"
	},
	{
		key: "first",
		name: "first"
	},
	{
		key: "last",
		name: "last"
	},
	{
		key: "min",
		name: "min"
	},
	{
		key: "max",
		name: "max"
	}
];
/** Each sample holds until the next one, the last one until the end of the area. */
function counterQuery(area, tracks) {
	const [start, end] = [sqlTimeOf(area.start), sqlTimeOf(area.end)];
	const held = `(coalesce(next, ${end}) - ts)`;
	return `with v as (select track_id, ts, value, lead(ts) over w as next, row_number() over w as n, count(*) over (partition by track_id) as count from counter where ts >= ${start} and ts < ${end} and track_id in (${tracks.join(",")}) window w as (partition by track_id order by ts)) select track_id, max(count) as count, sum(value * ${held}) / sum(${held}) as mean, sum(case when n = 1 then value end) as first, sum(case when n = count then value end) as last, min(value) as min, max(value) as max, max(ts) - min(ts) as time from v group by track_id`;
}
async function rowsByQuery(trace, area, tracks, signal) {
	const result = await trace.client.query(counterQuery(area, tracks), "area", signal);
	if (result.error !== null) notify(result.error.message, result.error.hint, true);
	const set = result.sets[0];
	return Array.from({ length: set?.num_rows ?? 0 }, (_, row) => {
		const number = (column) => Number(cellAt(set, row, column));
		const [first, last, nanos] = [
			number(3),
			number(4),
			number(7)
		];
		return {
			track: number(0),
			count: number(1),
			delta: last - first,
			rate: nanos > 0 ? (last - first) / nanos * 1e9 : null,
			mean: number(2),
			first,
			last,
			min: number(5),
			max: number(6)
		};
	});
}
/** The same without SQL: an exported file has every sample. */
async function rowsByColumns(trace, area, tracks, signal) {
	const body = {
		start: area.start,
		end: area.end,
		px: 1,
		tracks: [...tracks]
	};
	return (await trace.client.viewport(body, signal)).flatMap(({ trackId, columns }) => {
		const sums = columns.kind === "counter" ? counterSums(columns, area) : null;
		return sums === null ? [] : [{
			...sums,
			track: trackId
		}];
	});
}
/** The samples of each counter within the area; what holds before its first sample is no sample of it. */
function Counters({ area, tracks }) {
	const rows = useSignal(null);
	A(() => {
		rows.value = null;
		const trace$13 = trace.value;
		if (trace$13 === null) return;
		const abort = new AbortController();
		(isFile.value ? rowsByColumns : rowsByQuery)(trace$13, area, tracks, abort.signal).then((found) => rows.value = found, reportError);
		return () => abort.abort();
	}, [area]);
	if (rows.value === null) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "Adding up…"
	});
	const list = rows.value;
	const nameOf = (row) => trackPlaces.value.get(row.track)?.node.name ?? String(row.track);
	const cell = (row, column) => {
		if (column === 0) return /* @__PURE__ */ a("span", {
			title: nameOf(row),
			children: nameOf(row)
		});
		if (column === 1) return formatCount(row.count);
		const { key } = COUNTER_NUMBERS[column - 2];
		const value = row[key];
		const unit = trackPlaces.value.get(row.track)?.track.unit ?? null;
		return value === null ? "" : formatValue(value, unitOf(unit, {
			...PLAIN,
			shows: key === "rate" ? "rate" : "value"
		}));
	};
	const names = [
		"counter",
		"samples",
		...COUNTER_NUMBERS.map((each) => each.name)
	];
	return /* @__PURE__ */ a("div", {
		class: "area-table",
		children: [/* @__PURE__ */ a("div", {
			class: "bar-line",
			children: [
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: [formatNumberOf(list.length, "counter"), " with samples in the area"]
				}),
				/* @__PURE__ */ a("span", { class: "spacer" }),
				/* @__PURE__ */ a(ExportButtons, {
					name: "counters",
					table: () => ({
						columns: names,
						numRows: list.length,
						cell: (row, column) => {
							const each = list[row];
							return column === 0 ? nameOf(each) : column === 1 ? each.count : each[COUNTER_NUMBERS[column - 2].key];
						}
					})
				})
			]
		}), /* @__PURE__ */ a(Grid, {
			label: "Counters of the area",
			columns: names.map((name, i) => ({
				name,
				isNumber: i > 0,
				width: i === 0 ? 300 : 118,
				grows: i === 0
			})),
			numRows: list.length,
			cell: (row, column) => cell(list[row], column)
		})]
	});
}
/** Stays as it was chosen from one area to the next. */
var areaView = y("table");
function AreaPanel() {
	const selected = selection.value;
	const view = areaView;
	if (selected.kind !== "area") return null;
	const counters = areaTracks(selected.tracks).filter((id) => trackPlaces.value.get(id)?.track.kind === "counter");
	const shown = view.value === "counters" && counters.length === 0 ? "table" : view.value;
	const tracks = selected.tracks === null ? "all tracks" : `${formatCount(selected.tracks.length)} track${selected.tracks.length === 1 ? "" : "s"}`;
	return /* @__PURE__ */ a("div", {
		class: "area-panel",
		children: [
			/* @__PURE__ */ a("div", {
				class: "bar-line",
				children: [
					/* @__PURE__ */ a("b", {
						class: "num",
						children: formatNanos(selected.end - selected.start, settings.value.timeFormat)
					}),
					/* @__PURE__ */ a("span", {
						class: "faint",
						children: [
							"from ",
							formatNanos(selected.start, settings.value.timeFormat),
							", ",
							tracks
						]
					}),
					/* @__PURE__ */ a("span", {
						class: "segments",
						role: "group",
						"aria-label": "View of the area",
						children: [
							/* @__PURE__ */ a("button", {
								"aria-pressed": view.value === "table",
								class: view.value === "table" ? "active" : "",
								onClick: () => view.value = "table",
								children: "Table"
							}),
							/* @__PURE__ */ a("button", {
								"aria-pressed": view.value === "flames",
								class: view.value === "flames" ? "active" : "",
								onClick: () => view.value = "flames",
								children: "Flame graph"
							}),
							/* @__PURE__ */ a("button", {
								"aria-pressed": view.value === "flows",
								class: view.value === "flows" ? "active" : "",
								onClick: () => view.value = "flows",
								children: "Flows"
							}),
							counters.length > 0 && /* @__PURE__ */ a("button", {
								"aria-pressed": shown === "counters",
								class: shown === "counters" ? "active" : "",
								onClick: () => view.value = "counters",
								children: "Counters"
							})
						]
					})
				]
			}),
			shown === "table" && /* @__PURE__ */ a(Table, { area: selected }),
			shown === "flames" && /* @__PURE__ */ a(Flames, { area: selected }),
			shown === "flows" && /* @__PURE__ */ a(AreaFlowsPanel, { area: selected }),
			shown === "counters" && /* @__PURE__ */ a(Counters, {
				area: selected,
				tracks: counters
			})
		]
	});
}
// src/panels/search_panel.tsx
function SearchPanel() {
	const { result, text, index } = search.value;
	const names = useSignal(/* @__PURE__ */ new Map());
	A(() => {
		names.value = /* @__PURE__ */ new Map();
		const trace$12 = trace.value;
		if (result === null || trace$12 === null || result.ids.length === 0) return;
		const abort = new AbortController();
		const ids = result.ids;
		trace$12.client.namesOfSlices(ids, abort.signal).then((found) => names.value = found, reportError);
		return () => abort.abort();
	}, [result]);
	if (result === null) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "Type in the box at the top, or press / there."
	});
	const trackName = (id) => {
		const place = trackPlaces.value.get(id);
		return place === void 0 ? String(id) : pathText(place.path, place.node);
	};
	const { timeFormat } = settings.value;
	return /* @__PURE__ */ a("div", {
		class: "search-panel",
		children: [/* @__PURE__ */ a("div", {
			class: "bar-line",
			children: [
				/* @__PURE__ */ a("b", { children: [formatCount(result.total), " hits"] }),
				" ",
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: [
						"for “",
						text,
						"”"
					]
				}),
				result.total > result.ids.length && /* @__PURE__ */ a("span", {
					class: "faint",
					children: [
						"; the first ",
						formatCount(1e4),
						" are listed, all are counted and drawn as ticks"
					]
				})
			]
		}), /* @__PURE__ */ a(Grid, {
			label: "Search results",
			columns: [
				{
					name: "start",
					isNumber: true,
					width: 150
				},
				{
					name: "duration",
					isNumber: true,
					width: 130
				},
				{
					name: "name",
					isNumber: false,
					width: 380,
					grows: true
				},
				{
					name: "track",
					isNumber: false,
					width: 420
				}
			],
			numRows: result.ids.length,
			onRow: showHit,
			cell: (row, column) => {
				if (column === 0) return /* @__PURE__ */ a("button", {
					class: row === index ? "link current" : "link",
					onClick: () => showHit(row),
					children: formatNanos(result.ts[row], timeFormat)
				});
				if (column === 1) return result.dur[row] === null ? "never ended" : formatNanos(result.dur[row], timeFormat);
				if (column === 2) return /* @__PURE__ */ a("span", {
					title: names.value.get(result.ids[row]),
					children: names.value.get(result.ids[row]) ?? `slice ${result.ids[row]}`
				});
				return trackName(result.tracks[row]);
			}
		})]
	});
}
// src/panels/slice_panel.tsx
function Field({ name, children }) {
	return /* @__PURE__ */ a("tr", { children: [/* @__PURE__ */ a("th", {
		scope: "row",
		children: name
	}), /* @__PURE__ */ a("td", { children })] });
}
function Args({ args, level }) {
	return /* @__PURE__ */ a($, { children: args.map((arg) => /* @__PURE__ */ a(ArgRow, {
		arg,
		level
	}, arg.key)) });
}
function ArgRow({ arg, level }) {
	const isOpen = useSignal(level < 2);
	const hasChildren = arg.children.length > 0;
	return /* @__PURE__ */ a($, { children: [/* @__PURE__ */ a("tr", { children: [/* @__PURE__ */ a("th", {
		scope: "row",
		style: { paddingLeft: `${level * 12}px` },
		children: hasChildren ? /* @__PURE__ */ a("button", {
			class: "link plain",
			"aria-expanded": isOpen.value,
			onClick: () => isOpen.value = !isOpen.value,
			children: [
				isOpen.value ? "▾" : "▸",
				" ",
				arg.key
			]
		}) : arg.key
	}), /* @__PURE__ */ a("td", { children: !hasChildren && /* @__PURE__ */ a("button", {
		class: "value",
		title: "Search slices with this value",
		onClick: () => void findValue(String(arg.value)),
		children: arg.value === null ? "null" : typeof arg.value === "number" ? String(arg.value) : String(arg.value)
	}) })] }), hasChildren && isOpen.value && /* @__PURE__ */ a(Args, {
		args: arg.children,
		level: level + 1
	})] });
}
async function findValue(value) {
	openDrawer("search");
	await runSearch(value, ["arg_value"]);
}
var triple = (value) => value === null ? null : value.join(" × ");
function gpuFields(gpu) {
	return [
		["Grid", triple(gpu.grid)],
		["Block", triple(gpu.block)],
		["Registers", gpu.registers_per_thread === null ? null : `${gpu.registers_per_thread} per thread`],
		["Static shared memory", gpu.static_shared_bytes === null ? null : formatBytes(gpu.static_shared_bytes)],
		["Dynamic shared memory", gpu.dynamic_shared_bytes === null ? null : formatBytes(gpu.dynamic_shared_bytes)],
		["Occupancy (estimated)", gpu.occupancy_percent === null ? null : formatPercent(gpu.occupancy_percent)],
		["Warps per SM", gpu.warps_per_sm === null ? null : String(gpu.warps_per_sm)],
		["Blocks per SM", gpu.blocks_per_sm === null ? null : String(gpu.blocks_per_sm)],
		["Copied", gpu.bytes === null ? null : `${formatBytes(gpu.bytes)} (${formatCount(gpu.bytes)} B)`],
		["Bandwidth", gpu.bandwidth_bytes_per_second === null ? null : `${(gpu.bandwidth_bytes_per_second / 1e9).toFixed(2)} GB/s`],
		["Kind of copy", gpu.copy_kind],
		["Graph", gpu.graph_id === null ? null : String(gpu.graph_id)],
		["Graph node", gpu.graph_node_id === null ? null : String(gpu.graph_node_id)],
		["Correlation", gpu.correlation === null ? null : String(gpu.correlation)]
	].filter((field) => field[1] !== null);
}
function Histogram({ statistics, dur }) {
	const buckets = [...statistics.buckets].sort((a, b) => a.from - b.from);
	const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
	return /* @__PURE__ */ a("div", {
		class: "histogram",
		role: "img",
		"aria-label": `Durations of ${statistics.count} slices, ${formatNanosShort(statistics.min)} to ${formatNanosShort(statistics.max)}`,
		children: buckets.map((bucket) => /* @__PURE__ */ a("div", {
			class: dur !== null && dur >= bucket.from && dur < bucket.to ? "bar own" : "bar",
			style: { height: `${Math.max(2, bucket.count / most * 100)}%` },
			title: `${formatNanosShort(bucket.from)} to ${formatNanosShort(bucket.to)}: ${formatCount(bucket.count)}`
		}, bucket.from))
	});
}
function SameName({ details }) {
	const statistics = useSignal(null);
	A(() => {
		statistics.value = null;
		const abort = new AbortController();
		trace.value?.client.sameName(details.id, abort.signal).then((answer) => statistics.value = answer, reportError);
		return () => abort.abort();
	}, [details.id]);
	const s = statistics.value;
	if (s === null) return /* @__PURE__ */ a("p", {
		class: "faint",
		children: "Looking at all slices of this name…"
	});
	const rows = [
		["min", s.min],
		["p50", s.p50],
		["mean", s.mean],
		["p75", s.p75],
		["p90", s.p90],
		["p95", s.p95],
		["p99", s.p99],
		["p99.9", s.p999],
		["max", s.max]
	];
	return /* @__PURE__ */ a($, { children: [
		/* @__PURE__ */ a("p", { children: [
			/* @__PURE__ */ a("b", {
				class: "num",
				children: formatCount(s.count)
			}),
			" slices, ",
			/* @__PURE__ */ a("b", {
				class: "num",
				children: formatNanosShort(s.total)
			}),
			" in total.",
			" ",
			s.count > 1 && /* @__PURE__ */ a($, { children: [
				/* @__PURE__ */ a("b", {
					class: "num",
					children: formatCount(s.rank_of_this)
				}),
				" are shorter than this one (",
				formatPercent(100 * s.rank_of_this / (s.count - 1)),
				")."
			] })
		] }),
		s.buckets.length > 0 && /* @__PURE__ */ a(Histogram, {
			statistics: s,
			dur: details.dur
		}),
		/* @__PURE__ */ a("div", {
			class: "quantiles",
			children: rows.map(([name, value]) => /* @__PURE__ */ a("div", { children: [/* @__PURE__ */ a("span", {
				class: "faint",
				children: name
			}), /* @__PURE__ */ a("span", {
				class: "num",
				children: formatNanosShort(value)
			})] }, name))
		}),
		/* @__PURE__ */ a("button", {
			class: "small",
			onClick: () => void runSearch(s.name, ["name"]).then(() => openDrawer("search")),
			children: "List all of this name"
		})
	] });
}
function Launch({ details }) {
	const { launch } = details;
	return /* @__PURE__ */ a($, { children: [launch !== null && /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Launched by" }), /* @__PURE__ */ a("table", {
		class: "fields",
		children: [
			/* @__PURE__ */ a(Field, {
				name: "Call",
				children: /* @__PURE__ */ a(SliceLink, {
					id: launch.api_slice,
					children: launch.api_name
				})
			}),
			/* @__PURE__ */ a(Field, {
				name: "Duration of the call",
				children: /* @__PURE__ */ a(Time, { nanos: launch.api_dur })
			}),
			launch.launch_delay !== null && /* @__PURE__ */ a(Field, {
				name: "Launch delay",
				children: [
					/* @__PURE__ */ a(Time, { nanos: launch.launch_delay }),
					" ",
					/* @__PURE__ */ a("span", {
						class: "faint",
						children: "from the call's start to the start on the GPU"
					})
				]
			}),
			launch.queue_delay !== null && /* @__PURE__ */ a(Field, {
				name: "Queue delay",
				children: [
					/* @__PURE__ */ a(Time, { nanos: launch.queue_delay }),
					" ",
					/* @__PURE__ */ a("span", {
						class: "faint",
						children: "since the call returned and the stream was free"
					})
				]
			})
		]
	})] }), details.num_launched > 0 && /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: [
		"Launched ",
		formatCount(details.num_launched),
		" on the GPU",
		details.num_launched > details.launched.length && `, the first ${details.launched.length} are`
	] }), /* @__PURE__ */ a("ul", {
		class: "links",
		children: details.launched.map((work) => /* @__PURE__ */ a("li", { children: [
			/* @__PURE__ */ a(SliceLink, {
				id: work.slice,
				children: ellipsizeMiddle(work.name, 90)
			}),
			" ",
			/* @__PURE__ */ a(Time, { nanos: work.dur })
		] }, work.slice))
	})] })] });
}
function Flows({ id }) {
	const arrows$1 = arrows.value.filter((arrow) => arrow.kind === "flow");
	const sides = [{
		title: "Preceding flows",
		list: arrows$1.filter((arrow) => arrow.to.slice === id),
		other: "from"
	}, {
		title: "Following flows",
		list: arrows$1.filter((arrow) => arrow.from.slice === id),
		other: "to"
	}].filter((side) => side.list.length > 0);
	return /* @__PURE__ */ a($, { children: sides.map((side) => /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: [
		side.title,
		" (",
		side.list.length,
		")"
	] }), /* @__PURE__ */ a("ul", {
		class: "links",
		children: side.list.map((arrow, i) => /* @__PURE__ */ a("li", { children: [
			/* @__PURE__ */ a("span", {
				class: "chip",
				children: arrow.name
			}),
			" ",
			/* @__PURE__ */ a(SliceLink, {
				id: arrow[side.other].slice,
				children: ellipsizeMiddle(arrow[side.other].name, 90)
			}),
			" ",
			/* @__PURE__ */ a("span", {
				class: "faint",
				children: "after"
			}),
			" ",
			/* @__PURE__ */ a(Time, { nanos: arrow.to.ts - arrow.from.ts })
		] }, i))
	})] }, side.title)) });
}
/** The words of the API for classes, at the numbers that viewports use. */
var CLASS_WORDS = [
	"none",
	"gemm",
	"attention",
	"softmax_norm",
	"moe",
	"communication",
	"copy",
	"set",
	"other",
	"annotation"
];
function classNumber(value) {
	return typeof value === "string" ? Math.max(0, CLASS_WORDS.indexOf(value)) : value ?? 0;
}
function Around({ details }) {
	const isWhole = useSignal(false);
	const { stack } = details;
	if (stack.length === 0) return null;
	const shown = isWhole.value ? stack : stack.slice(-4);
	const hidden = stack.length - shown.length;
	return /* @__PURE__ */ a("nav", {
		class: "stack",
		"aria-label": "Slices around this one",
		children: [hidden > 0 && /* @__PURE__ */ a($, { children: [
			/* @__PURE__ */ a("button", {
				class: "link",
				onClick: () => isWhole.value = true,
				children: [hidden, " more"]
			}),
			" ",
			"›",
			" "
		] }), shown.map((up) => /* @__PURE__ */ a("span", { children: [
			/* @__PURE__ */ a(SliceLink, {
				id: up.id,
				children: up.name
			}),
			" ›",
			" "
		] }, up.id))]
	});
}
function SlicePanel() {
	const selected = selection.value;
	const details = sliceDetails.value;
	if (selected.kind !== "slice") return null;
	if (details === null || details.id !== selected.id) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: [
			"Reading slice ",
			selected.id,
			"…"
		]
	});
	const overview = trace.value.overview;
	const window = view.value;
	const end = details.dur === null ? bounds.value.end : details.ts + details.dur;
	const inWindow = Math.max(0, Math.min(end, window.end) - Math.max(details.ts, window.start));
	const { timeFormat } = settings.value;
	const kernelClass = classNumber(details.class);
	const isStream = details.stream !== null && details.thread?.role === "gpu stream";
	return /* @__PURE__ */ a("div", {
		class: "slice-panel",
		children: [
			/* @__PURE__ */ a("div", {
				class: "slice-head",
				children: [/* @__PURE__ */ a("h2", {
					title: details.name,
					children: details.name
				}), /* @__PURE__ */ a("span", {
					class: "buttons",
					children: [
						areaBefore.value !== null && /* @__PURE__ */ a("button", {
							class: "small",
							onClick: () => select(areaBefore.value),
							children: "‹ Back to the area"
						}),
						/* @__PURE__ */ a("button", {
							class: "small",
							onClick: focusSelection,
							title: "F",
							children: "Show"
						}),
						/* @__PURE__ */ a("button", {
							class: "small",
							onClick: convertToArea,
							title: "R",
							children: "As area"
						}),
						/* @__PURE__ */ a("button", {
							class: "small",
							onClick: () => navigator.clipboard.writeText(details.name).then(() => notify("Name copied."), reportError),
							children: "Copy name"
						})
					]
				})]
			}),
			/* @__PURE__ */ a(Around, { details }, details.id),
			/* @__PURE__ */ a("div", {
				class: "columns",
				children: [
					/* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Slice" }), /* @__PURE__ */ a("table", {
						class: "fields",
						children: [
							/* @__PURE__ */ a(Field, {
								name: "Duration",
								children: details.dur === null ? /* @__PURE__ */ a("span", { children: "never ended" }) : /* @__PURE__ */ a("b", {
									class: "num",
									children: formatNanos(details.dur, timeFormat)
								})
							}),
							details.self_dur !== null && details.self_dur !== details.dur && /* @__PURE__ */ a(Field, {
								name: "Self time",
								children: /* @__PURE__ */ a(Time, { nanos: details.self_dur })
							}),
							/* @__PURE__ */ a(Field, {
								name: "Start",
								children: /* @__PURE__ */ a(Time, { nanos: details.ts })
							}),
							/* @__PURE__ */ a(Field, {
								name: "End",
								children: details.dur === null ? "–" : /* @__PURE__ */ a(Time, { nanos: details.ts + details.dur })
							}),
							overview.unix_start_ns !== null && /* @__PURE__ */ a(Field, {
								name: "Wall time",
								children: /* @__PURE__ */ a("span", {
									class: "num",
									children: formatWallTime(overview.unix_start_ns, details.ts)
								})
							}),
							details.percent_of_parent !== null && /* @__PURE__ */ a(Field, {
								name: "Of its parent",
								children: formatPercent(details.percent_of_parent)
							}),
							/* @__PURE__ */ a(Field, {
								name: "Of the window",
								children: formatPercent(100 * inWindow / (window.end - window.start))
							}),
							details.category !== null && /* @__PURE__ */ a(Field, {
								name: "Category",
								children: details.category
							}),
							kernelClass > 0 && /* @__PURE__ */ a(Field, {
								name: "Class",
								children: /* @__PURE__ */ a("span", {
									class: `chip class-${kernelClass}`,
									children: CLASS_NAMES[kernelClass]
								})
							}),
							details.thread !== null && !isStream && /* @__PURE__ */ a(Field, {
								name: "Thread",
								children: [
									details.thread.name ?? "unnamed",
									" ",
									/* @__PURE__ */ a("span", {
										class: "faint",
										children: ["tid ", details.thread.tid ?? "unknown"]
									}),
									details.thread.role !== null && /* @__PURE__ */ a("span", {
										class: "chip",
										children: details.thread.role
									})
								]
							}),
							details.process !== null && !(isStream && details.process.name === null) && /* @__PURE__ */ a(Field, {
								name: "Process",
								children: [
									details.process.name ?? "unnamed",
									" ",
									/* @__PURE__ */ a("span", {
										class: "faint",
										children: ["pid ", details.process.pid ?? "unknown"]
									})
								]
							}),
							details.device !== null && /* @__PURE__ */ a(Field, {
								name: "GPU",
								children: details.device.name ?? `GPU ${details.device.id}`
							}),
							details.stream !== null && /* @__PURE__ */ a(Field, {
								name: "Stream",
								children: details.stream.name ?? details.stream.id
							}),
							details.rank !== null && /* @__PURE__ */ a(Field, {
								name: "Rank",
								children: details.rank
							}),
							/* @__PURE__ */ a(Field, {
								name: "Id",
								children: [
									details.id,
									" ",
									/* @__PURE__ */ a("span", {
										class: "faint",
										children: [
											"depth ",
											details.depth,
											", track ",
											details.track_id
										]
									})
								]
							}),
							details.origin !== null && /* @__PURE__ */ a(Field, {
								name: "Origin",
								children: /* @__PURE__ */ a("span", {
									class: "faint",
									children: [
										details.origin.source,
										", byte ",
										formatCount(details.origin.offset)
									]
								})
							})
						]
					})] }),
					/* @__PURE__ */ a("div", { children: [
						details.gpu !== null && /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "On the GPU" }), /* @__PURE__ */ a("table", {
							class: "fields",
							children: gpuFields(details.gpu).map(([name, value]) => /* @__PURE__ */ a(Field, {
								name,
								children: /* @__PURE__ */ a("span", {
									class: "num",
									children: value
								})
							}, name))
						})] }),
						/* @__PURE__ */ a(Launch, { details }),
						/* @__PURE__ */ a(Flows, { id: details.id }),
						details.async_chain.length > 0 && /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Same async id" }), /* @__PURE__ */ a("ul", {
							class: "links",
							children: details.async_chain.map((each) => /* @__PURE__ */ a("li", { children: [
								/* @__PURE__ */ a(SliceLink, {
									id: each.id,
									children: each.name
								}),
								" ",
								/* @__PURE__ */ a(Time, { nanos: each.ts })
							] }, each.id))
						})] }),
						details.python_stack.length > 0 && /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Python stack" }), /* @__PURE__ */ a("ol", {
							class: "links",
							children: [...details.python_stack].reverse().map((frame) => /* @__PURE__ */ a("li", { children: /* @__PURE__ */ a(SliceLink, {
								id: frame.id,
								children: frame.name
							}) }, frame.id))
						})] })
					] }),
					/* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Arguments" }), details.args.length === 0 ? /* @__PURE__ */ a("p", {
						class: "faint",
						children: "This event has none."
					}) : /* @__PURE__ */ a("table", {
						class: "fields args",
						children: /* @__PURE__ */ a(Args, {
							args: details.args,
							level: 0
						})
					})] }),
					/* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Same name in the whole trace" }), /* @__PURE__ */ a(SameName, { details })] })
				]
			})
		]
	});
}
// src/logic/sql_scripts.ts
/** Without comments and texts, in which any word may stand. */
var bare = (script) => script.replace(/--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'/g, (part) => part.startsWith("'") ? "''" : " ");
var CREATE = /\bcreate\s+(?:or\s+replace\s+)?(?:perfetto\s+)?(?:temp(?:orary)?\s+)?(?:virtual\s+)?(?:table|view|function|macro)\s+(?:if\s+not\s+exists\s+)?["`[]?(\w+)/gi;
/** The same as functions, which take the name in a text. */
var CREATE_FUNCTION = /\bcreate_(?:view_)?function\s*\(\s*'\s*(\w+)/gi;
/** The names that a script creates, in lower case. */
function createdNames(script) {
	return [...bare(script).matchAll(CREATE), ...script.matchAll(CREATE_FUNCTION)].map((match) => match[1].toLowerCase());
}
/** Whether a script leaves something for later ones: what it creates, or a module. */
var leavesSomething = (script) => createdNames(script).length > 0 || /\binclude\s+perfetto\s+module\b/i.test(bare(script));
/** Of the scripts that ran before, in order, those that `script` needs: for its own names, and for those of such scripts. */
function neededScripts(before, script) {
	const wordsOf = (text) => new Set(bare(text).toLowerCase().match(/\w+/g) ?? []);
	const words = wordsOf(script);
	const needed = [];
	for (const each of [...before].reverse()) {
		const names = createdNames(each);
		if (names.length > 0 ? !names.some((name) => words.has(name)) : !leavesSomething(each)) continue;
		needed.unshift(each);
		for (const word of wordsOf(each)) words.add(word);
	}
	return needed;
}
// src/panels/sql_editor.ts
var highlight = HighlightStyle.define([
	{
		tag: tags.keyword,
		color: "var(--sql-keyword)"
	},
	{
		tag: [tags.string, tags.special(tags.string)],
		color: "var(--sql-string)"
	},
	{
		tag: [
			tags.number,
			tags.bool,
			tags.null
		],
		color: "var(--sql-number)"
	},
	{
		tag: [tags.lineComment, tags.blockComment],
		color: "var(--faint)",
		fontStyle: "italic"
	}
]);
var language = new Compartment();
function makeSqlEditor(parent, text, onChange, onRun) {
	const run = () => {
		onRun();
		return true;
	};
	const view = new EditorView({
		parent,
		state: EditorState.create({
			doc: text,
			extensions: [
				keymap.of([{
					key: "Mod-Enter",
					run,
					preventDefault: true
				}]),
				lineNumbers(),
				history$2(),
				bracketMatching(),
				closeBrackets(),
				autocompletion(),
				syntaxHighlighting(highlight),
				EditorView.lineWrapping,
				placeholder("select name, count(*), sum(dur) from slice group by name order by 3 desc"),
				EditorView.contentAttributes.of({ "aria-label": "SQL; Escape leaves the editor" }),
				keymap.of([
					...closeBracketsKeymap,
					...completionKeymap,
					...searchKeymap,
					...historyKeymap,
					...defaultKeymap,
					indentWithTab
				]),
				language.of(sql({ dialect: SQLite })),
				EditorView.updateListener.of((update) => {
					if (update.docChanged) onChange(update.state.doc.toString());
				})
			]
		})
	});
	return {
		text: () => view.state.doc.toString(),
		textToRun: () => {
			const { from, to } = view.state.selection.main;
			const isSelection = from !== to;
			return {
				text: isSelection ? view.state.sliceDoc(from, to) : view.state.doc.toString(),
				isSelection
			};
		},
		setText: (next) => view.dispatch({ changes: {
			from: 0,
			to: view.state.doc.length,
			insert: next
		} }),
		setSchema: (schema) => {
			const tables = Object.fromEntries(schema.tables.map((table) => [table.name, {
				self: {
					label: table.name,
					type: "type",
					info: table.doc
				},
				children: table.columns.map((column) => ({
					label: column.name,
					type: "property",
					detail: column.type,
					info: column.doc
				}))
			}]));
			const dialect = SQLite;
			const names = [...schema.functions.map((label) => ({
				label,
				type: "function",
				apply: `${label}(`
			})), ...schema.modules.map((label) => ({
				label,
				type: "namespace"
			}))];
			const columns = [...new Set(schema.tables.flatMap((table) => table.columns.map((column) => column.name)))];
			const support = sql({
				dialect,
				schema: tables
			});
			view.dispatch({ effects: language.reconfigure([
				support,
				dialect.language.data.of({ autocomplete: (context) => {
					const word = context.matchBefore(/[\w.]+$/);
					if (word === null || word.text.includes(".") && !schema.modules.some((name) => name.startsWith(word.text))) return null;
					const options = [...names, ...columns.map((label) => ({
						label,
						type: "property",
						boost: -1
					}))];
					return {
						from: word.from,
						options,
						validFor: /^[\w.]*$/
					};
				} }),
				dialect.language.data.of({ autocomplete: keywordCompletionSource(dialect) })
			]) });
		},
		focus: () => view.focus(),
		destroy: () => view.destroy()
	};
}
// src/panels/sql_panel.tsx
var TABS_KEY = "kinetoscope.sql.tabs";
var HISTORY_KEY = "kinetoscope.sql.history";
var HISTORY_LENGTH = 100;
/** All tabs share a session, so that what one of them creates is there for the others. */
var SESSION = "sql";
var MADE_KEY = "kinetoscope.sql.made";
var EXAMPLES = [
	{
		title: "First rows",
		sql: "select * from slice limit 100"
	},
	{
		title: "Kernels by total time",
		sql: "select name, count(*) as count, sum(dur) as total, avg(dur) as mean, max(dur) as max\nfrom slice\nwhere category = 'kernel'\ngroup by name\norder by total desc"
	},
	{
		title: "Longest slices",
		sql: "select id, ts, dur, name, category from slice order by dur desc limit 100"
	},
	{
		title: "Time by category",
		sql: "select category, count(*) as count, sum(dur) as total from slice group by category order by total desc"
	},
	{
		title: "Longest CUDA calls",
		sql: "select id, ts, dur, name from slice where category = 'cuda_runtime' order by dur desc limit 100"
	},
	{
		title: "Threads",
		sql: "select t.utid, t.tid, t.name, p.pid, p.name as process from thread t left join process p using (upid)"
	}
];
var tabs = y(stored(TABS_KEY, [{
	id: 1,
	title: "Query 1",
	sql: EXAMPLES[0].sql
}]));
var activeTab = y(tabs.value[0]?.id ?? 1);
var runs = y(/* @__PURE__ */ new Map());
var history$1 = y(stored(HISTORY_KEY, []));
var schema = y(null);
function setTabs(next) {
	tabs.value = next;
	store(TABS_KEY, next);
}
function setRun(tab, run) {
	runs.value = new Map(runs.value).set(tab, run);
}
/** Ends what runs and forgets results: they are of a trace that is left. */
function forgetRuns() {
	for (const each of runs.value.values()) each.abort?.abort();
	runs.value = /* @__PURE__ */ new Map();
}
/** Scripts whose creations the session of this trace holds, the oldest first. */
function madeScripts() {
	const made = stored(MADE_KEY, null);
	return made?.trace === String(trace.value?.entry.id) ? made.scripts : [];
}
function keepMade(script) {
	const scripts = [...madeScripts().filter((each) => each !== script), script].slice(-200);
	store(MADE_KEY, {
		trace: String(trace.value?.entry.id),
		scripts
	});
}
/** Runs a text in a tab; what still runs there is cancelled first. */
async function run(tab, text) {
	const trace$10 = trace.value;
	if (trace$10 === null || text.trim() === "") return;
	runs.value.get(tab)?.abort?.abort();
	history$1.value = [text, ...history$1.value.filter((each) => each !== text)].slice(0, HISTORY_LENGTH);
	store(HISTORY_KEY, history$1.value);
	const abort = new AbortController();
	const mine = {
		result: null,
		sql: text,
		shownSet: 0,
		isRunning: true,
		abort,
		startedAt: performance.now()
	};
	setRun(tab, mine);
	const isCurrent = () => runs.value.get(tab)?.abort === abort;
	let shownAt = 0;
	try {
		const result = await trace$10.client.query(text, SESSION, abort.signal, (partial) => {
			if (!isCurrent() || performance.now() - shownAt < 100) return;
			shownAt = performance.now();
			setRun(tab, {
				...mine,
				result: { ...partial },
				shownSet: Math.max(0, partial.sets.length - 1)
			});
		});
		if (leavesSomething(text)) keepMade(text);
		if (isCurrent()) setRun(tab, {
			...mine,
			result,
			shownSet: Math.max(0, result.sets.length - 1),
			isRunning: false
		});
	} catch (error) {
		if (!isCurrent()) return;
		const body = {
			message: isAbort(error) ? "cancelled" : error.message,
			hint: null,
			place: null
		};
		setRun(tab, {
			...mine,
			result: {
				sets: [],
				notes: [],
				error: body,
				ms: null
			},
			isRunning: false
		});
	}
}
/** Opens a new tab with a text and runs it; the omnibox uses it. */
function runInNewTab(sql) {
	if (isFile.value) {
		openDrawer("sql");
		return;
	}
	const id = Math.max(0, ...tabs.value.map((tab) => tab.id)) + 1;
	setTabs([...tabs.value, {
		id,
		title: `Query ${id}`,
		sql
	}]);
	activeTab.value = id;
	openDrawer("sql");
	run(id, sql);
}
var ID_COLUMNS = /^(id|slice_id|parent_id|slice|slice_in|slice_out|api_slice_id|gpu_slice_id|launch_slice_id)$/i;
var isLink = (set, column, value) => typeof value === "number" && Number.isInteger(value) && value >= 0 && ID_COLUMNS.test(set.columns[column].name);
var NUMBER_TYPE = /^(long|int|double|float|u?int\d+|float\d+|decimal|timestamp|duration|id)/i;
function text(value) {
	if (value === null) return "NULL";
	if (value instanceof Uint8Array) return `${value.length} bytes`;
	return String(value);
}
/** What a cell says, for those who do not count digits: times as the timeline shows them. */
function meaningOf(set, column, value) {
	const { name } = set.columns[column];
	if (/^(dur|.*_dur)$/i.test(name) && typeof value === "number") return formatNanos(value);
	if (/^(ts|.*_ts|ts_end)$/i.test(name)) {
		const nanos = traceTimeOfSql(value);
		if (nanos !== null) return `${formatNanos(nanos)} after the start of the trace`;
	}
	return text(value);
}
var nextDebug = 1;
var FIRST_DEBUG_TRACK = 4026531840;
/** What makes the same track again in another page. */
function recipeFor(sql, set, number, choice) {
	const nameOf = (column) => column < 0 ? null : set.columns[column].name;
	const { ts, dur, name, value, title } = choice;
	return {
		before: neededScripts(madeScripts().filter((each) => each !== sql), sql),
		sql,
		set: number,
		ts: nameOf(ts),
		dur: nameOf(dur),
		name: nameOf(name),
		value: nameOf(value),
		title
	};
}
var nextLink = 1;
/**
* A session for a query of a link: one of its own when something is created for it, so that nothing of that name stands
* in the way. Queries that need the same share it.
*/
async function sessionFor(trace, recipe, known) {
	if (recipe.before.length === 0 && !leavesSomething(recipe.sql)) return {
		name: "tracks",
		error: null
	};
	const key = JSON.stringify(leavesSomething(recipe.sql) ? recipe : recipe.before);
	const found = known.get(key);
	if (found !== void 0) return found;
	const session = {
		name: `link-${Date.now()}-${nextLink++}`,
		error: null
	};
	known.set(key, session);
	for (const script of recipe.before) {
		const { error } = await trace.client.query(script, session.name, new AbortController().signal);
		session.error ??= error?.message ?? null;
	}
	return session;
}
/** Runs the queries of tracks that a link brings, and makes the tracks. */
async function makeTracksAgain(recipes) {
	const trace$11 = trace.value;
	pendingRecipes.value = recipes;
	const sessions = /* @__PURE__ */ new Map();
	for (const recipe of recipes) {
		if (trace$11 === null || trace.value !== trace$11) return;
		const fail = (message, hint) => notify(`The track “${recipe.title || recipe.sql.slice(0, 40)}” was not made again: ${message}`, hint, true);
		try {
			const session = await sessionFor(trace$11, recipe, sessions);
			const result = await trace$11.client.query(recipe.sql, session.name, new AbortController().signal);
			const set = result.sets[recipe.set];
			if (result.error !== null) {
				const earlier = session.error === null ? null : `a script before it failed, too: ${session.error}`;
				fail(result.error.message, earlier ?? result.error.hint);
			}
			if (trace.value !== trace$11 || set === void 0) continue;
			const place = (name) => set.columns.findIndex((column) => column.name === name);
			const { ts, dur, name, value } = recipe;
			if ([
				ts,
				dur,
				name,
				value
			].some((each) => each !== null && place(each) < 0)) {
				fail("its query has other columns now", null);
				continue;
			}
			showAsTrack(set, {
				ts: place(ts),
				dur: place(dur),
				name: place(name),
				value: place(value),
				title: recipe.title
			}, recipe, "again");
		} catch (error) {
			if (!isAbort(error)) fail(error.message, null);
		} finally {
			pendingRecipes.value = pendingRecipes.value.filter((each) => each !== recipe);
		}
	}
}
/** Takes over tabs that a link brings, beside those that the browser keeps; `front` is shown. */
function adoptTabs(linked, front) {
	const next = [...tabs.value];
	const ids = linked.map(({ title, sql }) => {
		const known = next.find((each) => each.sql === sql);
		if (known !== void 0) return known.id;
		const id = Math.max(0, ...next.map((each) => each.id)) + 1;
		next.push({
			id,
			title,
			sql
		});
		return id;
	});
	setTabs(next);
	const shown = front === null ? void 0 : ids[front];
	if (shown !== void 0) activeTab.value = shown;
}
/** Makes a track of a result: a counter when a column of values is chosen, else slices, or instants without `dur`. */
function showAsTrack(set, choice, recipe, why) {
	const idColumn = set.columns.findIndex((column) => /^(id|slice_id)$/i.test(column.name));
	const rows = [];
	for (let row = 0; row < set.num_rows; row++) {
		const ts = traceTimeOfSql(cellAt(set, row, choice.ts));
		if (ts === null) continue;
		const cell = choice.value < 0 ? 0 : cellAt(set, row, choice.value);
		const value = typeof cell === "bigint" ? Number(cell) : cell;
		if (typeof value !== "number") continue;
		const dur = choice.dur < 0 ? 0 : cellAt(set, row, choice.dur);
		const id = idColumn < 0 ? null : cellAt(set, row, idColumn);
		rows.push({
			ts,
			dur: typeof dur === "number" ? Math.max(0, dur) : 0,
			name: choice.name < 0 ? `row ${row + 1}` : text(cellAt(set, row, choice.name)),
			value,
			slice: typeof id === "number" ? id : null,
			depth: 0
		});
	}
	const skipped = set.num_rows - rows.length;
	if (rows.length === 0) {
		notify(`No row has a number in \`${set.columns[choice.ts].name}\`.`, "choose other columns for the start and the value", true);
		return;
	}
	const number = nextDebug++;
	const isCounter = choice.value >= 0;
	const node = {
		key: `debug/${number}`,
		name: choice.title || `Query track ${number}`,
		kind: "debug",
		children: [],
		tracks: [{
			id: FIRST_DEBUG_TRACK + number,
			kind: isCounter ? "counter" : "slice",
			num_events: rows.length,
			num_rows: isCounter ? 1 : layLanes(rows).count,
			start: rows[0].ts,
			end: rows[rows.length - 1].ts,
			unit: null
		}],
		collapsed: false,
		role: null,
		pid: null,
		tid: null,
		rank: null,
		device: null,
		stream: null
	};
	debugTracks.value = [...debugTracks.value, {
		node,
		rows,
		isCounter,
		recipe
	}];
	if (why === "again") return;
	setScroll(0);
	notify(`${formatCount(rows.length)} rows are a track at the top now.${skipped > 0 ? ` ${formatCount(skipped)} rows without these numbers are left out.` : ""}`);
}
function TrackForm({ set, sql, number, onDone }) {
	const guess = (pattern) => set.columns.findIndex((column) => pattern.test(column.name));
	const choice = useSignal({
		ts: Math.max(0, guess(/^ts$|start|timestamp/i)),
		dur: guess(/^dur$|duration/i),
		name: guess(/name|label|title/i),
		value: -1,
		title: ""
	});
	const options = (optional) => /* @__PURE__ */ a($, { children: [optional && /* @__PURE__ */ a("option", {
		value: -1,
		children: "none"
	}), set.columns.map((column, i) => /* @__PURE__ */ a("option", {
		value: i,
		children: column.name
	}, i))] });
	const pick = (key, label, optional) => /* @__PURE__ */ a("label", { children: [
		label,
		" ",
		/* @__PURE__ */ a("select", {
			value: choice.value[key],
			onChange: (event) => choice.value = {
				...choice.value,
				[key]: Number(event.currentTarget.value)
			},
			children: options(optional)
		})
	] });
	return /* @__PURE__ */ a("form", {
		class: "bar-line",
		"aria-label": "Show the result as a track",
		onSubmit: (event) => {
			event.preventDefault();
			showAsTrack(set, choice.value, recipeFor(sql, set, number, choice.value), "asked");
			onDone();
		},
		children: [
			pick("ts", "start", false),
			pick("dur", "duration", true),
			pick("name", "name", true),
			pick("value", "value (makes a counter)", true),
			/* @__PURE__ */ a("label", { children: [
				"title",
				" ",
				/* @__PURE__ */ a("input", {
					value: choice.value.title,
					onInput: (event) => choice.value = {
						...choice.value,
						title: event.currentTarget.value
					}
				})
			] }),
			/* @__PURE__ */ a("button", {
				class: "primary small",
				type: "submit",
				children: "Add track"
			}),
			/* @__PURE__ */ a("button", {
				class: "small",
				type: "button",
				onClick: onDone,
				children: "Cancel"
			})
		]
	});
}
function ErrorView({ error }) {
	const { place } = error;
	return /* @__PURE__ */ a("div", {
		class: "sql-error",
		role: "alert",
		children: [
			/* @__PURE__ */ a("p", { children: /* @__PURE__ */ a("b", { children: error.message }) }),
			place !== null && /* @__PURE__ */ a("pre", { children: [
				place.text,
				"\n",
				" ".repeat(Math.max(0, place.column - 1)),
				"^".repeat(Math.max(1, place.length))
			] }),
			error.hint !== null && /* @__PURE__ */ a("p", {
				class: "faint",
				children: ["hint: ", error.hint]
			})
		]
	});
}
function widthOf(set, column) {
	let longest = set.columns[column].name.length + 2;
	for (let row = 0; row < Math.min(set.num_rows, 50); row++) longest = Math.max(longest, text(cellAt(set, row, column)).length);
	return Math.min(480, Math.max(60, longest * 7.8 + 20));
}
function Result({ tab }) {
	const state = runs.value.get(tab);
	const isMakingTrack = useSignal(false);
	if (state === void 0) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "Ctrl+Enter runs the query, or the selected part of it. Ids of slices in the result are links."
	});
	const { result } = state;
	const set = result?.sets[state.shownSet];
	const widest = set === void 0 ? -1 : set.columns.findLastIndex((column) => !NUMBER_TYPE.test(column.type));
	const total = result?.ms ?? null;
	return /* @__PURE__ */ a("div", {
		class: "sql-result",
		children: [
			/* @__PURE__ */ a("div", {
				class: "bar-line",
				children: [
					state.isRunning && /* @__PURE__ */ a($, { children: [
						/* @__PURE__ */ a("span", { class: "spinner" }),
						" ",
						/* @__PURE__ */ a("span", { children: "running…" }),
						/* @__PURE__ */ a("button", {
							class: "small",
							onClick: () => state.abort?.abort(),
							children: "Cancel"
						})
					] }),
					result !== null && result.sets.length > 1 && /* @__PURE__ */ a("span", {
						class: "segments",
						role: "group",
						"aria-label": "Result sets",
						children: result.sets.map((_, i) => /* @__PURE__ */ a("button", {
							class: i === state.shownSet ? "active" : "",
							"aria-pressed": i === state.shownSet,
							onClick: () => setRun(tab, {
								...state,
								shownSet: i
							}),
							children: i + 1
						}, i))
					}),
					set !== void 0 && /* @__PURE__ */ a("span", {
						class: "sql-count",
						children: [
							formatCount(set.num_rows),
							" rows",
							set.ms !== null && /* @__PURE__ */ a("span", {
								class: "faint",
								children: [
									" in ",
									set.ms.toFixed(1),
									" ms"
								]
							})
						]
					}),
					result !== null && set === void 0 && result.error === null && !state.isRunning && /* @__PURE__ */ a("span", {
						class: "faint",
						children: [
							"Done",
							total !== null && ` in ${total.toFixed(1)} ms`,
							"; no rows to show."
						]
					}),
					/* @__PURE__ */ a("span", { class: "spacer" }),
					set !== void 0 && set.num_rows > 0 && /* @__PURE__ */ a($, { children: [/* @__PURE__ */ a("button", {
						class: "small",
						onClick: () => isMakingTrack.value = !isMakingTrack.value,
						children: "Show as track"
					}), /* @__PURE__ */ a(ExportButtons, {
						name: "query",
						table: () => ({
							columns: set.columns.map((column) => column.name),
							numRows: set.num_rows,
							cell: (row, column) => cellAt(set, row, column)
						})
					})] })
				]
			}),
			isMakingTrack.value && set !== void 0 && /* @__PURE__ */ a(TrackForm, {
				set,
				sql: state.sql,
				number: state.shownSet,
				onDone: () => isMakingTrack.value = false
			}),
			result?.notes.map((note) => /* @__PURE__ */ a("p", {
				class: "note",
				children: note
			}, note)),
			result?.error != null && /* @__PURE__ */ a(ErrorView, { error: result.error }),
			set !== void 0 && /* @__PURE__ */ a(Grid, {
				label: "Result of the query",
				columns: set.columns.map((column, i) => ({
					name: column.name,
					isNumber: NUMBER_TYPE.test(column.type),
					width: widthOf(set, i),
					grows: i === widest
				})),
				numRows: set.num_rows,
				onRow: (row) => {
					const column = set.columns.findIndex((_, i) => isLink(set, i, cellAt(set, row, i)));
					if (column >= 0) goToSlice(cellAt(set, row, column));
				},
				cell: (row, column) => {
					const value = cellAt(set, row, column);
					if (value === null) return /* @__PURE__ */ a("span", {
						class: "faint",
						children: "NULL"
					});
					if (isLink(set, column, value)) return /* @__PURE__ */ a("button", {
						class: "link",
						onClick: () => void goToSlice(value),
						children: value
					});
					return /* @__PURE__ */ a("span", {
						title: meaningOf(set, column, value),
						children: text(value)
					});
				}
			})
		]
	});
}
/** What an exported file says in the place of the panel. */
function NoSql() {
	const sources = trace.value?.overview.sources ?? [];
	return /* @__PURE__ */ a("div", {
		class: "pad no-sql",
		children: [/* @__PURE__ */ a("p", { children: [/* @__PURE__ */ a("b", { children: "This file has no SQL." }), " It is a window of a trace, with the answers that the page asks for and without the program that runs queries."] }), /* @__PURE__ */ a("p", { children: [
			"Open the trace itself to query it:",
			" ",
			/* @__PURE__ */ a("code", { children: ["kinetoscope open ", sources[0]?.path.replace(/^.*\//, "") ?? "TRACE"] }),
			sources.length > 1 && /* @__PURE__ */ a("span", {
				class: "faint",
				children: [" and ", formatNumberOf(sources.length - 1, "other file")]
			})
		] })]
	});
}
function SqlPanel() {
	const host = T(null);
	const editor = T(null);
	const tab = tabs.value.find((each) => each.id === activeTab.value) ?? tabs.value[0];
	const runCurrent = () => {
		if (editor.current !== null) run(activeTab.value, editor.current.textToRun().text);
	};
	A(() => {
		const change = (sql) => setTabs(tabs.peek().map((each) => each.id === tab.id ? {
			...each,
			sql
		} : each));
		const made = makeSqlEditor(host.current, tab.sql, change, runCurrent);
		editor.current = made;
		if (schema.value !== null && schema.value.trace === trace.value) made.setSchema(schema.value.schema);
		made.focus();
		return () => made.destroy();
	}, [tab.id]);
	A(() => {
		const trace$9 = trace.value;
		if (trace$9 === null || schema.value?.trace === trace$9) return;
		trace$9.client.schema().then((answer) => {
			schema.value = {
				trace: trace$9,
				schema: answer
			};
			editor.current?.setSchema(answer);
		}, reportError);
	}, [trace.value]);
	const close = (id) => {
		runs.value.get(id)?.abort?.abort();
		const rest = tabs.value.filter((each) => each.id !== id);
		setTabs(rest.length > 0 ? rest : [{
			id: id + 1,
			title: `Query ${id + 1}`,
			sql: ""
		}]);
		if (activeTab.value === id) activeTab.value = tabs.value[tabs.value.length - 1].id;
	};
	const add = () => {
		const id = Math.max(0, ...tabs.value.map((each) => each.id)) + 1;
		setTabs([...tabs.value, {
			id,
			title: `Query ${id}`,
			sql: ""
		}]);
		activeTab.value = id;
	};
	return /* @__PURE__ */ a("div", {
		class: "sql-panel",
		children: [/* @__PURE__ */ a("div", {
			class: "bar-line sql-bar",
			children: [
				/* @__PURE__ */ a("div", {
					role: "tablist",
					"aria-label": "Queries",
					class: "tabs small-tabs",
					children: [tabs.value.map((each) => /* @__PURE__ */ a("span", {
						class: each.id === tab.id ? "tab active" : "tab",
						children: [/* @__PURE__ */ a("button", {
							role: "tab",
							"aria-selected": each.id === tab.id,
							onClick: () => activeTab.value = each.id,
							children: each.title
						}), /* @__PURE__ */ a("button", {
							class: "close",
							"aria-label": `Close ${each.title}`,
							onClick: () => close(each.id),
							children: "×"
						})]
					}, each.id)), /* @__PURE__ */ a("button", {
						class: "icon",
						"aria-label": "New query",
						title: "New query",
						onClick: add,
						children: "+"
					})]
				}),
				/* @__PURE__ */ a("span", { class: "spacer" }),
				/* @__PURE__ */ a("label", {
					class: "faint",
					children: /* @__PURE__ */ a("select", {
						"aria-label": "Examples",
						value: "",
						onChange: (event) => {
							const example = EXAMPLES[Number(event.currentTarget.value)];
							if (example !== void 0) editor.current?.setText(example.sql);
							event.currentTarget.value = "";
						},
						children: [/* @__PURE__ */ a("option", {
							value: "",
							children: "Examples"
						}), EXAMPLES.map((example, i) => /* @__PURE__ */ a("option", {
							value: i,
							children: example.title
						}, i))]
					})
				}),
				/* @__PURE__ */ a("select", {
					"aria-label": "History",
					value: "",
					onChange: (event) => {
						const sql = history$1.value[Number(event.currentTarget.value)];
						if (sql !== void 0) editor.current?.setText(sql);
						event.currentTarget.value = "";
					},
					children: [/* @__PURE__ */ a("option", {
						value: "",
						children: "History"
					}), history$1.value.map((sql, i) => /* @__PURE__ */ a("option", {
						value: i,
						children: sql.replace(/\s+/g, " ").slice(0, 90)
					}, i))]
				}),
				/* @__PURE__ */ a("button", {
					class: "primary small",
					onClick: runCurrent,
					title: "Ctrl+Enter",
					children: "Run"
				})
			]
		}), /* @__PURE__ */ a("div", {
			class: "sql-split",
			children: [/* @__PURE__ */ a("div", {
				class: "sql-editor",
				ref: host
			}), /* @__PURE__ */ a(Result, { tab: tab.id })]
		})]
	});
}
// src/panels/summary_panel.tsx
var words = (text) => text.replace(/_/g, " ");
/** The number that people know a device by is that on its host, and not its place in the trace. */
var deviceName = (id) => `GPU ${trace.value?.overview.devices.find((device) => device.id === id)?.ordinal ?? id}`;
function showRange(start, end) {
	select({
		kind: "area",
		start,
		end,
		tracks: null
	}, "link");
	const span = Math.max(end - start, 100);
	controller.value?.glideTo({
		start: start - span,
		end: end + span
	});
}
function Busy({ device }) {
	const whole = Math.max(1, device.span_ns);
	return /* @__PURE__ */ a("div", {
		class: "gpu-line",
		children: [
			/* @__PURE__ */ a("span", { children: [device.name ?? deviceName(device.device_id), device.rank !== null && /* @__PURE__ */ a("span", {
				class: "faint",
				children: [" rank ", device.rank]
			})] }),
			/* @__PURE__ */ a("span", {
				class: "meter",
				role: "img",
				"aria-label": `${formatPercent(100 * device.busy_ns / whole)} busy`,
				children: /* @__PURE__ */ a("span", { style: { width: `${100 * device.busy_ns / whole}%` } })
			}),
			/* @__PURE__ */ a("b", {
				class: "num",
				children: [formatPercent(100 * device.busy_ns / whole), " busy"]
			}),
			/* @__PURE__ */ a("span", {
				class: "faint num",
				children: [
					formatNanosShort(device.idle_ns),
					" idle of ",
					formatNanosShort(device.span_ns),
					"; computing",
					" ",
					formatNanosShort(device.computation.union_ns),
					", communicating ",
					formatNanosShort(device.communication.union_ns),
					" ",
					"(",
					formatNanosShort(device.exposed_comm_ns),
					" exposed), copying ",
					formatNanosShort(device.memory.union_ns)
				]
			})
		]
	});
}
function Gaps({ gaps }) {
	const causes = Object.entries(gaps.causes).filter(([, cause]) => cause.num_gaps > 0).sort((a, b) => b[1].sum_ns - a[1].sum_ns);
	return /* @__PURE__ */ a("section", { children: [
		/* @__PURE__ */ a("h3", { children: ["Idle time of ", deviceName(gaps.device_id)] }),
		/* @__PURE__ */ a("table", {
			class: "fields",
			children: causes.map(([cause, { num_gaps, sum_ns }]) => /* @__PURE__ */ a("tr", { children: [/* @__PURE__ */ a("th", {
				scope: "row",
				children: words(cause)
			}), /* @__PURE__ */ a("td", {
				class: "num",
				children: [
					formatNanosShort(sum_ns),
					" ",
					/* @__PURE__ */ a("span", {
						class: "faint",
						children: ["in ", formatNumberOf(num_gaps, "gap")]
					})
				]
			})] }, cause))
		}),
		/* @__PURE__ */ a("h3", {
			class: "second",
			children: "Longest gaps"
		}),
		/* @__PURE__ */ a("ul", {
			class: "links",
			children: gaps.longest.slice(0, 8).map((gap) => /* @__PURE__ */ a("li", { children: [
				/* @__PURE__ */ a("button", {
					class: "link num",
					onClick: () => showRange(gap.start_ns, gap.start_ns + gap.dur_ns),
					children: formatNanosShort(gap.dur_ns)
				}),
				" ",
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: words(gap.cause)
				}),
				gap.next_slice_id !== null && gap.next_name !== null && /* @__PURE__ */ a($, { children: [
					" ",
					/* @__PURE__ */ a("span", {
						class: "faint",
						children: "before"
					}),
					" ",
					/* @__PURE__ */ a(SliceLink, {
						id: gap.next_slice_id,
						children: ellipsizeMiddle(gap.next_name, 60)
					})
				] })
			] }, gap.start_ns))
		})
	] });
}
function SummaryPanel() {
	const summary = useSignal(null);
	const trace$8 = trace.value;
	A(() => {
		summary.value = null;
		trace$8?.client.summary().then((answer) => summary.value = answer, reportError);
	}, [trace$8]);
	const data = summary.value;
	if (data === null) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "Analysing the whole trace…"
	});
	const kernels = (data.gpu?.kernels ?? []).slice(0, 12);
	return /* @__PURE__ */ a("div", {
		class: "pad summary",
		children: [
			(data.findings ?? []).length === 0 ? /* @__PURE__ */ a("p", { children: "Nothing stands out." }) : /* @__PURE__ */ a("ol", {
				class: "findings",
				children: data.findings.map((finding, i) => /* @__PURE__ */ a("li", { children: [
					/* @__PURE__ */ a("b", { children: finding.text }),
					finding.advice !== null && /* @__PURE__ */ a("div", {
						class: "faint",
						children: finding.advice
					}),
					finding.slice_ids.slice(0, 5).map((id, n) => /* @__PURE__ */ a($, { children: [n > 0 && " · ", /* @__PURE__ */ a(SliceLink, {
						id,
						children: n === 0 ? "show it" : "the next one"
					})] }, id))
				] }, i))
			}),
			data.gpu?.time?.devices.map((device) => /* @__PURE__ */ a(Busy, { device }, device.device_id)),
			/* @__PURE__ */ a("div", {
				class: "columns",
				children: [(data.gpu?.gaps ?? []).filter((gaps) => gaps.num_gaps > 0).map((gaps) => /* @__PURE__ */ a(Gaps, { gaps }, gaps.device_id)), kernels.length > 0 && /* @__PURE__ */ a("section", {
					class: "wide",
					children: [/* @__PURE__ */ a("h3", { children: "Kernels by time" }), /* @__PURE__ */ a("table", {
						class: "fields kernels",
						children: kernels.map((kernel) => /* @__PURE__ */ a("tr", { children: [
							/* @__PURE__ */ a("td", {
								class: "num",
								children: formatPercent(100 * kernel.share)
							}),
							/* @__PURE__ */ a("td", {
								class: "num",
								children: formatNanosShort(kernel.sum_ns)
							}),
							/* @__PURE__ */ a("td", {
								class: "num faint",
								children: [formatCount(kernel.num_ops), " ×"]
							}),
							/* @__PURE__ */ a("td", {
								class: "num faint",
								children: formatNanosShort(kernel.mean_ns)
							}),
							/* @__PURE__ */ a("td", { children: /* @__PURE__ */ a("button", {
								class: "link",
								title: kernel.name,
								onClick: () => void runSearch(kernel.name, ["name"]).then(() => openDrawer("search")),
								children: ellipsizeMiddle(kernel.name, 160)
							}) })
						] }, kernel.name))
					})]
				})]
			})
		]
	});
}
// src/panels/trace_panels.tsx
var SEVERITIES = {
	data_loss: "Lost data",
	error: "Errors",
	notice: "Mended",
	info: "Notes"
};
function WarningsPanel() {
	const warnings = useSignal(null);
	const trace$7 = trace.value;
	A(() => {
		warnings.value = null;
		trace$7?.client.warnings().then((answer) => warnings.value = answer, reportError);
	}, [trace$7]);
	if (warnings.value === null) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "Reading the warnings…"
	});
	if (warnings.value.length === 0) return /* @__PURE__ */ a("p", {
		class: "pad",
		children: "Nothing was lost, healed or missing while this trace was read."
	});
	const list = warnings.value;
	return /* @__PURE__ */ a("div", {
		class: "pad warnings",
		children: Object.keys(SEVERITIES).map((severity) => {
			const some = list.filter((warning) => warning.severity === severity);
			return some.length === 0 ? null : /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", {
				class: `severity-${severity}`,
				children: SEVERITIES[severity]
			}), some.map((warning) => /* @__PURE__ */ a("details", {
				open: severity === "data_loss" || severity === "error",
				children: [/* @__PURE__ */ a("summary", { children: [
					/* @__PURE__ */ a("b", {
						class: "num",
						children: formatCount(warning.count)
					}),
					" × ",
					warning.name.replace(/_/g, " "),
					" ",
					/* @__PURE__ */ a("span", {
						class: "faint",
						children: warning.description
					})
				] }), /* @__PURE__ */ a("ul", { children: warning.examples.map((example, i) => /* @__PURE__ */ a("li", { children: [example.byte_offset !== null && /* @__PURE__ */ a("span", {
					class: "faint",
					children: [
						example.path,
						", byte ",
						formatCount(example.byte_offset),
						":",
						" "
					]
				}), /* @__PURE__ */ a("code", { children: example.detail })] }, i)) })]
			}, warning.name))] }, severity);
		})
	});
}
function InfoPanel() {
	const trace$6 = trace.value;
	if (trace$6 === null) return null;
	const { overview, entry } = trace$6;
	const row = (name, value) => /* @__PURE__ */ a("tr", { children: [/* @__PURE__ */ a("th", {
		scope: "row",
		children: name
	}), /* @__PURE__ */ a("td", { children: value })] }, name);
	return /* @__PURE__ */ a("div", {
		class: "pad columns",
		children: [
			/* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Trace" }), /* @__PURE__ */ a("table", {
				class: "fields",
				children: [
					row("File", entry.path),
					row("Size", formatBytes(entry.bytes)),
					row("Length", formatNanos(overview.end - overview.start)),
					overview.unix_start_ns !== null && row("Began", formatWallTime(overview.unix_start_ns, overview.start)),
					row("Slices", formatCount(overview.num_slices)),
					row("Tracks", formatCount(overview.num_tracks)),
					row("Version", info.value?.version ?? "")
				]
			})] }),
			/* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Sources" }), /* @__PURE__ */ a("table", {
				class: "fields",
				children: overview.sources.map((source) => /* @__PURE__ */ a("tr", { children: /* @__PURE__ */ a("td", {
					title: source.path,
					children: [source.path.replace(/^.*\//, ""), /* @__PURE__ */ a("div", {
						class: "faint",
						children: [source.format, source.profiler].filter((each) => each !== null).join(", ")
					})]
				}) }, source.path))
			})] }),
			/* @__PURE__ */ a("section", { children: [
				/* @__PURE__ */ a("h3", { children: "GPUs" }),
				/* @__PURE__ */ a("table", {
					class: "fields",
					children: overview.devices.map((device) => row(`GPU ${device.ordinal ?? device.id}`, `${device.name ?? "unknown"}${device.total_memory === null ? "" : `, ${formatBytes(device.total_memory)}`}`))
				}),
				overview.devices.length === 0 && /* @__PURE__ */ a("p", {
					class: "faint",
					children: "None in this trace."
				})
			] }),
			overview.ranks.length > 0 && /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Ranks" }), /* @__PURE__ */ a("table", {
				class: "fields",
				children: overview.ranks.map((rank) => row(`Rank ${rank.rank}`, `${rank.name ?? ""}${rank.world_size === null ? "" : ` of ${rank.world_size}`}`))
			})] })
		]
	});
}
function MarksPanel() {
	const marks$1 = [...marks.value].sort((a, b) => a.start - b.start);
	if (marks$1.length === 0) return /* @__PURE__ */ a("p", {
		class: "faint pad",
		children: "M marks the selection, Shift+M keeps the mark, a click below the time axis sets a flag."
	});
	const { timeFormat } = settings.value;
	return /* @__PURE__ */ a("div", {
		class: "pad",
		children: /* @__PURE__ */ a("table", {
			class: "fields marks",
			children: marks$1.map((mark) => /* @__PURE__ */ a("tr", { children: [
				/* @__PURE__ */ a("td", { children: /* @__PURE__ */ a("button", {
					class: "link",
					onClick: () => {
						selection.value = {
							kind: "mark",
							id: mark.id
						};
						focusSelection();
					},
					children: formatNanos(mark.start, timeFormat)
				}) }),
				/* @__PURE__ */ a("td", { children: mark.end === null ? "flag" : formatNanos(mark.end - mark.start, timeFormat) }),
				/* @__PURE__ */ a("td", { children: /* @__PURE__ */ a("input", {
					"aria-label": "Text of the mark",
					placeholder: "note",
					value: mark.text,
					onInput: (event) => {
						const text = event.currentTarget.value;
						marks.value = marks.value.map((each) => each.id === mark.id ? {
							...each,
							text
						} : each);
					}
				}) }),
				/* @__PURE__ */ a("td", { children: [
					mark.isTemporary && /* @__PURE__ */ a("button", {
						class: "small",
						onClick: () => marks.value = marks.value.map((each) => each.id === mark.id ? {
							...each,
							isTemporary: false
						} : each),
						children: "Keep"
					}),
					" ",
					/* @__PURE__ */ a("button", {
						class: "small",
						onClick: () => removeMark$1(mark.id),
						children: "Remove"
					})
				] })
			] }, mark.id))
		})
	});
}
// src/panels/drawer.tsx
var TABS = [
	{
		tab: "selection",
		title: "Selection"
	},
	{
		tab: "summary",
		title: "Summary"
	},
	{
		tab: "sql",
		title: "SQL"
	},
	{
		tab: "search",
		title: "Search"
	},
	{
		tab: "marks",
		title: "Marks"
	},
	{
		tab: "warnings",
		title: "Warnings"
	},
	{
		tab: "info",
		title: "Trace"
	}
];
var MIN_PX = 90;
/** What stays of the timeline, with the bars above it. */
var ABOVE_PX = 220;
function Selected() {
	switch (selection.value.kind) {
		case "slice": return /* @__PURE__ */ a(SlicePanel, {});
		case "area": return /* @__PURE__ */ a(AreaPanel, {});
		case "mark": return /* @__PURE__ */ a(MarksPanel, {});
		default: return /* @__PURE__ */ a("p", {
			class: "faint pad",
			children: "Click a slice for its details; drag over tracks to add up an area."
		});
	}
}
function Drawer() {
	const { isOpen, tab, height } = drawer.value;
	const toggle = () => drawer.value = {
		...drawer.value,
		isOpen: !isOpen
	};
	const counts = trace.value?.overview.warnings;
	return /* @__PURE__ */ a("section", {
		class: isOpen ? "drawer open" : "drawer",
		style: isOpen ? { height: `${height}px` } : {},
		"aria-label": "Drawer",
		children: [
			/* @__PURE__ */ a(Handle, {
				class: "drawer-handle",
				label: "Height of the drawer",
				orientation: "horizontal",
				grows: "backward",
				size: isOpen ? height : 0,
				min: MIN_PX,
				max: Math.max(MIN_PX, window.innerHeight - ABOVE_PX),
				usual: 300,
				onSize: (wanted) => drawer.value = {
					...drawer.value,
					isOpen: true,
					height: wanted
				}
			}),
			/* @__PURE__ */ a("div", {
				class: "tabs",
				role: "tablist",
				"aria-label": "Panels",
				children: [
					TABS.map((each) => /* @__PURE__ */ a("button", {
						role: "tab",
						"aria-selected": isOpen && tab === each.tab,
						class: isOpen && tab === each.tab ? "tab active" : "tab",
						onClick: () => openDrawer(each.tab),
						children: [each.title, each.tab === "warnings" && counts !== void 0 && counts.error + counts.data_loss > 0 && /* @__PURE__ */ a("span", {
							class: "dot",
							"aria-label": "some data was lost"
						})]
					}, each.tab)),
					/* @__PURE__ */ a("span", { class: "spacer" }),
					/* @__PURE__ */ a("button", {
						class: "icon",
						onClick: toggle,
						"aria-label": isOpen ? "Close the drawer" : "Open the drawer",
						title: "Q",
						children: isOpen ? "▾" : "▴"
					})
				]
			}),
			isOpen && /* @__PURE__ */ a("div", {
				class: "drawer-body",
				role: "tabpanel",
				"aria-label": TABS.find((each) => each.tab === tab).title,
				children: [
					tab === "selection" && /* @__PURE__ */ a(Selected, {}),
					tab === "summary" && /* @__PURE__ */ a(SummaryPanel, {}),
					tab === "sql" && (isFile.value ? /* @__PURE__ */ a(NoSql, {}) : /* @__PURE__ */ a(SqlPanel, {})),
					tab === "search" && /* @__PURE__ */ a(SearchPanel, {}),
					tab === "warnings" && /* @__PURE__ */ a(WarningsPanel, {}),
					tab === "info" && /* @__PURE__ */ a(InfoPanel, {}),
					tab === "marks" && /* @__PURE__ */ a(MarksPanel, {})
				]
			})
		]
	});
}
// src/panels/omnibox.tsx
var START_AT = 3;
var PAUSE_MILLIS = 180;
var timer = null;
var PLACES = [
	{
		place: "name",
		label: "names"
	},
	{
		place: "category",
		label: "categories"
	},
	{
		place: "arg_key",
		label: "arg keys"
	},
	{
		place: "arg_value",
		label: "arg values"
	}
];
function Omnibox({ onCommandMode }) {
	const text = useSignal("");
	const search$2 = search.value;
	const isSql = text.value.startsWith(":");
	const hits = search$2.result;
	const input = (value) => {
		text.value = value;
		if (timer !== null) clearTimeout(timer);
		timer = null;
		if (value === ">") {
			text.value = "";
			onCommandMode();
			return;
		}
		if (value.startsWith(":")) return;
		if (value === "") runSearch("");
		else if (value.length >= START_AT) timer = setTimeout(() => void runSearch(value), PAUSE_MILLIS);
	};
	const enter = async (isBack) => {
		if (timer !== null) clearTimeout(timer);
		timer = null;
		if (isSql) {
			runInNewTab(text.value.slice(1).trim());
			return;
		}
		if (search.value.text !== text.value || search.value.result === null) await runSearch(text.value);
		stepHit(isBack ? -1 : 1);
	};
	const togglePlace = (place) => {
		const places = search$2.places.includes(place) ? search$2.places.filter((each) => each !== place) : [...search$2.places, place];
		if (places.length > 0) runSearch(text.value, places);
	};
	return /* @__PURE__ */ a("div", {
		class: isSql ? "omnibox sql-mode" : "omnibox",
		role: "search",
		children: [
			/* @__PURE__ */ a("input", {
				id: "omnibox",
				type: "text",
				autocomplete: "off",
				spellcheck: false,
				value: text.value,
				placeholder: trace.value === null ? "Open a trace to search it" : "Search slices   / search   : SQL   > commands",
				"aria-label": "Search slices; a colon first runs SQL, an angle bracket opens commands",
				disabled: trace.value === null,
				onInput: (event) => input(event.currentTarget.value),
				onKeyDown: (event) => {
					if (event.key === "Enter") {
						event.preventDefault();
						enter(event.shiftKey);
					}
				}
			}),
			search$2.isRunning && /* @__PURE__ */ a("span", {
				class: "spinner",
				"aria-label": "Searching"
			}),
			!isSql && hits !== null && /* @__PURE__ */ a($, { children: [
				/* @__PURE__ */ a("span", {
					class: "hits",
					"aria-live": "polite",
					children: hits.total === 0 ? "no hits" : `${search$2.index < 0 ? "–" : formatCount(search$2.index + 1)} / ${formatCount(hits.total)}`
				}),
				/* @__PURE__ */ a("button", {
					class: "icon",
					"aria-label": "Previous hit",
					title: "Shift+Enter",
					onClick: () => stepHit(-1),
					children: "‹"
				}),
				/* @__PURE__ */ a("button", {
					class: "icon",
					"aria-label": "Next hit",
					title: "Enter",
					onClick: () => stepHit(1),
					children: "›"
				}),
				/* @__PURE__ */ a("button", {
					class: "small",
					onClick: () => openDrawer("search"),
					children: "List"
				})
			] }),
			!isSql && text.value !== "" && /* @__PURE__ */ a("details", {
				class: "places",
				children: [/* @__PURE__ */ a("summary", {
					"aria-label": "Where to search",
					children: "in…"
				}), /* @__PURE__ */ a("div", { children: PLACES.map(({ place, label }) => /* @__PURE__ */ a("label", { children: [
					/* @__PURE__ */ a("input", {
						type: "checkbox",
						checked: search$2.places.includes(place),
						onChange: () => togglePlace(place)
					}),
					" ",
					label
				] }, place)) })]
			})
		]
	});
}
var TICKS_PX = 6;
var MIN_TICK_PX = 2;
var MIN_LABEL_PX = 11;
function drawOverview(renderer, scene) {
	const { width, bounds, theme } = scene;
	const laneHeight = 46 / Math.max(1, scene.loads.length);
	const topOf = (lane) => TICKS_PX + lane * laneHeight;
	scene.loads.forEach(({ label: name, share }, lane) => {
		const bits = bitsOf(/GPU/.test(name) ? theme.classes[1] : theme.classes[8]);
		const band = renderer.band(topOf(lane), width, laneHeight, "fine");
		const perBucket = width * band.density / share.length;
		share.forEach((value, i) => {
			const lines = Math.round(value * (laneHeight - 3) * band.density);
			const shown = value > 0 ? Math.max(1, lines) : 0;
			band.fill(Math.round(i * perBucket), Math.round((i + 1) * perBucket), band.lines - shown, band.lines, bits);
		});
	});
	const band = renderer.band(0, width, 5, "flat");
	const perTick = width * band.density / Math.max(1, scene.ticks.length);
	scene.ticks.forEach((count, i) => {
		if (count === 0) return;
		const left = Math.min(Math.round(i * perTick), Math.round(width * band.density) - MIN_TICK_PX);
		band.fill(left, Math.max(left + MIN_TICK_PX, Math.round((i + 1) * perTick)), 0, 1, bitsOf(theme.hit));
	});
	renderer.paintBands();
	scene.loads.forEach((_, lane) => renderer.fillRect(0, topOf(lane + 1) - .5, width, .5, theme.rowLine));
	for (const mark of scene.marks) renderer.fillRect(cssFromTrace(bounds, width, mark.start), 0, 2, 52, theme.mark);
	const left = cssFromTrace(bounds, width, scene.view.start);
	const right = cssFromTrace(bounds, width, scene.view.end);
	renderer.alpha(.72, () => {
		renderer.fillRect(0, 0, left, 52, theme.background);
		renderer.fillRect(right, 0, width - right, 52, theme.background);
	});
	if (laneHeight >= MIN_LABEL_PX) scene.loads.forEach((load, lane) => {
		label(renderer, theme, 5, topOf(lane) + laneHeight / 2, load.label, theme.text);
	});
	renderer.strokeRect(left + .5, .5, Math.max(2, right - left - 1), 51, theme.faintText, 1);
	renderer.fillRect(left - 1, 18, 3, 16, theme.faintText);
	renderer.fillRect(right - 2, 18, 3, 16, theme.faintText);
	if (scene.dragged !== null) {
		const from = cssFromTrace(bounds, width, scene.dragged.start);
		const to = cssFromTrace(bounds, width, scene.dragged.end);
		renderer.fillRect(from, 0, to - from, 52, theme.selectionFill);
	}
}
// src/timeline/icons.tsx
var PATHS = {
	pin: "M6 1.5h4l-.5 4.5 2.5 2.5v1H8.6V14L8 15l-.6-1V9.5H4v-1L6.5 6z",
	thin: "M2 4h12M2 6.5h12M2 9h12M2 11.5h12",
	full: "M2 3.5h12v3.5H2zM2 9h12v3.5H2z",
	select: "M2 4V2h2M12 2h2v2M14 12v2h-2M4 14H2v-2M5 5h6v6H5z",
	remove: "M4 4l8 8M12 4l-8 8",
	up: "M3.5 10L8 5.5 12.5 10",
	down: "M3.5 6L8 10.5 12.5 6",
	workspaces: "M2 3h5v4H2zM9 3h5v4H9zM2 9h5v4H2zM9 9h5v4H9z",
	unfold: "M8 3v10M3 8h10",
	fold: "M3 8h10"
};
function Icon({ name }) {
	const isFilled = name === "pin";
	return /* @__PURE__ */ a("svg", {
		width: "14",
		height: "14",
		viewBox: "0 0 16 16",
		"aria-hidden": "true",
		fill: isFilled ? "currentColor" : "none",
		stroke: isFilled ? "none" : "currentColor",
		"stroke-width": "1.3",
		children: /* @__PURE__ */ a("path", { d: PATHS[name] })
	});
}
// src/timeline/overview.tsx
var EDGE_PX$1 = 6;
function Overview() {
	const canvas = T(null);
	A(() => {
		const element = canvas.current;
		const renderer = new CanvasRenderer(element);
		let dragged = null;
		const draw = () => {
			const { width } = viewport.value;
			const theme = isDark.value ? DARK : LIGHT;
			renderer.begin(width, 52, theme.background);
			drawOverview(renderer, {
				width,
				bounds: bounds.value,
				view: view.value,
				loads: loads.value,
				ticks: search.value.result?.ticks ?? [],
				marks: marks.value,
				dragged,
				theme
			});
		};
		const stop = x(draw);
		const down = (event) => {
			if (event.button !== 0) return;
			event.preventDefault();
			element.setPointerCapture(event.pointerId);
			const { width } = viewport.value;
			const box = element.getBoundingClientRect();
			const bounds$1 = bounds.value;
			const start = view.value;
			const x0 = event.clientX - box.left;
			const left = cssFromTrace(bounds$1, width, start.start);
			const right = cssFromTrace(bounds$1, width, start.end);
			const mode = spanOf(start) > spanOf(bounds$1) * .98 ? "zoom" : Math.abs(x0 - left) <= EDGE_PX$1 ? "left" : Math.abs(x0 - right) <= EDGE_PX$1 ? "right" : x0 > left && x0 < right && right - left > 18 ? "pan" : "zoom";
			let moved = false;
			const move = (next) => {
				const x = Math.min(Math.max(next.clientX - box.left, 0), width);
				if (Math.abs(x - x0) > 3) moved = true;
				if (!moved) return;
				const nanos = traceFromCss(bounds$1, width, x);
				const from = traceFromCss(bounds$1, width, x0);
				if (mode === "pan") setView({
					start: start.start + nanos - from,
					end: start.end + nanos - from
				});
				else if (mode === "left") setView({
					start: Math.min(nanos, start.end - 10),
					end: start.end
				});
				else if (mode === "right") setView({
					start: start.start,
					end: Math.max(nanos, start.start + 10)
				});
				else {
					dragged = {
						start: Math.min(from, nanos),
						end: Math.max(from, nanos)
					};
					draw();
				}
			};
			const up = () => {
				element.removeEventListener("pointermove", move);
				element.removeEventListener("pointerup", up);
				element.removeEventListener("pointercancel", up);
				if (dragged !== null) {
					controller.value?.glideTo(dragged);
					dragged = null;
					draw();
				} else if (!moved) controller.value?.centerAt(traceFromCss(bounds$1, width, x0));
			};
			element.addEventListener("pointermove", move);
			element.addEventListener("pointerup", up);
			element.addEventListener("pointercancel", up);
		};
		element.addEventListener("pointerdown", down);
		return () => {
			stop();
			element.removeEventListener("pointerdown", down);
		};
	}, []);
	return /* @__PURE__ */ a("canvas", {
		ref: canvas,
		class: "overview-canvas",
		role: "img",
		"aria-label": "Overview of the whole trace. Drag to zoom to a range."
	});
}
// src/timeline/shells.tsx
var NAME_PX = 22;
/** `clip` is where the visible part begins; the name of a high row stays inside it. */
function Shell({ row, top, isSticky, clip }) {
	const { node } = row;
	const isPinned = pins.value.includes(node.key);
	const selected = selection.value;
	const isSelected = selected.kind === "area" && selected.tracks !== null && node.tracks.some((track) => selected.tracks.includes(track.id));
	const depths = node.tracks.reduce((sum, track) => sum + (track.kind === "slice" ? track.num_rows : 0), 0);
	const events = node.tracks.reduce((sum, track) => sum + track.num_events, 0);
	const inWorkspace = workspace.value?.keys.includes(node.key) === true;
	const isCounter = node.tracks.some((track) => track.kind === "counter");
	const mode = modeOf(node.key);
	const fold = () => setCollapsed([node.key], !row.isCollapsed);
	const selectRow = () => {
		const { start, end } = view.value;
		select({
			kind: "area",
			start: Math.floor(start),
			end: Math.ceil(end),
			tracks: allTracks(node).map((track) => track.id)
		});
	};
	return /* @__PURE__ */ a("div", {
		class: `shell shell-${node.kind}${row.isGroup ? " shell-group" : ""}${isSticky ? " shell-sticky" : ""}${isSelected ? " shell-selected" : ""}`,
		style: {
			top: `${top}px`,
			height: `${row.height}px`,
			paddingLeft: `${6 + Math.min(row.isApart ? 0 : row.level, 5) * 12}px`,
			paddingTop: `${Math.max(0, Math.min(clip - top, row.height - NAME_PX))}px`
		},
		"data-key": node.key,
		role: "listitem",
		children: [
			row.isGroup ? /* @__PURE__ */ a("button", {
				class: "fold",
				onClick: fold,
				"aria-expanded": !row.isCollapsed,
				"aria-label": `${row.isCollapsed ? "Unfold" : "Fold"} ${node.name}`,
				children: /* @__PURE__ */ a("span", { class: row.isCollapsed ? "chevron" : "chevron open" })
			}) : /* @__PURE__ */ a("span", { class: "fold" }),
			/* @__PURE__ */ a("button", {
				class: "shell-name",
				onClick: row.isGroup ? fold : selectRow,
				title: [...row.path.map((each) => each.name), node.name].join(" › ") + (events > 0 ? `\n${formatCount(events)} events` : ""),
				children: shownName(node)
			}),
			!isCounter && /* @__PURE__ */ a(Within, { row }),
			chipsOf(node, row.path).map((text) => /* @__PURE__ */ a("span", {
				class: "chip",
				children: text
			}, text)),
			/* @__PURE__ */ a("span", {
				class: "shell-buttons",
				children: [
					depths > 2 && !row.isCollapsed && /* @__PURE__ */ a("button", {
						class: "icon",
						onClick: () => toggleCompact(node.key),
						title: row.isCompact ? "Full rows" : "Thin rows",
						"aria-label": `${row.isCompact ? "Full" : "Thin"} rows of ${node.name}`,
						children: /* @__PURE__ */ a(Icon, { name: row.isCompact ? "full" : "thin" })
					}),
					row.isGroup && /* @__PURE__ */ a("button", {
						class: "icon",
						onClick: selectRow,
						title: "Select all tracks in it",
						"aria-label": `Select all tracks of ${node.name}`,
						children: /* @__PURE__ */ a(Icon, { name: "select" })
					}),
					inWorkspace && /* @__PURE__ */ a($, { children: [
						/* @__PURE__ */ a("button", {
							class: "icon",
							onClick: () => changeWorkspace((each) => withRowMoved(each, node.key, -1)),
							title: "Up",
							"aria-label": `Move ${node.name} up in the workspace`,
							children: /* @__PURE__ */ a(Icon, { name: "up" })
						}),
						/* @__PURE__ */ a("button", {
							class: "icon",
							onClick: () => changeWorkspace((each) => withRowMoved(each, node.key, 1)),
							title: "Down",
							"aria-label": `Move ${node.name} down in the workspace`,
							children: /* @__PURE__ */ a(Icon, { name: "down" })
						}),
						/* @__PURE__ */ a("button", {
							class: "icon",
							onClick: () => changeWorkspace((each) => withoutRow(each, node.key)),
							title: "Take out of the workspace",
							"aria-label": `Take ${node.name} out of the workspace`,
							children: /* @__PURE__ */ a(Icon, { name: "remove" })
						})
					] }),
					node.kind === "debug" ? /* @__PURE__ */ a("button", {
						class: "icon",
						onClick: () => debugTracks.value = debugTracks.value.filter((each) => each.node.key !== node.key),
						title: "Remove this track",
						"aria-label": `Remove ${node.name}`,
						children: /* @__PURE__ */ a(Icon, { name: "remove" })
					}) : node.kind !== "region" && /* @__PURE__ */ a("button", {
						class: isPinned ? "icon active" : "icon",
						onClick: () => togglePin(node.key),
						title: isPinned ? "Unpin" : "Pin to the top",
						"aria-label": `${isPinned ? "Unpin" : "Pin"} ${node.name}`,
						"aria-pressed": isPinned,
						children: /* @__PURE__ */ a(Icon, { name: "pin" })
					})
				]
			}),
			isCounter && /* @__PURE__ */ a(CounterButtons, { row }),
			isCounter && /* @__PURE__ */ a(Handle, {
				class: "row-resize",
				label: `Height of ${node.name}`,
				orientation: "horizontal",
				grows: "forward",
				size: mode.height,
				min: 22,
				max: 400,
				usual: 44,
				onSize: (height) => setMode(node.key, {
					...modeOf(node.key),
					height
				})
			})
		]
	});
}
/** Where a row stands that is shown apart from what is above it. */
function Within({ row }) {
	const above = row.path[row.path.length - 1];
	if (!row.isApart || above === void 0) return null;
	return /* @__PURE__ */ a("span", {
		class: "shell-within",
		title: row.path.map((each) => each.name).join(" › "),
		children: shownName(above)
	});
}
var SCALE_WORDS = {
	zero: "from zero",
	fit: "fitted",
	log: "logarithmic"
};
/** What a counter shows, its scale and how high it is; a click goes to the next choice. */
function CounterButtons({ row }) {
	const { node } = row;
	const mode = modeOf(node.key);
	const shows = MODES[(MODES.indexOf(mode.shows) + 1) % MODES.length];
	const scale = SCALES[(SCALES.indexOf(mode.scale) + 1) % SCALES.length];
	return /* @__PURE__ */ a("span", {
		class: "counter-buttons",
		children: [
			/* @__PURE__ */ a("button", {
				onClick: () => setMode(node.key, {
					...mode,
					shows
				}),
				title: `Show the ${shows}`,
				"aria-label": `${node.name} shows its ${mode.shows}: show the ${shows}`,
				children: mode.shows
			}),
			/* @__PURE__ */ a("button", {
				onClick: () => setMode(node.key, {
					...mode,
					scale
				}),
				title: `Scale: ${SCALE_WORDS[scale]}`,
				"aria-label": `Scale of ${node.name}, ${SCALE_WORDS[mode.scale]}: make it ${SCALE_WORDS[scale]}`,
				children: SCALE_WORDS[mode.scale]
			}),
			/* @__PURE__ */ a("button", {
				onClick: () => setMode(node.key, {
					...mode,
					height: nextHeight(mode.height)
				}),
				title: `Height: ${nextHeight(mode.height)} pixels. The lower edge can be dragged, too`,
				"aria-label": `${node.name} is ${mode.height} pixels high: make it ${nextHeight(mode.height)}`,
				children: [mode.height, " px"]
			}),
			/* @__PURE__ */ a(Within, { row })
		]
	});
}
function Shells() {
	const { rows, pinned, pinnedHeight } = layout.value;
	const scroll = scrollTop.value;
	const bodyHeight = viewport.value.height - pinnedHeight;
	const visible = rows.filter((row) => row.y + row.height > scroll && row.y < scroll + bodyHeight);
	let stickyTop = 0;
	const sticky = (controller.value?.stickyRows() ?? []).map((row) => {
		const shell = /* @__PURE__ */ a(Shell, {
			row,
			top: stickyTop,
			isSticky: true,
			clip: 0
		}, `sticky/${row.node.key}`);
		stickyTop += row.height;
		return shell;
	});
	return /* @__PURE__ */ a($, { children: [pinned.length > 0 && /* @__PURE__ */ a("div", {
		class: "shells pinned",
		style: { height: `${pinnedHeight}px` },
		role: "list",
		"aria-label": "Pinned tracks",
		children: pinned.map((row) => /* @__PURE__ */ a(Shell, {
			row,
			top: row.y,
			isSticky: false,
			clip: 0
		}, `pin/${row.node.key}`))
	}), /* @__PURE__ */ a("div", {
		class: "shells",
		style: { top: `${pinnedHeight}px` },
		role: "list",
		"aria-label": "Tracks",
		children: [
			visible.map((row) => /* @__PURE__ */ a(Shell, {
				row,
				top: row.y - scroll,
				isSticky: false,
				clip: stickyTop
			}, row.node.key)),
			sticky,
			rows.length === 0 && /* @__PURE__ */ a("p", {
				class: "empty",
				children: trackFilter.value === "" ? "This workspace has no tracks yet: add some in its dialog." : `No track matches “${trackFilter.value}”.`
			})
		]
	})] });
}
// src/timeline/tooltip.tsx
var REST_MILLIS = 120;
var rested = y(null);
var IMPORTANT_ARGS = /^(input dims|input type|grid|block|bytes|stream|concrete inputs|sequence number|collective name|group size|dtype|external id)$/i;
function flat(arg) {
	if (arg.children.length === 0) return String(arg.value);
	return `[${arg.children.map(flat).join(", ")}]`;
}
function Details({ details }) {
	const args = details.args.filter((arg) => IMPORTANT_ARGS.test(arg.key)).slice(0, 5);
	const where = details.thread ?? details.stream;
	return /* @__PURE__ */ a($, { children: [
		details.category !== null && /* @__PURE__ */ a("div", {
			class: "faint",
			children: details.category
		}),
		where !== null && /* @__PURE__ */ a("div", {
			class: "faint",
			children: where.name ?? ""
		}),
		args.map((arg) => /* @__PURE__ */ a("div", { children: [
			/* @__PURE__ */ a("span", {
				class: "faint",
				children: arg.key
			}),
			" ",
			ellipsizeMiddle(flat(arg), 80)
		] }, arg.key)),
		details.launch !== null && details.launch.launch_delay !== null && /* @__PURE__ */ a("div", { children: [
			/* @__PURE__ */ a("span", {
				class: "faint",
				children: "launch delay"
			}),
			" ",
			formatNanos(details.launch.launch_delay)
		] })
	] });
}
function Tooltip() {
	const hit = hovered.value;
	const box = T(null);
	const block = hit?.block ?? null;
	const slice = block === null || block.isDebug ? null : block.columns.slice[block.index];
	A(() => {
		rested.value = null;
		const client = trace.value?.client;
		if (slice === null || client === void 0) return;
		const abort = new AbortController();
		const timer = setTimeout(() => {
			client.slice(slice, abort.signal).then((details) => rested.value = details, () => void 0);
		}, REST_MILLIS);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [slice]);
	controller.value?.loaded.value;
	const known = block === null ? "" : controller.value?.names.get(block.columns.name[block.index]);
	A(() => {
		if (known === void 0) controller.value?.names.flush();
	});
	const { x, y } = mouse.value;
	F(() => {
		const element = box.current;
		if (element === null) return;
		const { width, height } = element.getBoundingClientRect();
		const area = viewport.value;
		element.style.left = `${Math.max(4, x + 14 + width > area.width ? x - width - 10 : x + 14)}px`;
		element.style.top = `${Math.max(4, y + 18 + height > area.height ? y - height - 8 : y + 18)}px`;
	});
	if (hit === null || block === null && hit.sample === null) return null;
	const { timeFormat } = settings.value;
	if (block === null) {
		const { columns, index } = hit.sample;
		const unit = hit.place?.track.unit ?? null;
		const mode = modeOf(hit.row.node.key);
		const change = mode.shows === "value" ? null : shownColumns(columns, mode).last[index];
		return /* @__PURE__ */ a("div", {
			class: "tooltip",
			ref: box,
			children: [
				/* @__PURE__ */ a("b", { children: formatValue(columns.last[index], unit) }),
				change !== null && /* @__PURE__ */ a("div", { children: [
					mode.shows,
					" ",
					formatValue(change, unitOf(unit, mode))
				] }),
				columns.min[index] !== columns.max[index] && /* @__PURE__ */ a("div", { children: [
					"between ",
					formatValue(columns.min[index], unit),
					" and ",
					formatValue(columns.max[index], unit),
					" here"
				] }),
				/* @__PURE__ */ a("div", {
					class: "faint",
					children: [
						hit.row.node.name,
						", since ",
						formatNanos(columns.ts[index], timeFormat)
					]
				})
			]
		});
	}
	const { columns, index } = block;
	const count = columns.count[index];
	const kernelClass = columns.class[index];
	const neverEnded = (columns.flags[index] & 1) !== 0;
	const name = known ?? "…";
	const details = rested.value?.id === slice ? rested.value : null;
	return /* @__PURE__ */ a("div", {
		class: "tooltip",
		ref: box,
		children: [
			/* @__PURE__ */ a("div", {
				class: "tooltip-head",
				children: [
					/* @__PURE__ */ a("b", { children: details !== null ? formatNanos(details.dur ?? columns.dur[index], timeFormat) : formatNanos(columns.dur[index], timeFormat) }),
					neverEnded && /* @__PURE__ */ a("span", {
						class: "chip",
						children: "never ended"
					}),
					kernelClass > 0 && /* @__PURE__ */ a("span", {
						class: `chip class-${kernelClass}`,
						children: CLASS_NAMES[kernelClass]
					})
				]
			}),
			/* @__PURE__ */ a("div", {
				class: "tooltip-name",
				children: ellipsizeMiddle(name, 240)
			}),
			count > 1 && /* @__PURE__ */ a("div", {
				class: "faint",
				children: [
					"and ",
					formatCount(count - 1),
					" shorter ones in the same pixel"
				]
			}),
			/* @__PURE__ */ a("div", {
				class: "faint",
				children: ["at ", formatNanos(details?.ts ?? columns.ts[index], timeFormat)]
			}),
			details !== null && /* @__PURE__ */ a(Details, { details })
		]
	});
}
// src/timeline/timeline.tsx
var CLICK_SLOP_PX = 4;
var EDGE_PX = 5;
var sameHit = (a, b) => a === b || a !== null && b !== null && a.row === b.row && a.place === b.place && a.block?.columns === b.block?.columns && a.block?.index === b.block?.index && a.sample?.index === b.sample?.index;
/** Selects what is there; debug rows that carry a slice's id stand for it. */
function selectHit(hit) {
	const block = hit?.block ?? null;
	if (block === null) {
		select({ kind: "none" });
		return;
	}
	const number = block.columns.slice[block.index];
	if (!block.isDebug) {
		select({
			kind: "slice",
			id: number
		});
		return;
	}
	const slice = debugTracks.value.find((each) => each.node.key === hit.row.node.key)?.rows[number]?.slice ?? null;
	if (slice !== null) select({
		kind: "slice",
		id: slice
	});
}
function attachGestures(element) {
	const pointers = /* @__PURE__ */ new Map();
	const at = (event) => {
		const box = element.getBoundingClientRect();
		return {
			x: event.clientX - box.left,
			y: event.clientY - box.top
		};
	};
	let drag = null;
	const updateHover = (x, y) => {
		const hit = controller.value?.hitTest(x, y) ?? null;
		if (!sameHit(hit, hovered.value)) hovered.value = hit;
		element.style.cursor = edgeAt(x) !== null ? "ew-resize" : hit?.block != null ? "pointer" : "default";
	};
	const edgeAt = (x) => {
		const selected = selection.value;
		if (selected.kind !== "area") return null;
		const { width } = viewport.value;
		if (Math.abs(cssFromTrace(view.value, width, selected.start) - x) <= EDGE_PX) return {
			other: selected.end,
			tracks: selected.tracks
		};
		if (Math.abs(cssFromTrace(view.value, width, selected.end) - x) <= EDGE_PX) return {
			other: selected.start,
			tracks: selected.tracks
		};
		return null;
	};
	const down = (event) => {
		if (event.button !== 0 && event.button !== 1) return;
		const { x, y } = at(event);
		pointers.set(event.pointerId, {
			x,
			y
		});
		element.setPointerCapture(event.pointerId);
		const c = controller.value;
		if (c === null) return;
		document.activeElement?.blur?.();
		const hit = c.hitTest(x, y);
		if (pointers.size === 2) {
			const [a, b] = [...pointers.values()];
			drag = {
				mode: "pinch",
				distance: Math.max(10, Math.abs(a.x - b.x))
			};
		} else if (event.shiftKey || event.button === 1 || event.pointerType === "touch") drag = {
			mode: "pan",
			x,
			y,
			moved: false,
			hit
		};
		else {
			const edge = edgeAt(x);
			drag = edge !== null ? {
				mode: "edge",
				x,
				...edge,
				moved: false,
				hit
			} : {
				mode: "area",
				x,
				y,
				start: c.snappedTime(x, y, event.altKey),
				moved: false,
				hit
			};
		}
		event.preventDefault();
	};
	const move = (event) => {
		const { x, y } = at(event);
		mouse.value = {
			x,
			y,
			isOver: true
		};
		const c = controller.value;
		if (c === null) return;
		const before = pointers.get(event.pointerId);
		if (before !== void 0) pointers.set(event.pointerId, {
			x,
			y
		});
		if (drag === null) {
			updateHover(x, y);
			return;
		}
		hovered.value = null;
		if (drag.mode === "pinch") {
			const [a, b] = [...pointers.values()];
			if (a === void 0 || b === void 0) return;
			const distance = Math.max(10, Math.abs(a.x - b.x));
			c.zoomAt(distance / drag.distance, (a.x + b.x) / 2);
			drag.distance = distance;
		} else if (drag.mode === "pan") {
			if (Math.abs(x - drag.x) + Math.abs(y - drag.y) > CLICK_SLOP_PX) drag.moved = true;
			if (!drag.moved || before === void 0) return;
			c.panBy(before.x - x);
			setScroll(scrollTop.value + before.y - y);
		} else {
			const nanos = c.snappedTime(x, y, event.altKey);
			if (drag.mode === "edge") {
				if (Math.abs(x - drag.x) > CLICK_SLOP_PX) drag.moved = true;
				if (!drag.moved) return;
				draggedArea.value = {
					start: Math.min(nanos, drag.other),
					end: Math.max(nanos, drag.other),
					tracks: drag.tracks === null ? null : [...drag.tracks]
				};
			} else {
				if (Math.abs(x - drag.x) > CLICK_SLOP_PX || Math.abs(y - drag.y) > 12) drag.moved = true;
				if (!drag.moved) return;
				draggedArea.value = {
					start: Math.min(drag.start, nanos),
					end: Math.max(drag.start, nanos),
					tracks: c.tracksBetween(drag.y, y)
				};
			}
		}
	};
	const up = (event) => {
		pointers.delete(event.pointerId);
		const done = drag;
		drag = pointers.size > 0 && done?.mode === "pinch" ? done : null;
		const area = draggedArea.value;
		draggedArea.value = null;
		if (done === null || event.type === "pointercancel") return;
		if (area !== null && area.end > area.start) select({
			kind: "area",
			...area
		});
		else if (done.mode !== "pinch" && !done.moved && !event.shiftKey) selectHit(done.hit);
		const { x, y } = at(event);
		updateHover(x, y);
	};
	const leave = () => {
		mouse.value = {
			...mouse.value,
			isOver: false
		};
		hovered.value = null;
	};
	const double = (event) => {
		const { x, y } = at(event);
		const hit = controller.value?.hitTest(x, y) ?? null;
		if (hit?.block == null) return;
		const { columns, index } = hit.block;
		const [ts, dur] = [columns.ts[index], columns.dur[index]];
		controller.value?.glideTo({
			start: ts - dur * .25 - 1,
			end: ts + dur * 1.25 + 1
		});
	};
	element.addEventListener("pointerdown", down);
	element.addEventListener("pointermove", move);
	element.addEventListener("pointerup", up);
	element.addEventListener("pointercancel", up);
	element.addEventListener("pointerleave", leave);
	element.addEventListener("dblclick", double);
	return () => {
		element.removeEventListener("pointerdown", down);
		element.removeEventListener("pointermove", move);
		element.removeEventListener("pointerup", up);
		element.removeEventListener("pointercancel", up);
		element.removeEventListener("pointerleave", leave);
		element.removeEventListener("dblclick", double);
	};
}
/** Wheel of the whole timeline: scroll, with Ctrl zoom at the cursor, with Shift or sideways pan. */
function attachWheel(element, canvas) {
	const wheel = (event) => {
		event.preventDefault();
		const c = controller.value;
		if (c === null) return;
		const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? viewport.value.height : 1;
		const dx = event.deltaX * unit;
		const dy = event.deltaY * unit;
		const x = event.clientX - canvas.getBoundingClientRect().left;
		if (event.ctrlKey || event.metaKey) c.zoomAt(Math.exp(-dy * .0025), Math.min(Math.max(x, 0), viewport.value.width));
		else if (event.shiftKey) c.panBy(dy !== 0 ? dy : dx);
		else if (Math.abs(dx) > Math.abs(dy)) c.panBy(dx);
		else setScroll(scrollTop.value + dy);
	};
	element.addEventListener("wheel", wheel, { passive: false });
	return () => element.removeEventListener("wheel", wheel);
}
/** The axis: dragging selects a range over all tracks, clicking in the strip beneath sets a flag. */
function attachAxis(element) {
	const down = (event) => {
		if (event.button !== 0) return;
		event.preventDefault();
		element.setPointerCapture(event.pointerId);
		const box = element.getBoundingClientRect();
		const { width } = viewport.value;
		const x0 = event.clientX - box.left;
		const from = traceFromCss(view.value, width, x0);
		const inMarks = event.clientY - box.top >= 22;
		const move = (next) => {
			const x = next.clientX - box.left;
			if (Math.abs(x - x0) <= CLICK_SLOP_PX && draggedArea.value === null) return;
			const to = traceFromCss(view.value, width, Math.min(Math.max(x, 0), width));
			draggedArea.value = {
				start: Math.round(Math.min(from, to)),
				end: Math.round(Math.max(from, to)),
				tracks: null
			};
		};
		const up = () => {
			element.removeEventListener("pointermove", move);
			element.removeEventListener("pointerup", up);
			element.removeEventListener("pointercancel", up);
			const area = draggedArea.value;
			draggedArea.value = null;
			if (area !== null) {
				select({
					kind: "area",
					...area
				});
				return;
			}
			const near = marks.value.find((mark) => {
				const left = cssFromTrace(view.value, width, mark.start);
				const right = mark.end === null ? left + 9 : cssFromTrace(view.value, width, mark.end);
				return x0 >= left - 3 && x0 <= right + 3;
			});
			if (near !== void 0) select({
				kind: "mark",
				id: near.id
			});
			else if (inMarks) select({
				kind: "mark",
				id: addMark({
					start: Math.round(from),
					end: null,
					text: "",
					isTemporary: false
				})
			});
			else select({ kind: "none" });
		};
		element.addEventListener("pointermove", move);
		element.addEventListener("pointerup", up);
		element.addEventListener("pointercancel", up);
	};
	element.addEventListener("pointerdown", down);
	return () => element.removeEventListener("pointerdown", down);
}
function ScrollBar() {
	const bar = T(null);
	A(() => x(() => {
		const top = scrollTop.value;
		if (bar.current !== null && Math.abs(bar.current.scrollTop - top) > 1) bar.current.scrollTop = top;
	}));
	const { height, pinnedHeight } = layout.value;
	return /* @__PURE__ */ a("div", {
		class: "scrollbar",
		ref: bar,
		style: { top: `${pinnedHeight}px` },
		onScroll: (event) => {
			const top = event.currentTarget.scrollTop;
			if (Math.abs(top - scrollTop.value) > 1) setScroll(top);
		},
		tabIndex: -1,
		"aria-hidden": "true",
		children: /* @__PURE__ */ a("div", { style: {
			height: `${height + 24}px`,
			width: "1px"
		} })
	});
}
function Corner() {
	const groups = (withRegions) => {
		const keys = [];
		const visit = (nodes) => {
			for (const node of nodes) {
				const isRegion = node.kind === "region" || node.kind === "rank";
				if (node.children.length > 0 && (withRegions || !isRegion)) keys.push(node.key);
				visit(node.children);
			}
		};
		visit(nodes.value);
		return keys;
	};
	return /* @__PURE__ */ a("div", {
		class: "corner",
		children: [
			/* @__PURE__ */ a("input", {
				id: "track-filter",
				type: "search",
				placeholder: "Filter tracks",
				"aria-label": "Filter tracks by name, role, pid, tid or rank; commas separate terms",
				value: trackFilter.value,
				onInput: (event) => trackFilter.value = event.currentTarget.value
			}),
			/* @__PURE__ */ a("button", {
				class: "icon",
				title: "Unfold all",
				"aria-label": "Unfold all groups",
				onClick: () => setCollapsed(groups(true), false),
				children: /* @__PURE__ */ a(Icon, { name: "unfold" })
			}),
			/* @__PURE__ */ a("button", {
				class: "icon",
				title: "Fold all",
				"aria-label": "Fold all groups",
				onClick: () => setCollapsed(groups(false), true),
				children: /* @__PURE__ */ a(Icon, { name: "fold" })
			}),
			/* @__PURE__ */ a(WorkspaceChoice, {})
		]
	});
}
function WorkspaceChoice() {
	const list = workspaces.value;
	return /* @__PURE__ */ a($, { children: [list.length > 0 && /* @__PURE__ */ a("select", {
		"aria-label": "Workspace",
		value: workspaceName.value ?? "",
		onChange: (event) => {
			const name = event.currentTarget.value;
			workspaceName.value = name === "" ? null : name;
			setScroll(0);
		},
		children: [/* @__PURE__ */ a("option", {
			value: "",
			children: "All tracks"
		}), list.map(({ name }) => /* @__PURE__ */ a("option", {
			value: name,
			children: name
		}, name))]
	}), /* @__PURE__ */ a("button", {
		class: workspaceName.value === null ? "icon" : "icon active",
		title: "Workspaces",
		"aria-label": "Workspaces",
		onClick: () => dialog.value = "workspaces",
		children: /* @__PURE__ */ a(Icon, { name: "workspaces" })
	})] });
}
function Timeline() {
	const root = T(null);
	const canvas = T(null);
	const axis = T(null);
	const trace$5 = trace.value;
	A(() => {
		if (trace$5 === null) return;
		const c = new TimelineController(trace$5);
		controller.value = c;
		c.attach(canvas.current, axis.current);
		const detach = [
			attachGestures(canvas.current),
			attachWheel(root.current, canvas.current),
			attachAxis(axis.current),
			() => c.detach()
		];
		const measure = () => {
			if (canvas.current === null) return;
			const { clientWidth: width, clientHeight: height } = canvas.current;
			viewport.value = {
				width: Math.max(50, width),
				height: Math.max(50, height)
			};
		};
		const observer = new ResizeObserver(measure);
		observer.observe(canvas.current);
		measure();
		return () => {
			observer.disconnect();
			for (const each of detach) each();
			if (controller.value === c) controller.value = null;
			hovered.value = null;
		};
	}, [trace$5]);
	return /* @__PURE__ */ a("main", {
		class: "timeline",
		ref: root,
		style: {
			"--shell-width": `${settings.value.shellWidth}px`,
			"--overview": `52px`,
			"--axis": `38px`
		},
		"aria-label": "Timeline",
		children: [
			/* @__PURE__ */ a(Corner, {}),
			/* @__PURE__ */ a(Overview, {}),
			/* @__PURE__ */ a("div", {
				class: "axis-label",
				children: /* @__PURE__ */ a(ViewSpan, {})
			}),
			/* @__PURE__ */ a("canvas", {
				class: "axis-canvas",
				ref: axis,
				role: "img",
				"aria-label": "Time axis. Drag to select a range, click below it to set a flag."
			}),
			/* @__PURE__ */ a("div", {
				class: "shell-column",
				children: /* @__PURE__ */ a(Shells, {})
			}),
			/* @__PURE__ */ a("div", {
				class: "tracks",
				children: [
					/* @__PURE__ */ a("canvas", {
						class: "track-canvas",
						ref: canvas,
						role: "img",
						"aria-label": "Tracks. Drag to select an area, click to select a slice; keys are listed in the help.",
						tabIndex: -1
					}),
					/* @__PURE__ */ a(Tooltip, {}),
					/* @__PURE__ */ a(ScrollBar, {})
				]
			}),
			/* @__PURE__ */ a(Handle, {
				class: "shell-resize",
				label: "Width of the track names",
				orientation: "vertical",
				grows: "forward",
				size: settings.value.shellWidth,
				min: 140,
				max: 600,
				usual: 290,
				onSize: (shellWidth) => changeSettings({ shellWidth })
			})
		]
	});
}
function ViewSpan() {
	const { start, end } = view.value;
	return /* @__PURE__ */ a($, { children: [
		/* @__PURE__ */ a("span", {
			class: "faint",
			children: "view"
		}),
		" ",
		/* @__PURE__ */ a("b", { children: formatNanosShort(end - start) }),
		" ",
		/* @__PURE__ */ a("span", {
			class: "faint",
			children: ["from ", formatNanos(Math.round(start), settings.value.timeFormat)]
		})
	] });
}
// src/logic/fuzzy.ts
var matcher = new uFuzzy({
	intraMode: 0,
	intraIns: Infinity,
	interIns: Infinity
});
/** The innermost name of a path, without the numbers that may follow it after two blanks. */
var lastPart = (text) => text.slice(text.lastIndexOf(" › ") + 1).replace(/^› /, "").split("  ")[0];
/** Indices of the texts that match, best first; all of them, in their own order, for an empty needle. */
function fuzzyRank(texts, needle, limit = 200) {
	if (needle.trim() === "") return texts.slice(0, limit).map((_, i) => i);
	const [found, info, order] = matcher.search([...texts], needle, 1);
	if (found === null) return [];
	const ranked = info !== null && order !== null ? order.map((i) => info.idx[i]) : [...found];
	const wanted = needle.trim().toLowerCase();
	const isNamed = (i) => lastPart(texts[i]).toLowerCase() === wanted;
	ranked.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
	return ranked.slice(0, limit);
}
// src/logic/keys.ts
/** The chord of a key press, or null for a modifier alone. */
function chordOf(event) {
	if ([
		"Control",
		"Meta",
		"Alt",
		"Shift",
		"AltGraph"
	].includes(event.key)) return null;
	const parts = [];
	if (event.ctrlKey || event.metaKey) parts.push("Mod");
	if (event.altKey) parts.push("Alt");
	const isLetter = /^\p{L}$/u.test(event.key);
	if (event.shiftKey && (isLetter || event.key.length > 1)) parts.push("Shift");
	parts.push(isLetter ? event.key.toUpperCase() : event.key === " " ? "Space" : event.key);
	return parts.join("+");
}
/** The same by the place of the key, for letters only: `KeyW` is W on every keyboard. */
function placeChordOf(event) {
	const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
	if (letter === void 0) return null;
	return `${event.ctrlKey || event.metaKey ? "Mod+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey ? "Shift+" : ""}${letter}`;
}
var SYMBOLS = {
	ArrowLeft: "←",
	ArrowRight: "→",
	ArrowUp: "↑",
	ArrowDown: "↓",
	Escape: "Esc",
	Delete: "Del"
};
function keyLabel(chord, isMac) {
	return (chord === "+" ? ["+"] : chord.split("+")).map((part) => part === "Mod" ? isMac ? "⌘" : "Ctrl" : SYMBOLS[part] ?? part).join(" ");
}
/** Which chords a command answers to: the user's, or its own. */
function keysFor(id, own, remapped) {
	return remapped[id] ?? own;
}
// src/app/commands.ts
function focusOmnibox(prefix = "") {
	const input = document.querySelector("#omnibox");
	if (input === null) return;
	input.focus();
	if (prefix !== "") {
		input.value = prefix;
		input.dispatchEvent(new Event("input", { bubbles: true }));
	} else input.select();
}
function toggleDrawer() {
	drawer.value = {
		...drawer.value,
		isOpen: !drawer.value.isOpen
	};
}
function showTab(tab) {
	const { isOpen, tab: current } = drawer.value;
	if (isOpen && current === tab) toggleDrawer();
	else openDrawer(tab);
}
function escape() {
	if (dialog.value !== "none") dialog.value = "none";
	else if (selection.value.kind !== "none") select({ kind: "none" });
	else if (notices.value.length > 0) notices.value = [];
}
function removeMark() {
	const selected = selection.value;
	if (selected.kind === "mark") removeMark$1(selected.id);
}
function cycleTheme() {
	changeSettings({ theme: isDark.value ? "light" : "dark" });
}
function setFormat(timeFormat) {
	return () => changeSettings({ timeFormat });
}
function hold(id, zoom, pan) {
	return {
		run: () => controller.value?.hold(id, zoom, pan),
		release: () => controller.value?.release(id)
	};
}
var openDialog = (dialog$1) => () => dialog.value = dialog$1;
var copyLink = () => navigator.clipboard.writeText(location.href).then(() => notify("Link copied."), reportError);
/** Saves what the window shows as a file that opens without a server. */
async function exportWindow() {
	const trace$4 = trace.value;
	if (trace$4 === null) return;
	if (isFile.value) {
		notify("This page is such a file already.");
		return;
	}
	const { start, end } = view.value;
	notify("Writing the window as a file…");
	try {
		const window = {
			start: Math.floor(start),
			end: Math.ceil(end)
		};
		const bytes = await trace$4.client.exportHtml(window, new AbortController().signal);
		saveAs(`${trace$4.entry.name.replace(/(\.pt)?(\.trace)?(\.json)?(\.gz|\.zst)?$/i, "")}-${window.start}-${window.end}.html`, bytes, "text/html");
	} catch (error) {
		reportError(error);
	}
}
var COMMANDS = [
	{
		id: "zoom_in",
		title: "Zoom in at the mouse",
		group: "Move",
		keys: ["W", "ArrowUp"],
		...hold("in", 1, 0)
	},
	{
		id: "zoom_out",
		title: "Zoom out",
		group: "Move",
		keys: ["S", "ArrowDown"],
		...hold("out", -1, 0)
	},
	{
		id: "pan_left",
		title: "Pan left",
		group: "Move",
		keys: ["A", "ArrowLeft"],
		...hold("left", 0, -1)
	},
	{
		id: "pan_right",
		title: "Pan right",
		group: "Move",
		keys: ["D", "ArrowRight"],
		...hold("right", 0, 1)
	},
	{
		id: "center",
		title: "Centre the view at the mouse",
		group: "Move",
		keys: ["E"],
		run: () => controller.value?.centerAt(controller.value.anchor())
	},
	{
		id: "focus",
		title: "Show the selection; again: fit it",
		group: "Move",
		keys: ["F"],
		run: focusSelection
	},
	{
		id: "whole",
		title: "Show the whole trace",
		group: "Move",
		keys: ["Home", "0"],
		run: () => controller.value?.glideTo(bounds.value)
	},
	{
		id: "page_down",
		title: "Scroll down a page",
		group: "Move",
		keys: ["PageDown"],
		run: () => setScroll(scrollTop.value + viewport.value.height * .8)
	},
	{
		id: "page_up",
		title: "Scroll up a page",
		group: "Move",
		keys: ["PageUp"],
		run: () => setScroll(scrollTop.value - viewport.value.height * .8)
	},
	{
		id: "next_event",
		title: "Next event on the track; first of an area",
		group: "Select",
		keys: ["."],
		run: () => void goToNeighbour("next")
	},
	{
		id: "previous_event",
		title: "Previous event on the track; last of an area",
		group: "Select",
		keys: [","],
		run: () => void goToNeighbour("previous")
	},
	{
		id: "follow_flow",
		title: "Follow the flow forward",
		group: "Select",
		keys: ["]"],
		run: () => followArrow("outgoing")
	},
	{
		id: "follow_flow_back",
		title: "Follow the flow back",
		group: "Select",
		keys: ["["],
		run: () => followArrow("incoming")
	},
	{
		id: "cycle_flow",
		title: "Choose among outgoing flows",
		group: "Select",
		keys: ["Mod+]"],
		run: () => cycleArrow("outgoing")
	},
	{
		id: "cycle_flow_back",
		title: "Choose among incoming flows",
		group: "Select",
		keys: ["Mod+["],
		run: () => cycleArrow("incoming")
	},
	{
		id: "mark",
		title: "Mark the selection",
		group: "Select",
		keys: ["M"],
		run: () => markSelection(true)
	},
	{
		id: "keep_mark",
		title: "Mark the selection and keep the mark",
		group: "Select",
		keys: ["Shift+M"],
		run: () => markSelection(false)
	},
	{
		id: "remove_mark",
		title: "Remove the selected mark",
		group: "Select",
		keys: ["Delete", "Backspace"],
		run: removeMark
	},
	{
		id: "to_area",
		title: "Turn the selection into an area",
		group: "Select",
		keys: ["R"],
		run: convertToArea
	},
	{
		id: "select_all",
		title: "Select the whole track; again: everything",
		group: "Select",
		keys: ["Mod+A"],
		run: selectAll
	},
	{
		id: "deselect",
		title: "Close the dialog, or deselect",
		group: "Select",
		keys: ["Escape"],
		run: escape
	},
	{
		id: "search",
		title: "Search",
		group: "Find",
		keys: ["/"],
		run: () => focusOmnibox()
	},
	{
		id: "next_hit",
		title: "Next hit",
		group: "Find",
		keys: ["Enter"],
		run: () => stepHit(1)
	},
	{
		id: "previous_hit",
		title: "Previous hit",
		group: "Find",
		keys: ["Shift+Enter"],
		run: () => stepHit(-1)
	},
	{
		id: "find_track",
		title: "Find a track",
		group: "Find",
		keys: ["Mod+P"],
		inText: true,
		run: openDialog("finder")
	},
	{
		id: "palette",
		title: "Command palette",
		group: "Find",
		keys: ["Mod+Shift+P", "F1"],
		inText: true,
		run: openDialog("palette")
	},
	{
		id: "gpu",
		title: "Show the rows of the GPU",
		group: "Move",
		keys: ["G"],
		run: () => {
			const region = layout.value.rows.find((row) => row.node.kind === "region" && row.node.name === "GPU");
			if (region === void 0) notify("This trace has no work of a GPU.");
			else controller.value?.revealNode(region.node.key);
		}
	},
	{
		id: "pin_track",
		title: "Find a track and pin it",
		group: "Tracks",
		keys: ["Shift+T"],
		run: openDialog("pin")
	},
	{
		id: "unpin_all",
		title: "Unpin all tracks",
		group: "Tracks",
		keys: [],
		run: () => pins.value = []
	},
	{
		id: "workspaces",
		title: "Workspaces: show, make of pinned, filtered or selected tracks",
		group: "Tracks",
		keys: ["Shift+W"],
		run: openDialog("workspaces")
	},
	{
		id: "all_tracks",
		title: "Show all tracks: leave the workspace",
		group: "Tracks",
		keys: [],
		run: () => workspaceName.value = null
	},
	{
		id: "filter_tracks",
		title: "Filter tracks",
		group: "Tracks",
		keys: ["T"],
		run: () => document.querySelector("#track-filter")?.focus()
	},
	{
		id: "filter_slices",
		title: "Fade slices that do not match",
		group: "Tracks",
		keys: ["H"],
		run: () => document.querySelector("#slice-filter")?.focus()
	},
	{
		id: "remove_debug_tracks",
		title: "Remove all debug tracks",
		group: "Tracks",
		keys: [],
		run: () => debugTracks.value = []
	},
	{
		id: "drawer",
		title: "Open or close the drawer",
		group: "Panels",
		keys: ["Q"],
		run: toggleDrawer
	},
	{
		id: "summary",
		title: "Summary: what was found",
		group: "Panels",
		keys: ["U"],
		run: () => showTab("summary")
	},
	{
		id: "details",
		title: "Selection",
		group: "Panels",
		keys: [],
		run: () => showTab("selection")
	},
	{
		id: "sql",
		title: "SQL",
		group: "SQL",
		keys: ["Mod+Shift+S"],
		inText: true,
		run: () => showTab("sql")
	},
	{
		id: "hits",
		title: "Search results",
		group: "Panels",
		keys: [],
		run: () => showTab("search")
	},
	{
		id: "warnings",
		title: "Warnings of the trace",
		group: "Panels",
		keys: [],
		run: () => showTab("warnings")
	},
	{
		id: "info",
		title: "About this trace",
		group: "Panels",
		keys: ["I"],
		run: () => showTab("info")
	},
	{
		id: "marks",
		title: "Marks",
		group: "Panels",
		keys: [],
		run: () => showTab("marks")
	},
	{
		id: "help",
		title: "Help: keys and mouse",
		group: "View",
		keys: ["?"],
		run: openDialog("help")
	},
	{
		id: "theme",
		title: "Switch between light and dark",
		group: "View",
		keys: [],
		run: cycleTheme
	},
	{
		id: "theme_system",
		title: "Theme of the system",
		group: "View",
		keys: [],
		run: () => changeSettings({ theme: "system" })
	},
	{
		id: "time_auto",
		title: "Times in fitting units",
		group: "View",
		keys: [],
		run: setFormat("auto")
	},
	{
		id: "time_s",
		title: "Times in seconds",
		group: "View",
		keys: [],
		run: setFormat("seconds")
	},
	{
		id: "time_ms",
		title: "Times in milliseconds",
		group: "View",
		keys: [],
		run: setFormat("milliseconds")
	},
	{
		id: "time_us",
		title: "Times in microseconds",
		group: "View",
		keys: [],
		run: setFormat("microseconds")
	},
	{
		id: "time_ns",
		title: "Times in nanoseconds",
		group: "View",
		keys: [],
		run: setFormat("nanoseconds")
	},
	{
		id: "export_html",
		title: "Export this window as HTML",
		group: "View",
		keys: ["Mod+S"],
		run: () => void exportWindow()
	},
	{
		id: "copy_link",
		title: "Copy a link to this view",
		group: "View",
		keys: [],
		run: () => void copyLink()
	}
];
var keysOf = (command) => keysFor(command.id, command.keys, settings.value.keys);
function commandForChord(chord) {
	return COMMANDS.find((command) => keysOf(command).includes(chord));
}
// src/app/workspaces_dialog.tsx
/** Rows that can be copied into a workspace, by what made them stand out. */
function sources() {
	const nodes$1 = nodes.value;
	const selected = selection.value;
	const details = sliceDetails.value;
	const tracks = selected.kind === "area" ? areaTracks(selected.tracks) : selected.kind === "slice" && details !== null ? [details.track_id] : [];
	return [
		{
			title: "pinned",
			keys: pins.value.filter((key) => nodeIndex.value.has(key))
		},
		{
			title: "filtered",
			keys: filteredKeys(nodes$1, trackFilter.value)
		},
		{
			title: "selected",
			keys: keysOfTracks(nodes$1, new Set(tracks))
		}
	];
}
function show(name) {
	workspaceName.value = name;
	setScroll(0);
}
function WorkspacesPanel() {
	const wanted = useSignal("");
	const list = workspaces.value;
	const shown = workspace.value;
	const replace = (old, next) => {
		const isShown = workspaceName.value === old.name;
		setWorkspaces(list.flatMap((each) => each !== old ? [each] : next === null ? [] : [next]), isShown ? next?.name ?? null : workspaceName.value);
	};
	const make = (keys) => {
		const name = freeName(list, wanted.value);
		setWorkspaces([...list, withRows({
			name,
			keys: []
		}, keys, nodeIndex.value)], name);
		trackFilter.value = "";
		setScroll(0);
		wanted.value = "";
	};
	const add = (keys) => changeWorkspace((each) => withRows(each, keys, nodeIndex.value));
	const copies = (label, take) => sources().map(({ title, keys }) => /* @__PURE__ */ a("button", {
		class: "small",
		disabled: keys.length === 0,
		onClick: () => take(keys),
		children: [
			label,
			" ",
			title,
			" (",
			formatCount(keys.length),
			")"
		]
	}, title));
	return /* @__PURE__ */ a("div", {
		class: "workspace-list",
		children: [
			/* @__PURE__ */ a("label", {
				class: "workspace-line",
				children: [/* @__PURE__ */ a("input", {
					type: "radio",
					name: "workspace",
					checked: shown === null,
					onChange: () => show(null)
				}), " All tracks"]
			}),
			list.map((each) => /* @__PURE__ */ a("div", {
				class: "workspace-line",
				children: [
					/* @__PURE__ */ a("input", {
						type: "radio",
						name: "workspace",
						"aria-label": `Show ${each.name}`,
						checked: each === shown,
						onChange: () => show(each.name),
						style: { flex: "none" }
					}),
					/* @__PURE__ */ a("input", {
						type: "text",
						"aria-label": `Name of ${each.name}`,
						value: each.name,
						onChange: (event) => {
							const others = list.filter((other) => other !== each);
							replace(each, {
								...each,
								name: freeName(others, event.currentTarget.value)
							});
						}
					}),
					/* @__PURE__ */ a("span", {
						class: "faint num",
						children: [formatCount(each.keys.length), " rows"]
					}),
					/* @__PURE__ */ a("button", {
						class: "small",
						"aria-label": `Delete ${each.name}`,
						onClick: () => replace(each, null),
						children: "Delete"
					})
				]
			}, each.name)),
			shown !== null && /* @__PURE__ */ a("div", {
				class: "workspace-line",
				role: "group",
				"aria-label": `Add to ${shown.name}`,
				children: [/* @__PURE__ */ a("span", { children: [
					"Add to “",
					shown.name,
					"”:"
				] }), copies("the", add)]
			}),
			/* @__PURE__ */ a("div", {
				class: "workspace-line",
				role: "group",
				"aria-label": "New workspace",
				children: [
					/* @__PURE__ */ a("input", {
						type: "text",
						"data-autofocus": true,
						"aria-label": "Name of a new workspace",
						placeholder: "Name of a new workspace",
						value: wanted.value,
						onInput: (event) => wanted.value = event.currentTarget.value
					}),
					/* @__PURE__ */ a("span", { children: "Make it" }),
					copies("of the", make),
					/* @__PURE__ */ a("button", {
						class: "small",
						onClick: () => make([]),
						children: "empty"
					})
				]
			}),
			/* @__PURE__ */ a("p", {
				class: "faint",
				children: "Rows are pinned, filtered by the box above their names, or selected by dragging over them; in a workspace they can be moved and taken out. Workspaces are kept in this browser and travel in the link."
			})
		]
	});
}
// src/app/dialogs.tsx
var isMac = /mac/i.test(navigator.platform);
function Dialog({ label, children, wide }) {
	const box = T(null);
	A(() => {
		const before = document.activeElement;
		(box.current?.querySelector("[data-autofocus]") ?? box.current)?.focus();
		return () => {
			if (before?.isConnected === true && before.tagName !== "BODY") before.focus();
		};
	}, []);
	const keepFocus = (event) => {
		if (event.key !== "Tab" || box.current === null) return;
		const items = [...box.current.querySelectorAll("button,input,select,[tabindex='0']")];
		const [first, last] = [items[0], items[items.length - 1]];
		if (first === void 0 || last === void 0) return;
		if (event.shiftKey && document.activeElement === first) {
			event.preventDefault();
			last.focus();
		} else if (!event.shiftKey && document.activeElement === last) {
			event.preventDefault();
			first.focus();
		}
	};
	return /* @__PURE__ */ a("div", {
		class: "backdrop",
		onPointerDown: (event) => event.target === event.currentTarget && (dialog.value = "none"),
		children: /* @__PURE__ */ a("div", {
			class: wide === true ? "dialog wide" : "dialog",
			role: "dialog",
			"aria-modal": "true",
			"aria-label": label,
			ref: box,
			tabIndex: -1,
			onKeyDown: keepFocus,
			children
		})
	});
}
function Keys({ chords }) {
	return /* @__PURE__ */ a("span", {
		class: "keys",
		children: chords.map((chord) => /* @__PURE__ */ a("kbd", { children: keyLabel(chord, isMac) }, chord))
	});
}
var MOUSE = [
	["Ctrl + wheel", "zoom at the cursor"],
	["wheel", "scroll"],
	["Shift + wheel, sideways wheel", "pan"],
	["Shift + drag, middle-button drag", "pan"],
	["drag on tracks", "select an area; ends stick to slices, Alt lets them go"],
	["drag the ends of an area", "change it"],
	["drag on the time axis", "select a time range of all tracks"],
	["drag on the overview", "zoom to the range; its frame and edges can be dragged"],
	["click", "select a slice; elsewhere: deselect"],
	["click below the time axis", "set a flag"],
	["double click", "zoom to a slice"],
	["touch", "drag pans, two fingers zoom"]
];
function Help() {
	const editing = useSignal(null);
	const groups = [...new Set(COMMANDS.map((command) => command.group))];
	const remap = (command, event) => {
		event.preventDefault();
		event.stopPropagation();
		const chord = chordOf(event);
		if (chord === null) return;
		editing.value = null;
		if (chord === "Escape") return;
		const keys = { ...settings.value.keys };
		for (const other of COMMANDS) if (keysOf(other).includes(chord)) keys[other.id] = keysOf(other).filter((each) => each !== chord);
		keys[command.id] = [chord];
		changeSettings({ keys });
	};
	return /* @__PURE__ */ a(Dialog, {
		label: "Help",
		wide: true,
		children: [/* @__PURE__ */ a("header", {
			class: "dialog-head",
			children: [
				/* @__PURE__ */ a("h2", { children: "Keys and mouse" }),
				/* @__PURE__ */ a("span", {
					class: "faint",
					children: "Click a key to change it."
				}),
				/* @__PURE__ */ a("span", { class: "spacer" }),
				/* @__PURE__ */ a("button", {
					class: "small",
					onClick: () => changeSettings({ keys: {} }),
					children: "Reset keys"
				}),
				/* @__PURE__ */ a("button", {
					class: "small",
					"data-autofocus": true,
					onClick: () => dialog.value = "none",
					children: "Close"
				})
			]
		}), /* @__PURE__ */ a("div", {
			class: "help-columns",
			children: [groups.map((group) => /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: group }), /* @__PURE__ */ a("table", {
				class: "help",
				children: COMMANDS.filter((command) => command.group === group && (keysOf(command).length > 0 || command.keys.length > 0)).map((command) => /* @__PURE__ */ a("tr", { children: [/* @__PURE__ */ a("td", { children: /* @__PURE__ */ a("button", {
					class: "key-button",
					"aria-label": `Change the key of: ${command.title}`,
					onClick: () => editing.value = command.id,
					onKeyDown: (event) => editing.value === command.id && remap(command, event),
					onBlur: () => editing.value = null,
					children: editing.value === command.id ? /* @__PURE__ */ a("em", { children: "press a key…" }) : keysOf(command).length === 0 ? /* @__PURE__ */ a("em", { children: "none" }) : /* @__PURE__ */ a(Keys, { chords: keysOf(command) })
				}) }), /* @__PURE__ */ a("td", { children: command.title })] }, command.id))
			})] }, group)), /* @__PURE__ */ a("section", { children: [/* @__PURE__ */ a("h3", { children: "Mouse" }), /* @__PURE__ */ a("table", {
				class: "help",
				children: MOUSE.map(([what, does]) => /* @__PURE__ */ a("tr", { children: [/* @__PURE__ */ a("td", { children: /* @__PURE__ */ a("span", {
					class: "keys",
					children: what
				}) }), /* @__PURE__ */ a("td", { children: does })] }, what))
			})] })]
		})]
	});
}
function Picker({ label, placeholder, choices }) {
	const needle = useSignal("");
	const at = useSignal(0);
	const ranked = fuzzyRank(choices.map((choice) => choice.text), needle.value);
	const current = Math.min(at.value, Math.max(0, ranked.length - 1));
	const list = T(null);
	A(() => {
		list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
	});
	const choose = (index) => {
		const choice = index === void 0 ? void 0 : choices[index];
		if (choice === void 0) return;
		dialog.value = "none";
		choice.run();
	};
	return /* @__PURE__ */ a(Dialog, {
		label,
		children: [/* @__PURE__ */ a("input", {
			"data-autofocus": true,
			class: "picker-input",
			type: "text",
			role: "combobox",
			"aria-expanded": "true",
			"aria-controls": "picker-list",
			"aria-activedescendant": ranked.length > 0 ? `choice-${current}` : void 0,
			"aria-label": label,
			placeholder,
			value: needle.value,
			autocomplete: "off",
			spellcheck: false,
			onInput: (event) => {
				needle.value = event.currentTarget.value;
				at.value = 0;
			},
			onKeyDown: (event) => {
				const step = {
					ArrowDown: 1,
					ArrowUp: -1,
					PageDown: 10,
					PageUp: -10
				}[event.key];
				if (step !== void 0) {
					event.preventDefault();
					at.value = Math.min(Math.max(0, current + step), Math.max(0, ranked.length - 1));
				} else if (event.key === "Enter") {
					event.preventDefault();
					event.stopPropagation();
					choose(ranked[current]);
				}
			}
		}), /* @__PURE__ */ a("div", {
			class: "picker-list",
			role: "listbox",
			id: "picker-list",
			"aria-label": label,
			ref: list,
			children: [ranked.map((index, i) => /* @__PURE__ */ a("div", {
				id: `choice-${i}`,
				role: "option",
				"aria-selected": i === current,
				class: i === current ? "choice current" : "choice",
				onClick: () => choose(index),
				onMouseMove: () => i !== current && (at.value = i),
				children: [/* @__PURE__ */ a("span", { children: choices[index].text }), choices[index].extra]
			}, index)), ranked.length === 0 && /* @__PURE__ */ a("p", {
				class: "faint pad",
				children: "Nothing matches."
			})]
		})]
	});
}
var RECENT_KEY = "kinetoscope.recent_commands";
function Palette() {
	const recent = stored(RECENT_KEY, []);
	const rank = (command) => (recent.indexOf(command.id) + 1 || 1e3) - 1;
	const choices = COMMANDS.filter((command) => command.release === void 0 && command.id !== "palette").sort((a, b) => rank(a) - rank(b)).map((command) => ({
		text: command.title,
		extra: /* @__PURE__ */ a(Keys, { chords: keysOf(command) }),
		run: () => {
			store(RECENT_KEY, [command.id, ...recent.filter((id) => id !== command.id)].slice(0, 6));
			command.run();
		}
	}));
	return /* @__PURE__ */ a(Picker, {
		label: "Command palette",
		placeholder: "Type a command",
		choices
	});
}
function TrackPicker({ isPinning }) {
	const choices = [];
	const visit = (node, path) => {
		const ids = [
			node.pid !== null && node.kind === "process" ? `pid ${node.pid}` : "",
			node.tid !== null ? `tid ${node.tid}` : "",
			node.role ?? ""
		];
		const number = allTracks(node).reduce((sum, track) => sum + track.num_events, 0);
		choices.push({
			text: pathText(path, node) + ids.filter(Boolean).map((each) => `  ${each}`).join(""),
			extra: /* @__PURE__ */ a("span", {
				class: "faint num",
				children: number.toLocaleString("en")
			}),
			run: () => {
				if (isPinning) {
					if (!pins.value.includes(node.key)) togglePin(node.key);
					return;
				}
				trackFilter.value = "";
				setCollapsed(path.map((each) => each.key), false);
				controller.value?.revealNode(node.key);
				const tracks = allTracks(node).map((track) => track.id);
				const { start, end } = view.value;
				if (node.tracks.length > 0) select({
					kind: "area",
					start: Math.floor(start),
					end: Math.ceil(end),
					tracks
				});
			}
		});
		for (const child of node.children) visit(child, [...path, node]);
	};
	for (const node of nodes.value) visit(node, []);
	return /* @__PURE__ */ a(Picker, {
		label: isPinning ? "Find a track to pin" : "Find a track",
		placeholder: "Process, thread, stream, rank…",
		choices
	});
}
function Dialogs() {
	switch (dialog.value) {
		case "help": return /* @__PURE__ */ a(Help, {});
		case "palette": return /* @__PURE__ */ a(Palette, {});
		case "finder": return /* @__PURE__ */ a(TrackPicker, { isPinning: false });
		case "workspaces": return /* @__PURE__ */ a(Dialog, {
			label: "Workspaces",
			children: [/* @__PURE__ */ a("header", {
				class: "dialog-head",
				children: [
					/* @__PURE__ */ a("h2", { children: "Workspaces" }),
					/* @__PURE__ */ a("span", { class: "spacer" }),
					/* @__PURE__ */ a("button", {
						class: "small",
						onClick: () => dialog.value = "none",
						children: "Close"
					})
				]
			}), /* @__PURE__ */ a(WorkspacesPanel, {})]
		});
		case "pin": return /* @__PURE__ */ a(TrackPicker, { isPinning: true });
		default: return null;
	}
}
// src/logic/first_layout.ts
/** Threads of fewer depths are as readable thin as not at all, and gain little. */
var MIN_DEPTHS = 6;
/** Height that the first rows of the GPU need to be noticed. */
var GPU_ROOM_PX = 120;
function firstLayout(nodes, height) {
	const first = {
		collapsed: /* @__PURE__ */ new Map(),
		compact: /* @__PURE__ */ new Set()
	};
	const rowsNow = () => layoutRows({
		nodes,
		...first,
		pins: [],
		filter: ""
	});
	for (const node of nodes) {
		if (node.kind !== "rank" || !node.collapsed) continue;
		first.collapsed.set(node.key, false);
		if (rowsNow().height > height) {
			first.collapsed.delete(node.key);
			break;
		}
	}
	const gpu = rowsNow().rows.find((row) => row.node.kind === "region" && /gpu$/i.test(row.node.name));
	if (gpu === void 0 || gpu.y + GPU_ROOM_PX <= height) return first;
	const visit = (node) => {
		const depths = node.tracks.reduce((sum, track) => sum + (track.kind === "slice" ? track.num_rows : 0), 0);
		if (node.kind === "thread" && depths >= MIN_DEPTHS) first.compact.add(node.key);
		node.children.forEach(visit);
	};
	nodes.forEach(visit);
	return first;
}
// src/app/open_trace.ts
var POLL_MILLIS$1 = 200;
/** Top bar, overview, axis, legend and the closed drawer. */
var AROUND_PX = 180;
var current = 0;
var later = (millis) => new Promise((done) => setTimeout(done, millis));
/** Opens a trace and shows it as `fragment` says, which may be empty; a later call, or `cancelOpening`, makes an earlier one stop. */
async function openTrace(id, fragment) {
	const mine = ++current;
	const remote = client.value.trace(id);
	const end = beginPending("open");
	try {
		let entry = await remote.entry();
		opening.value = entry;
		if (entry.state === "closed" || entry.state === "failed") {
			await remote.open();
			entry = await remote.entry();
		}
		while (entry.state === "opening" || entry.state === "closed") {
			if (mine !== current) return;
			opening.value = entry;
			await later(POLL_MILLIS$1);
			entry = await remote.entry();
		}
		if (mine !== current) return;
		if (entry.state === "failed") {
			opening.value = entry;
			return;
		}
		const [overview, { nodes }] = await Promise.all([remote.overview(), remote.tracks()]);
		if (mine !== current) return;
		r(() => {
			select({ kind: "none" });
			search.value = {
				...search.value,
				text: "",
				result: null,
				index: -1
			};
			debugTracks.value = [];
			pendingRecipes.value = [];
			marks.value = [];
			pins.value = [];
			const isShown = document.querySelector(".track-canvas") !== null;
			const first = firstLayout(nodes, isShown ? viewport.value.height : window.innerHeight - AROUND_PX);
			forgetRuns();
			counterModes.value = /* @__PURE__ */ new Map();
			sliceFilter.value = "";
			collapsed.value = first.collapsed;
			compact.value = first.compact;
			trackFilter.value = "";
			drawer.value = {
				...drawer.value,
				isOpen: false
			};
			trace.value = {
				entry,
				client: remote,
				overview,
				nodes
			};
			opening.value = null;
			view.value = bounds.value;
			scrollTop.value = 0;
			restoreUrlState(fragment);
		});
		document.title = `${entry.name} · Kinetoscope`;
	} catch (error) {
		if (mine !== current) return;
		opening.value = null;
		reportError(error);
	} finally {
		end();
	}
}
async function cancelOpening(id) {
	current++;
	opening.value = null;
	await client.value.trace(id).cancelOpening().catch(reportError);
}
function closeTrace() {
	current++;
	forgetRuns();
	r(() => {
		select({ kind: "none" });
		trace.value = null;
		opening.value = null;
	});
	document.title = "Kinetoscope";
	history.replaceState(null, "", location.pathname);
}
function restoreUrlState(fragment) {
	const state = decodeUrlState(fragment);
	setWorkspaces(keptWorkspaces(String(trace.value?.entry.id)), null);
	if (state.trace !== null && state.trace !== String(trace.value?.entry.id)) return;
	pins.value = state.pins;
	collapsed.value = new Map([...collapsed.value, ...state.folded]);
	if (state.thin !== null) compact.value = new Set(state.thin);
	trackFilter.value = state.filter;
	sliceFilter.value = state.sliceFilter;
	counterModes.value = new Map(state.counters);
	const kept = keptWorkspaces(String(trace.value?.entry.id));
	if (state.workspaces.length > 0) setWorkspaces(merged(kept, state.workspaces), state.workspace);
	if (state.sqlTabs.length > 0) adoptTabs(state.sqlTabs, state.sqlTab);
	if (state.recipes.length > 0 && !isFile.value) makeTracksAgain(state.recipes);
	for (const mark of state.marks) addMark(mark);
	if (state.view !== null) setView(state.view);
	if (state.slice !== null) select({
		kind: "slice",
		id: state.slice
	});
	if (state.slice !== null && state.view === null) pendingReveal = state.slice;
	if (state.slice === null && state.area !== null) select({
		kind: "area",
		...state.area
	});
	if (state.scroll !== null) pendingScroll = state.scroll;
	const panel = DRAWER_TABS.find((each) => each === state.panel);
	if (panel !== void 0) openDrawer(panel);
}
/** A link to a slice alone shows it, once there is a timeline. */
var pendingReveal = null;
function takePendingReveal() {
	const slice = pendingReveal;
	pendingReveal = null;
	return slice;
}
/** Scrolling waits for the timeline to have measured itself. */
var pendingScroll = null;
function takePendingScroll() {
	const scroll = pendingScroll;
	pendingScroll = null;
	return scroll;
}
function currentUrlState() {
	const trace$3 = trace.value;
	if (trace$3 === null) return "";
	const selected = selection.value;
	const { start, end } = view.value;
	const isWhole = start <= bounds.value.start && end >= bounds.value.end;
	const written = tabs.value.filter((tab) => tab.sql.trim() !== "" && tab.sql !== EXAMPLES[0].sql);
	const front = written.findIndex((tab) => tab.id === activeTab.value);
	return encodeUrlState({
		trace: String(trace$3.entry.id),
		view: isWhole ? null : {
			start,
			end
		},
		slice: selected.kind === "slice" ? selected.id : null,
		area: selected.kind === "area" ? {
			...selected,
			tracks: selected.tracks === null ? null : [...selected.tracks]
		} : null,
		pins: pins.value,
		marks: marks.value,
		folded: [...collapsed.value],
		scroll: scrollTop.value,
		filter: trackFilter.value,
		sliceFilter: sliceFilter.value,
		thin: [...compact.value],
		workspaces: workspaces.value,
		workspace: workspaceName.value,
		counters: [...counterModes.value],
		recipes: [...debugTracks.value.map((each) => each.recipe), ...pendingRecipes.value],
		sqlTabs: written.map(({ title, sql }) => ({
			title,
			sql
		})),
		sqlTab: front < 0 ? null : front,
		panel: drawer.value.isOpen ? drawer.value.tab : null
	});
}
// src/app/start_page.tsx
var REFRESH_MILLIS = 1500;
function Progress({ entry }) {
	const { progress } = entry;
	const share = progress !== null && progress.total_bytes !== null && progress.total_bytes > 0 ? progress.bytes / progress.total_bytes : null;
	return /* @__PURE__ */ a("div", {
		class: "opening",
		role: "status",
		children: [
			/* @__PURE__ */ a("h2", { children: entry.name }),
			/* @__PURE__ */ a("progress", {
				value: share ?? void 0,
				max: 1,
				"aria-label": `Opening ${entry.name}`
			}),
			/* @__PURE__ */ a("p", { children: progress === null ? "Starting…" : /* @__PURE__ */ a($, { children: [
				progress.step,
				": ",
				formatBytes(progress.bytes),
				progress.total_bytes !== null && ` of ${formatBytes(progress.total_bytes)}`,
				",",
				" ",
				formatCount(progress.events),
				" events",
				progress.seconds_left !== null && progress.seconds_left > .5 && `, about ${Math.ceil(progress.seconds_left)} s left`
			] }) }),
			/* @__PURE__ */ a("button", {
				onClick: () => void cancelOpening(entry.id),
				children: "Cancel"
			})
		]
	});
}
function StartPage() {
	const opening$1 = opening.value;
	const info$2 = info.value;
	A(() => {
		const timer = setInterval(() => {
			if (opening.value?.state === "opening" || document.hidden) return;
			client.value.info().then((answer) => info.value = answer, () => void 0);
		}, REFRESH_MILLIS);
		return () => clearInterval(timer);
	}, []);
	if (opening$1 !== null && opening$1.state === "failed") return /* @__PURE__ */ a("div", {
		class: "start",
		children: /* @__PURE__ */ a("div", {
			class: "opening",
			role: "alert",
			children: [
				/* @__PURE__ */ a("h2", { children: [opening$1.name, " cannot be opened"] }),
				/* @__PURE__ */ a("p", { children: opening$1.error }),
				/* @__PURE__ */ a("button", {
					onClick: () => void openTrace(opening$1.id, ""),
					children: "Try again"
				}),
				" ",
				(info$2?.traces.length ?? 0) > 1 && /* @__PURE__ */ a("button", {
					onClick: () => opening.value = null,
					children: "Back to the list"
				})
			]
		})
	});
	if (opening$1 !== null) return /* @__PURE__ */ a("div", {
		class: "start",
		children: /* @__PURE__ */ a(Progress, { entry: opening$1 })
	});
	if (info$2 === null) return /* @__PURE__ */ a("div", { class: "start" });
	return /* @__PURE__ */ a("div", {
		class: "start",
		children: /* @__PURE__ */ a("div", {
			class: "trace-list",
			children: [
				/* @__PURE__ */ a("h2", { children: "Traces" }),
				info$2.traces.length === 0 && /* @__PURE__ */ a("p", {
					class: "faint",
					children: "There is none yet. New files in the folder appear here by themselves."
				}),
				/* @__PURE__ */ a("ul", { children: info$2.traces.map((entry) => /* @__PURE__ */ a("li", { children: /* @__PURE__ */ a("button", {
					class: "trace-entry",
					onClick: () => void openTrace(entry.id, ""),
					children: [
						/* @__PURE__ */ a("span", {
							class: "trace-place",
							children: [/* @__PURE__ */ a("b", { children: entry.name }), /* @__PURE__ */ a("span", {
								class: "faint",
								children: entry.path
							})]
						}),
						/* @__PURE__ */ a("span", {
							class: "num",
							children: formatBytes(entry.bytes)
						}),
						/* @__PURE__ */ a("span", {
							class: `chip state-${entry.state}`,
							children: entry.state
						}),
						entry.error !== null && /* @__PURE__ */ a("span", {
							class: "error-text",
							children: entry.error
						})
					]
				}) }, entry.id)) })
			]
		})
	});
}
// src/app/app.tsx
var NOTICE_MILLIS = 5e3;
function Notices() {
	const list = notices.value;
	const oldest = list.find((notice) => !notice.isError);
	A(() => {
		if (oldest === void 0) return;
		const timer = setTimeout(() => notices.value = notices.value.filter((each) => each !== oldest), NOTICE_MILLIS);
		return () => clearTimeout(timer);
	}, [oldest]);
	return /* @__PURE__ */ a("div", {
		class: "notices",
		"aria-live": "polite",
		children: list.map((notice) => /* @__PURE__ */ a("div", {
			class: notice.isError ? "notice error" : "notice",
			role: notice.isError ? "alert" : "status",
			children: [/* @__PURE__ */ a("div", { children: [notice.text, notice.hint !== null && /* @__PURE__ */ a("div", {
				class: "faint",
				children: ["hint: ", notice.hint]
			})] }), /* @__PURE__ */ a("button", {
				class: "icon",
				"aria-label": "Close this message",
				onClick: () => notices.value = list.filter((each) => each !== notice),
				children: "×"
			})]
		}, notice.id))
	});
}
function Legend() {
	const hasGpu = (nodes) => nodes.some((node) => node.device !== null || node.stream !== null || hasGpu(node.children));
	if (!hasGpu(nodes.value)) return null;
	return /* @__PURE__ */ a("div", {
		class: "legend",
		role: "list",
		"aria-label": "Colours of GPU work",
		children: [
			1,
			2,
			3,
			4,
			5,
			6,
			7,
			8
		].map((each) => /* @__PURE__ */ a("span", {
			role: "listitem",
			children: [/* @__PURE__ */ a("i", { class: `swatch class-${each}` }), CLASS_NAMES[each]]
		}, each))
	});
}
function TopBar() {
	const trace$2 = trace.value;
	const warnings = trace$2?.overview.warnings;
	const lost = warnings === void 0 ? 0 : warnings.error + warnings.data_loss;
	return /* @__PURE__ */ a("header", {
		class: "topbar",
		children: [
			info.value?.mode === "serve" && trace$2 !== null ? /* @__PURE__ */ a("button", {
				class: "brand",
				onClick: closeTrace,
				title: "All traces",
				children: "‹ Traces"
			}) : /* @__PURE__ */ a("span", {
				class: "brand",
				children: "Kinetoscope"
			}),
			trace$2 !== null && /* @__PURE__ */ a("span", {
				class: "trace-name",
				title: trace$2.entry.path,
				children: [trace$2.entry.name, /* @__PURE__ */ a("span", {
					class: "faint",
					children: [
						" ",
						formatCount(trace$2.overview.num_slices),
						" slices,",
						" ",
						formatNanosShort(trace$2.overview.end - trace$2.overview.start)
					]
				})]
			}),
			/* @__PURE__ */ a(Omnibox, { onCommandMode: () => dialog.value = "palette" }),
			trace$2 !== null && /* @__PURE__ */ a("input", {
				id: "slice-filter",
				type: "search",
				placeholder: "Fade others",
				"aria-label": "Fade slices whose name does not contain this",
				value: sliceFilter.value,
				onInput: (event) => sliceFilter.value = event.currentTarget.value
			}),
			lost > 0 && /* @__PURE__ */ a("button", {
				class: "warn-button",
				onClick: () => openDrawer("warnings"),
				title: "What was lost or wrong while the trace was read",
				children: [
					"⚠ ",
					formatCount(lost),
					" lost"
				]
			}),
			isFile.value && /* @__PURE__ */ a("span", {
				class: "chip",
				title: "A window of the trace; open the trace itself for all of it and for SQL",
				children: "exported window"
			}),
			trace$2 !== null && !isFile.value && /* @__PURE__ */ a("button", {
				class: "icon",
				"aria-label": "SQL",
				title: "SQL (Ctrl+Shift+S)",
				onClick: () => openDrawer("sql"),
				children: "SQL"
			}),
			/* @__PURE__ */ a("button", {
				class: "icon",
				"aria-label": isDark.value ? "Light theme" : "Dark theme",
				title: isDark.value ? "Light theme" : "Dark theme",
				onClick: () => changeSettings({ theme: isDark.value ? "light" : "dark" }),
				children: isDark.value ? "☀" : "☾"
			}),
			/* @__PURE__ */ a("button", {
				class: "icon",
				"aria-label": "Help",
				title: "Help (?)",
				onClick: () => dialog.value = "help",
				children: "?"
			})
		]
	});
}
function App() {
	const showStart = trace.value === null || opening.value !== null;
	return /* @__PURE__ */ a($, { children: [
		/* @__PURE__ */ a(TopBar, {}),
		isPageOld.value && /* @__PURE__ */ a("div", {
			class: "reload-bar",
			role: "alert",
			children: ["The server was rebuilt and serves another version of this page.", /* @__PURE__ */ a("button", {
				class: "small",
				onClick: () => location.reload(),
				children: "Reload"
			})]
		}),
		showStart ? /* @__PURE__ */ a(StartPage, {}) : /* @__PURE__ */ a(Timeline, {}),
		!showStart && /* @__PURE__ */ a(Legend, {}),
		!showStart && /* @__PURE__ */ a(Drawer, {}),
		/* @__PURE__ */ a(Dialogs, {}),
		/* @__PURE__ */ a(Notices, {})
	] });
}
// src/app/keyboard.ts
var isTextField = (target) => target instanceof HTMLElement && (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT" || target.tagName === "INPUT");
function attachKeyboard() {
	const held = /* @__PURE__ */ new Map();
	const down = (event) => {
		if (event.defaultPrevented || event.isComposing) return;
		const chord = chordOf(event);
		if (chord === null) return;
		const place = placeChordOf(event);
		let command = commandForChord(chord);
		const byPlace = place === null ? void 0 : commandForChord(place);
		if (byPlace?.release !== void 0) command = byPlace;
		if (command === void 0) return;
		if (isTextField(event.target)) {
			if (event.key === "Escape" && dialog.value === "none") {
				event.target.blur();
				return;
			}
			if (command.inText !== true && !(command.id === "deselect" && dialog.value !== "none")) return;
		}
		if (dialog.value !== "none" && command.id !== "deselect" && command.inText !== true) return;
		if (/^(Shift\+)?(Enter|Space)$/.test(chord) && event.target?.closest?.("button,a,[role=option]")) return;
		event.preventDefault();
		if (command.release !== void 0) {
			if (!event.repeat && !held.has(event.code)) {
				held.set(event.code, command);
				command.run();
			}
		} else command.run();
	};
	const up = (event) => {
		held.get(event.code)?.release?.();
		held.delete(event.code);
	};
	const letGo = () => {
		for (const command of held.values()) command.release?.();
		held.clear();
		controller.value?.releaseAll();
	};
	window.addEventListener("keydown", down);
	window.addEventListener("keyup", up);
	window.addEventListener("blur", letGo);
	return () => {
		window.removeEventListener("keydown", down);
		window.removeEventListener("keyup", up);
		window.removeEventListener("blur", letGo);
	};
}
// src/app/page_age.ts
var POLL_MILLIS = 5e3;
/** Looks now and then, and whenever the page is seen again, until there is something to tell. */
function watchPageAge(fingerprint) {
	const look = async () => {
		if (document.hidden) return;
		try {
			if ((await client.value.info()).page_fingerprint === fingerprint) return;
			isPageOld.value = true;
			clearInterval(timer);
			document.removeEventListener("visibilitychange", look);
		} catch {}
	};
	const timer = setInterval(() => void look(), POLL_MILLIS);
	document.addEventListener("visibilitychange", look);
}
// src/app/main.tsx
window.kinetoscopeIdle = whenIdle;
window.kinetoscope = {
	view: () => view.value,
	bounds: () => bounds.value,
	selection: () => selection.value,
	details: () => sliceDetails.value,
	arrows: () => controller.value?.placedArrows() ?? [],
	marks: () => marks.value,
	pins: () => pins.value,
	workspace: () => workspace.value,
	workspaces: () => workspaces.value,
	counterModes: () => Object.fromEntries(counterModes.value),
	debugTracks: () => debugTracks.value.map((each) => ({
		name: each.node.name,
		rows: each.rows.length
	})),
	areaArrows: () => areaArrows.value,
	drawer: () => drawer.value,
	search: () => search.value,
	scrollTop: () => scrollTop.value,
	pending: () => pendingLabels(),
	frames: () => framesDrawn,
	commands: () => COMMANDS.map((command) => ({
		id: command.id,
		keys: keysOf(command)
	})),
	rows: () => layout.value.rows.map((row) => ({
		key: row.node.key,
		name: row.node.name,
		y: row.y,
		height: row.height
	}))
};
client.value = embeddedClient() ?? new Client();
followSelection();
attachKeyboard();
x(() => {
	document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
});
var urlTimer = null;
x(() => {
	const state = currentUrlState();
	if (state === "" || trace.value === null) return;
	if (urlTimer !== null) clearTimeout(urlTimer);
	urlTimer = setTimeout(() => history.replaceState(null, "", `#${state}`), 250);
});
x(() => {
	viewport.value;
	if (controller.value === null) return;
	const scroll = takePendingScroll();
	if (scroll !== null) setScroll(scroll);
	const slice = takePendingReveal();
	if (slice !== null) f(() => void goToSlice(slice, "fit"));
});
window.addEventListener("hashchange", () => {
	const trace$1 = trace.value;
	if (urlTimer !== null) clearTimeout(urlTimer);
	const linked = decodeUrlState(location.hash).trace;
	const id = info.value?.traces.find((entry) => String(entry.id) === linked)?.id ?? trace$1?.entry.id;
	if (id !== void 0) openTrace(id, location.hash);
});
async function start() {
	const end = beginPending("start");
	try {
		const info$1 = await client.value.info();
		info.value = info$1;
		if (info$1.mode !== "file") watchPageAge(info$1.page_fingerprint);
		const linked = decodeUrlState(location.hash).trace;
		const wanted = info$1.traces.find((entry) => String(entry.id) === linked);
		if (wanted !== void 0) await openTrace(wanted.id, location.hash);
		else if (info$1.mode !== "serve" && info$1.traces[0] !== void 0) await openTrace(info$1.traces[0].id, location.hash);
	} catch (error) {
		reportError(error);
	} finally {
		end();
	}
}
Q(/* @__PURE__ */ a(App, {}), document.querySelector("#app"));
start();
