// How WGSL text is unrolled. Plain loops over arrays reach only half of the speed of unrolled ones, WGSL has no unroll
// directive, and subgroupBroadcast wants a constant lane. Kernels read as the algorithm; only register tiles are generated.

export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const lines = (count: number, line: (index: number) => string): string => range(count).map(line).join("\n");

/** A generator of text that makes each text once: a plan of a new size needs the same tiles as all before it. */
export function once<Sizes extends readonly unknown[]>(generate: (...sizes: Sizes) => string): typeof generate {
  const known = new Map<string, string>();
  return (...sizes) => {
    const key = JSON.stringify(sizes);
    const text = known.get(key) ?? generate(...sizes);
    known.set(key, text);
    return text;
  };
}
