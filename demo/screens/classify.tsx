// Classify: a text, the labels a model gives it, and how sure it is of each.
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { failureOf } from "../failures.js";
import { bytes, counted, milliseconds, percent } from "../format.js";
import { examplesOf, nameOf, sourceAsCode, type Choice } from "../models.js";
import { CodeCard } from "../parts/code-card.js";
import { FailureNote, NoWebGpuNote } from "../parts/failure-card.js";
import { EmptyNote } from "../parts/empty-note.js";
import { Info, Play } from "../parts/icons.js";
import { LoadingNote } from "../parts/loading-note.js";
import { ScoreTable } from "../parts/score-table.js";
import { Shell, type ScreenState } from "../parts/shell.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import type * as TextClassification from "../tasks/text-classification.js";
import { useDevice, type DeviceName } from "../use-device.js";
import { useSession } from "../use-session.js";
import { useTask } from "../use-task.js";

// The engine is a chunk of its own: the screen is drawn without waiting for it.
const task = (): Promise<typeof TextClassification> => import("../tasks/text-classification.js");

const load: typeof TextClassification.load = async (source, options) => (await task()).load(source, options);

interface Input {
  readonly text: string;
  readonly scores: TextClassification.Scores;
}

type Result = Awaited<ReturnType<typeof TextClassification.run>>;

const SCORES: Record<TextClassification.Scores, string> = {
  auto: "Automatic",
  softmax: "One label",
  sigmoid: "Several",
};

export default function Classify({ place }: ScreenProps) {
  const session = useSession(load, place);
  const device = useDevice();
  const { choice, model } = session;
  const examples = examplesOf(choice);
  const [typed, setText] = useState(place.text);
  const [scores, setScores] = useState<TextClassification.Scores>(asScores(place.options["scores"]));
  const text = typed ?? examples[0]!.text; // until something is typed, each model shows its own example
  const input = useMemo((): Input => ({ text, scores }), [text, scores]);

  const pipe = model.status === "ready" && text.trim() !== "" ? model.pipe : undefined;
  const run = useCallback(
    async ({ text, scores }: Input, signal: AbortSignal) => (await task()).run(pipe!, text, scores, signal),
    [pipe],
  );
  const { result, error, pending, stopped, runNow, stop } = useTask(pipe && run, input);

  const [code, setCode] = useState<typeof TextClassification.code>();
  useEffect(() => void task().then((loaded) => setCode(() => loaded.code)), []);

  const here: Place = { screen: place.screen, choice, text, options: scores === "auto" ? {} : { scores } };
  const failure = model.status === "failed" ? model.error : error;
  const lost = error !== undefined && failureOf(error).kind === "device";
  const reloaded = useReload(lost, session.retry);
  const state = stateOf();

  function stateOf(): ScreenState {
    if (failure !== undefined) return failureOf(failure).kind === "webgpu" ? "no-webgpu" : "error";
    if (session.unconfirmed || model.status === "unloaded" || text.trim() === "") return "empty";
    if (model.status === "loading") return "loading";
    return pending ? "running" : "result";
  }

  return (
    <Shell place={here} state={state} session={session} device={device}>
      <div class="cards">
        <section class="card" aria-labelledby="text-title">
          <div class="card-head">
            <h2 id="text-title">
              <label for="text">Text</label>
            </h2>
            <span class="quiet">
              {counted(text.length, "character")}
              {result && !pending && !stopped && `, ${counted(result.tokens, "token")}`}
            </span>
          </div>
          <textarea
            id="text"
            dir="auto"
            rows={7}
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) runNow();
              if (event.key === "Escape" && pending && pipe) stop();
            }}
          />
          <div class="chips" role="group" aria-label="Examples">
            {examples.map((example) => (
              <button
                key={example.name}
                type="button"
                class="chip"
                aria-pressed={text === example.text}
                onClick={() => setText(example.text)}
              >
                {example.name}
              </button>
            ))}
          </div>
          <div class="options">
            <fieldset class="choice">
              <legend>Scores</legend>
              <div class="segmented">
                {Object.entries(SCORES).map(([value, words]) => (
                  <label key={value}>
                    <input
                      type="radio"
                      name="scores"
                      checked={scores === value}
                      onChange={() => setScores(asScores(value))}
                    />
                    {words}
                  </label>
                ))}
              </div>
            </fieldset>
            <button type="button" class="button" onClick={runNow} title="Ctrl+Enter" disabled={!pipe}>
              <Play /> Run
            </button>
          </div>
        </section>
        <section class="card result" aria-labelledby="result-title" aria-busy={state === "running"}>
          <div class="card-head">
            <h2 id="result-title">Result</h2>
            {state === "running" && <span class="running-bar" />}
          </div>
          {state === "no-webgpu" && <NoWebGpuNote error={failure} onRetry={session.retry} />}
          {state === "error" && (
            <FailureNote error={failure} onRetry={model.status === "failed" || lost ? session.retry : runNow} />
          )}
          {state === "loading" && model.status === "loading" && (
            <LoadingNote
              name={nameOf(choice)}
              arriving={choice.kind === "files" ? "reading" : "downloading"}
              progress={model.progress}
              onCancel={session.unload}
            />
          )}
          {state === "empty" && <EmptyNote session={session} place={here} />}
          {(state === "result" || state === "running") && result && (
            <ResultView
              reloaded={reloaded}
              key={nameOf(choice)}
              result={result}
              old={pending || stopped}
              choice={choice}
              device={device}
            />
          )}
          {state === "result" && stopped && (
            <p class="note">
              <Info /> Stopped. Run reads this text.
            </p>
          )}
          <p class="visually-hidden" role="status">
            {state === "result" && (stopped ? "Stopped" : result && spoken(result))}
          </p>
        </section>
      </div>
      {code && <CodeCard code={code(sourceAsCode(choice), text, scores)} />}
    </Shell>
  );
}

const asScores = (value: string | undefined): TextClassification.Scores =>
  value === "softmax" || value === "sigmoid" ? value : "auto";

const spoken = ({ labels, milliseconds: ms }: Result): string =>
  `${labels[0]!.label}: ${percent(labels[0]!.score)}, ${milliseconds(ms)}`;

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

interface ResultViewProps {
  readonly reloaded: boolean;
  readonly result: Result;
  readonly old: boolean;
  readonly choice: Choice;
  readonly device: DeviceName | undefined;
}

function ResultView({ reloaded, result, old, choice, device }: ResultViewProps) {
  const unsure = choice.kind === "bundled" && result.labels[0]!.score < choice.model.unsureBelow;
  return (
    <div class={old ? "old" : undefined}>
      <ScoreTable labels={result.labels} />
      {unsure && (
        <p class="note">
          <Info /> The model is unsure: none of its labels may fit.
        </p>
      )}
      {!unsure && choice.kind === "bundled" && (
        <p class="note">
          <Info /> A small model, English only. It makes mistakes.
        </p>
      )}
      {reloaded && (
        <p class="note">
          <Info /> The GPU was lost; the model was loaded again.
        </p>
      )}
      {device?.isSoftware && (
        <p class="note">
          <Info /> No GPU here: running on the processor. Correct, but slow.
        </p>
      )}
      <p class="stats">
        <strong>{counted(result.labels.length, "label")}</strong>
        <span>{milliseconds(result.milliseconds)}</span>
        <span>{counted(result.tokens, "token")}</span>
        <span>{bytes(result.gpuBytes)} on the GPU</span>
        {device && <span>{device.name}</span>}
      </p>
    </div>
  );
}
