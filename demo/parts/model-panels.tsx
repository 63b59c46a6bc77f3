// What the Model dialog holds: models that come with the page, from Hugging Face, from any address, and from files.
import { useState } from "preact/hooks";
import { bytes } from "../format.js";
import { addressChoice, BUNDLED, cardOf, HUB_ID, hubChoice, isElsewhere, sizeOf, type Choice } from "../models.js";
import { isHubPage, type Place } from "../place.js";
import { useDebounced } from "../use-debounced.js";
import type { Session } from "../use-session.js";
import { Check, Upload } from "./icons.js";
import { NeedsNote } from "./needs-note.js";

const SOURCES = ["Bundled", "Hugging Face", "Address", "Files"] as const;
export type SourceName = (typeof SOURCES)[number];

export function ModelPanels(props: {
  place: Place;
  session: Session;
  source: SourceName;
  setSource: (source: SourceName) => void;
  files: readonly File[];
  setFiles: (files: readonly File[]) => void;
  choose: (choice: Choice) => void;
}) {
  const { place, session, source, setSource, choose } = props;
  return (
    <>
      <fieldset>
        <legend class="visually-hidden">Where the model comes from</legend>
        <div class="segmented">
          {SOURCES.map((name) => (
            <label key={name}>
              <input type="radio" name="source" checked={source === name} onChange={() => setSource(name)} />
              {name}
            </label>
          ))}
        </div>
      </fieldset>
      {source === "Bundled" && <BundledPanel place={place} session={session} choose={choose} />}
      {source === "Hugging Face" && <HubPanel session={session} choose={choose} />}
      {source === "Address" && <AddressPanel choose={choose} />}
      {source === "Files" && <FilesPanel files={props.files} setFiles={props.setFiles} choose={choose} />}
    </>
  );
}

interface PanelProps {
  readonly choose: (choice: Choice) => void;
}

function BundledPanel({ place, session, choose }: PanelProps & { place: Place; session: Session }) {
  const current = session.choice?.kind === "bundled" ? session.choice.model : undefined;
  const models = BUNDLED.filter(({ screens }) => screens.includes(place.screen));
  return (
    <ul class="bundled">
      {models.map((model) => (
        <li key={model.id}>
          <button type="button" aria-pressed={model === current} onClick={() => choose({ kind: "bundled", model })}>
            <span class="bundled-title">
              {model.title} <span class="quiet">{`${model.id}, ${bytes(sizeOf(model))}`}</span>
              {model === current && <Check />}
            </span>
            <span>{model.about}</span>
          </button>
          <a class="quiet" href={cardOf(model)}>
            Data, licences, figures and limits of {model.id}
          </a>
        </li>
      ))}
      {models.length === 0 && <li class="quiet">No bundled model serves this screen.</li>}
    </ul>
  );
}

function HubPanel({ session, choose }: PanelProps & { session: Session }) {
  const current = session.choice?.kind === "hub" ? session.choice : undefined;
  const [id, setId] = useState(current?.id ?? "");
  const [revision, setRevision] = useState(current?.revision ?? "");
  const [token, setToken] = useState("");
  const choice = hubChoice(id, revision.trim(), token.trim());
  const submit = (event: Event): void => {
    event.preventDefault();
    choose(choice);
  };
  const asked = useDebounced(isHubPage() && new RegExp(`^${HUB_ID}$`).test(id) ? JSON.stringify(choice) : undefined);
  return (
    <form onSubmit={submit}>
      <label class="field">
        <span>Name</span>
        <input
          value={id}
          onInput={(event) => setId(event.currentTarget.value)}
          placeholder="owner/name"
          pattern={HUB_ID}
          required
        />
      </label>
      <label class="field">
        <span>Revision</span>
        <input value={revision} onInput={(event) => setRevision(event.currentTarget.value)} placeholder="main" />
      </label>
      {isHubPage() ? (
        <label class="field">
          <span>Access token, if the model needs one</span>
          <input
            type="password"
            autocomplete="off"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <small class="quiet">Kept in memory only, sent to huggingface.co only.</small>
        </label>
      ) : (
        <ElsewhereNote />
      )}
      {asked !== undefined && <NeedsNote key={asked} choice={JSON.parse(asked) as Choice} />}
      <button class="button primary">Load</button>
    </form>
  );
}

function AddressPanel({ choose }: PanelProps) {
  const [address, setAddress] = useState("");
  const choice = address.trim() === "" ? undefined : addressChoice(address);
  const elsewhere = choice !== undefined && !isHubPage() && isElsewhere(choice);
  const asked = useDebounced(choice !== undefined && !elsewhere ? JSON.stringify(choice) : undefined);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (choice) choose(choice);
  };
  return (
    <form onSubmit={submit}>
      <label class="field">
        <span>Address of the model’s folder</span>
        <input
          value={address}
          onInput={(event) => setAddress(event.currentTarget.value)}
          placeholder="https://example.org/model/"
          inputMode="url"
          required
        />
        <small class="quiet">It holds config.json, the weights, and spm.model or tokenizer.json.</small>
      </label>
      {address.trim() !== "" && !choice && <p class="note">This is no web address.</p>}
      {elsewhere && <ElsewhereNote />}
      {asked !== undefined && <NeedsNote key={asked} choice={JSON.parse(asked) as Choice} />}
      <button class="button primary" disabled={!choice}>
        Load
      </button>
    </form>
  );
}

const ElsewhereNote = () => (
  <p class="note">
    This page’s policy forbids it to contact other servers. Loading goes on in a page that may fetch model files; your
    text comes along and is not sent.
  </p>
);

function FilesPanel({
  files,
  setFiles,
  choose,
}: PanelProps & { files: readonly File[]; setFiles: (files: readonly File[]) => void }) {
  const pick = (event: Event & { currentTarget: HTMLInputElement }): void =>
    setFiles([...(event.currentTarget.files ?? [])]);
  const missing = [
    files.some(({ name }) => /^(gliner_)?config\.json$/.test(name)) ? "" : "config.json",
    files.some(({ name }) => /\.(safetensors|bin|h5)$/.test(name)) ? "" : "weights (model.safetensors)",
    files.some(({ name }) => name === "spm.model" || name === "tokenizer.json") ? "" : "spm.model or tokenizer.json",
  ].filter(Boolean);
  const submit = (event: Event): void => {
    event.preventDefault();
    choose({ kind: "files", files });
  };
  return (
    <form onSubmit={submit}>
      <label class="field drop">
        <Upload />
        <span>Choose the model’s files, or drop them or their folder anywhere on this page</span>
        <input type="file" multiple onChange={pick} />
      </label>
      {files.length > 0 && (
        <ul class="files">
          {files.map((file) => (
            <li key={file.name}>
              <span class="wrap">{file.name}</span>
              <span class="quiet number">{bytes(file.size)}</span>
            </li>
          ))}
        </ul>
      )}
      {files.length > 0 && missing.length > 0 && <p class="note">Still missing: {missing.join(", ")}.</p>}
      {files.length > 0 && missing.length === 0 && <NeedsNote choice={{ kind: "files", files }} />}
      <button class="button primary" disabled={files.length === 0 || missing.length > 0}>
        Load
      </button>
    </form>
  );
}
