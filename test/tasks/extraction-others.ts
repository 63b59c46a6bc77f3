// Cases of golden/extraction whose tasks are older: cross-encoders and reward models through rerank, sentence vectors.
import type { Tensor } from "../../src/model/outputs.js";
import { pipeline } from "../../src/tasks/pipeline.js";
import { camelCased, differences, openFixture, type ReadFile } from "./extraction.js";

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
