// Every folder of golden/extraction with what runs its cases, for Chromium and Deno.
import type { ReadFile, RunnableModel } from "./extraction.js";
import { runGliner } from "./extraction-gliner.js";
import { runGliner2, runGliner2Entities } from "./extraction-gliner2.js";
import { runGliclass, runNvidia, runPairs, runRerank, runSentences } from "./extraction-others.js";

const LSTM = ["host", "device"] as const;
const GLINER = ["span-v21", "span-saved", "marker-v1", "token", "unusual", "trained"];

export function goldenModels(read: ReadFile): RunnableModel[] {
  const plain = (runner: typeof runRerank, names: readonly string[]) =>
    names.map((name): RunnableModel => ({
      name,
      run: async (device) => ({ wrong: await runner(read, name, device) }),
    }));
  const gliclass = (name: string, lstm: (typeof LSTM)[number]): RunnableModel => ({
    name: `${name}, LSTM on the ${lstm}`,
    run: (device) => runGliclass(read, name, lstm, device),
  });
  return [
    ...LSTM.flatMap((lstm) =>
      GLINER.map((kind): RunnableModel => ({
        name: `gliner-${kind}, LSTM on the ${lstm}`,
        run: (device) => runGliner(read, `gliner-${kind}`, lstm, device),
      })),
    ),
    ...["gliner2-lstm", "gliner2-v2"].flatMap((name): RunnableModel[] => [
      { name: `${name}, structures`, run: (device) => runGliner2(read, name, device) },
      { name: `${name}, flat entities`, run: (device) => runGliner2Entities(read, name, device) },
    ]),
    gliclass("gliclass-small", "device"),
    ...LSTM.map((lstm) => gliclass("gliclass-other", lstm)),
    ...plain(runRerank, ["rerank-1", "reward-1"]),
    ...plain(runPairs, ["nli-3"]),
    ...plain(runNvidia, ["nvidia-first", "nvidia-heads"]),
    ...plain(runSentences, ["sentences-mean", "sentences-dense"]),
  ];
}
