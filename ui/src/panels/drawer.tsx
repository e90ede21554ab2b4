// The drawer at the bottom: one tab for each panel, a handle to change its height.
import * as store from "../state/store.ts";
import { Handle } from "../timeline/handle.tsx";
import { AreaPanel } from "./area_panel.tsx";
import { SearchPanel } from "./search_panel.tsx";
import { SlicePanel } from "./slice_panel.tsx";
import { NoSql, SqlPanel } from "./sql_panel.tsx";
import { SummaryPanel } from "./summary_panel.tsx";
import { InfoPanel, MarksPanel, WarningsPanel } from "./trace_panels.tsx";

const TABS: { tab: store.DrawerTab; title: string }[] = [
  { tab: "selection", title: "Selection" },
  { tab: "summary", title: "Summary" },
  { tab: "sql", title: "SQL" },
  { tab: "search", title: "Search" },
  { tab: "marks", title: "Marks" },
  { tab: "warnings", title: "Warnings" },
  { tab: "info", title: "Trace" },
];

const MIN_PX = 90;
/** What stays of the timeline, with the bars above it. */
const ABOVE_PX = 220;

function Selected() {
  switch (store.selection.value.kind) {
    case "slice":
      return <SlicePanel />;
    case "area":
      return <AreaPanel />;
    case "mark":
      return <MarksPanel />;
    default:
      return <p class="faint pad">Click a slice for its details; drag over tracks to add up an area.</p>;
  }
}

export function Drawer() {
  const { isOpen, tab, height } = store.drawer.value;
  const toggle = () => (store.drawer.value = { ...store.drawer.value, isOpen: !isOpen });
  const counts = store.trace.value?.overview.warnings;
  return (
    <section
      class={isOpen ? "drawer open" : "drawer"}
      style={isOpen ? { height: `${height}px` } : {}}
      aria-label="Drawer"
    >
      <Handle
        class="drawer-handle"
        label="Height of the drawer"
        orientation="horizontal"
        grows="backward"
        size={isOpen ? height : 0}
        min={MIN_PX}
        max={Math.max(MIN_PX, window.innerHeight - ABOVE_PX)}
        usual={store.USUAL_DRAWER_PX}
        onSize={(wanted) => (store.drawer.value = { ...store.drawer.value, isOpen: true, height: wanted })}
      />
      <div class="tabs" role="tablist" aria-label="Panels">
        {TABS.map((each) => (
          <button
            key={each.tab}
            role="tab"
            aria-selected={isOpen && tab === each.tab}
            class={isOpen && tab === each.tab ? "tab active" : "tab"}
            onClick={() => store.openDrawer(each.tab)}
          >
            {each.title}
            {each.tab === "warnings" && counts !== undefined && counts.error + counts.data_loss > 0 && (
              <span class="dot" aria-label="some data was lost" />
            )}
          </button>
        ))}
        <span class="spacer" />
        <button class="icon" onClick={toggle} aria-label={isOpen ? "Close the drawer" : "Open the drawer"} title="Q">
          {isOpen ? "▾" : "▴"}
        </button>
      </div>
      {isOpen && (
        <div class="drawer-body" role="tabpanel" aria-label={TABS.find((each) => each.tab === tab)!.title}>
          {tab === "selection" && <Selected />}
          {tab === "summary" && <SummaryPanel />}
          {tab === "sql" && (store.isFile.value ? <NoSql /> : <SqlPanel />)}
          {tab === "search" && <SearchPanel />}
          {tab === "warnings" && <WarningsPanel />}
          {tab === "info" && <InfoPanel />}
          {tab === "marks" && <MarksPanel />}
        </div>
      )}
    </section>
  );
}
