// Residents that do not fit on the device together take turns in the same buffers, page by page. A plan asks for a page before it
// submits what reads it; the queue's order keeps earlier work apart from what is written next.

/** Residents that take turns in the same buffers. */
export interface Pages {
  /** The page of a resident; undefined for one that is always there. */
  of(resident: string): number | undefined;
  /**
   * Resolves when a page is in its buffers, or at once without one; then `next` is begun with, if it leaves the page alone. All that reads
   * an earlier page must have been submitted.
   * @throws the signal's reason, or why the page could not be read
   */
  bring(page: number | undefined, next: number | undefined, signal?: AbortSignal): Promise<void>;
  /** Stops reading ahead; resolves when nothing is written any more. */
  rest(): Promise<void>;
}
