// A worker of a page's own: its requests are answered by a stand-in, and told to the page.
import "../../src/worker-thread.js";
import { rangedFetch } from "../support/ranged-server.js";
import { largeModel, VOCABULARY } from "./large-model.js";

const real = fetch;
const vocabulary = real(new URL(VOCABULARY, location.href));
const files = vocabulary.then(async (response) => largeModel(new Uint8Array(await response.arrayBuffer())));
const answer = files.then((ready) => rangedFetch(ready, (request) => postMessage({ request })));
globalThis.fetch = async (input, init) =>
  new Request(input).url.startsWith("https://models.example/") ? (await answer)(input, init) : real(input, init);
