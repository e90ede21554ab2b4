// Whether the server still serves this build of the page: one that was rebuilt and started again on the same address
// speaks another API, perhaps, and this page would fail in odd ways.
import * as store from "../state/store.ts";

const POLL_MILLIS = 5000;

/** Looks now and then, and whenever the page is seen again, until there is something to tell. */
export function watchPageAge(fingerprint: string): void {
  const look = async () => {
    if (document.hidden) return;
    try {
      const info = await store.client.value!.info();
      if (info.page_fingerprint === fingerprint) return;
      store.isPageOld.value = true;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    } catch {
      // A server that is down says nothing of its page; whoever asks it something else is told.
    }
  };
  const timer = setInterval(() => void look(), POLL_MILLIS);
  document.addEventListener("visibilitychange", look);
}
