// Cases of golden/extraction whose tasks are older: cross-encoders and reward models through rerank, sentence vectors.
import { GLiClassModel } from "../../src/model/extraction/gliclass.js";
import type { Tensor } from "../../src/model/outputs.js";
import { pipeline } from "../../src/tasks/pipeline.js";
import type { ZeroShotLabels } from "../../src/tasks/zero-shot-classification.js";
import { camelCased, differences, openFixture, type ReadFile, type Verdict } from "./extraction.js";

/** @returns what is wrong */
export async function runRerank(read: ReadFile, name: string, device?: GPUDevice): Promise<string[]> {
  const { data, options, source } = await openFixture(read, name);
  const rank = await pipeline("rerank", source, { ...options, ...(device ? { device } : {}) });
  const wrong: string[] = [];
  try {
    for (const { name: id, query, documents, pairs, options: given = {}, output } of data.cases) {
      const { activation, top_k: topK } = given as { activation?: string; top_k?: number };
      const settings = {
        ...(activation ? { activation: activation === "identity" ? "none" : activation } : {}),
        ...(topK ? { topK } : {}),
      };
      if (pairs) {
        // Scores of pairs in their own order: one call a pair.
        const scores = [];
        for (const [a, b] of pairs as [string, string][])
          scores.push((await rank(a, [b], settings as object))[0]!.score);
        wrong.push(...differences(scores, output, data.tolerance32, id));
        continue;
      }
      const got = await rank(query as string, documents as string[], settings as object);
      const wanted = output as { corpus_id: number; score: number }[];
      wrong.push(
        ...differences(
          got.map(({ index, score }) => ({ index, score })),
          wanted.map(({ corpus_id: index, score }) => ({ index, score })),
          data.tolerance32,
          id,
        ),
      );
    }
  } finally {
    await rank.dispose();
  }
  return wrong;
}

/** Cross-encoders of several labels, which rank nothing: logits of pairs, in the order of the labels. @returns what is wrong */
export async function runPairs(read: ReadFile, name: string, device?: GPUDevice): Promise<string[]> {
  const { data, options, source } = await openFixture(read, name);
  const classify = await pipeline("text-classification", source, { ...options, ...(device ? { device } : {}) });
  const { id2label } = classify.model.config;
  const wrong: string[] = [];
  try {
    for (const { name: id, pairs, options: given = {}, output } of data.cases) {
      const inputs = (pairs as [string, string][]).map(([text, textPair]) => ({ text, textPair }));
      const isSoftmax = given["activation"] === "softmax" || given["apply_softmax"] === true;
      const functionToApply = isSoftmax ? "softmax" : "none";
      const all = await classify(inputs, { topK: null, truncation: true, functionToApply });
      const rows = output as number[][];
      const scores = all.map((row, at) =>
        rows[at]!.map((_, label) => row.find((each) => each.label === id2label.get(label))?.score),
      );
      wrong.push(...differences(scores, rows, data.tolerance32, id));
    }
  } finally {
    await classify.dispose();
  }
  return wrong;
}

export async function runSentences(read: ReadFile, name: string, device?: GPUDevice): Promise<string[]> {
  const { data, options, source } = await openFixture(read, name);
  const extract = await pipeline("feature-extraction", source, {
    ...options,
    pooling: "auto",
    ...(device ? { device } : {}),
  });
  const wrong: string[] = [];
  try {
    for (const { name: id, texts, options: given, output } of data.cases) {
      const { normalizeEmbeddings: normalize = false, ...rest } = camelCased(given) as {
        normalizeEmbeddings?: boolean;
      };
      const got = (await extract(texts as string, { ...rest, normalize })) as Tensor | Tensor[];
      const vectors = [got].flat().map(({ data: vector }) => Array.from(vector));
      const { embeddings } = output as { embeddings: number[] | number[][] };
      const wanted = (Array.isArray(embeddings[0]) ? embeddings : [embeddings]) as number[][];
      wrong.push(...differences(vectors, wanted, data.tolerance32, id).slice(0, 3));
    }
  } finally {
    await extract.dispose();
  }
  return wrong;
}

/** GLiClass's cases through zero-shot classification, and the values between. */
export async function runGliclass(
  read: ReadFile,
  name: string,
  lstm: "device" | "host",
  device?: GPUDevice,
): Promise<Verdict> {
  const { data, expected, options, source } = await openFixture(read, name);
  const classify = await pipeline("zero-shot-classification", source, {
    ...options,
    lstm,
    ...(device ? { device } : {}),
  });
  const { model } = classify;
  if (!(model instanceof GLiClassModel)) throw new Error(`${name} is not read as GLiClass`);
  const wrong: string[] = [];
  let [tensors, worst] = [0, 0];
  try {
    for (const one of data.cases) {
      const {
        threshold = 0.5,
        classification_type: type,
        return_hierarchical: asTree,
        ...rest
      } = (one.options ?? {}) as Record<string, unknown>;
      const isSingle = type === "single-label";
      const cut = isSingle || asTree ? {} : { threshold: threshold as number };
      const settings = { multiLabel: !isSingle, ...cut, ...camelCased(rest) };
      const results = [await classify(one.texts as string, one.labels as ZeroShotLabels, settings)].flat();
      const wanted = one.output as { label: string; score: number }[][];
      results.forEach(({ labels, scores }, index) => {
        const got = labels.map((label, at) => ({ label, score: scores[at]! }));
        const own = asTree ? leaves(wanted[index]) : wanted[index]!;
        // Best first here, in the order of the labels there; of a single label only the best there.
        const byScore = own.toSorted((a, b) => b.score - a.score);
        wrong.push(...differences(isSingle ? got.slice(0, 1) : got, byScore, data.tolerance32, one.name).slice(0, 3));
      });
      if (!one.tensors) continue;
      const ids = expected.get(`${one.name}/input_ids`)!;
      const mask = expected.get(`${one.name}/attention_mask`)!;
      const rows = (tensor: typeof ids) =>
        Array.from({ length: tensor.shape[0]! }, (_, row) =>
          Array.from({ length: tensor.shape[1]! }, (__, column) => tensor.data[row * tensor.shape[1]! + column]!),
        );
      const inputs = {
        inputIds: rows(ids),
        attentionMask: rows(mask),
        labelCounts: Array.from({ length: ids.shape[0]! }, () => 4),
      };
      const values = await model.inspect(inputs);
      const own: Record<string, string> = { classes: "prompts", after_lstm: "words" };
      for (const what of one.tensors) {
        const tolerance = data.tensors?.[what]?.tolerance32;
        const stored = expected.get(`${one.name}/${what}`);
        if (!stored || tolerance === undefined) continue;
        const value = values.get(own[what] ?? what);
        if (value?.shape.join() !== stored.shape.join()) {
          wrong.push(`${one.name}/${what}: ${value?.shape.join() ?? "missing"}, not ${stored.shape.join()}`);
          continue;
        }
        tensors++;
        const width = stored.shape.at(-1)!;
        const isTokens = stored.shape.length === 3 && stored.shape[1] === mask.shape[1];
        for (let at = 0; at < stored.data.length; at++) {
          if (isTokens && !mask.data[Math.floor(at / width)]) continue;
          const share = Math.abs(value.data[at]! - stored.data[at]!) / tolerance;
          worst = Math.max(worst, share);
          if (!(share <= 1)) {
            wrong.push(`${one.name}/${what}: ${share.toFixed(2)} of the tolerance`);
            break;
          }
        }
      }
    }
  } finally {
    await classify.dispose();
  }
  return { cases: data.cases.length, tensors, wrong, worst };
}

/** A tree of scores as labels with dots. */
function leaves(tree: unknown, before = ""): { label: string; score: number }[] {
  return Object.entries(tree as Record<string, unknown>).flatMap(([name, below]) =>
    typeof below === "number" ? [{ label: before + name, score: below }] : leaves(below, `${before}${name}.`),
  );
}

/** NVIDIA's classifiers through text classification. @returns what is wrong */
export async function runNvidia(read: ReadFile, name: string, device?: GPUDevice): Promise<string[]> {
  const { data, options, source } = await openFixture(read, name);
  const classify = await pipeline("text-classification", source, { ...options, ...(device ? { device } : {}) });
  const wrong: string[] = [];
  try {
    for (const { name: id, texts, output, answers, max_length: maxLength = 512 } of data.cases) {
      const wanted = output as Record<string, number[][]> & { predicted?: string[] };
      const cut = { truncation: true, maxLength: maxLength as number };
      const logits = await classify(texts as string[], { ...cut, functionToApply: "none", topK: null });
      const usual = await classify(texts as string[], { ...cut, topK: null });
      for (const index of (texts as string[]).keys()) {
        if (wanted.predicted) {
          const { scores, predicted } = wanted as unknown as { scores: number[][]; predicted: string[] };
          const own = usual[index]!.toSorted((a, b) => a.label.localeCompare(b.label)).map(({ score }) => score);
          const names = ["High", "Medium", "Low"];
          const sorted = names.map((label, at) => ({ label, score: scores[index]![at]! }));
          sorted.sort((a, b) => a.label.localeCompare(b.label));
          wrong.push(
            ...differences(
              own,
              sorted.map(({ score }) => score),
              data.tolerance32,
              `${id}[${index}]`,
            ),
          );
          if (usual[index]![0]!.label !== predicted[index]) wrong.push(`${id}[${index}]: ${usual[index]![0]!.label}`);
          continue;
        }
        const heads = Object.entries(wanted);
        const own = Object.fromEntries(
          heads.map(([head]) => [head, logits[index]!.filter((each) => each.head === head).map(({ score }) => score)]),
        );
        const rows = Object.fromEntries(heads.map(([head, all]) => [head, all[index]]));
        wrong.push(...differences(own, rows, data.tolerance32, `${id}[${index}]`));
        const answer = (answers as unknown[] | undefined)?.[index] ?? answerOf(rows as Record<string, number[]>);
        wrong.push(...differences(usual[index], answer, 1.1e-3, `${id}[${index}]`));
      }
    }
  } finally {
    await classify.dispose();
  }
  return wrong;
}

/** What the fixture's config makes of its heads' logits. */
function answerOf({
  task_type: task,
  creativity_scope: creativity,
  number_of_few_shots: shots,
}: Record<string, number[]>) {
  const softmax = (logits: number[]) => {
    const e = logits.map(Math.exp);
    return e.map((value) => value / e.reduce((a, b) => a + b));
  };
  const types = ["Open QA", "Code Generation", "Rewrite", "Other"];
  const sum = (logits: number[], weights: number[]) =>
    softmax(logits).reduce((total, p, index) => total + p * weights[index]!, 0);
  const best = softmax(task!)
    .map((score, index) => ({ head: "task_type", label: types[index]!, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 2);
  if (best[1]!.score < 0.1) best[1]!.label = "NA";
  return [
    ...best,
    { head: "creativity_scope", label: "creativity_scope", score: sum(creativity!, [2, 1, 0]) / 2 },
    { head: "number_of_few_shots", label: "number_of_few_shots", score: sum(shots!, [0, 1, 2, 3, 4, 5]) },
  ];
}
