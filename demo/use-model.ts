// Loads a screen's model and follows its progress. Another choice stops the load before, or frees the model before.
import type { LoadOptions, Progress, Source } from "deberta-webgpu";
import { useCallback, useEffect, useState } from "preact/hooks";
import { sourceOf, type Choice } from "./models.js";

export interface LoadProgress {
  readonly files: readonly Progress[];
  /** How many shaders are compiled, once that has begun. */
  readonly shaders: Progress | undefined;
  /** Of the files' bytes, 0 to 1; never falls. */
  readonly fraction: number;
}

export type Model<Pipe> =
  | { readonly status: "loading"; readonly progress: LoadProgress }
  | { readonly status: "ready"; readonly pipe: Pipe }
  | { readonly status: "failed"; readonly error: unknown }
  | { readonly status: "unloaded" };

export interface ModelControls<Pipe> {
  readonly model: Model<Pipe>;
  /** Whether the browser had no room to keep its files. */
  readonly isUnkept: boolean;
  /** Loads again, after a failure or a cancelled load. */
  readonly retry: () => void;
  /** Stops loading, or frees the loaded model. */
  readonly unload: () => void;
}

const NOTHING_YET: LoadProgress = { files: [], shaders: undefined, fraction: 0 };

export interface Pipeline {
  dispose(): void | Promise<void>;
}

/** What crosses to the worker, of the options that loading takes. */
export type EngineOptions = Omit<LoadOptions, "device" | "fetch">;

export type Load<Pipe> = (source: Source, options: EngineOptions) => Promise<Pipe>;

/** `load` and `choice` must keep their identity while nothing changes. Nothing is loaded while `choice` is undefined. */
export function useModel<Pipe extends Pipeline>(load: Load<Pipe>, choice: Choice | undefined): ModelControls<Pipe> {
  const [model, setModel] = useState<Model<Pipe>>({ status: "loading", progress: NOTHING_YET });
  const [isUnkept, setUnkept] = useState(false);
  // What was last asked for by button; it counts for the choice it was said of, another one is always wanted.
  const [asked, ask] = useState<{ choice: Choice | undefined; wanted: boolean; count: number }>();
  const wanted = asked?.choice !== choice || asked?.wanted;

  useEffect(() => {
    if (!wanted || !choice) {
      setModel({ status: "unloaded" });
      return;
    }
    const controller = new AbortController();
    const follow = followProgress(controller.signal, (progress) =>
      // The last frame may come after the model.
      setModel((now) => (now.status === "loading" ? { status: "loading", progress } : now)),
    );
    const onProgress = (step: Progress): void => {
      if (step.phase !== "not cached") follow(step);
      else if (!controller.signal.aborted) setUnkept(true);
    };
    setModel({ status: "loading", progress: NOTHING_YET });
    setUnkept(false);
    const loading = load(sourceOf(choice), { ...optionsOf(choice), signal: controller.signal, onProgress });
    loading.then(
      (pipe) => controller.signal.aborted || setModel({ status: "ready", pipe }),
      (error: unknown) => controller.signal.aborted || setModel({ status: "failed", error }),
    );
    return () => {
      controller.abort();
      loading.then((pipe) => pipe.dispose()).catch(() => undefined); // a failed load has left nothing to free
    };
  }, [load, choice, wanted, asked?.count]);

  const again = (wanted: boolean) => () => ask((before) => ({ choice, wanted, count: (before?.count ?? 0) + 1 }));
  const retry = useCallback(again(true), [choice]);
  const unload = useCallback(again(false), [choice]);
  return { model, isUnkept, retry, unload };
}

export function optionsOf(choice: Choice): EngineOptions {
  if (choice.kind !== "hub") return {};
  const { revision, token } = choice;
  return { ...(revision ? { revision } : {}), ...(token ? { token } : {}) };
}

/** Gathers progress by file and reports it once a frame: a chunk of bytes is no reason to draw. */
function followProgress(signal: AbortSignal, report: (progress: LoadProgress) => void): (step: Progress) => void {
  const files = new Map<string, Progress>();
  let shaders: Progress | undefined;
  let fraction = 0;
  let frame = 0;
  return (step) => {
    if (step.phase === "compile") shaders = step;
    else files.set(step.file, step);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (signal.aborted) return;
      const known = [...files.values()].filter(({ total }) => total !== undefined);
      const total = known.reduce((sum, file) => sum + file.total!, 0);
      const loaded = known.reduce((sum, file) => sum + file.loaded, 0);
      // Without the weights, the rest is no measure. A file met late must not move it back.
      if (total > 0 && known.some(({ phase }) => phase === "weights"))
        fraction = Math.min(1, Math.max(fraction, loaded / total));
      report({ files: [...files.values()], shaders, fraction });
    });
  };
}
