// What stands in the result card when there is no result: an error, or a browser without WebGPU.
import { failureOf, reportOf } from "../failures.js";
import { Alert, Retry } from "./icons.js";

export function FailureNote({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, advice } = failureOf(error);
  return (
    <div class="failure" role="alert">
      <p class="failure-title">
        <Alert /> {title}
      </p>
      {error instanceof Error && <p class="wrap">{error.message}</p>}
      <p class="quiet">{advice}</p>
      <button type="button" class="button" onClick={onRetry}>
        <Retry /> Try again
      </button>
      <details>
        <summary>Details</summary>
        <pre class="wrap">{reportOf(error)}</pre>
      </details>
    </div>
  );
}

const BROWSERS: readonly { name: string; test: (agent: string) => boolean; advice: string }[] = [
  {
    name: "Firefox",
    test: (agent) => agent.includes("Firefox/"),
    advice: "Windows: 141 or newer. macOS on Apple silicon: 147 or newer. Not yet on Linux, Android or Intel Macs.",
  },
  {
    name: "Chrome and Edge on Linux",
    test: (agent) => agent.includes("Chrome/") && agent.includes("Linux") && !agent.includes("Android"),
    advice:
      "Chrome 144 or newer with an Intel GPU of the 12th generation or newer; else switch on chrome://flags/#enable-unsafe-webgpu and Vulkan.",
  },
  {
    name: "Chrome and Edge",
    test: (agent) => agent.includes("Chrome/"),
    advice: "113 or newer (Android: 121). Switch on graphics acceleration in the settings under System.",
  },
  { name: "Safari", test: (agent) => agent.includes("Safari/"), advice: "26 or newer, on macOS, iOS and iPadOS." },
];

export function NoWebGpuNote({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const own = BROWSERS.find(({ test }) => test(navigator.userAgent));
  const hasApi = "gpu" in navigator && (navigator.gpu as GPU | undefined) !== undefined;
  return (
    <div class="failure" role="alert">
      <p class="failure-title">
        <Alert /> This browser gives pages no access to the GPU.
      </p>
      <p>The models here run on WebGPU, which is missing.</p>
      {!isSecureContext && <p>Pages get WebGPU over https only: open this page over https.</p>}
      {hasApi && (
        <p>WebGPU is on, but there is no usable GPU: is it the driver, a remote desktop, or a virtual machine?</p>
      )}
      {own && (
        <p>
          <strong>{own.name}:</strong> {own.advice}
        </p>
      )}
      <button type="button" class="button" onClick={onRetry}>
        <Retry /> Try again
      </button>
      <details>
        <summary>Other browsers</summary>
        <ul>
          {BROWSERS.filter((browser) => browser !== own).map(({ name, advice }) => (
            <li>
              <strong>{name}:</strong> {advice}
            </li>
          ))}
        </ul>
        <pre class="wrap">{reportOf(error)}</pre>
      </details>
    </div>
  );
}
