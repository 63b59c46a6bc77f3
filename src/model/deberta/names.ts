// Where each weight lives in a file. The engine asks by Transformers' names (`deberta.` before the backbone, heads without);
// files come from wrappers, older code and other libraries that spell them differently. Every name in the file is first freed
// of wrappers, then the backbone is found by its word table: what precedes it is the backbone's prefix, and heads stand beside.
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { fromTensorFlow } from "../../checkpoint/tensorflow.js";

/** From a name of Transformers to the name in the file; undefined where the file has no such weight. */
export type NameResolver = (name: string) => string | undefined;

const BACKBONE = "deberta.";

/**
 * Finds out how a file spells its weights. A file without a word table still gets a resolver, so that it can be listed as
 * missing like any other weight.
 * @param available the names in the file
 * @param file the file's name, for messages
 * @throws CheckpointError where the file holds several backbones, or one without its own word table; UnsupportedError where
 *   its attention weights are laid out as in DeBERTa v1
 */
export function resolveNames(available: ReadonlySet<string>, file = "the checkpoint"): NameResolver {
  const spelling = readSpelling(available);
  refuseForeignLayouts(spelling, file);
  const { inFile, prefix, beside } = spelling;
  return (name) =>
    name.startsWith(BACKBONE)
      ? inFile.get(prefix + name.slice(BACKBONE.length))
      : (inFile.get(beside + name) ?? inFile.get(name));
}

/** How the file would spell names of Transformers that it does not have: what an error should call missing weights. */
export function spellNames(missing: readonly string[], available: ReadonlySet<string>): string[] {
  const { prefix, beside, wrapper, inFile } = readSpelling(available);
  const hasOldNorms = [...inFile.values()].some((name) => name.endsWith("LayerNorm.gamma"));
  return missing.map((name) => {
    const spelled = name.startsWith(BACKBONE) ? prefix + name.slice(BACKBONE.length) : beside + name;
    return wrapper + (hasOldNorms ? withOldNorms(spelled) : spelled);
  });
}

/** The name in the file that resembles a missing one most: by the letters shared at both ends. Undefined if fewer than half. */
export function nearestName(missing: string, available: ReadonlySet<string>): string | undefined {
  let nearest: string | undefined;
  let most = missing.length / 2;
  for (const name of available) {
    const shared = sharedEnds(missing, name);
    if (shared > most) [nearest, most] = [name, shared];
  }
  return nearest;
}

interface Spelling {
  /** From a name freed of wrappers to the name in the file. */
  readonly inFile: ReadonlyMap<string, string>;
  /** What stands before the backbone's `embeddings.` and `encoder.`, freed of wrappers. */
  readonly prefix: string;
  /** What stands before the heads: the prefix without its last component. */
  readonly beside: string;
  /** What wrappers put before the backbone. */
  readonly wrapper: string;
  /** The word tables in the file. */
  readonly tables: readonly string[];
}

// DataParallel and DDP, torch.compile, FSDP, Lightning and plain `self.model`, in any mix; two of them also stand inside names.
const LEADING = /^(?:(?:module|_orig_mod|_fsdp_wrapped_module|model)\.)+/;
const INSIDE = /(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module)\./g;

/** `_weight` is the table of a discriminator that was saved as a difference to its generator's. */
const WORD_TABLE = /^(?:(.*)\.)?embeddings\.word_embeddings\._?weight$/;
const BACKBONE_PART =
  /^(?:(.*?)\.)??(?:embeddings\.(?:LayerNorm|\w+_embeddings|embed_proj)|encoder\.(?:layer\.\d+|rel_embeddings|LayerNorm|conv))\./;

function readSpelling(available: ReadonlySet<string>): Spelling {
  const inFile = new Map<string, string>();
  for (const name of available) {
    const plain = plainName(name);
    // A name that needs no change is better than one that only becomes the same.
    if (plain === name || !inFile.has(plain)) inFile.set(plain, name);
  }
  const own = inFile.get(`${BACKBONE}embeddings.word_embeddings.weight`);
  const tables = own === undefined ? [...available].filter((name) => WORD_TABLE.test(plainName(name))) : [own];
  const anchor = tables[0] ?? [...available].find((name) => BACKBONE_PART.test(plainName(name)));
  if (anchor === undefined) return { inFile, prefix: BACKBONE, beside: "", wrapper: "", tables };
  const plain = plainName(anchor);
  const owner = (WORD_TABLE.exec(plain) ?? BACKBONE_PART.exec(plain))?.[1];
  const prefix = owner === undefined ? "" : `${owner}.`;
  const beside = prefix.replace(/[^.]*\.$/, "");
  return { inFile, prefix, beside, wrapper: LEADING.exec(anchor)?.[0] ?? "", tables };
}

/** A name in the file freed of wrappers, or in torch's spelling. */
function plainName(name: string): string {
  const ported = fromTensorFlow(name);
  if (ported !== undefined) return ported;
  return name
    .replace(INSIDE, "")
    .replace(LEADING, "")
    .replace(/LayerNorm\.gamma$/, "LayerNorm.weight")
    .replace(/LayerNorm\.beta$/, "LayerNorm.bias");
}

function withOldNorms(name: string): string {
  return name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
}

function refuseForeignLayouts({ tables, inFile, prefix }: Spelling, file: string): void {
  const owners = new Set(tables.map((name) => name.replace(/\._?weight$/, "")));
  if (owners.size > 1) {
    throw new CheckpointError(`${file} holds several models, one is expected: ${[...tables].sort().join(", ")}`);
  }
  const table = tables.find((name) => name.endsWith(".weight")) ?? tables[0];
  if (table?.endsWith("._weight")) {
    throw new CheckpointError(
      `${file}: this checkpoint holds only the difference to its generator's embeddings (${table}); it cannot be used alone`,
    );
  }
  const fused = inFile.get(`${prefix}encoder.layer.0.attention.self.in_proj.weight`);
  if (fused !== undefined) {
    throw new UnsupportedError(`${file}: ${fused} is not supported (query_proj, key_proj and value_proj are)`);
  }
}

function sharedEnds(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let head = 0;
  while (head < limit && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < limit - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return head + tail;
}
