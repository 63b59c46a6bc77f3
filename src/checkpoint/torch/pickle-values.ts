// What a pickle holds: data, names, and records of calls that are never made.

/** A value out of a pickle. */
export type PickleValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | PickleValue[]
  | PickleFloat
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleCall
  | PickleReference;

/** Apart from whole numbers: 4.0 is no size. */
export class PickleFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A dict or an OrderedDict. */
export class PickleDict {
  readonly entries: Map<PickleValue, PickleValue> = new Map<PickleValue, PickleValue>();
  /** A key that was set twice, which Python takes as the last of the two. */
  repeated: PickleValue | undefined;
  readonly ordered: boolean;
  constructor(ordered: boolean) {
    this.ordered = ordered;
  }

  set(key: PickleValue, value: PickleValue): void {
    if (this.entries.has(key)) this.repeated = key;
    this.entries.set(key, value);
  }
}

/** A name that the pickle asks for, e.g. "torch._utils._rebuild_tensor_v2". */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What Python would have made by a call. */
export class PickleCall {
  readonly callee: string;
  readonly args: readonly PickleValue[];
  constructor(callee: string, args: readonly PickleValue[]) {
    this.callee = callee;
    this.args = args;
  }
}

/** Something that lies outside the pickle: a storage. */
export class PickleReference {
  readonly id: PickleValue;
  constructor(id: PickleValue) {
    this.id = id;
  }
}
