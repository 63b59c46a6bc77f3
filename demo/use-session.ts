// The model a screen works with: chosen by link, by the visitor, or the bundled one; and where it is in its life.
import { useState } from "preact/hooks";
import { firstChoice, isElsewhere, type Choice } from "./models.js";
import { isHubPage, moveToHubPage, wasConfirmed, type Place } from "./place.js";
import { useModel, type Load, type ModelControls, type Pipeline } from "./use-model.js";

export interface Session<Pipe extends Pipeline = Pipeline> extends ModelControls<Pipe> {
  /** Undefined where no bundled model serves the screen and none was chosen. */
  readonly choice: Choice | undefined;
  /** Whether a link asks for files from another server and the visitor has not agreed yet. */
  readonly unconfirmed: boolean;
  /** Loads another model; one from elsewhere moves to the page that may fetch it, with what is on the screen. */
  readonly choose: (choice: Choice, here: Place) => void;
}

export function useSession<Pipe extends Pipeline>(load: Load<Pipe>, place: Place): Session<Pipe> {
  const [choice, setChoice] = useState<Choice | undefined>(() => place.choice ?? firstChoice(place.screen));
  const [confirmed, confirm] = useState(() => !choice || !isElsewhere(choice) || (isHubPage() && wasConfirmed(choice)));
  const controls = useModel(load, confirmed ? choice : undefined);
  const choose = (next: Choice, here: Place): void => {
    if (isElsewhere(next) && !isHubPage()) {
      moveToHubPage({ ...here, choice: next });
      return;
    }
    confirm(true);
    setChoice(next);
  };
  return { ...controls, choice, unconfirmed: !confirmed, choose };
}
