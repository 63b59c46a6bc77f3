// model.safetensors.index.json from a server: names that would leave the folder, maps that are none.
import { type Case, Cases, utf8, concat } from "./case.js";

const FILE = "model.safetensors.index.json";
const SHARD = "model-00001-of-00001.safetensors";

/** What a URL parser, a path or a shell would take elsewhere. */
const FOREIGN = [
  "https://evil.example/x.safetensors",
  "//evil.example/x.safetensors",
  "\\\\evil.example\\x.safetensors",
  "https:evil.safetensors",
  "data:,x.safetensors",
  "file:///etc/x.safetensors",
  "blob:x.safetensors",
  "javascript:alert(1)//.safetensors",
  "../x.safetensors",
  "a/../../x.safetensors",
  "./x.safetensors",
  "/x.safetensors",
  "a//x.safetensors",
  "%2e%2e/x.safetensors",
  "..%2fx.safetensors",
  "a\\..\\x.safetensors",
  "x.safetensors?token=1",
  "x.safetensors#y",
  "x y.safetensors",
  "x\n.safetensors",
  "x\0.safetensors",
  "ht\ttps://evil.example/x.safetensors",
  "user@evil.example:x.safetensors",
  "…/x.safetensors",
  "\u202ex.safetensors",
  "x.safetensors/",
  "x.bin",
  "x.safetensors.exe",
  "config.json",
  "",
  ".",
  "..",
  `${"x".repeat(300)}.safetensors`,
  `${"x/".repeat(600)}x.safetensors`,
];

export function indices(): Case[] {
  const cases = new Cases("index");
  const text = (name: string, expect: Case["expect"], index: string | Uint8Array): void =>
    cases.add(name, expect, { [FILE]: index });
  const map = (name: string, weight_map: unknown): void =>
    text(name, "CheckpointError", JSON.stringify({ metadata: { total_size: 8 }, weight_map }));
  const good = (name: string, index: unknown): void => text(name, "loads", JSON.stringify(index));

  good("plain", { metadata: { total_size: 8 }, weight_map: { a: SHARD } });
  good("no metadata", { weight_map: { a: SHARD } });
  good("a total size that is wrong", { metadata: { total_size: -1 }, weight_map: { a: SHARD } });
  good("a shard in a folder", { weight_map: { a: `part/${SHARD}` } });
  text("names as of prototypes", "loads", `{"weight_map":{"__proto__":"${SHARD}","constructor":"${SHARD}"}}`);
  good("unknown fields", { weight_map: { a: SHARD }, other: [1] });

  for (const name of FOREIGN) map(`names ${JSON.stringify(name.slice(0, 60))} (${name.length})`, { a: SHARD, b: name });
  for (const value of [null, 7, true, ["x.safetensors"], { x: 1 }])
    map(`a shard is ${JSON.stringify(value)}`, { a: value });
  for (const value of [null, 7, "x", [], [SHARD], {}]) map(`weight_map is ${JSON.stringify(value)}`, value);
  for (const value of [null, 7, "x", []])
    text(`the whole is ${JSON.stringify(value)}`, "CheckpointError", JSON.stringify(value));
  text("no weight_map", "CheckpointError", "{}");
  text("weight_map of the prototype", "CheckpointError", `{"__proto__":{"weight_map":{"a":"${SHARD}"}}}`);
  text("half a JSON", "CheckpointError", `{"weight_map":{"a":`);
  text("empty", "CheckpointError", "");
  text("no UTF-8", "CheckpointError", concat(`{"weight_map":{"`, Uint8Array.of(0xff), `":"${SHARD}"}}`));
  text("nested 20 000 deep", "CheckpointError", `{"weight_map":{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`);
  map("2 000 shards", Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`t${i}`, `s${i}.safetensors`])));
  text("a pickle in its place", "CheckpointError", utf8("\x80\x02}q\0."));
  return cases.all;
}
