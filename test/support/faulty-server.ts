// What faulty-server.mjs exports, as far as tests use it.

export interface LoggedRequest {
  readonly range: string | null;
  readonly method: string;
  readonly sent: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly closed?: boolean;
}

export interface FaultyServer {
  readonly url: string;
  readonly other: string;
  log(): {
    readonly requests: LoggedRequest[];
    readonly totals: { readonly sent: number; readonly byOrigin: Readonly<Record<string, { authorization: number }>> };
  };
  reset(): void;
  close(): Promise<void>;
}

export interface FaultyModule {
  readonly startFaultyServer: (options: { root: string }) => Promise<FaultyServer>;
  /** Byte i of a made-up file. */
  readonly generated: (i: number) => number;
}
