// The pages demand trusted types: only the playground's own scripts may become workers.
import strictThread from "./engine-thread.ts?worker&url";
import onnxThread from "./onnx-thread.ts?worker&url";
import hubThread from "./hub-engine-thread.ts?worker&url";
import { isHubPage } from "./place.js";

interface Policy {
  createScriptURL(input: string): unknown;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(input: string): string }): Policy;
}

/** The page that may fetch models from elsewhere has a worker that may, too. */
export const engineAddress: string = isHubPage() ? hubThread : strictThread;

const ADDRESSES = { engine: engineAddress, onnx: onnxThread, sw: "./sw.js" } as const;

let policy: Policy | undefined;

/** The address of a script of ours, as the browser wants it. */
export function trusted(script: keyof typeof ADDRESSES): string {
  const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };
  policy ??= trustedTypes?.createPolicy("playground", {
    createScriptURL: (name) => ADDRESSES[name as keyof typeof ADDRESSES],
  });
  return (policy?.createScriptURL(script) as string | undefined) ?? ADDRESSES[script];
}
