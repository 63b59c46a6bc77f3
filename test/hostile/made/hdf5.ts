// tf_model.h5: a small file of Keras's with one number, address, signature or name in it changed at a time, and a writer of
// files whose lists name the same thing again and again.
import { readFileSync } from "node:fs";
import { type Case, Cases, concat, little, patched, utf8 } from "./case.js";
import { message, NOWHERE, object, superblock, texts } from "./hdf5-writer.js";

const FILE = "tf_model.h5";
const good = new Uint8Array(readFileSync("test/fixtures/checkpoint/containers/keras.h5"));

/** Where things stand in keras.h5; each is checked below to be there. */
const AT = {
  version: 8,
  offsetBytes: 13,
  lengthBytes: 14,
  base: 24,
  end: 40,
  root: 64,
  rootHeader: 0x60,
  rootMessages: 0x70,
  treeMessage: 0x13d0,
  tree: 0x88,
  treeEntry: 0x88 + 32,
  heap: 0x2a8,
  continuation: 0x328,
  layerNames: 0x340,
  layerNamesType: 0x358,
  layerNamesCount: 0x368,
  layerName: 0x378,
  node: 0x16f0,
  nodeEntry: 0x16f8,
  weightName: 0x1890,
  dataset: 0x20c0,
  shape: 0x20d8,
  type: 0x2108,
  layout: 0x2138,
} as const;

export function hdf5(): Case[] {
  const cases = new Cases("hdf5");
  const bytes = (name: string, expect: Case["expect"], file: Uint8Array): void =>
    cases.add(name, expect, { [FILE]: file });
  const changed = (name: string, expect: Case["expect"], at: number, ...part: readonly (Uint8Array | string)[]): void =>
    bytes(name, expect, patched(good, at, concat(...part)));
  const bad = (name: string, at: number, ...part: readonly (Uint8Array | string)[]): void =>
    changed(name, "CheckpointError", at, ...part);
  const refused = (name: string, at: number, ...part: readonly (Uint8Array | string)[]): void =>
    changed(name, "UnsupportedError", at, ...part);
  const text = new TextDecoder("latin1").decode(good);
  for (const [at, signature] of [
    [AT.tree, "TREE"],
    [AT.heap, "HEAP"],
    [AT.node, "SNOD"],
    [AT.layerName, "deberta"],
  ] as const)
    if (text.slice(at, at + signature.length) !== signature) throw new Error(`no ${signature} at ${at}`);

  bytes("plain", "loads", good);
  for (const version of [1, 2, 3, 255]) refused(`superblock version ${version}`, AT.version, little(version, 1));
  for (const size of [0, 2, 4, 16, 255]) refused(`addresses of ${size} bytes`, AT.offsetBytes, little(size, 1));
  refused("lengths of 4 bytes", AT.lengthBytes, little(4, 1));
  bad("another base address", AT.base, little(512, 8));
  bad("an end behind the file's", AT.end, little(good.length + 1, 8));
  bad("an end of 2⁶³", AT.end, little(2n ** 63n, 8));
  bad("an end in the middle", AT.end, little(200, 8));
  for (const [name, part] of [
    ["nowhere", NOWHERE],
    ["at the end", little(good.length, 8)],
    ["in the middle of something", little(100, 8)],
    ["at 2⁵³", little(2n ** 53n, 8)],
  ] as const) {
    bad(`the root lies ${name}`, AT.root, part);
    bad(`the root's tree lies ${name}`, AT.treeMessage, part);
    bad(`the root's names lie ${name}`, AT.treeMessage + 8, part);
    bad(`the rest of a header lies ${name}`, AT.continuation, part);
    bad(`a tree's child lies ${name}`, AT.treeEntry, part);
    bad(`a group's member lies ${name}`, AT.nodeEntry + 8, part);
  }
  bad("a data address nowhere", AT.layout + 2, NOWHERE);
  bad("a data address at the end", AT.layout + 2, little(good.length - 4, 8));
  bad("a header that goes on in itself", AT.continuation, little(AT.rootMessages, 8), little(0x18, 8));
  bad("a header of four gigabytes", AT.rootHeader + 8, little(2 ** 32 - 1, 4));
  bad("a message beyond its block", AT.rootMessages + 2, little(0xfff8, 2));
  bad("a header of version 7", AT.rootHeader, little(7, 1));
  refused("a header of version 2", AT.rootHeader, "OHDR");
  refused("a shared message", AT.rootMessages + 4, little(2, 1));
  bad("a tree that is none", AT.tree, "EERT");
  bad("a tree of data", AT.tree + 4, little(1, 1));
  bad("a tree of level 200", AT.tree + 5, little(200, 1));
  bad("a tree of level 1 whose child is no tree", AT.tree + 5, little(1, 1));
  bad(
    "a tree of level 1 that holds itself",
    AT.tree + 5,
    little(1, 1),
    little(1, 2),
    NOWHERE,
    NOWHERE,
    little(0, 8),
    little(AT.tree, 8),
  );
  bad("a tree of 65 535 children", AT.tree + 6, little(65_535, 2));
  bad("names that are none", AT.heap, "PAEH");
  bad("names of petabytes", AT.heap + 8, little(2n ** 50n, 8));
  bad("names that lie nowhere", AT.heap + 24, NOWHERE);
  bad("a node that is none", AT.node, "DONS");
  bad("a node of 65 535 members", AT.node + 6, little(65_535, 2));
  bad("a name behind the names", AT.nodeEntry, little(2n ** 40n, 8));
  bad("a member of another name", AT.nodeEntry, little(0, 8));
  bad("layer_names of another name", AT.layerNames + 8, "loyer_names");
  bad("an attribute of version 9", AT.layerNames, little(9, 1));
  bad("an attribute whose name exceeds it", AT.layerNames + 2, little(0xffff, 2));
  bad("an attribute whose type exceeds it", AT.layerNames + 4, little(0xffff, 2));
  bad("4 000 millions of names", AT.layerNamesCount, little(4e9, 8));
  bad("2⁶³ names", AT.layerNamesCount, little(2n ** 63n, 8));
  bad("names of no bytes", AT.layerNamesType + 4, little(0, 4));
  bad("names of four gigabytes", AT.layerNamesType + 4, little(2 ** 32 - 1, 4));
  bad("names that are numbers", AT.layerNamesType, Uint8Array.of(0x10, 8));
  for (const name of ["..", ".", "/", "debert", "a//b", "../a", "a/..", "\xff\xfe", "", "__proto"])
    bad(
      `a layer named ${JSON.stringify(name)}`,
      AT.layerName,
      Uint8Array.from(name.padEnd(7, "\0"), (c) => c.charCodeAt(0)),
    );
  for (const name of [
    "../../../../../../../../../",
    "/tf_model/layer_._0/kernel:0",
    "tf_model/layer_._0/kernel:1",
    "tf_model/layer_._0",
  ])
    bad(`a weight named ${JSON.stringify(name)}`, AT.weightName, name.padEnd(27, "\0"));
  bad("a dataset of 255 axes", AT.shape + 1, little(255, 1));
  bad("a shape of version 9", AT.shape, little(9, 1));
  bad("a shape that is too large", AT.shape + 8, little(3, 8));
  bad("a shape of petabytes", AT.shape + 8, little(2n ** 48n, 8));
  bad("a shape beyond 2⁵³", AT.shape + 8, little(2n ** 60n, 8));
  refused("elements of three bytes", AT.type + 4, little(3, 4));
  refused("big-endian numbers", AT.type + 1, little(0x21, 1));
  refused("another bias", AT.type + 16, little(100, 4));
  refused("compound elements", AT.type, little(0x16, 1));
  refused("times as elements", AT.type, little(0x12, 1));
  refused("a layout in chunks", AT.layout + 1, little(2, 1));
  refused("a virtual layout", AT.layout + 1, little(3, 1));
  refused("a layout of version 1", AT.layout, little(1, 1));
  refused("a layout of version 4", AT.layout, little(4, 1));
  bad("data of another length", AT.layout + 10, little(28, 8));
  bad("data of no length", AT.layout + 10, little(0, 8));
  for (const length of [0, 1, 8, 95, 96, 500, 0x1500, 0x2200, good.length - 1])
    bytes(`cut to ${length}`, "CheckpointError", good.slice(0, length));
  bytes("another signature", "CheckpointError", patched(good, 0, utf8("\x88HDF")));
  bytes("a page in its place", "CheckpointError", utf8("<!doctype html><title>Sign in</title>"));
  bytes("one layer, 30 000 times, of 30 000 weights that are one", "CheckpointError", repeated(30_000));
  bytes("15 000 names that are one text among 15 000", "any", heaped(15_000));
  return cases.all;
}

/** Tree, heap and node of a group with one member, laid out from `at` on; the last is the message that names them. */
function groupOf(at: number, name: string, member: number): { blocks: Uint8Array; message: Uint8Array } {
  const [heap, data, node] = [at + 48, at + 80, at + 96];
  const tree = concat(
    "TREE",
    Uint8Array.of(0, 0),
    little(1, 2),
    NOWHERE,
    NOWHERE,
    little(0, 8),
    little(node, 8),
    little(8, 8),
  );
  const head = concat("HEAP", little(0, 4), little(16, 8), little(1, 8), little(data, 8));
  const snod = concat("SNOD", Uint8Array.of(1, 0), little(1, 2), little(8, 8), little(member, 8), new Uint8Array(24));
  const names = concat(new Uint8Array(8), name.padEnd(8, "\0"));
  return { blocks: concat(tree, head, names, snod), message: message(0x11, concat(little(at, 8), little(heap, 8))) };
}

const GROUP = 144;

/** layer_names that say "a" so often; the group "a" says "b" as often. */
export function repeated(times: number): Uint8Array {
  const headerBytes = object(
    texts("layer_names", 1, new Array<string>(times).fill("a")),
    message(0x11, new Uint8Array(16)),
  ).length;
  const second = 96 + headerBytes + GROUP;
  const innerBytes = object(
    texts("weight_names", 1, new Array<string>(times).fill("b")),
    message(0x11, new Uint8Array(16)),
  ).length;
  const third = second + innerBytes + GROUP;
  const outer = groupOf(96 + headerBytes, "a", second);
  const inner = groupOf(second + innerBytes, "b", third);
  const dataset = object(
    message(1, concat(Uint8Array.of(1, 1, 0, 0), little(0, 4), little(1, 8))),
    message(3, good.slice(AT.type, AT.type + 24)),
    message(8, concat(Uint8Array.of(3, 1), little(third + 200, 8), little(4, 8))),
  );
  const body = concat(
    object(texts("layer_names", 1, new Array<string>(times).fill("a")), outer.message),
    outer.blocks,
    object(texts("weight_names", 1, new Array<string>(times).fill("b")), inner.message),
    inner.blocks,
    dataset,
    new Uint8Array(204 - dataset.length),
  );
  return concat(superblock(96 + body.length), body);
}

/** Variable-length layer_names, all of which name the last of as many texts in one collection. */
function heaped(count: number): Uint8Array {
  const size = 16 + 24 * count;
  const objects = Array.from({ length: count }, (_, i) =>
    concat(little(i + 1, 2), little(1, 2), little(0, 4), little(1, 8), "x".padEnd(8, "\0")),
  );
  const collection = concat("GCOL", Uint8Array.of(1, 0, 0, 0), little(size, 8), ...objects);
  const perAttribute = 4000;
  const attributes = (address: number): Uint8Array[] =>
    Array.from({ length: Math.ceil(count / perAttribute) }, (_, part) => {
      const list = Math.min(perAttribute, count - part * perAttribute);
      const type = concat(Uint8Array.of(0x19, 1, 0, 0), little(16, 4), new Uint8Array(8));
      const shape = concat(Uint8Array.of(1, 1, 0, 0), little(0, 4), little(list, 8));
      const reference = concat(little(1, 4), little(address, 8), little(count, 4));
      const body = concat(...new Array<Uint8Array>(list).fill(reference));
      const head = concat(
        little(1, 2),
        little(13, 2),
        little(type.length, 2),
        little(shape.length, 2),
        `layer_names${part}`.padEnd(16, "\0"),
        type,
        shape,
      );
      return message(0x0c, concat(head, body));
    });
  const address = 96 + object(...attributes(0)).length;
  const body = concat(object(...attributes(address)), collection);
  return concat(superblock(96 + body.length), body);
}
