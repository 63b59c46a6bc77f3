// The worker in which the engine runs: the package's own, with one thing before it. The bundled folders' contents are known,
// so that files which a model may lack are not asked for: the browser would write each 404 into its console as an error.
import "deberta-webgpu/worker-thread";

const { fetch: askServer } = globalThis;

globalThis.fetch = (input, init) => {
  const address = input instanceof Request ? input.url : String(input);
  const [, folder, file] = /\/models\/([\w.-]+)\/([\w.-]+)$/.exec(address) ?? [];
  const files = folder === undefined ? undefined : __BUNDLED_FILES__[folder];
  const isAbsent = files !== undefined && new URL(address).origin === location.origin && !(file! in files);
  return isAbsent ? Promise.resolve(new Response(null, { status: 404 })) : askServer(input, init);
};
