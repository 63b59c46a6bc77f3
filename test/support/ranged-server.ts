// A stand-in for a server of files with byte ranges, as a `fetch`.

/** Answers with the files, by the last part of their addresses; each request is told, with its range. */
export function rangedFetch(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  onRequest: (request: string) => void,
): typeof fetch {
  return (input, init) => {
    const { url, headers } = new Request(input, init);
    const name = url.slice(url.lastIndexOf("/") + 1);
    const range = headers.get("Range");
    onRequest(`${init?.method ?? "GET"} ${url} ${range ?? "whole"}`);
    const bytes = files.get(name);
    if (!bytes) return Promise.resolve(new Response(null, { status: 404 }));
    const version = { ETag: '"1"' };
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (first === undefined) return Promise.resolve(new Response(bytes, { headers: version }));
    const [start, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)];
    const about = { ...version, "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}` };
    return Promise.resolve(new Response(bytes.subarray(start, end), { status: 206, headers: about }));
  };
}
