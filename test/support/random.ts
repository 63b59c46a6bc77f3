// Numbers for tests: those of the kernels' cases.
export { generator, randomInteger, randomValues } from "../../src/self-test/cases/random.js";
