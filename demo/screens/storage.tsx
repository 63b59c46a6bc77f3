// Storage: which models this browser keeps, how much room they take, and buttons that delete them.
import { useCallback, useEffect, useState } from "preact/hooks";
import { bytes, counted } from "../format.js";
import { FailureNote } from "../parts/failure-card.js";
import { Trash } from "../parts/icons.js";
import { Shell } from "../parts/shell.js";
import { Note } from "../parts/task-frame.js";
import type { ScreenProps } from "../screens.js";
import { cachedModels, deleteAll, deleteModel, type CachedModel } from "../tasks/storage.js";
import { useDevice } from "../use-device.js";
import { useSession } from "../use-session.js";

interface Shown {
  readonly models: readonly CachedModel[];
  /** Of this page on this device, in bytes; absent where the browser does not tell. */
  readonly usage: number | undefined;
  readonly quota: number | undefined;
}

const noModel = (): Promise<never> => Promise.reject(new Error("this screen loads no model"));

export default function Storage({ place }: ScreenProps) {
  const session = useSession(noModel, place);
  const device = useDevice();
  const [shown, setShown] = useState<Shown>();
  const [error, setError] = useState<unknown>();

  const look = useCallback(async (): Promise<void> => {
    setError(undefined);
    try {
      const [models, { usage, quota }] = await Promise.all([cachedModels(), room()]);
      setShown({ models, usage, quota });
    } catch (failure) {
      setError(failure);
    }
  }, []);
  useEffect(() => void look(), [look]);

  const change = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (failure) {
      setError(failure);
      return;
    }
    await look();
  };
  const state = error !== undefined ? "error" : shown ? (shown.models.length > 0 ? "result" : "empty") : "loading";

  return (
    <Shell place={{ screen: place.screen, options: {} }} state={state} session={session} device={device}>
      <section class="card" aria-labelledby="kept-title">
        <div class="card-head">
          <h2 id="kept-title">Kept models</h2>
          {shown?.usage !== undefined && (
            <span class="quiet">
              {bytes(shown.usage)}
              {shown.quota !== undefined && ` of ${bytes(shown.quota)}`}
            </span>
          )}
          {shown && shown.models.length > 0 && (
            <span class="push">
              <button type="button" class="button" onClick={() => void change(deleteAll())}>
                <Trash /> Delete all
              </button>
            </span>
          )}
        </div>
        {error !== undefined && <FailureNote error={error} onRetry={() => void look()} />}
        {state === "loading" && <p class="empty">Looking …</p>}
        {state === "empty" && (
          <p class="empty">
            Nothing is kept yet. A model is kept when it is first loaded, and then loads without a network.
          </p>
        )}
        {shown && shown.models.length > 0 && (
          <table class="kept" aria-label="Kept models">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Files</th>
                <th scope="col">Size</th>
                <th scope="col">Last used</th>
                <th scope="col">
                  <span class="visually-hidden">Delete</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.models.map((model) => (
                <tr key={model.source}>
                  <th scope="row" class="wrap">
                    {shortened(model.source)}
                  </th>
                  <td class="number">{model.files}</td>
                  <td class="number">{bytes(model.bytes)}</td>
                  <td class="number">{new Date(model.lastUsed).toLocaleDateString()}</td>
                  <td>
                    <button
                      type="button"
                      class="button square"
                      aria-label={`Delete ${shortened(model.source)}`}
                      onClick={() => void change(deleteModel(model))}
                    >
                      <Trash />
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <p class="visually-hidden" role="status">
          {shown && `${counted(shown.models.length, "model")} kept`}
        </p>
      </section>
      <Note>The browser may delete kept models when the device runs out of room; they are then fetched again.</Note>
    </Shell>
  );
}

async function room(): Promise<StorageEstimate> {
  try {
    return await navigator.storage.estimate();
  } catch {
    return {}; // over plain http, or blocked
  }
}

/** Without the page's own address before a bundled model's. */
const shortened = (source: string): string => {
  const base = new URL("./", location.href).href;
  return source.startsWith(base) ? source.slice(base.length) : source;
};
