// withFallback over the real transformers.js: what it hands on runs there, and a program sees one kind of results. Its package comes
// from the registry: `npm run test:long`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import { addModel, answersOf, makeProject, run, serve } from "./support.mjs";
import { writeOnnxModel } from "./tiny-onnx.mjs";

const labels = (...names) => ({
  id2label: { ...names },
  label2id: Object.fromEntries(names.map((name, i) => [name, i])),
});

/** By task: a BERT's config and what it computes. */
const BERTS = {
  "text-classification": ["SequenceClassification", labels("a", "b", "c", "d"), { logits: { columns: 4, mean: true } }],
  "token-classification": ["TokenClassification", labels("O", "B-X"), { logits: { columns: 2 } }],
  "zero-shot-classification": [
    "SequenceClassification",
    labels("contradiction", "neutral", "entailment"),
    { logits: { columns: 3, mean: true } },
  ],
  "question-answering": ["QuestionAnswering", {}, { start_logits: { columns: 0 }, end_logits: { columns: 0 } }],
  "fill-mask": ["MaskedLM", {}, { logits: { columns: 23 } }],
  "feature-extraction": ["", {}, { last_hidden_state: { columns: 8 } }],
};

/** What an answer is made of: names and types, of lists their first element, whatever the words and numbers are. */
function kindOf(value) {
  if (Array.isArray(value)) return value.length > 0 ? [kindOf(value[0])] : [];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, kindOf(value[name])]),
  );
}

/** Where a text stands, which ours tell and theirs do not (docs/coming-from-transformers-js.md). */
function withoutPlaces(value) {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== "object" || value === null) return value;
  const rest = Object.entries(value).filter(([name]) => !["start", "end"].includes(name));
  return Object.fromEntries(rest.map(([name, each]) => [name, withoutPlaces(each)]));
}

test("their types are kept: a program compiles as with their own pipeline", async () => {
  const folder = await makeProject("theirs", ["@huggingface/transformers", "typescript"]);
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
  await run("node", ["node_modules/typescript/bin/tsc", ...options, "program.mts"], folder);
  const wrong = run("node", ["node_modules/typescript/bin/tsc", ...options, "wrong.mts"], folder);
  await assert.rejects(wrong, /wrong\.mts\(5,.*"sentiment"/);
});

test("their package runs what is not DeBERTa-v2; answers have one shape", async () => {
  const folder = await makeProject("theirs", ["@huggingface/transformers"]);
  for (const [task, [architecture, config, outputs]] of Object.entries(BERTS))
    writeOnnxModel(
      join(folder, "models/berts"),
      task,
      { architectures: [`Bert${architecture || "Model"}`], ...config },
      outputs,
    );
  for (const model of ["tiny-intent", "redact", "zero-shot", "answers", "fill", "vectors"]) addModel(folder, model);
  const { answers, handed, refused } = await answersOf(await serve(folder), 10);
  assert.deepEqual(handed, [
    ...Object.keys(BERTS).map((task) => [task, task]),
    ["text-classification", "nobody/has-this"],
  ]);
  assert.match(refused, /nobody\/has-this/); // in their words
  for (const [task, { theirs, ours }] of Object.entries(answers))
    theirs.forEach((answer, call) =>
      assert.deepEqual(kindOf(withoutPlaces(ours[call])), kindOf(answer), `${task}, call ${call}`),
    );
  for (const { answer } of [answers["question-answering"].ours].flat(2)) assert.equal(answer, answer.trim());
  // As many labels as were asked for.
  for (const { theirs, ours } of [answers["text-classification"], answers["question-answering"], answers["fill-mask"]])
    assert.equal(ours[1].length, theirs[1].length);
});
