// What several owners use at a time, found by a key that says what it is. Only what is whole is found; who needs something that is
// being made waits until that has ended, well or not.

/** Things by their keys, with their owners counted: the last to let go of one frees it. */
export class Shared<Value extends object> {
  private readonly byKey = new Map<string, Value>();
  private readonly held = new Map<Value, { readonly key: string; owners: number }>();
  private readonly making = new Map<string, Promise<void>>();

  /** The thing of this key, which has an owner more from now on. */
  take(key: string): Value | undefined {
    const value = this.byKey.get(key);
    if (value) this.held.get(value)!.owners++;
    return value;
  }

  /** Lets others find a thing; who made it is its first owner. Where another one of this key is found already, it stays unknown. */
  add(key: string, value: Value): void {
    if (this.byKey.has(key) || this.held.has(value)) return;
    this.byKey.set(key, value);
    this.held.set(value, { key, owners: 1 });
  }

  /** Lets go for one owner. True when nobody holds it any more, which then must free it; always so of what was never added. */
  drop(value: Value): boolean {
    const entry = this.held.get(value);
    if (!entry) return true;
    if (--entry.owners > 0) return false;
    this.held.delete(value);
    if (this.byKey.get(entry.key) === value) this.byKey.delete(entry.key);
    return true;
  }

  /** It is found no more; its owners keep it. */
  hide(value: Value): void {
    const entry = this.held.get(value);
    if (entry && this.byKey.get(entry.key) === value) this.byKey.delete(entry.key);
  }

  /** Whether others own it, too. */
  isShared(value: Value): boolean {
    return (this.held.get(value)?.owners ?? 1) > 1;
  }

  /** Resolves when who makes some of these has ended; undefined when nobody does. */
  beingMade(keys: Iterable<string>): Promise<void> | undefined {
    const others = new Set([...keys].flatMap((key) => this.making.get(key) ?? []));
    return others.size > 0 ? Promise.all(others).then(() => undefined) : undefined;
  }

  /** Says that these are being made; call what it gives when that has ended. */
  make(keys: readonly string[]): () => void {
    let end = (): void => undefined;
    const made = new Promise<void>((resolve) => (end = resolve));
    for (const key of keys) this.making.set(key, made);
    return () => {
      for (const key of keys) if (this.making.get(key) === made) this.making.delete(key);
      end();
    };
  }
}
