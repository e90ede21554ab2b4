// The texts of names on the screen. Viewports carry ids only; texts are asked for once per id, many at a time.
import type { TraceClient } from "../api/client.ts";

/** Ids from here on are made in the page, for debug tracks. */
export const FIRST_LOCAL_NAME = 0xf0000000;
const MAX_IDS = 5000;

export class NameCache {
  private readonly texts = new Map<number, string>();
  private readonly asked = new Set<number>();
  private queue: number[] = [];
  private nextLocal = FIRST_LOCAL_NAME;
  private readonly local = new Map<string, number>();
  private readonly client: Pick<TraceClient, "names">;
  private readonly onLoaded: () => void;
  private readonly onError: (error: unknown) => void;

  constructor(client: Pick<TraceClient, "names">, onLoaded: () => void, onError: (error: unknown) => void) {
    this.client = client;
    this.onLoaded = onLoaded;
    this.onError = onError;
  }

  /** The text, if it is known; asks for it otherwise. */
  get(id: number): string | undefined {
    const text = this.texts.get(id);
    if (text === undefined && !this.asked.has(id)) {
      this.asked.add(id);
      this.queue.push(id);
    }
    return text;
  }
  idOfLocal(text: string): number {
    let id = this.local.get(text);
    if (id === undefined) {
      id = this.nextLocal++;
      this.local.set(text, id);
      this.texts.set(id, text);
    }
    return id;
  }
  /** Sends what was missed since the last flush; called after each frame. */
  flush(): void {
    while (this.queue.length > 0) {
      const ids = this.queue.splice(0, MAX_IDS);
      this.client.names(ids).then(
        ({ names }) => {
          ids.forEach((id, i) => this.texts.set(id, names[i]!));
          this.onLoaded();
        },
        (error: unknown) => {
          this.onError(error);
        },
      );
    }
  }
}
