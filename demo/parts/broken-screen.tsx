// What stands on the page when a screen could not be drawn: without the frame, which may be the cause.
import { failureOf, reportOf } from "../failures.js";
import { Alert, Retry } from "./icons.js";

export function BrokenScreen({ error }: { error: unknown }) {
  const { title } = failureOf(error);
  return (
    <main data-state="error" class="broken">
      <div class="card failure" role="alert">
        <h1 class="failure-title">
          <Alert /> {isMissingFile(error) ? "A part of this page could not be fetched." : title}
        </h1>
        <p>
          There may be a new version of the playground, or no connection. Loading the page again helps in most cases.
        </p>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          <Retry /> Load the page again
        </button>
        <details>
          <summary>Details</summary>
          <pre class="wrap">{reportOf(error)}</pre>
        </details>
      </div>
    </main>
  );
}

const isMissingFile = (error: unknown): boolean =>
  error instanceof TypeError && /import|module|load/i.test(error.message);
