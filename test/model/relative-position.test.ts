import { expect, test } from "vitest";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { logBucket, maxColumns, slotOf, slotTable } from "../../src/model/deberta/relative-position.js";
import { readJson, SHARED } from "../support/golden-node.js";
import { generator, randomInteger } from "../support/random.js";

interface BucketTable {
  position_buckets: number;
  max_relative_positions: number;
  bucket_of_distance: number[];
}

const fixture = readJson(new URL("../fixtures/model/buckets.json", import.meta.url)) as BucketTable[];
const golden = SHARED ? (readJson(`${SHARED}/golden/buckets.json`) as { tables: BucketTable[] }).tables : [];

function config(fields: Record<string, unknown>): DebertaV2Config {
  return new DebertaV2Config({
    model_type: "deberta-v2",
    relative_attention: true,
    pos_att_type: "p2c|c2p",
    position_biased_input: false,
    ...fields,
  });
}

const v3 = config({ position_buckets: 256 });
/** Slot by table look-up, as the kernels do it. */
function lookUp({ table, reach }: ReturnType<typeof slotTable>, delta: number): number {
  return table[Math.min(Math.max(delta, -reach), reach) + reach]!;
}

test("buckets are Transformers', for all distances up to one and a half ranges, both signs", () => {
  const tables = [...fixture, ...golden];
  expect(tables.length).toBeGreaterThan(4);
  for (const { position_buckets, max_relative_positions, bucket_of_distance } of tables) {
    const label = `buckets ${position_buckets}, range ${max_relative_positions}`;
    const bucket = (delta: number): number => logBucket(delta, position_buckets, max_relative_positions);
    expect(
      bucket_of_distance.map((_, distance) => bucket(distance)),
      label,
    ).toEqual(bucket_of_distance);
    expect(
      bucket_of_distance.map((_, distance) => -bucket(-distance) + 0),
      label,
    ).toEqual(bucket_of_distance);
  }
});

test("rounding after every step: buckets 32, range 129 puts distance 32 into bucket 21, where float64 says 22", () => {
  expect(logBucket(32, 32, 129)).toBe(21);
  expect(Math.ceil((Math.log(32 / 16) / Math.log(128 / 16)) * 15) + 16).toBe(22);
});

test("far distances of the public models", () => {
  const distances = [128, 129, 130, 131, 132, 135, 150, 255, 257, 506, 511, 512, 600, 1000, 1023, 2047, 4096];
  const buckets = [128, 129, 130, 131, 131, 133, 143, 192, 192, 255, 255, 256, 270, 317, 319, 383, 446];
  expect(distances.map((distance) => logBucket(distance, 256, 512))).toEqual(buckets);
  const slots = [0, 1, -1, 128, -128, 506, 5000, -506, -511, -512, -5000].map((delta) => slotOf(v3, delta));
  expect(slots).toEqual([256, 257, 255, 384, 128, 511, 511, 1, 1, 0, 0]);
});

test("raw distances are clamped to the range", () => {
  const raw = config({ max_relative_positions: 24 });
  expect([0, 5, -5, 23, 24, 100, -24, -100].map((delta) => slotOf(raw, delta))).toEqual([24, 29, 19, 47, 47, 47, 0, 0]);
  expect(slotTable(raw).reach).toBe(24);
});

test.each([
  { position_buckets: 256 },
  { position_buckets: 256, max_relative_positions: 1024 },
  { position_buckets: 2, max_relative_positions: 10 },
  { position_buckets: 3, max_relative_positions: 16 },
  { position_buckets: 5, max_relative_positions: 512 },
  { position_buckets: 7, max_relative_positions: 50 },
  { position_buckets: 32, max_relative_positions: 129 },
  { max_relative_positions: 1 },
  { max_relative_positions: 24 },
])("the table gives every distance its slot, and no smaller one would: %j", (fields) => {
  const relative = config(fields);
  const slots = slotTable(relative, 5000);
  for (let delta = -4999; delta < 5000; delta++) {
    if (lookUp(slots, delta) !== slotOf(relative, delta)) expect.fail(`slot of ${delta}`);
  }
  const { reach } = slots;
  const ends = [slotOf(relative, reach - 1), slotOf(relative, 1 - reach)];
  expect(ends).not.toEqual([slotOf(relative, 4999), slotOf(relative, -4999)]);
  expect(Math.max(...slots.table)).toBeLessThan(relative.relativeSlots);
});

test("the public models' table reaches to 512, where the last row begins", () => {
  expect(slotTable(v3).reach).toBe(512);
});

test("without relative terms there is one slot that nobody reads", () => {
  expect(slotTable(config({ pos_att_type: "none" }))).toEqual({ table: Uint32Array.of(0), reach: 0 });
  expect(slotTable(config({ relative_attention: false })).reach).toBe(0);
});

test("a range within the linear part of the buckets limits the columns, and the table ends there", () => {
  const short = config({ position_buckets: 256, max_relative_positions: 128 });
  expect(maxColumns(short)).toBe(129);
  expect(slotTable(short).reach).toBe(128);
  expect([...slotTable(short).table].every(Number.isInteger)).toBe(true);
  expect(maxColumns(config({ position_buckets: 256, max_relative_positions: 129 }))).toBe(129);
  expect(maxColumns(config({ position_buckets: 256, max_relative_positions: 130 }))).toBe(Infinity);
  expect(maxColumns(config({ position_buckets: 256, max_relative_positions: 128, pos_att_type: null }))).toBe(Infinity);
  expect(maxColumns(config({ max_relative_positions: 4 }))).toBe(Infinity);
  expect(maxColumns(v3)).toBe(Infinity);
});

test("random buckets and ranges: the table is the formula", () => {
  for (let seed = 0; seed < 300; seed++) {
    const next = generator(seed);
    const range = randomInteger(next, 1, 700);
    const buckets = next() < 0.2 ? -1 : randomInteger(next, 2, 300);
    const relative = config({ position_buckets: buckets, max_relative_positions: range });
    const columns = Math.min(1500, maxColumns(relative));
    const slots = slotTable(relative, columns);
    for (let delta = 1 - columns; delta < columns; delta++) {
      if (lookUp(slots, delta) !== slotOf(relative, delta)) {
        expect.fail(`seed ${seed}: buckets ${buckets}, range ${range}, distance ${delta}`);
      }
    }
  }
});
