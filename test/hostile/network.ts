// Answers of a network at their worst: the faults of the faulty server in random combinations. A checkpoint is read through
// them; it comes whole and right, or is refused by name, after a bounded number of requests.
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { openFolder } from "../../src/checkpoint/folder.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { testClock } from "../support/clock.js";
import type { FaultyModule, FaultyServer } from "../support/faulty-server.js";
import { randomInteger } from "../support/random.js";
import { Finding } from "./judge.js";
import type { Case } from "./made/case.js";
import type { Files } from "./probes.js";

const FILE = "faults.txt";
const ROOT = "test/fixtures/checkpoint";
const FOLDERS = ["single", "sharded"] as const;
/** Five attempts a file; a loop of redirects takes 21 requests in each. */
const MOST_REQUESTS = 250;

const FAULTS = [
  ...[
    "norange",
    "norange=1",
    "r416",
    "r416=1",
    "multipart",
    "chunked",
    "gzip",
    "br",
    "missing",
    "forbidden",
    "unauthorized",
  ],
  ...["shift", "total", "star", "none", "garbage", "whole"].map((kind) => `contentrange=${kind}`),
  ...[
    "short=1:1",
    "short=5",
    "short=100:2",
    "length=+7",
    "length=-7",
    "length=-7:1",
    "cut=0",
    "cut=10:1",
    "cut=300:2",
    "cut=1000",
  ],
  ...["reset", "reset=1", "reset=3", "stall=0:1", "stall=100:1", "drip=200:1", "delay=5"],
  ...[
    "status=500:1",
    "status=500",
    "status=429:2;retryafter=1",
    "status=503:1;retryafter=x",
    "status=404",
    "status=301",
    "status=204",
  ],
  ...[
    "status=304",
    "status=206",
    "status=100000",
    "etag=change",
    "etag=change:2",
    "etag=flap",
    "etag=weak",
    "etag=none",
  ],
  ...[
    "redirect=other",
    "redirect=same",
    "redirect=loop",
    "redirect=http",
    "redirect=keep",
    "html",
    "html=500",
    "lfs",
    "json",
    "empty",
  ],
  ...[
    "missing=html",
    "missing=403",
    "missing=400",
    "head=405",
    "head=nolength",
    "head=lie",
    "noifrange",
    "type=text/html",
  ],
];
const SCOPES = [
  "",
  "only=model.safetensors",
  "only=config",
  "only=index",
  "only=00002",
  "minrange=1",
  "skip=1",
  "skip=3",
  "method=HEAD",
];

const filesOf = (faults: string): Files => new Map([[FILE, new TextEncoder().encode(faults)]]);

export function randomFaults(next: () => number): Files {
  const oneOf = <T>(list: readonly T[]): T => list[randomInteger(next, 0, list.length - 1)]!;
  const faults = Array.from({ length: randomInteger(next, 1, 3) }, () => oneOf(FAULTS));
  return filesOf([oneOf(FOLDERS), ...faults, oneOf(SCOPES)].filter(Boolean).join(";"));
}

/** Each fault alone, on either folder. */
export function networks(): Case[] {
  const all = FOLDERS.flatMap((folder) => FAULTS.map((fault) => `${folder};${fault}`));
  return all.map((name) => ({ kind: "network", name, expect: "any", files: filesOf(name) }));
}

let server: Promise<FaultyServer> | undefined;

/** The server's file starts one by itself where it is run as a program, so it stays out of bundles. */
async function start(): Promise<FaultyServer> {
  const module = pathToFileURL("test/support/faulty-server.mjs").href;
  const { startFaultyServer } = (await import(/* @vite-ignore */ module)) as FaultyModule;
  return startFaultyServer({ root: ROOT });
}

/** Ends the server that probes started. */
export async function closeNetwork(): Promise<void> {
  await (await server)?.close();
  server = undefined;
}

async function hashOf(source: string): Promise<string> {
  const folder = await openFolder(source, {}, testClock(60));
  try {
    const table = await openWeights(folder);
    const hash = createHash("sha256").update([...table.keys()].join());
    for await (const { bytes } of stream([...table.values()], folder)) hash.update(bytes);
    return hash.digest("hex");
  } finally {
    folder.close();
  }
}

const wanted = new Map<string, Promise<string>>();

/** Reads a checkpoint of test/fixtures through the faults. */
export async function probeNetwork(files: Files): Promise<void> {
  const [folder = "single", ...faults] = new TextDecoder().decode(files.get(FILE)).split(";");
  server ??= start();
  const running = await server;
  const good = wanted.get(folder) ?? hashOf(`${running.url}/${folder}/`);
  wanted.set(folder, good);
  const right = await good;
  running.reset();
  const read = hashOf(`${running.url}/~${encodeURI(faults.join(";"))}/${folder}/`);
  const [result] = await Promise.allSettled([read]);
  const { length } = running.log().requests;
  if (length > MOST_REQUESTS) throw new Finding(`${length} requests`);
  if (result.status === "fulfilled" && result.value !== right) throw new Finding("other bytes came");
  await read;
}
