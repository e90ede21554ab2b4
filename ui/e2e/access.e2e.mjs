// What people without a mouse, or without a screen, need: every control has a name in the tree that screen readers are
// given, and Tab reaches it, in every panel and dialog.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { TWO_STEPS, onMadeTrace, startHarness } from "./harness.mjs";
import { KERNELS, STEP } from "./mock_trace.mjs";

let harness;
before(async () => (harness = await startHarness({ steps: 100 })));
after(() => harness.stop());

const onMade = onMadeTrace(() => harness);

/** More presses than any view has controls. */
const MAX_TABS = 400;

/** Controls that a screen reader would only call by their role. */
async function unnamed(raw) {
  const client = await raw.context().newCDPSession(raw);
  const { nodes } = await client.send("Accessibility.getFullAXTree");
  await client.detach();
  const canFocus = (node) => node.properties?.some(({ name, value }) => name === "focusable" && value.value === true);
  // The document and what only scrolls are no controls.
  const isControl = (node) => !node.ignored && !["RootWebArea", "generic"].includes(node.role.value);
  const controls = nodes.filter((node) => isControl(node) && canFocus(node));
  assert.ok(controls.length > 10, "the tree has controls");
  return controls.filter((node) => (node.name?.value ?? "").trim() === "").map((node) => node.role.value);
}

/** Controls on the screen that Tab does not come to, by their HTML; within the dialog while there is one. */
async function unreached(raw) {
  await raw.evaluate(() => {
    const root = document.querySelector("[role=dialog]") ?? document.body;
    const selector = "button, input, select, textarea, summary, a[href], [tabindex='0'], [contenteditable=true]";
    const isSeen = (element) => element.checkVisibility() && element.getClientRects().length > 0;
    window.controls = new Set([...root.querySelectorAll(selector)].filter((each) => isSeen(each) && !each.disabled));
    // Of radio buttons of one name, Tab comes to one.
    for (const each of window.controls)
      if (each.type === "radio" && !each.checked && root.querySelector(`[name=${each.name}]:checked`) !== null)
        window.controls.delete(each);
    if (root === document.body) document.activeElement?.blur();
  });
  for (let i = 0; i < MAX_TABS; i++) {
    const state = await raw.evaluate(() => {
      window.controls.delete(document.activeElement);
      return { left: window.controls.size, isEditor: document.activeElement.matches(".cm-content") };
    });
    if (state.left === 0) break;
    // In the editor, Tab indents: Escape leaves it.
    if (state.isEditor) await raw.keyboard.press("Escape");
    await raw.keyboard.press("Tab");
  }
  return raw.evaluate(() => [...window.controls].map((each) => each.outerHTML.slice(0, 160)));
}

async function check(raw, what) {
  assert.deepEqual(await unnamed(raw), [], `${what}: controls without a name`);
  assert.deepEqual(await unreached(raw), [], `${what}: controls that Tab does not reach`);
}

onMade(
  "controls of the timeline and of a slice",
  async (page, raw) => {
    await check(raw, "timeline");
    await page.click(await page.placeOf("stream 7", STEP + 400_000));
    await check(raw, "slice");
  },
  { fragment: TWO_STEPS },
);

onMade(
  "controls of an area, in each of its views",
  async (page, raw) => {
    const box = await page.box();
    const from = await page.placeOf("GPU", STEP);
    await page.drag({ x: box.x + 10, y: from.y }, { x: box.x + box.width - 10, y: box.y + box.height - 5 });
    for (const name of ["Table", "Flame graph", "Flows", "Counters"]) {
      await raw.getByRole("button", { name, exact: true }).click();
      await page.idle();
      await check(raw, name);
    }
  },
  { fragment: TWO_STEPS },
);

onMade("controls of SQL, with a result and the form of a track", async (page, raw) => {
  await page.press("Control+Shift+S");
  await raw.locator(".cm-content").click();
  await raw.keyboard.press("Control+a");
  await raw.keyboard.insertText("select * from slice limit 5");
  await page.press("Control+Enter");
  await raw.getByRole("button", { name: "Show as track" }).click();
  await check(raw, "SQL");
});

onMade("controls of the other panels, and of search and notices", async (page, raw) => {
  await page.press("/");
  await raw.keyboard.type("request_done");
  await page.press("Enter");
  await page.press("Shift+Enter");
  await raw.locator(".track-canvas").focus();
  await page.press("Shift+M");
  for (const name of ["Summary", "Search", "Marks", "Warnings", "Trace"]) {
    await raw.getByRole("tab", { name }).click();
    await page.idle();
    await check(raw, name);
  }
});

onMade("controls of the dialogs, from which Tab does not lead away", async (page, raw) => {
  const dialogs = {
    "?": "Help",
    "Control+Shift+P": "Command palette",
    "Control+p": "Find a track",
    "Shift+W": "Workspaces",
  };
  for (const [key, name] of Object.entries(dialogs)) {
    await page.press(key);
    await raw.getByRole("dialog", { name }).waitFor();
    await check(raw, name);
    for (let i = 0; i < 3; i++) await raw.keyboard.press("Shift+Tab");
    assert.ok(await raw.evaluate(() => document.activeElement.closest("[role=dialog]") !== null), `${name} keeps Tab`);
    await page.press("Escape");
    assert.equal(await raw.getByRole("dialog").count(), 0);
  }
});

onMade("Tab goes from the top to the bottom, and to buttons of a row that show with the focus", async (page, raw) => {
  await page.press("q");
  await page.press("q");
  const order = [];
  await raw.locator("#omnibox").focus();
  for (let i = 0; i < 120; i++) {
    await raw.keyboard.press("Tab");
    order.push(
      await raw.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText),
    );
  }
  const wanted = [
    "Help",
    "Unfold all groups",
    "Fold CPU",
    "stream 7",
    "Pin stream 7",
    "Height of Memory reserved",
    "Summary",
  ];
  const places = wanted.map((name) => order.indexOf(name));
  assert.ok(!places.includes(-1), `${wanted.filter((_, i) => places[i] < 0)} reached`);
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    places,
  );
});

onMade("a slice is found and read without a mouse", async (page, raw) => {
  await page.press("Control+p");
  await raw.keyboard.type("stream 7");
  await page.press("Enter");
  assert.equal((await page.state("selection")).kind, "area");
  await page.press(".");
  assert.equal((await page.state("details")).name, KERNELS[0][0]);
  await page.press(".");
  assert.equal((await page.state("details")).name, KERNELS[1][0]);
  await page.press("[");
  assert.equal((await page.state("details")).name, "cudaLaunchKernel");
});
