// The frame of the page: top bar, timeline or start page, drawer, dialogs, notices.
import { useEffect } from "preact/hooks";
import { formatCount, formatNanosShort } from "../base/format.ts";
import { Drawer } from "../panels/drawer.tsx";
import { Omnibox } from "../panels/omnibox.tsx";
import { CLASS_NAMES } from "../render/palette.ts";
import * as store from "../state/store.ts";
import { Timeline } from "../timeline/timeline.tsx";
import { Dialogs } from "./dialogs.tsx";
import { closeTrace } from "./open_trace.ts";
import { StartPage } from "./start_page.tsx";

const NOTICE_MILLIS = 5000;

function Notices() {
  const list = store.notices.value;
  const oldest = list.find((notice) => !notice.isError);
  useEffect(() => {
    if (oldest === undefined) return;
    // Errors stay until they are read; the rest goes by itself.
    const timer = setTimeout(
      () => (store.notices.value = store.notices.value.filter((each) => each !== oldest)),
      NOTICE_MILLIS,
    );
    return () => clearTimeout(timer);
  }, [oldest]);
  return (
    <div class="notices" aria-live="polite">
      {list.map((notice) => (
        <div
          key={notice.id}
          class={notice.isError ? "notice error" : "notice"}
          role={notice.isError ? "alert" : "status"}
        >
          <div>
            {notice.text}
            {notice.hint !== null && <div class="faint">hint: {notice.hint}</div>}
          </div>
          <button
            class="icon"
            aria-label="Close this message"
            onClick={() => (store.notices.value = list.filter((each) => each !== notice))}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  );
}

function Legend() {
  const hasGpu = (nodes: typeof store.nodes.value): boolean =>
    nodes.some((node) => node.device !== null || node.stream !== null || hasGpu(node.children));
  if (!hasGpu(store.nodes.value)) return null;
  return (
    <div class="legend" role="list" aria-label="Colours of GPU work">
      {[1, 2, 3, 4, 5, 6, 7, 8].map((each) => (
        <span key={each} role="listitem">
          <i class={`swatch class-${each}`} />
          {CLASS_NAMES[each]}
        </span>
      ))}
    </div>
  );
}

function TopBar() {
  const trace = store.trace.value;
  const warnings = trace?.overview.warnings;
  const lost = warnings === undefined ? 0 : warnings.error + warnings.data_loss;
  return (
    <header class="topbar">
      {store.info.value?.mode === "serve" && trace !== null ? (
        <button class="brand" onClick={closeTrace} title="All traces">
          ‹ Traces
        </button>
      ) : (
        <span class="brand">Kinetoscope</span>
      )}
      {trace !== null && (
        <span class="trace-name" title={trace.entry.path}>
          {trace.entry.name}
          <span class="faint">
            {" "}
            {formatCount(trace.overview.num_slices)} slices,{" "}
            {formatNanosShort(trace.overview.end - trace.overview.start)}
          </span>
        </span>
      )}
      <Omnibox onCommandMode={() => (store.dialog.value = "palette")} />
      {trace !== null && (
        <input
          id="slice-filter"
          type="search"
          placeholder="Fade others"
          aria-label="Fade slices whose name does not contain this"
          value={store.sliceFilter.value}
          onInput={(event) => (store.sliceFilter.value = event.currentTarget.value)}
        />
      )}
      {lost > 0 && (
        <button
          class="warn-button"
          onClick={() => store.openDrawer("warnings")}
          title="What was lost or wrong while the trace was read"
        >
          ⚠ {formatCount(lost)} lost
        </button>
      )}
      {store.isFile.value && (
        <span class="chip" title="A window of the trace; open the trace itself for all of it and for SQL">
          exported window
        </span>
      )}
      {trace !== null && !store.isFile.value && (
        <button class="icon" aria-label="SQL" title="SQL (Ctrl+Shift+S)" onClick={() => store.openDrawer("sql")}>
          SQL
        </button>
      )}
      <button
        class="icon"
        aria-label={store.isDark.value ? "Light theme" : "Dark theme"}
        title={store.isDark.value ? "Light theme" : "Dark theme"}
        onClick={() => store.changeSettings({ theme: store.isDark.value ? "light" : "dark" })}
      >
        {store.isDark.value ? "☀" : "☾"}
      </button>
      <button class="icon" aria-label="Help" title="Help (?)" onClick={() => (store.dialog.value = "help")}>
        ?
      </button>
    </header>
  );
}

export function App() {
  const trace = store.trace.value;
  const showStart = trace === null || store.opening.value !== null;
  return (
    <>
      <TopBar />
      {store.isPageOld.value && (
        <div class="reload-bar" role="alert">
          The server was rebuilt and serves another version of this page.
          <button class="small" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      )}
      {showStart ? <StartPage /> : <Timeline />}
      {!showStart && <Legend />}
      {!showStart && <Drawer />}
      <Dialogs />
      <Notices />
    </>
  );
}
