// Says of a model of the visitor's own that its head is for another screen, and links to that one.
import { useEffect, useState } from "preact/hooks";
import type { Choice } from "../models.js";
import { writePlace, type Place } from "../place.js";
import { screenOf } from "../screens.js";
import { Info } from "./icons.js";

interface Hint {
  readonly does: string;
  readonly screen: string;
}

export function WrongHeadNote({ choice, place }: { choice: Choice; place: Place }) {
  const [hint, setHint] = useState<Hint>();
  useEffect(() => {
    setHint(undefined);
    const controller = new AbortController();
    const { signal } = controller;
    import("../wrong-head.js")
      .then(({ wrongHead }) => wrongHead(choice, place.screen, signal))
      .then((head) => !signal.aborted && head && setHint({ does: head.does, screen: head.screens[0]! }))
      .catch(() => undefined); // the engine says what is wrong with the files
    return () => controller.abort();
  }, [choice, place.screen]);
  if (!hint) return null;
  const { label } = screenOf(hint.screen);
  return (
    <p class="note" role="status">
      <Info />{" "}
      <span>
        This model {hint.does}.{" "}
        <a href={writePlace({ screen: hint.screen, choice, text: place.text, options: {} })}>Open {label}</a>
      </span>
    </p>
  );
}
