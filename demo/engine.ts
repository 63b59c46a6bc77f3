// The engine: one worker for all screens, started when the first model is asked for. Its script must carry the page's policy
// as a header, because a policy in the page's markup binds no worker: a server that sends none needs the service worker.
import { createWorker, type RemoteOptions, type RemoteTask, type TaskWorker } from "deberta-webgpu/worker";
import type { Pipelines, Source } from "deberta-webgpu";
import { engineAddress, trusted } from "./trusted.js";

const LONGEST_WAIT = 4000; // ms for the service worker to take over

let worker: Promise<TaskWorker> | undefined;

/** Loads a task in the worker; as `pipeline` of the package. */
export async function pipeline<Name extends keyof Pipelines>(
  task: Name,
  source: Source,
  options: RemoteOptions<Name>,
): Promise<RemoteTask<Name>> {
  worker ??= start();
  return (await worker).pipeline(task, source, options);
}

/** Whether the policy that forbids contact with other servers holds in the worker too; false until that is known. */
export let policyHolds = false;

async function start(): Promise<TaskWorker> {
  policyHolds = (await hasPolicy()) || ((await isControlled()) && (await hasPolicy()));
  dispatchEvent(new Event("policyknown"));
  return createWorker(new Worker(trusted("engine"), { type: "module", name: "engine" }));
}

/** Whether the script's own answer brings the policy: from the server, or from the service worker in between. */
async function hasPolicy(): Promise<boolean> {
  try {
    const { headers } = await fetch(engineAddress, { method: "HEAD" });
    return headers.has("Content-Security-Policy");
  } catch {
    // Offline: what is kept is answered with the policy.
    return "serviceWorker" in navigator && navigator.serviceWorker.controller !== null;
  }
}

/** Waits until a service worker stands between page and server. */
function isControlled(): Promise<boolean> {
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  if (!serviceWorker) return Promise.resolve(false);
  if (serviceWorker.controller) return Promise.resolve(true);
  return new Promise((resolve) => {
    serviceWorker.addEventListener("controllerchange", () => resolve(true), { once: true });
    setTimeout(() => resolve(false), LONGEST_WAIT);
  });
}
