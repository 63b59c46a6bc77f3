// What stands in the result card when there is nothing to run yet: no text, no model, or a link whose model the visitor
// has not agreed to fetch.
import { firstChoice, nameOf, type Choice } from "../models.js";
import type { Place } from "../place.js";
import type { Session } from "../use-session.js";

export function EmptyNote({ session, place, hint }: { session: Session; place: Place; hint?: string | undefined }) {
  const { choice } = session;
  const bundled = firstChoice(place.screen);
  if (!choice)
    return (
      <p class="empty">
        No model comes with this screen. Choose one with Model above: from Hugging Face, an address, or your files.
      </p>
    );
  if (session.unconfirmed)
    return (
      <div class="empty">
        <p class="wrap">
          This link asks for <strong>{nameOf(choice)}</strong> from {hostOf(choice)}. Nothing was fetched yet.
        </p>
        <p class="buttons">
          <button type="button" class="button primary" onClick={() => session.choose(choice, place)}>
            Fetch {nameOf(choice)}
          </button>
          {bundled && (
            <button type="button" class="button" onClick={() => session.choose(bundled, place)}>
              Use {nameOf(bundled)}
            </button>
          )}
        </p>
      </div>
    );
  if (session.model.status === "unloaded")
    return (
      <div class="empty">
        <p>No model is loaded.</p>
        <button type="button" class="button" onClick={session.retry}>
          Use {nameOf(choice)} again
        </button>
      </div>
    );
  return <p class="empty">{hint ?? "Type a text, or choose one of the examples."}</p>;
}

const hostOf = (choice: Choice): string =>
  choice.kind === "address" ? new URL(choice.url, location.href).host : "huggingface.co";
