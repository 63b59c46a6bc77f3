// What all task screens share: input card on the left, result card on the right with its states, the line of figures, the
// code. A screen gives its fields and draws its result.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { failureOf } from "../failures.js";
import { bytes, counted, milliseconds } from "../format.js";
import { nameOf, sourceAsCode } from "../models.js";
import type { Place } from "../place.js";
import { useDevice } from "../use-device.js";
import { measured, type EnginePipe, type Measured } from "../use-measured.js";
import type { Session } from "../use-session.js";
import { useTask } from "../use-task.js";
import { CodeCard } from "./code-card.js";
import { EmptyNote } from "./empty-note.js";
import { FailureNote, NoWebGpuNote } from "./failure-card.js";
import { Info, Play } from "./icons.js";
import { LoadingNote } from "./loading-note.js";
import { Shell, type ScreenState } from "./shell.js";
import { WrongHeadNote } from "./wrong-head-note.js";

/** How a screen uses its task. One object for the life of the page: what it holds must keep its identity. */
export interface ScreenTask<Pipe extends EnginePipe, Input, Result> {
  run(pipe: Pipe, input: Input, signal: AbortSignal): Promise<Result>;
  /** What of an input the model reads. */
  texts(input: Input): readonly (string | readonly [string, string])[];
}

export interface FrameProps<Pipe extends EnginePipe, Input, Result> {
  /** Where the visitor is, with all that a link to this screen should hold. */
  readonly here: Place;
  readonly session: Session<Pipe>;
  readonly task: ScreenTask<Pipe, Input, Result>;
  /** The same object while nothing changes; undefined while there is nothing to run. */
  readonly input: Input | undefined;
  /** Beside the input's heading. */
  readonly inputTitle: ComponentChildren;
  readonly children: ComponentChildren;
  /** Beside the result's heading. */
  readonly head?: (result: Measured<Input, Result>) => ComponentChildren;
  readonly view: (result: Measured<Input, Result>) => ComponentChildren;
  /** First in the line of figures, and spoken: "8 found". */
  readonly found: (result: Measured<Input, Result>) => string;
  /** What to know of the result, above the line of figures. */
  readonly note?: (result: Measured<Input, Result>) => string | undefined;
  readonly code: (source: string) => string;
  /** What an empty input lacks, in words. */
  readonly hint?: string;
  /** Input and result one above the other. */
  readonly wide?: boolean;
}

export function TaskFrame<Pipe extends EnginePipe, Input, Result>(props: FrameProps<Pipe, Input, Result>) {
  const { here, session, task, input } = props;
  const { choice, model } = session;
  const device = useDevice();
  const pipe = model.status === "ready" && input !== undefined ? model.pipe : undefined;
  const run = useCallback(
    (input: Input | undefined, signal: AbortSignal) =>
      measured(pipe!, input!, task.texts(input!), () => task.run(pipe!, input!, signal)),
    [pipe, task],
  );
  const { result, error, pending, stopped, runNow, stop } = useTask(pipe && run, input);
  const failure = model.status === "failed" ? model.error : error;
  const lost = error !== undefined && failureOf(error).kind === "device";
  const reloaded = useReload(lost, session.retry);
  const state = stateOf();

  function stateOf(): ScreenState {
    if (failure !== undefined) return failureOf(failure).kind === "webgpu" ? "no-webgpu" : "error";
    if (session.unconfirmed || model.status === "unloaded" || input === undefined) return "empty";
    if (model.status === "loading") return "loading";
    return pending || (!result && !stopped) ? "running" : "result";
  }

  const onKeys = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      runNow();
    }
    if (event.key === "Escape" && pending && pipe) stop();
  };
  const shown = (state === "result" || state === "running") && result;
  const note = shown && props.note?.(result);
  return (
    <Shell place={here} state={state} session={session} device={device}>
      <div class={props.wide ? "cards wide" : "cards"} onKeyDown={onKeys}>
        <section class="card" aria-labelledby="input-title">
          <div class="card-head">{props.inputTitle}</div>
          {props.children}
          <p class="run">
            <button type="button" class="button" onClick={runNow} title="Ctrl+Enter" disabled={!pipe}>
              <Play /> Run
            </button>
            {state === "running" && (
              <button type="button" class="button" onClick={stop} title="Esc">
                Cancel
              </button>
            )}
          </p>
        </section>
        <section class="card result" aria-labelledby="result-title" aria-busy={state === "running"}>
          <div class="card-head">
            <h2 id="result-title">Result</h2>
            {shown && props.head?.(result)}
            {state === "running" && <span class="running-bar" />}
          </div>
          {choice && choice.kind !== "bundled" && !session.unconfirmed && (
            <WrongHeadNote choice={choice} place={here} />
          )}
          {state === "no-webgpu" && <NoWebGpuNote error={failure} onRetry={session.retry} />}
          {state === "error" && (
            <FailureNote error={failure} onRetry={model.status === "failed" || lost ? session.retry : runNow} />
          )}
          {state === "loading" && model.status === "loading" && choice && (
            <LoadingNote
              name={nameOf(choice)}
              arriving={choice.kind === "files" ? "reading" : "downloading"}
              progress={model.progress}
              onCancel={session.unload}
            />
          )}
          {state === "empty" && <EmptyNote session={session} place={here} hint={props.hint} />}
          {shown && (
            <div class={pending || stopped ? "old" : undefined}>
              {props.view(result)}
              {note && <Note>{note}</Note>}
              {reloaded && <Note>The GPU was lost; the model was loaded again.</Note>}
              {session.isUnkept && (
                <Note>
                  <strong>No room to keep this model.</strong> It works now, but must be fetched again next time.{" "}
                  <a href="#storage">Storage</a>
                </Note>
              )}
              {device?.isSoftware && <Note>No GPU here: running on the processor. Correct, but slow.</Note>}
              <p class="stats">
                <strong>{props.found(result)}</strong>
                <span>{milliseconds(result.milliseconds)}</span>
                <span>{counted(sum(result.tokens), "token")}</span>
                <span>{bytes(result.gpuBytes)} on the GPU</span>
                {here.screen !== "speed" && <a href={speedLink(here)}>Where the time goes</a>}
              </p>
            </div>
          )}
          {state === "result" && stopped && <Note>Stopped. Run reads this text.</Note>}
          <p class="visually-hidden" role="status">
            {state === "result" && (stopped ? "Stopped" : result && spoken(props.found(result), result))}
          </p>
        </section>
      </div>
      {choice && <CodeCard code={props.code(sourceAsCode(choice))} />}
    </Shell>
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const spoken = (found: string, result: { readonly milliseconds: number }): string =>
  `${found}, ${milliseconds(result.milliseconds)}`;

const speedLink = ({ text }: Place): string =>
  `#speed${text === undefined || text.length > 500 ? "" : `?${new URLSearchParams({ text }).toString()}`}`;

export const Note = ({ children }: { children: ComponentChildren }) => (
  <p class="note">
    <Info /> <span>{children}</span>
  </p>
);

/** Loads the model again when the device was lost, once: after a second loss the visitor decides. */
function useReload(lost: boolean, retry: () => void): boolean {
  const [reloaded, setReloaded] = useState(false);
  useEffect(() => {
    if (!lost || reloaded) return;
    setReloaded(true);
    retry();
  }, [lost, reloaded, retry]);
  return reloaded;
}
