// The dialog that chooses a model. A native one: it keeps the focus and gives it back. Files may also be dropped anywhere on
// the page. What it holds (model-panels.tsx) is fetched when there is a first answer, or when it is opened.
import { useEffect, useRef, useState } from "preact/hooks";
import { droppedFiles } from "../dropped-files.js";
import { nameOf, type Choice } from "../models.js";
import type { Place } from "../place.js";
import type { Session } from "../use-session.js";
import { Cross } from "./icons.js";
import type { ModelPanels, SourceName } from "./model-panels.js";

interface DialogProps {
  readonly place: Place;
  readonly session: Session;
  readonly open: boolean;
  readonly setOpen: (open: boolean) => void;
}

export function ModelDialog({ place, session, open, setOpen }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [source, setSource] = useState<SourceName>("Bundled");
  const [files, setFiles] = useState<readonly File[]>([]);

  const [Panels, setPanels] = useState<typeof ModelPanels>();
  const isWanted = open || session.model.status === "ready";
  useEffect(() => {
    if (!isWanted) return;
    import("./model-panels.js").then(
      ({ ModelPanels }) => setPanels(() => ModelPanels),
      () => undefined, // asked for again when it is opened
    );
  }, [isWanted, open]);

  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);

  useEffect(() => {
    const allow = (event: DragEvent): void => event.preventDefault();
    const take = (event: DragEvent): void => {
      event.preventDefault();
      if (!event.dataTransfer?.types.includes("Files")) return;
      void droppedFiles(event.dataTransfer).then((found) => {
        setFiles(found);
        setSource("Files");
        setOpen(true);
      });
    };
    addEventListener("dragover", allow);
    addEventListener("drop", take);
    return () => {
      removeEventListener("dragover", allow);
      removeEventListener("drop", take);
    };
  }, [setOpen]);

  const choose = (choice: Choice): void => {
    setOpen(false);
    session.choose(choice, place);
  };
  return (
    <dialog ref={dialog} aria-labelledby="model-title" onClose={() => setOpen(false)}>
      {open && (
        <>
          <div class="dialog-head">
            <h2 id="model-title">Model</h2>
            <button type="button" class="button square" aria-label="Close" onClick={() => setOpen(false)}>
              <Cross />
            </button>
          </div>
          {Panels ? (
            <Panels
              place={place}
              session={session}
              source={source}
              setSource={setSource}
              files={files}
              setFiles={setFiles}
              choose={choose}
            />
          ) : (
            <p class="quiet">Fetching this part of the page …</p>
          )}
          {session.model.status === "ready" && session.choice && (
            <p class="dialog-foot">
              <span class="quiet">{nameOf(session.choice)} is loaded.</span>
              <button
                type="button"
                class="button"
                onClick={() => {
                  session.unload();
                  setOpen(false);
                }}
              >
                Free its memory
              </button>
            </p>
          )}
        </>
      )}
    </dialog>
  );
}
