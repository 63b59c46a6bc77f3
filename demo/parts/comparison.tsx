// Beside onnxruntime-web: fetched and run only when the visitor asks for it.
import { useEffect, useState } from "preact/hooks";
import { bytes, milliseconds } from "../format.js";
import { quantile } from "../kernel-times.js";
import { compare, COMPARABLE, type Compared, type Failed, FETCHED } from "../tasks/comparison.js";
import type { Speed } from "../tasks/speed.js";

const NAMES = { wasm: "WebAssembly, one thread", webgpu: "WebGPU" } as const;

export type Others = readonly (Compared | Failed)[];

type State = { readonly name: "idle" | "running" } | { readonly name: "failed"; readonly message: string };

export function Comparison({
  speed,
  model,
  others,
  onFound,
}: {
  speed: Speed;
  /** Id of the bundled model, if it is one. */
  model: string | undefined;
  others: Others | undefined;
  onFound: (others: Others) => void;
}) {
  const [state, setState] = useState<State>({ name: "idle" });
  const [run, setRun] = useState<AbortController>();
  useEffect(() => () => run?.abort(), [run]);

  const start = (): void => {
    const controller = new AbortController();
    setRun(controller);
    setState({ name: "running" });
    compare(speed.ids, controller.signal).then(
      (found) => {
        setState({ name: "idle" });
        onFound(found);
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setState({ name: "failed", message: String(error) });
      },
    );
  };

  return (
    <section class="beside">
      <h3>Beside onnxruntime-web</h3>
      {others && <Table speed={speed} others={others} />}
      {model === COMPARABLE ? (
        <p class="row">
          <button type="button" class="button" disabled={state.name === "running"} onClick={start}>
            {state.name === "running" ? "Measuring onnxruntime-web" : `Measure it (fetches ${bytes(FETCHED)})`}
          </button>
          <span class="quiet">
            {state.name === "failed"
              ? state.message
              : "The same weights, the same text, the same device, one after the other."}
          </span>
        </p>
      ) : (
        <p class="quiet">Only the bundled model {COMPARABLE} lies here as ONNX, too: choose it to compare.</p>
      )}
    </section>
  );
}

function Table({ speed, others }: { speed: Speed; others: Others }) {
  const ours = quantile(speed.runs, 0.5);
  return (
    <table class="scores kernels" aria-label="Beside onnxruntime-web">
      <thead>
        <tr>
          <th scope="col">Engine</th>
          <th scope="col">Ready after</th>
          <th scope="col">Median</th>
          <th scope="col">Times ours</th>
          <th scope="col">Apart</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">deberta-webgpu</th>
          <td class="number">–</td>
          <td class="number">{milliseconds(ours)}</td>
          <td class="number">1.0</td>
          <td class="number">–</td>
        </tr>
        {others.map((other) => (
          <tr key={other.provider}>
            <th scope="row">{NAMES[other.provider]}</th>
            {"error" in other ? (
              <td colSpan={4}>{other.error}</td>
            ) : (
              <>
                <td class="number">{milliseconds(other.loading)}</td>
                <td class="number">{milliseconds(quantile(other.runs, 0.5))}</td>
                <td class="number">{(quantile(other.runs, 0.5) / ours).toFixed(1)}</td>
                <td class="number">{apart(speed.vector, other.vector).toExponential(1)}</td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Largest difference of two vectors. */
const apart = (one: readonly number[], other: readonly number[]): number =>
  Math.max(...one.map((value, i) => Math.abs(value - other[i]!)));
