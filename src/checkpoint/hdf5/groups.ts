// Groups of an HDF5 file in the old format: a B-tree of symbol nodes, whose names lie in a local heap.
import { UnsupportedError } from "../../errors.js";
import { hasSignature, type Hdf5File, MESSAGE, textOf } from "./file.js";

const TREE_BYTES = 24;
const NODE_BYTES = 8;
const ENTRY_BYTES = 40;
const HEAP_BYTES = 32;
/** Members of a group, and names of one: more than any checkpoint has. */
const MAX_MEMBERS = 100_000;
const MAX_HEAP = 16 << 20;
const MAX_LEVEL = 16;
const SOFT_LINK = 2;

/** Members by name: the address of the object's header; undefined for a link to another path. */
export type Members = ReadonlyMap<string, number | undefined>;

/** Finds objects by their paths, and reads each group once. */
export class Groups {
  private readonly file: Hdf5File;
  /** By the addresses of a group's tree and names, which several groups of a hostile file may share. */
  private readonly members = new Map<string, Promise<Members>>();

  constructor(file: Hdf5File) {
    this.file = file;
  }

  /**
   * The object's address; undefined when there is none.
   * @param path names joined by slashes, from the group at `from`
   */
  async find(from: number, path: string): Promise<number | undefined> {
    let at: number | undefined = from;
    for (const name of path.split("/")) {
      const members = await this.membersOf(at);
      if (!members?.has(name)) return undefined;
      at = members.get(name);
      if (at === undefined)
        throw new UnsupportedError(
          `${this.file.name}: ${JSON.stringify(path)} is a link to another path, which is not supported`,
        );
    }
    return at;
  }

  /** Undefined for what is no group. */
  private async membersOf(address: number): Promise<Members | undefined> {
    const messages = await this.file.header(address);
    const table = messages.find(({ type }) => type === MESSAGE.symbolTable);
    if (!table) {
      if (messages.some(({ type }) => type === MESSAGE.link || type === MESSAGE.linkInfo))
        throw new UnsupportedError(`${this.file.name}: groups with link messages are not supported`);
      return undefined;
    }
    const tree = this.file.address(table.bytes, 0, "a group's tree");
    const heap = this.file.address(table.bytes, 8, "a group's names");
    const key = `${tree} ${heap}`;
    const known = this.members.get(key) ?? this.read(tree, heap);
    this.members.set(key, known);
    return known;
  }

  private async read(tree: number, heapAt: number): Promise<Members> {
    const { file } = this;
    const heap = await this.readHeap(heapAt);
    const members = new Map<string, number | undefined>();
    for (const node of await this.nodesOf(tree)) {
      for (const { name, address } of await this.readNode(node, heap)) {
        if (members.has(name)) throw file.wrong(`a group has two members ${JSON.stringify(name.slice(0, 200))}`);
        if (members.size >= MAX_MEMBERS) throw file.wrong(`a group has more than ${MAX_MEMBERS} members`);
        members.set(name, address);
      }
    }
    return members;
  }

  private async readHeap(address: number): Promise<DataView> {
    const { file } = this;
    const heap = await file.read(address, HEAP_BYTES, "a group's names");
    if (!hasSignature(heap, "HEAP")) throw file.wrong("a group's names are none");
    const size = file.size(heap, 8, "a group's names");
    if (size > MAX_HEAP) throw file.wrong(`a group's names have ${size} bytes; at most ${MAX_HEAP} are read`);
    return file.read(file.address(heap, 24, "a group's names"), size, "a group's names");
  }

  /** Addresses of the symbol nodes below a tree; levels fall by one, so that no tree holds itself. */
  private async nodesOf(root: number): Promise<number[]> {
    const { file } = this;
    let addresses = [root];
    let level: number | undefined;
    while (level !== 0) {
      const below: number[] = [];
      const wanted = level === undefined ? undefined : level - 1;
      for (const address of addresses) {
        const head = await file.read(address, TREE_BYTES, "a group's tree");
        if (!hasSignature(head, "TREE") || head.getUint8(4) !== 0) throw file.wrong("a group's tree is none");
        level = head.getUint8(5);
        if (level > MAX_LEVEL || level !== (wanted ?? level))
          throw file.wrong(`a group's tree has a node of level ${level}`);
        const count = head.getUint16(6, true);
        const body = await file.read(address + TREE_BYTES, 16 * count + 8, "a group's tree");
        for (let i = 0; i < count; i++) below.push(file.address(body, 16 * i + 8, "a group's tree"));
      }
      if (below.length > MAX_MEMBERS || new Set(below).size < below.length)
        throw file.wrong("a group's tree holds a node twice");
      if (below.length === 0) return [];
      addresses = below;
    }
    return addresses;
  }

  private async readNode(address: number, heap: DataView): Promise<{ name: string; address: number | undefined }[]> {
    const { file } = this;
    const head = await file.read(address, NODE_BYTES, "a group's members");
    if (!hasSignature(head, "SNOD") || head.getUint8(4) !== 1) throw file.wrong("a group's members are none");
    const count = head.getUint16(6, true);
    const body = await file.read(address + NODE_BYTES, ENTRY_BYTES * count, "a group's members");
    return Array.from({ length: count }, (_, i) => {
      const at = ENTRY_BYTES * i;
      const offset = file.size(body, at, "a member's name");
      const name = offset < heap.byteLength ? textOf(heap, offset) : undefined;
      if (!name) throw file.wrong("a group's member has no name in UTF-8");
      const isLink = body.getUint32(at + 16, true) === SOFT_LINK;
      return {
        name,
        address: isLink ? undefined : file.address(body, at + 8, `the member ${JSON.stringify(name.slice(0, 200))}`),
      };
    });
  }
}
