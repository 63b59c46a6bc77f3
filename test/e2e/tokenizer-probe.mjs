// What a page, a worker and Node run of the built `deberta-webgpu/tokenizer`: both tokenizers on every text of the small
// fixture, with a look at what the surroundings noticed of it.

/**
 * Encodes every text of `cases` (test/fixtures/tokenizer/<model>/cases.json) and gives what differs from Transformers.
 * `engine` is the slow tokenizer's; texts that a tie decides are left out for another than the own one.
 */
export async function compareTexts({ DebertaV2Tokenizer, DebertaV2TokenizerFast }, source, cases, engine) {
  const slow = await DebertaV2Tokenizer.fromPretrained(source, { engine });
  const fast = await DebertaV2TokenizerFast.fromPretrained(source);
  const differences = [];
  let compared = 0;
  const compare = (name, text, got, wanted) => {
    compared++;
    if (JSON.stringify(got) !== JSON.stringify(wanted)) differences.push(`${name}: ${JSON.stringify(text)}`);
  };
  for (const { text, ids, slow_ids: slowIds = ids, offsets, tie } of cases.texts) {
    const encoding = fast.encode(text);
    compare("fast", text, [encoding.ids, encoding.offsets], [ids, offsets]);
    if (engine !== "sentencepiece-js" || !tie) compare("slow", text, slow.encode(text).ids, slowIds);
  }
  return { compared, differences };
}

/** The same in a page or a worker, with the events of its content security policy and whether WebGPU was asked for. */
export async function probe(engine) {
  const scope = globalThis;
  const violations = [];
  scope.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    violations.push(`${effectiveDirective}: ${blockedURI}`),
  );
  let askedForGpu = false;
  const prototype = Object.getPrototypeOf(scope.navigator);
  Object.defineProperty(prototype, "gpu", { get: () => void (askedForGpu = true), configurable: true });

  let result;
  try {
    const model = new URL("/model/", scope.location.href).href;
    const cases = await (await fetch(`${model}cases.json`)).json();
    result = await compareTexts(await import("/dist/tokenizer.js"), model, cases, engine);
  } catch (error) {
    result = { error: error.name, message: error.message };
  }
  await new Promise((resolve) => setTimeout(resolve, 50)); // violations are reported in a task of their own
  return { ...result, violations: [...violations], askedForGpu, refusesEval: refusesEval() };
}

function refusesEval() {
  try {
    return (0, eval)("false");
  } catch {
    return true;
  }
}

const isWorker = typeof globalThis.WorkerGlobalScope === "function";
if (isWorker) globalThis.onmessage = async ({ data }) => globalThis.postMessage(await probe(data));
