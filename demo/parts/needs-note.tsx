// Before a model is loaded: how much will be fetched, how much memory it needs, and whether it can run here.
import { useEffect, useState } from "preact/hooks";
import { failureOf } from "../failures.js";
import { bytes } from "../format.js";
import type { Choice } from "../models.js";
import { needsOf, type Needs } from "../tasks/storage.js";
import { Alert, Info } from "./icons.js";

type Answer = { readonly needs: Needs } | { readonly error: unknown };

export function NeedsNote({ choice }: { choice: Choice }) {
  const [answer, setAnswer] = useState<Answer>();
  useEffect(() => {
    const controller = new AbortController();
    needsOf(choice, controller.signal).then(
      (needs) => controller.signal.aborted || setAnswer({ needs }),
      (error: unknown) => controller.signal.aborted || setAnswer({ error }),
    );
    return () => controller.abort();
  }, []);
  return (
    <p class="note" role="status">
      {!answer && "Looking at its files …"}
      {answer && "error" in answer && (
        <>
          <Alert /> <span>{failureOf(answer.error).title}</span>
        </>
      )}
      {answer && "needs" in answer && (
        <>
          {answer.needs.ok ? <Info /> : <Alert />} <span>{wordsOf(answer.needs)}</span>
        </>
      )}
    </p>
  );
}

function wordsOf({ ok, reasons, downloadBytes, cachedBytes, gpuBytes }: Needs): string {
  if (!ok) return reasons.join(" ");
  const left = Math.max(0, downloadBytes - cachedBytes);
  const fetched = left > 0 ? `${bytes(left)} to fetch` : "All of it is kept here";
  return `${fetched}, ${bytes(gpuBytes)} on the GPU. It fits.`;
}
