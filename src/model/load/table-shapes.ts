// Which embedding tables of a backbone stay on the host: the tensor of each, and the shape that it must have.
import type { DebertaV2Config } from "../deberta/config.js";
import type { EmbeddingTables } from "./embeddings.js";
import type { TableShapes } from "./tables.js";

export const WORD_TABLE = "deberta.embeddings.word_embeddings.weight";

/** @param decodes whether the enhanced mask decoder looks up absolute positions, of the hidden size */
export function tableShapes(config: DebertaV2Config, decodes = false): TableShapes {
  const { vocabSize, embeddingSize: E, hiddenSize: D, maxPositionEmbeddings, typeVocabSize } = config;
  const prefix = "deberta.embeddings";
  const tables = new Map<keyof EmbeddingTables, readonly [string, number[]]>([["words", [WORD_TABLE, [vocabSize, E]]]]);
  if (config.positionBiasedInput || decodes)
    tables.set("positions", [`${prefix}.position_embeddings.weight`, [maxPositionEmbeddings, decodes ? D : E]]);
  if (typeVocabSize > 0) tables.set("types", [`${prefix}.token_type_embeddings.weight`, [typeVocabSize, E]]);
  return tables;
}
