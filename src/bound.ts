// Frameworks put proxies around what pages keep in their state (Vue's reactive, for one). A method called on a proxy would run with
// that proxy as `this`, where private members and built-in objects fail; so public objects carry their members bound to themselves.

/** Gives an object its own copies of its class's methods and getters, which work on the object itself whatever they are called on. */
export function bindMembers(instance: object): void {
  const found = new Map<string | symbol, PropertyDescriptor>();
  for (let part: object = prototypeOf(instance); part !== Object.prototype; part = prototypeOf(part))
    for (const name of Reflect.ownKeys(part))
      if (name !== "constructor" && !found.has(name)) found.set(name, Object.getOwnPropertyDescriptor(part, name)!);
  for (const [name, member] of found) {
    const get = member.get?.bind(instance) as (() => unknown) | undefined;
    Object.defineProperty(
      instance,
      name,
      get
        ? { get, configurable: true }
        : { value: (member.value as () => unknown).bind(instance), configurable: true, writable: true },
    );
  }
}

const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object;
