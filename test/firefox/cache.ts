// What the browser keeps of a model from the web: a second load asks for no weights, and answers the same.
import { cachedModels, clearCache, pipeline } from "../../src/index.js";
import type { DenoTest } from "../support/deno.js";

const SOURCE = `${location.origin}/models/tiny-intent/`;

/** Answers a text, and the requests for weights that it took. */
async function ask(): Promise<{ answer: string; requests: number }> {
  let requests = 0;
  const counted: typeof fetch = (input, init) => {
    if (new Request(input).url.endsWith("model.safetensors")) requests++;
    return fetch(input, init);
  };
  const classify = await pipeline("text-classification", SOURCE, { fetch: counted });
  await classify.model.whole;
  const answer = JSON.stringify(await classify("tell me a joke"));
  await classify.dispose();
  return { answer, requests };
}

/** What is written in the background is there when it holds the weights whole. */
async function untilKept(): Promise<void> {
  const head = await fetch(`${SOURCE}model.safetensors`, { method: "HEAD" });
  const size = Number(head.headers.get("content-length"));
  for (let tries = 0; tries < 100; tries++) {
    const [model] = await cachedModels();
    if (model && model.bytes > size) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the model was not kept within 10 s");
}

export function cacheTests(): DenoTest[] {
  return [
    {
      name: "a second load of a model asks for no weights, and answers the same",
      run: async () => {
        await clearCache();
        const first = await ask();
        await untilKept();
        const second = await ask();
        await clearCache();
        if (first.requests === 0) throw new Error("the first load made no request");
        if (second.requests > 0) throw new Error(`the second load made ${second.requests} requests for weights`);
        if (second.answer !== first.answer) throw new Error(`${second.answer}, at first ${first.answer}`);
      },
    },
  ];
}
