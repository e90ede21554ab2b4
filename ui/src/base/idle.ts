// Knows whether anything is under way: requests, frames that wait to be drawn, motions.
// `window.kinetoscopeIdle()` is built on it, so that tests wait for a state and never for a time.

let pending = 0;
const labels = new Map<number, string>();
let nextKey = 0;

/** Marks something as under way until the returned function is called. */
export function beginPending(label: string): () => void {
  const key = nextKey++;
  pending++;
  labels.set(key, label);
  return () => {
    if (labels.delete(key)) pending--;
  };
}

export const isIdle = (): boolean => pending === 0;
export const pendingLabels = (): string[] => [...labels.values()];

/** Resolves when nothing is pending and stays so for two frames: the answer to a request may ask for more. */
export function whenIdle(): Promise<void> {
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
