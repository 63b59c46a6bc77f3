// Cases of golden/extraction whose tasks are older: cross-encoders and reward models through rerank, sentence vectors.
import { GLiClassModel } from "../../src/model/extraction/gliclass.js";
import type { Tensor } from "../../src/model/outputs.js";
import { pipeline } from "../../src/tasks/pipeline.js";
import type { ZeroShotLabels } from "../../src/tasks/zero-shot-classification.js";
import { camelCased, differences, openFixture, type ReadFile } from "./extraction.js";
import type { Verdict } from "./extraction-gliner.js";

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
