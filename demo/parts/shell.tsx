// The frame around every screen: header, navigation, privacy line, the Model dialog; and `main`, which says in its data
// attributes which screen, state and model it shows.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { policyHolds } from "../engine.js";
import { bytes } from "../format.js";
import { nameOf, sizeOf } from "../models.js";
import { isHubPage, writePlace, type Place } from "../place.js";
import { SCREENS, screenOf } from "../screens.js";
import { useTheme } from "../theme.js";
import type { DeviceName } from "../use-device.js";
import { useOnline } from "../use-online.js";
import type { Session } from "../use-session.js";
import { copyText } from "./copy-button.js";
import { Check, ChevronDown, Cpu, Link, Lock, Logo, Moon, Sun } from "./icons.js";
import { ModelDialog } from "./model-dialog.js";

export type ScreenState = "loading" | "running" | "result" | "empty" | "error" | "no-webgpu";

interface ShellProps {
  readonly place: Place;
  readonly state: ScreenState;
  readonly session: Session;
  readonly device: DeviceName | undefined;
  readonly children: ComponentChildren;
}

export function Shell({ place, state, session, device, children }: ShellProps) {
  const { title, sentence } = screenOf(place.screen);
  const main = useRef<HTMLElement>(null);
  const links = useRef<HTMLElement>(null);
  useLayoutEffect(() => showCurrent(links.current!), [place.screen]);
  const focusMain = (event: Event): void => {
    event.preventDefault(); // the part behind # names the screen
    main.current?.focus();
  };
  return (
    <>
      <a class="skip button" href="#main" onClick={focusMain}>
        Skip to the screen
      </a>
      <Header place={place} session={session} device={device} />
      <div class="columns">
        <nav aria-label="Screens" ref={links}>
          {(["Tasks", "Model"] as const).map((group) => (
            <div class="nav-group" key={group}>
              <p class="nav-title">{group}</p>
              <ul>
                {SCREENS.filter((screen) => screen.group === group).map(({ name, label, icon: Icon }) => (
                  <li key={name}>
                    <a href={`#${name}`} aria-current={name === place.screen ? "page" : undefined}>
                      <Icon /> {label}
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          ))}
          <Privacy class="privacy in-nav" />
        </nav>
        <main
          id="main"
          ref={main}
          tabIndex={-1}
          data-screen={place.screen}
          data-state={state}
          data-model={session.choice ? nameOf(session.choice) : ""}
        >
          <h1>{title}</h1>
          <p class="lead">{sentence}</p>
          <Privacy class="privacy in-main" />
          {children}
        </main>
      </div>
    </>
  );
}

/** On a phone the links are a strip that scrolls: puts the screen's own into its middle. */
function showCurrent(links: HTMLElement): void {
  const current = links.querySelector("[aria-current]")!.getBoundingClientRect();
  const strip = links.getBoundingClientRect();
  links.scrollLeft += current.left - strip.left - (strip.width - current.width) / 2;
}

function Header({ place, session, device }: Omit<ShellProps, "state" | "children">) {
  const { theme, toggle } = useTheme();
  const [dialogOpen, openDialog] = useState(false);
  const { choice, model } = session;
  const online = useOnline();
  return (
    <header>
      <a class="logo" href={`#${place.screen}`}>
        <Logo /> deberta-webgpu
      </a>
      <button type="button" class="button model" aria-haspopup="dialog" onClick={() => openDialog(true)}>
        <span class={`dot ${model.status}`} />
        <span class="visually-hidden">Model</span>
        <strong>{choice ? nameOf(choice) : "Choose a model"}</strong>
        {choice?.kind === "bundled" && <span class="quiet model-size">{bytes(sizeOf(choice.model))}</span>}
        <ChevronDown />
      </button>
      {!online && <span class="chip offline">Offline. Loaded models work.</span>}
      {device && (
        <span class="chip device" title={device.isSoftware ? "No GPU here: running on the processor" : "Your GPU"}>
          <Cpu /> {device.name}
        </span>
      )}
      <ShareButton place={choice ? { ...place, choice } : place} />
      <button
        type="button"
        class="button square theme"
        onClick={toggle}
        aria-label={`Use the ${theme === "dark" ? "light" : "dark"} theme`}
      >
        {theme === "dark" ? <Sun /> : <Moon />}
      </button>
      <ModelDialog place={place} session={session} open={dialogOpen} setOpen={openDialog} />
    </header>
  );
}

const SHOWN_FOR = 4000; // ms

function ShareButton({ place }: { place: Place }) {
  const [said, say] = useState<string>();
  const copy = async (): Promise<void> => {
    const copied = await copyText(new URL(writePlace(place), location.href).href);
    say(copied ? "Copied. The link holds your text." : "The browser refused to copy.");
    setTimeout(() => say(undefined), SHOWN_FOR);
  };
  return (
    <span class="share">
      <button
        type="button"
        class="button square"
        aria-label="Copy link to this screen"
        title="Copy link to this screen"
        onClick={() => void copy()}
      >
        {said?.startsWith("Copied") ? <Check /> : <Link />}
      </button>
      <span class="toast" role="status">
        {said}
      </span>
    </span>
  );
}

function Privacy({ class: className }: { class: string }) {
  const holds = usePolicy();
  const words = isHubPage()
    ? "Model files come from other servers. Your text is not sent."
    : holds
      ? "The page’s security policy forbids it to contact any other server. Open the developer tools, Network, and type."
      : "Open the developer tools, Network, and type: nothing is sent.";
  return (
    <details class={className}>
      <summary>
        <Lock />
        <span>
          Your text stays in this tab. <span class="link">See for yourself</span>
        </span>
      </summary>
      <p>{words}</p>
    </details>
  );
}

/** Whether the policy binds page and worker; looked at again when the worker has started. */
function usePolicy(): boolean {
  const [holds, setHolds] = useState(policyHolds);
  useEffect(() => {
    const look = (): void => setHolds(policyHolds);
    addEventListener("policyknown", look);
    return () => removeEventListener("policyknown", look);
  }, []);
  return holds;
}
