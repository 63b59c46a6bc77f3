// Speed: how long a text takes here, kernel by kernel, and how much memory it takes; saved as JSON if wanted.
import { useMemo, useState } from "preact/hooks";
import { bytes, counted, milliseconds, percent } from "../format.js";
import { byKernel, quantile, shareOfPeak } from "../kernel-times.js";
import { Bar } from "../parts/bar.js";
import { Comparison, type Others } from "../parts/comparison.js";
import { CopyButton } from "../parts/copy-button.js";
import { Examples, MainText, TextTitle } from "../parts/fields.js";
import { Save } from "../parts/icons.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Measure from "../tasks/speed.js";
import type { EngineOf } from "../tasks/task.js";
import { useDevice, type DeviceName } from "../use-device.js";
import { useSession } from "../use-session.js";

const SENTENCE = "The clinic charged my card twice, so please call me back about the refund. ";
const EXAMPLES = [
  { name: "A sentence", text: SENTENCE.trim() },
  { name: "A paragraph", text: SENTENCE.repeat(6).trim() },
  { name: "A page", text: SENTENCE.repeat(24).trim() },
];

const TASK: ScreenTask<EngineOf<typeof Measure.load>, string, Measure.Speed> = {
  run: Measure.run,
  texts: (text) => [text],
};

export default function SpeedScreen({ place }: ScreenProps) {
  const session = useSession(Measure.load, place);
  const device = useDevice();
  const [text, setText] = useState(place.text ?? EXAMPLES[0]!.text);
  const [compared, setCompared] = useState<{ readonly speed: Measure.Speed; readonly others: Others }>();
  const othersOf = (speed: Measure.Speed) => (compared?.speed === speed ? compared.others : undefined);
  const bundled = session.choice?.kind === "bundled" ? session.choice.model.id : undefined;
  const input = useMemo(() => (text.trim() === "" ? undefined : text), [text]);
  const here: Place = { screen: place.screen, choice: session.choice, text, options: {} };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      wide
      inputTitle={<TextTitle text={text} />}
      head={({ value }) => (
        <span class="push">
          <SaveButton speed={value} device={device} model={bundled} others={othersOf(value)} />
        </span>
      )}
      view={({ value }) => (
        <>
          <Result speed={value} device={device} />
          <Comparison
            speed={value}
            model={bundled}
            others={othersOf(value)}
            onFound={(others) => setCompared({ speed: value, others })}
          />
        </>
      )}
      found={({ value }) => `Median ${milliseconds(quantile(value.runs, 0.5))}`}
      code={(source) => Measure.code(source, text)}
    >
      <MainText value={text} onChange={setText} rows={3} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.text === text}
        choose={(example) => setText(example.text)}
      />
    </TaskFrame>
  );
}

const MEMORY = [
  ["weights", "Weights"],
  ["slots", "Activations"],
  ["staging", "Reading back"],
  ["plans", "Parameters of plans"],
  ["tables", "Embedding rows, in the worker"],
] as const satisfies readonly (readonly [keyof Measure.Memory, string])[];

function Result({ speed, device }: { speed: Measure.Speed; device: DeviceName | undefined }) {
  const kernels = byKernel(speed.steps);
  const gpu = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  const middle = quantile(speed.runs, 0.5);
  const rest = Math.max(0, middle - speed.tokenizing - gpu);
  const all = speed.memory.gpuBytes + speed.memory.hostBytes;
  return (
    <div class="speed">
      <p class="headline">
        <strong class="number">{milliseconds(middle)}</strong>
        <span class="quiet">
          {counted(speed.ids.length, "token")}, {counted(speed.runs.length, "run")}: median; 5–95 %:{" "}
          {milliseconds(quantile(speed.runs, 0.05))} to {milliseconds(quantile(speed.runs, 0.95))}
          {device && `, ${device.name}`}
        </span>
      </p>
      <ul class="split">
        <li>
          <span class="swatch c2c" /> text to tokens {milliseconds(speed.tokenizing)}
        </li>
        <li>
          <span class="swatch c2p" /> kernels, one by one {milliseconds(gpu)}
        </li>
        <li>
          <span class="swatch p2c" /> upload, read-back, worker {milliseconds(rest)}
        </li>
      </ul>
      <table class="scores kernels" aria-label="Kernels">
        <caption>By kernel</caption>
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col">Share of their time</th>
            <th scope="col">Time</th>
            <th scope="col">Count</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">Of the peak</th>
          </tr>
        </thead>
        <tbody>
          {kernels.map((time) => (
            <tr key={time.kernel}>
              <th scope="row">{time.kernel}</th>
              <td>
                <span class="score">
                  <Bar score={time.milliseconds / (gpu || 1)} />
                </span>
              </td>
              <td class="number">{milliseconds(time.milliseconds)}</td>
              <td class="number">{time.count}×</td>
              <td class="number">{time.gflops.toFixed(1)}</td>
              <td class="number">{percent(shareOfPeak(time, speed.peak))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">
        Peak: the fastest step seen here, in this run and in one of {Measure.LONG_TEXT} tokens:{" "}
        {speed.peak.gflops.toFixed(1)} GFLOP/s, or {speed.peak.gbytes.toFixed(1)} GB/s for steps that mostly move
        numbers.
      </p>
      <Dispatches description={speed.description} count={speed.steps.length} />
      <table class="scores memory" aria-label="Memory">
        <caption>Memory</caption>
        <tbody>
          {MEMORY.map(([kind, name]) => (
            <tr key={kind}>
              <th scope="row">{name}</th>
              <td>
                <span class="score">
                  <Bar score={speed.memory[kind] / all} />
                </span>
              </td>
              <td class="number">{bytes(speed.memory[kind])}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">Together</th>
            <td class="number">{counted(speed.memory.buffers, "GPU buffer")}</td>
            <td class="number">{bytes(all)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/** What the model's `describe()` prints, line by line, with a filter. */
function Dispatches({ description, count }: { description: string; count: number }) {
  const [filter, setFilter] = useState("");
  const lines = description.split("\n").filter((line) => line.toLowerCase().includes(filter.toLowerCase()));
  return (
    <details class="dispatches">
      <summary>{count} dispatches: node, kernel, shape, slot, workgroups, variant</summary>
      <p class="row">
        <input
          aria-label="Filter"
          placeholder="Filter"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <CopyButton text={description} label="Copy" />
      </p>
      <pre class="scrolls" tabIndex={0} role="region" aria-label="Dispatches">
        {lines.join("\n")}
      </pre>
    </details>
  );
}

function SaveButton(props: {
  speed: Measure.Speed;
  device: DeviceName | undefined;
  model: string | undefined;
  others: Others | undefined;
}) {
  const save = (): void => {
    const figures = {
      device: props.device,
      model: props.model,
      agent: navigator.userAgent,
      date: new Date().toISOString(),
      ...props.speed,
      onnxruntime: props.others,
    };
    const address = URL.createObjectURL(new Blob([JSON.stringify(figures, null, 2)], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "speed.json";
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <button type="button" class="button" onClick={save}>
      <Save /> Save as JSON
    </button>
  );
}
